"""A run made again from its manifest comes out the same, byte by byte."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import ConfigurationError
from planner.cadence import Fence
from planner.config import PlanConfig
from planner.folder import write_run
from planner.pipeline import Outcome, make
from planner.runs import again as again_module
from planner.runs.again import make_again
from planner.runs.store import Store, open_store
from planner.what_if import read_what_ifs

WIDER = """
name = "wider"
[[capacity]]
stage = "Store"
factor = 1.5
"""


@pytest.fixture
def config(tmp_path: Path, plan: Callable[..., Outcome]) -> PlanConfig:
    """Options of a small plan whose tables lie in a folder of their own."""
    first = plan(("A", "B"), paths=2)
    tables = Path(shutil.copytree(first.config.forecast.parent, tmp_path / "tables"))
    return replace(
        first.config,
        forecast=tables / "forecast.csv",
        report=False,
        out=tmp_path / "run",
        horizon=6,
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store in a file."""
    return open_store(str(tmp_path / "planner.db"))


def test_a_run_is_made_again_although_its_tables_changed(
    config: PlanConfig, store: Store, tmp_path: Path
) -> None:
    """From copies; what has come to lie beside the forecast since is not read."""
    run_id = store.record(write_run(make(config)))
    tables = config.forecast.parent
    stock = (tables / "stock.csv").read_text(encoding="utf-8").replace("90", "10")
    (tables / "stock.csv").write_text(stock, encoding="utf-8")
    (tables / "products.csv").unlink()
    locks = "unique_id,stage,ds,quantity\nA,Store,2027-01-05,3\n"
    (tables / "locks.csv").write_text(locks, encoding="utf-8")
    made = make_again(store, run_id, tmp_path / "again")
    assert made.identical, made.said
    assert made.said == ()
    told = [
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for folder in (tmp_path / "run", made.folder)
    ]
    assert told[0]["inputs"] == told[1]["inputs"], "it tells of the files it was made from at first"
    kept = [manifest["config"] | {"out": None} for manifest in told]
    assert kept[0] == kept[1]
    names = {path.name for path in (tmp_path / "run").iterdir()}
    for name in names - {"manifest.json", "data_issues.csv"}:
        assert (made.folder / name).read_bytes() == (tmp_path / "run" / name).read_bytes(), name


def test_a_run_is_made_again_from_the_originals_where_no_copy_was_kept(
    config: PlanConfig, store: Store, tmp_path: Path
) -> None:
    """And refused by name where they are not what they were."""
    run_id = store.record(write_run(make(config)))
    shutil.rmtree(store.archive.folder)
    assert make_again(store, run_id, tmp_path / "again").identical
    stock = config.forecast.parent / "stock.csv"
    stock.write_text(stock.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=str(stock)) as refused:
        make_again(store, run_id, tmp_path / "third")
    assert "no copy was kept" in str(refused.value)
    assert not (tmp_path / "third").exists()


def test_a_run_under_a_scenario_and_a_fence_is_made_again(
    config: PlanConfig, store: Store, tmp_path: Path
) -> None:
    """The scenario's file and the plan that was announced are inputs like any other."""
    before = write_run(make(replace(config, out=tmp_path / "before")))
    scenario = tmp_path / "wider.toml"
    scenario.write_text(WIDER, encoding="utf-8")
    fenced = replace(config, since=before, fence=Fence(3, 0.1))
    run_id = store.record(write_run(make(fenced, asked=read_what_ifs([scenario]))))
    scenario.write_text(WIDER.replace("1.5", "0.1"), encoding="utf-8")
    shutil.rmtree(before)
    made = make_again(store, run_id, tmp_path / "again")
    assert made.identical, made.said


def test_what_comes_out_differently_is_said_with_what_may_be_why(
    config: PlanConfig, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that differ, other versions, other brains."""
    run_id = store.record(write_run(make(config)))

    def other(config: PlanConfig, *words: object) -> Outcome:
        outcome = make(config)
        shipments = outcome.planned.plan.shipments.copy()
        shipments[0, 0, 0] += 1
        plan = replace(outcome.planned.plan, shipments=shipments)
        return replace(outcome, planned=replace(outcome.planned, plan=plan))

    monkeypatch.setattr(again_module, "make", other)
    known = store.run(run_id)
    older = replace(known, planner="0.0.1", brains=("r10-000000000000",))
    monkeypatch.setattr(type(store), "run", lambda self, wanted: older)
    made = make_again(store, run_id, tmp_path / "again")
    assert not made.identical
    said = " ".join(made.said)
    assert "1 order line" in said
    assert "it was 0.0.1" in said
    assert "they were r10-000000000000" in said


def test_a_run_of_a_planner_that_wrote_no_options_down_is_refused(
    config: PlanConfig, store: Store, tmp_path: Path
) -> None:
    """With what to do instead."""
    folder = write_run(make(config))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["config"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    run_id = store.record(folder)
    with pytest.raises(ConfigurationError, match="did not yet write all options"):
        make_again(store, run_id, tmp_path / "again")


def test_no_run_is_replaced(config: PlanConfig, store: Store, tmp_path: Path) -> None:
    """Least of all the one that is made again."""
    run_id = store.record(write_run(make(config)))
    with pytest.raises(ConfigurationError, match="exists already"):
        make_again(store, run_id, tmp_path / "run")
