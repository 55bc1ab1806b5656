"""Two runs side by side: what changed, why, and what that is in money."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigurationError, DataError
from planner.folder import write_run
from planner.pipeline import Outcome, make
from planner.runs.compare import Comparison, compare, write_comparison
from planner.runs.difference import lines_between, products_between
from planner.runs.store import Store, open_store
from tests.planner.conftest import ROOMY
from tests.planner.runs.conftest import Runs


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file, a row each."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rewritten(path: Path, edit: Callable[[list[dict[str, str]]], list[dict[str, str]]]) -> None:
    """Writes a CSV file anew."""
    before = rows(path)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(before[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(edit(before))


@pytest.fixture(scope="module")
def priced(plan: Callable[..., Outcome]) -> Outcome:
    """Three products with unit costs 1, 2 and 3."""
    outcome = plan(network=ROOMY)
    known = replace(outcome.problem.scenario.products, unit_cost=np.array([1.0, 2.0, 3.0]))
    scenario = replace(outcome.problem.scenario, products=known)
    return replace(outcome, problem=replace(outcome.problem, scenario=scenario))


@pytest.fixture
def pair(runs: Runs, priced: Outcome) -> tuple[Path, Path]:
    """The same run twice, the later one to be changed."""
    return runs("before", outcome=priced), runs("after", seed=2, outcome=priced)


def test_a_run_does_not_differ_from_itself(pair: tuple[Path, Path]) -> None:
    """Neither in products nor in lines."""
    products = products_between(*pair)
    assert len(products) == 0
    assert len(lines_between(*pair, products)) == 0


def test_lines_are_added_dropped_and_changed(pair: tuple[Path, Path]) -> None:
    """Each with its quantities and its money at unit cost, the most money first."""
    before, after = pair
    told = rows(before / "orders.csv")
    of_c = [row for row in told if row["unique_id"] == "C"]
    dropped = max(of_c, key=lambda row: float(row["quantity"]))
    changed = next(row for row in told if row["unique_id"] == "B")
    added = dropped | {"order_date": "2027-01-31", "quantity": "1000"}

    def edit(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        kept = [row for row in lines if row != dropped]
        for row in kept:
            if row == changed:
                row["quantity"] = str(float(row["quantity"]) + 5)
                row["forecast"] = str(float(row["forecast"]) + 7)
                row["position"] = str(float(row["position"]) + 2)
        return [*kept, added]

    rewritten(after / "orders.csv", edit)
    products = products_between(before, after)
    lines = lines_between(before, after, products)
    assert (lines.added, lines.dropped, lines.changed) == (1, 1, 1)
    assert lines.unique_id.tolist() == ["C", "C", "B"]
    lost = float(dropped["quantity"])
    assert lines.money.tolist() == pytest.approx([3000.0, -3.0 * lost, 10.0])
    assert lines.before.tolist() == pytest.approx([0.0, lost, float(changed["quantity"])])
    assert lines.after.tolist() == pytest.approx([1000.0, 0.0, float(changed["quantity"]) + 5])
    assert lines.why[2] == "forecast +7"
    assert lines.why[0] == "the other run does not plan that day"


def test_purchases_are_told_by_product_with_what_moved(
    pair: tuple[Path, Path], priced: Outcome
) -> None:
    """At the source only, at unit cost; forecast, stock and safety stock are said apart."""
    before, after = pair

    def dearer(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in lines:
            if row["unique_id"] == "B" and row["stage"] == "Port":
                row["quantity"] = str(float(row["quantity"]) + 10)
        return lines

    def busier(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in lines:
            if row["unique_id"] == "B":
                row["mean_demand"] = str(float(row["mean_demand"]) + 4)
        return lines

    bought = [row for row in rows(before / "orders.csv") if row["unique_id"] == "B"]
    count = sum(row["stage"] == "Port" for row in bought)
    rewritten(after / "orders.csv", dearer)
    rewritten(after / "product_figures.csv", busier)
    found = products_between(before, after)
    assert found.unique_id.tolist() == ["B"]
    k = priced.problem.scenario.products.unique_id.tolist().index("B")
    units = priced.planned.plan.shipments[:, -1, k].sum()
    assert found.bought[0].tolist() == pytest.approx([units, units + 10 * count])
    assert found.spent[0].tolist() == pytest.approx([2 * units, 2 * (units + 10 * count)])
    assert found.money[0] == pytest.approx(20 * count)
    assert found.why[0] == "forecast +4"
    position = priced.problem.situation().echelon_position[0, -1, k]
    assert found.position[0].tolist() == pytest.approx([position] * 2, rel=1e-5)
    z, sigma = priced.z_reconciled, priced.advised.sigma
    held = (z * sigma).sum(axis=0)[k]
    assert found.safety_stock[0].tolist() == pytest.approx([held] * 2)


def test_without_unit_costs_the_money_is_what_products_cost(runs: Runs, roomy: Outcome) -> None:
    """Holding and missed sales; the money of a line is unknown, and the most units come first."""
    before, after = runs("before", outcome=roomy), runs("after", outcome=roomy)

    def dearer(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in lines:
            if row["unique_id"] == "B":
                row["shortage"] = str(float(row["shortage"]) + 6)
        return lines

    rewritten(after / "product_figures.csv", dearer)
    rewritten(after / "orders.csv", lambda lines: lines[:-2])
    found = products_between(before, after)
    assert found.unique_id[0] == "B"
    assert found.money[0] == pytest.approx(6)
    lines = lines_between(before, after, found)
    assert np.isnan(lines.money).all()
    assert lines.before.tolist() == sorted(lines.before.tolist(), reverse=True)


def test_a_product_that_only_one_run_has_is_said(runs: Runs, plan: Callable[..., Outcome]) -> None:
    """With all that it cost or costs."""
    before = runs("before", outcome=plan(("A", "B"), network=ROOMY))
    after = runs("after", outcome=plan(("B", "C"), network=ROOMY))
    found = products_between(before, after)
    why = dict(zip(found.unique_id.tolist(), found.why.tolist(), strict=True))
    assert why["A"] == "only in the earlier run"
    assert why["C"] == "only in the later run"
    lines = lines_between(before, after, found)
    assert {"A", "C"} <= set(lines.unique_id.tolist())


@pytest.fixture
def two(
    tmp_path: Path, plan: Callable[..., Outcome], classes: Path
) -> tuple[Store, str, str, Comparison]:
    """A plan, and the one after its tables and options were changed; compared."""
    first = plan(("A", "B"), network=ROOMY)
    tables = Path(shutil.copytree(first.config.forecast.parent, tmp_path / "tables"))
    config = replace(first.config, forecast=tables / "forecast.csv", report=False)
    store = open_store(str(tmp_path / "planner.db"))
    ids = [store.record(write_run(make(replace(config, out=tmp_path / "one"))))]

    def more(lines: list[dict[str, str]]) -> list[dict[str, str]]:
        for row in lines:
            if row["unique_id"] == "A":
                row["mean"] = str(float(row["mean"]) * 1.5)
        return lines

    rewritten(tables / "forecast.csv", more)
    toml = ROOMY.replace("holding_share = 0.4", "holding_share = 0.5")
    (tables / "network.toml").write_text(toml, encoding="utf-8")
    gamma = replace(config.tables, law="gamma")
    later = replace(config, out=tmp_path / "two", seed=5, horizon=10, tables=gamma)
    ids.append(store.record(write_run(make(later))))
    return store, *ids, compare(store, *ids)


def test_inputs_and_options_that_changed_are_named(
    two: tuple[Store, str, str, Comparison],
) -> None:
    """By column and by how much, from the copies that were kept."""
    _, _, _, found = two
    said = {change.name: " ".join(change.said) for change in found.inputs}
    assert set(said) == {"forecast", "network"}
    assert "mean: 14 of 28 rows differ, of 1 product, together +70 (25.0" in said["forecast"]
    assert "the most A, 10 → 15" in said["forecast"]
    assert "holding_share: 0.4 → 0.5" in said["network"]
    options = {change.name: (change.before, change.after) for change in found.options}
    assert options == {
        "tables.law": ("lognormal", "gamma"),
        "seed": (1, 5),
        "horizon": (14, 10),
        "days planned": (14, 10),
    }
    figures = {change.name: change for change in found.kpis}
    assert figures["fill rate"].before.value != figures["fill rate"].after.value
    assert {change.name for change in found.prices} == {"Shelf <b>", "Store", "Port"}
    assert "forecast +" in found.products.why[found.products.unique_id.tolist().index("A")]
    last = (Path(found.before.folder) / "orders.csv").read_text(encoding="utf-8")
    beyond = found.before.start + timedelta(days=12)
    assert beyond.isoformat() in last
    gone = found.lines.order_date >= (found.before.start + timedelta(days=10)).isoformat()
    assert gone.any()
    assert set(found.lines.why[gone]) == {"the other run does not plan that day"}


def test_a_comparison_is_written_whole(
    two: tuple[Store, str, str, Comparison], tmp_path: Path
) -> None:
    """Every change of it stands in a table; what stands there already is not replaced."""
    _, _, _, found = two
    out = write_comparison(found, tmp_path / "changes")
    assert len(rows(out / "order_changes.csv")) == len(found.lines) > 0
    assert len(rows(out / "product_changes.csv")) == len(found.products) == 2
    kinds = {row["kind"] for row in rows(out / "changes.csv")}
    assert kinds == {"input", "option", "kpi", "cost", "price"}
    with pytest.raises(ConfigurationError, match="exists already"):
        write_comparison(found, out)


def test_inputs_that_are_no_longer_at_hand_are_said_to_be(
    two: tuple[Store, str, str, Comparison],
) -> None:
    """The rest is compared all the same."""
    store, one, other, before = two
    shutil.rmtree(store.archive.folder)
    found = compare(store, one, other)
    assert all("no longer at hand" in change.said[0] for change in found.inputs)
    assert len(found.lines) == len(before.lines)


def test_a_run_whose_folder_is_gone_or_damaged_is_said_to_be(
    two: tuple[Store, str, str, Comparison],
) -> None:
    """With how to make it anew."""
    store, one, other, _ = two
    folder = store.run(one).folder
    (folder / "orders.csv").write_text("unique_id\nA\n", encoding="utf-8")
    (folder / "plan.parquet").write_bytes(b"torn")
    with pytest.raises(DataError, match=r"plan\.parquet"):
        compare(store, one, other)
    shutil.rmtree(folder)
    with pytest.raises(ConfigurationError, match=f"planner runs again {one}"):
        compare(store, one, other)
