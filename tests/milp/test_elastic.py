"""Constraints that clash: what gives way, and which ones are at odds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from data.errors import PlannerError
from milp.elastic import System, conflicts, least_violation

ANY = np.inf


def system(
    matrix: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    owner: np.ndarray | None = None,
    below: float | np.ndarray = 1.0,
    above: float | np.ndarray = 1.0,
) -> System:
    """A system from a dense matrix; a row is a constraint of its own unless owners are given."""
    row, column = np.nonzero(matrix)
    rows = len(matrix)
    return System(
        matrix.shape[1],
        row,
        column,
        matrix[row, column].astype(float),
        np.asarray(lower, float),
        np.asarray(upper, float),
        np.arange(rows) if owner is None else owner,
        np.broadcast_to(below, rows).astype(float),
        np.broadcast_to(above, rows).astype(float),
    )


def can_hold(given_system: System, owners: list[int]) -> bool:
    """Whether these constraints can all hold, by another solver."""
    dense = np.zeros((given_system.rows, given_system.columns))
    np.add.at(dense, (given_system.row, given_system.column), given_system.value)
    kept = np.isin(given_system.owner, owners)
    dense, low, high = dense[kept], given_system.lower[kept], given_system.upper[kept]
    rows = np.concatenate([dense[np.isfinite(high)], -dense[np.isfinite(low)]])
    limits = np.concatenate([high[np.isfinite(high)], -low[np.isfinite(low)]])
    if not len(rows):
        return True
    answer = linprog(np.zeros(given_system.columns), rows, limits, bounds=(0, None))
    return bool(answer.status == 0)


def test_what_cannot_be_met_gives_way_by_the_rest() -> None:
    """x >= 5 where x <= 3: the lower bound falls short by 2 if the upper one may not give way."""
    of = system(np.ones((2, 1)), [5, -ANY], [ANY, 3], above=[1.0, ANY])
    found = least_violation(of)
    np.testing.assert_allclose(found.below, [2, 0])
    np.testing.assert_allclose(found.above, [0, 0])


def test_the_cheaper_of_two_gives_way() -> None:
    """Of x >= 5 at a price of 3 and x <= 3 at a price of 1, the second does."""
    of = system(np.ones((2, 1)), [5, -ANY], [ANY, 3], below=[3.0, 1.0])
    found = least_violation(of)
    np.testing.assert_allclose(found.below, [0, 0])
    np.testing.assert_allclose(found.above, [0, 2])


def test_rows_that_may_not_give_way_must_agree() -> None:
    """Otherwise there is nothing to relax."""
    of = system(np.ones((2, 1)), [5, -ANY], [ANY, 3], below=ANY, above=ANY)
    with pytest.raises(PlannerError, match="Infeasible"):
        least_violation(of)


def test_constraints_that_can_all_hold_have_no_conflict() -> None:
    """And nothing gives way."""
    of = system(np.ones((2, 1)), [2, -ANY], [ANY, 3])
    assert conflicts(of) == []
    assert not least_violation(of).below.any()


def test_a_conflict_leaves_out_what_has_no_part_in_it() -> None:
    """x >= 5 and x <= 3 clash; y >= 1 and x <= 9 do not."""
    matrix = np.array([[0, 1], [1, 0], [1, 0], [1, 0]])
    of = system(matrix, [1, 5, -ANY, -ANY], [ANY, ANY, 9, 3])
    assert [found.tolist() for found in conflicts(of)] == [[1, 3]]


def test_a_constraint_of_several_rows_is_kept_or_left_out_whole() -> None:
    """x >= 4 and y >= 4 are one constraint, x + y <= 5 the other."""
    matrix = np.array([[1, 0], [0, 1], [1, 1]])
    of = system(matrix, [4, 4, -ANY], [ANY, ANY, 5], owner=np.array([70, 70, 9]))
    assert [found.tolist() for found in conflicts(of)] == [[9, 70]]


def test_conflicts_that_have_nothing_in_common_are_found_together() -> None:
    """x >= 5 and x <= 3 clash, and so do y >= 1 and y <= 0."""
    matrix = np.array([[1, 0], [0, 1], [1, 0], [0, 1]])
    of = system(matrix, [5, 1, -ANY, -ANY], [ANY, ANY, 3, 0])
    assert sorted(found.tolist() for found in conflicts(of)) == [[0, 2], [1, 3]]


def test_of_many_that_exceed_a_limit_together_the_largest_are_named() -> None:
    """Of 1, 2, ..., 12 against a limit of 30, the 12, 11 and 10 do."""
    matrix = np.vstack([np.eye(12), np.ones(12)])
    wanted = np.arange(1.0, 13.0)
    of = system(matrix, [*wanted, -ANY], [*wanted, 30])
    assert [found.tolist() for found in conflicts(of)] == [[9, 10, 11, 12]]


def test_of_two_conflicts_one_is_found() -> None:
    """x >= 5 clashes with x <= 3 and with x + y <= 4 alike; neither needs the other."""
    matrix = np.array([[1, 0], [1, 0], [1, 1]])
    (found,) = conflicts(system(matrix, [5, -ANY, -ANY], [ANY, 3, 4]))
    assert found.tolist() in ([0, 1], [0, 2])


@st.composite
def systems(draw: st.DrawFn) -> System:
    """Small whole-number systems, about half of which contradict themselves."""
    rows, columns = draw(st.integers(1, 7)), draw(st.integers(1, 4))
    numbers = st.integers(-2, 3)
    matrix = np.array(draw(st.lists(numbers, min_size=rows * columns, max_size=rows * columns)))
    bounds = st.integers(-5, 6)
    low = np.array(draw(st.lists(bounds, min_size=rows, max_size=rows)), float)
    width = np.array(draw(st.lists(st.integers(0, 4), min_size=rows, max_size=rows)))
    side = np.array(draw(st.lists(st.integers(0, 2), min_size=rows, max_size=rows)))
    owner = np.array(draw(st.lists(st.integers(0, 5), min_size=rows, max_size=rows)))
    high = np.where(side == 0, ANY, low + width)
    return system(matrix.reshape(rows, columns), np.where(side == 1, -ANY, low), high, owner)


@settings(max_examples=200, deadline=None)
@given(systems())
def test_a_conflict_is_found_where_there_is_one_and_every_part_of_it_is_needed(of: System) -> None:
    """A set cannot hold; without any one of its constraints it can. Sets share nothing."""
    owners = np.unique(of.owner).tolist()
    found = [one.tolist() for one in conflicts(of)]
    assert bool(found) == (not can_hold(of, owners))
    named = [owner for one in found for owner in one]
    assert len(named) == len(set(named))
    for one in found:
        assert not can_hold(of, one)
        for left_out in one:
            assert can_hold(of, [owner for owner in one if owner != left_out])


@settings(max_examples=100, deadline=None)
@given(systems())
def test_nothing_gives_way_where_all_can_hold(of: System) -> None:
    """And something does where not."""
    gave = least_violation(of)
    given_way = bool(gave.below.any() or gave.above.any())
    assert given_way == (not can_hold(of, np.unique(of.owner).tolist()))
