"""Which column of a file is meant by which name: mappings, aliases, spellings."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches

from data.errors import ConfigurationError
from data.issues import Issue, Issues, Severity, shortened
from data.reading import RawTable
from data.schema import Table
from data.tables import slug

MOST_LISTED = 20
"""Columns that a sentence names."""


def check_mapping(mapping: Mapping[str, str], tables: Iterable[Table]) -> None:
    """Refuse a mapping of a name that none of the tables has.

    Raises:
        ConfigurationError: naming the nearest known name.
    """
    known = {column.name for table in tables for column in table.columns}
    for ours, theirs in mapping.items():
        if ours not in known and not re.fullmatch(r"lead_time_\d+", ours):
            near = get_close_matches(ours, sorted(known), 1)
            hint = f"; {option(near[0], theirs)} may be meant" if near else ""
            raise ConfigurationError(
                f"{option(ours, theirs)}: no table has a column {ours!r}{hint}; the columns are "
                f"{', '.join(sorted(known))}"
            )


def resolve(
    raw: RawTable, table: Table, mapping: Mapping[str, str], issues: Issues
) -> dict[str, str] | None:
    """The header behind each column of `table` in the file; None if a required one is missing.

    A column is found by the mapping, by its own name, by an alias, and last by its name in another
    spelling (`Unique ID`). What is missing becomes an error that names what was found and the
    option to use.
    """
    spellings = {slug(header): header for header in reversed(raw.columns)}
    found: dict[str, str] = {}
    for column in table.columns:
        mapped = mapping.get(column.name)
        names = [mapped] if mapped in raw.columns else [column.name, *column.aliases]
        header = next((name for name in names if name in raw.columns), None)
        if header is None and any(name in spellings for name in names):
            header = next(spellings[name] for name in names if name in spellings)
            rule = f"column {header!r} was read as {column.name!r}"
            issues.add(Issue(Severity.MENDED, raw.file, rule))
        if header is not None:
            found[column.name] = header
    missing = [name for name in table.required if name not in found]
    if missing:
        _report_missing(raw, table, mapping, missing, issues)
        return None
    _mention_unused(raw, table, found, issues)
    return found


def refuse_unused(mapping: Mapping[str, str], headers: set[str], issues: Issues) -> None:
    """Report mappings to a column that none of the tables has, unless it is known to be missing."""
    missing = {issue.column for issue in issues.kinds(Severity.ERROR)}
    for ours, theirs in mapping.items():
        if theirs not in headers and ours not in missing:
            near = get_close_matches(theirs, sorted(headers), 1)
            remedy = f"if {near[0]!r} is meant, use {option(ours, near[0])}" if near else ""
            rule = f"{option(ours, theirs)} names a column that no table has"
            issues.add(Issue(Severity.ERROR, "", rule, remedy))


def option(ours: str, theirs: str) -> str:
    """The option that maps a column, ready to be typed."""
    return f"--map {shlex.quote(f'{ours}={theirs}')}"


def _report_missing(
    raw: RawTable, table: Table, mapping: Mapping[str, str], missing: list[str], issues: Issues
) -> None:
    if table.name == "forecast" and "missed_sale_cost" in raw.columns:
        rule = "this is the table of products, expected a forecast of unique_id, ds, mean and std"
        issues.add(Issue(Severity.ERROR, raw.file, rule, "--products names the forecast"))
        return
    free = [header for header in raw.columns if header not in table.required]
    for name in missing:
        mapped = mapping.get(name)
        near = _nearest(mapped or name, free) or _nearest(name, free)
        if near is not None:
            free.remove(near)
            advice = f"if {near!r} is meant, add {option(name, near)}"
        else:
            advice = f"name the column that holds it with --map {name}=YOUR_COLUMN"
        if name == "std":
            advice += ", or give prediction intervals as Model-lo-80 and Model-hi-80"
        asked = f", and so is {mapped!r} of {option(name, mapped)}" if mapped else ""
        headers = _listed(raw.columns)
        rule = f"({table[name].meaning}) is missing{asked}; found columns {headers}"
        issues.add(Issue(Severity.ERROR, raw.file, rule, advice, name))


_USUAL_NAMES = {
    "unique_id": ("sku", "item", "item_id", "product", "product_id", "article", "material", "id"),
    "ds": ("date", "day", "datum", "timestamp", "period"),
    "mean": ("forecast", "demand", "yhat", "expected", "fcst", "y"),
    "std": ("sd", "sigma", "stdev", "stddev", "standard_deviation", "error"),
    "missed_sale_cost": ("shortage_cost", "stockout_cost", "penalty", "backorder_cost", "margin"),
    "holding_cost": ("holding", "carrying_cost", "storage_cost"),
    "stage": ("location", "warehouse", "site", "node", "level", "echelon"),
    "y": ("units", "quantity", "qty", "sales", "sold", "units_sold", "demand", "volume"),
    "on_hand": ("stock", "quantity", "qty", "inventory", "onhand", "units"),
    "arrival": ("eta", "due", "due_date", "arrival_date", "delivery_date", "date", "ds"),
    "quantity": ("qty", "units", "amount", "ordered"),
    "supplier": ("vendor", "name", "source", "manufacturer"),
}


def _nearest(wanted: str, headers: list[str]) -> str | None:
    """The header most likely meant: a usual other name first, then the closest spelling."""
    by_slug = {slug(header): header for header in reversed(headers)}
    for usual in _USUAL_NAMES.get(wanted, ()):
        if usual in by_slug:
            return by_slug[usual]
    near = get_close_matches(slug(wanted), list(by_slug), 1, cutoff=0.5)
    return by_slug[near[0]] if near else None


def _listed(headers: Collection[str]) -> str:
    shown = [shortened(header) for header in list(headers)[:MOST_LISTED]]
    more = [f"and {len(headers) - MOST_LISTED:,} more"] if len(headers) > MOST_LISTED else []
    return ", ".join(shown + more) or "none"


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
                    f"if {near[0]!r} is meant, add {option(near[0], header)}",
                )
            )
    if unused and table.name != "forecast":
        issues.add(Issue(Severity.ASSUMED, raw.file, f"columns not used: {_listed(unused)}"))
