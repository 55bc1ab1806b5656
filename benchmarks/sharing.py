"""`planner bench sharing`: what it costs to share out work, and what it brings.

Three things an engine adds to the work itself: the start of its workers, a little for every item
that is sent and answered, and the sending of what all items share. They are timed with items that
do nothing but carry what a batch of products carries. What it brings is timed with real batches,
solved at prices, by every engine in turns, so that a busy machine slows them alike.

From these a pass over N products in batches of B takes about

    start + sharing + N (work / B / workers + planner / B)

where `planner` is what the planner itself does for an item: it is one, however many workers there
are, and so bounds how many are of use.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from benchmarks.results import Result, Row, result_of
from data.catalogue import ReadOptions, read_scenario
from data.engine import Alone, Engine
from data.sample import write_sample
from envs.metrics import estimate
from milp.passes import AtPrices, Whole, bid
from milp.task import Task
from planner.engine import cores, engine_of
from planner.problem import problem_of

ASKED, ANSWERED = 12_000, 18_000
"""Numbers that go out with a batch and come back from it, the basis included: 96 and 144 kB."""
BATCH = 60
DAYS = 30
MEGABYTE = 1e6

Figures = dict[tuple[str, str], list[float]]
"""By case and engine, one per round."""


@dataclass(frozen=True)
class Size:
    """How much is timed.

    Attributes:
        rounds: how often.
        items: that do nothing.
        numbers: that are shared.
        products: that are planned for.
    """

    rounds: int
    items: int
    numbers: int
    products: int


FULL = Size(rounds=5, items=2000, numbers=25_000_000, products=2400)
QUICK = Size(rounds=2, items=100, numbers=500_000, products=240)


@dataclass(frozen=True)
class Freight:
    """Numbers that are only carried."""

    numbers: np.ndarray


def run(quick: bool, seed: int) -> Result:
    """Costs and gains of every engine that can be had here."""
    began = perf_counter()
    size = QUICK if quick else FULL
    names = ["local", "ray"] if find_spec("ray") else ["local"]
    figures: Figures = {}
    whole = Whole(_task(size.products, seed), certain=False)
    for _ in range(size.rounds):
        _note(figures, "work", "alone", _pace(Alone(), whole, seed))
        with engine_of("threads", cores()) as engine:
            _note(figures, "work", "threads", _pace(engine, whole, seed))
        for name in names:
            start = perf_counter()
            with engine_of(name, cores()) as engine:
                list(engine.map(_carried, None, iter(_items(engine.workers))))
                _note(figures, "start", name, perf_counter() - start)
                _overheads(figures, name, engine, size)
                _note(figures, "work", name, _pace(engine, whole, seed))
    return result_of("sharing", _rows(figures), seed, perf_counter() - began, quick)


def _overheads(figures: Figures, name: str, engine: Engine, size: Size) -> None:
    """What it takes to send items and what they share."""
    start, spent = perf_counter(), process_time()
    for _ in engine.map(_carried, None, _items(size.items)):
        pass
    _note(figures, "item", name, 1e3 * (perf_counter() - start) / size.items)
    _note(figures, "item/planner", name, 1e3 * (process_time() - spent) / size.items)
    freight = Freight(np.random.default_rng(0).random(size.numbers))
    start = perf_counter()
    list(engine.map(_weighed, freight, iter(range(engine.workers))))
    seconds = perf_counter() - start
    _note(figures, "shared", name, freight.numbers.nbytes / MEGABYTE / seconds)


def _pace(engine: Engine, whole: Whole, seed: int) -> float:
    """Products solved at prices a second; the first few batches go untimed: workers load HiGHS."""
    prices = np.zeros(whole.part(np.arange(1)).layout.coupling)
    order = np.random.default_rng(seed).permutation(len(whole.task.scenario.products))
    batches = [
        AtPrices(np.sort(order[first : first + BATCH]), prices)
        for first in range(0, len(order), BATCH)
    ]
    list(engine.map(bid, whole, iter(batches[: engine.workers])))
    start = perf_counter()
    list(engine.map(bid, whole, batches))
    return len(order) / (perf_counter() - start)


def _task(products: int, seed: int) -> Task:
    """A month of sample products."""
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder), products=products, days=2 * DAYS, seed=seed)
        scenario = read_scenario(Path(folder) / "forecast.csv", ReadOptions()).scenario
    problem = problem_of(scenario, DAYS)
    z = np.ones((len(scenario.network), products))
    return Task(scenario, problem.outlook, z, scenario.stock, 0, DAYS)


def _items(count: int) -> list[np.ndarray]:
    """As large as what a batch is asked."""
    return [np.zeros(ASKED) for _ in range(count)]


def _carried(shared: object, item: np.ndarray) -> np.ndarray:
    return np.zeros(ANSWERED)


def _weighed(freight: Freight, item: int) -> tuple[int, float]:
    return os.getpid(), float(freight.numbers.sum())


def _note(figures: Figures, case: str, name: str, value: float) -> None:
    figures.setdefault((case, name), []).append(value)


def _rows(figures: Figures) -> Iterator[Row]:
    units = {
        "start": "s",
        "item": "ms",
        "item/planner": "CPU ms",
        "shared": "MB/s",
        "work": "products/s",
    }
    alone = float(np.mean(figures["work", "alone"]))
    for case, unit in units.items():
        for (which, name), values in figures.items():
            if which == case:
                found = estimate(np.array(values))
                works = case == "work"
                yield Row(
                    case=case if not works else f"work/{1 if name == 'alone' else cores()} workers",
                    policy=name,
                    value=found.value,
                    low=found.low,
                    high=found.high,
                    unit=unit,
                    reference="alone" if works else "",
                    ratio=found.value / alone if works else None,
                    n=len(values),
                )
