"""Who has earned trust, and who has lost it."""

from __future__ import annotations

from datetime import date

import numpy as np

from planner.backtest.account import Account
from planner.backtest.verdict import SMALLEST_SPREAD, _drawn_together, standing_of
from planner.trust import EARNED, LOST, UNTOLD

WEEKS, PRODUCTS = 22, 40


def account(cost: np.ndarray, demand: float = 1.0) -> Account:
    """An account whose holding cost is given (T, K)."""
    nothing = np.zeros(cost.shape)
    wanted = np.full(cost.shape, demand)
    space, counts = np.zeros((len(cost), 2)), np.ones(cost.shape, bool)
    first = date(2026, 1, 1)
    return Account(first, cost, nothing, nothing, wanted, wanted, nothing, space, counts)


def standing(learnt: np.ndarray, base_stock: np.ndarray, missed: float = 1.0):  # type: ignore[no-untyped-def]
    """How learnt advice stands, all products alike."""
    group = np.zeros(learnt.shape[1], int)
    costs = np.full(learnt.shape[1], missed)
    rng = np.random.default_rng(1)
    return standing_of(account(learnt), account(base_stock), costs, group, rng)


def noise(seed: int) -> np.ndarray:
    """Costs of days around 1 (T, K)."""
    return 1 + 0.3 * np.random.default_rng(seed).standard_normal((7 * WEEKS, PRODUCTS))


def test_a_clear_loss_is_found_among_products_that_do_better() -> None:
    """One product costs half as much again, all others a tenth less."""
    base_stock = noise(1)
    learnt = 0.9 * base_stock
    learnt[:, 0] = 1.5 * base_stock[:, 0]
    verdict = standing(learnt, base_stock).verdict
    assert verdict[0] == LOST
    assert (verdict[1:] == EARNED).all()


def test_noise_throws_nobody_out() -> None:
    """Where learnt advice is a little better on all, none of 40 noisy products has lost."""
    found = standing(noise(2) - 0.02, noise(3))
    assert LOST not in found.verdict
    assert (found.left < found.error).any()


def test_who_holds_less_and_was_lucky_is_not_believed() -> None:
    """A steady saving in holding tells nothing where one missed sale would outweigh it."""
    base_stock, learnt = noise(4), noise(4)
    base_stock[:, 0] -= 0.2
    assert standing(learnt, base_stock, missed=0.1).verdict[0] == LOST
    assert standing(learnt, base_stock, missed=500.0).verdict[0] == UNTOLD


def test_rules_that_never_differ_are_not_told_apart() -> None:
    """No difference in any week is no evidence of anything."""
    same = noise(5)
    assert (standing(same, same).verdict == UNTOLD).all()


def test_a_difference_is_drawn_the_further_the_less_it_is_known() -> None:
    """Towards the mean of its group, and never towards a loss."""
    difference = np.array([*np.full(20, -0.3), 0.4, 0.4])
    error = np.array([*np.full(20, 0.05), 0.05, 1.0])
    shrunk, left = _drawn_together(difference, error, np.zeros(22, int))
    assert -0.3 < shrunk[21] < shrunk[20] < 0.4
    assert left[21] > left[20] >= SMALLEST_SPREAD / 2
    worse, _ = _drawn_together(np.full(20, 0.3), np.full(20, 0.2), np.zeros(20, int))
    assert (worse < 0.3).all()
