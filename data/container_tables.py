"""The tables of the weekly container problem: forecast, inventory, open purchase orders.

Weeks are those of ISO 8601, numbered within their year. A thing at a location is an item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from data.cells import Typed, words_of
from data.containers import CONTAINER_VOLUME, CONTAINERS, WeeklyProblem, spread_of
from data.desk import Desk, Source
from data.format import Format
from data.issues import Issue, Issues, Severity, TableError
from data.schema import Column, Kind, Table

DAYS_PER_WEEK = 7
MOST_WEEKS = 104
"""Of a forecast."""
_ITEM = (
    Column("item", "the thing", Kind.TEXT, required=True),
    Column("location", "where it is kept", Kind.TEXT, required=True),
)
_WEEK = (
    Column("week", "week of the year (ISO 8601)", Kind.WHOLE, required=True, low=1, high=53),
    Column("year", "year of that week", Kind.WHOLE, required=True, low=2000, high=2200),
)
FORECAST = Table(
    "forecast",
    "one item in one week; every item needs every week",
    (*_ITEM, *_WEEK, Column("units", "expected demand", unit="unit/week", required=True)),
    key=("item", "location", "week", "year"),
)
INVENTORY = Table(
    "inventory",
    "one item at the start of the first week",
    (
        *_ITEM,
        Column("on_hand", "units there", unit="unit", required=True),
        Column("safety_stock", "wanted at the end of a week", unit="week", required=True),
        Column("volume", "space of a unit", unit="volume/unit", required=True, above=True),
        Column("lead_time", "from order to arrival", Kind.WHOLE, unit="day", required=True),
        Column("cost", "of a unit not served", unit="money/unit", required=True, above=True),
        Column(
            "container_volume",
            "space in a container; the same in every row",
            unit="volume",
            default=CONTAINER_VOLUME,
            above=True,
        ),
        Column(
            "ramp",
            "largest change of the order from week to week",
            unit="unit",
            default=np.inf,
            default_words="no limit",
        ),
        Column(
            "last_order",
            "order of the week before the first, from which ramping starts",
            unit="unit",
            default=np.nan,
            default_words="unknown; the first week is free",
        ),
        Column("group", "items that are served the same share", Kind.TEXT, default=""),
    ),
    key=("item", "location"),
)
PURCHASE_ORDERS = Table(
    "purchase_orders",
    "one open order of an item; the week is that of its arrival",
    (
        Column("po_number", "number of the order", Kind.TEXT, required=True),
        *_ITEM,
        *_WEEK,
        Column("units", "ordered", unit="unit", required=True),
    ),
    key=(),
    absent="nothing is taken to be on order",
    may_be_empty=True,
)


@dataclass(frozen=True)
class WeeklyReading:
    """What the tables say.

    Attributes:
        problem: items in the order of the inventory.
        first: Monday of the first week.
        issues: what was mended, assumed or left out.
        sources: the files that were read.
    """

    problem: WeeklyProblem
    first: date
    issues: Issues
    sources: tuple[Source, ...]


def read_weekly(
    folder: Path,
    containers: int = CONTAINERS,
    proportional: bool = False,
    columns: Mapping[str, str] | None = None,
) -> WeeklyReading:
    """The problem whose tables lie in `folder`, as CSV or Parquet.

    Lead times are rounded up to whole weeks. Open orders due before the first week arrive in it;
    those due after the last one are left out.

    Args:
        folder: with `forecast`, `inventory` and, where there are open orders, `purchase_orders`.
        containers: that may be filled each week.
        proportional: whether the items of a group are served the same share.
        columns: headers that stand for ours.

    Raises:
        TableError: a table is missing, or holds what means nothing; all of it is named at once.
    """
    issues = Issues()
    desk = Desk(_files(Path(folder)), columns or {}, Format(), issues)
    found = {table.name: _table(desk, table) for table in (FORECAST, INVENTORY, PURCHASE_ORDERS)}
    forecast, inventory = found["forecast"], found["inventory"]
    if forecast is None or inventory is None or issues.count(Severity.ERROR):
        raise TableError(issues)
    places = {item: place for place, item in enumerate(_items(inventory))}
    weeks = _weeks(forecast, issues)
    if issues.count(Severity.ERROR):
        raise TableError(issues)
    first = int(weeks.min())
    units = _forecast(forecast, weeks - first, places, issues)
    due = _due(found["purchase_orders"], first, units.shape, places, issues)
    room = _one_container(inventory, issues)
    if issues.count(Severity.ERROR):
        raise TableError(issues)
    problem = _problem(inventory, units, due, (containers, room, proportional))
    monday = date.fromordinal(first * DAYS_PER_WEEK + 1)
    return WeeklyReading(problem, monday, issues, tuple(desk.sources))


def _files(folder: Path) -> dict[str, Path]:
    """Where each table lies; one that must be there is named even where it is not."""
    files: dict[str, Path] = {}
    for table in (FORECAST, INVENTORY, PURCHASE_ORDERS):
        there = [folder / f"{table.name}{ending}" for ending in (".csv", ".parquet")]
        present = [path for path in there if path.exists()]
        if present or not table.absent:
            files[table.name] = (present or there)[0]
    return files


def _table(desk: Desk, table: Table) -> Typed | None:
    found = desk.typed(table)
    return None if found is None else desk.check(found, table)


def _items(found: Typed) -> list[tuple[str, str]]:
    item, location = (words_of(found.frame[name]) for name in ("item", "location"))
    return list(zip(item, location, strict=True))


def _weeks(found: Typed, issues: Issues) -> np.ndarray:
    """Number of each row's week, counted from the year 1 (N,)."""
    numbers = np.zeros(len(found), dtype=int)
    for record, (year, week) in enumerate(found.frame[["year", "week"]].to_numpy(dtype=int)):
        try:
            monday = date.fromisocalendar(year, week, 1)
        except ValueError:
            rule, remedy = "is not in that year, which has 52", "check week and year"
            row, value = int(found.rows[record]), f"{week}/{year}"
            issues.add(
                Issue(Severity.ERROR, found.file, rule, remedy, "week", row=row, value=value)
            )
            continue
        numbers[record] = (monday.toordinal() - 1) // DAYS_PER_WEEK
    return numbers


def _placed(
    found: Typed, places: Mapping[tuple[str, str], int], issues: Issues, severity: Severity
) -> np.ndarray:
    """Place of each row's item in the inventory (N,), -1 where it has none, which is reported."""
    items = _items(found)
    place = np.array([places.get(item, -1) for item in items], dtype=int)
    strange = np.flatnonzero(place < 0)
    issues.add_all(
        Issue(severity, found.file, "is not in the inventory", "add its row there", "item"),
        rows=found.rows[strange],
        values=[" at ".join(items[record]) for record in strange],
    )
    return place


def _forecast(
    found: Typed, week: np.ndarray, places: Mapping[tuple[str, str], int], issues: Issues
) -> np.ndarray:
    """Units by week and item (T, K)."""
    place = _placed(found, places, issues, Severity.ERROR)
    weeks = int(week.max()) + 1
    if weeks > MOST_WEEKS:
        rule = f"spans {weeks} weeks, expected {MOST_WEEKS} or fewer"
        issues.add(Issue(Severity.ERROR, found.file, rule, "check week and year", "week"))
        return np.zeros((1, len(places)))
    units = np.full((weeks, len(places)), np.nan)
    known = place >= 0
    units[week[known], place[known]] = found.frame["units"].to_numpy()[known]
    for item, number in places.items():
        missing = int(np.isnan(units[:, number]).sum())
        if missing:
            rule = f"has no row in {missing} of {weeks} weeks"
            remedy = "every item of the inventory needs every week"
            value = " at ".join(item)
            issues.add(Issue(Severity.ERROR, found.file, rule, remedy, "item", value=value))
    return units


def _due(
    found: Typed | None,
    first: int,
    shape: tuple[int, ...],
    places: Mapping[tuple[str, str], int],
    issues: Issues,
) -> np.ndarray:
    """Open orders by week of arrival and item (T, K); several of a week add up."""
    due = np.zeros(shape)
    if found is None or not len(found):
        return due
    place = _placed(found, places, issues, Severity.SKIPPED)
    week = np.maximum(_weeks(found, issues) - first, 0)
    late = np.flatnonzero(week >= shape[0])
    rule, remedy = "arrives after the last week of the forecast", "it is left out"
    issues.add_all(Issue(Severity.SKIPPED, found.file, rule, remedy, "week"), rows=found.rows[late])
    use = (place >= 0) & (week < shape[0])
    np.add.at(due, (week[use], place[use]), found.frame["units"].to_numpy()[use])
    return due


def _column(inventory: Typed, name: str) -> np.ndarray:
    """Numbers of a column (K,), blanks filled with its default."""
    default = INVENTORY[name].default
    if name not in inventory.frame:
        return np.full(len(inventory), float(default or 0.0))
    values = inventory.frame[name].to_numpy(dtype=float)
    return values if default is None else np.where(np.isnan(values), float(default), values)


def _one_container(inventory: Typed, issues: Issues) -> float:
    """The space of a container, which all rows must agree on [volume]."""
    volumes = np.unique(_column(inventory, "container_volume"))
    if len(volumes) > 1:
        rule = f"differs between rows: {volumes[0]:g} to {volumes[-1]:g}"
        remedy = "all items share the same containers; give one volume"
        issues.add(Issue(Severity.ERROR, inventory.file, rule, remedy, "container_volume"))
    return float(volumes[0])


def _problem(
    inventory: Typed, units: np.ndarray, due: np.ndarray, shared: tuple[int, float, bool]
) -> WeeklyProblem:
    containers, room, proportional = shared
    items = _items(inventory)
    group = np.arange(len(items))
    if "group" in inventory.frame:
        words = words_of(inventory.frame["group"])
        alone = [
            f"{number}" if word == "" else f"group {word}" for number, word in enumerate(words)
        ]
        group = np.unique(alone, return_inverse=True)[1]
    return WeeklyProblem(
        item=tuple(" at ".join(item) for item in items),
        forecast=units,
        std=spread_of(units),
        on_hand=_column(inventory, "on_hand"),
        cover=_column(inventory, "safety_stock"),
        volume=_column(inventory, "volume"),
        lead_time=np.ceil(_column(inventory, "lead_time") / DAYS_PER_WEEK).astype(int),
        due=due,
        unmet_cost=_column(inventory, "cost"),
        ramp=_column(inventory, "ramp"),
        last_order=_column(inventory, "last_order"),
        group=group,
        proportional=proportional,
        containers=containers,
        container_volume=room,
    )


def write_weekly(folder: Path, problem: WeeklyProblem, first: date) -> None:
    """The problem as tables that `read_weekly` reads, from the week of `first` on."""
    folder.mkdir(parents=True, exist_ok=True)
    named = [item.split(" at ", 1) if " at " in item else [item, "here"] for item in problem.item]
    start = date.fromisocalendar(*first.isocalendar()[:2], 1).toordinal()
    when = [
        date.fromordinal(start + DAYS_PER_WEEK * week).isocalendar()
        for week in range(problem.weeks)
    ]
    lines = {
        table.name: [",".join(column.name for column in table.columns)]
        for table in (FORECAST, INVENTORY, PURCHASE_ORDERS)
    }
    for k, (item, location) in enumerate(named):
        for t, at in enumerate(when):
            place = f"{item},{location},{at.week},{at.year}"
            lines["forecast"].append(f"{place},{_exact(problem.forecast[t, k])}")
            if problem.due[t, k] > 0:
                order = f"PO-{len(lines['purchase_orders']):04d}"
                lines["purchase_orders"].append(f"{order},{place},{_exact(problem.due[t, k])}")
        lines["inventory"].append(_inventory_line(problem, k, item, location))
    for name, rows in lines.items():
        (folder / f"{name}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def _inventory_line(problem: WeeklyProblem, k: int, item: str, location: str) -> str:
    numbers = (
        problem.on_hand[k],
        problem.cover[k],
        problem.volume[k],
        problem.lead_time[k] * DAYS_PER_WEEK,
        problem.unmet_cost[k],
        problem.container_volume,
        problem.ramp[k],
        problem.last_order[k],
    )
    cells = [_exact(number) if np.isfinite(number) else "" for number in numbers]
    return ",".join([item, location, *cells, f"g{problem.group[k]}"])


def _exact(number: float) -> str:
    """The shortest text that is read back as the same number."""
    return repr(float(number)).removesuffix(".0")
