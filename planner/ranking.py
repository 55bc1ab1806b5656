"""Purchases ranked by what a unit of money brings, to be cut at any budget.

Only what is bought from the source costs money; shipments between own stages do not. A unit that
raises the chain's inventory position past y is needed within the protection interval of the whole
chain with chance S(y) = P(D > y), and then saves a missed sale p; otherwise it is carried. What
carrying it costs is taken from the order-up-to level itself, at which one more unit is worth
nothing (the newsvendor condition, Arrow, Harris and Marschak 1951, solved for the holding cost):

    worth(y) = p (S(y) - S*) / (1 - S*),     S* = S(order-up-to level)

S falls in y, so every next unit of an order is worth less than the one before. Orders are ranked
in steps of their lots; a greedy choice of such steps is optimal but for the worth of one step
(Dantzig 1957, the linear bound of the knapsack problem).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data.demand import law
from data.writing import FIGURE, cell
from planner.orders import NOTHING, levels
from planner.planning import Planned
from planner.problem import Problem

MOST_STEPS = 20
"""Steps that one order is cut into; a step is a lot, or as many as it takes."""
SUREST = 0.99
"""Chance of running out at an order-up-to level from which on higher ones are taken for this."""
COLUMNS = (
    "rank",
    "unique_id",
    "supplier",
    "order_date",
    "units",
    "unit_cost",
    "spend",
    "worth",
    "return_per_money",
    "cumulative_spend",
)


@dataclass(frozen=True)
class Ranked:
    """Steps of purchases, the best return first, products without a unit cost last: N rows.

    Attributes:
        product: number of the product (N,).
        day: day of the order, 0 is today (N,).
        unique_id: the product (N,).
        supplier: who sells.
        start: the first day.
        units: of the step (N,) [unit].
        unit_cost: (N,) [money/unit]; NaN where unknown.
        worth: expected cost saved by having the step, once the steps before it are there
            (N,) [money].
    """

    product: np.ndarray
    day: np.ndarray
    unique_id: np.ndarray
    supplier: str
    start: date
    units: np.ndarray
    unit_cost: np.ndarray
    worth: np.ndarray

    def __len__(self) -> int:
        return len(self.units)

    @property
    def spend(self) -> np.ndarray:
        """What a step costs (N,) [money]; NaN where the unit cost is unknown."""
        return self.units * self.unit_cost

    @property
    def return_per_money(self) -> np.ndarray:
        """Expected cost saved per unit of money spent (N,) [1]; endless where nothing is spent."""
        return _returns(self.worth, self.spend)

    @property
    def cumulative_spend(self) -> np.ndarray:
        """Money spent up to and including each step (N,) [money]; NaN where it is unknown."""
        return np.cumsum(self.spend)

    @property
    def known(self) -> int:
        """Steps whose cost is known; they come first."""
        return int(np.isfinite(self.unit_cost).sum())


def ranked_purchases(
    problem: Problem, planned: Planned, z: np.ndarray, days: int | None = 1
) -> Ranked:
    """The purchases of the first `days` days, or of the whole horizon, ranked.

    Args:
        problem: what is planned.
        planned: the plan.
        z: safety factors that today's prices leave (M, K) [1].
        days: how many days of orders are ranked together; all if None.
    """
    products, network = problem.scenario.products, problem.scenario.network
    shipments = planned.plan.shipments[:days, -1]
    rows = [
        _steps(problem, (t, units), planned.level[t, -1], level[0][-1])
        for (t, units), level in zip(enumerate(shipments), levels(problem, z, z), strict=False)
    ]
    product, day, units, worth = (np.concatenate(part) for part in zip(*rows, strict=True))
    unit_cost = products.unit_cost[product]
    returns = _returns(worth, units * unit_cost)
    order = np.lexsort((np.arange(len(units)), -returns, np.isnan(unit_cost)))
    product = product[order].astype(int)
    return Ranked(
        product=product,
        day=day[order].astype(int),
        unique_id=products.unique_id[product],
        supplier=network.supplier_of(len(network) - 1),
        start=problem.scenario.start,
        units=units[order],
        unit_cost=unit_cost[order],
        worth=worth[order],
    )


def cut(ranked: Ranked, budget: float) -> np.ndarray:
    """True for the steps to buy with `budget` [money] (N,); never a step before those above it.

    Steps are taken from the top; one that no longer fits ends its order, and cheaper ones below
    still get what is left. Steps of unknown cost are not bought.
    """
    spend = ranked.spend[: ranked.known]
    bought = np.zeros(len(ranked), dtype=bool)
    first = int(np.searchsorted(np.cumsum(spend), budget * (1 + NOTHING), side="right"))
    bought[:first] = True
    left = budget - spend[:first].sum()
    cheapest = np.minimum.accumulate(spend[::-1])[::-1]
    ended: set[tuple[int, int]] = set()
    for row in range(first, len(spend)):
        if cheapest[row] > left:
            break
        order = (int(ranked.product[row]), int(ranked.day[row]))
        if order not in ended and spend[row] <= left:
            bought[row] = True
            left -= spend[row]
        else:
            ended.add(order)
    return bought


def ranked_text(ranked: Ranked) -> Iterator[str]:
    """The ranked list as lines of CSV, in the columns `COLUMNS`."""
    words: dict[str, str] = {name: cell(str(name)) for name in set(ranked.unique_id.tolist())}
    dates = [
        (ranked.start + timedelta(days=n)).isoformat()
        for n in range(int(ranked.day.max(initial=0)) + 1)
    ]
    form = f"%d,%s,{cell(ranked.supplier).replace('%', '%%')},%s" + f",{FIGURE}" * 6 + "\n"
    columns = (
        range(1, len(ranked) + 1),
        map(words.__getitem__, ranked.unique_id.tolist()),
        map(dates.__getitem__, ranked.day.tolist()),
        *(
            part.tolist()
            for part in (
                ranked.units,
                ranked.unit_cost,
                ranked.spend,
                ranked.worth,
                ranked.return_per_money,
                ranked.cumulative_spend,
            )
        ),
    )
    yield "".join(map(form.__mod__, zip(*columns, strict=True)))


def worth_of(
    problem: Problem, day: int, start: np.ndarray, units: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """Expected cost saved by raising the chain's position by `units` (S, K) [money].

    The integral of worth(y) from start to start + units; E[(D - y)^+] is the integral of S.

    Args:
        problem: whose products.
        day: when the units are ordered.
        start: position before (S, K) [unit].
        units: (S, K) [unit].
        target: order-up-to level (K,) [unit].
    """
    windows = problem.outlook.order_windows(day)
    demand = law(problem.scenario.law)(windows.echelon_mean[-1], windows.echelon_std[-1])
    accepted = np.minimum(demand.survival(target), SUREST)
    needed = demand.loss(start) - demand.loss(start + units)
    shortage = problem.scenario.products.missed_sale_cost
    return np.asarray(shortage * (needed - accepted * units) / (1 - accepted))


def _steps(
    problem: Problem, order: tuple[int, np.ndarray], after: np.ndarray, target: np.ndarray
) -> tuple[np.ndarray, ...]:
    """A day's purchases in steps: product, day, units and worth, each (N,).

    Args:
        problem: whose products.
        order: the day, and what is bought (K,) [unit].
        after: the chain's position after ordering (K,) [unit].
        target: order-up-to level (K,) [unit].
    """
    day, units = order
    products = problem.scenario.products
    smallest = np.where(products.lot_size > 0, products.lot_size, units / MOST_STEPS)
    smallest = np.where(units > NOTHING, np.maximum(smallest, NOTHING), 1.0)
    step = smallest * np.maximum(np.ceil(units / smallest / MOST_STEPS - NOTHING), 1)
    first = np.minimum(np.maximum(step, products.minimum_order), units)
    number = np.arange(MOST_STEPS)[:, None]
    begins = np.where(number, first + (number - 1) * step, 0.0)
    ends = np.minimum(first + number * step, units)
    size = np.where(units > NOTHING, np.maximum(ends - begins, 0), 0)
    worth = worth_of(problem, day, after - units + begins, size, target)
    product, place = np.nonzero((size > NOTHING).T)
    return product, np.full(len(product), day), size[place, product], worth[place, product]


def _returns(worth: np.ndarray, spend: np.ndarray) -> np.ndarray:
    free = np.where(worth >= 0, np.inf, -np.inf)
    return np.where(spend == 0, free, worth / np.where(spend == 0, 1, spend))
