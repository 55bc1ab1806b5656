"""A brain answers within its bounds, for its own class, and knows its own name."""

from dataclasses import replace

import numpy as np

from envs.observation import RATIO_FEATURE, SIZE


def observations(*shape: int) -> np.ndarray:
    return np.random.default_rng(2).normal(size=(*shape, SIZE)).astype(np.float32)


def test_advice_has_the_shape_of_what_was_shown(brain):
    assert brain.safety_factors(observations(4, 7)).shape == (4, 7, 3)
    assert brain.safety_factors(observations(1)).shape == (1, 3)


def test_a_brain_without_weights_says_the_constants_of_its_class(brain):
    empty = replace(brain, layers=tuple((w * 0, b * 0) for w, b in brain.layers))
    z = empty.safety_factors(observations(5))
    np.testing.assert_array_equal(z, np.tile(np.float32(brain.card.centre), (5, 1)))


def test_advice_stays_within_its_bounds_whatever_is_shown(brain):
    z = brain.safety_factors(observations(200) * 1e6)
    centre = np.float32(brain.card.centre)
    assert (np.abs(z - centre) <= brain.card.action_limit + 1e-6).all()
    assert z.min() >= brain.card.lowest_z
    assert z.max() <= brain.card.highest_z


def test_a_brain_is_always_told_the_ratio_of_its_own_class(brain):
    seen = observations(6)
    other = seen.copy()
    other[:, RATIO_FEATURE] = 0.123
    np.testing.assert_array_equal(brain.safety_factors(seen), brain.safety_factors(other))


def test_asking_leaves_the_observations_as_they_were(brain):
    seen = observations(3)
    before = seen.copy()
    brain.safety_factors(seen)
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
