"""A brain's card: what it is, what it has learnt, how it was made and how it has done."""

from __future__ import annotations

from dataclasses import dataclass, field

from brain.population import Population
from envs.observation import FEATURES, VERSION
from envs.policies import HIGHEST_Z, LOWEST_Z

LAW = "lognormal"
"""Family of daily demand in training; intermittent products mix it with days of none."""


@dataclass(frozen=True)
class Score:
    """How one policy did on products and futures that the brain had never seen.

    Means over products; low and high are bootstrap 95 % intervals of the mean, products redrawn.

    Attributes:
        policy: who ordered.
        ratio, low, high: cost / that of constants tuned for each product by itself [1].
        saving, saving_low, saving_high: share of this policy's cost that the brain saves, paired
            by product on the same futures [1]; negative where the brain costs more.
        fill_rate: units served at once / units demanded [1].
    """

    policy: str
    ratio: float
    low: float
    high: float
    saving: float
    saving_low: float
    saving_high: float
    fill_rate: float


@dataclass(frozen=True)
class Card:
    """What a brain states about itself.

    Attributes:
        cost_ratio: missed-sale cost / holding cost of its class [1].
        centre: the class constants around which it acts, per stage [1].
        learnt: the ranges its training products came from.
        seed: of its training.
        timesteps: weekly decisions it learnt from.
        cpu_seconds: of its training [s].
        validation: its cost / that of the class constants on validation products [1].
        command: what makes it again.
        law: family of demand in training.
        versions: of the libraries that made it.
        observation_version, features: what it must be shown.
        action_limit: how far from the centre it may go [1].
        lowest_z, highest_z: bounds of its advice [1].
        scores: on held-out products; empty until it has been evaluated.
        evaluation: seed, products, paths and periods of that evaluation.
    """

    cost_ratio: float
    centre: tuple[float, ...]
    learnt: Population
    seed: int
    timesteps: int
    cpu_seconds: float
    validation: float
    command: str
    law: str = LAW
    versions: dict[str, str] = field(default_factory=dict)
    observation_version: int = VERSION
    features: tuple[str, ...] = FEATURES
    action_limit: float = 4.0
    lowest_z: float = LOWEST_Z
    highest_z: float = HIGHEST_Z
    scores: tuple[Score, ...] = ()
    evaluation: dict[str, int] = field(default_factory=dict)
