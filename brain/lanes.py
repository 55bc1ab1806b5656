"""Lanes: sampled products with sampled futures, ready for `advance`.

A lane is one product; its paths are futures that share the product's forecast. Training, the
search for constants and the evaluation all run on lanes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from brain.population import Law, SampledProducts
from data.demand import Lognormal, autocorrelated_normals
from data.outlook import MONTHS_AHEAD, Outlook
from envs.dynamics import Flows, State
from envs.world import World

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
        world: the chains they travel.
    """

    products: SampledProducts
    outlook: Outlook
    demand: np.ndarray
    expected_demand: np.ndarray
    world: World

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
        slots = max(self.world.longest_lead_time, int(lead_time.max()), 1)
        under_way = np.arange(slots) < lead_time[..., None]
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
        Blackwell 1947): unbiased, and free of the luck of a single day. Products whose demand is
        not lognormal are charged what happened.
        """
        products, period = self.products, after.period - 1
        owed = after.backorders[:, 0] + flows.served[:, 0] - flows.demand[:, 0]
        stock = flows.occupied[:, 0] - np.where(products.backordered, owed, 0)
        lost, left = self._expected_ends(period, stock)
        happened = np.where(products.backordered, after.backorders[:, 0], flows.lost[:, 0])
        lognormal = products.law == Law.LOGNORMAL
        lost = np.where(lognormal, lost, happened)
        left = np.where(lognormal, left, after.on_hand[:, 0])
        upstream = (after.on_hand[:, 1:] * products.rates.holding[1:]).sum(axis=1)
        cost: np.ndarray = upstream + left + products.cost_ratio * lost
        return cost

    def _expected_ends(self, period: int, stock: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Units missing and units left at a day's end, expected (P, K) [unit], from its stock.

        Net stock is below 0 where customers wait; lognormal demand.
        """
        mean = self.expected_demand[:, period]
        law = Lognormal(mean, mean * self.conditional_cv)
        chance = 1 - self.products.zero_share
        missing = chance * law.loss(stock) + (1 - chance) * np.maximum(-stock, 0)
        return missing, stock - chance * mean + missing

    @cached_property
    def conditional_cv(self) -> np.ndarray:
        """Standard deviation / mean of a day's demand given the days before (K,) [1]."""
        known = self.products.autocorrelation**2
        return np.sqrt(np.expm1((1 - known) * _log_variance(self.products)))


def imagine(rng: np.random.Generator, products: SampledProducts, paths: int, periods: int) -> Lanes:
    """Lanes with `paths` sampled futures of `periods` periods.

    Lognormal forecast errors form a Gaussian copula, autoregressive of order one; intermittent
    products have days without demand, drawn independently, and keep the same mean and deviation.
    What is forecast is the truth less the products' bias and misstated deviation.
    """
    furthest = max(int((products.lead_time + 1).sum(axis=0).max()), MONTHS_AHEAD)
    mean = products.mean_demand(periods + furthest)
    outlook = Outlook(
        mean.astype(SINGLE), _stated_deviation(products, mean).astype(SINGLE), products.lead_time
    )
    world = products.world(rng, periods)
    true_mean = mean[:periods] * products.bias
    shape = (paths, periods, len(products))
    errors = autocorrelated_normals(rng, shape, products.autocorrelation).astype(SINGLE)
    deviation = np.sqrt(_log_variance(products)).astype(SINGLE)
    chance = (1 - products.zero_share).astype(SINGLE)
    if_any = (true_mean / chance).astype(SINGLE)
    demand = if_any * np.exp(deviation * errors - deviation**2 / 2)
    if (chance < 1).any():
        demand *= rng.random(demand.shape, dtype=SINGLE) < chance
    expected = np.empty_like(errors)
    expected[:, 0] = if_any[0]
    pull = products.autocorrelation.astype(SINGLE) * deviation
    expected[:, 1:] = if_any[1:] * np.exp(pull * errors[:, :-1] - pull**2 / 2)
    normal = np.flatnonzero(products.law == Law.NORMAL)
    if normal.size:
        spread = (products.cv * products.misstated)[normal]
        drawn = true_mean[:, normal] + mean[:periods, normal] * spread * errors[..., normal]
        demand[..., normal] = np.maximum(drawn, 0)
    count = np.flatnonzero(products.law == Law.COUNT)
    if count.size:
        demand[..., count] = _whole_units(rng, products, true_mean, count, paths)
    return Lanes(products, outlook, demand, expected, world)


def _whole_units(
    rng: np.random.Generator,
    products: SampledProducts,
    mean: np.ndarray,
    count: np.ndarray,
    paths: int,
) -> np.ndarray:
    """Demand in whole units (P, T, C) [unit] of the products at `count`.

    Poisson with a gamma mean (negative binomial), variance mean u + mean^2 / k for units of u.
    """
    unit = products.unit[count]
    shape = (paths, len(mean), count.size)
    rate = np.broadcast_to(mean[:, count], shape)
    mixing = _mixing(products)[count]
    mixed = mixing > 0
    if mixed.any():
        k = 1 / mixing[mixed]
        rate = rate.copy()
        rate[..., mixed] *= rng.standard_gamma(np.broadcast_to(k, rate[..., mixed].shape)) / k
    whole: np.ndarray = rng.poisson(rate / unit) * unit
    return whole


def _mixing(products: SampledProducts) -> np.ndarray:
    """Squared cv of the mean of whole-unit demand (K,) [1]; 0 where it is plain Poisson."""
    return np.maximum(np.square(products.cv * products.misstated) - products.unit, 1e-9) * (
        np.square(products.cv * products.misstated) > products.unit * (1 + 1e-6)
    )


def _stated_deviation(products: SampledProducts, mean: np.ndarray) -> np.ndarray:
    """Standard deviation forecast (T, K) [unit/period]; whole units vary less, by mean, when many.

    The deviation of whole-unit demand is cv x mean at a mean of 1 and sqrt(mean u + mean^2 / k)
    in general.
    """
    whole = np.sqrt(mean * products.unit + np.square(mean) * _mixing(products))
    return np.where(products.law == Law.COUNT, whole / products.misstated, mean * products.cv)


def _log_variance(products: SampledProducts) -> np.ndarray:
    """Variance of log demand on days with any (K,), from the true deviation over all days.

    With zero share q the square of the cv of days with demand is (1 + cv^2) (1 - q) - 1.
    """
    cv = products.cv * products.misstated / products.bias
    return np.log(np.maximum((1 + cv**2) * (1 - products.zero_share), 1 + 1e-9))
