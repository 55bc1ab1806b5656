"""Compiled blocks are kept from run to run, and never trusted blindly."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from milp import block, templates
from milp.block import compile_block
from milp.shape import Shape, Template
from milp.templates import compiled, folder

SHAPE = Shape((1, 2), 6, 3)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing is kept, neither in memory nor on disk."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    templates._compiled.cache_clear()
    return tmp_path


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[Shape]:
    """The shapes that Pyomo has been asked for."""
    asked: list[Shape] = []
    monkeypatch.setattr(
        block, "compile_block", lambda shape: asked.append(shape) or compile_block(shape)
    )
    return asked


def assert_same(found: Template, expected: Template) -> None:
    """Two templates with one matrix."""
    for name in templates.ARRAYS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    assert found.own_rows == expected.own_rows
    assert found.columns == expected.columns


def test_a_shape_is_compiled_once(compilations: list[Shape]) -> None:
    """The same template is given out again, without a look at the disk."""
    assert compiled(SHAPE) is compiled(SHAPE)
    assert compilations == [SHAPE]


def test_the_next_run_reads_what_this_one_compiled(compilations: list[Shape]) -> None:
    """What was read is what Pyomo made."""
    first = compiled(SHAPE)
    templates._compiled.cache_clear()
    assert_same(compiled(SHAPE), first)
    assert_same(first, compile_block(SHAPE))
    assert compilations == [SHAPE]


@pytest.mark.parametrize("damage", [b"", b"no archive", None], ids=["empty", "junk", "cut"])
def test_a_damaged_file_is_made_anew(compilations: list[Shape], damage: bytes | None) -> None:
    """It costs a compilation, and the file is whole again afterwards."""
    whole = compiled(SHAPE)
    (path,) = folder().iterdir()
    path.write_bytes(path.read_bytes()[:-200] if damage is None else damage)
    templates._compiled.cache_clear()
    assert_same(compiled(SHAPE), whole)
    assert compilations == [SHAPE, SHAPE]
    templates._compiled.cache_clear()
    compiled(SHAPE)
    assert len(compilations) == 2


def test_a_template_of_another_size_is_not_taken_for_ours(compilations: list[Shape]) -> None:
    """A file under a wrong name does not fit, and is replaced."""
    compiled(SHAPE)
    (path,) = folder().iterdir()
    other = Shape((1, 2), 7, 3)
    path.rename(path.with_name(f"{templates._name(other)}.npz"))
    assert_same(compiled(other), compile_block(other))
    assert compilations == [SHAPE, other]


def test_without_a_place_to_keep_them_blocks_are_compiled(
    empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cache that cannot be written stops nobody."""
    (empty_cache / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(empty_cache / "file"))
    assert_same(compiled(SHAPE), compile_block(SHAPE))


def test_another_pyomo_has_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one version compiled is not given out for another."""
    here = folder()
    templates._fingerprint.cache_clear()
    monkeypatch.setattr(templates.metadata, "version", lambda name: "0.0")
    assert folder() != here
    templates._fingerprint.cache_clear()


def test_a_kept_block_needs_no_pyomo() -> None:
    """The second run does without the import that the first one needs."""
    code = (
        "import sys; from milp.templates import compiled; from milp.shape import Shape; "
        f"compiled({SHAPE!r}); print('pyomo' in sys.modules)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [run.stdout.strip() for run in runs] == ["True", "False"]
