"""A problem of `serial-hybrid` is drawn as its course says, and keeps every unit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from data.outlook import outlook_of
from envs.dynamics import opening_state
from envs.policies import SafetyStockRule, constant
from envs.reference.serial_hybrid import (
    BEYOND,
    DAYS,
    OVERFLOW,
    SPACE,
    STAGES,
    SUPPLY,
    Course,
    Drawn,
    draw,
)
from envs.reference.serial_profiles import LEVEL, SUPPLIED, VARYING
from envs.simulator import play, simulate


def drawn(seed: int = 1, **wishes: Any) -> Drawn:
    """A problem of a course with these wishes."""
    return draw(np.random.default_rng(seed), Course(**wishes))


def test_the_same_seed_draws_the_same_problem() -> None:
    """And the same demand; another seed another one."""
    first, again, other = (drawn(seed, products=4) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.mean, again.mean)
    np.testing.assert_array_equal(first.sigma, again.sigma)
    demands = [one.demand(np.random.default_rng(3), 2) for one in (first, again, other)]
    np.testing.assert_array_equal(demands[0], demands[1])
    assert (demands[0] != demands[2]).any()
    assert demands[0].shape == (2, DAYS, 4)


@pytest.mark.parametrize("sigma_max", [1, 3, 5, 10])
def test_sigma_is_a_whole_number_below_its_largest(sigma_max: int) -> None:
    """Each from 0 on equally often: the mean is (sigma_max - 1) / 2."""
    sigma = drawn(sigma_max=sigma_max, products=100).sigma
    assert sigma.shape == (DAYS + BEYOND, 100)
    assert np.unique(sigma).tolist() == list(range(sigma_max))
    error = sigma.std() / np.sqrt(sigma.size)
    assert abs(sigma.mean() - (sigma_max - 1) / 2) <= 4 * error


def test_demand_has_the_mean_and_sigma_of_its_day() -> None:
    """Over many futures of one product; without sigma it is the forecast itself."""
    one = drawn(sigma_max=4)
    demand = one.demand(np.random.default_rng(5), paths=4000)[..., 0]
    mean, sigma = one.mean[:DAYS, 0], one.sigma[:DAYS, 0]
    assert (demand >= 0).all()
    known = sigma == 0
    assert known.any()
    np.testing.assert_array_equal(demand[0, known], mean[known])
    score = (demand.mean(axis=0) - mean)[~known] / (sigma[~known] / np.sqrt(len(demand)))
    assert np.abs(score).max() < 5


def test_ratios_are_within_their_bounds_and_a_missed_sale_costs_one() -> None:
    """Even in the logarithm; one number is the ratio of all."""
    ratio = drawn(cost_ratio=(1.0, 1000.0), products=2000).scenario.products.cost_ratio
    assert ratio.min() >= 1
    assert ratio.max() <= 1000
    error = np.log(1000) / np.sqrt(12 * ratio.size)
    assert abs(np.log(ratio).mean() - np.log(1000) / 2) < 4 * error
    same = drawn(cost_ratio=50.0, products=3)
    np.testing.assert_allclose(same.scenario.products.cost_ratio, 50)
    np.testing.assert_allclose(same.rates.shortage, 1)
    np.testing.assert_allclose(same.rates.holding[:, 0], np.array([1.0, 0.7, 0.4]) / 50)


def test_laws_of_demand_have_their_own_sigma() -> None:
    """Poisson's is the root of its mean, whatever the largest sigma of the course."""
    poisson = drawn(shape=1, sigma_max=3)
    np.testing.assert_allclose(poisson.sigma, np.sqrt(LEVEL))
    demand = poisson.demand(np.random.default_rng(1), paths=50)
    assert (demand % 1 == 0).all()
    assert abs(demand.mean() - LEVEL) < 4 * np.sqrt(LEVEL / demand.size)


def test_supplied_demand_is_met_as_it_is() -> None:
    """Beyond the episode its last day goes on."""
    supplied = tuple(float(day) for day in range(30))
    one = drawn(shape=SUPPLIED, supplied=supplied, days=30, products=2)
    assert one.demand(np.random.default_rng(1), 3)[2, :, 1].tolist() == list(supplied)
    assert one.mean[:30, 0].tolist() == list(supplied)
    assert (one.mean[30:] == 29).all()
    assert (one.sigma == 0).all()


def test_planning_counts_on_mean_lead_times_and_a_wider_sigma() -> None:
    """Where lead times vary: over the chain, variances of 2 a stage make 6 mean^2 more."""
    one = drawn(profile=VARYING, sigma_max=3)
    assert one.scenario.products.lead_time[:, 0].tolist() == [4, 5, 6]
    assert one.world.lead_time.shape == (DAYS + BEYOND, STAGES, 1)
    added = np.square(one.scenario.forecast.std) - np.square(one.sigma)
    np.testing.assert_allclose(18 * added, 6 * np.square(one.mean))
    fixed = drawn(profile="2-4-6", sigma_max=3)
    np.testing.assert_array_equal(fixed.scenario.forecast.std, fixed.sigma)


def test_a_chain_of_ones_own_lead_times_can_be_played() -> None:
    """From 1 to 9 days, and as stated."""
    assert drawn(profile=(9, 1, 4)).world.lead_time[:, 0].tolist() == [9, 1, 4]


def test_space_is_for_a_mean_day_that_passes_and_25_units_of_each_product() -> None:
    """Where products are coupled; otherwise there is no end to it."""
    network = drawn(coupled=True, products=4, cost_ratio=10.0).scenario.network
    np.testing.assert_allclose(network.storage_capacity, (LEVEL + SPACE) * 4)
    np.testing.assert_allclose(network.overflow_price, OVERFLOW / 10)
    assert np.isinf(drawn(products=4).scenario.network.storage_capacity).all()


def test_one_day_by_hand() -> None:
    """A day of 20, sigma nothing, 20 on hand everywhere and on every day of the way.

    The shelf gets 20 and sells 20; Tennessee ships what is asked of its 20 and gets 20. Closing
    stock is 20, 20 + 20 - 20 and 20 + 20 - 20 where 20 are asked for at each stage.
    """
    flat = drawn(shape=SUPPLIED, supplied=(20.0,) * 5, days=5, cost_ratio=10.0)
    state = opening_state(flat.scenario.stock, flat.world)
    assert state.on_hand[0, :, 0].tolist() == [20, 20, 20]
    assert state.in_transit[0, :, 0].tolist() == [40, 60, 80]
    demand = flat.demand(np.random.default_rng(1))
    orders = np.full((1, 3, 1), 20.0)
    for day in play(flat.world, flat.rates, state, lambda situation: orders, demand):
        assert day.after.on_hand[0, :, 0].tolist() == [20, 20, 20]
        assert day.flows.lost.sum() == 0
        assert day.costs.holding.item() == pytest.approx(20 * (1 + 0.7 + 0.4) / 10)


def test_no_unit_is_lost_or_made_when_lead_times_vary() -> None:
    """What the source ships and what was there is what was sold and what is there, every day."""
    one = drawn(profile=VARYING, products=6, cost_ratio=30.0)
    state = opening_state(one.scenario.stock, one.world, paths=3)
    rule = SafetyStockRule(outlook_of(one.scenario, DAYS), constant(np.ones((3, 6))))
    before = (state.on_hand + state.in_transit).sum(axis=1)
    demand = one.demand(np.random.default_rng(2), paths=3)
    for day in play(one.world, one.rates, state, rule, demand):
        after = (day.after.on_hand + day.after.in_transit).sum(axis=1)
        came, left = day.flows.shipped[:, -1], day.flows.served[:, 0]
        np.testing.assert_allclose(before + came - left, after, rtol=1e-12)
        np.testing.assert_allclose(day.flows.served + day.flows.lost, day.flows.demand)
        before = after


def test_every_shipment_arrives_after_the_lead_time_of_its_day() -> None:
    """One unit a day more than the day before: each arrival is told apart, even of one day."""
    one = drawn(profile=VARYING, days=40, shape=SUPPLIED, supplied=(0.0,) * 40)
    state = opening_state(one.scenario.stock, one.world)
    due = np.zeros(60)
    due[: state.pipeline.shape[-1]] = state.pipeline[0, 2, 0]
    demand = one.demand(np.random.default_rng(1))

    def asked(situation: Any) -> np.ndarray:
        orders = np.zeros((1, 3, 1))
        orders[0, 2, 0] = situation.state.period + 1
        return orders

    for day in play(one.world, one.rates, state, asked, demand):
        today = day.before.period
        due[today + int(one.world.lead_time[today, 2, 0])] += today + 1
        assert day.flows.arrived[0, 2, 0] == due[today]


def test_no_stage_gets_more_than_it_may() -> None:
    """100, 90 and 80 units a day, however much is asked for."""
    one = drawn(products=2)
    state = opening_state(one.scenario.stock, one.world)
    demand = one.demand(np.random.default_rng(1))
    greedy = np.full((1, 3, 2), 1e6)
    trace = simulate(one.world, one.rates, state, lambda situation: greedy, demand)
    most = trace.shipments.max(axis=(0, 1))
    assert (most <= np.array(SUPPLY)[:, None]).all()
    assert (most[2] == SUPPLY[2]).all()


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({"cost_ratio": 0.0}, "expected a number above 0"),
        ({"cost_ratio": (100.0, 10.0)}, "two that rise"),
        ({"cost_ratio": float("nan")}, "expected a number above 0"),
        ({"sigma_max": 0}, "sigma_max is 0, expected 1 or more"),
        ({"products": 0}, "products is 0, expected 1 or more"),
        ({"days": 0}, "days is 0, expected 1 or more"),
        ({"shape": 13}, "shape is 13, expected 1 to 12"),
        ({"shape": SUPPLIED, "supplied": (1.0,)}, "supply one number a day"),
        ({"profile": "1-2-3"}, "profile is '1-2-3', expected 2-3-4"),
        ({"profile": (2, 3)}, "expected 3 lead times, 1 to 9 days"),
        ({"profile": (0, 3, 4)}, "expected 3 lead times, 1 to 9 days"),
    ],
)
def test_a_course_that_cannot_be_is_refused(wishes: dict[str, Any], told: str) -> None:
    """With a sentence that says what was expected."""
    with pytest.raises(ValueError, match=told):
        replace(Course(), **wishes)
