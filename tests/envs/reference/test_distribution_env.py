"""The distribution environments keep the contracts of Gymnasium, and lanes those of learners."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3_checker
from gymnasium.utils import env_checker

from envs.observation import no_errors
from envs.policies import Situation
from envs.reference.distribution import MONTH, opening, play, sample_demand
from envs.reference.distribution_env import (
    JOINT,
    MONTH_IN_UNITS,
    Choice,
    DistributionConfig,
    DistributionEnv,
    DistributionLanes,
    Sight,
    levels_of,
    most_seen,
)

IDS = ("echelon/Distribution-v0", "echelon/DistributionMonth-v0", "echelon/DistributionYear-v0")


@pytest.mark.parametrize("name", IDS)
def test_gymnasium_and_stable_baselines_accept_it(name: str) -> None:
    """Their own checkers, on the environment as it comes from `gymnasium.make`."""
    env_checker.check_env(gymnasium.make(name).unwrapped)
    sb3_checker.check_env(gymnasium.make(name).unwrapped)


@pytest.mark.parametrize("name", IDS)
def test_an_episode_stays_within_its_spaces_and_ends(name: str) -> None:
    """Under random actions; the same seed gives the same episode to the bit."""
    env = gymnasium.make(name).unwrapped

    def episode() -> list[float]:
        env.action_space.seed(3)
        seen, _ = env.reset(seed=3)
        rewards, over = [], False
        while not over:
            assert env.observation_space.contains(seen)
            seen, reward, over, truncated, info = env.step(env.action_space.sample())
            assert not truncated
            assert reward == pytest.approx(info["sales"] - sum(info.values()) + info["sales"])
            rewards.append(float(reward))
        return rewards

    first = episode()
    assert len(first) == env.get_wrapper_attr("config").task.days
    assert first == episode()
    with pytest.raises(RuntimeError, match="reset"):
        env.step(env.action_space.sample())


def test_the_small_one_has_64_observations_and_27_actions() -> None:
    """Every joint order of its menu once."""
    env = DistributionEnv()
    assert env.observation_space.n == 64
    assert env.action_space.n == len({tuple(order) for order in JOINT}) == 27
    np.testing.assert_array_equal(JOINT[[0, 1, 3, 9, 26]], [
        [0, 0, 0], [0, 10, 0], [10, 0, 0], [0, 0, 50], [20, 20, 100],
    ])  # fmt: skip


def test_positions_are_rounded_to_the_nearest_level() -> None:
    """Thirds of a capacity: 0, 25, 50, 75 for a retailer, 0, 50, 100, 150 for the centre."""
    state = opening(MONTH, 4)
    on_hand = np.array([[25, 25, 100], [12, 13, 124], [90, 63, 400], [0, 0, 0]], dtype=float)
    state.on_hand[:] = on_hand[..., None]
    state.owed[0, 0] = 40.0
    # Owed units stand in the retailer's position, and are missing in the centre's.
    np.testing.assert_array_equal(
        levels_of(MONTH, state), [1 * 16 + 3 * 4 + 1, 2 * 16 + 0 * 4 + 1, 3 * 16 + 3 * 4 + 3, 0]
    )


def test_lanes_earn_what_play_earns() -> None:
    """The same orders on the same demand, choices and units alike."""
    rng = np.random.default_rng(8)
    demand = sample_demand(MONTH, rng, 6)
    choices = np.random.default_rng(9).integers(27, size=(MONTH.days, 6))
    orders = iter(JOINT[choices])
    expected = play(MONTH, lambda _: next(orders)[..., None], demand).total.sum(axis=1)
    for choice, actions in ((Choice.MENU, choices), (Choice.UNITS, JOINT[choices])):
        lanes = DistributionLanes(DistributionConfig(MONTH, Sight.STOCK, choice), 6)
        assert lanes.scene() == {}
        assert lanes.reset(np.random.default_rng(8)).shape == (6, lanes.observation_size)
        for action in actions:
            _, _, over, told = lanes.step(action)
        assert over
        np.testing.assert_allclose([one["reward"] for one in told], expected)
        assert lanes.scene()["days left"] == 0


def test_bounds_of_what_is_seen_hold() -> None:
    """Where as much as possible is ordered and nothing is sold."""
    lanes = DistributionLanes(MONTH_IN_UNITS, 1)
    seen = lanes.reset(np.random.default_rng(1))
    over = False
    while not over:
        assert (seen <= most_seen(MONTH)).all()
        seen, _, over, _ = lanes.step(np.array([[75.0, 75.0, 150.0]]))
    situation = Situation(opening(MONTH, 1), no_errors(1, 1), MONTH.world)
    assert (situation.local_position >= 0).all()
