"""Lanes play by the same rules as everything else, and their expected costs are unbiased."""

import numpy as np
import pytest

from brain.brain import LearntFactors
from brain.constants import WARM_UP, Search, class_constants, expected_costs, tuned_constants
from brain.evaluation import live_through
from brain.lanes import imagine
from brain.population import Population, Purpose, stream
from data.outlook import Outlook
from envs.observation import SIZE, no_errors, observe
from envs.policies import SafetyStockRule, Situation, constant
from envs.simulator import play

EVERYDAY = Population(cv=(0.2, 0.6))


def test_expected_cost_agrees_with_the_money_as_it_happens():
    rng = np.random.default_rng(8)
    products = EVERYDAY.sample(rng, 200, 30.0)
    lanes = imagine(rng, products, 16, 120)
    rule = SafetyStockRule(lanes.outlook, constant(np.array([[1.5], [0.3], [0.0]], np.float32)))
    days = play(products.world, products.rates, lanes.opening(1.0, 16), rule, lanes.demand)
    difference = np.zeros((16, 200))
    for day in days:
        realised = day.costs.holding + day.costs.shortage
        difference += lanes.expected_cost(day.after, day.flows) - realised
    per_product = difference.mean(axis=0) / lanes.periods
    error = per_product.std() / np.sqrt(per_product.size)
    assert abs(per_product.mean()) < 4 * error


def test_expected_cost_is_exact_for_demand_that_hardly_varies():
    rng = np.random.default_rng(9)
    products = Population(cv=(1e-4, 2e-4), intermittent_share=0.0).sample(rng, 50, 10.0)
    lanes = imagine(rng, products, 1, 80)
    rule = SafetyStockRule(lanes.outlook, constant(np.full((3, 1), 2.0, np.float32)))
    for day in play(products.world, products.rates, lanes.opening(2.0, 1), rule, lanes.demand):
        realised = day.costs.holding + day.costs.shortage
        expected = lanes.expected_cost(day.after, day.flows)
        np.testing.assert_allclose(expected, realised, rtol=5e-3, atol=5e-2)


def test_observations_are_the_same_whether_a_lane_is_fed_alone_or_among_others():
    rng = np.random.default_rng(10)
    products = EVERYDAY.sample(rng, 6, 100.0)
    lanes = imagine(rng, products, 2, 90)
    outlook = lanes.outlook
    state = lanes.opening(1.0, 2)
    seen = observe(state, no_errors(2, 6), outlook, products.traits)
    assert seen.shape == (2, 6, SIZE)
    assert np.isfinite(seen).all()
    np.testing.assert_array_equal(seen[0], seen[1])
    halved = Outlook(outlook.mean[::1], outlook.std[::1], outlook.lead_time)
    np.testing.assert_array_equal(seen, observe(state, no_errors(2, 6), halved, products.traits))


def test_better_constants_cost_less_than_a_bad_guess():
    rng = stream(1, Purpose.CONSTANTS)
    search = Search(generations=6, candidates=10, elite=3, lanes=64, periods=150)
    found = class_constants(100.0, rng, EVERYDAY, search)
    products = EVERYDAY.sample(rng, 64, 100.0)
    lanes = imagine(rng, products, 4, 200)
    costs = {
        name: expected_costs(lanes, constant(z.astype(np.float32)), 4).mean()
        for name, z in (("found", found[:, None]), ("textbook", np.full((3, 1), 2.33)))
    }
    assert costs["found"] < 0.95 * costs["textbook"]


def test_a_product_tuned_by_itself_beats_the_constants_of_its_class():
    rng = stream(2, Purpose.TUNING)
    search = Search(generations=8, candidates=12, elite=4, periods=200)
    products = EVERYDAY.sample(rng, 12, 100.0)
    tuned = tuned_constants(imagine(rng, products, 6, 200), rng, search)
    lanes = imagine(rng, products, 12, 260)
    own = live_through(lanes, constant(tuned.astype(np.float32)))
    shared = live_through(lanes, constant(tuned.mean(axis=1, keepdims=True).astype(np.float32)))
    assert own.cost.mean() < shared.cost.mean()
    assert 0.9 < own.fill_rate <= 1


def test_the_start_is_forgotten_by_the_end_of_the_warm_up():
    rng = np.random.default_rng(11)
    products = EVERYDAY.sample(rng, 50, 10.0)
    lanes = imagine(rng, products, 1, WARM_UP + 30)
    rule = SafetyStockRule(lanes.outlook, constant(np.zeros((3, 1), np.float32)))
    ends = []
    for z in (0.0, 2.0):
        state = lanes.opening(z, 1)
        *_, last = play(products.world, products.rates, state, rule, lanes.demand)
        ends.append(last.after.on_hand.mean())
    assert ends[0] == pytest.approx(ends[1], rel=0.02)


def test_factors_of_a_brain_have_one_row_per_stage(brain):
    rng = np.random.default_rng(12)
    products = EVERYDAY.sample(rng, 5, 100.0)
    lanes = imagine(rng, products, 2, 60)
    situation = Situation(lanes.opening(1.0, 2), no_errors(2, 5), products.world)
    factors = LearntFactors(brain, lanes.outlook, products.traits)
    assert factors(situation).shape == (2, 3, 5)
