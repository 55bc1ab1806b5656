"""`planner bench optimum`: how far rules are from the best there is, where that is known.

Four suites: serial systems whose customers wait (two of them, exact by Clark and Scarf 1960), one
stage whose sales are lost (exact by dynamic programming), and OR-Gym's season (bounded by perfect
information). Rivals are tuned on futures of their own; all rules are judged on the same.
"""

from __future__ import annotations

from time import perf_counter

from benchmarks.optimum import lost_sales, orgym, serial
from benchmarks.optimum.learnt import learnt
from benchmarks.optimum.rows import rows_of
from benchmarks.optimum.suite import QUICK, Effort, Suite, judged
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
        rules = rivals | learnt(suite, seed, quick)
        brought = judged(suite, rules, stream(seed, Purpose.HELD_OUT), effort)
        rows.extend(rows_of(suite, brought))
    return result_of("optimum", rows, seed, perf_counter() - began, quick)
