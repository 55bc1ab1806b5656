"""A planning problem knows its forecast, its futures and its limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.network import Network
from data.terms import Budget, Locks, Terms
from envs.policies import AtTerms, NothingFromSource, SafetyStockRule, WholeLots, constant
from milp.model import Task
from milp.reconcile import reconcile
from planner.problem import Problem, problem_of
from tests.milp.conftest import steady_task, with_limits

HORIZON = 12


def steady(**columns: np.ndarray) -> Problem:
    """Two steady products in a chain of two stages without limits."""
    return problem_of(steady_task(**columns).scenario, HORIZON)


def test_mean_demand_is_the_forecast() -> None:
    """Day by day, for the days that are planned."""
    problem = steady()
    np.testing.assert_array_equal(problem.mean_demand[0], problem.scenario.forecast.mean[:HORIZON])


def test_the_same_stream_gives_the_same_futures() -> None:
    """To the bit; another one gives others."""
    problem = steady()
    once, again, other = (
        problem.sampled_demand(5, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert once.tobytes() == again.tobytes()
    assert not np.array_equal(once, other)


def test_futures_have_the_forecasts_mean_spread_and_autocorrelation() -> None:
    """Within four standard errors over 4,000 futures."""
    problem = steady(error_autocorrelation=np.array([0.0, 0.6]))
    paths = 4000
    demand = problem.sampled_demand(paths, np.random.default_rng(3))
    mean, std = problem.outlook.mean[:HORIZON], problem.outlook.std[:HORIZON]
    error = demand.mean(axis=0) - mean
    assert (np.abs(error) < 4 * std / np.sqrt(paths)).all()
    np.testing.assert_allclose(demand.std(axis=0), std, rtol=0.15)
    log = np.log(demand)
    for k, expected in enumerate((0.0, 0.6)):
        found = np.corrcoef(log[:, 4, k], log[:, 5, k])[0, 1]
        assert abs(found - expected) < 4 / np.sqrt(paths)


def test_products_without_lots_are_ordered_as_they_are() -> None:
    """A policy is wrapped only where something is to be rounded."""
    rule = SafetyStockRule(steady().outlook, constant(np.zeros((2, 2))))
    assert steady().in_lots(rule) is rule
    for column in ("lot_size", "minimum_order"):
        wrapped = steady(**{column: np.array([0.0, 6.0])}).in_lots(rule)
        assert isinstance(wrapped, WholeLots)


def test_policies_are_kept_to_the_terms() -> None:
    """A lock or an order day is enough; locks of lots are placed as they are."""
    here = steady()
    rule = SafetyStockRule(here.outlook, constant(np.zeros((2, 2))))
    lock = Locks(np.array([1]), np.array([0]), np.array([0]), np.array([3.5]))
    locked = replace(here.scenario, terms=Terms(lock))
    shop, depot = here.scenario.network.stages
    mondays = replace(shop, order_days=(True, *(False,) * 6))
    closed = replace(here.scenario, network=Network((mondays, depot)))
    for scenario in (locked, closed):
        assert isinstance(problem_of(scenario, HORIZON).in_lots(rule), AtTerms)
    in_lots = replace(locked.products, lot_size=np.full(2, 6.0))
    problem = problem_of(replace(locked, products=in_lots), HORIZON)
    orders = problem.in_lots(rule)(problem.situation())
    assert orders[0, 0, 1] == 3.5
    assert orders[0, 0, 0] % 6 == 0


def test_what_is_not_worth_buying_is_bought_only_where_a_person_has_locked_a_line() -> None:
    """On that day, and as much; the other product is ordered as without the rule's knowing."""
    here = steady(missed_sale_cost=np.array([50.0, 0.4]))
    rule = SafetyStockRule(here.outlook, constant(np.ones((2, 2))))
    kept = here.in_lots(rule)
    assert isinstance(kept, NothingFromSource)
    free, orders = rule(here.situation()), kept(here.situation())
    assert free[0, 1, 1] > 0
    assert orders[0, 1, 1] == 0
    np.testing.assert_array_equal(orders[:, 0], free[:, 0])
    np.testing.assert_array_equal(orders[..., 0], free[..., 0])
    lock = Locks(np.array([1]), np.array([1]), np.array([2]), np.array([7.0]))
    locked = problem_of(replace(here.scenario, terms=Terms(lock)), HORIZON)
    bought = locked.carried_out(locked.in_lots(rule), locked.mean_demand).shipments[0, :, 1, 1]
    assert bought.tolist() == [7.0 * (day == 2) for day in range(HORIZON)]


def test_what_is_not_worth_buying_spends_no_budget_and_fills_no_lot() -> None:
    """The money is there for the product that is worth it."""
    costs = {"missed_sale_cost": np.array([50.0, 0.4]), "unit_cost": np.ones(2)}
    here = steady(**costs, lot_size=np.full(2, 5.0), minimum_order=np.full(2, 10.0))
    money = replace(here.scenario.terms, budget=Budget(per_period=30.0))
    short = problem_of(replace(here.scenario, terms=money), HORIZON)
    rule = SafetyStockRule(here.outlook, constant(np.full((2, 2), 3.0)))
    orders = short.in_lots(rule)(short.situation())
    assert orders[0, 1].tolist() == [30.0, 0.0]


@pytest.mark.parametrize(
    ("space", "supply", "limited"),
    [
        (None, None, False),
        ((np.inf, 50.0), None, True),
        (None, (9.0, np.inf), True),
        ((0.0, 0.0), None, True),
    ],
)
def test_any_limit_on_space_or_supply_is_a_limit(
    space: tuple[float, float] | None, supply: tuple[float, float] | None, limited: bool
) -> None:
    """One stage is enough; no space at all is a limit, too."""
    task = with_limits(steady_task(), space, supply)
    assert problem_of(task.scenario, HORIZON).has_limits is limited


@pytest.mark.parametrize("horizon", [1, 5, 28])
def test_the_forecast_reaches_any_model_started_within_the_plan(horizon: int) -> None:
    """A model as long as the plan can start on its last day."""
    problem = problem_of(steady_task().scenario, horizon)
    last = horizon - 1
    task = Task(
        problem.scenario,
        problem.outlook,
        np.ones((2, 2)),
        problem.scenario.stock,
        last,
        horizon,
    )
    assert reconcile(task).shipments.shape == (horizon, 2, 2)
    problem.outlook.windows(horizon)


def test_this_morning_is_the_same_on_every_path() -> None:
    """All futures start from the stock as it is."""
    problem = steady()
    state = problem.situation(3).state
    for path in range(3):
        np.testing.assert_array_equal(state.on_hand[path], problem.scenario.stock.on_hand)


def test_what_is_carried_out_covers_every_path_and_day() -> None:
    """A trace of the futures asked for, in which all demand is served, lost or waiting."""
    problem = steady()
    demand = problem.sampled_demand(4, np.random.default_rng(1))
    rule = SafetyStockRule(problem.outlook, constant(np.ones((2, 2))))
    trace = problem.carried_out(rule, demand)
    assert trace.shipments.shape == (4, HORIZON, 2, 2)
    np.testing.assert_allclose(trace.served + trace.lost_sales, demand)


def test_a_changed_scenario_is_another_problem() -> None:
    """Records are frozen: the first problem stays as it was."""
    problem = steady()
    scenario = with_limits(steady_task(), (50.0, 90.0)).scenario
    assert problem_of(scenario, HORIZON).has_limits
    assert not problem.has_limits
    assert replace(problem, horizon=3).mean_demand.shape == (1, 3, 2)
