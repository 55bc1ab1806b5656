"""Days of the past lived through under a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from data.network import Network, Stage
from envs.policies import Policy, SafetyStockRule, Situation, constant
from planner.backtest.contestants import AsOrdered, Unpriced, perfect_information, textbook
from planner.backtest.past import Past, Span, months_of
from planner.backtest.trial import Held
from planner.backtest.walk import walk
from planner.problem import Problem
from tests.planner.backtest.conftest import Said, past_with, weekday_means

SPRING = Span(date(2026, 3, 1), date(2026, 5, 31))
ONE_STAGE = Network((Stage("shelf", 1),), "maker")


def test_steady_sales_cost_the_safety_stock_that_is_held() -> None:
    """Order-up-to with a known mean leaves z sigma on the shelf every day, and misses nothing."""
    past = past_with(np.full((181, 1), 4.0), network=ONE_STAGE, lot_size=0.0)

    def told(sales, days: int) -> Said:  # type: ignore[no-untyped-def]
        said = weekday_means(sales, days)
        return replace(said, forecast=replace(said.forecast, std=said.forecast.std + 0.5))

    account = walk(months_of(past, SPRING, told), Unpriced(Held(np.array([[2.0]]))))
    settled = account.of(Span(date(2026, 4, 1), date(2026, 5, 31)))
    np.testing.assert_allclose(settled.holding, 2.0 * 0.5 * np.sqrt(2))
    assert settled.fill_rate() == 1
    assert not settled.shortage.any()


def test_stock_carries_over_from_month_to_month(invented: Callable[..., Past]) -> None:
    """Under a forecast that stays, three months one by one are three months in one piece."""
    past = invented()
    mean = past.sales.units.mean(axis=0)

    def same(sales, days: int) -> Said:  # type: ignore[no-untyped-def]
        said = weekday_means(sales, days)
        level = np.broadcast_to(mean, (days, len(mean)))
        return replace(said, forecast=replace(said.forecast, mean=level, std=np.sqrt(level)))

    months = months_of(past, SPRING, same)
    days = slice((SPRING.first - past.sales.first).days, (SPRING.last - past.sales.first).days + 1)
    whole = replace(
        months[0],
        span=SPRING,
        problem=replace(months[0].problem, horizon=92, outlook=_long(months[0].problem)),
        demand=past.sales.units[days],
        telling=past.sales.telling[days],
        counts=np.ones((92, len(mean)), bool),
    )
    rule = Unpriced(textbook)
    np.testing.assert_allclose(walk(months, rule).costs, walk([whole], rule).costs)


def _long(problem: Problem):  # type: ignore[no-untyped-def]
    from data.outlook import outlook_of

    return outlook_of(problem.scenario, 130)


class _Watching:
    """Orders as the textbook says, and keeps the forecast errors that it was shown."""

    def __init__(self) -> None:
        self.last: list[np.ndarray] = []

    def __call__(self, problem: Problem) -> Policy:
        inner = SafetyStockRule(problem.outlook, constant(np.ones((2, 1))))

        def order(situation: Situation) -> np.ndarray:
            self.last.append(situation.errors.last.copy())
            return inner(situation)

        return order


def test_a_day_whose_demand_is_unknown_is_nobodys_fault() -> None:
    """It costs nothing, wants nothing, and teaches the forecast's errors nothing."""
    rng = np.random.default_rng(5)
    units = rng.poisson(6.0, (181, 1)).astype(float)
    censored = np.zeros(units.shape, bool)
    unknown = (date(2026, 4, 10) - date(2026, 1, 1)).days
    units[unknown], censored[unknown] = 0, True
    past = past_with(units, censored=censored)
    watching = _Watching()
    account = walk(months_of(past, SPRING, weekday_means), watching)
    day = (date(2026, 4, 10) - SPRING.first).days
    assert account.holding[day, 0] > 0
    assert account.costs[day, 0] == 0
    assert account.costs[day + 1, 0] > 0
    assert watching.last[day + 1][0, 0] == 0
    assert watching.last[day][0, 0] != 0


def test_nobody_pays_less_than_whoever_knew_all_demand(invented: Callable[..., Past]) -> None:
    """Product by product, whatever the safety factor, at ratios that serve and that do not."""
    for ratio in (0.2, 50.0):
        months = months_of(invented(ratio=ratio), SPRING, weekday_means)
        bound = perfect_information(months).by_product
        assert (bound > 0).all()
        for z in (-1.0, 0.0, 1.0, 3.0):
            paid = walk(months, Unpriced(Held(np.full((2, 6), z)))).by_product
            assert (bound <= paid + 1e-9).all()


def test_perfect_information_is_reached_where_demand_is_certain() -> None:
    """Steady sales, forecast exactly, cost the bound once stock has settled."""
    past = past_with(np.full((181, 1), 4.0))
    months = months_of(past, Span(date(2026, 3, 1), date(2026, 6, 30)), weekday_means)
    settled = Span(date(2026, 5, 1), date(2026, 6, 30))
    paid = walk(months, Unpriced(Held(np.zeros((2, 1))))).of(settled)
    # The first days' units lay upstream before the bound begins to count.
    np.testing.assert_allclose(paid.costs[10:], perfect_information(months[2:]).costs[10:])


def test_past_orders_are_placed_as_they_were() -> None:
    """From their first day on nothing else is ordered, whatever the stock."""
    past = past_with(np.full((181, 1), 4.0), network=ONE_STAGE)
    months = months_of(past, SPRING, weekday_means)
    first = date(2026, 4, 1)
    orders = np.zeros((61, 1, 1))
    orders[0] = 100
    account = walk(months, AsOrdered(orders, first)).of(Span(first, SPRING.last))
    held = account.stock[:, 0]
    assert held[1] > 90
    np.testing.assert_array_equal(np.diff(held[1:20]), -4)
    assert account.fill_rate() < 0.6


def test_an_account_adds_up(invented: Callable[..., Past]) -> None:
    """Its terms are its costs, and its months are the whole."""
    account = walk(months_of(invented(), SPRING, weekday_means), Unpriced(textbook))
    terms = sum(account.term(term) for term in ("holding", "shortage", "overflow"))
    np.testing.assert_allclose(terms, account.by_product)
    parts = sum(account.of(month).by_product for month in SPRING.months)
    np.testing.assert_allclose(parts, account.by_product)
    served, wanted = account.units
    assert (served <= wanted).all()
    assert account.by_week.shape == (13, 6)


@pytest.mark.parametrize("room", [20.0, 60.0])
def test_overflow_is_shared_out_over_products(invented: Callable[..., Past], room: float) -> None:
    """The products' parts are what the stages pay together."""
    past = invented()
    stages = tuple(
        replace(stage, storage_capacity=room, overflow_price=2.0) for stage in past.network.stages
    )
    past = replace(past, network=Network(stages))
    account = walk(months_of(past, SPRING, weekday_means), Unpriced(textbook))
    paid = 2.0 * np.maximum(account.space - room, 0).sum()
    assert paid > 0
    np.testing.assert_allclose(account.overflow.sum(), paid)
