"""Where a store of runs is, and how it is reached: an SQLite file or a PostgreSQL database.

A password in a URL is never shown: every message about a store goes through `shown`.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from data.errors import ConfigurationError

DEFAULT = "runs/planner.db"
NO_STORE = "none"
"""What stands for no store at all."""
SQLITE, POSTGRESQL = "sqlite", "postgresql"
BUSY = 30.0
"""How long a write waits for another's [s]; writes take milliseconds."""
WRITES = "planner_writes"
"""The option of a connection that is going to write."""
SECRETS = ("password", "passfile", "sslpassword")
"""Parts of a query that are never shown."""
EXPECTED = "a file such as runs/planner.db, or postgresql+psycopg://USER@HOST/DATABASE"


def address_of(text: str | None) -> URL:
    """The address of a store from what a person gave: a path, or a URL.

    Raises:
        ConfigurationError: it is neither, or of a kind of database that is not known.
    """
    text = (text or DEFAULT).strip()
    if "://" not in text:
        return URL.create(SQLITE, database=text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        # The text is not repeated: it may hold a password.
        raise ConfigurationError(f"--store is no URL of a database; expected {EXPECTED}") from error
    kind = url.get_backend_name()
    if kind == SQLITE and not url.database:
        raise ConfigurationError("--store names no file; give one, as sqlite:///runs/planner.db")
    if kind == POSTGRESQL:
        return url.set(drivername="postgresql+psycopg")
    if kind != SQLITE:
        raise ConfigurationError(f"--store is a database of kind {kind!r}; expected {EXPECTED}")
    return url


def shown(url: URL) -> str:
    """An address as people may see it, without a password."""
    if url.get_backend_name() == SQLITE:
        return str(url.database)
    hidden = {name: "***" for name in SECRETS if name in url.query}
    text = url.update_query_dict(hidden).render_as_string(hide_password=True)
    return text.replace("%2A%2A%2A", "***")


def file_of(url: URL) -> Path | None:
    """The file of an SQLite store; None for a server."""
    return Path(str(url.database)) if url.get_backend_name() == SQLITE else None


def without_secrets(text: str, url: URL) -> str:
    """A text in which the passwords of an address are blotted out."""
    words = [url.password, *(url.query.get(name) for name in SECRETS)]
    for word in words:
        for secret in (word,) if isinstance(word, str) else word or ():
            text = text.replace(secret, "***") if secret else text
    return text


def engine_of(url: URL) -> Engine:
    """How the database is spoken to; nothing is opened yet, and nothing stays open between uses.

    Raises:
        ConfigurationError: the library for this kind of database is not installed.
    """
    try:
        if url.get_backend_name() == SQLITE:
            engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY})
            event.listen(engine, "connect", _prepare)
            event.listen(engine, "begin", _begin)
            return engine
        waiting = {} if "connect_timeout" in url.query else {"connect_timeout": 10}
        return create_engine(url, poolclass=NullPool, connect_args=waiting)
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigurationError(
            "a PostgreSQL store needs psycopg; install it with "
            "`pip install 'echelon-planner[postgres]'`"
        ) from error


def _prepare(connection: sqlite3.Connection, _: Any) -> None:
    # Python's own handling of transactions would leave the definition of tables outside of them.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: Connection) -> None:
    # A reader that turns writer may be refused at once; who writes says so at the start and waits.
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
