"""Submissions, good ones and others, and a course that is soon over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from envs.reference.distribution import MONTH
from planner.leaderboard.cage import NEEDED, Limits
from planner.leaderboard.trial import Course, Trial, tried
from tests.planner.runs.conftest import address, database, server

__all__ = ["address", "database", "server"]
"""Fixtures of the store of runs, on either kind of database."""

LIMITS = Limits(
    wall=30.0, answer=8.0, cpu=10, memory=1 << 30, file=1 << 20, disk=4 << 20, open_files=32
)
SHORT = Course("short", replace(MONTH, days=3), 4, LIMITS)
GOOD = """
import numpy as np
def act(observations):
    return np.zeros((len(observations), 3))
"""

Play = Callable[..., Trial]


@pytest.fixture
def played(tmp_path: Path) -> Play:
    """Runs the source of a submission on a short course."""

    def run(source: str, limits: Limits = LIMITS) -> Trial:
        file = tmp_path / "policy.py"
        file.write_text(source, encoding="utf-8")
        course = replace(SHORT, limits=limits)
        return tried(file, course, course.demand("0a"), weak=True)

    return run


@pytest.fixture
def caged(played: Play) -> Play:
    """The same, where this machine can enforce what is needed."""
    layers = played(GOOD).layers
    missing = [name for name in NEEDED if not layers.get(name)]
    if missing:
        pytest.skip(f"this machine cannot restrict {', '.join(missing)}")
    return played


def answering(line: str, head: str = "") -> str:
    """A submission that runs `line` when it is first asked, and orders nothing."""
    return (
        f"import os\nimport numpy as np\n{head}\ndef act(observations):\n"
        f"    {line}\n    return np.zeros((len(observations), 3))\n"
    )


def no_orders() -> np.ndarray:
    """Profit of ordering nothing on the short course (P,) [money]."""
    from envs.policies import ReorderPoint
    from envs.reference.distribution import play

    nothing = ReorderPoint(np.full((3, 1), -np.inf), np.zeros((3, 1)))
    return play(SHORT.task, nothing, SHORT.demand("0a")).total.sum(axis=1)
