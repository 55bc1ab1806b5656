"""Where brains are made: train, judge, and put on the shelf, as `planner train` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from brain.brain import Brain
from brain.evaluation import CLASS, TEXTBOOK, Examination, evaluate
from brain.registry import save
from data.errors import ConfigurationError, PlannerError

if TYPE_CHECKING:
    from brain.training import Progress, Settings

CLASSES = (10.0, 100.0, 1000.0)
"""The cost ratios that are shipped."""
EVALUATION_SEED = 2026
"""Of the held-out products on which every brain is judged; training never sees them."""


def train_class(
    cost_ratio: float,
    seed: int,
    out: Path,
    settings: Settings | None = None,
    examination: Examination | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Brain:
    """Train the brain of a class, judge it on products it never saw, and save it to `out`.

    Raises:
        PlannerError: if it is not cheaper than its class constants, on validation products and,
            with an interval that excludes equality, on held-out ones; nothing is saved then.
    """
    from brain.training import Settings, train

    brain = train(cost_ratio, seed, settings or Settings(), on_progress)
    if not brain.card.validation < 1:
        raise PlannerError(
            f"brain for cost ratio {cost_ratio:g}: it costs {brain.card.validation:.4f} times its "
            "class constants on validation products, expected less than 1; train it longer"
        )
    brain = judged(brain, EVALUATION_SEED, examination)
    scores = {score.policy: score for score in brain.card.scores}
    for rival in (CLASS, TEXTBOOK):
        if not scores[rival].saving_low > 0:
            raise PlannerError(
                f"brain for cost ratio {cost_ratio:g}: on held-out products it saves "
                f"{scores[rival].saving:.2%} over {rival}, interval from "
                f"{scores[rival].saving_low:.2%}, expected above 0; train it longer"
            )
    save(brain, out)
    return brain


def judged(brain: Brain, seed: int, examination: Examination | None = None) -> Brain:
    """The brain with its scores on held-out products on its card."""
    examination = examination or Examination()
    scores = evaluate(brain, seed, examination)
    sizes = {name: value for name, value in asdict(examination).items() if isinstance(value, int)}
    return replace(
        brain, card=replace(brain.card, scores=scores, evaluation={"seed": seed} | sizes)
    )


def settings_of(timesteps: int | None, minutes: float | None, log_dir: Path | None) -> Settings:
    """The settings a command line asks for; what it leaves open is as for the shipped brains.

    Raises:
        ConfigurationError: a length that is no length.
    """
    from brain.training import Settings

    if timesteps is not None and timesteps < 1:
        raise ConfigurationError(f"--timesteps is {timesteps}, expected 1 or more")
    if minutes is not None and not minutes > 0:
        raise ConfigurationError(f"--minutes is {minutes}, expected above 0")
    usual = Settings()
    long = 10**12 if minutes is not None else usual.timesteps
    return replace(usual, timesteps=timesteps or long, minutes=minutes, log_dir=log_dir)
