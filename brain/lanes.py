"""Lanes: sampled products with sampled futures, ready for `advance`.

A lane is one product; its paths are futures that share the product's forecast. Training, the
search for constants and the evaluation all run on lanes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain.population import SampledProducts
from data.demand import Lognormal, autocorrelated_normals
from data.outlook import MONTHS_AHEAD, Outlook
from envs.dynamics import Flows, State

SINGLE = np.float32


@dataclass(frozen=True)
class Lanes:
    """K products, their forecast, and P futures of T periods each.

    Attributes:
        products: the products.
        outlook: their forecast, far enough ahead for an observation at the end of period T.
        demand: (P, T, K) [unit/period].
        expected_demand: the mean of a day's demand if there is any, given all days before
            (P, T, K) [unit/period].
    """

    products: SampledProducts
    outlook: Outlook
    demand: np.ndarray
    expected_demand: np.ndarray

    @property
    def periods(self) -> int:
        """Number of periods T."""
        return self.demand.shape[1]

    def opening(self, z: float | np.ndarray, paths: int) -> State:
        """A chain in motion: pipelines full of mean demand, stock a day's and z (M, K) sigmas."""
        windows = self.outlook.windows(0)
        today = self.outlook.mean[0]
        lead_time = self.outlook.lead_time
        stock = np.maximum(today + z * windows.std, 0).astype(SINGLE)
        on_hand = np.repeat(stock[None], paths, axis=0)
        under_way = np.arange(max(int(lead_time.max()), 1)) < lead_time[..., None]
        pipeline = np.where(under_way, today[:, None], 0).astype(SINGLE)
        return State(
            period=0,
            on_hand=on_hand,
            pipeline=np.repeat(pipeline[None], paths, axis=0),
            backorders=np.zeros((paths, 1, len(self.products)), SINGLE),
            owed=np.zeros_like(on_hand),
        )

    def expected_cost(self, after: State, flows: Flows) -> np.ndarray:
        """The money of the period just gone, demand averaged over its law (P, K) [money].

        The mean over the day's demand given the stock that met it and all days before (Rao 1945,
        Blackwell 1947): unbiased, and free of the luck of a single day. Needs a world of lost
        sales, whose shelf holds what was occupied less what was sold.
        """
        products, period = self.products, after.period - 1
        mean = self.expected_demand[:, period]
        law = Lognormal(mean, mean * self._conditional_cv)
        stock = flows.occupied[:, 0]
        chance = 1 - products.zero_share
        lost = chance * law.loss(stock)
        left = stock - chance * mean + lost
        upstream = (after.on_hand[:, 1:] * products.rates.holding[1:]).sum(axis=1)
        return upstream + left + products.cost_ratio * lost

    @property
    def _conditional_cv(self) -> np.ndarray:
        """Standard deviation / mean of a day's demand given the days before (K,) [1]."""
        known = self.products.autocorrelation**2
        return np.sqrt(np.expm1((1 - known) * _log_variance(self.products)))


def imagine(rng: np.random.Generator, products: SampledProducts, paths: int, periods: int) -> Lanes:
    """Lanes with `paths` sampled futures of `periods` periods.

    Forecast errors are lognormal (Gaussian copula, autoregressive of order one); intermittent
    products have days without demand, drawn independently, and keep the same mean and deviation.
    """
    mean = products.mean_demand(periods + MONTHS_AHEAD)
    outlook = Outlook(mean.astype(SINGLE), (mean * products.cv).astype(SINGLE), products.lead_time)
    shape = (paths, periods, len(products))
    errors = autocorrelated_normals(rng, shape, products.autocorrelation).astype(SINGLE)
    deviation = np.sqrt(_log_variance(products)).astype(SINGLE)
    chance = (1 - products.zero_share).astype(SINGLE)
    if_any = (mean[:periods] / chance).astype(SINGLE)
    demand = if_any * np.exp(deviation * errors - deviation**2 / 2)
    if (chance < 1).any():
        demand *= rng.random(demand.shape, dtype=SINGLE) < chance
    expected = np.empty_like(errors)
    expected[:, 0] = if_any[0]
    pull = products.autocorrelation.astype(SINGLE) * deviation
    expected[:, 1:] = if_any[1:] * np.exp(pull * errors[:, :-1] - pull**2 / 2)
    return Lanes(products, outlook, demand, expected)


def _log_variance(products: SampledProducts) -> np.ndarray:
    """Variance of log demand on days with any (K,), from the deviation over all days.

    With zero share q the square of the cv of days with demand is (1 + cv^2) (1 - q) - 1.
    """
    return np.log((1 + products.cv**2) * (1 - products.zero_share))
