"""The workbook holds the plan's numbers as numbers, its dates as dates, and its text as text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from planner import sheets, workbook
from planner.exceptions import Finding, Status
from planner.orders import NOTHING
from planner.pipeline import Outcome
from planner.ranking import ranked_purchases
from planner.replay import OURS
from planner.traced import traced
from planner.workbook import safe, wanted, write_workbook

NAMES = (
    "=cmd|' /C calc'!A0",
    "https://example.com/?a=1&b=<script>",
    "<r><t>rich</t></r>",
    "\u202egnp.exe \u200f עברית",
)
SHEETS = [
    "Summary",
    "Exceptions",
    "Orders",
    "Purchases",
    "Safety stock",
    "Products",
    "Capacity",
    "Service",
    "Glossary",
]


@pytest.fixture(scope="module")
def hostile(tight: Outcome) -> Outcome:
    """The plan of products with hostile ids, names, categories and suppliers."""
    long = (
        "x" * 10_000,
        "bell \u0007 null \u0000 del \u007f",
        "_x0041_",
        "\ud800 \uffff\tline\nfeed",
    )
    products = tight.problem.scenario.products
    renamed = replace(
        products,
        name=np.array(NAMES, dtype=object),
        category=np.array(long, dtype=object),
        supplier=np.array(NAMES[::-1], dtype=object),
    )
    scenario = replace(tight.problem.scenario, products=renamed)
    return replace(tight, problem=replace(tight.problem, scenario=scenario))


@pytest.fixture(scope="module")
def file(hostile: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "plan.xlsx"
    write_workbook(path, hostile, every=True)
    return path


@pytest.fixture(scope="module")
def book(file: Path) -> Workbook:
    return load_workbook(file)


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Workbook]:
    """Writes a workbook and reads it."""

    def write(outcome: Outcome, **options: Any) -> Workbook:
        write_workbook(tmp_path / "plan.xlsx", outcome, **options)
        return load_workbook(tmp_path / "plan.xlsx")

    return write


def records(sheet: Worksheet) -> list[dict[str, Any]]:
    """The lines of a sheet by the titles in its second row."""
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    return [dict(zip(map(str, rows[0]), row, strict=True)) for row in rows[1:]]


def test_the_sheets_come_in_the_order_of_work(book: Workbook) -> None:
    """What it came to first, then what to look at, what to order, and why."""
    assert book.sheetnames == SHEETS


def test_nothing_in_a_cell_is_a_formula_or_a_link(book: Workbook, file: Path) -> None:
    """Not even a text that begins like one, in any sheet; the files within hold none either."""
    for sheet in book:
        for row in sheet.iter_rows():
            assert not [c for c in row if c.data_type == "f" or c.hyperlink]
    with zipfile.ZipFile(file) as parts:
        assert not [name for name in parts.namelist() if "vba" in name or "externalLink" in name]
        for name in parts.namelist():
            text = parts.read(name).decode("utf-8")
            assert not re.search(r"<f[ >]", text), name
            assert "<rPr>" not in text or "sharedStrings" not in name


def test_hostile_text_is_shown_as_it_is(book: Workbook, hostile: Outcome) -> None:
    """Ids, names, categories and suppliers; signs that no cell can hold are shown by a picture."""
    products = hostile.problem.scenario.products
    found = records(book["Products"])
    for label in ("unique_id", "name", "category", "supplier"):
        shown = [unescape(line[label]) for line in found]
        assert shown == [safe(str(word)) for word in getattr(products, label)]
    assert {line["unique_id"] for line in found} == set(products.unique_id)
    assert found[0]["name"] == NAMES[0]
    assert found[1]["name"] == NAMES[1]
    assert found[2]["name"].rstrip() == NAMES[2]
    assert found[3]["name"] == NAMES[3]
    assert found[0]["category"] == "x" * 10_000
    assert found[1]["category"] == "bell ␇ null ␀ del ␡"


def test_text_too_long_for_a_cell_is_cut_with_a_mark() -> None:
    """A cell holds 32,767 characters."""
    assert len(safe("x" * 40_000)) == 32_767
    assert safe("x" * 40_000).endswith("x…")
    assert safe("x" * 32_767) == "x" * 32_767


def test_every_order_line_stands_with_real_dates(book: Workbook, hostile: Outcome) -> None:
    """Quantities add up to the plan's, and an order arrives its lead time later."""
    shipments = hostile.planned.plan.shipments
    lines = records(book["Orders"])
    assert len(lines) == (shipments > NOTHING).sum()
    assert sum(line["quantity"] for line in lines) == pytest.approx(shipments.sum())
    lead_time = {stage.name: stage.lead_time for stage in hostile.problem.scenario.network.stages}
    for line in lines:
        assert isinstance(line["order date"], datetime)
        days = timedelta(days=lead_time[line["stage"]])
        assert line["arrival date"] - line["order date"] == days
        assert line["reason"].startswith("position ")
    assert min(line["order date"] for line in lines).date() == hostile.problem.scenario.start


def test_the_sheets_repeat_the_tables_of_the_run(book: Workbook, hostile: Outcome) -> None:
    """Exceptions in their order, safety stock, service and capacity, number by number."""
    found = records(book["Exceptions"])
    assert [line["unique_id"] for line in found] == [f.unique_id for f in hostile.findings]
    money = [line["money at stake"] for line in found]
    assert money == pytest.approx([f.money_at_stake for f in hostile.findings])
    safety = records(book["Safety stock"])
    stages = len(hostile.problem.scenario.network)
    shelf = [line["advised"] for line in safety[::stages]]
    assert shelf == pytest.approx(list(hostile.advised.units[0]))
    left = [line["z reconciled"] for line in safety[stages - 1 :: stages]]
    assert left == pytest.approx(list(hostile.z_reconciled[-1]))
    served = [line["fill rate"] for line in records(book["Products"])]
    assert served == pytest.approx(list(hostile.happened[OURS].product_fill_rate))
    space = traced(hostile, curve=False).spaces
    days = records(book["Capacity"])
    assert len(days) == sum(len(of.dates) for of in space)
    shelf_days = days[: len(space[0].dates)]
    assert [line["happened"] for line in shelf_days] == pytest.approx(list(space[0].happened))
    assert [line["date"].date() for line in shelf_days] == list(space[0].dates)
    assert days[-1]["space"] == "no limit"
    assert days[-1]["use"] is None


def test_unknown_numbers_are_blank(book: Workbook) -> None:
    """No unit cost is given in these tables."""
    assert {line["unit cost"] for line in records(book["Products"])} == {None}
    for sheet in book:
        for row in sheet.iter_rows(values_only=True):
            assert not {"nan", "inf", "None"} & {str(value).lower() for value in row if value}


def test_every_sheet_of_lines_is_frozen_filtered_and_set_up_for_print(book: Workbook) -> None:
    """Note and header stay in sight and are printed on every page, one page wide."""
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes[1:] == "3"
        assert sheet.auto_filter.ref.startswith("A2:")
        assert sheet.auto_filter.ref.endswith(str(max(sheet.max_row, 3)))
        assert sheet.print_title_rows == "$1:$2"
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.fitToHeight == 0
        assert all(sheet.column_dimensions[c.column_letter].width > 5 for c in sheet[2])


def test_statuses_are_coloured_and_service_has_bars(book: Workbook) -> None:
    """The colour of a status is that of its kind; fill rate, risk and cost have bars."""
    sheet = book["Exceptions"]
    for row in sheet.iter_rows(min_row=3):
        ink, _ = workbook.COLOURS[Status(row[2].value)]
        assert row[2].font.color.rgb == f"FF{ink[1:].upper()}"
    kinds = [rule.type for rules in book["Products"].conditional_formatting for rule in rules.rules]
    assert kinds == ["dataBar"] * 3


def test_capacity_has_a_chart_of_every_stage(file: Path, hostile: Outcome) -> None:
    """And service one; their titles are text."""
    with zipfile.ZipFile(file) as parts:
        charts = [name for name in parts.namelist() if name.startswith("xl/charts/chart")]
        texts = [parts.read(name).decode("utf-8") for name in charts]
    assert len(charts) == len(hostile.problem.scenario.network) + 1
    assert sum("Shelf &lt;b&gt;" in text for text in texts) == 1


def test_a_stage_called_like_a_cell_is_a_title_all_the_same(tight: Outcome, tmp_path: Path) -> None:
    """The title of its chart is text, not what stands in that cell."""
    found = traced(tight, curve=False)
    spaces = (replace(found.spaces[0], stage="=Orders!$A$1"), *found.spaces[1:])
    write_workbook(tmp_path / "plan.xlsx", tight, replace(found, spaces=spaces))
    with zipfile.ZipFile(tmp_path / "plan.xlsx") as parts:
        chart = parts.read("xl/charts/chart1.xml").decode("utf-8")
    assert "<a:t>=Orders!\u200b$A$1</a:t>" in chart


def test_a_budget_colours_what_it_buys(plan, written: Callable[..., Workbook]) -> None:
    """The cell holds what all of today's purchases cost; the rule compares running totals to it."""
    outcome = plan()
    products = outcome.problem.scenario.products
    priced = replace(products, unit_cost=np.array([2.0, 3.0, np.nan]))
    scenario = replace(outcome.problem.scenario, products=priced)
    shipments = outcome.planned.plan.shipments.copy()
    shipments[0, -1] = 10.0
    planned = replace(outcome.planned, plan=replace(outcome.planned.plan, shipments=shipments))
    problem = replace(outcome.problem, scenario=scenario)
    outcome = replace(outcome, problem=problem, planned=planned)
    sheet = written(outcome)["Purchases"]
    ranked = ranked_purchases(outcome.problem, outcome.planned, outcome.z_reconciled)
    known = ranked.cumulative_spend[: ranked.known]
    assert 0 < ranked.known < len(ranked)
    assert sheet["I1"].value == pytest.approx(known[-1])
    lines = records(sheet)
    assert [line["cumulative spend"] for line in lines[: len(known)]] == pytest.approx(list(known))
    assert lines[-1]["cumulative spend"] is None
    (rules,) = sheet.conditional_formatting
    assert rules.rules[0].formula == ["AND(ISNUMBER($K3),$K3<=$I$1)"]
    assert str(rules.sqref) == f"A3:K{len(lines) + 2}"


def test_what_is_cut_is_said_with_the_file_that_has_it_all(
    tight: Outcome, written: Callable[..., Workbook], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines beyond what a sheet holds, days beyond the first, steps of purchases."""
    total = int((tight.planned.plan.shipments > NOTHING).sum())
    monkeypatch.setattr(sheets, "FIRST_DAYS", 2)
    first = int((tight.planned.plan.shipments[:2] > NOTHING).sum())
    book = written(tight)
    assert len(records(book["Orders"])) == first
    note = book["Orders"]["A1"].value
    assert f"{first} of {total} lines" in note
    assert "orders.csv has them all" in note
    assert "until 5 Jan 2027" in note
    assert any(note in str(row[0]) for row in book["Summary"].iter_rows(values_only=True))
    monkeypatch.setattr(sheets, "MOST_ROWS", 3)
    for name in ("Exceptions", "Orders", "Purchases", "Safety stock", "Products"):
        sheet = written(tight, every=True)[name]
        assert len(records(sheet)) == 3, name
        assert "3 of " in sheet["A1"].value, name


def test_the_first_sheet_says_what_the_screen_says(book: Workbook, hostile: Outcome) -> None:
    """Verdict and assumptions as sentences, key figures as numbers."""
    from planner.summary import summary

    told = summary(hostile)
    rows = list(book["Summary"].iter_rows(values_only=True))
    first = [row[0] for row in rows]
    for sentence in (told.planned, told.verdict, told.promised, told.service, *told.assumed):
        assert safe(sentence) in first
    for figure in traced(hostile, curve=False).figures:
        row = rows[first.index(figure.name)]
        if np.isfinite(figure.value):
            assert row[1] == pytest.approx(figure.value)
        else:
            assert row[1] is None
        assert row[7] == figure.formula
    costs = rows[first.index("ours")]
    assert costs[4] == pytest.approx(told.comparison.ours.total)


def test_a_plan_with_nothing_to_say_makes_a_workbook(
    roomy: Outcome, written: Callable[..., Workbook]
) -> None:
    """No findings, no orders, no curve."""
    still = np.zeros_like(roomy.planned.plan.shipments)
    planned = replace(roomy.planned, plan=replace(roomy.planned.plan, shipments=still))
    outcome = replace(roomy, findings=[], planned=planned)
    book = written(outcome, found=traced(outcome, curve=False))
    assert "Service" not in book.sheetnames
    assert not records(book["Orders"])
    assert not records(book["Exceptions"])


def test_skipped_products_are_lines_of_the_exceptions(
    tight: Outcome, written: Callable[..., Workbook]
) -> None:
    """They have no name, for nothing is known of them."""
    lost = Finding("=gone", Status.NOT_PLANNED, 0.0, "no forecast")
    line = records(written(replace(tight, findings=[lost]))["Exceptions"])[0]
    assert (line["unique_id"], line["status"], line["name"]) == ("=gone", "not planned", None)


def test_the_same_plan_makes_the_same_workbook(tight: Outcome, tmp_path: Path) -> None:
    """To the byte: it carries the plan's first day, not the clock's."""
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(tmp_path / name, tight)
    with (
        zipfile.ZipFile(tmp_path / "one.xlsx") as one,
        zipfile.ZipFile(tmp_path / "two.xlsx") as two,
    ):
        assert one.namelist() == two.namelist()
        assert all(one.read(name) == two.read(name) for name in one.namelist())


def test_workbooks_of_many_products_are_written_when_asked_for(
    roomy: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of few with the report, unless none is asked for."""
    assert wanted(roomy, None)
    assert not wanted(replace(roomy, config=replace(roomy.config, report=False)), None)
    assert not wanted(roomy, False)
    monkeypatch.setattr(workbook, "UNASKED", 2)
    assert not wanted(roomy, None)
    assert wanted(roomy, True)
