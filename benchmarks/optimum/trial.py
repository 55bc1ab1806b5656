"""Learning a suite by trial: proximal policy optimisation on the same practice as hindsight.

Schulman et al. (2017), arXiv 1707.06347, by Stable-Baselines3. Each lane is played twice on the
same demand, by the learner and by the rule that it starts from; the reward is what it saved.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import ActorCriticPolicy

from benchmarks.optimum.practice import SuitePractice
from brain.centre import Centre
from brain.hindsight.training import Layers
from brain.hindsight.twin import Twin
from brain.lanes import SINGLE
from brain.ppo import layers_of, put
from brain.vec_env import Lockstep
from envs.observation import size
from envs.policies import HIGHEST_Z, LOWEST_Z

Show = Callable[[Layers], None]
STEPS, MINIBATCHES = 16, 4
"""Decisions of a lane between two rounds of learning, and parts in which they are learnt from."""


@dataclass(frozen=True)
class Schedule:
    """How PPO tries.

    Attributes:
        hold: periods that an action is held [period].
        discount: of a decision's reward against the one before [1].
        learning_rate: at first and at last.
        log_std: of the noise around each action, at first and at last.
        trials: how often the net is shown on the way.
    """

    hold: int
    discount: float
    learning_rate: tuple[float, float] = (2e-3, 5e-5)
    log_std: tuple[float, float] = (-0.3, -2.0)
    trials: int = 8

    def at(self, fraction: float, span: tuple[float, float]) -> float:
        """Between the first and the last, in proportion."""
        return span[0] + (span[1] - span[0]) * fraction


def teach(
    practice: SuitePractice,
    centre: Centre,
    seed: int,
    decisions: int,
    schedule: Schedule,
    show: Show,
    start: Layers | None = None,
) -> None:
    """Learn by trial, from the net `start` if there is one, and `show` the net now and then."""
    env = PracticeLanes(practice, centre, schedule.hold)
    env.seed(seed)
    plain = np.zeros(size(centre.stages), SINGLE), np.ones(size(centre.stages), SINGLE)
    standard = env.standardise() if start is None else plain
    coach = _Coach(decisions, schedule, show, standard)
    steps = min(STEPS, practice.days // schedule.hold)
    learner = PPO(
        "MlpPolicy",
        env,
        learning_rate=coach.learning_rate,
        n_steps=steps,
        batch_size=steps * env.num_envs // MINIBATCHES,
        n_epochs=4,
        gamma=schedule.discount,
        gae_lambda=0.9,
        policy_kwargs={"net_arch": [64, 64], "activation_fn": torch.nn.Tanh},
        seed=seed,
        device="cpu",
    )
    learner.policy.log_std.requires_grad_(False)
    env.seed(seed)
    if start is not None:
        put(learner.policy, start)
    learner.learn(decisions, callback=coach)
    coach.show()


class PracticeLanes(Lockstep):
    """The lanes of a practice; an action is held for `hold` periods, an episode is a future.

    Reward (K,): money saved a period, weighed as the practice weighs it [1].
    """

    def __init__(self, practice: SuitePractice, centre: Centre, hold: int) -> None:
        self._practice, self._centre, self._hold = practice, centre, hold
        decisions, goes_on = practice.days // hold, practice.suite.chains.season is None
        super().__init__(len(practice.rows), centre.stages, decisions, goes_on)

    def _begin(self) -> None:
        """New futures, one for each lane."""
        lanes = self._practice.lanes(self._rng)
        opening = self._practice.opening(self._rng, lanes)
        traits, demand = lanes.products.traits, lanes.demand[0]
        self._learner, self._reference = (
            Twin(lanes.world, lanes.outlook, traits, demand, opening) for _ in range(2)
        )
        self._money = self._practice.money(lanes)
        self._weight = self._practice.weight(lanes) / self._hold
        self._z = torch.from_numpy(self._centre(self._see()).T.astype(SINGLE))

    def _see(self) -> np.ndarray:
        with torch.no_grad():
            return self._learner.observe().numpy()

    def _play(self) -> np.ndarray:
        """Path by path, what the reference paid and the learner did not."""
        saved = torch.zeros(self.num_envs)
        z = (self._z + torch.from_numpy(self._actions)).clamp(LOWEST_Z, HIGHEST_Z)
        with torch.no_grad():
            for _ in range(self._hold):
                saved += self._paid(self._reference, self._z) - self._paid(self._learner, z)
        return saved.numpy() * self._weight

    def _paid(self, twin: Twin, z: torch.Tensor) -> torch.Tensor:
        return self._money(twin, twin.step(self._practice.orders(twin, z)))


class _Coach(BaseCallback):
    """Anneals noise and learning rate, and shows the net now and then."""

    def __init__(
        self,
        decisions: int,
        schedule: Schedule,
        show: Show,
        standard: tuple[np.ndarray, np.ndarray],
    ) -> None:
        super().__init__()
        self._decisions, self._schedule = decisions, schedule
        self._show, self._standard = show, standard
        self._next = 1 / schedule.trials

    def learning_rate(self, remaining: float) -> float:
        """Falls linearly."""
        return self._schedule.at(1 - remaining, self._schedule.learning_rate)

    def show(self) -> None:
        """Show the present net."""
        policy = self.model.policy
        assert isinstance(policy, ActorCriticPolicy)
        self._show(layers_of(policy, *self._standard))

    def _on_rollout_start(self) -> None:
        fraction = self.num_timesteps / self._decisions
        if fraction >= self._next:
            self._next += 1 / self._schedule.trials
            self.show()
        log_std = self._schedule.at(fraction, self._schedule.log_std)
        policy = self.model.policy
        assert isinstance(policy, ActorCriticPolicy)
        torch.nn.init.constant_(policy.log_std, log_std)

    def _on_step(self) -> bool:
        return True
