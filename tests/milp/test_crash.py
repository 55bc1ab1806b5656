"""A good place to start changes how long it takes, never what comes out."""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np
import pytest

from data.outlook import Outlook
from milp import crash, reconcile
from milp.crash import starting_basis
from milp.model import Model, Task
from milp.solver import Solution, solve
from milp.storage import overflow_steps
from tests.milp.conftest import random_task, steady_task, with_limits


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples and batches so small that two dozen products are many."""
    monkeypatch.setattr(crash, "SAMPLE", 6)
    monkeypatch.setattr(crash, "BATCH", 7)


def cold_and_warm(task: Task) -> tuple[Solution, Solution]:
    """The optimum from nothing and from the starting basis."""
    model = Model(task)
    programme = model.programme()
    return solve(programme), solve(programme, starting_basis(model))


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("seed", [0, 4, 10, 16, 22])
def test_the_optimum_is_the_same_from_everywhere(seed: int) -> None:
    """Limits on space and supply, scarce or not, in chains of every length."""
    cold, warm = cold_and_warm(random_task(seed, products=24))
    assert warm.objective == pytest.approx(cold.objective, rel=1e-9)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("seed", [1, 13])
def test_without_any_limit_products_are_solved_apart_and_done(seed: int) -> None:
    """Nothing is shared, so side by side the products' own optima are the optimum."""
    cold, warm = cold_and_warm(random_task(seed, products=24, limited=False))
    assert warm.objective == pytest.approx(cold.objective, rel=1e-9)
    assert warm.iterations == 0


@pytest.mark.usefixtures("few")
def test_products_without_uncertainty_may_be_in_a_batch_of_their_own() -> None:
    """One uncertain product among two dozen whose demand is known for sure."""
    task = with_limits(steady_task(products=24, periods=6), space=(4000.0, 7000.0))
    uncertain = np.arange(24) == 11
    outlook = Outlook(task.outlook.mean, task.outlook.std * uncertain, task.outlook.lead_time)
    cold, warm = cold_and_warm(replace(task, outlook=outlook))
    assert warm.objective == pytest.approx(cold.objective, rel=1e-9)


def test_more_products_than_many_start_well() -> None:
    """130 products under scarce space: the same plan's cost, in fewer steps."""
    task = steady_task(products=130, periods=7)
    flow = float(task.scenario.forecast.scale.sum())
    task = with_limits(task, space=(1.6 * flow, 2.4 * flow), supply=(0.9 * flow, 2.0 * flow))
    cold, warm = cold_and_warm(task)
    assert warm.objective == pytest.approx(cold.objective, rel=1e-9)
    assert warm.iterations < cold.iterations


@pytest.mark.usefixtures("few")
def test_reconciling_many_takes_the_detour(monkeypatch: pytest.MonkeyPatch) -> None:
    """And reconciles to the same cost as the direct way."""
    task = with_limits(steady_task(products=24, periods=8), space=(4000.0, 7000.0))
    direct = reconcile.reconcile(task)
    seen = []
    monkeypatch.setattr(reconcile, "MANY", 10)
    monkeypatch.setattr(
        reconcile, "starting_basis", lambda model: seen.append(model) or starting_basis(model)
    )
    detour = reconcile.reconcile(task)
    assert len(seen) == 1
    assert detour.objective == pytest.approx(direct.objective, rel=1e-9)
    np.testing.assert_allclose(detour.shipments[0], direct.shipments[0], atol=1e-5)


def test_overflow_starts_where_it_is_priced() -> None:
    """Steps cheaper than the price are bought whole, the one at the price in part, no dearer."""
    task = with_limits(steady_task(periods=6), space=(40.0, np.inf))
    model = Model(task)
    _, steps = overflow_steps(np.ones(1), task.scenario.network.overflow_price[:1])
    suggested = np.zeros(model.layout.coupling)
    suggested[3] = steps[0, 2] * 1.001
    prices, overflow, rows = crash._nearest_steps(model, suggested)
    expected = np.zeros(model.layout.coupling)
    expected[3] = steps[0, 2]
    np.testing.assert_allclose(prices, expected)
    status = highspy.HighsBasisStatus
    assert overflow[3].tolist() == [status.kUpper] * 2 + [status.kBasic] + [status.kLower] * 5
    assert set(overflow[[0, 1, 2, 4, 5]].ravel().tolist()) == {status.kLower}
    assert [number for number, row in enumerate(rows) if row != status.kBasic] == [3]


@pytest.mark.usefixtures("few")
def test_the_sample_stands_for_small_and_large_products() -> None:
    """Every n-th product by the space it needs, none twice."""
    chosen = crash._stratified(np.arange(24.0)[::-1])
    np.testing.assert_array_equal(chosen, [1, 5, 9, 13, 17, 21])
