"""What is taught: products of one ratio or of many, and the constants to start from."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from brain.constants import Search
from brain.lesson import FAMILY_RATIOS, ClassLesson, FamilyLesson, at_price
from brain.population import Population, SampledProducts
from brain.pricing import HIGHEST_RATIO, LOWEST_RATIO
from data.errors import ConfigurationError

LANES = 4000
TINY = Search(generations=2, candidates=4, elite=2, lanes=16, periods=80)


@pytest.fixture(autouse=True)
def _a_quick_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the constants of customers who wait, too."""
    monkeypatch.setattr("brain.lesson.QUICK_SEARCH", TINY)


def rng() -> np.random.Generator:
    """The same every time."""
    return np.random.default_rng(21)


def test_a_class_has_one_ratio() -> None:
    """All its products have it."""
    lesson = ClassLesson(30.0)
    assert lesson.ratios == (30.0, 30.0)
    np.testing.assert_array_equal(lesson.sample(rng(), 10).cost_ratio, 30.0)
    assert lesson.command == "--ratio 30"
    assert ClassLesson(2.5, Population(2)).command == "--ratio 2.5 --stages 2"


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("inf"), float("nan")])
def test_a_cost_ratio_that_is_no_ratio_is_refused(ratio: float) -> None:
    """By a sentence."""
    with pytest.raises(ConfigurationError, match="above 0"):
        ClassLesson(ratio)


@pytest.mark.parametrize("stages", range(1, 6))
def test_the_family_has_all_ratios_between_its_bounds(stages: int) -> None:
    """Whatever the prices, and it reaches towards both ends."""
    lesson = FamilyLesson(Population(stages))
    assert lesson.ratios == (LOWEST_RATIO, HIGHEST_RATIO)
    products = lesson.sample(rng(), LANES)
    assert products.cost_ratio.min() >= LOWEST_RATIO
    assert products.cost_ratio.max() <= HIGHEST_RATIO
    assert (products.cost_ratio < 1).mean() > 0.01
    assert (products.cost_ratio > 1000).mean() > 0.02
    assert products.holding_share.shape == (stages, LANES)
    np.testing.assert_allclose(products.holding_share[0], 1)
    assert (products.holding_share > 0).all()
    assert lesson.command == ("--family" if stages == 3 else f"--family --stages {stages}")


def test_prices_are_drawn_as_stated() -> None:
    """Free for the stated shares of products and stages; within the bounds times a volume."""
    lesson = FamilyLesson()
    products, price = lesson.priced(rng(), LANES)
    assert price.shape == (3, LANES)
    lowest, highest = (a * b for a, b in zip(lesson.price, lesson.volume, strict=True))
    charged = price[price > 0]
    assert lowest <= charged.min() < 2 * lowest
    assert highest / 2 < charged.max() <= highest
    some = (price > 0).any(axis=0)
    free = lesson.free_share + (1 - lesson.free_share) * lesson.free_stage_share**3
    assert abs((~some).mean() - free) < 4.5 * np.sqrt(free * (1 - free) / LANES)
    staged = (price[:, some] > 0).mean()
    expected = (1 - lesson.free_stage_share) / (1 - lesson.free_stage_share**3)
    assert abs(staged - expected) < 0.02
    low, high = lesson.cost_ratio
    assert low <= products.cost_ratio.min()
    assert products.cost_ratio.max() <= high


def same_but(first: SampledProducts, second: SampledProducts, *names: str) -> None:
    """All equal, to the bit, but for these fields."""
    for field in fields(SampledProducts):
        if field.name not in names:
            np.testing.assert_array_equal(getattr(first, field.name), getattr(second, field.name))


def test_what_is_taught_is_what_prices_make_of_what_is_drawn() -> None:
    """Only ratio and holding costs change, and neither where space is free."""
    lesson = FamilyLesson()
    taught = lesson.sample(rng(), LANES)
    drawn, price = lesson.priced(rng(), LANES)
    same_but(taught, drawn, "cost_ratio", "holding_share")
    free = ~price.any(axis=0)
    np.testing.assert_array_equal(taught.holding_share[:, free], drawn.holding_share[:, free])
    expected = np.minimum(drawn.cost_ratio[free], HIGHEST_RATIO)
    np.testing.assert_array_equal(taught.cost_ratio[free], expected)
    cheapened = ~free & (~drawn.backordered | (price[0] > 0))
    assert (taught.cost_ratio < drawn.cost_ratio)[cheapened].all()


def test_at_price_0_products_stay_as_they_are() -> None:
    """To the bit."""
    products = ClassLesson(30.0).sample(rng(), 50)
    same_but(at_price(products, np.zeros((3, 50))), products)


def test_a_price_at_the_shelf_is_shared_by_all_that_is_dearer() -> None:
    """Holding 1 + 1 at the shelf: half the ratio less the price, (0.5 + 0.5) / 2 upstream."""
    products = replace(
        ClassLesson(9.0).sample(rng(), 2),
        holding_share=np.array([[1.0, 1.0], [0.5, 0.5], [0.2, 0.2]]),
        backordered=np.array([False, True]),
    )
    priced = at_price(products, np.array([[1.0, 1.0], [0.5, 0.5], [0.0, 0.0]]))
    np.testing.assert_allclose(priced.cost_ratio, [(9 - 1.5) / 2, 9 / 2])
    np.testing.assert_allclose(priced.holding_share, [[1, 1], [0.5, 0.5], [0.1, 0.1]])


@pytest.mark.parametrize("lesson", [ClassLesson(30.0), FamilyLesson()])
def test_a_plain_lesson_has_nothing_out_of_the_ordinary(lesson) -> None:
    """And is the same otherwise."""
    assert lesson.plain.population == lesson.population.plain
    assert replace(lesson.plain, population=lesson.population) == lesson
    assert not lesson.plain.sample(rng(), 500).backordered.any()


@pytest.mark.parametrize("stages", [1, 4])
def test_a_class_starts_from_constants_for_both_kinds_of_customers(stages: int) -> None:
    """One row each, found apart; holding costs are as they come."""
    centre = ClassLesson(30.0, Population(stages)).centre(rng(), TINY)
    assert centre.ratios == (30.0,)
    assert np.shape(centre.lost) == np.shape(centre.waiting) == (1, stages)
    assert centre.lost != centre.waiting
    assert centre.usual_share == ()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_customers_of_one_kind_need_one_search(share: float) -> None:
    """Its constants stand for the kind that is never met."""
    population = Population(2, backordered_share=share)
    centre = ClassLesson(30.0, population).centre(rng(), TINY)
    assert centre.lost == centre.waiting


@pytest.mark.parametrize("stages", [1, 3])
def test_the_family_starts_from_constants_over_its_whole_range(stages: int) -> None:
    """At rising ratios, which make for rising stock at the shelf."""
    search = replace(TINY, generations=4, candidates=8, elite=3, lanes=32)
    centre = FamilyLesson(Population(stages)).centre(rng(), search)
    assert centre.ratios == FAMILY_RATIOS
    assert np.shape(centre.lost) == np.shape(centre.waiting) == (len(FAMILY_RATIOS), stages)
    assert centre.usual_share == (0.7, 0.35)[: stages - 1]
    shelf = [row[0] for row in centre.lost]
    assert shelf[0] + 1 < shelf[-1]
