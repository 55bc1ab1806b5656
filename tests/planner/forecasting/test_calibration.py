"""Law, factors and methods from held-out sums of which everything is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.demand import Gamma, NegativeBinomial
from planner.forecasting.calibration import FACTORS, calibrate, factors, ranks
from planner.forecasting.choice import choose
from planner.forecasting.rolling import HeldOut, origins_of
from planner.forecasting.trial import grain_of

INTERVALS, PRODUCTS, ORIGINS = 60, 80, 12


def held_out(mean: np.ndarray, variance: np.ndarray, found: np.ndarray) -> HeldOut:
    """W intervals of a week from as many origins as there are, all of which count."""
    intervals, products = found.shape
    methods = len(mean)
    nothing = np.zeros((methods, products))
    return HeldOut(
        origin=np.arange(intervals) % ORIGINS,
        days=np.full(intervals, 7),
        mean=mean,
        variance=variance,
        found=found,
        counts=np.ones(found.shape, dtype=bool),
        lagged=nothing,
        squared=nothing,
        pairs=np.zeros(products),
    )


def gamma_held(narrowed: float, seed: int = 1) -> HeldOut:
    """Gamma demand whose standard deviation is believed to be 1 / `narrowed` of what it is."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(50, 500, PRODUCTS) * np.ones((1, INTERVALS, 1))
    std = 0.8 * mean
    found = np.rint(Gamma(mean[0], std[0]).sample(rng, (INTERVALS, PRODUCTS)))
    return held_out(mean, np.square(std / narrowed), found)


@pytest.mark.parametrize("narrowed", [0.7, 1.0, 2.0])
def test_a_width_that_is_wrong_by_a_factor_is_set_right(narrowed: float) -> None:
    """Within a tenth: the grid is that fine, and sixty sums say no more."""
    one = np.zeros(PRODUCTS, dtype=np.int64)
    found = factors(gamma_held(narrowed), "gamma", one, np.ones(PRODUCTS))
    assert np.median(found) == pytest.approx(narrowed, rel=0.1)
    assert found.min() > FACTORS[0]
    assert found.max() < FACTORS[-1]


def test_a_product_wilder_than_its_group_is_given_more_width() -> None:
    """Its own sums speak for it, as far as they go."""
    held = gamma_held(1.0)
    wild = held.found.copy()
    wild[:, 0] = Gamma(held.mean[0, :, 0], 2.5 * held.mean[0, :, 0]).sample(
        np.random.default_rng(2), (INTERVALS,)
    )
    one = np.zeros(PRODUCTS, dtype=np.int64)
    found = factors(replace(held, found=wild), "gamma", one, np.ones(PRODUCTS))
    assert found[0] > 1.3 * np.median(found)


def test_the_law_that_demand_follows_is_chosen() -> None:
    """Gamma for amounts that are weighed, negative binomial for counts of a few."""
    one, grain = np.zeros(PRODUCTS, dtype=np.int64), np.ones(PRODUCTS)
    weighed = gamma_held(1.0)
    weighed = replace(weighed, found=0.01 * weighed.found, mean=0.01 * weighed.mean)
    weighed = replace(weighed, variance=1e-4 * weighed.variance)
    assert calibrate(weighed, one, 0.01 * grain).law == "gamma"
    rng = np.random.default_rng(3)
    mean = rng.uniform(0.5, 3, PRODUCTS) * np.ones((1, INTERVALS, 1))
    std = np.sqrt(3.0 * mean)
    found = NegativeBinomial(mean[0], std[0]).sample(rng, (INTERVALS, PRODUCTS))
    assert calibrate(held_out(mean, np.square(std), found), one, grain).law == "negative_binomial"


def test_ranks_of_what_follows_the_law_are_even() -> None:
    """Every tenth of the chances holds a tenth of the sums, within four standard errors."""
    held = gamma_held(1.0, seed=7)
    low, high = ranks(Gamma(held.mean[0], np.sqrt(held.variance[0])), held.found, np.ones(PRODUCTS))
    share = np.histogram(0.5 * (low + high), bins=10, range=(0, 1))[0] / held.found.size
    assert np.abs(share - 0.1).max() < 4 * np.sqrt(0.09 / held.found.size)


def test_noise_does_not_choose_a_method() -> None:
    """Of methods that are equally good, nearly every product keeps the usual one."""
    rng = np.random.default_rng(4)
    found = rng.gamma(4, 25, (INTERVALS, PRODUCTS))
    mean = 100 + 5 * rng.standard_normal((6, INTERVALS, PRODUCTS))
    held = held_out(mean, np.full(mean.shape, 2500.0), found)
    choice = choose(held, np.zeros(PRODUCTS, dtype=np.int64), np.full(PRODUCTS, 10.0), 2)
    assert (choice.method == 2).mean() > 0.95


def test_a_product_that_one_method_knows_is_given_it() -> None:
    """And its neighbours are not."""
    rng = np.random.default_rng(5)
    found = rng.gamma(4, 25, (INTERVALS, PRODUCTS))
    found[:, 9] = np.where(np.arange(INTERVALS) // ORIGINS % 2, 20.0, 300.0)
    mean = np.full((3, INTERVALS, PRODUCTS), 100.0)
    mean[1, :, 9] = found[:, 9]
    held = held_out(mean, np.full(mean.shape, 2500.0), found)
    choice = choose(held, np.zeros(PRODUCTS, dtype=np.int64), np.full(PRODUCTS, 10.0), 2)
    assert choice.method[9] == 1
    assert (np.delete(choice.method, 9) == 2).all()
    assert choice.cost[9] < choice.naive_cost[9]


def test_a_method_that_is_better_for_all_is_taken_by_all() -> None:
    """Where the past says so on every origin."""
    rng = np.random.default_rng(6)
    found = rng.gamma(4, 25, (INTERVALS, PRODUCTS))
    mean = np.stack([np.full(found.shape, 100.0), 0.5 * (found + 100.0)])
    held = held_out(mean, np.full(mean.shape, 2500.0), found)
    choice = choose(held, np.zeros(PRODUCTS, dtype=np.int64), np.full(PRODUCTS, 10.0), 0)
    assert (choice.method == 1).all()


def test_a_grain_is_the_largest_size_that_demand_is_a_multiple_of() -> None:
    """Boxes of twelve, single pieces, nothing at all; and a thousandth of the mean by weight."""
    units = np.array([[12.0, 3.0, 0.0, 1.5], [36.0, 5.0, 0.0, 2.5]])
    np.testing.assert_allclose(grain_of(units), [12.0, 1.0, 1.0, 0.002])


def test_origins_leave_enough_before_and_all_of_their_days_after() -> None:
    """Of 300 days, four weeks apart, none with fewer than 112 days before it."""
    assert origins_of(300, 364, 28) == [272, 244, 216, 188, 160, 132]
    assert origins_of(300, 60, 28) == [272, 244]
    assert origins_of(100, 364, 28) == []
