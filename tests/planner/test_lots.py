"""Where orders cost something by themselves, the programme decides them in whole lots."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.engine import Alone
from milp.effort import Effort
from milp.reconcile import reconcile
from planner.lots import asked_in_lots
from planner.planning import LEVELS, PRICES, Making, make_plan
from planner.problem import Problem, problem_of
from planner.tasks import task_of
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

Z = np.array([[1.5, 1.0], [0.5, 0.2]])
QUICK = Making(effort=Effort(gap=0.02, seconds=5.0))


def problem(**columns: np.ndarray) -> Problem:
    """Two steady products in a chain of two stages with scarce space."""
    return problem_of(with_limits(steady_task(**columns), (48.0, 72.0)).scenario, 10)


def days_with_purchases(of: Problem, making: Making) -> int:
    """On how many of the first days anything is bought, product by product."""
    bought = make_plan(of, closed_form(of, Z), making).plan.shipments[:7, -1]
    return int((bought > 0).sum())


def test_orders_that_cost_something_are_placed_less_often() -> None:
    """And by the programme, which alone knows what an order costs."""
    dear = problem(order_cost=np.array([60.0, 60.0]))
    assert make_plan(dear, closed_form(dear, Z), QUICK).mode == LEVELS
    assert days_with_purchases(dear, QUICK) < days_with_purchases(problem(), QUICK)


def test_prices_alone_do_not_know_what_an_order_costs() -> None:
    """Who asks for prices gets them."""
    dear = problem(order_cost=np.array([60.0, 60.0]))
    planned = make_plan(dear, closed_form(dear, Z), replace(QUICK, mode=PRICES))
    assert planned.mode == PRICES
    assert planned.answer is None


def test_minimum_orders_are_planned_where_the_programme_decides() -> None:
    """If it is to, it keeps them on the first days, in whole lots."""
    of = problem(lot_size=np.array([6.0, 5.0]), minimum_order=np.array([24.0, 40.0]))
    planned = make_plan(of, closed_form(of, Z), replace(QUICK, in_lots=True))
    assert planned.answer is not None
    bought = planned.answer.shipments[:7, -1]
    for k, (lot, least) in enumerate(((6.0, 24.0), (5.0, 40.0))):
        placed = bought[bought[:, k] > 0, k]
        np.testing.assert_allclose(placed / lot, np.round(placed / lot), atol=1e-6)
        assert (placed >= least - 1e-6).all()


def test_an_answer_in_lots_costs_no_less_than_one_without() -> None:
    """Its bound and its prices are those of a plan like any other."""
    of = problem(lot_size=np.array([12.0, 12.0]), order_cost=np.array([30.0, 30.0]))
    task = task_of(of, closed_form(of, Z))
    free, lots = reconcile(task), asked_in_lots(task, QUICK.effort, Alone(), lambda bounds: None)
    assert free.upper < lots.upper
    assert lots.lower <= lots.upper
    assert lots.gap < 0.5
    assert lots.storage_price.shape == free.storage_price.shape
    assert type(lots.complete) is bool


@pytest.mark.parametrize("seconds", [1e-9])
def test_without_time_the_rule_orders_or_nothing_does(seconds: float) -> None:
    """A plan is made in any case."""
    dear = problem(order_cost=np.array([60.0, 60.0]))
    planned = make_plan(dear, closed_form(dear, Z), Making(effort=Effort(seconds=seconds)))
    assert np.isfinite(planned.plan.shipments).all()
