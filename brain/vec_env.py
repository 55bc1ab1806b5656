"""The training world as a Stable-Baselines3 vector environment.

Every lane is played twice on the same demand: by the learner and by the constants of the class.
The reward is what the learner saved. As the reference's cost does not depend on the learner, the
best policy is the same as without it; the luck of the demand cancels (control variate).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn

from brain.abreast import Abreast
from brain.centre import Centre
from brain.lanes import SINGLE, imagine
from brain.lesson import Lesson
from brain.population import Purpose, stream
from envs.dynamics import State, advance
from envs.observation import no_errors, observe, size
from envs.policies import HIGHEST_Z, LOWEST_Z, SafetyStockRule, Situation, constant

WEEK = 7
ACTION_LIMIT = 4.0
SMALLEST_SPREAD = 1e-3
OPENING_Z = (-1.0, 4.0)
"""Stock at the start of an episode, in sigmas; chains begin short, well stocked and over-full."""


class Lockstep(Abreast):
    """Lanes that begin and end together: columns of arrays, played against a reference.

    Observation: `envs.observation.observe` (K, size), standardised on request. Action (K, M):
    distance of z from that of the reference [1]. Reward (K,): what the learner saved.

    Args:
        lanes: K.
        stages: M.
        decisions: actions in an episode.
        cut: True where life would go on after an episode; it is cut, not ended.
    """

    def __init__(self, lanes: int, stages: int, decisions: int, cut: bool = True) -> None:
        self._stages, self._size = stages, size(stages)
        self._decisions, self._cut = decisions, cut
        self._rng = stream(0, Purpose.TRAINING)
        self._shift = np.zeros(self._size, SINGLE)
        self._spread = np.ones(self._size, SINGLE)
        self._nothing: list[dict[str, Any]] = [{} for _ in range(lanes)]
        self.render_mode = None
        super().__init__(
            lanes,
            spaces.Box(-np.inf, np.inf, (self._size,), SINGLE),
            spaces.Box(-ACTION_LIMIT, ACTION_LIMIT, (self._stages,), SINGLE),
        )

    @abstractmethod
    def _begin(self) -> None:
        """Start an episode with all that it will meet."""

    @abstractmethod
    def _see(self) -> np.ndarray:
        """What the learner sees (K, size)."""

    @abstractmethod
    def _play(self) -> np.ndarray:
        """Carry out `_actions` (M, K); what was saved (K,)."""

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Draw all that follows from `seed`; the lanes share one stream."""
        if seed is not None:
            self._rng = stream(seed, Purpose.TRAINING)
        return [seed] * self.num_envs

    def standardise(self) -> tuple[np.ndarray, np.ndarray]:
        """Show features at mean 0 and deviation 1 from now on; the mean and deviation (size,) used.

        They are those of one episode in which the learner acts like the reference. Features that
        hardly vary keep their deviation.
        """
        self._shift, self._spread = np.zeros(self._size, SINGLE), np.ones(self._size, SINGLE)
        idle = np.zeros((self.num_envs, self._stages), SINGLE)
        seen = [np.asarray(self.reset())]
        seen += [np.asarray(self.step(idle)[0]) for _ in range(self._decisions - 1)]
        every = np.concatenate(seen)
        spread = every.std(axis=0)
        self._shift = every.mean(axis=0)
        self._spread = np.where(spread > SMALLEST_SPREAD, spread, 1).astype(SINGLE)
        return self._shift, self._spread

    def show(self, shift: np.ndarray, spread: np.ndarray) -> None:
        """Show features less `shift` (size,) and over `spread` (size,) from now on."""
        self._shift, self._spread = shift, spread

    def reset(self) -> VecEnvObs:
        """A new episode; the observations of its first day (K, size)."""
        self._begin()
        self._taken = 0
        self._earned = np.zeros(self.num_envs)
        return self._standardised(self._see())

    def step_async(self, actions: np.ndarray) -> None:
        """Take note of the actions (K, M)."""
        self._actions = np.clip(np.asarray(actions, SINGLE).T, -ACTION_LIMIT, ACTION_LIMIT)

    def step_wait(self) -> VecEnvStepReturn:
        """Carry them out: observations, rewards, dones, infos."""
        saved = self._play()
        self._earned += saved
        self._taken += 1
        seen = self._standardised(self._see())
        rewards = saved.astype(SINGLE)
        if self._taken < self._decisions:
            return seen, rewards, np.zeros(self.num_envs, bool), self._nothing
        infos = [
            {
                "terminal_observation": seen[lane],
                "TimeLimit.truncated": self._cut,
                "episode": {"r": float(self._earned[lane]), "l": self._decisions, "t": 0.0},
            }
            for lane in range(self.num_envs)
        ]
        return self.reset(), rewards, np.ones(self.num_envs, bool), infos

    def _standardised(self, seen: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray((seen - self._shift) / self._spread)


class PairedLanes(Lockstep):
    """K products; an action is held for a week, an episode lasts `weeks`.

    Reward (K,): expected cost saved per day, in shares of what the product is likely to cost [1].
    """

    def __init__(
        self,
        lesson: Lesson,
        centre: Centre,
        lanes: int,
        weeks: int,
    ) -> None:
        self.lesson = lesson
        self.weeks = weeks
        self._centre = centre
        super().__init__(lanes, centre.stages, weeks)

    def _begin(self) -> None:
        """New products, new futures."""
        products = self.lesson.sample(self._rng, self.num_envs)
        self._lanes = imagine(self._rng, products, 1, self.weeks * WEEK)
        z = self._rng.uniform(*OPENING_Z, (self._stages, self.num_envs))
        self._state = self._lanes.opening(z, 2)
        self._errors = no_errors(1, self.num_envs, SINGLE)
        self._reference = self._centre(self._see()).T.astype(SINGLE)

    def _play(self) -> np.ndarray:
        """Share of the likely cost saved (K,) [1]; path 0 is the learner, path 1 the reference."""
        lanes, products = self._lanes, self._lanes.products
        z = np.stack([self._reference + self._actions, self._reference]).clip(LOWEST_Z, HIGHEST_Z)
        rule = SafetyStockRule(lanes.outlook, constant(z))
        cost = np.zeros((2, self.num_envs))
        for _ in range(WEEK):
            today = self._state.period
            demand = lanes.demand[:, today]
            orders = rule(Situation(self._state, self._errors, lanes.world))
            self._state, flows = advance(self._state, orders, demand[:, None], lanes.world)
            cost += lanes.expected_cost(self._state, flows)
            self._errors = self._errors.after(
                demand, lanes.outlook.mean[today], lanes.outlook.std[today]
            )
        return (cost[1] - cost[0]) / (WEEK * products.likely_cost)

    def _see(self) -> np.ndarray:
        state = self._state
        learner = State(
            state.period,
            state.on_hand[:1],
            state.pipeline[:1],
            state.backorders[:1],
            state.owed[:1],
        )
        return observe(learner, self._errors, self._lanes.outlook, self._lanes.products.traits)[0]
