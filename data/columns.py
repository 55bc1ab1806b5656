"""Which column of a file is meant by which name: mappings, aliases, spellings, Nixtla's names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from data.errors import ConfigurationError, DataError
from data.issues import Issue, Issues, Severity
from data.reading import RawTable
from data.tables import Table, all_tables, slug

_INTERVAL = re.compile(r"(?P<model>.+)-(?P<side>lo|hi)-(?P<level>\d+(?:\.\d+)?)")
USUAL_LEVEL = 80.0
"""The interval preferred where a forecast has several [%]."""


@dataclass(frozen=True)
class Interval:
    """A prediction interval as Nixtla's libraries write it.

    Attributes:
        model: name of the model, which is the column of its point forecast.
        lo, hi: columns of the bounds.
        level: chance that demand falls between them [%].
    """

    model: str
    lo: str
    hi: str
    level: float


def check_mapping(mapping: Mapping[str, str], table_columns: set[str]) -> None:
    """Refuse a mapping of a name that no table has.

    Raises:
        ConfigurationError: naming the nearest known name.
    """
    for ours, theirs in mapping.items():
        if ours not in table_columns:
            near = get_close_matches(ours, table_columns, 1)
            hint = f"; did you mean --map {near[0]}={theirs}?" if near else ""
            raise ConfigurationError(
                f"--map {ours}={theirs}: no table has a column {ours!r}{hint} "
                f"Known: {', '.join(sorted(table_columns))}"
            )


def resolve(
    raw: RawTable, table: Table, mapping: Mapping[str, str], issues: Issues
) -> dict[str, str]:
    """The header behind each column of `table` that the file has.

    A column is found by the mapping, by its own name, by an alias, and last by its name in another
    spelling (`Unique ID`).

    Raises:
        DataError: a required column is not there; says which are, and the option to use.
    """
    spellings = {slug(header): header for header in reversed(raw.columns)}
    found: dict[str, str] = {}
    for column in table.columns:
        mapped = mapping.get(column.name)
        names = [mapped] if mapped in raw.columns else [column.name, *column.aliases]
        header = next((name for name in names if name in raw.columns), None)
        if header is None:
            header = next((spellings[name] for name in names if name in spellings), None)
            if header is not None:
                issues.add(
                    Issue(
                        Severity.MENDED, raw.file, f"column {header!r} was read as {column.name!r}"
                    )
                )
        if header is not None:
            found[column.name] = header
    _require(raw, table, mapping, found)
    _mention_unused(raw, table, found, issues)
    return found


def interval_of(raw: RawTable, mapping: Mapping[str, str]) -> Interval | None:
    """The Nixtla forecast in a file that has no `mean` and `std`; None if there is none.

    With several models `mean` must be mapped to the one that is meant.

    Raises:
        DataError: there are several, and none is named.
    """
    bounds = [match for match in map(_INTERVAL.fullmatch, raw.columns) if match]
    pairs = {
        (match["model"], match["level"])
        for match in bounds
        if match["model"] in raw.columns
        and f"{match['model']}-lo-{match['level']}" in raw.columns
        and f"{match['model']}-hi-{match['level']}" in raw.columns
        and 0 < float(match["level"]) < 100
    }
    models = [name for name in raw.columns if name in {model for model, _ in pairs}]
    named = mapping.get("mean")
    if named is not None:
        models = [name for name in models if name == named]
    if not models:
        return None
    if len(models) > 1:
        raise DataError(
            f"forecasts of {len(models)} models found ({', '.join(models)}); choose one "
            f"with --map mean={models[0]}"
        )
    levels = [level for model, level in pairs if model == models[0]]
    level = min(levels, key=lambda text: (abs(float(text) - USUAL_LEVEL), float(text)))
    model = models[0]
    return Interval(model, f"{model}-lo-{level}", f"{model}-hi-{level}", float(level))


def known_columns() -> set[str]:
    """Names of all columns of all tables, for chains of up to ten stages."""
    names = {column.name for table in all_tables() for column in table.columns}
    return names | {f"lead_time_{number}" for number in range(10)}


def _require(
    raw: RawTable, table: Table, mapping: Mapping[str, str], found: dict[str, str]
) -> None:
    for name in table.required:
        if name in found:
            continue
        mapped = mapping.get(name)
        wanted = mapped or name
        free = [header for header in raw.columns if header not in found.values()]
        near = _nearest(wanted, free)
        advice = (
            f"; if {near!r} is meant, add --map {name}={near}"
            if near
            else f"; name the column that holds it with --map {name}=YOUR_COLUMN"
        )
        what = f"column {name!r} ({table[name].meaning}) is missing"
        if mapped:
            what = f"column {mapped!r} of --map {name}={mapped} is missing"
        raise DataError(f"{what}; found {', '.join(raw.columns) or 'none'}{advice}")


_USUAL_NAMES = {
    "unique_id": ("sku", "item", "item_id", "product", "product_id", "article", "material", "id"),
    "ds": ("date", "day", "datum", "timestamp", "period"),
    "mean": ("forecast", "demand", "yhat", "expected", "fcst", "y"),
    "std": ("sd", "sigma", "stdev", "stddev", "standard_deviation", "error"),
    "missed_sale_cost": ("shortage_cost", "stockout_cost", "penalty", "backorder_cost", "margin"),
    "holding_cost": ("holding", "carrying_cost", "storage_cost"),
    "stage": ("location", "warehouse", "site", "node", "level", "echelon"),
    "on_hand": ("stock", "quantity", "qty", "inventory", "onhand", "units"),
    "arrival": ("eta", "due", "due_date", "arrival_date", "delivery_date", "date", "ds"),
    "quantity": ("qty", "units", "amount", "ordered"),
}


def _nearest(wanted: str, headers: list[str]) -> str | None:
    """The header most likely meant: a usual other name first, then the closest spelling."""
    by_slug = {slug(header): header for header in reversed(headers)}
    for usual in _USUAL_NAMES.get(wanted, ()):
        if usual in by_slug:
            return by_slug[usual]
    near = get_close_matches(slug(wanted), list(by_slug), 1, cutoff=0.5)
    return by_slug[near[0]] if near else None


def _mention_unused(raw: RawTable, table: Table, found: dict[str, str], issues: Issues) -> None:
    unused = [header for header in raw.columns if header not in found.values()]
    missing = [column.name for column in table.columns if column.name not in found]
    for header in list(unused):
        near = get_close_matches(slug(header), missing, 1, cutoff=0.8)
        if near:
            unused.remove(header)
            issues.add(
                Issue(
                    Severity.ASSUMED,
                    raw.file,
                    f"column {header!r} is not known and was left out",
                    f"if {near[0]!r} is meant, add --map {near[0]}={header}",
                )
            )
    if unused and table.name != "forecast":
        issues.add(Issue(Severity.ASSUMED, raw.file, f"columns not used: {', '.join(unused)}"))
