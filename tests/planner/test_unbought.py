"""A product that is not worth buying is not bought, and everybody is told why."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook

from brain.advice import PASSED_ON
from planner.config import PlanConfig, Solving
from planner.exceptions import Status
from planner.explain import UNBOUGHT, explain
from planner.folder import write_run
from planner.pipeline import Outcome, make
from planner.summary import summary
from tests.planner.conftest import DAYS, MEAN, ROOMY, START, STD, TIGHT

PRODUCTS = ("A", "B", "C")
WRONG = "B"
STAGES = ("Shelf <b>", "Store", "Port")
"""A night at the store and one at the port cost 0.11."""


def planned(
    folder: Path,
    brains: Path,
    missed: float,
    network: str = ROOMY,
    lock: float = 0.0,
    mode: str = "auto",
    others: float = 5.0,
    units: int = 20,
) -> Outcome:
    """A plan of three products, of which a missed sale of B costs `missed`, each with `units`."""
    folder.mkdir()
    lines = {
        "forecast": [("unique_id", "ds", "mean", "std")]
        + [(name, START + timedelta(days=n), MEAN, STD) for name in PRODUCTS for n in range(DAYS)],
        "products": [("unique_id", "missed_sale_cost", "holding_cost", "lot_size", "unit_cost")]
        + [(name, missed if name == WRONG else others, 0.1, 2, 1.5) for name in PRODUCTS],
        "stock": [("unique_id", "stage", "on_hand")]
        + [(name, stage, units) for name in PRODUCTS for stage in STAGES],
        "locks": [("unique_id", "stage", "ds", "quantity")]
        + [(WRONG, "Port", START + timedelta(days=2), lock)] * bool(lock),
    }
    for name, rows in lines.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(rows)
    (folder / "network.toml").write_text(network, encoding="utf-8")
    solving = Solving(mode=mode)
    config = PlanConfig(
        folder / "forecast.csv", brains=brains, horizon=DAYS, paths=4, solving=solving
    )
    return make(replace(config, out=folder / "run", excel=True))


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    """A table of a run."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory, classes: Path) -> Outcome:
    """The plan in which a missed sale of B costs 0.1."""
    return planned(tmp_path_factory.mktemp("wrong") / "tables", classes, 0.1)


@pytest.fixture(scope="module")
def run(wrong: Outcome) -> Path:
    """Its folder."""
    return write_run(wrong)


def test_the_others_are_ordered_as_if_the_cost_were_right(
    run: Path, classes: Path, tmp_path: Path
) -> None:
    """Line by line, where nothing is shared; of the product itself nothing is bought."""
    right = write_run(planned(tmp_path / "tables", classes, 5.0))
    before, after = rows(right, "orders"), rows(run, "orders")
    assert [row for row in before if row["unique_id"] != WRONG] == [
        row for row in after if row["unique_id"] != WRONG
    ]
    bought = [row["stage"] for row in before if row["unique_id"] == WRONG]
    passed_on = {row["stage"] for row in after if row["unique_id"] == WRONG}
    assert "Port" in bought
    assert passed_on == {"Shelf <b>", "Store"}


def test_what_the_chain_holds_is_sold(wrong: Outcome) -> None:
    """All 60 units but what stands on the shelf at the end, in whole lots."""
    plan = wrong.planned.plan
    k = PRODUCTS.index(WRONG)
    sold = DAYS * MEAN - plan.lost_sales[:, k].sum()
    assert sold + plan.on_hand[-1, :, k].sum() == pytest.approx(60)
    assert not plan.on_hand[-1, 1:, k].any()


def test_the_finding_says_what_each_costs(wrong: Outcome, run: Path) -> None:
    """In exceptions.csv, on the screen, and with the first row of what was assumed."""
    line = next(row for row in rows(run, "exceptions") if row["unique_id"] == WRONG)
    assert line["status"] == Status.NOT_WORTH_BUYING.value
    assert line["reason"] == "a missed sale costs 0.1, a night at each stage above the shelf 0.11"
    assert float(line["money_at_stake"]) > 0
    told = summary(wrong)
    assert (Status.NOT_WORTH_BUYING, 1) in told.statuses
    assert WRONG in {item.unique_id for item in told.pressing}
    assert any("missed_sale_cost is less than it costs to hold" in said for said in told.assumed)
    issue = next(row for row in rows(run, "data_issues") if row["column"] == "missed_sale_cost")
    assert (issue["row"], issue["product"], issue["value"]) == ("3", WRONG, "0.1")


def test_safety_stock_is_said_to_be_for_what_there_is(run: Path) -> None:
    """Of that product only, beside who advised it."""
    for row in rows(run, "safety_stock"):
        assert row["source"].endswith(PASSED_ON) is (row["unique_id"] == WRONG)
    sheet = load_workbook(run / "plan.xlsx", read_only=True)["Safety stock"]
    told = {line[0] for line in sheet.iter_rows(values_only=True) if PASSED_ON in str(line[-1])}
    assert told == {WRONG}


def test_the_report_and_the_story_say_so(run: Path) -> None:
    """With the status as its tag, and why nothing is ordered at the top."""
    page = (run / "report.html").read_text(encoding="utf-8")
    assert '<span class="tag not-worth-buying">not worth buying</span>' in page
    assert Status.NOT_WORTH_BUYING.value == UNBOUGHT
    story = explain(run, WRONG)
    assert story.lines[0].startswith("Not worth buying: a missed sale costs 0.1")
    assert "Today Port orders nothing: it is not worth buying." in story.lines
    assert not any("it is not worth buying." in line for line in explain(run, "A").lines)


@pytest.mark.parametrize("mode", ["levels", "prices"])
def test_a_lock_is_bought_whoever_decides(classes: Path, tmp_path: Path, mode: str) -> None:
    """Where space is short as well; no other purchase is made."""
    made = planned(tmp_path / "tables", classes, 0.1, TIGHT, lock=7.0, mode=mode)
    bought = made.planned.plan.shipments[:, -1, PRODUCTS.index(WRONG)]
    assert bought.tolist() == [7.0 * (day == 2) for day in range(DAYS)]
    found = next(finding for finding in made.findings if finding.unique_id == WRONG)
    assert found.status is Status.NOT_WORTH_BUYING


def test_a_plan_of_nothing_else_is_written_all_the_same(classes: Path, tmp_path: Path) -> None:
    """Neither bought nor in stock: everything is missed, and the run says so."""
    made = planned(tmp_path / "tables", classes, 0.1, others=0.1, units=0)
    assert {finding.status for finding in made.findings} == {Status.NOT_WORTH_BUYING}
    run = write_run(made)
    assert rows(run, "orders") == []
    assert made.planned.plan.lost_sales.sum() == pytest.approx(3 * DAYS * MEAN)
