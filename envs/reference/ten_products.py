"""Ten products, thirty days, an order for each product every day.

Every episode draws its own products. A day earns a bonus where no product was short and none ended
above its maximum of three days' mean demand. E episodes are played at once: their products are
the columns of one world of a single stage, moved by `envs.dynamics.advance`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from data.stock import StockState
from envs.accounting import Rates, charge
from envs.dynamics import Flows, State, advance, opening_state
from envs.observation import no_errors
from envs.policies import Policy, Situation
from envs.world import World, serial_world

PRODUCTS, DAYS = 10, 30
LARGEST_ORDER = 200.0
"""Of one product on one day [unit]."""
LONGEST_LEAD_TIME = 5
OPENING, LEAD_TIME, MEAN, SAFETY = (10, 49), (1, LONGEST_LEAD_TIME), (1, 9), (1, 7)
"""Least and greatest of what is drawn: opening stock [unit], lead time [day], mean demand
[unit/day], safety stock [unit]."""
LEAST_SAFETY = 2
FEATURES = (
    "on_hand",
    *(f"due_in_{day}" for day in range(1, LONGEST_LEAD_TIME + 1)),
    "mean_demand",
    "lead_time",
    "safety_stock",
    "days_left",
)
"""What is seen of a product; `due_in_1` arrives with the coming day's delivery."""


@dataclass(frozen=True)
class Terms:
    """What a day is worth.

    Attributes:
        holding: of a unit on hand at the end of the day [reward/unit].
        unmet: of a unit of demand that found no stock, and is lost [reward/unit].
        excess: of a unit above the maximum at the end of the day [reward/unit].
        perfect: of a day on which no product was short and none ended above its maximum [reward].
        maximum: days of mean demand that are not too much [day].
    """

    holding: float = -0.01
    unmet: float = -1.0
    excess: float = -0.1
    perfect: float = 10.0
    maximum: float = 3.0


@dataclass(frozen=True)
class Assortment:
    """The products of E episodes, K each.

    Attributes:
        opening: stock on the first morning (E, K) [unit].
        lead_time: days from order to delivery (E, K) [day].
        mean: of demand, which is Poisson (E, K) [unit/day].
        safety_stock: that a buyer would keep (E, K) [unit].
    """

    opening: np.ndarray
    lead_time: np.ndarray
    mean: np.ndarray
    safety_stock: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Episodes E and products K."""
        episodes, products = self.mean.shape
        return episodes, products

    def demand(self, rng: np.random.Generator, days: int = DAYS) -> np.ndarray:
        """Demand of every day (T, E, K) [unit]."""
        return rng.poisson(self.mean, (days, *self.shape)).astype(float)


def draw(rng: np.random.Generator, episodes: int = 1, products: int = PRODUCTS) -> Assortment:
    """The products of that many episodes; whole numbers, each evenly over its range."""

    def whole(bounds: tuple[int, int]) -> np.ndarray:
        return rng.integers(bounds[0], bounds[1] + 1, (episodes, products))

    return Assortment(
        opening=whole(OPENING).astype(float),
        lead_time=whole(LEAD_TIME),
        mean=whole(MEAN).astype(float),
        safety_stock=np.maximum(LEAST_SAFETY, whole(SAFETY)).astype(float),
    )


@dataclass(frozen=True)
class Day:
    """What a day was worth, part by part.

    Attributes:
        holding, unmet, excess: 0 or below (E, K) [reward].
        short: True where demand found no stock (E, K).
        over: True where the day ended above the maximum (E, K).
        bonus: for a day without either (E,) [reward].
    """

    holding: np.ndarray
    unmet: np.ndarray
    excess: np.ndarray
    short: np.ndarray
    over: np.ndarray
    bonus: np.ndarray

    @property
    def perfect(self) -> np.ndarray:
        """True where no product was short and none ended above its maximum (E,)."""
        return ~(self.short | self.over).any(axis=1)

    @property
    def reward(self) -> np.ndarray:
        """All parts together (E,) [reward]."""
        parts: np.ndarray = (self.holding + self.unmet + self.excess).sum(axis=1)
        return parts + self.bonus


@dataclass(frozen=True)
class Record:
    """Episodes from first day to last; each (E,).

    Attributes:
        holding, unmet, excess, bonus: the parts of the reward [reward].
        perfect, overstock, understock: days on which all was well, a product ended above its
            maximum, a product was short [day].
        demanded, served: [unit].
        ordered: [unit].
        orders: order lines placed.
    """

    holding: np.ndarray
    unmet: np.ndarray
    excess: np.ndarray
    bonus: np.ndarray
    perfect: np.ndarray
    overstock: np.ndarray
    understock: np.ndarray
    demanded: np.ndarray
    served: np.ndarray
    ordered: np.ndarray
    orders: np.ndarray

    @property
    def reward(self) -> np.ndarray:
        """Of the whole episode (E,) [reward]."""
        return self.holding + self.unmet + self.excess + self.bonus

    def told(self, episode: int) -> dict[str, float]:
        """One episode's figures by name, its reward included."""
        figures = {one.name: float(getattr(self, one.name)[episode]) for one in fields(self)}
        return {"reward": float(self.reward[episode]), **figures}


class Episodes:
    """E episodes side by side, a day at a time.

    Args:
        assortment: their products.
        demand: of every day (T, E, K) [unit].
        terms: what a day is worth.
    """

    def __init__(
        self, assortment: Assortment, demand: np.ndarray, terms: Terms | None = None
    ) -> None:
        self.assortment, self.demand = assortment, demand
        self.terms = terms = terms or Terms()
        flat = (1, assortment.mean.size)
        self.world: World = serial_world(assortment.lead_time.reshape(flat))
        self._rates = Rates(
            holding=np.full(flat, -terms.holding),
            shortage=np.full(flat[1], -terms.unmet),
            volume=np.ones(flat[1]),
            storage_capacity=np.full(1, np.inf),
            overflow=np.zeros(1),
        )
        pipeline = np.zeros((*flat, LONGEST_LEAD_TIME))
        stock = StockState(assortment.opening.reshape(flat), pipeline, np.zeros(flat[1]))
        self.state: State = opening_state(stock, self.world)
        self._sums = {one.name: np.zeros(assortment.shape[0]) for one in fields(Record)}

    @property
    def over(self) -> bool:
        """True after the last day."""
        return self.state.period >= len(self.demand)

    @property
    def on_hand(self) -> np.ndarray:
        """(E, K) [unit]."""
        return self.state.on_hand.reshape(self.assortment.shape)

    @property
    def pipeline(self) -> np.ndarray:
        """Under way by days until arrival (E, K, 5) [unit]; index 0 arrives with the coming day."""
        return self.state.pipeline.reshape(*self.assortment.shape, -1)

    @cached_property
    def maximum(self) -> np.ndarray:
        """Stock above which there is too much (E, K) [unit]."""
        return self.terms.maximum * self.assortment.mean

    @property
    def situation(self) -> Situation:
        """What a policy of `envs.policies` may know; the products are its columns (1, 1, E K)."""
        return Situation(self.state, no_errors(1, self.assortment.mean.size), self.world)

    def seen(self) -> np.ndarray:
        """The features of every product, in the order of `FEATURES` (E, K, 10)."""
        ours, shape = self.assortment, self.assortment.shape
        left = np.full(shape, len(self.demand) - self.state.period)
        rest = np.stack([ours.mean, ours.lead_time, ours.safety_stock, left], axis=-1)
        return np.concatenate([self.on_hand[..., None], self.pipeline, rest], axis=-1)

    def step(self, orders: np.ndarray) -> Day:
        """Play a day with these orders (E, K); they are brought to whole units, 0 to 200 [unit]."""
        placed = np.rint(np.clip(orders, 0.0, LARGEST_ORDER))
        demand = self.demand[self.state.period].reshape(1, 1, -1)
        self.state, flows = advance(self.state, placed.reshape(1, 1, -1), demand, self.world)
        day = self._judged(flows)
        self._note(day, flows, placed)
        return day

    def record(self) -> Record:
        """All days so far."""
        return Record(**{name: values.copy() for name, values in self._sums.items()})

    def _judged(self, flows: Flows) -> Day:
        shape, terms = self.assortment.shape, self.terms
        costs = charge(self.state, flows, self._rates, self.world)
        above = np.maximum(self.on_hand - self.maximum, 0.0)
        short, over = flows.lost.reshape(shape) > 0, above > 0
        bonus = terms.perfect * ~(short | over).any(axis=1)
        return Day(
            -costs.holding.reshape(shape),
            -costs.shortage.reshape(shape),
            terms.excess * above,
            short,
            over,
            bonus,
        )

    def _note(self, day: Day, flows: Flows, placed: np.ndarray) -> None:
        shape = self.assortment.shape
        today = {
            "holding": day.holding.sum(axis=1),
            "unmet": day.unmet.sum(axis=1),
            "excess": day.excess.sum(axis=1),
            "bonus": day.bonus,
            "perfect": day.perfect,
            "overstock": day.over.any(axis=1),
            "understock": day.short.any(axis=1),
            "demanded": flows.demand.reshape(shape).sum(axis=1),
            "served": flows.served.reshape(shape).sum(axis=1),
            "ordered": placed.sum(axis=1),
            "orders": (placed > 0).sum(axis=1),
        }
        for name, values in today.items():
            self._sums[name] += values


def replay(
    assortment: Assortment, demand: np.ndarray, policy: Policy, terms: Terms | None = None
) -> Record:
    """What a policy of `envs.policies` does with these episodes; their products are its columns."""
    return follow(assortment, demand, lambda episodes: policy(episodes.situation), terms)


def follow(
    assortment: Assortment,
    demand: np.ndarray,
    rule: Callable[[Episodes], np.ndarray],
    terms: Terms | None = None,
) -> Record:
    """What a rule that sees the episodes and orders (E, K) does with them."""
    episodes = Episodes(assortment, demand, terms)
    while not episodes.over:
        episodes.step(rule(episodes).reshape(assortment.shape))
    return episodes.record()


def scene(episodes: Episodes, day: Day | None, ordered: np.ndarray) -> dict[str, Any]:
    """One episode (the first) at this moment: day, what it earned so far, and product by product.

    A product's status is "short" where demand found no stock on the last day, "over" above its
    maximum, "low" below its safety stock, else "well".
    """
    ours, today = episodes.assortment, episodes.state.period
    on_hand = episodes.on_hand[0]
    short = day.short[0] if day is not None else np.zeros(len(on_hand), dtype=bool)
    demand = episodes.demand[today - 1, 0] if today else np.zeros(len(on_hand))
    status = np.select(
        [short, on_hand > episodes.maximum[0], on_hand < ours.safety_stock[0]],
        ["short", "over", "low"],
        "well",
    )
    return {
        "day": today,
        "days": len(episodes.demand),
        "so_far": episodes.record().told(0),
        "on_hand": on_hand.tolist(),
        "under_way": episodes.pipeline[0].sum(axis=-1).tolist(),
        "maximum": episodes.maximum[0].tolist(),
        "safety_stock": ours.safety_stock[0].tolist(),
        "ordered": np.asarray(ordered).tolist(),
        "demand": demand.tolist(),
        "mean_demand": ours.mean[0].tolist(),
        "lead_time": ours.lead_time[0].tolist(),
        "status": status.tolist(),
    }
