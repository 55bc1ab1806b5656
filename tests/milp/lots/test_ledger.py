"""The plan's account, kept up product by product."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.engine import Alone
from milp.lots.ledger import Ledger
from milp.lots.limits import beside, giving_way
from milp.lots.mix import mixed
from milp.lots.plan import Effort
from milp.lots.rounds import Rounds
from milp.reconcile import reconcile
from milp.task import Task
from tests.milp.conftest import steady_task, with_limits
from tests.milp.lots.conftest import in_lots, with_suppliers, with_trucks

DAYS = 5


def searched(task: Task) -> Rounds:
    """A task after one round."""
    rounds = Rounds(task, Effort(gap=1e-4, days=DAYS), Alone(), lambda bounds: None)
    rounds.run(rounds=1)
    return rounds


@pytest.fixture
def scarce() -> Task:
    """Six steady products in lots, with too little space and supply for all."""
    task = in_lots(steady_task(products=6, periods=9), 4)
    demand = float(task.scenario.forecast.scale.sum())
    return with_limits(
        task, space=(1.6 * demand, 2.5 * demand), supply=(1.3 * demand, 1.4 * demand)
    )


@pytest.fixture
def joint(scarce: Task) -> Task:
    """The same with suppliers and trucks."""
    return with_trucks(with_suppliers(scarce, 30.0, 90.0), 80.0, 60.0)


def random_changes(rounds: Rounds, seed: int) -> Ledger:
    """The plan after many changes to plans that were met, good or bad."""
    rng = np.random.default_rng(seed)
    ledger = rounds.ledger.copy()
    for _ in range(60):
        k = int(rng.integers(len(ledger.plans)))
        pool = rounds.survey.pools[k]
        ledger.change(k, pool[rng.integers(len(pool))])
    return ledger


@pytest.mark.parametrize("seed", range(3))
def test_an_account_kept_up_is_that_of_the_plan_as_it_stands(joint: Task, seed: int) -> None:
    """After any changes its sums are those of its plans, counted afresh."""
    ledger = random_changes(searched(joint), seed)
    fresh = Ledger(ledger.shared, ledger.plans)
    assert ledger.cost == pytest.approx(fresh.cost, rel=1e-9)
    np.testing.assert_allclose(ledger.usage, fresh.usage, atol=1e-6)
    np.testing.assert_allclose(ledger.load, fresh.load, atol=1e-6)
    np.testing.assert_allclose(ledger.money, fresh.money, atol=1e-6)
    np.testing.assert_array_equal(ledger.orders, fresh.orders)


@pytest.mark.parametrize("name", ["scarce", "joint"])
def test_no_change_makes_the_plan_worse(name: str, request: pytest.FixtureRequest) -> None:
    """Limits first, then money: every change lowers the one or the other."""
    rounds = searched(request.getfixturevalue(name))
    ledger = random_changes(rounds, 7)
    for _ in range(3):
        for k in range(len(ledger.plans)):
            before = ledger.rank
            changed = ledger.improve(k, rounds.survey.pools[k])
            if changed:
                assert ledger.rank < before
            assert ledger.rank[-1] == pytest.approx(before[-1], rel=1e-9) or changed


def test_judged_all_at_once_or_one_by_one_the_best_plan_is_the_same(scarce: Task) -> None:
    """Where space alone is shared both ways of comparing plans agree."""
    rounds = searched(with_limits(scarce, space=(90.0, 150.0)))
    for seed in range(5):
        ledger = random_changes(rounds, seed)
        for k in range(len(ledger.plans)):
            at_once = ledger._cheapest(k, rounds.survey.pools[k])
            in_turn = ledger._first_ranked(k, rounds.survey.pools[k])
            assert at_once[1][-1] == pytest.approx(in_turn[1][-1], rel=1e-9)


def test_a_plan_costs_what_the_programme_says_of_its_shipments(scarce: Task) -> None:
    """With every shipment fixed, the linear programme finds hardly anything to save."""
    rounds = searched(scarce)
    ledger = rounds.ledger
    shipments = np.stack([plan.shipments for plan in ledger.plans], axis=-1)
    rules = rounds.survey.lots.rules
    orders = (shipments[:DAYS, -1] > 0) * rules.order_cost
    money = float((rules.charge * shipments).sum() + orders.sum())
    fixed = reconcile(replace(scarce, least=shipments, most=shipments))
    assert fixed.upper + money == pytest.approx(ledger.cost, rel=2e-3)
    assert fixed.upper + money <= ledger.cost * (1 + 1e-6)


def test_the_best_mix_costs_no_more_than_the_plan_and_no_less_than_is_proved(scarce: Task) -> None:
    """It may take parts of plans, the ledger may not; and no mix beats the bound."""
    rounds = searched(scarce)
    mix = mixed(rounds.survey.pools, rounds.shared.rows)
    assert mix.cost <= rounds.ledger.cost * (1 + 1e-9)
    assert mix.cost >= rounds.lower * (1 - 1e-9)
    assert (mix.prices >= 0).all()
    space = len(rounds.shared.rows.spread)
    assert (mix.prices[:space] <= rounds.shared.rows.price * (1 + 1e-9)).all()


def test_what_is_left_to_a_product_fits_in(scarce: Task) -> None:
    """With the others as they are, it may ship up to its limits and none is exceeded."""
    ledger = searched(scarce).ledger
    assert ledger.feasible
    for k in range(6):
        most = beside(ledger, np.array([k]))
        assert most is not None
        used = (most[..., 0] - ledger.plans[k].shipments) * scarce.scenario.products.volume[k]
        rows = ledger.shared.rows
        T, M = used.shape
        supply = slice(M * T, 2 * M * T)
        total = ledger.usage[supply].reshape(M, T).T + np.where(np.isfinite(used), used, 0.0)
        assert (total <= rows.allowance[supply].reshape(M, T).T * (1 + 1e-6)).all()


def test_giving_way_together_keeps_every_limit(scarce: Task) -> None:
    """If all ship what they may at most, supply is used up and no more."""
    rounds = searched(scarce)
    ledger = rounds.ledger
    shared = ledger.shared
    tight = shared.rows.allowance.copy()
    tight[shared.hard] *= 0.4
    ledger.shared = replace(shared, rows=replace(shared.rows, allowance=tight))
    assert any(ledger.exceeded)
    most = giving_way(ledger, np.arange(6))
    assert most is not None
    own = np.stack([plan.shipments for plan in ledger.plans], axis=-1)
    shipped = np.minimum(most, own) @ scarce.scenario.products.volume
    T, M = shipped.shape
    limit = tight[M * T : 2 * M * T].reshape(M, T).T
    assert (shipped <= limit * (1 + 1e-9)).all()
