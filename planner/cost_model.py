"""How long a plan would take and how much memory, from measured constants and this machine's speed.

Each step takes a fixed time and so much per unit of what it works on. The constants were measured
on one machine; a small piece of the same kinds of work, timed there and here, says how this
machine compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import thread_time

import numpy as np

from envs.observation import MOST_STAGES, size


@dataclass(frozen=True)
class Load:
    """What a plan works on.

    Attributes:
        rows: of all tables.
        products, stages, days, futures: how many.
        asked: products that brains advise.
        ahead: products that prices are looked up on; 0 where there are none to find.
        programme: products of the programme; 0 where it is not solved.
        batches: whether it is solved in batches.
        rival: products of the optimiser-only rival; 0 where there is none.
        report: whether the report is written.
    """

    rows: int
    products: int
    stages: int
    days: int
    futures: int
    asked: int
    ahead: int
    programme: int
    batches: bool
    rival: int
    report: bool


@dataclass(frozen=True)
class Span:
    """From the least that is likely to the most."""

    low: float
    high: float

    def __add__(self, other: Span) -> Span:
        return Span(self.low + other.low, self.high + other.high)


@dataclass(frozen=True)
class Price:
    """What a step costs [s]: a fixed time, and so much per unit."""

    fixed: float
    per_unit: float

    def of(self, units: float) -> float:
        """Seconds for so many units; none for no unit."""
        return self.fixed + self.per_unit * units if units else 0.0


SECONDS = {
    "start": Price(1.0, 0.0),
    "read": Price(0.12, 7e-7),
    "advise": Price(0.002, 1e-5),
    "look ahead": Price(0.05, 1.6e-4),
    "programme": Price(0.05, 3.6e-4),
    "batches": Price(0.2, 3.1e-4),
    "rival": Price(0.2, 3.7e-4),
    "rule": Price(0.01, 2.5e-7),
    "asking": Price(0.01, 1.1e-6),
    "write": Price(0.2, 2.0e-5),
    "report": Price(0.5, 1.0e-5),
}
"""Measured seconds on one core: of starting the program; per row read; per product advised; per
product and day looked ahead, of one programme, of batches, and of the optimiser-only rival; per
product, future and day of a rule played, and of asking brains for it; per product and day written,
and of the report."""
RULES, ASKING = 4, 2
"""Rules that are played: ours and the rivals; those of them that ask brains."""
AT_A_TIME = 2
"""Cores that a plan of a few hundred products has work for."""
REFERENCE = 0.0155
"""What `kernel` took where the constants were measured [s]."""
UNSURE = (0.6, 1.8)
"""Factors between which what is measured lies of what is estimated."""
BASE_BYTES = 200e6
"""Of the program and its libraries."""
BYTES = {"rows": 300.0, "plan": 900.0, "futures": 600.0, "programme": 4500.0}
"""Per row read; per product, stage and day of the plan; per product, stage and future played; per
product, stage and day of one programme, of which batches have as much as `AT_A_TIME` of them."""
BATCH = 160
"""Products that one programme has at most; batches have half as many, `AT_A_TIME` of them."""


def seconds(load: Load, speed: float, cores: int = AT_A_TIME) -> dict[str, Span]:
    """Wall time of every step of `planner plan` [s].

    The programme, the look for prices and the rival's programme are worked on side by side.

    Args:
        load: what is planned.
        speed: time of `kernel` here / where the constants were measured [1].
        cores: that this machine has.
    """
    days = load.products * load.days
    hands = min(cores, AT_A_TIME)
    programme = SECONDS["batches" if load.batches else "programme"].of(load.programme * load.days)
    ahead = SECONDS["look ahead"].of(load.ahead * load.days)
    rival = SECONDS["rival"].of(load.rival * load.days)
    rules = RULES * SECONDS["rule"].of(days * load.futures)
    asking = ASKING * SECONDS["asking"].of(load.asked * load.days * load.futures)
    taken = {
        "start": SECONDS["start"].fixed,
        "read": SECONDS["read"].of(load.rows),
        "advise": SECONDS["advise"].of(load.asked),
        "reconcile": (programme + ahead + rival / 2) / hands,
        "replay": (rules + asking + rival / 2) / hands,
        "write": SECONDS["write"].of(days) + (SECONDS["report"].of(days) if load.report else 0.0),
    }
    low, high = UNSURE
    return {step: Span(low * speed * t, high * speed * t) for step, t in taken.items()}


def memory(load: Load) -> Span:
    """The most memory at a time [byte]."""
    each = load.stages * load.days
    most = (
        BASE_BYTES
        + BYTES["rows"] * load.rows
        + BYTES["plan"] * load.products * each
        + BYTES["futures"] * load.products * load.stages * load.futures
        + BYTES["programme"] * min(load.programme, BATCH) * each
    )
    low, high = UNSURE
    return Span(max(low * most, BASE_BYTES), high * most)


def speed_here(repeats: int = 5) -> float:
    """How long this machine takes for what took `REFERENCE` [1]; the fastest of a few tries."""
    return min(kernel() for _ in range(repeats)) / REFERENCE


def kernel() -> float:
    """Seconds of one core for a small piece of what a plan does: nets, arrays, plain Python.

    Time that other programs take is not counted, so that a busy moment tells nothing.
    """
    rng = np.random.default_rng(0)
    seen = rng.standard_normal((4096, size(MOST_STAGES))).astype(np.float32)
    weight = rng.standard_normal((128, seen.shape[1])).astype(np.float32)
    stock = rng.random((64, 3, 300))
    began = thread_time()
    for _ in range(4):
        np.tanh(seen @ weight.T)
    for _ in range(60):
        stock = np.maximum(stock - 0.01, 0)
    said = [f"{number:.10g}" for number in stock[0, 0].tolist() * 40]
    assert said
    return thread_time() - began
