"""What a plan or a forecast would make of the tables, without making either."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from data.catalogue import Reading, ReadOptions, read_scenario
from data.columns import check_mapping
from data.desk import Source
from data.history import SalesOptions, SalesReading, read_sales
from data.issues import Issues, Severity, TableError
from data.tables import SALES, all_tables


@dataclass(frozen=True)
class Validation:
    """What was found.

    Attributes:
        issues: everything, of all files.
        sources: the files read; none of those that were refused.
        plan: what a plan would be made of; None if none can be, or none was asked for.
        sales: the past; None if it cannot be used, or none was given.
        refused: what cannot be used: "a plan", "the sales".
    """

    issues: Issues
    sources: tuple[Source, ...]
    plan: Reading | None
    sales: SalesReading | None
    refused: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """True where nothing is left out: no product skipped, no stretch masked."""
        masked = self.sales is not None and self.sales.sales.censored.any()
        return not (self.refused or masked or self.issues.count(Severity.SKIPPED))

    @property
    def verdict(self) -> str:
        """The outcome in a line."""
        said = []
        if self.plan is not None:
            scenario = self.plan.scenario
            count = len(scenario.products)
            said.append(
                f"{_of(count, self.plan.skipped)} can be planned from {scenario.start} for "
                f"{_counted(scenario.horizon, 'day')}."
            )
        if self.sales is not None:
            sales = self.sales.sales
            told = int(sales.telling.any(axis=0).sum())
            silent = len(sales.unique_id) - told
            said.append(
                f"{_of(told, self.sales.skipped, silent)} have sales to learn from, on "
                f"{_counted(sales.days, 'day')} from {sales.first} on."
            )
        said += [f"{what.capitalize()} cannot be used as they are." for what in self.refused]
        return " ".join(said)


def _of(count: int, skipped: dict[str, str], silent: int = 0) -> str:
    return f"{count:,} of {_counted(count + silent + len(skipped), 'product')}"


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def validate(
    forecast: Path | None,
    tables: ReadOptions,
    sales: Path | None,
    mask: bool = True,
    add_up: bool = False,
) -> Validation:
    """Reads everything that is given, and collects what is wrong with it.

    Args:
        forecast: the forecast of a plan, or its folder; None if only sales are looked at.
        tables: the other tables of the plan, and how all files are written.
        sales: the file of sales, if there is one.
        mask: whether stretches that look like stock-outs would be masked.
        add_up: whether several rows of one product and day are summed.

    Raises:
        ConfigurationError: a bad option, or a network that is none.
    """
    check_mapping(tables.columns, (*all_tables(), SALES))
    issues = Issues()
    sources: list[Source] = []
    refused: list[str] = []
    plan, past = None, None
    if forecast is not None:
        mapped = _mapped(tables, plan=True) if sales is not None else tables
        try:
            plan = read_scenario(forecast, mapped)
            issues.extend(plan.issues)
            sources += plan.sources
        except TableError as error:
            issues.extend(error.issues)
            refused.append("the tables")
    if sales is not None:
        try:
            past = read_sales(sales, _sales_options(tables, mask, add_up))
            issues.extend(past.issues)
            sources += past.sources
        except TableError as error:
            issues.extend(error.issues)
            refused.append("the sales")
    return Validation(issues, tuple(sources), plan, past, tuple(refused))


def _mapped(tables: ReadOptions, plan: bool) -> ReadOptions:
    """The mappings that concern a plan's tables, or those that concern sales."""
    of = all_tables() if plan else (SALES,)
    known = {column.name for table in of for column in table.columns}
    kept = {
        ours: theirs
        for ours, theirs in tables.columns.items()
        if ours in known or (plan and ours.startswith("lead_time_"))
    }
    return replace(tables, columns=kept)


def _sales_options(tables: ReadOptions, mask: bool, add_up: bool) -> SalesOptions:
    written = tables.written
    return SalesOptions(
        columns=_mapped(tables, plan=False).columns,
        encoding=written.encoding,
        decimal=written.decimal,
        skip_bad=tables.skip_bad,
        mask=mask,
        dates=written.dates,
        add_up=add_up,
    )
