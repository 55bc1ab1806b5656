"""What a brain sees of a product: the ONE description, versioned.

Everything is divided by the product's mean demand and its holding cost at the shelf, so a slow and
a fast product, a cheap and a dear one, look alike. Observations describe serial chains.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from data.outlook import Outlook
from data.scenario import Scenario
from envs.dynamics import State, echelon_sum

VERSION = 2
MOST_STAGES = 5
"""The longest chain that a brain can be shown."""
ARRIVALS = 4
"""Periods ahead for which arrivals at the shelf are told one by one."""
PER_STAGE = (
    "echelon_gap",
    "on_hand",
    "pipeline",
    "window_forecast",
    "window_sigma",
    "lead_time",
    "lead_time_spread",
    "supply_capacity",
)
PER_PRODUCT = (
    "log_cost_ratio",
    "error_autocorrelation",
    "backordered",
    "forecast_month_1",
    "forecast_month_2",
    "smoothed_error",
    "last_error",
    "drift",
    "spread",
    "idle",
    "backorders",
    *(f"arriving_{day}" for day in range(1, ARRIVALS + 1)),
)
SMOOTHING = 0.15
"""Weight of the newest forecast error in the smoothed one."""
SLOW_SMOOTHING = 0.03
"""Its weight in the drift and the spread, which tell a forecast that is wrong for good."""
LARGEST_ERROR = 5.0
LARGEST_SQUARE = 9.0
LARGEST_CAPACITY = 6.0
SMALLEST_SIGMA = 1e-6
SMALLEST_SHARE = 0.01
LONGEST_LEAD_TIME = 9
"""By which lead times are divided [period]."""


@cache
def features(stages: int) -> tuple[str, ...]:
    """What a brain for chains of `stages` stages sees, in order."""
    if not 1 <= stages <= MOST_STAGES:
        raise ValueError(f"{stages} stages, brains can be shown 1 to {MOST_STAGES}")
    return (
        *(f"{name}_{m}" for name in PER_STAGE for m in range(stages)),
        *(f"log_holding_share_{m}" for m in range(1, stages)),
        *PER_PRODUCT,
    )


def size(stages: int) -> int:
    """How many numbers a brain for chains of `stages` stages sees."""
    return len(features(stages))


def ratio_feature(stages: int) -> int:
    """Where among the features the log of the cost ratio stands."""
    return features(stages).index("log_cost_ratio")


@dataclass(frozen=True)
class Traits:
    """What stays the same about a product while stock moves, in natural scale-free units.

    Attributes:
        scale: mean demand by which units are divided (K,) [unit/period].
        supply_capacity: largest shipment (M, K) [unit/period].
        holding_share: holding cost / that at the shelf (M, K) [1].
        cost_ratio: missed-sale cost / holding cost at the shelf (K,) [1].
        error_autocorrelation: lag-one correlation of forecast errors (K,) [1].
        backordered: True where customers wait (K,).
        lead_time_std: standard deviation of lead times (M, K) [period].
    """

    scale: np.ndarray
    supply_capacity: np.ndarray
    holding_share: np.ndarray
    cost_ratio: np.ndarray
    error_autocorrelation: np.ndarray
    backordered: np.ndarray
    lead_time_std: np.ndarray

    def take(self, products: np.ndarray) -> Traits:
        """The traits of the products at `products` (indices or a mask)."""
        return Traits(
            self.scale[products],
            self.supply_capacity[:, products],
            self.holding_share[:, products],
            self.cost_ratio[products],
            self.error_autocorrelation[products],
            self.backordered[products],
            self.lead_time_std[:, products],
        )


@dataclass(frozen=True)
class ForecastErrors:
    """How wrong the forecast has been lately, in its own standard deviations.

    Attributes:
        last: the last period's error (P, K) [1].
        smoothed: exponentially smoothed (P, K) [1].
        drift: smoothed slowly (P, K) [1]; far from 0 where the mean is forecast wrong for good.
        spread: its square smoothed slowly (P, K) [1]; far from 1 where the deviation is.
        idle: share of periods without demand, smoothed slowly (P, K) [1].
    """

    last: np.ndarray
    smoothed: np.ndarray
    drift: np.ndarray
    spread: np.ndarray
    idle: np.ndarray

    def after(self, demand: np.ndarray, mean: np.ndarray, std: np.ndarray) -> ForecastErrors:
        """The errors once a period's demand (P, K) is known beside its forecast (K,)."""
        last = np.where(std > 0, (demand - mean) / np.where(std > 0, std, 1), 0)
        square = np.minimum(np.square(last), LARGEST_SQUARE)
        return ForecastErrors(
            last,
            self.smoothed + SMOOTHING * (last - self.smoothed),
            self.drift + SLOW_SMOOTHING * (last - self.drift),
            self.spread + SLOW_SMOOTHING * (square - self.spread),
            self.idle + SLOW_SMOOTHING * ((demand <= 0) - self.idle),
        )

    def take(self, products: np.ndarray) -> ForecastErrors:
        """The errors of the products at `products` (indices or a mask)."""
        return ForecastErrors(
            self.last[:, products],
            self.smoothed[:, products],
            self.drift[:, products],
            self.spread[:, products],
            self.idle[:, products],
        )


def no_errors(paths: int, products: int, dtype: type[np.floating] = np.float64) -> ForecastErrors:
    """The errors before anything has been seen: none, and a spread as stated."""
    zero = np.zeros((paths, products), dtype)
    return ForecastErrors(zero, zero, zero, np.ones_like(zero), zero)


def traits_of(scenario: Scenario) -> Traits:
    """The traits of a planning problem's products."""
    products = scenario.products
    stages = len(scenario.network)
    return Traits(
        scale=np.maximum(scenario.forecast.scale, 1e-9),
        supply_capacity=np.broadcast_to(products.maximum_order, (stages, len(products))),
        holding_share=scenario.holding_cost / products.holding_cost,
        cost_ratio=products.cost_ratio,
        error_autocorrelation=products.error_autocorrelation,
        backordered=products.backordered,
        lead_time_std=np.zeros((stages, len(products))),
    )


def observe(state: State, errors: ForecastErrors, outlook: Outlook, traits: Traits) -> np.ndarray:
    """What a brain sees (P, K, size), float32, in the order of `features`."""
    windows = outlook.windows(state.period)
    in_transit = state.in_transit
    backorders = state.backorders[:, 0]
    position = echelon_sum(state.on_hand + in_transit) - backorders[:, None]
    gap = (position - windows.echelon_mean) / np.maximum(
        windows.echelon_std, SMALLEST_SIGMA * traits.scale
    )
    interval = outlook.protection_interval
    per_unit = 1 / (interval * traits.scale)
    # Stock is told in shares of mean and sigma together, so that neither a slow nor an erratic
    # product's orders answer wildly to it.
    per_stock = 1 / (interval * traits.scale + windows.std)
    per_arrival = 1 / (traits.scale + windows.std[0])
    stages = len(interval)
    month = state.period + 28
    capacity = np.minimum(traits.supply_capacity / traits.scale, LARGEST_CAPACITY)
    shares = np.maximum(traits.holding_share[1:], SMALLEST_SHARE)

    seen = np.empty((size(stages), len(position), position.shape[2]), np.float32)
    by_stage = seen[: len(PER_STAGE) * stages].reshape(len(PER_STAGE), stages, *seen.shape[1:])
    np.clip(gap.swapaxes(0, 1), -5, 10, out=by_stage[0], casting="same_kind")
    by_stage[1] = (state.on_hand * per_stock).swapaxes(0, 1)
    by_stage[2] = (in_transit * per_stock).swapaxes(0, 1)
    by_stage[3] = (windows.mean * per_unit)[:, None]
    by_stage[4] = (windows.std / (np.sqrt(interval) * traits.scale))[:, None]
    by_stage[5] = outlook.lead_time[:, None] / LONGEST_LEAD_TIME
    by_stage[6] = traits.lead_time_std[:, None]
    by_stage[7] = capacity[:, None] / 3
    first = len(PER_STAGE) * stages
    seen[first : first + stages - 1] = np.log(shares)[:, None]
    rest = seen[first + stages - 1 :]
    rest[0] = np.log10(traits.cost_ratio) / 3
    rest[1] = traits.error_autocorrelation
    rest[2] = traits.backordered
    rest[3] = outlook.mean_between(state.period, month) / traits.scale
    rest[4] = outlook.mean_between(month, month + 28) / traits.scale
    rest[5] = errors.smoothed
    rest[6] = np.clip(errors.last, -LARGEST_ERROR, LARGEST_ERROR)
    rest[7] = errors.drift
    rest[8] = errors.spread
    rest[9] = errors.idle
    rest[10] = backorders * per_arrival
    known = min(state.pipeline.shape[-1], ARRIVALS)
    rest[11 : 11 + known] = np.moveaxis(state.pipeline[:, 0, :, :known], -1, 0) * per_arrival
    rest[11 + known :] = 0
    return np.moveaxis(seen, 0, -1)
