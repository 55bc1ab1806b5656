"""Problems side by side are what they are apart, and constants tuned on them are good ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.outlook import outlook_of
from envs.dynamics import opening_state
from envs.policies import SafetyStockRule, constant
from envs.reference.serial_hybrid import Course, Drawn, draw
from envs.reference.serial_hybrid_chains import (
    Factors,
    Search,
    expected_costs,
    side_by_side,
    tuned,
)
from envs.reference.serial_profiles import VARYING
from envs.simulator import simulate
from envs.theory import safety_factor

COURSES = (
    Course(10.0, sigma_max=3, products=2, days=40),
    Course(100.0, products=3, days=40, profile=VARYING),
    Course(1000.0, sigma_max=5, products=1, days=40, profile="3-4-6"),
)
Z = np.array([[2.0], [0.5], [-0.5]])


def problems() -> list[Drawn]:
    """Six products of three courses."""
    rng = np.random.default_rng(1)
    return [draw(rng, course) for course in COURSES]


def test_columns_side_by_side_cost_what_they_cost_apart() -> None:
    """Product by product, whatever their lead times: nothing goes from column to column."""
    apart = problems()
    together = side_by_side(apart)
    demand = together.demand(np.random.default_rng(2), paths=2)
    state = opening_state(together.stock, together.world, paths=2)
    rule = SafetyStockRule(together.outlook, constant(Z))
    whole = simulate(together.world, together.rates, state, rule, demand)
    first = 0
    for one in apart:
        part = slice(first, first + one.course.products)
        first = part.stop
        rule = SafetyStockRule(outlook_of(one.scenario, 40), constant(Z))
        state = opening_state(one.scenario.stock, one.world, paths=2)
        alone = simulate(one.world, one.rates, state, rule, demand[..., part])
        for name in ("on_hand", "shipments", "lost_sales", "holding", "shortage"):
            found = getattr(whole, name)[..., part]
            np.testing.assert_allclose(found, getattr(alone, name), rtol=1e-9, atol=1e-9)
    assert first == demand.shape[-1]


def test_ratios_are_those_of_the_courses() -> None:
    """Column by column."""
    np.testing.assert_allclose(side_by_side(problems()).ratio, [10, 10, 100, 100, 100, 1000])


def test_problems_that_share_space_or_differ_in_length_are_not_put_side_by_side() -> None:
    """By a sentence."""
    rng = np.random.default_rng(1)
    shared = draw(rng, replace(COURSES[0], coupled=True))
    longer = draw(rng, replace(COURSES[0], days=50))
    for wrong in ([shared], [*problems(), longer]):
        with pytest.raises(ValueError, match="expected one length, and none that shares space"):
            side_by_side(wrong)


def test_expected_costs_are_right_in_the_mean() -> None:
    """Against what is charged on the same paths, within four standard errors; and less noisy."""
    chains = side_by_side(problems()[:2])
    demand = chains.demand(np.random.default_rng(3), paths=400)
    expected = expected_costs(chains, constant(Z), demand)
    state = opening_state(chains.stock, chains.world, paths=400)
    rule = SafetyStockRule(chains.outlook, constant(Z))
    trace = simulate(chains.world, chains.rates, state, rule, demand)
    charged = trace.holding.sum(axis=1) + trace.shortage.sum(axis=1)
    difference = charged - expected
    error = difference.std(axis=0) / np.sqrt(len(difference))
    assert (np.abs(difference.mean(axis=0)) <= 4 * error).all()
    assert (expected.std(axis=0) < charged.std(axis=0)).all()


def test_without_sigma_the_expected_cost_is_what_is_charged() -> None:
    """Nothing is left to average over."""
    chains = side_by_side([draw(np.random.default_rng(1), replace(COURSES[0], sigma_max=1))])
    demand = chains.demand(np.random.default_rng(1))
    state = opening_state(chains.stock, chains.world)
    rule = SafetyStockRule(chains.outlook, constant(Z))
    trace = simulate(chains.world, chains.rates, state, rule, demand)
    found = expected_costs(chains, constant(Z), demand)
    np.testing.assert_allclose(found, trace.holding.sum(axis=1), rtol=1e-6)
    assert trace.lost_sales.max() < 1e-9


def test_factors_between_two_ratios_are_linear_in_the_logarithm() -> None:
    """And those of the nearest ratio beyond them."""
    factors = Factors(np.array([10.0, 1000.0]), np.array([[1.0, 0.0, -1.0], [3.0, 1.0, 1.0]]))
    found = factors.of(np.array([1.0, 10.0, 100.0, 1000.0, 1e5]))
    assert found.shape == (3, 5)
    np.testing.assert_allclose(found[0], [1, 1, 2, 3, 3])
    np.testing.assert_allclose(found[2], [-1, -1, 0, 1, 1], atol=1e-12)


def test_tuned_constants_cost_less_than_the_textbooks() -> None:
    """On products and demand that they have not seen; they are the same for the same seed."""
    course = Course(days=60)
    search = Search(generations=8, candidates=12, elite=4, products=12)
    found, again = (
        tuned(np.random.default_rng(1), [course], (10.0, 100.0), search) for _ in range(2)
    )
    np.testing.assert_array_equal(found.z, again.z)
    rng = np.random.default_rng(9)
    for number, ratio in enumerate((10.0, 100.0)):
        chains = side_by_side([draw(rng, replace(course, cost_ratio=ratio, products=60))])
        demand = chains.demand(rng)
        ours = expected_costs(chains, constant(found.z[number][:, None]), demand)[0]
        textbook = np.full((3, 1), safety_factor(ratio))
        saved = expected_costs(chains, constant(textbook), demand)[0] - ours
        assert saved.mean() > 4 * saved.std() / np.sqrt(len(saved))
