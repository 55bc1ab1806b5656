"""What a brain is taught: the products it meets, and the constants it starts from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from brain.card import kind_of
from brain.centre import Centre
from brain.constants import Search, class_constants
from brain.population import Population, SampledProducts, log_uniform
from brain.pricing import HIGHEST_RATIO, LOWEST_RATIO, renormalised
from data.errors import ConfigurationError

FAMILY_RATIOS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
"""Cost ratios at which the family's constants are searched for [1]."""
FAMILY_EFFORT = 3
QUICK_SEARCH = Search(generations=12, candidates=12, elite=4, lanes=192, periods=180)


class Lesson(Protocol):
    """A supply of products of one kind."""

    @property
    def population(self) -> Population:
        """The ranges they come from."""

    @property
    def ratios(self) -> tuple[float, float]:
        """Lowest and highest cost ratio among them [1]."""

    @property
    def name(self) -> str:
        """Of the kind of brain that learns it."""

    @property
    def command(self) -> str:
        """What `planner train` is told to teach it."""

    @property
    def effort(self) -> int:
        """How many times as long as a class it takes to teach."""

    @property
    def plain(self) -> Lesson:
        """The same without products that are out of the ordinary."""

    def sample(self, rng: np.random.Generator, lanes: int) -> SampledProducts:
        """`lanes` products."""

    def weight(self, products: SampledProducts) -> np.ndarray:
        """How much a unit of money counts, product by product (K,) [1/money]."""

    def centre(self, rng: np.random.Generator, search: Search) -> Centre:
        """Constants to start from, searched for as long as `search` says where it matters most."""


@dataclass(frozen=True)
class ClassLesson:
    """Products whose missed sale costs `cost_ratio` times a day of holding."""

    cost_ratio: float
    population: Population = field(default_factory=Population)

    def __post_init__(self) -> None:
        if not 0 < self.cost_ratio < np.inf:
            raise ConfigurationError(
                f"cost ratio is {self.cost_ratio}, expected a finite number above 0"
            )

    @property
    def ratios(self) -> tuple[float, float]:
        """The ratio of the class, twice [1]."""
        return float(self.cost_ratio), float(self.cost_ratio)

    @property
    def name(self) -> str:
        """Of the kind of brain that learns it."""
        return kind_of(self.ratios, self.population.stages)

    @property
    def command(self) -> str:
        """What `planner train` is told to teach it."""
        return f"--ratio {self.cost_ratio:g}{_stages(self.population)}"

    @property
    def effort(self) -> int:
        """How many times as long as a class it takes to teach."""
        return 1

    @property
    def plain(self) -> ClassLesson:
        """The same without products that are out of the ordinary."""
        return replace(self, population=self.population.plain)

    def sample(self, rng: np.random.Generator, lanes: int) -> SampledProducts:
        """`lanes` products."""
        return self.population.sample(rng, lanes, self.cost_ratio)

    def weight(self, products: SampledProducts) -> np.ndarray:
        """Every product counts by its cost in shares of what it is likely to cost (K,)."""
        return 1 / products.likely_cost

    def centre(self, rng: np.random.Generator, search: Search) -> Centre:
        """The constants of the class."""
        return _searched(self.population, (float(self.cost_ratio),), rng, search, QUICK_SEARCH)


@dataclass(frozen=True)
class FamilyLesson:
    """Products of many cost ratios, most of them charged for their space at random prices.

    Attributes:
        population: the ranges they come from.
        cost_ratio: before any price [1], log-uniform.
        price: of a unit of space at a stage / holding cost at the shelf [1], log-uniform; it is
            multiplied by a volume from `volume`.
        volume: of a unit relative to others [1], log-uniform.
        free_share: share of products whose space is free [1].
        free_stage_share: share of stages, of the other products, whose space is free [1].
    """

    population: Population = field(default_factory=Population)
    cost_ratio: tuple[float, float] = (3.0, 3500.0)
    price: tuple[float, float] = (0.03, 4.0)
    volume: tuple[float, float] = (0.2, 5.0)
    free_share: float = 0.3
    free_stage_share: float = 0.3

    @property
    def ratios(self) -> tuple[float, float]:
        """Lowest and highest cost ratio [1] after prices."""
        return LOWEST_RATIO, HIGHEST_RATIO

    @property
    def name(self) -> str:
        """Of the kind of brain that learns it."""
        return kind_of(self.ratios, self.population.stages)

    @property
    def command(self) -> str:
        """What `planner train` is told to teach it."""
        return f"--family{_stages(self.population)}"

    @property
    def effort(self) -> int:
        """How many times as long as a class it takes to teach."""
        return FAMILY_EFFORT

    @property
    def plain(self) -> FamilyLesson:
        """The same without products that are out of the ordinary."""
        return replace(self, population=self.population.plain)

    def sample(self, rng: np.random.Generator, lanes: int) -> SampledProducts:
        """`lanes` products, their cost ratio and holding costs as prices make them."""
        products, price = self.priced(rng, lanes)
        return at_price(products, price)

    def priced(self, rng: np.random.Generator, lanes: int) -> tuple[SampledProducts, np.ndarray]:
        """`lanes` products and the price of a unit's space (M, K), in shelf holding costs [1]."""
        ratio = log_uniform(rng, self.cost_ratio, (lanes,))
        products = self.population.sample(rng, lanes, ratio)
        price = log_uniform(rng, self.price, (self.population.stages, lanes))
        price *= log_uniform(rng, self.volume, (lanes,))
        price *= rng.random(price.shape) >= self.free_stage_share
        price *= rng.random(lanes) >= self.free_share
        return products, price

    def weight(self, products: SampledProducts) -> np.ndarray:
        """As a class's, but products that are hardly worth stocking count for less (K,).

        There are many of them among the priced, and little money in them.
        """
        return 1 / np.sqrt(products.likely_cost * products.stocked_cost)

    def centre(self, rng: np.random.Generator, search: Search) -> Centre:
        """Constants over the whole range of ratios."""
        quick = QUICK_SEARCH if search == Search() else search
        return _searched(self.population, FAMILY_RATIOS, rng, quick, quick)


def at_price(products: SampledProducts, price: np.ndarray) -> SampledProducts:
    """The same products where space costs `price` (M, K) [1], in natural units of what holding
    at the shelf now costs.
    """
    ratio, share = renormalised(
        products.cost_ratio, products.holding_share, price, products.backordered
    )
    return replace(products, cost_ratio=np.minimum(ratio, HIGHEST_RATIO), holding_share=share)


def _stages(population: Population) -> str:
    return "" if population.stages == Population().stages else f" --stages {population.stages}"


def _searched(
    population: Population,
    ratios: tuple[float, ...],
    rng: np.random.Generator,
    lost: Search,
    waiting: Search,
) -> Centre:
    """Constants at each ratio, for products whose sales are lost and for those that wait."""
    shares = tuple(sum(span) / 2 for span in population.holding_share[: population.stages - 1])

    def table(search: Search, share: float) -> tuple[tuple[float, ...], ...]:
        kind = replace(population.plain, backordered_share=share)
        found = [class_constants(ratio, rng, kind, search) for ratio in ratios]
        return tuple(tuple(float(z) for z in row) for row in found)

    asked_for = population.backordered_share
    without = table(lost, 0.0) if asked_for < 1 else ()
    with_waiting = table(waiting, 1.0) if asked_for > 0 else ()
    return Centre(
        ratios,
        without or with_waiting,
        with_waiting or without,
        shares if len(ratios) > 1 else (),
    )
