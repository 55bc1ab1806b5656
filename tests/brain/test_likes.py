"""How a brain does kind by kind is measured against theory, and read off its card again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brain.brain import Brain
from brain.card import Like
from brain.likes import (
    FAMILY_RATIOS,
    LUMPY,
    SHAPES,
    SMOOTH,
    VARIABLE,
    WAITING,
    LikesExam,
    examined,
    expected_ratio,
    shapes_of,
)
from brain.population import Population
from envs.theory import safety_factor
from tests.brain.conftest import make_brain, make_family, make_likes

TINY = LikesExam(products=6, paths=2, periods=75)
SEED = 5


def saying(brain: Brain, z: float) -> Brain:
    """The brain without weights, whose constants are z at every stage for everybody."""
    centre = brain.card.centre
    row = (z,) * brain.card.stages
    rows = tuple(row for _ in centre.ratios)
    card = replace(brain.card, centre=replace(centre, lost=rows, waiting=rows))
    return Brain(card, tuple((w * 0, b * 0) for w, b in brain.layers))


def promised(brain: Brain, cost_ratio: float, shape: str) -> float:
    """What its card promises for one product."""
    place = np.array([SHAPES.index(shape)])
    return float(expected_ratio(brain.card, np.array([cost_ratio]), place)[0])


def test_the_shape_of_demand_is_that_of_its_error_unless_customers_wait() -> None:
    """Variable from half the mean, lumpy from 1.2 of it, both included."""
    cv = np.array([0.1, 0.49, 0.5, 1.19, 1.2, np.inf, 0.1, 2.0])
    waiting = np.array([False] * 6 + [True] * 2)
    found = [SHAPES[number] for number in shapes_of(cv, waiting)]
    assert found == [SMOOTH, SMOOTH, VARIABLE, VARIABLE, LUMPY, LUMPY, WAITING, WAITING]


def test_a_class_is_examined_at_its_ratio_on_every_shape_it_has_learnt() -> None:
    """Once each."""
    likes = examined(make_brain(30.0), SEED, TINY)
    assert [(like.cost_ratio, like.shape) for like in likes] == [(30.0, s) for s in SHAPES]
    assert all(like.ratio > 0 and like.error > 0 and like.textbook > 0 for like in likes)


@pytest.mark.parametrize("stages", [1, 4])
def test_the_family_is_examined_over_its_whole_range(stages: int) -> None:
    """At nine ratios."""
    exam = replace(TINY, products=3, paths=1, periods=63)
    likes = examined(make_family(stages=stages), SEED, exam)
    expected = [(ratio, shape) for ratio in FAMILY_RATIOS for shape in SHAPES]
    assert [(like.cost_ratio, like.shape) for like in likes] == expected


@pytest.mark.parametrize(
    ("learnt", "shapes"),
    [
        (Population(backordered_share=0.0), (SMOOTH, VARIABLE, LUMPY)),
        (Population(backordered_share=1.0), (WAITING,)),
        (Population(cv=(0.2, 0.5)), (SMOOTH, WAITING)),
        (Population(cv=(0.6, 3.0), backordered_share=0.0), (VARIABLE, LUMPY)),
    ],
)
def test_what_has_not_been_learnt_is_not_examined(
    learnt: Population, shapes: tuple[str, ...]
) -> None:
    """Nor promised."""
    brain = make_brain(30.0, learnt=learnt)
    likes = examined(brain, SEED, replace(TINY, products=3, periods=63))
    assert tuple(like.shape for like in likes) == shapes
    brain = replace(brain, card=replace(brain.card, likes=likes))
    for shape in SHAPES:
        assert np.isfinite(promised(brain, 30.0, shape)) == (shape in shapes)


def test_an_examination_repeats_to_the_bit_and_seeds_differ() -> None:
    """Everything random comes from the seed."""
    brain = make_brain(30.0)
    assert examined(brain, SEED, TINY) == examined(brain, SEED, TINY)
    assert examined(brain, SEED, TINY) != examined(brain, SEED + 1, TINY)


def test_all_brains_meet_the_same_products_and_futures() -> None:
    """So the textbook does as well beside each of them; the family at that ratio, too."""
    exam = replace(TINY, products=4, periods=65)
    learnt = Population(cv=(0.2, 0.7), backordered_share=0.0)
    brains = [make_brain(30.0, seed, learnt=learnt) for seed in (1, 2)]
    first, second = (examined(brain, SEED, exam) for brain in brains)
    every = examined(make_family(learnt=learnt), SEED, exam)
    family = [like for like in every if like.cost_ratio == 30.0]
    textbook = [like.textbook for like in first]
    assert [like.textbook for like in second] == textbook
    assert [like.textbook for like in family] == textbook
    assert [like.ratio for like in first] != [like.ratio for like in second]


def test_a_brain_that_says_what_the_textbook_says_does_as_well() -> None:
    """At every stage the newsvendor's z: the two columns of the card are one."""
    for brain in (make_brain(30.0), make_brain(30.0, stages=1)):
        likes = examined(saying(brain, float(safety_factor(30.0))), SEED, TINY)
        for like in likes:
            assert like.ratio == pytest.approx(like.textbook, rel=1e-4)


def test_a_brain_that_stocks_too_much_costs_more_than_theory() -> None:
    """Eight sigmas everywhere."""
    likes = examined(saying(make_brain(30.0), 8.0), SEED, TINY)
    assert all(like.ratio > 1.2 for like in likes)
    assert all(like.ratio > like.textbook for like in likes)


def test_between_two_ratios_on_the_card_a_promise_is_linear_in_the_logarithm() -> None:
    """And beyond them it is that of the nearest."""
    likes = (
        Like(100.0, SMOOTH, 1.0, 0.01, 1.2),
        Like(10.0, SMOOTH, 0.6, 0.01, 1.2),
        Like(10.0, LUMPY, 0.9, 0.01, 1.2),
    )
    brain = make_family(likes=likes)
    assert promised(brain, 10.0, SMOOTH) == pytest.approx(0.6)
    assert promised(brain, 10**1.25, SMOOTH) == pytest.approx(0.7)
    assert promised(brain, 0.1, SMOOTH) == pytest.approx(0.6)
    assert promised(brain, 3000.0, SMOOTH) == pytest.approx(1.0)
    assert promised(brain, 500.0, LUMPY) == pytest.approx(0.9)
    assert promised(brain, 10.0, WAITING) == np.inf


def test_every_product_is_promised_what_its_like_was() -> None:
    """Shape by shape, in the order of the products."""
    likes = tuple(
        like
        for ratio, shape in zip((0.6, 0.7, 0.8, 0.9), SHAPES, strict=True)
        for like in make_likes((10.0, 1000.0), ratio, (shape,))
    )
    shape = np.array([3, 0, 2, 1, 0])
    found = expected_ratio(make_family(likes=likes).card, np.geomspace(1, 1e4, 5), shape)
    np.testing.assert_allclose(found, [0.9, 0.6, 0.8, 0.7, 0.6])


def test_a_card_without_an_examination_promises_nothing() -> None:
    """Infinity: any other is better."""
    card = make_brain(10.0).card
    assert np.isinf(expected_ratio(card, np.full(4, 10.0), np.arange(4))).all()
