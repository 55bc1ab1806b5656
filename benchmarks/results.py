"""What a benchmark found: the record that is written, read back and made into a table.

A committed result comes from its full command; README tables are made from these files alone.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
PACKAGE = "echelon-planner"


@dataclass(frozen=True)
class Row:
    """One policy (or machine, or size) in one case.

    Attributes:
        case: what was measured, such as "r=100" or "lp/500/T=14".
        policy: whose value it is; ours is called "ours" where there is one of it.
        value: mean of the measure [unit].
        low, high: its 95 % interval [unit]; equal to the value where it is exact.
        unit: of value, low and high.
        reference: what `ratio` divides by, in words; empty where there is none.
        ratio: value / reference [1].
        n: independent repetitions behind the value.
        gap: certified distance from the optimum [1], where there is a bound.
    """

    case: str
    policy: str
    value: float
    low: float
    high: float
    unit: str
    reference: str = ""
    ratio: float | None = None
    n: int = 1
    gap: float | None = None


@dataclass(frozen=True)
class Result:
    """One run of one benchmark.

    Attributes:
        name: as in `planner bench NAME`.
        command: what to type to get these numbers again.
        version: of this project.
        seed: that the run was given.
        seconds: wall time of the run [s].
        machine: processor, cores and Python.
        rows: the findings.
    """

    name: str
    command: str
    version: str
    seed: int
    seconds: float
    machine: str
    rows: tuple[Row, ...]


def result_of(name: str, rows: Iterable[Row], seed: int, seconds: float, quick: bool) -> Result:
    """The record of a run that has just ended on this machine."""
    command = f"planner bench {name}{' --quick' if quick else ''} --seed {seed}"
    return Result(name, command, version(PACKAGE), seed, round(seconds, 1), _machine(), tuple(rows))


def write(result: Result, folder: Path = FOLDER) -> Path:
    """Write `NAME.json` into the folder and return its path.

    Numbers that are no numbers (NaN, infinite) are written as null, so that any reader can read it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.name}.json"
    record = asdict(result)
    record["rows"] = [_fields(row) for row in result.rows]
    path.write_text(
        json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        encoding="utf-8",
    )
    return path


def read(name: str, folder: Path = FOLDER) -> Result:
    """The result of that name, as `write` left it."""
    record = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    rows = tuple(_row(fields) for fields in record.pop("rows"))
    return Result(**record, rows=rows)


def markdown(result: Result) -> str:
    """The rows as a Markdown table, with what to type beneath."""
    lines = [
        "| case | policy | value (95 % interval) | ratio | gap | n |",
        "|---|---|---|---|---|---|",
    ]
    for row in result.rows:
        interval = f" ({_told(row.low)} to {_told(row.high)})" if row.low < row.high else ""
        ratio = "" if row.ratio is None else f"{row.ratio:.4g} x {row.reference}"
        gap = "" if row.gap is None else f"{row.gap:.2%}"
        value = f"{_told(row.value)}{interval} {row.unit}"
        lines.append(f"| {row.case} | {row.policy} | {value} | {ratio} | {gap} | {row.n} |")
    lines += ["", f"`{result.command}`, {result.seconds:.0f} s on {result.machine}."]
    return "\n".join(lines) + "\n"


def _told(value: float) -> str:
    """Four digits, or all those before the point where there are more."""
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


def _fields(row: Row) -> dict[str, Any]:
    """The row as JSON can hold it: null for no number; a gap only where there is a bound."""
    fields = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in asdict(row).items()
    }
    if row.gap is None:
        del fields["gap"]
    return fields


def _row(fields: dict[str, Any]) -> Row:
    numbers = {key: math.nan for key in ("value", "low", "high") if fields[key] is None}
    return Row(**(fields | numbers))


def _machine() -> str:
    """Processor, cores and Python, in words."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        processor = names[0].split(":", 1)[1].strip() if names else processor
    return f"{processor}, {_cores()} cores, Python {platform.python_version()}"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
