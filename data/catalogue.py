"""From files to a scenario: what was read, what was wrong with it, what was assumed.

Every table is read and checked before anything is refused, so that one run names all problems.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd

from data.assembly import products_of, stock_of, terms_of, with_stages
from data.cells import Typed, checked, typed
from data.columns import check_mapping, refuse_unused, resolve
from data.daily import Daily, daily_forecast
from data.errors import ConfigurationError, DataError
from data.issues import Issue, Issues, Severity, TableError
from data.network import Network, default_network, network_from_table
from data.nixtla import interval_of, with_std
from data.reading import RawTable, contents_of, read_raw, text_of
from data.scenario import Scenario
from data.schema import Table
from data.tables import FORECAST, all_tables

_SUFFIXES = (".csv", ".parquet")
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
    check_mapping(options.columns)
    issues = Issues()
    files = _located(Path(forecast), options, issues)
    desk = _Desk(files, options, issues)
    network = desk.network()
    tables = {table.name: desk.table(table, network) for table in all_tables(network)}
    refuse_unused(options.columns, desk.headers, issues)
    bad = _bad_products(tables, options.skip_bad, issues)
    good = {name: _without(table, bad) for name, table in tables.items()}
    try:
        scenario = _assembled(good, network, options.law, issues)
    except DataError as error:
        issues.add(Issue(Severity.ERROR, files["forecast"].name, str(error)))
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
    suffixes = dict.fromkeys(("forecast", *_SIBLINGS), _SUFFIXES)
    for name, endings in (suffixes | {"network": (".toml",)}).items():
        if name in files:
            continue
        beside = [path for path in (folder / (name + end) for end in endings) if path.exists()]
        if beside:
            files[name] = beside[0]
        if len(beside) > 1:
            rule = f"{beside[1].name} lies beside it and was not read"
            issues.add(Issue(Severity.ASSUMED, beside[0].name, rule))
    return files | {"forecast": files.get("forecast", folder / "forecast.csv")}


class _Desk:
    """Reads files; what is wrong with a whole file becomes an issue, so that reading goes on."""

    def __init__(self, files: Mapping[str, Path], options: ReadOptions, issues: Issues) -> None:
        self.files = files
        self.options = options
        self.issues = issues
        self.sources: list[Source] = []
        self.headers: set[str] = set()

    def network(self) -> Network:
        """The chain; the default one where there is no file."""
        path = self.files.get("network")
        if path is None:
            network = default_network()
            chain = " <- ".join((*network.names, network.source))
            self._assume("network.toml", f"no such file; the chain is {chain}")
            return network
        try:
            contents = contents_of(path)
            text = text_of(path.name, contents)
        except DataError as error:
            self.issues.add(Issue(Severity.ERROR, path.name, str(error)))
            return default_network()
        try:
            network = network_from_table(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(
                f"{path.name}: {error}; expected TOML, for instance lead_time = 2"
            ) from error
        self._source("network", path, contents, len(network))
        return network

    def table(self, table: Table, network: Network) -> Typed | None:
        """The checked records of a table; None where there is no file or it is unusable."""
        path = self.files.get(table.name)
        if path is None:
            self._assume(f"{table.name}.csv", f"no such file; {table.absent}")
            return None
        try:
            contents = contents_of(path)
            raw = read_raw(path.name, contents, self.options.encoding, self.issues)
            self._source(table.name, path, contents, len(raw))
            self.headers |= set(raw.columns)
            return self._checked(raw, table, network)
        except DataError as error:
            self.issues.add(Issue(Severity.ERROR, path.name, str(error)))
            return None

    def _checked(self, raw: RawTable, table: Table, network: Network) -> Typed | None:
        interval = interval_of(raw, self.options.columns) if table is FORECAST else None
        mapping = dict(self.options.columns)
        spec = table
        if interval is not None:
            spec = interval.table
            mapping["mean"] = interval.model
        headers = resolve(raw, spec, mapping, self.issues)
        if headers is None:
            return None
        found = typed(raw, spec, headers, self.issues)
        if interval is not None:
            found = with_std(found, interval, self.issues)
        if not len(found) and not table.may_be_empty:
            raise DataError("the file has a header and no rows; expected one row per record")
        if "stage" in found.frame:
            found = with_stages(found, network, self.issues)
        return checked(found, table, self.issues)

    def _source(self, table: str, path: Path, contents: bytes, records: int) -> None:
        self.sources.append(Source(table, path, sha256(contents).hexdigest(), records))

    def _assume(self, file: str, rule: str) -> None:
        self.issues.add(Issue(Severity.ASSUMED, file, rule))


def _bad_products(
    tables: Mapping[str, Typed | None], skip_bad: bool, issues: Issues
) -> frozenset[str]:
    """Products with a bad row in any table, which `skip_bad` allows to leave out.

    Raises:
        TableError: there are errors that may not or cannot be left out.
    """
    bad = frozenset(
        name
        for table in tables.values()
        if table is not None
        for name in table.ids(table.bad).tolist()
    )
    forecast = tables["forecast"]
    if skip_bad:
        spared = ("forecast", "products")
        issues.leave_out({found.file for name in spared if (found := tables[name]) is not None})
        _refuse_mostly_bad(forecast, bad, issues)
    if issues.count(Severity.ERROR) or forecast is None:
        raise TableError(issues)
    return bad


def _refuse_mostly_bad(forecast: Typed | None, bad: frozenset[str], issues: Issues) -> None:
    if forecast is None:
        return
    products = set(forecast.frame["unique_id"].cat.categories)
    if len(bad & products) * 2 > len(products):
        rule = f"{len(bad & products):,} of {len(products):,} products have bad values"
        remedy = "that is too many to leave out; look at how the tables were exported"
        issues.add(Issue(Severity.ERROR, forecast.file, rule, remedy))


def _without(table: Typed | None, products: frozenset[str]) -> Typed | None:
    """The records that are good themselves and of other products than these."""
    if table is None or not (products or table.bad.any()):
        return table
    if "unique_id" not in table.frame:
        return table.only(~table.bad)
    column = table.frame["unique_id"].cat
    refused = np.array([name in products for name in column.categories] + [True])
    return table.only(~table.bad & ~refused[column.codes.to_numpy()])


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
    return Scenario(network, products, planned, stock, law, terms)


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
