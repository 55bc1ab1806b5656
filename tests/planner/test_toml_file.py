"""A user's TOML file is read, or refused in sentences that name the key and the nearest one."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.errors import ConfigurationError
from planner.toml_file import read_toml


class Part(BaseModel):
    """A part with an alias and a rule of its own."""

    model_config = ConfigDict(extra="forbid")
    first: int = Field(alias="from")
    share: float = 0.5

    @model_validator(mode="after")
    def _small(self) -> Part:
        if self.share > 1:
            raise ValueError(f"share is {self.share}, expected at most 1")
        return self


class Whole(BaseModel):
    """A record with parts."""

    model_config = ConfigDict(extra="forbid")
    name: str
    part: tuple[Part, ...] = ()


def read(folder: Path, text: str | bytes) -> Whole:
    """The record in a file of this text."""
    path = folder / "user.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_toml(path, Whole)


def refused(folder: Path, text: str | bytes) -> str:
    """The message that a file of this text is refused with."""
    with pytest.raises(ConfigurationError) as told:
        read(folder, text)
    said = str(told.value)
    assert said.startswith(str(folder / "user.toml"))
    assert "pydantic" not in said
    return said


def test_a_good_file_is_a_record(tmp_path: Path) -> None:
    """With its parts in their order, aliases and defaults."""
    found = read(tmp_path, 'name = "a"\n[[part]]\nfrom = 2\n[[part]]\nfrom = 3\nshare = 1.0\n')
    assert [(part.first, part.share) for part in found.part] == [(2, 0.5), (3, 1.0)]


def test_an_unknown_key_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """Where it stands, what it may mean, and what there is."""
    said = refused(tmp_path, 'name = "a"\n[[part]]\nfrom = 1\n[[part]]\nform = 1\nfrom = 2\n')
    assert "part 2: unknown key 'form'; did you mean 'from'? expected one of from, share" in said
    said = refused(tmp_path, 'name = "a"\nzzz = 1\n')
    assert "unknown key 'zzz'; expected one of name, part" in said


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    """A missing key, a wrong kind of value and a broken rule, each in a line."""
    said = refused(tmp_path, '[[part]]\nfrom = "x"\n[[part]]\nfrom = 1\nshare = 2.0\n')
    assert "3 problems" in said
    assert "- name is missing; add it" in said
    assert "- part 1: from is 'x'; input should be a valid integer" in said
    assert "- part 2: share is 2.0, expected at most 1" in said


def test_what_is_no_toml_is_said(tmp_path: Path) -> None:
    """A syntax error, another encoding, no file at all."""
    assert "expected TOML" in refused(tmp_path, "name = \n")
    assert "is not UTF-8" in refused(tmp_path, b'name = "Caf\xe9"\n')
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_toml(tmp_path / "none.toml", Whole)


def test_long_values_are_not_repeated_whole(tmp_path: Path) -> None:
    """A message stays a sentence."""
    said = refused(tmp_path, f'name = "a"\n[[part]]\nfrom = "{"x" * 500}"\n')
    assert len(said) < 300
