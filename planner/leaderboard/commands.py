"""`planner leaderboard`: submit a policy of your own, and see how it ranks.

Words of a submission are shown as they are, never taken for markup or for commands to a terminal.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from data.errors import ConfigurationError
from planner.spoken_commands import plain, screen

if TYPE_CHECKING:
    from envs.metrics import Estimate
    from planner.leaderboard.board import Place
    from planner.runs.store import Store

STOPPED = 1
CourseOption = Annotated[str, typer.Option(help="What to compete in: month or year.")]
StoreOption = Annotated[
    str | None,
    typer.Option(
        envvar="PLANNER_STORE",
        help="The store: a file, or postgresql+psycopg://USER@HOST/DATABASE; runs/planner.db.",
    ),
]
app = typer.Typer(no_args_is_help=True, help="Leaderboard: policies of your own, ranked.")


def register(main: typer.Typer) -> None:
    """Adds the commands of this file to an app."""
    main.add_typer(app, name="leaderboard")


@app.command()
def example(
    file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("policy.py"),
) -> None:
    """Write a submission to begin with: a reorder point for each place.

    Example: planner leaderboard example policy.py
    """
    from planner.leaderboard.example import EXAMPLE

    if file.exists():
        raise ConfigurationError(f"{file} exists already; give another name")
    file.write_text(EXAMPLE, encoding="utf-8")
    screen.print(f"written to {plain(str(file))}", soft_wrap=True)


@app.command()
def submit(
    policy: Annotated[
        Path, typer.Argument(help="A Python file with act(observations), or a folder.")
    ],
    name: Annotated[str | None, typer.Option(help="What it goes by; its file's name.")] = None,
    course: CourseOption = "month",
    weak: Annotated[
        bool, typer.Option(help="Run it though this machine cannot enforce all rules.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Run a submission on hidden scenarios, in a process that may do little else, and rank it.

    Example: planner leaderboard submit policy.py --name "my rule"
    """
    from planner.leaderboard.board import Board, Submission, checked_name, now
    from planner.leaderboard.cage import NEEDED
    from planner.leaderboard.child import Verdict, digest
    from planner.leaderboard.trial import course_of, tried

    chosen = course_of(course)
    known_as = checked_name(policy.stem if name is None else name, chosen)
    fingerprint = digest(policy)
    with _opened(store) as kept:
        board = Board(kept)
        demand = chosen.demand(board.secret(chosen))
        trial = tried(policy, chosen, demand, weak, ", or trust it with --weak")
        board.add(Submission(chosen.name, known_as, fingerprint, now(), trial))
        _print(board.ranking(chosen), chosen.name, chosen.scenarios)
    if trial.verdict is not Verdict.RANKED:
        said = f"{known_as} was stopped ({trial.verdict.value}): {trial.reason}"
        screen.print(plain(said), style="bold red", soft_wrap=True)
        raise typer.Exit(STOPPED)
    open_ = [layer for layer in NEEDED if not trial.layers.get(layer)]
    if open_:
        screen.print(f"not restricted on this machine: {', '.join(open_)}", soft_wrap=True)


@app.command()
def show(course: CourseOption = "month", store: StoreOption = None) -> None:
    """Show the ranking of a course.

    Example: planner leaderboard show --course year
    """
    from planner.leaderboard.board import Board
    from planner.leaderboard.trial import course_of

    chosen = course_of(course)
    with _opened(store) as kept:
        _print(Board(kept).ranking(chosen), chosen.name, chosen.scenarios)


def _opened(store: str | None) -> Store:
    """The store that an option or the environment names."""
    from planner.runs.store import open_store

    if store == "none":
        raise ConfigurationError("PLANNER_STORE is 'none'; give a store with --store")
    return open_store(store)


def _print(places: tuple[Place, ...], course: str, scenarios: int) -> None:
    title = f"{course}: profit of an episode, mean of {scenarios} hidden scenarios"
    table = Table(title=title, box=None, title_justify="left")
    for column in ("", "policy", "profit", "95 % interval", "behind the first", "tries"):
        table.add_column(column, justify="left" if column == "policy" else "right")
    for number, place in enumerate(places, 1):
        if place.profit is None:
            cells = ("", place.name, place.verdict.value, "", "", str(place.tries))
        else:
            behind = "" if place.behind is None else _with_interval(place.behind)
            between = f"{place.profit.low:,.0f} to {place.profit.high:,.0f}"
            tries = str(place.tries or "")
            cells = (str(number), place.name, f"{place.profit.value:,.0f}", between, behind, tries)
        table.add_row(*map(plain, cells))
    screen.print(table)


def _with_interval(found: Estimate) -> str:
    return f"{found.value:,.0f} ({found.low:,.0f} to {found.high:,.0f})"
