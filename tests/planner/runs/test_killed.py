"""A batch that is killed at any moment leaves nothing half done, and goes on when run again."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from planner.runs.records import APPROVED, DONE, read_run
from planner.runs.store import open_store
from tests.planner.runs.desk import MONTH, Desk, made_desk

MOMENTS = 20
IN_EVERY_RUN = {"sqlite": (7, 15), "postgresql": (4, 18)}
"""Moments that are tried every time; all of them are in the slow tests."""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], float]:
    """The orders of a batch that nobody kills, by job, and how long it takes [s]."""
    folder = tmp_path_factory.mktemp("undisturbed")
    desk = made_desk(folder, "runs/planner.db")
    began = time.perf_counter()
    code, said = desk.ran()
    seconds = time.perf_counter() - began
    assert code == 0, said
    return orders(desk), seconds


def orders(desk: Desk) -> dict[str, bytes]:
    """The orders of every job whose results are to be seen, by the name of its folder."""
    return {
        folder.name: (folder / "orders.csv").read_bytes()
        for folder in desk.month.iterdir()
        if not folder.name.startswith(".")
    }


def moments() -> list[object]:
    """Twenty moments of a batch's time, one at random in each twentieth, on both databases."""
    rng = random.Random(7)
    found: list[object] = []
    for database, every in IN_EVERY_RUN.items():
        for place in range(MOMENTS):
            share = (place + rng.random()) / MOMENTS
            marks = () if place in every else (pytest.mark.slow,)
            found.append(pytest.param(database, share, marks=marks, id=f"{database}-{share:.2f}"))
    return found


@pytest.mark.parametrize(("kind", "share"), moments())
def test_a_killed_batch_goes_on_and_comes_to_the_same(
    kind: str,
    share: float,
    undisturbed: tuple[dict[str, bytes], float],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The store opens, no half run is to be seen, and the orders are as if nothing had happened."""
    expected, seconds = undisturbed
    address = "runs/planner.db"
    if kind == "postgresql":
        address = request.getfixturevalue("database")
    desk = made_desk(tmp_path, address)
    process = desk.begun()
    time.sleep(share * seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    seen = str(tmp_path / address) if kind == "sqlite" else address
    with open_store(seen, tmp_path / "runs" / "inputs") as store:
        for run in store.runs():
            assert store.run(run.id) == read_run_as_of(run.folder, run.state)
    if desk.month.is_dir():
        for name, found in orders(desk).items():
            assert found == expected[name]

    code, said = desk.ran("--retry")
    assert code == 0, said

    assert orders(desk) == expected
    with open_store(seen, tmp_path / "runs" / "inputs") as store:
        assert {run.folder.name for run in store.runs()} == {"east", "west"}
        done = [attempt for attempt in store.attempts(MONTH) if attempt.status == DONE]
        assert sorted(attempt.job for attempt in done) == ["east", "west"]
        (approval,) = store.approvals()
        assert approval.decision == APPROVED
    assert not [path for path in desk.month.iterdir() if path.name.startswith(".")]
    assert not list((tmp_path / "runs" / "inputs").glob("*.tmp"))


def read_run_as_of(folder: Path, state: str) -> object:
    """The run in a folder, with the decision that was taken about it."""
    from dataclasses import replace

    return replace(read_run(folder), state=state)
