"""The tables of a store of runs, and how an older store becomes one of today.

Version 1 is the first. A later version adds its step to `STEPS`; opening a store carries out the
steps it lacks, each in a transaction of its own that also writes the new number, so that a store
is never between two versions. What a step does stays as it is for good: it is how stores of that
age were made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    select,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from planner.runs.address import SQLITE
from planner.runs.errors import StoreError

Step = Callable[[Connection], None]


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite knows no time zones, so none is stored."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as it is stored."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment as it was given."""
        return None if value is None else value.replace(tzinfo=UTC)


METADATA = MetaData()


def _of_run(*, key: bool = True) -> Column[str]:
    return Column("run", String(64), ForeignKey("runs.id"), primary_key=key, nullable=False)


VERSIONS = Table(
    "schema_version",
    METADATA,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied", Moment, nullable=False),
)
RUNS = Table(
    "runs",
    METADATA,
    Column("id", String(64), primary_key=True),
    Column("created", Moment, nullable=False),
    Column("recorded", Moment, nullable=False),
    Column("start", Date, nullable=False),
    Column("horizon", Integer, nullable=False),
    Column("products", Integer, nullable=False),
    Column("planner", String(64), nullable=False),
    Column("status", String(32), nullable=False),
    Column("urgent", Integer),
    Column("seed", BigInteger, nullable=False),
    Column("folder", Text, nullable=False),
    Column("options", JSON, nullable=False),
)
INPUTS = Table(
    "inputs",
    METADATA,
    _of_run(),
    Column("name", String(64), primary_key=True),
    Column("path", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("records", BigInteger, nullable=False),
)
FILES = Table(
    "files",
    METADATA,
    _of_run(),
    Column("name", Text, primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
)
BOUNDS = Table(
    "bounds",
    METADATA,
    _of_run(),
    Column("lower", Float),
    Column("upper", Float),
    Column("gap", Float),
)
KPIS = Table(
    "kpis",
    METADATA,
    _of_run(),
    Column("name", String(128), primary_key=True),
    Column("value", Float),
    Column("low", Float),
    Column("high", Float),
    Column("unit", String(64), nullable=False),
)
COSTS = Table(
    "costs",
    METADATA,
    _of_run(),
    Column("policy", String(128), primary_key=True),
    Column("term", String(64), primary_key=True),
    Column("value", Float),
)
BRAINS = Table(
    "brains",
    METADATA,
    _of_run(),
    Column("id", String(128), primary_key=True),
    Column("hash", String(64), nullable=False),
)
APPROVALS = Table(
    "approvals",
    METADATA,
    Column("number", Integer, primary_key=True),
    _of_run(key=False),
    Column("at", Moment, nullable=False),
    Column("who", String(128), nullable=False),
    Column("decision", String(16), nullable=False),
    Column("how", String(32), nullable=False),
    Column("note", Text, nullable=False),
)
JOBS = Table(
    "jobs",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("month", String(7), nullable=False),
    Column("job", String(128), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("began", Moment, nullable=False),
    Column("ended", Moment, nullable=False),
    Column("exit_code", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("run", String(64), ForeignKey("runs.id")),
)
HOLDERS = Table(
    "holders",
    METADATA,
    Column("lock", String(64), primary_key=True),
    Column("who", String(128), nullable=False),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Column("what", Text, nullable=False),
)
Index("runs_by_time", RUNS.c.created)
Index("approvals_by_run", APPROVALS.c.run)
Index("jobs_by_month", JOBS.c.month, JOBS.c.job)

_APPEND_ONLY = {
    SQLITE: (
        "CREATE TRIGGER approvals_stay_{event} BEFORE {event} ON approvals BEGIN "
        "SELECT RAISE(ABORT, 'approvals are only ever added'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION approvals_stay() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'approvals are only ever added'; END $$",
        "CREATE TRIGGER approvals_stay_{event} BEFORE {event} ON approvals "
        "FOR EACH ROW EXECUTE FUNCTION approvals_stay()",
    ),
}


def _first(connection: Connection) -> None:
    METADATA.create_all(connection, checkfirst=False)
    for event in ("UPDATE", "DELETE"):
        for command in _APPEND_ONLY[connection.dialect.name]:
            connection.exec_driver_sql(command.format(event=event))


STEPS: tuple[Step, ...] = (_first,)
"""What makes a store of version n one of version n + 1; the first step starts from nothing."""


def version_of(connection: Connection) -> int:
    """The version of a store; 0 where there is none yet."""
    if not inspect(connection).has_table(VERSIONS.name):
        return 0
    return max(connection.scalars(select(VERSIONS.c.version)), default=0)


def check_version(found: int, name: str, newest: int = len(STEPS)) -> None:
    """Refuses a store that a newer planner has made.

    Raises:
        StoreError: says both versions and what to do.
    """
    if found > newest:
        raise StoreError(
            f"the store {name} is of version {found}, and this planner knows up to version "
            f"{newest}; use the newer planner that made it, or give another --store"
        )


def step_up(connection: Connection, name: str, steps: Sequence[Step] = STEPS) -> bool:
    """Carries out the next step that a store lacks; False where it lacks none.

    Raises:
        StoreError: a newer planner has made the store.
    """
    found = version_of(connection)
    check_version(found, name, len(steps))
    if found == len(steps):
        return False
    steps[found](connection)
    connection.execute(VERSIONS.insert().values(version=found + 1, applied=datetime.now(UTC)))
    return True
