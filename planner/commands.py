"""`planner explain` and `planner capacity`: what a finished run and the model have to say.

Text from tables is shown as it is, never taken for markup or for commands to the terminal.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from planner.option_commands import (
    BrainsOption,
    ForecastOption,
)
from planner.spoken_commands import plain, screen

if TYPE_CHECKING:
    from planner.capacity_page import CapacityStudy
    from planner.explain import Sheet


def register(app: typer.Typer) -> None:
    """Adds the commands of this file to an app."""
    app.command()(explain)
    app.command()(capacity)


def explain(
    run: Annotated[Path, typer.Argument(help="A run folder, as `planner plan` printed it.")],
    product: Annotated[str, typer.Argument(help="The product's unique_id.")],
    days: Annotated[int, typer.Option(min=0, help="Days of the promise to show.")] = 14,
) -> None:
    """Tell the story of one product: what is ordered, why, and what is promised.

    Example: planner explain runs/2027-01-04 P0066
    """
    from planner.explain import explain as told

    story = told(run, product)
    screen.print(plain(story.title), style="bold", soft_wrap=True)
    for line in story.lines:
        screen.print(plain(line), soft_wrap=True)
    for sheet in story.sheets:
        screen.print(_table(sheet, days if sheet.title.startswith("Promised") else len(sheet.rows)))


def capacity(
    products: ForecastOption = Path("data/forecast.csv"),
    brains: BrainsOption = None,
    pricing: Annotated[
        str, typer.Option(help="How advice answers a price of space: asked or closed-form.")
    ] = "asked",
    horizon: Annotated[int, typer.Option(min=2, max=365, help="Days to play.")] = 45,
    paths: Annotated[int, typer.Option(min=2, max=10_000, help="Futures to play.")] = 32,
    most: Annotated[
        int, typer.Option(min=1, help="Of more products, a sample of so many is played.")
    ] = 150,
    seed: Annotated[int, typer.Option(min=0, help="Of the futures, and of the sample.")] = 1,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("runs/capacity"),
    overwrite: Annotated[bool, typer.Option(help="Replace the study at --out.")] = False,
) -> None:
    """Say what a bigger or smaller warehouse is worth, one stage at a time.

    Example: planner capacity --products data/forecast.csv
    """
    from planner.capacity_page import check_target, headline, honesty, stopping, write_study
    from planner.study import StudyConfig, study

    check_target(out, overwrite)
    config = StudyConfig(products, brains, pricing, horizon, paths, most, seed)
    if screen.is_terminal:
        with screen.status("read") as status:
            found = study(config, lambda step: status.update(escape(step)))
    else:
        found = study(config)
    folder = write_study(found, out, overwrite)
    screen.print(plain(found.title), style="bold", soft_wrap=True)
    _print_curves(found)
    for curve in found.curves:
        for line in (headline(curve), stopping(curve), honesty(curve)):
            if line:
                screen.print(plain(line), soft_wrap=True)
    for worth in found.ranges:
        screen.print(plain(f"In the model: {worth.sentence}"), soft_wrap=True)
    screen.print(f"Everything is in {plain(str(folder))}", style="bold", soft_wrap=True)


def _print_curves(found: CapacityStudy) -> None:
    from planner.capacity_page import SAID, cells
    from planner.explain import Sheet

    for curve in found.curves:
        rows = tuple(cells(curve))
        screen.print(
            _table(Sheet(curve.stage, tuple(map(" ".join, SAID.items())), rows), len(rows))
        )


def _table(sheet: Sheet, shown: int) -> Table:
    """A table on the screen; the first column is text, what follows is as wide as it must be."""
    left = len(sheet.rows) - shown
    more = f"; {left} more in the run folder" if left > 0 else ""
    table = Table(title=plain(sheet.title + more), box=None, title_justify="left")
    for column in sheet.columns:
        words = column in TEXT
        table.add_column(plain(column), justify="left" if words else "right")
    for row in sheet.rows[:shown]:
        table.add_row(*map(plain, row))
    return table


TEXT = frozenset({"stage", "day", "ordered", "from", "arrives", "limited by"})
"""Columns of words; all others are numbers."""
