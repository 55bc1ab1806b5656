"""Many episodes in columns of arrays, as a Stable-Baselines3 vector environment.

A world of lanes is far quicker than as many environments side by side: all lanes move in one step.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from brain.abreast import Abreast


class LaneWorld(Protocol):
    """N episodes that begin and end together."""

    @property
    def lanes(self) -> int:
        """Number of episodes N."""

    @property
    def observation_size(self) -> int:
        """Numbers in an observation O."""

    @property
    def action_space(self) -> spaces.Box | spaces.Discrete:
        """Of one lane; the bounds of a box must be finite."""

    def reset(self, rng: np.random.Generator) -> np.ndarray:
        """Begin N episodes drawn by `rng`; their observations (N, O)."""

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool, Sequence[dict[str, float]]]:
        """Observations (N, O), rewards (N,), whether the episodes are over, and what they say.

        What they say at their end is one mapping per episode, or none; lanes may share an episode.
        """

    def scene(self) -> dict[str, Any]:
        """What a watcher may be shown of the moment; empty for nothing."""


class Lanes(Abreast):
    """The lanes of a world; continuous actions are taken between -1 and 1."""

    def __init__(self, world: LaneWorld, seed: int) -> None:
        self.world = world
        self.render_mode = None
        self._rng = np.random.default_rng(seed)
        self._nothing: list[dict[str, Any]] = [{} for _ in range(world.lanes)]
        space = world.action_space
        if isinstance(space, spaces.Box):
            self._low, self._half = space.low, (space.high - space.low) / 2
            space = spaces.Box(-1.0, 1.0, space.shape, np.float32)
        self._actions = np.zeros(0)
        seen = spaces.Box(-np.inf, np.inf, (world.observation_size,), np.float32)
        super().__init__(world.lanes, seen, space)

    def reset(self) -> VecEnvObs:
        """Begin new episodes."""
        return self.world.reset(self._rng).astype(np.float32)

    def step_async(self, actions: np.ndarray) -> None:
        """Note the actions (N, A) or choices (N,)."""
        if isinstance(self.action_space, spaces.Box):
            actions = self._low + (np.clip(actions, -1.0, 1.0) + 1.0) * self._half
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        """Take the step; where the episodes are over new ones begin."""
        seen, rewards, over, told = self.world.step(self._actions)
        seen, rewards = seen.astype(np.float32), rewards.astype(np.float32)
        if not over:
            return seen, rewards, np.zeros(self.num_envs, bool), self._nothing
        infos: list[dict[str, Any]] = [
            {"terminal_observation": seen[lane], "TimeLimit.truncated": False}
            for lane in range(self.num_envs)
        ]
        for info, words in zip(infos, told, strict=False):
            info["told"] = words
        return self.reset(), rewards, np.ones(self.num_envs, bool), infos

    def scene(self) -> dict[str, Any]:
        """What the world shows of the moment."""
        return self.world.scene()
