"""Copies of inputs are kept once, whole, and under the hash of what they hold."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from data.errors import DataError
from planner.runs.archive import Archive


def made(path: Path, content: bytes) -> str:
    """Writes a file; its hash."""
    path.write_bytes(content)
    return sha256(content).hexdigest()


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    """To the byte, also where nothing is in it, and takes little room where much repeats."""
    archive = Archive(tmp_path / "inputs")
    for content in (b"", b"a,b\n1,2\n", b"repeated\n" * 500_000, os.urandom(3_000_000)):
        digest = made(tmp_path / "table.csv", content)
        assert not archive.holds(digest)
        assert archive.keep(tmp_path / "table.csv", digest)
        assert archive.restore(digest, tmp_path / "back.csv").read_bytes() == content
    sizes = sorted(path.stat().st_size for path in (tmp_path / "inputs").iterdir())
    assert len(sizes) == 4
    assert sizes[2] < 10_000


def test_the_same_content_is_kept_once(tmp_path: Path) -> None:
    """Whatever it is called, and however many keep it at once."""
    archive = Archive(tmp_path / "inputs")
    content = b"the same\n" * 50_000
    digests = {made(tmp_path / f"{n}.csv", content) for n in range(8)}
    (digest,) = digests
    with ThreadPoolExecutor(8) as crowd:
        kept = crowd.map(lambda n: archive.keep(tmp_path / f"{n}.csv", digest), range(8))
        assert all(kept)
    assert [path.name for path in (tmp_path / "inputs").iterdir()] == [f"{digest}.zst"]


def test_what_is_no_longer_there_or_too_large_is_not_kept(tmp_path: Path) -> None:
    """Nothing stands under a hash that it does not have."""
    archive = Archive(tmp_path / "inputs", largest=10)
    path = tmp_path / "table.csv"
    digest = made(path, b"short")
    path.write_bytes(b"other")
    assert not archive.keep(path, digest)
    assert not archive.keep(path, made(path, b"longer than ten"))
    path.unlink()
    assert not archive.keep(path, digest)
    assert not list((tmp_path / "inputs").iterdir())


@pytest.mark.parametrize("damage", [b"", b"not compressed", None])
def test_a_damaged_copy_is_refused(tmp_path: Path, damage: bytes | None) -> None:
    """Cut short, something else, or the copy of another file."""
    archive = Archive(tmp_path / "inputs")
    path = tmp_path / "table.csv"
    digest, other = made(path, b"this\n" * 1000), None
    archive.keep(path, digest)
    if damage is None:
        other = made(path, b"that\n" * 1000)
        archive.keep(path, other)
        damage = archive.place(other).read_bytes()
    archive.place(digest).write_bytes(damage)
    with pytest.raises(DataError, match=digest):
        archive.restore(digest, tmp_path / "back.csv")
    with pytest.raises(DataError, match="cannot be unpacked"):
        archive.restore("0" * 64, tmp_path / "back.csv")


def test_drafts_of_those_who_were_killed_are_swept(tmp_path: Path) -> None:
    """Those of others who are still writing stay."""
    archive = Archive(tmp_path / "inputs")
    archive.folder.mkdir()
    old, new = (archive.folder / f".copy-{name}" for name in ("old", "new"))
    for draft in (old, new):
        draft.write_bytes(b"half")
    long_ago = time.time() - 200_000
    os.utime(old, (long_ago, long_ago))
    archive.keep(tmp_path / "a.csv", made(tmp_path / "a.csv", b"a"))
    assert not old.exists()
    assert new.exists()
