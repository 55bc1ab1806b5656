"""The benchmark of ten products tells wins and losses alike."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks import ten_products
from benchmarks.results import Row
from brain.reference.net_policy import load_policy


@pytest.fixture(scope="module")
def whole() -> ten_products.Findings:
    """A quick run."""
    return ten_products.find(quick=True, seed=1)


@pytest.fixture(scope="module")
def found(whole: ten_products.Findings) -> dict[tuple[str, str], Row]:
    """Its rows by case and policy."""
    return {(row.case, row.policy): row for row in whole.result.rows}


def test_the_parts_of_every_reward_are_told_and_add_up(found: dict[tuple[str, str], Row]) -> None:
    """For ours, the baselines, and perfect information, which nobody beats."""
    policies = [policy for case, policy in found if case == "reward"]
    assert ten_products.OURS in policies
    best = found["reward", ten_products.BOUND].value
    for policy in policies:
        total = found["reward", policy].value
        parts = [found[f"reward/{part}", policy].value for part in ten_products.PARTS]
        assert total == pytest.approx(sum(parts))
        assert total <= best + 1e-9
        assert found["perfect days", policy].ratio <= 1.0  # type: ignore[operator]
        assert 0.0 < found["fill rate", policy].value <= 1.0


def test_differences_are_paired(found: dict[tuple[str, str], Row]) -> None:
    """Their value is that of the two rewards; their interval is narrower than either's."""
    for name in (ten_products.LEVELS, ten_products.BEST_LEVELS):
        row = found[f"reward beyond {name}", ten_products.OURS]
        ours, theirs = found["reward", ten_products.OURS], found["reward", name]
        assert row.value == pytest.approx(ours.value - theirs.value)
        assert row.high - row.low < ours.high - ours.low


def test_ordering_at_random_is_worst(found: dict[tuple[str, str], Row]) -> None:
    """By far: an order of up to 200 a day of what sells 5."""
    rewards = {policy: row.value for (case, policy), row in found.items() if case == "reward"}
    assert min(rewards, key=lambda policy: rewards[policy]) == "random orders"


def test_a_run_can_be_drawn_and_its_nets_kept(whole: ten_products.Findings, tmp_path: Path) -> None:
    """Two drawings that are XML, and a net that orders as it did."""
    ten_products.kept(whole, tmp_path)
    for name in ("learning", "reward"):
        ElementTree.parse(tmp_path / f"ten-products-{name}.svg")
    policy = load_policy(tmp_path / "nets" / "ten-products-1")
    np.testing.assert_array_equal(policy.layers[0][0], whole.learnt[0].layers[0][0])
