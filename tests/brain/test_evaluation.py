"""The shipped brains are cheaper than what planners use, on products and futures never seen."""

from dataclasses import replace

import numpy as np
import pytest

from brain.constants import Search
from brain.evaluation import CLASS, OURS, TEXTBOOK, TUNED, Examination, evaluate
from brain.registry import shipped

SMALL = Examination(
    products=40,
    paths=6,
    periods=300,
    tuning_paths=2,
    search=Search(generations=4, candidates=10, elite=3, periods=150),
    draws=1000,
)
SEED = 77


@pytest.fixture(scope="module", params=[0, 1, 2], ids=["r10", "r100", "r1000"])
def scores(request):
    return {score.policy: score for score in evaluate(shipped()[request.param], SEED, SMALL)}


def test_a_shipped_brain_costs_at_least_a_sixth_less_than_the_textbook(scores):
    assert scores[TEXTBOOK].saving > 1 / 6
    assert scores[TEXTBOOK].saving_low > 0.1


def test_a_shipped_brain_costs_less_than_the_constants_of_its_class(scores):
    assert scores[CLASS].saving_low > 0


def test_the_measure_of_all_ratios_is_itself_one(scores):
    assert scores[TUNED].ratio == scores[TUNED].low == scores[TUNED].high == 1
    assert scores[OURS].saving == 0


def test_dearer_missed_sales_are_missed_less():
    fill = [next(s.fill_rate for s in brain.card.scores if s.policy == OURS) for brain in shipped()]
    assert fill == sorted(fill)
    assert 0.7 < fill[0] < fill[-1] <= 1


def test_every_shipped_card_shows_its_scores_on_the_full_examination():
    full = Examination()
    for brain in shipped():
        assert brain.card.evaluation["products"] == full.products
        found = {score.policy: score for score in brain.card.scores}
        assert found[TEXTBOOK].saving_low >= 0.15
        assert found[CLASS].saving_low > 0


def test_an_evaluation_repeats_to_the_bit():
    tiny = replace(SMALL, products=5, paths=2, periods=90, draws=50, search=Search(2, 4, 2, 8, 80))
    first, second = (evaluate(shipped()[0], 3, tiny) for _ in range(2))
    assert first == second
    assert np.isfinite([score.ratio for score in first]).all()
