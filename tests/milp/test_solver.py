"""The solver's word is a proven optimum or an error that says why not."""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np
import pytest

from data.errors import PlannerError
from milp.model import Model
from milp.solver import LinearProgramme, Solver, solve
from milp.tiling import Matrix
from tests.milp.conftest import random_task


def diet(most: float = 4.0) -> LinearProgramme:
    """min -3 x - 2 y, x + y <= most, x + 3 y <= 6, x <= 3: best at (3, 1)."""
    return LinearProgramme(
        matrix=Matrix(np.array([0, 2, 4]), np.array([0, 1, 0, 1]), np.array([1.0, 1.0, 1.0, 3.0])),
        cost=np.array([-3.0, -2.0]),
        lower=np.zeros(2),
        upper=np.array([3.0, np.inf]),
        row_lower=np.full(2, -np.inf),
        row_upper=np.array([most, 6.0]),
    )


def test_a_known_optimum_is_found_with_its_price() -> None:
    """x = 3, y = 1 costs -11; a unit more of the first row saves 2 until the second binds, too."""
    solution = solve(diet(3.5))
    np.testing.assert_allclose(solution.x, [3.0, 0.5])
    assert solution.objective == pytest.approx(-10.0)
    np.testing.assert_allclose(solution.row_dual, [-2.0, 0.0])


def test_the_last_basis_starts_the_next_solve() -> None:
    """From its own optimum a programme is solved in no step at all."""
    first = solve(diet())
    again = solve(diet(), first.basis)
    assert again.iterations == 0
    np.testing.assert_array_equal(again.x, first.x)


def test_bounds_can_be_changed_between_solves() -> None:
    """With x at most 1 it is y that fills up."""
    solver = Solver(diet())
    solver.solve()
    solver.change_bounds(np.array([0]), np.zeros(1), np.ones(1))
    np.testing.assert_allclose(solver.solve().x, [1.0, 5 / 3])


def test_no_answer_without_a_solution() -> None:
    """x + y <= -1 with x and y at least 0 cannot be."""
    with pytest.raises(PlannerError, match=r"(?i)infeasible.* instead of an optimum"):
        solve(diet(-1.0))


def test_no_answer_without_a_bound() -> None:
    """More is always better, and nothing stops it."""
    endless = replace(diet(), row_upper=np.full(2, np.inf), upper=np.full(2, np.inf))
    with pytest.raises(PlannerError, match=r"(?i)unbounded.* instead of an optimum"):
        solve(endless)


@pytest.mark.parametrize("where", ["matrix", "cost", "upper", "row_upper"])
def test_a_number_that_is_none_is_refused(where: str) -> None:
    """NaN anywhere is an error, never an answer."""
    programme = diet()
    if where == "matrix":
        data = programme.matrix.data.copy()
        data[1] = np.nan
        programme = replace(programme, matrix=replace(programme.matrix, data=data))
    else:
        programme = replace(programme, **{where: np.array([np.nan, 1.0])})
    with pytest.raises(PlannerError, match="not a finite number"):
        solve(programme)


def test_the_same_programme_has_the_same_answer_to_the_bit() -> None:
    """One thread, no time limit, no randomness."""
    first, second = solve(diet()), solve(diet())
    assert first.x.tobytes() == second.x.tobytes()
    assert first.row_dual.tobytes() == second.row_dual.tobytes()


@pytest.mark.parametrize("seed", [0, 13, 31])
def test_every_more_careful_way_finds_the_same_optimum(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the solver to stumble each time, the last way would still be right."""
    programme = Model(random_task(seed)).programme()
    plain = solve(programme).objective
    monkeypatch.setattr("milp.solver._STUMBLED", (highspy.HighsModelStatus.kOptimal,))
    assert solve(programme).objective == pytest.approx(plain, rel=1e-6, abs=1e-6)
