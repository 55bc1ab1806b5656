"""Rules that plan anew every day or week, each path by itself."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from data.outlook import Outlook
from envs.observation import ForecastErrors
from envs.policies import SafetyStockRule, Situation, constant
from milp.flow import moved
from milp.model import Task
from milp.prices import standing_prices
from milp.reconcile import reconcile
from milp.segments import Goal
from planner import rolling
from planner.lookahead import WEEK, look_ahead_of
from planner.problem import Problem, problem_of
from planner.rolling import (
    Levels,
    ModelPrices,
    OptimiserOnly,
    Prices,
    Unpriced,
    WeeklyPrices,
    stock_of_path,
)
from planner.rules import Advice, ClosedForm, planned_level
from planner.situations import on_paths
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

HORIZON = 8
Z = np.array([[1.5, 1.0], [0.5, 0.2]])


def free() -> Problem:
    """Two steady products without limits."""
    return problem_of(steady_task().scenario, HORIZON)


def tight() -> Problem:
    """The same, with less space than they want."""
    return problem_of(with_limits(steady_task(), (48.0, 72.0)).scenario, HORIZON)


def futures(problem: Problem, paths: int = 2) -> np.ndarray:
    """Sampled demand, the same whenever asked."""
    return problem.sampled_demand(paths, np.random.default_rng(5))


def levels(problem: Problem) -> Levels:
    """The model re-solved every day."""
    return Levels(problem.scenario, problem.outlook, constant(Z), HORIZON)


class Finder:
    """Finds the given prices one after the other, and counts how often it is asked."""

    def __init__(self, *prices: float) -> None:
        self.asked = 0
        self.told: list[np.ndarray | None] = []
        self._prices = prices

    def __call__(
        self, situation: Situation, advice: Advice, last: np.ndarray | None = None
    ) -> np.ndarray:
        """The next price at the shelf, for every path; the store's is 0."""
        self.told.append(last)
        self.asked += 1
        price = self._prices[min(self.asked, len(self._prices)) - 1]
        return np.tile([price, 0.0], (len(situation.state.on_hand), 1))


def weekly(problem: Problem, find: Prices) -> SafetyStockRule:
    """Order up to the advice at prices found once a week."""
    return SafetyStockRule(problem.outlook, WeeklyPrices(closed_form(problem, Z), find))


def test_without_limits_the_model_leaves_order_up_to_as_it_is() -> None:
    """To the bit, on every path and day."""
    problem = free()
    demand = futures(problem)
    rule = SafetyStockRule(problem.outlook, constant(Z))
    usual, ours = (problem.carried_out(p, demand) for p in (rule, levels(problem)))
    np.testing.assert_array_equal(ours.shipments, usual.shipments)


def test_under_scarce_space_the_models_first_shipments_are_ordered() -> None:
    """What it plans for later days is planned again tomorrow."""
    problem = tight()
    task = Task(problem.scenario, problem.outlook, Z, problem.scenario.stock, 0, HORIZON)
    answer = reconcile(task)
    assert answer.scarce
    orders = levels(problem)(problem.situation())
    np.testing.assert_array_equal(orders[0], answer.shipments[0])


def test_a_model_that_knows_no_limits_orders_up_to_the_advice_where_space_is_scarce() -> None:
    """To the bit, as where there are none."""
    problem = tight()
    morning = problem.situation()
    blind = Levels(problem.scenario, problem.outlook, constant(Z), HORIZON, coupling=False)
    rule = SafetyStockRule(problem.outlook, constant(Z))
    np.testing.assert_array_equal(blind(morning), rule(morning))
    assert (levels(problem)(morning) != blind(morning)).any()


@pytest.mark.parametrize("goal", [Goal.SAFETY, Goal.SAFETY_ADDED])
def test_another_goal_is_the_models_even_where_nothing_is_scarce(goal: Goal) -> None:
    """Its first shipments are ordered, not the advice's order-up-to."""
    problem = free()
    asked = Levels(problem.scenario, problem.outlook, constant(Z), HORIZON, goal)
    task = Task(problem.scenario, problem.outlook, Z, problem.scenario.stock, 0, HORIZON)
    answer = reconcile(replace(task, goal=goal))
    np.testing.assert_array_equal(asked(problem.situation())[0], answer.shipments[0])


@pytest.mark.parametrize("make", [levels, lambda p: OptimiserOnly(p.scenario, p.outlook, HORIZON)])
def test_a_path_does_not_notice_the_others(make) -> None:
    """The second of two paths, played alone, orders the same."""
    problem = tight()
    demand = futures(problem)
    both = problem.carried_out(make(problem), demand)
    alone = problem.carried_out(make(problem), demand[1:])
    np.testing.assert_allclose(both.shipments[1], alone.shipments[0], atol=1e-6)


def test_prices_are_looked_up_once_a_week() -> None:
    """Eight days: on the first day and on the eighth."""
    problem = tight()
    finder = Finder(1.0)
    problem.carried_out(weekly(problem, finder), futures(problem))
    assert WEEK < HORIZON <= 2 * WEEK
    assert finder.asked == 2


def test_half_of_a_weeks_price_is_last_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a week at 4 and one that finds 0, orders answer to 2."""
    problem = tight()
    rule = weekly(problem, Finder(4.0, 0.0))
    seen = []
    at = ClosedForm.at
    monkeypatch.setattr(ClosedForm, "at", lambda *given: seen.append(given[-1][0, 0]) or at(*given))
    problem.carried_out(rule, futures(problem, 1))
    assert seen == [4.0] * WEEK + [2.0] * (HORIZON - WEEK)


def test_who_finds_prices_is_told_the_last_ones() -> None:
    """Nothing on the first day, then what the orders of every path answered to."""
    problem = tight()
    finder = Finder(4.0, 1.0, 0.0)
    problem.carried_out(weekly(problem, finder), futures(problem))
    first, then = finder.told
    assert first is None
    np.testing.assert_array_equal(then, [[4.0, 0.0], [4.0, 0.0]])


def test_levels_asked_at_a_price_are_told_to_the_model_as_if_space_were_free() -> None:
    """The model's own price would bring the factors it is given to those that were advised."""
    problem = tight()
    scenario, outlook = problem.scenario, problem.outlook
    priced = WeeklyPrices(closed_form(problem, Z), Finder(2.0))
    free = Unpriced(priced, scenario, outlook)(problem.situation(2))
    answered = closed_form(problem, Z).at(problem.situation(), np.array([2.0, 0]))
    assert (free[:, 0] > answered[0]).all()
    np.testing.assert_allclose(free, np.broadcast_to(Z, free.shape), atol=1e-6)


def test_free_space_leaves_weekly_orders_at_order_up_to() -> None:
    """Where looking ahead finds no price, the advice is ordered up to."""
    problem = free()
    look_ahead = look_ahead_of(problem, 1)
    demand = futures(problem)
    ours = problem.carried_out(weekly(problem, look_ahead.prices), demand)
    usual = problem.carried_out(SafetyStockRule(problem.outlook, constant(Z)), demand)
    np.testing.assert_array_equal(ours.shipments, usual.shipments)


def test_the_models_prices_are_its_duals_of_the_days_that_orders_fill() -> None:
    """Nothing where nothing is scarce, the model's standing price where something is."""
    problem = tight()
    task = Task(problem.scenario, problem.outlook, Z, problem.scenario.stock, 0, HORIZON)
    duals = reconcile(task).storage_price
    found = ModelPrices(problem.scenario, problem.outlook, HORIZON)(
        problem.situation(), closed_form(problem, Z)
    )
    np.testing.assert_allclose(found, standing_prices(duals)[:1])
    assert found.any()
    roomy = free()
    assert not ModelPrices(roomy.scenario, roomy.outlook, HORIZON)(
        roomy.situation(), closed_form(roomy, Z)
    ).any()


def test_the_optimiser_alone_plans_every_second_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """And sees no uncertainty."""
    problem, tasks = tight(), []
    monkeypatch.setattr(
        rolling, "reconcile", lambda task, start: tasks.append(task) or reconcile(task, start)
    )
    rule = OptimiserOnly(problem.scenario, problem.outlook, HORIZON)
    problem.carried_out(rule, problem.mean_demand)
    assert [task.period for task in tasks] == [0, 2, 4, 6]
    assert not any(task.outlook.std.any() or task.z.any() for task in tasks)


def test_on_a_day_as_forecast_the_optimiser_alone_meets_demand() -> None:
    """It is right about a world without surprises, once its first orders are there."""
    problem = free()
    rule = OptimiserOnly(problem.scenario, problem.outlook, HORIZON)
    trace = problem.carried_out(rule, problem.mean_demand)
    assert trace.lost_sales[0, 4:].max() < 1e-6


def test_a_path_taken_out_is_that_path() -> None:
    """Its stock and its forecast errors, and nobody else's."""
    problem = problem_of(steady_task(backordered=np.array([True, True])).scenario, HORIZON)
    morning = problem.situation(3)
    state = replace(
        morning.state,
        on_hand=morning.state.on_hand * np.arange(3)[:, None, None],
        backorders=morning.state.backorders + np.arange(3)[:, None, None],
    )
    draw = np.random.default_rng(1).normal
    errors = ForecastErrors(*(draw(size=morning.errors.last.shape) for _ in fields(ForecastErrors)))
    situation = replace(morning, state=state, errors=errors)
    stock = stock_of_path(situation, 2)
    np.testing.assert_array_equal(stock.on_hand, state.on_hand[2])
    np.testing.assert_array_equal(stock.backorders, [2.0, 2.0])
    alone = on_paths(situation, slice(1, 2))
    np.testing.assert_array_equal(alone.state.on_hand, state.on_hand[1:2])
    for kind in fields(ForecastErrors):
        expected = getattr(errors, kind.name)[1:2]
        np.testing.assert_array_equal(getattr(alone.errors, kind.name), expected)


@pytest.mark.parametrize("space", [None, (120.0, 200.0)], ids=["free", "scarce"])
def test_many_products_of_certain_demand_are_solved_in_batches(
    monkeypatch: pytest.MonkeyPatch, space: tuple[float, ...] | None
) -> None:
    """By the model's own account their plan costs what one programme's does, but for the gap."""
    monkeypatch.setattr(rolling, "SMALL", replace(rolling.SMALL, batch=3))
    task = with_limits(steady_task(products=8, days_on_hand=0.5), space)
    task = replace(task, z=np.zeros_like(task.z), periods=HORIZON)
    outlook = task.outlook
    sure = Outlook(outlook.mean, np.zeros_like(outlook.std), outlook.lead_time)
    certain = replace(task, outlook=sure)
    alone = reconcile(certain)
    shipments = rolling._in_small_batches(certain)
    held = reconcile(replace(certain, least=shipments, most=shipments * (1 + 1e-9) + 1e-9))
    assert alone.upper <= held.upper * (1 + 1e-6) + 1e-3
    assert held.upper <= alone.upper * (1 + 2 * rolling.CERTAIN_GAP) + 1e-3
    one, basis = rolling.certain_levels(task)
    assert basis is not None
    monkeypatch.setattr(rolling, "MANY", 7)
    batched, basis = rolling.certain_levels(task)
    assert basis is None
    assert batched.shape == one.shape
    outflow = outlook.mean[:HORIZON] - moved(certain, shipments).lost_sales
    np.testing.assert_array_equal(batched, planned_level(shipments, task.stock, outflow))
