"""One batch at a time: a lock that ends with the process that holds it, and who that is.

A file lock guards a folder of results, and an SQLite file; an advisory lock guards a PostgreSQL
database. Both are let go by the system when their holder dies, however it dies.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import select, text

from planner.runs import schema as tables
from planner.runs.address import file_of
from planner.runs.errors import HeldError
from planner.runs.store import Store

KEY = 0x6D6F6E74
"""Of the advisory lock of a batch, one per schema."""
BATCH = "batch"


@dataclass(frozen=True)
class Holder:
    """Who holds a lock.

    Attributes:
        who: user.
        host: machine.
        pid: process.
        since: when it began.
        what: it is doing.
    """

    who: str
    host: str
    pid: int
    since: datetime
    what: str

    def __str__(self) -> str:
        since = self.since.isoformat(sep=" ", timespec="seconds")
        return f"{self.who} on {self.host}, process {self.pid}, since {since} ({self.what})"


def who_am_i() -> str:
    """The name of the user who runs this."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


@contextmanager
def held(store: Store, folder: Path, what: str) -> Iterator[None]:
    """Nobody else runs a batch on the store, or into the folder, meanwhile.

    Raises:
        HeldError: somebody does; says who.
        StoreError: the store cannot be reached.
    """
    holder = Holder(who_am_i(), socket.gethostname(), os.getpid(), datetime.now(UTC), what)
    folder.mkdir(parents=True, exist_ok=True)
    file = file_of(store.url)
    with ExitStack() as locks:
        locks.enter_context(_file_held(folder / ".batch", holder, f"the folder {folder}"))
        if file is None:
            locks.enter_context(_server_held(store, holder))
        else:
            beside = file.with_name(f"{file.name}.batch")
            locks.enter_context(_file_held(beside, holder, f"the store {store.name}"))
        yield


@contextmanager
def _file_held(place: Path, holder: Holder, name: str) -> Iterator[None]:
    """A lock at PLACE.lock; who holds it stands in PLACE.holder."""
    note = place.with_name(f"{place.name}.holder")
    lock = FileLock(f"{place}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise HeldError(_refusal(name, _noted(note))) from None
    try:
        said = asdict(holder) | {"since": holder.since.isoformat()}
        note.write_text(json.dumps(said), encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _noted(note: Path) -> Holder | None:
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
        return Holder(**said | {"since": datetime.fromisoformat(said["since"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def _server_held(store: Store, holder: Holder) -> Iterator[None]:
    """An advisory lock of a connection that stays open; who holds it stands in a table."""
    holders = tables.HOLDERS
    mine = holders.c.lock == BATCH
    with store.lasting() as connection:
        turn = text("SELECT pg_try_advisory_lock(:key, hashtext(current_schema()))")
        got = connection.scalar(turn, {"key": KEY})
        if not got:
            row = connection.execute(select(holders).where(mine)).first()
            said = dict(row._mapping) if row is not None else {}
            said.pop("lock", None)
            raise HeldError(_refusal(f"the store {store.name}", Holder(**said) if said else None))
        with store.asking(writes=True) as writing:
            writing.execute(holders.delete().where(mine))
            writing.execute(holders.insert().values(lock=BATCH, **asdict(holder)))
        yield


def _refusal(name: str, holder: Holder | None) -> str:
    who = f"by {holder}" if holder is not None else "by another process"
    return f"{name} is held {who}; wait until that batch has ended, and run this one again"
