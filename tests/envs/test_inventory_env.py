"""The Gymnasium environments keep the contracts of Gymnasium and of Stable-Baselines3."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
import pytest
import stable_baselines3.common.env_checker as sb3_checker
from gymnasium.utils import env_checker

from data.demand import DEMAND_PROFILES, Poisson
from data.outlook import outlook_of
from data.product import Shortage
from data.scenario import Scenario
from data.stock import StockState
from envs.accounting import rates_of
from envs.dynamics import advance, opening_state
from envs.inventory_env import (
    SafetyStockConfig,
    SeasonalProduct,
    SerialConfig,
    Trade,
    Upkeep,
    always,
)
from envs.observation import features, no_errors, observe, size, traits_of
from envs.policies import (
    HIGHEST_Z,
    LOWEST_Z,
    EchelonBaseStock,
    SafetyStockRule,
    Situation,
    WholeLots,
    constant,
)
from envs.simulator import simulate
from envs.world import serial_world, world_of

IDS = ("Inventory/Serial-v0", "Inventory/SafetyStock-v0")


def make(name: str, config: Any = None) -> gymnasium.Env:
    """The environment, without Gymnasium's wrappers."""
    return gymnasium.make(name, config=config).unwrapped


def episode(env: gymnasium.Env, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Observations and rewards of one episode under random actions."""
    observations, rewards, over = [env.reset(seed=seed)[0]], [], False
    env.action_space.seed(seed)
    while not over:
        seen, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        observations.append(seen)
        rewards.append(reward)
        over = terminated or truncated
    return np.array(observations), np.array(rewards)


@pytest.mark.parametrize("name", IDS)
def test_gymnasium_and_stable_baselines_accept_it(name: str) -> None:
    """Their own checkers, on the environment as it comes from `gymnasium.make`."""
    env_checker.check_env(make(name))
    sb3_checker.check_env(make(name))


@pytest.mark.parametrize("name", IDS)
def test_one_seed_gives_one_episode_to_the_bit(name: str) -> None:
    """And another seed another episode; the global generator has no say in it."""
    np.random.seed(1)
    first = episode(make(name), seed=3)
    np.random.seed(2)
    again, other = episode(make(name), seed=3), episode(make(name), seed=4)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[1], other[1])


@pytest.mark.parametrize("name", IDS)
def test_an_episode_must_be_reset_before_it_is_played(name: str) -> None:
    """Before the first reset, and after the end."""
    env = make(name)
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        env.step(env.action_space.sample())
    episode(env, seed=0)
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        env.step(env.action_space.sample())


@pytest.mark.parametrize("name", IDS)
def test_every_episode_has_a_demand_of_its_own(name: str) -> None:
    """Reset without a seed goes on with the environment's generator."""
    env = make(name)
    rewards = []
    for seed in (0, None):
        env.reset(seed=seed)
        action = env.action_space.low / 2 + env.action_space.high / 2
        rewards.append([env.step(action)[1] for _ in range(20)])
    assert rewards[0] != rewards[1]


def test_a_serial_episode_ends_for_good_and_a_safety_stock_episode_is_cut() -> None:
    """The first is a whole problem, the second an excerpt: learners bootstrap only there."""
    for name, steps, expected in ((IDS[0], 30, (True, False)), (IDS[1], 20, (False, True))):
        env = make(name)
        env.reset(seed=0)
        flags = [env.step(env.action_space.sample())[2:4] for _ in range(steps)]
        assert flags == [(False, False)] * (steps - 1) + [expected]


def test_the_last_orders_are_seen_oldest_first() -> None:
    """Lead times up to 2: two rows of orders behind the stocks."""
    config = SerialConfig(
        opening_stock=(50, 50),
        lead_time=(2, 1),
        supply_capacity=(9, 9),
        economics=Upkeep(10.0, (1.0, 0.5)),
    )
    env = make(IDS[0], config)
    assert env.observation_space.shape == (6,)
    env.reset(seed=0)
    for orders in ([1, 2], [3, 4], [5, 6]):
        seen = env.step(np.array(orders, np.float32))[0]
    assert seen[2:].tolist() == [3, 4, 5, 6]


@pytest.mark.parametrize(
    ("profile", "parameters", "mean"),
    [(1, (20.0,), 20), (2, (40, 0.5), 20), (3, (0, 41), 20), (4, (0.05,), 20), (5, None, 14.5)],
)
def test_all_five_demand_profiles_can_be_played(
    profile: int, parameters: tuple[float, ...] | None, mean: float
) -> None:
    """Each from the one table; the mean demand is right within four standard errors."""
    law = DEMAND_PROFILES[profile](*(parameters or (np.arange(30.0),)))
    env = make(IDS[0], SerialConfig(demand=law))
    demand = []
    for seed in range(40):
        env.reset(seed=seed)
        demand += [env.step(np.zeros(3))[4]["demand"] for _ in range(30)]
    standard_error = np.std(demand) / np.sqrt(len(demand))
    assert abs(np.mean(demand) - mean) <= 4 * standard_error
    assert (np.array(demand) % 1 == 0).all()


def test_cost_mode_charges_missed_sales_and_holding_only() -> None:
    """60 on hand, demand 25 a day: 35 and 10 held, then 15 missed."""
    config = SerialConfig(
        opening_stock=(60, 10),
        lead_time=(1, 1),
        supply_capacity=(99, 99),
        demand=DEMAND_PROFILES[5](np.full(3, 25.0)),
        periods=3,
        economics=Upkeep(missed_sale_cost=7.0, holding_cost=(1.0, 0.5)),
    )
    env = make(IDS[0], config)
    env.reset(seed=0)
    rewards = [env.step(np.zeros(2))[1] for _ in range(3)]
    assert rewards == [-(35 + 5), -(10 + 5), -(5 + 7 * 15)]


def test_in_cost_mode_customers_who_wait_cost_every_day() -> None:
    """5 short on the first day, 5 still waiting on the second."""
    config = SerialConfig(
        opening_stock=(20,),
        lead_time=(3,),
        supply_capacity=(99,),
        demand=DEMAND_PROFILES[5](np.array([25.0, 0.0])),
        periods=2,
        shortage=Shortage.BACKORDER,
        economics=Upkeep(missed_sale_cost=7.0, holding_cost=(1.0,)),
    )
    env = make(IDS[0], config)
    env.reset(seed=0)
    steps = [env.step(np.zeros(1)) for _ in range(2)]
    assert [step[1] for step in steps] == [-35, -35]
    assert [step[4]["backorders"] for step in steps] == [5, 5]


def test_echelon_base_stock_earns_what_is_known() -> None:
    """OR-Gym's defaults, sales lost, levels 88, 207 and 415: 395.3 with a standard error of 0.9.

    The known mean was found by a restatement of OR-Gym's published dynamics.
    """
    config, paths = SerialConfig(), 4000
    world = serial_world(
        np.array(config.lead_time)[:, None], np.array(config.supply_capacity)[:, None]
    )
    on_hand = np.array(config.opening_stock)[:, None]
    state = opening_state(StockState(on_hand, np.zeros((3, 1, 1)), np.zeros(1)), world, paths)
    policy = EchelonBaseStock(np.array([[88.0], [207.0], [415.0]]))
    demand = Poisson(20.0).sample(np.random.default_rng(0), (30, paths, 1, 1))
    profit = np.zeros(paths)
    for today in demand:
        orders = policy(Situation(state, no_errors(paths, 1), world))
        state, flows = advance(state, orders, today, world)
        profit += Trade().reward(state, flows, world)[:, 0]
    error = np.hypot(profit.std() / np.sqrt(paths), 0.9)
    assert abs(profit.mean() - 395.3) < 3 * error


def test_payments_between_stages_change_who_earns_but_not_the_reward() -> None:
    """Raising an inner price moves profit from customer to supplier."""
    rewards = []
    for unit_cost in ((1.5, 1.0, 0.75, 0.5), (1.8, 1.2, 0.9, 0.5)):
        env = make(IDS[0], SerialConfig(economics=Trade(unit_cost=unit_cost)))
        rewards.append(episode(env, seed=1)[1])
    np.testing.assert_allclose(*rewards, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lead_time": (3, 5)}, "expected one per stage of each"),
        ({"economics": Upkeep(1.0, (1.0,))}, "expected one per stage of each"),
        ({"supply_capacity": (100.0, 90.0, np.inf)}, "they bound the action space"),
        ({"supply_capacity": (100.0, 90.0, 0.0)}, "they bound the action space"),
        ({"demand": DEMAND_PROFILES[5](np.ones(29))}, "the episode has 30"),
    ],
)
def test_a_serial_chain_that_cannot_be_is_refused(change: dict[str, Any], told: str) -> None:
    """With a sentence that says what was expected."""
    with pytest.raises(ValueError, match=told):
        replace(SerialConfig(), **change)


def test_trade_and_reviews_are_checked_too() -> None:
    """One price too few; a review of no days; a review longer than the episode."""
    with pytest.raises(ValueError, match="one more of the latter two"):
        Trade(unit_cost=(1.0, 2.0, 3.0))
    for review in (0, 201):
        with pytest.raises(ValueError, match="expected 1 to the 200 periods"):
            SafetyStockConfig(review=review)


def test_the_reward_is_minus_the_cost_of_the_review_per_sigma(scenario: Scenario) -> None:
    """An episode of constant z costs what the simulator says of the same rule and demand."""
    one = scenario.take(np.array([1]))
    env = make(IDS[1], SafetyStockConfig(always(one), review=7, periods=30))
    env.reset(seed=6)
    demand = env._demand
    z = np.array([1.5, -0.5, 0.25])
    results = [env.step(z) for _ in range(5)]
    world, outlook = world_of(one), outlook_of(one, 30)
    rule = WholeLots(
        SafetyStockRule(outlook, constant(z[:, None])),
        one.products.lot_size,
        one.products.minimum_order,
        world.supply_capacity,
    )
    trace = simulate(world, rates_of(one), opening_state(one.stock, world), rule, demand, outlook)
    daily = np.sqrt(np.mean(np.square(outlook.std[:30])))
    sigma_cost = one.products.holding_cost[0] * daily * np.sqrt(one.products.lead_time[0, 0] + 1)
    daily_cost = trace.holding + trace.shortage
    by_review = np.add.reduceat(daily_cost[0, :, 0], np.arange(0, 30, 7))
    assert [result[1] for result in results] == pytest.approx(-by_review / sigma_cost)
    assert results[-1][3], "the last review is cut at the end of the episode"
    assert sum(result[4]["shortage"] for result in results) == pytest.approx(trace.shortage.sum())
    assert sum(result[4]["lost"] for result in results) == pytest.approx(trace.lost_sales.sum())


def test_the_observation_knows_how_wrong_the_forecast_has_been(scenario: Scenario) -> None:
    """It is what a brain would see of the same stock after the same errors."""
    one = scenario.take(np.array([1]))
    env = make(IDS[1], SafetyStockConfig(always(one), review=4, periods=12))
    env.reset(seed=6)
    for _ in range(2):
        seen = env.step(np.ones(3))[0]
    outlook, errors = outlook_of(one, 12), no_errors(1, 1)
    for t in range(8):
        errors = errors.after(env._demand[:, t], outlook.mean[t], outlook.std[t])
    found = dict(zip(features(3), seen.tolist(), strict=True))
    assert found["last_error"] == pytest.approx(errors.last.item(), rel=1e-5)
    for name in ("smoothed_error", "drift", "spread", "idle"):
        expected = getattr(errors, name.removesuffix("_error")).item()
        assert found[name] == pytest.approx(expected, rel=1e-5)
    assert np.array_equal(seen, observe(env._state, errors, outlook, traits_of(one))[0, 0])


def test_safety_factors_are_kept_within_their_range() -> None:
    """Out of their bounds they count as the nearest one."""
    for bound in (LOWEST_Z, HIGHEST_Z):
        rewards = []
        for z in (bound, 6 * bound):
            env = make(IDS[1])
            env.reset(seed=2)
            rewards.append([env.step(np.full(3, z))[1] for _ in range(5)])
        assert rewards[0] == rewards[1]


def test_more_safety_stock_means_fewer_lost_sales() -> None:
    """On the same products and demand; the environment shows a brain's features."""
    lost = []
    for z in (-1.0, 0.0, 3.0):
        env = make(IDS[1])
        units = 0.0
        for seed in range(5):
            seen, _ = env.reset(seed=seed)
            assert seen.shape == (size(3),)
            units += sum(env.step(np.full(3, z))[4]["lost"] for _ in range(20))
        lost.append(units)
    assert lost[0] > lost[1] > lost[2]


def test_the_sampler_must_draw_one_product_at_three_stages(scenario: Scenario) -> None:
    """Three products are refused by a sentence."""
    env = make(IDS[1], SafetyStockConfig(always(scenario)))
    with pytest.raises(ValueError, match="drew 3 products at 3 stages, expected 1 at 3"):
        env.reset(seed=0)


def test_sampled_products_stay_in_their_ranges() -> None:
    """Lead times, cost ratios and deviations; no two alike."""
    sampler, rng = SeasonalProduct(), np.random.default_rng(0)
    drawn = [sampler(rng) for _ in range(50)]
    ratios = [scenario.products.cost_ratio.item() for scenario in drawn]
    assert min(ratios) >= 10
    assert max(ratios) <= 1000
    assert len(set(ratios)) == 50
    lead_times = np.array([scenario.products.lead_time for scenario in drawn])
    assert lead_times.min() == 1
    assert lead_times.max() == 9
    assert all(scenario.forecast.std.max() < 10 for scenario in drawn)
    assert all(scenario.forecast.mean.min() >= 12 for scenario in drawn)
