"""Work to share out: functions that other processes find by their names, and what they share."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import ConfigurationError

LONG = 600.0
"""Longer than any test waits [s]."""
PATIENCE = 60.0
"""After so long somebody will not come any more [s]."""


@dataclass(frozen=True)
class Shelf:
    """What many items need.

    Attributes:
        mean: (T, K) [unit].
        names: one per product.
    """

    mean: np.ndarray
    names: tuple[str, ...]


def shelf(products: int = 400, days: int = 30) -> Shelf:
    """The same every time."""
    mean = np.random.default_rng(3).lognormal(0.0, 2.0, (days, products))
    return Shelf(mean, tuple(f"SKU-{k}" for k in range(products)))


def batches(count: int = 23, size: int = 17) -> list[np.ndarray]:
    """Products of each batch, some of them in several."""
    rng = np.random.default_rng(4)
    return [rng.choice(400, size, replace=False) for _ in range(count)]


def priced(shared: Shelf, products: np.ndarray) -> tuple[np.ndarray, float, str]:
    """Sums whose last bits depend on the order of their terms."""
    part = np.exp(np.sin(shared.mean[:, products]))
    return np.log(part).cumsum(axis=0), float(part.sum()), shared.names[products[0]]


def own_process(shared: object, item: int) -> int:
    """Which process did it."""
    return os.getpid()


def own_copy(shared: Shelf, item: int) -> tuple[int, bool, bool]:
    """Which object was shared, whether its array was copied, whether it can be written to."""
    return id(shared), shared.mean.flags.owndata, shared.mean.flags.writeable


def noted(folder: Path, item: int) -> int:
    """Leaves a file behind."""
    (folder / f"item-{item}").touch()
    return item


def refused(shared: int, item: int) -> int:
    """No item may be the one that is shared."""
    if item == shared:
        raise ConfigurationError(f"item {item} is {shared}, expected another")
    return item


def killed_once(marker: Path, item: int) -> int:
    """The third item kills its worker, but only the first time."""
    if item == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


def killed_always(marker: Path, item: int) -> int:
    """The third item kills its worker every time, and leaves a note of each."""
    if item == 3:
        with marker.open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


def interrupted(shared: object, item: int) -> int:
    """Whoever presses Ctrl-C presses it for every process of the terminal."""
    os.kill(os.getpid(), signal.SIGINT)
    return item


def endless(folder: Path, item: int) -> int:
    """Says which process it is in, and does not end."""
    (folder / f"pid-{os.getpid()}").touch()
    time.sleep(LONG)
    return item


def waited_for(folder: Path, count: int) -> list[int]:
    """The processes that said they began something endless, when there are so many."""
    while len(found := list(folder.glob("pid-*"))) < count:
        time.sleep(0.02)
    return [int(path.name.removeprefix("pid-")) for path in found]


def all_gone(processes: list[int], within: float = PATIENCE) -> bool:
    """Whether none of these processes is there any more, or will be in a while."""
    ends = time.monotonic() + within
    while any(_is_there(process) for process in processes):
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def _is_there(process: int) -> bool:
    try:
        status = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def met(folder: Path, item: int) -> str:
    """Which machine of a cluster did it; nobody goes on before two machines take part."""
    import ray

    machine = ray.get_runtime_context().get_node_id()
    (folder / machine).touch()
    ends = time.monotonic() + PATIENCE
    while len(list(folder.iterdir())) < 2 and time.monotonic() < ends:
        time.sleep(0.02)
    return machine
