"""Every number that people are shown is a cell of a file of the run folder."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from data.issues import escaped
from planner import report
from planner.folder import write_run
from planner.pipeline import Outcome
from planner.replay import OURS
from planner.report import render
from planner.traced import (
    COSTS,
    KEY_FIGURES,
    SERVICE,
    STAGE_DAYS,
    STAGES,
    traced,
    write_traced,
)
from tests.planner.pages import Page, charts_of


@pytest.fixture(scope="module")
def page(tight: Outcome) -> Page:
    return Page(render(tight))


@pytest.fixture(scope="module")
def run(tight: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of the same plan."""
    out = tmp_path_factory.mktemp("runs") / "run"
    config = replace(tight.config, out=out, report=False)
    write_run(replace(tight, config=config))
    write_traced(out, traced(tight))
    return out


def table(run: Path, name: str) -> list[dict[str, str]]:
    """A CSV file of the run folder."""
    with (run / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def stands(run: Path, source: str, row: str) -> str | float:
    """What stands in the run folder at a source: FILE.csv:column in a row, or FILE.json:path."""
    file, _, place = source.partition(":")
    if file.endswith(".json"):
        value: Any = json.loads((run / file).read_text(encoding="utf-8"))
        for key in place.split("."):
            value = value[key]
        return float(value)
    found = [line for line in table(run, file) if next(iter(line.values())) == escaped(row)]
    assert len(found) == 1, (source, row)
    return found[0][place]


def test_every_number_of_a_table_is_a_cell_of_the_run_folder(page: Page, run: Path) -> None:
    """To the last digit that is written; and no cell for numbers holds one that says no source."""
    assert not page.loose
    assert len(page.cited) > 100
    for cited in page.cited:
        found = stands(run, cited["data-source"], cited["data-row"])
        if isinstance(found, float):
            assert float(cited["value"]) == pytest.approx(found, rel=1e-9)
        else:
            assert cited["value"] == found, cited
    files = {cited["data-source"].partition(":")[0] for cited in page.cited}
    assert files >= {"costs.csv", "key_figures.csv", "stages.csv", "service_curve.csv"}
    assert files >= {"exceptions.csv", "manifest.json"}


def test_every_cited_number_reads_as_what_it_is(page: Page) -> None:
    """The digits that a reader sees are those of the value, rounded."""
    for cited in page.cited:
        value = float(cited["value"])
        seen = re.sub(r"[^\d.]", "", cited["text"])
        if not np.isfinite(value) or not seen:
            continue
        size = abs(value) * (100 if "%" in cited["text"] else 1)
        assert float(seen) == pytest.approx(size, rel=0.006, abs=0.06), cited


def traces_of(page: Page) -> Iterator[tuple[dict[str, Any], str, str, dict[str, Any]]]:
    """Every trace that names a column: its meta, axis, source, and itself."""
    for chart in charts_of(page).values():
        for trace in chart["data"]:
            for axis in ("x", "y"):
                if axis in trace.get("meta", {}):
                    yield trace["meta"], axis, trace["meta"][axis], trace


def test_every_line_and_bar_is_a_column_of_the_run_folder(page: Page, run: Path) -> None:
    """Charts are drawn to six digits."""
    seen = set()
    for meta, axis, source, trace in traces_of(page):
        file, _, column = source.partition(":")
        lines = table(run, file)
        if "stage" in meta:
            lines = [line for line in lines if line["stage"] == escaped(meta["stage"])]
        if "rows" in meta:
            lines = [line for line in lines if next(iter(line.values())) in meta["rows"]]
        scale = meta.get("times", 1) if axis == "y" else 1
        expected = [float(line[column]) * scale for line in lines]
        drawn = [np.nan if value is None else value for value in trace[axis]]
        assert drawn == pytest.approx(expected, rel=1e-5, nan_ok=True), source
        seen.add(file)
    files = {"costs.csv", "stage_days.csv", "stages.csv", "service_curve.csv", "safety_stock.csv"}
    assert seen == files


def test_the_figures_follow_from_the_other_tables_of_the_run(page: Page, run: Path) -> None:
    """Statuses, safety stock, prices, money and today's orders are counted and summed again."""
    said = {(c["data-source"], c["data-row"]): float(c["value"]) for c in page.cited}

    def figure(name: str) -> float:
        return said["key_figures.csv:value", name]

    statuses = Counter(line["status"] for line in table(run, "exceptions.csv"))
    assert all(figure(f"products {name}") == count for name, count in statuses.items())
    products = table(run, "product_figures.csv")
    daily = sum(float(line["mean_demand"]) for line in products)
    days = table(run, "stage_days.csv")
    for stage in table(run, "stages.csv"):
        safety = [row for row in table(run, "safety_stock.csv") if row["stage"] == stage["stage"]]
        units = sum(float(row["advised"]) for row in safety)
        cut = [float(row["z_advised"]) - float(row["z_reconciled"]) for row in safety]
        assert float(stage["advised_days"]) == pytest.approx(units / daily, rel=1e-6)
        assert int(stage["products_cut"]) == sum(less > report.SMALL_CUT for less in cut)
        own = [row for row in days if row["stage"] == stage["stage"]]
        price = np.mean([float(row["price_answered"]) for row in own])
        assert float(stage["price_answered"]) == pytest.approx(price, rel=1e-6)
        if np.isfinite(float(stage["space"])):
            use = np.mean([float(row["happened"]) / float(row["space"]) for row in own])
            assert float(stage["use_happened"]) == pytest.approx(use, rel=1e-6)
    for term in ("holding", "shortage"):
        total = sum(float(line[term]) for line in products)
        assert said[f"costs.csv:{term}", OURS] == pytest.approx(total, rel=1e-6)
    orders = table(run, "orders.csv")
    today = min(line["order_date"] for line in orders)
    assert figure("orders today") == sum(line["order_date"] == today for line in orders)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    for rule, terms in manifest["happened"].items():
        assert said["costs.csv:total", rule] == pytest.approx(terms["total"], rel=1e-9)


def test_every_column_is_explained() -> None:
    """In docs/report.md, by its name."""
    text = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")
    words = set(re.findall(r"\w+", text))
    for columns in (COSTS, KEY_FIGURES, STAGES, STAGE_DAYS, SERVICE):
        assert set(columns) - {"rule", "figure", "ds"} <= words
