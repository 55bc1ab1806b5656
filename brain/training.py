"""Making a brain: constants to start from, an algorithm to learn by, the best on trial kept.

Two algorithms learn the same net from the same observations. Hindsight (Alvo, Russo and Kanoria
2023, arXiv 2306.11246) follows the gradient of cost through sampled demand; proximal policy
optimisation (Schulman et al. 2017, arXiv 1707.06347) needs no gradient of the world. The second
can go on where the first ended.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from brain.brain import Brain
from brain.card import Card, Step
from brain.centre import Centre
from brain.checkpoint import Checkpoint, fingerprint
from brain.constants import Search
from brain.lesson import Lesson
from brain.lineage import Lineage
from brain.population import Purpose, stream
from brain.trial import Trial
from envs.observation import features


class Algorithm(StrEnum):
    """How a brain learns."""

    PPO = "ppo"
    HINDSIGHT = "hindsight"
    BOTH = "hindsight+ppo"


@dataclass(frozen=True)
class Settings:
    """How a brain is trained; the defaults make the brains that are shipped.

    Attributes:
        algorithm: how it learns.
        updates: steps down the gradient of hindsight; like `timesteps`, more for a lesson that
            takes more effort.
        batch, days, warm_up: products at a time, days each is followed, and how many of them go
            uncounted, while a chain forgets how it started.
        timesteps: weekly decisions for PPO to learn from, all lanes together.
        lanes, weeks: products at a time in PPO, and length of its episodes [week].
        tuning_timesteps: weekly decisions where PPO goes on from hindsight.
        minutes: wall time to stop after [min]; None for no limit. With a limit, what is learnt
            depends on the machine's speed.
        validations: how often the brain is tried on validation products.
        validation_products, validation_paths, validation_periods: size of such a trial.
        search: how long the class constants are searched for.
        log_dir: where TensorBoard logs of PPO go; None writes none.
    """

    algorithm: Algorithm = Algorithm.HINDSIGHT
    updates: int = 1000
    batch: int = 512
    days: int = 90
    warm_up: int = 20
    timesteps: int = 3_500_000
    lanes: int = 1024
    weeks: int = 34
    tuning_timesteps: int = 600_000
    minutes: float | None = None
    validations: int = 16
    validation_products: int = 128
    validation_paths: int = 6
    validation_periods: int = 300
    search: Search = field(default_factory=Search)
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


Tell = Callable[[Progress], None]


class Keeper:
    """Tries a brain now and then, keeps the best, draws the learning curve."""

    def __init__(self, lesson: Lesson, card: Card, settings: Settings) -> None:
        self.card = card
        self.best: Brain | None = None
        self.curve: list[Step] = []
        self.spent_before = 0.0
        self.stopped = False
        self._began = time.process_time()
        self._trial = Trial(
            lesson,
            card,
            settings.validation_products,
            settings.validation_paths,
            settings.validation_periods,
        )

    @property
    def score(self) -> float:
        """Of the best so far; NaN before the first trial."""
        return self.best.card.validation if self.best else float("nan")

    @property
    def cpu_seconds(self) -> float:
        """Spent on this brain, runs that were broken off included [s]."""
        return self.spent_before + time.process_time() - self._began

    def show(self, layers: tuple[tuple[np.ndarray, np.ndarray], ...]) -> float:
        """The score of a net, which is kept if none was better."""
        brain = Brain(self.card, layers)
        score = self._trial(brain)
        self.curve.append(Step(round(self.cpu_seconds, 1), round(score, 5)))
        if self.best is None or score < self.score:
            self.best = replace(brain, card=replace(self.card, validation=score))
        return score

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """All that a training needs to go on later, as facts and arrays."""
        facts: dict[str, Any] = {
            "cpu_seconds": self.cpu_seconds,
            "curve": [asdict(step) for step in self.curve],
            "score": None if self.best is None else self.score,
        }
        arrays: dict[str, np.ndarray] = {}
        for number, (weight, bias) in enumerate(self.best.layers if self.best else ()):
            arrays |= {f"best_weight_{number}": weight, f"best_bias_{number}": bias}
        return facts, arrays

    def restore(self, facts: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Go on from a state."""
        self.spent_before = float(facts["cpu_seconds"])
        self._began = time.process_time()
        self.curve = [Step(**step) for step in facts["curve"]]
        if facts["score"] is not None:
            count = sum(name.startswith("best_weight_") for name in arrays)
            layers = tuple(
                (arrays[f"best_weight_{n}"], arrays[f"best_bias_{n}"]) for n in range(count)
            )
            card = replace(self.card, validation=float(facts["score"]))
            self.best = Brain(card, layers)


def train(
    lesson: Lesson,
    seed: int,
    settings: Settings = Settings(),
    on_progress: Tell | None = None,
    checkpoint: Path | None = None,
    data_hash: str = "",
) -> Brain:
    """A brain for the products of `lesson`.

    The same lesson, seed and settings without a limit in minutes give the same weights to the
    bit. Ctrl-C ends training early; the best brain so far is returned.

    Args:
        lesson: what it is taught.
        seed: of everything random.
        settings: how.
        on_progress: told how training goes, at most four times a second.
        checkpoint: file to which progress is saved, and from which a training of the same lesson,
            seed and settings goes on; None keeps none.
        data_hash: SHA-256 of what the lesson was made from, for the lineage.
    """
    started = datetime.now(UTC)
    saved = Checkpoint(checkpoint, fingerprint(lesson, seed, settings))
    centre, constants_seconds = saved.centre or _centre(lesson, seed, settings)
    card = Card(
        ratios=lesson.ratios,
        centre=centre,
        learnt=lesson.population,
        algorithm=str(settings.algorithm),
        seed=seed,
        decisions=0,
        cpu_seconds=0.0,
        validation=float("nan"),
        command=_command(lesson, seed, settings),
        lineage=Lineage(data_hash=data_hash),
        versions=_versions(),
        features=features(centre.stages),
    )
    keeper = Keeper(lesson, card, settings)
    keeper.spent_before = constants_seconds
    saved.keep_centre(centre, constants_seconds)
    decisions = 0
    if settings.algorithm is not Algorithm.PPO:
        from brain.hindsight.training import learn

        decisions += learn(lesson, keeper, seed, settings, saved, on_progress)
    if settings.algorithm is not Algorithm.HINDSIGHT and not keeper.stopped:
        from brain.ppo import learn as go_on

        decisions += go_on(lesson, keeper, seed, settings, saved, on_progress)
    saved.remove()
    assert keeper.best is not None
    finished = replace(
        card.lineage,
        started=started.isoformat(timespec="seconds"),
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return replace(
        keeper.best,
        card=replace(
            keeper.best.card,
            decisions=decisions,
            cpu_seconds=round(keeper.cpu_seconds, 1),
            curve=tuple(keeper.curve),
            lineage=finished,
        ),
    )


def _centre(lesson: Lesson, seed: int, settings: Settings) -> tuple[Centre, float]:
    began = time.process_time()
    centre = lesson.centre(stream(seed, Purpose.CONSTANTS), settings.search)
    return centre, time.process_time() - began


def _command(lesson: Lesson, seed: int, settings: Settings) -> str:
    words = f"planner train {lesson.command} --algorithm {settings.algorithm} --seed {seed}"
    usual = Settings()
    if settings.updates != usual.updates:
        words += f" --updates {settings.updates}"
    if settings.timesteps != usual.timesteps:
        words += f" --timesteps {settings.timesteps}"
    return words if settings.minutes is None else f"{words} --minutes {settings.minutes:g}"


def _versions() -> dict[str, str]:
    libraries = {name: version(name) for name in ("numpy", "torch", "stable_baselines3")}
    return {"python": platform.python_version(), **libraries}
