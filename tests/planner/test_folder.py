"""The run folder stands whole or not at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

from data.errors import ConfigurationError
from planner import folder as run_folder
from planner.cadence import Fence
from planner.config import PlanConfig, config_from
from planner.folder import check_target, write_run
from planner.orders import COLUMNS
from planner.pipeline import Outcome
from tests.planner.conftest import HOSTILE

TABLES = {
    "orders.csv",
    "ranked_orders.csv",
    "safety_stock.csv",
    "exceptions.csv",
    "product_figures.csv",
    "plan.parquet",
    "manifest.json",
}
SHOWN = {"costs.csv", "key_figures.csv", "stages.csv", "stage_days.csv"}
"""Tables of what people are shown."""


def into(outcome: Outcome, out: Path | None, overwrite: bool = False, report: bool = False):
    """The same outcome, to be written there."""
    config = replace(outcome.config, out=out, overwrite=overwrite, report=report)
    return replace(outcome, config=config)


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file, a row each."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def names(path: Path) -> set[str]:
    """What stands in a folder."""
    return {item.name for item in path.iterdir()}


def test_a_run_folder_holds_the_tables_the_report_and_the_manifest(
    tight: Outcome, tmp_path: Path
) -> None:
    """And says what was odd in the tables, where anything was."""
    out = write_run(into(tight, tmp_path / "run", report=True))
    assert out == tmp_path / "run"
    issues = {"data_issues.csv"} if len(tight.reading.issues) else set()
    for_people = {"report.html", "service_curve.csv", "plan.xlsx"}
    assert names(out) == TABLES | SHOWN | issues | for_people
    assert names(tmp_path) == {"run"}, "no draft is left beside it"
    assert (out / "report.html").read_text(encoding="utf-8").startswith("<!")


def test_without_the_report_there_is_none(roomy: Outcome, tmp_path: Path) -> None:
    """Everything else is there."""
    out = write_run(into(roomy, tmp_path / "deep" / "er" / "run"))
    assert names(out) >= TABLES
    assert "report.html" not in names(out)


@pytest.mark.parametrize(
    "culprit", ["write_json", "write_table", "write_lines", "write_parquet", "render"]
)
def test_a_failure_while_writing_leaves_nothing_behind(
    roomy: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, culprit: str
) -> None:
    """Neither a folder nor a draft of one, at whatever point it fails."""

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(run_folder, culprit, fail)
    with pytest.raises(OSError, match="no space left"):
        write_run(into(roomy, tmp_path / "run", report=True))
    assert names(tmp_path) == set()


def test_a_failure_while_replacing_leaves_the_old_run(
    roomy: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole, to the byte."""
    out = write_run(into(roomy, tmp_path / "run"))
    before = {name: (out / name).read_bytes() for name in names(out)}

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(run_folder, "write_json", fail)
    with pytest.raises(OSError, match="no space left"):
        write_run(into(roomy, out, overwrite=True))
    assert {name: (out / name).read_bytes() for name in names(out)} == before
    assert names(tmp_path) == {"run"}


def test_a_run_that_stands_there_is_kept_unless_told_otherwise(
    roomy: Outcome, tmp_path: Path
) -> None:
    """The error says which option replaces it."""
    out = write_run(into(roomy, tmp_path / "run"))
    for refuse in (lambda: write_run(into(roomy, out)), lambda: check_target(_config(roomy, out))):
        with pytest.raises(ConfigurationError, match="--overwrite"):
            refuse()


def test_a_run_is_replaced_whole(roomy: Outcome, tmp_path: Path) -> None:
    """Nothing of the old one stays, a report it had included."""
    out = write_run(into(roomy, tmp_path / "run", report=True))
    (out / "notes.txt").write_text("mine", encoding="utf-8")
    write_run(into(roomy, out, overwrite=True))
    assert names(out) <= TABLES | SHOWN | {"data_issues.csv"}
    assert names(tmp_path) == {"run"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_not_a_run_is_never_overwritten(
    roomy: Outcome, tmp_path: Path, overwrite: bool
) -> None:
    """Neither somebody's folder nor somebody's file; both stay as they are."""
    precious = tmp_path / "photos"
    precious.mkdir()
    (precious / "cat.jpg").write_bytes(b"cat")
    paper = tmp_path / "thesis.txt"
    paper.write_text("long", encoding="utf-8")
    for target in (precious, paper):
        with pytest.raises(ConfigurationError):
            write_run(into(roomy, target, overwrite))
        with pytest.raises(ConfigurationError):
            check_target(_config(roomy, target, overwrite))
    assert names(tmp_path) == {"photos", "thesis.txt"}
    assert (precious / "cat.jpg").read_bytes() == b"cat"


def test_an_empty_folder_may_be_filled_when_told_to_overwrite(
    roomy: Outcome, tmp_path: Path
) -> None:
    """There is nothing in it that could be lost."""
    out = tmp_path / "run"
    out.mkdir()
    assert names(write_run(into(roomy, out, overwrite=True))) >= TABLES


def test_runs_without_a_name_are_counted_up(
    roomy: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the first day of the plan, then -2, -3; none is ever replaced."""
    monkeypatch.chdir(tmp_path)
    written = [write_run(into(roomy, None)).as_posix() for _ in range(3)]
    assert written == ["runs/2027-01-04", "runs/2027-01-04-2", "runs/2027-01-04-3"]
    assert names(tmp_path / "runs") == {"2027-01-04", "2027-01-04-2", "2027-01-04-3"}


def test_the_manifest_says_what_the_run_was_made_from(tight: Outcome, tmp_path: Path) -> None:
    """Every input with its hash, every brain, the options and the versions."""
    out = write_run(into(tight, tmp_path / "run"))
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["table"] for entry in manifest["inputs"]} >= {"forecast", "products", "network"}
    for entry in manifest["inputs"]:
        assert entry["sha256"] == sha256(Path(entry["path"]).read_bytes()).hexdigest()
    assert manifest["brains"] == [brain.id for brain in tight.advisor.panel.every]
    assert len(manifest["brains"]) == 3
    assert manifest["advice"]["products"] == {
        "class brains": 4,
        "family brain": 0,
        "base-stock": 0,
        "theory": 0,
    }
    assert manifest["pricing"] == {"asked": 0, "closed-form": 4}
    assert manifest["options"]["seed"] == tight.config.seed
    assert manifest["options"]["paths"] == tight.config.paths
    answer = tight.planned.answer
    assert manifest["model"] == {
        "solved": True,
        "scarce": True,
        "decided": tight.planned.mode,
        "lower": pytest.approx(answer.lower),
        "upper": pytest.approx(answer.upper),
        "gap": pytest.approx(answer.gap),
        "complete": True,
        "iterations": answer.iterations,
    }
    assert manifest["options"]["gap"] == tight.config.solving.gap
    assert manifest["options"]["time_limit"] is None, "no end is no number"
    assert manifest["options"]["budget"] == {"per_period": None, "total": None}
    assert config_from(manifest["config"], "manifest.json") == replace(
        tight.config, out=tmp_path / "run", report=False
    )
    assert manifest["directory"] == str(Path.cwd())
    assert manifest["conflicts"] == []
    assert manifest["promised"]["total"] == pytest.approx(tight.planned.plan.costs.total)
    assert set(manifest["happened"]) == set(tight.happened)
    assert {"numpy", "highspy", "python"} <= set(manifest["versions"])
    assert set(manifest["seconds"]) == {"read", "advise", "reconcile", "replay"}


def test_a_manifest_without_a_model_says_so(roomy: Outcome, tmp_path: Path) -> None:
    """Where nothing limits the products none is solved."""
    out = write_run(into(roomy, tmp_path / "run"))
    model = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["model"]
    assert model["solved"] is False
    assert model["scarce"] is False


def test_no_cell_is_a_formula(tight: Outcome, tmp_path: Path) -> None:
    """A product called =cmd|... is written with an apostrophe in every table."""
    out = write_run(into(tight, tmp_path / "run"))
    for name in sorted(name for name in TABLES if name.endswith(".csv")):
        products = {row["unique_id"] for row in rows(out / name)}
        if name != "ranked_orders.csv":
            assert "'=cmd|' /C calc'!A0" in products, name
        assert not any(product.startswith(("=", "+", "-", "@")) for product in products), name


def test_tables_hold_what_the_outcome_holds(tight: Outcome, tmp_path: Path) -> None:
    """Order lines add up to the plan; a factor per product and stage; one finding per product."""
    out = write_run(into(tight, tmp_path / "run"))
    orders = rows(out / "orders.csv")
    assert tuple(orders[0]) == COLUMNS
    units = sum(float(row["quantity"]) for row in orders)
    assert units == pytest.approx(tight.planned.plan.shipments.sum(), rel=1e-8)
    safety = rows(out / "safety_stock.csv")
    products = len(tight.problem.scenario.products)
    assert len(safety) == products * len(tight.problem.scenario.network)
    for row in safety:
        assert float(row["z_reconciled"]) <= float(row["z_advised"])
    assert [row["status"] for row in rows(out / "exceptions.csv")] == [
        finding.status.value for finding in tight.findings
    ]


def test_the_plan_by_product_is_the_plan(tight: Outcome, tmp_path: Path) -> None:
    """A row per product, day and stage, in single precision; what is lost is told at the shelf."""
    out = write_run(into(tight, tmp_path / "run"))
    table = parquet.read_table(out / "plan.parquet").to_pydict()
    scenario, plan = tight.problem.scenario, tight.planned.plan
    T, M, K = plan.shipments.shape
    shape = (K, T, M)
    ids = np.array(table["unique_id"], dtype=object).reshape(shape)
    assert ids[:, 0, 0].tolist() == scenario.products.unique_id.tolist()
    stages = np.array(table["stage"], dtype=object).reshape(shape)
    assert stages[0, 0].tolist() == list(scenario.network.names)
    days = np.array(table["ds"], dtype="datetime64[D]").reshape(shape)
    assert days[0, :, 0].tolist() == [scenario.start + timedelta(days=t) for t in range(T)]
    for name, expected in {
        "shipment": plan.shipments,
        "on_hand": plan.on_hand,
        "level": tight.planned.level,
    }.items():
        found = np.array(table[name]).reshape(shape).transpose(1, 2, 0)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    lost = np.array(table["lost_sales"]).reshape(shape)
    np.testing.assert_allclose(lost[..., 0].T, plan.lost_sales, rtol=1e-6, atol=1e-6)
    assert np.isnan(lost[..., 1:]).all()


def test_today_the_level_recorded_is_what_the_reason_says(tight: Outcome, tmp_path: Path) -> None:
    """orders.csv and plan.parquet agree about position and order-up-to level."""
    out = write_run(into(tight, tmp_path / "run"))
    table = parquet.read_table(out / "plan.parquet").to_pylist()
    told = {(row["unique_id"], row["stage"], row["ds"].isoformat()): row for row in table}
    for line in rows(out / "orders.csv"):
        key = (line["unique_id"].removeprefix("'"), line["stage"], line["order_date"])
        row = told[key]
        assert float(line["order_up_to"]) == pytest.approx(row["order_up_to"], rel=1e-5)
        position = row["level"] - row["shipment"]
        assert float(line["position"]) == pytest.approx(position, rel=1e-4, abs=1e-3)


def test_figures_of_a_product_are_those_of_the_futures(tight: Outcome, tmp_path: Path) -> None:
    """A row per product, in their order."""
    out = write_run(into(tight, tmp_path / "run"))
    kpis, found = tight.happened["ours"], rows(out / "product_figures.csv")
    assert len(found) == len(tight.problem.scenario.products)
    for k, row in enumerate(found):
        assert float(row["fill_rate"]) == pytest.approx(kpis.product_fill_rate[k])
        assert float(row["stock_out_risk"]) == pytest.approx(kpis.stock_out_risk[k])
        assert float(row["shortage"]) == pytest.approx(kpis.costs.shortage[:, k].mean())
        assert int(row["futures"]) == len(kpis.served)


def test_one_outcome_writes_the_same_bytes_every_time(tight: Outcome, tmp_path: Path) -> None:
    """Tables and manifest alike, but for where it says they stand."""
    first, second = (write_run(into(tight, tmp_path / name)) for name in ("a", "b"))
    for name in names(first) - {"manifest.json"}:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    told = [(out / "manifest.json").read_text(encoding="utf-8") for out in (first, second)]
    assert told[0].replace(str(first), "OUT") == told[1].replace(str(second), "OUT")


def test_figures_that_runs_are_compared_by_are_those_of_the_futures(
    tight: Outcome, roomy: Outcome, tmp_path: Path
) -> None:
    """With their intervals; purchases at an unknown unit cost come to an unknown sum."""
    manifest = json.loads((write_run(into(tight, tmp_path / "a")) / "manifest.json").read_text())
    told, ours = {kpi["name"]: kpi for kpi in manifest["kpis"]}, tight.happened["ours"]
    for name, expected in {"fill rate": ours.fill_rate(), "cost": ours.total_cost}.items():
        found = [told[name][part] for part in ("value", "low", "high")]
        assert found == pytest.approx([expected.value, expected.low, expected.high])
    shipments = tight.planned.plan.shipments
    assert told["units ordered"]["value"] == pytest.approx(shipments.sum())
    assert told["units ordered"]["low"] is None
    assert shipments[:, -1].any()
    assert np.isnan(roomy.problem.scenario.products.unit_cost).all()
    assert told["purchases"]["value"] is None
    known = replace(roomy.problem.scenario.products, unit_cost=np.array([1.0, 2.0, 3.0]))
    scenario = replace(roomy.problem.scenario, products=known)
    priced = replace(roomy, problem=replace(roomy.problem, scenario=scenario))
    manifest = json.loads((write_run(into(priced, tmp_path / "b")) / "manifest.json").read_text())
    spent = next(kpi["value"] for kpi in manifest["kpis"] if kpi["name"] == "purchases")
    bought = roomy.planned.plan.shipments[:, -1].sum(axis=0)
    assert spent == pytest.approx(bought @ np.array([1.0, 2.0, 3.0]))
    assert [price["stage"] for price in manifest["prices_of_space"]] == [
        "Shelf <b>",
        "Store",
        "Port",
    ]
    assert {price["highest"] for price in manifest["prices_of_space"]} == {0.0}


def test_files_may_come_with_a_run(roomy: Outcome, tmp_path: Path) -> None:
    """They stand in the folder under the names they are given; one that is missing stops it all."""
    note = tmp_path / "note.txt"
    note.write_text("by hand", encoding="utf-8")
    out = write_run(into(roomy, tmp_path / "run"), {"job.txt": note})
    assert (out / "job.txt").read_text(encoding="utf-8") == "by hand"
    with pytest.raises(FileNotFoundError):
        write_run(into(roomy, tmp_path / "other"), {"job.txt": tmp_path / "gone"})
    assert names(tmp_path) == {"note.txt", "run"}


def test_the_run_whose_orders_were_announced_is_an_input(
    plan: Callable[..., Outcome], tight: Outcome, tmp_path: Path
) -> None:
    """By the hash of its plan, as any table."""
    before = write_run(into(tight, tmp_path / "before"))
    outcome = plan(HOSTILE, since=before, fence=Fence(3))
    out = write_run(into(outcome, tmp_path / "after"))
    inputs = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["inputs"]
    entry = next(entry for entry in inputs if entry["table"] == "announced")
    assert entry["path"] == str(before / "plan.parquet")
    assert entry["sha256"] == sha256((before / "plan.parquet").read_bytes()).hexdigest()


def _config(outcome: Outcome, out: Path, overwrite: bool = False) -> PlanConfig:
    return replace(outcome.config, out=out, overwrite=overwrite)
