"""Order lines say who ships what to whom, when, and why in numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest

from planner.orders import COLUMNS, OrderLine, order_lines
from planner.pipeline import Outcome
from planner.planning import Planned, make_plan
from planner.problem import Problem, problem_of
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

HORIZON = 10
Z = np.array([[1.5, 1.0], [0.5, 0.2]])


def planned_lines(
    space: tuple[float, ...] | None = None,
    supply: tuple[float, ...] | None = None,
    **columns: np.ndarray,
) -> tuple[Problem, Planned, list[OrderLine]]:
    """A plan of two steady products and its lines."""
    task = with_limits(steady_task(**columns), space, supply)
    problem = problem_of(task.scenario, HORIZON)
    planned = make_plan(problem, closed_form(problem, Z), seed=1)
    return problem, planned, list(order_lines(problem, planned, Z))


@pytest.mark.parametrize("space", [None, (48.0, 72.0)], ids=["free", "scarce"])
def test_lines_are_the_plan_and_nothing_else(space: tuple[float, ...] | None) -> None:
    """By product, stage and day they add up to what is shipped; no line is of nothing."""
    problem, planned, lines = planned_lines(space)
    scenario = problem.scenario
    units = np.zeros_like(planned.plan.shipments)
    names = list(scenario.products.unique_id)
    for line in lines:
        day = (line.order_date - scenario.start).days
        stage = scenario.network.names.index(line.stage)
        units[day, stage, names.index(line.unique_id)] += line.quantity
        assert line.quantity > 0
    np.testing.assert_allclose(units, planned.plan.shipments, atol=1e-8)


def test_lines_come_by_day_then_stage_then_product() -> None:
    """So that today's orders are on top."""
    problem, _, lines = planned_lines()
    place = [
        (line.order_date, problem.scenario.network.names.index(line.stage), line.unique_id)
        for line in lines
    ]
    assert place == sorted(place)


def test_goods_arrive_a_lead_time_after_they_are_ordered() -> None:
    """Product by product and stage by stage; who ships is the next stage up, or the source."""
    lead_time = np.array([[0, 3], [2, 5]])
    problem, _, lines = planned_lines(lead_time=lead_time)
    names = list(problem.scenario.products.unique_id)
    for line in lines:
        stage = problem.scenario.network.names.index(line.stage)
        days = int(lead_time[stage, names.index(line.unique_id)])
        assert line.arrival_date - line.order_date == timedelta(days=days)
        assert line.supplier == ("stage 1" if stage == 0 else "source")


def test_lots_are_whole_on_every_line() -> None:
    """Six at a time of the one, twelve of the other."""
    _, _, lines = planned_lines(lot_size=np.array([6.0, 12.0]))
    lot = {"P0001": 6.0, "P0002": 12.0}
    for line in lines:
        assert line.quantity % lot[line.unique_id] == pytest.approx(0.0)


def test_the_reason_adds_up() -> None:
    """Position and order make the forecast and safety stock that are named, where nothing binds."""
    problem, _, lines = planned_lines()
    morning = problem.situation().echelon_position[0]
    for line in lines:
        if line.order_date != problem.scenario.start:
            continue
        numbers = [float(x) for x in re.findall(r"-?\d+\.?\d*(?:e[+-]?\d+)?", line.reason)]
        position, quantity, forecast, days, safety = numbers
        stage = problem.scenario.network.names.index(line.stage)
        product = int(line.unique_id[-1]) - 1
        assert position == pytest.approx(morning[stage, product], rel=1e-3)
        assert quantity == pytest.approx(line.quantity, rel=1e-3)
        assert days == problem.outlook.echelon_interval[stage, product]
        if not line.binding:
            assert position + quantity == pytest.approx(forecast + safety, rel=1e-2)


def test_a_line_that_nothing_limits_has_nothing_binding() -> None:
    """At the top of a chain without limits every order is what it should be."""
    _, _, lines = planned_lines()
    assert {line.binding for line in lines if line.stage == "stage 1"} == {""}
    assert not any(line.space_price for line in lines)


def test_what_limits_a_line_is_named() -> None:
    """Space at the stage, stock at the supplier, supply to the stage, the largest order."""
    bindings = defaultdict(set)
    for case, (space, supply, columns) in {
        "space": ((48.0, 72.0), None, {}),
        "stock": (None, None, {"missed_sale_cost": np.array([900.0, 900.0])}),
        "supply": (None, (np.inf, 25.0), {}),
        "largest": (None, None, {"maximum_order": np.array([10.0, 20.0])}),
    }.items():
        _, _, lines = planned_lines(space, supply, **columns)
        bindings[case] = {line.binding for line in lines}
    assert bindings["space"] & {"space at stage 0", "space at stage 1"}
    assert "supply to stage 1" in bindings["supply"]
    assert "largest order" in bindings["largest"]
    assert "stock at stage 1" in bindings["supply"]


def test_a_line_knows_the_price_of_space_it_answers_to() -> None:
    """That of its stage on its day."""
    problem, planned, lines = planned_lines((48.0, 72.0))
    assert any(line.space_price > 0 for line in lines)
    for line in lines:
        day = (line.order_date - problem.scenario.start).days
        stage = problem.scenario.network.names.index(line.stage)
        assert line.space_price == planned.price[day, stage]


def test_columns_are_what_the_run_folder_promises() -> None:
    """In this order, for programs that read them."""
    assert COLUMNS == (
        "unique_id",
        "stage",
        "supplier",
        "order_date",
        "arrival_date",
        "quantity",
        "reason",
        "binding",
        "space_price",
    )


def test_lines_of_a_plan_from_tables_name_its_products(tight: Outcome) -> None:
    """As the tables wrote them, whatever they look like."""
    lines = order_lines(tight.problem, tight.planned, tight.z_reconciled)
    named = {line.unique_id for line in lines}
    assert named <= set(map(str, tight.problem.scenario.products.unique_id))
