"""A brain's card: what it is, what it has learnt, how it was made and how it has done."""

from __future__ import annotations

from dataclasses import dataclass, field

from brain.centre import Centre
from brain.lineage import Lineage
from brain.population import Population
from envs.observation import VERSION
from envs.policies import HIGHEST_Z, LOWEST_Z

USUAL_STAGES = 3
"""Stages of the chain whose brains need not say so in their name."""


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
class Like:
    """How a brain did on held-out products of one kind, beside what theory says for them.

    Attributes:
        cost_ratio: missed-sale cost / holding cost of those products [1].
        shape: of their demand, a name in `brain.likes`.
        ratio: cost / that of theory, mean over products [1].
        error: standard error of that mean [1].
        textbook: the same ratio for the textbook's z at every stage [1].
    """

    cost_ratio: float
    shape: str
    ratio: float
    error: float
    textbook: float


@dataclass(frozen=True)
class Step:
    """One point of a learning curve.

    Attributes:
        cpu_seconds: spent so far [s].
        score: cost / that of class constants on validation products [1].
    """

    cpu_seconds: float
    score: float


@dataclass(frozen=True)
class Card:
    """What a brain states about itself.

    Attributes:
        ratios: lowest and highest missed-sale cost / holding cost it has learnt [1]; the same
            number twice for a class brain.
        centre: the constants around which it acts.
        learnt: the ranges its training products came from.
        algorithm: how it learnt: ppo, hindsight or hindsight+ppo.
        seed: of its training.
        decisions: decisions it learnt from, a day's or a week's, all lanes together.
        cpu_seconds: of its training [s].
        validation: its cost / that of the class constants on validation products [1].
        command: what makes it again.
        lineage: what it was made from and when.
        versions: of the libraries that made it.
        observation_version, features: what it must be shown.
        action_limit: how far from the centre it may go [1].
        lowest_z, highest_z: bounds of its advice [1].
        curve: how its validation score fell.
        scores: on held-out products; empty until it has been evaluated.
        likes: how it did kind by kind; empty until it has been evaluated.
        evaluation: seed, products, paths and periods of that evaluation.
    """

    ratios: tuple[float, float]
    centre: Centre
    learnt: Population
    algorithm: str
    seed: int
    decisions: int
    cpu_seconds: float
    validation: float
    command: str
    lineage: Lineage = field(default_factory=Lineage)
    versions: dict[str, str] = field(default_factory=dict)
    observation_version: int = VERSION
    features: tuple[str, ...] = ()
    action_limit: float = 4.0
    lowest_z: float = LOWEST_Z
    highest_z: float = HIGHEST_Z
    curve: tuple[Step, ...] = ()
    scores: tuple[Score, ...] = ()
    likes: tuple[Like, ...] = ()
    evaluation: dict[str, int] = field(default_factory=dict)

    @property
    def stages(self) -> int:
        """Number of stages of the chains it advises."""
        return self.learnt.stages

    @property
    def is_family(self) -> bool:
        """True where it has learnt many cost ratios."""
        return self.ratios[0] < self.ratios[1]

    @property
    def cost_ratio(self) -> float:
        """Missed-sale cost / holding cost of its class [1]; the lowest one of a family."""
        return self.ratios[0]

    @property
    def name(self) -> str:
        """What kind of brain it is, in a word: family, or r and the ratio of its class."""
        return kind_of(self.ratios, self.stages)


def kind_of(ratios: tuple[float, float], stages: int) -> str:
    """What a brain that has learnt these cost ratios and this many stages is called."""
    kind = "family" if ratios[0] < ratios[1] else f"r{ratios[0]:g}"
    return kind if stages == USUAL_STAGES else f"{kind}-{stages}stages"
