"""What a brain sees of a product: the ONE description, versioned.

Everything is divided by the product's mean demand and its holding cost at the shelf, so a slow and
a fast product, a cheap and a dear one, look alike. Observations describe serial chains of three
stages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.outlook import Outlook
from data.scenario import Scenario
from envs.dynamics import State, echelon_sum

VERSION = 1
STAGES = 3
FEATURES = (
    *(f"echelon_gap_{m}" for m in range(STAGES)),
    *(f"on_hand_{m}" for m in range(STAGES)),
    *(f"pipeline_{m}" for m in range(STAGES)),
    *(f"window_forecast_{m}" for m in range(STAGES)),
    *(f"window_sigma_{m}" for m in range(STAGES)),
    *(f"lead_time_{m}" for m in range(STAGES)),
    *(f"supply_capacity_{m}" for m in range(STAGES)),
    "holding_share_1",
    "holding_share_2",
    "log_cost_ratio",
    "error_autocorrelation",
    "forecast_month_1",
    "forecast_month_2",
    "smoothed_error",
    "last_error",
    "backorders",
)
SIZE = len(FEATURES)
RATIO_FEATURE = FEATURES.index("log_cost_ratio")
SMOOTHING = 0.15
"""Weight of the newest forecast error in the smoothed one."""
LARGEST_ERROR = 5.0
LARGEST_CAPACITY = 6.0
SMALLEST_SIGMA = 1e-6


@dataclass(frozen=True)
class Traits:
    """What stays the same about a product while stock moves, in natural scale-free units.

    Attributes:
        scale: mean demand by which units are divided (K,) [unit/period].
        supply_capacity: largest shipment (M, K) [unit/period].
        holding_share: holding cost / that at the shelf (M, K) [1].
        cost_ratio: missed-sale cost / holding cost at the shelf (K,) [1].
        error_autocorrelation: lag-one correlation of forecast errors (K,) [1].
    """

    scale: np.ndarray
    supply_capacity: np.ndarray
    holding_share: np.ndarray
    cost_ratio: np.ndarray
    error_autocorrelation: np.ndarray


@dataclass(frozen=True)
class ForecastErrors:
    """How wrong the forecast has been lately, in its own standard deviations.

    Attributes:
        last: the last period's error (P, K) [1].
        smoothed: exponentially smoothed (P, K) [1].
    """

    last: np.ndarray
    smoothed: np.ndarray

    def after(self, demand: np.ndarray, mean: np.ndarray, std: np.ndarray) -> ForecastErrors:
        """The errors once a period's demand (P, K) is known beside its forecast (K,)."""
        last = np.where(std > 0, (demand - mean) / np.where(std > 0, std, 1), 0)
        return ForecastErrors(last, (1 - SMOOTHING) * self.smoothed + SMOOTHING * last)


def no_errors(paths: int, products: int, dtype: type[np.floating] = np.float64) -> ForecastErrors:
    """The errors before anything has been seen: none."""
    zero = np.zeros((paths, products), dtype)
    return ForecastErrors(zero, zero)


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
    )


def observe(state: State, errors: ForecastErrors, outlook: Outlook, traits: Traits) -> np.ndarray:
    """What a brain sees (P, K, SIZE), float32; the features in the order of FEATURES."""
    windows = outlook.windows(state.period)
    in_transit = state.in_transit
    backorders = state.backorders[:, 0]
    position = echelon_sum(state.on_hand + in_transit) - backorders[:, None]
    gap = (position - windows.echelon_mean) / np.maximum(
        windows.echelon_std, SMALLEST_SIGMA * traits.scale
    )
    interval = outlook.protection_interval
    per_unit = 1 / (interval * traits.scale)

    seen = np.empty((SIZE, len(position), position.shape[2]), np.float32)
    np.clip(gap.swapaxes(0, 1), -5, 10, out=seen[0:3], casting="same_kind")
    seen[3:6] = (state.on_hand * per_unit).swapaxes(0, 1)
    seen[6:9] = (in_transit * per_unit).swapaxes(0, 1)
    seen[9:12] = (windows.mean * per_unit)[:, None]
    seen[12:15] = (windows.std / (np.sqrt(interval) * traits.scale))[:, None]
    seen[15:18] = outlook.lead_time[:, None] / 9
    capacity = np.minimum(traits.supply_capacity / traits.scale, LARGEST_CAPACITY)
    seen[18:21] = capacity[:, None] / 3
    seen[21:23] = traits.holding_share[1:, None]
    seen[RATIO_FEATURE] = np.log10(traits.cost_ratio) / 3
    seen[24] = traits.error_autocorrelation
    month = state.period + 28
    seen[25] = outlook.mean_between(state.period, month) / traits.scale
    seen[26] = outlook.mean_between(month, month + 28) / traits.scale
    seen[27] = errors.smoothed
    seen[28] = np.clip(errors.last, -LARGEST_ERROR, LARGEST_ERROR)
    seen[29] = backorders / traits.scale
    return np.moveaxis(seen, 0, -1)
