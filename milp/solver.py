"""HiGHS, asked through highspy: a linear programme in, its solution and prices out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import highspy
import numpy as np

from data.errors import PlannerError
from milp.basis import Basis, as_highs, basis_of
from milp.programme import LinearProgramme


class Pivoting(Enum):
    """Which edges the dual simplex method prefers, from HiGHS' own numbers."""

    LARGEST = 0
    """The largest infeasibility (Dantzig): soonest where few pivots are left, or products few."""
    DEVEX = 1
    """Nearly the steepest edge: many pivots in small programmes that are degenerate."""
    STEEPEST = -1
    """The solver's choice, with scaling and presolve: one programme for all."""


_STUMBLED = (
    highspy.HighsModelStatus.kSolveError,
    highspy.HighsModelStatus.kUnknown,
    highspy.HighsModelStatus.kNotset,
)
_CAREFUL: tuple[dict[str, bool | int | float | str], ...] = (
    {"presolve": "on", "simplex_dual_edge_weight_strategy": -1, "simplex_scale_strategy": 2},
    {"presolve": "off", "simplex_scale_strategy": 0, "simplex_strategy": 4},
    {"simplex_strategy": 1, "primal_feasibility_tolerance": 1e-6},
    {"solver": "ipm", "run_crossover": "on", "dual_feasibility_tolerance": 1e-6},
)
"""What is tried in turn: presolved and scaled, by the primal method, with looser tolerances, from
the inside."""


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
        pivoting: how the simplex method chooses its way.
    """

    def __init__(
        self,
        programme: LinearProgramme,
        start: Basis | None = None,
        pivoting: Pivoting = Pivoting.STEEPEST,
    ) -> None:
        _refuse_nan(programme)
        self._programme = programme
        self._highs: Any = highspy.Highs()
        options: dict[str, bool | int | float | str] = {
            "output_flag": False,
            "threads": 1,
            "solver": "simplex",
        }
        if start is not None or pivoting is not Pivoting.STEEPEST:
            options["presolve"] = "off"
        if pivoting is not Pivoting.STEEPEST:
            options |= {
                "simplex_dual_edge_weight_strategy": pivoting.value,
                "simplex_scale_strategy": 0,
            }
        self._set(options)
        if self._passed(programme) == highspy.HighsStatus.kError:
            raise PlannerError("the solver refused the model")
        if start is not None:
            self._highs.setBasis(as_highs(start))

    def _ended(self) -> highspy.HighsModelStatus:
        """How a run ends. Where it stumbles over its numbers, it is begun anew, more carefully."""
        self._highs.run()
        status = self._highs.getModelStatus()
        for more_careful in _CAREFUL:
            if status not in _STUMBLED:
                break
            self._highs.clearSolver()
            self._set(more_careful)
            self._highs.run()
            status = self._highs.getModelStatus()
        return status

    def _set(self, options: Mapping[str, bool | int | float | str]) -> None:
        for name, value in options.items():
            if self._highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise PlannerError(f"the solver refused its option {name} = {value!r}")

    def _passed(self, programme: LinearProgramme) -> highspy.HighsStatus:
        matrix = programme.matrix
        return self._highs.passModel(
            len(programme.cost),
            len(programme.row_lower),
            len(matrix.data),
            highspy.MatrixFormat.kColwise.value,
            highspy.ObjSense.kMinimize.value,
            0.0,
            programme.cost,
            programme.lower,
            programme.upper,
            programme.row_lower,
            programme.row_upper,
            matrix.indptr.astype(np.int32),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.zeros(len(programme.cost), np.int32),
        )

    def change_bounds(self, columns: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> None:
        """New bounds of some columns; the next solve starts from the last optimum."""
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def solve(self) -> Solution:
        """The optimum.

        Raises:
            PlannerError: HiGHS ends with anything but a proven optimum.
        """
        status = self._ended()
        if status != highspy.HighsModelStatus.kOptimal:
            said = self._highs.modelStatusToString(status)
            raise PlannerError(f"the solver ended with {said!r} instead of an optimum")
        found, info = self._highs.getSolution(), self._highs.getInfo()
        x = np.array(found.col_value)
        return Solution(
            x=x,
            objective=info.objective_function_value,
            row_dual=np.array(found.row_dual),
            basis=basis_of(self._programme, x, np.array(self._highs.getBasicVariables()[1])),
            iterations=info.simplex_iteration_count,
        )


def solve(
    programme: LinearProgramme,
    start: Basis | None = None,
    pivoting: Pivoting = Pivoting.STEEPEST,
) -> Solution:
    """The optimum of a programme that is solved once."""
    return Solver(programme, start, pivoting).solve()


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
