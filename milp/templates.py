"""Compiled blocks, kept: in memory for this run, on disk for the next one.

Compiling needs Pyomo, whose import alone takes longer than most plans' simulation. What it compiles
to depends on nothing but the shape, this project's block and Pyomo's version, so it is kept under
$XDG_CACHE_HOME (or ~/.cache) by a fingerprint of these; a file that is damaged is made anew.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from contextlib import suppress
from functools import cache, lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from threading import Lock

import numpy as np

from milp.shape import Shape, Template

ARRAYS = ("indptr", "indices", "data")
_ONE_AT_A_TIME = Lock()


def compiled(shape: Shape) -> Template:
    """The compiled block of a shape; threads wait, for Pyomo is not made for several."""
    with _ONE_AT_A_TIME:
        return _compiled(shape)


@lru_cache(maxsize=1024)
def _compiled(shape: Shape) -> Template:
    path = folder() / f"{_name(shape)}.npz"
    kept = _read(path, shape)
    if kept is not None:
        return kept
    from milp.block import compile_block

    template = compile_block(shape)
    # A template that cannot be kept costs time in the next run, and nothing else.
    with suppress(OSError):
        _write(path, template)
    return template


def folder() -> Path:
    """Where templates are kept; another block or another Pyomo has another folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "echelon-planner" / "blocks" / _fingerprint()


@cache
def _fingerprint() -> str:
    source = Path(__file__).with_name("block.py").read_bytes()
    shape = Path(__file__).with_name("shape.py").read_bytes()
    return sha256(source + shape + metadata.version("pyomo").encode()).hexdigest()[:16]


def _name(shape: Shape) -> str:
    lead_time = "-".join(map(str, shape.lead_time))
    return f"{lead_time}_T{shape.periods}_K{shape.segments}"


def _read(path: Path, shape: Shape) -> Template | None:
    """The template in a file; None if there is none, or none that could be right."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            indptr, indices, data = (file[name] for name in ARRAYS)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    entries = len(data)
    whole = len(indptr) == shape.columns + 1 and indptr[-1] == entries == len(indices)
    return Template(shape, indptr, indices, data) if whole and np.isfinite(data).all() else None


def _write(path: Path, template: Template) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        draft = Path(scratch) / path.name
        arrays = {name: getattr(template, name) for name in ARRAYS}
        np.savez(draft, allow_pickle=False, **arrays)
        os.replace(draft, path)
