"""The store of runs: what was planned, from what, with what result, and who approved it.

The store keeps what runs are found and compared by; tables stay in the run folders, of which it
keeps the hashes, so that a changed file is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, Row, Select, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from data.errors import ConfigurationError
from planner.runs import schema as tables
from planner.runs.address import (
    DEFAULT,
    POSTGRESQL,
    WRITES,
    address_of,
    engine_of,
    file_of,
    shown,
    without_secrets,
)
from planner.runs.archive import Archive
from planner.runs.errors import StoreError
from planner.runs.records import (
    APPROVED,
    DECISIONS,
    MANUAL,
    MODES,
    WAITING,
    Approval,
    Attempt,
    Bounds,
    Cost,
    Input,
    Kpi,
    Run,
    Written,
    id_of,
    in_order,
    read_run,
)

KEY = 0x706C616E
"""Of the advisory lock, one per schema, that writers of a PostgreSQL store take turns by."""
LONGEST_NAME = 128


class Store:
    """An open store. Every call is a transaction of its own; nothing is open between calls.

    Attributes:
        url: where it is.
        engine: how it is spoken to.
        archive: copies of what runs were made from.
    """

    def __init__(self, url: URL, engine: Engine, archive: Archive) -> None:
        self.url = url
        self.engine = engine
        self.archive = archive

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    @property
    def name(self) -> str:
        """What people may see of its address."""
        return shown(self.url)

    def record(self, folder: Path) -> str:
        """Records the run in a folder; a run that is known already is only found again.

        Returns:
            its id.

        Raises:
            ConfigurationError: the folder is no run.
            StoreError: the store cannot be written; the folder stays as it is.
        """
        run = self._kept(folder)
        with self._asked(writes=True) as connection:
            self._insert(connection, run)
        return run.id

    def record_attempt(self, attempt: Attempt) -> None:
        """Records a try of a job.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._asked(writes=True) as connection:
            connection.execute(tables.JOBS.insert().values(**asdict(attempt)))

    def runs(self, limit: int | None = None, state: str | None = None) -> tuple[Run, ...]:
        """The runs, the latest first, without their inputs and figures.

        Args:
            limit: how many at most.
            state: only those that are waiting, approved or rejected.
        """
        last = self._last_decision()
        asked = select(tables.RUNS, last.c.decision).outerjoin(last, last.c.run == tables.RUNS.c.id)
        if state is not None:
            asked = asked.where(func.coalesce(last.c.decision, WAITING) == state)
        asked = asked.order_by(tables.RUNS.c.created.desc(), tables.RUNS.c.id).limit(limit)
        with self._asked() as connection:
            return tuple(_run(row) for row in connection.execute(asked))

    def run(self, wanted: str | Path) -> Run:
        """A run by its id, the beginning of one, or its folder.

        Raises:
            ConfigurationError: none is called so, or more than one.
        """
        folder = Path(wanted)
        known = id_of(folder) if (folder / "manifest.json").is_file() else str(wanted)
        ids = tables.RUNS.c.id
        with self._asked() as connection:
            found = connection.scalars(
                select(ids).where(ids.startswith(known, autoescape=True)).order_by(ids).limit(5)
            ).all()
            if len(found) != 1 and known not in found:
                raise ConfigurationError(self._unclear(str(wanted), found))
            return self._whole(connection, known if known in found else found[0])

    def approvals(self, run_id: str | None = None) -> tuple[Approval, ...]:
        """What was decided about a run, or about all, the oldest decision first."""
        asked = select(tables.APPROVALS).order_by(tables.APPROVALS.c.number)
        if run_id is not None:
            asked = asked.where(tables.APPROVALS.c.run == run_id)
        with self._asked() as connection:
            return tuple(_made(Approval, row) for row in connection.execute(asked))

    def approve(
        self, run_id: str, who: str, decision: str = APPROVED, note: str = "", how: str = MANUAL
    ) -> Approval:
        """Adds a decision about a run; earlier ones stay, and the last one counts.

        Raises:
            ConfigurationError: there is no such run, or nobody is named.
        """
        if not who.strip() or len(who) > LONGEST_NAME:
            raise ConfigurationError(f"--who is {who!r}; give the name of who decides")
        if decision not in DECISIONS or how not in MODES:
            raise ConfigurationError(
                f"the decision is {decision!r}, taken {how!r}; expected one of "
                f"{', '.join(DECISIONS)}, taken in one of the ways {', '.join(MODES)}"
            )
        run = self.run(run_id)
        approval = Approval(run.id, who.strip(), datetime.now(UTC), decision, how, note)
        with self._asked(writes=True) as connection:
            connection.execute(tables.APPROVALS.insert().values(**asdict(approval)))
        return approval

    def last_approved(self, job: str | None = None, other_than: str = "") -> Run | None:
        """The latest run that stands approved, of a job if one is named; None if there is none."""
        last = self._last_decision()
        asked = (
            select(tables.RUNS.c.id)
            .join(last, last.c.run == tables.RUNS.c.id)
            .where(last.c.decision == APPROVED, tables.RUNS.c.id != other_than)
            .order_by(tables.RUNS.c.created.desc())
            .limit(1)
        )
        if job is not None:
            mine = select(tables.JOBS.c.run).where(tables.JOBS.c.job == job)
            asked = asked.where(tables.RUNS.c.id.in_(mine))
        with self._asked() as connection:
            found = connection.scalars(asked).first()
            return None if found is None else self._whole(connection, found)

    def attempts(self, month: str, job: str | None = None) -> tuple[Attempt, ...]:
        """The tries of a month's jobs, or of one of them, the oldest first."""
        asked = select(tables.JOBS).where(tables.JOBS.c.month == month)
        if job is not None:
            asked = asked.where(tables.JOBS.c.job == job)
        with self._asked() as connection:
            found = connection.execute(asked.order_by(tables.JOBS.c.number))
            return tuple(_made(Attempt, row) for row in found)

    @contextmanager
    def asking(self, writes: bool = False) -> Iterator[Connection]:
        """A transaction; what the database says against it becomes a sentence."""
        with self._asked(writes) as connection:
            yield connection

    @contextmanager
    def lasting(self) -> Iterator[Connection]:
        """A connection to a server that stays open while much else happens, in no transaction."""
        with self._sentences():
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            yield connection
        finally:
            connection.close()

    def brought_up(self, steps: Sequence[tables.Step] = tables.STEPS) -> Store:
        """The same store, in the form of today.

        Raises:
            StoreError: it cannot be reached, or is of a newer version.
        """
        file = file_of(self.url)
        with self._sentences():
            if file is not None:
                file.parent.mkdir(parents=True, exist_ok=True)
            with self._asked() as connection:
                found = tables.version_of(connection)
                tables.check_version(found, self.name, len(steps))
            if found == len(steps):
                return self
            if file is None:
                self._step_up(steps)
            else:
                with FileLock(f"{file}.lock", timeout=60):
                    with self.engine.connect() as connection:
                        raw = connection.connection.driver_connection
                        assert raw is not None
                        raw.execute("PRAGMA journal_mode = WAL")
                    self._step_up(steps)
        return self

    def _step_up(self, steps: Sequence[tables.Step]) -> None:
        lacking = True
        while lacking:
            with self._asked(writes=True) as connection:
                lacking = tables.step_up(connection, self.name, steps)

    def _kept(self, folder: Path) -> Run:
        """The run in a folder, its inputs copied."""
        run = read_run(Path(folder))
        with self._sentences():
            for part in run.inputs:
                self.archive.keep(Path(part.path), part.sha256)
        return run

    def _insert(self, connection: Connection, run: Run) -> None:
        """Writes a run; of one that is known, only where its folder is now."""
        mine = tables.RUNS.c.id == run.id
        before = connection.scalars(select(tables.RUNS.c.folder).where(mine)).first()
        if before is not None:
            if before != str(run.folder) and not Path(before).is_dir():
                moved = tables.RUNS.update().where(mine).values(folder=str(run.folder))
                connection.execute(moved)
            return
        row = {column.name: getattr(run, column.name, None) for column in tables.RUNS.columns}
        row |= {"folder": str(run.folder), "recorded": datetime.now(UTC)}
        connection.execute(tables.RUNS.insert().values(row))
        brains = [{"id": brain, "hash": brain.rpartition("-")[2]} for brain in run.brains]
        for table, parts in (
            (tables.INPUTS, [asdict(part) for part in run.inputs]),
            (tables.FILES, [asdict(part) for part in run.files]),
            (tables.BOUNDS, [asdict(run.bounds)]),
            (tables.KPIS, [asdict(part) for part in run.kpis]),
            (tables.COSTS, [asdict(part) for part in run.costs]),
            (tables.BRAINS, brains),
        ):
            if parts:
                connection.execute(table.insert(), [{"run": run.id, **part} for part in parts])

    def _whole(self, connection: Connection, run_id: str) -> Run:
        last = self._last_decision()
        row = connection.execute(
            select(tables.RUNS, last.c.decision)
            .outerjoin(last, last.c.run == tables.RUNS.c.id)
            .where(tables.RUNS.c.id == run_id)
        ).one()

        def parts(table: Any, of: Any) -> tuple[Any, ...]:
            found = connection.execute(select(table).where(table.c.run == run_id))
            return in_order(_made(of, part) for part in found)

        brains = select(tables.BRAINS.c.id).where(tables.BRAINS.c.run == run_id)
        return _run(
            row,
            inputs=parts(tables.INPUTS, Input),
            files=parts(tables.FILES, Written),
            bounds=next(iter(parts(tables.BOUNDS, Bounds)), Bounds()),
            kpis=parts(tables.KPIS, Kpi),
            costs=parts(tables.COSTS, Cost),
            brains=tuple(sorted(connection.scalars(brains))),
        )

    @staticmethod
    def _last_decision() -> Any:
        """The last decision about each run, as a table of run and decision."""
        of, numbers = tables.APPROVALS, tables.APPROVALS.c.number
        last: Select[Any] = select(func.max(numbers)).group_by(of.c.run)
        return select(of.c.run, of.c.decision).where(numbers.in_(last)).subquery("last_decision")

    def _unclear(self, wanted: str, found: Sequence[str]) -> str:
        if found:
            return f"{wanted!r} may be {', '.join(found[:4])}; give more of the id"
        return (
            f"the store {self.name} has no run {wanted!r}; `planner runs list` shows those it has, "
            "and `planner runs add FOLDER` adds one"
        )

    @contextmanager
    def _asked(self, writes: bool = False) -> Iterator[Connection]:
        with self._sentences(), self.engine.connect() as plain:
            connection = plain.execution_options(**{WRITES: writes})
            with connection.begin():
                if writes and self.url.get_backend_name() == POSTGRESQL:
                    # Writers take turns, so that what one finds to be new stays so until it ends.
                    turn = text("SELECT pg_advisory_xact_lock(:key, hashtext(current_schema()))")
                    connection.execute(turn, {"key": KEY})
                yield connection

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
            said = without_secrets(" ".join(said.split()), self.url)
            raise StoreError(f"the store {self.name} cannot be used: {said}") from None
        except OSError as error:
            place = error.filename or self.name
            raise StoreError(
                f"the store {self.name} cannot be used: {place}: {error.strerror or error}"
            ) from error


def open_store(url: str | None = None, archive: Path | None = None) -> Store:
    """A store of runs, made if there is none.

    Args:
        url: a file for SQLite or a URL of a PostgreSQL database; runs/planner.db if not given.
        archive: folder of copies of what runs were made from; `inputs` beside the SQLite file, or
            runs/inputs, if not given.

    Raises:
        ConfigurationError: the URL is none.
        StoreError: the store cannot be reached, or a newer planner has made it.
    """
    address = address_of(url)
    beside = (file_of(address) or Path(DEFAULT)).parent / "inputs"
    return Store(address, engine_of(address), Archive(archive or beside)).brought_up()


def _run(row: Row[Any], **parts: Any) -> Run:
    known = dict(row._mapping)
    state, folder = known.pop("decision") or WAITING, Path(known.pop("folder"))
    known.pop("recorded")
    return Run(folder=folder, state=state, **known, **parts)


def _made(of: Any, row: Row[Any]) -> Any:
    """A record from the columns of a row that it has."""
    return of(**{name: row._mapping[name] for name in of.__dataclass_fields__})
