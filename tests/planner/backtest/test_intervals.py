"""How sure one may be."""

from __future__ import annotations

import numpy as np

from planner.backtest.intervals import BLOCK, difference, over_products, over_weeks, ratio


def test_what_is_the_same_for_every_product_is_certain() -> None:
    """A rule that costs 5 % more on every product has an interval without width."""
    rng = np.random.default_rng(1)
    paid = rng.random((30, 1)) * [[1.0, 1.05]]
    found = ratio(over_products(paid, rng, 200), paid, 1, 0)
    np.testing.assert_allclose([found.value, found.low, found.high], 1.05)


def test_the_interval_of_a_mean_is_as_wide_as_theory_says() -> None:
    """1.96 standard errors of a sum of independent products either way, to 10 %."""
    rng = np.random.default_rng(2)
    paid = np.column_stack([rng.normal(1.0, 0.5, 400), np.zeros(400)])
    found = difference(over_products(paid, rng, 4000), paid, 0, 1)
    width = 2 * 1.96 * np.sqrt(400) * paid[:, 0].std()
    assert abs((found.high - found.low) / width - 1) < 0.1
    assert found.low < found.value < found.high
    assert found.tells


def test_an_interval_around_zero_does_not_tell() -> None:
    """Two rules that differ by noise alone cannot be told apart."""
    rng = np.random.default_rng(3)
    paid = 1 + 0.1 * rng.standard_normal((50, 2))
    assert not difference(over_products(paid, rng, 500), paid, 0, 1).tells


def test_weeks_stay_together_in_blocks() -> None:
    """Means of weeks that come in runs vary as runs do: more than those of single weeks would."""
    rng = np.random.default_rng(4)
    runs = np.repeat(rng.standard_normal((30, 1)), BLOCK, axis=0)
    drawn = over_weeks(runs, rng, 2000)
    single = runs.std() / np.sqrt(len(runs))
    assert drawn.std() > 1.3 * single
    np.testing.assert_allclose(over_weeks(np.full((9, 2), 3.0), rng, 50), 3.0)


def test_every_week_is_drawn_as_often_as_any_other() -> None:
    """The mean of the means is the mean, to four standard errors."""
    rng = np.random.default_rng(5)
    weeks = rng.standard_normal((22, 3))
    drawn = over_weeks(weeks, rng, 4000)
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(axis=0) - weeks.mean(axis=0)) < 4 * error).all()
