"""A month's jobs, each done once: forecast, plan, record, approve, export.

A job that is done is not done again while its inputs and options stay the same. A job that was
killed goes on where it was: its forecast, its finished run folder and its record are found again.
A job that fails leaves the others alone.
"""

from __future__ import annotations

import json
import shutil
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from data.errors import ConfigurationError, DataError, PlannerError
from planner.approval import approved_folder
from planner.erp import default_target, export
from planner.erp_map import read_map
from planner.folder import write_run
from planner.pipeline import Outcome, make
from planner.runs.approval import decide
from planner.runs.batch import Batch, Job
from planner.runs.forecasting import FORECAST, forecast_from_sales
from planner.runs.lock import held
from planner.runs.records import APPROVED, DONE, FAILED, Attempt, Run
from planner.runs.store import Store
from planner.runs.task import JOB, Task, task_of
from planner.wording import counted, number

ALREADY, WOULD = "done already", "would be done"
FAILED_BEFORE = "failed before"
SOME_FAILED, DATA_ERRORS, EXCEPTIONS = 1, DataError.exit_code, 4
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """What came of one job.

    Attributes:
        job: its name.
        status: DONE, FAILED, ALREADY, FAILED_BEFORE or WOULD.
        message: in a sentence.
        exit_code: what it would have left with, run alone.
    """

    job: str
    status: str
    message: str
    exit_code: int = 0


@dataclass(frozen=True)
class Month:
    """What is to be done.

    Attributes:
        name: as 2026-12.
        batch: its jobs.
        path: of the file they stand in.
        root: folder of all results.
        retry: whether jobs that failed, and whose inputs and options are the same, are tried again.
    """

    name: str
    batch: Batch
    path: Path
    root: Path
    retry: bool = False

    @property
    def folder(self) -> Path:
        """Of the month's results."""
        return self.root / self.name


def run_month(month: Month, store: Store, tell: Tell = lambda line: None) -> tuple[Result, ...]:
    """Does what is left to do of a month's jobs, in their order.

    Raises:
        HeldError: somebody else is at it; says who.
        StoreError: the store cannot be reached.
    """
    what = f"{month.path} for {month.name}"
    with held(store, month.root, what):
        _sweep(month)
        results = []
        for job in month.batch.job:
            tell(f"{job.name}: begins")
            result = _job_done(month, job, store, tell)
            tell(f"{job.name}: {result.status}; {result.message}")
            results.append(result)
        return tuple(results)


def foresee(month: Month, store: Store) -> tuple[Result, ...]:
    """What `run_month` would do, without doing anything."""
    results = []
    for job in month.batch.job:
        try:
            task = task_of(job, month.name, month.path, month.folder)
        except PlannerError as error:
            results.append(Result(job.name, FAILED, str(error), error.exit_code))
            continue
        known = _known(task, store, month.retry)
        files = counted(len(task.inputs), "input")
        results.append(known or Result(job.name, WOULD, f"from {files}, into {task.free()}"))
    return tuple(results)


def exit_code(results: Sequence[Result]) -> int:
    """Of the batch: 0 all done, 1 some failed, 3 only data errors, 4 exceptions above a limit."""
    failed = [result.exit_code for result in results if result.status in (FAILED, FAILED_BEFORE)]
    if failed:
        return DATA_ERRORS if set(failed) == {DATA_ERRORS} else SOME_FAILED
    return max((result.exit_code for result in results), default=0)


def _job_done(month: Month, job: Job, store: Store, tell: Tell) -> Result:
    """What came of a job; a failure is recorded and said, and ends here."""
    began = datetime.now(UTC)
    fingerprint, run = "", None
    try:
        task = task_of(job, month.name, month.path, month.folder)
        fingerprint = task.fingerprint
        known = _known(task, store, month.retry)
        if known is not None:
            return known
        run, message, code = _carried_out(task, store, tell)
        result = Result(job.name, DONE, message, code)
        for left in month.folder.glob(f".{job.name}.work-*"):
            shutil.rmtree(left, ignore_errors=True)
    except PlannerError as error:
        result = Result(job.name, FAILED, _sentence(month, job, error), error.exit_code)
    except (OSError, MemoryError) as error:
        said = f"{type(error).__name__}: {error}"
        result = Result(job.name, FAILED, said, SOME_FAILED)
    except Exception as error:
        # Whatever is wrong with one job, the others are still to be done; nothing is hidden.
        month.folder.mkdir(parents=True, exist_ok=True)
        place = month.folder / f"{job.name}.failure.txt"
        place.write_text(traceback.format_exc(), encoding="utf-8")
        said = f"a fault of the planner ({error!r}); please report it with {place}"
        result = Result(job.name, FAILED, said, SOME_FAILED)
    store.record_attempt(
        Attempt(
            month=month.name,
            job=job.name,
            fingerprint=fingerprint,
            status=result.status,
            began=began,
            ended=datetime.now(UTC),
            exit_code=result.exit_code,
            message=result.message,
            run=run,
        )
    )
    return result


def _known(task: Task, store: Store, retry: bool) -> Result | None:
    """What is known of a task from before; None if it is to be done."""
    name = task.job.name
    tries = [
        attempt
        for attempt in store.attempts(task.month, name)
        if attempt.fingerprint == task.fingerprint
    ]
    done = next((attempt for attempt in reversed(tries) if attempt.status == DONE), None)
    if done is not None:
        when = done.ended.isoformat(sep=" ", timespec="seconds")
        return Result(name, ALREADY, f"run {done.run}, {when}")
    if tries and not retry:
        last = tries[-1]
        said = f"{last.message} (nothing has changed since; --retry tries it again)"
        return Result(name, FAILED_BEFORE, said, last.exit_code)
    return None


def _carried_out(task: Task, store: Store, tell: Tell) -> tuple[str, str, int]:
    """Does a job from where it is; the id of its run, what came of it, and its exit code."""
    folder = task.made() or _planned(task, tell)
    run_id = store.record(folder)
    job = task.job
    said = [f"run {run_id} in {folder}"]
    if not store.approvals(run_id):
        judgement = decide(store, run_id, job.approval, job.name)
        said.append(f"{judgement.decision or 'waits for approval'}: {judgement.reason}")
    run = store.run(run_id)
    if job.export is not None:
        said.append(_exported(task, store, run))
    if f"{run.start:%Y-%m}" != task.month:
        said.append(f"the plan begins on {run.start}, which is not in {task.month}")
    urgent = run.urgent or 0
    if job.max_urgent is not None and urgent > job.max_urgent:
        said.append(
            f"{number(urgent)} products miss sales, more than max_urgent {number(job.max_urgent)}"
        )
        return run_id, "; ".join(said), EXCEPTIONS
    return run_id, "; ".join(said), 0


def _exported(task: Task, store: Store, run: Run) -> str:
    """Writes the order file of a job; says where it is, or why it is not there yet."""
    asked = task.job.export
    assert asked is not None
    if asked.only_approved and run.state != APPROVED:
        return f"no order file before approval; then `planner export {run.id} --only approved`"
    folder = approved_folder(store, run.id) if asked.only_approved else run.folder
    place = task.batch.parent
    erp_map = read_map(place / asked.map)
    usual = default_target(folder, erp_map, asked.map)
    written = export(folder, erp_map, place / asked.out if asked.out else usual, overwrite=True)
    return f"orders in {written.target}"


def _planned(task: Task, tell: Tell) -> Path:
    """The folder of the job's plan, written whole."""
    target, config = task.free(), task.config
    files: dict[str, Path] = {}
    task.work.mkdir(parents=True, exist_ok=True)
    if task.job.sales is not None:
        tell(f"{task.job.name}: forecast")
        config, files = forecast_from_sales(task, config)
    outcome = make(replace(config, out=target), lambda step: tell(f"{task.job.name}: {step}"))
    note = task.work / JOB
    said = {"month": task.month, "job": task.job.name, "fingerprint": task.fingerprint}
    note.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    if files:
        outcome = _renamed(outcome, config.forecast, target / FORECAST)
    return write_run(outcome, {JOB: note, **files})


def _renamed(outcome: Outcome, path: Path, place: Path) -> Outcome:
    """The outcome as made from a forecast at another place: where a copy of it will stand."""
    sources = tuple(
        replace(source, path=place) if source.path == path else source
        for source in outcome.reading.sources
    )
    return replace(
        outcome,
        config=replace(outcome.config, forecast=place),
        reading=replace(outcome.reading, sources=sources),
    )


def _sentence(month: Month, job: Job, error: PlannerError) -> str:
    """What went wrong; what is wrong with tables is written row by row, too."""
    issues = getattr(error, "issues", None)
    if issues is None or not len(issues):
        return str(error)
    month.folder.mkdir(parents=True, exist_ok=True)
    place = issues.write(month.folder / f"{job.name}.data_issues.csv")
    return f"{' '.join(str(error).split())}; all of them, row by row: {place}"


def _sweep(month: Month) -> None:
    """Removes what killed runs of these jobs left half written; nobody else writes here now."""
    for job in month.batch.job:
        for draft in month.folder.glob(f".{job.name}*"):
            tail = draft.name.removeprefix(f".{job.name}")
            if draft.is_dir() and tail[:1] in (".", "-") and ".work-" not in tail:
                shutil.rmtree(draft, ignore_errors=True)


def check_out(folder: Path) -> Path:
    """A folder that results may go to.

    Raises:
        ConfigurationError: there is something else in its place.
    """
    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"{folder} is no folder; give another --out")
    return folder
