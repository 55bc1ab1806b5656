"""A shop's shelf by the hour: order, hold or clear, with an economy that holds.

What is not on the shelf cannot be sold: revenue is of units sold, bought units are paid for, what
is cleared brings its markdown price, stock costs and so does a customer who leaves without. Who
takes cleared goods comes after the customers of the hour, so a clearance is demand of a second
class, and `envs.dynamics.advance` moves it like any other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from data.shop import DAYS, HOURS, Shop
from data.stock import StockState
from envs.dynamics import State, advance, opening_state
from envs.world import World, serial_world

WEEK = DAYS * HOURS
FEATURES = (
    "stock",
    "last_sales",
    "day_sin",
    "day_cos",
    "hour_sin",
    "hour_cos",
    "hours_left",
    "next_hour",
    "next_6_hours",
    "next_24_hours",
    "to_the_end",
    "hours_of_cover",
)
"""What is seen: units, expected units, hours; days and hours as sine and cosine of their circle."""


class Action(IntEnum):
    """What may be done in an hour."""

    ORDER = 0
    """A lot is delivered within the hour, as far as there is room for it."""
    HOLD = 1
    CLEAR = 2
    """Up to a lot of what customers leave goes at the markdown price."""


@dataclass(frozen=True)
class Economics:
    """Prices.

    Attributes:
        price: that customers pay [money/unit].
        unit_cost: of a unit bought [money/unit].
        markdown: what a cleared unit brings, and one left at the end is worth [money/unit].
        holding: of a unit on the shelf at the end of an hour [money/unit/hour].
        stock_out: of a unit of demand not met, beside the sale that is lost [money/unit].
    """

    price: float = 5.0
    unit_cost: float = 3.0
    markdown: float = 1.5
    holding: float = 0.02
    stock_out: float = 1.0

    def __post_init__(self) -> None:
        if min(self.holding, self.stock_out, self.markdown) < 0:
            raise ValueError("holding, stock_out and markdown must be 0 or more")
        if not self.markdown < self.unit_cost < self.price:
            raise ValueError(
                f"markdown {self.markdown}, unit_cost {self.unit_cost} and price {self.price} must "
                "rise in this order; otherwise buying to clear earns money without end"
            )


@dataclass(frozen=True)
class Store:
    """A shelf for each of K products; demand of an hour is Poisson.

    Attributes:
        mean: demand by hour of the week (K, 168) [unit/hour].
        hours: length of an episode T [hour].
        opening: stock at first [unit].
        capacity: room on the shelf [unit].
        lot: units of an order or a clearance [unit].
        economics: prices.
    """

    mean: np.ndarray
    hours: int = 100
    opening: int = 250
    capacity: int = 500
    lot: int = 30
    economics: Economics = Economics()

    def __post_init__(self) -> None:
        if self.mean.ndim != 2 or self.mean.shape[1] != WEEK:
            raise ValueError(f"mean has shape {self.mean.shape}, expected (products, {WEEK})")
        if not (np.isfinite(self.mean) & (self.mean >= 0)).all():
            raise ValueError("mean demand must be finite and 0 or more")
        if not 0 <= self.opening <= self.capacity or min(self.hours, self.lot) < 1:
            raise ValueError("opening must fit in the capacity; hours and lot are 1 or more")

    def only(self, product: int) -> np.ndarray:
        """Mean demand of one product by hour of the week (168,) [unit/hour]."""
        return self.mean[product]


def store_of(shop: Shop, units: float) -> Store:
    """The shelves of a shop's products.

    Args:
        shop: whose orders tell how much is wanted when.
        units: sold for every order line on record, those of other customers included [unit].
    """
    return Store(units * shop.rate.reshape(-1, WEEK))


@dataclass(frozen=True)
class Scenarios:
    """E episodes that any policy can be played on.

    Attributes:
        product: which product each is about (E,).
        start: hour of the week it begins with (E,).
        demand: of every hour (T, E) [unit].
    """

    product: np.ndarray
    start: np.ndarray
    demand: np.ndarray


def draw(
    store: Store, rng: np.random.Generator, episodes: int, product: int | None = None
) -> Scenarios:
    """Episodes of a product, or of any, that begin in any hour of the week."""
    count = len(store.mean)
    drawn = rng.integers(0, count, episodes) if product is None else np.full(episodes, product)
    start = rng.integers(0, WEEK, episodes)
    when = (start + np.arange(store.hours)[:, None]) % WEEK
    return Scenarios(drawn, start, rng.poisson(store.mean[drawn, when]).astype(float))


@dataclass(frozen=True)
class Money:
    """What an hour, or an episode, brought and cost; each (E,).

    Attributes:
        revenue: of units sold to customers [money].
        markdown: of units cleared [money].
        left_over: worth of what is left at the end [money].
        purchases, holding, stock_out: 0 or below [money].
    """

    revenue: np.ndarray
    markdown: np.ndarray
    left_over: np.ndarray
    purchases: np.ndarray
    holding: np.ndarray
    stock_out: np.ndarray

    @property
    def profit(self) -> np.ndarray:
        """All of it (E,) [money]."""
        profit: np.ndarray = self.revenue + self.markdown + self.left_over
        return profit + self.purchases + self.holding + self.stock_out


@dataclass(frozen=True)
class Record:
    """Whole episodes.

    Attributes:
        money: of the episode, part by part.
        short_hours: hours in which a customer left without (E,) [hour].
        lost: demand not met (E,) [unit].
        demanded: (E,) [unit].
        ordered, cleared: (E,) [unit].
    """

    money: Money
    short_hours: np.ndarray
    lost: np.ndarray
    demanded: np.ndarray
    ordered: np.ndarray
    cleared: np.ndarray

    def told(self, episode: int) -> dict[str, float]:
        """One episode's figures by name, its profit as the reward."""
        money = {one.name: float(getattr(self.money, one.name)[episode]) for one in fields(Money)}
        rest = ("short_hours", "lost", "demanded", "ordered", "cleared")
        figures = {name: float(getattr(self, name)[episode]) for name in rest}
        return {"reward": float(self.money.profit[episode]), **money, **figures}


class Shelves:
    """E episodes side by side, an hour at a time.

    Args:
        store: the products, the shelf and the prices.
        scenarios: what is to come.
    """

    def __init__(self, store: Store, scenarios: Scenarios) -> None:
        self.store, self.scenarios = store, scenarios
        episodes = len(scenarios.product)
        self._world: World = serial_world(np.zeros((1, episodes), dtype=int))
        on_hand = np.full((1, episodes), float(store.opening))
        stock = StockState(on_hand, np.zeros((1, episodes, 1)), np.zeros(episodes))
        self.state: State = opening_state(stock, self._world)
        self.last_sales = np.zeros(episodes)
        self._money = {one.name: np.zeros(episodes) for one in fields(Money)}
        self._units = {
            one.name: np.zeros(episodes) for one in fields(Record) if one.name != "money"
        }
        self._sums_of_mean = np.cumsum(np.tile(store.mean, 2 + store.hours // WEEK), axis=1)

    @property
    def hour(self) -> int:
        """Hours gone by."""
        return self.state.period

    @property
    def over(self) -> bool:
        """True after the last hour."""
        return self.hour >= self.store.hours

    @property
    def stock(self) -> np.ndarray:
        """(E,) [unit]."""
        stock: np.ndarray = self.state.on_hand[0, 0]
        return stock

    @property
    def hour_of_week(self) -> np.ndarray:
        """Of the coming hour (E,)."""
        when: np.ndarray = (self.scenarios.start + self.hour) % WEEK
        return when

    def expected(self, hours: int) -> np.ndarray:
        """Mean demand of the next so many hours (E,) [unit]; at most an episode's, or a day's."""
        product, first = self.scenarios.product, self.hour_of_week
        sums = self._sums_of_mean
        before = np.where(first > 0, sums[product, first - 1], 0.0)
        through: np.ndarray = sums[product, first + hours - 1] if hours else before
        return through - before

    @property
    def to_the_end(self) -> np.ndarray:
        """Mean demand of the hours that are left (E,) [unit]."""
        return self.expected(self.store.hours - self.hour)

    def seen(self) -> np.ndarray:
        """The `FEATURES` of every episode (E, 12)."""
        when = self.hour_of_week
        day, hour = when // HOURS * (2 * np.pi / DAYS), when % HOURS * (2 * np.pi / HOURS)
        next_hour, next_6, next_24 = (self.expected(hours) for hours in (1, 6, HOURS))
        cover = self.stock / np.maximum(next_24 / HOURS, 1e-2)
        left = np.full(len(when), float(self.store.hours - self.hour))
        columns = (self.stock, self.last_sales, np.sin(day), np.cos(day), np.sin(hour))
        coming = (np.cos(hour), left, next_hour, next_6, next_24, self.to_the_end)
        return np.stack([*columns, *coming, np.minimum(cover, WEEK)], axis=1)

    def step(self, actions: np.ndarray) -> Money:
        """Play an hour with these actions (E,), members of `Action` by number."""
        store, before = self.store, self.stock
        room = np.minimum(store.lot, store.capacity - before)
        orders = np.where(actions == Action.ORDER, room, 0.0)
        offered = np.where(actions == Action.CLEAR, float(store.lot), 0.0)
        demand = self.scenarios.demand[self.hour]
        wanted = (demand + offered).reshape(1, 1, -1)
        self.state, flows = advance(self.state, orders.reshape(1, 1, -1), wanted, self._world)
        sold = np.minimum(flows.served[0, 0], demand)
        cleared, lost = flows.served[0, 0] - sold, demand - sold
        self.last_sales = sold
        units = {
            "short_hours": lost > 0,
            "lost": lost,
            "demanded": demand,
            "ordered": flows.arrived[0, 0],
            "cleared": cleared,
        }
        for name, values in units.items():
            self._units[name] += values
        return self._earned(sold, cleared, lost, flows.arrived[0, 0])

    def record(self) -> Record:
        """All hours so far."""
        money = Money(**{name: values.copy() for name, values in self._money.items()})
        return Record(money, **{name: values.copy() for name, values in self._units.items()})

    def _earned(
        self, sold: np.ndarray, cleared: np.ndarray, lost: np.ndarray, bought: np.ndarray
    ) -> Money:
        prices = self.store.economics
        left_over = self.stock * prices.markdown if self.over else np.zeros(len(sold))
        money = Money(
            revenue=prices.price * sold,
            markdown=prices.markdown * cleared,
            left_over=left_over,
            purchases=-prices.unit_cost * bought,
            holding=-prices.holding * self.stock,
            stock_out=-prices.stock_out * lost,
        )
        for name, values in self._money.items():
            values += getattr(money, name)
        return money
