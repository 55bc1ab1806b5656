"""Making a class brain: proximal policy optimisation on paired lanes, the best kept.

Schulman et al. (2017), arXiv 1707.06347, by Stable-Baselines3. Decisions are weekly in training,
since a day's exploration drowns in the days that follow; at run time the brain is asked daily.
"""

from __future__ import annotations

import platform
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import stable_baselines3
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import ActorCriticPolicy

from brain.brain import Brain, LearntFactors
from brain.card import Card
from brain.constants import Search, class_constants, expected_costs
from brain.lanes import imagine
from brain.population import Population, Purpose, stream
from brain.vec_env import PairedLanes
from data.errors import ConfigurationError
from envs.policies import constant

LEARNING_RATE = (2e-3, 5e-5)
LAST_LOG_STD = -3.0
SECONDS_BETWEEN_REPORTS = 0.25


@dataclass(frozen=True)
class Settings:
    """How a brain is trained; the defaults make the brains that are shipped.

    Attributes:
        timesteps: weekly decisions to learn from, all lanes together.
        minutes: wall time to stop after [min]; None for no limit. With a limit, what is learnt
            depends on the machine's speed.
        lanes: products at a time.
        weeks: length of an episode [week].
        validations: how often the brain is tried on validation products.
        validation_products, validation_paths, validation_periods: size of such a trial.
        search: how long the class constants are searched for.
        population: what it learns from.
        log_dir: where TensorBoard logs go; None writes none.
    """

    timesteps: int = 3_500_000
    minutes: float | None = None
    lanes: int = 1024
    weeks: int = 34
    validations: int = 20
    validation_products: int = 128
    validation_paths: int = 8
    validation_periods: int = 300
    search: Search = field(default_factory=Search)
    population: Population = field(default_factory=Population)
    log_dir: Path | None = None


@dataclass(frozen=True)
class Progress:
    """Where training is.

    Attributes:
        fraction: done, 0 to 1.
        seconds_left: at the present pace [s].
        score: best cost so far / that of class constants on validation products [1]; NaN at first.
    """

    fraction: float
    seconds_left: float
    score: float


def train(
    cost_ratio: float,
    seed: int,
    settings: Settings = Settings(),
    on_progress: Callable[[Progress], None] | None = None,
) -> Brain:
    """A brain for products whose missed sale costs `cost_ratio` times a day of holding.

    The same cost ratio, seed and settings without a limit in minutes give the same weights to the
    bit. Ctrl-C ends training early; the best brain so far is returned.

    Args:
        cost_ratio: of the class [1], above 0.
        seed: of everything random.
        settings: how.
        on_progress: told how training goes, at most four times a second.
    """
    if not 0 < cost_ratio < np.inf:
        raise ConfigurationError(f"cost ratio is {cost_ratio}, expected a finite number above 0")
    started = time.process_time()
    population = settings.population
    centre = class_constants(
        cost_ratio, stream(seed, Purpose.CONSTANTS), population, settings.search
    ).astype(np.float32)
    card = Card(
        cost_ratio=float(cost_ratio),
        centre=tuple(float(z) for z in centre),
        learnt=population,
        seed=seed,
        timesteps=0,
        cpu_seconds=0.0,
        validation=float("nan"),
        command=_command(cost_ratio, seed, settings),
        versions=_versions(),
    )
    with _own_randomness():
        env = PairedLanes(cost_ratio, centre, population, settings.lanes, settings.weeks)
        env.seed(seed)
        coach = _Coach(card, settings, env.standardise(), on_progress)
        model = _learner(env, coach, seed, settings.log_dir)
        with suppress(KeyboardInterrupt):
            model.learn(coach.longest, callback=coach)
        brain = coach.best_brain()
    spent = time.process_time() - started
    card = replace(brain.card, timesteps=coach.num_timesteps, cpu_seconds=round(spent, 1))
    return replace(brain, card=card)


def _learner(env: PairedLanes, coach: _Coach, seed: int, log_dir: Path | None) -> PPO:
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
        tensorboard_log=str(log_dir) if log_dir else None,
    )
    model.policy.log_std.requires_grad_(False)
    return model


def layers_of(
    policy: ActorCriticPolicy, shift: np.ndarray, spread: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """The weights and biases of a policy's net of actions, float32, for plain observations.

    The net was shown (observation - shift) / spread; its first layer takes that over.
    """
    net = (*policy.mlp_extractor.policy_net.modules(), policy.action_net)
    linear = [layer for layer in net if isinstance(layer, torch.nn.Linear)]
    (weight, bias), *rest = (
        (layer.weight.detach().numpy().copy(), layer.bias.detach().numpy().copy())
        for layer in linear
    )
    weight = weight / spread
    return ((weight, bias - weight @ shift), *rest)


def first_log_std(cost_ratio: float) -> float:
    """Log of the noise around each action at first: the dearer a miss, the further z must move.

    Found by trial: -1 at a ratio of 10, -0.35 at 100, 0.3 at 1000.
    """
    return float(np.clip(-1.65 + 0.65 * np.log10(cost_ratio), -1.0, 0.3))


class _Trial:
    """Cost of a brain, asked daily, over that of its class constants, on validation products."""

    def __init__(self, card: Card, settings: Settings) -> None:
        rng = stream(card.seed, Purpose.VALIDATION)
        products = card.learnt.sample(rng, settings.validation_products, card.cost_ratio)
        paths = settings.validation_paths
        self._lanes = imagine(rng, products, paths, settings.validation_periods)
        self._paths = paths
        centre = np.asarray(card.centre, np.float32)[:, None]
        self._reference = expected_costs(self._lanes, constant(centre), paths).mean(axis=0)

    def __call__(self, brain: Brain) -> float:
        factors = LearntFactors(brain, self._lanes.outlook, self._lanes.products.traits)
        cost = expected_costs(self._lanes, factors, self._paths).mean(axis=0)
        return float((cost / self._reference).mean())


class _Coach(BaseCallback):
    """Anneals noise and learning rate, tries the brain now and then, keeps the best, reports."""

    def __init__(
        self,
        card: Card,
        settings: Settings,
        standard: tuple[np.ndarray, np.ndarray],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        super().__init__()
        self._card = card
        self._settings = settings
        self._standard = standard
        self._trial = _Trial(card, settings)
        self._on_progress = on_progress
        self._best: Brain | None = None
        self._began = self._reported = time.monotonic()
        self._next_trial = 1 / settings.validations

    @property
    def longest(self) -> int:
        """Weekly decisions after which to stop in any case."""
        return self._settings.timesteps

    @property
    def fraction(self) -> float:
        """Share of the training that is done, by decisions or by the clock, 0 to 1."""
        done = self.num_timesteps / self._settings.timesteps
        if self._settings.minutes is not None:
            done = max(done, (time.monotonic() - self._began) / (60 * self._settings.minutes))
        return min(done, 1.0)

    def learning_rate(self, _remaining: float) -> float:
        """Falls linearly from the first to the second of LEARNING_RATE."""
        first, last = LEARNING_RATE
        return first + (last - first) * self.fraction

    def best_brain(self) -> Brain:
        """The best brain tried, the present one included."""
        self._try()
        assert self._best is not None
        return self._best

    @property
    def _policy(self) -> ActorCriticPolicy:
        assert isinstance(self.model.policy, ActorCriticPolicy)
        return self.model.policy

    def _on_training_start(self) -> None:
        self._began = time.monotonic()

    def _on_rollout_start(self) -> None:
        first, last = first_log_std(self._card.cost_ratio), LAST_LOG_STD
        torch.nn.init.constant_(self._policy.log_std, first + (last - first) * self.fraction)
        if self.fraction >= self._next_trial:
            self._next_trial += 1 / self._settings.validations
            self._try()

    def _on_step(self) -> bool:
        now = time.monotonic()
        if self._on_progress and now - self._reported >= SECONDS_BETWEEN_REPORTS:
            self._reported = now
            left = (now - self._began) * (1 / max(self.fraction, 1e-6) - 1)
            score = self._best.card.validation if self._best else float("nan")
            self._on_progress(Progress(self.fraction, left, score))
        return self.fraction < 1

    def _try(self) -> None:
        brain = Brain(self._card, layers_of(self._policy, *self._standard))
        score = self._trial(brain)
        self.logger.record("validation/cost_over_class_constants", score)
        if self._best is None or score < self._best.card.validation:
            self._best = replace(brain, card=replace(self._card, validation=score))


@contextmanager
def _own_randomness() -> Iterator[None]:
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


def _command(cost_ratio: float, seed: int, settings: Settings) -> str:
    words = f"planner train --ratio {cost_ratio:g} --seed {seed} --timesteps {settings.timesteps}"
    return words if settings.minutes is None else f"{words} --minutes {settings.minutes:g}"


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": str(torch.__version__),
        "stable_baselines3": stable_baselines3.__version__,
    }
