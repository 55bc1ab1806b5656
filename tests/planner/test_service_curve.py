"""Service against stock is played on the plan's own futures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from envs.policies import SafetyStockRule, constant
from planner import service_curve as module
from planner.pipeline import Outcome
from planner.service_curve import FACTORS, days_of_stock, service_curve, where_we_are


def with_factors(outcome: Outcome, z: float) -> Outcome:
    """The same plan, every safety factor z."""
    return replace(outcome, z_reconciled=np.full_like(outcome.z_reconciled, z))


def test_more_safety_stock_means_more_stock_and_no_less_service(roomy: Outcome) -> None:
    """From a quarter of the plan's to twice as much."""
    points = service_curve(with_factors(roomy, 0.8))
    assert [point.factor for point in points] == list(FACTORS)
    assert (np.diff([point.stock_days for point in points]) > 0).all()
    assert (np.diff([point.fill_rate.value for point in points]) >= 0).all()
    assert points[0].fill_rate.value < points[-1].fill_rate.value


def test_each_scale_is_the_rule_at_these_safety_factors_on_the_plan_s_futures(
    tight: Outcome,
) -> None:
    """Costs and service are those of a replay of one scale by itself."""
    problem, point = tight.problem, service_curve(tight)[FACTORS.index(0.5)]
    rng = np.random.default_rng(tight.config.seed)
    demand = problem.sampled_demand(tight.futures, rng)[: point.futures]
    rule = SafetyStockRule(problem.outlook, constant(0.5 * tight.z_reconciled))
    trace = problem.carried_out(problem.in_lots(rule), demand)
    expected = trace.costs.mean()
    found = (point.holding, point.shortage, point.overflow, point.total)
    assert found == pytest.approx(
        [expected[name] for name in ("holding", "shortage")]
        + [expected["overflow"], expected["total"]]
    )
    lost = 1 - trace.lost_sales.sum() / demand.sum()
    assert point.fill_rate.value == pytest.approx(lost)
    space = problem.scenario.network.storage_capacity
    limited = np.isfinite(space)
    use = trace.occupancy.mean(axis=(0, 1))[limited] / space[limited]
    assert point.fullest == pytest.approx(use.max())


def test_scales_played_one_by_one_come_to_the_same(
    tight: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many products are played in smaller groups, for memory's sake."""
    monkeypatch.setattr(module, "futures_of", lambda outcome: 2)
    together = service_curve(tight)
    monkeypatch.setattr(module, "LANES", 1)
    alone = service_curve(tight)
    for one, other in zip(together, alone, strict=True):
        assert one.total == pytest.approx(other.total)
        assert one.fill_rate.value == pytest.approx(other.fill_rate.value)


def test_of_many_products_fewer_futures_are_played(
    tight: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never none, and never more than the plan was replayed on."""
    assert module.futures_of(tight) == module.MOST_FUTURES
    assert module.futures_of(replace(tight, futures=2)) == 2
    monkeypatch.setattr(module, "LANES", 1)
    assert module.futures_of(tight) == 1


def test_where_the_plan_is_is_told_at_cost_where_cost_is_known(roomy: Outcome) -> None:
    """Or else in days of demand."""
    ours = roomy.happened["ours"]
    stock, served = where_we_are(roomy)
    assert stock == pytest.approx(days_of_stock(ours))
    assert served == ours.fill_rate().value
    priced = replace(ours, stock_value=np.full_like(ours.stock_value, 7.0))
    assert where_we_are(replace(roomy, happened={"ours": priced}))[0] == pytest.approx(7.0)
