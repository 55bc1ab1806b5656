"""`planner bench optimum`: how far rules are from the best there is, where that is known.

Four suites: serial systems whose customers wait (two of them, exact by Clark and Scarf 1960), one
stage whose sales are lost (exact by dynamic programming), and OR-Gym's season (bounded by perfect
information). Rivals are tuned on futures of their own; all rules are judged on the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np

from benchmarks.optimum import lost_sales, orgym, serial
from benchmarks.optimum.learnt import learnt
from benchmarks.optimum.rows import rows_of
from benchmarks.optimum.suite import QUICK, Effort, RuleFactory, Suite, judged
from benchmarks.results import Result, Row, result_of
from brain.population import Purpose, stream

RIVALS = {
    "clark-scarf": serial.rivals,
    "hdpo": serial.rivals,
    "lost-sales": lost_sales.rivals,
    "orgym/v0": orgym.rivals,
    "orgym/v1": orgym.rivals,
}
"""By suite, what makes the rules that learn nothing, by the name of their column."""


def suites() -> tuple[Suite, ...]:
    """All suites, their exact answers solved for on the way."""
    return (
        serial.clark_scarf(),
        serial.hdpo(),
        lost_sales.lost_sales(),
        orgym.orgym("v0"),
        orgym.orgym("v1"),
    )


def run(quick: bool, seed: int) -> Result:
    """Every rule's cost or profit in every case, and how far it is from the answer."""
    began = perf_counter()
    effort = QUICK if quick else Effort()
    rows: list[Row] = []
    for suite in suites():
        rivals = RIVALS[suite.name](suite, stream(seed, Purpose.TUNING), effort)
        every = {name: (rule,) for name, rule in rivals.items()} | learnt(suite, seed, quick)
        rows.extend(_compared(suite, every, stream(seed, Purpose.HELD_OUT), effort))
    return result_of("optimum", rows, seed, perf_counter() - began, quick)


def _compared(
    suite: Suite,
    rules: dict[str, tuple[RuleFactory, ...]],
    rng: np.random.Generator,
    effort: Effort,
) -> Iterator[Row]:
    """The rows of a suite, each rule with one training or several."""
    alone = {(name, n): rule for name, group in rules.items() for n, rule in enumerate(group)}
    named = {f"{name}/{n}": rule for (name, n), rule in alone.items()}
    brought = judged(suite, named, rng, effort)
    together = {suite.answer.name: brought[suite.answer.name][None]}
    for name, group in rules.items():
        together[name] = np.stack([brought[f"{name}/{n}"] for n in range(len(group))])
    return rows_of(suite, together)
