"""One supplier, a distribution centre and two retailers: what a unit does and what a day earns.

A day as it is told: the centre orders, receives what is due, ships what it owes and then the day's
orders, retailers receive, customers come, what they do not find is lost. `envs.dynamics.advance`
moves every unit. It lets goods arrive after the suppliers have shipped, so what a centre receives
on the morning of day t is here the last arrival of day t - 1, and is not charged for that night.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np

from data.demand import Poisson
from data.stock import StockState
from envs.dynamics import Flows, State, advance, opening_state
from envs.observation import no_errors
from envs.policies import Policy, Situation
from envs.world import SOURCE, Unfilled, World

RETAILERS = 2
CENTRE = 2
"""The number of the distribution centre's stage; the retailers are stages 0 and 1."""
STAGES = RETAILERS + 1
WEEK = 7
AHEAD = 4
"""Days whose mean demand is seen, today the first [day]."""
FEATURES = (
    "retailer 1 on hand",
    "retailer 2 on hand",
    "retailer 1 under way",
    "retailer 2 under way",
    "owed to retailer 1",
    "owed to retailer 2",
    "centre on hand",
    "centre under way",
    "mean demand today",
    "mean demand tomorrow",
    "mean demand in two days",
    "mean demand in three days",
    "days left",
)
"""What `observe` shows, in its order: units, units a day and retailer, days."""
FAR = 28
"""Days left are shown up to this many; the end is not seen from further away [day]."""


@dataclass(frozen=True)
class Distribution:
    """The facts of the chain; per stage they stand as (retailer, retailer, centre).

    Attributes:
        days: length T of an episode [day].
        mean: customers' demand at each retailer by day of the week, Monday first; an episode
            begins on a Monday (7,) [unit/day].
        opening_stock: (3,) [unit].
        lead_time: days from shipping to receipt, at least 1 (3,) [day].
        capacity: beyond it a place is crowded, and no order is larger (3,) [unit].
        holding: of a unit on hand overnight (3,) [money/unit/day].
        price: that customers pay [money/unit].
        lost_sale: cost of a customer's unit not served, beside the price [money/unit].
        batch_size, batch_cost: a delivery to a retailer costs `batch_cost` for every started
            `batch_size` units [unit], [money].
        order_cost: of an order of the centre, whatever its size [money].
        unit_cost: that the centre pays [money/unit].
        steepness: a place with e units above its capacity c pays c tanh(e / (steepness c)) a
            day [1].
    """

    days: int = 28
    mean: tuple[float, ...] = (10.0,) * WEEK
    opening_stock: tuple[float, ...] = (25.0, 25.0, 100.0)
    lead_time: tuple[int, ...] = (1, 1, 2)
    capacity: tuple[float, ...] = (75.0, 75.0, 150.0)
    holding: tuple[float, ...] = (1.0, 1.0, 0.5)
    price: float = 50.0
    lost_sale: float = 5.0
    batch_size: float = 50.0
    batch_cost: float = 10.0
    order_cost: float = 50.0
    unit_cost: float = 2.0
    steepness: float = 0.75

    def __post_init__(self) -> None:
        per_stage = (self.opening_stock, self.lead_time, self.capacity, self.holding)
        if any(len(values) != STAGES for values in per_stage) or len(self.mean) != WEEK:
            raise ValueError(
                f"distribution: expected {STAGES} values per stage (retailer, retailer, centre) "
                f"and a mean for each of {WEEK} days; found {per_stage} and {self.mean}"
            )
        if min(self.lead_time) < 1 or self.days < 1:
            raise ValueError(
                f"distribution: lead_time is {self.lead_time} and days {self.days}, expected at "
                "least 1 of each"
            )

    @property
    def daily_mean(self) -> np.ndarray:
        """Mean demand of each retailer by day of the episode (T,) [unit/day]."""
        return np.array(self.mean)[np.arange(self.days) % WEEK]

    @property
    def world(self) -> World:
        """Where the units move: a tree that owes what it could not ship."""
        lead_time = np.array(self.lead_time)
        lead_time[CENTRE] -= 1
        return World(
            supplier=(CENTRE,) * RETAILERS + (SOURCE,),
            lead_time=lead_time[:, None],
            supply_capacity=np.full((STAGES, 1), np.inf),
            backordered=np.array([False]),
            unfilled=Unfilled.OWED,
        )


MONTH = Distribution()
"""28 days of Poisson(10) at each retailer."""
YEAR = Distribution(days=364, mean=(3.0,) * 4 + (6.0, 7.0, 7.0))
"""52 weeks with quiet days, a Friday and a weekend."""


@dataclass(frozen=True)
class Profit:
    """What came in and what it cost, term by term, (P,) for a day or (P, T) for an episode.

    Attributes:
        sales: money from customers [money].
        holding: of stock overnight [money].
        orders: of orders of the centre [money].
        batches: of deliveries to retailers [money].
        units: paid to the supplier [money].
        lost: of lost sales, beside the price [money].
        crowding: of stock above a place's capacity [money].
    """

    sales: np.ndarray
    holding: np.ndarray
    orders: np.ndarray
    batches: np.ndarray
    units: np.ndarray
    lost: np.ndarray
    crowding: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Sales less every cost [money]."""
        costs = self.holding + self.orders + self.batches + self.units + self.lost + self.crowding
        return self.sales - costs


def sample_demand(task: Distribution, rng: np.random.Generator, paths: int) -> np.ndarray:
    """Customers' demand, independent Poisson (P, T, 2) [unit]."""
    law = Poisson(task.daily_mean[:, None])
    return law.sample(rng, (paths, task.days, RETAILERS))


def opening(task: Distribution, paths: int) -> State:
    """The first morning of that many paths."""
    on_hand = np.array(task.opening_stock)[:, None]
    stock = StockState(on_hand, np.zeros((STAGES, 1, 1)), np.zeros(1))
    return opening_state(stock, task.world, paths)


def one_day(
    task: Distribution, world: World, state: State, orders: np.ndarray, demand: np.ndarray
) -> tuple[State, Flows]:
    """The next morning, and what moved.

    Args:
        task: the facts.
        world: `task.world`.
        state: of this morning.
        orders: of the stages (P, 3, 1); brought to whole units of at most a capacity [unit].
        demand: (P, 2) [unit].
    """
    largest = np.array(task.capacity)[:, None]
    whole = np.rint(np.clip(orders, 0.0, largest))
    sent = _dispatched(state, whole)
    if sent is not None:
        world = replace(world, supply_capacity=sent)
    return advance(state, whole, demand[..., None], world)


def profit_of(task: Distribution, after: State, flows: Flows) -> Profit:
    """What a day earned on each path (P,) [money]."""
    overnight = after.on_hand[..., 0].copy()
    # What the world has just brought to the centre comes by the next morning's van.
    overnight[:, CENTRE] -= flows.arrived[:, CENTRE, 0]
    shipped = flows.shipped[..., 0]
    capacity = np.array(task.capacity)
    excess = np.maximum(overnight - capacity, 0.0)
    crowding = capacity * np.tanh(excess / (task.steepness * capacity))
    batches = np.ceil(shipped[:, :RETAILERS] / task.batch_size).sum(axis=1)
    return Profit(
        sales=task.price * flows.served.sum(axis=(1, 2)),
        holding=overnight @ np.array(task.holding),
        orders=task.order_cost * (shipped[:, CENTRE] > 0),
        batches=task.batch_cost * batches,
        units=task.unit_cost * shipped[:, CENTRE],
        lost=task.lost_sale * flows.lost.sum(axis=(1, 2)),
        crowding=crowding.sum(axis=1),
    )


def play(
    task: Distribution,
    policy: Policy,
    demand: np.ndarray,
    state: State | None = None,
    watch: Callable[[State, Flows], None] | None = None,
) -> Profit:
    """The profit of a policy day by day (P, T) on demand (P, T, 2).

    Args:
        task: the facts.
        policy: orders (P, 3, 1) from a situation.
        demand: from the state's day on [unit].
        state: where the paths begin; the first morning if not given.
        watch: told the state and what moved at the end of every day.
    """
    world = task.world
    state = opening(task, len(demand)) if state is None else state
    errors = no_errors(len(demand), 1)
    days = []
    for t in range(demand.shape[1]):
        orders = policy(Situation(state, errors, world))
        state, flows = one_day(task, world, state, orders, demand[:, t])
        days.append(profit_of(task, state, flows))
        if watch is not None:
            watch(state, flows)
    # Not `astuple`, which copies every array.
    terms = ([getattr(day, term.name) for day in days] for term in fields(Profit))
    return Profit(*(np.stack(term, axis=1) for term in terms))


def mean_profit(task: Distribution, policy: Policy, demand: np.ndarray) -> float:
    """Mean profit of an episode on demand (P, T, 2) [money]."""
    return float(play(task, policy, demand).total.sum(axis=1).mean())


def observe(task: Distribution, state: State) -> np.ndarray:
    """What a policy sees in the morning, as `FEATURES` names it (P, 13)."""
    paths, t = len(state.on_hand), state.period
    ahead = np.array(task.mean)[np.arange(t, t + AHEAD) % WEEK]
    ahead = np.where(np.arange(t, t + AHEAD) < task.days, ahead, 0.0)
    calendar = np.broadcast_to([*ahead, min(task.days - t, FAR)], (paths, AHEAD + 1))
    seen = (
        state.on_hand[:, :RETAILERS, 0],
        state.in_transit[:, :RETAILERS, 0],
        state.owed[:, :RETAILERS, 0],
        state.on_hand[:, CENTRE:, 0],
        state.in_transit[:, CENTRE:, 0],
        calendar,
    )
    return np.concatenate(seen, axis=1)


def _dispatched(state: State, orders: np.ndarray) -> np.ndarray | None:
    """What the centre sends to each retailer where it is short (P, 3, 1); None if it never is.

    What is owed goes first, then the day's orders; a part that falls short is shared fairly.
    """
    owed, asked = state.owed[:, :RETAILERS, 0], orders[:, :RETAILERS, 0]
    stock = state.on_hand[:, CENTRE, 0]
    if ((owed + asked).sum(axis=1) <= stock).all():
        return None
    first = shared(owed, stock)
    then = shared(asked, stock - first.sum(axis=1))
    sent = np.full((*stock.shape, STAGES, 1), np.inf)
    sent[:, :RETAILERS, 0] = first + then
    return sent


def shared(asked: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """Whole units of a scarce stock (P,) in proportion to what is asked for (P, C) [unit]."""
    total = asked.sum(axis=1)
    short = total > stock
    share = np.where(short, stock / np.where(short, total, 1.0), 1.0)
    # Rounding running sums keeps the sum and every share to within a unit.
    parts = np.floor(np.cumsum(asked * share[:, None], axis=1) + 0.5)
    parts[:, 1:] -= parts[:, :-1].copy()
    return np.where(short[:, None], parts, asked)
