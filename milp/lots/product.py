"""One product's own problem at prices: its block, with columns for orders and whole lots.

To a product's block (`milp/block.py`) come, for the days t < J on which integers bind:
    ordering[t]  y  1 where the top stage orders, 0 where not
    whole[m,t]   n  lots shipped to stage m up to and with t, a whole number
    order:  q_M(t) <= most(t) y(t)
    lots:   q_m(t) = lot (n_m(t) - n_m(t-1))
Lots are counted from the start rather than day by day: levels follow from what was shipped in all,
so that rounding one count settles a level, where rounding one shipment only moves it to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from milp.flow import entering
from milp.lots.cuts import Lattice, Lattices
from milp.lots.rules import Rules
from milp.model import Model, Use
from milp.programme import LinearProgramme
from milp.tiling import Matrix


@dataclass(frozen=True)
class Product:
    """One product's programme at prices, in its own scaled units.

    Attributes:
        programme: the linear programme without integrality.
        ship: columns of shipments (M, T).
        ordering: columns of y (J,).
        whole: columns of n (M, J).
        lot: 1 lot in scaled units; 0 where any quantity will do.
        counted: shipments (M, J) that must be whole lots.
        gated: days (J,) on which it matters whether an order of the top stage is placed.
        smallest: smallest order of the top stage.
        usual: what it usually orders.
        least, most: bounds of its orders (J,).
        own: cost of the columns without prices.
        use: what the columns use of the coupling rows.
        unit: units per scaled unit [unit].
        money: money per unit of the objective [money].
        base: cost that no decision changes [money].
        lattice: where its levels can stand; None where not all shipments are whole lots.
    """

    programme: LinearProgramme
    ship: np.ndarray
    ordering: np.ndarray
    whole: np.ndarray
    lot: float
    counted: np.ndarray
    gated: np.ndarray
    smallest: float
    usual: float
    least: np.ndarray
    most: np.ndarray
    own: np.ndarray
    use: Use
    unit: float
    money: float
    base: float
    lattice: Lattice | None


def products_of(model: Model, rules: Rules, prices: np.ndarray) -> Iterator[Product]:
    """The problems of a model's products at prices of the coupling rows, one after the other."""
    layout = model.layout
    priced, own = model.priced(prices), model.blocks_alone
    largest = np.minimum(rules.most[:, -1], _largest_useful(model, rules))
    largest = np.maximum(largest, rules.least[:, -1])
    lattices = Lattices(model, rules)
    base = model.segments.base.sum(axis=(0, 1))
    sorted_use = np.searchsorted(model.use.column, np.arange(model.K + 1) * layout.width)
    for k in range(model.K):
        block = priced.blocks(range(k, k + 1), layout)
        places = _Places(model, rules, k)
        used = slice(sorted_use[k], sorted_use[k + 1])
        unit, money = float(model.scale[k]), model.money
        charge = np.zeros(layout.width)
        charge[places.ship] = rules.charge[..., k].T * unit / money
        more = np.concatenate([rules.order_cost[:, k] / money, np.zeros(places.whole.size)])
        own_cost = own.cost[k * layout.width : (k + 1) * layout.width] + charge
        gated = (rules.order_cost[:, k] > 0) | (rules.smallest[k] > rules.lot[k])
        regular = lattices.regular(k)
        rest = lattices.rest(k) if regular else None
        yield Product(
            programme=places.programme(
                replace(block, cost=np.concatenate([block.cost + charge, more])),
                _Bounds(rules, k, unit, largest[:, k], gated, rest),
            ),
            ship=places.ship,
            ordering=places.ordering,
            whole=places.whole,
            lot=float(rules.lot[k]) / unit,
            counted=places.counted,
            gated=gated,
            smallest=float(rules.smallest[k]) / unit,
            usual=float(rules.usual[k]) / unit,
            least=rules.least[:, -1, k] / unit,
            most=largest[:, k] / unit,
            own=np.concatenate([own_cost, more]),
            use=Use(
                model.use.row[used],
                model.use.column[used] - k * layout.width,
                model.use.weight[used],
            ),
            unit=unit,
            money=money,
            base=float(base[k]),
            lattice=lattices.of(k, places.whole) if regular else None,
        )


@dataclass(frozen=True)
class _Bounds:
    """What bounds the shipments of product k.

    Attributes:
        rules: of all products.
        k: which product.
        unit: units per scaled unit [unit].
        largest: order of the top stage (J,) [unit].
        gated: days (J,) on which an order is decided on.
        rest: what upstream stages cannot ship on the first days (J, M - 1) [unit], if known.
    """

    rules: Rules
    k: int
    unit: float
    largest: np.ndarray
    gated: np.ndarray
    rest: np.ndarray | None


class _Places:
    """Where one product's columns are, and the rows that are added to its block."""

    def __init__(self, model: Model, rules: Rules, product: int) -> None:
        layout, days = model.layout, rules.days
        self._rows, self._width = layout.own_rows, layout.width
        column = np.arange(layout.width)
        self.ship = column[layout.columns["ship"]].reshape(model.M, model.T)
        self.upstream = column[layout.columns["stock"]][model.T :].reshape(-1, model.T)
        self.ordering = layout.width + np.arange(days)
        self.whole = layout.width + days + np.arange(model.M * days).reshape(model.M, days)
        lot = rules.lot[product]
        self._lot = lot / model.scale[product] if lot > 0 else 1.0
        self.counted = ~rules.loose[..., product].T if lot > 0 else np.zeros_like(self.whole, bool)

    def programme(self, block: LinearProgramme, bounds: _Bounds) -> LinearProgramme:
        """The block with the columns, rows and bounds of orders and lots."""
        rules, k, unit = bounds.rules, bounds.k, bounds.unit
        days, lots = rules.days, self.whole.size
        lower, upper = block.lower.copy(), block.upper.copy()
        first, later = self.ship[:, :days], self.ship[:, days:]
        lower[first] = rules.least[..., k].T / unit
        upper[first] = rules.most[..., k].T / unit
        upper[self.ship[-1, :days]] = bounds.largest / unit
        closer = np.minimum(upper[later], rules.later[..., k].T / unit)
        upper[later] = np.maximum(closer, lower[later])
        if bounds.rest is not None:
            lower[self.upstream[:, :days]] = bounds.rest.T / unit
        placed = ~bounds.gated | (rules.least[:, -1, k] > 0)
        at_most = np.concatenate([np.full(days, -np.inf), np.zeros(lots)])
        return LinearProgramme(
            matrix=self._extended(block.matrix, bounds.largest / unit),
            cost=block.cost,
            lower=np.concatenate([lower, placed, np.zeros(lots)]),
            upper=np.concatenate([upper, np.ones(days), np.full(lots, np.inf)]),
            row_lower=np.concatenate([block.row_lower, at_most]),
            row_upper=np.concatenate([block.row_upper, np.zeros(days + lots)]),
        )

    def _extended(self, block: Matrix, largest: np.ndarray) -> Matrix:
        """The block with the columns and rows of orders and lots."""
        days = len(self.ordering)
        order_row = self._rows + np.arange(days)
        lots_row = (self._rows + days + np.arange(self.whole.size)).reshape(self.whole.shape)
        counted = self.counted
        pieces = [
            (order_row, self.ship[-1, :days], np.ones(days)),
            (order_row, self.ordering, -largest),
            (lots_row[counted], self.ship[:, :days][counted], np.ones(counted.sum())),
            (lots_row.ravel(), self.whole.ravel(), np.full(self.whole.size, -self._lot)),
            (
                lots_row[:, 1:].ravel(),
                self.whole[:, :-1].ravel(),
                np.full(self.whole[:, 1:].size, self._lot),
            ),
        ]
        inside = np.repeat(np.arange(self._width), np.diff(block.indptr))
        row = np.concatenate([block.indices, *(piece[0] for piece in pieces)])
        column = np.concatenate([inside, *(piece[1] for piece in pieces)])
        data = np.concatenate([block.data, *(piece[2] for piece in pieces)])
        width = self._width + days + self.whole.size
        order = np.argsort(column, kind="stable")
        indptr = np.concatenate([[0], np.cumsum(np.bincount(column, minlength=width))])
        return Matrix(indptr, row[order], data[order])


def _largest_useful(model: Model, rules: Rules) -> np.ndarray:
    """Orders of the top stage beyond which every unit only lies there (K,) [unit].

    One order that brings every stage into its last segment on any day of the horizon without what
    is still under way by then, rounded up, and one more of the smallest.
    """
    last = (model.segments.first + model.segments.width.sum(axis=-1)).max(axis=0).sum(axis=0)
    position = np.cumsum(entering(model.task)[:, -1], axis=0).min(axis=0)
    need = np.maximum(last - position + _overtaken(model), 0.0)
    lot = np.where(rules.lot > 0, rules.lot, 1.0)
    whole = np.where(rules.lot > 0, np.ceil(need / lot) * lot, need)
    return whole + np.maximum(rules.smallest, rules.lot)


def _overtaken(model: Model) -> np.ndarray:
    """What is under way and comes later than what is shipped today (K,) [unit]."""
    pipeline = model.task.stock.pipeline
    lead_time = model.task.scenario.products.lead_time
    later = np.arange(pipeline.shape[-1]) >= lead_time[..., None]
    return np.where(later, pipeline, 0.0).sum(axis=(0, 2))
