"""The weekly container problem: items ordered in whole units that share a few containers a week.

An item is a thing at a location. All of them together may order no more than the week's containers
hold, and an item's order may change only so much from one week to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

CONTAINER_VOLUME = 2350.0
"""Of one container [volume]."""
CONTAINERS = 5
"""A week."""
COVER = 5
"""Safety stock of the made-up items [week]."""
DEMAND, UNMET_COST, OPENING, RAMP = (5, 15), (30.0, 40.0), (0, 5), (5, 15)
"""Least and greatest of what is drawn: demand [unit/week], cost of a unit not served [money/unit],
opening stock [unit], change of an order from week to week [unit]."""
VOLUME = (5.0, 15.0)
"""Least and greatest space of a unit [volume/unit]."""


@dataclass(frozen=True)
class WeeklyProblem:
    """K items for T weeks.

    Attributes:
        item: name, location included (K,).
        forecast: expected demand (T, K) [unit/week].
        std: standard deviation of a week's demand (K,) [unit/week].
        on_hand: at the start of the first week (K,) [unit].
        cover: safety stock wanted at the end of a week, in weeks of its forecast (K,) [week].
        volume: space of a unit in a container (K,) [volume/unit].
        lead_time: weeks from order to arrival; 0 arrives before the week's demand (K,) [week].
        due: open orders by week of arrival (T, K) [unit].
        unmet_cost: of a unit of demand not served, F (K,) [money/unit].
        ramp: largest change of the order from week to week (K,) [unit]; infinite for none.
        last_order: of the week before the first, NaN where it binds nothing (K,) [unit].
        group: number of the group the item is served with (K,).
        proportional: whether all items of a group are served the same share of their demand.
        containers: that may be filled each week.
        container_volume: of one of them [volume].
    """

    item: tuple[str, ...]
    forecast: np.ndarray
    std: np.ndarray
    on_hand: np.ndarray
    cover: np.ndarray
    volume: np.ndarray
    lead_time: np.ndarray
    due: np.ndarray
    unmet_cost: np.ndarray
    ramp: np.ndarray
    last_order: np.ndarray
    group: np.ndarray
    proportional: bool = False
    containers: int = CONTAINERS
    container_volume: float = CONTAINER_VOLUME

    def __post_init__(self) -> None:
        weeks, items = self.forecast.shape
        if len(self.item) != items or self.due.shape != (weeks, items):
            raise ValueError(
                f"forecast {self.forecast.shape}, due {self.due.shape} and {len(self.item)} items "
                "must agree"
            )
        if (self.volume <= 0).any() or (self.unmet_cost <= 0).any() or (self.ramp < 0).any():
            raise ValueError("volume and unmet_cost must be above 0, ramp 0 or more")
        if self.containers < 1 or self.container_volume <= 0:
            raise ValueError("there must be a container with room in it")

    @property
    def weeks(self) -> int:
        """T."""
        return len(self.forecast)

    @property
    def capacity(self) -> float:
        """Space of all containers of a week [volume]."""
        return self.containers * self.container_volume

    @property
    def target(self) -> np.ndarray:
        """Stock wanted at the end of each week (T, K) [unit]."""
        target: np.ndarray = self.cover * self.forecast
        return target

    @property
    def over_cost(self) -> np.ndarray:
        """Of a unit above the target at the end of a week, F / 2 (K,) [money/unit/week]."""
        return self.unmet_cost / 2

    @property
    def reward(self) -> np.ndarray:
        """Of a unit up to the target at the end of a week, F / 3 (K,) [money/unit/week]."""
        return self.unmet_cost / 3

    def demand(self, rng: np.random.Generator, paths: int) -> np.ndarray:
        """Sampled demand (P, T, K) [unit/week]: gamma of the week's forecast and the item's std.

        Shape (mean / std)^2, scale std^2 / mean, by the method of moments; where either is 0 demand
        is the forecast.
        """
        mean = np.broadcast_to(self.forecast, (paths, *self.forecast.shape))
        known = (mean > 0) & (self.std > 0)
        safe_mean, safe_std = np.where(known, mean, 1.0), np.where(known, self.std, 1.0)
        drawn = rng.gamma(np.square(safe_mean / safe_std), np.square(safe_std) / safe_mean)
        return np.where(known, drawn, mean)

    def from_week(
        self, week: int, on_hand: np.ndarray, due: np.ndarray, last_order: np.ndarray
    ) -> WeeklyProblem:
        """What is left of the problem when `week` begins, as things then stand.

        Args:
            week: number of weeks gone by.
            on_hand: (K,) [unit].
            due: by week of arrival, the coming one first (T - week, K) [unit].
            last_order: of the week before (K,) [unit].
        """
        return replace(
            self,
            forecast=self.forecast[week:],
            on_hand=on_hand,
            due=due,
            last_order=last_order,
        )


def spread_of(forecast: np.ndarray) -> np.ndarray:
    """Standard deviation of each item's forecast over its weeks (K,) [unit/week]; 0 for one week.

    It stands in for the spread of demand around the forecast where nothing else is known.
    """
    if len(forecast) < 2:
        return np.zeros(forecast.shape[1])
    spread: np.ndarray = forecast.std(axis=0, ddof=1)
    return spread


def made_up(
    rng: np.random.Generator, items: int = 15, weeks: int = 3, ramped: bool = False
) -> WeeklyProblem:
    """An instance drawn evenly over the ranges above; without ramping unless asked for.

    It arrives in the week it is ordered, nothing is open, and every item is its own group.
    """
    forecast = rng.integers(DEMAND[0], DEMAND[1] + 1, (weeks, items)).astype(float)
    ramp = rng.integers(RAMP[0], RAMP[1] + 1, items).astype(float)
    return WeeklyProblem(
        item=tuple(f"item-{number + 1:02d}" for number in range(items)),
        forecast=forecast,
        std=spread_of(forecast),
        on_hand=rng.integers(OPENING[0], OPENING[1] + 1, items).astype(float),
        cover=np.full(items, float(COVER)),
        volume=np.round(rng.uniform(*VOLUME, items), 1),
        lead_time=np.zeros(items, dtype=int),
        due=np.zeros((weeks, items)),
        unmet_cost=rng.uniform(*UNMET_COST, items),
        ramp=ramp if ramped else np.full(items, np.inf),
        last_order=np.full(items, np.nan),
        group=np.arange(items),
    )


def with_lead_times(problem: WeeklyProblem, rng: np.random.Generator) -> WeeklyProblem:
    """The same items, of which every other one arrives a week after it is ordered.

    What they need in the first week is on order already; the items are served in three groups.
    """
    items = len(problem.item)
    lead_time = np.arange(items) % 2
    due = np.zeros_like(problem.forecast)
    due[0] = np.where(lead_time > 0, rng.integers(DEMAND[0], DEMAND[1] + 1, items), 0)
    return replace(problem, lead_time=lead_time, due=due, group=np.arange(items) % 3)
