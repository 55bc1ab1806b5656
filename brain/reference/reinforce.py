"""REINFORCE in NumPy: raise the chance of what turned out better than usual on that day.

Williams (1992), "Simple statistical gradient-following algorithms for connectionist reinforcement
learning", with the batch's mean return-to-go of the day as baseline, and Adam (Kingma and Ba 2015).
Where episodes are long, returns may be discounted: what comes much later is noise to a choice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from gymnasium.spaces import Discrete

from brain.reference.net_policy import CLIP, Layers, NetPolicy, Point, PolicyCard
from brain.reference.stream import Line
from data.errors import ConfigurationError

if TYPE_CHECKING:
    # The module of lanes loads Stable-Baselines3, and that torch, which is not needed here.
    from brain.reference.lanes import LaneWorld

ALGORITHM = "reinforce"
DECAY = (0.9, 0.999)
"""Of Adam's running mean of gradients, and of their squares [1]."""


@dataclass(frozen=True)
class ReinforceSettings:
    """How to learn.

    Attributes:
        hidden: units of the net's hidden layers.
        updates: episodes of all lanes, each followed by one step of Adam.
        learning_rate: of the first and the last step; it falls linearly [1].
        entropy: weight of the bonus for undecided policies, of the first step; it falls to 0 [1].
        gamma: what a step's delay leaves of a reward [1].
        points: of the learning curve.
        problem, features: for the card.
    """

    hidden: tuple[int, ...] = (32, 32)
    updates: int = 400
    learning_rate: tuple[float, float] = (1e-2, 1e-3)
    entropy: float = 0.02
    gamma: float = 1.0
    points: int = 20
    problem: str = ""
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Episode:
    """Scaled observations (T, N, O), choices (T, N) and rewards (T, N) of one episode."""

    seen: np.ndarray
    chosen: np.ndarray
    rewards: np.ndarray


def learn_by_reinforce(
    world: LaneWorld,
    seed: int,
    settings: ReinforceSettings | None = None,
    tell: Callable[[Line], None] | None = None,
    scaling: tuple[np.ndarray, np.ndarray] | None = None,
) -> NetPolicy:
    """A policy of choices; the same seed gives the same one to the bit.

    Args:
        world: whose action is one of several choices.
        seed: of everything random.
        settings: how; defaults suit episodes of some dozen steps.
        tell: is given a line of the training stream at every point of the curve.
        scaling: mean and spread of what is seen (O,); those of random choices if not given, which
            may lead far from where a policy goes.

    Raises:
        ConfigurationError: the world's actions are no choices.
    """
    settings = settings or ReinforceSettings()
    space = world.action_space
    if not isinstance(space, Discrete):
        raise ConfigurationError("reinforce learns choices; these actions are continuous, use ppo")
    rng = np.random.default_rng(seed)
    shift, spread = _scaling(world, rng) if scaling is None else scaling
    layers = _fresh(rng, (world.observation_size, *settings.hidden, int(space.n)))
    ascent = _Adam([part for layer in layers for part in layer])
    began, curve, steps = time.monotonic(), [], 0
    for update in range(settings.updates):
        episode = _play(world, layers, (shift, spread), rng)
        steps += episode.rewards.size
        left = 1.0 - update / settings.updates
        advantage = _advantage(episode.rewards, settings.gamma)
        gradient = _gradient(layers, episode, advantage, settings.entropy * left)
        flat = ascent.step(gradient, float(np.interp(left, (0, 1), settings.learning_rate[::-1])))
        layers = tuple(zip(flat[::2], flat[1::2], strict=True))
        if (update + 1) % max(settings.updates // settings.points, 1) == 0:
            reward = float(episode.rewards.sum(axis=0).mean())
            curve.append(Point(steps, round(time.monotonic() - began, 2), reward))
            if tell is not None:
                tell(_line(seed, settings.updates, update + 1, episode, curve[-1]))
    card = PolicyCard(
        algorithm=ALGORITHM,
        seed=seed,
        steps=steps,
        seconds=round(time.monotonic() - began, 1),
        activation="tanh",
        problem=settings.problem,
        features=settings.features,
        curve=tuple(curve),
        versions={"numpy": version("numpy")},
    )
    return NetPolicy(card, layers, shift, spread)


def _line(seed: int, updates: int, done: int, episode: _Episode, point: Point) -> Line:
    """Where the training is; every update plays as many episodes as there are lanes."""
    return Line(
        algorithm=ALGORITHM,
        seed=seed,
        step=point.step,
        steps=updates * episode.rewards.size,
        seconds=point.seconds,
        episodes=done * episode.rewards.shape[1],
        last_reward=float(episode.rewards[:, -1].sum()),
        mean_reward=point.reward,
    )


def _scaling(world: LaneWorld, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of what is seen in one episode of random choices (O,)."""
    seen, over = [world.reset(rng)], False
    while not over:
        choices = rng.integers(int(world.action_space.n), size=world.lanes)  # type: ignore[union-attr] # checked by the caller
        observed, _, over, _ = world.step(choices)
        seen.append(observed)
    told = np.concatenate(seen)
    return told.mean(axis=0), np.maximum(told.std(axis=0), 1e-3 + 1e-3 * np.abs(told.mean(axis=0)))


def _fresh(rng: np.random.Generator, sizes: tuple[int, ...]) -> Layers:
    """Weights of spread 1 / sqrt(inputs), near 0 in the last layer: no choice is preferred yet."""
    layers = []
    for number, (inputs, outputs) in enumerate(pairwise(sizes)):
        scale = 0.01 if number == len(sizes) - 2 else 1.0
        weight = rng.standard_normal((outputs, inputs)) * scale / np.sqrt(inputs)
        layers.append((weight, np.zeros(outputs)))
    return tuple(layers)


def _play(
    world: LaneWorld,
    layers: Layers,
    scaling: tuple[np.ndarray, np.ndarray],
    rng: np.random.Generator,
) -> _Episode:
    """One episode of every lane, choices drawn from the net's chances."""
    shift, spread = scaling
    seen, chosen, rewards, over = [], [], [], False
    observed = world.reset(rng)
    while not over:
        x = np.clip((observed - shift) / spread, -CLIP, CLIP)
        # The largest of log-odds plus Gumbel noise is drawn with their softmax's chances.
        choices = (_outputs(layers, x)[-1] + rng.gumbel(size=(len(x), len(layers[-1][1])))).argmax(
            axis=1
        )
        observed, reward, over, _ = world.step(choices)
        seen.append(x)
        chosen.append(choices)
        rewards.append(reward)
    return _Episode(np.array(seen), np.array(chosen), np.array(rewards))


def _outputs(layers: Layers, x: np.ndarray) -> list[np.ndarray]:
    """What every layer puts out, the input first and the log-odds last."""
    outputs = [x]
    for number, (weight, bias) in enumerate(layers):
        x = x @ weight.T + bias
        if number < len(layers) - 1:
            x = np.tanh(x)
        outputs.append(x)
    return outputs


def _advantage(rewards: np.ndarray, gamma: float) -> np.ndarray:
    """Return-to-go less its mean over the lanes, brought to spread 1 (T, N)."""
    to_go = rewards.copy()
    for t in range(len(rewards) - 2, -1, -1):
        to_go[t] += gamma * to_go[t + 1]
    advantage: np.ndarray = to_go - to_go.mean(axis=1, keepdims=True)
    return advantage / (advantage.std() + 1e-12)


def _gradient(
    layers: Layers, episode: _Episode, advantage: np.ndarray, entropy: float
) -> list[np.ndarray]:
    """Of mean advantage (T, N) x log chance, plus the entropy bonus; weight, bias, weight, ..."""
    outputs = _outputs(layers, episode.seen.reshape(-1, episode.seen.shape[-1]))
    odds = outputs[-1] - outputs[-1].max(axis=1, keepdims=True)
    log_chance = odds - np.log(np.exp(odds).sum(axis=1, keepdims=True))
    chance = np.exp(log_chance)
    taken = np.zeros_like(chance)
    taken[np.arange(len(taken)), episode.chosen.ravel()] = 1.0
    slope = (taken - chance) * advantage.ravel()[:, None]
    disorder = -(chance * log_chance).sum(axis=1, keepdims=True)
    slope -= entropy * chance * (log_chance + disorder)
    slope /= len(slope)
    parts: list[np.ndarray] = []
    for number in range(len(layers) - 1, -1, -1):
        parts = [slope.T @ outputs[number], slope.sum(axis=0), *parts]
        if number:
            slope = (slope @ layers[number][0]) * (1.0 - outputs[number] ** 2)
    return parts


class _Adam:
    """Moves numbers up a gradient, each by its own step."""

    def __init__(self, numbers: list[np.ndarray]) -> None:
        self._numbers = numbers
        self._mean = [np.zeros_like(part) for part in numbers]
        self._square = [np.zeros_like(part) for part in numbers]
        self._count = 0

    def step(self, gradient: list[np.ndarray], rate: float) -> list[np.ndarray]:
        """The numbers after one step of at most about `rate` each."""
        self._count += 1
        keep, keep_square = DECAY
        unbiased, unbiased_square = (1 - decay**self._count for decay in DECAY)
        for number, slope in enumerate(gradient):
            self._mean[number] = keep * self._mean[number] + (1 - keep) * slope
            square = keep_square * self._square[number] + (1 - keep_square) * slope**2
            self._square[number] = square
            size = np.sqrt(square / unbiased_square) + 1e-8
            self._numbers[number] = (
                self._numbers[number] + rate * self._mean[number] / unbiased / size
            )
        return self._numbers
