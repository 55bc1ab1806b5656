"""The brains that are compared: every algorithm, several seeds, none chosen for its result.

Trainings are shared out over the cores, and kept in the user's cache, by what decides them, so that
a benchmark that is run again, or was broken off, does not train again.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from brain.advice import Panel, panel_of
from brain.brain import Brain
from brain.checkpoint import fingerprint
from brain.lesson import ClassLesson, FamilyLesson, Lesson
from brain.likes import LikesExam, examined
from brain.registry import CARD, load, save
from brain.training import Algorithm, Settings, train
from brain.workshop import CLASSES, EVALUATION_SEED
from planner.engine import engine_of

QUICK = replace(
    Settings(),
    updates=30,
    batch=128,
    days=90,
    timesteps=60_000,
    validations=2,
    validation_products=32,
    validation_paths=2,
    validation_periods=160,
)
QUICK_LIKES = LikesExam(products=8, paths=2, periods=160)


@dataclass(frozen=True)
class Students:
    """One brain of each kind, trained with one seed.

    Attributes:
        seed: of all their trainings.
        ppo: class brains by PPO, by rising ratio; none if they were not asked for.
        panel: what planners are shipped: class brains and the family in hindsight.
    """

    seed: int
    ppo: tuple[Brain, ...]
    panel: Panel


def students(seed: int, quick: bool, with_ppo: bool) -> Students:
    """Trained as they are shipped, with the given seed; class brains by PPO, too, if asked for."""
    usual = QUICK if quick else Settings()
    lessons: list[Lesson] = [ClassLesson(ratio) for ratio in CLASSES]
    ppo = replace(usual, algorithm=Algorithm.PPO)
    by_trial = [(lesson, ppo) for lesson in lessons if with_ppo]
    in_hindsight = [(lesson, usual) for lesson in (*lessons, FamilyLesson())]
    with engine_of(few=1) as engine:
        brains = list(engine.map(_trained, seed, by_trial + in_hindsight))
    likes = QUICK_LIKES if quick else LikesExam()
    shipped = [_with_likes(brain, likes) for brain in brains[len(by_trial) :]]
    return Students(seed, tuple(brains[: len(by_trial)]), panel_of(shipped, stages=3))


def _with_likes(brain: Brain, exam: LikesExam) -> Brain:
    likes = examined(brain, EVALUATION_SEED, exam)
    return replace(brain, card=replace(brain.card, likes=likes))


def _trained(seed: int, task: tuple[Lesson, Settings]) -> Brain:
    lesson, settings = task
    name = fingerprint(lesson, seed, settings)[:24]
    folder = _cache() / f"{lesson.name}-{name}"
    if (folder / CARD).is_file():
        return load(folder)
    brain = train(lesson, seed, settings, checkpoint=folder.with_suffix(".npz"))
    save(brain, folder)
    return brain


def _cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "echelon-planner" / "students"
