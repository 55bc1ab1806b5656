"""Nobody can do better than the bounds say, and the bounds are as low as claimed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import poisson

from envs.reference.ten_products import DAYS, Assortment, Episodes, draw, follow, replay
from envs.reference.ten_products_bounds import clairvoyant, perfect_chance
from envs.reference.ten_products_levels import CELLS, Factors


def single(opening: float, lead_time: int, mean: float) -> Assortment:
    """One episode of one product."""
    return Assortment(
        np.array([[opening]]), np.array([[lead_time]]), np.array([[mean]]), np.array([[2.0]])
    )


def test_knowing_all_demand_is_best_in_every_part() -> None:
    """Episode by episode, against rules of every temper."""
    rng = np.random.default_rng(2)
    assortment = draw(rng, 60)
    demand = assortment.demand(rng)
    best = replay(assortment, demand, clairvoyant(assortment, demand))
    for z in (-1.0, 0.5, 1.5, 3.0):
        other = follow(assortment, demand, Factors(np.full(CELLS, z)))
        for part in ("holding", "unmet", "excess", "bonus", "perfect", "reward"):
            assert (getattr(best, part) >= getattr(other, part) - 1e-9).all(), part


def test_knowing_all_demand_leaves_only_what_cannot_be_helped() -> None:
    """Days 0 and 1 live on the opening stock of 5; demand of 4 a day leaves 3 unmet."""
    assortment, demand = single(5.0, 2, 4.0), np.full((6, 1, 1), 4.0)
    record = replay(assortment, demand, clairvoyant(assortment, demand))
    assert record.unmet[0] == -3.0
    assert record.perfect[0] == 5
    assert record.holding[0] == pytest.approx(-0.01)
    assert record.served[0] == 21.0


def test_three_days_in_ten_can_be_perfect_at_most() -> None:
    """From such openings 29 % of days, if all demand is known: the mean over many months."""
    rng = np.random.default_rng(3)
    assortment = draw(rng, 800)
    demand = assortment.demand(rng)
    share = replay(assortment, demand, clairvoyant(assortment, demand)).perfect / DAYS
    error = share.std(ddof=1) / np.sqrt(len(share))
    assert abs(share.mean() - 0.29) < 4 * error


def test_the_chance_of_one_product_is_that_of_the_best_level() -> None:
    """From an empty shelf, day 4 at a lead time of 1: the best window of Poisson(6), by hand."""
    chance = perfect_chance(single(0.0, 1, 3.0))[0, 4]
    best = max(poisson.cdf(y, 6.0) - poisson.cdf(y - 10, 6.0) for y in range(40))
    assert chance == pytest.approx(best)


def test_before_the_first_delivery_there_is_nothing_to_choose() -> None:
    """Day 0 from a stock of 5 at a mean of 2: between 0 and 5 units are wanted, 6 may be left."""
    chance = perfect_chance(single(5.0, 3, 2.0))[0, 0]
    assert chance == pytest.approx(poisson.cdf(5, 2.0))
    crowded = perfect_chance(single(30.0, 3, 2.0))[0, 0]
    assert crowded == pytest.approx(poisson.sf(23, 2.0), abs=1e-12)


def test_days_after_full_lead_times_keep_to_the_chance() -> None:
    """Of one product at several levels: perfect days whose lead time lost no sale."""
    mean, lead_time, days = 4.0, 2, 12
    rng = np.random.default_rng(5)
    paths = 4000
    assortment = Assortment(
        np.full((paths, 1), 15.0),
        np.full((paths, 1), lead_time),
        np.full((paths, 1), mean),
        np.full((paths, 1), 2.0),
    )
    demand = rng.poisson(mean, (days, paths, 1)).astype(float)
    bound = perfect_chance(assortment, days)[0]
    for z in (0.5, 1.0, 2.0):
        episodes = Episodes(assortment, demand)
        rule, short, well = Factors(np.full(CELLS, z)), [], []
        while not episodes.over:
            day = episodes.step(rule(episodes))
            short.append(day.short[:, 0])
            well.append(day.perfect)
        for day in range(lead_time, days):
            served = ~np.any(short[day - lead_time : day + 1], axis=0)
            share = (well[day] & served).mean()
            assert share <= bound[day] + 4 * np.sqrt(0.25 / paths)
