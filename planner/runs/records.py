"""What a store keeps of a run, an approval and a job of a month; and a run folder read as such."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any, TypeVar

from data.errors import ConfigurationError, DataError

APPROVED, REJECTED, WAITING = "approved", "rejected", "waiting"
DECISIONS = (APPROVED, REJECTED)
STATES = (WAITING, *DECISIONS)
MANUAL, AUTOMATIC, BY_EXCEPTION = "manual", "automatic", "by exception"
MODES = (MANUAL, AUTOMATIC, BY_EXCEPTION)
COMPLETE, STOPPED = "complete", "stopped early"
DONE, FAILED = "done", "failed"
Part = TypeVar("Part")
DIGITS = 12
"""Of a run's hash in its id."""


@dataclass(frozen=True)
class Input:
    """A file that a run was made from.

    Attributes:
        name: of the table it holds.
        path: where it lay.
        sha256: of its bytes.
        records: number of rows.
    """

    name: str
    path: str
    sha256: str
    records: int


@dataclass(frozen=True)
class Written:
    """A file of a run folder as it was when the run was recorded."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Bounds:
    """Bounds of the least cost [money, money, 1]; None where no model was solved."""

    lower: float | None = None
    upper: float | None = None
    gap: float | None = None


@dataclass(frozen=True)
class Kpi:
    """A key figure with its 95 % interval over futures; None where a part is unknown."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    unit: str


@dataclass(frozen=True)
class Cost:
    """What one term of one rule costs, mean over futures [money]."""

    policy: str
    term: str
    value: float | None


@dataclass(frozen=True)
class Approval:
    """A decision about a run.

    Attributes:
        run: its id.
        who: decided.
        at: when.
        decision: one of DECISIONS.
        how: one of MODES.
        note: why.
    """

    run: str
    who: str
    at: datetime
    decision: str
    how: str = MANUAL
    note: str = ""


@dataclass(frozen=True)
class Run:
    """One plan.

    Attributes:
        id: its first day and the beginning of its manifest's hash.
        created: when the folder was written.
        start: first day.
        horizon: [period].
        products: how many were planned.
        planner: version that made it.
        status: COMPLETE, or STOPPED where a limit of time ended the search.
        urgent: products that miss sales; None where that is not known.
        seed: of the futures.
        folder: where it stands, or stood.
        options: as the manifest has them under `config`; empty for a run of an older planner.
        inputs: what it was made from.
        files: what it consists of.
        bounds: of the least cost.
        kpis: key figures.
        costs: by rule and term.
        brains: ids of those that could have advised.
        state: approved, rejected or waiting, by the last decision.
    """

    id: str
    created: datetime
    start: date
    horizon: int
    products: int
    planner: str
    status: str
    urgent: int | None
    seed: int
    folder: Path
    options: dict[str, Any]
    inputs: tuple[Input, ...] = ()
    files: tuple[Written, ...] = ()
    bounds: Bounds = Bounds()
    kpis: tuple[Kpi, ...] = ()
    costs: tuple[Cost, ...] = ()
    brains: tuple[str, ...] = ()
    state: str = WAITING

    def kpi(self, name: str) -> float | None:
        """The value of a key figure; None where it is unknown."""
        return next((kpi.value for kpi in self.kpis if kpi.name == name), None)


@dataclass(frozen=True)
class Attempt:
    """One try of one job of a month.

    Attributes:
        month: as 2026-12.
        job: its name.
        fingerprint: of its inputs and options.
        status: DONE or FAILED.
        began, ended: when.
        exit_code: what it would have left with, run alone.
        message: what came of it, in a sentence.
        run: id of the run it made; None where it made none.
    """

    month: str
    job: str
    fingerprint: str
    status: str
    began: datetime
    ended: datetime
    exit_code: int = 0
    message: str = ""
    run: str | None = None


def manifest_of(folder: Path) -> dict[str, Any]:
    """The manifest of a run folder.

    Raises:
        ConfigurationError: the folder is no run.
        DataError: the manifest is damaged.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise ConfigurationError(
            f"{folder} is not a run folder (it has no manifest.json); give the folder that "
            "`planner plan` printed"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: damaged, expected what `planner plan` wrote ({error})") from error
    if not isinstance(manifest, dict) or "horizon" not in manifest:
        raise ConfigurationError(
            f"{folder} is no run of `planner plan`; its manifest.json tells of something else"
        )
    return manifest


def id_of(folder: Path) -> str:
    """What the run in a folder is called, wherever the folder lies.

    Raises:
        ConfigurationError: the folder is no run.
        DataError: the manifest is damaged.
    """
    start = manifest_of(folder).get("start")
    return f"{start}-{hash_of(folder / 'manifest.json')[:DIGITS]}"


def hash_of(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def read_run(folder: Path) -> Run:
    """The run in a folder.

    Raises:
        ConfigurationError: the folder is no run.
        DataError: the manifest is damaged.
    """
    folder = folder.absolute()
    manifest = manifest_of(folder)
    try:
        model, options = manifest["model"], manifest["options"]
        return Run(
            id=id_of(folder),
            created=datetime.fromtimestamp((folder / "manifest.json").stat().st_mtime, UTC),
            start=date.fromisoformat(manifest["start"]),
            horizon=int(manifest["horizon"]),
            products=int(manifest["products"]),
            planner=str(manifest["planner"]),
            status=COMPLETE if model["complete"] else STOPPED,
            urgent=manifest.get("urgent"),
            seed=int(options["seed"]),
            folder=folder,
            options=dict(manifest.get("config", {})),
            inputs=in_order(_inputs(manifest)),
            files=in_order(_files(folder)),
            bounds=Bounds(model["lower"], model["upper"], model["gap"]),
            kpis=in_order(Kpi(**kpi) for kpi in manifest.get("kpis", ())),
            costs=in_order(_costs(manifest)),
            brains=tuple(sorted(map(str, manifest["brains"]))),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{folder / 'manifest.json'}: damaged, expected what `planner plan` wrote ({error!r})"
        ) from error


def in_order(parts: Iterable[Part]) -> tuple[Part, ...]:
    """Parts of a run by their names, the same wherever they come from."""
    names = ("policy", "term", "name")
    return tuple(sorted(parts, key=lambda part: [getattr(part, name, "") for name in names]))


def changed_files(run: Run) -> tuple[str, ...]:
    """What is no longer in a run's folder as it was recorded, each with what happened to it."""
    if not run.folder.is_dir():
        return (f"the folder {run.folder} is gone",)
    found: list[str] = []
    for file in run.files:
        path = run.folder / file.name
        if not path.is_file():
            found.append(f"{file.name} is gone")
        elif path.stat().st_size != file.bytes or hash_of(path) != file.sha256:
            found.append(f"{file.name} was changed after the run was recorded")
    return tuple(found)


def _inputs(manifest: dict[str, Any]) -> Iterator[Input]:
    """The inputs with paths that hold wherever they are read from."""
    directory = Path(manifest.get("directory", Path.cwd()))
    for entry in manifest["inputs"]:
        path = directory / entry["path"]
        yield Input(str(entry["table"]), str(path), entry["sha256"], int(entry["records"]))


def _files(folder: Path) -> Iterator[Written]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            yield Written(name, hash_of(path), path.stat().st_size)


def _costs(manifest: dict[str, Any]) -> Iterator[Cost]:
    for policy, terms in {"promised": manifest["promised"], **manifest["happened"]}.items():
        for term, value in terms.items():
            yield Cost(str(policy), str(term), value)
