"""What clashes among the terms, and what gives way so that a plan can be made all the same.

Locks are kept before order days, lots, minimum orders and space; they give way only to what cannot
be had, shipped or paid. First the least is found that has to give way in total; then, as long as
anything clashes, a smallest set of constraints that does is named and its part of the least gives
way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from data.scenario import Scenario
from data.terms import Terms
from data.weekdays import said
from milp.elastic import System, conflicts, least_violation
from planner.clashes import Concession, Conflict, broken_by_locks, never_placed
from planner.locked_flow import Kind, LockedFlow
from planner.names import Names
from planner.wording import number

MOST_NAMED = 8
"""Constraints that one sentence names; the conflict itself names all."""
_LEFT = "what is left of"
SHARE_OF_A_LOT = 1e-6
"""Of a lot that is missing for rounding's sake [1]."""


@dataclass(frozen=True)
class Settled:
    """Terms that a plan can keep.

    Attributes:
        terms: as given, but for locks that cannot be kept: these are as large as can be.
        waived: orders that stay below the supplier's minimum order, as supplier and day (n, 2).
        conflicts: what clashed.
    """

    terms: Terms
    waived: np.ndarray
    conflicts: tuple[Conflict, ...]


def settle(scenario: Scenario, periods: int) -> Settled:
    """The terms that can be kept over `periods` periods, and what clashed."""
    terms = scenario.terms
    near = np.flatnonzero(terms.locks.day < periods)
    locks = terms.locks.only(near)
    found = [*never_placed(scenario), *broken_by_locks(scenario, locks)]
    waived: list[tuple[int, ...]] = []
    if (locks.quantity > 0).any():
        case = _Case(LockedFlow(scenario, locks))
        found += case.settled()
        quantity = terms.locks.quantity.copy()
        quantity[near[case.flow.lines]] = case.quantity
        kept = replace(terms.locks, quantity=quantity)
        terms = replace(terms, locks=kept)
        waived = case.waived
    return Settled(terms, np.array(waived, dtype=np.int64).reshape(-1, 2), tuple(found))


class _Case:
    """Locks that are kept as far as they can be.

    Attributes:
        quantity: what is left of each lock (N,) [unit].
    """

    def __init__(self, flow: LockedFlow) -> None:
        self.flow = flow
        self.words = _Words(flow)
        self.asked = flow.locks.quantity
        self.quantity = self.asked.copy()
        self.spared: list[int] = []
        """Soft constraints that have given way."""

    @property
    def waived(self) -> list[tuple[int, ...]]:
        """Suppliers and days whose minimum order has given way."""
        given = map(self.flow.register.what, self.spared)
        return [place for kind, place in given if kind is Kind.MINIMUM]

    def settled(self) -> Iterator[Conflict]:
        """Every conflict, as it is settled."""
        kept, soft = self._least()
        yielding = True
        while yielding:
            yielding = False
            for clashing in conflicts(self._system()):
                cut = [line for line in self._lines(clashing) if kept[line] < self.quantity[line]]
                spared = [owner for owner in clashing.tolist() if owner in soft]
                gave = [self._cut(line, float(kept[line])) for line in cut]
                gave += [self.words.concession(owner, soft[owner]) for owner in spared]
                if gave:
                    yield self.words.conflict(clashing, self.quantity, tuple(gave))
                self.quantity[cut] = kept[cut]
                self.spared += spared
                yielding |= bool(gave)

    def _least(self) -> tuple[np.ndarray, dict[int, float]]:
        """What is left of the locks (N,) [unit] and by how much soft constraints give way.

        What is cut is cut to whole lots, and to nothing where it would fall below the minimum
        order; that may take more from others.
        """
        products, locks = self.flow.scenario.products, self.flow.locks
        lot = products.lot_size[locks.product]
        bought = locks.stage == self.flow.M - 1
        smallest = np.where(bought, products.minimum_order[locks.product], 0)
        kept = self.asked.copy()
        while True:
            system = self.flow.asking(kept)
            gave = least_violation(system)
            missing = gave.below[: len(kept)]
            cut = missing > 0
            if not cut.any():
                break
            left = np.maximum(kept - missing, 0)
            lots = np.floor(left / np.where(lot > 0, lot, 1) + SHARE_OF_A_LOT)
            left = np.where(lot > 0, np.minimum(lots * lot, kept), left)
            left = np.where((left < smallest) & (self.asked >= smallest), 0, left)
            kept = np.where(cut, left, kept)
        amount = gave.below + gave.above
        soft = {int(system.owner[row]): float(amount[row]) for row in np.flatnonzero(amount)}
        return kept, soft

    def _system(self) -> System:
        system = self.flow.asking(self.quantity)
        if not self.spared:
            return system
        return system.of(np.setdiff1d(system.owner, self.spared))

    def _lines(self, owners: np.ndarray) -> list[int]:
        """The locks among some constraints."""
        return [
            place[0] for kind, place in map(self.flow.register.what, owners) if kind is Kind.LOCK
        ]

    def _cut(self, line: int, left: float) -> Concession:
        lock = int(self.flow.register.number(Kind.LOCK, line))
        return self.words.concession(lock, float(self.asked[line]) - left)


class _Words:
    """Names, numbers and sentences for the constraints of a flow."""

    def __init__(self, flow: LockedFlow) -> None:
        self.flow = flow
        self.names = Names(flow.scenario)

    def conflict(
        self, owners: np.ndarray, quantity: np.ndarray, gave: tuple[Concession, ...]
    ) -> Conflict:
        """A conflict when `quantity` (N,) [unit] was left of the locks, and what came of it."""
        names = []
        for owner in owners.tolist():
            kind, place = self.flow.register.what(owner)
            name = self.name(owner)
            if kind is Kind.LOCK and quantity[place[0]] < self.flow.locks.quantity[place[0]]:
                name = f"{_LEFT} the {name}"
            names.append(name)
        said = [
            f"{'' if name.startswith(_LEFT) else 'the '}{name}{self._size(owner)}"
            for name, owner in zip(names, owners.tolist(), strict=True)
        ]
        if len(said) > MOST_NAMED:
            said = [*said[: MOST_NAMED - 1], f"{number(len(said) - MOST_NAMED + 1)} more"]
        together = "cannot all hold" if len(said) > 2 else "cannot both hold"
        outcome = " and ".join(
            f"the {given.name} gives way by {number(given.amount)}" for given in gave
        )
        sentence = f"{', '.join(said[:-1])} and {said[-1]} {together}; {outcome}"
        return Conflict(tuple(names), self._products(owners), sentence, gave)

    def concession(self, owner: int, amount: float) -> Concession:
        """A constraint that gives way by an amount."""
        kind, _ = self.flow.register.what(owner)
        unit = {Kind.SPACE: "volume", Kind.MINIMUM: "money"}.get(kind, "unit")
        return Concession(self.name(owner), amount, unit)

    def name(self, owner: int) -> str:
        """What a constraint is called."""
        flow, names = self.flow, self.names
        kind, place = flow.register.what(owner)
        first, last = place[0], place[-1]
        match kind:
            case Kind.LOCK:
                locks = flow.locks
                where = int(locks.product[first]), int(locks.stage[first]), int(locks.day[first])
                return names.lock(float(locks.quantity[first]), *where)
            case Kind.STOCK:
                return names.stock(int(flow.products[first]), last)
            case Kind.LARGEST:
                return names.largest(int(flow.products[first]))
            case Kind.STAGE_DAYS:
                return names.stage_days(first)
            case Kind.SUPPLIER_DAYS:
                return names.supplier_days(first)
            case Kind.SUPPLY:
                return names.supply(first, last)
            case Kind.SPACE:
                return names.space(first, last)
            case Kind.BUDGET:
                return names.budget(first)
            case Kind.TOTAL:
                return names.total()
            case Kind.MINIMUM:
                return names.supplier_minimum(first, last)

    def _size(self, owner: int) -> str:
        """How large a constraint is, in brackets; empty where its name says it or has none."""
        scenario = self.flow.scenario
        kind, place = self.flow.register.what(owner)
        first, terms = place[0], scenario.terms
        match kind:
            case Kind.STAGE_DAYS:
                return f" ({said(scenario.network.order_days[first])})"
            case Kind.SUPPLIER_DAYS:
                return f" ({said(terms.suppliers.order_days[first])})"
            case Kind.STOCK:
                size = scenario.stock.on_hand[place[1], self.flow.products[first]]
            case Kind.LARGEST:
                size = scenario.products.maximum_order[self.flow.products[first]]
            case Kind.SUPPLY:
                size = scenario.network.supply_capacity[first]
            case Kind.SPACE:
                size = scenario.network.storage_capacity[first]
            case Kind.BUDGET:
                size = terms.budget.per_period
            case Kind.TOTAL:
                size = terms.budget.total
            case Kind.MINIMUM:
                size = terms.suppliers.minimum_order[first]
            case _:
                return ""
        return f" ({number(float(size))})"

    def _products(self, owners: np.ndarray) -> tuple[str, ...]:
        """unique_id of every product whose own constraints are among these."""
        found = []
        for kind, place in map(self.flow.register.what, owners.tolist()):
            if kind is Kind.LOCK:
                found.append(int(self.flow.locks.product[place[0]]))
            if kind in (Kind.STOCK, Kind.LARGEST):
                found.append(int(self.flow.products[place[0]]))
        return tuple(dict.fromkeys(self.names.product(product) for product in found))
