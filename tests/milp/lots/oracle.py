"""The lots' model as a textbook would write it, on top of the plain one: every integer, one by one.

Solved by HiGHS's own branch and bound, it is the judge of bounds and plans.
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from benchmarks.scale.plain import plain_model
from milp.model import Model
from milp.task import Task

MANY = 1e5


def least_cost(task: Task, days: int) -> float:
    """Cost of the best plan in lots, constants included [money]."""
    model = plain_model(task)
    _lots(model, task, days)
    _orders(model, task, days)
    _suppliers(model, task, days)
    _trucks(model, task, days)
    model.cost.deactivate()
    model.total = pyo.Objective(
        expr=model.cost.expr
        + model.order_money
        + model.supplier_money
        + model.truck_money
        + _later(model, task, days)
    )
    solver = pyo.SolverFactory("appsi_highs")
    solver.highs_options = {"mip_rel_gap": 1e-7, "mip_abs_gap": 1e-7, "threads": 1}
    outcome = solver.solve(model)
    assert outcome.solver.termination_condition == pyo.TerminationCondition.optimal
    return float(pyo.value(model.total)) + Model(task).constant


def _lots(model: pyo.ConcreteModel, task: Task, days: int) -> None:
    """q_m(t) = lot n_m(t) on the first days."""
    lot = task.scenario.products.lot_size
    model.D = range(days)
    model.n = pyo.Var(model.I, model.M, model.D, domain=pyo.NonNegativeIntegers, bounds=(0, MANY))

    def whole(model: pyo.ConcreteModel, i: int, m: int, t: int) -> pyo.Expression:
        if not lot[i]:
            return pyo.Constraint.Skip
        return model.q[i, m, t] == float(lot[i]) * model.n[i, m, t]

    model.whole = pyo.Constraint(model.I, model.M, model.D, rule=whole)
    if task.most is not None:
        model.most = pyo.Constraint(
            model.I,
            model.M,
            model.T,
            rule=lambda model, i, m, t: (
                model.q[i, m, t] <= float(task.most[t, m, i])
                if np.isfinite(task.most[t, m, i])
                else pyo.Constraint.Skip
            ),
        )


def _orders(model: pyo.ConcreteModel, task: Task, days: int) -> None:
    """minimum y <= q_M(t) <= much y."""
    products, top = task.scenario.products, task.z.shape[0] - 1
    model.placed = pyo.Var(model.I, model.D, domain=pyo.Binary)
    model.least = pyo.Constraint(
        model.I,
        model.D,
        rule=lambda model, i, t: (
            model.q[i, top, t] >= float(products.minimum_order[i]) * model.placed[i, t]
        ),
    )
    much = 50 * max(float(task.outlook.mean.max()), 1.0) + float(products.minimum_order.max())
    model.gate = pyo.Constraint(
        model.I, model.D, rule=lambda model, i, t: model.q[i, top, t] <= much * model.placed[i, t]
    )
    model.order_money = pyo.Expression(
        expr=sum(
            float(products.order_cost[i]) * model.placed[i, t] for i in model.I for t in model.D
        )
    )


def _suppliers(model: pyo.ConcreteModel, task: Task, days: int) -> None:
    """placed_i(t) <= open_s(t), and minimum open_s(t) <= money ordered from s on t."""
    scenario, top = task.scenario, task.z.shape[0] - 1
    suppliers, mine = scenario.terms.suppliers, scenario.supplier
    model.Q = range(len(suppliers))
    model.open = pyo.Var(model.Q, model.D, domain=pyo.Binary)
    model.joined = pyo.Constraint(
        model.I,
        model.D,
        rule=lambda model, i, t: (
            model.placed[i, t] <= model.open[int(mine[i]), t]
            if mine[i] >= 0
            else pyo.Constraint.Skip
        ),
    )

    def enough(model: pyo.ConcreteModel, s: int, t: int) -> pyo.Expression:
        members = [i for i in model.I if mine[i] == s]
        if not members:
            return pyo.Constraint.Skip
        money = sum(float(scenario.purchase_cost[i]) * model.q[i, top, t] for i in members)
        return money >= float(suppliers.minimum_order[s]) * model.open[s, t]

    model.enough = pyo.Constraint(model.Q, model.D, rule=enough)
    model.supplier_money = pyo.Expression(
        expr=sum(
            float(suppliers.order_cost[s]) * model.open[s, t] for s in model.Q for t in model.D
        )
    )


def _trucks(model: pyo.ConcreteModel, task: Task, days: int) -> None:
    """sum_i v q_m(t) <= what whole trucks hold; on later days parts of trucks will do."""
    network, volume = task.scenario.network, task.scenario.products.volume
    held, cost = network.truck_volume, network.truck_cost
    model.truck = pyo.Var(model.M, model.D, domain=pyo.NonNegativeIntegers)

    def load(model: pyo.ConcreteModel, m: int, t: int) -> pyo.Expression:
        return sum(float(volume[i]) * model.q[i, m, t] for i in model.I)

    model.room = pyo.Constraint(
        model.M,
        model.D,
        rule=lambda model, m, t: (
            load(model, m, t) <= float(held[m]) * model.truck[m, t]
            if held[m] > 0
            else pyo.Constraint.Skip
        ),
    )
    model.truck_money = pyo.Expression(
        expr=sum(
            float(cost[m]) * (model.truck[m, t] if t < days else load(model, m, t) / float(held[m]))
            for m in model.M
            if held[m] > 0
            for t in model.T
        )
    )


def _later(model: pyo.ConcreteModel, task: Task, days: int) -> pyo.Expression:
    """On later days a unit bears twice its part of an order of the economic quantity."""
    scenario, top = task.scenario, task.z.shape[0] - 1
    products, suppliers = scenario.products, scenario.terms.suppliers
    rate = task.outlook.mean[task.period : task.period + task.periods].mean(axis=0)
    holding = scenario.holding_cost[top]
    money = 0.0
    for i in model.I:
        quantity = np.sqrt(2 * products.order_cost[i] * rate[i] / holding[i])
        lot, least = products.lot_size[i], products.minimum_order[i]
        quantity = max(quantity, np.ceil(least / lot - 1e-9) * lot if lot else least)
        part = 2 * products.order_cost[i] / quantity if quantity else 0.0
        s = scenario.supplier[i]
        daily = float((holding * rate)[scenario.supplier == s].sum())
        if s >= 0 and suppliers.order_cost[s] and daily:
            mine = scenario.supplier == s
            bought = float((scenario.purchase_cost * rate)[mine].sum())
            wait = max(
                np.sqrt(2 * suppliers.order_cost[s] / daily),
                suppliers.minimum_order[s] / bought if bought else 0.0,
                1.0,
            )
            part += 2 * suppliers.order_cost[s] / wait * holding[i] / daily
        money += sum(float(part) * model.q[i, top, t] for t in range(days, task.periods))
    return money
