"""The products a brain learns from lie within the ranges on its card."""

import numpy as np

from brain.lanes import imagine
from brain.population import Population, Purpose, stream

LANES = 4000


def sampled(**ranges: float):
    return Population(**ranges).sample(stream(3, Purpose.TRAINING), LANES, 100.0)


def test_products_lie_within_the_stated_ranges():
    population, products = Population(), sampled()
    for values, (low, high) in (
        (products.lead_time, population.lead_time),
        (products.cv, population.cv),
        (products.holding_share[1:], population.wide_holding_share),
        (products.autocorrelation, (0, population.autocorrelation[1])),
        (products.zero_share, (0, population.zero_share)),
    ):
        assert values.min() >= low
        assert values.max() <= high
    limited = products.supply_capacity[np.isfinite(products.supply_capacity)]
    assert limited.min() >= population.supply_capacity[0]
    assert limited.max() <= population.supply_capacity[1]
    assert set(np.unique(products.lead_time)) == set(range(1, 10))


def test_most_products_have_an_everyday_forecast_error():
    assert 0.55 < np.mean(sampled().cv < 0.8) < 0.75


def test_purposes_share_no_random_numbers():
    drawn = [stream(1, purpose).random(8) for purpose in Purpose]
    assert len({tuple(numbers) for numbers in drawn}) == len(Purpose)


def test_demand_has_the_forecast_mean_and_deviation_even_where_it_is_intermittent():
    rng = np.random.default_rng(5)
    products = Population(cv=(0.2, 1.0), intermittent_share=0.5).sample(rng, 6, 100.0)
    lanes = imagine(rng, products, 4000, 30)
    mean, std = lanes.outlook.mean[:30], lanes.outlook.std[:30]
    error = lanes.demand.mean(axis=0) - mean
    assert np.abs(error / (std / np.sqrt(4000))).max() < 4.5
    spread = lanes.demand.std(axis=0).mean(axis=0) / std.mean(axis=0)
    np.testing.assert_allclose(spread, 1, atol=0.04)
    zeros = (lanes.demand == 0).mean(axis=(0, 1))
    np.testing.assert_allclose(zeros, products.zero_share, atol=0.01)


def test_forecast_errors_have_the_stated_autocorrelation():
    rng = np.random.default_rng(6)
    products = Population(independent_share=0.0, intermittent_share=0.0).sample(rng, 5, 10.0)
    lanes = imagine(rng, products, 400, 60)
    error = np.log(lanes.demand / lanes.outlook.mean[:60])
    error -= error.mean(axis=(0, 1))
    found = (error[:, 1:] * error[:, :-1]).mean(axis=(0, 1)) / (error**2).mean(axis=(0, 1))
    np.testing.assert_allclose(found, products.autocorrelation, atol=0.03)
