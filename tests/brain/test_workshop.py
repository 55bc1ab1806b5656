"""A brain leaves the workshop taught and judged, or not at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from brain.constants import Search
from brain.evaluation import CLASS, OURS, SHELF_ONLY, TEXTBOOK, TUNED, Examination, evaluate
from brain.lesson import ClassLesson, FamilyLesson
from brain.likes import SHAPES, LikesExam, examined
from brain.population import Population
from brain.registry import load, save
from brain.training import Algorithm, Settings
from brain.workshop import judged, lessons_of, make, settings_of
from data.errors import ConfigurationError, PlannerError
from tests.brain.conftest import make_brain

SEARCH = Search(generations=2, candidates=4, elite=2, lanes=16, periods=80)
TINY = Settings(
    updates=1,
    batch=8,
    days=20,
    warm_up=5,
    validations=1,
    validation_products=8,
    validation_paths=1,
    validation_periods=75,
    search=SEARCH,
)
LIKES = LikesExam(products=4, paths=1, periods=65)
EXAMINATION = Examination(products=6, paths=2, periods=70, tuning_paths=1, search=SEARCH, draws=50)


def test_there_is_a_lesson_per_ratio_and_one_for_the_family() -> None:
    """In the order asked for, all of one population."""
    population = Population(4)
    assert lessons_of((10.0, 30), True, population) == [
        ClassLesson(10.0, population),
        ClassLesson(30.0, population),
        FamilyLesson(population),
    ]
    assert lessons_of((), True) == [FamilyLesson(Population())]


def test_nothing_to_teach_is_refused() -> None:
    """With a word on what could be."""
    with pytest.raises(ConfigurationError, match="nothing to train; give --ratio 10"):
        lessons_of((), False)
    with pytest.raises(ConfigurationError, match="above 0"):
        lessons_of((10.0, -3.0), False)


def test_settings_are_the_usual_ones_but_for_what_is_asked() -> None:
    """Each option on its own."""
    usual = Settings()
    assert settings_of(None, None, None, None, None) == usual
    assert settings_of("ppo", None, None, None, None) == replace(usual, algorithm=Algorithm.PPO)
    assert settings_of(None, 7, None, None, None) == replace(usual, timesteps=7)
    assert settings_of(None, None, 7, None, None) == replace(usual, updates=7)
    logs = Path("logs")
    assert settings_of(None, None, None, None, logs) == replace(usual, log_dir=logs)


def test_with_a_limit_in_minutes_nothing_else_ends_a_training() -> None:
    """Unless that was asked for, too."""
    found = settings_of(None, None, None, 3.0, None)
    assert found.minutes == 3.0
    assert min(found.updates, found.timesteps) > 100 * Settings().timesteps
    assert settings_of(None, None, 7, 3.0, None).updates == 7


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("sarsa", None, None, None), "--algorithm is sarsa, expected one of ppo, hindsight"),
        ((None, 0, None, None), "--timesteps is 0, expected 1 or more"),
        ((None, None, -1, None), "--updates is -1, expected 1 or more"),
        ((None, None, None, 0.0), "--minutes is 0.0, expected above 0"),
        ((None, None, None, float("nan")), "--minutes is nan, expected above 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(asked, told: str) -> None:
    """By a sentence."""
    with pytest.raises(ConfigurationError, match=told):
        settings_of(*asked, None)


def test_a_judged_brain_has_its_scores_and_likes_on_its_card() -> None:
    """As found by examination, and how large that was."""
    brain, lesson = make_brain(10.0), ClassLesson(10.0)
    found = judged(brain, lesson, 3, EXAMINATION, LIKES)
    assert found.card.scores == evaluate(brain, lesson, 3, EXAMINATION)
    assert found.card.likes == examined(brain, 3, LIKES)
    assert [like.shape for like in found.card.likes] == list(SHAPES)
    sizes = {"products": 6, "paths": 2, "periods": 70, "tuning_paths": 1, "draws": 50}
    assert found.card.evaluation == {"seed": 3} | sizes
    assert found.id == brain.id
    assert replace(found.card, scores=(), likes=(), evaluation={}) == brain.card


def test_a_brain_that_does_not_beat_its_class_constants_is_refused() -> None:
    """One tiny step away from constants that were sought with some care, on its first trial."""
    search = replace(SEARCH, generations=10, candidates=12, elite=4, lanes=64, periods=110)
    population = Population(1, cv=(0.2, 0.5), backordered_share=0.0)
    settings = replace(TINY, search=search, validation_products=32, validation_periods=100)
    with pytest.raises(PlannerError, match=r"expected (less than 1|above 0); train it longer"):
        make(ClassLesson(100.0, population), 5, settings, EXAMINATION, LIKES)


@pytest.mark.parametrize("rival", [CLASS, TEXTBOOK])
def test_a_brain_that_loses_on_held_out_products_is_refused(rival: str, monkeypatch) -> None:
    """Its interval must lie above 0 against both."""

    def better(lesson, seed, *_args, **_kwargs):
        brain = make_brain(10.0)
        return replace(brain, card=replace(brain.card, validation=0.5))

    def marked(*_args):
        scores = evaluate(make_brain(10.0), ClassLesson(10.0), 3, EXAMINATION)
        return tuple(
            replace(score, saving=0.1, saving_low=-0.01 if score.policy == rival else 0.02)
            for score in scores
        )

    monkeypatch.setattr("brain.workshop.train", better)
    monkeypatch.setattr("brain.workshop.evaluate", marked)
    with pytest.raises(PlannerError, match=f"saves 10.00% over {rival}, interval from -1.00%"):
        make(ClassLesson(10.0), 3, TINY, EXAMINATION, LIKES)


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", [Algorithm.HINDSIGHT, Algorithm.PPO])
def test_a_short_training_makes_a_brain_that_may_be_shipped(algorithm, tmp_path: Path) -> None:
    """By either algorithm."""
    short = replace(Settings(), algorithm=algorithm, updates=200, timesteps=600_000)
    brain = make(ClassLesson(100.0), 3, short, Examination(products=64, paths=8), LIKES)
    scores = {score.policy: score for score in brain.card.scores}
    assert set(scores) == {TEXTBOOK, SHELF_ONLY, CLASS, TUNED, OURS}
    assert scores[TEXTBOOK].saving_low > 0.15
    save(brain, tmp_path / "r100")
    assert load(tmp_path / "r100").id == brain.id
    assert load(tmp_path / "r100").card == brain.card
