"""Everything that was wrong, odd or missing in the tables, collected in one pass.

A table with a thousand bad rows yields a thousand issues of one kind: the screen shows five of
them, `data_issues.csv` all. The message of a `TableError` is made from the same lines.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = 5
"""Rows of each kind that are shown on screen."""

_COLUMNS = ("severity", "file", "row", "product", "column", "value", "rule", "remedy")


class Severity(Enum):
    """How much an issue matters."""

    ERROR = "error"
    """The table cannot be planned from."""
    SKIPPED = "skipped"
    """A row or a product is left out; the rest is planned."""
    MENDED = "mended"
    """Read differently from how it was written, without guessing."""
    ASSUMED = "assumed"
    """Not given; a stated default stands in."""


@dataclass(frozen=True)
class Issue:
    """One thing found in one table.

    Attributes:
        severity: how much it matters.
        file: name of the file; empty if it concerns none.
        rule: what is wrong, as the end of a sentence that begins with the column or the file.
        remedy: what to do about it.
        column: where it was found; empty if it concerns whole rows or the file.
        row: row of the file, the header being row 1; None if it concerns no single row.
        product: unique_id; empty if it concerns no single product.
        value: what was found, as it was written.
    """

    severity: Severity
    file: str
    rule: str
    remedy: str = ""
    column: str = ""
    row: int | None = None
    product: str = ""
    value: str = ""

    @property
    def sentence(self) -> str:
        """The whole issue in one line."""
        place = f" ({self.place})" if self.place else ""
        return f"{self._what}{place}{self._advice}"

    @property
    def _what(self) -> str:
        file = f"{self.file}: " if self.file else ""
        return f"{file}{self.column} {self.rule}" if self.column else f"{file}{self.rule}"

    @property
    def _advice(self) -> str:
        return f"; {self.remedy}" if self.remedy else ""

    @property
    def place(self) -> str:
        """Row, product and value, as far as known: 'row 7, product P0012, found -4'."""
        parts = [
            f"row {self.row}" if self.row is not None else "",
            f"product {shortened(self.product)}" if self.product else "",
            f"found {shortened(self.value)}" if self.value else "",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class _Batch:
    """Issues of one kind: a template and what differs from row to row."""

    kind: Issue
    rows: Sequence[int | None]
    products: Sequence[str]
    values: Sequence[str]

    def __len__(self) -> int:
        return len(self.rows)

    def may_be_left_out(self, files: set[str]) -> bool:
        """True where the errors are of rows, and of known products or in one of `files`."""
        return self.rows[0] is not None and (self.kind.file in files or all(self.products))

    def issue(self, number: int) -> Issue:
        return replace(
            self.kind,
            row=self.rows[number],
            product=self.products[number],
            value=self.values[number],
        )


class Issues:
    """A collector that is handed from reader to reader."""

    def __init__(self) -> None:
        self._batches: list[_Batch] = []

    def __len__(self) -> int:
        return sum(len(batch) for batch in self._batches)

    def __iter__(self) -> Iterator[Issue]:
        for batch in self._batches:
            for number in range(len(batch)):
                yield batch.issue(number)

    def add(self, issue: Issue) -> None:
        """Add one issue."""
        self._batches.append(_Batch(issue, [issue.row], [issue.product], [issue.value]))

    def add_all(
        self,
        kind: Issue,
        *,
        rows: Collection[int] | None = None,
        products: Collection[str] | None = None,
        values: Collection[str] | None = None,
    ) -> None:
        """Add as many issues of one kind as there are rows, products or values (equally many)."""
        counts = {len(column) for column in (rows, products, values) if column is not None}
        if len(counts) != 1:
            raise ValueError("rows, products and values must be equally many")
        count = counts.pop()
        if count:
            batch = _Batch(
                kind,
                [kind.row] * count if rows is None else [int(row) for row in rows],
                [kind.product] * count if products is None else [str(name) for name in products],
                [kind.value] * count if values is None else [str(value) for value in values],
            )
            self._batches.append(batch)

    def extend(self, others: Issues) -> None:
        """Add all issues of another collector."""
        self._batches += others._batches

    def leave_out(self, files: set[str]) -> None:
        """Let errors of single products pass: they are skipped instead.

        A row of which the product is not known can be left out of `files` only: in another file
        it would be missed by a product that is planned.
        """
        self._batches = [
            replace(batch, kind=replace(batch.kind, severity=Severity.SKIPPED))
            if batch.kind.severity is Severity.ERROR and batch.may_be_left_out(files)
            else batch
            for batch in self._batches
        ]

    def count(self, severity: Severity) -> int:
        """How many issues are of this severity."""
        return sum(len(batch) for batch in self._batches if batch.kind.severity is severity)

    def of(self, severity: Severity) -> list[Issue]:
        """The issues of one severity, in the order found."""
        return [issue for issue in self if issue.severity is severity]

    def kinds(self, severity: Severity) -> list[Issue]:
        """One issue of each kind of a severity, without row, product and value."""
        return [batch.kind for batch in self._batches if batch.kind.severity is severity]

    def concern_products(self, severity: Severity) -> bool:
        """True where an issue of this severity is about a product that is known."""
        return any(
            any(batch.products) for batch in self._batches if batch.kind.severity is severity
        )

    def lines(self, severity: Severity) -> list[str]:
        """One sentence per kind of issue: at most five examples and the count of the rest."""
        kinds: dict[tuple[str, str, str, str], list[_Batch]] = {}
        for batch in self._batches:
            if batch.kind.severity is severity:
                kind = batch.kind
                key = (kind.file, kind.column, kind.rule, kind.remedy)
                kinds.setdefault(key, []).append(batch)
        return [_sentence(batches) for batches in kinds.values()]

    def to_frame(self) -> pd.DataFrame:
        """One row per issue, columns as in `data_issues.csv`."""
        # Imported here so that writing a table does not load pandas.
        import pandas as pd

        return pd.DataFrame(list(self._records()), columns=list(_COLUMNS))

    def write(self, path: Path) -> Path:
        """Write all issues as a CSV file, whole or not at all; returns the path."""
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream, lineterminator="\n")
                writer.writerow(_COLUMNS)
                writer.writerows([escaped(cell) for cell in record] for record in self._records())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        return path

    def _records(self) -> Iterator[tuple[str, ...]]:
        for issue in self:
            row = "" if issue.row is None else str(issue.row)
            yield (
                issue.severity.value,
                issue.file,
                row,
                issue.product,
                issue.column,
                issue.value,
                issue.rule,
                issue.remedy,
            )


class TableError(DataError):
    """Tables that no plan can be made from; `issues` holds everything found in them."""

    def __init__(self, issues: Issues) -> None:
        self.issues = issues
        lines = issues.lines(Severity.ERROR)
        if len(lines) > 1:
            lines = [f"{len(lines)} problems in the tables:", *(f"- {line}" for line in lines)]
        if issues.concern_products(Severity.ERROR):
            lines.append("To leave out the products concerned and plan the rest, add --skip-bad.")
        super().__init__("\n".join(lines))


def escaped(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _sentence(batches: list[_Batch]) -> str:
    """'forecast.csv: std is below 0 (row 7, product P1, found -4; and 41 more); give 0 or more'."""
    count = sum(len(batch) for batch in batches)
    if count == 1:
        return batches[0].issue(0).sentence
    kind = batches[0].kind
    first = [
        batch.issue(number) for batch in batches for number in range(min(len(batch), EXAMPLES))
    ]
    places = [place for place in (issue.place for issue in first[:EXAMPLES]) if place]
    if places and count > EXAMPLES:
        places.append(f"and {count - EXAMPLES:,} more")
    where = f" ({'; '.join(places)})" if places else ""
    return f"{kind._what}{where}{kind._advice}"


def shortened(value: str) -> str:
    """A word from a file as a sentence can hold it: printable, and at most 40 letters."""
    printable = value if value.isprintable() else repr(value)[1:-1]
    return printable if len(printable) <= 40 else f"{printable[:37]}..."
