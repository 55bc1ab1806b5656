"""A price of space is another cost ratio and other holding costs: in money and in what is seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brain.lanes import SINGLE, Lanes, imagine
from brain.population import Population, SampledProducts
from brain.pricing import LOWEST_RATIO, asked_at, renormalised
from envs.observation import features, no_errors, observe, ratio_feature
from envs.policies import SafetyStockRule, constant
from envs.simulator import play

PERIODS = 400


def sampled(stages: int, waiting: float = 0.0, ratio: float = 40.0) -> SampledProducts:
    """Twenty products."""
    population = Population(stages, backordered_share=waiting)
    return population.sample(np.random.default_rng(stages), 20, ratio)


def prices_of(products: SampledProducts) -> np.ndarray:
    """A price per stage and product (M, K) [1], some of them none."""
    rng = np.random.default_rng(7)
    price = rng.uniform(0, 1.5, products.lead_time.shape)
    return price * (rng.random(price.shape) < 0.7)


def at(products: SampledProducts, price: np.ndarray) -> SampledProducts:
    """The same products in natural units of what holding at the shelf now costs."""
    ratio, share = renormalised(
        products.cost_ratio, products.holding_share, price, products.backordered
    )
    return replace(products, cost_ratio=ratio, holding_share=share)


@pytest.mark.parametrize("waiting", [0.0, 1.0], ids=["lost", "waiting"])
@pytest.mark.parametrize("stages", range(1, 6))
def test_charging_for_space_is_charging_otherwise_for_stock_and_misses(
    stages: int, waiting: float
) -> None:
    """Over a long run the money with occupancy charged is (1 + pi_0) times the money at r' and
    h', and sum pi for every unit demanded; to the unit, what the stages below have more in the
    end than in the beginning was let through and not sold, and so was what is owed to customers.
    """
    products = sampled(stages, waiting)
    price = prices_of(products)
    lanes = imagine(np.random.default_rng(2), products, 2, PERIODS)
    charged, otherwise, grown = played(lanes, price)
    demand = lanes.demand.sum(axis=1)
    expected = (1 + price[0]) * otherwise + price.sum(axis=0) * demand
    np.testing.assert_allclose(charged, expected + grown, rtol=1e-4)
    assert np.abs(grown / charged).max() < 0.05
    free, _, _ = played(lanes, np.zeros_like(price))
    assert (charged > 1.1 * free).any(), "space must matter for this to say something"


def played(lanes: Lanes, price: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Money (P, K) of a long run: with space charged, at r' and h', and for stock that grew."""
    products = lanes.products
    stages = products.stages
    rule = SafetyStockRule(lanes.outlook, constant(np.full((stages, 1), 0.7, SINGLE)))
    opening = lanes.opening(0.7, len(lanes.demand))
    priced = at(products, price).rates
    charged, otherwise = np.zeros((2, len(lanes.demand), len(products)))
    for day in play(lanes.world, products.rates, opening, rule, lanes.demand):
        charged += day.costs.holding + day.costs.shortage
        charged += (day.flows.occupied * price).sum(axis=1)
        otherwise += (day.after.on_hand * priced.holding).sum(axis=1)
        otherwise += (day.flows.lost + day.after.backorders)[:, 0] * priced.shortage
    held = [state.on_hand + state.in_transit for state in (opening, day.after)]
    below = np.cumsum(held[1] - held[0], axis=1)[:, :-1]
    not_sold = (below * price[1:]).sum(axis=1) - day.after.backorders[:, 0] * price.sum(axis=0)
    return charged, otherwise, not_sold


def test_space_that_is_free_changes_nothing() -> None:
    """At price 0 ratio and shares are what they were."""
    products = sampled(3)
    free = at(products, np.zeros((3, 20)))
    np.testing.assert_array_equal(free.cost_ratio, products.cost_ratio)
    np.testing.assert_array_equal(free.holding_share, products.holding_share)


def test_the_shelfs_own_share_stays_one_and_the_ratio_falls() -> None:
    """The dearer space is, the less a lost sale is worth to avoid."""
    products = sampled(3)
    ratios = [at(products, np.full((3, 20), price)).cost_ratio for price in (0.0, 0.5, 2.0)]
    assert (np.diff(ratios, axis=0) < 0).all()
    np.testing.assert_allclose(at(products, np.full((3, 20), 0.5)).holding_share[0], 1)


def test_a_ratio_never_falls_below_the_lowest_learnt() -> None:
    """Space dearer than what is sold: hold as little as the brain has learnt to."""
    products = sampled(3, ratio=2.0)
    np.testing.assert_array_equal(at(products, np.full((3, 20), 9.0)).cost_ratio, LOWEST_RATIO)


@pytest.mark.parametrize("stages", range(1, 6))
def test_asking_at_a_price_is_asking_about_the_product_it_makes(stages: int) -> None:
    """What is seen of the priced product, to float32."""
    products = sampled(stages, waiting=0.5)
    price = prices_of(products)
    lanes = imagine(np.random.default_rng(2), products, 2, 5)
    state, errors = lanes.opening(1.0, 2), no_errors(2, 20)
    seen = observe(state, errors, lanes.outlook, products.traits)
    before = seen.copy()
    expected = observe(state, errors, lanes.outlook, at(products, price).traits)
    found = asked_at(seen, price)
    np.testing.assert_allclose(found, expected, atol=2e-6)
    np.testing.assert_array_equal(seen, before)
    assert found.dtype == np.float32
    changed = np.flatnonzero((found != seen).any(axis=(0, 1)))
    first = ratio_feature(stages) - (stages - 1)
    assert changed.tolist() == list(range(first, ratio_feature(stages) + 1))
    assert features(stages)[changed[-1]] == "log_cost_ratio"


def test_asking_at_price_0_is_asking_without_a_price() -> None:
    """To the rounding of a logarithm."""
    products = sampled(3)
    lanes = imagine(np.random.default_rng(2), products, 2, 5)
    seen = observe(lanes.opening(1.0, 2), no_errors(2, 20), lanes.outlook, products.traits)
    np.testing.assert_allclose(asked_at(seen, np.zeros((3, 20))), seen, atol=1e-6)
