"""`planner backtest`: what each rule would have cost on the past, and on whom advice is trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import JustifyMethod
from rich.markup import escape
from rich.table import Table

from data.errors import ConfigurationError
from planner.option_commands import (
    BrainsOption,
    DatesOption,
    KeepStockoutsOption,
    SalesDecimalOption,
    SalesEncodingOption,
    SalesMappingOption,
    SalesOption,
)
from planner.spoken_commands import columns_of, day_of, plain, screen

if TYPE_CHECKING:
    from planner.backtest.reader import PastReading
    from planner.backtest.trial import Found, Setting

MOST_ASSUMED = 12
"""Sentences about what was assumed that the screen shows; all are in the manifest."""
FEW = 100
"""Up to so many products workers are not worth starting for."""
CAPACITIES = ("both", "unlimited", "tight", "network")


def register(app: typer.Typer) -> None:
    """Adds the command of this file to an app."""
    app.command()(backtest)


def backtest(
    sales: SalesOption,
    products: Annotated[
        Path | None, typer.Option(help="The table of products; the one beside the sales.")
    ] = None,
    network: Annotated[
        Path | None, typer.Option(help="The chain, a TOML file; the one beside the sales.")
    ] = None,
    orders: Annotated[
        Path | None,
        typer.Option(help="What people ordered: unique_id, stage, ds, quantity."),
    ] = None,
    first: Annotated[
        str | None, typer.Option("--from", help="First day tried, as 2011-07-01.")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last day tried.")] = None,
    validate_from: Annotated[
        str | None, typer.Option(help="First of the days before, on which rules are tuned.")
    ] = None,
    capacity: Annotated[
        str,
        typer.Option(
            help="unlimited, tight (fitted to the past), network (as its file says), or both of "
            "the first two."
        ),
    ] = "both",
    tightness: Annotated[
        float,
        typer.Option(min=0, help="Room beyond what flow needs, as a share of what ours would use."),
    ] = 0.7,
    keep_stockouts: KeepStockoutsOption = False,
    mapping: SalesMappingOption = None,
    encoding: SalesEncodingOption = None,
    decimal: SalesDecimalOption = None,
    dates: DatesOption = None,
    brains: BrainsOption = None,
    most: Annotated[
        int | None, typer.Option(min=1, help="Of more products, a sample of so many is tried.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything drawn.")] = 1,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Rules tried at a time; one per core.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder to write.")] = Path("runs/backtest"),
    overwrite: Annotated[bool, typer.Option(help="Replace the backtest at --out.")] = False,
    quiet: Annotated[bool, typer.Option(help="Print nothing but the folder.")] = False,
) -> None:
    """Try every rule on past sales, and find where learnt advice has earned trust.

    Example: planner backtest --sales data/sales.parquet --from 2026-08-01 --to 2026-12-31
    """
    from data.history import SalesOptions
    from data.writing import check_free
    from planner.backtest.folder import write_backtest
    from planner.backtest.reader import Days, Files, read_past
    from planner.backtest.trial import Setting

    if capacity not in CAPACITIES:
        raise ConfigurationError(
            f"--capacity is {capacity!r}, expected one of {', '.join(CAPACITIES)}"
        )
    check_free(out, overwrite)
    options = SalesOptions(
        columns_of(mapping, "y=units"), encoding, decimal, mask=not keep_stockouts, dates=dates
    )
    files = Files(sales, products, network, orders, options)
    asked = Days(
        day_of("--from", first), day_of("--to", last), day_of("--validate-from", validate_from)
    )
    reading = read_past(files, asked, most, seed)
    setting = Setting(
        reading.validate,
        reading.test,
        cases=_cases(capacity, reading),
        tightness=tightness,
        brains=_brains(brains),
        seed=seed,
        orders=reading.orders,
    )
    found = _found(reading, setting, workers, quiet)
    folder = write_backtest(found, reading, out, overwrite)
    if quiet:
        typer.echo(folder)
    else:
        _print(found, reading, folder)


def _cases(capacity: str, reading: PastReading) -> tuple[str, ...]:
    from numpy import isfinite

    from planner.backtest.trial import NETWORK, TIGHT, UNLIMITED

    if capacity == NETWORK and not isfinite(reading.past.network.storage_capacity).any():
        raise ConfigurationError(
            "--capacity network: no stage of the chain has a storage_capacity; give one in "
            "network.toml, or ask for --capacity tight"
        )
    return (UNLIMITED, TIGHT) if capacity == "both" else (capacity,)


def _brains(folder: Path | None) -> list[Any] | None:
    from brain.registry import load_all

    return None if folder is None else list(load_all(folder))


def _found(reading: PastReading, setting: Setting, workers: int | None, quiet: bool) -> Found:
    """The backtest, with a word on each step for whoever watches."""
    from planner.backtest.forecaster import OwnForecast
    from planner.backtest.trial import backtest as tried
    from planner.engine import engine_of

    few = len(reading.past.products) <= FEW
    with engine_of("alone" if few else "local", workers, few=1) as engine:
        forecaster = OwnForecast(reading.past)
        if quiet or not screen.is_terminal:
            return tried(reading.past, setting, forecaster, engine=engine)
        with screen.status("read") as status:

            def tell(step: str) -> None:
                status.update(escape(step))

            return tried(reading.past, setting, forecaster, tell, engine)


def _print(found: Found, reading: PastReading, folder: Path) -> None:
    from planner.backtest.fallback import fallback, trust
    from planner.backtest.told import days_told, fallback_told, tables, trust_told

    for line in (f"Read {', '.join(reading.read)}.", *reading.assumed[:MOST_ASSUMED]):
        screen.print(plain(line), style="dim", soft_wrap=True)
    for line in days_told(found):
        screen.print(plain(line), soft_wrap=True)
    for sheet in tables(found):
        table = Table(title=plain(sheet.title), box=None, title_justify="left")
        for number, column in enumerate(sheet.columns):
            justify: JustifyMethod = "right" if number else "left"
            table.add_column(plain(column), justify=justify, no_wrap=bool(number))
        for row in sheet.rows:
            table.add_row(*map(plain, row))
        screen.print(table)
    for line in (*trust_told(trust(found)), *fallback_told(fallback(found))):
        screen.print(plain(line), soft_wrap=True)
    screen.print(f"Everything is in {plain(str(folder))}", style="bold", soft_wrap=True)
