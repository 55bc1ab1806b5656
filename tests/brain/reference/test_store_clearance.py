"""Learning to order, hold and clear: what comes out can be kept and asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain.reference.net_policy import load_policy
from brain.reference.store_clearance import Sizes, choices_by, teach
from data.errors import DataError
from envs.reference.store_clearance import draw
from envs.reference.store_clearance_env import usual_store
from envs.reference.store_clearance_policies import follow


@pytest.mark.parametrize("algorithm", ["dqn", "ppo"])
def test_a_policy_read_from_its_folder_chooses_as_before(algorithm: str, tmp_path: Path) -> None:
    """One of three actions in every hour; a policy of another problem is refused."""
    store = usual_store()
    policy = teach(algorithm, 800, 1, store, Sizes(judging=5, lanes=8))
    policy.save(tmp_path / "policy")
    scenarios = draw(store, np.random.default_rng(3), 6)
    before = follow(store, scenarios, choices_by(policy))
    after = follow(store, scenarios, choices_by(load_policy(tmp_path / "policy")))
    np.testing.assert_array_equal(before.money.profit, after.money.profit)
    assert policy.discrete
    with pytest.raises(DataError, match="planner learn store-clearance"):
        choices_by(replace(policy, card=replace(policy.card, problem="")))
