"""Problems of `serial-hybrid` side by side, and constant safety factors tuned on them.

Problems that share no space may be played as columns of one world, whatever they were drawn from:
that is what makes learning and tuning quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from data.demand import loss_function
from data.outlook import Outlook
from data.stock import StockState
from envs.accounting import Rates
from envs.dynamics import opening_state
from envs.policies import HIGHEST_Z, LOWEST_Z, SafetyFactors, SafetyStockRule, constant
from envs.reference.serial_hybrid import BEYOND, STAGES, Course, Drawn, draw
from envs.simulator import Period, play
from envs.theory import safety_factor
from envs.world import World

SMALLEST_SIGMA = 1e-6
"""In place of no forecast error, where it is divided by [unit/day]."""
LEAST_ERROR = 0.5
"""What a product's forecast error at least counts as where costs are told in it [unit/day]."""


@dataclass(frozen=True)
class Chains:
    """Products that each have a chain of their own, in columns.

    Attributes:
        outlook: what is forecast; its sigma is that which a planner is told.
        world: in which they play.
        rates: what holding and missed sales cost.
        stock: to begin with.
        mean: of the law of demand (H, K) [unit/day].
        sigma: of that law (H, K) [unit/day].
        days: of an episode [day].
    """

    outlook: Outlook
    world: World
    rates: Rates
    stock: StockState
    mean: np.ndarray
    sigma: np.ndarray
    days: int

    @property
    def ratio(self) -> np.ndarray:
        """Missed-sale cost / holding cost at the shelf (K,) [1]."""
        ratio: np.ndarray = self.rates.shortage / self.rates.holding[0]
        return ratio

    @property
    def scale(self) -> np.ndarray:
        """Cost of holding, for a day, one sigma of a mean window of the shelf (K,) [money/day]."""
        daily = np.sqrt(np.mean(np.square(self.outlook.std[: self.days]), axis=0))
        window = np.sqrt(self.outlook.protection_interval[0])
        cost: np.ndarray = self.rates.holding[0] * np.maximum(daily, LEAST_ERROR) * window
        return cost

    def demand(self, rng: np.random.Generator, paths: int = 1) -> np.ndarray:
        """Normal demand, none below nothing (P, T, K) [unit]."""
        mean, sigma = self.mean[: self.days], self.sigma[: self.days]
        errors = rng.standard_normal((paths, *mean.shape))
        return np.maximum(mean + sigma * errors, 0.0)

    def expected_cost(self, day: Period) -> np.ndarray:
        """The money of a day, its demand averaged over its law (P, K) [money].

        Given the stock that met the day (Rao 1945, Blackwell 1947): as large in the mean as what
        is charged, and free of the day's own luck.
        """
        today = day.before.period
        mean, sigma = self.mean[today], np.maximum(self.sigma[today], SMALLEST_SIGMA)
        stock = day.flows.occupied[:, 0]
        lost = sigma * loss_function((stock - mean) / sigma)
        # E[max(D, 0)] = mean + E[(-D)^+], and (-D)^+ has the loss of a normal at mean / sigma.
        left = stock - mean - sigma * loss_function(mean / sigma) + lost
        holding = self.rates.holding
        above = (day.after.on_hand[:, 1:] * holding[1:]).sum(axis=1)
        cost: np.ndarray = above + left * holding[0] + lost * self.rates.shortage
        return cost


def side_by_side(problems: Sequence[Drawn]) -> Chains:
    """The products of all problems in columns, those of the first problem first.

    Raises:
        ValueError: products share space, or episodes differ in length.
    """
    days = {one.course.days for one in problems}
    if len(days) != 1 or any(one.course.coupled for one in problems):
        raise ValueError(
            f"problems side by side: episodes of {sorted(days)} days, "
            f"{sum(one.course.coupled for one in problems)} with shared space; expected one "
            "length, and none that shares space"
        )
    length = days.pop()
    by_day = [one.world.lead_time for one in problems]
    if any(lead_time.ndim == 3 for lead_time in by_day):
        by_day = [
            np.broadcast_to(lead_time, (length + BEYOND, *lead_time.shape[-2:]))
            for lead_time in by_day
        ]
    forecasts = [one.scenario.forecast for one in problems]
    expected = _abreast([one.scenario.products.lead_time for one in problems])
    rates = [one.rates for one in problems]
    world = World(
        problems[0].world.supplier,
        _abreast(by_day),
        _abreast([one.world.supply_capacity for one in problems]),
        _abreast([one.world.backordered for one in problems]),
        volume=_abreast([one.world.volume for one in problems]),
    )
    return Chains(
        Outlook(
            _abreast([one.mean for one in forecasts]),
            _abreast([one.std for one in forecasts]),
            expected,
        ),
        world,
        Rates(
            _abreast([one.holding for one in rates]),
            _abreast([one.shortage for one in rates]),
            world.volume,
            np.full(STAGES, np.inf),
            np.zeros(STAGES),
        ),
        _stocks([one.scenario.stock for one in problems]),
        _abreast([one.mean for one in problems]),
        _abreast([one.sigma for one in problems]),
        length,
    )


@dataclass(frozen=True)
class Search:
    """How constants are searched for.

    Attributes:
        generations: rounds.
        candidates: z tried in a round.
        elite: the best of them, that the next round is made from.
        products: that each is tried on, for every ratio.
    """

    generations: int = 20
    candidates: int = 24
    elite: int = 6
    products: int = 75


@dataclass(frozen=True, eq=False)
class Factors:
    """Constant safety factors by cost ratio, in between linear in its logarithm.

    Attributes:
        ratios: rising (R,) [1].
        z: of each stage (R, M) [1].
    """

    ratios: np.ndarray
    z: np.ndarray

    def of(self, ratio: np.ndarray) -> np.ndarray:
        """z (M, K) [1] at the ratios (K,); beyond the known ones, that of the nearest."""
        known = np.log(self.ratios)
        return np.stack([np.interp(np.log(ratio), known, row) for row in self.z.T])


def tuned(
    rng: np.random.Generator,
    courses: Sequence[Course],
    ratios: Sequence[float],
    search: Search | None = None,
) -> Factors:
    """Constants that cost least at each ratio, on products of all courses alike.

    By the cross-entropy method (Rubinstein 1999). Every round has demand of its own, so none is
    fitted; a product's cost counts per sigma.
    """
    search = search or Search()
    count = max(search.products // len(courses), 1)
    mean = np.zeros((len(ratios), STAGES))
    mean[:, 0] = safety_factor(np.array(ratios))
    spread = np.ones_like(mean)
    per_ratio = count * len(courses)
    for _ in range(search.generations):
        chains = side_by_side(
            [
                draw(rng, replace(course, cost_ratio=ratio, products=count))
                for ratio in ratios
                for course in courses
            ]
        )
        z = mean + spread * rng.standard_normal((search.candidates, *mean.shape))
        z = np.clip(z, LOWEST_Z, HIGHEST_Z)
        z[0] = mean
        by_product = np.repeat(z.swapaxes(1, 2), per_ratio, axis=2)
        demand = chains.demand(rng)
        costs = expected_costs(chains, constant(by_product), demand, len(z)) / chains.scale
        worth = costs.reshape(search.candidates, len(ratios), per_ratio).mean(axis=2)
        best = np.argsort(worth, axis=0)[: search.elite]
        elite = np.take_along_axis(z, best[..., None], axis=0)
        mean = 0.5 * mean + 0.5 * elite.mean(axis=0)
        spread = np.maximum(0.4 * spread + 0.6 * elite.std(axis=0), 0.03)
    return Factors(np.array(ratios, dtype=float), mean)


def expected_costs(
    chains: Chains, factors: SafetyFactors, demand: np.ndarray, paths: int | None = None
) -> np.ndarray:
    """Expected cost of the episode under safety factors (P, K) [money].

    Args:
        chains: the products.
        factors: asked every day.
        demand: (P, T, K) [unit]; one path may serve them all.
        paths: P, if not that of the demand.
    """
    paths = paths or len(demand)
    demand = np.broadcast_to(demand, (paths, *demand.shape[1:]))
    state = opening_state(chains.stock, chains.world, paths)
    rule = SafetyStockRule(chains.outlook, factors)
    total = np.zeros((paths, demand.shape[-1]))
    for day in play(chains.world, chains.rates, state, rule, demand):
        total += chains.expected_cost(day)
    return total


def _abreast(parts: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts, axis=-1)


def _stocks(stocks: Sequence[StockState]) -> StockState:
    """Pipelines are brought to the longest one."""
    longest = max(one.pipeline.shape[-1] for one in stocks)
    pipelines = [
        np.pad(one.pipeline, ((0, 0), (0, 0), (0, longest - one.pipeline.shape[-1])))
        for one in stocks
    ]
    return StockState(
        _abreast([one.on_hand for one in stocks]),
        np.concatenate(pipelines, axis=1),
        _abreast([one.backorders for one in stocks]),
    )
