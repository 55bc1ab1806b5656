"""`planner run`: the jobs of a month, each done once, one batch at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from planner.runs.commands import StoreOption, opened
from planner.spoken_commands import say_line


def register(main: typer.Typer) -> None:
    """Adds the command of this file to an app."""
    main.command()(run)


def run(
    month: Annotated[str, typer.Option(help="The month, as 2026-12.")],
    batch: Annotated[Path, typer.Option(help="A TOML file of jobs.")] = Path("batch.toml"),
    out: Annotated[Path, typer.Option(help="Results go under OUT/MONTH/JOB.")] = Path("runs"),
    retry: Annotated[
        bool, typer.Option(help="Try again what failed, though nothing it is made from changed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option(help="Say what would be done, and do nothing.")] = False,
    quiet: Annotated[bool, typer.Option(help="Print only what came of each job.")] = False,
    store: StoreOption = None,
) -> None:
    """Run a month's jobs: what is done stays done, what failed or was killed goes on.

    Ends with 0 if all is done, 1 if some failed, 3 if only because of their data, 4 if more
    products miss sales than a job allows; also with 1 if another batch is running, which is named.
    Example: planner run --month 2026-12 --batch batch.toml
    """
    from planner.runs.batch import check_month, read_batch
    from planner.runs.month import Month, check_out, exit_code, foresee, run_month

    check_out(out)
    asked = Month(check_month(month), read_batch(batch, month), batch, out, retry)
    with opened(store) as known:
        if dry_run:
            results = foresee(asked, known)
        else:
            results = run_month(asked, known, (lambda line: None) if quiet else say_line)
    for result in results:
        if quiet or dry_run:
            say_line(f"{result.job}: {result.status}; {result.message}")
    code = exit_code(results)
    if code:
        raise typer.Exit(code)
