"""A brain answers within its bounds, for its own class, and knows its own name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brain.brain import Brain
from brain.centre import Centre
from brain.population import Population
from envs.observation import features, ratio_feature, size
from tests.brain.conftest import SIZE, STAGES, make_brain, make_family

RATIO = ratio_feature(STAGES)
WAITING = features(STAGES).index("backordered")


def observations(*shape: int, stages: int = STAGES) -> np.ndarray:
    """Random numbers in the place of features, half of the rows of customers who wait."""
    seen = np.random.default_rng(2).normal(size=(*shape, size(stages))).astype(np.float32)
    place = features(stages).index("backordered")
    seen[..., place] = seen[..., place] > 0
    return seen


def asked_at(seen: np.ndarray, ratio: float) -> np.ndarray:
    """The same rows, told this cost ratio."""
    told = seen.copy()
    told[..., RATIO] = np.log10(ratio) / 3
    return told


def idle(brain: Brain) -> Brain:
    """The same brain without weights."""
    return replace(brain, layers=tuple((w * 0, b * 0) for w, b in brain.layers))


@pytest.mark.parametrize("stages", range(1, 6))
def test_advice_has_the_shape_of_what_was_shown(stages):
    brain = make_brain(100.0, stages=stages)
    seen = observations(4, 7, stages=stages)
    assert brain.safety_factors(seen).shape == (4, 7, stages)
    assert brain.safety_factors(seen[0, :1]).shape == (1, stages)


def test_a_brain_without_weights_says_the_constants_of_its_class(brain):
    seen = observations(50)
    z = idle(brain).safety_factors(seen)
    centre = brain.card.centre
    waiting = seen[:, WAITING] > 0
    assert 0 < waiting.sum() < 50
    np.testing.assert_array_equal(z[~waiting], np.float32(centre.lost * (~waiting).sum()))
    np.testing.assert_array_equal(z[waiting], np.float32(centre.waiting * waiting.sum()))


def test_a_family_without_weights_says_the_constants_of_the_ratio_it_is_told(family):
    seen = observations(5)
    seen[:, RATIO - 2 : RATIO] = np.log(family.card.centre.usual_share)
    for ratio in (0.1, 3.0, 500.0):
        z = idle(family).safety_factors(asked_at(seen, ratio))
        expected = family.card.centre.of(ratio)
        np.testing.assert_allclose(z, np.tile(expected, (5, 1)), atol=1e-5)


def test_advice_stays_within_its_bounds_whatever_is_shown(brain, family):
    for asked in (brain, family):
        seen = observations(200) * 1e6
        seen[:, RATIO - 2 : RATIO] /= 1e6
        z = asked.safety_factors(seen)
        told = seen.copy()
        lowest, highest = np.log10(asked.card.ratios) / 3
        told[:, RATIO] = told[:, RATIO].clip(lowest, highest)
        centre = asked.card.centre(told)
        assert (np.abs(z - centre) <= asked.card.action_limit + 1e-5).all()
        assert z.min() >= asked.card.lowest_z
        assert z.max() <= asked.card.highest_z


def test_a_brain_is_always_told_the_ratio_of_its_own_class(brain):
    seen = observations(6)
    at_own = brain.safety_factors(asked_at(seen, 100.0))
    for ratio in (0.1, 10.0, 3000.0):
        np.testing.assert_array_equal(brain.safety_factors(asked_at(seen, ratio)), at_own)


def test_the_family_is_told_the_products_ratio_within_what_it_has_learnt(family):
    seen = observations(6)
    low, high = (family.safety_factors(asked_at(seen, ratio)) for ratio in family.card.ratios)
    assert (low != high).any()
    np.testing.assert_array_equal(family.safety_factors(asked_at(seen, 1e-6)), low)
    np.testing.assert_array_equal(family.safety_factors(asked_at(seen, 1e6)), high)
    middle = family.safety_factors(asked_at(seen, 20.0))
    assert (middle != low).any()
    assert (middle != high).any()


def test_asking_leaves_the_observations_as_they_were(brain, family):
    for asked in (brain, family):
        seen = observations(3)
        before = seen.copy()
        asked.safety_factors(seen)
        np.testing.assert_array_equal(seen, before)


def test_many_rows_get_the_answers_they_would_get_alone(brain):
    seen = observations(9000)
    many = brain.safety_factors(seen)
    np.testing.assert_allclose(many[8500:8510], brain.safety_factors(seen[8500:8510]), atol=1e-5)


def test_the_name_changes_with_the_weights(brain):
    weight, bias = brain.layers[0]
    moved = replace(brain, layers=((weight + 1e-6, bias), *brain.layers[1:]))
    assert brain.id.startswith("r100-")
    assert moved.id != brain.id
    assert replace(brain).id == brain.id


@pytest.mark.parametrize(
    "change",
    [
        {"lost": ((9.0, 0.0, 0.0),)},
        {"waiting": ((9.0, 0.0, 0.0),)},
        {"ratios": (99.0,)},
        {"usual_share": (0.5, 0.3)},
    ],
)
def test_the_name_changes_with_the_constants_too(brain, change):
    centre: Centre = replace(brain.card.centre, **change)
    assert replace(brain, card=replace(brain.card, centre=centre)).id != brain.id


def test_the_name_says_what_kind_of_brain_it_is():
    assert make_brain(100.0).card.name == "r100"
    assert make_brain(2.5, stages=1).card.name == "r2.5-1stages"
    assert make_family().card.name == "family"
    assert make_family(stages=4).id.startswith("family-4stages-")


def test_a_card_knows_the_length_of_its_chains():
    card = make_brain(30.0, learnt=Population(2), stages=2).card
    assert (card.stages, card.is_family, card.cost_ratio) == (2, False, 30.0)
    card = make_family().card
    assert (card.stages, card.is_family, card.cost_ratio) == (3, True, 0.1)


def test_a_brain_of_a_chain_never_answers_for_another_length(brain):
    with pytest.raises(ValueError, match="reshape"):
        brain.safety_factors(observations(3, stages=2)[:, : SIZE - 10])
