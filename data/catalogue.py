"""From files to a scenario: what was read, what was wrong with it, what was assumed.

Every table is read and checked before anything is refused, so that one run names all problems.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from data.assembly import positions_of, products_of, stock_of, terms_of, with_stages
from data.cells import Typed
from data.columns import check_mapping, refuse_unused
from data.daily import Daily, daily_forecast
from data.desk import Desk, Source
from data.errors import ConfigurationError, DataError
from data.excel import is_workbook, sheet_names
from data.format import Format
from data.issues import Issue, Issues, Severity, TableError
from data.leaving_out import bad_products, without
from data.network import Network, default_network, network_from_table
from data.reading import contents_of, text_of
from data.scenario import Scenario
from data.schema import Table
from data.tables import SALES, all_tables

_SUFFIXES = (".csv", ".parquet", ".xlsx")
_SIBLINGS = ("products", "stock", "open_orders", "locks", "suppliers")
"""Tables that are looked for beside the forecast."""


@dataclass(frozen=True)
class ReadOptions:
    """How to read; a table without a path of its own is looked for beside the forecast.

    Attributes:
        products: the table of products.
        stock: the table of stock.
        open_orders: the table of shipments under way.
        locks: the table of order lines that a person has fixed.
        suppliers: the table of suppliers' terms.
        network: the chain, a TOML file.
        columns: headers by our column names, where they differ ({"unique_id": "SKU"}).
        encoding: of the CSV files; UTF-8 if not given.
        skip_bad: leave out products with bad values instead of refusing the tables.
        law: family of the demand around its forecast, a name in `data.demand`.
        decimal: the decimal sign, "." or ","; found out if not given.
        dates: "day-first" or "month-first" for days such as 01/02/2027; found out if not given.
    """

    products: Path | None = None
    stock: Path | None = None
    open_orders: Path | None = None
    locks: Path | None = None
    suppliers: Path | None = None
    network: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    skip_bad: bool = False
    law: str = "lognormal"
    decimal: str | None = None
    dates: str | None = None

    @property
    def written(self) -> Format:
        """How the text in the files is written, as far as a user says."""
        return Format(self.encoding, self.decimal, self.dates)


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
    check_mapping(options.columns, (*all_tables(), SALES))
    issues = Issues()
    files = _located(Path(forecast), options, issues)
    desk = Desk(files, options.columns, options.written, issues)
    network = _network(files, desk, issues)
    tables = {table.name: _table(desk, table, network, issues) for table in all_tables(network)}
    refuse_unused(options.columns, desk.headers, issues)
    bad = bad_products(tables, "forecast", options.skip_bad, issues)
    good = {name: without(table, bad) for name, table in tables.items()}
    try:
        scenario = _assembled(good, network, options.law, issues)
    except DataError as error:
        issues.add(Issue(Severity.ERROR, desk.name("forecast"), str(error)))
        raise TableError(issues) from error
    return Reading(
        scenario,
        issues,
        tuple(desk.sources),
        tuple(issues.lines(Severity.ASSUMED)),
        _reasons(tables["forecast"], scenario, issues),
    )


def _located(forecast: Path, options: ReadOptions, issues: Issues) -> dict[str, Path]:
    """The file of each table that has one; given paths as they are, siblings where they exist."""
    is_folder = os.path.isdir(forecast)  # False, not an error, for a name that cannot exist
    folder = forecast if is_folder else forecast.parent
    given = {name: getattr(options, name) for name in (*_SIBLINGS, "network")}
    files = {name: Path(path) for name, path in given.items() if path is not None}
    if not is_folder:
        files["forecast"] = forecast
    suffixes = dict.fromkeys(("forecast", *_SIBLINGS), _SUFFIXES) | {"network": (".toml",)}
    sheets = _sheets(files.get("forecast"))
    for name, endings in suffixes.items():
        if name in files:
            continue
        beside = [path for path in (folder / (name + end) for end in endings) if path.exists()]
        if name in sheets:
            beside.insert(0, forecast)
        if beside:
            files[name] = beside[0]
        if len(beside) > 1:
            rule = f"{beside[1].name} lies beside it and was not read"
            issues.add(Issue(Severity.ASSUMED, beside[0].name, rule))
    return files | {"forecast": files.get("forecast", folder / "forecast.csv")}


def _sheets(forecast: Path | None) -> frozenset[str]:
    """The tables that a workbook holds beside the forecast."""
    if forecast is None or forecast.suffix.lower() not in (".xlsx", ".xlsm"):
        return frozenset()
    try:
        contents = contents_of(forecast)
        names = sheet_names(contents) if is_workbook(contents) else ()
    except DataError:
        # What is wrong with it is said when its forecast is read.
        return frozenset()
    return frozenset(name.strip().casefold().replace(" ", "_") for name in names)


def _network(files: Mapping[str, Path], desk: Desk, issues: Issues) -> Network:
    """The chain; the default one where there is no file."""
    path = files.get("network")
    if path is None:
        network = default_network()
        chain = " <- ".join((*network.names, network.source))
        rule = f"no such file; the chain is {chain}"
        issues.add(Issue(Severity.ASSUMED, "network.toml", rule))
        return network
    contents = desk.contents("network")
    if contents is None:
        return default_network()
    try:
        network = network_from_table(tomllib.loads(text_of(path.name, contents)))
    except DataError as error:
        issues.add(Issue(Severity.ERROR, path.name, str(error)))
        return default_network()
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(
            f"{path.name}: {error}; expected TOML, for instance lead_time = 2"
        ) from error
    desk.note("network", contents, len(network))
    return network


def _table(desk: Desk, table: Table, network: Network, issues: Issues) -> Typed | None:
    """The checked records of a table; None where there is no file or it is unusable."""
    found = desk.typed(table)
    try:
        if found is not None and "stage" in found.frame:
            found = with_stages(found, network, issues)
    except DataError as error:
        issues.add(Issue(Severity.ERROR, desk.name(table.name), str(error)))
        return None
    return None if found is None else desk.check(found, table)


def _assembled(
    tables: Mapping[str, Typed | None], network: Network, law: str, issues: Issues
) -> Scenario:
    """The scenario of all products that can be planned.

    Raises:
        DataError: no product can be.
    """
    forecast, table = tables["forecast"], tables["products"]
    assert forecast is not None
    daily = daily_forecast(forecast, issues)
    ids = daily.ids
    if table is not None:
        ids = _planned(forecast, daily, table, issues)
    if not len(ids):
        reasons = "; ".join(issues.lines(Severity.SKIPPED))
        raise DataError(f"no product is left to plan, each was skipped for a reason: {reasons}")
    place = pd.Index(daily.ids, dtype=object).get_indexer(pd.Index(ids, dtype=object))
    for other in (tables["stock"], tables["open_orders"], tables["locks"]):
        if other is not None:
            _report_strangers(other, forecast, table, issues)
    products = products_of(table, ids, network, issues)
    planned = daily.forecast.take(place)
    stock = stock_of(tables["stock"], tables["open_orders"], products, planned.start, issues)
    days = (planned.start, planned.horizon)
    terms = terms_of(tables["locks"], tables["suppliers"], products, days, issues)
    scenario = Scenario(network, products, planned, stock, law, terms)
    _mention_unbought(scenario, table, issues)
    return scenario


def _planned(forecast: Typed, daily: Daily, table: Typed, issues: Issues) -> np.ndarray:
    """The products with a whole forecast and a row of their own, in the order of the products."""
    known, forecasted = table.ids(), set(forecast.frame["unique_id"].cat.categories)
    unknown = np.array(sorted(set(daily.ids) - set(known)), dtype=object)
    remedy = f"add its row to {table.file}"
    bare = {name.lstrip("0") for name in known}
    if any(name.lstrip("0") in bare for name in unknown):
        remedy = "some ids differ in leading zeros only, which spreadsheets drop; write them alike"
    issues.add_all(
        Issue(
            Severity.SKIPPED,
            forecast.file,
            f"is not in {table.file}",
            remedy,
            "unique_id",
        ),
        products=unknown,
    )
    without = [name not in forecasted for name in known]
    issues.add_all(
        Issue(
            Severity.SKIPPED,
            table.file,
            f"is not in {forecast.file}",
            f"add its days to {forecast.file}, or plan without it",
            "unique_id",
        ),
        rows=table.rows[without],
        products=known[without],
    )
    whole = set(daily.ids)
    return np.array([name for name in known if name in whole], dtype=object)


def _report_strangers(
    other: Typed, forecast: Typed, products: Typed | None, issues: Issues
) -> None:
    """Records of stock, orders or locks whose product no other table knows; they are left out."""
    known = set(forecast.frame["unique_id"].cat.categories)
    if products is not None:
        known |= set(products.frame["unique_id"].cat.categories)
    column = other.frame["unique_id"].cat
    strange = np.array([name not in known for name in column.categories] + [False])
    records = np.flatnonzero(strange[column.codes.to_numpy()])
    issues.add_all(
        Issue(
            Severity.SKIPPED,
            other.file,
            "is in neither the forecast nor the products; the row was left out",
            "correct it if it is misspelt",
            "unique_id",
        ),
        rows=other.rows[records],
        products=other.ids(records),
    )


def _mention_unbought(scenario: Scenario, table: Typed | None, issues: Issues) -> None:
    """Products that are not worth buying: mostly, a cost is a slip."""
    unbought = np.flatnonzero(~scenario.worth_buying)
    if not len(unbought):
        return
    ids, cost = scenario.products.unique_id[unbought], scenario.products.missed_sale_cost[unbought]
    rows = None
    if table is not None:
        place = positions_of(table, ids)
        rows = np.empty(len(ids), dtype=np.int64)
        rows[place[place >= 0]] = table.rows[place >= 0]
    issues.add_all(
        Issue(
            Severity.ASSUMED,
            "products.csv" if table is None else table.file,
            "is less than it costs to hold a unit for a night at each stage above the shelf; "
            "nothing more of the product is bought",
            "check it and holding_cost, or stop selling the product",
            "missed_sale_cost",
        ),
        rows=rows,
        products=ids,
        values=[f"{value:g}" for value in cost],
    )


def _reasons(forecast: Typed | None, scenario: Scenario, issues: Issues) -> dict[str, str]:
    """Why each product of the forecast that is not planned is not."""
    assert forecast is not None
    missing = set(forecast.frame["unique_id"].cat.categories) - set(scenario.products.unique_id)
    reasons: dict[str, str] = {}
    if missing:
        for issue in issues.of(Severity.SKIPPED):
            if issue.product in missing:
                reasons.setdefault(issue.product, issue.sentence)
    return reasons
