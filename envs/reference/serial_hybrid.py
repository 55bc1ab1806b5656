"""`serial-hybrid`: a chain of three stages whose forecast error is another every day.

Forecast and sigma of the coming days are known; safety stock is to follow sigma, and products share
the space of every stage. A drawn problem is a `Scenario` as the planner reads it, and the world it
plays in; `envs.dynamics.advance` moves every unit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from data.demand import Deterministic, law, sample_paths
from data.forecast import Forecast
from data.network import Network, default_network
from data.product import make_products
from data.scenario import Scenario
from data.stock import StockState
from envs.accounting import Rates, rates_of
from envs.reference.serial_profiles import (
    LEVEL,
    MOVING_SHAPES,
    NOISY_WAVES,
    PROFILES,
    SHAPES,
    SUPPLIED,
    expected_lead_times,
    law_of,
    lead_time_variance,
    lead_times,
    mean_of,
)
from envs.world import World, world_of

DAYS = 200
STAGES = 3
SUPPLY = (100.0, 90.0, 80.0)
"""Largest shipment of a product to each stage [unit/day]."""
SPACE = 25.0
"""Of each stage for each product, beyond a day's demand that passes through [unit]."""
OVERFLOW = 2.0
"""Price of a unit beyond it / holding cost at the shelf [1]."""
BEYOND = 80
"""Days of forecast after an episode's end that its last days look at [day]."""
LARGEST_SIGMA = (3, 5, 10)
"""The curriculum: sigma is drawn from 0 to these less one, one after the other [unit/day]."""
RATIOS = (1.0, 1000.0)
"""Least and greatest cost ratio that is meant [1]."""


@dataclass(frozen=True)
class Course:
    """What is drawn.

    Attributes:
        cost_ratio: missed-sale cost / holding cost at the shelf [1]; two bounds of what is drawn
            evenly in its logarithm for each product, or one number for all.
        sigma_max: a day's sigma is a whole number, each from 0 to sigma_max - 1 alike [unit/day].
        products: K.
        days: of an episode [day].
        shape: code of the demand (`serial_profiles.SHAPES`); shapes 1 to 5 have a sigma of
            their own.
        supplied: the demand of each day where shape 5 asks for it [unit].
        profile: name of the lead times (`serial_profiles.PROFILES`), or the lead time of each
            stage, 1 to 9 [day].
        coupled: whether products share space that is limited.
    """

    cost_ratio: float | tuple[float, float] = 100.0
    sigma_max: int = 10
    products: int = 1
    days: int = DAYS
    shape: int = NOISY_WAVES
    supplied: tuple[float, ...] = ()
    profile: str | tuple[int, ...] = "2-3-4"
    coupled: bool = False

    def __post_init__(self) -> None:
        bounds = np.broadcast_to(self.cost_ratio, 2)
        if not (np.isfinite(bounds).all() and 0 < bounds[0] <= bounds[1]):
            raise ValueError(
                f"cost_ratio is {self.cost_ratio}, expected a number above 0 or two that rise"
            )
        for name in ("sigma_max", "products", "days"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected 1 or more")
        if self.shape not in SHAPES:
            raise ValueError(f"shape is {self.shape}, expected 1 to {len(SHAPES)}")
        if self.shape == SUPPLIED and len(self.supplied) < self.days:
            raise ValueError(
                f"{len(self.supplied)} days of demand supplied, the episode has {self.days}; "
                "supply one number a day"
            )
        if isinstance(self.profile, str):
            if self.profile not in PROFILES:
                raise ValueError(f"profile is {self.profile!r}, expected {', '.join(PROFILES)}")
        elif len(self.profile) != STAGES or not all(1 <= days <= 9 for days in self.profile):
            raise ValueError(
                f"profile is {self.profile}, expected {STAGES} lead times, 1 to 9 days"
            )

    def take_sigma(self, sigma_max: int) -> Course:
        """The course with another largest sigma."""
        return replace(self, sigma_max=sigma_max)


@dataclass(frozen=True)
class Drawn:
    """One drawn problem.

    Attributes:
        scenario: as a planner knows it; its forecast goes `BEYOND` the episode. Where lead times
            vary it has their mean, and a sigma widened by their variance.
        world: as it is.
        mean: expected demand (T, K) [unit/day].
        sigma: of the forecast error, as the law has it (T, K) [unit/day].
        course: what it was drawn from.
    """

    scenario: Scenario
    world: World
    mean: np.ndarray
    sigma: np.ndarray
    course: Course

    @property
    def rates(self) -> Rates:
        """What holding, missed sales and overflow cost."""
        return rates_of(self.scenario)

    def take(self, products: np.ndarray) -> Drawn:
        """The problem of some of its products, by their numbers; shared space stays whole."""
        world = replace(
            self.world,
            lead_time=self.world.lead_time[..., products],
            supply_capacity=self.world.supply_capacity[:, products],
            backordered=self.world.backordered[products],
            volume=self.world.volume[products],
        )
        return Drawn(
            self.scenario.take(products),
            world,
            self.mean[:, products],
            self.sigma[:, products],
            replace(self.course, products=len(products)),
        )

    def demand(self, rng: np.random.Generator, paths: int = 1) -> np.ndarray:
        """What customers want on each day of the episode (P, T, K) [unit]."""
        days, shape = self.course.days, (paths, self.course.days, self.course.products)
        if self.course.shape in MOVING_SHAPES:
            errors = law("normal")(self.mean[:days], self.sigma[:days])
            return sample_paths(errors, rng, paths)
        known = law_of(self.course.shape, self.course.supplied[:days])
        if isinstance(known, Deterministic):
            return np.broadcast_to(known.mean, shape).copy()
        return np.maximum(known.sample(rng, shape), 0.0)


def draw(rng: np.random.Generator, course: Course) -> Drawn:
    """A problem of the course. Missing a sale costs 1 [money/unit]."""
    periods, products = course.days + BEYOND, course.products
    mean, sigma = _forecast(rng, course, periods)
    least, greatest = np.log(np.broadcast_to(course.cost_ratio, 2))
    ratio = np.exp(rng.uniform(least, greatest, products))
    holding_cost = 1 / ratio
    by_day, expected, variance = _travel(rng, course, periods)
    told = np.sqrt(np.square(sigma) + np.square(mean) * variance.sum() / (expected + 1).sum())
    made = make_products(
        np.ones(products),
        holding_cost,
        np.repeat(expected[:, None], products, axis=1),
        lot_size=np.zeros(products),
        maximum_order=np.full(products, min(SUPPLY)),
    )
    scenario = Scenario(
        default_network(),
        made,
        Forecast(date(2027, 1, 4), mean, told),
        _in_motion(mean, expected),
        law="normal",
    )
    if course.coupled:
        scenario = sharing_space(scenario)
    supply = np.repeat(np.array(SUPPLY)[:, None], products, axis=1)
    world = replace(world_of(scenario), lead_time=by_day, supply_capacity=supply)
    return Drawn(scenario, world, mean, sigma, course)


def sharing_space(scenario: Scenario) -> Scenario:
    """The problem with room for `SPACE` units of each product at every stage, which all share.

    The room is that beyond a mean day's demand, which passes through; what finds none is paid for.
    """
    room = (SPACE + LEVEL) * len(scenario.products)
    price = OVERFLOW * float(scenario.products.holding_cost.mean())
    stages = tuple(
        replace(stage, storage_capacity=room, overflow_price=price)
        for stage in scenario.network.stages
    )
    return replace(scenario, network=Network(stages, scenario.network.source))


def _forecast(
    rng: np.random.Generator, course: Course, periods: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sigma of each day (T, K) [unit/day]."""
    shape = (periods, course.products)
    if course.shape in MOVING_SHAPES:
        mean = mean_of(course.shape, course.days, periods, course.products, rng)
        return mean, rng.integers(0, course.sigma_max, shape).astype(float)
    known = law_of(course.shape, course.supplied)
    mean, sigma = (np.asarray(values, dtype=float) for values in (known.mean, known.std))
    if course.shape == SUPPLIED:
        missing = max(periods - len(mean), 0)
        mean, sigma = (
            np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])[:periods]
            for values in (mean, np.broadcast_to(sigma, mean.shape))
        )
    return np.broadcast_to(mean, shape).copy(), np.broadcast_to(sigma, shape).copy()


def _travel(
    rng: np.random.Generator, course: Course, periods: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lead times (M, K) or (T, M, K), those that are counted on (M,), their variance (M,)."""
    if isinstance(course.profile, str):
        by_day = lead_times(course.profile, periods, course.products, rng)
        expected = np.array(expected_lead_times(course.profile))
        return by_day, expected, lead_time_variance(course.profile)
    expected = np.array(course.profile)
    return np.repeat(expected[:, None], course.products, axis=1), expected, np.zeros(STAGES)


def _in_motion(mean: np.ndarray, lead_time: np.ndarray) -> StockState:
    """A day's forecast on hand at every stage and on every day of the way."""
    first, longest = mean[0], int(lead_time.max())
    on_the_way = np.arange(longest) < lead_time[:, None]
    pipeline = np.where(on_the_way[:, None], first[:, None], 0.0)
    on_hand = np.repeat(first[None], STAGES, axis=0)
    return StockState(on_hand, pipeline, np.zeros(len(first)))
