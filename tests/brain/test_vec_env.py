"""The training lanes keep the contracts of Stable-Baselines3 and pay exactly what was saved."""

import numpy as np
import pytest

from brain.population import Population
from brain.vec_env import ACTION_LIMIT, PairedLanes
from envs.observation import SIZE, STAGES

LANES, WEEKS = 16, 3
CENTRE = np.array([2.7, 0.7, 0.1])


@pytest.fixture
def lanes() -> PairedLanes:
    made = PairedLanes(100.0, CENTRE, Population(), LANES, WEEKS)
    made.seed(4)
    return made


def still(lanes: PairedLanes) -> np.ndarray:
    return np.zeros((lanes.num_envs, STAGES), np.float32)


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
    for size in (ACTION_LIMIT, 10 * ACTION_LIMIT):
        lanes.seed(7)
        lanes.reset()
        results.append(lanes.step(np.full((LANES, STAGES), size, np.float32)))
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
    lanes = PairedLanes(100.0, CENTRE, Population(), 512, 10)
    shift, spread = lanes.standardise()
    seen = np.asarray(lanes.reset())
    steady = spread == 1
    assert np.abs(seen[:, ~steady].mean(axis=0)).max() < 1.5
    assert seen.std(axis=0).max() < 4
    assert shift.shape == spread.shape == (SIZE,)


def test_attributes_are_those_of_all_lanes(lanes):
    assert lanes.get_attr("cost_ratio") == [100.0] * LANES
    assert lanes.get_attr("cost_ratio", [0, 3]) == [100.0] * 2
    lanes.set_attr("cost_ratio", 10.0)
    assert lanes.cost_ratio == 10.0
    with pytest.raises(ValueError, match="shared by all lanes"):
        lanes.set_attr("cost_ratio", 10.0, indices=0)
    with pytest.raises(AttributeError):
        lanes.get_attr("nothing_of_the_kind")


def test_lanes_claim_no_methods_and_no_wrappers(lanes):
    with pytest.raises(AttributeError, match="no method 'reset'"):
        lanes.env_method("reset")
    assert lanes.env_is_wrapped(object) == [False] * LANES
    assert lanes.env_is_wrapped(object, indices=[0]) == [False]
