"""The training stream is read while it is written, and says only what is whole."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from brain.reference.stream import Line, append, read_stream


def line(step: int) -> Line:
    """A line with some of everything."""
    told, scene = {"perfect": 1.5}, {"on_hand": [1.0, 2.0], "day": 3}
    return Line("ppo", 1, step, 100, 0.5, 4, -3.0, -2.0, None, told, scene)


def test_lines_are_read_back_in_order(tmp_path: Path) -> None:
    """All of them, or those a reader does not have yet; none before the file is there."""
    path = tmp_path / "new" / "stream.jsonl"
    assert read_stream(path) == ()
    for step in (10, 20, 30):
        append(path, line(step))
    assert read_stream(path) == (line(10), line(20), line(30))
    assert read_stream(path, after=2) == (line(30),)


def test_a_line_that_is_not_finished_is_left_out(tmp_path: Path) -> None:
    """And so is one that is no line of ours."""
    path = tmp_path / "stream.jsonl"
    append(path, line(10))
    with path.open("a") as file:
        file.write('{"version": 0}\nnoise\n{"algorithm": "pp')
    assert read_stream(path) == (line(10),)


def test_any_reader_of_json_can_read_it(tmp_path: Path) -> None:
    """Arrays become lists; what is no number becomes null."""
    path = tmp_path / "stream.jsonl"
    append(path, Line("ppo", 1, 1, 1, 0.0, 0, math.nan, None, scene={"x": np.arange(2)}))
    stated = json.loads(path.read_text())
    assert stated["last_reward"] is None
    assert stated["scene"] == {"x": [0, 1]}
