"""The training stream: one JSON line per interval of a training, for whoever watches it.

A line is appended in one piece, so a reader sees whole lines only; `read_stream` leaves out a last
line that is not finished. The fields of a line are those of `Line`.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

VERSION = 1
"""Of the lines; a reader leaves out those of another one."""


@dataclass(frozen=True)
class Line:
    """Where a training is.

    Attributes:
        algorithm: that learns.
        seed: of the training.
        step: decisions learnt from so far.
        steps: decisions it will learn from in all.
        seconds: since it began [s].
        episodes: finished so far.
        last_reward: of the last finished episode; None before the first one.
        mean_reward: of the last hundred finished episodes; None before the first one.
        best: the best score that the judge gave so far; None where there is no judge.
        told: what the environment says of an episode at its end (`info["told"]`), by name, mean
            of the last hundred episodes.
        scene: what the environment shows of the moment (`scene()`), for charts; empty where it
            shows nothing.
        version: of the line.
    """

    algorithm: str
    seed: int
    step: int
    steps: int
    seconds: float
    episodes: int
    last_reward: float | None
    mean_reward: float | None
    best: float | None = None
    told: Mapping[str, float] = field(default_factory=dict)
    scene: Mapping[str, Any] = field(default_factory=dict)
    version: int = VERSION


def append(path: Path, line: Line) -> None:
    """Append one line in one piece; the file and its folder are made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(_plain(asdict(line)), ensure_ascii=False, allow_nan=False) + "\n"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        os.write(handle, text.encode("utf-8"))
    finally:
        os.close(handle)


def read_stream(path: Path, after: int = 0) -> tuple[Line, ...]:
    """The lines of a stream, first to last; none where there is no file yet.

    Args:
        path: the file.
        after: how many lines the reader has already.
    """
    if not path.is_file():
        return ()
    whole = path.read_bytes().split(b"\n")[:-1]
    return tuple(line for text in whole[after:] if (line := _line(text)) is not None)


def _line(text: bytes) -> Line | None:
    """None where the text is not a line of this version."""
    try:
        stated = json.loads(text)
    except ValueError:
        return None
    expected = {one.name for one in fields(Line)}
    if not isinstance(stated, dict) or set(stated) != expected or stated["version"] != VERSION:
        return None
    return Line(**stated)


def _plain(value: Any) -> Any:
    """The value as JSON can hold it; what is no number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
