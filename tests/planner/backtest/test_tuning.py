"""Base-stock tuned on the past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np

from planner.backtest.contestants import Unpriced
from planner.backtest.past import Past, Span, months_of
from planner.backtest.trial import Held
from planner.backtest.tuning import (
    FACTORS,
    Tuning,
    _best_pooling,
    _choice,
    _scale,
    grid_of,
    tuned_base_stock,
)
from planner.backtest.walk import walk
from tests.planner.backtest.conftest import weekday_means

JUDGED = Span(date(2026, 3, 1), date(2026, 5, 31))
WALKED = Span(date(2026, 2, 1), date(2026, 5, 31))
ALONE = np.arange(6)


def test_a_tuned_base_stock_costs_less_than_any_constant_factor(
    invented: Callable[..., Past],
) -> None:
    """On the days it was tuned on, all products together, each being a group of its own."""
    months = months_of(invented(), WALKED, weekday_means)
    tuned = tuned_base_stock(Tuning(months, JUDGED, ALONE))

    def paid(z: np.ndarray) -> float:
        return float(walk(months, Unpriced(Held(z))).of(JUDGED).by_product.sum())

    assert tuned.z.shape == (2, 6)
    assert tuned.candidates == 45 + 9
    rivals = [paid(np.full((2, 6), z)) for z in (-0.5, 0.25, 0.75, 1.25, 1.75, 2.5)]
    assert paid(tuned.z) < min(rivals)


def test_a_dearer_missed_sale_is_answered_by_more_stock(invented: Callable[..., Past]) -> None:
    """At the shelf, on average over products."""
    z = []
    for ratio in (3.0, 300.0):
        months = months_of(invented(ratio=ratio), WALKED, weekday_means)
        z.append(tuned_base_stock(Tuning(months, JUDGED, ALONE)).z[0])
    assert z[1].mean() > z[0].mean() + 0.5


def test_a_group_that_weighs_all_chooses_alike() -> None:
    """Without weight every product has its own best; with all of it, its group's."""
    rng = np.random.default_rng(1)
    relative = rng.random((20, 8))
    group = np.repeat([0, 1], 4)
    np.testing.assert_array_equal(_choice(relative, group, 0.0), relative.argmin(axis=0))
    together = _choice(relative, group, 1e9)
    for own in (0, 1):
        best = relative[:, group == own].mean(axis=1).argmin()
        assert (together[group == own] == best).all()


def test_pooling_is_strong_where_products_are_alike_and_weak_where_they_differ() -> None:
    """Judged on months left out: noise around a common optimum, or an optimum for each."""
    rng = np.random.default_rng(2)
    products, months = 200, 6
    candidates = np.linspace(-2, 2, 9)
    group = np.zeros(products, int)
    for spread, noise, strong in ((0.0, 3.0, True), (1.5, 0.05, False)):
        own = rng.normal(0.0, spread, products)
        true = np.square(candidates[:, None] - own)
        relative = true + noise * rng.standard_normal((months, 9, products))
        weight = _best_pooling(relative, group, np.ones(products))
        assert weight >= 10 if strong else weight <= 1


def test_long_chains_are_tried_with_one_factor_above_the_shelf() -> None:
    """So that the number of candidates stays what can be played."""
    assert grid_of(*FACTORS, 3).shape == (9 * 5 * 5, 3)
    long = grid_of(*FACTORS, 6)
    assert long.shape == (45, 6)
    assert (long[:, 1:] == long[:, 1:2]).all()


def test_a_product_that_never_costs_anything_has_a_scale_even_so() -> None:
    """Nothing is divided by zero."""
    paid = np.zeros((2, 3, 2))
    paid[:, :, 0] = 1.0
    assert (_scale(paid, np.array([0, 1])) > 0).all()
