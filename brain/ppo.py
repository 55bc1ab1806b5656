"""Learning by trial: proximal policy optimisation on paired lanes.

Schulman et al. (2017), arXiv 1707.06347, by Stable-Baselines3. Decisions are weekly in training,
since a day's exploration drowns in the days that follow; at run time the brain is asked daily.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import ActorCriticPolicy

from brain.checkpoint import Checkpoint
from brain.lesson import Lesson
from brain.training import Algorithm, Keeper, Progress, Settings, Tell
from brain.vec_env import PairedLanes
from envs.observation import size

LEARNING_RATE = (2e-3, 5e-5)
TUNING_RATE = (1e-4, 1e-5)
"""Where PPO goes on from a net that is good already; larger steps only spoil it."""
TUNING_LOG_STD = -2.0
LAST_LOG_STD = -3.0
SECONDS_BETWEEN_REPORTS = 0.25
SECONDS_BETWEEN_CHECKPOINTS = 5.0
STAGE = "ppo"


def learn(
    lesson: Lesson,
    keeper: Keeper,
    seed: int,
    settings: Settings,
    saved: Checkpoint,
    on_progress: Tell | None,
) -> int:
    """Teach `keeper` by PPO, from its best net if it has one; weekly decisions learnt from.

    A training that was broken off goes on with its last saved net, on products it has not met;
    the result is as good, though not the same to the bit, as if it had not been.
    """
    with own_randomness():
        coach = _Coach(lesson, keeper, seed, settings, saved, on_progress)
        with suppress(KeyboardInterrupt):
            coach.teach()
        coach.show()
    return coach.done


def layers_of(
    policy: ActorCriticPolicy, shift: np.ndarray, spread: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """The weights and biases of a policy's net of actions, float32, for plain observations.

    The net was shown (observation - shift) / spread; its first layer takes that over.
    """
    (weight, bias), *rest = (
        (layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
        for layer in _linear(policy)
    )
    weight = weight / spread
    return ((weight, bias - weight @ shift), *rest)


def first_log_std(cost_ratio: float) -> float:
    """Log of the noise around each action at first: the dearer a miss, the further z must move.

    Found by trial: -1 at a ratio of 10, -0.35 at 100, 0.3 at 1000.
    """
    return float(np.clip(-1.65 + 0.65 * np.log10(cost_ratio), -1.0, 0.3))


class _Coach(BaseCallback):
    """Anneals noise and learning rate, shows the net now and then, saves it, reports."""

    def __init__(
        self,
        lesson: Lesson,
        keeper: Keeper,
        seed: int,
        settings: Settings,
        saved: Checkpoint,
        on_progress: Tell | None,
    ) -> None:
        super().__init__()
        self._keeper = keeper
        self._settings = settings
        self._saved = saved
        self._on_progress = on_progress
        self._logs = False
        self._tunes = settings.algorithm is Algorithm.BOTH
        usual = settings.tuning_timesteps if self._tunes else settings.timesteps
        self._longest = usual * lesson.effort
        kept = saved.of(STAGE)
        self._before = int(kept[0]["done"]) if kept else 0
        self._began = self._reported = self._written = time.monotonic()
        env = PairedLanes(lesson, keeper.card.centre, settings.lanes, settings.weeks)
        env.seed(seed + self._before)
        length = size(keeper.card.stages)
        plain = np.zeros(length, np.float32), np.ones(length, np.float32)
        if kept:
            self._standard = kept[1]["shift"], kept[1]["spread"]
            env.show(*self._standard)
        else:
            self._standard = plain if self._tunes else env.standardise()
        self._next_trial = self.fraction + 1 / settings.validations
        self._learner = _learner(env, self, seed, settings)
        if kept:
            keeper.restore(*kept)
            put(self._learner.policy, _unpacked(kept[1]))
        elif self._tunes and keeper.best is not None:
            put(self._learner.policy, keeper.best.layers)

    @property
    def done(self) -> int:
        """Weekly decisions learnt from, broken-off runs included."""
        return self._before + self.num_timesteps

    @property
    def fraction(self) -> float:
        """Share of the training that is done, by decisions or by the clock, 0 to 1."""
        done = self.done / self._longest
        if self._settings.minutes is not None:
            done = max(done, (time.monotonic() - self._began) / (60 * self._settings.minutes))
        return min(done, 1.0)

    def learning_rate(self, _remaining: float) -> float:
        """Falls linearly."""
        first, last = TUNING_RATE if self._tunes else LEARNING_RATE
        return first + (last - first) * self.fraction

    def teach(self) -> None:
        """Learn until the end."""
        if self.fraction < 1:
            self._learner.learn(max(self._longest - self._before, 1), callback=self)

    def show(self) -> None:
        """Try the present net."""
        score = self._keeper.show(layers_of(self._policy, *self._standard))
        if self._logs:
            self.logger.record("validation/cost_over_class_constants", score)

    @property
    def _policy(self) -> ActorCriticPolicy:
        policy = self._learner.policy
        assert isinstance(policy, ActorCriticPolicy)
        return policy

    def _on_training_start(self) -> None:
        self._logs = True
        self._began = time.monotonic()

    def _on_rollout_start(self) -> None:
        first = TUNING_LOG_STD if self._tunes else first_log_std(self._keeper.card.cost_ratio)
        log_std = first + (LAST_LOG_STD - first) * self.fraction
        torch.nn.init.constant_(self._policy.log_std, log_std)
        if self.fraction >= self._next_trial:
            self._next_trial += 1 / self._settings.validations
            self.show()
        if time.monotonic() - self._written >= SECONDS_BETWEEN_CHECKPOINTS:
            self._save()
            self._written = time.monotonic()

    def _on_step(self) -> bool:
        now = time.monotonic()
        if self._on_progress and now - self._reported >= SECONDS_BETWEEN_REPORTS:
            self._reported = now
            left = (now - self._began) * (1 / max(self.fraction, 1e-6) - 1)
            self._on_progress(Progress(self.fraction, left, self._keeper.score))
        return self.fraction < 1

    def _save(self) -> None:
        facts, arrays = self._keeper.state()
        for number, layer in enumerate(_linear(self._policy)):
            arrays[f"weight_{number}"] = layer.weight.detach().numpy().copy()
            arrays[f"bias_{number}"] = layer.bias.detach().numpy().copy()
        arrays |= {"shift": self._standard[0], "spread": self._standard[1]}
        self._saved.keep(STAGE, facts | {"done": self.done}, arrays)


def _learner(env: PairedLanes, coach: _Coach, seed: int, settings: Settings) -> PPO:
    steps = 16
    model = PPO(
        "MlpPolicy",
        env,
        learning_rate=coach.learning_rate,
        n_steps=steps,
        batch_size=min(4096, steps * env.num_envs),
        n_epochs=4,
        gamma=0.9,
        gae_lambda=0.9,
        policy_kwargs={"net_arch": [64, 64], "activation_fn": torch.nn.Tanh},
        seed=seed,
        device="cpu",
        tensorboard_log=str(settings.log_dir) if settings.log_dir else None,
    )
    model.policy.log_std.requires_grad_(False)
    env.seed(seed + coach.done)
    return model


def _linear(policy: torch.nn.Module) -> list[torch.nn.Linear]:
    assert isinstance(policy, ActorCriticPolicy)
    net = (*policy.mlp_extractor.policy_net.modules(), policy.action_net)
    return [layer for layer in net if isinstance(layer, torch.nn.Linear)]


def put(policy: torch.nn.Module, layers: tuple[tuple[np.ndarray, np.ndarray], ...]) -> None:
    """Give a policy's net of actions these weights and biases; the inverse of `layers_of`."""
    with torch.no_grad():
        for layer, (weight, bias) in zip(_linear(policy), layers, strict=True):
            layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
            layer.bias.copy_(torch.from_numpy(np.ascontiguousarray(bias)))


def _unpacked(arrays: dict[str, np.ndarray]) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    count = sum(name.startswith("weight_") for name in arrays)
    return tuple((arrays[f"weight_{n}"], arrays[f"bias_{n}"]) for n in range(count))


@contextmanager
def own_randomness() -> Iterator[None]:
    """Leave the global random states and torch's threads, which training sets, as found."""
    python, legacy, threads = random.getstate(), np.random.get_state(), torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            random.setstate(python)
            np.random.set_state(legacy)
