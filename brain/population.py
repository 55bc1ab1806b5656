"""The products a brain learns from: a world of made-up products in natural units.

Natural units make one brain serve all: mean demand is 1 unit a period, holding a unit on the shelf
costs 1 a period. Nothing here has a name or a price; `envs.observation` divides real products by
the same two numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property

import numpy as np

from data.demand import seasonal_mean
from data.errors import ConfigurationError
from envs.accounting import Rates
from envs.observation import MOST_STAGES, Traits
from envs.world import World, serial_world

Range = tuple[float, float]


class Purpose(IntEnum):
    """What random numbers are for; each purpose has a stream that no other shares."""

    TRAINING = 0
    CONSTANTS = 1
    VALIDATION = 2
    HELD_OUT = 3
    TUNING = 4
    ASKING = 5
    LIKES = 6
    BENCHMARK = 7


def stream(seed: int, purpose: Purpose, *part: int) -> np.random.Generator:
    """Random numbers for one purpose, or a numbered part of one; no two share any."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(purpose), *part)))


class Law(IntEnum):
    """Family of a product's daily demand."""

    LOGNORMAL = 0
    """Lognormal on days with any, and days with none."""
    COUNT = 1
    """Whole units: Poisson, or negative binomial where it varies more."""
    NORMAL = 2
    """Normal, what falls below 0 taken as 0."""


FURTHEST_OFF = 3
"""How far a varying lead time may lie from its mean [period]."""
SHORTEST = 1
"""A varying lead time is never shorter [period]."""
COUNT_RANGE = 20.0
"""Largest share of the variance of whole-unit demand / the least share that is Poisson's [1]."""


@dataclass(frozen=True)
class Population:
    """Where products are drawn from; a brain has learnt these ranges and no others.

    Attributes:
        stages: number of stages of the serial chain.
        lead_time: at every stage [period], both ends included.
        cv: standard deviation of a day's forecast error / mean forecast [1], log-uniform.
        autocorrelation: lag-one correlation of forecast errors [1], of the products that have any.
        independent_share: share of products whose errors are independent [1].
        weekly_season, yearly_season: amplitude / mean [1].
        supply_capacity: largest shipment / mean demand [1], of the stages that have a limit.
        unlimited_share: share of stages without such a limit [1].
        holding_share: holding cost of stage 1, 2, .. / that at the shelf [1], as is usual.
        wide_holding_share: the same at any stage, as it may be [1].
        wide_share: share of products whose holding costs are drawn from the wide range [1].
        intermittent_share: share of products with days without any demand [1].
        zero_share: share of such days at most [1]; less where `cv` leaves room for less.
        count_share: share of products that sell few and whole units [1].
        backordered_share: share of products whose customers wait [1].
        wrong_share: share of products whose forecast is wrong for good [1].
        misstated: true standard deviation / the one forecast, of those [1], log-uniform.
        bias: true mean / the one forecast, of those [1], log-uniform.
        varying_share: share of products whose lead times vary from shipment to shipment [1].
        lead_time_spread: standard deviation / mean of those lead times, at most [1].
    """

    stages: int = 3
    lead_time: tuple[int, int] = (1, 9)
    cv: Range = (0.1, 2.5)
    autocorrelation: Range = (0.0, 0.6)
    independent_share: float = 0.5
    weekly_season: Range = (0.0, 0.4)
    yearly_season: Range = (0.0, 0.5)
    supply_capacity: Range = (1.5, 5.0)
    unlimited_share: float = 0.3
    holding_share: tuple[Range, ...] = ((0.5, 0.9), (0.2, 0.5), (0.12, 0.35), (0.08, 0.25))
    wide_holding_share: Range = (0.1, 1.2)
    wide_share: float = 0.25
    intermittent_share: float = 0.2
    zero_share: float = 0.9
    count_share: float = 0.1
    backordered_share: float = 0.08
    wrong_share: float = 0.05
    misstated: Range = (0.5, 2.0)
    bias: Range = (0.8, 1.25)
    varying_share: float = 0.05
    lead_time_spread: float = 0.35

    def __post_init__(self) -> None:
        if not 1 <= self.stages <= MOST_STAGES:
            raise ConfigurationError(
                f"a chain of {self.stages} stages, brains can learn 1 to {MOST_STAGES}"
            )

    @property
    def plain(self) -> Population:
        """The same without what is out of the ordinary.

        Sales are lost, forecasts right, lead times fixed.
        """
        return replace(self, backordered_share=0.0, wrong_share=0.0, varying_share=0.0)

    def sample(
        self, rng: np.random.Generator, lanes: int, cost_ratio: float | np.ndarray
    ) -> SampledProducts:
        """`lanes` products that cost `cost_ratio` [1] times more to miss than to hold for a day."""
        low, high = self.lead_time
        shape = (self.stages, lanes)
        cv = log_uniform(rng, self.cv, lanes)
        intermittent, count = _either(rng, lanes, self.intermittent_share, self.count_share)
        wrong = rng.random(lanes) < self.wrong_share
        most = np.maximum(self.cv[1] / cv, 1.0)
        misstated = np.minimum(log_uniform(rng, self.misstated, lanes), most)
        misstated = np.where(wrong, misstated, 1.0)
        bias = np.where(wrong & ~count, log_uniform(rng, self.bias, lanes), 1.0)
        square = np.square(cv * misstated / bias)
        room = np.minimum(0.98 * square / (1 + square), self.zero_share)
        plain = ~intermittent & ~count & (rng.random(lanes) >= self.independent_share)
        varying = rng.random(lanes) < self.varying_share
        return SampledProducts(
            lead_time=rng.integers(low, high + 1, shape),
            cv=cv,
            zero_share=np.where(intermittent, room * rng.random(lanes), 0.0),
            autocorrelation=np.where(plain, rng.uniform(*self.autocorrelation, lanes), 0.0),
            season=np.stack(
                [rng.uniform(*self.weekly_season, lanes), rng.uniform(*self.yearly_season, lanes)]
            ),
            phase=rng.random((2, lanes)),
            supply_capacity=self._supply_capacity(rng, lanes),
            holding_share=self._holding_share(rng, lanes),
            cost_ratio=np.broadcast_to(np.asarray(cost_ratio, dtype=float), (lanes,)),
            law=np.where(count, Law.COUNT, Law.LOGNORMAL),
            unit=np.where(count, square * COUNT_RANGE ** -rng.random(lanes), 0.0),
            bias=bias,
            misstated=misstated,
            lead_time_spread=np.where(
                varying, rng.uniform(0, max(self.lead_time_spread, 0.0), lanes), 0.0
            ),
            backordered=rng.random(lanes) < self.backordered_share,
        )

    def _supply_capacity(self, rng: np.random.Generator, lanes: int) -> np.ndarray:
        shape = (self.stages, lanes)
        unlimited = rng.random(shape) < self.unlimited_share
        return np.where(unlimited, np.inf, rng.uniform(*self.supply_capacity, shape))

    def _holding_share(self, rng: np.random.Generator, lanes: int) -> np.ndarray:
        above = self.holding_share[: self.stages - 1]
        usual = np.array([rng.uniform(*share, lanes) for share in above]).reshape(-1, lanes)
        wide = rng.uniform(*self.wide_holding_share, usual.shape)
        upstream = np.where(rng.random(lanes) < self.wide_share, wide, usual)
        return np.concatenate([np.ones((1, lanes)), upstream])


def log_uniform(rng: np.random.Generator, span: Range, shape: int | tuple[int, ...]) -> np.ndarray:
    """Draws between the ends of `span`, uniform in the logarithm."""
    low, high = span
    drawn: np.ndarray = low * (high / low) ** rng.random(shape)
    return drawn


def _either(
    rng: np.random.Generator, lanes: int, first: float, second: float
) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of lanes that never overlap, of about these shares."""
    drawn = rng.random(lanes)
    return drawn < first, (drawn >= first) & (drawn < first + second)


@dataclass(frozen=True)
class SampledProducts:
    """K products in natural units: mean forecast 1 [unit/period], holding 1 at the shelf [money].

    Attributes:
        lead_time: its mean where it varies (M, K) [period].
        cv: standard deviation of a day's forecast error / its forecast, as forecast (K,) [1].
        zero_share: chance of a day without demand (K,) [1].
        autocorrelation: lag-one correlation of forecast errors (K,) [1].
        season: weekly and yearly amplitude (2, K) [1].
        phase: where in the week and the year time begins (2, K), as a share of the cycle [1].
        supply_capacity: largest shipment (M, K) [unit/period].
        holding_share: holding cost / that at the shelf (M, K) [1].
        cost_ratio: missed-sale cost / holding cost at the shelf (K,) [1].
        law: family of demand, a `Law` (K,).
        unit: what is sold at a time where units are whole (K,) [unit]; 0 elsewhere.
        bias: true mean / the one forecast (K,) [1].
        misstated: true standard deviation / the one forecast (K,) [1].
        lead_time_spread: standard deviation / mean of lead times (K,) [1].
        backordered: True where customers wait (K,).
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
    law: np.ndarray
    unit: np.ndarray
    bias: np.ndarray
    misstated: np.ndarray
    lead_time_spread: np.ndarray
    backordered: np.ndarray

    def __len__(self) -> int:
        return len(self.cv)

    @property
    def stages(self) -> int:
        """Number of stages M."""
        return len(self.lead_time)

    @cached_property
    def sigma(self) -> np.ndarray:
        """Standard deviation of demand over the shelf's protection interval (K,) [unit]."""
        return self.cv * np.sqrt(self.lead_time[0] + 1.0)

    @cached_property
    def stocked_cost(self) -> np.ndarray:
        """About what these products cost a day if they are stocked (K,) [money/period].

        Upstream stock waits a day for its shipment, whoever decides; the rest goes with sigma.
        Fitted to what constants cost in simulation, to about a third; a weight, no result.
        """
        passing = self.holding_share[1:].sum(axis=0)
        decades = np.maximum(np.log10(self.cost_ratio), -1.0)
        lost = 0.6 + 0.3 * decades + 0.64 * decades**2
        waiting = (1.4 + 2.4 * np.maximum(decades, -0.4)) * (
            1 + np.square(self.cv) * np.maximum(decades, 0) / 2
        )
        cost: np.ndarray = passing + self.sigma * np.where(self.backordered, waiting, lost)
        return cost

    @cached_property
    def likely_cost(self) -> np.ndarray:
        """The same (K,) [money/period]; what is not worth stocking is missed."""
        never_stocked = np.where(self.backordered, np.inf, self.cost_ratio)
        return np.minimum(self.stocked_cost, never_stocked)

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
            backordered=self.backordered,
            lead_time_std=(self.lead_time * self.lead_time_spread).astype(single),
        )

    @cached_property
    def rates(self) -> Rates:
        """What holding and missing them costs; space is free."""
        single = np.float32
        return Rates(
            holding=self.holding_share.astype(single),
            shortage=self.cost_ratio.astype(single),
            volume=np.ones(len(self), single),
            storage_capacity=np.full(self.stages, np.inf, single),
            overflow=np.zeros(self.stages, single),
        )

    def world(self, rng: np.random.Generator, periods: int) -> World:
        """The serial chains these products travel; lead times that vary are drawn for `periods`."""
        lead_time = self.lead_time
        if self.lead_time_spread.any():
            off = rng.standard_normal((periods, *lead_time.shape)) * self.traits.lead_time_std
            off = np.clip(np.rint(off), -FURTHEST_OFF, FURTHEST_OFF).astype(lead_time.dtype)
            lead_time = np.where(off, np.maximum(lead_time + off, SHORTEST), lead_time)
        return serial_world(lead_time, self.supply_capacity.astype(np.float32), self.backordered)

    def mean_demand(self, periods: int) -> np.ndarray:
        """The demand forecast over `periods` periods (periods, K) [unit/period]."""
        (weekly, yearly), (week, year) = self.season, self.phase
        return seasonal_mean(np.arange(periods), weekly, week, yearly, year)
