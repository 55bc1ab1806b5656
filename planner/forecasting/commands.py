"""`planner forecast`: from past sales to the table that a plan is made from.

Text from tables is shown as it is, never taken for markup or for commands to the terminal.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from planner.option_commands import (
    DatesOption,
    KeepStockoutsOption,
    SalesDecimalOption,
    SalesEncodingOption,
    SalesMappingOption,
    SalesOption,
    SkipBadOption,
)
from planner.spoken_commands import columns_of, day_of, plain, say_line, screen

if TYPE_CHECKING:
    from data.engine import Engine
    from data.history import SalesReading
    from data.sales import Sales
    from planner.forecasting.records import ForecastSetting, SalesForecast

MOST_ASSUMED = 12
"""Sentences about what was assumed that the screen shows; data_issues.csv has all."""


def register(app: typer.Typer) -> None:
    """Adds the command of this file to an app."""
    app.command()(forecast)


def forecast(
    sales: SalesOption,
    out: Annotated[Path, typer.Option(help="The forecast to write, .csv or .parquet.")] = Path(
        "forecast.csv"
    ),
    days: Annotated[int, typer.Option(min=1, max=731, help="Days to forecast.")] = 60,
    start: Annotated[
        str | None,
        typer.Option(help="First day, as 2011-07-01; the day after the last sales if not given."),
    ] = None,
    products: Annotated[
        Path | None, typer.Option(help="The table of products, for what an error costs.")
    ] = None,
    network: Annotated[
        Path | None, typer.Option(help="The chain, a TOML file, for its lead times.")
    ] = None,
    mapping: SalesMappingOption = None,
    encoding: SalesEncodingOption = None,
    decimal: SalesDecimalOption = None,
    dates: DatesOption = None,
    skip_bad: SkipBadOption = False,
    keep_stockouts: KeepStockoutsOption = False,
    extra: Annotated[
        str | None,
        typer.Option(
            "--with",
            help="Try further models: statsforecast (must be installed), or some of its models, as "
            "AutoETS,AutoTheta.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Such models fitted at a time; one per core.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the files at --out.")] = False,
    quiet: Annotated[bool, typer.Option(help="Print nothing but the forecast's name.")] = False,
) -> Any:
    """Forecast demand from past sales: a mean and a standard deviation per product and day.

    Example: planner forecast --sales sales.csv --out tables/forecast.csv --days 60
    """
    from data.history import SalesOptions, read_sales
    from data.issues import Issue, Severity
    from planner.engine import engine_of
    from planner.forecasting.costs import protection_interval, read_cost_ratio, read_network
    from planner.forecasting.files import check_free, write_forecast
    from planner.forecasting.records import ForecastSetting

    check_free(out, overwrite)
    first = day_of("--start", start)
    chain = read_network(network)
    models = _models(extra)
    setting = ForecastSetting(protection_interval=protection_interval(chain), models=models)
    options = SalesOptions(
        columns_of(mapping, "y=units"),
        encoding,
        decimal,
        skip_bad=skip_bad,
        mask=not keep_stockouts,
        dates=dates,
    )
    reading = read_sales(sales, options)
    if products is not None:
        ids = reading.sales.unique_id
        ratio = read_cost_ratio(products, ids, chain, reading.issues)
        setting = replace(setting, cost_ratio=ratio)
    with engine_of("processes" if models else "alone", workers) as engine:
        found = _found(reading.sales, (first, days), setting, engine, quiet)
    for sentence in found.assumed:
        reading.issues.add(Issue(Severity.ASSUMED, "forecast", sentence))
    files = write_forecast(found, reading.issues, out, overwrite)
    if quiet:
        typer.echo(files[0])
    else:
        _print(found, reading, files)
    return found


def _found(
    sales: Sales,
    asked: tuple[date | None, int],
    setting: ForecastSetting,
    engine: Engine,
    quiet: bool,
) -> SalesForecast:
    """The forecast, with a word on what is being done for whoever watches."""
    from planner.forecasting.forecast import forecast_from
    from planner.forecasting.statistical import seconds_needed
    from planner.forecasting.trial import origins_in

    first, days = asked
    if setting.models and not quiet:
        times = len(origins_in(sales, setting)) + 1
        needed = seconds_needed(sales, setting.models, days, engine.workers, times)
        say_line(
            f"{', '.join(setting.models)} on {len(sales.unique_id):,} products, {times} times: "
            f"about {needed / 60:,.0f} minutes on {engine.workers} cores"
        )
    if quiet or not screen.is_terminal:
        return forecast_from(sales, first, days, setting, engine)
    with screen.status(f"trying methods on the past of {len(sales.unique_id):,} products"):
        return forecast_from(sales, first, days, setting, engine)


def _print(found: SalesForecast, reading: SalesReading, files: list[Path]) -> None:
    from planner.forecasting import told

    say_line(f"Read {', '.join(map(str, reading.sources))}.")
    assumed = [*reading.assumed, *found.assumed]
    for line in assumed[:MOST_ASSUMED]:
        say_line(line, "dim")
    if len(assumed) > MOST_ASSUMED:
        say_line(f"and {len(assumed) - MOST_ASSUMED} more such sentences in {files[-1]}", "dim")
    if reading.skipped:
        say_line(f"{len(reading.skipped):,} products are left out; {files[-1]} says why.")
    say_line(told.headline(found), "bold")
    for line in (told.methods(found), told.money(found), *told.thin(found)):
        if line:
            say_line(line)
    if found.coverage.rows:
        screen.print(_coverage_table(found))
        say_line(told.verdict(found.coverage))
    say_line(f"Written: {', '.join(map(str, files))}", "bold")


def _coverage_table(found: SalesForecast) -> Table:
    """Sums over protection intervals that fell within their central intervals, as a table."""
    from planner.forecasting import told

    title = "Sums within the interval of that chance, on days that nothing was calibrated on"
    table = Table(title=title, box=None, title_justify="left")
    for number, column in enumerate(told.COVERAGE_COLUMNS):
        table.add_column(column, justify="right" if number else "left")
    for row in told.coverage_rows(found.coverage):
        table.add_row(*map(plain, row))
    return table


def _models(extra: str | None) -> tuple[str, ...]:
    from planner.forecasting.statistical import LIBRARY, USUAL

    if extra is None:
        return ()
    names = tuple(name.strip() for name in extra.split(",") if name.strip())
    return USUAL if names == (LIBRARY,) else names
