"""Today's problem for all products at once, its numbers in the order of the matrix.

Every product is a tiled block (`milp/block.py`), its levels are worth what the segments say
(`milp/segments.py`), and space and supply are shared (`milp/storage.py`). A plan always exists:
shipping nothing is allowed, unmet demand is priced, space can be overflowed at a price.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from data.outlook import Windows
from milp.flow import due, entering, lost_sales
from milp.programme import LinearProgramme
from milp.segments import Goal, Segments, Worth, cut
from milp.shape import FAMILIES
from milp.storage import (
    STEPS,
    Known,
    fixed_occupancy,
    occupancy_variance,
    overflow_steps,
    spread_of,
)
from milp.task import Task
from milp.tiling import Layout, Matrix, Weights, tile, with_overflow

SHIPPING_EFFORT = 1e-5
"""Cost of shipping a unit, as a share of a period's holding: nothing moves without a reason."""
LATER_IS_BETTER = 1e-3
"""Losing a sale on the first day costs this share more than on the last: stock is served first."""


@dataclass(frozen=True)
class Use:
    """What columns use of the coupling rows, entry by entry: row, column, weight."""

    row: np.ndarray
    column: np.ndarray
    weight: np.ndarray


class Model:
    """One task's numbers in the order of the matrix.

    Args:
        task: what is to be reconciled.
        certain: whether demand is certain; seen from the task if not given. Part of a task has
            the shape of the whole.

    Attributes:
        constant: expected cost that no decision changes, so that the objective is that of the
            horizon by the model's own account [money].
    """

    def __init__(self, task: Task, certain: bool | None = None) -> None:
        self.task = task
        scenario = task.scenario
        products = scenario.products
        self.T, self.K = task.periods, len(products)
        self.M = len(scenario.network)
        self.days = range(task.period, task.period + task.periods)
        self.windows: list[Windows] = [task.outlook.windows(day) for day in self.days]
        self.demand = task.outlook.mean[task.period : task.period + self.T]
        mean = np.maximum(scenario.forecast.scale, self.demand.mean(axis=0))
        self.scale = np.where(mean > 0, mean, 1.0)
        self.money = float(np.median(products.holding_cost * self.scale))
        worth = Worth(
            task.z, scenario.holding_cost, products.missed_sale_cost, scenario.law, task.goal
        )
        self.certain = task.certain if certain is None else certain
        self.segments: Segments = cut(worth, self.windows, products.lead_time, self.certain)
        self.constant = float(self.segments.base.sum())
        self.due = due(task.stock.pipeline, self.T)
        self.unavoidable = _lost_before_orders(self)
        self.layout: Layout
        self.money_weight = np.nan_to_num(products.unit_cost) * self.scale
        weights = Weights(self._space(), self.money_weight)
        self.blocks: Matrix
        self.blocks, self.layout = tile(
            products.lead_time, self.T, weights, self.segments.price.shape[-1]
        )
        self.capacity = np.repeat(scenario.network.storage_capacity, self.T)
        self.capacity_rows = np.flatnonzero(np.isfinite(self.capacity))
        self.variance, self.fixed = self._occupancy()

    @property
    def spread(self) -> np.ndarray:
        """Standard deviation of occupancy per storage row (M T,) [volume]."""
        return spread_of(self.variance)

    @property
    def allowance(self) -> np.ndarray:
        """What the blocks may use of every coupling row before it costs anything.

        Of storage that is what certain stock and flow leave, down to where overflow may begin.
        """
        left = self.capacity - self.fixed
        left[self.capacity_rows] += STEPS[0] * self.spread[self.capacity_rows]
        supply = np.repeat(self.task.scenario.network.supply_capacity, self.T)
        purchases = np.full(self.T, self.task.purchase_limit)
        return np.concatenate([left, supply, purchases, [self.task.budget]])

    def programme(self) -> LinearProgramme:
        """The linear programme, in days of each product's demand and scaled money."""
        steps = overflow_steps(
            self.spread[self.capacity_rows], self.overflow_price()[self.capacity_rows]
        )
        return self.shared(self.allowance, *steps)

    def shared(
        self, allowance: np.ndarray, width: np.ndarray, price: np.ndarray
    ) -> LinearProgramme:
        """The programme with other allowances of the coupling rows and overflow steps.

        Args:
            allowance: of every coupling row.
            width, price: of the overflow steps of the limited storage rows (rows, STEPS).
        """
        own = self.blocks_alone
        limited = self.layout.first_coupling_row + self.capacity_rows
        free = np.full(len(allowance), -np.inf)
        return LinearProgramme(
            matrix=with_overflow(self.blocks, limited, len(STEPS)),
            cost=np.concatenate([own.cost, price.ravel() / self.money]),
            lower=np.concatenate([own.lower, np.zeros(width.size)]),
            upper=np.concatenate([own.upper, width.ravel()]),
            row_lower=np.concatenate([own.row_lower, free]),
            row_upper=np.concatenate([own.row_upper, allowance]),
        )

    def priced(self, prices: np.ndarray) -> LinearProgramme:
        """The blocks alone, what they use of every coupling row charged at `prices`."""
        own, use = self.blocks_alone, self.use
        charge = np.bincount(
            use.column, use.weight * prices[use.row], minlength=self.layout.block_columns
        )
        return replace(own, cost=own.cost + charge / self.money)

    @cached_property
    def use(self) -> Use:
        """What the blocks' columns use of the coupling rows."""
        first = self.layout.first_coupling_row
        column = np.repeat(np.arange(self.layout.block_columns), np.diff(self.blocks.indptr))
        coupling = self.blocks.indices >= first
        return Use(
            self.blocks.indices[coupling] - first, column[coupling], self.blocks.data[coupling]
        )

    def usage(self, x: np.ndarray) -> np.ndarray:
        """What a solution's blocks use of every coupling row."""
        used = self.use.weight * x[self.use.column]
        return np.bincount(self.use.row, used, minlength=self.layout.coupling)

    @cached_property
    def blocks_alone(self) -> LinearProgramme:
        """The blocks without the rows they share; these are independent of each other."""
        cost, lower, upper = self._columns()
        rows = self._own_rows()
        first = self.layout.first_coupling_row
        own = self.blocks.indices < first
        column = np.repeat(np.arange(self.layout.block_columns), np.diff(self.blocks.indptr))
        count = np.bincount(column[own], minlength=self.layout.block_columns)
        indptr = np.concatenate([[0], np.cumsum(count)])
        return LinearProgramme(
            matrix=Matrix(indptr, self.blocks.indices[own], self.blocks.data[own]),
            cost=cost.ravel(),
            lower=lower.ravel(),
            upper=upper.ravel(),
            row_lower=rows,
            row_upper=rows,
        )

    def values(self, x: np.ndarray) -> dict[str, np.ndarray]:
        """The blocks' columns by family, each (K, columns of the family), in scaled units."""
        block = x[: self.layout.block_columns].reshape(self.K, self.layout.width)
        return {name: block[:, self.layout.columns[name]] for name in FAMILIES}

    def shipments(self, x: np.ndarray) -> np.ndarray:
        """What a solution ships (T, M, K) [unit]."""
        ship = self.values(x)["ship"].reshape(self.K, self.M, self.T)
        return np.maximum(ship.transpose(2, 1, 0), 0.0) * self.scale

    def _space(self) -> np.ndarray:
        """What a scaled unit of each column weighs in the coupling rows (K, width) [volume]."""
        volume = (self.task.scenario.products.volume * self.scale)[:, None]
        pieces = []
        for family in FAMILIES:
            if family == "above":
                pieces.append(_by_product(self.segments.presence) * volume)
            else:
                count = self.T if family in ("lost", "waiting") else self.M * self.T
                pieces.append(np.broadcast_to(volume, (self.K, count)))
        return np.concatenate(pieces, axis=1)

    def _columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Cost, lower and upper bound of every column (K, width)."""
        shape = (self.K, self.layout.width)
        cost, lower, upper = np.zeros(shape), np.zeros(shape), np.full(shape, np.inf)
        columns = self.layout.columns
        products = self.task.scenario.products
        unit = (self.scale / self.money)[:, None]
        waits = products.backordered[:, None]
        later = 1 + LATER_IS_BETTER * (self.T - 1 - np.arange(self.T)) / self.T
        shortage = products.missed_sale_cost[:, None] * unit * later

        cost[:, columns["ship"]] = SHIPPING_EFFORT * products.holding_cost[:, None] * unit
        upper[:, columns["ship"]] = (products.maximum_order / self.scale)[:, None]
        cost[:, columns["lost"]] = np.where(waits, 0, shortage)
        upper[:, columns["lost"]] = np.where(waits, 0, (self.demand / self.scale).T)
        cost[:, columns["waiting"]] = np.where(waits, shortage, 0)
        upper[:, columns["waiting"]] = np.where(waits, np.inf, 0)
        certain = (np.arange(self.T) < products.lead_time[0][:, None]) & ~waits
        unavoidable = (self.unavoidable / self.scale).T
        for bound in (lower, upper):
            bound[:, columns["lost"]] = np.where(certain, unavoidable, bound[:, columns["lost"]])
        if self.task.least is not None:
            lower[:, columns["ship"]] = _by_product(self._scaled(self.task.least))
        if self.task.most is not None:
            most = np.minimum(upper[:, columns["ship"]], _by_product(self._scaled(self.task.most)))
            upper[:, columns["ship"]] = np.maximum(most, lower[:, columns["ship"]])
        lower[:, columns["level"]] = -np.inf
        cost[:, columns["above"]] = _by_product(self.segments.price) * unit
        width = self.segments.width / self.scale[:, None]
        endless = np.full((*width.shape[:-1], 1), np.inf)
        upper[:, columns["above"]] = _by_product(np.concatenate([width, endless], axis=-1))
        cost[:, columns["deep"]] = _by_product(self.segments.deep[..., None]) * unit
        return cost, lower, upper

    def _own_rows(self) -> np.ndarray:
        """Right-hand sides of the blocks' own rows, which are equations."""
        stock = self.task.stock
        own = np.zeros((3, self.T, self.M, self.K))
        position, relative, balance = own
        position[:] = entering(self.task)
        relative[:] = self.segments.first
        balance[:, 0] = self.due[:, 0] - self.demand
        balance[0, 0] += stock.on_hand[0] - stock.backorders
        balance[0, 1:] = stock.on_hand[1:]
        balance[1:, 1:] = self.due[:-1, 1:]
        return (own / self.scale).transpose(3, 0, 2, 1).ravel()

    def _scaled(self, units: np.ndarray) -> np.ndarray:
        """(T, M, K) [unit] in days of demand, as one segment (T, M, K, 1)."""
        return (units / self.scale)[..., None]

    def _occupancy(self) -> tuple[np.ndarray, np.ndarray]:
        """Per storage row (M T,), variance and what no decision changes of its occupancy."""
        task = self.task
        products = task.scenario.products
        certain = task.goal is Goal.SAFETY_ADDED
        days = task.outlook.std[task.period : task.period + self.T] * (not certain)
        variance = np.cumsum(np.square(days), axis=0) - np.square(days)
        known = Known(self.demand, self.due, task.stock.on_hand[0], np.sqrt(variance))
        fixed = fixed_occupancy(known, self.segments, products.lead_time) @ products.volume
        sigma = np.stack([window.std for window in self.windows]) * (not certain)
        spread = occupancy_variance(sigma, products.lead_time, products.volume)
        return spread.T.ravel(), fixed.T.ravel()

    def overflow_price(self) -> np.ndarray:
        """Price of overflow of every storage row (M T,) [money/volume/period]."""
        return np.repeat(self.task.scenario.network.overflow_price, self.T)


def _lost_before_orders(model: Model) -> np.ndarray:
    """Sales lost before anything ordered from today on can arrive (T, K) [unit]."""
    return lost_sales(model.task, model.due, np.zeros((model.T, model.K)))


def _by_product(values: np.ndarray) -> np.ndarray:
    """(T, M, K, S) as one row per product, stage before period before segment (K, M T S)."""
    return values.transpose(2, 1, 0, 3).reshape(values.shape[2], -1)
