"""The order lines of a plan: who ships what to whom, when, and why in numbers.

A large plan has millions of lines, so they are made a stage and a day at a time: columns first,
then the text of all lines of that day by one format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from data.writing import FIGURE, cell
from planner.planning import LEVELS, Planned, unsettled_days
from planner.problem import Problem
from planner.rules import planned_level

NOTHING = 1e-9
"""Quantities below this are rounding [unit]."""
FULL = 1 - 1e-9
SHARED = "; the shared plan wants %.4g %s"
LATER = "; the advice of that day and whole lots make it %.4g %s"
SEEN = 5e-4
"""A part of a reason is said where it is more than this share of the order-up-to level [1]."""


@dataclass(frozen=True)
class Orders:
    """What one stage orders on one day: N lines.

    quantity = order_up_to + sharing - position + rounding, where nothing is binding that could
    have kept it smaller. All positions and levels are the echelon's.

    Attributes:
        unique_id: the products (N,).
        stage: which orders.
        supplier: which ships.
        order_date: when it is ordered.
        arrival_date: when it can be used (N,).
        quantity: (N,) [unit].
        binding: what kept it from being more (N,); empty where nothing did.
        space_price: what a unit of space at the stage costs that day [money/volume/period].
        position: inventory position before the order (N,) [unit].
        order_up_to: forecast + the safety stock that the price of space leaves (N,) [unit].
        forecast: demand over these days (N,) [unit].
        days: how long the order is the last to help (N,) [period].
        safety_stock_advised: as if space were free (N,) [unit].
        space_took: of it, what the price of space took (N,) [unit].
        sharing: what the plan for all products together wants beyond order_up_to (N,) [unit]; on
            later days, whose advice nobody knows today, also what that advice and lots add.
        rounding: what whole lots and smallest orders added (N,) [unit].
        exact: True where sharing and rounding are known apart.
    """

    unique_id: np.ndarray
    stage: str
    supplier: str
    order_date: str
    arrival_date: np.ndarray
    quantity: np.ndarray
    binding: np.ndarray
    space_price: float
    position: np.ndarray
    order_up_to: np.ndarray
    forecast: np.ndarray
    days: np.ndarray
    safety_stock_advised: np.ndarray
    space_took: np.ndarray
    sharing: np.ndarray
    rounding: np.ndarray
    exact: bool

    @property
    def reason(self) -> list[str]:
        """Why so much, in numbers: a sentence per line (N,)."""
        said = "position %.4g + %.4g = %.4g; order-up-to %.4g = forecast %.4g over %d days + "
        said += "safety stock %.4g%s%s%s%s"
        gave = np.where(self.space_took > 0, "took", "added").astype(object)
        small = SEEN * np.maximum(np.abs(self.order_up_to), 1)
        advised = self.safety_stock_advised
        numbers = (
            self.position,
            self.quantity,
            self.position + self.quantity,
            self.order_up_to,
            self.forecast,
            self.days,
            advised - self.space_took,
        )
        pieces = (
            _where(
                np.abs(self.space_took) > small,
                " (%.4g advised, the price of space %s %.4g)",
                advised,
                gave,
                np.abs(self.space_took),
            ),
            _changed(self.sharing, small, SHARED if self.exact else LATER),
            _changed(self.rounding, small, "; whole lots make it %.4g %s"),
            _where(self.binding != "", "; limited by %s", self.binding),
        )
        columns = [part.tolist() for part in (*numbers, *pieces)]
        return list(map(said.__mod__, zip(*columns, strict=True)))


COLUMNS = (
    "unique_id",
    "stage",
    "supplier",
    "order_date",
    "arrival_date",
    "quantity",
    "reason",
    "binding",
    "space_price",
    "position",
    "order_up_to",
    "forecast",
    "days",
    "safety_stock_advised",
    "space_took",
    "sharing",
    "rounding",
)


def orders(
    problem: Problem, planned: Planned, z: np.ndarray, advised: np.ndarray
) -> Iterator[Orders]:
    """The lines of a plan by day, stage and product.

    Args:
        problem: what is planned.
        planned: the plan.
        z: safety factors that today's prices leave (M, K) [1]; they explain every line.
        advised: safety factors if space were free (M, K) [1].
    """
    scenario, network = problem.scenario, problem.scenario.network
    products = scenario.products
    last = problem.horizon + int(products.lead_time.max())
    dates = np.array(
        [(scenario.start + timedelta(days=day)).isoformat() for day in range(last)], dtype=object
    )
    lots = (products.lot_size > 0) | (products.minimum_order > 0)
    settled = _settled_levels(problem, planned)
    for day, today in enumerate(levels(problem, z, advised)):
        for stage, units in enumerate(planned.plan.shipments[day]):
            lines = np.flatnonzero(units > NOTHING)
            target, free, forecast = (part[stage] for part in today)
            after = planned.level[day, stage]
            exact = day == 0 or day < len(settled)
            wanted = settled[day, stage] if day < len(settled) else target
            binding, limited = _binding(problem, planned, (day, stage), (wanted, target, free))
            order = np.maximum(wanted - after + units, 0)
            rounding = np.where(lots & ~limited & exact, units - order, 0.0)
            sharing = np.where(limited | exact, wanted, after) - target
            yield Orders(
                unique_id=products.unique_id[lines],
                stage=network.names[stage],
                supplier=network.supplier_of(stage),
                order_date=dates[day],
                arrival_date=dates[day + products.lead_time[stage, lines]],
                quantity=units[lines],
                binding=binding[lines],
                space_price=float(planned.price[day, stage]),
                position=(after - units)[lines],
                order_up_to=target[lines],
                forecast=forecast[lines],
                days=problem.outlook.order_interval(day)[stage, lines],
                safety_stock_advised=(free - forecast)[lines],
                space_took=(free - target)[lines],
                sharing=sharing[lines],
                rounding=rounding[lines],
                exact=exact,
            )


def order_text(batches: Iterator[Orders]) -> Iterator[str]:
    """The lines as CSV, in the columns `COLUMNS`; one text per batch."""
    known: dict[str, str] = {}
    for batch in batches:
        place = (cell(batch.stage), cell(batch.supplier), cell(batch.order_date))
        form = "%s," + ",".join(place).replace("%", "%%") + f",%s,{FIGURE},%s,%s,"
        form += FIGURE % batch.space_price + ",%.6g,%.6g,%.6g,%d,%.6g,%.6g,%.6g,%.6g\n"
        words = {word: cell(word) for word in set(batch.binding.tolist())}
        for word in batch.unique_id.tolist():
            if word not in known:
                known[word] = cell(str(word))
        columns = (
            map(known.__getitem__, batch.unique_id.tolist()),
            batch.arrival_date.tolist(),
            batch.quantity.tolist(),
            map(cell, batch.reason),
            map(words.__getitem__, batch.binding.tolist()),
            *(
                part.tolist()
                for part in (
                    batch.position,
                    batch.order_up_to,
                    batch.forecast,
                    batch.days,
                    batch.safety_stock_advised,
                    batch.space_took,
                    batch.sharing,
                    batch.rounding,
                )
            ),
        )
        yield "".join(map(form.__mod__, zip(*columns, strict=True)))


def levels(problem: Problem, z: np.ndarray, advised: np.ndarray) -> Iterator[np.ndarray]:
    """Day by day: order-up-to level at z, as advised, and the forecast (3, M, K) [unit]."""
    for day in range(problem.horizon):
        windows = problem.outlook.order_windows(day)
        forecast = windows.echelon_mean
        target, free = (forecast + np.cumsum(f * windows.std, axis=0) for f in (z, advised))
        yield np.stack([target, free, forecast])


def _settled_levels(problem: Problem, planned: Planned) -> np.ndarray:
    """Echelon positions after ordering that the programme wants (D, M, K) [unit].

    None on days that the rule decides: but for today, it asks for advice that nobody knows yet.
    """
    answer = planned.answer
    if planned.mode != LEVELS or answer is None:
        return np.empty((0, *planned.level.shape[1:]))
    outflow = problem.mean_demand[0] - answer.lost_sales
    level = planned_level(answer.shipments, problem.scenario.stock, outflow)
    return level[: problem.horizon - unsettled_days(problem)]


def _binding(
    problem: Problem,
    planned: Planned,
    place: tuple[int, int],
    levels: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """What kept a stage's shipments of a day from being more (K,), and True where units ran out.

    In words, empty where nothing did. A price of space is an incentive, not a limit on units.

    Args:
        problem: what is planned.
        planned: the plan.
        place: the day and the stage.
        levels: what the plan wants, the order-up-to level, and what it would be if space were free,
            three of (K,) [unit].
    """
    day, stage = place
    products, network = problem.scenario.products, problem.scenario.network
    shipments, reached = planned.plan.shipments[day, stage], planned.level[day, stage]
    lot = products.lot_size
    wanted, target, free = (
        level - reached > lot / 2 + NOTHING * (1 + np.abs(level)) for level in levels
    )
    words = np.full(len(shipments), "", dtype=object)
    limited = np.zeros(len(shipments), dtype=bool)
    if planned.price[day, stage] > 0:
        words[free] = f"space at {network.names[stage]}"
    if stage + 1 < len(network):
        there = planned.plan.on_hand[day - 1] if day else problem.scenario.stock.on_hand
        opening = there[stage + 1]
        whole = np.where(lot > 0, np.floor(opening / np.where(lot > 0, lot, 1)) * lot, opening)
        limited = (shipments > whole * FULL) & (wanted | target)
        words[limited] = f"stock at {network.names[stage + 1]}"
    capacity = network.supply_capacity[stage]
    if np.isfinite(capacity) and shipments @ products.volume >= capacity * FULL:
        words[:] = f"supply to {network.names[stage]}"
        limited[:] = True
    if stage + 1 == len(network) and _money_is_short(planned, day):
        words[free] = "the budget"
        limited |= wanted
    largest = shipments >= products.maximum_order * FULL
    words[largest] = "largest order"
    locks = problem.scenario.terms.locks
    fixed = np.zeros(len(shipments), dtype=bool)
    fixed[locks.product[(locks.day == day) & (locks.stage == stage)]] = True
    words[fixed] = "a person, who fixed it"
    return words, limited | largest | fixed


def _money_is_short(planned: Planned, day: int) -> bool:
    """True where money to buy with has a price, and the programme that knows it decides."""
    answer = planned.answer
    if planned.mode != LEVELS or answer is None:
        return False
    return bool(answer.purchase_price[day] > 0 or answer.budget_price > 0)


def _changed(by: np.ndarray, small: np.ndarray, form: str) -> np.ndarray:
    """A piece of every sentence (N,), empty where the change is small; `form` % (size, more)."""
    direction = np.where(by > 0, "more", "less").astype(object)
    return _where(np.abs(by) > small, form, np.abs(by), direction)


def _where(there: np.ndarray, form: str, *values: np.ndarray) -> np.ndarray:
    """`form` % the values, a piece of every sentence (N,); empty where it is not `there`."""
    pieces = np.full(len(there), "", dtype=object)
    if there.any():
        columns = (value[there].tolist() for value in values)
        pieces[there] = list(map(form.__mod__, zip(*columns, strict=True)))
    return pieces
