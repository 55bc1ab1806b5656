"""Two drawings of a run: how the learners came on, and how returns are spread."""

from __future__ import annotations

import numpy as np

from benchmarks.distribution import Findings
from benchmarks.distribution.contestants import OURS
from benchmarks.drawings import Curve, lines

STEP = 2000.0
"""What the bins of returns end at is a multiple of it [money]."""
LOWEST = 14_000.0
"""Below it nothing is drawn [money]."""
BINS = 40
GAP = (np.nan, np.nan)
"""Between the curves of one name."""


def learning(found: Findings) -> str:
    """An SVG of profit in training by share of the training done; a line per learner and seed."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for one in found.learnt:
        points = [(share, max(profit, LOWEST)) for share, profit in one.curve]
        curves.setdefault(one.name, []).extend([*points, GAP])
    shares = {float(share): f"{share:.0%}" for share in np.linspace(0, 1, 6)}
    title = "profit of an episode in training [money]"
    return lines(title, curves, "share of the training done", x_marks=shares)


def returns(found: Findings) -> str:
    """An SVG of how often each profit came on the fresh scenarios: ours and the learners'.

    A learner's profit in a scenario is the mean of its seeds'.
    """
    names = [*dict.fromkeys(one.name for one in found.learnt), OURS]
    told = {name: found.returns[name] for name in names}
    edges = np.linspace(
        STEP * np.floor(max(min(map(np.min, told.values())), LOWEST) / STEP),
        STEP * np.ceil(max(map(np.max, told.values())) / STEP),
        BINS + 1,
    )
    curves: dict[str, Curve] = {}
    for name, profit in told.items():
        counts, _ = np.histogram(profit, edges)
        curves[name] = list(zip(np.repeat(edges, 2)[1:-1], np.repeat(counts, 2), strict=True))
    return lines("fresh scenarios by profit of an episode", curves, "profit [money]")
