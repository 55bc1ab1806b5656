"""`planner decide`: the whole way from a history of sales to a plan one can trust, in one command.

It is the commands a person would give one after the other: init, forecast, backtest, plan.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from planner.option_commands import (
    SalesMappingOption,
)
from planner.runs.commands import StoreOption
from planner.spoken_commands import plain, say, screen


def register(app: typer.Typer) -> None:
    """Adds the command of this file to an app."""
    app.command()(decide)


def decide(
    sales: Annotated[
        Path, typer.Option(help="Your sales (CSV, Parquet or Excel): unique_id, ds, y.")
    ],
    folder: Annotated[
        Path, typer.Option(help="Where tables, backtest and plan go; tables in it are kept.")
    ] = Path("decisions"),
    stock: Annotated[
        Path | None, typer.Option(help="What is in stock; the folder's stock.csv if not given.")
    ] = None,
    open_orders: Annotated[
        Path | None,
        typer.Option(help="What is under way; the folder's open_orders.csv if not given."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=731, help="Days to forecast.")] = 60,
    horizon: Annotated[int, typer.Option(min=1, max=365, help="Days to plan.")] = 30,
    first: Annotated[
        str | None,
        typer.Option("--from", help="First day of the past to try decisions on, as 2011-07-01."),
    ] = None,
    last: Annotated[str | None, typer.Option("--to", help="Last of these days.")] = None,
    validate_from: Annotated[
        str | None, typer.Option(help="First of the days before, on which rules are tuned.")
    ] = None,
    most: Annotated[
        int | None, typer.Option(min=1, help="Try decisions on a sample of so many products.")
    ] = None,
    mapping: SalesMappingOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Of everything drawn.")] = 1,
    store: StoreOption = None,
) -> None:
    """From sales to decisions: make tables, forecast, try every rule on the past, then plan.

    Products on which learnt advice has lost on the past are planned by base-stock. The tables in
    the folder are yours: correct costs, stock and the chain there, and give the command again.

    Example: planner decide --sales data/sales.parquet --folder decisions
    """
    from data.errors import ConfigurationError
    from planner.backtest.commands import backtest
    from planner.forecasting.commands import forecast
    from planner.plan_commands import plan
    from planner.table_commands import init
    from planner.trust import FILE

    if folder.exists() and not folder.is_dir():
        raise ConfigurationError(f"--folder {folder} is a file; give a folder")
    catalogue, network = folder / "products.csv", folder / "network.toml"
    if not catalogue.exists():
        _heading("Tables")
        init(folder, sales=sales, mapping=mapping, seed=seed)
    _heading("Forecast")
    table = folder / "forecast.csv"
    found = forecast(
        sales,
        table,
        days=days,
        products=catalogue,
        network=network,
        mapping=mapping,
        overwrite=True,
    )
    _heading("Decisions tried on the past")
    tried = folder / "backtest"
    backtest(
        sales,
        catalogue,
        network,
        first=first,
        last=last,
        validate_from=validate_from,
        mapping=mapping,
        most=most,
        seed=seed,
        out=tried,
        overwrite=True,
    )
    shutil.copyfile(tried / FILE, folder / FILE)
    _heading("Plan")
    if stock is None and not any(folder.glob("stock.*")):
        say(
            "No stock is known, so the plan begins with empty shelves and misses sales until goods "
            f"arrive. Give --stock, or put stock.csv into {folder}.",
            "yellow",
        )
    plan(
        products=table,
        stock=stock,
        open_orders=open_orders,
        law=found.law,
        horizon=horizon,
        seed=seed,
        out=folder / "plan",
        overwrite=True,
        store=store,
    )


def _heading(text: str) -> None:
    screen.print()
    screen.rule(plain(text), align="left")
