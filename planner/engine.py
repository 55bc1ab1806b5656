"""The engines of one machine, and how an engine is asked for by name.

`local` is worker processes. Threads would need no start and no copies, but much of the work of a
batch of products is Python, which only one thread does at a time: a fifth where it is solved from
nothing, two thirds where it starts from a basis. Then no number of threads is 1.5 times as fast as
one, while processes share all of it.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.connection import Connection, wait
from operator import length_hint
from pathlib import Path
from threading import Thread
from typing import Any

from data.engine import Alone, Engine, Item, Result, Shared
from data.errors import ConfigurationError, PlannerError
from planner.parcel import Parcel, opened

LOCAL, RAY = "local", "ray"
ENGINES = (LOCAL, RAY, "alone", "threads", "processes")
"""What an engine can be asked for as; the first two are those that planners need."""
AHEAD = 2
"""Items begun before their results are taken, per worker."""
RETRIES = 3
"""How often an item is begun anew after its worker was lost."""
FEW = 12
"""So many batches are sooner done by the planner itself than two processes are started."""
PRELOADED = "milp.passes"
"""What batches of products need; loaded once, before there are workers, not once in each."""


def engine_of(
    name: str = LOCAL, workers: int | None = None, address: str | None = None, few: int = FEW
) -> Engine:
    """The engine of that name.

    Args:
        name: one of ENGINES.
        workers: how many items at a time; as many as there are cores if not given. A cluster that
            is there already has the workers it has.
        address: of a Ray cluster; Ray on this machine if not given.
        few: up to so many items local processes are not worth starting for; 1 where items are long.

    Raises:
        ConfigurationError: there is no such engine, or it cannot be had.
    """
    if name not in ENGINES:
        raise ConfigurationError(f"--engine is {name!r}, expected one of {', '.join(ENGINES)}")
    if workers is not None and workers < 1:
        raise ConfigurationError(f"--workers is {workers}, expected 1 or more")
    if address is not None and name != RAY:
        raise ConfigurationError(f"--ray-address is of use to --engine ray alone, not to {name}")
    if name == RAY:
        from planner.ray_engine import RayEngine

        return RayEngine(address, workers)
    count = workers or cores()
    if name == "alone" or (name == LOCAL and count == 1):
        return Alone()
    if name == "threads":
        return Threads(count)
    return Processes(count, few if name == LOCAL else 1)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Threads(Engine):
    """Threads of this process: for work that cannot be sent, and is mostly done outside Python.

    Args:
        workers: how many.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ThreadPoolExecutor | None = None

    @property
    def workers(self) -> int:
        """How many threads there are."""
        return self._workers

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Generator[Result, None, None]:
        """function(shared, item) for every item, in order."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._workers)
        pool = self._pool

        def begin(item: Item) -> Future[Result]:
            return pool.submit(function, shared, item)

        return _in_order(begin, items, AHEAD * self._workers)

    def close(self) -> None:
        """Wait for what has begun: a thread cannot be ended."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


class Processes(Engine):
    """Worker processes on this machine, started when there is enough to do for them.

    They are forked from a server that has no threads where that can be had, and started from
    nothing elsewhere: forking this process would copy locks that its threads hold. What all items
    need is written to a file once, whose pages the workers share. Lost workers are replaced. Ctrl-C
    is for this process alone to hear; however it ends, its workers end with it.

    Args:
        workers: how many.
        few: up to so many items are done in this process as long as no worker has been started.
    """

    def __init__(self, workers: int, few: int = 1) -> None:
        self._workers, self._few = workers, few
        self._pool: ProcessPoolExecutor | None = None
        self._alive: Connection | None = None
        self._parcel: Parcel | None = None
        self._under_way: set[Future[Any]] = set()
        self._closed = False

    @property
    def workers(self) -> int:
        """How many processes there are."""
        return self._workers

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Generator[Result, None, None]:
        """function(shared, item) for every item, in order."""
        if self._pool is None and 0 < length_hint(items) <= self._few:
            yield from Alone().map(function, shared, items)
            return
        if self._parcel is None or self._parcel.content is not shared:
            self._parcel = Parcel(shared)
        parcel = self._parcel

        def begin(item: Item) -> Future[Result]:
            return self._submit(function, parcel.path, item)

        yield from _in_order(begin, items, AHEAD * self._workers)

    def close(self) -> None:
        """End the workers at once, whatever they are at; there will be no others.

        Idle ones are asked to leave, which lets them put everything away.
        """
        self._closed = True
        if self._pool is not None and self._alive is not None:
            if self._under_way:
                self._alive.close()
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._alive.close()
        self._pool = self._alive = self._parcel = None
        # A pool holds itself in cycles, and its semaphores until somebody looks for these.
        gc.collect()

    def _submit(
        self, function: Callable[[Shared, Item], Result], path: Path, item: Item
    ) -> Future[Result]:
        if self._closed:
            raise PlannerError("work was cut short: its workers have been told to end")
        if self._pool is None:
            self._pool = self._started()
        try:
            future = self._pool.submit(_carry_out, function, path, item)
        except (BrokenProcessPool, OSError):
            # A pool that breaks while it starts a worker closes pipes that the start needs.
            self._pool = self._started()
            future = self._pool.submit(_carry_out, function, path, item)
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    def _started(self) -> ProcessPoolExecutor:
        """New workers."""
        safest = (
            "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        )
        context = multiprocessing.get_context(safest)
        if safest == "forkserver":
            context.set_forkserver_preload(["__main__", PRELOADED])
        if self._alive is not None:
            self._alive.close()
        ended, self._alive = context.Pipe(duplex=False)
        return ProcessPoolExecutor(
            self._workers, mp_context=context, initializer=_begin, initargs=(ended,)
        )


def _in_order(
    begin: Callable[[Item], Future[Result]], items: Iterable[Item], ahead: int
) -> Generator[Result, None, None]:
    """The results of items in order, at most `ahead` of them begun and not yet taken.

    Raises:
        PlannerError: the workers of an item were lost again and again.
    """
    to_do = iter(items)
    begun: deque[tuple[Item, Future[Result]]] = deque()
    losses = 0
    try:
        while True:
            begun.extend((item, begin(item)) for item in islice(to_do, ahead - len(begun)))
            if not begun:
                return
            try:
                result = begun[0][1].result()
            except BrokenProcessPool as lost:
                losses += 1
                if losses > RETRIES:
                    raise PlannerError(
                        f"worker processes were lost {losses} times in a row: for want of memory "
                        "(try fewer of them with --workers), or because a script calls the planner "
                        'outside of `if __name__ == "__main__":`; --engine alone needs none'
                    ) from lost
                begun = deque(
                    (item, begin(item) if _was_lost(future) else future) for item, future in begun
                )
                continue
            begun.popleft()
            losses = 0
            yield result
    finally:
        for _, future in begun:
            future.cancel()


def _was_lost(future: Future[Result]) -> bool:
    """Whether a worker's end took the item with it."""
    return isinstance(future.exception(), BrokenProcessPool)


def _begin(ended: Connection) -> None:
    """In a new worker: leave Ctrl-C to the planner, and leave with the planner."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave, args=(ended,), daemon=True).start()


def _leave(ended: Connection) -> None:
    """End this worker when the other end of the connection is closed, or its process is gone."""
    wait([ended])
    os._exit(0)


def _carry_out(function: Callable[[Shared, Item], Result], path: Path, item: Item) -> Result:
    """In a worker: one item."""
    return function(opened(path), item)
