"""Copies of the files that runs were made from, each kept once, under the hash of its bytes.

INPUTS/<sha256>.zst is a file, compressed. A copy appears whole or not at all, so that many may
write at once, and nothing is ever changed or replaced.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pyarrow as pa

from data.errors import DataError
from planner.runs.records import hash_of

LARGEST = 512 * 2**20
"""Files beyond this are not copied; the run then lives by the original [byte]."""
PIECE = 2**20
ABANDONED = 86_400.0
"""A draft of this age is nobody's [s]."""


@dataclass(frozen=True)
class Archive:
    """A folder of copies.

    Attributes:
        folder: it need not exist before something is kept.
        largest: files beyond this are not copied [byte].
    """

    folder: Path
    largest: int = LARGEST

    def place(self, digest: str) -> Path:
        """Where the copy of the file with this hash lies, or would lie."""
        return self.folder / f"{digest}.zst"

    def holds(self, digest: str) -> bool:
        """Whether there is a copy."""
        return self.place(digest).is_file()

    def keep(self, path: Path, digest: str) -> bool:
        """Whether a copy of what `path` held when it had this hash is kept now.

        It is not where the file has changed since, is gone, or is too large.

        Raises:
            OSError: the copy cannot be written.
        """
        if self.holds(digest):
            return True
        if not path.is_file() or path.stat().st_size > self.largest:
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        self._sweep()
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".copy-")
        os.close(handle)
        draft = Path(name)
        try:
            if _compressed(path, draft) != digest:
                return False
            draft.chmod(0o644)
            os.replace(draft, self.place(digest))
            return True
        finally:
            draft.unlink(missing_ok=True)

    def restore(self, digest: str, target: Path) -> Path:
        """Writes the file with this hash to `target`, and gives it back.

        Raises:
            DataError: there is no copy, or it is damaged.
        """
        try:
            with (
                self.place(digest).open("rb") as file,
                pa.CompressedInputStream(pa.PythonFile(file), "zstd") as stream,
                target.open("wb") as out,
            ):
                while piece := stream.read(PIECE):
                    out.write(piece)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{self.place(digest)}: cannot be unpacked ({error})") from error
        if hash_of(target) != digest:
            raise DataError(f"{self.place(digest)}: damaged, its content has another hash")
        return target

    def _sweep(self) -> None:
        """Removes what was left half written long ago by somebody who was killed."""
        for draft in self.folder.glob(".copy-*"):
            with suppress(FileNotFoundError):
                if time.time() - draft.stat().st_mtime > ABANDONED:
                    draft.unlink()


def _compressed(path: Path, target: Path) -> str:
    """Writes a file compressed; the hash of what was read."""
    digest = sha256()
    with path.open("rb") as source, pa.CompressedOutputStream(str(target), "zstd") as out:
        while piece := source.read(PIECE):
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()
