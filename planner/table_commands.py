"""`planner init` and `planner validate`: tables to start from, and what is wrong with those given.

Text from tables is shown as it is, never taken for markup or for commands to the terminal.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from data.errors import ConfigurationError, DataError
from planner.option_commands import (
    CatalogueOption,
    DatesOption,
    DecimalOption,
    EncodingOption,
    LawOption,
    LocksOption,
    MappingOption,
    NetworkOption,
    OpenOrdersOption,
    SkipBadOption,
    StockOption,
    SuppliersOption,
)
from planner.spoken_commands import columns_of, say_line

if TYPE_CHECKING:
    from planner.validation import Validation

LEFT_OUT = 4
"""Exit code of --strict where something is left out."""


def register(app: typer.Typer) -> None:
    """Adds the commands of this file to an app."""
    app.command()(init)
    app.command()(validate)


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write the tables; new, or empty.")],
    sales: Annotated[
        Path | None,
        typer.Option(help="Your own sales (CSV, Parquet or Excel); a sample if not given."),
    ] = None,
    products: Annotated[int, typer.Option(help="Of the sample: how many products.")] = 300,
    days: Annotated[int, typer.Option(help="Of the sample: how many days of forecast.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample: of everything drawn.")] = 1,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="A column of the sales under another name: --map y=units."),
    ] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Of the sales, if CSV; found out if not given.")
    ] = None,
    decimal: Annotated[
        str | None, typer.Option(help="Decimal sign of the sales; found out if not given.")
    ] = None,
    dates: DatesOption = None,
    add_up: Annotated[
        bool, typer.Option(help="Sum several rows of one product and day: a list of single sales.")
    ] = False,
    skip_bad: SkipBadOption = False,
) -> None:
    """Write a folder of tables to start from: a sample, or made of your own sales.

    Example: planner init trial --products 50
    """
    from data.history import SalesOptions, read_sales
    from data.sample import write_sample
    from data.writing import new_folder
    from planner.starting import next_steps, write_start

    if sales is None:
        with new_folder(folder) as draft:
            write_sample(draft, products, days, seed, history=True)
        say_line(f"{products} products x {days} days in {folder}; now run:")
        say_line(f"  planner plan --products {folder / 'forecast.csv'}")
        say_line("or make the forecast anew from its sales before:")
        say_line(f"  {next_steps(folder)[0]} --overwrite")
        return
    columns = columns_of(mapping, "y=units")
    options = SalesOptions(columns, encoding, decimal, skip_bad, dates=dates, add_up=add_up)
    reading = read_sales(sales, options)
    assumed = write_start(folder, reading.sales, sales.name)
    for line in reading.assumed:
        say_line(f"  {line}", "dim")
    say_line("Assumed in products.csv; replace what you know better:")
    for line in assumed:
        say_line(f"  {line}", "dim")
    say_line(f"{len(reading.sales.unique_id):,} products in {folder}; now run:")
    for step in next_steps(folder):
        say_line(f"  {step}")


def validate(
    products: Annotated[
        Path | None,
        typer.Option(help="The forecast (CSV, Parquet or Excel), or the folder it lies in."),
    ] = None,
    sales: Annotated[
        Path | None, typer.Option(help="Sales of the past (CSV, Parquet or Excel).")
    ] = None,
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
    law: LawOption = "lognormal",
    skip_bad: SkipBadOption = False,
    keep_stockouts: Annotated[
        bool, typer.Option(help="Take stretches that look like stock-outs as no demand.")
    ] = False,
    add_up: Annotated[
        bool, typer.Option(help="Sum several rows of one product and day of the sales.")
    ] = False,
    strict: Annotated[
        bool, typer.Option(help="Exit with code 4 where anything is skipped or masked.")
    ] = False,
    out: Annotated[
        Path, typer.Option(help="Where all that was found is written, row by row.")
    ] = Path("data_issues.csv"),
) -> None:
    """Say what is wrong, odd or missing in the tables, all at once, without planning.

    Example: planner validate --products data/forecast.csv --sales data/sales.parquet
    """
    from data.catalogue import ReadOptions
    from data.demand import LAWS
    from planner.validation import validate as look

    if law not in LAWS:
        raise ConfigurationError(f"--law is {law!r}, expected one of {', '.join(LAWS)}")
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
    if products is None and sales is None:
        products = Path("data/forecast.csv")
    found = look(products, tables, sales, mask=not keep_stockouts, add_up=add_up)
    _print_findings(found)
    if len(found.issues):
        _write(found, out)
    say_line(found.verdict, "bold")
    if found.refused:
        raise typer.Exit(DataError.exit_code)
    if strict and not found.complete:
        raise typer.Exit(LEFT_OUT)


def _write(found: Validation, out: Path) -> None:
    try:
        found.issues.write(out)
    except OSError as error:
        raise ConfigurationError(f"--out {out} cannot be written: {error.strerror}") from error
    say_line(f"All of it, row by row, is in {out}")


def _print_findings(found: Validation) -> None:
    from data.issues import Severity

    for source in found.sources:
        say_line(f"Read {source}")
    for severity, title, style in (
        (Severity.ERROR, "Wrong, and in the way:", "red"),
        (Severity.SKIPPED, "Left out:", "yellow"),
        (Severity.MENDED, "Read differently from how it is written:", ""),
        (Severity.ASSUMED, "Assumed:", ""),
    ):
        lines = found.issues.lines(severity)
        if lines:
            say_line(title, style)
        for line in lines:
            say_line(f"  {line}", "dim" if not style else "")
