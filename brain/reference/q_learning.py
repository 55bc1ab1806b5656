"""Tabular Q-learning: the worth of every choice in every state, learnt by trial.

Watkins and Dayan (1992), "Q-learning". States and choices must be few.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Discrete

from data.errors import ConfigurationError, DataError

VALUES, RETURNS = "values.csv", "returns.csv"
"""Files of a kept table: a row per state, a column per choice; the reward of each episode."""


@dataclass(frozen=True)
class QSettings:
    """How to learn.

    Attributes:
        episodes: played.
        learning_rate: share by which a value moves to what a step says of it [1].
        gamma: what a decision's delay leaves of a reward [1].
        exploration: share of random choices in the first and the last episode; it falls
            geometrically [1].
    """

    episodes: int = 500
    learning_rate: float = 0.1
    gamma: float = 0.99
    exploration: tuple[float, float] = (1.0, 0.01)


@dataclass(frozen=True, eq=False)
class QTable:
    """What was learnt.

    Attributes:
        values: worth of each choice in each state (S, A).
        returns: reward of each training episode, exploration included (episodes,).
    """

    values: np.ndarray
    returns: np.ndarray

    def act(self, states: np.ndarray) -> np.ndarray:
        """The best choice in each state (N,)."""
        choices: np.ndarray = self.values[states].argmax(axis=-1)
        return choices

    def save(self, folder: Path) -> None:
        """Write the table to a folder; one already there is replaced."""
        folder.mkdir(parents=True, exist_ok=True)
        np.savetxt(folder / VALUES, self.values, "%.17g", ",")
        np.savetxt(folder / RETURNS, self.returns, "%.17g", ",")


def load_table(folder: Path) -> QTable:
    """The table in `folder`.

    Raises:
        DataError: a file is missing or holds no numbers.
    """
    try:
        values = np.loadtxt(folder / VALUES, delimiter=",", ndmin=2)
        return QTable(values, np.loadtxt(folder / RETURNS, delimiter=",", ndmin=1))
    except (OSError, ValueError) as problem:
        raise DataError(
            f"table {folder}: expected numbers in {VALUES} and {RETURNS}, found none that can be "
            f"read ({problem}); learn it again"
        ) from problem


def learn_table(
    env: gymnasium.Env[Any, Any], seed: int, settings: QSettings | None = None
) -> QTable:
    """The table after so many episodes; the same seed gives the same one to the bit.

    Raises:
        ConfigurationError: states or choices are not counted.
    """
    settings = settings or QSettings()
    states, choices = env.observation_space, env.action_space
    if not isinstance(states, Discrete) or not isinstance(choices, Discrete):
        raise ConfigurationError(
            f"a table needs counted states and choices; found {states} and {choices}"
        )
    rng = np.random.default_rng(seed)
    values = np.zeros((int(states.n), int(choices.n)))
    returns = np.zeros(settings.episodes)
    first, last = settings.exploration
    for episode in range(settings.episodes):
        random_share = first * (last / first) ** (episode / max(settings.episodes - 1, 1))
        state, _ = env.reset(seed=int(rng.integers(2**31)))
        over = False
        while not over:
            explores = rng.random() < random_share
            choice = int(rng.integers(values.shape[1]) if explores else values[state].argmax())
            after, reward, terminated, truncated, _ = env.step(choice)
            over = terminated or truncated
            future = 0.0 if terminated else settings.gamma * values[after].max()
            error = float(reward) + future - values[state, choice]
            values[state, choice] += settings.learning_rate * error
            returns[episode] += float(reward)
            state = after
    return QTable(values, returns)
