"""What is learnt can be run without torch, comes out alike for a seed, and is better for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3 import PPO

from brain.reference import learners
from brain.reference.learners import learn, policy_of
from brain.reference.net_policy import NetPolicy
from brain.reference.settings import DqnSettings, LearnSettings, PpoSettings
from brain.reference.stream import Line, read_stream
from data.errors import ConfigurationError

SMALL = LearnSettings(
    hidden=(8,),
    lanes=4,
    ppo=PpoSettings(rollout=8, batch=16, epochs=2),
    dqn=DqnSettings(memory=500, batch=16, idle=40, target_every=50),
    log_every=50,
)


class Guess(gymnasium.Env[np.ndarray, Any]):
    """Ten rounds: say the number that is shown; a choice of three, or a number from 5 to 15."""

    def __init__(self, continuous: bool = False) -> None:
        self._continuous = continuous
        self.observation_space = spaces.Box(0.0, 30.0, (2,), np.float32)
        self.action_space = (
            spaces.Box(5.0, 15.0, (1,), np.float32) if continuous else spaces.Discrete(3)
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """The first number."""
        super().reset(seed=seed)
        self._round = 0
        return self._shown(), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """0 for a hit, less the further off."""
        wanted = 5.0 + 5.0 * self._number if self._continuous else self._number
        reward = -abs(float(np.asarray(action).item()) - wanted)
        self._round += 1
        over = self._round == 10
        info = {"told": {"rounds": 10.0}} if over else {}
        return self._shown(), reward, over, False, info

    def scene(self) -> dict[str, Any]:
        """What is shown."""
        return {"round": self._round}

    def _shown(self) -> np.ndarray:
        self._number = int(self.np_random.integers(3))
        return np.array([10.0 * self._number, 3.0], dtype=np.float32)


class GuessLanes:
    """Three lanes of the choice, for four rounds; the lanes share what they tell."""

    lanes, observation_size = 3, 1
    action_space = spaces.Discrete(2)

    def reset(self, rng: np.random.Generator) -> np.ndarray:
        """The first numbers."""
        self._rng, self._round = rng, 0
        return self._shown()

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool, Sequence[dict[str, float]]]:
        """1 for a hit."""
        rewards = (actions == self._numbers).astype(float)
        self._round += 1
        over = self._round == 4
        return self._shown(), rewards, over, [{"reward": 42.0}] if over else []

    def scene(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def _shown(self) -> np.ndarray:
        self._numbers = self._rng.integers(0, 2, 3)
        return self._numbers[:, None].astype(float)


def answers(policy: NetPolicy) -> np.ndarray:
    """What it says to each of the three numbers."""
    return policy.act(np.array([[0.0, 3.0], [10.0, 3.0], [20.0, 3.0]]))


@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_the_same_seed_gives_the_same_policy_to_the_bit(algorithm: str) -> None:
    """And another seed another one; nobody's own random numbers are touched."""
    np.random.seed(3)
    before = np.random.get_state()[1]  # type: ignore[index]
    one, same, other = (learn(algorithm, Guess, 160, seed, SMALL) for seed in (1, 1, 2))
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # type: ignore[index]
    seen = np.array([[1.0, 3.0]])
    np.testing.assert_array_equal(one.scores(seen), same.scores(seen))
    assert not np.array_equal(one.scores(seen), other.scores(seen))
    assert one.card.steps == 160
    assert one.card.algorithm == algorithm


def test_a_policy_answers_as_the_net_that_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """In NumPy as in torch, scaling included, for numbers in the environment's own units."""
    kept: list[tuple[Any, Any]] = []

    def keeping(model: Any, env: Any, card: Any) -> NetPolicy:
        kept.append((model, env))
        return policy_of(model, env, card)

    monkeypatch.setattr(learners, "policy_of", keeping)
    policy = learn("ppo", lambda: Guess(continuous=True), 64, 1, SMALL)
    model, env = kept[-1]
    assert isinstance(model, PPO)
    seen = np.array([[0.0, 3.0], [10.0, 3.0], [25.0, 3.0]], dtype=np.float32)
    raw, _ = model.predict(env.normalize_obs(seen), deterministic=True)
    np.testing.assert_allclose(policy.act(seen), 10.0 + 5.0 * raw, rtol=1e-5)


def test_ppo_learns_what_can_be_learnt() -> None:
    """The game of numbers is solved: its answers are right to a unit of the five between them."""
    settings = replace(SMALL, gamma=0.0)
    policy = learn("ppo", lambda: Guess(continuous=True), 6_000, 1, settings)
    np.testing.assert_allclose(answers(policy)[:, 0], [5.0, 10.0, 15.0], atol=1.5)


def test_dqn_learns_what_can_be_learnt() -> None:
    """Every number is said after a few thousand rounds."""
    eager = replace(SMALL.dqn, every=1, gradient_steps=4)
    settings = replace(SMALL, hidden=(32,), gamma=0.0, dqn=eager)
    policy = learn("dqn", Guess, 2_400, 1, settings)
    np.testing.assert_array_equal(answers(policy), [0, 1, 2])


def test_the_best_by_the_judge_is_what_is_kept() -> None:
    """Not the last one: this judge likes the first policy that it sees."""
    seen: list[NetPolicy] = []

    def judge(policy: NetPolicy) -> float:
        seen.append(policy)
        return -float(len(seen))

    settings = replace(SMALL, judge=judge, judgements=4)
    best = learn("ppo", Guess, 160, 1, settings)
    np.testing.assert_array_equal(best.layers[0][0], seen[0].layers[0][0])
    assert len(seen) >= 4
    assert best.card.curve[0].score == -1.0
    steps = [point.step for point in best.card.curve]
    assert steps == sorted(set(steps))


def test_a_training_can_be_watched(tmp_path: Path) -> None:
    """Line by line in a file, and by whoever asks to be told."""
    lines: list[Line] = []
    path = tmp_path / "stream.jsonl"
    settings = replace(SMALL, stream=path)
    learn("ppo", Guess, 320, 5, settings, lines.append)
    assert len(lines) >= 4
    assert read_stream(path) == tuple(lines)
    last = lines[-1]
    assert (last.algorithm, last.seed, last.steps) == ("ppo", 5, 320)
    assert last.told == {"rounds": 10.0}
    assert set(last.scene) == {"round"}
    assert last.mean_reward is not None
    assert last.episodes >= last.step // 10 - SMALL.lanes
    assert last.mean_reward <= 0


def test_lanes_that_share_an_episode_count_once() -> None:
    """One of three speaks, and its word on the reward is taken."""
    lines: list[Line] = []
    policy = learn("ppo", GuessLanes, 240, 1, SMALL, lines.append)
    assert policy.act(np.array([[0.0], [1.0]])).shape == (2,)
    assert lines[-1].episodes == lines[-1].step // 12
    assert lines[-1].mean_reward == 42.0


def test_a_training_that_is_broken_off_keeps_what_it_has() -> None:
    """Ctrl-C ends it; the policy and the steps so far are returned."""

    def stop(line: Line) -> None:
        if line.step >= 100:
            raise KeyboardInterrupt

    policy = learn("ppo", Guess, 100_000, 1, SMALL, stop)
    assert 100 <= policy.card.steps < 200
    assert policy.act(np.array([[0.0, 3.0]])).shape == (1,)


def test_logs_for_tensorboard_are_written_on_request(tmp_path: Path) -> None:
    """A folder with an event file."""
    settings = replace(SMALL, log_dir=tmp_path)
    learn("ppo", Guess, 64, 1, settings)
    assert list(tmp_path.rglob("events.out.tfevents.*"))


def test_what_cannot_be_learnt_is_refused_in_a_sentence() -> None:
    """An unknown algorithm, numbers for DQN, no steps."""
    with pytest.raises(ConfigurationError, match="use one of ppo, dqn"):
        learn("sarsa", Guess, 10, 1)
    with pytest.raises(ConfigurationError, match="use ppo"):
        learn("dqn", lambda: Guess(continuous=True), 10, 1, SMALL)
    with pytest.raises(ConfigurationError, match="give 1 or more"):
        learn("ppo", Guess, 0, 1, SMALL)
