"""Stretches that are too quiet to be chance, and those that are not."""

from __future__ import annotations

import numpy as np
import pytest

from data.stock_outs import RARE, silences

DAYS, PRODUCTS = 730, 150


def found_in(sold: np.ndarray) -> tuple[list[tuple[int, int, int]], list[int]]:
    """Product, begin and end of the runs that ended; products that are silent to the end."""
    counted = np.logical_or.accumulate(sold, axis=0)
    ended, lasting = silences(sold, counted, np.ones(len(sold), bool), 0)
    runs = zip(ended.product.tolist(), ended.begin.tolist(), ended.end.tolist(), strict=True)
    return list(runs), lasting.product.tolist()


def chance(share: np.ndarray | float, seed: int) -> np.ndarray:
    """Products that sell on each day with the probabilities `share`, independently."""
    return np.random.default_rng(seed).random((DAYS, PRODUCTS)) < share


@pytest.mark.parametrize("share", [0.03, 0.2, 0.5, 0.9, 0.995])
@pytest.mark.parametrize("seed", [1, 2])
def test_chance_is_not_taken_for_a_stock_out(share: float, seed: int) -> None:
    """At one false alarm in a hundred files, ten files have none but by a rare accident."""
    assert RARE == 0.01
    assert found_in(chance(share, seed)) == ([], [])


def test_a_season_is_not_taken_for_a_stock_out() -> None:
    """Products that sell in the last quarter of every year only."""
    share = np.where(np.arange(DAYS) % 365 > 270, 0.9, 0.0)
    ended, _ = found_in(chance(share[:, None], 3))
    assert ended == []


def test_demand_in_clusters_is_not_taken_for_a_stock_out() -> None:
    """Days on which the product sells come in runs, and so do those on which it does not."""
    rng = np.random.default_rng(4)
    sold = np.zeros((DAYS, PRODUCTS), dtype=bool)
    state = rng.random(PRODUCTS) < 0.5
    for day in range(DAYS):
        stays = rng.random(PRODUCTS) < 0.8
        state = np.where(stays, state, rng.random(PRODUCTS) < 0.5)
        sold[day] = state
    assert found_in(sold) == ([], [])


@pytest.mark.parametrize(("share", "length"), [(0.995, 9), (0.9, 16), (0.5, 50), (0.2, 150)])
def test_a_planted_stock_out_is_found_with_its_days(share: float, length: int) -> None:
    """The more often a product sells, the shorter a silence gives it away."""
    sold = chance(share, 5)
    sold[300 : 300 + length, 7] = False
    ended, lasting = found_in(sold)
    assert [run[0] for run in ended] == [7]
    assert lasting == []
    ((_, begin, end),) = ended
    assert begin <= 300
    assert end >= 300 + length
    assert not sold[begin:end, 7].any()
    assert sold[begin - 1, 7]
    assert sold[end, 7]


def test_a_silence_to_the_end_is_no_stock_out_that_ended() -> None:
    """It may be the end of the product's life."""
    sold = chance(0.9, 6)
    sold[600:, 3] = False
    assert found_in(sold) == ([], [3])


def test_a_product_that_never_sold_or_is_new_says_nothing() -> None:
    """Too little is known to call anything incredible."""
    sold = chance(0.9, 7)
    sold[:, 0] = False
    sold[:710, 1] = False
    sold[:, 2] = False
    sold[:10, 2] = True
    sold[400:, 2] = True
    assert found_in(sold) == ([], [])


def test_days_on_which_the_business_is_closed_do_not_count() -> None:
    """Two months of holidays are no stock-out."""
    sold = chance(0.9, 8)
    opened = np.ones(DAYS, dtype=bool)
    opened[300:360] = False
    sold[~opened] = False
    counted = np.logical_or.accumulate(sold, axis=0) & opened[:, None]
    ended, _ = silences(sold, counted, opened, 0)
    assert len(ended) == 0


def test_products_do_not_depend_on_their_order() -> None:
    """Shuffled products are found shuffled."""
    sold = chance(0.9, 9)
    sold[300:320, 7] = False
    order = np.random.default_rng(1).permutation(PRODUCTS)
    ((product, *days),) = found_in(sold)[0]
    ((shuffled, *same),) = found_in(sold[:, order])[0]
    assert order[shuffled] == product
    assert days == same
