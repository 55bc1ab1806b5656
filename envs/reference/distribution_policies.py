"""Rules for the distribution problem that know when it ends, and nets as rules.

`envs.policies.ReorderPoint` is the stationary (s, S) rule that these begin with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from envs.policies import Policy, Situation
from envs.reference.distribution import (
    CENTRE,
    RETAILERS,
    WEEK,
    Distribution,
    observe,
)


@dataclass(frozen=True)
class StopBefore:
    """Any rule, except that it orders nothing in the last days.

    Attributes:
        task: the facts.
        rule: that orders before.
        days: without orders at the end, of each stage (retailer, centre) [day].
    """

    task: Distribution
    rule: Policy
    days: tuple[float, float]

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, 3, 1) [unit]."""
        left = self.task.days - situation.state.period
        return np.where(left > _per_stage(list(self.days)), self.rule(situation), 0.0)


@dataclass(frozen=True)
class DaysOfCover:
    """(s, S) in days of forecast demand, and never more than what is left can use.

    A stage whose inventory position is at the forecast of the next `reorder` days or below orders
    up to that of the next `cover` days. No stage's echelon is filled beyond the forecast m of all
    that is left plus `margin` sqrt(m), and the centre places no last order below `smallest`.

    Attributes:
        task: the facts.
        reorder, cover: of a retailer and of the centre [day]; parts of a day count.
        margin: of a retailer and of the centre [1].
        smallest: order that the centre still places [unit].
    """

    task: Distribution
    reorder: tuple[float, float]
    cover: tuple[float, float]
    margin: tuple[float, float]
    smallest: float

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, 3, 1) [unit]."""
        t = situation.state.period
        local, echelon = situation.local_position, situation.echelon_position
        point = _per_stage([self._ahead(t, days) for days in self.reorder])
        level = _per_stage([self._ahead(t, days) for days in self.cover])
        left = self._ahead(t, self.task.days - t)
        share = np.array([1.0, RETAILERS])
        enough = _per_stage(share * left + np.array(self.margin) * np.sqrt(share * left))
        orders = np.where(local <= point, np.minimum(level - local, enough - echelon), 0.0)
        orders[:, CENTRE] *= orders[:, CENTRE] >= self.smallest
        return np.maximum(orders, 0.0)

    def _ahead(self, day: int, days: float) -> float:
        """Forecast demand of a retailer over the next days, the last of which may be a part."""
        whole = int(days)
        mean = np.array(self.task.mean)[np.arange(day, day + whole + 1) % WEEK]
        return float(mean[:whole].sum() + (days - whole) * mean[whole])


@dataclass(frozen=True)
class Stocked:
    """A policy over what `observe` shows (P, 13), such as a net, as one over situations."""

    task: Distribution
    act: Callable[[np.ndarray], np.ndarray]

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, 3, 1) [unit], of what `act` answers in units (P, 3)."""
        return self.act(observe(self.task, situation.state))[..., None]


def _per_stage(values: np.ndarray | list[float]) -> np.ndarray:
    """(retailer, centre) as (retailer, retailer, centre) (3, 1)."""
    retailer, centre = values
    return np.array([retailer, retailer, centre])[:, None]
