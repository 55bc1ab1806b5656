"""HiGHS, asked through highspy: a linear programme in, its solution and prices out."""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from data.errors import PlannerError
from milp.tiling import Matrix

Basis = highspy.HighsBasis
"""Which columns and rows a solution stands on; a similar programme may start from it."""


@dataclass(frozen=True)
class LinearProgramme:
    """min cost x, lower <= x <= upper, row_lower <= A x <= row_upper."""

    matrix: Matrix
    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray


@dataclass(frozen=True)
class Solution:
    """An optimal basic solution.

    Attributes:
        x: values of the columns.
        objective: their cost.
        row_dual: change of the optimal cost per unit of a row's bound.
        basis: where a similar programme may start from.
        iterations: of the simplex method.
    """

    x: np.ndarray
    objective: float
    row_dual: np.ndarray
    basis: Basis
    iterations: int


class Solver:
    """One programme in HiGHS, solved by the dual simplex method on one thread.

    One thread and no time limits: the same programme has the same answer every time.

    Args:
        programme: what to solve.
        start: basis of a programme of the same shape.
    """

    def __init__(self, programme: LinearProgramme, start: Basis | None = None) -> None:
        _refuse_nan(programme)
        self._highs = highspy.Highs()
        options: dict[str, bool | int | str] = {
            "output_flag": False,
            "threads": 1,
            "solver": "simplex",
            "presolve": "choose" if start is None else "off",
        }
        for name, value in options.items():
            if self._highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise PlannerError(f"the solver refused its option {name} = {value!r}")
        if self._highs.passModel(_highs_model(programme)) == highspy.HighsStatus.kError:
            raise PlannerError("the solver refused the model")
        if start is not None:
            self._highs.setBasis(start)

    def change_bounds(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """New bounds of some columns; the next solve starts from the last optimum."""
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def solve(self) -> Solution:
        """The optimum.

        Raises:
            PlannerError: HiGHS ends with anything but a proven optimum.
        """
        self._highs.run()
        status = self._highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            said = self._highs.modelStatusToString(status)
            raise PlannerError(f"the solver ended with {said!r} instead of an optimum")
        found, info = self._highs.getSolution(), self._highs.getInfo()
        return Solution(
            x=np.array(found.col_value),
            objective=info.objective_function_value,
            row_dual=np.array(found.row_dual),
            basis=self._highs.getBasis(),
            iterations=info.simplex_iteration_count,
        )


def solve(programme: LinearProgramme, start: Basis | None = None) -> Solution:
    """The optimum of a programme that is solved once."""
    return Solver(programme, start).solve()


def _refuse_nan(programme: LinearProgramme) -> None:
    """Refuses what HiGHS would not: it calls a programme with a NaN in it optimal."""
    numbers = {
        "coefficient": np.isfinite(programme.matrix.data),
        "cost": np.isfinite(programme.cost),
        "bound": ~np.isnan(np.concatenate([programme.lower, programme.upper])),
        "right-hand side": ~np.isnan(np.concatenate([programme.row_lower, programme.row_upper])),
    }
    for what, usable in numbers.items():
        if not usable.all():
            raise PlannerError(f"the model was not solved: a {what} is not a finite number")


def _highs_model(programme: LinearProgramme) -> highspy.HighsLp:
    model = highspy.HighsLp()
    model.num_col_ = len(programme.cost)
    model.num_row_ = len(programme.row_lower)
    model.col_cost_ = programme.cost
    model.col_lower_ = programme.lower
    model.col_upper_ = programme.upper
    model.row_lower_ = programme.row_lower
    model.row_upper_ = programme.row_upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.num_col_ = model.num_col_
    model.a_matrix_.num_row_ = model.num_row_
    model.a_matrix_.start_ = programme.matrix.indptr
    model.a_matrix_.index_ = programme.matrix.indices
    model.a_matrix_.value_ = programme.matrix.data
    return model
