"""Work shared out over one machine: the same results in the same order, whoever does it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from data.engine import Alone, Engine
from data.errors import ConfigurationError, PlannerError
from planner.engine import AHEAD, FEW, RETRIES, Processes, Threads, cores, engine_of
from tests.planner import chores

ROOT = Path(__file__).parents[2]
WORKERS = 2

FORGOTTEN = """
import sys
from pathlib import Path
from threading import Thread
from planner.engine import Processes
from tests.planner import chores
if __name__ == "__main__":
    next(Processes(2).map(chores.endless, Path(sys.argv[1]), range(8)))
"""


@pytest.fixture(scope="module")
def processes() -> Iterator[Engine]:
    """Two worker processes."""
    with Processes(WORKERS) as engine:
        yield engine


@pytest.fixture(scope="module")
def threads() -> Iterator[Engine]:
    """Two threads."""
    with Threads(WORKERS) as engine:
        yield engine


@pytest.fixture(params=["threads", "processes"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine of this machine that does several things at a time."""
    return request.getfixturevalue(request.param)


def test_every_engine_has_the_results_of_one_that_works_alone(engine: Engine) -> None:
    """In the order of the items, the same to the bit."""
    shared, items = chores.shelf(), chores.batches()
    alone = list(Alone().map(chores.priced, shared, items))
    together = list(engine.map(chores.priced, shared, items))
    assert len(together) == len(items)
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        assert ours[1:] == theirs[1:]


def test_items_are_taken_as_their_results_are(engine: Engine) -> None:
    """None before the first result is asked for, and then a few per worker ahead."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(50):
            taken.append(number)
            yield number

    results = engine.map(chores.refused, -1, items())
    assert taken == []
    for number in range(50):
        assert next(results) == number
        assert len(taken) <= min(number + AHEAD * engine.workers, 50)
    assert list(results) == []


def test_what_has_not_begun_when_results_are_no_longer_wanted_is_dropped(
    engine: Engine, tmp_path: Path
) -> None:
    """Of a thousand items only those that were ahead are done."""
    results = engine.map(chores.noted, tmp_path, range(1000))
    assert [next(results), next(results)] == [0, 1]
    results.close()
    assert list(engine.map(chores.refused, -1, range(4))) == [0, 1, 2, 3]
    assert len(list(tmp_path.iterdir())) <= 2 + AHEAD * engine.workers


def test_an_exception_of_the_work_reaches_its_caller(engine: Engine) -> None:
    """With its own class and message; results before it are had, and the engine lives on."""
    results = engine.map(chores.refused, 2, range(9))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ConfigurationError, match=r"^item 2 is 2, expected another$"):
        next(results)
    assert list(engine.map(chores.refused, -1, range(3))) == [0, 1, 2]


def test_no_items_are_no_results(engine: Engine) -> None:
    """And no reason to start a worker."""
    assert list(engine.map(chores.refused, 0, [])) == []


def test_several_workers_take_part(processes: Engine) -> None:
    """Neither is this process one of them."""
    found = set(processes.map(chores.own_process, None, range(200)))
    assert os.getpid() not in found
    assert 1 <= len(found) <= WORKERS


def test_what_is_shared_is_sent_to_a_worker_once_and_not_copied() -> None:
    """The same object in the next call is not sent again; another one is."""
    shared = chores.shelf()
    with Processes(1, few=0) as engine:
        first = set(engine.map(chores.own_copy, shared, range(9)))
        again = set(engine.map(chores.own_copy, shared, range(9)))
        other = set(engine.map(chores.own_copy, chores.shelf(), range(9)))
    assert len(first) == 1
    assert again == first
    assert other.isdisjoint(first)
    assert all(not owned and not writeable for _, owned, writeable in first | other)


def test_a_lost_worker_is_replaced_and_its_items_are_done_again(
    processes: Engine, tmp_path: Path
) -> None:
    """Whoever waits for the results does not notice."""
    marker = tmp_path / "killed"
    squares = list(processes.map(chores.killed_once, marker, range(20)))
    assert marker.exists()
    assert squares == [number * number for number in range(20)]


def test_an_item_that_kills_every_worker_ends_the_work(processes: Engine, tmp_path: Path) -> None:
    """After three more attempts, with a sentence that says what to do; the engine lives on."""
    marker = tmp_path / "killed"
    results = processes.map(chores.killed_always, marker, range(20))
    with pytest.raises(PlannerError, match=r"lost 4 times in a row.*--workers"):
        list(results)
    assert len(marker.read_text()) >= RETRIES + 1
    assert list(processes.map(chores.refused, -1, range(3))) == [0, 1, 2]


def test_a_pool_that_breaks_while_it_is_given_work_is_replaced(
    processes: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker's start then finds its pipes closed; nobody who waits for results notices."""
    submit, failed = ProcessPoolExecutor.submit, []

    def breaking(pool: ProcessPoolExecutor, *args: Any) -> Any:
        if len(failed) < 2:
            failed.append(pool)
            if len(failed) == 2:
                raise OSError(errno.EBADF, "Bad file descriptor")
        return submit(pool, *args)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", breaking)
    assert list(processes.map(chores.refused, -1, range(5))) == [0, 1, 2, 3, 4]
    assert len(failed) == 2


def test_workers_leave_an_interruption_to_the_planner(processes: Engine) -> None:
    """Ctrl-C reaches every process of a terminal; theirs go on until they are told otherwise."""
    assert list(processes.map(chores.interrupted, None, range(3))) == [0, 1, 2]


def test_closing_ends_workers_whatever_they_are_at(tmp_path: Path) -> None:
    """Ten minutes of work are not waited for."""
    engine = Processes(WORKERS)
    waiting = Thread(target=_ignored, args=(engine.map(chores.endless, tmp_path, range(8)),))
    waiting.start()
    workers = chores.waited_for(tmp_path, WORKERS)
    engine.close()
    waiting.join()
    assert chores.all_gone(workers)


def _ignored(results: Iterator[int]) -> None:
    """Waits for a result that will not come."""
    with pytest.raises(PlannerError, match="cut short"):
        next(results)


def test_workers_end_with_a_planner_that_is_killed(tmp_path: Path) -> None:
    """Nobody is left behind, even if there was no time to tell them."""
    script = tmp_path / "forgotten.py"
    script.write_text(FORGOTTEN)
    folder = tmp_path / "workers"
    folder.mkdir()
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    planner = subprocess.Popen([sys.executable, str(script), str(folder)], env=environment)
    workers = chores.waited_for(folder, 2)
    planner.kill()
    planner.wait()
    assert chores.all_gone(workers)


def test_few_items_are_done_here() -> None:
    """Starting processes would take longer; an unknown number of items is taken for many."""
    with engine_of("local", workers=2) as engine:
        assert set(engine.map(chores.own_process, None, range(FEW))) == {os.getpid()}
        assert os.getpid() not in set(engine.map(chores.own_process, None, iter(range(40))))
        assert os.getpid() not in set(engine.map(chores.own_process, None, range(FEW)))


@pytest.mark.parametrize(
    ("name", "workers", "kind"),
    [
        ("local", 2, Processes),
        ("local", 1, Alone),
        ("alone", 3, Alone),
        ("threads", 3, Threads),
        ("processes", 1, Processes),
    ],
)
def test_an_engine_is_asked_for_by_name(name: str, workers: int, kind: type[Engine]) -> None:
    """Nothing is started yet."""
    with engine_of(name, workers) as engine:
        assert type(engine) is kind
        assert engine.workers == (1 if kind is Alone else workers)


def test_every_core_works_if_nothing_is_said() -> None:
    """Those that this process may use."""
    with engine_of("processes") as engine:
        assert engine.workers == cores()


@pytest.mark.parametrize(
    ("name", "workers", "address", "said"),
    [
        ("cloud", None, None, r"--engine is 'cloud', expected one of local, ray, "),
        ("local", 0, None, r"--workers is 0, expected 1 or more"),
        ("local", None, "10.0.0.1:6379", r"--ray-address is of use to --engine ray alone"),
    ],
)
def test_an_engine_that_there_is_not_is_refused(
    name: str, workers: int | None, address: str | None, said: str
) -> None:
    """With the option that is wrong."""
    with pytest.raises(ConfigurationError, match=said):
        engine_of(name, workers, address)
