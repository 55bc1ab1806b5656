"""From costs to rows: means, paired differences and their intervals, worlds as they vary.

Worlds are what is independent: a world's futures share its products and its capacities, so they
are averaged first, and intervals are those of Student's t over worlds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from benchmarks.capacity.contest import OURS, SIMPLE
from benchmarks.results import Row

REFERENCE = "brain order-up-to, unlimited"
BEYOND, EXTRA = "/beyond ours", "/extra"

Paid = Mapping[str, list[np.ndarray]]
"""By rule, for each of the first worlds the cost on each of its first futures (P,) [money/day]."""


@dataclass(frozen=True)
class Found:
    """What was paid in one cell.

    Attributes:
        case: the cell.
        free: cost of order-up-to without limits in every world (P,) [money/day].
        paid: by every rule in the cell.
    """

    case: str
    free: list[np.ndarray]
    paid: Paid

    def ratio(self, name: str) -> np.ndarray:
        """A rule's cost over that without limits, world by world (W,) [1]."""
        return np.array([self._ratio(name, world, None) for world in range(len(self.paid[name]))])

    def beyond(self, name: str) -> np.ndarray:
        """What a rule costs beyond ours on the same futures, world by world (W,) [1]."""
        theirs = self.paid[name]
        ours = [self._ratio(OURS, world, len(paid)) for world, paid in enumerate(theirs)]
        return self.ratio(name) - np.array(ours)

    def _ratio(self, name: str, world: int, paths: int | None) -> float:
        paid = self.paid[name][world][:paths]
        return float(paid.mean() / self.free[world][: len(paid)].mean())


def rows_of(found: Found) -> Iterator[Row]:
    """What every rule costs in a cell, and what it costs beyond ours."""
    for name, worlds in found.paid.items():
        futures = sum(len(paid) for paid in worlds)
        value, low, high = interval(found.ratio(name))
        yield Row(found.case, name, value, low, high, "x", REFERENCE, value, futures)
        if name != OURS:
            value, low, high = interval(found.beyond(name))
            yield Row(found.case + BEYOND, name, value, low, high, "x", REFERENCE, n=futures)


def extra_row(found: Found) -> Row:
    """Our extra cost over that of the best of the simple rules, which is chosen knowing the result.

    Extra cost is what limits add to order-up-to without any.
    """
    extra = {name: found.ratio(name) - 1 for name in SIMPLE}
    best = min(extra, key=lambda name: float(extra[name].mean()))
    ours, theirs = found.ratio(OURS) - 1, extra[best]
    share, low, high = ratio_of_means(ours, theirs)
    futures = sum(len(paid) for paid in found.paid[OURS])
    return Row(found.case + EXTRA, OURS, share, low, high, "x", best, share, futures)


def interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean of independent values (W,) and its 95 % interval by Student's t."""
    mean = float(values.mean())
    half = _half(values)
    return mean, mean - half, mean + half


def ratio_of_means(above: np.ndarray, below: np.ndarray) -> tuple[float, float, float]:
    """Mean of one over mean of the other, pairs independent (W,), and its 95 % interval.

    The ratio varies as its residuals above - ratio x below do, to first order (Cochran 1977,
    section 2.11).
    """
    ratio = float(above.mean() / below.mean())
    half = _half((above - ratio * below) / below.mean())
    return ratio, ratio - half, ratio + half


def _half(values: np.ndarray) -> float:
    """Half the width of the interval of a mean; nothing where there is nothing to tell it from."""
    if len(values) < 2:
        return 0.0
    return float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / np.sqrt(len(values)))
