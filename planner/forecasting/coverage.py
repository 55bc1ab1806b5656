"""How often what happened fell where the forecast said it would, interval by interval.

What counts is demand summed over protection intervals, for that is what safety stock has to cover.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.forecasting.kinds import KINDS

NOMINAL = (0.5, 0.8, 0.95)
"""Chances of the central intervals that are checked [1]."""
EVERY_KIND = "all"
"""The kind of a line about every product together."""


@dataclass(frozen=True)
class CoverageRow:
    """One line: sums over `days` days of the products of one kind.

    Attributes:
        kind: of the products, `EVERY_KIND` for all of them.
        days: length of the interval [day].
        nominal: chance that the central interval was to cover [1].
        found: share of the sums that it did [1].
        windows: number of sums looked at.
    """

    kind: str
    days: int
    nominal: float
    found: float
    windows: int


@dataclass(frozen=True)
class Coverage:
    """Coverage on stretches of the past that nothing was calibrated on; empty where none was left.

    Attributes:
        rows: by kind, then by length, then by chance.
    """

    rows: tuple[CoverageRow, ...] = ()

    def of(self, kind: str = EVERY_KIND) -> tuple[CoverageRow, ...]:
        """The lines of one kind of product."""
        return tuple(row for row in self.rows if row.kind == kind)

    @property
    def worst(self) -> float:
        """Largest distance between found and nominal over the lines of all products [1]."""
        return max((abs(row.found - row.nominal) for row in self.of()), default=float("nan"))


def covered(low: np.ndarray, high: np.ndarray, nominal: float) -> np.ndarray:
    """The part of each outcome's chances that lies in the central interval, 0 to 1.

    `low` and `high` are the forecast's P(X < x) and P(X <= x) at what happened. Where demand is
    counted in whole units the step between them is wide, and what a central interval covers is
    its expectation under a rank drawn evenly from it (Czado, Gneiting and Held 2009, section 2.1).
    """
    edge = 0.5 * (1.0 - nominal)
    inside = np.minimum(high, 1.0 - edge) - np.maximum(low, edge)
    step = high - low
    point = (low >= edge) & (low <= 1.0 - edge)
    return np.where(step > 1e-12, np.clip(inside, 0.0, None) / np.maximum(step, 1e-12), point)


def coverage_of(
    days: np.ndarray, counts: np.ndarray, kind: np.ndarray, ranks: tuple[np.ndarray, np.ndarray]
) -> Coverage:
    """The table of coverage, of all products and of each kind that there is.

    Args:
        days: length of each interval (W,) [day].
        counts: which sums are looked at (W, K).
        kind: each product's place in `KINDS` (K,).
        ranks: the forecast's chance of less than, and of at most, what happened, each (W, K).
    """
    low, high = ranks
    rows = []
    for number, name in enumerate((EVERY_KIND, *KINDS)):
        members = counts if number == 0 else counts & (kind == number - 1)
        for length in np.unique(days):
            here = members & (days == length)[:, None]
            if here.any():
                rows += [
                    CoverageRow(
                        name,
                        int(length),
                        chance,
                        float(covered(low[here], high[here], chance).mean()),
                        int(here.sum()),
                    )
                    for chance in NOMINAL
                ]
    return Coverage(tuple(rows))
