"""The training lanes keep the contracts of Stable-Baselines3 and pay exactly what was saved."""

from __future__ import annotations

import numpy as np
import pytest

from brain.lanes import imagine
from brain.lesson import ClassLesson, FamilyLesson
from brain.population import Population, Purpose, stream
from brain.vec_env import ACTION_LIMIT, OPENING_Z, WEEK, PairedLanes
from envs.accounting import charge
from envs.dynamics import advance
from envs.observation import no_errors, size
from envs.policies import HIGHEST_Z, LOWEST_Z, SafetyStockRule, Situation, constant
from tests.brain.conftest import SIZE, STAGES, make_centre, make_family_centre

LANES, WEEKS = 16, 3
LESSON = ClassLesson(100.0)
CENTRE = make_centre(100.0)


@pytest.fixture
def lanes() -> PairedLanes:
    """A class of three stages."""
    made = PairedLanes(LESSON, CENTRE, LANES, WEEKS)
    made.seed(4)
    return made


def still(lanes: PairedLanes) -> np.ndarray:
    """The action of acting like the reference."""
    return np.zeros((lanes.num_envs, *lanes.action_space.shape), np.float32)


@pytest.mark.parametrize("stages", [1, 2, 5])
@pytest.mark.parametrize("family", [False, True])
def test_chains_of_every_length_can_be_played(stages, family):
    population = Population(stages)
    lesson = FamilyLesson(population) if family else ClassLesson(30.0, population)
    centre = make_family_centre(stages) if family else make_centre(30.0, stages)
    made = PairedLanes(lesson, centre, LANES, WEEKS)
    assert np.asarray(made.reset()).shape == (LANES, size(stages))
    for _ in range(WEEKS):
        seen, rewards, _, _ = made.step(still(made))
        assert seen.shape == (LANES, size(stages))
        np.testing.assert_array_equal(rewards, 0)
    assert np.isfinite(made.step(still(made) + 1)[1]).all()


def test_the_reward_is_the_money_that_was_saved(lanes):
    """Averaged over many episodes, against the money as it happens to learner and reference."""
    many = PairedLanes(ClassLesson(30.0, Population(cv=(0.2, 0.6))), CENTRE, 2000, WEEKS)
    many.seed(8)
    many.reset()
    action = np.tile(np.float32([-1.0, 0.5, 0.0]), (2000, 1))
    rewards = np.sum([many.step(action)[1] for _ in range(WEEKS)], axis=0)

    rng = stream(8, Purpose.TRAINING)
    products = many.lesson.sample(rng, 2000)
    played = imagine(rng, products, 1, WEEKS * WEEK)
    opening = played.opening(rng.uniform(*OPENING_Z, (STAGES, 2000)), 2)
    reference = np.where(
        products.backordered, *np.array([CENTRE.waiting[0], CENTRE.lost[0]])[..., None]
    )
    z = np.stack([reference + action.T, reference]).clip(LOWEST_Z, HIGHEST_Z)
    rule = SafetyStockRule(played.outlook, constant(z.astype(np.float32)))
    state, money = opening, np.zeros((2, 2000))
    for today in range(played.periods):
        orders = rule(Situation(state, no_errors(1, 2000), played.world))
        state, flows = advance(state, orders, played.demand[:, today][:, None], played.world)
        costs = charge(state, flows, products.rates, played.world)
        money += costs.holding + costs.shortage
    saved = (money[1] - money[0]) / (WEEK * products.likely_cost)
    difference = rewards - saved
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(2000)
    assert np.corrcoef(rewards, saved)[0, 1] > 0.5


def test_what_comes_back_has_the_stated_shapes_and_types(lanes):
    seen = lanes.reset()
    assert seen.shape == (LANES, SIZE)
    assert seen.dtype == np.float32
    assert seen.flags.c_contiguous
    seen, rewards, dones, infos = lanes.step(still(lanes))
    assert lanes.observation_space.contains(seen[0])
    assert rewards.shape == dones.shape == (LANES,)
    assert rewards.dtype == np.float32
    assert dones.dtype == bool
    assert len(infos) == LANES


def test_acting_like_the_reference_saves_exactly_nothing(lanes):
    lanes.reset()
    for _ in range(2 * WEEKS):
        _, rewards, _, _ = lanes.step(still(lanes))
        np.testing.assert_array_equal(rewards, 0)


def test_acting_otherwise_does_not_save_nothing(lanes):
    lanes.reset()
    rewards = [lanes.step(still(lanes) - 2)[1] for _ in range(WEEKS)]
    assert (np.abs(rewards).sum(axis=0) > 0).mean() > 0.9


def test_an_episode_is_cut_after_its_weeks_and_shows_its_last_day(lanes):
    lanes.reset()
    for _ in range(WEEKS - 1):
        _, _, dones, infos = lanes.step(still(lanes))
        assert not dones.any()
        assert all(info == {} for info in infos)
    fresh, _, dones, infos = lanes.step(still(lanes))
    assert dones.all()
    for lane, info in enumerate(infos):
        assert info["TimeLimit.truncated"]
        assert info["terminal_observation"].shape == (SIZE,)
        assert (info["terminal_observation"] != fresh[lane]).any()
        assert info["episode"]["l"] == WEEKS


def test_actions_beyond_the_limit_count_as_the_limit(lanes):
    results = []
    for far in (ACTION_LIMIT, 10 * ACTION_LIMIT):
        lanes.seed(7)
        lanes.reset()
        results.append(lanes.step(np.full((LANES, STAGES), far, np.float32)))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    np.testing.assert_array_equal(results[0][1], results[1][1])


def test_one_seed_gives_one_world(lanes):
    seen = []
    for seed in (1, 1, 2):
        lanes.seed(seed)
        seen.append(lanes.reset())
    np.testing.assert_array_equal(seen[0], seen[1])
    assert (seen[0] != seen[2]).any()


def test_standardised_features_have_mean_0_and_deviation_1():
    lanes = PairedLanes(LESSON, CENTRE, 512, 10)
    shift, spread = lanes.standardise()
    seen = np.asarray(lanes.reset())
    steady = spread == 1
    assert np.abs(seen[:, ~steady].mean(axis=0)).max() < 1.5
    assert seen.std(axis=0).max() < 4
    assert shift.shape == spread.shape == (SIZE,)


def test_features_are_shown_as_they_were_in_an_earlier_training(lanes):
    lanes.seed(3)
    plain = np.asarray(lanes.reset())
    shift = np.linspace(-1, 1, SIZE).astype(np.float32)
    spread = np.linspace(1, 3, SIZE).astype(np.float32)
    lanes.show(shift, spread)
    lanes.seed(3)
    np.testing.assert_allclose(lanes.reset(), (plain - shift) / spread)


def test_attributes_are_those_of_all_lanes(lanes):
    assert lanes.get_attr("weeks") == [WEEKS] * LANES
    assert lanes.get_attr("lesson", [0, 3]) == [LESSON] * 2
    lanes.set_attr("weeks", 10)
    assert lanes.weeks == 10
    with pytest.raises(ValueError, match="shared by all lanes"):
        lanes.set_attr("weeks", 12, indices=0)
    with pytest.raises(AttributeError):
        lanes.get_attr("nothing_of_the_kind")


def test_lanes_claim_no_methods_and_no_wrappers(lanes):
    with pytest.raises(AttributeError, match="no method 'reset'"):
        lanes.env_method("reset")
    assert lanes.env_is_wrapped(object) == [False] * LANES
    assert lanes.env_is_wrapped(object, indices=[0]) == [False]
