"""An older store becomes one of today, step by step; a newer one is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text

from planner.runs import schema
from planner.runs.address import address_of, engine_of
from planner.runs.archive import Archive
from planner.runs.errors import StoreError
from planner.runs.store import Store, open_store
from tests.planner.runs.conftest import Runs


def with_colour(connection: Connection) -> None:
    """A second version: every run has a colour."""
    connection.execute(text("ALTER TABLE runs ADD COLUMN colour VARCHAR(8)"))
    connection.execute(text("UPDATE runs SET colour = 'blue'"))


def torn(connection: Connection) -> None:
    """A step that fails half way."""
    with_colour(connection)
    connection.execute(text("ALTER TABLE no_such_table ADD COLUMN colour VARCHAR(8)"))


def version(store: Store) -> int:
    """Of a store."""
    with store.asking() as connection:
        return schema.version_of(connection)


def columns(store: Store) -> set[str]:
    """Of the table of runs."""
    with store.asking() as connection:
        return {column["name"] for column in inspect(connection).get_columns("runs")}


def test_a_new_store_is_of_today(store: Store) -> None:
    """It has every table that there is."""
    assert version(store) == len(schema.STEPS)
    with store.asking() as connection:
        assert set(inspect(connection).get_table_names()) == set(schema.METADATA.tables)


def test_an_older_store_is_brought_up_with_all_that_is_in_it(store: Store, runs: Runs) -> None:
    """And opening it once more changes nothing."""
    run_id = store.record(runs())
    store.approve(run_id, "Ann")
    before = store.run(run_id)
    for _ in range(2):
        store.brought_up((*schema.STEPS, with_colour))
        assert version(store) == len(schema.STEPS) + 1
        with store.asking() as connection:
            assert connection.scalars(text("SELECT colour FROM runs")).all() == ["blue"]
    assert store.run(run_id) == before
    assert [one.who for one in store.approvals()] == ["Ann"]


def test_a_step_that_fails_leaves_the_store_as_it_was(store: Store, runs: Runs) -> None:
    """All of the step is undone, also what it changed of the tables."""
    run_id = store.record(runs())
    before = columns(store)
    with pytest.raises(StoreError, match="no_such_table"):
        store.brought_up((*schema.STEPS, torn))
    assert version(store) == len(schema.STEPS)
    assert columns(store) == before
    assert store.run(run_id).id == run_id
    store.brought_up((*schema.STEPS, with_colour))
    assert columns(store) == before | {"colour"}


def test_a_store_of_a_newer_planner_is_refused(address: str, store: Store) -> None:
    """With both versions; nothing in it is touched."""
    newest = len(schema.STEPS)
    with store.asking(writes=True) as connection:
        row = {"version": newest + 1, "applied": datetime.now(UTC)}
        connection.execute(schema.VERSIONS.insert().values(row))
    with pytest.raises(StoreError, match=f"of version {newest + 1}.* up to version {newest}"):
        open_store(address)
    assert version(store) == newest + 1


def test_a_store_that_has_only_begun_to_be_is_finished(tmp_path: Path) -> None:
    """An empty file is what is left of one that was killed while it was made."""
    place = tmp_path / "planner.db"
    place.touch()
    assert open_store(str(place)).runs() == ()


def test_writers_do_not_wait_for_readers(tmp_path: Path, runs: Runs) -> None:
    """Whoever reads an SQLite file sees what was there when they began, and blocks nobody."""
    place = str(tmp_path / "planner.db")
    store = open_store(place, tmp_path / "inputs")
    url = address_of(place)
    reader = Store(url, engine_of(url), Archive(tmp_path / "inputs"))
    with reader.asking() as connection:
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar() == 0
        run_id = store.record(runs())
        assert connection.execute(text("SELECT count(*) FROM runs")).scalar() == 0
    assert [run.id for run in reader.runs()] == [run_id]
