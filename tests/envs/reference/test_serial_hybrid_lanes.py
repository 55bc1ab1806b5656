"""Chains as lanes: each is an episode of the environment, beside the same one under constants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from envs.dynamics import opening_state
from envs.reference.serial_hybrid import DAYS, LARGEST_SIGMA, STAGES, Course, draw
from envs.reference.serial_hybrid_chains import Factors, expected_costs, side_by_side
from envs.reference.serial_hybrid_env import SerialHybridConfig, SerialHybridEnv
from envs.reference.serial_hybrid_lanes import (
    DAMPING,
    SEEN,
    SETTLING,
    STAGE_BEGINS,
    SerialHybridLanes,
    view,
)
from envs.reference.serial_profiles import PROFILES, VARYING

CENTRE = Factors(np.array([10.0, 1000.0]), np.array([[1.0, 0.5, 0.25], [3.0, 1.5, 0.75]]))
COURSES = tuple(Course((10.0, 1000.0), profile=name) for name in PROFILES)


def lanes(count: int = 10, steps: int = 1000, review: int = 10) -> SerialHybridLanes:
    """Lanes of every profile."""
    return SerialHybridLanes(count, steps, CENTRE, COURSES, review)


@pytest.mark.parametrize("profile", ["2-3-4", VARYING])
def test_a_lane_alone_is_the_environment_on_the_same_draws(profile: str) -> None:
    """Stock for stock and day for day, safety stock asked for daily as z sigma."""
    rng = np.random.default_rng(4)
    course = Course(100.0, profile=profile, days=DAYS + SETTLING)
    drawn = draw(rng, course)
    demand = drawn.demand(rng)
    alone = SerialHybridLanes(1, 1000, CENTRE, [course], review=1)
    chains = side_by_side([drawn])
    seen = alone.begin(chains, demand)
    env = SerialHybridEnv(SerialHybridConfig(course, review=1, largest_safety=1e6))
    env.begin(drawn, demand)
    away = np.array([[0.5, -0.25, 0.25]])
    z = CENTRE.of(np.array([100.0]))[:, 0] + away[0]
    for day in range(60):
        np.testing.assert_allclose(seen[0], view(env._state, chains)[0, 0])
        env.step(z * chains.outlook.windows(day).std[:, 0])
        seen = alone.step(away)[0]


def test_a_decision_earns_what_the_constants_cost_more() -> None:
    """On the same demand, per scale, and over the ratio to a power."""
    rng = np.random.default_rng(4)
    drawn = draw(rng, Course(100.0, products=3, days=DAYS + SETTLING))
    chains, demand = side_by_side([drawn]), drawn.demand(rng)
    world = SerialHybridLanes(3, 1000, CENTRE, COURSES[:1], review=DAYS)
    world.begin(chains, demand)
    reference = CENTRE.of(chains.ratio)
    _, rewards, over, told = world.step(np.full((3, STAGES), 0.5))
    assert over

    def until_settled(situation: object) -> np.ndarray:
        period = situation.state.period  # type: ignore[attr-defined] # of a Situation
        return reference + 0.5 * (period < DAYS)

    cost = expected_costs(chains, until_settled, demand)[0]
    usual = expected_costs(chains, lambda situation: reference, demand)[0]
    earned = (usual - cost) / (chains.scale * DAYS * chains.ratio**DAMPING)
    np.testing.assert_allclose(rewards, earned)
    assert all(0.5 < one["share_of_reference"] < 2 for one in told)


def test_acting_like_the_constants_earns_nothing() -> None:
    """In every step and lane; there are as many steps as reviews."""
    world = lanes()
    seen = world.reset(np.random.default_rng(1))
    assert seen.shape == (10, world.observation_size)
    for step in range(20):
        seen, rewards, over, told = world.step(np.zeros((10, STAGES)))
        assert np.isfinite(seen).all()
        np.testing.assert_allclose(rewards, 0, atol=1e-12)
        assert over == (step == 19)
    assert [one["share_of_reference"] for one in told] == [1] * 10


def test_an_episode_ends_with_its_days_even_if_reviews_do_not_fit() -> None:
    """A month at a time makes six reviews and a short one."""
    world = lanes(review=30)
    world.reset(np.random.default_rng(1))
    ends = [world.step(np.zeros((10, STAGES)))[2] for _ in range(7)]
    assert ends == [False] * 6 + [True]


def test_sigma_grows_with_the_share_of_the_training_that_is_done() -> None:
    """3, then 5, then 10; what was met before is met again."""
    world = lanes(count=150, steps=10 * 150)
    rng = np.random.default_rng(1)
    largest = []
    for _ in range(10):
        world.reset(rng)
        assert world.chains is not None
        assert world.chains.ratio.shape == (150,)
        by_lane = world.chains.sigma.max(axis=0)
        largest.append(int(by_lane.max()) + 1)
        if world.stage == 2:
            assert {int(one) + 1 for one in by_lane} == set(LARGEST_SIGMA)
        world.step(np.zeros((150, STAGES)))
    shares = np.arange(10) / 10
    expected = [LARGEST_SIGMA[int(sum(share >= b for b in STAGE_BEGINS[1:]))] for share in shares]
    assert largest == expected


def test_one_seed_draws_the_same_lanes() -> None:
    """And another seed others."""
    first, again, other = (lanes().reset(np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_what_is_seen_has_no_units() -> None:
    """Ten times the demand, sigma and stock look the same."""
    drawn = draw(np.random.default_rng(1), Course(products=4))
    chains = side_by_side([drawn])
    stock = chains.stock
    tenfold = replace(
        chains,
        outlook=type(chains.outlook)(
            10 * chains.outlook.mean, 10 * chains.outlook.std, chains.outlook.lead_time
        ),
        stock=replace(stock, on_hand=10 * stock.on_hand, pipeline=10 * stock.pipeline),
        sigma=10 * chains.sigma,
    )
    views = [view(opening_state(one.stock, one.world), one) for one in (chains, tenfold)]
    assert views[0].shape == (1, 4, len(SEEN))
    np.testing.assert_allclose(*views)


def test_what_is_seen_by_hand() -> None:
    """A chain in motion without sigma: a day on hand, two, three and four on the way."""
    course = Course(1000.0, sigma_max=1, shape=10)
    chains = side_by_side([draw(np.random.default_rng(1), course)])
    seen = view(opening_state(chains.stock, chains.world), chains)[0, 0]
    found = dict(zip(SEEN, seen.tolist(), strict=True))
    for stage, days in enumerate((2, 3, 4)):
        assert found[f"on_hand_{stage}"] == pytest.approx(1)
        assert found[f"in_transit_{stage}"] == pytest.approx(days)
        assert found[f"lead_time_{stage}"] == found[f"lead_time_today_{stage}"] == days
        assert found[f"echelon_gap_{stage}"] == pytest.approx(0)
        assert found[f"window_sigma_{stage}"] == 0
    assert [found[f"arriving_{day}"] for day in (1, 2, 3, 4)] == pytest.approx([1, 1, 0, 0])
    assert found["log_ratio"] == pytest.approx(3)
    assert found["mean_in_12"] == pytest.approx(1)


def test_a_watcher_sees_the_first_lane() -> None:
    """Nothing before the first episode."""
    world = lanes()
    assert world.scene() == {}
    world.reset(np.random.default_rng(1))
    world.step(np.full((10, STAGES), 0.5))
    scene = world.scene()
    assert scene["day"] == 10
    np.testing.assert_allclose(scene["z"] - scene["reference_z"], 0.5)
