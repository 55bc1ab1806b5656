"""What was announced is found again, held inside a fence, and its changes are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigurationError
from planner.announced import Announced, announced_by
from planner.cadence import OPEN, Fence
from planner.deciding import how_much_changed, who_decided
from planner.folder import write_run
from planner.pipeline import Outcome
from planner.planning import LEVELS, Making, make_plan
from planner.problem import Problem, problem_of
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import Planner, closed_form

Z = np.array([[1.5, 1.0], [0.5, 0.2]])


@pytest.fixture(scope="module")
def run(tight: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of a tight plan."""
    out = tmp_path_factory.mktemp("announced") / "run"
    return write_run(replace(tight, config=replace(tight.config, out=out, report=False)))


def test_a_run_announced_what_it_ships(tight: Outcome, run: Path) -> None:
    """Product by product, from the first day planned now."""
    scenario = tight.problem.scenario
    told = announced_by(run, scenario, OPEN)
    np.testing.assert_allclose(told.orders, tight.planned.plan.shipments, rtol=1e-6)
    later = replace(scenario.forecast, start=scenario.start + timedelta(days=3))
    told = announced_by(run, replace(scenario, forecast=later), OPEN)
    np.testing.assert_allclose(told.orders, tight.planned.plan.shipments[3:], rtol=1e-6)


def test_products_that_were_not_there_have_nothing_announced(tight: Outcome, run: Path) -> None:
    """They are found by name, wherever they stand now."""
    scenario = tight.problem.scenario.take(np.array([1, 0]))
    first = tight.problem.scenario.products.unique_id[0]
    renamed = replace(scenario.products, unique_id=np.array(["new", first], dtype=object))
    told = announced_by(run, replace(scenario, products=renamed), OPEN)
    assert not told.orders[..., 0].any()
    np.testing.assert_allclose(told.orders[..., 1], tight.planned.plan.shipments[..., 0], rtol=1e-6)


def test_a_folder_that_is_no_run_is_refused(tight: Outcome, run: Path, tmp_path: Path) -> None:
    """And a run that ended before today: it says nothing of what is planned."""
    scenario = tight.problem.scenario
    with pytest.raises(ConfigurationError, match=r"holds no plan\.parquet"):
        announced_by(tmp_path, scenario, OPEN)
    late = replace(scenario.forecast, start=scenario.start + timedelta(days=400))
    with pytest.raises(ConfigurationError, match="says nothing of"):
        announced_by(run, replace(scenario, forecast=late), OPEN)


def scarce() -> Problem:
    """Two steady products on a chain that is too small for them."""
    return problem_of(with_limits(steady_task(), (48.0, 72.0)).scenario, 10)


@pytest.mark.parametrize("days", [0, 4])
def test_orders_inside_the_fence_stay_as_they_were_announced(days: int) -> None:
    """Half of what the plan would order was announced; inside the fence half is ordered."""
    of = scarce()
    free = make_plan(of, closed_form(of, Z), Making(LEVELS)).plan.shipments
    told = Announced(free * 0.5, Fence(days), Path("run"))
    held = make_plan(of, closed_form(of, Z), Making(announced=told)).plan.shipments
    np.testing.assert_allclose(held[:days], 0.5 * free[:days], atol=1e-6)
    assert np.abs(held[days : days + 2] - 0.5 * free[days : days + 2]).max() > 0.1


def test_how_much_has_changed_is_said(tight: Outcome) -> None:
    """Nothing, where the same was announced; all of it, where nothing was."""
    shipments = tight.planned.plan.shipments
    same = replace(tight, announced=Announced(shipments, OPEN, Path("before")))
    assert how_much_changed(same).startswith("0")
    other = replace(tight, announced=Announced(np.zeros_like(shipments), OPEN, Path("before")))
    assert "100" in how_much_changed(other)
    assert "before" in how_much_changed(other)
    assert how_much_changed(replace(tight, announced=None)) == ""


def test_who_decided_is_said_with_what_is_proven(tight: Outcome, roomy: Outcome) -> None:
    """Prices beside the programme's bounds; nobody where nothing is scarce."""
    assert "at the price of space" in who_decided(tight.planned)
    assert "no plan costs less than" in who_decided(tight.planned)
    assert "Nothing that products share is scarce" in who_decided(roomy.planned)
    answer = replace(tight.planned.answer, upper=np.inf, lower=-np.inf, complete=False)
    assert "Time ran out" in who_decided(replace(tight.planned, answer=answer))


def test_planning_since_a_run_holds_its_orders(
    plan: Planner, tight: Outcome, run: Path, tmp_path: Path
) -> None:
    """From the tables to the plan: what was announced for two days is ordered again."""
    names = tuple(map(str, tight.problem.scenario.products.unique_id))
    again = plan(names, since=run, fence=Fence(2), out=tmp_path / "again")
    told = announced_by(run, again.problem.scenario, OPEN)
    assert again.planned.mode == LEVELS
    np.testing.assert_allclose(again.planned.plan.shipments[:2], told.orders[:2], atol=1e-5)
