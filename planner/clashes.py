"""Terms that clash line by line: what a lock breaks, and orders that could never be placed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data.forecast import WEEK
from data.scenario import Scenario
from data.terms import Locks
from data.weekdays import said
from planner.names import Names
from planner.wording import number

ROUNDING = 1e-9
"""Share of a lot or a limit that is rounding [1]."""


@dataclass(frozen=True)
class Concession:
    """What gave way.

    Attributes:
        name: of the constraint.
        amount: by how much it gave way.
        unit: of the amount.
    """

    name: str
    amount: float
    unit: str


@dataclass(frozen=True)
class Conflict:
    """Constraints that cannot all hold; without any one of them the others can.

    Attributes:
        names: of the constraints.
        products: unique_id of those concerned.
        explanation: the conflict and its outcome in a sentence.
        gave_way: what gave way; empty where nothing could, and no order is placed instead.
    """

    names: tuple[str, ...]
    products: tuple[str, ...]
    explanation: str
    gave_way: tuple[Concession, ...] = ()


def broken_by_locks(scenario: Scenario, locks: Locks) -> Iterator[Conflict]:
    """Rules that single locks break; a lock is placed as it is, so the rules give way."""
    asked = locks.only(locks.quantity > 0)
    top = asked.stage == len(scenario.network) - 1
    yield from _on_closed_days(scenario, asked, top)
    smallest = scenario.products.minimum_order[asked.product]
    lot = scenario.products.lot_size[asked.product]
    below = top & (asked.quantity < smallest * (1 - ROUNDING))
    lots = asked.quantity / np.where(lot > 0, lot, asked.quantity)
    broken = np.abs(lots - np.round(lots)) > ROUNDING * np.maximum(lots, 1)
    names = Names(scenario)
    for line in np.flatnonzero(below).tolist():
        rule, least = names.minimum(int(asked.product[line])), float(smallest[line])
        missing = Concession(rule, least - float(asked.quantity[line]), "unit")
        yield _kept(names, asked, line, f"is below the {rule} of {number(least)}", missing)
    for line in np.flatnonzero(broken).tolist():
        rule, rest = names.lot(int(asked.product[line])), float(np.mod(lots, 1)[line] * lot[line])
        words = f"is not in whole lots of {number(float(lot[line]))}"
        yield _kept(names, asked, line, words, Concession(rule, rest, "unit"))


def _on_closed_days(scenario: Scenario, asked: Locks, top: np.ndarray) -> Iterator[Conflict]:
    names = Names(scenario)
    weekday = (scenario.start.weekday() + asked.day) % WEEK
    suppliers = scenario.terms.suppliers
    supplier = scenario.supplier[asked.product]
    any_day = np.ones((1, WEEK), dtype=bool)
    takes = np.concatenate([suppliers.order_days, any_day])[supplier, weekday] | ~top
    for line in np.flatnonzero(~scenario.network.order_days[asked.stage, weekday]).tolist():
        days = names.stage_days(int(asked.stage[line]))
        closed = Concession(days, float(asked.quantity[line]), "unit")
        open_ = said(scenario.network.order_days[asked.stage[line]])
        yield _kept(names, asked, line, f"is on none of the {days} ({open_})", closed)
    for line in np.flatnonzero(~takes).tolist():
        days = names.supplier_days(int(supplier[line]))
        closed = Concession(days, float(asked.quantity[line]), "unit")
        open_ = said(suppliers.order_days[supplier[line]])
        yield _kept(names, asked, line, f"is on none of the {days} ({open_})", closed)


def _kept(names: Names, locks: Locks, line: int, breaks: str, rule: Concession) -> Conflict:
    """A lock that breaks a rule and is placed all the same."""
    product = int(locks.product[line])
    where = (float(locks.quantity[line]), product, int(locks.stage[line]), int(locks.day[line]))
    lock = names.lock(*where)
    sentence = f"{lock} {breaks}; it is ordered all the same"
    return Conflict((lock, rule.name), (names.product(product),), sentence, (rule,))


def never_placed(scenario: Scenario) -> Iterator[Conflict]:
    """Orders that no day allows: too large a minimum or lot for a limit, or no common order day."""
    for stage in range(len(scenario.network)):
        for limit in _limits(scenario, stage):
            yield from _too_large(scenario, stage, limit)
    yield from _without_days(scenario)
    yield from _unreachable_minimums(scenario)


@dataclass(frozen=True)
class _Limit:
    """The most units of each product that one order may have (K,) [unit], and why."""

    name: str
    units: np.ndarray
    of_product: bool = False
    gives_way: str = ""


def _limits(scenario: Scenario, stage: int) -> Iterator[_Limit]:
    names, network, budget = Names(scenario), scenario.network, scenario.terms.budget
    volume, cost = scenario.products.volume, scenario.purchase_cost
    yield _Limit("", scenario.products.maximum_order, of_product=True)
    yield _Limit(names.supply(stage), _units(network.supply_capacity[stage], volume))
    space = _units(network.storage_capacity[stage], volume)
    yield _Limit(names.space(stage), space, gives_way=names.space(stage))
    if stage == len(network) - 1:
        yield _Limit(names.budget(), _units(budget.per_period, cost))
        yield _Limit(names.total(), _units(budget.total, cost))


def _units(limit: float, each: np.ndarray) -> np.ndarray:
    """Units (K,) that a limit allows where one uses `each` (K,); any number where it uses none."""
    used = (each > 0) & np.isfinite(limit)
    return np.divide(limit, each, out=np.full(len(each), np.inf), where=used)


def _too_large(scenario: Scenario, stage: int, limit: _Limit) -> Iterator[Conflict]:
    """Products whose smallest order is above a limit; a limit of 0 is meant and no clash."""
    names, products = Names(scenario), scenario.products
    top = stage == len(scenario.network) - 1
    smallest = products.minimum_order if top else np.zeros(len(products))
    lot = products.lot_size
    most = limit.units * (1 + ROUNDING)
    each = np.where(lot > 0, lot, 1)
    whole = np.where((lot > 0) & np.isfinite(most), np.floor(most / each) * each, most)
    above = (smallest > most) | (lot > most) | (whole < smallest)
    for product in np.flatnonzero(above & (limit.units > 0)).tolist():
        said = names.largest(product) if limit.of_product else limit.name
        clashing = []
        if smallest[product] > most[product]:
            clashing = [names.minimum(product)]
        elif lot[product] > most[product]:
            clashing = [names.lot(product)]
        else:
            clashing = [names.minimum(product), names.lot(product)]
        needed = max(smallest[product], lot[product])
        place = f"{names.product(product)} to {names.stage(stage)}"
        need = f"an order of {place} has at least {number(needed)} units"
        reason = f"{need}, {said} allows {number(limit.units[product])}"
        if limit.gives_way:
            by = float((needed - limit.units[product]) * products.volume[product])
            yield Conflict(
                (*clashing, said),
                (names.product(product),),
                f"{reason}; space has to overflow by {number(by)}",
                (Concession(limit.gives_way, by, "volume"),),
            )
        else:
            sentence = f"{reason} in whole lots; none can be placed"
            if len(clashing) == 1:
                sentence = f"{reason}; none can be placed"
            yield Conflict((*clashing, said), (names.product(product),), sentence)


def _without_days(scenario: Scenario) -> Iterator[Conflict]:
    """Suppliers that take no orders on any day on which the top stage places them."""
    names, suppliers = Names(scenario), scenario.terms.suppliers
    top = len(scenario.network) - 1
    common = suppliers.order_days & scenario.network.order_days[top]
    for supplier in np.flatnonzero(~common.any(axis=1)).tolist():
        bought = scenario.products.unique_id[scenario.supplier == supplier]
        both = (names.stage_days(top), names.supplier_days(supplier))
        yield Conflict(
            both,
            tuple(str(name) for name in bought),
            f"{both[0]} and {both[1]} have no day in common; nothing can be ordered there",
        )


def _unreachable_minimums(scenario: Scenario) -> Iterator[Conflict]:
    """Suppliers whose minimum order all their products together cannot reach on any day."""
    names, suppliers = Names(scenario), scenario.terms.suppliers
    of, top = scenario.supplier, len(scenario.network) - 1
    for supplier in np.flatnonzero(suppliers.minimum_order > 0).tolist():
        bought = np.flatnonzero(of == supplier)
        if not len(bought):
            continue
        minimum = float(suppliers.minimum_order[supplier])
        limits = {
            f"largest orders of all products of {names.supplier(supplier)}": "largest",
            names.supply(top): "supply",
            names.budget(): "budget",
            names.total(): "total",
        }
        most = _Purchases(scenario, bought)
        if most.of(set(limits.values())) >= minimum * (1 - ROUNDING):
            continue
        reachable = most.of(set(limits.values()))
        for name, kind in tuple(limits.items()):
            if most.of(set(limits.values()) - {kind}) < minimum * (1 - ROUNDING):
                del limits[name]
        clashing = (names.supplier_minimum(supplier), *limits)
        if not limits:
            clashing += (f"unit costs of all products of {names.supplier(supplier)}",)
        yield Conflict(
            clashing,
            tuple(str(name) for name in scenario.products.unique_id[bought]),
            f"{clashing[0]} of {number(minimum)} is out of reach: one day's purchases come to "
            f"{number(reachable)} at most; nothing can be ordered there",
        )


@dataclass(frozen=True)
class _Purchases:
    """What some products can be bought for on one day."""

    scenario: Scenario
    bought: np.ndarray

    def of(self, kept: set[str]) -> float:
        """The most that can be spent under some of the limits [money]."""
        scenario, budget = self.scenario, self.scenario.terms.budget
        cost = scenario.purchase_cost[self.bought]
        volume = scenario.products.volume[self.bought]
        units = np.full(len(cost), np.inf)
        if "largest" in kept:
            units = scenario.products.maximum_order[self.bought]
        room = float(scenario.network.supply_capacity[-1]) if "supply" in kept else np.inf
        spent = 0.0
        for k in np.argsort(volume / np.where(cost > 0, cost, np.nan), kind="stable"):
            if not cost[k] > 0:
                continue
            taken = min(units[k], room / volume[k]) if volume[k] > 0 else units[k]
            spent += cost[k] * taken
            room -= volume[k] * taken if volume[k] > 0 and np.isfinite(taken) else 0.0
            if spent == np.inf:
                break
        limits = [budget.per_period] * ("budget" in kept) + [budget.total] * ("total" in kept)
        return float(min([spent, *limits]))
