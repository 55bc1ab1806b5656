"""Learning weekly container orders: what comes out can be kept and asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain.reference.net_policy import load_policy
from brain.reference.weekly_containers import orders_by, teach
from data.containers import made_up
from data.errors import DataError
from envs.reference.weekly_containers import follow


def test_a_policy_read_from_its_folder_orders_as_before(tmp_path: Path) -> None:
    """For the items it has learnt; other items and other problems are refused."""
    problem = made_up(np.random.default_rng(1), items=3, ramped=True)
    policy = teach(1_500, 1, problem)
    policy.save(tmp_path / "policy")
    demand = problem.demand(np.random.default_rng(2), 6)
    before = follow(problem, demand, orders_by(policy, problem))
    after = follow(problem, demand, orders_by(load_policy(tmp_path / "policy"), problem))
    np.testing.assert_array_equal(before.value, after.value)
    with pytest.raises(DataError, match="other items"):
        orders_by(policy, made_up(np.random.default_rng(1), items=4))
    with pytest.raises(DataError, match="nothing known"):
        orders_by(replace(policy, card=replace(policy.card, problem="")), problem)


def test_the_same_seed_teaches_the_same_net() -> None:
    """To the bit; another seed teaches another."""
    problem = made_up(np.random.default_rng(1), items=2)
    first, again, other = (teach(1_000, seed, problem) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.layers[0][0], again.layers[0][0])
    assert (first.layers[0][0] != other.layers[0][0]).any()
