"""The constants a net starts from: exact where they were sought, sensible between and beyond."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from brain.centre import HIGHEST_SHIFTED, LOWEST_SHIFTED, Centre
from brain.population import Population
from brain.trial import constants_of
from envs.observation import features, ratio_feature, size
from envs.policies import HIGHEST_Z, LOWEST_Z

USUAL = (0.7, 0.35)
CENTRE = Centre(
    ratios=(1.0, 10.0, 100.0),
    lost=((-1.0, 0.0, 0.2), (1.0, 0.5, 0.1), (2.0, 0.75, 0.4)),
    waiting=((0.0, 0.1, 0.0), (2.0, 0.2, 0.0), (3.0, 0.3, 0.0)),
)
FAMILY = replace(CENTRE, usual_share=USUAL)


def shown(cost_ratio: float, waiting: bool = False, share: tuple[float, ...] = USUAL) -> np.ndarray:
    """An observation (1, size) of a product of which only this is known."""
    stages = len(share) + 1
    seen = np.zeros((1, size(stages)), np.float32)
    seen[0, ratio_feature(stages)] = np.log10(cost_ratio) / 3
    seen[0, features(stages).index("backordered")] = waiting
    first = ratio_feature(stages) - len(share)
    seen[0, first : first + len(share)] = np.log(share)
    return seen


@pytest.mark.parametrize("row", range(3))
def test_a_ratio_that_was_searched_gets_what_was_found(row: int) -> None:
    """Its own constants, for customers who wait those of their own."""
    ratio = CENTRE.ratios[row]
    np.testing.assert_allclose(CENTRE.of(ratio), CENTRE.lost[row], atol=1e-12)
    np.testing.assert_allclose(CENTRE.of(ratio, waiting=True), CENTRE.waiting[row], atol=1e-12)


def test_between_two_ratios_it_is_linear_in_the_logarithm() -> None:
    """A quarter of the way from 10 to 100, counted in decades."""
    expected = 0.75 * np.array(CENTRE.lost[1]) + 0.25 * np.array(CENTRE.lost[2])
    np.testing.assert_allclose(CENTRE.of(10**1.25), expected)
    expected = 0.75 * np.array(CENTRE.waiting[1]) + 0.25 * np.array(CENTRE.waiting[2])
    np.testing.assert_allclose(CENTRE.of(10**1.25, True), expected)


def test_beyond_the_last_ratio_the_last_constants_hold() -> None:
    """Nothing is extrapolated."""
    np.testing.assert_allclose(CENTRE.of(1e6), CENTRE.lost[-1])
    np.testing.assert_allclose(CENTRE.of(1e-3), CENTRE.lost[0])


def test_a_class_has_one_answer_whatever_the_ratio() -> None:
    """Its only row."""
    alone = Centre((10.0,), CENTRE.lost[:1], CENTRE.waiting[:1])
    for ratio in (0.1, 10.0, 3000.0):
        np.testing.assert_array_equal(alone.of(ratio), CENTRE.lost[0])
        np.testing.assert_array_equal(alone.of(ratio, True), CENTRE.waiting[0])


def test_constants_stay_within_the_bounds_of_advice() -> None:
    """Whatever a search may have found."""
    wild = Centre((10.0,), ((99.0, -99.0),), ((99.0, -99.0),))
    np.testing.assert_array_equal(wild.of(10.0), [HIGHEST_Z, LOWEST_Z])


def test_products_are_told_apart_by_what_is_seen_of_them() -> None:
    """Ratio and waiting are read from the observation, row by row."""
    seen = np.concatenate([shown(10.0), shown(10.0, waiting=True), shown(30.0)])
    found = CENTRE(seen)
    assert found.shape == (3, 3)
    expected = [CENTRE.of(10.0), CENTRE.of(10.0, True), CENTRE.of(30.0)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_without_usual_shares_holding_costs_do_not_matter() -> None:
    """A class takes its constants as they stand."""
    np.testing.assert_array_equal(CENTRE(shown(10.0)), CENTRE(shown(10.0, share=(5.0, 0.01))))


@pytest.mark.parametrize("waiting", [False, True])
def test_at_the_usual_holding_costs_nothing_moves(waiting: bool) -> None:
    """Not even upstream."""
    found = FAMILY(shown(30.0, waiting))[0]
    np.testing.assert_allclose(found, FAMILY.of(30.0, waiting), atol=1e-5)


def test_a_holding_cost_moves_the_upstream_factor_as_the_newsvendors() -> None:
    """With Phi(-z) = s short at holding cost h and shortage cost b, s = h / (h + b): at twice
    the cost 2 h / (2 h + b). The shelf, in whose shares costs are told, stays.
    """
    plain = FAMILY.of(10.0)
    moved = FAMILY(shown(10.0, share=(2 * USUAL[0], USUAL[1] / 3)))[0]
    assert moved[0] == pytest.approx(plain[0], abs=1e-6)
    for stage, times in ((1, 2.0), (2, 1 / 3)):
        short = norm.cdf(-plain[stage])
        shortage = (1 - short) / short
        expected = -norm.ppf(times / (times + shortage))
        assert moved[stage] == pytest.approx(expected, abs=1e-5)
    assert moved[1] < plain[1]
    assert moved[2] > plain[2]


def test_a_moved_factor_has_bounds() -> None:
    """As dear or as cheap as may be."""
    high = replace(
        FAMILY, lost=tuple((z, 2.4, -2.4) for z, *_ in CENTRE.lost), waiting=CENTRE.waiting
    )
    found = high(shown(10.0, share=(1e-4, 1e4)))[0]
    assert found[1:].tolist() == [HIGHEST_SHIFTED, LOWEST_SHIFTED]


@pytest.mark.parametrize("stages", range(1, 6))
def test_chains_of_every_length_have_constants(stages: int) -> None:
    """A chain of one stage has no holding cost to be moved by."""
    row = tuple(np.linspace(1, 0, stages).tolist())
    usual = USUAL[:1] * (stages - 1)
    centre = Centre((1.0, 10.0), (row, row), (row, row), usual)
    assert centre.stages == stages
    np.testing.assert_allclose(centre(shown(3.0, share=usual))[0], row, atol=1e-5)


def test_products_get_the_constants_of_their_class_as_their_customers_wait_or_not() -> None:
    """One column per product."""
    population = Population(backordered_share=0.5)
    ratio = np.geomspace(1.0, 100.0, 20)
    products = population.sample(np.random.default_rng(1), 20, ratio)
    found = constants_of(CENTRE, products)
    assert found.shape == (3, 20)
    for k in range(20):
        expected = CENTRE.of(ratio[k], bool(products.backordered[k]))
        np.testing.assert_allclose(found[:, k], expected, atol=1e-6)
    assert 0 < products.backordered.sum() < 20
