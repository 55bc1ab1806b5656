"""The shelf by the hour: what an hour earns, by hand; the optimum; and the environment."""

from __future__ import annotations

from dataclasses import fields, replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_for_baselines

from data.shop import Shop
from envs.reference.store_clearance import (
    FEATURES,
    WEEK,
    Action,
    Economics,
    Money,
    Scenarios,
    Shelves,
    Store,
    draw,
    store_of,
)
from envs.reference.store_clearance_env import StoreClearanceEnv, StoreLanes, usual_store, worth
from envs.reference.store_clearance_policies import (
    Threshold,
    always,
    at_random,
    follow,
    optimum,
)


def flat(mean: float = 2.0, **terms: int) -> Store:
    """A shelf for one product, wanted alike in every hour."""
    return Store(np.full((1, WEEK), mean), **terms)


def facing(store: Store, *demand: float) -> Shelves:
    """One episode with this demand, from the first hour of the week."""
    hours = np.array(demand)[:, None]
    store = replace(store, hours=len(hours))
    return Shelves(store, Scenarios(np.zeros(1, int), np.zeros(1, int), hours))


def test_only_what_is_there_is_sold() -> None:
    """7 of 10 wanted: 35 earned, three customers lost; then nothing is left to sell."""
    shelves = facing(flat(opening=7), 10.0, 4.0)
    money = shelves.step(np.array([Action.HOLD]))
    assert money.revenue[0] == 35.0
    assert money.stock_out[0] == -3.0
    assert money.holding[0] == 0.0
    assert shelves.step(np.array([Action.HOLD])).revenue[0] == 0.0
    assert shelves.record().short_hours[0] == 2


def test_an_order_is_paid_and_sold_within_the_hour_as_far_as_there_is_room() -> None:
    """30 bought at 3; where only 10 fit, 10 are bought."""
    shelves = facing(flat(opening=0), 5.0)
    money = shelves.step(np.array([Action.ORDER]))
    assert money.purchases[0] == -90.0
    assert money.revenue[0] == 25.0
    full = facing(flat(opening=490), 0.0)
    assert full.step(np.array([Action.ORDER])).purchases[0] == -30.0
    assert full.stock[0] == 500.0


def test_customers_come_before_clearance() -> None:
    """Of 40 units, 25 are sold at the price, the other 15 of a lot of 30 at the markdown."""
    shelves = facing(flat(opening=40), 25.0)
    money = shelves.step(np.array([Action.CLEAR]))
    assert money.revenue[0] == 125.0
    assert money.markdown[0] == 22.5
    assert money.stock_out[0] == 0.0
    assert shelves.stock[0] == 0.0
    short = facing(flat(opening=10), 25.0)
    assert short.step(np.array([Action.CLEAR])).markdown[0] == 0.0


def test_what_is_left_at_the_end_has_its_worth() -> None:
    """At the markdown price, in the last hour only; every unit held costs its hour."""
    shelves = facing(flat(opening=20), 0.0, 5.0)
    first = shelves.step(np.array([Action.HOLD]))
    last = shelves.step(np.array([Action.HOLD]))
    assert (first.left_over[0], last.left_over[0]) == (0.0, 22.5)
    assert first.holding[0] == pytest.approx(-0.4)
    assert last.profit[0] == pytest.approx(25.0 + 22.5 - 0.3)


def test_no_unit_appears_or_vanishes_and_the_parts_add_up() -> None:
    """Opening stock and purchases are sold, cleared or left; the profit is the sum of its parts."""
    store = usual_store()
    rng = np.random.default_rng(1)
    scenarios = draw(store, rng, 50)
    shelves, rule = Shelves(store, scenarios), at_random(rng)
    total = np.zeros(50)
    while not shelves.over:
        total += shelves.step(rule(shelves)).profit
    record = shelves.record()
    sold = record.demanded - record.lost
    np.testing.assert_allclose(
        store.opening + record.ordered, sold + record.cleared + shelves.stock
    )
    np.testing.assert_allclose(record.money.profit, total)
    np.testing.assert_allclose(record.money.revenue, 5.0 * sold)
    np.testing.assert_allclose(record.money.stock_out, -record.lost)
    parts = sum(getattr(record.money, one.name) for one in fields(Money))
    np.testing.assert_allclose(parts, total)


def test_emptying_the_shelf_does_not_pay() -> None:
    """Where much is wanted, clearing all the time loses money; a rule that looks earns most."""
    store = flat(8.0)
    scenarios = draw(store, np.random.default_rng(2), 200)
    clear, hold, rule = (
        follow(store, scenarios, one).money.profit
        for one in (always(Action.CLEAR), always(Action.HOLD), Threshold())
    )
    assert clear.mean() < 0 < hold.mean() < rule.mean()


def test_the_threshold_rule_sees_the_stock() -> None:
    """Orders below 100, clears above 400, holds from the one to the other, both included."""
    store = flat(hours=5)
    shelves = Shelves(store, draw(store, np.random.default_rng(0), 5))
    shelves.state.on_hand[0, 0] = [99.0, 100.0, 250.0, 400.0, 401.0]
    assert Threshold()(shelves).tolist() == [0, 1, 1, 1, 2]


def test_prices_that_would_mint_money_cannot_exist() -> None:
    """Nor shelves that are none."""
    with pytest.raises(ValueError, match="must rise"):
        Economics(markdown=4.0)
    with pytest.raises(ValueError, match="expected"):
        Store(np.ones((1, 24)))
    with pytest.raises(ValueError, match="fit in the capacity"):
        flat(opening=501)
    with pytest.raises(ValueError, match="finite"):
        flat(np.nan)


def test_the_optimum_of_one_hour_is_the_best_of_three_sums() -> None:
    """An hour from an empty shelf, demand sure to be 0: buy nothing; with plenty wanted: buy."""
    never = optimum(flat(0.0, hours=1, opening=0), 0)
    assert never.profit[0] == 0.0
    much = optimum(flat(300.0, hours=1, opening=0), 0)
    # All 30 are sold: 30 x (5 - 3), and 300 - 30 customers are lost.
    assert much.profit[0] == pytest.approx(60.0 - 270.0, abs=1e-6)
    assert much.best[0, 0, 0] == Action.ORDER


def test_stock_that_nobody_wants_is_cleared_at_once() -> None:
    """A lot an hour; the units of hour n have been held for n hours."""
    store = flat(0.0, hours=4, opening=90)
    found = optimum(store, 0)
    held = 0.02 * (60 + 30)
    assert found.profit[0] == pytest.approx(90 * 1.5 - held)


def test_the_optimum_earns_what_it_promises_and_beats_the_rules() -> None:
    """Within standard errors on many episodes, and by far more than those above any rule."""
    store = replace(usual_store(), hours=30, capacity=150, opening=100)
    found = optimum(store, 0)
    scenarios = draw(store, np.random.default_rng(7), 3000, 0)
    profit = follow(store, scenarios, found).money.profit
    promised = found.profit[scenarios.start]
    gap = profit - promised
    assert abs(gap.mean()) < 4 * gap.std(ddof=1) / np.sqrt(len(gap))
    for rule in (Threshold(40, 120), Threshold(20, 100), always(Action.HOLD)):
        ahead = profit - follow(store, scenarios, rule).money.profit
        assert ahead.mean() > 4 * ahead.std(ddof=1) / np.sqrt(len(ahead))


def test_what_is_seen_is_what_the_features_say() -> None:
    """Stock, sales, circles of day and hour, hours left, demand to come, cover."""
    store = usual_store()
    scenarios = Scenarios(np.zeros(1, int), np.array([30]), np.full((store.hours, 1), 4.0))
    shelves = Shelves(store, scenarios)
    shelves.step(np.array([Action.HOLD]))
    seen = dict(zip(FEATURES, shelves.seen()[0], strict=True))
    assert seen["stock"] == 246.0
    assert seen["last_sales"] == 4.0
    assert seen["hours_left"] == store.hours - 1
    assert seen["next_hour"] == pytest.approx(store.mean[0, 31])
    assert seen["next_6_hours"] == pytest.approx(store.mean[0, 31:37].sum())
    rest = (31 + np.arange(store.hours - 1)) % WEEK
    assert seen["to_the_end"] == pytest.approx(store.mean[0, rest].sum())
    assert seen["hours_of_cover"] == pytest.approx(246.0 / store.mean[0, 31:55].mean())
    assert np.arctan2(seen["hour_sin"], seen["hour_cos"]) == pytest.approx(2 * np.pi * 7 / 24)


def test_a_shop_becomes_shelves() -> None:
    """Its order lines an hour, times what each stands for."""
    lines = np.zeros((1, 7, 24), int)
    lines[0, 1, 2] = 12
    shop = Shop(np.array([1]), np.array(["Tea"]), lines, weeks=4.0, orders=12, customers=3)
    store = store_of(shop, 2.0)
    assert store.mean[0, 26] == 6.0
    assert store.mean.sum() == 6.0


def test_the_environment_passes_both_checkers() -> None:
    """Gymnasium's own, and that of Stable-Baselines3."""
    check_env(gymnasium.make("echelon/StoreClearance-v0").unwrapped, skip_render_check=True)
    check_for_baselines(StoreClearanceEnv())


def test_the_environment_plays_the_same_hours_for_a_seed() -> None:
    """To the bit; an episode's profit is the sum of its rewards."""
    env, again = StoreClearanceEnv(), StoreClearanceEnv()
    assert env.scene() == {}
    one, _ = env.reset(seed=4)
    two, _ = again.reset(seed=4)
    np.testing.assert_array_equal(one, two)
    earned, over = 0.0, False
    while not over:
        action = np.int64(Action.ORDER if env.scene()["stock"] < 60 else Action.HOLD)
        _, reward, over, _, info = env.step(action)
        assert again.step(action)[1] == reward
        earned += reward
    assert info["told"]["reward"] == pytest.approx(earned)
    with pytest.raises(RuntimeError, match="reset"):
        env.step(np.int64(1))


def test_stock_is_worth_its_cost_as_far_as_it_is_likely_to_be_sold() -> None:
    """100 hours of one unit: of 250 units 100 count at 3, the others at 1.5."""
    shelves = Shelves(flat(1.0), draw(flat(1.0), np.random.default_rng(0), 1))
    assert worth(shelves)[0] == pytest.approx(100 * 3.0 + 150 * 1.5)


def test_lanes_earn_the_profit_less_what_no_policy_can_change() -> None:
    """The worth of the opening stock, and the margin of all that was wanted."""
    store = usual_store()
    lanes = StoreLanes(store, 6)
    lanes.reset(np.random.default_rng(3))
    opening = worth(Shelves(store, draw(store, np.random.default_rng(3), 6)))
    total, over = np.zeros(6), False
    while not over:
        _, rewards, over, told = lanes.step(np.full(6, int(Action.HOLD)))
        total += rewards
    profit = np.array([one["reward"] for one in told])
    wanted = np.array([one["demanded"] for one in told])
    np.testing.assert_allclose(total, profit - opening - 2.0 * wanted)
    assert lanes.scene()["hour"] == store.hours
