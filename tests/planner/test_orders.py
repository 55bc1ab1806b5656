"""Order lines say who ships what to whom, when, and why in numbers."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.terms import Budget, Locks, Terms
from data.writing import write_lines
from planner.orders import COLUMNS, Orders, order_text, orders
from planner.pipeline import Outcome
from planner.planning import LEVELS, PRICES, Making, Planned, make_plan, reconciled_safety_stock
from planner.problem import Problem, problem_of
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

HORIZON = 10
Z = np.array([[1.5, 1.0], [0.5, 0.2]])


@dataclass(frozen=True)
class Line:
    """One line of a batch, alone."""

    unique_id: str
    stage: str
    supplier: str
    order_date: date
    arrival_date: date
    quantity: float
    reason: str
    binding: str
    space_price: float
    position: float
    order_up_to: float
    forecast: float
    days: int
    safety_stock_advised: float
    space_took: float
    sharing: float
    rounding: float
    exact: bool


def lines_of(batches: Iterator[Orders]) -> list[Line]:
    """The lines of all batches."""
    found = []
    for batch in batches:
        for row, reason in enumerate(batch.reason):
            told = {
                name: value[row] if isinstance(value, np.ndarray) else value
                for name, value in vars(batch).items()
            }
            told["order_date"] = date.fromisoformat(batch.order_date)
            told["arrival_date"] = date.fromisoformat(batch.arrival_date[row])
            found.append(Line(reason=reason, **told))
    return found


def planned_lines(
    space: tuple[float, ...] | None = None,
    supply: tuple[float, ...] | None = None,
    advised: np.ndarray = Z,
    mode: str = LEVELS,
    **columns: Any,
) -> tuple[Problem, Planned, list[Line]]:
    """A plan of two steady products and its lines."""
    task = with_limits(steady_task(**columns), space, supply)
    problem = problem_of(task.scenario, HORIZON)
    advice = closed_form(problem, Z)
    planned = make_plan(problem, advice, Making(mode))
    left = reconciled_safety_stock(problem, advice, planned) if mode == PRICES else Z
    return problem, planned, lines_of(orders(problem, planned, left, advised))


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
        position, quantity, after, level, forecast, days, safety = numbers[:7]
        stage = problem.scenario.network.names.index(line.stage)
        product = int(line.unique_id[-1]) - 1
        assert position == pytest.approx(morning[stage, product], rel=1e-3)
        assert quantity == pytest.approx(line.quantity, rel=1e-3)
        assert days == problem.outlook.echelon_interval[stage, product]
        assert after == pytest.approx(position + quantity, rel=1e-3)
        assert level == pytest.approx(forecast + safety, rel=1e-3)
        if not line.binding:
            assert after == pytest.approx(level, rel=1e-2)


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
        "position",
        "order_up_to",
        "forecast",
        "days",
        "safety_stock_advised",
        "space_took",
        "sharing",
        "rounding",
    )


def test_lines_of_a_plan_from_tables_name_its_products(tight: Outcome) -> None:
    """As the tables wrote them, whatever they look like."""
    lines = lines_of(orders(tight.problem, tight.planned, tight.z_reconciled, tight.advised.z))
    named = {line.unique_id for line in lines}
    assert named <= set(map(str, tight.problem.scenario.products.unique_id))


@pytest.mark.parametrize(
    ("space", "columns"),
    [
        (None, {}),
        (None, {"lot_size": np.array([6.0, 12.0])}),
        ((48.0, 72.0), {}),
        ((48.0, 72.0), {"lot_size": np.array([6.0, 12.0])}),
    ],
    ids=["free", "lots", "scarce", "scarce lots"],
)
def test_the_parts_of_a_reason_add_up_to_the_quantity(
    space: tuple[float, ...] | None, columns: dict[str, np.ndarray]
) -> None:
    """Level, sharing and rounding less the position, on every line that no limit cut."""
    _, _, lines = planned_lines(space, **columns)
    free = [line for line in lines if not line.binding or line.binding.startswith("space")]
    assert free
    for line in free:
        parts = line.order_up_to + line.sharing - line.position + line.rounding
        assert line.quantity == pytest.approx(parts, abs=1e-6)
        safety = line.safety_stock_advised - line.space_took
        assert line.order_up_to == pytest.approx(line.forecast + safety)


def test_what_the_price_of_space_took_is_said() -> None:
    """Advised less what is left, summed over the stage and those below it; in the sentence, too."""
    _, _, lines = planned_lines((48.0, 72.0), advised=Z + 0.5)
    problem = planned_lines((48.0, 72.0))[0]
    sigma = np.cumsum(problem.outlook.windows(0).std, axis=0)
    for line in lines:
        if line.order_date != problem.scenario.start:
            continue
        stage = problem.scenario.network.names.index(line.stage)
        took = 0.5 * sigma[stage, int(line.unique_id[-1]) - 1]
        assert line.space_took == pytest.approx(took)
        assert f"the price of space took {took:.4g}" in line.reason
        assert f"{line.safety_stock_advised:.4g} advised" in line.reason


def test_free_space_takes_nothing_and_no_lots_round_nothing() -> None:
    """Then the sentence is silent about both."""
    _, _, lines = planned_lines()
    for line in lines:
        assert line.space_took == line.rounding == 0
        assert "price of space" not in line.reason
        assert "whole lots" not in line.reason


def test_an_order_that_reaches_what_is_wanted_is_limited_by_nothing() -> None:
    """Although it may have taken all that the supplier had."""
    _, _, lines = planned_lines(days_on_hand=3.0)
    enough = [line for line in lines if line.position + line.quantity >= line.order_up_to - 1e-6]
    assert enough
    assert {line.binding for line in enough} == {""}


@pytest.mark.parametrize("lot", [0.0, 6.0])
def test_on_days_whose_advice_nobody_knows_the_parts_still_add_up(lot: float) -> None:
    """What lots and later advice do is told together then, and today exactly."""
    problem, planned, lines = planned_lines((48.0, 72.0), mode=PRICES, lot_size=np.full(2, lot))
    assert planned.mode == PRICES
    for line in lines:
        assert line.exact == (line.order_date == problem.scenario.start)
        if line.binding and not line.binding.startswith("space"):
            continue
        parts = line.order_up_to + line.sharing - line.position + line.rounding
        assert line.quantity == pytest.approx(parts, abs=1e-6)
        assert line.exact or line.rounding == 0
        if line.exact:
            assert line.sharing == 0
            assert abs(line.rounding) <= lot / 2 + 1e-9


def test_an_order_that_reaches_its_level_lacks_at_most_space() -> None:
    """Its supplier may be empty: nobody wanted more of it at today's price of space."""
    _, _, lines = planned_lines((48.0, 72.0), mode=PRICES, advised=Z + 1.0)
    reached = [
        line
        for line in lines
        if line.exact and line.position + line.quantity > line.order_up_to - 1e-6
    ]
    assert reached
    assert {line.binding for line in reached} <= {"space at stage 0", "space at stage 1", ""}
    assert any(line.binding for line in reached)


def test_the_text_is_the_lines_whatever_they_are_called(tight: Outcome, tmp_path: Path) -> None:
    """Read back as CSV it says the same; names that a spreadsheet would run are escaped."""
    args = (tight.problem, tight.planned, tight.z_reconciled, tight.advised.z)
    write_lines(tmp_path / "orders.csv", COLUMNS, order_text(orders(*args)))
    with (tmp_path / "orders.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    lines = lines_of(orders(*args))
    assert len(read) == len(lines)
    for row, line in zip(read, lines, strict=True):
        assert row["unique_id"].removeprefix("'") == line.unique_id
        assert not row["unique_id"].startswith(("=", "+", "-", "@"))
        assert (row["stage"], row["supplier"]) == (line.stage, line.supplier)
        assert row["order_date"] == line.order_date.isoformat()
        assert row["arrival_date"] == line.arrival_date.isoformat()
        assert (row["reason"], row["binding"]) == (line.reason, line.binding)
        assert float(row["quantity"]) == pytest.approx(line.quantity, rel=1e-9)
        for name in COLUMNS[9:]:
            assert float(row[name]) == pytest.approx(getattr(line, name), rel=1e-5, abs=1e-12)


def test_a_stage_called_by_a_percent_sign_is_no_format() -> None:
    """Names may hold anything; the text is made by formats."""
    problem, planned, _ = planned_lines((48.0, 72.0))
    network = problem.scenario.network
    named = replace(
        network, stages=(replace(network.stages[0], name='50%d, "%s"'), *network.stages[1:])
    )
    problem = replace(problem, scenario=replace(problem.scenario, network=named))
    text = "".join(order_text(orders(problem, planned, Z, Z)))
    rows = list(csv.reader(text.splitlines()))
    assert {len(row) for row in rows} == {len(COLUMNS)}
    assert {row[1] for row in rows} == {'50%d, "%s"', "stage 1"}


def test_a_line_that_a_person_fixed_says_so() -> None:
    """Whatever else there is to say about it; only that line."""
    task = with_limits(steady_task(), (48.0, 72.0))
    locks = Locks(np.array([1]), np.array([1]), np.array([2]), np.array([7.0]))
    scenario = replace(task.scenario, terms=Terms(locks))
    problem = problem_of(scenario, HORIZON)
    planned = make_plan(problem, closed_form(problem, Z), Making(LEVELS))
    fixed = [line for line in lines_of(orders(problem, planned, Z, Z)) if "fixed" in line.binding]
    (line,) = fixed
    assert (line.unique_id, line.stage, line.quantity) == ("P0002", "stage 1", 7.0)
    assert line.order_date == scenario.start + timedelta(days=2)
    assert line.rounding == 0


def test_a_purchase_that_money_cut_says_so() -> None:
    """At the top stage alone, for there alone is bought."""
    task = with_limits(steady_task(unit_cost=np.array([2.0, 3.0])), (480.0, 720.0))
    terms = Terms(budget=Budget(total=150.0))
    problem = problem_of(replace(task.scenario, terms=terms), HORIZON)
    planned = make_plan(problem, closed_form(problem, Z), Making(LEVELS))
    assert planned.answer is not None
    assert planned.answer.budget_price > 0
    cut = [
        line for line in lines_of(orders(problem, planned, Z, Z)) if line.binding == "the budget"
    ]
    assert cut
    assert {line.stage for line in cut} == {"stage 1"}
    assert all(line.reason.endswith("limited by the budget") for line in cut)
