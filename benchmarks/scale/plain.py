"""The same programme as a textbook would write it, in Pyomo: one rule per row, in units and money.

It shares parameters with the model (what a level is worth, how uncertain occupancy is), and none of
its arrays, scaling, tiling or order of columns. Slow, readable, and the judge of the fast one.
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from benchmarks.scale.answer import Answer
from benchmarks.scale.facts import facts_of
from data.errors import PlannerError
from milp.model import LATER_IS_BETTER, SHIPPING_EFFORT
from milp.storage import STEPS, overflow_steps
from milp.task import Task


def ask(task: Task) -> Answer:
    """The plain model's answer, by HiGHS.

    Raises:
        PlannerError: it found no optimum.
    """
    model = plain_model(task)
    outcome = pyo.SolverFactory("appsi_highs").solve(model)
    ended = outcome.solver.termination_condition
    if ended != pyo.TerminationCondition.optimal:
        raise PlannerError(f"the plain model in Pyomo ended with {ended}, expected an optimum")
    shipments = [[[pyo.value(model.q[i, m, t]) for i in model.I] for m in model.M] for t in model.T]
    return Answer(pyo.value(model.cost), np.array(shipments))


def plain_model(task: Task) -> pyo.ConcreteModel:
    """Today's problem over products i, stages m and periods t."""
    rules = _Rules(task)
    T, M, K = rules.facts.shape
    model = pyo.ConcreteModel()
    model.I, model.M, model.T = pyo.RangeSet(0, K - 1), pyo.RangeSet(0, M - 1), range(T)
    model.S, model.J = range(rules.facts.segments.price.shape[-1]), range(len(STEPS))
    each = (model.I, model.M, model.T)
    products = task.scenario.products

    model.q = pyo.Var(
        *each, bounds=lambda _, i, m, t: (0, finite(float(products.maximum_order[i])))
    )
    model.l = pyo.Var(model.I, model.T, bounds=rules.lost_between)
    model.b = pyo.Var(
        model.I, model.T, bounds=lambda _, i, t: (0, None if products.backordered[i] else 0)
    )
    model.y = pyo.Var(*each, bounds=(0, None))
    model.e = pyo.Var(*each)
    model.x = pyo.Var(*each, model.S, bounds=rules.segment_between)
    model.u = pyo.Var(*each, bounds=(0, None))
    model.o = pyo.Var(model.M, model.T, model.J, bounds=rules.step_between)

    model.position = pyo.Constraint(*each, rule=rules.position)
    model.relative = pyo.Constraint(*each, rule=rules.relative)
    model.shelf = pyo.Constraint(model.I, model.T, rule=rules.shelf)
    model.upstream = pyo.Constraint(*each, rule=rules.upstream)
    model.storage = pyo.Constraint(model.M, model.T, rule=rules.storage)
    model.supply = pyo.Constraint(model.M, model.T, rule=rules.supply)
    model.cost = pyo.Objective(rule=rules.cost)
    return model


def finite(value: float) -> float | None:
    """A bound as Pyomo writes it."""
    return float(value) if np.isfinite(value) else None


class _Rules:
    """The rules of one task: every row, bound and cost by itself."""

    def __init__(self, task: Task) -> None:
        self.facts = facts_of(task)
        self.T, self.M, self.K = self.facts.shape
        self.L = task.scenario.products.lead_time
        self.volume = task.scenario.products.volume
        self.capacity = task.scenario.network.storage_capacity

    def interval(self, i: int, m: int) -> int:
        """PI_m = sum of L_j + 1 over the stage and all stages downstream [period]."""
        return sum(int(self.L[j, i]) + 1 for j in range(m + 1))

    def lost_between(self, _: pyo.ConcreteModel, i: int, t: int) -> tuple[float, float]:
        """0 <= l(t) <= d(t); before anything ordered today can arrive l(t) is what must be lost."""
        if self.facts.task.scenario.products.backordered[i]:
            return 0.0, 0.0
        if t >= self.L[0, i]:
            return 0.0, float(self.facts.demand[t, i])
        left = float(self.facts.task.stock.on_hand[0, i])
        lost = 0.0
        for s in range(t + 1):
            left += float(self.facts.due[s, 0, i] - self.facts.demand[s, i])
            lost = max(-left, 0.0)
            left = max(left, 0.0)
        return lost, lost

    def segment_between(
        self, _: pyo.ConcreteModel, i: int, m: int, t: int, k: int
    ) -> tuple[float, float | None]:
        """Every segment but the last has a width."""
        width = self.facts.segments.width
        return 0.0, float(width[t, m, i, k]) if k < width.shape[-1] else None

    def step_between(
        self, _: pyo.ConcreteModel, m: int, t: int, j: int
    ) -> tuple[float, float | None]:
        """Overflow is bought in steps of which every one but the last has a width."""
        width, _ = overflow_steps(self.facts.spread[t, m : m + 1], np.ones(1))
        return 0.0, finite(width[0, j])

    def position(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """e_m(t) = e_m(t-1) + q_m(t) + l(t-1) - d(t + PI_m - 1)."""
        ahead = self.interval(i, m)
        if t:
            gone = self.facts.demand[t + ahead - 1, i]
            return (
                model.e[i, m, t]
                == model.e[i, m, t - 1] + model.q[i, m, t] + model.l[i, t - 1] - gone
            )
        stock = self.facts.task.stock
        here = stock.on_hand[: m + 1, i].sum() + stock.pipeline[: m + 1, i].sum()
        covered = self.facts.demand[:ahead, i].sum()
        return model.e[i, m, 0] == here - stock.backorders[i] - covered + model.q[i, m, 0]

    def relative(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """e_m(t) - e_{m-1}(tau) = first - u + sum_k x_k, tau when the units can be drawn on."""
        below = 0.0
        if m:
            last = self.T - 1 - int(self.L[m - 1, i])
            tau = max(min(t + int(self.L[m, i]) + 1, last), 0)
            below = model.e[i, m - 1, tau]
        cut_up = sum(model.x[i, m, t, k] for k in model.S)
        first = self.facts.segments.first[t, m, i]
        return model.e[i, m, t] - below == first - model.u[i, m, t] + cut_up

    def arriving(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """What reaches stage m in t: what is due, and what was shipped L periods ago."""
        shipped = t - int(self.L[m, i])
        return self.facts.due[t, m, i] + (model.q[i, m, shipped] if shipped >= 0 else 0.0)

    def shelf(self, model: pyo.ConcreteModel, i: int, t: int) -> pyo.Expression:
        """y_0(t) - b(t) = y_0(t-1) - b(t-1) + arriving(t) - d(t) + l(t)."""
        stock = self.facts.task.stock
        before = (
            model.y[i, 0, t - 1] - model.b[i, t - 1]
            if t
            else stock.on_hand[0, i] - stock.backorders[i]
        )
        after = model.y[i, 0, t] - model.b[i, t]
        return (
            after
            == before + self.arriving(model, i, 0, t) - self.facts.demand[t, i] + model.l[i, t]
        )

    def upstream(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """y_m(t) = y_m(t-1) + arriving(t-1) - q_{m-1}(t): only opening stock ships on."""
        if m == 0:
            return pyo.Constraint.Skip
        opening = (
            model.y[i, m, t - 1] + self.arriving(model, i, m, t - 1)
            if t
            else self.facts.task.stock.on_hand[m, i]
        )
        return model.y[i, m, t] == opening - model.q[i, m - 1, t]

    def occupied(self, model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        """Expected opening stock and arrivals of one product [unit]; constants in `fixed`."""
        ordered = t - int(self.L[m, i])
        fixed = self.facts.fixed[t, m, i]
        if ordered >= 0 and (m == 0 or t + 1 < self.T):
            presence = self.facts.segments.presence[ordered, m, i]
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
        return used <= self.capacity[m] + STEPS[0] * self.facts.spread[t, m] + overflow

    def supply(self, model: pyo.ConcreteModel, m: int, t: int) -> pyo.Expression:
        """sum_i v q_m(t) <= what can be shipped to the stage in a period."""
        limit = self.facts.task.scenario.network.supply_capacity[m]
        if not np.isfinite(limit):
            return pyo.Constraint.Skip
        return sum(self.volume[i] * model.q[i, m, t] for i in model.I) <= float(limit)

    def cost(self, model: pyo.ConcreteModel) -> pyo.Expression:
        """Worth of levels, missed sales, overflow, and next to nothing for shipping."""
        products, segments = self.facts.task.scenario.products, self.facts.segments
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
                price = self.facts.task.scenario.network.overflow_price[m : m + 1]
                for t in model.T:
                    _, step = overflow_steps(self.facts.spread[t, m : m + 1], price)
                    money += sum(float(step[0, j]) * model.o[m, t, j] for j in model.J)
        return money
