"""Lanes play by the same rules as everything else, and their expected costs are unbiased."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brain.brain import LearntFactors
from brain.constants import WARM_UP, Search, class_constants, expected_costs, tuned_constants
from brain.evaluation import live_through
from brain.lanes import Lanes, imagine
from brain.population import Law, Population, Purpose, stream
from envs.observation import no_errors, observe, size
from envs.policies import SafetyStockRule, Situation, constant
from envs.simulator import play
from tests.brain.conftest import make_brain

EVERYDAY = Population(cv=(0.2, 0.6)).plain
WAITING = replace(EVERYDAY, backordered_share=1.0)
ODD = Population(cv=(0.2, 0.6), wrong_share=0.5, varying_share=0.5, backordered_share=0.5)


def surprises(lanes: Lanes, z: np.ndarray) -> np.ndarray:
    """Expected less realised money, period by period, under constants z (M,): (T, P, K)."""
    products = lanes.products
    rule = SafetyStockRule(lanes.outlook, constant(z[:, None].astype(np.float32)))
    opening = lanes.opening(1.0, len(lanes.demand))
    days = play(lanes.world, products.rates, opening, rule, lanes.demand)
    return np.stack(
        [
            lanes.expected_cost(day.after, day.flows) - day.costs.holding - day.costs.shortage
            for day in days
        ]
    )


@pytest.mark.parametrize("stages", [1, 3, 5])
@pytest.mark.parametrize("population", [EVERYDAY, WAITING, ODD], ids=["lost", "waiting", "odd"])
def test_expected_cost_agrees_with_the_money_as_it_happens(
    population: Population, stages: int
) -> None:
    """On average over futures, whether sales are lost or customers wait."""
    rng = np.random.default_rng(8)
    products = replace(population, stages=stages).sample(rng, 200, 30.0)
    lanes = imagine(rng, products, 16, 120)
    z = np.array([1.5, 0.3, 0.0, 0.0, 0.0])[:stages]
    per_product = surprises(lanes, z).mean(axis=(0, 1))
    error = per_product.std() / np.sqrt(per_product.size)
    assert 0 < abs(per_product.mean()) < 4 * error


@pytest.mark.parametrize("intermittent", [0.0, 1.0])
def test_expected_cost_agrees_where_customers_nearly_always_wait(intermittent: float) -> None:
    """Net stock below zero at most days' end, whether all days have demand or only some."""
    rng = np.random.default_rng(13)
    waiting = replace(WAITING, cv=(0.6, 1.0), intermittent_share=intermittent)
    products = waiting.sample(rng, 100, 3.0)
    lanes = imagine(rng, products, 16, 120)
    per_product = surprises(lanes, np.array([-3.0, 0.0, 0.0])).mean(axis=(0, 1))
    assert abs(per_product.mean()) < 4 * per_product.std() / 10


def test_expected_cost_varies_less_than_the_money_as_it_happens() -> None:
    """The luck of the day is averaged out: that is what it is for."""
    rng = np.random.default_rng(14)
    products = EVERYDAY.sample(rng, 100, 100.0)
    lanes = imagine(rng, products, 8, 120)
    rule = SafetyStockRule(lanes.outlook, constant(np.array([[1.5], [0.3], [0.0]], np.float32)))
    expected, happened = [], []
    for day in play(lanes.world, products.rates, lanes.opening(1.0, 8), rule, lanes.demand):
        expected.append(lanes.expected_cost(day.after, day.flows))
        happened.append(day.costs.holding + day.costs.shortage)
    spreads = [np.mean(costs, axis=0).std(axis=0).mean() for costs in (expected, happened)]
    assert spreads[0] < 0.8 * spreads[1]


@pytest.mark.parametrize("law", [Law.COUNT, Law.NORMAL])
def test_demand_that_is_not_lognormal_is_charged_as_it_happens(law: Law) -> None:
    """To rounding, lost or waiting."""
    rng = np.random.default_rng(15)
    whole = replace(EVERYDAY, backordered_share=0.5, intermittent_share=0.0, count_share=1.0)
    products = whole.sample(rng, 60, 30.0)
    lanes = imagine(rng, replace(products, law=np.full(60, law)), 4, 80)
    difference = surprises(lanes, np.array([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(difference, 0, atol=2e-3)


def test_expected_cost_is_exact_for_demand_that_hardly_varies() -> None:
    """Nothing to average over."""
    rng = np.random.default_rng(9)
    population = Population(cv=(1e-4, 2e-4), intermittent_share=0.0).plain
    products = population.sample(rng, 50, 10.0)
    lanes = imagine(rng, products, 1, 80)
    rule = SafetyStockRule(lanes.outlook, constant(np.full((3, 1), 2.0, np.float32)))
    for day in play(lanes.world, products.rates, lanes.opening(2.0, 1), rule, lanes.demand):
        realised = day.costs.holding + day.costs.shortage
        expected = lanes.expected_cost(day.after, day.flows)
        np.testing.assert_allclose(expected, realised, rtol=5e-3, atol=5e-2)


@pytest.mark.parametrize("stages", range(1, 6))
def test_observations_are_the_same_whether_a_lane_is_fed_alone_or_among_others(
    stages: int,
) -> None:
    """Finite, and of the same numbers path by path and product by product."""
    rng = np.random.default_rng(10)
    products = replace(ODD, stages=stages).sample(rng, 6, 100.0)
    lanes = imagine(rng, products, 2, 90)
    outlook = lanes.outlook
    state = lanes.opening(1.0, 2)
    seen = observe(state, no_errors(2, 6), outlook, products.traits)
    assert seen.shape == (2, 6, size(stages))
    assert np.isfinite(seen).all()
    np.testing.assert_array_equal(seen[0], seen[1])
    for k in range(6):
        one = np.array([k])
        alone = replace(
            state,
            on_hand=state.on_hand[..., one],
            pipeline=state.pipeline[:, :, one],
            backorders=state.backorders[..., one],
        )
        told = products.traits.take(one)
        mine = observe(alone, no_errors(2, 1), outlook.take(one), told)
        np.testing.assert_allclose(seen[:, one], mine, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("stages", range(1, 6))
def test_a_chain_opens_in_motion_and_its_pipeline_is_long_enough(stages: int) -> None:
    """Full of mean demand for the stated lead time, with room for the longest one drawn."""
    rng = np.random.default_rng(16)
    products = replace(ODD, stages=stages, varying_share=1.0).sample(rng, 40, 100.0)
    lanes = imagine(rng, products, 2, 60)
    state = lanes.opening(1.0, 2)
    assert lanes.world.longest_lead_time > products.lead_time.max()
    assert state.pipeline.shape[-1] >= lanes.world.longest_lead_time
    expected = products.lead_time * lanes.outlook.mean[0]
    np.testing.assert_allclose(state.in_transit, [expected, expected], rtol=1e-5)
    assert not state.backorders.any()
    rule = SafetyStockRule(lanes.outlook, constant(np.ones((stages, 1), np.float32)))
    *_, last = play(lanes.world, products.rates, state, rule, lanes.demand, lanes.outlook)
    assert np.isfinite(last.costs.holding).all()
    traits = products.traits
    assert np.isfinite(observe(last.after, no_errors(2, 40), lanes.outlook, traits)).all()


def test_an_opening_pipeline_suits_lead_times_that_are_never_as_long_as_stated() -> None:
    """The stated lead time needs its room, too: the chain opens as if it held."""
    products = EVERYDAY.sample(np.random.default_rng(17), 5, 100.0)
    short = replace(products, lead_time=np.full((3, 5), 4))
    lanes = imagine(np.random.default_rng(18), short, 1, 10)
    quick = replace(lanes, world=replace(lanes.world, lead_time=np.ones((10, 3, 5), int)))
    np.testing.assert_allclose(
        quick.opening(0.0, 1).in_transit[0], 4 * np.tile(lanes.outlook.mean[0], (3, 1)), rtol=1e-6
    )


def test_long_chains_of_long_lead_times_can_be_seen_to_the_end() -> None:
    """The forecast reaches as far as the last observation's windows."""
    population = Population(5, lead_time=(20, 30), varying_share=1.0)
    products = population.sample(np.random.default_rng(19), 3, 100.0)
    lanes = imagine(np.random.default_rng(20), products, 1, 30)
    assert lanes.outlook.reach >= 30


def test_better_constants_cost_less_than_a_bad_guess() -> None:
    """The search finds them in a few generations."""
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


@pytest.mark.parametrize("stages", [1, 2, 5])
def test_constants_are_found_for_chains_of_every_length(stages: int) -> None:
    """One z per stage; those of customers who wait are sought apart."""
    search = Search(generations=2, candidates=6, elite=2, lanes=16, periods=80)
    for population in (EVERYDAY, WAITING):
        kind = replace(population, stages=stages)
        found = class_constants(30.0, stream(3, Purpose.CONSTANTS), kind, search)
        assert found.shape == (stages,)
        assert np.isfinite(found).all()


def test_a_product_tuned_by_itself_beats_the_constants_of_its_class() -> None:
    """The strongest rule a planner could have without looking at the state."""
    rng = stream(2, Purpose.TUNING)
    search = Search(generations=8, candidates=12, elite=4, periods=200)
    products = EVERYDAY.sample(rng, 12, 100.0)
    tuned = tuned_constants(imagine(rng, products, 6, 200), rng, search)
    lanes = imagine(rng, products, 12, 260)
    own = live_through(lanes, constant(tuned.astype(np.float32)))
    shared = live_through(lanes, constant(tuned.mean(axis=1, keepdims=True).astype(np.float32)))
    assert own.cost.mean() < shared.cost.mean()
    assert 0.9 < own.fill_rate <= 1


def test_the_start_is_forgotten_by_the_end_of_the_warm_up() -> None:
    """Stocks that began two sigmas apart are one."""
    rng = np.random.default_rng(11)
    products = EVERYDAY.sample(rng, 50, 10.0)
    lanes = imagine(rng, products, 1, WARM_UP + 30)
    rule = SafetyStockRule(lanes.outlook, constant(np.zeros((3, 1), np.float32)))
    ends = []
    for z in (0.0, 2.0):
        state = lanes.opening(z, 1)
        *_, last = play(lanes.world, products.rates, state, rule, lanes.demand)
        ends.append(last.after.on_hand.mean())
    assert ends[0] == pytest.approx(ends[1], rel=0.02)


@pytest.mark.parametrize("stages", [1, 3, 5])
def test_factors_of_a_brain_have_one_row_per_stage(stages: int) -> None:
    """Path by path, product by product."""
    rng = np.random.default_rng(12)
    products = replace(ODD, stages=stages).sample(rng, 5, 100.0)
    lanes = imagine(rng, products, 2, 60)
    situation = Situation(lanes.opening(1.0, 2), no_errors(2, 5), lanes.world)
    factors = LearntFactors(make_brain(100.0, stages=stages), lanes.outlook, products.traits)
    assert factors(situation).shape == (2, stages, 5)
