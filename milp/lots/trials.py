"""Changes that pay only if several products make them together: shared orders and shared trucks.

A supplier's order on a day is worth placing, a truck worth sending, for all products together or
not at all. So a few products are searched anew as if it were closed, or as if it paid to fill it,
and their plans are put in one by one as long as that brings the whole nearer to it. Whether the
trial stands is decided by what the whole plan costs then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from milp.lots.ledger import Ledger
from milp.lots.search import Candidate

FEW = 60
"""Products asked in a trial, at most."""
COVERS = (3.0, 10.0)
"""Days of cover that filling an order up to its minimum may be worth, one after the other."""
HARDLY_FULL = 0.7
"""Trucks less full than this are tried without [1]."""


@dataclass(frozen=True)
class Trial:
    """Some products, searched as if.

    Attributes:
        products: indices (B,).
        least, most: bounds of their shipments (T, M, B) [unit]; None for none.
        shared_cost: of an order of each (J, B) [money/order].
        row: coupling row whose price is changed; -1 for none.
        change: of its price.
    """

    products: np.ndarray
    least: np.ndarray | None
    most: np.ndarray | None
    shared_cost: np.ndarray
    row: int = -1
    change: float = 0.0


def borne(order_cost: np.ndarray, supplier: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Suppliers' order costs (S,), divided among their products by `weight` (K,) [money/order].

    The parts of a supplier's products add up to its cost, so that searches which bear them prove a
    bound: whoever orders, the supplier's cost is paid once and never less than the parts.
    """
    parts = np.zeros(len(supplier))
    for number, cost in enumerate(order_cost):
        mine = supplier == number
        total = weight[mine].sum()
        parts[mine] = cost * (weight[mine] / total if total > 0 else 1.0 / max(mine.sum(), 1))
    return parts


def joining(ledger: Ledger, products: np.ndarray) -> np.ndarray:
    """What each product's order would add to suppliers' order costs (J, B) [money/order].

    Nothing where another product of the supplier orders on that day.
    """
    shared = ledger.shared
    cost = np.zeros((shared.days, len(products)))
    for place, k in enumerate(products):
        supplier = shared.supplier[k]
        if supplier >= 0:
            mine = ledger.plans[k].shipments[: shared.days, -1] > 0
            alone = ledger.orders[:, supplier] - mine <= 0
            cost[:, place] = np.where(alone, shared.order_cost[supplier], 0.0)
    return cost


def trials(ledger: Ledger) -> Iterator[Trial]:
    """What may be worth trying, as the plan stands at each."""
    shared = ledger.shared
    for supplier in np.flatnonzero(shared.order_cost + shared.minimum):
        days = np.flatnonzero(ledger.orders[:, supplier])
        for day in days[np.argsort(ledger.orders[days, supplier], kind="stable")]:
            yield from _filled(ledger, int(supplier), int(day))
            yield from _closed(ledger, int(supplier), int(day))
    stages = len(shared.truck_volume)
    periods = len(shared.rows.spread) // stages
    for stage in np.flatnonzero(shared.truck_cost):
        held = shared.truck_volume[stage]
        for day in range(shared.days):
            rest = ledger.load[day, stage] / held % 1.0
            if 1e-6 < rest < HARDLY_FULL:
                row = stages * periods + int(stage) * periods + day
                yield from _emptied(ledger, int(stage), day, row)


def mending(ledger: Ledger) -> Trial | None:
    """The products of orders below their minimum, searched without these days; None for none.

    They keep what they order on other days and may not order where their supplier has no order,
    so that no other minimum is missed instead.
    """
    shared = ledger.shared
    lacking = shared.below_minimum(ledger.money) > 0
    if not lacking.any():
        return None
    valid = (ledger.orders > 0) & ~lacking
    products = []
    for k, plan in enumerate(ledger.plans):
        supplier = shared.supplier[k]
        if supplier >= 0 and (plan.shipments[: shared.days, -1] * lacking[:, supplier]).any():
            products.append(k)
    chosen = np.array(products)
    least, most = _free(ledger, len(chosen))
    for place, k in enumerate(chosen):
        open_ = valid[:, shared.supplier[k]]
        least[: shared.days, -1, place] = np.where(
            open_, ledger.plans[k].shipments[: shared.days, -1], 0.0
        )
        most[: shared.days, -1, place] = np.where(open_, np.inf, 0.0)
    return Trial(chosen, least, most, joining(ledger, chosen))


def carried_out(ledger: Ledger, trial: Trial, found: list[list[Candidate]]) -> Ledger:
    """The plan after a trial: products' new plans, one by one, as long as the whole gets better.

    The cheapest change comes first. Of all states on the way the best one counts.
    """
    after = ledger.copy()
    best = ledger.copy()
    changes = [
        (plans[0].cost - ledger.plans[k].cost, int(k), plans[0])
        for k, plans in zip(trial.products, found, strict=True)
        if plans
    ]
    for _, k, plan in sorted(changes, key=lambda change: change[:2]):
        after.change(k, plan)
        if after.rank < best.rank:
            best = after.copy()
    return best


def _closed(ledger: Ledger, supplier: int, day: int) -> Iterator[Trial]:
    """No order of the supplier on that day."""
    products = _ordering(ledger, supplier, day)
    if not 0 < len(products) <= FEW:
        return
    _, most = _free(ledger, len(products))
    most[day, -1] = 0.0
    yield Trial(products, None, most, joining(ledger, products))


def _filled(ledger: Ledger, supplier: int, day: int) -> Iterator[Trial]:
    """More in an order that is below its minimum."""
    shared = ledger.shared
    if shared.below_minimum(ledger.money)[day, supplier] <= 0:
        return
    products = np.flatnonzero((shared.supplier == supplier) & (shared.price > 0))[:FEW]
    for cover in COVERS:
        if shared.below_minimum(ledger.money)[day, supplier] <= 0:
            return
        worth = cover * float(np.median(shared.holding[products] / shared.price[products]))
        cost = joining(ledger, products)
        cost[day] = 0.0
        yield Trial(products, None, None, cost, int(shared.bought[day]), -worth)


def _emptied(ledger: Ledger, stage: int, day: int, row: int) -> Iterator[Trial]:
    """One truck less to a stage."""
    shared = ledger.shared
    shipping = [k for k, plan in enumerate(ledger.plans) if plan.shipments[day, stage] > 0]
    products = np.array(shipping[:FEW], dtype=np.int64)
    if len(products):
        dearer = 2.0 * shared.truck_cost[stage] / shared.truck_volume[stage]
        yield Trial(products, None, None, joining(ledger, products), row, float(dearer))


def _ordering(ledger: Ledger, supplier: int, day: int) -> np.ndarray:
    """Products of a supplier that order on a day."""
    mine = np.flatnonzero(ledger.shared.supplier == supplier)
    ordering = [k for k in mine if ledger.plans[k].shipments[day, -1] > 0]
    return np.array(ordering, dtype=np.int64)


def _free(ledger: Ledger, products: int) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of shipments (T, M, B) that bind nobody."""
    shape = (*ledger.plans[0].shipments.shape, products)
    return np.zeros(shape), np.full(shape, np.inf)
