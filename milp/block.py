"""One product's model, written in Pyomo as one reads it and compiled once to a matrix.

The form is "relative echelon": shipments move echelon levels, and what a level is worth is judged
relative to the stage below, so that stock freed at a cut shelf does not block the stage above, and
a short stage above lowers what the shelf can hope for after its lead time.

All quantities are in units of the product's own mean demand ("days"), so every product of the
same lead times shares one matrix; prices, bounds and right-hand sides are filled in by
`milp/tiling.py`, and the coefficients of the rows that couple products are multiplied there by
the space a unit takes.

Sets: stages m = 0 (shelf) .. M - 1, periods t = 0 .. T - 1, segments k = 0 .. K - 1 (the last one
without upper bound).
Variables, all of one product:
    ship[m,t]       q  shipped to stage m in t
    lost[t]         l  demand lost
    waiting[t]      b  customers waiting at the end of t
    stock[m,t]      y  at the shelf: at the end of t; upstream: opening stock left after shipping
    level[m,t]      e  echelon position after ordering, less the forecast over the echelon interval
    above[m,t,k]    x  the relative level, cut into segments
    deep[m,t]       u  the relative level below the first segment
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from milp.shape import COUPLING_ROWS, FAMILIES, OWN_ROWS, Shape, Template


def build(shape: Shape) -> pyo.ConcreteModel:
    """One product's rows; right-hand sides are all zero and filled in by the tiling."""
    model = pyo.ConcreteModel()
    M, T, K = range(shape.stages), range(shape.periods), range(shape.segments)
    model.ship = pyo.Var(M, T, bounds=(0, None))
    model.lost = pyo.Var(T, bounds=(0, None))
    model.waiting = pyo.Var(T, bounds=(0, None))
    model.stock = pyo.Var(M, T, bounds=(0, None))
    model.level = pyo.Var(M, T)
    model.above = pyo.Var(M, T, K, bounds=(0, None))
    model.deep = pyo.Var(M, T, bounds=(0, None))
    _echelon_rows(model, shape)
    _stock_rows(model, shape)
    _coupling_rows(model, shape)
    model.money = pyo.Objective(expr=0.0)
    return model


def _echelon_rows(model: pyo.ConcreteModel, shape: Shape) -> None:
    """Echelon levels, and what they are relative to.

    position:  e_m(t) - e_m(t-1) - q_m(t) - l(t-1) = -d(t + PI_m - 1)
    relative:  e_m(t) - e_{m-1}(tau) - sum_k x_mk(t) + u_m(t) = start of the first segment
    """
    M, T, K = range(shape.stages), range(shape.periods), range(shape.segments)

    def position(model: pyo.ConcreteModel, m: int, t: int) -> pyo.Expression:
        before = model.level[m, t - 1] + model.lost[t - 1] if t else 0
        return model.level[m, t] - before - model.ship[m, t] == 0

    def relative(model: pyo.ConcreteModel, m: int, t: int) -> pyo.Expression:
        below = model.level[m - 1, shape.relative_to(m, t)] if m else 0
        cut = sum(model.above[m, t, k] for k in K) - model.deep[m, t]
        return model.level[m, t] - below - cut == 0

    model.position = pyo.Constraint(M, T, rule=position)
    model.relative = pyo.Constraint(M, T, rule=relative)


def _stock_rows(model: pyo.ConcreteModel, shape: Shape) -> None:
    """Units on the ground; upstream only opening stock can be shipped on.

    shelf:     y_0(t) - b(t) = y_0(t-1) - b(t-1) + q_0(t - L_0) + due(t) - d(t) + l(t)
    upstream:  y_m(t) = y_m(t-1) + q_m(t-1 - L_m) + due(t-1) - q_{m-1}(t)
    """

    def balance(model: pyo.ConcreteModel, m: int, t: int) -> pyo.Expression:
        shipped = t - shape.lead_time[m] - (1 if m else 0)
        flow = model.stock[m, t] - (model.ship[m, shipped] if shipped >= 0 else 0)
        flow -= model.stock[m, t - 1] if t else 0
        if m:
            return flow + model.ship[m - 1, t] == 0
        flow -= model.waiting[t] - (model.waiting[t - 1] if t else 0)
        return flow - model.lost[t] == 0

    model.balance = pyo.Constraint(range(shape.stages), range(shape.periods), rule=balance)


def _coupling_rows(model: pyo.ConcreteModel, shape: Shape) -> None:
    """What all products share.

    storage, stage m in t: expected stock to find room for, opening stock and arrivals, constants
    to the right. Where only earlier orders matter: y_0 + served at the shelf (d to the right),
    upstream y_m + q_{m-1} and what arrives. Where orders of s = t - L_m matter: expected stock by
    segments, E_m(s) = sum_k Phi_k x_mk(s), plus the flow that must pass, q_{m-1}(t) + q_{m-1}(t+1).
    supply, stage m in t: q_m(t).
    purchases in t: q_{M-1}(t), what the source ships; budget: the same over all periods.
    """
    K = range(shape.segments)

    def storage(model: pyo.ConcreteModel, m: int, t: int) -> pyo.Expression:
        ordered = t - shape.lead_time[m]
        if shape.decided(m, t):
            expected = sum(model.above[m, ordered, k] for k in K)
            passing = model.ship[m - 1, t] + model.ship[m - 1, t + 1] if m else 0
            return expected + passing <= 0
        if m == 0:
            unserved = model.lost[t] + model.waiting[t] - (model.waiting[t - 1] if t else 0)
            return model.stock[0, t] - unserved <= 0
        arriving = model.ship[m, ordered] if ordered >= 0 else 0
        return model.stock[m, t] + model.ship[m - 1, t] + arriving <= 0

    M, T = range(shape.stages), range(shape.periods)
    model.storage = pyo.Constraint(M, T, rule=storage)
    top = shape.stages - 1
    model.supply = pyo.Constraint(M, T, rule=lambda model, m, t: model.ship[m, t] <= 0)
    model.purchases = pyo.Constraint(T, rule=lambda model, t: model.ship[top, t] <= 0)
    model.budget = pyo.Constraint(expr=sum(model.ship[top, t] for t in T) <= 0)


def compile_block(shape: Shape) -> Template:
    """The block's matrix, by Pyomo's standard-form compiler; columns and rows in a fixed order."""
    with PauseGC():
        model = build(shape)
        form = LinearStandardFormCompiler().write(model, mixed_form=True, set_sense=None)
    place = {
        id(variable): shape.slices[family].start + number
        for family in FAMILIES
        for number, variable in enumerate(getattr(model, family).values())
    }
    row_of, count = {}, 0
    for name in (*OWN_ROWS, *COUPLING_ROWS):
        for row in getattr(model, name).values():
            row_of[id(row)] = count
            count += 1
    matrix = form.A.tocoo()
    column = np.array([place[id(variable)] for variable in form.columns])[matrix.col]
    row = np.array([row_of[id(entry.constraint)] for entry in form.rows])[matrix.row]
    order = np.lexsort((row, column))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(column, minlength=shape.columns))])
    return Template(shape, indptr, row[order], matrix.data[order])
