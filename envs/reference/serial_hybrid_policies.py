"""Simple rules for `serial-hybrid`: safety stock in units, by chance or by rule of thumb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from data.outlook import Outlook
from envs.dynamics import echelon_sum
from envs.policies import Situation

SEEN = 15
"""Days of forecast that can be seen [day]."""
REVIEW = 10
"""Days that a safety stock is held for [day]."""
UnitsOfSafety = Callable[[Situation], np.ndarray]
"""From a situation to safety stock (P, M, K) or (M, K) [unit]."""


@dataclass(frozen=True)
class SafetyUnits:
    """Order each echelon up to its forecast plus the safety stock of its stages, in units.

    `envs.policies.SafetyStockRule` says the same in standard deviations.

    Attributes:
        outlook: the forecast.
        units: safety stock of each stage.
    """

    outlook: Outlook
    units: UnitsOfSafety

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        windows = self.outlook.order_windows(situation.state.period)
        safety = echelon_sum(self.units(situation))
        return np.maximum(windows.echelon_mean + safety - situation.echelon_position, 0)


@dataclass(frozen=True)
class RuleOfThumb:
    """Safety stock 1 + sqrt(mean sigma of the days that can be seen), the same at every stage.

    Attributes:
        sigma: of the forecast error (H, K) [unit/day].
        stages: M.
    """

    sigma: np.ndarray
    stages: int

    def __call__(self, situation: Situation) -> np.ndarray:
        """(M, K) [unit]."""
        today = situation.state.period
        seen = self.sigma[today : today + SEEN].mean(axis=0)
        return np.broadcast_to(1 + np.sqrt(seen), (self.stages, len(seen)))


@dataclass
class RandomSafety:
    """Safety stock drawn evenly from nothing to `largest` at every review.

    Attributes:
        largest: [unit].
        rng: source of randomness.
    """

    largest: float
    rng: np.random.Generator
    _held: np.ndarray | None = field(default=None, repr=False)

    def __call__(self, situation: Situation) -> np.ndarray:
        """(P, M, K) [unit]."""
        state = situation.state
        if self._held is None or state.period % REVIEW == 0:
            self._held = self.rng.uniform(0.0, self.largest, state.on_hand.shape)
        return self._held


@dataclass(frozen=True)
class AheadOrders:
    """Every stage orders the demand that is forecast for the day its order can serve.

    Stage m orders today for the last day of its echelon's protection interval. It never looks at
    stock, so whatever goes wrong stays wrong.

    Attributes:
        outlook: the forecast.
    """

    outlook: Outlook

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        day = situation.state.period + self.outlook.echelon_interval - 1
        asked = np.take_along_axis(self.outlook.mean, day, axis=0)
        return np.broadcast_to(asked, situation.state.on_hand.shape)
