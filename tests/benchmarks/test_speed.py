"""The pace of the world can be measured with and without OR-Gym."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest

from benchmarks import speed


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Players that need no time, and rounds that are over at once."""
    monkeypatch.setattr(speed, "_pace", lambda episode, seconds: float(episode()))


def test_every_player_plays_the_lane_periods_it_claims(hurried: None) -> None:
    """30 days of OR-Gym's problem on each lane, a week of the training world."""
    played = {case: episode() for case, episode in speed._players((8,), seed=0).items()}
    assert played == {
        "same-problem/env": 30,
        "same-problem/lanes=8": 240,
        "observed/lanes=8": 240,
        "training/lanes=8": 56,
    }


def test_without_orgym_there_are_no_ratios_and_a_sentence_says_why(
    hurried: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Our own pace is measured all the same."""
    monkeypatch.delenv("ORGYM_PYTHON", raising=False)
    with caplog.at_level(logging.WARNING):
        result = speed.run(quick=True, seed=0)
    assert "set ORGYM_PYTHON" in caplog.text
    assert {row.policy for row in result.rows} == {"ours"}
    assert all(row.ratio is None and row.value > 0 for row in result.rows)


def test_ratios_are_to_orgym_in_the_same_run(
    hurried: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rate is whatever its own Python answers."""
    monkeypatch.setenv("ORGYM_PYTHON", "its python")
    monkeypatch.setattr(speed, "_public_pace", lambda python, seconds, seed: 10.0)
    rows = speed.run(quick=True, seed=0).rows
    assert (rows[0].policy, rows[0].value, rows[0].ratio) == ("or-gym", 10.0, None)
    assert rows[1].ratio == pytest.approx(3)
    assert {row.reference for row in rows[1:]} == {"or-gym"}


def test_a_python_without_orgym_is_named_in_the_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the last line of what it said."""
    monkeypatch.setattr(speed, "RECORDER", tmp_path / "no_such_file.py")
    with pytest.raises(RuntimeError, match="or unset ORGYM_PYTHON"):
        speed._public_pace(sys.executable, 0.1, seed=0)
