"""The benchmark of the shelf by the hour measures from the exact optimum."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import store_clearance
from benchmarks.results import Row
from brain.reference.net_policy import load_policy
from envs.reference.store_clearance import Store, store_of


@pytest.fixture(scope="module")
def whole() -> store_clearance.Findings:
    """A quick run."""
    return store_clearance.find(quick=True, seed=1)


@pytest.fixture(scope="module")
def found(whole: store_clearance.Findings) -> dict[tuple[str, str], Row]:
    """Its rows by case and policy."""
    return {(row.case, row.policy): row for row in whole.result.rows}


def test_every_policy_has_its_gap_and_its_parts(found: dict[tuple[str, str], Row]) -> None:
    """Product by product; the parts add up to the profit, which stays below the optimum."""
    products = {case for case, _ in found if "/" not in case}
    assert len(products) == 2
    for case, policy in found:
        if case not in products:
            continue
        row, best = found[case, policy], found[case, store_clearance.OPTIMUM]
        assert row.gap == pytest.approx((best.value - row.value) / abs(best.value))
        parts = [found[f"{case}/{part}", policy].value for part in store_clearance.MONEY]
        assert row.value == pytest.approx(sum(parts))
        if policy != store_clearance.OPTIMUM:
            behind = found[f"{case}/behind optimum", policy]
            assert behind.value == pytest.approx(best.value - row.value)
            assert behind.high > 0
        if policy in store_clearance.LEARNT.values():
            ahead = found[f"{case}/ahead of {store_clearance.TUNED}", policy]
            tuned = found[case, store_clearance.TUNED]
            assert ahead.value == pytest.approx(row.value - tuned.value)


def test_tuned_thresholds_are_the_best_of_their_grid() -> None:
    """On their own episodes; the usual 100 and 400 are in reach of the grid."""
    shop = store_clearance.sample_shop(1)
    store = Store(store_of(shop, store_clearance.UNITS).mean[:1])
    tuned = store_clearance.tuned_threshold(store, 0, seed=1, episodes=20)
    assert tuned.order_below in store_clearance.ORDER_BELOW
    assert tuned.order_below < tuned.clear_above
    assert 100 in store_clearance.ORDER_BELOW
    assert 400 in store_clearance.CLEAR_ABOVE


def test_a_run_can_be_drawn_and_its_nets_kept(
    whole: store_clearance.Findings, tmp_path: Path
) -> None:
    """Three drawings that are XML, and a net per algorithm."""
    store_clearance.kept(whole, tmp_path)
    for name in ("learning", "stock", "hours-short"):
        ElementTree.parse(tmp_path / f"store-clearance-{name}.svg")
    for name in ("dqn", "ppo"):
        load_policy(tmp_path / "nets" / f"store-clearance-{name}-1")
