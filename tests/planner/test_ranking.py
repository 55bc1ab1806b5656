"""Purchases are ranked by what a unit of money brings, and cut at any budget."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product as combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from data.demand import law
from planner.pipeline import Outcome
from planner.planning import LEVELS, Making, Planned, make_plan
from planner.problem import Problem, problem_of
from planner.ranking import (
    COLUMNS,
    MOST_STEPS,
    Ranked,
    cut,
    ranked_purchases,
    ranked_text,
    worth_of,
)
from tests.milp.conftest import START, steady_task
from tests.planner.conftest import closed_form

HORIZON = 10
Z = np.array([[1.5, 1.0, 0.7], [0.5, 0.2, 0.9]])
COST = np.array([2.0, 5.0, 3.0])


def planned(**columns: Any) -> tuple[Problem, Planned]:
    """A plan of three steady products that are bought today."""
    given = {"unit_cost": COST, "days_on_hand": 0.4} | columns
    problem = problem_of(steady_task(products=3, **given).scenario, HORIZON)
    return problem, make_plan(problem, closed_form(problem, Z), Making(LEVELS))


def ranked_by_hand(worths: list[list[float]], lots: list[float], costs: list[float]) -> Ranked:
    """Ranked steps of orders whose lots' worths fall."""
    rows = sorted(
        (-worth / (lot * cost), number, place, lot, cost, worth)
        for number, (of, lot, cost) in enumerate(zip(worths, lots, costs, strict=True))
        for place, worth in enumerate(of)
    )
    number = np.array([row[1] for row in rows])
    return Ranked(
        product=number,
        day=np.zeros(len(rows), dtype=int),
        unique_id=number.astype(str).astype(object),
        supplier="source",
        start=START,
        units=np.array([row[3] for row in rows]),
        unit_cost=np.array([row[4] for row in rows]),
        worth=np.array([row[5] for row in rows]),
    )


def test_the_steps_are_todays_purchases_and_nothing_else() -> None:
    """Product by product they add up to what the top stage orders; none is of nothing."""
    problem, plan = planned()
    ranked = ranked_purchases(problem, plan, Z)
    units = np.bincount(ranked.product, ranked.units, 3)
    np.testing.assert_allclose(units, plan.plan.shipments[0, -1])
    assert (ranked.units > 0).all()
    assert np.bincount(ranked.product).max() <= MOST_STEPS + 1
    assert set(ranked.day.tolist()) == {0}


def test_the_whole_horizon_can_be_ranked_together() -> None:
    """Day by day the steps add up to the purchases of the plan."""
    problem, plan = planned()
    ranked = ranked_purchases(problem, plan, Z, days=None)
    units = np.zeros((HORIZON, 3))
    np.add.at(units, (ranked.day, ranked.product), ranked.units)
    np.testing.assert_allclose(units, plan.plan.shipments[:, -1])


@pytest.mark.parametrize("lot", [0.0, 6.0])
def test_returns_fall_down_the_list_and_within_every_order(lot: float) -> None:
    """So that what is on top is bought first, and a product's next unit never before its first."""
    problem, plan = planned(lot_size=np.full(3, lot))
    ranked = ranked_purchases(problem, plan, Z)
    returns = ranked.return_per_money
    assert (np.diff(returns) <= 1e-12).all()
    for k in range(3):
        worth = (ranked.worth / ranked.units)[ranked.product == k]
        assert (np.diff(worth) <= 1e-9).all()
        if lot:
            assert (ranked.units[ranked.product == k] % lot == 0).all()
    np.testing.assert_allclose(ranked.cumulative_spend[-1], (ranked.units * ranked.unit_cost).sum())


def test_worth_is_the_integral_of_what_each_unit_is_needed_for() -> None:
    """p (S(y) - S*) / (1 - S*), added up over the units of a step."""
    problem, _ = planned()
    windows, start, units = problem.outlook.windows(0), np.full(3, 40.0), np.full(3, 9.0)
    target = windows.echelon_mean[-1] + 12.0
    found = worth_of(problem, 0, start[None], units[None], target)[0]
    for k in range(3):
        demand = law(problem.scenario.law)(windows.echelon_mean[-1, k], windows.echelon_std[-1, k])
        accepted = float(demand.survival(target[k]))
        shortage = problem.scenario.products.missed_sale_cost[k]
        needed, _ = quad(lambda y, of=demand: float(of.survival(y)), start[k], start[k] + units[k])
        expected = shortage * (needed - accepted * units[k]) / (1 - accepted)
        assert found[k] == pytest.approx(expected, rel=1e-6)


def test_a_unit_at_the_order_up_to_level_is_worth_nothing() -> None:
    """Below it is worth something, above less than nothing; deep below, all of a missed sale."""
    problem, _ = planned()
    windows = problem.outlook.windows(0)
    target = windows.echelon_mean[-1] + np.cumsum(Z * windows.std, axis=0)[-1]
    tiny = np.full((1, 3), 1e-4)
    at, below, above = (
        worth_of(problem, 0, (target + by)[None], tiny, target) / tiny for by in (0, -5.0, 5.0)
    )
    shortage = problem.scenario.products.missed_sale_cost
    np.testing.assert_allclose(at / shortage, 0, atol=1e-4)
    assert (below > 0).all()
    assert (above < 0).all()
    deep = worth_of(problem, 0, np.full((1, 3), -50.0), tiny, target) / tiny
    np.testing.assert_allclose(deep[0], shortage, rtol=1e-4)


def test_products_of_unknown_cost_are_listed_last_and_never_bought() -> None:
    """Nobody can say what they return, whatever the budget."""
    problem, plan = planned(unit_cost=np.array([2.0, np.nan, 3.0]))
    ranked = ranked_purchases(problem, plan, Z)
    assert (ranked.product[ranked.known :] == 1).all()
    assert 1 not in ranked.product[: ranked.known]
    bought = cut(ranked, np.inf)
    assert bought[: ranked.known].all()
    assert not bought[ranked.known :].any()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.37, 0.5, 0.99, 1.0])
def test_a_budget_is_never_exceeded_and_all_of_it_buys_everything(share: float) -> None:
    """And no step is bought whose order was cut before it."""
    problem, plan = planned(lot_size=np.array([6.0, 4.0, 9.0]))
    ranked = ranked_purchases(problem, plan, Z)
    budget = share * float(ranked.spend.sum())
    bought = cut(ranked, budget)
    assert ranked.spend[bought].sum() <= budget * (1 + 1e-9)
    assert bought.all() == (share == 1.0)
    for k in range(3):
        own = bought[ranked.product == k]
        assert (np.diff(own.astype(int)) <= 0).all()


def best_of_all(ranked: Ranked, budget: float) -> float:
    """The most that can be bought, every number of lots of every order tried."""
    places = [np.flatnonzero(ranked.product == k) for k in range(int(ranked.product.max()) + 1)]
    best = 0.0
    for counts in combinations(*(range(len(rows) + 1) for rows in places)):
        rows = np.concatenate([of[:count] for of, count in zip(places, counts, strict=True)])
        rows = rows.astype(int)
        if ranked.spend[rows].sum() <= budget:
            best = max(best, float(ranked.worth[rows].sum()))
    return best


@given(st.integers(0, 2**32), st.floats(0.05, 0.95))
@settings(max_examples=60, deadline=None)
def test_the_greedy_cut_is_the_best_but_for_one_lot(seed: int, share: float) -> None:
    """Against every way to spend the budget: at most the worth of the dearest lot is given away."""
    rng = np.random.default_rng(seed)
    worths = [np.sort(rng.uniform(0.1, 10, rng.integers(1, 5)))[::-1].tolist() for _ in range(4)]
    lots, costs = rng.integers(1, 6, 4).astype(float).tolist(), rng.uniform(0.5, 3, 4).tolist()
    ranked = ranked_by_hand(worths, lots, costs)
    budget = share * float(ranked.spend.sum())
    found = float(ranked.worth[cut(ranked, budget)].sum())
    best = best_of_all(ranked, budget)
    assert best - float(ranked.worth.max()) - 1e-9 <= found <= best + 1e-9


def test_where_the_cut_falls_between_two_steps_nothing_is_given_away() -> None:
    """Then the greedy choice is the best there is."""
    ranked = ranked_by_hand([[9.0, 4.0], [6.0, 5.0]], [1.0, 1.0], [1.0, 1.0])
    for count in range(5):
        bought = cut(ranked, float(count))
        assert bought.sum() == count
        assert ranked.worth[bought].sum() == pytest.approx(best_of_all(ranked, float(count)))


def test_the_text_is_the_list(tight: Outcome) -> None:
    """Rank by rank; names are escaped as in every table."""
    ranked = ranked_purchases(tight.problem, tight.planned, tight.z_reconciled, days=None)
    rows = list(csv.reader("".join(ranked_text(ranked)).splitlines()))
    assert len(rows) == len(ranked) > 0
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert [row[0] for row in rows] == [str(n + 1) for n in range(len(ranked))]
    names = [row[1].removeprefix("'") for row in rows]
    assert names == ranked.unique_id.tolist()
    assert not any(row[1].startswith("=") for row in rows)
    np.testing.assert_allclose([float(row[4]) for row in rows], ranked.units)


def test_a_day_without_purchases_has_an_empty_list() -> None:
    """Nothing to rank, nothing to buy."""
    problem, plan = planned()
    still = replace(plan, plan=replace(plan.plan, shipments=0 * plan.plan.shipments))
    ranked = ranked_purchases(problem, still, Z)
    assert len(ranked) == 0
    assert cut(ranked, 100.0).shape == (0,)
    assert "".join(ranked_text(ranked)) == ""
