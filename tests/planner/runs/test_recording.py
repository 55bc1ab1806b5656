"""A plan is recorded once it is written; if that fails, nothing of the plan is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import ConfigurationError, PlannerError
from planner.runs.recording import check_store, record_plan
from planner.runs.store import open_store
from tests.planner.runs.conftest import Runs


def test_a_plan_is_recorded_where_it_is_asked_for(
    address: str, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And found there."""
    monkeypatch.chdir(tmp_path)
    check_store(address)
    folder = runs()
    run_id = record_plan(folder, address)
    with open_store(address) as store:
        assert store.run(run_id).folder == folder


def test_without_a_store_nothing_is_recorded(
    runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is anything made."""
    monkeypatch.chdir(tmp_path)
    folder = runs()
    check_store("none")
    assert record_plan(folder, "none") == ""
    assert {path.name for path in tmp_path.iterdir()} == {"run"}


def test_a_store_that_is_gone_loses_nothing(runs: Runs, tmp_path: Path) -> None:
    """The sentence says where the plan is and how to record it later, which then works."""
    folder = runs()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (tmp_path / "store").write_text("in the way", encoding="utf-8")
    address = str(tmp_path / "store" / "planner.db")
    with pytest.raises(PlannerError, match="whole, but is not recorded") as refused:
        record_plan(folder, address)
    assert refused.value.exit_code == 1
    assert f"planner runs add {folder}" in str(refused.value)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (tmp_path / "store").unlink()
    assert record_plan(folder, address)


def test_a_bad_address_is_refused_before_a_plan_is_made() -> None:
    """It costs nothing then."""
    with pytest.raises(ConfigurationError, match="expected"):
        check_store("mysql://db/plans")
