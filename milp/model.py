"""Today's problem for all products at once, its numbers in the order of the matrix.

Every product is a tiled block (`milp/block.py`), its levels are worth what the segments say
(`milp/segments.py`), and space and supply are shared (`milp/storage.py`). A plan always exists:
shipping nothing is allowed, unmet demand is priced, space can be overflowed at a price.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.outlook import Outlook, Windows
from data.scenario import Scenario
from data.stock import StockState
from milp.segments import Segments, Worth, cut
from milp.shape import FAMILIES
from milp.solver import LinearProgramme, Solution
from milp.storage import STEPS, Known, fixed_occupancy, occupancy_spread, overflow_steps
from milp.tiling import Layout, Matrix, tile, with_overflow

SHIPPING_EFFORT = 1e-5
"""Cost of shipping a unit, as a share of a period's holding: nothing moves without a reason."""
LATER_IS_BETTER = 1e-3
"""Losing a sale on the first day costs this share more than on the last: stock is served first."""


@dataclass(frozen=True)
class Task:
    """What is to be reconciled today.

    Attributes:
        scenario: products, prices, capacities.
        outlook: the forecast.
        z: advised safety factors (M, K) [1].
        stock: where the units are now.
        period: today, counted in the outlook.
        periods: T, how far the model looks.
    """

    scenario: Scenario
    outlook: Outlook
    z: np.ndarray
    stock: StockState
    period: int
    periods: int


class Model:
    """One task's numbers in the order of the matrix.

    Args:
        task: what is to be reconciled.
        certain: whether demand is certain; seen from the task if not given. Part of a task has
            the shape of the whole.
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
        worth = Worth(task.z, scenario.holding_cost, products.missed_sale_cost, scenario.law)
        seen = not any(window.std.any() for window in self.windows)
        self.certain = seen if certain is None else certain
        self.segments: Segments = cut(worth, self.windows, products.lead_time, self.certain)
        self.due = _due(task.stock.pipeline, self.T)
        self.unavoidable = _lost_before_orders(self)
        self.layout: Layout
        matrix, self.layout = tile(
            products.lead_time, self.T, self._space(), self.segments.price.shape[-1]
        )
        self.capacity_rows, self.capacity, self.spread, self.fixed = self._capacities()
        self.matrix: Matrix = with_overflow(
            matrix, self.layout.first_coupling_row + self.capacity_rows, len(STEPS)
        )

    def programme(self) -> LinearProgramme:
        """The linear programme, in days of each product's demand and scaled money."""
        cost, lower, upper = self._columns()
        row_lower, row_upper = self._rows()
        width, price = overflow_steps(
            self.spread.ravel()[self.capacity_rows], self.overflow_price()[self.capacity_rows]
        )
        steps = width.size
        return LinearProgramme(
            matrix=self.matrix,
            cost=np.concatenate([cost.ravel(), price.ravel() / self.money]),
            lower=np.concatenate([lower.ravel(), np.zeros(steps)]),
            upper=np.concatenate([upper.ravel(), width.ravel()]),
            row_lower=row_lower,
            row_upper=row_upper,
        )

    def values(self, solution: Solution) -> dict[str, np.ndarray]:
        """The blocks' columns by family, each (K, columns of the family), in scaled units."""
        block = solution.x[: self.layout.block_columns].reshape(self.K, self.layout.width)
        return {name: block[:, self.layout.columns[name]] for name in FAMILIES}

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
        lower[:, columns["level"]] = -np.inf
        cost[:, columns["above"]] = _by_product(self.segments.price) * unit
        width = self.segments.width / self.scale[:, None]
        endless = np.full((*width.shape[:-1], 1), np.inf)
        upper[:, columns["above"]] = _by_product(np.concatenate([width, endless], axis=-1))
        cost[:, columns["deep"]] = _by_product(self.segments.deep[..., None]) * unit
        return cost, lower, upper

    def _rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bound of every row."""
        stock, scale = self.task.stock, self.scale
        own = np.zeros((3, self.T, self.M, self.K))
        position, relative, balance = own
        local = stock.on_hand + stock.pipeline.sum(axis=-1)
        echelon = np.cumsum(local, axis=0) - stock.backorders
        position[0] = echelon - self.windows[0].echelon_mean
        for t in range(1, self.T):
            entering = self.windows[t].echelon_mean - self.windows[t - 1].echelon_mean
            position[t] = -(entering + self.demand[t - 1])
        relative[:] = self.segments.first
        balance[:, 0] = self.due[:, 0] - self.demand
        balance[0, 0] += stock.on_hand[0] - stock.backorders
        balance[0, 1:] = stock.on_hand[1:]
        balance[1:, 1:] = self.due[:-1, 1:]
        by_product = (own / scale).transpose(3, 0, 2, 1).ravel()
        storage = np.where(np.isfinite(self.capacity), self.capacity - self.fixed, np.inf)
        storage[self.capacity_rows] += STEPS[0] * self.spread.ravel()[self.capacity_rows]
        supply = np.repeat(self.task.scenario.network.supply_capacity, self.T)
        coupling = np.concatenate([storage, supply])
        free = np.full(len(coupling), -np.inf)
        return np.concatenate([by_product, free]), np.concatenate([by_product, coupling])

    def _capacities(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Storage rows with a limit, and per row (M T,) capacity, spread and fixed occupancy."""
        task = self.task
        products = task.scenario.products
        days = task.outlook.std[task.period : task.period + self.T]
        variance = np.cumsum(np.square(days), axis=0) - np.square(days)
        known = Known(self.demand, self.due, task.stock.on_hand[0], np.sqrt(variance))
        fixed = fixed_occupancy(known, self.segments, products.lead_time) @ products.volume
        sigma = np.stack([window.std for window in self.windows])
        spread = occupancy_spread(sigma, products.lead_time, products.volume).T
        capacity = np.repeat(task.scenario.network.storage_capacity, self.T)
        return np.flatnonzero(np.isfinite(capacity)), capacity, spread, fixed.T.ravel()

    def overflow_price(self) -> np.ndarray:
        """Price of overflow of every storage row (M T,) [money/volume/period]."""
        return np.repeat(self.task.scenario.network.overflow_price, self.T)


def arrivals(shipments: np.ndarray, due: np.ndarray, lead_time: np.ndarray) -> np.ndarray:
    """What reaches each stage in each period (T, M, K) [unit], from shipments and what was due."""
    T, M, K = shipments.shape
    arrived = due.copy()
    period = np.arange(T)[:, None]
    for m in range(M):
        shipped = period - lead_time[m]
        came = shipments[np.maximum(shipped, 0), m, np.arange(K)]
        arrived[:, m] += np.where(shipped >= 0, came, 0.0)
    return arrived


def lost_sales(model: Model, shipped: np.ndarray) -> np.ndarray:
    """Sales that must be lost (T, K) [unit] if the shelf is sent `shipped` (T, K)."""
    lead_time = model.task.scenario.products.lead_time[:1]
    arrived = arrivals(shipped[:, None], model.due[:, :1], lead_time)[:, 0]
    left = model.task.stock.on_hand[0].copy()
    lost = np.empty_like(shipped)
    for t in range(len(shipped)):
        left += arrived[t] - model.demand[t]
        lost[t] = np.maximum(-left, 0)
        np.maximum(left, 0, out=left)
    return lost


def _lost_before_orders(model: Model) -> np.ndarray:
    """Sales lost before anything ordered from today on can arrive (T, K) [unit]."""
    return lost_sales(model, np.zeros((model.T, model.K)))


def _due(pipeline: np.ndarray, periods: int) -> np.ndarray:
    """What is under way, by the period in which it arrives (T, M, K) [unit]."""
    due = np.zeros((periods, *pipeline.shape[:2]))
    length = min(periods, pipeline.shape[2])
    due[:length] = np.moveaxis(pipeline, 2, 0)[:length]
    return due


def _by_product(values: np.ndarray) -> np.ndarray:
    """(T, M, K, S) as one row per product, stage before period before segment (K, M T S)."""
    return values.transpose(2, 1, 0, 3).reshape(values.shape[2], -1)
