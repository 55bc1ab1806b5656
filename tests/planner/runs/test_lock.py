"""Of two batches at once one works, and the other says who that is."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from planner.runs.errors import HeldError
from planner.runs.lock import held, who_am_i
from planner.runs.store import Store, open_store
from tests.planner.runs.desk import EAST, MONTH, made_desk


def test_a_lock_names_who_holds_it(store: Store, address: str, tmp_path: Path) -> None:
    """User, machine, process, since when and what for; it is free afterwards."""
    with held(store, tmp_path / "runs", "the first"):
        for folder in ("runs", "elsewhere"):
            other = open_store(address)
            with pytest.raises(HeldError) as refused, held(other, tmp_path / folder, "late"):
                pytest.fail("two hold the lock")
            for word in (who_am_i(), socket.gethostname(), str(os.getpid()), "since", "the first"):
                assert word in str(refused.value)
            assert refused.value.exit_code == 1
    with held(store, tmp_path / "runs", "the next"):
        pass


def test_a_folder_is_locked_whatever_the_store(store: Store, tmp_path: Path) -> None:
    """Two stores that share a folder of results do not write to it at once."""
    other = open_store(str(tmp_path / "other.db"))
    with (
        held(store, tmp_path / "runs", "the first"),
        pytest.raises(HeldError, match="the first"),
        held(other, tmp_path / "runs", "the second"),
    ):
        pytest.fail("two write to one folder")


def test_a_lock_ends_with_an_error(store: Store, tmp_path: Path) -> None:
    """Whoever fails lets go."""
    with pytest.raises(ZeroDivisionError), held(store, tmp_path / "runs", "this"):
        raise ZeroDivisionError
    with held(store, tmp_path / "runs", "that"):
        pass


def test_of_two_batches_started_at_once_one_works(address: str, tmp_path: Path) -> None:
    """The other ends at once with code 1 and names the first; the results are whole."""
    names = ("east", "north", "south")
    desk = made_desk(tmp_path, address, "".join(EAST.replace("east", name) for name in names))
    both = [desk.begun(), desk.begun()]
    said = [process.communicate(timeout=300)[0] for process in both]
    codes = [process.returncode for process in both]
    assert sorted(codes) == [0, 1], said
    worked, refused = codes.index(0), codes.index(1)
    assert f"process {both[worked].pid}" in said[refused]
    assert who_am_i() in said[refused]
    assert "Traceback" not in said[refused]
    with open_store(address) as store:
        folders = {run.folder for run in store.runs()}
    assert folders == {tmp_path / "runs" / MONTH / name for name in names}


def test_a_lock_ends_with_its_process(address: str, tmp_path: Path) -> None:
    """However it ends; what it noted of itself is no lock."""
    desk = made_desk(tmp_path, address, EAST)
    process = desk.begun()
    note = tmp_path / "runs" / ".batch.holder"
    waited = time.monotonic()
    while not note.exists() and time.monotonic() - waited < 120:
        time.sleep(0.02)
    process.kill()
    assert isinstance(process, subprocess.Popen)
    process.communicate()
    assert note.exists()
    _wait_until_free(address, tmp_path)


def _wait_until_free(address: str, folder: Path) -> None:
    """A server learns of the death of a client within moments."""
    for _ in range(200):
        try:
            with open_store(address) as store, held(store, folder / "runs", "next"):
                return
        except HeldError:
            time.sleep(0.05)
    pytest.fail("the lock of a dead process stays")


def test_schemas_of_one_database_are_stores_of_their_own(
    server: str, database: str, tmp_path: Path
) -> None:
    """Each has its batches, its runs and its version; neither waits for the other."""
    other = f"{database}_other"
    engine = create_engine(f"{server}/postgres", poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {other.rpartition('%3D')[2]}"))
    stores = [open_store(address, tmp_path / "inputs") for address in (database, other)]
    with held(stores[0], tmp_path / "one", "this"), held(stores[1], tmp_path / "two", "that"):
        pass
