"""Money that is spent is gone, and goes to those who need it most."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.terms import Budget, Locks
from envs.budget import WithinBudget
from envs.dynamics import State
from envs.observation import no_errors
from envs.policies import Situation
from envs.world import serial_world

COST = np.array([2.0, 5.0, 0.0])


def situation(period: int, paths: int = 1, products: int = 3) -> Situation:
    """An empty chain of two stages."""
    empty = np.zeros((paths, 2, products))
    state = State(period, empty, empty[..., None], np.zeros((paths, 1, products)), empty)
    world = serial_world(np.ones((2, products), int))
    return Situation(state, no_errors(paths, products), world)


def rule(wanted: np.ndarray, budget: Budget, **given: np.ndarray | Locks) -> WithinBudget:
    """A rule that always wants the same; the second product comes first."""
    parts = {
        "cost": COST,
        "worth": np.array([1.0, 2.0, 3.0]),
        "lot_size": np.zeros(3),
        "smallest": np.zeros(3),
        "locks": Locks(),
    } | given
    return WithinBudget(
        lambda now: np.broadcast_to(wanted, now.state.on_hand.shape), budget, **parts
    )


def test_money_goes_to_those_who_need_it_most() -> None:
    """The second gets all of its 50, the first what 20 buy; the third costs nothing."""
    bought = rule(np.full((2, 3), 10.0), Budget(per_period=70.0))(situation(0))[0]
    np.testing.assert_allclose(bought[1], [10.0, 10.0, 10.0])
    bought = rule(np.full((2, 3), 10.0), Budget(per_period=54.0))(situation(0))[0]
    np.testing.assert_allclose(bought, [[10.0, 10.0, 10.0], [2.0, 10.0, 10.0]])


def test_what_is_bought_is_in_whole_lots_and_no_less_than_the_source_accepts() -> None:
    """Nineteen units of money buy nine; in lots of four that is eight, and ten is the least."""
    wanted, money = np.full((2, 3), 10.0), Budget(per_period=69.0)
    assert rule(wanted, money, lot_size=np.full(3, 4.0))(situation(0))[0, 1, 0] == 8.0
    assert rule(wanted, money, smallest=np.full(3, 10.0))(situation(0))[0, 1, 0] == 0.0


def test_the_whole_budget_is_spent_once() -> None:
    """Day by day less is left, and on the first day of another run all of it is there."""
    limited = rule(np.full((2, 3), 10.0), Budget(total=100.0))
    for _ in range(2):
        spent = [float(limited(situation(day))[0, 1] @ COST) for day in range(3)]
        np.testing.assert_allclose(spent, [70.0, 30.0, 0.0])


def test_money_for_locked_lines_is_set_aside() -> None:
    """Ten of the second tomorrow cost 50 of the 100; today only the rest may be spent."""
    tomorrow = Locks(np.array([1]), np.array([1]), np.array([1]), np.array([10.0]))
    limited = rule(np.full((2, 3), 10.0), Budget(total=100.0), locks=tomorrow)
    assert limited(situation(0))[0, 1] @ COST == pytest.approx(50.0)
    assert limited(situation(1))[0, 1, 0] == 0.0


@given(st.integers(0, 2**31), st.floats(0, 200), st.floats(0, 500))
@settings(max_examples=50, deadline=None)
def test_nobody_ever_spends_more(seed: int, per_period: float, total: float) -> None:
    """On any path, on any day and in all; moves inside the chain are free."""
    rng = np.random.default_rng(seed)
    wanted = rng.uniform(0, 20, (4, 2, 3))
    limited = rule(wanted, Budget(per_period, total), lot_size=np.array([0.0, 3.0, 1.0]))
    days = [limited(situation(day, paths=4)) for day in range(5)]
    money = np.stack([orders[:, 1] @ COST for orders in days])
    assert (money <= per_period * (1 + 1e-9) + 1e-9).all()
    assert (money.sum(axis=0) <= total * (1 + 1e-9) + 1e-9).all()
    for orders in days:
        np.testing.assert_array_equal(orders[:, 0], wanted[:, 0])
