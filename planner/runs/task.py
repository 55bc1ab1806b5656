"""One job of one month made definite: its options, the bytes of its inputs, and its fingerprint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from data.errors import DataError
from planner.config import PlanConfig
from planner.runs.batch import Job, config_of
from planner.runs.records import hash_of
from planner.trust import trust_beside

TABLES = ("products", "stock", "open_orders", "locks", "suppliers")
SUFFIXES = (".csv", ".parquet", ".xlsx")
NETWORK = "network"
JOB = "job.json"
"""Stands in the folder of a job's results and says what they are of."""


@dataclass(frozen=True)
class Task:
    """A job of a month.

    Attributes:
        month: as 2026-12.
        job: as the batch says it.
        config: options of its plan, with every table named.
        inputs: hash per file, by the option that names it.
        folder: of the month's results.
        batch: the file that the job stands in.
    """

    month: str
    job: Job
    config: PlanConfig
    inputs: dict[str, str]
    folder: Path
    batch: Path

    @property
    def fingerprint(self) -> str:
        """What the job is made from and how; equal for what need not be done again.

        Files count by what is in them, wherever they lie and whatever they are called.
        """
        job = self.job
        said = {
            "month": self.month,
            "job": job.name,
            "forecast": [job.sales is not None, job.days, job.sales_columns, job.keep_stockouts],
            "law": job.tables.get("law"),
            "export": job.export and job.export.model_dump(mode="json", exclude={"map"}),
            "options": _without_files(self.config),
            "inputs": self.inputs,
        }
        return sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()

    @property
    def work(self) -> Path:
        """Where what is not finished lies; hidden, and gone when the job is done."""
        return self.folder / f".{self.job.name}.work-{self.fingerprint[:12]}"

    def places(self) -> Iterator[Path]:
        """Where results of the job may stand, the first choice first."""
        name = self.job.name
        return (self.folder / (name if n == 1 else f"{name}-{n}") for n in count(1))

    def made(self) -> Path | None:
        """The folder of this very task's results, if a run has written it."""
        for place in self.places():
            if not place.exists():
                return None
            if _said_in(place / JOB) == self.fingerprint:
                return place
        return None

    def free(self) -> Path:
        """Where its results will stand; what stands already is never replaced."""
        return next(place for place in self.places() if not place.exists())


def task_of(job: Job, month: str, batch: Path, folder: Path) -> Task:
    """A job of a month, with the hashes of all it is made from.

    Args:
        job: which.
        month: as 2026-12.
        batch: file that the job stands in.
        folder: of the month's results.

    Raises:
        ConfigurationError: its options cannot be used.
        DataError: a file it names is not there.
    """
    config = _with_tables(config_of(job, batch))
    files = dict(_files(config))
    if job.export is not None:
        files["export.map"] = batch.parent / job.export.map
    inputs = {name: _digest(path) for name, path in sorted(files.items())}
    return Task(month, job, config, inputs, folder, batch)


def _with_tables(config: PlanConfig) -> PlanConfig:
    """The options with the path of every table that lies beside the forecast or the sales."""
    source = config.forecast
    beside = source if source.is_dir() else source.parent
    found = {
        name: next((p for p in (beside / (name + end) for end in SUFFIXES) if p.is_file()), None)
        for name in TABLES
    }
    chain = beside / f"{NETWORK}.toml"
    found[NETWORK] = chain if chain.is_file() else None
    missing: dict[str, Any] = {
        name: path for name, path in found.items() if getattr(config.tables, name) is None
    }
    trust = (config.trust or trust_beside(source)) if config.trusting else None
    return replace(config, tables=replace(config.tables, **missing), trust=trust)


def _files(record: Any, place: str = "") -> Iterator[tuple[str, Path]]:
    """Every file or folder that options name, but where results go, by the option's name."""
    for part in fields(record):
        value, name = getattr(record, part.name), place + part.name
        if isinstance(value, Path) and name != "out":
            yield name, value
        elif isinstance(value, tuple):
            for number, one in enumerate(value):
                if isinstance(one, Path):
                    yield f"{name}.{number}", one
        elif is_dataclass(value):
            yield from _files(value, f"{name}.")


def _without_files(record: Any) -> dict[str, Any]:
    """The options that name no file, as JSON knows them."""
    said: dict[str, Any] = {}
    for part in fields(record):
        value = getattr(record, part.name)
        if is_dataclass(value):
            said[part.name] = _without_files(value)
        elif isinstance(value, tuple):
            said[part.name] = [one for one in value if not isinstance(one, Path)]
        elif not isinstance(value, Path):
            said[part.name] = dict(value) if isinstance(value, Mapping) else value
    return said


def _digest(path: Path) -> str:
    """The hash of a file, or of all files of a folder with their names.

    Raises:
        DataError: it is not there or cannot be read.
    """
    try:
        if path.is_dir():
            parts = sorted(file for file in path.rglob("*") if file.is_file())
            said = [f"{file.relative_to(path).as_posix()} {hash_of(file)}" for file in parts]
            return sha256("\n".join(said).encode()).hexdigest()
        return hash_of(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error


def _said_in(path: Path) -> str:
    """The fingerprint that a folder's results are of; empty if it says none."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
