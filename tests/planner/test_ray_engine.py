"""Work shared out by Ray: over two machines (of one core each, both on this one), and alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from data.engine import Alone
from data.errors import ConfigurationError, PlannerError
from milp.reconcile import MANY, reconcile
from planner.engine import engine_of
from planner.ray_engine import AHEAD, LONGEST_TASK, RETRIES, RayEngine, _tasks
from tests.milp.test_decomposition import crowd
from tests.planner import chores

ROOT = Path(__file__).parents[2]
MACHINES = 2
ITEMS = 300
MEMORY = 100 * 2**20
"""Of the object store of each [byte]: it must do with the little that containers have."""

pytestmark = [
    # Ray says what a later version will do about accelerators, of which nothing here has any.
    pytest.mark.filterwarnings("ignore:.*RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO:FutureWarning"),
    # Its processes and their logs outlive the objects that stand for them.
    pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning"),
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
]


@pytest.fixture(scope="module")
def ray() -> ModuleType:
    """Ray, if it is installed."""
    return pytest.importorskip(
        "ray", reason="Ray is not installed: pip install echelon-planner[ray]"
    )


@pytest.fixture(scope="module")
def cluster(ray: ModuleType) -> Iterator[Any]:
    """Two machines of one core."""
    from ray.cluster_utils import Cluster

    machine = {"num_cpus": 1, "object_store_memory": MEMORY, "include_dashboard": False}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        machines = Cluster(initialize_head=True, head_node_args=machine)
        for _ in range(MACHINES - 1):
            machines.add_node(**machine)
        yield machines
        machines.shutdown()


@pytest.fixture(scope="module")
def engine(cluster: Any) -> Iterator[RayEngine]:
    """Connected to the cluster."""
    with RayEngine(cluster.address) as connected:
        yield connected


def test_a_cluster_has_the_results_of_one_that_works_alone(engine: RayEngine) -> None:
    """In the order of the items, the same to the bit, however many make up a task."""
    shared, items = chores.shelf(), chores.batches(61)
    alone = list(Alone().map(chores.priced, shared, items))
    together = list(engine.map(chores.priced, shared, items))
    for ours, theirs in zip(together, alone, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        assert ours[1:] == theirs[1:]


def test_a_cluster_makes_the_same_plan(engine: RayEngine) -> None:
    """Batches of the programme sent to two machines: orders and bounds are equal to the bit."""
    task = crowd(5, MANY + 40)
    alone, together = reconcile(task), reconcile(task, engine=engine)
    np.testing.assert_array_equal(alone.shipments, together.shipments)
    assert (alone.lower, alone.upper) == (together.lower, together.upper)


def test_every_machine_takes_part(engine: RayEngine, tmp_path: Path) -> None:
    """There are as many workers as cores, and they work at the same time."""
    assert engine.workers == MACHINES
    assert len(set(engine.map(chores.met, tmp_path, range(4)))) == MACHINES


def test_items_are_taken_as_their_results_are(engine: RayEngine) -> None:
    """None before the first result is asked for, and then a few per worker ahead."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(ITEMS):
            taken.append(number)
            yield number

    results = engine.map(chores.refused, -1, items())
    assert taken == []
    assert next(results) == 0
    assert len(taken) == AHEAD * MACHINES
    for number in range(1, ITEMS):
        assert next(results) == number
        assert len(taken) <= number + AHEAD * MACHINES * LONGEST_TASK
    assert list(results) == []


def test_tasks_grow_while_there_are_items() -> None:
    """A little work reaches everybody; a lot is sent several items at a time, and all of it."""
    tasks = list(_tasks(range(500), 6))
    assert [len(task) for task in tasks[:14]] == [1] * 6 + [2] * 6 + [3] * 2
    assert max(map(len, tasks)) <= LONGEST_TASK
    assert [item for task in tasks for item in task] == list(range(500))
    assert max(map(len, _tasks(range(10_000), 6))) == LONGEST_TASK


def test_what_has_not_begun_when_results_are_no_longer_wanted_is_dropped(
    engine: RayEngine, tmp_path: Path
) -> None:
    """Of a hundred items, one by one, only those that were ahead are done."""
    results = engine.map(chores.noted, tmp_path, (number for number in range(100)))
    assert [next(results), next(results)] == [0, 1]
    results.close()
    assert list(engine.map(chores.refused, -1, range(4))) == [0, 1, 2, 3]
    assert len(list(tmp_path.iterdir())) <= 2 + AHEAD * MACHINES


def test_results_may_be_left_at_any_moment(engine: RayEngine) -> None:
    """Also when those after them are just ready; the next ones are had as ever."""
    shared, items = chores.shelf(), chores.batches()
    first = next(engine.map(chores.priced, shared, items))
    for _ in range(20):
        results = engine.map(chores.priced, shared, items)
        np.testing.assert_array_equal(next(results)[0], first[0])
        results.close()
    assert len(list(engine.map(chores.priced, shared, items))) == len(items)


def test_what_is_shared_is_sent_to_a_worker_once(engine: RayEngine) -> None:
    """A worker has one copy of it for all items of both calls, in memory it cannot write to."""
    shared = chores.shelf()
    first = set(engine.map(chores.own_copy, shared, range(60)))
    again = set(engine.map(chores.own_copy, shared, range(60)))
    assert len(first | again) <= MACHINES
    assert all(not owned and not writeable for _, owned, writeable in first)


def test_an_exception_of_the_work_reaches_its_caller(engine: RayEngine) -> None:
    """With its own class and message; the engine lives on."""
    results = engine.map(chores.refused, 2, range(9))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ConfigurationError, match=r"^item 2 is 2, expected another$") as caught:
        next(results)
    assert type(caught.value) is ConfigurationError
    assert list(engine.map(chores.refused, -1, range(3))) == [0, 1, 2]


def test_a_lost_worker_is_replaced_and_its_items_are_done_again(
    engine: RayEngine, tmp_path: Path
) -> None:
    """Whoever waits for the results does not notice."""
    marker = tmp_path / "killed"
    squares = list(engine.map(chores.killed_once, marker, range(20)))
    assert marker.exists()
    assert squares == [number * number for number in range(20)]


def test_an_item_that_kills_every_worker_ends_the_work(engine: RayEngine, tmp_path: Path) -> None:
    """After three more attempts, with a sentence that says where to look; the engine lives on."""
    marker = tmp_path / "killed"
    with pytest.raises(PlannerError, match=r"the cluster lost a task 4 times: .*ray status"):
        list(engine.map(chores.killed_always, marker, range(20)))
    assert len(marker.read_text()) == RETRIES + 1
    assert list(engine.map(chores.refused, -1, range(3))) == [0, 1, 2]


def test_ray_that_runs_here_already_is_used_and_left_running(
    ray: ModuleType, engine: RayEngine
) -> None:
    """Whoever started it may have more to do."""
    with engine_of("ray") as second:
        assert second.workers == MACHINES
    assert ray.is_initialized()
    assert list(engine.map(chores.refused, -1, range(3))) == [0, 1, 2]


ELSEWHERE = """
import sys
import planner
from planner.ray_engine import RayEngine
if __name__ == "__main__":
    with RayEngine(sys.argv[1]) as engine:
        print(*engine.map(getattr, planner, ["__file__"]))
"""


def test_the_planner_travels_with_the_work(cluster: Any, tmp_path: Path) -> None:
    """A machine runs the code it was sent, not what it may have of its own."""
    (tmp_path / "elsewhere.py").write_text(ELSEWHERE)
    command = [sys.executable, "elsewhere.py", cluster.address]
    path = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    ended = subprocess.run(command, cwd=tmp_path, env=path, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "py_modules" in ended.stdout
    assert not ended.stdout.startswith(str(ROOT))


ALONE = """
from milp.reconcile import MANY, reconcile
from planner.engine import engine_of
from tests.milp.test_decomposition import crowd
from tests.planner import chores
if __name__ == "__main__":
    with engine_of("ray", workers=2) as engine:
        import ray
        assert engine.workers == 2
        assert list(engine.map(chores.refused, -1, range(30))) == list(range(30))
        print(*(node["NodeManagerAddress"] for node in ray.nodes()))
    assert not ray.is_initialized()
"""


def test_without_a_cluster_there_is_one_of_this_machine(ray: ModuleType, tmp_path: Path) -> None:
    """It has the workers that were asked for, is out of others' reach, and ends with the engine."""
    (tmp_path / "alone.py").write_text(ALONE)
    settings = {
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "RAY_DEFAULT_OBJECT_STORE_MAX_MEMORY_BYTES": str(MEMORY),
        "RAY_ADDRESS": "",
    }
    command = [sys.executable, "alone.py"]
    ended = subprocess.run(
        command, cwd=tmp_path, env=os.environ | settings, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["127.0.0.1"]


def test_where_ray_is_missing_it_is_said_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In one sentence."""
    monkeypatch.setattr("planner.ray_engine.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r'pip install "echelon-planner\[ray\]"'):
        engine_of("ray")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:door"])
def test_a_cluster_that_is_not_there_is_named(
    ray: ModuleType, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """At once, with what an address looks like."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(
        ConfigurationError, match=rf"^there is no way to the Ray cluster at {address}: .*HOST:PORT"
    ):
        engine_of("ray", address=address)
