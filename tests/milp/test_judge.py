"""Shipments from anywhere are judged by the model's own account."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from milp.judge import judged
from milp.model import Model
from milp.rows import rows_of
from milp.solver import solve
from tests.milp.conftest import random_task, with_limits


def total(model: Model, shipments: np.ndarray) -> float:
    """What shipments cost, overflow included [money]."""
    found = judged(model, shipments)
    rows = rows_of(model.task, model.fixed, model.variance)
    return found.cost + rows.overflow(found.usage)


@given(st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_nothing_is_cheaper_than_the_optimum(seed: int) -> None:
    """Neither the optimum's own shipments, whose lost sales are now physical, nor none at all."""
    task = random_task(seed)
    model = Model(task)
    solution = solve(model.programme())
    least = solution.objective * model.money + model.constant
    slack = 1e-6 * (1 + abs(least))
    shipments = model.shipments(solution.x)
    assert total(model, shipments) >= least - slack
    assert total(model, np.zeros_like(shipments)) >= least - slack


@pytest.mark.parametrize("seed", range(12))
def test_the_optimum_is_judged_at_its_own_cost_where_it_loses_what_must_be_lost(seed: int) -> None:
    """Segment by segment and row by row, the judge fills in the columns that the solver found."""
    task = with_limits(random_task(seed, starving=0.0)) if seed % 2 else random_task(seed)
    model = Model(task)
    solution = solve(model.programme())
    least = solution.objective * model.money + model.constant
    values = model.values(solution.x)
    shipments = model.shipments(solution.x)
    from milp.flow import moved

    more = values["lost"].T * model.scale - moved(task, shipments).lost_sales
    lost = ~task.scenario.products.backordered
    if (more[:, lost] > 1e-7 * model.scale[lost]).any():
        assert total(model, shipments) > least
    else:
        assert total(model, shipments) == pytest.approx(least, rel=1e-6, abs=1e-6)
