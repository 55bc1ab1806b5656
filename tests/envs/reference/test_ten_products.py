"""Ten products: what a day is worth, by hand; what holds for every month; and the environment."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_for_baselines

from envs.policies import BaseStock
from envs.reference.ten_products import (
    DAYS,
    FEATURES,
    LARGEST_ORDER,
    Assortment,
    Episodes,
    draw,
    follow,
    replay,
)
from envs.reference.ten_products_bounds import clairvoyant
from envs.reference.ten_products_env import TenProductsEnv
from envs.reference.ten_products_lanes import SEEN, ProductLanes, orders_of, product_view
from envs.reference.ten_products_levels import CELLS, Factors, by_safety_stock, served_share, tuned


def pair(opening: tuple[float, float] = (10.0, 4.0)) -> Assortment:
    """One episode of two products: means 2 and 4, so maxima 6 and 12; lead times 1 and 2."""
    return Assortment(
        opening=np.array([opening]),
        lead_time=np.array([[1, 2]]),
        mean=np.array([[2.0, 4.0]]),
        safety_stock=np.array([[2.0, 3.0]]),
    )


def test_a_day_is_worth_what_the_terms_say() -> None:
    """10 - 1 leaves 9, three above 6; 4 - 6 leaves nothing and two unmet: no bonus."""
    episodes = Episodes(pair(), np.array([[[1.0, 6.0]]]))
    day = episodes.step(np.zeros((1, 2)))
    np.testing.assert_allclose(day.holding, [[-0.09, 0.0]])
    np.testing.assert_allclose(day.unmet, [[0.0, -2.0]])
    np.testing.assert_allclose(day.excess, [[-0.3, 0.0]])
    assert day.short.tolist() == [[False, True]]
    assert day.over.tolist() == [[True, False]]
    assert day.reward[0] == pytest.approx(-2.39)
    assert not day.perfect[0]


def test_a_day_without_shortage_or_excess_is_perfect() -> None:
    """The very maximum is not too much, and the very last unit sold is no shortage."""
    episodes = Episodes(pair((8.0, 4.0)), np.array([[[2.0, 4.0]]]))
    day = episodes.step(np.zeros((1, 2)))
    assert day.perfect[0]
    assert day.reward[0] == pytest.approx(10.0 - 0.06)


def test_an_order_arrives_after_its_lead_time_whatever_is_ordered_next() -> None:
    """Ordered on the first day, 5 and 7 units are there on the second and third."""
    episodes = Episodes(pair((0.0, 0.0)), np.zeros((4, 1, 2)))
    seen = []
    for orders in ([5.0, 7.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]):
        episodes.step(np.array([orders]))
        seen.append(episodes.on_hand[0].tolist())
    assert seen == [[0.0, 0.0], [5.0, 0.0], [6.0, 7.0], [6.0, 8.0]]


def test_orders_are_whole_units_from_none_to_two_hundred() -> None:
    """Whatever is asked for."""
    episodes = Episodes(pair((0.0, 0.0)), np.zeros((1, 1, 2)))
    episodes.step(np.array([[-3.0, 1e6]]))
    assert episodes.pipeline[0].sum(axis=-1).tolist() == [0.0, LARGEST_ORDER]
    again = Episodes(pair((0.0, 0.0)), np.zeros((1, 1, 2)))
    again.step(np.array([[2.4, 2.6]]))
    assert again.pipeline[0].sum(axis=-1).tolist() == [2.0, 3.0]


def test_no_unit_appears_or_vanishes() -> None:
    """Opening stock and orders are served, on hand or under way, product by product."""
    rng = np.random.default_rng(4)
    assortment = draw(rng, 20)
    demand = assortment.demand(rng)
    episodes = Episodes(assortment, demand)
    served, ordered = (np.zeros(assortment.shape) for _ in range(2))
    while not episodes.over:
        orders = np.rint(rng.uniform(0, 12, assortment.shape))
        before = demand[episodes.state.period]
        day = episodes.step(orders)
        ordered += orders
        served += before + day.unmet
    left = episodes.on_hand + episodes.pipeline.sum(axis=-1)
    np.testing.assert_allclose(assortment.opening + ordered, served + left)
    record = episodes.record()
    np.testing.assert_allclose(record.served, served.sum(axis=1))
    np.testing.assert_allclose(record.unmet, -(record.demanded - record.served))


def test_the_parts_of_the_reward_add_up_to_it() -> None:
    """Day by day, and over the month."""
    rng = np.random.default_rng(5)
    assortment = draw(rng, 30)
    episodes = Episodes(assortment, assortment.demand(rng))
    total = np.zeros(30)
    while not episodes.over:
        total += episodes.step(by_safety_stock(episodes)).reward
    record = episodes.record()
    np.testing.assert_allclose(record.reward, total)
    np.testing.assert_allclose(record.bonus, 10.0 * record.perfect)
    assert (record.perfect + record.overstock <= DAYS).all()
    assert (record.perfect + record.understock <= DAYS).all()
    assert record.told(3)["reward"] == pytest.approx(total[3])


def test_a_policy_of_the_simulator_plays_here_too() -> None:
    """Base-stock from `envs.policies` does what the rule of levels does."""
    rng = np.random.default_rng(6)
    assortment = draw(rng, 5)
    demand = assortment.demand(rng)
    level = assortment.mean * (assortment.lead_time + 1) + assortment.safety_stock
    ours = follow(assortment, demand, by_safety_stock)
    theirs = replay(assortment, demand, BaseStock(level.reshape(1, -1)))
    np.testing.assert_array_equal(ours.reward, theirs.reward)


def test_what_is_drawn_keeps_to_its_ranges() -> None:
    """And reaches both ends of them."""
    drawn = draw(np.random.default_rng(1), 2000)
    for values, low, high in (
        (drawn.opening, 10, 49),
        (drawn.lead_time, 1, 5),
        (drawn.mean, 1, 9),
        (drawn.safety_stock, 2, 7),
    ):
        assert (values.min(), values.max()) == (low, high)


def test_tuned_levels_are_no_worse_than_any_constant_factor() -> None:
    """On the episodes they were tuned on; and a wish for service is kept there."""
    factors = tuned(np.random.default_rng(8), 40)
    rng = np.random.default_rng(8)
    assortment = draw(rng, 40)
    demand = assortment.demand(rng)
    best = follow(assortment, demand, factors).reward.mean()
    for z in (0.5, 1.0, 1.5, 2.0):
        constant = follow(assortment, demand, Factors(np.full(CELLS, z)))
        assert best >= constant.reward.mean()
    serving = tuned(np.random.default_rng(8), 40, service=0.99)
    possible = replay(assortment, demand, clairvoyant(assortment, demand))
    assert served_share(follow(assortment, demand, serving), possible) >= 0.99


def test_the_environment_passes_both_checkers() -> None:
    """Gymnasium's own, and that of Stable-Baselines3."""
    check_env(gymnasium.make("echelon/TenProducts-v0").unwrapped, skip_render_check=True)
    check_for_baselines(TenProductsEnv())


def test_the_environment_plays_the_same_month_for_a_seed() -> None:
    """To the bit, and the rewards are those of the episodes behind it."""
    env, again = TenProductsEnv(), TenProductsEnv()
    one, _ = env.reset(seed=3)
    two, _ = again.reset(seed=3)
    np.testing.assert_array_equal(one, two)
    assert one.shape == (10 * len(FEATURES),)
    earned = 0.0
    for day in range(DAYS):
        action = np.full(10, 5.0, np.float32)
        seen, reward, over, cut, info = env.step(action)
        other = again.step(action)
        np.testing.assert_array_equal(seen, other[0])
        parts = info["holding"] + info["unmet"] + info["excess"] + info["bonus"]
        assert reward == other[1] == pytest.approx(parts)
        earned += reward
        assert over == (day == DAYS - 1)
        assert not cut
    assert info["told"]["reward"] == pytest.approx(earned)
    with pytest.raises(RuntimeError, match="reset"):
        env.step(action)


def test_a_scene_shows_every_product() -> None:
    """Its status is the worst that holds: short, over, low or well."""
    env = TenProductsEnv()
    assert env.scene() == {}
    env.reset(seed=1)
    for _ in range(6):
        env.step(np.zeros(10, np.float32))
    scene = env.scene()
    assert scene["day"] == 6
    for k, status in enumerate(scene["status"]):
        stock = scene["on_hand"][k]
        if status == "over":
            assert stock > scene["maximum"][k]
        if status == "low":
            assert stock < scene["safety_stock"][k]
        if status == "well":
            assert scene["safety_stock"][k] <= stock <= scene["maximum"][k]
    assert "over" in scene["status"]


def test_lanes_see_products_and_earn_their_parts() -> None:
    """Its product's parts and the day's bonus; a distance of 0 is the tuned level."""
    centre = Factors(np.full(CELLS, 1.5))
    lanes = ProductLanes(4, centre, dearer=2.0)
    seen = lanes.reset(np.random.default_rng(9))
    assert seen.shape == (40, len(SEEN))
    rng = np.random.default_rng(9)
    assortment = draw(rng, 4)
    episodes = Episodes(assortment, assortment.demand(rng))
    for day in range(DAYS):
        np.testing.assert_array_equal(seen, product_view(episodes, centre))
        np.testing.assert_array_equal(orders_of(episodes, centre, np.zeros(40)), centre(episodes))
        mine = episodes.step(centre(episodes))
        seen, rewards, over, told = lanes.step(np.zeros((40, 1)))
        wanted = mine.holding + 2.0 * mine.unmet + mine.excess + mine.bonus[:, None]
        np.testing.assert_allclose(rewards, wanted.ravel())
        assert over == (day == DAYS - 1)
    assert [one["reward"] for one in told] == pytest.approx(episodes.record().reward.tolist())
    chances = seen[:, SEEN.index("others_well_by_then")]
    assert ((chances >= 0) & (chances <= 1)).all()
    assert lanes.scene()["day"] == DAYS
