"""Options that several commands have, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ForecastOption = Annotated[
    Path, typer.Option(help="The forecast (CSV, Parquet or Excel), or its folder.")
]
CatalogueOption = Annotated[
    Path | None, typer.Option(help="The table of products, if not beside the forecast.")
]
StockOption = Annotated[Path | None, typer.Option(help="The table of stock on hand.")]
OpenOrdersOption = Annotated[Path | None, typer.Option(help="What is under way.")]
NetworkOption = Annotated[Path | None, typer.Option(help="The chain, a TOML file.")]
LocksOption = Annotated[Path | None, typer.Option(help="Order lines that a person has fixed.")]
SuppliersOption = Annotated[
    Path | None, typer.Option(help="Suppliers' minimum orders, costs and order days.")
]
MappingOption = Annotated[
    list[str] | None,
    typer.Option("--map", help="A column under another name: --map unique_id=SKU. Repeatable."),
]
EncodingOption = Annotated[
    str | None, typer.Option(help="Of the CSV files; found out if not given.")
]
DecimalOption = Annotated[
    str | None, typer.Option(help="Decimal sign, . or , ; found out if not given.")
]
DatesOption = Annotated[
    str | None, typer.Option(help="day-first or month-first, for days such as 01/02/2027.")
]
SkipBadOption = Annotated[
    bool, typer.Option(help="Leave out products with bad values instead of stopping.")
]
LawOption = Annotated[str, typer.Option(help="Law of demand around its forecast.")]
BrainsOption = Annotated[
    Path | None, typer.Option(help="Folder of brains; the shipped ones if not given.")
]

SalesOption = Annotated[Path, typer.Option(help="The table of sales (CSV, Parquet or Excel).")]
SalesMappingOption = Annotated[
    list[str] | None,
    typer.Option("--map", help="A column of sales under another name: --map y=units."),
]
SalesEncodingOption = Annotated[str | None, typer.Option(help="Of a CSV file of sales.")]
SalesDecimalOption = Annotated[str | None, typer.Option(help="Its decimal sign, . or ,")]
KeepStockoutsOption = Annotated[
    bool,
    typer.Option(help="Take stretches that look like stock-outs as telling what was wanted."),
]
