"""From files to a scenario: what was read, what was wrong with it, what was assumed.

Every table is read and checked before anything is refused, so that one run names all problems.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import ndtri

from data import assembly
from data.cells import Typed, checked, typed
from data.columns import Interval, check_mapping, interval_of, known_columns, resolve
from data.daily import daily_forecast
from data.errors import ConfigurationError, DataError
from data.issues import Issue, Issues, Severity, TableError
from data.network import Network, default_network, network_from_table
from data.reading import RawTable, contents_of, read_raw, text_of
from data.scenario import Scenario
from data.tables import FORECAST, OPEN_ORDERS, STOCK, Column, Table, products_table

_SUFFIXES = (".csv", ".parquet")
_MODEL = "model"


@dataclass(frozen=True)
class ReadOptions:
    """How to read; a table without a path of its own is looked for beside the forecast.

    Attributes:
        products: the table of products.
        stock: the table of stock.
        open_orders: the table of shipments under way.
        network: the chain, a TOML file.
        columns: headers by our column names, where they differ ({"unique_id": "SKU"}).
        encoding: of the CSV files; UTF-8 if not given.
        skip_bad: leave out products with bad values instead of refusing the tables.
        law: family of the demand around its forecast, a name in `data.demand`.
    """

    products: Path | None = None
    stock: Path | None = None
    open_orders: Path | None = None
    network: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    skip_bad: bool = False
    law: str = "lognormal"


@dataclass(frozen=True)
class Source:
    """One file that was read.

    Attributes:
        table: what it holds.
        path: where it lies.
        sha256: of its contents.
        records: number of rows, the header not counted; of stages for the network.
    """

    table: str
    path: Path
    sha256: str
    records: int

    def __str__(self) -> str:
        things = "stages" if self.table == "network" else "rows"
        return f"{self.path}: {self.records:,} {things}"


@dataclass(frozen=True)
class Reading:
    """What came of reading.

    Attributes:
        scenario: the planning problem.
        issues: everything odd in the tables.
        sources: the files read.
        assumed: what was not given and what stands in for it, as sentences.
        skipped: reason per product that is not planned, by unique_id.
    """

    scenario: Scenario
    issues: Issues
    sources: tuple[Source, ...]
    assumed: tuple[str, ...]
    skipped: dict[str, str]


def read_scenario(forecast: Path, options: ReadOptions | None = None) -> Reading:
    """The planning problem that a forecast and the tables beside it describe.

    Args:
        forecast: the forecast, or the folder it lies in.
        options: where the other tables are, and how to read.

    Raises:
        DataError: a file cannot be read, or (`TableError`) tables hold values no plan can be made
            from; `skip_bad` leaves the products concerned out instead.
        ConfigurationError: a bad option, or a network that is none.
    """
    options = options or ReadOptions()
    check_mapping(options.columns, known_columns())
    desk = _Desk(_located(Path(forecast), options), options)
    network = desk.network()
    tables = {
        table.name: desk.table(table)
        for table in (FORECAST, products_table(network), STOCK, OPEN_ORDERS)
    }
    desk.refuse_unreadable()
    ...
