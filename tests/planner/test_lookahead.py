"""A price of space is right where it is the overflow price times the chance of overflow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.forecast import Forecast
from data.network import Network, Stage
from data.product import make_products
from data.scenario import Scenario
from data.stock import StockState
from envs.policies import SafetyStockRule, constant
from planner.lookahead import FIRST_DAY, WEEK, LookAhead, look_ahead_of
from planner.problem import DAYS_AHEAD, Problem, problem_of
from planner.situations import on_paths
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import START, closed_form

Z = np.array([[1.5, 1.0], [0.5, 0.2]])
OVERFLOW_PRICE = 5.0


def problem(*space: float) -> Problem:
    """Two steady products, 10 and 20 a day, and the given space at shelf and store."""
    return problem_of(with_limits(steady_task(), space or None).scenario, 16)


def look_ahead(of: Problem, seed: int = 1) -> LookAhead:
    """Ahead on futures of a seed."""
    return look_ahead_of(of, seed)


def prices(*space: float, seed: int = 1) -> np.ndarray:
    """Prices at shelf and store this morning."""
    of = problem(*space)
    return look_ahead(of, seed).prices(of.situation(), closed_form(of, Z))[0]


def test_space_without_a_limit_or_with_plenty_is_free() -> None:
    """Nobody pays for what nobody lacks."""
    assert not prices().any()
    assert not prices(1e6, 1e6).any()


def test_no_space_at_all_costs_its_full_price() -> None:
    """It is exceeded on every day whatever is ordered."""
    np.testing.assert_allclose(prices(0.0, np.inf), [OVERFLOW_PRICE, 0.0], rtol=1e-6)


def test_the_less_space_the_dearer() -> None:
    """From plenty to none the price never falls, and it stays below that of overflow."""
    found = [prices(space, np.inf)[0] for space in (200.0, 70.0, 55.0, 45.0, 35.0, 10.0)]
    assert (np.diff(found) >= 0).all()
    assert found[0] == 0
    assert 0 < found[2] < OVERFLOW_PRICE


@pytest.mark.parametrize("space", [(55.0, np.inf), (np.inf, 80.0), (50.0, 75.0)], ids=str)
def test_the_price_makes_itself_true(space: tuple[float, float]) -> None:
    """Ordering up to the advice at the price found, space is exceeded about as often as it says.

    The chance is counted on eight futures of twenty days, so it moves in steps.
    """
    of = problem(*space)
    ahead = look_ahead(of)
    price = ahead.prices(of.situation(), closed_form(of, Z))[0]
    futures = ahead._futures(0, 8)
    held = constant(closed_form(of, Z).at(of.situation(), price))
    rule = SafetyStockRule(of.outlook, held)
    trace = of.carried_out(rule, futures)
    over = trace.occupancy[:, FIRST_DAY:] > of.scenario.network.storage_capacity
    worth = OVERFLOW_PRICE * over.mean(axis=(0, 1))
    assert futures.shape[1] == DAYS_AHEAD
    np.testing.assert_allclose(price, worth, atol=0.12 * OVERFLOW_PRICE)


@pytest.mark.parametrize("space", [(55.0, 1000.0), (45.0, 75.0)], ids=str)
def test_all_stages_prices_are_true_together(space: tuple[float, float]) -> None:
    """Played at the prices found, each stage's is its overflow price times the chance seen."""
    of = problem(*space)
    ahead, advice, morning = look_ahead(of), closed_form(of, Z), of.situation()
    price = ahead.prices(morning, advice)
    (seen,) = ahead._use(morning, advice, price[:, None])
    worth = OVERFLOW_PRICE * seen.chance(np.array(space))
    np.testing.assert_allclose(price, worth, atol=0.02 * OVERFLOW_PRICE)


def test_a_sample_finds_the_prices_of_the_whole() -> None:
    """Of 400 products 100 are played; over eight seeds the two differ by no more than they vary."""
    of = many(400)
    advice, morning = closed_form(of, np.repeat(Z[:, :1], 400, axis=1)), of.situation()
    whole, sampled = (
        np.array([look_ahead_of(of, seed, n).prices(morning, advice)[0] for seed in range(8)])
        for n in (400, 100)
    )
    assert (whole.mean(axis=0) > 0.05).all()
    error = np.sqrt((whole.var(axis=0, ddof=1) + sampled.var(axis=0, ddof=1)) / 8)
    assert (np.abs(sampled.mean(axis=0) - whole.mean(axis=0)) < 3.5 * error).all()
    assert (sampled.std(axis=0) < 0.5 * whole.mean(axis=0)).all()


def test_a_sample_uses_space_and_varies_in_its_use_as_the_whole_does() -> None:
    """Its products stand for those like them in the mean and in the variance, over twelve seeds."""
    of = many(400)
    advice, morning = closed_form(of, np.repeat(Z[:, :1], 400, axis=1)), of.situation()

    def used(seed: int, products: int) -> np.ndarray:
        ahead = look_ahead_of(of, seed, products)
        (seen,) = ahead._use(*ahead._sampled(morning, advice), np.zeros((1, 1, 2)))
        return np.stack([seen.mean[0].mean(axis=0), np.square(seen.spread[0])])

    whole, sampled = (np.array([used(seed, n) for seed in range(12)]) for n in (400, 100))
    error = np.sqrt((whole.var(axis=0, ddof=1) + sampled.var(axis=0, ddof=1)) / 12)
    assert (np.abs(sampled.mean(axis=0) - whole.mean(axis=0)) < 3.5 * error).all()
    assert (error < 0.2 * whole.mean(axis=0)).all()


def test_few_products_are_all_played() -> None:
    """A sample as large as the whole is none, and finds the same prices to the bit."""
    of = problem(50.0, 75.0)
    assert look_ahead_of(of, 1, largest=2).sample is None
    sampled = look_ahead_of(of, 1, largest=1)
    assert sampled.sample is not None
    assert len(sampled.sample.products) == len(sampled.scenario.products) == 1


def test_a_schedule_of_a_sample_is_about_as_dear_as_the_wholes() -> None:
    """The rule is carried on with the sample alone."""
    of = many(400)
    advice = closed_form(of, np.repeat(Z[:, :1], 400, axis=1))
    whole, sampled = (
        look_ahead_of(of, 3, n).schedule(of.situation(), advice, 16) for n in (400, 150)
    )
    assert (whole > 0).all()
    np.testing.assert_allclose(sampled.mean(axis=0), whole.mean(axis=0), rtol=0.5)


def many(products: int) -> Problem:
    """Steady products of many sizes and volumes, space for nearly what they use."""
    rng = np.random.default_rng(9)
    mean = 10 ** rng.uniform(0, 1.5, products)
    made = make_products(
        missed_sale_cost=np.full(products, 20.0),
        holding_cost=np.ones(products),
        lead_time=rng.integers(1, 4, (2, products)),
        volume=10 ** rng.uniform(-1, 0.5, products),
        lot_size=np.zeros(products),
    )
    forecast = Forecast(START, np.tile(mean, (60, 1)), np.tile(0.8 * mean, (60, 1)))
    network = Network((Stage("shelf", 1, 1.0), Stage("store", 1, 0.5)))
    scenario = Scenario(network, made, forecast, _steady(mean, made.lead_time))
    free = problem_of(scenario, 20)
    advice = closed_form(free, np.repeat(Z[:, :1], products, axis=1))
    used = free.carried_out(SafetyStockRule(free.outlook, advice), free.sampled_demand(2, rng))
    room = np.quantile(used.occupancy[:, 10:], 0.2, axis=(0, 1))
    stages = tuple(
        replace(stage, storage_capacity=float(space), overflow_price=OVERFLOW_PRICE)
        for stage, space in zip(network.stages, room, strict=True)
    )
    return problem_of(replace(scenario, network=Network(stages)), 20)


def _steady(mean: np.ndarray, lead_time: np.ndarray) -> StockState:
    """A day's demand on every day of every way, and a few days' at every stage."""
    under_way = np.arange(int(lead_time.max())) < lead_time[..., None]
    on_hand = np.array([[3.0], [2.0]]) * mean
    return StockState(on_hand, np.where(under_way, mean[:, None], 0.0), np.zeros(len(mean)))


def test_the_same_seed_finds_the_same_prices() -> None:
    """To the bit."""
    assert prices(50.0, 75.0).tobytes() == prices(50.0, 75.0).tobytes()


def test_a_schedule_changes_its_prices_once_a_week() -> None:
    """One row per day; the rows of a week are alike."""
    of = problem(50.0, 75.0)
    schedule = look_ahead(of).schedule(of.situation(), closed_form(of, Z), 16)
    assert schedule.shape == (16, 2)
    changed = np.flatnonzero(np.diff(schedule, axis=0).any(axis=1)) + 1
    assert set(changed) <= {WEEK, 2 * WEEK}
    assert (schedule > 0).any()


def test_half_of_a_scheduled_price_is_last_weeks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A week at 4, then one that finds 0 and a third that finds 0 again: 4, 2 and 1."""
    of = problem(50.0, 75.0)
    found = iter(([4.0, 0.0], [0.0, 0.0], [0.0, 0.0]))
    monkeypatch.setattr(LookAhead, "_found", lambda *_: np.array([next(found)]))
    schedule = look_ahead(of).schedule(of.situation(), closed_form(of, Z), 16)
    assert schedule[:, 0].tolist() == [4.0] * WEEK + [2.0] * WEEK + [1.0] * 2


def test_a_schedule_of_free_space_is_free() -> None:
    """On every day."""
    of = problem()
    assert not look_ahead(of).schedule(of.situation(), closed_form(of, Z), 9).any()


def test_every_path_finds_the_prices_it_would_find_alone() -> None:
    """A full chain, an empty one and one that knows last week's; free space stays free."""
    of = problem(50.0, 75.0)
    ahead, advice, morning = look_ahead(of), closed_form(of, Z), of.situation(3)
    stock = morning.state.on_hand * np.array([1.0, 0.0, 3.0])[:, None, None]
    morning = replace(morning, state=replace(morning.state, on_hand=stock))
    last = np.array([[0.0, 0.0], [1.0, 0.5], [0.0, 0.0]])
    together = ahead.prices(morning, advice, last)
    for path in range(3):
        alone = on_paths(morning, slice(path, path + 1))
        found = ahead.prices(alone, advice, last[path : path + 1])
        np.testing.assert_allclose(found[0], together[path], rtol=1e-9)
    assert (together > 0).any(axis=1).all()
    roomy = problem(1e6, 1e6)
    assert not look_ahead(roomy).prices(roomy.situation(2), closed_form(roomy, Z)).any()


def test_looking_ahead_leaves_the_present_as_it_is() -> None:
    """The situation it starts from is not played away."""
    of = problem(50.0, 75.0)
    morning = of.situation()
    before = replace(morning.state)
    kept = before.on_hand.copy(), before.pipeline.copy()
    look_ahead(of).prices(morning, closed_form(of, Z))
    np.testing.assert_array_equal(morning.state.on_hand, kept[0])
    np.testing.assert_array_equal(morning.state.pipeline, kept[1])
