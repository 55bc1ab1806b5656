"""How long `planner plan` takes from tables to run folder, step by step."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.results import Row
from benchmarks.scale.programme import ROOT
from benchmarks.scale.watched import watched

CASES = {"levels": "plan", "prices": "prices"}
"""Names of cases by mode of the plan."""


def plan_rows(tables: Path, products: int, mode: str, periods: int) -> Iterator[Row]:
    """One plan: wall time, its steps, and memory; what no step accounts for is loading and writing.

    Args:
        tables: the folder of its tables.
        products: how many they are of.
        mode: who decides, `levels` or `prices`.
        periods: T.
    """
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "run"
        options = ["--mode", mode, "--horizon", str(periods), "--no-report", "--quiet"]
        command = [sys.executable, "-m", "cli", "plan", "--products", str(tables), *options]
        seen = watched([*command, "--out", str(out)], ROOT)
        manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    case = f"{CASES[mode]}/{products}/T={periods}"
    yield _row(case, seen.seconds, "s", manifest["model"]["gap"])
    steps = manifest["seconds"]
    rest = seen.seconds - sum(steps.values())
    for step, seconds in {**steps, "load and write": rest}.items():
        yield _row(f"{case}/{step}", seconds, "s")
    yield _row(f"{case}/memory", seen.memory, "MB")


def _row(case: str, value: float, unit: str, gap: float | None = None) -> Row:
    return Row(case, "ours", value, value, value, unit, gap=gap)
