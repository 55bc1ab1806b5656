"""The commands of runs alone, as a program: what a batch is that may be killed or started twice."""

from __future__ import annotations

import sys

import typer

from data.errors import PlannerError
from planner.runs.batch_commands import register as register_batch
from planner.runs.commands import register as register_runs

app = typer.Typer(pretty_exceptions_enable=False)
register_runs(app)
register_batch(app)

if __name__ == "__main__":
    try:
        app()
    except PlannerError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
