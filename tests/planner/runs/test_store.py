"""The store keeps what runs are found and compared by, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, event, text, update

from data.errors import ConfigurationError, DataError
from planner.config import config_from
from planner.pipeline import Outcome
from planner.runs import schema
from planner.runs.errors import StoreError
from planner.runs.records import (
    APPROVED,
    DONE,
    FAILED,
    REJECTED,
    WAITING,
    Attempt,
    changed_files,
    id_of,
    read_run,
)
from planner.runs.store import Store, open_store
from tests.planner.runs.conftest import Runs


def test_a_run_is_kept_with_all_that_it_is_compared_by(
    store: Store, runs: Runs, tight: Outcome
) -> None:
    """What is read back is what the folder says, to the last figure."""
    folder = runs()
    before = datetime.now(UTC)
    run_id = store.record(folder)
    run = store.run(run_id)
    assert run == read_run(folder)
    assert run.id == id_of(folder) == run_id
    assert run.start == date(2027, 1, 4)
    assert run.created <= before
    assert run.created.tzinfo is not None
    assert (run.state, run.status) == (WAITING, "complete")
    assert {part.name for part in run.inputs} == {"forecast", "products", "stock", "network"}
    assert {"orders.csv", "plan.parquet", "manifest.json"} <= {file.name for file in run.files}
    assert run.kpi("fill rate") == pytest.approx(tight.happened["ours"].fill_rate().value)
    ours = {cost.term: cost.value for cost in run.costs if cost.policy == "ours"}
    assert ours == pytest.approx(tight.happened["ours"].costs.mean())
    answer = tight.planned.answer
    assert run.bounds.lower == pytest.approx(answer.lower)
    assert run.bounds.upper == pytest.approx(answer.upper)
    assert len(run.brains) == 3
    assert run.urgent == sum(finding.urgent for finding in tight.findings)
    assert config_from(run.options, "here").seed == tight.config.seed


def test_recording_twice_is_recording_once(store: Store, runs: Runs) -> None:
    """Also from a copy; a folder that has moved is found where it is now."""
    folder = runs()
    first = store.record(folder)
    copy = Path(shutil.copytree(folder, folder.with_name("copy")))
    assert store.record(copy) == store.record(folder) == first
    assert [run.folder for run in store.runs()] == [folder]
    shutil.rmtree(folder)
    assert store.record(copy) == first
    assert store.run(first).folder == copy
    assert len(store.runs()) == 1


def test_a_run_is_found_by_id_beginning_or_folder(store: Store, runs: Runs) -> None:
    """What could be two is refused with both; what is none, with where to look."""
    one, two = (store.record(runs(name, seed)) for name, seed in (("a", 1), ("b", 2)))
    assert store.run(one).id == one
    assert store.run(two[:-1]).id == two
    assert store.run(store.run(one).folder).id == one
    with pytest.raises(ConfigurationError, match="give more of the id"):
        store.run("2027-01-04")
    with pytest.raises(ConfigurationError, match="planner runs list"):
        store.run("2027_01")
    with pytest.raises(ConfigurationError, match="planner runs list"):
        store.run("%")


def test_the_list_is_by_time_and_by_state(store: Store, runs: Runs) -> None:
    """The latest first, as many as are asked for."""
    ids = [store.record(runs(f"run-{seed}", seed)) for seed in range(3)]
    store.approve(ids[0], "Ann", APPROVED)
    store.approve(ids[1], "Ann", REJECTED)
    assert [run.id for run in store.runs()] == ids[::-1]
    assert [run.id for run in store.runs(limit=1)] == [ids[2]]
    for state, run_id in zip((APPROVED, REJECTED, WAITING), ids, strict=True):
        assert [run.id for run in store.runs(state=state)] == [run_id]


def test_every_decision_is_kept_and_the_last_one_counts(store: Store, runs: Runs) -> None:
    """With who, when, how and why, in the order they were taken."""
    run_id = store.record(runs())
    start = datetime.now(UTC)
    store.approve(run_id, "Ann", APPROVED, "looks right")
    store.approve(run_id, " Ben ", REJECTED, "Tennessee is closed", how="manual")
    history = store.approvals(run_id)
    assert [(one.who, one.decision, one.note) for one in history] == [
        ("Ann", APPROVED, "looks right"),
        ("Ben", REJECTED, "Tennessee is closed"),
    ]
    assert all(start <= one.at <= datetime.now(UTC) for one in history)
    assert store.run(run_id).state == REJECTED
    assert store.last_approved() is None
    assert store.approvals() == history
    assert store.approvals("another") == ()


def test_no_decision_can_be_changed_or_taken_back(store: Store, runs: Runs) -> None:
    """The database itself refuses it."""
    store.approve(store.record(runs()), "Ann")
    table = schema.APPROVALS
    for command in (update(table).values(who="Eve"), delete(table)):
        with pytest.raises(StoreError, match="only ever added"), store.asking(True) as connection:
            connection.execute(command)
    assert [one.who for one in store.approvals()] == ["Ann"]


@pytest.mark.parametrize(
    ("who", "decision", "how"),
    [("", APPROVED, "manual"), ("Ann", "maybe", "manual"), ("Ann", APPROVED, "by dice")],
)
def test_a_decision_without_a_name_or_of_another_kind_is_refused(
    store: Store, runs: Runs, who: str, decision: str, how: str
) -> None:
    """Nothing is written."""
    run_id = store.record(runs())
    with pytest.raises(ConfigurationError):
        store.approve(run_id, who, decision, how=how)
    with pytest.raises(ConfigurationError):
        store.approve("no such run", "Ann")
    assert store.approvals() == ()


def test_the_last_approved_run_is_that_of_the_job(store: Store, runs: Runs) -> None:
    """Other jobs' runs are no measure for it, nor is the run itself."""
    ids = [store.record(runs(f"run-{seed}", seed)) for seed in range(3)]
    for run_id in ids:
        store.approve(run_id, "Ann")
    now = datetime.now(UTC)
    for job, run_id in (("east", ids[0]), ("west", ids[1])):
        store.record_attempt(Attempt("2027-01", job, "f" * 64, DONE, now, now, 0, "done", run_id))
    east, west, latest = (store.last_approved(job) for job in ("east", "west", None))
    assert east is not None
    assert west is not None
    assert latest is not None
    assert [run.id for run in (east, west, latest)] == ids
    assert store.last_approved("east", other_than=ids[0]) is None


def test_tries_of_a_job_are_kept_in_their_order(store: Store, runs: Runs) -> None:
    """With what came of them."""
    run_id, now = store.record(runs()), datetime.now(UTC)
    failed = Attempt("2027-01", "east", "a" * 64, FAILED, now, now, 3, "no such file")
    done = Attempt("2027-01", "east", "a" * 64, DONE, now, now, 0, "fine", run_id)
    other = Attempt("2027-02", "east", "b" * 64, DONE, now, now, 0, "fine", run_id)
    for attempt in (failed, done, other):
        store.record_attempt(attempt)
    assert store.attempts("2027-01", "east") == (failed, done)
    assert store.attempts("2027-02") == (other,)
    assert store.attempts("2027-01", "west") == ()


def test_a_file_that_was_changed_is_noticed(store: Store, runs: Runs) -> None:
    """And one that is gone, and the whole folder when it is."""
    folder = runs()
    run_id = store.record(folder)
    assert changed_files(store.run(run_id)) == ()
    with (folder / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("one more\n")
    (folder / "plan.parquet").unlink()
    said = changed_files(store.run(run_id))
    assert any("orders.csv was changed" in line for line in said)
    assert any("plan.parquet is gone" in line for line in said)
    assert len(said) == 2
    shutil.rmtree(folder)
    assert len(changed_files(store.run(run_id))) == 1


def test_what_is_no_run_is_refused(store: Store, tmp_path: Path, runs: Runs) -> None:
    """A folder without a manifest, one of something else, and a damaged one; nothing is kept."""
    for name, content in (("study", '{"study": "capacity"}'), ("torn", '{"horizon": 3')):
        (tmp_path / name).mkdir()
        (tmp_path / name / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not a run folder"):
        store.record(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="no run of"):
        store.record(tmp_path / "study")
    with pytest.raises(DataError, match="damaged"):
        store.record(tmp_path / "torn")
    folder = runs()
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    del manifest["brains"]
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(DataError, match="brains"):
        store.record(folder)
    assert store.runs() == ()


def test_many_may_record_at_once(address: str, runs: Runs, tmp_path: Path) -> None:
    """Into a store that none of them has made yet; every run is there once."""
    folders = [runs(f"run-{seed}", seed) for seed in range(4)] * 3
    ready = threading.Barrier(len(folders))

    def add(folder: Path) -> str:
        ready.wait()
        with open_store(address, tmp_path / "inputs") as store:
            return store.record(folder)

    with ThreadPoolExecutor(len(folders)) as crowd:
        ids = list(crowd.map(add, folders))
    with open_store(address, tmp_path / "inputs") as store:
        assert sorted({run.id for run in store.runs()}) == sorted(set(ids))
        for run_id in set(ids):
            assert store.run(run_id) == read_run(store.run(run_id).folder)
    left = {path.suffix for path in (tmp_path / "inputs").iterdir()}
    assert left == {".zst"}, "no draft of a copy is left"


def test_a_failure_while_recording_leaves_nothing_half(
    store: Store, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk after the first copies, or an error in the middle of the rows."""
    folder, keep = runs(), type(store.archive).keep
    count = iter(range(100))

    def full(archive: object, path: Path, digest: str) -> bool:
        if next(count) == 2:
            raise OSError(28, "No space left on device", str(path))
        return keep(store.archive, path, digest)

    monkeypatch.setattr(type(store.archive), "keep", full)
    with pytest.raises(StoreError, match="No space left"):
        store.record(folder)
    assert store.runs() == ()
    monkeypatch.undo()
    costs = schema.COSTS
    monkeypatch.setattr(
        schema, "COSTS", schema.Table("nowhere", schema.MetaData(), *_copies(costs))
    )
    with pytest.raises(StoreError, match="nowhere"):
        store.record(folder)
    assert store.runs() == ()
    monkeypatch.undo()
    assert store.runs() == ()
    assert store.run(store.record(folder)) == read_run(folder)


def _copies(table: schema.Table) -> list[schema.Column]:
    return [schema.Column(column.name, column.type) for column in table.columns]


def test_a_full_disk_leaves_no_half_run(runs: Runs, tmp_path: Path) -> None:
    """An SQLite file that cannot grow refuses the run as a whole, and takes it when it can."""
    store = open_store(str(tmp_path / "planner.db"), tmp_path / "inputs")
    with store.asking() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()

    def full(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    def fill() -> None:
        for seed in range(100):
            store.record(runs(f"run-{seed}", seed))

    event.listen(store.engine, "connect", full)
    with pytest.raises(StoreError, match="full"):
        fill()
    event.remove(store.engine, "connect", full)
    count = len(store.runs())
    for run in store.runs():
        assert store.run(run.id) == read_run(run.folder)
    refused = tmp_path / f"run-{count}"
    assert store.run(store.record(refused)) == read_run(refused)
    assert len(store.runs()) == count + 1
