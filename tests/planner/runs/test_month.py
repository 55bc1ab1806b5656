"""A month's jobs are each done once; what fails stays alone and is tried again when asked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from data.errors import DataError, PlannerError
from planner.config import PlanConfig, config_from
from planner.pipeline import Outcome
from planner.runs import month as months
from planner.runs.batch import read_batch
from planner.runs.errors import StoreError
from planner.runs.forecasting import forecast_from_sales
from planner.runs.month import (
    ALREADY,
    FAILED_BEFORE,
    WOULD,
    Month,
    Result,
    exit_code,
    foresee,
    run_month,
)
from planner.runs.records import APPROVED, DONE, FAILED, WAITING
from planner.runs.store import Store
from planner.runs.task import task_of
from tests.planner.runs.desk import EAST, MONTH, WEST, made_desk

TWO = EAST + EAST.replace("east", "north")
Asked = Callable[..., tuple[Result, ...]]


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch, tight: Outcome) -> list[str]:
    """Plans are made before they are asked for; the names of the folders they were asked for."""
    names: list[str] = []

    def make(config: PlanConfig, tell: Callable[[str], None]) -> Outcome:
        assert config.out is not None
        names.append(config.out.name)
        tell("read")
        return replace(tight, config=config)

    monkeypatch.setattr(months, "make", make)
    return names


@pytest.fixture
def asked(tmp_path: Path, store: Store) -> Asked:
    """Runs a batch of the desk in tmp_path for the month."""
    made_desk(tmp_path, store.name)

    def run(batch: str, retry: bool = False, before: bool = False) -> tuple[Result, ...]:
        path = tmp_path / "batch.toml"
        path.write_text(batch, encoding="utf-8")
        month = Month(MONTH, read_batch(path, MONTH), path, tmp_path / "runs", retry)
        return foresee(month, store) if before else run_month(month, store)

    return run


def statuses(results: tuple[Result, ...]) -> list[str]:
    """What came of each job."""
    return [result.status for result in results]


def test_a_job_is_done_once(asked: Asked, planned: list[str], store: Store, tmp_path: Path) -> None:
    """Its results stand under the month, are recorded, and are left alone afterwards."""
    assert statuses(asked(TWO, before=True)) == [WOULD, WOULD]
    assert store.runs() == ()
    assert statuses(asked(TWO)) == [DONE, DONE]
    assert planned == ["east", "north"]
    assert {run.folder for run in store.runs()} == {
        tmp_path / "runs" / MONTH / name for name in planned
    }
    again = asked(TWO)
    assert statuses(again) == statuses(asked(TWO, before=True)) == [ALREADY, ALREADY]
    assert exit_code(again) == 0
    assert planned == ["east", "north"]
    assert [run.state for run in store.runs()] == [WAITING, WAITING]
    assert not [path for path in (tmp_path / "runs" / MONTH).iterdir() if path.name[0] == "."]


@pytest.mark.parametrize(
    ("edit", "redone"),
    [
        (lambda text: text.replace("paths = 2", "paths = 3"), True),
        (lambda text: text.replace("[job.plan]", "[job.plan]\nseed = 9"), True),
        (lambda text: text + "[job.approval]\nmode = 'automatic'", False),
        (lambda text: text.replace("[job.plan]", "max_urgent = 99\n[job.plan]"), False),
        (lambda text: "# monthly\n" + text, False),
    ],
)
def test_a_job_is_done_anew_when_its_options_change(
    asked: Asked, planned: list[str], edit: Callable[[str], str], redone: bool, tmp_path: Path
) -> None:
    """Beside what stands there, which is never replaced; who approves it is no option of a plan."""
    asked(EAST)
    before = {p.name: p.read_bytes() for p in (tmp_path / "runs" / MONTH / "east").iterdir()}
    assert statuses(asked(edit(EAST))) == [DONE if redone else ALREADY]
    assert planned == (["east", "east-2"] if redone else ["east"])
    after = {p.name: p.read_bytes() for p in (tmp_path / "runs" / MONTH / "east").iterdir()}
    assert after == before


def test_a_job_is_done_anew_when_an_input_changes(
    asked: Asked, planned: list[str], tmp_path: Path
) -> None:
    """Also one that lies beside the forecast and is named nowhere, and one that is new there."""
    asked(EAST)
    with (tmp_path / "tables" / "stock.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert statuses(asked(EAST)) == [DONE]
    locks = "unique_id,stage,ds,quantity\nP0001,New York,2027-01-05,3\n"
    (tmp_path / "tables" / "locks.csv").write_text(locks, encoding="utf-8")
    assert statuses(asked(EAST)) == [DONE]
    assert planned == ["east", "east-2", "east-3"]
    (tmp_path / "tables" / "notes.txt").write_text("nothing", encoding="utf-8")
    assert statuses(asked(EAST)) == [ALREADY]


def test_where_files_lie_and_what_they_are_called_is_no_matter(
    asked: Asked, planned: list[str], store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes and the same options are the same job, also from another folder."""
    asked(EAST)
    shutil.copytree(tmp_path / "tables", tmp_path / "new")
    moved = asked(EAST.replace("tables/forecast.csv", "new/forecast.csv"))
    assert statuses(moved) == [ALREADY]
    monkeypatch.chdir(tmp_path)
    near = Path("batch.toml")
    month = Month(MONTH, read_batch(near, MONTH), near, Path("runs"))
    assert statuses(run_month(month, store)) == [ALREADY]


def test_a_job_that_fails_leaves_the_others_alone(
    asked: Asked, planned: list[str], store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It is tried again when asked, or when something has changed; those that are done are not."""
    make, full = months.make, OSError(28, "No space left on device")

    def failing(config: PlanConfig, tell: Callable[[str], None]) -> Outcome:
        if config.out is not None and config.out.name == "east":
            raise full
        return make(config, tell)

    monkeypatch.setattr(months, "make", failing)
    first = asked(TWO)
    assert statuses(first) == [FAILED, DONE]
    assert "No space left" in first[0].message
    assert exit_code(first) == 1
    monkeypatch.setattr(months, "make", make)
    second = asked(TWO)
    assert statuses(second) == [FAILED_BEFORE, ALREADY]
    assert "--retry" in second[0].message
    assert exit_code(second) == 1
    third = asked(TWO, retry=True)
    assert statuses(third) == [DONE, ALREADY]
    assert exit_code(third) == 0
    assert planned == ["north", "east"]
    assert [try_.status for try_ in store.attempts(MONTH, "east")] == [FAILED, DONE]


def test_a_fault_of_the_planner_is_written_down(
    asked: Asked, planned: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With all that helps to find it; the next job is done."""
    make = months.make

    def failing(config: PlanConfig, tell: Callable[[str], None]) -> Outcome:
        if not planned:
            planned.append("broken")
            raise ZeroDivisionError("of no use")
        return make(config, tell)

    monkeypatch.setattr(months, "make", failing)
    results = asked(TWO)
    assert statuses(results) == [FAILED, DONE]
    place = tmp_path / "runs" / MONTH / "east.failure.txt"
    assert str(place) in results[0].message
    assert "ZeroDivisionError: of no use" in place.read_text(encoding="utf-8")


def test_wrong_tables_are_said_row_by_row(asked: Asked, tmp_path: Path) -> None:
    """In a file beside the results; a batch that fails only by data ends with code 3."""
    path = tmp_path / "tables" / "forecast.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    cells = lines[1].split(",")
    lines[1] = ",".join([*cells[:2], "many", *cells[3:]])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    results = asked(EAST)
    assert statuses(results) == [FAILED]
    assert exit_code(results) == 3
    issues = tmp_path / "runs" / MONTH / "east.data_issues.csv"
    assert str(issues) in results[0].message
    assert "many" in issues.read_text(encoding="utf-8")
    assert "\n" not in results[0].message


def test_a_job_whose_file_is_missing_is_tried_every_time(
    asked: Asked, planned: list[str], tmp_path: Path
) -> None:
    """It may have come by now."""
    late = EAST.replace("tables/forecast.csv", "late/forecast.csv")
    for _ in range(2):
        results = asked(late)
        assert statuses(results) == [FAILED]
        assert "late/forecast.csv: cannot be read" in results[0].message
        assert exit_code(results) == 3
    shutil.copytree(tmp_path / "tables", tmp_path / "late")
    assert statuses(asked(late)) == [DONE]


def test_more_urgent_products_than_allowed_end_with_code_4(
    asked: Asked, planned: list[str], store: Store
) -> None:
    """The plan is made and recorded all the same."""
    results = asked(EAST.replace("[job.plan]", "max_urgent = 0\n[job.plan]"))
    assert statuses(results) == [DONE]
    assert exit_code(results) == 4
    assert "more than max_urgent 0" in results[0].message
    assert len(store.runs()) == 1


@pytest.mark.parametrize(
    ("results", "code"),
    [
        ([], 0),
        ([(DONE, 0), (ALREADY, 0)], 0),
        ([(DONE, 4), (DONE, 0)], 4),
        ([(FAILED, 3), (DONE, 4)], 3),
        ([(FAILED, 3), (FAILED_BEFORE, 3)], 3),
        ([(FAILED, 3), (FAILED, 1)], 1),
        ([(FAILED, 2), (DONE, 0)], 1),
        ([(FAILED_BEFORE, 1)], 1),
        ([(WOULD, 0)], 0),
    ],
)
def test_the_exit_code_of_a_batch(results: list[tuple[str, int]], code: int) -> None:
    """Failures come before exceptions; data errors count as such where nothing else failed."""
    assert exit_code([Result("job", status, "", of) for status, of in results]) == code


def test_what_was_killed_after_the_plan_is_only_recorded(
    asked: Asked, planned: list[str], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run folder is found again by what it was made from; nothing is planned twice."""
    record = type(store).record

    def gone(store: Store, folder: Path) -> str:
        raise StoreError("the store is gone")

    monkeypatch.setattr(type(store), "record", gone)
    assert statuses(asked(EAST)) == [FAILED]
    assert planned == ["east"]
    monkeypatch.setattr(type(store), "record", record)
    assert statuses(asked(EAST, retry=True)) == [DONE]
    assert planned == ["east"]
    assert [run.folder.name for run in store.runs()] == ["east"]


def test_a_decision_is_taken_once(
    asked: Asked, planned: list[str], store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A job whose order file could not be written goes on there, and is not approved again."""
    text = EAST + "[job.approval]\nmode = 'automatic'\n[job.export]\nmap = 'erp.toml'\n"
    (tmp_path / "erp.toml").write_text("[[column]]\nname = 'SKU'\nfrom = 'unique_id'\n")

    def failing(*_: object, **__: object) -> None:
        raise PlannerError("the share is not mounted")

    export = months.export
    monkeypatch.setattr(months, "export", failing)
    assert statuses(asked(text)) == [FAILED]
    monkeypatch.setattr(months, "export", export)
    results = asked(text, retry=True)
    assert statuses(results) == [DONE]
    assert planned == ["east"]
    (approval,) = store.approvals()
    assert approval.decision == APPROVED
    written = tmp_path / "runs" / MONTH / "east-erp.csv"
    assert str(written) in results[0].message
    products = set(written.read_text(encoding="utf-8").splitlines()[1:])
    orders = (tmp_path / "runs" / MONTH / "east" / "orders.csv").read_text(encoding="utf-8")
    assert len(orders.splitlines()) == len(written.read_text(encoding="utf-8").splitlines())
    assert products


def test_no_order_file_goes_out_before_approval(
    asked: Asked, planned: list[str], tmp_path: Path
) -> None:
    """Unless the job says that it may."""
    (tmp_path / "erp.toml").write_text("[[column]]\nname = 'SKU'\nfrom = 'unique_id'\n")
    text = EAST + "[job.export]\nmap = 'erp.toml'\nout = 'out/orders.csv'\n"
    (result,) = asked(text)
    assert "no order file before approval" in result.message
    assert not (tmp_path / "out" / "orders.csv").exists()
    (tmp_path / "out").mkdir()
    (result,) = asked(text + "only_approved = false\n")
    assert (tmp_path / "out" / "orders.csv").is_file()


def test_what_the_killed_left_half_written_is_swept(
    asked: Asked, planned: list[str], tmp_path: Path
) -> None:
    """Drafts of these jobs only."""
    month = tmp_path / "runs" / MONTH
    for name in (".east.abc", ".east-2.abc", ".eastern.abc", ".other.abc"):
        (month / name).mkdir(parents=True)
    asked(EAST)
    assert {path.name for path in month.iterdir()} == {"east", ".eastern.abc", ".other.abc"}


def test_a_job_from_sales_is_forecast_once(
    asked: Asked, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The forecast stands among the results, and the manifest tells of it there."""
    forecasts = []

    def counted(*words: object) -> object:
        forecasts.append(words)
        return forecast_from_sales(*words)  # type: ignore[arg-type]  # passed on as they came

    make = months.make
    monkeypatch.setattr(months, "forecast_from_sales", counted)

    def failing(*_: object) -> Outcome:
        raise DataError("killed here")

    monkeypatch.setattr(months, "make", failing)
    (failed,) = asked(WEST)
    assert failed.status == FAILED
    month = tmp_path / "runs" / MONTH
    task = task_of(read_batch(tmp_path / "batch.toml", MONTH).job[0], MONTH, tmp_path / "b", month)
    made = (task.work / "forecast" / "forecast.csv").read_bytes()
    (task.work / "forecast" / "forecast.csv").write_bytes(made + b"\n")
    monkeypatch.setattr(months, "make", make)
    (result,) = asked(WEST, retry=True)
    assert result.status == DONE, result.message
    assert (month / "west" / "forecast.csv").read_bytes() == made + b"\n"
    assert not task.work.exists()
    run = store.run(month / "west")
    assert run.state == APPROVED
    forecast = next(part for part in run.inputs if part.name == "forecast")
    assert Path(forecast.path) == month / "west" / "forecast.csv"
    manifest = json.loads((month / "west" / "manifest.json").read_text(encoding="utf-8"))
    config = config_from(manifest["config"], "here")
    facts = json.loads((month / "west" / "forecast.json").read_text(encoding="utf-8"))
    assert config.forecast == month / "west" / "forecast.csv"
    assert config.tables.law == facts["law"]
    assert config.tables.products == tmp_path / "tables" / "products.csv"
    assert run.start.isoformat() == "2027-01-04"
