"""The products a brain learns from: a world of made-up products in natural units.

Natural units make one brain serve all: mean demand is 1 unit a period, holding a unit on the shelf
costs 1 a period. Nothing here has a name or a price; `envs.observation` divides real products by
the same two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np

from data.demand import seasonal_mean
from envs.accounting import Rates
from envs.observation import STAGES, Traits
from envs.world import World, serial_world

Range = tuple[float, float]


class Purpose(IntEnum):
    """What random numbers are for; each purpose has a stream that no other shares."""

    TRAINING = 0
    CONSTANTS = 1
    VALIDATION = 2
    HELD_OUT = 3
    TUNING = 4


def stream(seed: int, purpose: Purpose) -> np.random.Generator:
    """Random numbers for one purpose; no two purposes share any, whatever their seeds."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose),)))


@dataclass(frozen=True)
class Population:
    """Where products are drawn from; a brain has learnt these ranges and no others.

    Attributes:
        lead_time: at every stage [period], both ends included.
        cv: standard deviation of a day's forecast error / mean forecast [1], log-uniform.
        autocorrelation: lag-one correlation of forecast errors [1], of the products that have any.
        independent_share: share of products whose errors are independent [1].
        weekly_season, yearly_season: amplitude / mean [1].
        supply_capacity: largest shipment / mean demand [1], of the stages that have a limit.
        unlimited_share: share of stages without such a limit [1].
        holding_share_1, holding_share_2: holding cost upstream / at the shelf [1], as is usual.
        wide_holding_share: the same at either stage, as it may be [1].
        wide_share: share of products whose holding costs are drawn from the wide range [1].
        intermittent_share: share of products with days without any demand [1].
        zero_share: share of such days at most [1]; less where `cv` leaves room for less.
    """

    lead_time: tuple[int, int] = (1, 9)
    cv: Range = (0.1, 2.5)
    autocorrelation: Range = (0.0, 0.6)
    independent_share: float = 0.5
    weekly_season: Range = (0.0, 0.4)
    yearly_season: Range = (0.0, 0.5)
    supply_capacity: Range = (1.5, 5.0)
    unlimited_share: float = 0.3
    holding_share_1: Range = (0.5, 0.9)
    holding_share_2: Range = (0.2, 0.5)
    wide_holding_share: Range = (0.1, 1.2)
    wide_share: float = 0.25
    intermittent_share: float = 0.2
    zero_share: float = 0.8

    def sample(
        self, rng: np.random.Generator, lanes: int, cost_ratio: float | np.ndarray
    ) -> SampledProducts:
        """`lanes` products that cost `cost_ratio` [1] times more to miss than to hold for a day."""
        low, high = self.lead_time
        smallest, largest = self.cv
        cv = smallest * (largest / smallest) ** rng.random(lanes)
        intermittent = rng.random(lanes) < self.intermittent_share
        room = np.minimum(0.9 * cv**2 / (1 + cv**2), self.zero_share)
        independent = intermittent | (rng.random(lanes) < self.independent_share)
        usual = [
            rng.uniform(*self.holding_share_1, lanes),
            rng.uniform(*self.holding_share_2, lanes),
        ]
        wide = rng.uniform(*self.wide_holding_share, (2, lanes))
        upstream = np.where(rng.random(lanes) < self.wide_share, wide, usual)
        unlimited = rng.random((STAGES, lanes)) < self.unlimited_share
        capacity = rng.uniform(*self.supply_capacity, (STAGES, lanes))
        return SampledProducts(
            lead_time=rng.integers(low, high + 1, (STAGES, lanes)),
            cv=cv,
            zero_share=np.where(intermittent, room * rng.random(lanes), 0.0),
            autocorrelation=np.where(independent, 0.0, rng.uniform(*self.autocorrelation, lanes)),
            season=np.stack(
                [rng.uniform(*self.weekly_season, lanes), rng.uniform(*self.yearly_season, lanes)]
            ),
            phase=rng.random((2, lanes)),
            supply_capacity=np.where(unlimited, np.inf, capacity),
            holding_share=np.concatenate([np.ones((1, lanes)), upstream]),
            cost_ratio=np.broadcast_to(np.asarray(cost_ratio, dtype=float), (lanes,)),
        )


@dataclass(frozen=True)
class SampledProducts:
    """K products in natural units: mean demand 1 [unit/period], holding 1 at the shelf [money].

    Attributes:
        lead_time: (M, K) [period].
        cv: standard deviation of a day's forecast error / its forecast (K,) [1].
        zero_share: chance of a day without demand (K,) [1].
        autocorrelation: lag-one correlation of forecast errors (K,) [1].
        season: weekly and yearly amplitude (2, K) [1].
        phase: where in the week and the year time begins (2, K), as a share of the cycle [1].
        supply_capacity: largest shipment (M, K) [unit/period].
        holding_share: holding cost / that at the shelf (M, K) [1].
        cost_ratio: missed-sale cost / holding cost at the shelf (K,) [1].
    """

    lead_time: np.ndarray
    cv: np.ndarray
    zero_share: np.ndarray
    autocorrelation: np.ndarray
    season: np.ndarray
    phase: np.ndarray
    supply_capacity: np.ndarray
    holding_share: np.ndarray
    cost_ratio: np.ndarray

    def __len__(self) -> int:
        return len(self.cv)

    @cached_property
    def sigma(self) -> np.ndarray:
        """Standard deviation of demand over the shelf's protection interval (K,) [unit]."""
        return self.cv * np.sqrt(self.lead_time[0] + 1.0)

    @cached_property
    def world(self) -> World:
        """The serial chains these products travel, sales lost when the shelf is empty."""
        return serial_world(self.lead_time, self.supply_capacity.astype(np.float32))

    @cached_property
    def traits(self) -> Traits:
        """What a brain is told of these products."""
        single = np.float32
        return Traits(
            scale=np.ones(len(self), single),
            supply_capacity=self.supply_capacity.astype(single),
            holding_share=self.holding_share.astype(single),
            cost_ratio=self.cost_ratio.astype(single),
            error_autocorrelation=self.autocorrelation.astype(single),
        )

    @cached_property
    def rates(self) -> Rates:
        """What holding and missing them costs; space is free."""
        single = np.float32
        return Rates(
            holding=self.holding_share.astype(single),
            shortage=self.cost_ratio.astype(single),
            volume=np.ones(len(self), single),
            storage_capacity=np.full(STAGES, np.inf, single),
            overflow=np.zeros(STAGES, single),
        )

    def mean_demand(self, periods: int) -> np.ndarray:
        """The demand forecast over `periods` periods (periods, K) [unit/period]."""
        (weekly, yearly), (week, year) = self.season, self.phase
        return seasonal_mean(np.arange(periods), weekly, week, yearly, year)
