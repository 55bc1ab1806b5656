"""How a reference problem is learnt: what PPO and DQN take, with defaults that suit most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from brain.reference.net_policy import NetPolicy
from brain.reference.stream import Line

Judge = Callable[[NetPolicy], float]
"""The worth of a policy on episodes kept for this, the higher the better."""


@dataclass(frozen=True)
class PpoSettings:
    """Proximal policy optimisation (Schulman et al. 2017, arXiv 1707.06347).

    Attributes:
        rollout: decisions per lane between updates.
        batch: decisions per gradient step.
        epochs: times each decision is learnt from.
        gae_lambda: of generalised advantage estimation [1].
        entropy: weight of the bonus for undecided policies [1].
        log_std: log of the noise around a continuous action at first and at last, where an action
            reaches from -1 to 1; it falls linearly.
    """

    rollout: int = 128
    batch: int = 512
    epochs: int = 6
    gae_lambda: float = 0.95
    entropy: float = 0.0
    log_std: tuple[float, float] = (-0.7, -2.0)


@dataclass(frozen=True)
class DqnSettings:
    """Deep Q-learning (Mnih et al. 2015, Nature 518).

    Attributes:
        memory: decisions kept to learn from.
        batch: decisions per gradient step.
        idle: decisions before learning begins.
        every: decisions of each lane between updates.
        gradient_steps: per update.
        target_every: decisions between copies to the target net.
        explore_share: share of the training over which random actions become fewer [1].
        last_random: share of random actions from then on [1].
    """

    memory: int = 100_000
    batch: int = 128
    idle: int = 2_000
    every: int = 4
    gradient_steps: int = 1
    target_every: int = 2_000
    explore_share: float = 0.4
    last_random: float = 0.02


@dataclass(frozen=True)
class Watch:
    """How a training may be looked at.

    Attributes:
        stream: a file that grows by a line per interval; see `brain.reference.stream`.
        log_dir: where TensorBoard logs go.
        tell: is given each line of the stream.
    """

    stream: Path | None = None
    log_dir: Path | None = None
    tell: Callable[[Line], None] | None = None


@dataclass(frozen=True)
class LearnSettings:
    """How to learn.

    Attributes:
        hidden: units of the net's hidden layers.
        lanes: environments stepped side by side; a world of lanes has its own number.
        gamma: what a decision's delay leaves of a reward [1].
        learning_rate: of the first and the last step; it falls linearly [1].
        scale_rewards: learn from rewards over the running spread of returns; DQN and PPO both do
            better where rewards are about 1.
        ppo, dqn: what only one of them takes.
        judge: the worth of a policy; the best one is returned. Without it the last one is.
        judgements: how often it is asked during the training.
        stream: a file that grows by a line per interval; see `brain.reference.stream`.
        log_every: decisions between two lines.
        log_dir: where TensorBoard logs go; None for none.
        problem, features, facts: for the card.
    """

    hidden: tuple[int, ...] = (64, 64)
    lanes: int = 8
    gamma: float = 0.99
    learning_rate: tuple[float, float] = (1e-3, 1e-4)
    scale_rewards: bool = True
    ppo: PpoSettings = PpoSettings()
    dqn: DqnSettings = DqnSettings()
    judge: Judge | None = None
    judgements: int = 10
    stream: Path | None = None
    log_every: int = 5_000
    log_dir: Path | None = None
    problem: str = ""
    features: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
