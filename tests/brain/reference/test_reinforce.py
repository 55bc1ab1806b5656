"""REINFORCE climbs the gradient it should, and learns what is easy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from brain.reference.reinforce import (
    ReinforceSettings,
    _advantage,
    _Episode,
    _fresh,
    _gradient,
    _outputs,
    learn_by_reinforce,
)
from brain.reference.stream import Line
from data.errors import ConfigurationError


class Signs:
    """Two steps of one number; the right choice is its sign, worth 1."""

    lanes = 64
    observation_size = 1

    def __init__(self, space: Box | Discrete | None = None) -> None:
        self.action_space = space or Discrete(2)

    def reset(self, rng: np.random.Generator) -> np.ndarray:
        self._rng, self._step = rng, 0
        return self._next()

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool, Sequence[dict[str, float]]]:
        rewards = (actions == (self._seen[:, 0] > 0)).astype(float)
        self._step += 1
        return self._next(), rewards, self._step == 2, []

    def scene(self) -> dict[str, Any]:
        return {}

    def _next(self) -> np.ndarray:
        self._seen = self._rng.standard_normal((self.lanes, 1))
        return self._seen


SHORT = ReinforceSettings(hidden=(8,), updates=60, points=6, problem="signs", features=("x",))


def test_it_learns_a_sign() -> None:
    """What is far from 0 is chosen right; the curve rises and the card says how it was learnt."""
    told: list[Line] = []
    policy = learn_by_reinforce(Signs(), 1, SHORT, told.append)
    seen = np.array([[-2.0], [-0.5], [0.5], [2.0]])
    np.testing.assert_array_equal(policy.act(seen), [0, 0, 1, 1])
    curve = [point.reward for point in policy.card.curve]
    assert curve[-1] > curve[0]
    assert len(curve) == len(told) == 6
    assert policy.card.steps == told[-1].step == told[-1].steps == 60 * 2 * 64
    assert (policy.card.algorithm, policy.card.features) == ("reinforce", ("x",))


def test_one_seed_gives_one_policy_to_the_bit() -> None:
    """And another seed another one."""
    first, again, other = (
        learn_by_reinforce(Signs(), seed, SHORT).layers[0][0] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_gradient_is_the_slope_of_what_it_climbs() -> None:
    """By central differences of mean advantage x log chance + entropy, every weight."""
    rng = np.random.default_rng(2)
    layers = tuple((w * 3, b + 0.1) for w, b in _fresh(rng, (3, 4, 5)))
    episode = _Episode(
        rng.standard_normal((2, 6, 3)), rng.integers(5, size=(2, 6)), rng.standard_normal((2, 6))
    )
    advantage = _advantage(episode.rewards, 0.9)

    def worth(numbers: list[np.ndarray]) -> float:
        nets = tuple(zip(numbers[::2], numbers[1::2], strict=True))
        odds = _outputs(nets, episode.seen.reshape(-1, 3))[-1]
        chance = np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)
        taken = np.log(chance[np.arange(12), episode.chosen.ravel()])
        entropy = -(chance * np.log(chance)).sum(axis=1)
        return float((advantage.ravel() * taken + 0.3 * entropy).mean())

    numbers = [part for layer in layers for part in layer]
    for number, slope in enumerate(_gradient(layers, episode, advantage, 0.3)):
        for place in np.ndindex(slope.shape):
            ends = []
            for step in (1e-5, -1e-5):
                moved = [part.copy() for part in numbers]
                moved[number][place] += step
                ends.append(worth(moved))
            assert slope[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-8)


def test_what_comes_later_counts_less_to_a_choice() -> None:
    """Rewards 1, 2, 4 against 0, 0, 0 at a discount of a half are 3, 4, 4 to go, all above 0."""
    rewards = np.array([[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
    above = np.array([3.0, 4.0, 4.0]) / 2
    expected = np.stack([above, -above], axis=1)
    np.testing.assert_allclose(_advantage(rewards, 0.5), expected / expected.std())
    whole = _advantage(rewards, 1.0)[:, 0]
    np.testing.assert_allclose(whole / whole[2], [7 / 4, 6 / 4, 1.0])


def test_a_scaling_that_is_given_is_kept() -> None:
    """Otherwise it is that of random choices."""
    told = (np.full(1, 0.5), np.full(1, 3.0))
    policy = learn_by_reinforce(Signs(), 1, ReinforceSettings((4,), 2), scaling=told)
    assert (policy.shift, policy.spread) == told
    own = learn_by_reinforce(Signs(), 1, ReinforceSettings((4,), 2))
    assert own.spread[0] == pytest.approx(1.0, abs=0.3)


def test_continuous_actions_are_refused() -> None:
    """With what to use instead."""
    with pytest.raises(ConfigurationError, match="use ppo"):
        learn_by_reinforce(Signs(Box(0, 1, (1,))), 1)
