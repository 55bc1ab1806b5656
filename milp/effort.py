"""How long to look for a better plan, and how far the search is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Effort:
    """When the work may stop.

    Attributes:
        gap: distance of the bounds that is good enough, as a share of the upper one [1].
        seconds: time after which the best plan so far is taken [s].
    """

    gap: float = 3e-4
    seconds: float = np.inf


@dataclass(frozen=True)
class Bounds:
    """How far the work is.

    Attributes:
        step: what is being done, in words.
        lower, upper: of the cost [money]; infinite where none is known yet.
        done: share of the step that is done [1].
        seconds_left: of the step, as it goes so far [s].
    """

    step: str
    lower: float
    upper: float
    done: float
    seconds_left: float

    @property
    def gap(self) -> float:
        """(upper - lower) / upper [1]."""
        return gap_of(self.lower, self.upper)


def gap_of(lower: float, upper: float) -> float:
    """(upper - lower) / upper [1], 0 where both are 0."""
    if not np.isfinite(lower) or not np.isfinite(upper):
        return np.inf
    return max(upper - lower, 0.0) / abs(upper) if upper else float(upper > lower)


Tell = Callable[[Bounds], None]
"""Hears how far the work is."""
