"""A sample of products tells sums over all of them."""

from __future__ import annotations

import numpy as np
import pytest

from planner.problem import Problem, problem_of
from planner.sample import sample_of
from planner.situations import copied, of_products, on_paths, side_by_side
from tests.milp.conftest import random_task


def problem(products: int = 200) -> Problem:
    """Products of many kinds."""
    return problem_of(random_task(2, products=products).scenario, 10)


def test_a_sample_is_as_large_as_asked_and_each_product_is_in_it_once() -> None:
    """And stands for at least itself."""
    sample = sample_of(problem(), 40, np.random.default_rng(1))
    assert len(np.unique(sample.products)) == len(sample.products) == 40
    assert (sample.weight >= 1).all()


@pytest.mark.parametrize("what", ["flow", "count"])
def test_weighted_sums_over_samples_are_those_over_all_on_average(what: str) -> None:
    """Within four standard errors over 300 samples."""
    of = problem()
    volume = of.scenario.products.volume
    value = volume * of.scenario.forecast.scale if what == "flow" else np.ones(len(volume))
    rng = np.random.default_rng(3)
    samples = [sample_of(of, 30, rng) for _ in range(300)]
    sums = np.array([value[s.products] @ s.weight for s in samples])
    error = sums.std(ddof=1) / np.sqrt(len(sums))
    assert abs(sums.mean() - value.sum()) < 4 * error + 1e-9
    if what == "flow":
        assert sums.std() < 0.2 * value.sum()


def test_a_product_that_stands_for_several_takes_their_space() -> None:
    """Its volume is theirs; its costs, lead times and forecast stay."""
    of, some = problem(6), np.array([1, 4])
    taken = of.take(some, np.array([1.0, 3.0]))
    volume = of.scenario.products.volume[some]
    np.testing.assert_array_equal(taken.rates.volume, volume * [1, 3])
    np.testing.assert_array_equal(taken.world.volume, volume * [1, 3])
    np.testing.assert_array_equal(taken.rates.holding, of.rates.holding[:, some])
    np.testing.assert_array_equal(taken.outlook.windows(2).std, of.outlook.windows(2).std[:, some])


def test_situations_are_rearranged_and_nothing_is_lost() -> None:
    """Parts of paths beside each other are the products of one part after those of another."""
    morning = copied(problem(3).situation(2), 2)
    assert len(morning.state.on_hand) == 4
    beside = side_by_side(morning, 2)
    first, second = on_paths(morning, slice(2)), on_paths(morning, slice(2, 4))
    for part, products in ((first, np.arange(3)), (second, np.arange(3, 6))):
        there = of_products(beside, products)
        np.testing.assert_array_equal(there.state.pipeline, part.state.pipeline)
        np.testing.assert_array_equal(there.errors.spread, part.errors.spread)
