"""The benchmark of brains: what is compared on what, and how its figures are made."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.brains.run import _money_ratio, _rows, interval_of
from benchmarks.brains.students import Students
from benchmarks.brains.trials import (
    ASKED,
    CLOSED_FORM,
    OURS,
    Case,
    Size,
    cases,
    costs_of,
    priced_costs,
)
from brain.advice import Panel
from brain.constants import Search
from brain.evaluation import CLASS, TEXTBOOK, TUNED
from brain.population import Population
from tests.brain.conftest import make_brain, make_family, make_likes

TINY = Size(
    products=6,
    paths=2,
    periods=80,
    priced=12,
    search=Search(generations=2, candidates=4, elite=2, periods=70),
)


@pytest.fixture(scope="module")
def group() -> list[Students]:
    """Two seeds of brains that know nothing but their constants."""
    return [
        Students(
            seed,
            tuple(make_brain(r, seed) for r in (10.0, 100.0)) if seed == 1 else (),
            Panel(
                tuple(make_brain(r, 5 + seed, ratio=0.9) for r in (10.0, 100.0)),
                make_family(seed, likes=make_likes((10.0, 100.0), 0.95)),
            ),
        )
        for seed in (1, 2)
    ]


def test_every_case_is_named_once_and_the_plain_ones_come_first() -> None:
    """Seven ratios, then what is out of the ordinary at the ratios of the classes."""
    names = [case.name for case in cases()]
    assert len(set(names)) == len(names)
    assert names[:3] == ["r=3", "r=10", "r=30"]
    assert {name.partition("/")[0] for name in names[7:]} >= {"lumpy", "customers wait"}


def test_policies_meet_the_same_demand_and_rows_say_what_they_cost(group: list[Students]) -> None:
    """Tuned constants are 1 by definition; ours is what the panel chooses: the classes."""
    case = Case("r=30", 30.0, Population().plain, tunes=True)
    costs = costs_of(case, group, seed=3, number=2, size=TINY)
    np.testing.assert_array_equal(costs.learnt[OURS], costs.learnt["hindsight, class brains"])
    assert costs.learnt[OURS].shape == (2, 6)
    assert costs.learnt["ppo"].shape == (1, 6)
    again = costs_of(case, group, seed=3, number=2, size=TINY)
    np.testing.assert_array_equal(again.simple[TUNED], costs.simple[TUNED])
    rows = {(row.case, row.policy): row for row in _rows("r=30", costs, np.random.default_rng(1))}
    assert rows["r=30", TUNED].value == 1.0
    expected = (costs.simple[CLASS] / costs.simple[TUNED]).mean()
    assert rows["r=30", CLASS].value == pytest.approx(expected)
    assert rows["r=30", OURS].low <= rows["r=30", OURS].value <= rows["r=30", OURS].high


def test_a_case_that_tunes_nothing_is_measured_by_the_textbook(group: list[Students]) -> None:
    """And below the lowest class only the family is asked."""
    costs = costs_of(Case("lumpy/r=3", 3.0, Population().plain), group, 3, 1, TINY)
    assert TUNED not in costs.simple
    assert "ppo" not in costs.learnt
    rows = _rows("lumpy/r=3", costs, np.random.default_rng(1))
    assert next(row for row in rows if row.policy == TEXTBOOK).value == 1.0


def test_free_products_answer_the_same_whether_asked_or_not(group: list[Students]) -> None:
    """At price 0 both ways are the unpriced advice."""
    costs = priced_costs(group, 3, TINY)
    free = costs.price == 0
    assert free.any()
    assert not free.all()
    np.testing.assert_allclose(costs.cost[ASKED][:, free], costs.cost[CLOSED_FORM][:, free], 1e-5)


def test_intervals_redraw_seeds_and_products() -> None:
    """No spread, no interval; a ratio of money weighs dear products more."""
    rng = np.random.default_rng(0)
    assert interval_of(np.full((3, 5), 0.9), rng) == pytest.approx((0.9, 0.9, 0.9))
    ours, theirs = np.array([[1.0, 30.0]]), np.array([[2.0, 30.0]])
    value, low, high = _money_ratio(ours, theirs, rng)
    assert value == pytest.approx(31 / 32)
    assert low <= value <= high
