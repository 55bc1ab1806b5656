"""`planner what-if` and `planner export`, and what `planner plan --dry-run` prints.

Text from tables is shown as it is, never taken for markup or for commands to the terminal.
"""

from __future__ import annotations

import gc
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from data.errors import ConfigurationError
from planner.option_commands import (
    BrainsOption,
    CatalogueOption,
    DatesOption,
    DecimalOption,
    EncodingOption,
    ForecastOption,
    LawOption,
    LocksOption,
    MappingOption,
    NetworkOption,
    OpenOrdersOption,
    SkipBadOption,
    StockOption,
    SuppliersOption,
)
from planner.spoken_commands import plain, say, screen

if TYPE_CHECKING:
    from planner.dry_run import DryRun
    from planner.what_if_study import WhatIfStudy

APPROVED = "approved"
MOST_SKIPPED = 5
"""Skipped products that are named."""
MOST_CHANGED = 5
"""Products named per scenario."""


def register(app: typer.Typer) -> None:
    """Adds the commands of this file to an app."""
    app.command("what-if")(what_if)
    app.command()(export)


def what_if(
    scenario: Annotated[
        list[Path], typer.Option(help="A scenario, a TOML file (docs/decisions.md). Repeatable.")
    ],
    products: ForecastOption = Path("data/forecast.csv"),
    catalogue: CatalogueOption = None,
    stock: StockOption = None,
    open_orders: OpenOrdersOption = None,
    network: NetworkOption = None,
    locks: LocksOption = None,
    suppliers: SuppliersOption = None,
    mapping: MappingOption = None,
    encoding: EncodingOption = None,
    decimal: DecimalOption = None,
    dates: DatesOption = None,
    skip_bad: SkipBadOption = False,
    law: LawOption = "lognormal",
    brains: BrainsOption = None,
    horizon: Annotated[int, typer.Option(help="Days to plan.")] = 30,
    mode: Annotated[
        str, typer.Option(help="Who decides where space is scarce: prices, levels or auto.")
    ] = "auto",
    budget: Annotated[float, typer.Option(help="Money for purchases over the horizon.")] = inf,
    paths: Annotated[
        int | None, typer.Option(help="Futures to play; 64, fewer beyond 6,250 products.")
    ] = None,
    pricing: Annotated[
        str, typer.Option(help="How advice answers a price of space: asked or closed-form.")
    ] = "asked",
    seed: Annotated[int, typer.Option(help="Of the sampled futures.")] = 1,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("runs/what-if"),
    overwrite: Annotated[bool, typer.Option(help="Replace the study at --out.")] = False,
    quiet: Annotated[bool, typer.Option(help="Print nothing but the folder.")] = False,
) -> None:
    """Set scenarios beside the tables as they are, on the same futures.

    Example: planner what-if --scenario bigger.toml --scenario dearer.toml
    """
    from data.catalogue import ReadOptions
    from data.terms import Budget
    from data.writing import check_free
    from planner.config import PlanConfig, Solving
    from planner.plan_commands import columns_of
    from planner.what_if import read_what_ifs
    from planner.what_if_page import write_study
    from planner.what_if_study import study

    tables = ReadOptions(
        products=catalogue,
        stock=stock,
        open_orders=open_orders,
        network=network,
        locks=locks,
        suppliers=suppliers,
        columns=columns_of(mapping),
        encoding=encoding,
        skip_bad=skip_bad,
        law=law,
        decimal=decimal,
        dates=dates,
    )
    config = PlanConfig(
        forecast=products,
        tables=tables,
        brains=brains,
        horizon=horizon,
        solving=Solving(mode=mode),
        budget=Budget(total=budget),
        paths=paths,
        pricing=pricing,
        seed=seed,
    )
    asked = read_what_ifs(scenario)
    check_free(out, overwrite)
    # As for a plan: collecting would cost time, and could come between an engine and its end.
    gc.disable()
    try:
        if quiet or not screen.is_terminal:
            found = study(config, asked)
        else:
            with screen.status("read") as status:
                found = study(config, asked, lambda step: status.update(escape(step)))
    finally:
        gc.enable()
    folder = write_study(found, out, overwrite)
    if quiet:
        typer.echo(folder)
    else:
        _print_study(found, folder)


def export(
    run: Annotated[str, typer.Argument(help="A run folder, or a run's id in the store.")],
    mapping: Annotated[
        Path, typer.Option("--map", help="How the file is to look, a TOML file (docs/erp.toml).")
    ],
    out: Annotated[
        Path | None,
        typer.Option(help="The file, or the folder of files; beside the run if not given."),
    ] = None,
    only: Annotated[
        str | None, typer.Option(help="approved: refuse a run that nobody has approved.")
    ] = None,
    stage: Annotated[
        list[str] | None, typer.Option(help="Whose orders; the map's if not given. Repeatable.")
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(envvar="PLANNER_STORE", help="The store of runs; runs/planner.db."),
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace what stands at --out.")] = False,
    quiet: Annotated[bool, typer.Option(help="Print nothing but where it stands.")] = False,
) -> None:
    """Write the orders of a run as another system wants them.

    Example: planner export runs/2027-01-04 --map docs/erp.toml --only approved
    """
    from planner.erp import default_target
    from planner.erp import export as written_as
    from planner.erp_map import read_map
    from planner.wording import counted

    if only not in (None, APPROVED):
        raise ConfigurationError(f"--only is {only!r}, expected 'approved'")
    erp_map = read_map(mapping)
    if stage:
        erp_map = erp_map.model_copy(update={"stages": tuple(stage)})
    folder = _folder_of(run, store, only == APPROVED)
    target = out or default_target(folder, erp_map, mapping)
    exported = written_as(folder, erp_map, target, overwrite)
    if quiet:
        typer.echo(exported.target)
        return
    for path, lines in exported.files.items():
        say(f"{path}: {counted(lines, 'line')}")
    if not exported.files:
        say("The run orders nothing there; the folder is empty of orders.")
    say(f"Written to {exported.target}", "bold")


def _folder_of(run: str, store: str | None, approved: bool) -> Path:
    """The folder of a run, by its path or by its id in the store.

    Raises:
        ConfigurationError: there is no such run; or it must be approved, and is not.
    """
    folder = Path(run)
    if folder.is_dir() and not approved:
        return folder
    from planner.approval import approved_folder
    from planner.runs.store import open_store

    with open_store(store) as kept:
        return approved_folder(kept, run) if approved else kept.run(run).folder


def print_dry_run(dry: DryRun) -> None:
    """What would be planned, on the screen."""
    from planner.wording import counted

    say(dry.planned, "bold")
    say(f"It would read {', '.join(dry.read)}.")
    for line in (*dry.assumed, *dry.odd):
        say(line, "dim", indent="  ")
    for effect in dry.effects:
        if not effect.touches:
            say(effect.sentence, "yellow", indent="  ")
    if dry.skipped:
        say(f"{counted(len(dry.skipped), 'product')} would be skipped:")
        for product, reason in list(dry.skipped.items())[:MOST_SKIPPED]:
            say(f"{product}: {reason}", indent="  ")
        if len(dry.skipped) > MOST_SKIPPED:
            say(f"and {len(dry.skipped) - MOST_SKIPPED} more", indent="  ")
    say(dry.advice)
    for line in dry.deciding:
        say(line)
    if dry.play:
        say(f"In play: {'; '.join(dry.play)}.")
    for line in dry.clashes:
        say(line, "yellow")
    say(dry.cost)
    say("Nothing was solved and nothing was written.", "bold")


def _print_study(found: WhatIfStudy, folder: Path) -> None:
    from planner.what_if_page import changed_most, headline, title
    from planner.wording import number, signed

    say(title(found), "bold")
    base = found.base
    for trial in found.trials[1:]:
        for effect in trial.effects:
            said = f"{trial.name}, {effect.sentence}"
            say(said, "dim" if effect.touches else "yellow", indent="  ")
    screen.print(_money_table(found))
    screen.print(_space_table(found))
    for trial in found.trials[1:]:
        say(headline(trial, base))
        changed = changed_most(trial, base, MOST_CHANGED)
        if changed:
            most = ", ".join(
                f"{of.unique_id} ({signed(of.difference.value)} of {number(of.cost)})"
                for of in changed
            )
            say(f"Products that change most: {most}.", indent="  ")
    say(f"Everything is in {folder}", "bold")


def _money_table(found: WhatIfStudy) -> Table:
    """A row per figure, a column per scenario; below the cost, what it is more than the base's."""
    from planner.what_if_page import told
    from planner.what_if_study import figures
    from planner.wording import between, signed

    shown = (
        *("cost", "holding", "missed sales", "overflow", "fill rate"),
        *("capital tied up", "purchases", "purchases at cost"),
    )
    table = Table(title=f"Means of {found.futures} futures, the same for all", box=None)
    table.add_column("")
    for trial in found.trials:
        table.add_column(plain(trial.name), justify="right")
    by_trial = [{of.name: of for of in figures(trial, found.base)} for trial in found.trials]
    for name in shown:
        table.add_row(name, *(told(by_name[name], by_name[name].value) for by_name in by_trial))
        if name == "cost":
            more = [by_name[name].difference for by_name in by_trial]
            table.add_row(
                "less base, 95 % interval",
                *(
                    "" if of is None else f"{signed(of.value)} ({between(of.low, of.high, signed)})"
                    for of in more
                ),
            )
    return table


def _space_table(found: WhatIfStudy) -> Table:
    """A row per scenario and stage: use of space, and what it costs."""
    from planner.what_if_page import told
    from planner.what_if_study import figures

    shown = ("mean capacity use", "highest capacity use", "price of space", "price of supply")
    table = Table(title="Space", box=None)
    for column in ("scenario", "stage"):
        table.add_column(column)
    for column in shown:
        table.add_column(column, justify="right")
    for trial in found.trials:
        by_place = {(figure.stage, figure.name): figure for figure in figures(trial, found.base)}
        for stage in trial.problem.scenario.network.names:
            cells = [by_place[stage, name] for name in shown]
            said = (told(cell, cell.value) for cell in cells)
            table.add_row(plain(trial.name), plain(stage), *said)
    return table
