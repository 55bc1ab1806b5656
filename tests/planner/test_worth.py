"""What more of a limit is worth holds as far as it is said to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from milp.reconcile import reconcile
from milp.task import Task
from planner.worth import STEPS, Kind, Limit, Size, WorthRange, limits_of, worth_range
from tests.milp.conftest import random_task, steady_task, with_limits

TINY = 1e-5
"""A change of a limit small enough for the optimal basis to stay, as a rule [1]."""


def crowded() -> Task:
    """Three products with less space than they need at both stages, and little supply."""
    task = steady_task(
        products=3,
        periods=14,
        missed_sale_cost=np.array([50.0, 80.0, 30.0]),
        volume=np.array([1.0, 0.9, 1.1]),
        unit_cost=np.array([2.0, 3.0, 1.0]),
    )
    return with_limits(task, space=(96.0, 144.0), supply=(80.0, 70.0))


@pytest.mark.parametrize("stage", [0, 1])
@pytest.mark.parametrize("kind", [Kind.SPACE, Kind.SUPPLY])
def test_the_dual_is_the_slope_of_the_cost(kind: Kind, stage: int) -> None:
    """By finite differences within 1 %, or between the slopes to either side where it bends."""
    task, limit = crowded(), Limit(kind, stage)
    slopes_around(task, limit)


@given(st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_the_dual_lies_between_the_slopes_to_either_side(seed: int) -> None:
    """Whatever the task holds: days without demand, no stock, limits that bind twice over."""
    task = random_task(seed)
    limits = limits_of(task)
    assume(limits)
    for limit in limits:
        slopes_around(task, limit)


def slopes_around(task: Task, limit: Limit) -> None:
    """Checks the dual against re-solves a little below and a little above.

    The cost is convex in the limit, so its slope falls: the dual is at most the slope to the left
    and at least that to the right; where both agree it is within 1 % of them.
    """
    today = reconcile(task)
    worth, amount = limit.worth(today), limit.amount(task)
    less, more = (reconcile(limit.scaled(task, 1 + by), today.basis) for by in (-TINY, TINY))
    left = (less.upper - today.upper) / (TINY * amount)
    right = (today.upper - more.upper) / (TINY * amount)
    rounding = 1e-8 * (abs(today.upper) + 1) / (TINY * amount) + 1e-3 * abs(left)
    assert right - rounding <= worth <= left + rounding
    if left - right < 0.001 * abs(left) and abs(left) > 1e3 * rounding:
        assert worth == pytest.approx(left, rel=0.01)


def test_money_is_a_limit_where_there_is_a_budget() -> None:
    """Its worth is what a unit of money saves, by the same differences."""
    task = crowded()
    assert Kind.MONEY not in {limit.kind for limit in limits_of(task)}
    free = reconcile(task)
    spent = float((free.shipments[:, -1] @ task.scenario.products.unit_cost).sum())
    short = replace(task, budget=0.7 * spent)
    assert Limit(Kind.MONEY) in limits_of(short)
    assert reconcile(short).budget_price > 0
    slopes_around(short, Limit(Kind.MONEY))


@pytest.mark.parametrize("limit", limits_of(crowded()), ids=str)
def test_worth_falls_as_there_is_more_and_brackets_the_secants(limit: Limit) -> None:
    """Secants of the cost lie between the worths at both ends (convexity)."""
    task = crowded()
    found = worth_range(task, reconcile(task), limit)
    factors = [size.factor for size in found.sizes]
    assert factors == sorted([1.0, *(1 + s for s in STEPS), *(1 - s for s in STEPS)])
    worth = np.array([size.worth for size in found.sizes])
    tolerance = 1e-6 * max(worth.max(), 1)
    assert (np.diff(worth) <= tolerance).all()
    secants = found.secants()
    assert (secants <= worth[:-1] + tolerance).all()
    assert (secants >= worth[1:] - tolerance).all()


def ranged(worths: dict[float, float], kind: Kind = Kind.SPACE) -> WorthRange:
    """A range with given worths by size."""
    from planner.worth import _held

    sizes = tuple(Size(factor, 0.0, worth) for factor, worth in sorted(worths.items()))
    today = next(size for size in sizes if size.factor == 1)
    below = [size for size in reversed(sizes) if size.factor < 1]
    above = [size for size in sizes if size.factor > 1]
    return WorthRange(
        Limit(kind, 0),
        "at New York",
        100.0,
        30,
        sizes,
        _held(today, below),
        _held(today, above),
    )


def test_it_holds_as_far_as_it_was_seen_to() -> None:
    """Within a tenth; a size further on that happens to agree again does not count."""
    found = ranged({0.9: 40.0, 0.99: 30.5, 1.0: 29.8, 1.01: 29.0, 1.02: 26.0, 1.1: 29.8})
    assert (found.less, found.more) == (0.01, 0.01)


@pytest.mark.parametrize(
    ("worths", "sentence"),
    [
        (
            {0.99: 30.0, 1.0: 29.8, 1.01: 29.7, 1.1: 25.0},
            "One more unit of space at New York is worth 29.8 over 30 days, for the next "
            "1\u202f%; 25 at 10\u202f% more.",
        ),
        (
            {0.9: 30.0, 1.0: 29.8, 1.1: 29.7},
            "One more unit of space at New York is worth 29.8 over 30 days, as far as "
            "10\u202f% more.",
        ),
        (
            {0.9: 30.0, 1.0: 29.8, 1.01: 20.0, 1.1: 10.0},
            "One more unit of space at New York is worth 29.8 over 30 days, though not for all "
            "of the next 1\u202f%; 10 at 10\u202f% more.",
        ),
        (
            {0.9: 3.0, 1.0: 0.0, 1.1: 0.0},
            "More space at New York is worth nothing over 30 days; with 10\u202f% less, 3 per "
            "unit.",
        ),
        (
            {0.9: 0.0, 1.0: 0.0, 1.1: 0.0},
            "More space at New York is worth nothing over 30 days, nor would it be missed with "
            "10\u202f% less.",
        ),
    ],
)
def test_the_sentence_says_the_worth_and_how_far_it_holds(
    worths: dict[float, float], sentence: str
) -> None:
    """In the words a planner would use."""
    assert ranged(worths).sentence == sentence


def test_what_there_is_none_or_no_end_of_is_no_limit() -> None:
    """Only what can be scaled is looked at, the shelf first."""
    task = with_limits(steady_task(), space=(0.0, 72.0))
    assert limits_of(task) == [Limit(Kind.SPACE, 1)]
    assert [limit.name(task.scenario.network) for limit in limits_of(crowded())] == [
        "at stage 0",
        "at stage 1",
        "shipped to stage 0",
        "shipped to stage 1",
    ]
