"""The weekly programme keeps its promises, and is the best of all plans where all can be tried."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from data.containers import WeeklyProblem, made_up, with_lead_times
from data.errors import PlannerError
from envs.reference.weekly_containers import Weeks, follow, static
from milp.containers import GAP, best_orders


def played(problem: WeeklyProblem, orders: np.ndarray, demand: np.ndarray) -> float:
    """Mean worth of a plan that is within the rules, which is checked."""
    weeks = Weeks(problem, demand)
    for week in orders:
        weeks.step(np.broadcast_to(week, weeks.on_hand.shape))
        np.testing.assert_array_equal(weeks.last_order[0], week)
    return float(weeks.record().value.mean())


@pytest.mark.parametrize("ramped", [False, True])
@pytest.mark.parametrize("proportional", [False, True])
@pytest.mark.parametrize("weeks", [1, 3, 6])
def test_a_plan_is_worth_what_was_promised(ramped: bool, proportional: bool, weeks: int) -> None:
    """Replayed under its forecast, to the cent; its orders are within all rules as they stand."""
    for seed in range(4):
        rng = np.random.default_rng(seed)
        drawn = with_lead_times(made_up(rng, weeks=weeks, ramped=ramped), rng)
        problem = replace(drawn, containers=2, proportional=proportional)
        plan = best_orders(problem)
        worth = played(problem, plan.orders, problem.forecast[None])
        assert worth == pytest.approx(plan.value, abs=1e-4)
        assert plan.bound - plan.value >= -1e-6
        assert plan.gap < 1e-3


def tiny(seed: int) -> WeeklyProblem:
    """Two items of which orders of 0 to 4 fill a container, for two weeks; the last order was 1."""
    rng = np.random.default_rng(seed)
    problem = made_up(rng, items=2, weeks=2, ramped=True)
    return replace(
        problem,
        forecast=rng.integers(1, 4, (2, 2)).astype(float),
        std=np.full(2, 1.0),
        on_hand=rng.integers(0, 2, 2).astype(float),
        cover=np.array([1.0, 0.5]),
        volume=np.array([1.0, 1.5]),
        ramp=np.array([2.0, 3.0]),
        last_order=np.array([1.0, np.nan]),
        containers=1,
        container_volume=4.0,
        lead_time=np.array([0, seed % 2]),
    )


@pytest.mark.parametrize("proportional", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_no_plan_is_better(seed: int, proportional: bool) -> None:
    """All whole orders are tried, for the forecast and for a sample of demand."""
    problem = replace(tiny(seed), proportional=proportional, group=np.zeros(2, dtype=int))
    for demand in (
        problem.forecast[None],
        problem.demand(np.random.default_rng(seed), 5),
    ):
        values = []
        for numbers in product(range(5), repeat=4):
            orders = np.reshape(numbers, (2, 2)).astype(float)
            weeks = Weeks(problem, demand)
            kept = True
            for week in orders:
                weeks.step(np.broadcast_to(week, weeks.on_hand.shape))
                kept = kept and bool((weeks.last_order == week).all())
            if kept:
                values.append(float(weeks.record().value.mean()))
        plan = best_orders(problem, demand, refusing=False)
        assert plan.value == pytest.approx(max(values), abs=GAP * abs(max(values)) + 1e-6)


def test_more_freedom_is_worth_more() -> None:
    """One plan for all scenarios <= two stages <= perfect information, on the same scenarios."""
    rng = np.random.default_rng(7)
    problem = replace(with_lead_times(made_up(rng, ramped=True), rng), containers=2)
    demand = problem.demand(rng, 8)
    one_plan, two_stages, perfect = (
        best_orders(problem, demand, decided, whole=False).value for decided in (3, 1, 0)
    )
    assert one_plan < two_stages < perfect
    paths = [best_orders(problem, path[None], 0, whole=False).value for path in demand]
    assert np.mean(paths) == pytest.approx(perfect)
    whole = best_orders(problem, demand)
    assert whole.value <= one_plan + 1e-6
    assert played(problem, whole.orders, demand) <= whole.value + 1e-6


def test_the_last_week_is_a_newsvendor() -> None:
    """With one week and room, closing stock is short of its target with chance c_o / (c_o + c_u).

    A unit more of stock earns F / 3 below the target and costs F / 2 above it, whatever demand is
    beyond what can be served: on a large sample F / 2 P(over) = F / 3 P(up to) + F P(unmet).
    """
    problem = replace(made_up(np.random.default_rng(3), items=1, weeks=1), std=np.array([4.0]))
    demand = problem.demand(np.random.default_rng(1), 2001)
    order = best_orders(problem, demand, whole=False).orders[0, 0]
    closing = problem.on_hand[0] + order - demand[:, 0, 0]
    gains = [
        np.mean(np.where(stock > problem.target[0, 0], -1 / 2, np.where(stock < 0, 1.0, 1 / 3)))
        for stock in (closing - 1e-6, closing + 1e-6)
    ]
    assert gains[0] >= 0 >= gains[1]


def test_customers_are_never_refused_for_later_reward() -> None:
    """Without orders, refusing would pay: what is kept earns its reward and is sold later."""
    problem = made_up(np.random.default_rng(3), items=1, weeks=8, ramped=True)
    frozen = replace(problem, ramp=np.zeros(1), last_order=np.zeros(1), on_hand=np.array([60.0]))
    plan = best_orders(frozen)
    assert plan.value == pytest.approx(played(frozen, plan.orders, frozen.forecast[None]))
    assert best_orders(frozen, refusing=True).value > plan.value + 1


def test_a_last_order_that_cannot_be_left_is_said() -> None:
    """Ramping from 100 units allows no order that fits the container."""
    problem = tiny(0)
    stuck = replace(problem, last_order=np.array([100.0, np.nan]))
    with pytest.raises(PlannerError, match="instead of an order plan"):
        best_orders(stuck)


def test_the_programme_beats_ordering_nothing() -> None:
    """A plan of no orders is within the rules, so the best one is worth no less."""
    problem = made_up(np.random.default_rng(5))
    nothing = follow(problem, problem.forecast[None], static(np.zeros((3, 15)))).value[0]
    assert best_orders(problem).value >= nothing
