"""From advice to a plan that keeps what it promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from envs.policies import SafetyStockRule, constant
from milp.segments import Goal
from planner.planning import (
    AUTO,
    LEVELS,
    PRICES,
    Making,
    Planned,
    make_plan,
    reconciled_safety_stock,
    rule_at,
    unsettled_days,
)
from planner.problem import Problem, problem_of
from planner.rules import PricedFactors
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

HORIZON = 12
Z = np.array([[1.5, 1.0], [0.5, 0.2]])
SPACE = (48.0, 72.0)
LOTS = {"lot_size": np.array([6.0, 0.0]), "minimum_order": np.array([12.0, 5.0])}


def problem(space: tuple[float, ...] | None = None, **columns: np.ndarray) -> Problem:
    """Two steady products in a chain of two stages."""
    return problem_of(with_limits(steady_task(**columns), space).scenario, HORIZON)


def plan(of: Problem, mode: str = AUTO) -> Planned:
    """Its plan under constant advice."""
    return make_plan(of, closed_form(of, Z), Making(mode))


@pytest.mark.parametrize("columns", [{}, LOTS], ids=["any quantity", "lots"])
def test_without_limits_the_plan_is_order_up_to_unchanged(columns: dict) -> None:
    """To the bit; no model is solved and nothing has a price."""
    of = problem(**columns)
    planned = plan(of)
    rule = of.in_lots(SafetyStockRule(of.outlook, constant(Z)))
    trace = of.carried_out(rule, of.mean_demand)
    assert planned.answer is None
    assert not planned.scarce
    np.testing.assert_array_equal(planned.plan.shipments, trace.shipments[0])
    for price in (planned.storage_price, planned.supply_price, planned.price):
        assert price.shape == (HORIZON, 2)
        assert not price.any()
    assert planned.plan.costs.total == trace.costs.total


def test_limits_that_nobody_reaches_change_nothing() -> None:
    """The model is solved, finds no price, and the plan is order-up-to to the bit."""
    ample, free = plan(problem((1e6, 1e6))), plan(problem())
    assert ample.answer is not None
    assert not ample.scarce
    np.testing.assert_array_equal(ample.plan.shipments, free.plan.shipments)


def test_under_scarce_space_the_models_shipments_are_the_plan_until_it_sees_too_little() -> None:
    """Any quantity may be ordered, so nothing is rounded; on the last days the rule orders."""
    of = problem(SPACE)
    planned = plan(of, LEVELS)
    assert planned.mode == LEVELS
    assert planned.scarce
    settled = slice(0, of.horizon - unsettled_days(of))
    assert 0 < settled.stop < of.horizon
    for name in ("shipments", "on_hand", "lost_sales"):
        ours, models = getattr(planned.plan, name), getattr(planned.answer, name)
        np.testing.assert_allclose(ours[settled], models[settled], atol=1e-4)
    assert planned.price.any()
    np.testing.assert_array_equal(planned.storage_price, planned.answer.storage_price)


def test_where_only_space_is_shared_its_price_decides() -> None:
    """Orders are those of the rule at the price, to the bit, beside the programme or without it."""
    of = problem(SPACE)
    beside, alone = plan(of), plan(of, PRICES)
    assert beside.mode == alone.mode == PRICES
    rule = rule_at(of, closed_form(of, Z), alone.price)
    trace = of.carried_out(rule, of.mean_demand)
    for planned in (beside, alone):
        np.testing.assert_array_equal(planned.plan.shipments, trace.shipments[0])
    assert beside.answer is not None
    assert beside.answer.scarce
    assert alone.answer is None
    assert alone.scarce


def test_where_supply_is_limited_the_programme_decides() -> None:
    """Prices of space say nothing of supply; what was decided is carried out by the rule."""
    steady = with_limits(steady_task(), SPACE, supply=(np.inf, 28.0))
    planned = plan(problem_of(steady.scenario, HORIZON))
    assert planned.mode == LEVELS
    assert planned.supply_price.any()
    assert isinstance(planned.policy, SafetyStockRule)


def test_safety_as_a_floor_holds_more_than_safety_that_is_weighed() -> None:
    """At the shelf, where both products are asked to hold stock and space is scarce."""
    of = problem(SPACE)
    weighed = plan(of, LEVELS)
    floor = make_plan(of, closed_form(of, Z), Making(LEVELS, Goal.SAFETY))
    assert floor.answer.level[:, 0].mean() > weighed.answer.level[:, 0].mean()


def test_without_coupling_the_programme_takes_what_it_likes() -> None:
    """Safety stock as demand, no limits: nothing has a price, and space is exceeded."""
    of = problem(SPACE)
    making = Making(goal=Goal.SAFETY_ADDED, coupling=False)
    planned = make_plan(of, closed_form(of, Z), making)
    assert planned.mode == LEVELS
    assert not planned.answer.scarce
    assert planned.plan.costs.overflow.sum() > plan(of).plan.costs.overflow.sum()


@pytest.mark.parametrize("space", [None, SPACE], ids=["free", "scarce"])
def test_lots_and_minimum_orders_are_kept(space: tuple[float, ...] | None) -> None:
    """Six at a time and at least twelve of the one, any quantity from five up of the other."""
    shipments = plan(problem(space, **LOTS)).plan.shipments
    lots = shipments[..., 0] / 6
    np.testing.assert_allclose(lots, np.round(lots), atol=1e-9)
    bought = shipments[:, 1]
    assert (bought[bought > 0] >= np.array([12.0, 5.0]).min()).all()
    assert not ((bought[:, 0] > 0) & (bought[:, 0] < 12)).any()


@pytest.mark.parametrize("space", [None, SPACE], ids=["free", "scarce"])
@pytest.mark.parametrize("columns", [{}, LOTS], ids=["any quantity", "lots"])
def test_the_promised_money_follows_from_the_promised_units(
    space: tuple[float, ...] | None, columns: dict
) -> None:
    """Holding, shortage and overflow, by hand from the plan."""
    of = problem(space, **columns)
    promise, products = plan(of).plan, of.scenario.products
    holding = (promise.on_hand * of.scenario.holding_cost).sum()
    shortage = (promise.lost_sales * products.missed_sale_cost).sum()
    over = np.maximum(promise.occupancy - of.scenario.network.storage_capacity, 0)
    overflow = (over * of.scenario.network.overflow_price).sum()
    assert promise.costs.mean() == pytest.approx(
        {
            "holding": holding,
            "shortage": shortage,
            "overflow": overflow,
            "total": holding + shortage + overflow,
        }
    )


@pytest.mark.parametrize("space", [None, SPACE], ids=["free", "scarce"])
def test_levels_are_positions_after_ordering(space: tuple[float, ...] | None) -> None:
    """On the first day: what is there and under way at a stage and below it, and the order."""
    of = problem(space)
    planned = plan(of)
    morning = of.situation().echelon_position[0]
    np.testing.assert_allclose(planned.level[0], morning + planned.plan.shipments[0])


def test_free_space_leaves_all_of_the_safety_stock() -> None:
    """To the bit, and the rule that carries the plan out asks the advice itself."""
    of = problem()
    planned = plan(of)
    np.testing.assert_array_equal(reconciled_safety_stock(of, closed_form(of, Z), planned), Z)
    rule = planned.policy
    assert isinstance(rule, SafetyStockRule)
    assert isinstance(rule.safety_factors, PricedFactors)
    np.testing.assert_array_equal(rule.safety_factors(of.situation()), Z)


def test_scarce_space_takes_safety_stock_and_never_gives_any() -> None:
    """Today's price cuts today's factors; the same factors are what the rule starts with."""
    of = problem(SPACE)
    planned = plan(of)
    left = reconciled_safety_stock(of, closed_form(of, Z), planned)
    assert (left <= Z).all()
    assert (left < Z).any()
    rule = planned.policy
    assert isinstance(rule, SafetyStockRule)
    np.testing.assert_array_equal(rule.safety_factors(of.situation()), left)


def test_advice_per_path_and_advice_for_all_are_the_same_advice() -> None:
    """Factors (M, K) and (P, M, K) are both welcome."""
    of = problem(SPACE)
    repeated = replace(
        closed_form(of, Z), factors=lambda s: np.repeat(Z[None], len(s.state.on_hand), 0)
    )
    per_path = make_plan(of, repeated)
    np.testing.assert_array_equal(per_path.plan.shipments, plan(of).plan.shipments)
    np.testing.assert_array_equal(per_path.price, plan(of).price)


def test_a_plan_of_one_day_is_a_plan() -> None:
    """With scarce space and without."""
    for space in (None, SPACE):
        of = replace(problem(space), horizon=1)
        assert plan(of).plan.horizon == 1
