"""The environment of `serial-hybrid`: two ways to see, two ways to act, one chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3_checker
from gymnasium.utils import env_checker

from data.outlook import outlook_of
from envs.dynamics import opening_state
from envs.reference.serial_hybrid import SUPPLY, Course
from envs.reference.serial_hybrid_env import (
    ORDERS,
    Act,
    SerialHybridConfig,
    SerialHybridEnv,
    Sight,
)
from envs.reference.serial_hybrid_policies import SafetyUnits
from envs.reference.serial_profiles import SUPPLIED, VARYING
from envs.simulator import simulate

COMBINED = [(sight, act) for sight in Sight for act in Act]
IDS = {"echelon/SerialHybrid-v0": SerialHybridConfig(), "echelon/SerialHybridOrders-v0": ORDERS}


def env(sight: Sight = Sight.FORECAST, act: Act = Act.SAFETY, **wishes: Any) -> SerialHybridEnv:
    """The environment; wishes that are the course's go to the course."""
    mine = set(SerialHybridConfig.__dataclass_fields__)
    course = Course(**{name: wish for name, wish in wishes.items() if name not in mine})
    rest = {name: wish for name, wish in wishes.items() if name in mine}
    return SerialHybridEnv(SerialHybridConfig(course, sight, act, **rest))


def episode(played: SerialHybridEnv, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Observations and rewards of one episode under random actions."""
    observations, rewards, over = [played.reset(seed=seed)[0]], [], False
    played.action_space.seed(seed)
    while not over:
        seen, reward, _, over, _ = played.step(played.action_space.sample())
        observations.append(seen)
        rewards.append(reward)
    return np.array(observations), np.array(rewards)


@pytest.mark.parametrize(("sight", "act"), COMBINED)
def test_gymnasium_and_stable_baselines_accept_it(sight: Sight, act: Act) -> None:
    """Their own checkers, on every combination of sight and action."""
    env_checker.check_env(env(sight, act, days=40))
    sb3_checker.check_env(env(sight, act, days=40))


@pytest.mark.parametrize("name", IDS)
def test_the_usual_two_are_registered(name: str) -> None:
    """And may be given another configuration."""
    made = gymnasium.make(name).unwrapped
    assert isinstance(made, SerialHybridEnv)
    assert made.config == IDS[name]
    env_checker.check_env(made)
    other = gymnasium.make(name, config=SerialHybridConfig(review=30)).unwrapped
    assert isinstance(other, SerialHybridEnv)
    assert other.config.review == 30


@pytest.mark.parametrize(("sight", "act"), COMBINED)
def test_one_seed_gives_one_episode_to_the_bit(sight: Sight, act: Act) -> None:
    """And another seed another one."""
    played = env(sight, act, days=40)
    first, again, other = (episode(played, seed) for seed in (3, 3, 4))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[1], other[1])


def test_orders_are_placed_daily_and_safety_stock_is_held_for_a_review() -> None:
    """200 steps, 20 of ten days, 7 of a month; the chain goes on, so the episode is cut."""
    for act, review, steps in ((Act.ORDERS, 10, 200), (Act.SAFETY, 10, 20), (Act.SAFETY, 30, 7)):
        played = env(act=act, review=review)
        played.reset(seed=1)
        flags = [played.step(np.ones(3, np.float32))[2:4] for _ in range(steps)]
        assert flags == [(False, False)] * (steps - 1) + [(False, True)]
        with pytest.raises(RuntimeError, match=r"call reset\(\)"):
            played.step(np.ones(3, np.float32))


def test_an_episode_must_be_reset_before_it_is_played() -> None:
    """By a sentence."""
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        env().step(np.zeros(3))


def test_one_day_by_hand() -> None:
    """26 on hand everywhere, 26 arrive everywhere, customers want 26.

    40 are asked of Tennessee, which has 26; 10 of Los Angeles; 95 of the source, which sends 80 at
    most. So the shelf has 26 left, Tennessee none of its own but what came, Los Angeles 42.
    """
    course = Course(10.0, shape=SUPPLIED, supplied=(26.0,) * 4, days=4)
    played = SerialHybridEnv(replace(ORDERS, course=course, review=1))
    seen, _ = played.reset(seed=1)
    assert seen.tolist() == [26.0] * 3 + [0.0] * 30
    seen, reward, _, _, info = played.step(np.array([40.0, 10.0, 95.0], np.float32))
    assert seen[:3].tolist() == [26.0, 26.0, 42.0]
    assert info["shipped"].tolist() == [26.0, 10.0, 80.0]
    assert info["holding"] == pytest.approx((26 + 0.7 * 26 + 0.4 * 42) / 10)
    assert reward == pytest.approx(-info["holding"])
    assert (info["demand"], info["served"], info["lost"]) == (26.0, 26.0, 0.0)


def test_missed_sales_cost_one_each() -> None:
    """A day's demand on hand and two on the way serve three days; then every unit is missed."""
    course = Course(shape=SUPPLIED, supplied=(26.0,) * 6, days=6)
    played = SerialHybridEnv(replace(ORDERS, course=course, review=1))
    played.reset(seed=1)
    lost = [played.step(np.zeros(3, np.float32))[4] for _ in range(6)]
    assert [info["lost"] for info in lost] == [0, 0, 0, 26, 26, 26]
    assert [info["shortage"] for info in lost] == [0, 0, 0, 26, 26, 26]


def test_thirty_three_numbers_are_the_stocks_and_ten_days_of_orders() -> None:
    """Oldest first; an order above what may be shipped counts as that."""
    played = env(Sight.ORDERS, Act.ORDERS, days=20)
    seen, _ = played.reset(seed=0)
    assert seen.shape == (33,)
    assert not seen[3:].any()
    for day in range(12):
        seen = played.step(np.array([day, 2 * day, 3 * day], np.float32))[0]
    expected = [[day, 2 * day, 3 * day] for day in range(2, 12)]
    assert seen[3:].reshape(10, 3).tolist() == expected
    assert played.action_space.high.tolist() == list(SUPPLY)


@pytest.mark.parametrize(("profile", "longest"), [("2-3-4", 4), (VARYING, 8), ((9, 1, 5), 9)])
def test_the_forecast_sight_shows_what_is_known(profile: Any, longest: int) -> None:
    """Pipelines, fifteen days of forecast and sigma, demand, stocks, today's lead times, ratio."""
    played = env(profile=profile, cost_ratio=1000.0, review=7)
    played.reset(seed=2)
    info = played.step(np.full(3, 5.0, np.float32))[4]
    seen = played.step(np.full(3, 5.0, np.float32))[0]
    drawn, state = played.drawn, played._state
    assert info["demand"] == pytest.approx(played.demand[0, :7, 0].sum())
    assert state is not None
    parts = np.split(seen, np.cumsum([3 * longest, 15, 15, 1, 3, 3]))
    known = state.pipeline.shape[-1]
    np.testing.assert_allclose(
        parts[0].reshape(3, longest)[:, :known], state.pipeline[0, :, 0], rtol=1e-6
    )
    np.testing.assert_allclose(parts[1], drawn.mean[14:29, 0], rtol=1e-6)
    np.testing.assert_allclose(parts[2], drawn.sigma[14:29, 0], rtol=1e-6)
    np.testing.assert_allclose(parts[3], played.demand[0, 13], rtol=1e-6)
    np.testing.assert_allclose(parts[4], state.on_hand[0, :, 0], rtol=1e-6)
    assert parts[5].tolist() == drawn.world.lead_time_in(14)[:, 0].tolist()
    np.testing.assert_allclose(parts[6], [3.0], rtol=1e-6)


def test_safety_stock_is_ordered_as_the_rule_says() -> None:
    """An episode costs what the simulator says of the same units, term by term; space included."""
    played = env(days=30, coupled=True, sigma_max=10)
    played.reset(seed=5)
    units = np.array([30.0, 20.0, 15.0])
    results = [played.step(units) for _ in range(3)]
    drawn = played.drawn
    rule = SafetyUnits(outlook_of(drawn.scenario, 30), lambda situation: units[:, None])
    state = opening_state(drawn.scenario.stock, drawn.world)
    trace = simulate(drawn.world, drawn.rates, state, rule, played.demand)
    assert trace.overflow.sum() > 0
    for term in ("holding", "shortage", "overflow"):
        by_review = getattr(trace, term)[0].sum(axis=1).reshape(3, 10).sum(axis=1)
        assert [result[4][term] for result in results] == pytest.approx(by_review)
    rewards = sum(result[1] for result in results)
    costs = trace.holding.sum() + trace.shortage.sum() + trace.overflow.sum()
    assert rewards == pytest.approx(-costs)


def test_actions_are_kept_within_their_bounds() -> None:
    """Beyond them they count as the nearest one."""
    for act, high in ((Act.ORDERS, 1e6), (Act.SAFETY, 1e6)):
        played, rewards = env(act=act, days=20, largest_safety=50.0), []
        for action in (played.action_space.high, np.full(3, high)):
            played.reset(seed=1)
            rewards.append(played.step(action)[1])
        assert rewards[0] == rewards[1]


def test_more_safety_stock_means_fewer_missed_sales() -> None:
    """On the same demand."""
    lost = []
    for units in (0.0, 10.0, 60.0):
        played = env()
        played.reset(seed=1)
        lost.append(sum(played.step(np.full(3, units))[4]["lost"] for _ in range(20)))
    assert lost[0] > lost[1] > lost[2]


def test_a_curriculum_is_followed_when_told_to() -> None:
    """From the next episode on; without one the course's own sigma is drawn."""
    played = env(curriculum=(3, 5, 10), sigma_max=7)
    largest = []
    for stage in (None, 1, 2, 0):
        if stage is not None:
            played.at_stage(stage)
        played.reset(seed=1)
        largest.append(int(played.drawn.sigma.max()) + 1)
    assert largest == [3, 5, 10, 3]
    plain = env(sigma_max=7)
    plain.reset(seed=1)
    assert int(plain.drawn.sigma.max()) + 1 == 7
    for stage, stages in ((3, played), (-1, played), (0, plain)):
        with pytest.raises(ValueError, match="counted from 0"):
            stages.at_stage(stage)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"course": Course(products=2)}, "draws 2 products, an environment plays 1"),
        ({"review": 0}, "review is 0, expected 1 to the 200 days"),
        ({"review": 201}, "review is 201, expected 1 to the 200 days"),
        ({"largest_safety": 0.0}, "expected a finite number above 0"),
        ({"largest_safety": float("inf")}, "expected a finite number above 0"),
        ({"curriculum": (3, 0)}, "expected largest sigmas of 1 or more"),
    ],
)
def test_what_cannot_be_played_is_refused(change: dict[str, Any], told: str) -> None:
    """With a sentence that says what was expected."""
    with pytest.raises(ValueError, match=told):
        replace(SerialHybridConfig(), **change)
