"""A programme that is solved again and again with other bounds, and may then have no solution."""

from __future__ import annotations

import highspy
import numpy as np

from data.errors import PlannerError
from milp.lots.cuts import Row
from milp.programme import LinearProgramme
from milp.solver import Pivoting, Solver

_NONE = (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible)


class Relaxation(Solver):
    """A small programme in HiGHS; every solve starts from the last basis."""

    def __init__(self, programme: LinearProgramme) -> None:
        super().__init__(programme, pivoting=Pivoting.LARGEST)

    def optimum(self) -> tuple[float, np.ndarray] | None:
        """The least cost and the columns' values; None where the bounds leave no solution.

        Raises:
            PlannerError: HiGHS ends with neither.
        """
        status = self._ended()
        if status in _NONE:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            said = self._highs.modelStatusToString(status)
            raise PlannerError(f"the solver ended with {said!r} instead of an optimum")
        value = self._highs.getInfo().objective_function_value
        return value, np.array(self._highs.getSolution().col_value)

    def add(self, rows: list[Row]) -> None:
        """More rows; the last basis, with theirs, starts the next solve."""
        if not rows:
            return
        sizes = np.array([len(row.columns) for row in rows])
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
        self._highs.addRows(
            len(rows),
            np.array([row.least for row in rows]),
            np.full(len(rows), np.inf),
            int(sizes.sum()),
            starts,
            np.concatenate([row.columns for row in rows]).astype(np.int32),
            np.concatenate([row.coefficients for row in rows]),
        )
