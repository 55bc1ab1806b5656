"""Our own advice, corrected by the past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np

from planner.backtest.contestants import Brains, ByAdvice
from planner.backtest.corrections import (
    ADDED,
    Corrections,
    _groups,
    _surely_best,
    corrections_of,
    no_corrections,
)
from planner.backtest.past import Past, Span, months_of
from planner.backtest.tuning import Tuning
from planner.backtest.walk import walk
from tests.planner.backtest.conftest import CHAIN, past_with, weekday_means

JUDGED = Span(date(2026, 3, 1), date(2026, 5, 31))


def test_a_correction_is_taken_only_where_chance_does_not_explain_what_it_saved() -> None:
    """Two standard errors over products; otherwise nothing is changed."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 1.0, 100)
    paid = np.stack([np.full(100, 5.0), 5.0 - 0.5 - 0.1 * noise, 5.0 - 0.1 - noise])
    assert _surely_best(paid, nothing=0) == 1
    assert _surely_best(paid[[0, 2]], nothing=0) == 0
    assert _surely_best(paid[:, :1], nothing=0) == 0


def test_small_groups_are_corrected_together() -> None:
    """Each product is in one group, and none of a handful is judged alone."""
    group = np.repeat([3, 5, 8], [30, 4, 6])
    parts = _groups(group)
    assert [len(part) for part in parts] == [30, 10]
    assert sorted(np.concatenate(parts).tolist()) == list(range(40))


def test_advice_that_holds_far_too_much_is_brought_down(
    invented: Callable[..., Past],
) -> None:
    """Where sales vary far less than is forecast, a correction lowers the cost of the same days."""
    rng = np.random.default_rng(4)
    past = past_with(rng.poisson(8.0, (181, 24)).astype(float), network=CHAIN)
    months = [
        month.widened(3.0)
        for month in months_of(past, Span(date(2026, 2, 1), JUDGED.last), weekday_means)
    ]
    found = corrections_of(Tuning(months, JUDGED, np.zeros(24, int)))
    assert found.added[0].max() < 0

    def paid(corrections: Corrections) -> float:
        rule = ByAdvice(Brains(corrections=corrections))
        return float(walk(months, rule).of(JUDGED).by_product.sum())

    assert paid(found) < 0.95 * paid(no_corrections(2, 24))


def test_nothing_can_be_added() -> None:
    """The grid holds the advice as it is, or no correction could be refused."""
    assert all(0.0 in values for values in ADDED)
    assert not no_corrections(3, 4).added.any()
