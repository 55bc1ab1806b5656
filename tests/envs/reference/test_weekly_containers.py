"""Weekly containers: money and units by hand, orders within the rules, the yardsticks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given
from hypothesis import strategies as st
from stable_baselines3.common.env_checker import check_env as check_for_sb3

from data.containers import WeeklyProblem, made_up, with_lead_times
from envs.reference.weekly_containers import (
    HIGHEST,
    Weeks,
    follow,
    no_order,
    order_demand,
    order_up_to,
    orders_of,
    position,
    reach,
    seen,
    static,
    within,
)
from envs.reference.weekly_containers_env import WeeklyContainersEnv, WeeklyLanes


@pytest.fixture
def two_items() -> WeeklyProblem:
    """F is 30; a target of twice a forecast of 10; the second item takes a week to come."""
    problem = made_up(np.random.default_rng(1), items=2, weeks=2)
    return replace(
        problem,
        forecast=np.full((2, 2), 10.0),
        std=np.zeros(2),
        on_hand=np.array([4.0, 0.0]),
        cover=np.full(2, 2.0),
        volume=np.ones(2),
        lead_time=np.array([0, 1]),
        due=np.array([[0.0, 7.0], [0.0, 0.0]]),
        unmet_cost=np.full(2, 30.0),
        containers=1,
        container_volume=100.0,
    )


def test_money_is_as_counted_by_hand(two_items: WeeklyProblem) -> None:
    """Order (36, 15), then nothing.

    Week 1: item 1 ends with 4 + 36 - 10 = 30, 10 above its target of 20; item 2 has the 7 that were
    due and misses 3. Week 2: item 1 ends with 20; item 2 receives 15 and ends with 5.
    """
    weeks = Weeks(two_items, two_items.forecast[None])
    first = weeks.step(np.array([[36.0, 15.0]]))
    assert (first.reward[0], first.over[0], first.unmet[0]) == (10 * 20, -15 * 10, -30 * 3)
    second = weeks.step(np.zeros((1, 2)))
    assert (second.reward[0], second.over[0], second.unmet[0]) == (10 * 20 + 10 * 5, 0, 0)
    record = weeks.record()
    assert record.value[0] == first.value[0] + second.value[0] == 210
    assert (record.demanded[0], record.served[0], record.ordered[0]) == (40, 37, 51)
    np.testing.assert_array_equal(record.space, [[51, 0]])
    assert record.told(0)["reward"] == 210


def test_units_are_conserved() -> None:
    """Opening stock, open orders and orders are what was served, is on hand or under way."""
    rng = np.random.default_rng(2)
    problem = with_lead_times(made_up(rng, weeks=5, ramped=True), rng)
    for proportional in (False, True):
        chosen = replace(problem, proportional=proportional)
        weeks = Weeks(chosen, chosen.demand(rng, 6))
        while not weeks.over:
            weeks.step(rng.uniform(0, 40, weeks.on_hand.shape))
        record = weeks.record()
        came = chosen.on_hand.sum() + chosen.due.sum() + record.ordered
        np.testing.assert_allclose(came, record.served + position(weeks).sum(axis=1))


def test_a_group_is_served_the_same_share(two_items: WeeklyProblem) -> None:
    """Item 2 has 7 of 10, so item 1 sells 7 although it has 20."""
    together = replace(two_items, group=np.zeros(2, dtype=int), proportional=True)
    weeks = Weeks(together, together.forecast[None])
    worth = weeks.step(np.array([[16.0, 0.0]]))
    np.testing.assert_allclose(weeks.on_hand, [[13, 0]])
    assert worth.unmet[0] == pytest.approx(-30 * 6)
    apart = Weeks(replace(together, group=np.arange(2)), together.forecast[None])
    assert apart.step(np.array([[16.0, 0.0]])).unmet[0] == -30 * 3


@given(seed=st.integers(0, 10_000), paths=st.integers(1, 3))
def test_orders_are_brought_within_the_rules(seed: int, paths: int) -> None:
    """Whole units, within ramping, within the containers; what is within them already stays."""
    rng = np.random.default_rng(seed)
    problem = replace(made_up(rng, items=5, ramped=True), containers=1, container_volume=300.0)
    last = np.full((paths, 5), np.nan)
    for _ in range(4):
        kept = within(problem, rng.uniform(0, 60, (paths, 5)), last)
        assert (kept >= 0).all()
        np.testing.assert_array_equal(kept, np.rint(kept))
        assert (kept @ problem.volume <= problem.capacity + 1e-9).all()
        assert (np.isnan(last) | (abs(kept - last) <= problem.ramp)).all()
        np.testing.assert_array_equal(within(problem, kept, last), kept)
        last = kept


def test_too_large_orders_are_reduced_alike() -> None:
    """Orders of 40 and 80 units share 60 units of space as 20 and 40."""
    problem = made_up(np.random.default_rng(1), items=2)
    small = replace(problem, volume=np.ones(2), containers=1, container_volume=60.0)
    kept = within(small, np.array([[40.0, 80.0]]), np.full((1, 2), np.nan))
    np.testing.assert_array_equal(kept, [[20, 40]])


def test_rules_order_what_they_say(two_items: WeeklyProblem) -> None:
    """Item 2 is ordered for the second week: up to 10 + 10 and the target of 20, less 7 due."""
    weeks = Weeks(two_items, two_items.forecast[None])
    np.testing.assert_array_equal(order_up_to(weeks), [[26, 33]])
    np.testing.assert_array_equal(order_demand(weeks), [[10, 10]])
    np.testing.assert_array_equal(no_order(weeks), [[0, 0]])
    weeks.step(order_up_to(weeks))
    np.testing.assert_array_equal(weeks.on_hand, [[20, 0]])
    np.testing.assert_array_equal(order_up_to(weeks), [[10, 0]])
    np.testing.assert_array_equal(order_demand(weeks), [[10, 0]])


def test_the_yardsticks_are_met() -> None:
    """Worth of the three rules of thumb on 200 problems, within three standard errors.

    Quoted for them are 22,508, 1,313 and -14,452; that sample's own error is taken to be as large
    as ours.
    """
    problems = [made_up(np.random.default_rng([9, number])) for number in range(200)]
    quoted = {order_up_to: 22_508, order_demand: 1_313, no_order: -14_452}
    for rule, expected in quoted.items():
        worth = [follow(one, one.forecast[None], rule).value[0] for one in problems]
        error = np.sqrt(2) * np.std(worth, ddof=1) / np.sqrt(len(worth))
        assert abs(np.mean(worth) - expected) < 3 * error


def test_what_is_left_of_a_path_is_a_problem_of_its_own() -> None:
    """Played on its own it is worth what it is worth on the path."""
    rng = np.random.default_rng(6)
    problem = with_lead_times(made_up(rng, ramped=True), rng)
    demand = problem.demand(rng, 2)
    orders = rng.integers(5, 20, (3, 15)).astype(float)
    weeks = Weeks(problem, demand)
    weeks.step(np.broadcast_to(orders[0], (2, 15)))
    left = weeks.left(1)
    rest = follow(left, demand[1:, 1:], static(orders[1:]))
    before = weeks.record().value[1]
    whole = follow(problem, demand, static(orders)).value[1]
    assert before + rest.value[0] == pytest.approx(whole)


def test_actions_order_up_to_a_share_of_what_is_needed(two_items: WeeklyProblem) -> None:
    """-1 orders nothing, 1 up to one and a half times; what is seen has six numbers an item."""
    weeks = Weeks(two_items, two_items.forecast[None])
    orders = orders_of(weeks, np.array([[-1.0, 1.0]]))
    np.testing.assert_allclose(orders, [[0, HIGHEST * reach(weeks)[1] - 7]])
    np.testing.assert_allclose(seen(weeks), [[4, 0, 0, 30, 0, 2, 0, 7, 7, 40, 0, 2]])


def test_the_environment_passes_both_checkers() -> None:
    """Gymnasium's own and that of Stable-Baselines3; it is registered."""
    env = gymnasium.make("echelon/WeeklyContainers-v0")
    assert isinstance(env.unwrapped, WeeklyContainersEnv)
    check_env(env.unwrapped, skip_render_check=True)
    check_for_sb3(WeeklyContainersEnv())


def test_an_episode_is_three_weeks_and_adds_up() -> None:
    """Rewards add up to what the last info says; the same seed plays the same episode."""

    def played() -> tuple[list[float], dict[str, Any]]:
        env = WeeklyContainersEnv()
        env.reset(seed=3)
        rewards, over, info = [], False, {}
        while not over:
            _, reward, over, _, info = env.step(np.full(15, 0.2, np.float32))
            rewards.append(reward)
        assert env.scene()["week"] == 3
        return rewards, info["told"]

    rewards, told = played()
    assert len(rewards) == 3
    assert told["reward"] == pytest.approx(sum(rewards))
    assert told["part/reward"] + told["part/over"] + told["part/unmet"] == pytest.approx(
        told["reward"]
    )
    assert played() == (rewards, told)
    with pytest.raises(RuntimeError, match="reset"):
        WeeklyContainersEnv().step(np.zeros(15))


def test_lanes_are_the_environment_many_times() -> None:
    """The same demand and actions earn the same in both."""
    problem = made_up(np.random.default_rng(1), ramped=True)
    env, lanes = WeeklyContainersEnv(problem), WeeklyLanes(problem, 1)
    action = np.full((1, 15), -0.1)
    first = lanes.reset(np.random.default_rng(8))
    np.testing.assert_allclose(env.reset(seed=8)[0], first[0], rtol=1e-6)
    env.weeks = Weeks(problem, problem.demand(np.random.default_rng(8), 1))
    for week in range(3):
        _, rewards, over, told = lanes.step(action)
        _, reward, ended, _, _ = env.step(action[0])
        assert rewards[0] == pytest.approx(reward)
        assert over == ended == (week == 2)
    assert told[0]["reward"] == pytest.approx(env.weeks.record().value[0])
