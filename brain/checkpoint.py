"""Where a training stands, on disk, so that one that was broken off can go on.

A checkpoint is one file of plain arrays, replaced as a whole; a kill at any moment leaves the
last one that was whole. It is bound to what is being trained: another lesson, seed or setting
starts anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from brain.centre import Centre
from envs.observation import VERSION

if TYPE_CHECKING:
    from brain.lesson import Lesson
    from brain.training import Settings

ABOUT = "about"
DAMAGED_ARCHIVE = (zipfile.BadZipFile, zlib.error, RuntimeError)
"""What `zipfile` raises for an archive it cannot make sense of."""


def fingerprint(lesson: Lesson, seed: int, settings: Settings) -> str:
    """A hash of all that decides what a training learns."""
    decisive = {
        "observation": VERSION,
        "lesson": [type(lesson).__name__, repr(lesson)],
        "seed": seed,
        "settings": {k: str(v) for k, v in asdict(settings).items() if k not in ("log_dir",)},
    }
    text = json.dumps(decisive, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


class Checkpoint:
    """The saved state of one training; does nothing where no file is given.

    Args:
        path: the file.
        wanted: fingerprint of the training that asks; a file of another one is not used.
    """

    def __init__(self, path: Path | None, wanted: str) -> None:
        self._path = path
        self._about: dict[str, Any] = {"fingerprint": wanted}
        self._arrays: dict[str, np.ndarray] = {}
        if path is not None and path.is_file():
            self._read(path, wanted)

    def _read(self, path: Path, wanted: str) -> None:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            about = json.loads(str(arrays.pop(ABOUT)))
        except (ValueError, OSError, EOFError, KeyError, *DAMAGED_ARCHIVE):
            return  # Damaged by other hands than ours: begin anew.
        if isinstance(about, dict) and about.get("fingerprint") == wanted:
            self._about, self._arrays = about, arrays

    @property
    def centre(self) -> tuple[Centre, float] | None:
        """The constants found before, and the CPU seconds they took; None if there are none."""
        stated = self._about.get("centre")
        if stated is None:
            return None
        centre = Centre(
            ratios=tuple(stated["ratios"]),
            lost=tuple(map(tuple, stated["lost"])),
            waiting=tuple(map(tuple, stated["waiting"])),
            usual_share=tuple(stated["usual_share"]),
        )
        return centre, float(self._about["centre_seconds"])

    def keep_centre(self, centre: Centre, cpu_seconds: float) -> None:
        """Save the constants."""
        self._about |= {"centre": asdict(centre), "centre_seconds": cpu_seconds}
        self._write()

    def of(self, stage: str) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """What was kept for a part of the training, facts and arrays; None if nothing was."""
        facts = self._about.get(stage)
        if facts is None:
            return None
        prefix = f"{stage}/"
        arrays = {
            k.removeprefix(prefix): v for k, v in self._arrays.items() if k.startswith(prefix)
        }
        return facts, arrays

    def keep(self, stage: str, facts: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        """Save where a part of the training is."""
        self._about[stage] = facts
        prefix = f"{stage}/"
        others = {k: v for k, v in self._arrays.items() if not k.startswith(prefix)}
        self._arrays = others | {prefix + name: array for name, array in arrays.items()}
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        about = {ABOUT: np.array(json.dumps(self._about))}
        handle, scratch = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}-")
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **about, **self._arrays)  # type: ignore[arg-type]
                file.flush()
                os.fsync(file.fileno())
            os.replace(scratch, self._path)
        finally:
            Path(scratch).unlink(missing_ok=True)

    def remove(self) -> None:
        """Delete the file: the training is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)
