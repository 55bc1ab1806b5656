"""Learning to order for ten products: what comes out can be kept, read back and asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain.reference.net_policy import NetPolicy, load_policy, shipped
from brain.reference.settings import Watch
from brain.reference.stream import read_stream
from brain.reference.ten_products import Sizes, centre_of, orders_by, shifted, teach
from data.errors import DataError
from envs.reference.ten_products import draw, follow
from envs.reference.ten_products_lanes import REACH, SEEN
from envs.reference.ten_products_levels import CELLS, Factors, by_safety_stock, fill_rate

SMALL = Sizes(tuning=20, judging=10, lanes=2)


@pytest.fixture(scope="module")
def centre() -> Factors:
    """Levels tuned on few episodes."""
    return centre_of(1, SMALL)


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for the training stream."""
    return tmp_path_factory.mktemp("stream") / "stream.jsonl"


@pytest.fixture(scope="module")
def policy(centre: Factors, stream: Path) -> NetPolicy:
    """A net that has hardly learnt."""
    return teach(1_800, 1, centre, SMALL, Watch(stream))


def test_a_policy_read_from_its_folder_orders_as_before(
    policy: NetPolicy, centre: Factors, tmp_path: Path
) -> None:
    """The levels it acts around are kept with it."""
    policy.save(tmp_path / "policy")
    rule = orders_by(load_policy(tmp_path / "policy"))
    np.testing.assert_array_equal(rule.centre.z, centre.z)
    rng = np.random.default_rng(5)
    assortment = draw(rng, 4)
    demand = assortment.demand(rng)
    ours = follow(assortment, demand, orders_by(policy)).reward
    np.testing.assert_array_equal(follow(assortment, demand, rule).reward, ours)


def test_the_stream_tells_of_whole_episodes(policy: NetPolicy, stream: Path) -> None:
    """Reward, its parts and kinds of days, and the products of the moment."""
    line = read_stream(stream)[-1]
    assert line.mean_reward is not None
    told = line.told
    parts = told["holding"] + told["unmet"] + told["excess"] + told["bonus"]
    assert line.mean_reward == pytest.approx(parts)
    assert told["bonus"] == pytest.approx(10 * told["perfect"])
    assert line.episodes == 2 * (line.step // 600)
    assert len(line.scene["on_hand"]) == 10
    assert policy.card.steps >= 1_800


def test_a_shift_raises_every_safety_factor_alike(policy: NetPolicy) -> None:
    """By as much as is asked for, within the reach of the actions."""
    seen = np.random.default_rng(1).normal(size=(50, len(SEEN)))
    before, after = policy.act(seen), shifted(policy, 0.1).act(seen)
    inside = np.abs(before) < REACH - 0.2
    assert inside.any()
    np.testing.assert_allclose((after - before)[inside], 0.1)


def test_another_problems_policy_is_refused(policy: NetPolicy) -> None:
    """And so is one of other levels."""
    with pytest.raises(DataError, match="planner learn ten-products"):
        orders_by(replace(policy, card=replace(policy.card, problem="chess")))
    with pytest.raises(DataError, match="planner learn ten-products"):
        orders_by(replace(policy, card=replace(policy.card, facts={"centre": [[1.0]]})))
    assert orders_by(policy).centre.z.shape == CELLS


def test_the_policy_that_comes_with_the_planner_is_worth_asking() -> None:
    """On new months it is far ahead of a buyer's safety stock, and serves 97 % at least."""
    rule = orders_by(shipped("ten-products"))
    rng = np.random.default_rng(2027)
    assortment = draw(rng, 200)
    demand = assortment.demand(rng)
    ours = follow(assortment, demand, rule)
    ahead = ours.reward - follow(assortment, demand, by_safety_stock).reward
    assert ahead.mean() > 4 * ahead.std(ddof=1) / np.sqrt(len(ahead))
    assert fill_rate(ours) > 0.97
