"""The products a brain learns from lie within the ranges on its card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brain.lanes import Lanes, imagine
from brain.population import (
    COUNT_RANGE,
    FURTHEST_OFF,
    SHORTEST,
    Law,
    Population,
    Purpose,
    SampledProducts,
    stream,
)
from data.errors import ConfigurationError

LANES = 4000
PATHS, DAYS = 4000, 30


def sampled(population: Population | None = None) -> SampledProducts:
    """Many products at a cost ratio of 100."""
    return (population or Population()).sample(stream(3, Purpose.TRAINING), LANES, 100.0)


def near(share: np.ndarray, expected: float) -> bool:
    """True where the share of True among independent draws is as expected, to 4.5 errors."""
    return abs(share.mean() - expected) < 4.5 * np.sqrt(expected * (1 - expected) / share.size)


def futures(population: Population, products: int = 6) -> Lanes:
    """Some products and very many short futures of each."""
    rng = np.random.default_rng(5)
    return imagine(rng, population.sample(rng, products, 100.0), PATHS, DAYS)


def check_moments(lanes: Lanes, bias: np.ndarray, misstated: np.ndarray) -> None:
    """Mean and deviation of every day against the forecast's times these (K,)."""
    mean, std = lanes.outlook.mean[:DAYS] * bias, lanes.outlook.std[:DAYS] * misstated
    error = lanes.demand.mean(axis=0) - mean
    assert np.abs(error / (std / np.sqrt(PATHS))).max() < 4.5
    spread = lanes.demand.std(axis=0).mean(axis=0) / std.mean(axis=0)
    np.testing.assert_allclose(spread, 1, atol=0.04)


@pytest.mark.parametrize("stages", range(1, 6))
def test_products_lie_within_the_stated_ranges(stages: int) -> None:
    """At chains of every length, one row per stage."""
    population = Population(stages)
    products = sampled(population)
    assert products.stages == stages
    assert products.lead_time.shape == products.holding_share.shape == (stages, LANES)
    for values, (low, high) in (
        (products.lead_time, population.lead_time),
        (products.cv, population.cv),
        (products.cv * products.misstated, (0.5 * population.cv[0], population.cv[1])),
        (products.autocorrelation, (0, population.autocorrelation[1])),
        (products.zero_share, (0, population.zero_share)),
        (products.bias, population.bias),
        (products.misstated, population.misstated),
        (products.lead_time_spread, (0, population.lead_time_spread)),
        (products.season[0], population.weekly_season),
        (products.season[1], population.yearly_season),
        (products.phase, (0, 1)),
    ):
        assert values.min(initial=high) >= low - 1e-12
        assert values.max(initial=low) <= high + 1e-12
    lowest, highest = population.wide_holding_share
    for share, (low, high) in zip(
        products.holding_share[1:], population.holding_share, strict=False
    ):
        assert share.min() >= min(low, lowest)
        assert share.max() <= max(high, highest)
    limited = products.supply_capacity[np.isfinite(products.supply_capacity)]
    assert limited.min() >= population.supply_capacity[0]
    assert limited.max() <= population.supply_capacity[1]
    assert set(np.unique(products.lead_time)) == set(range(1, 10))
    np.testing.assert_array_equal(products.holding_share[0], 1)
    np.testing.assert_array_equal(products.cost_ratio, 100.0)


def test_every_peculiarity_has_the_stated_share() -> None:
    """Counted on many products."""
    population = Population()
    products = sampled()
    count = products.law == Law.COUNT
    assert set(np.unique(products.law)) == {Law.LOGNORMAL, Law.COUNT}
    assert near(count, population.count_share)
    assert near(products.zero_share > 0, population.intermittent_share)
    assert near(products.backordered, population.backordered_share)
    assert near(products.misstated != 1, population.wrong_share)
    assert near(products.lead_time_spread > 0, population.varying_share)
    assert near(np.isinf(products.supply_capacity), population.unlimited_share)
    plain = ~count & (products.zero_share == 0)
    assert near(products.autocorrelation[plain] > 0, 1 - population.independent_share)
    usual = np.ones(LANES, bool)
    for share, (low, high) in zip(
        products.holding_share[1:], population.holding_share, strict=False
    ):
        usual &= (low <= share) & (share <= high)
    assert 1 - population.wide_share < usual.mean() < 1 - 0.8 * population.wide_share


def test_whole_units_are_sold_every_now_and_then_or_not_but_never_both() -> None:
    """Products that sell whole units have neither random days without demand nor a bias."""
    products = sampled(Population(wrong_share=1.0, independent_share=0.0))
    count = products.law == Law.COUNT
    assert not products.zero_share[count].any()
    assert not products.autocorrelation[count].any()
    np.testing.assert_array_equal(products.bias[count], 1)
    assert (products.unit[~count] == 0).all()
    variance = (products.cv * products.misstated)[count] ** 2
    assert (products.unit[count] <= variance * (1 + 1e-12)).all()
    assert (products.unit[count] >= variance / COUNT_RANGE * (1 - 1e-12)).all()
    assert not products.autocorrelation[products.zero_share > 0].any()


def test_the_plain_population_has_nothing_out_of_the_ordinary() -> None:
    """Sales are lost, forecasts right, lead times fixed; the rest stays as it is."""
    population = Population(4, backordered_share=0.5, wrong_share=0.5, varying_share=0.5)
    products = sampled(population.plain)
    assert not products.backordered.any()
    assert (products.bias == 1).all()
    assert (products.misstated == 1).all()
    assert not products.lead_time_spread.any()
    assert products.world(np.random.default_rng(0), 50).lead_time.ndim == 2
    assert (products.zero_share > 0).any()
    kept = replace(population, backordered_share=0.0, wrong_share=0.0, varying_share=0.0)
    assert population.plain == kept


def test_some_holding_costs_are_dearer_upstream_than_at_the_shelf() -> None:
    """In the wide range only; the usual shares fall from stage to stage, most of the time."""
    wide = sampled(Population(5, wide_share=1.0)).holding_share
    assert (wide[1:] > 1).any()
    usual = sampled(Population(5, wide_share=0.0)).holding_share
    assert (usual <= 1).all()
    means = usual.mean(axis=1)
    assert (np.diff(means) < 0).all()


@pytest.mark.parametrize("stages", [0, 6])
def test_chains_that_no_brain_can_learn_are_refused(stages: int) -> None:
    """With a sentence that says which could."""
    with pytest.raises(ConfigurationError, match=f"chain of {stages} stages, brains can learn 1"):
        Population(stages)


def test_most_products_have_an_everyday_forecast_error() -> None:
    """Log-uniform: two thirds below 0.8 of the mean."""
    assert 0.55 < np.mean(sampled().cv < 0.8) < 0.75


def test_purposes_share_no_random_numbers() -> None:
    """Nor do the numbered parts of one purpose."""
    drawn = [stream(1, purpose).random(8) for purpose in Purpose]
    drawn += [stream(1, Purpose.TRAINING, part).random(8) for part in range(3)]
    drawn += [stream(1, Purpose.LIKES, 1, part).random(8) for part in range(3)]
    assert len({tuple(numbers) for numbers in drawn}) == len(Purpose) + 6


def test_demand_has_the_forecast_mean_and_deviation_even_where_it_is_intermittent() -> None:
    """And on the stated share of days there is none."""
    lanes = futures(
        Population(cv=(0.2, 1.0), intermittent_share=0.5, count_share=0.0, wrong_share=0.0)
    )
    check_moments(lanes, np.ones(6), np.ones(6))
    assert (lanes.products.zero_share > 0).any()
    zeros = (lanes.demand == 0).mean(axis=(0, 1))
    np.testing.assert_allclose(zeros, lanes.products.zero_share, atol=0.01)


@pytest.mark.parametrize("misstated", [(1.0, 1.0), (0.5, 0.9), (1.2, 1.5)])
def test_whole_units_have_the_forecast_mean_and_the_true_deviation(
    misstated: tuple[float, float],
) -> None:
    """Poisson, negative binomial and between, with seasons; every sale is a number of units."""
    population = Population(cv=(0.2, 1.0), count_share=1.0, intermittent_share=0.0)
    lanes = futures(replace(population, wrong_share=1.0, misstated=misstated))
    products = lanes.products
    check_moments(lanes, np.ones(6), products.misstated)
    sold = lanes.demand / products.unit
    np.testing.assert_allclose(sold, np.rint(sold), atol=1e-3)


def test_plain_poisson_demand_varies_as_its_mean() -> None:
    """Where the unit is the whole of the variance nothing is mixed in."""
    rng = np.random.default_rng(6)
    products = Population(count_share=1.0, intermittent_share=0.0, wrong_share=0.0).plain.sample(
        rng, 4, 100.0
    )
    lanes = imagine(rng, replace(products, unit=products.cv**2), PATHS, DAYS)
    check_moments(lanes, np.ones(4), np.ones(4))
    mean = lanes.outlook.mean[:DAYS]
    np.testing.assert_allclose(lanes.outlook.std[:DAYS] ** 2, mean * products.cv**2, rtol=1e-5)


def test_normal_demand_has_the_forecast_mean_and_deviation() -> None:
    """Where it is hardly ever below 0."""
    rng = np.random.default_rng(7)
    population = Population(cv=(0.1, 0.22), intermittent_share=0.0, count_share=0.0)
    products = replace(population.plain.sample(rng, 5, 100.0), law=np.full(5, Law.NORMAL))
    check_moments(imagine(rng, products, PATHS, DAYS), np.ones(5), np.ones(5))


def test_normal_demand_is_never_negative() -> None:
    """What would be is none."""
    rng = np.random.default_rng(8)
    products = replace(Population(cv=(1.0, 2.0)).plain.sample(rng, 5, 9.0), law=np.full(5, 2))
    demand = imagine(rng, products, 50, DAYS).demand
    assert demand.min() == 0
    assert (demand == 0).mean() > 0.1


def test_a_wrong_forecast_is_wrong_as_stated() -> None:
    """The truth has bias times the mean and misstated times the deviation that is forecast."""
    lanes = futures(
        Population(cv=(0.2, 1.0), wrong_share=1.0, count_share=0.0, intermittent_share=0.4)
    )
    products = lanes.products
    assert np.ptp(products.bias) > 0.1
    assert np.ptp(products.misstated) > 0.3
    assert (products.zero_share > 0).any()
    check_moments(lanes, products.bias, products.misstated)
    zeros = (lanes.demand == 0).mean(axis=(0, 1))
    np.testing.assert_allclose(zeros, products.zero_share, atol=0.01)
    np.testing.assert_allclose(
        lanes.outlook.std, lanes.outlook.mean * products.cv, rtol=1e-5, err_msg="what is told"
    )


def test_a_days_demand_given_the_days_before_has_the_expected_mean() -> None:
    """Autocorrelated errors: what is left of them is independent of what was expected."""
    population = Population(
        cv=(0.3, 0.8), independent_share=0.0, intermittent_share=0.0, count_share=0.0
    )
    lanes = futures(replace(population, wrong_share=1.0))
    surprise = lanes.demand - lanes.expected_demand
    for values in (surprise, surprise * lanes.expected_demand):
        by_path = values.mean(axis=1)
        error = by_path.std(axis=0) / np.sqrt(PATHS)
        assert (np.abs(by_path.mean(axis=0)) < 4.5 * error).all()
    left = surprise / lanes.expected_demand
    np.testing.assert_allclose(left.std(axis=(0, 1)), lanes.conditional_cv, rtol=0.03)


def test_forecast_errors_have_the_stated_autocorrelation() -> None:
    """Measured on their logarithms, where it is exact."""
    rng = np.random.default_rng(6)
    population = Population(independent_share=0.0, intermittent_share=0.0, count_share=0.0)
    products = population.sample(rng, 5, 10.0)
    lanes = imagine(rng, products, 400, 60)
    error = np.log(lanes.demand / lanes.outlook.mean[:60])
    error -= error.mean(axis=(0, 1))
    found = (error[:, 1:] * error[:, :-1]).mean(axis=(0, 1)) / (error**2).mean(axis=(0, 1))
    np.testing.assert_allclose(found, products.autocorrelation, atol=0.03)


def test_varying_lead_times_keep_their_bounds_and_their_mean() -> None:
    """Whole periods around the stated one, never further off than 3, never shorter than 1."""
    periods = 2000
    products = Population(varying_share=0.5).sample(np.random.default_rng(4), 200, 100.0)
    lead_time = products.world(np.random.default_rng(5), periods).lead_time
    assert lead_time.shape == (periods, 3, 200)
    off = lead_time - products.lead_time
    assert np.abs(off).max() == FURTHEST_OFF
    assert lead_time.min() == SHORTEST
    assert not off[..., products.lead_time_spread == 0].any()
    std = products.lead_time * products.lead_time_spread
    free = (products.lead_time >= 5) & (std > 0.5)
    mean, error = off.mean(axis=0), off.std(axis=0) / np.sqrt(periods)
    assert (np.abs(mean[free]) < 4.5 * error[free]).all()
    seldom_cut = free & (std < 1.2)
    assert seldom_cut.sum() > 20
    rounded = np.sqrt(std**2 + 1 / 12)
    np.testing.assert_allclose(off.std(axis=0)[seldom_cut], rounded[seldom_cut], rtol=0.1)
    np.testing.assert_allclose(products.traits.lead_time_std, std, rtol=1e-6)


def test_no_product_whose_sales_are_lost_is_likely_to_cost_more_than_all_its_sales() -> None:
    """At a ratio of 0.1 it is not worth stocking, so all its sales are what it costs."""
    products = sampled(Population(5))
    lost = ~products.backordered
    assert (products.likely_cost > 0).all()
    assert (products.likely_cost[lost] <= products.cost_ratio[lost]).all()
    cheap = Population(5).sample(stream(3, Purpose.TRAINING), 50, 0.1)
    np.testing.assert_allclose(cheap.likely_cost[~cheap.backordered], 0.1)
