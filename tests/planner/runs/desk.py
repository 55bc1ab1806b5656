"""A desk to run batches on: tables of five products, a batch file, and the program."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from data.sample import write_sample

ROOT = Path(__file__).parents[3]
MONTH = "2027-01"
DAYS_SOLD = 84
EAST = """
[[job]]
name = "east"
forecast = "tables/forecast.csv"
[job.plan]
horizon = 5
paths = 2
report = false
"""
WEST = """
[[job]]
name = "west"
sales = "tables/history.csv"
days = 6
[job.plan]
horizon = 4
paths = 2
report = false
[job.approval]
mode = "automatic"
"""


@dataclass(frozen=True)
class Desk:
    """A folder with tables and batch.toml.

    Attributes:
        folder: where it is.
        store: address of its store.
    """

    folder: Path
    store: str

    @property
    def month(self) -> Path:
        """Where results of the month go."""
        return self.folder / "runs" / MONTH

    def command(self, *words: object) -> list[str]:
        """The program with these arguments."""
        return [sys.executable, "-m", "tests.planner.runs.door", *map(str, words)]

    @property
    def batch(self) -> list[str]:
        """The program, running the batch."""
        return self.command("run", "--month", MONTH, "--store", self.store)

    def begun(self, *words: object) -> subprocess.Popen[str]:
        """The batch, just started."""
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [*self.batch, *map(str, words)],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ran(self, *words: object) -> tuple[int, str]:
        """Exit code of the batch, run to its end, and all it said."""
        process = self.begun(*words)
        said, _ = process.communicate(timeout=300)
        return process.returncode, said


def made_desk(folder: Path, store: str, batch: str = EAST + WEST) -> Desk:
    """A desk with the tables of five products over ten days, and twelve weeks of their sales."""
    write_sample(folder / "tables", products=5, days=10, seed=2)
    rng = np.random.default_rng(3)
    first = date(2027, 1, 4) - timedelta(days=DAYS_SOLD)
    with (folder / "tables" / "history.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("unique_id", "ds", "y"))
        for product in range(1, 6):
            for day in range(DAYS_SOLD):
                units = int(rng.poisson(8 * product))
                writer.writerow((f"P000{product}", first + timedelta(days=day), units))
    (folder / "batch.toml").write_text(batch, encoding="utf-8")
    return Desk(folder, store)
