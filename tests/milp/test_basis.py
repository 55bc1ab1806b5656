"""A basis kept as bytes is the basis that the solver left."""

from __future__ import annotations

import numpy as np
import pytest

from milp.basis import Basis, joined, widened
from milp.model import Model
from milp.passes import AtPrices, Whole, bid
from milp.solver import Pivoting, Solver, solve
from milp.storage import nearest_step, overflow_steps
from tests.milp.conftest import random_task


@pytest.mark.parametrize("seed", [0, 4, 10, 16, 31])
def test_a_solve_from_its_own_basis_has_nothing_to_do(seed: int) -> None:
    """Whatever stands at which bound, in one programme and at prices."""
    model = Model(random_task(seed))
    for programme in (model.programme(), model.priced(np.full(model.layout.coupling, 0.1))):
        first = solve(programme)
        again = Solver(programme, first.basis, Pivoting.LARGEST).solve()
        assert again.iterations <= 2
        assert again.objective == pytest.approx(first.objective, rel=1e-9, abs=1e-9)


def test_pieces_put_together_are_the_whole() -> None:
    """Product by product."""
    model = Model(random_task(16, 7))
    whole = solve(model.priced(np.zeros(model.layout.coupling))).basis
    pieces = [whole.piece(range(k, k + 1), model.layout) for k in range(7)]
    again = joined(pieces)
    np.testing.assert_array_equal(again.columns, whole.columns)
    np.testing.assert_array_equal(again.rows, whole.rows)


def test_a_basis_at_prices_of_steps_is_worth_something_within_shares() -> None:
    """With the rows standing at the steps charged, fewer pivots are left than from nothing."""
    model = Model(random_task(16, 30))
    limited = model.capacity_rows
    steps = overflow_steps(model.spread[limited], model.overflow_price()[limited])
    prices = np.zeros(model.layout.coupling)
    prices[limited] = steps[1][:, 3]
    products = np.arange(30)
    priced = bid(Whole(model.task, model.certain), AtPrices(products, prices)).basis
    standing = nearest_step(prices[limited], model.overflow_price()[limited])
    assert (standing == 3).all()
    programme = model.programme()
    start = widened(priced, programme, np.stack([limited, standing], axis=1))
    assert start is not None
    warm = Solver(programme, start, Pivoting.DEVEX).solve()
    cold = Solver(programme, None, Pivoting.DEVEX).solve()
    assert warm.iterations < cold.iterations / 2
    assert warm.objective == pytest.approx(cold.objective, rel=1e-7)


def test_a_basis_of_the_whole_is_taken_as_it_is() -> None:
    """And where there is none, there is none."""
    model = Model(random_task(16))
    programme = model.programme()
    basis = solve(programme).basis
    assert isinstance(basis, Basis)
    standing = np.zeros((0, 2), dtype=int)
    assert widened(basis, programme, standing) is basis
    assert widened(None, programme, standing) is None
