"""The whole model as a textbook would write it: one rule per row, in units and money.

It shares parameters with the model (what a level is worth, how uncertain occupancy is), and none of
its arrays, scaling, tiling or order of columns. Slow, readable, and the judge of the fast one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo

from milp.model import LATER_IS_BETTER, SHIPPING_EFFORT, Task
from milp.segments import Segments, Worth, cut
from milp.storage import STEPS, Known, fixed_occupancy, occupancy_spread, overflow_steps


@dataclass(frozen=True)
class Oracle:
    """What the plain model answers.

    Attributes:
        objective: its cost [money].
        shipments: (T, M, K) [unit]; one of several best ones where there are several.
    """

    objective: float
    shipments: np.ndarray


def ask(task: Task) -> Oracle:
    """The plain model's answer."""
    model = plain_model(task)
    outcome = pyo.SolverFactory("appsi_highs").solve(model)
    assert outcome.solver.termination_condition == pyo.TerminationCondition.optimal
    shipments = [[[pyo.value(model.q[i, m, t]) for i in model.I] for m in model.M] for t in model.T]
    return Oracle(pyo.value(model.cost), np.array(shipments))


def plain_model(task: Task) -> pyo.ConcreteModel:
    """Today's problem over products i, stages m and periods t."""
    facts = _Facts(task)
    M, T, K = facts.M, facts.T, facts.K
    model = pyo.ConcreteModel()
    model.I, model.M, model.T = pyo.RangeSet(0, K - 1), pyo.RangeSet(0, M - 1), range(T)
    model.S, model.J = range(facts.segments.price.shape[-1]), range(len(STEPS))
    each = (model.I, model.M, model.T)
    products = task.scenario.products

    model.q = pyo.Var(*each, bounds=lambda _, i, m, t: (0, finite(products.maximum_order[i])))
    model.l = pyo.Var(model.I, model.T, bounds=facts.lost_between)
    model.b = pyo.Var(
        model.I, model.T, bounds=lambda _, i, t: (0, None if products.backordered[i] else 0)
    )
    model.y = pyo.Var(*each, bounds=(0, None))
    model.e = pyo.Var(*each)
    model.x = pyo.Var(*each, model.S, bounds=facts.segment_between)
    model.u = pyo.Var(*each, bounds=(0, None))
    model.o = pyo.Var(model.M, model.T, model.J, bounds=facts.step_between)

    model.position = pyo.Constraint(*each, rule=facts.position)
    model.relative = pyo.Constraint(*each, rule=facts.relative)
    model.shelf = pyo.Constraint(model.I, model.T, rule=facts.shelf)
    model.upstream = pyo.Constraint(*each, rule=facts.upstream)
    model.storage = pyo.Constraint(model.M, model.T, rule=facts.storage)
    model.supply = pyo.Constraint(model.M, model.T, rule=facts.supply)
    model.cost = pyo.Objective(rule=facts.cost)
    return model


def finite(value: float) -> float | None:
    """A bound as Pyomo writes it."""
    return float(value) if np.isfinite(value) else None


class _Facts:
    """The parameters of one task and the rules that use them."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.M, self.K = task.z.shape
        self.T = task.periods
        self.L = task.scenario.products.lead_time
        self.d = task.outlook.mean[task.period :]
        self.volume = task.scenario.products.volume
        windows = [task.outlook.windows(task.period + t) for t in range(self.T)]
        self.segments: Segments = cut(
            Worth(
                task.z,
                task.scenario.holding_cost,
                task.scenario.products.missed_sale_cost,
                task.scenario.law,
            ),
            windows,
            self.L,
        )
        pipeline = task.stock.pipeline
        self.due = np.zeros((self.T, self.M, self.K))
        for t in range(min(self.T, pipeline.shape[2])):
            self.due[t] = pipeline[:, :, t]
        std = task.outlook.std[task.period : task.period + self.T]
        until = [np.sqrt(np.square(std[:t]).sum(axis=0)) for t in range(self.T)]
        known = Known(self.d[: self.T], self.due, task.stock.on_hand[0], np.stack(until))
        self.fixed = fixed_occupancy(known, self.segments, self.L)
        sigma = np.stack([window.std for window in windows])
        self.sd = occupancy_spread(sigma, self.L, self.volume)
        self.capacity = task.scenario.network.storage_capacity

    def interval(self, i: int, m: int) -> int:
        """PI_m = sum of L_j + 1 over the stage and all stages downstream [period]."""
        return sum(int(self.L[j, i]) + 1 for j in range(m + 1))

    def lost_between(self, _: pyo.ConcreteModel, i: int, t: int) -> tuple[float, float]:
        """0 <= l(t) <= d(t); before anything ordered today can arrive l(t) is what must be lost."""
        if self.task.scenario.products.backordered[i]:
            return 0.0, 0.0
        if t >= self.L[0, i]:
            return 0.0, float(self.d[t, i])
        left = float(self.task.stock.on_hand[0, i])
        lost = 0.0
        for s in range(t + 1):
            left += float(self.due[s, 0, i] - self.d[s, i])
            lost = max(-left, 0.0)
            left = max(left, 0.0)
        return lost, lost

    def segment_between(
        self, _: pyo.ConcreteModel, i: int, m: int, t: int, k: int
    ) -> tuple[float, float | None]:
        """Every segment but the last has a width."""
        width = self.segments.width
        return 0.0, float(width[t, m, i, k]) if k < width.shape[-1] else None

    def step_between(
        self, _: pyo.ConcreteModel, m: int, t: int, j: int
    ) -> tuple[float, float | None]:
        """Overflow is bought in steps of which every one but the last has a width."""
        width, _ = overflow_steps(self.sd[t, m : m + 1], np.ones(1))
        return 0.0, finite(width[0, j])

    def position(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """e_m(t) = e_m(t-1) + q_m(t) + l(t-1) - d(t + PI_m - 1)."""
        ahead = self.interval(i, m)
        if t:
            gone = self.d[t + ahead - 1, i]
            return (
                model.e[i, m, t]
                == model.e[i, m, t - 1] + model.q[i, m, t] + model.l[i, t - 1] - gone
            )
        stock = self.task.stock
        here = stock.on_hand[: m + 1, i].sum() + stock.pipeline[: m + 1, i].sum()
        covered = self.d[:ahead, i].sum()
        return model.e[i, m, 0] == here - stock.backorders[i] - covered + model.q[i, m, 0]

    def relative(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """e_m(t) - e_{m-1}(tau) = first - u + sum_k x_k, tau when the units can be drawn on."""
        below = 0.0
        if m:
            last = self.T - 1 - int(self.L[m - 1, i])
            tau = max(min(t + int(self.L[m, i]) + 1, last), 0)
            below = model.e[i, m - 1, tau]
        cut_up = sum(model.x[i, m, t, k] for k in model.S)
        first = self.segments.first[t, m, i]
        return model.e[i, m, t] - below == first - model.u[i, m, t] + cut_up

    def arriving(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """What reaches stage m in t: what is due, and what was shipped L periods ago."""
        shipped = t - int(self.L[m, i])
        return self.due[t, m, i] + (model.q[i, m, shipped] if shipped >= 0 else 0.0)

    def shelf(self, model: pyo.ConcreteModel, i: int, t: int) -> pyo.Expression:
        """y_0(t) - b(t) = y_0(t-1) - b(t-1) + arriving(t) - d(t) + l(t)."""
        stock = self.task.stock
        before = (
            model.y[i, 0, t - 1] - model.b[i, t - 1]
            if t
            else stock.on_hand[0, i] - stock.backorders[i]
        )
        after = model.y[i, 0, t] - model.b[i, t]
        return after == before + self.arriving(model, i, 0, t) - self.d[t, i] + model.l[i, t]

    def upstream(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """y_m(t) = y_m(t-1) + arriving(t-1) - q_{m-1}(t): only opening stock ships on."""
        if m == 0:
            return pyo.Constraint.Skip
        opening = (
            model.y[i, m, t - 1] + self.arriving(model, i, m, t - 1)
            if t
            else self.task.stock.on_hand[m, i]
        )
        return model.y[i, m, t] == opening - model.q[i, m - 1, t]

    def occupied(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """Expected opening stock and arrivals of one product [unit]; constants in `fixed`."""
        ordered = t - int(self.L[m, i])
        fixed = self.fixed[t, m, i]
        if ordered >= 0 and (m == 0 or t + 1 < self.T):
            presence = self.segments.presence[ordered, m, i]
            expected = sum(float(presence[k]) * model.x[i, m, ordered, k] for k in model.S)
            passing = model.q[i, m - 1, t] + model.q[i, m - 1, t + 1] if m else 0.0
            return fixed + expected + passing
        if m == 0:
            waited = model.b[i, t - 1] if t else 0.0
            return fixed + model.y[i, 0, t] - model.l[i, t] - model.b[i, t] + waited
        arriving = model.q[i, m, ordered] if ordered >= 0 else 0.0
        return fixed + model.y[i, m, t] + model.q[i, m - 1, t] + arriving

    def storage(self, model: pyo.ConcreteModel, m: int, t: int) -> pyo.Expression:
        """sum_i v occupied <= C - 2 sd + overflow."""
        if not np.isfinite(self.capacity[m]):
            return pyo.Constraint.Skip
        used = sum(self.volume[i] * self.occupied(model, i, m, t) for i in model.I)
        overflow = sum(model.o[m, t, j] for j in model.J)
        return used <= self.capacity[m] + STEPS[0] * self.sd[t, m] + overflow

    def supply(self, model: pyo.ConcreteModel, m: int, t: int) -> pyo.Expression:
        """sum_i v q_m(t) <= what can be shipped to the stage in a period."""
        limit = self.task.scenario.network.supply_capacity[m]
        if not np.isfinite(limit):
            return pyo.Constraint.Skip
        return sum(self.volume[i] * model.q[i, m, t] for i in model.I) <= float(limit)

    def cost(self, model: pyo.ConcreteModel) -> pyo.Expression:
        """Worth of levels, missed sales, overflow, and next to nothing for shipping."""
        products, segments = self.task.scenario.products, self.segments
        money = 0.0
        for i in model.I:
            for t in model.T:
                later = 1 + LATER_IS_BETTER * (self.T - 1 - t) / self.T
                unmet = model.b[i, t] if products.backordered[i] else model.l[i, t]
                money += float(products.missed_sale_cost[i]) * later * unmet
                for m in model.M:
                    effort = SHIPPING_EFFORT * float(products.holding_cost[i])
                    money += effort * model.q[i, m, t]
                    money += float(segments.deep[t, m, i]) * model.u[i, m, t]
                    for k in model.S:
                        money += float(segments.price[t, m, i, k]) * model.x[i, m, t, k]
        for m in model.M:
            if np.isfinite(self.capacity[m]):
                price = self.task.scenario.network.overflow_price[m : m + 1]
                for t in model.T:
                    _, step = overflow_steps(self.sd[t, m : m + 1], price)
                    money += sum(float(step[0, j]) * model.o[m, t, j] for j in model.J)
        return money
