"""A batch: the jobs of a month, as a TOML file says them.

Paths are beside the file; `{month}` in any text stands for the month that is run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from data.catalogue import ReadOptions
from data.errors import ConfigurationError
from data.lookup import nearest
from planner.config import PlanConfig, Solving, config_from
from planner.runs.approval import Rules, Settings
from planner.toml_file import read_toml

MONTH = "{month}"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_OURS = frozenset({"forecast", "tables", "out", "overwrite", "solving"})
"""Options of a plan that a job says elsewhere, or that are not its to say."""
_SOLVING = tuple(part.name for part in fields(Solving))
PLAN_KEYS = (*(part.name for part in fields(PlanConfig) if part.name not in _OURS), *_SOLVING)
"""What `[job.plan]` may say."""
TABLE_KEYS = tuple(part.name for part in fields(ReadOptions))
"""What `[job.tables]` may say."""


class Export(Settings):
    """The order file of a job.

    Attributes:
        map: a file that says which columns it has.
        out: where it goes, in place of what stood there; beside the run if not given.
        only_approved: whether it waits until the run is approved.
    """

    map: Path
    out: Path | None = None
    only_approved: bool = True


class Job(Settings):
    """One plan of a month.

    Attributes:
        name: of the job, and of the folder of its results.
        forecast: it is made from; or
        sales: from which the forecast is made first, beginning on the day after the last sale.
        days: of forecast, where it is made from sales [period].
        sales_columns: headers of the sales by our column names, where they differ.
        keep_stockouts: whether days that a stock-out may have cut short count as demand.
        max_urgent: most products that may miss sales before the batch ends with code 4.
        tables: where the other tables are and how to read them, as `planner plan` calls them.
        plan: options of the plan, as `planner plan` calls them.
        approval: who lets it go out.
        export: the order file; none if not given.
    """

    name: str = Field(pattern=NAME)
    forecast: Path | None = None
    sales: Path | None = None
    days: int = Field(default=60, ge=1, le=730)
    sales_columns: dict[str, str] = Field(default_factory=dict)
    keep_stockouts: bool = False
    max_urgent: int | None = Field(default=None, ge=0)
    tables: dict[str, Any] = Field(default_factory=dict)
    plan: dict[str, Any] = Field(default_factory=dict)
    approval: Rules = Rules()
    export: Export | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Job:
        if (self.forecast is None) == (self.sales is None):
            raise ValueError("give either forecast or sales")
        return self


class Batch(Settings):
    """The jobs of a month, in the order they are done."""

    job: tuple[Job, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_once(self) -> Batch:
        counts = Counter(job.name.casefold() for job in self.job)
        twice = [job.name for job in self.job if counts[job.name.casefold()] > 1]
        if twice:
            raise ValueError(f"two jobs are called {twice[0]!r}; every name stands for one folder")
        return self


def read_batch(path: Path, month: str) -> Batch:
    """The jobs of a month.

    Raises:
        ConfigurationError: the file cannot be read, or says what no batch says.
    """
    said = read_toml(path, Batch).model_dump(mode="json")
    batch = Batch.model_validate(_of_month(said, month))
    for job in batch.job:
        config_of(job, path)
    return batch


def config_of(job: Job, path: Path) -> PlanConfig:
    """The options of a job's plan; the forecast is the sales file until one is made.

    Args:
        job: which.
        path: of the batch it stands in.

    Raises:
        ConfigurationError: an option is unknown or has a value it cannot have.
    """
    where = f"{path}, job {job.name}"
    for name in job.plan:
        if name not in PLAN_KEYS:
            raise _unknown(name, PLAN_KEYS, f"{where}, plan")
    for name in job.tables:
        if name not in TABLE_KEYS:
            raise _unknown(name, TABLE_KEYS, f"{where}, tables")
    plan = {name: value for name, value in job.plan.items() if name not in _SOLVING}
    solving = {name: value for name, value in job.plan.items() if name in _SOLVING}
    source = {"forecast": job.forecast or job.sales, "tables": job.tables, "solving": solving}
    config: PlanConfig = placed(config_from({**plan, **source}, where), path.parent)
    return config


def placed(record: Any, folder: Path) -> Any:
    """A record with every relative path in it, at any depth, taken from a folder."""
    changed: dict[str, Any] = {}
    for part in fields(record):
        value = getattr(record, part.name)
        if isinstance(value, Path):
            changed[part.name] = folder / value
        elif isinstance(value, tuple) and any(isinstance(one, Path) for one in value):
            changed[part.name] = tuple(folder / one for one in value)
        elif is_dataclass(value):
            changed[part.name] = placed(value, folder)
    return replace(record, **changed)


def check_month(month: str) -> str:
    """The month, if it is one.

    Raises:
        ConfigurationError: it is not written as 2026-12.
    """
    year, dash, number = month.partition("-")
    plain = len(year) == 4 and len(number) == 2 and (year + number).isascii()
    if not (plain and dash and (year + number).isdigit() and 1 <= int(number) <= 12):
        raise ConfigurationError(f"--month is {month!r}, expected a year and a month, as 2026-12")
    return month


def _unknown(name: str, known: tuple[str, ...], where: str) -> ConfigurationError:
    near = nearest(name, list(known))
    hint = f"; did you mean {near[0]!r}?" if near else ";"
    return ConfigurationError(
        f"{where}: unknown key {name!r}{hint} expected one of {', '.join(known)}"
    )


def _of_month(said: Any, month: str) -> Any:
    """What a file says, with the month put in."""
    if isinstance(said, str):
        return said.replace(MONTH, month)
    if isinstance(said, Mapping):
        return {name: _of_month(value, month) for name, value in said.items()}
    if isinstance(said, list):
        return [_of_month(value, month) for value in said]
    return said
