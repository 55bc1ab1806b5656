"""Learning a reference problem by PPO or DQN, by Stable-Baselines3; what comes out needs no torch.

What is observed is brought to mean 0 and spread 1 as the training sees it, continuous actions to
-1..1, and the answer keeps both scalings, so a policy is asked with the environment's own numbers.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3 import DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecNormalize

from brain.ppo import own_randomness
from brain.reference.lanes import Lanes, LaneWorld
from brain.reference.net_policy import CLIP, Layers, NetPolicy, Point, PolicyCard
from brain.reference.settings import LearnSettings
from brain.reference.stream import Line, append
from data.errors import ConfigurationError

ALGORITHMS = ("ppo", "dqn")
REMEMBERED = 100
"""Episodes that a running mean is over."""
Tell = Callable[[Line], None]


def learn(
    algorithm: str,
    make_env: Callable[[], gymnasium.Env[Any, Any] | LaneWorld],
    steps: int,
    seed: int,
    settings: LearnSettings | None = None,
    tell: Tell | None = None,
) -> NetPolicy:
    """A policy learnt from `steps` decisions; the same seed gives the same one to the bit.

    Ctrl-C ends the training early; the best policy so far is returned.

    Args:
        algorithm: "ppo", or "dqn" where an action is one of several choices.
        make_env: makes an environment whose observations are a vector; it is called once per lane,
            or once where it makes a world of lanes.
        steps: decisions, all lanes together.
        seed: of everything random.
        settings: how; defaults suit most problems.
        tell: is given each line of the training stream.

    Raises:
        ConfigurationError: no such algorithm, or one that cannot learn in this environment.
    """
    settings = settings or LearnSettings()
    if algorithm not in ALGORITHMS:
        raise ConfigurationError(
            f"algorithm {algorithm!r} is not known; use one of {', '.join(ALGORITHMS)}"
        )
    if steps < 1:
        raise ConfigurationError(f"{steps} steps of training; give 1 or more")
    with own_randomness():
        lanes = _lanes_of(make_env, settings, seed)
        if algorithm == "dqn" and not isinstance(lanes.action_space, spaces.Discrete):
            raise ConfigurationError("dqn learns choices; these actions are continuous, use ppo")
        env = VecNormalize(
            lanes, norm_reward=settings.scale_rewards, gamma=settings.gamma, clip_obs=CLIP
        )
        coach = _Coach(algorithm, steps, seed, settings, tell)
        make = _ppo if algorithm == "ppo" else _dqn
        with suppress(KeyboardInterrupt):
            make(env, seed, settings).learn(steps, callback=coach)
        return coach.outcome()


def _lanes_of(
    make_env: Callable[[], gymnasium.Env[Any, Any] | LaneWorld], settings: LearnSettings, seed: int
) -> VecEnv:
    first = make_env()
    if not isinstance(first, gymnasium.Env):
        return Lanes(first, seed)
    ready = [first]

    def made() -> gymnasium.Env[Any, Any]:
        env = ready.pop() if ready else make_env()
        assert isinstance(env, gymnasium.Env)
        if isinstance(env.action_space, spaces.Box):
            env = gymnasium.wrappers.RescaleAction(env, np.float32(-1), np.float32(1))
        return env

    lanes = DummyVecEnv([made] * settings.lanes)
    lanes.seed(seed)
    return lanes


def _rate(settings: LearnSettings) -> Callable[[float], float]:
    first, last = settings.learning_rate
    return lambda remaining: last + (first - last) * remaining


def _ppo(env: VecNormalize, seed: int, settings: LearnSettings) -> PPO:
    ppo = settings.ppo
    kwargs: dict[str, Any] = {
        "net_arch": list(settings.hidden),
        "activation_fn": torch.nn.Tanh,
        "log_std_init": ppo.log_std[0],
    }
    return PPO(
        "MlpPolicy",
        env,
        learning_rate=_rate(settings),
        n_steps=ppo.rollout,
        batch_size=_batch(ppo.rollout * env.num_envs, ppo.batch),
        n_epochs=ppo.epochs,
        gamma=settings.gamma,
        gae_lambda=ppo.gae_lambda,
        ent_coef=ppo.entropy,
        policy_kwargs=kwargs,
        seed=seed,
        device="cpu",
        tensorboard_log=str(settings.log_dir) if settings.log_dir else None,
    )


def _batch(decisions: int, largest: int) -> int:
    """The largest batch that so many decisions can be shared out into evenly."""
    parts = -(-decisions // largest)
    while decisions % parts:
        parts += 1
    return decisions // parts


def _dqn(env: VecNormalize, seed: int, settings: LearnSettings) -> DQN:
    dqn = settings.dqn
    return DQN(
        "MlpPolicy",
        env,
        learning_rate=_rate(settings),
        buffer_size=dqn.memory,
        learning_starts=dqn.idle,
        batch_size=dqn.batch,
        gamma=settings.gamma,
        train_freq=dqn.every,
        gradient_steps=dqn.gradient_steps,
        target_update_interval=dqn.target_every,
        exploration_fraction=dqn.explore_share,
        exploration_final_eps=dqn.last_random,
        policy_kwargs={"net_arch": list(settings.hidden)},
        seed=seed,
        device="cpu",
        tensorboard_log=str(settings.log_dir) if settings.log_dir else None,
    )


def _layers(model: BaseAlgorithm) -> Layers:
    """The layers of the net that decides, float64."""
    if isinstance(model, PPO):
        net = [*model.policy.mlp_extractor.policy_net.modules(), model.policy.action_net]
    else:
        assert isinstance(model, DQN)
        net = list(model.q_net.q_net.modules())
    return tuple(
        (layer.weight.detach().numpy().astype(float), layer.bias.detach().numpy().astype(float))
        for layer in net
        if isinstance(layer, torch.nn.Linear)
    )


def policy_of(model: BaseAlgorithm, env: VecNormalize, card: PolicyCard) -> NetPolicy:
    """The net that decides, with the scaling of what it is shown."""
    low = high = None
    if isinstance(env.action_space, spaces.Box):
        low, high = _bounds(env.venv)
    seen = env.obs_rms
    assert isinstance(seen, RunningMeanStd)
    shift = seen.mean.astype(np.float64)
    spread = np.sqrt(seen.var.astype(np.float64) + env.epsilon)
    return NetPolicy(card, _layers(model), shift, spread, low, high)


def _bounds(lanes: VecEnv) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of a continuous action before it was brought to -1..1."""
    space: spaces.Space[Any]
    if isinstance(lanes, Lanes):
        space = lanes.world.action_space
    else:
        assert isinstance(lanes, DummyVecEnv)
        wrapped = lanes.envs[0]
        assert isinstance(wrapped, gymnasium.Wrapper)
        space = wrapped.env.action_space
    assert isinstance(space, spaces.Box)
    return space.low.astype(float), space.high.astype(float)


class _Coach(BaseCallback):
    """Counts episodes, writes the stream, asks the judge and keeps the best policy."""

    def __init__(
        self, algorithm: str, steps: int, seed: int, settings: LearnSettings, tell: Tell | None
    ) -> None:
        super().__init__()
        activation = "tanh" if algorithm == "ppo" else "relu"
        versions = {name: version(name) for name in ("stable_baselines3", "torch", "numpy")}
        self._card = PolicyCard(
            algorithm,
            seed,
            steps=0,
            seconds=0.0,
            activation=activation,
            problem=settings.problem,
            features=settings.features,
            facts=settings.facts,
            versions=versions,
        )
        self._steps, self._settings, self._tell = steps, settings, tell
        self._began = time.monotonic()
        self._rewards: deque[float] = deque(maxlen=REMEMBERED)
        self._told: deque[dict[str, float]] = deque(maxlen=REMEMBERED)
        self._episodes = 0
        self._next_line = self._next_judgement = 0.0
        self._curve: list[Point] = []
        self._score: float | None = None
        self._best: tuple[float, Layers, np.ndarray, np.ndarray] | None = None

    def outcome(self) -> NetPolicy:
        """The best policy where there is a judge, otherwise the last one."""
        if self._settings.judge is not None:
            self._judge()
        last = self._policy()
        if self._curve and self._curve[-1].step == self.num_timesteps:
            self._curve.pop()
        self._curve.append(self._point(self._score))
        card = replace(
            last.card,
            steps=self.num_timesteps,
            seconds=round(time.monotonic() - self._began, 1),
            curve=tuple(self._curve),
        )
        if self._best is None:
            return replace(last, card=card)
        _, layers, shift, spread = self._best
        return replace(last, card=card, layers=layers, shift=shift, spread=spread)

    def _on_training_start(self) -> None:
        self._returns = np.zeros(self._env.num_envs)
        every = self._steps / self._settings.judgements
        self._next_line, self._next_judgement = self._settings.log_every, every

    def _on_rollout_start(self) -> None:
        if isinstance(self.model, PPO) and hasattr(self.model.policy, "log_std"):
            first, last = self._settings.ppo.log_std
            share = min(self.num_timesteps / self._steps, 1.0)
            torch.nn.init.constant_(self.model.policy.log_std, first + (last - first) * share)
            self.model.policy.log_std.requires_grad_(False)

    def _on_step(self) -> bool:
        self._returns += self._env.get_original_reward()
        over = np.flatnonzero(self.locals["dones"])
        if over.size:
            self._count(over, self.locals["infos"])
        if self.num_timesteps >= self._next_judgement:
            self._next_judgement += self._steps / self._settings.judgements
            if self._settings.judge is not None:
                self._judge()
            self._curve.append(self._point(self._score))
        if self.num_timesteps >= self._next_line:
            self._next_line += self._settings.log_every
            self._report()
        return True

    @property
    def _env(self) -> VecNormalize:
        env = self.model.get_env()
        assert isinstance(env, VecNormalize)
        return env

    def _count(self, over: np.ndarray, infos: Sequence[dict[str, Any]]) -> None:
        """Note finished episodes.

        What an episode says of its reward goes before our own sum; where lanes share an episode,
        it is the one that speaks.
        """
        speaking = [lane for lane in over if "told" in infos[lane]] or list(over)
        self._episodes += len(speaking)
        for lane in speaking:
            told = dict(infos[lane].get("told", {}))
            self._rewards.append(float(told.pop("reward", self._returns[lane])))
            if told:
                self._told.append(told)
        self._returns[over] = 0.0

    def _policy(self) -> NetPolicy:
        return policy_of(self.model, self._env, self._card)

    def _judge(self) -> None:
        assert self._settings.judge is not None
        policy = self._policy()
        score = self._score = float(self._settings.judge(policy))
        if self._best is None or score > self._best[0]:
            self._best = score, policy.layers, policy.shift, policy.spread

    def _mean_reward(self) -> float | None:
        return float(np.mean(self._rewards)) if self._rewards else None

    def _point(self, score: float | None) -> Point:
        seconds = round(time.monotonic() - self._began, 2)
        return Point(self.num_timesteps, seconds, self._mean_reward(), score)

    def _report(self) -> None:
        """A line to the stream, to TensorBoard and to whoever asked."""
        mean = self._mean_reward()
        names = self._told[-1] if self._told else {}
        told = {
            name: float(np.mean([one[name] for one in self._told if name in one])) for name in names
        }
        if self._settings.log_dir is not None:
            for name, value in {"reward": mean, **told}.items():
                if value is not None:
                    self.logger.record(f"episode/{name}", value)
        if self._settings.stream is None and self._tell is None:
            return
        line = Line(
            algorithm=self._card.algorithm,
            seed=self._card.seed,
            step=self.num_timesteps,
            steps=self._steps,
            seconds=round(time.monotonic() - self._began, 2),
            episodes=self._episodes,
            last_reward=self._rewards[-1] if self._rewards else None,
            mean_reward=mean,
            best=self._best[0] if self._best else None,
            told=told,
            scene=self._scene(),
        )
        if self._settings.stream is not None:
            append(self._settings.stream, line)
        if self._tell is not None:
            self._tell(line)

    def _scene(self) -> dict[str, Any]:
        lanes = self._env.venv
        if isinstance(lanes, Lanes):
            return lanes.scene()
        assert isinstance(lanes, DummyVecEnv)
        show = getattr(lanes.envs[0].unwrapped, "scene", None)
        return show() if show is not None else {}
