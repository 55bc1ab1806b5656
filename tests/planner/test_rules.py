"""Rules differ in their safety factors and in what they do when space is scarce."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.demand import loss_function
from envs.dynamics import opening_state
from envs.policies import FollowPlan, SafetyStockRule, Situation, constant
from envs.world import world_of
from milp.model import Task
from milp.reconcile import reconcile
from planner.problem import Problem, problem_of
from planner.rolling import certain_levels
from planner.rules import (
    PlannedLevels,
    PricedFactors,
    ScaledFactors,
    planned_level,
    textbook_factors,
)
from tests.milp.conftest import random_task, steady_task, with_limits
from tests.planner.conftest import closed_form

HORIZON = 12
PASSING = np.array([30.0, 60.0])
"""What must pass: two products of 10 and 20 a day, once through the shelf, twice the store."""


def limited(*space: float) -> Problem:
    """Two steady products and the given space at shelf and store."""
    return problem_of(with_limits(steady_task(), space or None).scenario, HORIZON)


def scaled(problem: Problem, z: np.ndarray) -> np.ndarray:
    """Factors scaled to fit, on one path."""
    rule = ScaledFactors(constant(z), problem.scenario, problem.outlook)
    return rule(problem.situation())[0]


@given(st.integers(0, 10_000), st.floats(0, 80), st.floats(0, 80))
@settings(max_examples=40, deadline=None)
def test_scaled_factors_fit_the_room_and_are_never_raised(
    seed: int, shelf: float, store: float
) -> None:
    """Unless even none would not fit: then every positive factor is gone."""
    z = np.random.default_rng(seed).normal(1.0, 1.5, (2, 2))
    problem = limited(PASSING[0] + shelf, PASSING[1] + store)
    found = scaled(problem, z)
    spread = problem.outlook.windows(0).std * problem.scenario.products.volume
    assert (found <= z).all()
    np.testing.assert_array_equal(found[z <= 0], z[z <= 0])
    for stage, room in enumerate((shelf, store)):
        needed = float(loss_function(-found[stage]) @ spread[stage])
        bare = float(loss_function(-np.minimum(z[stage], 0)) @ spread[stage])
        if bare <= room:
            assert needed <= room * (1 + 1e-9) + 1e-9
        else:
            assert not (found[stage] > 0).any()


def test_scaling_takes_the_same_share_of_everybody() -> None:
    """What is left of two products' positive factors is in the same proportion, and fills room."""
    z = np.array([[2.0, 1.0], [1.5, -0.5]])
    problem = limited(PASSING[0] + 25.0, np.inf)
    found = scaled(problem, z)
    assert found[0, 0] / found[0, 1] == pytest.approx(2.0)
    spread = problem.outlook.windows(0).std[0]
    assert loss_function(-found[0]) @ spread == pytest.approx(25.0, rel=1e-3)
    np.testing.assert_array_equal(found[1], z[1])


def test_with_room_for_all_nothing_is_scaled() -> None:
    """To the bit, whether space is ample or has no limit."""
    z = np.array([[2.0, 1.0], [1.5, -0.5]])
    for problem in (limited(), limited(1e6, 1e6)):
        np.testing.assert_array_equal(scaled(problem, z), z)


def test_every_path_is_scaled_by_itself() -> None:
    """Two paths with different advice get what each would get alone."""
    problem = limited(*(PASSING + 20.0))
    advice = np.stack([np.full((2, 2), 2.0), np.full((2, 2), 0.5)])
    rule = ScaledFactors(lambda situation: advice, problem.scenario, problem.outlook)
    both = rule(problem.situation(2))
    for path in range(2):
        np.testing.assert_allclose(both[path], scaled(problem, advice[path]))


def test_at_a_price_of_nothing_the_advice_is_passed_on() -> None:
    """The very same array, not a copy that is almost equal."""
    problem, z = limited(50.0, 90.0), np.full((2, 2), 1.5)
    rule = PricedFactors(closed_form(problem, z), np.zeros((HORIZON, 2)))
    assert rule(problem.situation()) is z


def test_a_price_lowers_factors_where_it_is_paid() -> None:
    """At the store only, and on the days that have it; the last day's price holds on."""
    problem, z = limited(50.0, 90.0), np.full((2, 2), 1.5)
    price = np.zeros((3, 2))
    price[2, 1] = 4.0
    rule = PricedFactors(closed_form(problem, z), price)
    policy = SafetyStockRule(problem.outlook, rule)
    trace = problem.carried_out(policy, problem.mean_demand)
    free = problem.carried_out(SafetyStockRule(problem.outlook, constant(z)), problem.mean_demand)
    np.testing.assert_array_equal(trace.shipments[0, :2], free.shipments[0, :2])
    assert (trace.shipments[0, 2, 1] < free.shipments[0, 2, 1]).all()
    found = rule(_on_day(problem, 9))
    np.testing.assert_array_equal(found[0], z[0])
    assert (found[1] < z[1]).all()


def _on_day(problem: Problem, day: int) -> Situation:
    morning = problem.situation()
    return replace(morning, state=replace(morning.state, period=day))


def test_the_textbook_covers_the_critical_ratio_at_every_stage() -> None:
    """At a cost ratio of 1 half of demand, at 99 the z of 99 %."""
    task = steady_task(missed_sale_cost=np.array([1.0, 99.0]))
    z = textbook_factors(task.scenario)(problem_of(task.scenario, 1).situation())
    np.testing.assert_allclose(z, np.tile([0.0, 2.3263478740408408], (2, 1)), atol=1e-12)


@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.6]))
@settings(max_examples=25, deadline=None)
def test_levels_of_a_plan_order_what_the_plan_ships(seed: int, starving: float) -> None:
    """If all goes as planned, ordering up to its levels and following it are one and the same."""
    task = replace(random_task(seed, starving=starving), period=0)
    problem = problem_of(task.scenario, task.periods)
    answer = reconcile(task)
    outflow = problem.mean_demand[0] - answer.lost_sales
    level = planned_level(answer.shipments, task.stock, outflow)
    by_level = problem.carried_out(PlannedLevels(level), problem.mean_demand)
    followed = problem.carried_out(FollowPlan(answer.shipments), problem.mean_demand)
    daily = np.maximum(task.scenario.forecast.scale, 1.0)
    for name in ("shipments", "on_hand", "lost_sales", "backorders"):
        ours, theirs = getattr(by_level, name)[0], getattr(followed, name)[0]
        np.testing.assert_allclose(ours / daily, theirs / daily, atol=1e-5, err_msg=name)


def test_what_was_not_sold_is_not_bought_again() -> None:
    """With no demand on the first day the second day's orders are a day's demand less."""
    task = steady_task()
    problem = problem_of(task.scenario, HORIZON)
    answer = reconcile(task)
    outflow = problem.mean_demand[0] - answer.lost_sales
    rule = PlannedLevels(planned_level(answer.shipments, task.stock, outflow))
    quiet = problem.mean_demand.copy()
    quiet[:, 0] = 0
    usual, after = (problem.carried_out(rule, demand) for demand in (problem.mean_demand, quiet))
    less = usual.shipments[0, 1] - after.shipments[0, 1]
    expected = np.minimum(usual.shipments[0, 1], problem.mean_demand[0, 0])
    np.testing.assert_allclose(less, expected)


def test_after_the_last_planned_day_nothing_is_ordered() -> None:
    """A plan says nothing about days beyond its end."""
    problem = limited()
    orders = PlannedLevels(np.full((3, 2, 2), 1e6))(_on_day(problem, 3))
    assert not orders.any()


def test_levels_of_who_takes_the_mean_for_certain_are_the_forecast() -> None:
    """With room to spare, each echelon is ordered up to its forecast and no further."""
    problem = limited(1e6, 1e6)
    z = np.zeros((2, 2))
    task = Task(problem.scenario, problem.outlook, z, problem.scenario.stock, 0, HORIZON)
    level, _ = certain_levels(task)
    late = HORIZON // 2
    np.testing.assert_allclose(level[late], problem.outlook.windows(late).echelon_mean, rtol=1e-3)


def test_rules_leave_the_morning_as_it_is() -> None:
    """What a rule is given is the same after it has answered."""
    problem = limited(50.0, 90.0)
    morning = problem.situation()
    before = opening_state(problem.scenario.stock, world_of(problem.scenario))
    PlannedLevels(np.ones((3, 2, 2)))(morning)
    scaled(problem, np.ones((2, 2)))
    np.testing.assert_array_equal(morning.state.on_hand, before.on_hand)
    np.testing.assert_array_equal(morning.state.pipeline, before.pipeline)
