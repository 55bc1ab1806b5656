"""Planning anew every day upsets announced orders as little as it is told to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.stock import StockState
from envs.policies import constant
from milp.reconcile import reconcile
from milp.task import Task
from planner.cadence import (
    NEARNESS,
    OPEN,
    Fence,
    Replanning,
    announced,
    changes_by_stage,
    fenced,
    nervousness,
    replan,
)
from planner.problem import problem_of
from tests.milp.conftest import random_task, steady_task, with_limits

PERIODS = 8
Z = np.array([[1.5, 1.0], [0.5, 0.2]])


def scarce(**columns: np.ndarray) -> Task:
    """Two steady products with less space than they want."""
    return with_limits(steady_task(periods=PERIODS, **columns), (48.0, 72.0))


def tomorrow(task: Task, shipped: np.ndarray, sold: np.ndarray) -> Task:
    """The task of the next day, after shipments (M, K) and sales (K,) of today."""
    stock, lead_time = task.stock, task.scenario.products.lead_time
    longest = max(stock.pipeline.shape[2], int(lead_time.max()) + 1)
    pipeline = np.zeros((*stock.pipeline.shape[:2], longest + 1))
    pipeline[..., : stock.pipeline.shape[2]] = stock.pipeline
    for stage, product in np.ndindex(shipped.shape):
        pipeline[stage, product, lead_time[stage, product]] += shipped[stage, product]
    on_hand = stock.on_hand + pipeline[..., 0]
    on_hand[1:] -= shipped[:-1]
    on_hand[0] = np.maximum(on_hand[0] - sold, 0)
    after = StockState(np.maximum(on_hand, 0), pipeline[..., 1:], stock.backorders)
    return replace(task, stock=after, period=task.period + 1)


def test_a_plan_that_stays_is_not_nervous() -> None:
    """And one that shares nothing with what was announced is as nervous as can be."""
    orders = np.arange(24.0).reshape(3, 2, 4)
    assert nervousness(orders, orders).overall == 0
    assert nervousness(orders, 0 * orders).overall == 1
    assert nervousness(0 * orders, orders).overall == 1
    assert nervousness(0 * orders, 0 * orders).overall == 0


@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_nervousness_is_a_share(seed: int) -> None:
    """Between 0 and 1 whatever changes, the same either way round, and whatever the unit is."""
    rng = np.random.default_rng(seed)
    before, now = rng.exponential(5, (2, 4, 3, 5)) * (rng.random((2, 4, 3, 5)) < 0.5)
    found = nervousness(before, now)
    assert 0 <= found.overall <= 1
    assert ((found.by_stage >= 0) & (found.by_stage <= 1)).all()
    assert found.overall == pytest.approx(nervousness(now, before).overall)
    assert found.overall == pytest.approx(nervousness(12 * before, 12 * now).overall)
    assert found.by_stage.min() - 1e-12 <= found.overall <= found.by_stage.max() + 1e-12


def test_a_change_counts_the_more_the_nearer_it_is() -> None:
    """By a constant share per day, as in the literature."""
    before = np.full((3, 1, 1), 10.0)
    found = []
    for day in range(3):
        now = before.copy()
        now[day] += 5
        found.append(nervousness(before, now).overall)
    weights = NEARNESS ** np.arange(3)
    expected = [5 * w / (10 * weights.sum() + 5 * w) for w in weights]
    assert found == pytest.approx(expected)


def test_a_weight_counts_products_by_what_they_weigh() -> None:
    """A product without weight may change as it likes."""
    before = np.full((2, 1, 2), 10.0)
    now = before.copy()
    now[..., 1] = 0
    assert nervousness(before, now, np.array([1.0, 0.0])).overall == 0
    assert nervousness(before, now, np.array([0.0, 1.0])).overall == 1


def test_planning_on_from_yesterday_finds_the_same_plan_sooner() -> None:
    """The same cost in fewer steps; the basis is a start, not a bias."""
    task = scarce()
    first = reconcile(task)
    next_day = tomorrow(task, first.shipments[0], task.outlook.mean[0])
    cold, warm = reconcile(next_day), replan(next_day, first)
    assert warm.upper == pytest.approx(cold.upper, rel=1e-9)
    assert 0 < warm.iterations < cold.iterations


def test_if_all_went_as_planned_hardly_anything_changes() -> None:
    """The plan made on a day of mean demand is that of the day before, shifted."""
    task = scarce()
    first = reconcile(task)
    sold = task.outlook.mean[0] - first.lost_sales[0]
    second = replan(tomorrow(task, first.shipments[0], sold), first)
    upset = replan(tomorrow(task, first.shipments[0], 3 * task.outlook.mean[0]), first)
    calm, nervous = (
        nervousness(announced(first)[:3], of.shipments[:3]).overall for of in (second, upset)
    )
    assert calm < nervous


@pytest.mark.parametrize("days", [1, 3, PERIODS - 1])
@pytest.mark.parametrize("freedom", [0.0, 0.2])
def test_orders_inside_the_fence_stay_as_announced(days: int, freedom: float) -> None:
    """But for the freedom they have; after it the plan is free again."""
    task = scarce()
    first = reconcile(task)
    next_day = tomorrow(task, first.shipments[0], 3 * task.outlook.mean[0])
    held = replan(next_day, first, Fence(days, freedom)).shipments
    before = announced(first)[:days]
    assert (held[:days] <= before * (1 + freedom) + 1e-6).all()
    assert (held[:days] >= before * (1 - freedom) - 1e-6).all()
    free = replan(next_day, first).shipments
    changed, least = (nervousness(before, of[:days]).overall for of in (free, held))
    assert least < changed


def test_a_fence_costs_what_freedom_would_have_saved() -> None:
    """The longer and firmer, the dearer in the model, and never cheaper than none."""
    task = scarce()
    first = reconcile(task)
    next_day = tomorrow(task, first.shipments[0], 3 * task.outlook.mean[0])
    costs = [
        replan(next_day, first, fence).upper for fence in (OPEN, Fence(3, 0.25), Fence(3), Fence(7))
    ]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]


@given(st.integers(0, 2**32), st.floats(0, 1))
@settings(max_examples=25, deadline=None)
def test_a_fence_never_makes_a_plan_impossible(seed: int, freedom: float) -> None:
    """Whatever was announced: what cannot be shipped any more is not held."""
    rng = np.random.default_rng(seed)
    task = random_task(seed)
    shape = (task.periods - 1, *task.z.shape)
    wild = rng.exponential(1, shape) * task.scenario.forecast.scale * rng.choice([0, 1, 20], shape)
    held = fenced(task, wild, Fence(4, freedom))
    answer = reconcile(held)
    days = min(4, len(wild))
    assert (answer.shipments[:days] <= wild[:days] * (1 + freedom) + 1e-5 * (1 + wild[:days])).all()


def test_bounds_that_a_task_has_already_are_kept() -> None:
    """A locked order stays locked, on days without orders none is forced."""
    task = scarce()
    shape = (PERIODS, *task.z.shape)
    most = np.full(shape, np.inf)
    most[0] = 0.0
    held = fenced(replace(task, most=most), np.full((PERIODS - 1, *shape[1:]), 5.0), Fence(2))
    assert held.most is not None
    assert held.least is not None
    assert (held.most[0] == 0).all()
    assert (held.least[0] == 0).all()
    assert (held.least <= held.most).all()


def test_without_a_fence_the_task_is_untouched() -> None:
    """The same object."""
    task = scarce()
    assert fenced(task, np.ones((PERIODS - 1, *task.z.shape)), OPEN) is task


@pytest.mark.parametrize(("days", "freedom"), [(-1, 0.0), (366, 0.0), (3, -0.1), (3, 1.1)])
def test_a_fence_that_means_nothing_cannot_be_made(days: int, freedom: float) -> None:
    """It says what it expected."""
    with pytest.raises(ValueError, match="fence: "):
        Fence(days, freedom)


def test_planning_daily_places_what_each_days_plan_says_first() -> None:
    """On every path by itself; nervousness is noted from the second day on."""
    problem = problem_of(scarce().scenario, PERIODS)
    demand = problem.sampled_demand(2, np.random.default_rng(3))[:, :4]
    runs = {}
    for fence in (OPEN, Fence(5)):
        policy = Replanning(problem.scenario, problem.outlook, constant(Z), PERIODS - 2, fence)
        problem.carried_out(policy, demand)
        assert len(policy.iterations) == 2 * 4
        assert len(policy.changes) == 2 * 3
        runs[fence] = policy
    calm, nervous = (
        np.mean([change.overall for change in runs[fence].changes]) for fence in (Fence(5), OPEN)
    )
    assert calm < nervous
    rows = changes_by_stage(runs[OPEN].changes, problem.scenario.network.names)
    assert [row[0] for row in rows] == ["stage 0", "stage 1", "all stages"]
    assert rows[-1][1] == pytest.approx(nervous)
    assert all(mean <= largest for _, mean, largest in rows)
