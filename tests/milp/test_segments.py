"""What a unit of stock is worth: nothing more at the target, ever less beyond it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from data.demand import law, loss_function
from data.outlook import Windows, outlook_of
from milp.segments import BREAKS, SMALLEST_SLOPE, Segments, Worth, cut
from tests.milp.conftest import random_task, steady_task

MIDDLE = np.append((BREAKS[:-1] + BREAKS[1:]) / 2, BREAKS[-1] + 0.6)


def segments_of(seed: int) -> tuple[Segments, Worth, list[Windows]]:
    """The segments of a random task."""
    task = random_task(seed)
    scenario = task.scenario
    worth = Worth(task.z, scenario.holding_cost, scenario.products.missed_sale_cost, scenario.law)
    windows = [task.outlook.windows(task.period + t) for t in range(task.periods)]
    return cut(worth, windows, scenario.products.lead_time), worth, windows


def steady(z: tuple[float, ...], std: float = 5.0, periods: int = 12) -> Segments:
    """One product of 10 a day in a chain of lead times 1, 2, .. at the given safety factors."""
    lead_time = (1, 2, 1)[: len(z)]
    task = steady_task(products=1, lead_time=lead_time, periods=periods)
    outlook = type(task.outlook)(
        np.full((90, 1), 10.0), np.full((90, 1), std), task.outlook.lead_time
    )
    windows = [outlook.windows(t) for t in range(periods)]
    holding = 0.5 ** np.arange(len(z))[:, None]
    worth = Worth(np.array(z)[:, None], holding, np.array([50.0]), "normal")
    return cut(worth, windows, task.scenario.products.lead_time)


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_worth_is_convex_and_turns_exactly_at_the_target(seed: int) -> None:
    """Every unit up to the target saves money, every unit beyond it costs some, ever more."""
    segments, worth, _ = segments_of(seed)
    below = BREAKS < 0
    assert (segments.price[..., below] < 0).all()
    assert (segments.price[..., ~below] > 0).all()
    assert (np.diff(segments.price, axis=-1) >= 0).all()
    assert (segments.deep >= -segments.price[..., 0]).all(), "a unit lacking is dearest of all"
    assert (segments.deep > 0).all()
    tiny = SMALLEST_SLOPE * worth.holding[..., None]
    assert (np.abs(segments.price) >= tiny * (1 - 1e-12)).all(), "flat nowhere"


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_unit_more_is_more_often_on_hand_the_higher_the_level(seed: int) -> None:
    """Presence is a chance: between 0 and 1, and rising with the segment."""
    segments, _, windows = segments_of(seed)
    assert ((segments.presence >= 0) & (segments.presence <= 1)).all()
    assert (np.diff(segments.presence, axis=-1) >= 0).all()
    certain = np.stack([window.std for window in windows]) <= 0
    assert (segments.presence[certain] == 1).all()
    assert (segments.least >= 0).all()


def test_one_shelf_aims_at_z_sigma() -> None:
    """Segments begin 3.5 sigma below z sigma and the ones below the target end there."""
    segments = steady((1.5,))
    sigma = 5.0 * np.sqrt(2)
    assert segments.first == pytest.approx((1.5 - 3.5) * sigma)
    reached = segments.first[..., None] + np.cumsum(segments.width, axis=-1)
    zero = int(np.flatnonzero(BREAKS == 0)[0])
    assert reached[..., zero - 1] == pytest.approx(1.5 * sigma)


def test_slopes_are_those_of_the_newsvendor() -> None:
    """h (1 - S) - p S at the middle of a segment, p = h (1 - S*) / S*, by hand."""
    segments = steady((1.2,))
    short_at_target = 1 - ndtr(1.2)
    implied = (1 - short_at_target) / short_at_target
    short = 1 - ndtr(1.2 + MIDDLE)
    expected = (1 - short) - implied * short
    assert segments.price[0, 0, 0] == pytest.approx(np.maximum(expected, -50.0), rel=1e-9)


def test_the_shelf_knows_the_law_of_its_demand() -> None:
    """Lognormal demand runs out more often at z = 2 than normal demand does, so less is implied."""
    outlook = outlook_of(steady_task().scenario, 4)
    windows = [outlook.windows(0)]
    z, lead_time = np.full((2, 2), 2.0), np.array([[1, 1], [2, 2]])
    worth = {
        name: cut(Worth(z, np.ones((2, 2)), np.full(2, 900.0), name), windows, lead_time)
        for name in ("normal", "lognormal")
    }
    window = windows[0]
    level = window.mean[0] + 2.0 * window.std[0]
    for name, segments in worth.items():
        short = law(name)(window.mean[0], window.std[0]).survival(level)
        assert segments.deep[0, 0] == pytest.approx((1 - short) / short)
    assert (worth["lognormal"].deep[0, 0] < worth["normal"].deep[0, 0]).all()
    np.testing.assert_array_equal(worth["lognormal"].price[0, 1], worth["normal"].price[0, 1])


def test_a_factor_implies_at_most_five_times_the_missed_sale() -> None:
    """At z = 2 with a missed sale of 2 and holding of 2, by hand: p = 5 x 2, not 2 x 42."""
    window = Windows(*(np.full((1, 1), value) for value in (20.0, 7.0, 20.0, 7.0)))
    worth = Worth(np.array([[2.0]]), np.array([[2.0]]), np.array([2.0]), "normal")
    segments = cut(worth, [window], np.array([[1]]))
    short = 1 - ndtr(2.0 + MIDDLE)
    expected = np.maximum(2.0 * (1 - short) - 10.0 * short, -2.0)
    steep = MIDDLE < -1.0
    assert segments.price[0, 0, 0, steep] == pytest.approx(expected[steep])
    assert (segments.price[0, 0, 0, (MIDDLE > -1.0) & (MIDDLE < 0)] < 0).all()


def test_an_extreme_factor_implies_no_absurd_shortage_cost() -> None:
    """At z = 9 a textbook would imply millions; a missed sale counts at most once."""
    segments = steady((9.0,))
    assert segments.deep.max() <= 50.0
    assert segments.price.min() >= -50.0


def test_stock_at_the_first_break_is_the_newsvendors() -> None:
    """Expected stock at z - 3.5 upstream: sigma E[(z - 3.5 + Z)+]."""
    segments = steady((1.0, 2.0))
    sigma = 5.0 * np.sqrt(3)
    assert segments.least[0, 1, 0] == pytest.approx(sigma * loss_function(-(2.0 - 3.5)))


def test_a_short_store_lowers_the_shelfs_hope_after_its_lead_time() -> None:
    """With z = (1, -1): until the store's order could come down the shelf aims at its own z."""
    shelf, store = 5.0 * np.sqrt(2), 5.0 * np.sqrt(3)
    target = steady((1.0, -1.0)).first + 3.5 * np.array([shelf, store])[:, None]
    assert target[:3, 0, 0] == pytest.approx(shelf)
    assert target[3:, 0, 0] == pytest.approx(shelf - store)
    assert target[:, 1, 0] == pytest.approx(0.0), "the store keeps nothing back"


def test_a_well_stocked_store_aims_at_its_own_safety_stock() -> None:
    """With z above 0 at the store the shelf's target stays and the store's is z sigma."""
    shelf, store = 5.0 * np.sqrt(2), 5.0 * np.sqrt(3)
    target = steady((1.0, 0.5)).first + 3.5 * np.array([shelf, store])[:, None]
    assert target[:, 0, 0] == pytest.approx(shelf)
    assert target[:, 1, 0] == pytest.approx(0.5 * store)


def test_without_uncertainty_the_target_is_the_forecast_itself() -> None:
    """Segments have no width, all of a unit is there, and below the forecast a sale is missed."""
    segments = steady((1.5, 0.5), std=0.0)
    assert not segments.first.any()
    assert not segments.width.any()
    assert not segments.least.any()
    assert (segments.presence == 1).all()
    assert np.isfinite(segments.price).all()
    assert (segments.deep > 0).all()


def test_a_world_known_to_be_certain_needs_one_segment() -> None:
    """The others have no width; what is left is worth the same."""
    task = steady_task()
    windows = [Windows(*(np.full((2, 2), value) for value in (20.0, 0.0, 20.0, 0.0)))]
    worth = Worth(task.z, np.ones((2, 2)), np.full(2, 50.0))
    lead_time = task.scenario.products.lead_time
    whole, short = (cut(worth, windows, lead_time, certain) for certain in (False, True))
    assert short.width.shape[-1] == 0
    np.testing.assert_array_equal(short.price, whole.price[..., -1:])
    np.testing.assert_array_equal(short.presence, whole.presence[..., -1:])
    np.testing.assert_array_equal(short.deep, whole.deep)
