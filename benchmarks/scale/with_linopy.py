"""The same programme in linopy, whole arrays at a time, for products whose lead times are alike.

Rows of all products and periods are one expression, shifted by the lead time of a stage. It shares
parameters with the model and none of its arrays, and goes to HiGHS without a file between.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from linopy import Model
from xarray import DataArray

from benchmarks.scale.answer import Answer
from benchmarks.scale.facts import Facts, facts_of
from data.errors import PlannerError
from milp.flow import lost_sales
from milp.model import LATER_IS_BETTER, SHIPPING_EFFORT
from milp.storage import STEPS, overflow_steps
from milp.task import Task

Family = Any
"""Variables of one kind, or what is made of them: linopy's arithmetic is its own."""


def ask(task: Task) -> Answer:
    """linopy's answer, by HiGHS.

    Raises:
        PlannerError: it found no optimum, or lead times differ between products.
    """
    arrays = _Arrays(task)
    arrays.rows()
    model = arrays.model
    status, ended = model.solve("highs", io_api="direct", progress=False, output_flag=False)
    cost = model.objective.value
    if status != "ok" or ended != "optimal" or cost is None:
        raise PlannerError(f"the model in linopy ended with {ended}, expected an optimum")
    shipments = np.stack([family.solution.to_numpy() for family in arrays.q], axis=1)
    return Answer(float(cost), shipments)


class _Arrays:
    """One task's variables, stage by stage, each over periods t and products i.

    Args:
        task: whose products have the same lead time at a stage.
    """

    def __init__(self, task: Task) -> None:
        lead_time = task.scenario.products.lead_time
        if (lead_time != lead_time[:, :1]).any():
            raise PlannerError(
                "the model in linopy is of whole arrays: lead times differ between products, "
                "expected one per stage"
            )
        self.facts: Facts = facts_of(task)
        self.task, self.L = task, lead_time[:, 0]
        self.T, self.M, self.K = self.facts.shape
        segments, T = self.facts.segments, self.T
        self.t, self.i = pd.RangeIndex(T, name="t"), pd.RangeIndex(self.K, name="i")
        self.s = pd.RangeIndex(segments.price.shape[-1], name="s")
        self.j = pd.RangeIndex(len(STEPS), name="j")
        self.model = Model(force_dim_names=True)
        every, products = (self.t, self.i), task.scenario.products
        add, stages = self.model.add_variables, range(self.M)
        largest = np.broadcast_to(products.maximum_order, (T, self.K))
        waits = np.where(products.backordered, np.inf, 0.0)
        width = np.concatenate([segments.width, np.full((T, self.M, self.K, 1), np.inf)], axis=-1)
        step, _ = overflow_steps(np.ones(1), np.ones(1))
        wide, steps = self.facts.spread[..., None] * step, (self.t, self.j)
        self.q = [add(0, self._of_days(largest), every, f"q{m}") for m in stages]
        least, most = map(self._of_days, self._lost_between())
        self.l = add(least, most, every, "l")
        self.b = add(0, self._of_days(np.broadcast_to(waits, (T, self.K))), every, "b")
        self.y = [add(0, np.inf, every, f"y{m}") for m in stages]
        self.e = [add(-np.inf, np.inf, every, f"e{m}") for m in stages]
        self.x = [add(0, self._of_segments(width[:, m]), (*every, self.s), f"x{m}") for m in stages]
        self.u = [add(0, np.inf, every, f"u{m}") for m in stages]
        self.o = [add(0, DataArray(wide[:, m], coords=steps), steps, f"o{m}") for m in stages]

    def rows(self) -> None:
        """Every row and the cost."""
        add = self.model.add_constraints
        add(self._shelf(), name="shelf")
        for m in range(self.M):
            add(self._position(m), name=f"position{m}")
            add(self._relative(m), name=f"relative{m}")
            if m:
                add(self._upstream(m), name=f"upstream{m}")
            network = self.task.scenario.network
            if np.isfinite(network.storage_capacity[m]):
                add(self._storage(m), name=f"storage{m}")
            if np.isfinite(network.supply_capacity[m]):
                volume = self._of_products(self.task.scenario.products.volume)
                shipped = (volume * self.q[m]).sum("i")
                add(shipped <= float(network.supply_capacity[m]), name=f"supply{m}")
        self.model.add_objective(self._cost())

    def _position(self, m: int) -> Family:
        """e_m(t) = e_m(t-1) + q_m(t) + l(t-1) - d(t + PI_m - 1)."""
        stock, demand = self.task.stock, self.facts.demand
        ahead = int((self.L[: m + 1] + 1).sum())
        moved = -demand[ahead - 1 : ahead - 1 + self.T]
        here = stock.on_hand[: m + 1].sum(axis=0) + stock.pipeline[: m + 1].sum(axis=(0, 2))
        moved[0] = here - stock.backorders - demand[:ahead].sum(axis=0)
        before = _earlier(self.e[m], 1) + _earlier(self.l, 1)
        return self.e[m] - before - self.q[m] == self._of_days(moved)

    def _relative(self, m: int) -> Family:
        """e_m(t) - e_{m-1}(tau) = first - u + sum_k x_k, tau when the units can be drawn on."""
        level = self.e[m] + self.u[m] - self.x[m].sum("s")
        if m:
            last = self.T - 1 - int(self.L[m - 1])
            tau = np.maximum(np.minimum(np.arange(self.T) + int(self.L[m]) + 1, last), 0)
            level = level - self.e[m - 1].isel(t=tau).assign_coords(t=self.t)
        return level == self._of_days(self.facts.segments.first[:, m])

    def _shelf(self) -> Family:
        """y_0(t) - b(t) = y_0(t-1) - b(t-1) + arriving(t) - d(t) + l(t)."""
        stock, y, b = self.task.stock, self.y[0], self.b
        moved = self.facts.due[:, 0] - self.facts.demand[: self.T]
        moved[0] += stock.on_hand[0] - stock.backorders
        arrived = _earlier(self.q[0], int(self.L[0]))
        change = y - _earlier(y, 1) - b + _earlier(b, 1)
        return change - arrived - self.l == self._of_days(moved)

    def _upstream(self, m: int) -> Family:
        """y_m(t) = y_m(t-1) + arriving(t-1) - q_{m-1}(t): only opening stock ships on."""
        opening = np.concatenate([self.task.stock.on_hand[None, m], self.facts.due[:-1, m]])
        arrived = _earlier(self.q[m], int(self.L[m]) + 1)
        left = self.y[m] - _earlier(self.y[m], 1) - arrived + self.q[m - 1]
        return left == self._of_days(opening)

    def _storage(self, m: int) -> Family:
        """sum_i v occupied <= C - 2 sd + overflow, what nobody decides on the right."""
        L, period = int(self.L[m]), np.arange(self.T)
        volume = self.task.scenario.products.volume
        decided = ((period >= L) & ((m == 0) | (period + 1 < self.T)))[:, None]
        late, early = self._of_days(decided * volume), self._of_days(~decided * volume)
        presence = np.roll(self.facts.segments.presence[:, m], L, axis=0)
        weight = self._of_segments((decided * volume)[..., None] * presence)
        used = (weight * _earlier(self.x[m], L)).sum("s")
        if m:
            passing = self.q[m - 1]
            later = passing.shift(t=-1).fillna(0)
            stays = self.y[m] + passing + _earlier(self.q[m], L)
            used = used + late * passing + late * later + early * stays
        else:
            stays = self.y[0] - self.l - self.b + _earlier(self.b, 1)
            used = used + early * stays
        spread = self.facts.spread[:, m]
        room = self.task.scenario.network.storage_capacity[m] + STEPS[0] * spread
        left = DataArray(room - self.facts.fixed[:, m] @ volume, coords=[self.t])
        return used.sum("i") - self.o[m].sum("j") <= left

    def _cost(self) -> Family:
        """Worth of levels, missed sales, overflow, and next to nothing for shipping."""
        products, segments = self.task.scenario.products, self.facts.segments
        network = self.task.scenario.network
        later = 1 + LATER_IS_BETTER * (self.T - 1 - np.arange(self.T)) / self.T
        waits = products.backordered
        missed = later[:, None] * products.missed_sale_cost
        cost = (self._of_days(missed * ~waits) * self.l).sum()
        cost = cost + (self._of_days(missed * waits) * self.b).sum()
        effort = self._of_products(SHIPPING_EFFORT * products.holding_cost)
        for m in range(self.M):
            price = self._of_segments(segments.price[:, m])
            cost = cost + (effort * self.q[m]).sum() + (price * self.x[m]).sum()
            cost = cost + (self._of_days(segments.deep[:, m]) * self.u[m]).sum()
            if np.isfinite(network.storage_capacity[m]):
                _, steps = overflow_steps(
                    self.facts.spread[:1, m], network.overflow_price[m : m + 1]
                )
                cost = cost + (DataArray(steps[0], coords=[self.j]) * self.o[m]).sum()
        return cost

    def _lost_between(self) -> tuple[np.ndarray, np.ndarray]:
        """0 <= l(t) <= d(t); before anything ordered today can arrive l(t) is what must be lost."""
        most = np.where(self.task.scenario.products.backordered, 0.0, self.facts.demand[: self.T])
        must = lost_sales(self.task, self.facts.due, np.zeros_like(most))
        must = np.where(self.task.scenario.products.backordered, 0.0, must)
        certain = np.arange(self.T)[:, None] < self.L[0]
        return np.where(certain, must, 0.0), np.where(certain, must, most)

    def _of_days(self, values: np.ndarray) -> DataArray:
        """(T, K) by period and product."""
        return DataArray(values, coords=[self.t, self.i])

    def _of_segments(self, values: np.ndarray) -> DataArray:
        """(T, K, S) by period, product and segment."""
        return DataArray(values, coords=[self.t, self.i, self.s])

    def _of_products(self, values: np.ndarray) -> DataArray:
        """(K,) by product."""
        return DataArray(values, coords=[self.i])


def _earlier(family: Family, periods: int) -> Family:
    """What the variables were some periods before; nothing before today."""
    return family.shift(t=periods).fillna(0) if periods else family
