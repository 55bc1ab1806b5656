"""Stores to test with: an SQLite file, and a PostgreSQL server that is started for the tests."""

from __future__ import annotations

import glob
import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from planner.folder import write_run
from planner.pipeline import Outcome
from planner.runs.store import Store, open_store

Runs = Callable[..., Path]


def _program(name: str) -> Path | None:
    """A program of PostgreSQL, the newest version first."""
    places = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)
    found = places[0] if places else shutil.which(name)
    return None if found is None else Path(found)


def _as_nobody_special() -> list[str]:
    """What a command begins with so that it does not run as root, whom PostgreSQL refuses."""
    return ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server of this process's own, without a database."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    if initdb is None or pg_ctl is None:
        pytest.skip("PostgreSQL is not installed: neither initdb nor pg_ctl is to be found")
    prefix = _as_nobody_special()
    if prefix and shutil.which("runuser") is None:
        pytest.skip("PostgreSQL does not run as root, and there is no runuser to be another with")
    home = Path(tempfile.mkdtemp(prefix="planner-pg-", dir="/tmp"))
    port = _free_port()
    options = (
        f"-p {port} -k {home} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=40"
    )
    start = [pg_ctl, "-D", home / "data", "-l", home / "log", "-w", "-o", options, "start"]
    stop = [pg_ctl, "-D", home / "data", "-m", "immediate", "stop"]
    try:
        if prefix:
            shutil.chown(home, "postgres")
        _said([*prefix, initdb, "-D", home / "data", "-U", "planner", "--auth=trust", "-N"], home)
        _said([*prefix, *start], home)
        yield f"postgresql+psycopg://planner@127.0.0.1:{port}"
    finally:
        subprocess.run([*prefix, *stop], cwd=home, capture_output=True, check=False)
        shutil.rmtree(home, ignore_errors=True)


def _said(command: list[object], home: Path) -> None:
    ended = subprocess.run(
        list(map(str, command)),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode:
        pytest.skip(f"PostgreSQL does not start here: {ended.stdout[-500:]}")


@pytest.fixture
def database(server: str) -> str:
    """The URL of an empty schema, which is what a database is to a store."""
    name = f"runs_{uuid.uuid4().hex}"
    engine = create_engine(f"{server}/postgres", poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    return f"{server}/postgres?options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be made, on either kind of database."""
    if request.param == "sqlite":
        return str(tmp_path / "store" / "planner.db")
    return str(request.getfixturevalue("database"))


@pytest.fixture
def store(address: str, tmp_path: Path) -> Iterator[Store]:
    """An empty store, on either kind of database."""
    with open_store(address, tmp_path / "store" / "inputs") as opened:
        yield opened


@pytest.fixture
def runs(tmp_path: Path, tight: Outcome) -> Runs:
    """Writes run folders: the same plan, under another seed in the manifest if one is given."""

    def written(name: str = "run", seed: int = 1, outcome: Outcome = tight) -> Path:
        config = replace(outcome.config, out=tmp_path / name, report=False, seed=seed)
        return write_run(replace(outcome, config=config))

    return written
