"""The flow of the products that people have locked, as constraints with names.

It asks what can move, not what should: demand and costs have no part in it, and sales may always be
lost. Moves that nobody has locked may be of any size; lots and minimum orders are looked at line
by line (`planner/clashes.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from functools import cached_property
from math import prod

import numpy as np

from data.forecast import WEEK
from data.scenario import Scenario
from data.terms import Locks
from milp.elastic import System

SOFT = 1e-3
"""Price of space and suppliers' minimum orders over that of locked units: they give way first."""
EARLY = 1e-3
"""A lock on the first day is worth this share more than one on the last: later ones give way."""
ANY = np.inf


class Kind(Enum):
    """Kinds of constraints."""

    LOCK = "lock"
    STOCK = "stock"
    LARGEST = "largest order"
    STAGE_DAYS = "order days of a stage"
    SUPPLIER_DAYS = "order days of a supplier"
    SUPPLY = "supply"
    SPACE = "space"
    BUDGET = "budget of a period"
    TOTAL = "budget of the horizon"
    MINIMUM = "minimum order of a supplier"


class Register:
    """Numbers for constraints that are told apart by their kind and their place in it.

    Args:
        sizes: shape of every kind.
    """

    def __init__(self, sizes: Mapping[Kind, tuple[int, ...]]) -> None:
        self._sizes = dict(sizes)
        ends = np.cumsum([prod(size) for size in sizes.values()])
        self._end = dict(zip(sizes, ends.tolist(), strict=True))

    def number(self, kind: Kind, *place: np.ndarray | int) -> np.ndarray:
        """The numbers of constraints of one kind at these places."""
        size = self._sizes[kind]
        spread = np.broadcast_arrays(*place)
        return np.ravel_multi_index(spread, size) + self._end[kind] - prod(size)

    def what(self, number: int) -> tuple[Kind, tuple[int, ...]]:
        """Kind and place of a constraint."""
        kind = next(kind for kind, end in self._end.items() if number < end)
        size = self._sizes[kind]
        place = np.unravel_index(number - self._end[kind] + prod(size), size)
        return kind, tuple(int(index) for index in place)


class _Rows:
    """Rows of a system, collected family by family."""

    def __init__(self) -> None:
        self.entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.bounds: list[np.ndarray] = []
        self.count = 0

    def add(
        self,
        owner: np.ndarray,
        entries: tuple[tuple[np.ndarray, np.ndarray, np.ndarray | float], ...],
        bounds: tuple[np.ndarray | float, np.ndarray | float],
        give: tuple[np.ndarray | float, np.ndarray | float] = (ANY, ANY),
    ) -> None:
        """Rows of these owners; entries as (row counted from the first of them, column, value)."""
        for row, column, value in entries:
            rows, columns, values = np.broadcast_arrays(self.count + row, column, value)
            self.entries.append((rows.ravel(), columns.ravel(), values.ravel()))
        numbers = np.broadcast_arrays(owner, *bounds, *give)
        self.bounds.append(np.stack([part.ravel().astype(np.float64) for part in numbers]))
        self.count += self.bounds[-1].shape[1]

    def system(self, columns: int) -> System:
        """All of them."""
        row, column, value = (np.concatenate(part) for part in zip(*self.entries, strict=True))
        owner, lower, upper, below, above = np.concatenate(self.bounds, axis=1)
        return System(
            columns,
            row.astype(np.int64),
            column.astype(np.int64),
            value.astype(np.float64),
            lower,
            upper,
            owner.astype(np.int64),
            below,
            above,
        )


class LockedFlow:
    """What the locks ask of stock, supply, space, budget and suppliers.

    Shipments q_m(t) leave the opening stock of stage m + 1 and come in L_m periods later, as in
    `envs/dynamics.py`; z is 1 where a supplier gets an order because of a lock. Only moves that a
    lock can depend on are looked at: of the locked products and, where a supplier has a minimum
    order, of others that could fill the order up.

    Args:
        scenario: products, stock and terms.
        locks: lines within the horizon, one of them at least above 0.
    """

    def __init__(self, scenario: Scenario, locks: Locks) -> None:
        self.scenario = scenario
        wanted = locks.only(locks.quantity > 0)
        self.products = np.union1d(wanted.product, _fillers(scenario, locks)).astype(np.int64)
        self.lines = np.flatnonzero(np.isin(locks.product, self.products))
        self.locks = locks.only(self.lines)
        self.place = np.searchsorted(self.products, self.locks.product)
        self.n, self.M = len(self.products), len(scenario.network)
        self.T = int(locks.day.max()) + 1
        self.lead_time = scenario.products.lead_time[:, self.products]
        self.arrivals = self.T + int(self.lead_time.max())
        self.cost = scenario.purchase_cost[self.products]
        self.volume = scenario.products.volume[self.products]
        self.supplier = scenario.supplier[self.products]
        self.bought, self.orders, self.order_of = self._orders()
        self.moves = self._moves()
        moves = int(self.moves.sum())
        self.q = np.full(self.moves.shape, -1)
        self.q[self.moves] = np.arange(moves)
        self.z = moves + np.arange(len(self.orders))
        suppliers = max(len(scenario.terms.suppliers), 1)
        self.register = Register(
            {
                Kind.LOCK: (len(self.locks),),
                Kind.STOCK: (self.n, self.M),
                Kind.LARGEST: (self.n,),
                Kind.STAGE_DAYS: (self.M,),
                Kind.SUPPLIER_DAYS: (suppliers,),
                Kind.SUPPLY: (self.M, self.T),
                Kind.SPACE: (self.M, self.arrivals),
                Kind.BUDGET: (self.T,),
                Kind.TOTAL: (1,),
                Kind.MINIMUM: (suppliers, self.T),
            }
        )

    def _orders(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Locks that buy under a minimum order, these orders, and which of them each lock is in.

        An order is a supplier and a day (n, 2).
        """
        supplier, locks = self.supplier[self.place], self.locks
        minimum = np.append(self.scenario.terms.suppliers.minimum_order, 0.0)[supplier]
        bought = np.flatnonzero((locks.stage == self.M - 1) & (locks.quantity > 0) & (minimum > 0))
        days = np.stack([supplier[bought], locks.day[bought]], axis=1)
        orders, order_of = np.unique(days, axis=0, return_inverse=True)
        return bought, orders, order_of.ravel()

    def _moves(self) -> np.ndarray:
        """Lines (n, M, T) that are locked, or that a lock further down or an order can need."""
        moves = np.zeros((self.n, self.M, self.T), dtype=bool)
        moves[self.place, self.locks.stage, self.locks.day] = True
        last = np.full((self.M, self.n), -1)
        asked = self.locks.quantity > 0
        lines = self.locks.stage[asked], self.place[asked]
        np.maximum.at(last, lines, self.locks.day[asked])
        for m in range(1, self.M):
            in_time = last[m - 1] - self.lead_time[m] - 1
            moves[:, m] |= np.arange(self.T) <= in_time[:, None]
            last[m] = np.maximum(last[m], in_time)
        for supplier, day in self.orders:
            moves[(self.supplier == supplier) & (self.cost > 0), -1, day] = True
        return moves

    @cached_property
    def worth(self) -> np.ndarray:
        """What a unit not shipped as locked counts (n,), the median being 1."""
        shortage = self.scenario.products.missed_sale_cost[self.products]
        worth = np.where(self.cost > 0, self.cost, shortage)
        return worth / np.median(worth)

    @cached_property
    def system(self) -> System:
        """The constraints; first come the locks in their order, then the orders they bring."""
        rows = _Rows()
        self._add_locks(rows)
        self._add_stock(rows)
        self._add_largest_orders(rows)
        self._add_order_days(rows)
        self._add_supply(rows)
        self._add_space(rows)
        self._add_budget(rows)
        self._add_minimum_orders(rows)
        return rows.system(len(self.z) + int(self.moves.sum()))

    def asking(self, quantity: np.ndarray) -> System:
        """The constraints with other locked quantities (N,) [unit]."""
        lower, upper = self.system.lower.copy(), self.system.upper.copy()
        lower[: len(quantity)] = upper[: len(quantity)] = quantity
        ordered = slice(len(quantity), len(quantity) + len(self.bought))
        lower[ordered] = quantity[self.bought] > 0
        return replace(self.system, lower=lower, upper=upper)

    def _add_locks(self, rows: _Rows) -> None:
        """q_m(t) is what was locked, less costs its worth, early days a little more; z = 1."""
        locks, lines = self.locks, np.arange(len(self.locks))
        early = 1 + EARLY * (1 - locks.day / self.T)
        rows.add(
            self.register.number(Kind.LOCK, lines),
            ((lines, self.q[self.place, locks.stage, locks.day], 1.0),),
            (locks.quantity, locks.quantity),
            (self.worth[self.place] * early, ANY),
        )
        entries = ((np.arange(len(self.bought)), self.z[self.order_of], 1.0),)
        rows.add(self.register.number(Kind.LOCK, self.bought), entries, (1.0, ANY))

    def _add_stock(self, rows: _Rows) -> None:
        """sum to t of q_{m-1} - sum to t - L_m - 1 of q_m <= on hand + what was due before t."""
        stock, days = self.scenario.stock, np.arange(self.T)
        for m in range(1, self.M):
            p, t = np.nonzero(self.moves[:, m - 1])
            out, left = np.nonzero(self.moves[p, m - 1] & (days <= t[:, None]))
            in_time = t - self.lead_time[m, p] - 1
            into, came = np.nonzero(self.moves[p, m] & (days <= in_time[:, None]))
            entries = (
                (out, self.q[p[out], m - 1, left], 1.0),
                (into, self.q[p[into], m, came], -1.0),
            )
            due = np.zeros((self.n, self.T))
            pipeline = stock.pipeline[m, self.products, : self.T - 1]
            due[:, 1 : 1 + pipeline.shape[1]] = pipeline
            most = stock.on_hand[m, self.products[p]] + np.cumsum(due, axis=1)[p, t]
            rows.add(self.register.number(Kind.STOCK, p, m), entries, (-ANY, most))

    def _add_largest_orders(self, rows: _Rows) -> None:
        """q_m(t) <= the product's largest order."""
        largest = self.scenario.products.maximum_order[self.products]
        p, m, t = np.nonzero(self.moves & np.isfinite(largest)[:, None, None])
        entries = ((np.arange(len(p)), self.q[p, m, t], 1.0),)
        rows.add(self.register.number(Kind.LARGEST, p), entries, (-ANY, largest[p]))

    def _add_order_days(self, rows: _Rows) -> None:
        """q_m(t) = 0 on days without orders, unless it is locked."""
        scenario, register = self.scenario, self.register
        free = self.moves.copy()
        free[self.place, self.locks.stage, self.locks.day] = False
        weekday = (scenario.start.weekday() + np.arange(self.T)) % WEEK
        p, m, t = np.nonzero(free & ~scenario.network.order_days[:, weekday])
        entries = ((np.arange(len(p)), self.q[p, m, t], 1.0),)
        rows.add(register.number(Kind.STAGE_DAYS, m), entries, (-ANY, 0.0))
        any_day = np.ones((1, WEEK), dtype=bool)
        open_days = np.concatenate([scenario.terms.suppliers.order_days, any_day])
        p, t = np.nonzero(free[:, -1] & ~open_days[self.supplier][:, weekday])
        entries = ((np.arange(len(p)), self.q[p, -1, t], 1.0),)
        rows.add(register.number(Kind.SUPPLIER_DAYS, self.supplier[p]), entries, (-ANY, 0.0))

    def _add_supply(self, rows: _Rows) -> None:
        """sum over products of v q_m(t) <= the stage's supply capacity."""
        capacity = self.scenario.network.supply_capacity
        for m in np.flatnonzero(np.isfinite(capacity)):
            p, t = np.nonzero(self.moves[:, m])
            owner = self.register.number(Kind.SUPPLY, int(m), np.arange(self.T))
            rows.add(owner, ((t, self.q[p, m, t], self.volume[p]),), (-ANY, capacity[m]))

    def _add_space(self, rows: _Rows) -> None:
        """sum over products of v q_m(t - L_m) <= what the stage's space leaves of what is due."""
        capacity = self.scenario.network.storage_capacity
        volume, pipeline = self.scenario.products.volume, self.scenario.stock.pipeline
        price = self._soft(self.volume)
        for m in np.flatnonzero(np.isfinite(capacity)):
            due = np.zeros(self.arrivals)
            known = min(self.arrivals, pipeline.shape[2])
            due[:known] = volume @ pipeline[m, :, :known]
            p, t = np.nonzero(self.moves[:, m])
            owner = self.register.number(Kind.SPACE, int(m), np.arange(self.arrivals))
            entries = ((t + self.lead_time[m, p], self.q[p, m, t], self.volume[p]),)
            rows.add(owner, entries, (-ANY, np.maximum(capacity[m] - due, 0)), (ANY, price))

    def _add_budget(self, rows: _Rows) -> None:
        """sum over products of c q(t) of the top stage <= the budget of the period, and of all."""
        budget = self.scenario.terms.budget
        p, t = np.nonzero(self.moves[:, -1])
        bought = self.q[p, -1, t]
        if budget.per_period < ANY:
            owner = self.register.number(Kind.BUDGET, np.arange(self.T))
            rows.add(owner, ((t, bought, self.cost[p]),), (-ANY, budget.per_period))
        if budget.total < ANY:
            owner = self.register.number(Kind.TOTAL, np.zeros(1, dtype=np.int64))
            rows.add(owner, ((0 * t, bought, self.cost[p]),), (-ANY, budget.total))

    def _add_minimum_orders(self, rows: _Rows) -> None:
        """sum over a supplier's products of c q(t) >= its minimum order where z = 1."""
        minimum = self.scenario.terms.suppliers.minimum_order
        price = self._soft(self.cost)
        for number, (supplier, day) in enumerate(self.orders):
            p = np.flatnonzero((self.supplier == supplier) & self.moves[:, -1, day])
            row = np.zeros(len(p), dtype=np.int64)
            order = (row[:1], self.z[number], -minimum[supplier])
            entries = ((row, self.q[p, -1, day], self.cost[p]), order)
            owner = self.register.number(Kind.MINIMUM, np.array([supplier]), int(day))
            rows.add(owner, entries, (0.0, ANY), (price, ANY))

    def _soft(self, per_unit: np.ndarray) -> float:
        """A price so low that no locked unit is given up for what its units use."""
        used = per_unit > 0
        return SOFT * float(np.min(self.worth[used] / per_unit[used], initial=1.0))


def _fillers(scenario: Scenario, locks: Locks) -> np.ndarray:
    """Products that could fill orders up to suppliers' minimum orders.

    Those with locks, which may be free on some days, and of the others the dearest for their
    volume: where these cannot fill an order within the supply, no others can.
    """
    suppliers, cost = scenario.terms.suppliers, scenario.purchase_cost
    bought = locks.product[(locks.stage == len(scenario.network) - 1) & (locks.quantity > 0)]
    supplier = scenario.supplier
    volume, largest = scenario.products.volume, scenario.products.maximum_order
    found = [np.zeros(0, dtype=np.int64)]
    for s in np.unique(supplier[bought]):
        if s < 0 or suppliers.minimum_order[s] == 0:
            continue
        of_supplier = (supplier == s) & (cost > 0) & (largest > 0)
        locked = np.isin(np.arange(len(cost)), locks.product)
        found.append(np.flatnonzero(of_supplier & locked))
        others = np.flatnonzero(of_supplier & ~locked)
        others = others[np.argsort(volume[others] / cost[others], kind="stable")]
        reached = np.cumsum(cost[others] * largest[others])
        enough = int(np.searchsorted(reached, suppliers.minimum_order[s])) + 1
        found.append(others[:enough])
    return np.concatenate(found)
