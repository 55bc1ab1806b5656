"""Work shared out over machines by Ray, on a cluster that is there or one of this machine alone.

The planner's own code travels with the work, so that every machine runs what this one runs; a
machine needs the libraries it is built on, in the same versions, and no more.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from itertools import count, islice
from types import ModuleType
from typing import Any

from data.engine import Engine, Item, Result, Shared
from data.errors import ConfigurationError, PlannerError

AHEAD = 2
"""Tasks begun before their results are taken, per worker."""
RETRIES = 3
"""How often a task is begun anew after its worker or its machine was lost."""
LONGEST_TASK = 16
"""Items in a task at most: sending it then costs a fifth of what they cost one by one."""
ROUNDS = 4
"""Tasks per worker before tasks grow by an item: little work is shared out in small pieces."""
LAST_RECEIVED = 2
"""Records that a worker keeps at hand."""
ROOMS = ("data", "envs", "milp", "brain", "planner")
"""The packages that travel."""
HERE = "local"
"""Ray's word for a cluster of this machine alone."""
PATIENCE = 10.0
"""How long a cluster may take to answer [s]."""


class RayEngine(Engine):
    """Shares out work by Ray.

    Ray that runs in this process already is used as it is and left running. A cluster is left
    running, too; Ray that is started here for want of one is stopped in the end.

    Args:
        address: of a cluster, as HOST:PORT or ray://HOST:PORT, or "auto" for one that this machine
            belongs to; if not given, that in RAY_ADDRESS; if there is none, this machine alone.
        workers: how many items at a time on this machine alone; one per core if not given.

    Raises:
        ConfigurationError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        address = address or os.environ.get("RAY_ADDRESS") or HERE
        self._ray = _ray(address)
        self._sent: tuple[Any, Any] | None = None
        self._began = not self._ray.is_initialized()
        if self._began:
            _connect(self._ray, address, workers)
        options = {"num_cpus": 1, "max_retries": RETRIES}
        self._carry_out = self._ray.remote(_carry_out).options(**options)

    @property
    def workers(self) -> int:
        """How many cores there are at this moment; a cluster may grow."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Generator[Result, None, None]:
        """function(shared, item) for every item, in order.

        The first items are sent one by one, later ones several at a time.
        """
        workers = self.workers
        if self._sent is None or self._sent[0] is not shared:
            self._sent = shared, self._ray.put(shared)
        sent = self._sent[1]
        to_do = _tasks(items, ROUNDS * workers)
        # Tasks that are no longer wanted are left to end: telling Ray to cancel one that is just
        # ending can end this process (its pull request 54798 tells how).
        begun: deque[Any] = deque()
        while True:
            for task in islice(to_do, AHEAD * workers - len(begun)):
                # Within a list, a reference is not resolved anew for every task.
                begun.append(self._carry_out.remote(function, [sent], task))
            if not begun:
                return
            yield from self._results(begun.popleft())

    def close(self) -> None:
        """Stop what was started here; leave what was there."""
        self._sent = None
        if self._began:
            self._ray.shutdown()
            self._began = False

    def _results(self, task: Any) -> list[Any]:
        problems = self._ray.exceptions
        try:
            return self._ray.get(task)
        except problems.RayTaskError as failed:
            raise failed.cause from failed
        except problems.RayError as lost:
            raise PlannerError(
                f"the cluster lost a task {1 + RETRIES} times: {_sentence(lost)}; most often that "
                "is for want of memory; `ray status` and the logs of its machines say more"
            ) from lost


def _tasks(items: Iterable[Item], of_a_size: int) -> Iterator[list[Item]]:
    """The items, one in each of the first tasks, two in each of as many after them, and so on."""
    to_do = iter(items)
    for number in count():
        task = list(islice(to_do, min(1 + number // of_a_size, LONGEST_TASK)))
        if not task:
            return
        yield task


def _ray(address: str) -> ModuleType:
    """Ray, told before it is loaded what it can be told only then."""
    if find_spec("ray") is None:
        raise ConfigurationError(
            "the engine ray needs the package ray, which is not installed; install it with: "
            'pip install "echelon-planner[ray]"'
        )
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if address == HERE and "ray" not in sys.modules:
        # Its switch for clusters of several machines: off, it listens on the loopback device only.
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    import ray
    import ray.exceptions

    return ray


def _connect(ray: ModuleType, address: str, workers: int | None) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == HERE:
        # What it starts inherits this process's paths, and so finds its code.
        ray.init(HERE, include_dashboard=False, num_cpus=workers, **quiet)
        return
    packages = [import_module(room).__path__[0] for room in ROOMS]
    try:
        _knock(address)
        ray.init(address, runtime_env={"py_modules": packages}, **quiet)
    except (OSError, RuntimeError, ValueError) as refused:
        raise ConfigurationError(
            f"there is no way to the Ray cluster at {address}: {_sentence(refused)}; expected "
            "HOST:PORT of a cluster that `ray start --head` started, with the same versions of "
            "Python and Ray"
        ) from refused


def _knock(address: str) -> None:
    """Refuse at once an address at which nobody listens; Ray itself tries for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon:
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()


def _sentence(problem: Exception) -> str:
    """The first line of what Ray says, which can be a page."""
    lines = str(problem).strip().splitlines()
    return lines[0].rstrip(".:") if lines else type(problem).__name__


def _carry_out(
    function: Callable[[Shared, Item], Result], sent: list[Any], items: list[Item]
) -> list[Result]:
    """In a worker: the results of a few items."""
    shared = _received(sent[0])
    return [function(shared, item) for item in items]


@lru_cache(maxsize=LAST_RECEIVED)
def _received(reference: Any) -> Any:
    """In a worker: what all items need; arrays lie in memory that a machine's workers share."""
    import ray

    return ray.get(reference)
