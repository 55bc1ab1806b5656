"""The benchmark of planning anew compares like with like."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import cadence
from milp.model import Model
from milp.reconcile import reconcile
from milp.solver import solve
from tests.milp.conftest import steady_task, with_limits


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    """Values of a quick run by case."""
    return {row.case: row.value for row in cadence.run(quick=True, seed=1).rows}


def test_every_fence_is_told_with_its_price_and_its_calm(found: dict[str, float]) -> None:
    """Cost, cost beyond that without a fence, and nervousness, which a firm fence lowers."""
    for case in cadence.FENCES:
        assert found[f"{case}/dearer than fence=0"] == pytest.approx(found[case] - found["fence=0"])
        assert 0 <= found[f"{case}/nervousness"] <= 1
    assert found["fence=7/nervousness"] < found["fence=3/nervousness"]
    assert found["fence=3/nervousness"] < found["fence=0/nervousness"]


def test_yesterdays_basis_saves_most_of_the_work(found: dict[str, float]) -> None:
    """Moved by a day or not, it beats starting from nothing."""
    cold, basis, moved = (found[f"start from {name}"] for name in cadence.STARTS)
    assert basis < cold
    assert moved < cold


def test_a_basis_moved_by_a_day_is_a_start_like_any_other() -> None:
    """As many columns and rows, the last day's twice, and the same optimum from there."""
    task = with_limits(steady_task(periods=8), (48.0, 72.0))
    model, answer = Model(task), reconcile(task)
    assert answer.basis is not None
    moved = cadence.shifted(answer.basis, model)
    before, after = answer.basis, moved
    assert len(after.columns) == len(before.columns)
    assert len(after.rows) == len(before.rows)
    ship = np.arange(model.layout.width)[model.layout.columns["ship"]][: model.T]
    np.testing.assert_array_equal(after.columns[ship[:-1]], before.columns[ship[1:]])
    assert after.columns[ship[-1]] == before.columns[ship[-1]]
    again = solve(model.programme(), moved)
    cost = again.objective * model.money + model.constant
    assert cost == pytest.approx(answer.upper, rel=1e-9)


def test_the_same_seed_gives_the_same_world() -> None:
    """To the bit; another seed another one."""
    one, same, other = (cadence.sample_problem(5, 3, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.outlook.mean, same.outlook.mean)
    assert not np.array_equal(one.outlook.mean, other.outlook.mean)
