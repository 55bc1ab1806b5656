"""The drawings of the distribution benchmark show every training and every scenario."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.distribution import Findings
from benchmarks.distribution.contestants import OURS, Learnt
from benchmarks.distribution.drawings import BINS, LOWEST, learning, returns
from benchmarks.results import result_of
from envs.policies import FollowPlan

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def found() -> Findings:
    """One learner of two seeds, of which one began far below what is drawn, beside our rule."""
    plan = FollowPlan(np.zeros((1, 3, 1)))
    bad, good = ((0.1, -50_000.0), (1.0, 20_000.0)), ((0.1, 18_000.0), (1.0, 24_000.0))
    learnt = tuple(Learnt("PPO", seed, plan, curve) for seed, curve in enumerate((bad, good)))
    told = {"PPO": np.array([15_000.0, 24_500.0, 24_600.0]), OURS: np.full(3, 25_000.0)}
    return Findings(result_of("distribution", [], 1, 1.0, True), learnt, told, {})


def paths(drawn: str) -> list[np.ndarray]:
    """Corners of the lines (P, 2) [pixel]; those of the key come last."""
    return [
        np.array([point.split(",") for point in line.get("points", "").split()], dtype=float)
        for line in ElementTree.fromstring(drawn).iter(f"{SVG}polyline")
    ]


def test_every_seed_has_its_line(found: Findings) -> None:
    """Two lines and one name; what is worse than the lowest is drawn there."""
    drawn = learning(found)
    first, second, _ = paths(drawn)
    assert len(first) == len(second) == 2
    words = [part.text for part in ElementTree.fromstring(drawn).iter(f"{SVG}text")]
    assert words.count("PPO") == 1
    assert f"{LOWEST:,.0f}" in words
    assert "-50,000" not in words


def test_returns_are_counted_in_bins(found: Findings) -> None:
    """Three alike are one bin of the full height; two close and one far are a bin of two thirds."""
    learner, ours, *_ = paths(returns(found))
    assert len(learner) == len(ours) == 2 * BINS
    foot = ours[:, 1].max()
    assert (ours[:, 1] < foot).sum() == 2
    heights = [foot - line[:, 1].min() for line in (learner, ours)]
    assert heights[0] == pytest.approx(heights[1] * 2 / 3, abs=0.2)
