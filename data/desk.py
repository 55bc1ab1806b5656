"""The reader of single tables: from a file to checked records, every problem noted on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from data.cells import Typed, checked, typed
from data.columns import resolve
from data.errors import DataError
from data.format import Format
from data.issues import Issue, Issues, Severity
from data.nixtla import interval_of, with_std
from data.reading import RawTable, contents_of, read_raw
from data.schema import Table
from data.tables import FORECAST


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


class Desk:
    """Reads files; what is wrong with a whole file becomes an issue, so that reading goes on.

    Attributes:
        sources: the files read so far.
        headers: all columns found in them.
    """

    def __init__(
        self,
        files: Mapping[str, Path],
        columns: Mapping[str, str],
        written: Format,
        issues: Issues,
    ) -> None:
        self._files = files
        self._columns = columns
        self._written = written
        self._issues = issues
        self.sources: list[Source] = []
        self.headers: set[str] = set()

    def name(self, table: str) -> str:
        """What a table's file is called in sentences; with its sheet where others share it."""
        path = self._files[table]
        shared = sum(other == path for other in self._files.values()) > 1
        return f"{path.name} [{table}]" if shared else path.name

    def contents(self, name: str) -> bytes | None:
        """The bytes of a table's file; None where there is none or it cannot be read."""
        path = self._files.get(name)
        if path is None:
            return None
        try:
            return contents_of(path)
        except DataError as error:
            self._issues.add(Issue(Severity.ERROR, self.name(name), str(error)))
            return None

    def typed(self, table: Table) -> Typed | None:
        """The records of a table, typed and not yet checked; None where it is unusable."""
        if table.name not in self._files:
            rule = f"no such file; {table.absent}"
            self._issues.add(Issue(Severity.ASSUMED, f"{table.name}.csv", rule))
            return None
        contents = self.contents(table.name)
        if contents is None:
            return None
        file, encoding = self.name(table.name), self._written.encoding
        try:
            raw = read_raw(file, contents, encoding, self._issues, sheet=table.name)
            self.note(table.name, contents, len(raw))
            self.headers |= set(raw.columns)
            return self._typed(raw, table)
        except DataError as error:
            self._issues.add(Issue(Severity.ERROR, file, str(error)))
            return None

    def note(self, table: str, contents: bytes, records: int) -> None:
        """Keep that a file was read."""
        digest = sha256(contents).hexdigest()
        self.sources.append(Source(table, self._files[table], digest, records))

    def _typed(self, raw: RawTable, table: Table) -> Typed | None:
        interval = interval_of(raw, self._columns) if table is FORECAST else None
        mapping = dict(self._columns)
        spec = table
        if interval is not None:
            spec = interval.table
            mapping["mean"] = interval.model
        headers = resolve(raw, spec, mapping, self._issues)
        if headers is None:
            return None
        found = typed(raw, spec, headers, self._issues, self._written)
        if interval is not None:
            found = with_std(found, interval, self._issues)
        if not len(found) and not table.may_be_empty:
            raise DataError("the file has a header and no rows; expected one row per record")
        return found

    def check(self, found: Typed, table: Table) -> Typed:
        """The same records, those that break a rule of `table` marked bad and reported."""
        return checked(found, table, self._issues)
