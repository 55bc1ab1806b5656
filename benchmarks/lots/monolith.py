"""The whole programme of a plan in lots, every product and every integer, for HiGHS as it comes."""

from __future__ import annotations

import highspy
import numpy as np

from benchmarks.lots.setups import Answer
from milp.lots.product import Product, products_of
from milp.lots.rules import rules_of
from milp.model import Model
from milp.storage import overflow_steps
from milp.task import Task


def whole_programme(task: Task, days: int, seconds: float) -> Answer:
    """What HiGHS finds and proves in so many seconds; NaN where it finds no plan."""
    model = Model(task)
    products = list(products_of(model, rules_of(task, days), np.zeros(model.layout.coupling)))
    solver = highspy.Highs()
    for name, value in {"output_flag": False, "time_limit": seconds}.items():
        solver.setOptionValue(name, value)
    solver.passModel(_programme(model, products))
    solver.run()
    info = solver.getInfo()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    bound = info.mip_dual_bound
    return Answer(
        lower=bound * model.money + model.constant if np.isfinite(bound) else np.nan,
        upper=info.objective_function_value * model.money + model.constant if found else np.nan,
        seconds=solver.getRunTime(),
    )


def _programme(model: Model, products: list[Product]) -> highspy.HighsLp:
    """All products' programmes side by side, and the rows that they share."""
    width = np.cumsum([0] + [len(product.programme.cost) for product in products])
    height = np.cumsum([0] + [len(product.programme.row_lower) for product in products])
    limited = model.capacity_rows
    steps, price = overflow_steps(model.spread[limited], model.overflow_price()[limited])
    coupling = height[-1]
    row, column, value = [], [], []
    for number, product in enumerate(products):
        matrix = product.programme.matrix
        row += [matrix.indices + height[number], product.use.row + coupling]
        inside = np.repeat(np.arange(len(matrix.indptr) - 1), np.diff(matrix.indptr))
        column += [inside + width[number], product.use.column + width[number]]
        value += [matrix.data, product.use.weight]
    row.append(np.repeat(limited, steps.shape[1]) + coupling)
    column.append(width[-1] + np.arange(steps.size))
    value.append(np.full(steps.size, -1.0))
    rows, columns = np.concatenate(row), np.concatenate(column)
    order = np.argsort(columns, kind="stable")
    programme = highspy.HighsLp()
    programme.num_col_ = int(width[-1] + steps.size)
    programme.num_row_ = int(coupling + len(model.allowance))
    own = [product.own * product.money / model.money for product in products]
    programme.col_cost_ = np.concatenate([*own, price.ravel() / model.money])
    programme.col_lower_ = np.concatenate(
        [*(product.programme.lower for product in products), np.zeros(steps.size)]
    )
    programme.col_upper_ = np.concatenate(
        [*(product.programme.upper for product in products), steps.ravel()]
    )
    free = np.full(len(model.allowance), -np.inf)
    programme.row_lower_ = np.concatenate(
        [*(product.programme.row_lower for product in products), free]
    )
    programme.row_upper_ = np.concatenate(
        [*(product.programme.row_upper for product in products), model.allowance]
    )
    whole = programme.a_matrix_
    whole.format_ = highspy.MatrixFormat.kColwise
    counts = np.bincount(columns, minlength=programme.num_col_)
    whole.start_ = np.concatenate([[0], np.cumsum(counts)])
    whole.index_ = rows[order]
    whole.value_ = np.concatenate(value)[order]
    programme.integrality_ = _kinds(products) + [highspy.HighsVarType.kContinuous] * steps.size
    return programme


def _kinds(products: list[Product]) -> list[highspy.HighsVarType]:
    """Which columns are whole numbers."""
    kinds = []
    for product in products:
        whole = np.zeros(len(product.programme.cost), bool)
        whole[product.ordering] = whole[product.whole.ravel()] = True
        kinds += [
            highspy.HighsVarType.kInteger if integer else highspy.HighsVarType.kContinuous
            for integer in whole
        ]
    return kinds
