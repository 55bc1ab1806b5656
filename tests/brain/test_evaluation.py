"""The shipped brains are cheaper than what planners use, on products and futures never seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brain.brain import Brain
from brain.constants import Search
from brain.evaluation import (
    CLASS,
    OURS,
    SHELF_ONLY,
    TEXTBOOK,
    TUNED,
    Examination,
    evaluate,
    rivals_of,
)
from brain.lanes import imagine
from brain.lesson import ClassLesson, FamilyLesson, Lesson
from brain.population import Population
from brain.registry import shipped
from envs.observation import no_errors
from envs.policies import Situation
from envs.theory import safety_factor
from tests.brain.conftest import make_brain, make_family

SMALL = Examination(
    products=40,
    paths=6,
    periods=300,
    tuning_paths=2,
    search=Search(generations=4, candidates=10, elite=3, periods=150),
    draws=1000,
)
TINY = replace(SMALL, products=5, paths=2, periods=90, draws=50, search=Search(2, 4, 2, 8, 80))
SEED = 77
RATIOS = (10.0, 100.0, 1000.0)


def shipped_classes() -> list[Brain]:
    """The class brains that come with the planner, for chains of three stages."""
    return [b for b in shipped() if b.card.stages == 3 and not b.card.is_family]


@pytest.fixture(scope="module", params=RATIOS, ids=["r10", "r100", "r1000"])
def scores(request):
    """Of a shipped brain, by policy."""
    brain = next(b for b in shipped_classes() if b.card.cost_ratio == request.param)
    lesson = ClassLesson(request.param, brain.card.learnt)
    return {score.policy: score for score in evaluate(brain, lesson, SEED, SMALL)}


def test_a_shipped_brain_costs_at_least_a_sixth_less_than_the_textbook(scores):
    assert scores[TEXTBOOK].saving > 1 / 6
    assert scores[TEXTBOOK].saving_low > 0.1


def test_a_shipped_brain_costs_less_than_the_constants_of_its_class(scores):
    assert scores[CLASS].saving_low > 0


def test_the_measure_of_all_ratios_is_itself_one(scores):
    assert scores[TUNED].ratio == scores[TUNED].low == scores[TUNED].high == 1
    assert scores[OURS].saving == 0


def test_dearer_missed_sales_are_missed_less():
    fill = [
        next(s.fill_rate for s in brain.card.scores if s.policy == OURS)
        for brain in shipped_classes()
    ]
    assert len(fill) >= 3
    assert fill == sorted(fill)
    assert 0.7 < fill[0] < fill[-1] <= 1


def test_every_shipped_card_shows_its_scores_on_the_full_examination():
    full = Examination()
    for brain in shipped():
        assert brain.card.evaluation["products"] == full.products
        found = {score.policy: score for score in brain.card.scores}
        assert found[TEXTBOOK].saving_low >= 0.15
        assert found[CLASS].saving_low > 0


def scored(brain: Brain, lesson: Lesson, seed: int = 3, examination: Examination = TINY) -> dict:
    """Scores by policy of a made-up brain."""
    return {score.policy: score for score in evaluate(brain, lesson, seed, examination)}


def test_an_evaluation_repeats_to_the_bit():
    first, second = (evaluate(make_brain(10.0), ClassLesson(10.0), 3, TINY) for _ in range(2))
    assert first == second
    assert np.isfinite([score.ratio for score in first]).all()
    assert evaluate(make_brain(10.0), ClassLesson(10.0), 4, TINY) != first


@pytest.mark.parametrize("stages", [1, 3, 5])
def test_every_rival_is_scored_on_chains_of_every_length(stages):
    found = scored(make_brain(10.0, stages=stages), ClassLesson(10.0, Population(stages)))
    assert set(found) == {TEXTBOOK, SHELF_ONLY, CLASS, TUNED, OURS}
    assert found[TUNED].ratio == found[TUNED].low == found[TUNED].high == 1
    for score in found.values():
        assert score.low <= score.ratio <= score.high
        assert score.saving_low <= score.saving <= score.saving_high
        assert 0 < score.fill_rate <= 1
    same = [(s.ratio, s.fill_rate) for s in (found[TEXTBOOK], found[SHELF_ONLY])]
    assert (same[0] == same[1]) == (stages == 1)


def test_the_family_is_scored_on_products_of_all_its_ratios():
    found = scored(make_family(), FamilyLesson())
    assert set(found) == {TEXTBOOK, SHELF_ONLY, CLASS, TUNED, OURS}
    assert np.isfinite([score.ratio for score in found.values()]).all()


def test_a_brain_that_knows_nothing_saves_nothing_over_its_constants():
    brain = make_brain(10.0)
    idle = replace(brain, layers=tuple((w * 0, b * 0) for w, b in brain.layers))
    found = scored(idle, ClassLesson(10.0))
    assert found[CLASS].saving == pytest.approx(0, abs=1e-7)
    assert found[CLASS].ratio == pytest.approx(found[OURS].ratio)
    assert found[CLASS].fill_rate == pytest.approx(found[OURS].fill_rate)


def test_a_brain_that_hoards_costs_more_than_all_others_and_serves_more():
    brain = make_brain(10.0)
    row = ((7.0, 7.0, 7.0),)
    card = replace(brain.card, centre=replace(brain.card.centre, lost=row, waiting=row))
    hoarder = Brain(card, tuple((w * 0, b * 0) for w, b in brain.layers))
    found = scored(hoarder, ClassLesson(10.0))
    for rival in (TEXTBOOK, TUNED, SHELF_ONLY):
        assert found[rival].saving < 0
        assert found[rival].fill_rate < found[OURS].fill_rate


def test_nothing_out_of_the_ordinary_is_examined():
    """The scores are those of the same lesson without it."""
    brain, lesson = make_brain(10.0), ClassLesson(10.0)
    assert evaluate(brain, lesson, 3, TINY) == evaluate(brain, lesson.plain, 3, TINY)
    assert lesson != lesson.plain


def test_the_rivals_are_constants_of_the_textbook_the_class_and_the_product():
    rng = np.random.default_rng(1)
    population = Population(4, backordered_share=0.5)
    products = population.sample(rng, 6, np.geomspace(1, 100, 6))
    lanes = imagine(rng, products, 1, 5)
    brain = make_family(stages=4)
    tuned = rng.normal(size=(4, 6))
    rivals = rivals_of(brain, products, tuned)
    now = Situation(lanes.opening(0.0, 1), no_errors(1, 6), lanes.world)
    found = {name: np.asarray(rival(now)) for name, rival in rivals.items()}
    textbook = safety_factor(products.cost_ratio)
    np.testing.assert_allclose(found[TEXTBOOK], np.tile(textbook, (4, 1)), rtol=1e-6)
    np.testing.assert_allclose(found[SHELF_ONLY][0], textbook, rtol=1e-6)
    assert not found[SHELF_ONLY][1:].any()
    np.testing.assert_allclose(found[TUNED], tuned, rtol=1e-6)
    for k in range(6):
        constants = brain.card.centre.of(products.cost_ratio[k], bool(products.backordered[k]))
        np.testing.assert_allclose(found[CLASS][:, k], constants, atol=1e-6)
    assert TUNED not in rivals_of(brain, products)
