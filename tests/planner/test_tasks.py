"""The programme is told what may be ordered, and buys nothing that is not worth buying."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.engine import Alone
from data.terms import Locks, Terms
from envs.policies import SafetyStockRule, constant
from milp.reconcile import reconcile
from milp.task import Task
from planner.lots import asked_in_lots
from planner.planning import LEVELS, Making, make_plan
from planner.problem import Problem, problem_of
from planner.tasks import bounds_of, task_of
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

HORIZON = 14
SPACE = (40.0, 40.0, 40.0)
Z = np.array([[1.0, 0.0], [0.4, -0.6], [-0.3, -1.1]])
DEAR, CHEAP = 0, 1
"""A product that is worth buying and one that is not."""


def problem(
    space: tuple[float, ...] | None = SPACE,
    supply: tuple[float, ...] | None = None,
    lock: tuple[int, int, float] | None = None,
    missed: float = 0.3,
    **columns: np.ndarray,
) -> Problem:
    """Two products in three stages, above the shelf of which a unit costs 0.75 at least.

    A lock is a stage, a day and a quantity of the cheap product.
    """
    costs = {"missed_sale_cost": np.array([50.0, missed])}
    task = steady_task(lead_time=(1, 2, 3), days_on_hand=2.0, **costs, **columns)
    scenario = with_limits(task, space, supply).scenario
    if lock is not None:
        stage, day, quantity = lock
        fixed = Locks(*(np.array([n]) for n in (CHEAP, stage, day)), np.array([quantity]))
        scenario = replace(scenario, terms=Terms(fixed))
    return problem_of(scenario, HORIZON)


def task(of: Problem) -> Task:
    """What the programme is asked."""
    return task_of(of, closed_form(of, Z))


def by_rule(of: Problem) -> np.ndarray:
    """What the rule ships of the cheap product at mean demand if space costs nothing (T, M)."""
    rule = of.in_lots(SafetyStockRule(of.outlook, constant(Z)))
    return of.carried_out(rule, of.mean_demand).shipments[0, :, :, CHEAP]


def test_where_everything_is_worth_buying_nothing_is_bounded() -> None:
    """The programme is the same as if nobody had asked."""
    of = problem(missed=0.75)
    assert bounds_of(of, HORIZON) == (None, None)
    assert (task(of).least, task(of).most) == (None, None)


def test_of_a_product_that_is_not_worth_buying_only_the_source_is_closed() -> None:
    """On every day, and for no other product."""
    least, most = bounds_of(problem(), HORIZON)
    assert least is not None
    assert most is not None
    assert not least.any()
    assert (most[:, -1, CHEAP] == 0).all()
    most[:, -1, CHEAP] = np.inf
    assert np.isposinf(most).all()


@pytest.mark.parametrize(
    "columns",
    [{}, {"lot_size": np.array([3.0, 4.0]), "minimum_order": np.full(2, 12.0)}],
    ids=["any quantity", "in lots"],
)
def test_the_programme_buys_none_of_it_and_all_it_wants_of_the_others(
    columns: dict[str, np.ndarray],
) -> None:
    """What the chain holds of the product is passed on."""
    of = problem(**columns)
    effort = Making().effort
    answer = (
        asked_in_lots(task(of), effort, Alone(), lambda bounds: None)
        if columns
        else reconcile(task(of))
    )
    assert not answer.shipments[:, -1, CHEAP].any()
    assert answer.shipments[:, -1, DEAR].sum() > 0
    np.testing.assert_allclose(answer.shipments[..., CHEAP], by_rule(of), rtol=1e-6, atol=1e-6)


def test_a_plan_in_levels_sells_what_there_is_and_costs_no_more_than_the_rule() -> None:
    """Where space is short for both products, and the programme decides for both."""
    of = problem()
    made = make_plan(of, closed_form(of, Z), Making(mode=LEVELS))
    assert made.mode == LEVELS
    assert not made.plan.shipments[:, -1, CHEAP].any()
    stock = of.scenario.stock
    there = float(stock.on_hand[:, CHEAP].sum() + stock.pipeline[:, CHEAP].sum())
    sold = float((of.mean_demand[0, :, CHEAP] - made.plan.lost_sales[:, CHEAP]).sum())
    assert sold == pytest.approx(there - made.plan.on_hand[-1, :, CHEAP].sum())
    assert sold > 0.9 * there
    rule = of.carried_out(of.in_lots(SafetyStockRule(of.outlook, constant(Z))), of.mean_demand)
    ours, theirs = (
        float((costs.holding + costs.shortage)[..., CHEAP].sum())
        for costs in (made.plan.costs, rule)
    )
    assert ours <= theirs * (1 + 1e-6)


def test_a_lock_wins() -> None:
    """Bought on the day that a person has fixed, to the unit, and on no other."""
    of = problem(lock=(2, 3, 25.0))
    least, most = bounds_of(of, HORIZON)
    assert least is not None
    assert most is not None
    expected = [25.0 * (day == 3) for day in range(HORIZON)]
    assert most[:, 2, CHEAP].tolist() == least[:, 2, CHEAP].tolist() == expected
    np.testing.assert_allclose(reconcile(task(of)).shipments[:, 2, CHEAP], expected, atol=1e-9)
    plan = make_plan(of, closed_form(of, Z), Making(mode=LEVELS)).plan
    np.testing.assert_allclose(plan.shipments[:, 2, CHEAP], expected, atol=1e-9)


def test_a_lock_further_down_is_kept_and_the_rest_is_passed_on_around_it() -> None:
    """None to the shelf on the third day."""
    of = problem(lock=(0, 2, 0.0))
    shipped = reconcile(task(of)).shipments[..., CHEAP]
    assert shipped[2, 0] == 0
    assert not shipped[:, 2].any()
    np.testing.assert_allclose(shipped, by_rule(of), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("supply", [(12.0, np.inf, np.inf), (15.0, 15.0, 15.0)], ids=str)
def test_what_is_passed_on_leaves_supply_for_the_others(supply: tuple[float, ...]) -> None:
    """Also where there is a tenth less of it than today."""
    of = problem(space=None, supply=supply)
    for share in (1.0, 0.9):
        asked = with_limits(task(of), None, tuple(share * most for most in supply))
        answer = reconcile(asked)
        assert answer.shipments[:, 0].sum(axis=1).max() <= share * supply[0] + 1e-6
        assert not answer.shipments[:, -1, CHEAP].any()


def test_where_a_lock_leaves_the_rule_no_room_the_programme_is_free_to_pass_on() -> None:
    """All that may be shipped on the third day is fixed."""
    of = problem(space=None, supply=(20.0, np.inf, np.inf), lock=(0, 2, 20.0))
    asked = task(of)
    assert asked.least is not None
    assert asked.least[2, 0, CHEAP] == 20
    assert asked.least[..., CHEAP].sum() == 20
    assert reconcile(asked).shipments[2, 0, CHEAP] == pytest.approx(20)
