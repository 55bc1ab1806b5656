"""Stores are found by a path or a URL, and no password is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import ConfigurationError
from planner.runs.address import DEFAULT, address_of, file_of, shown, without_secrets
from planner.runs.errors import StoreError
from planner.runs.store import open_store

SECRET = "s3cr3t w0rd"


@pytest.mark.parametrize("text", [None, "", DEFAULT, f"sqlite:///{DEFAULT}"])
def test_a_path_is_an_sqlite_file(text: str | None) -> None:
    """And so is nothing at all: the default."""
    assert file_of(address_of(text)) == Path(DEFAULT)
    assert shown(address_of(text)) == DEFAULT


@pytest.mark.parametrize("kind", ["postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_any_postgresql_url_is_spoken_to_by_one_driver(kind: str) -> None:
    """Whatever the URL says, psycopg is what is installed."""
    assert address_of(f"{kind}://me@db/plans").drivername == "postgresql+psycopg"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cr3t%20w0rd@db/plans",
        "postgresql://me@db/plans?password=s3cr3t+w0rd",
        "postgresql://me@db/plans?sslpassword=s3cr3t+w0rd",
    ],
)
def test_a_password_is_never_shown(url: str) -> None:
    """Neither by name nor in what a database says about itself."""
    address = address_of(url)
    for text in (shown(address), without_secrets(f"no entry with {SECRET!r}", address)):
        assert SECRET not in text
        assert "s3cr3t" not in text
        assert "***" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mysql://me@db/plans", "'mysql'"),
        ("http://me:s3cr3t@db", "expected"),
        ("sqlite://", "names no file"),
        ("postgresql://me:s3cr3t@db:port/plans", "no URL"),
    ],
)
def test_what_is_no_store_is_refused_without_repeating_it(text: str, said: str) -> None:
    """The sentence says what was expected."""
    with pytest.raises(ConfigurationError, match=said) as refused:
        address_of(text)
    assert "s3cr3t" not in str(refused.value)


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    """It names the address, without the password, and loses nothing."""
    url = "postgresql://me:s3cr3t@127.0.0.1:1/plans"
    with pytest.raises(StoreError, match="cannot be used") as refused:
        open_store(url)
    assert "s3cr3t" not in str(refused.value)
    assert "127.0.0.1:1/plans" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 1


def test_a_file_that_is_no_store_is_a_sentence(tmp_path: Path) -> None:
    """It stays as it is."""
    place = tmp_path / "thesis.db"
    place.write_bytes(b"many words " * 1000)
    with pytest.raises(StoreError, match=r"thesis\.db cannot be used"):
        open_store(str(place))
    assert place.read_bytes() == b"many words " * 1000


def test_a_store_where_a_file_stands_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    """A folder cannot be made beneath a file."""
    (tmp_path / "runs").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match="cannot be used"):
        open_store(str(tmp_path / "runs" / "planner.db"))
