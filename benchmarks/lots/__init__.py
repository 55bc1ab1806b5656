"""`planner bench lots`: plans in whole lots, with the gap that is proved and the time it took.

Cases `500` and `5000`: products of the shipped sample's kind with lots, smallest orders and order
costs, two weeks ahead, the first of them in lots; beside it HiGHS, given the whole programme for
the same time. Cases `trigeiro/...`: single-stage lot sizing under a shared capacity with setup
times, like the instances of Trigeiro, Thomas and McClain (1989).
"""

from __future__ import annotations

from time import perf_counter

import numpy as np

from benchmarks.lots.monolith import whole_programme
from benchmarks.lots.problem import lot_problem
from benchmarks.lots.setups import Answer, by_prices, by_solver
from benchmarks.lots.trigeiro import Family, instance_like
from benchmarks.results import Result, Row, result_of
from milp.effort import gap_of
from milp.lots.plan import Effort
from milp.lots.reconcile import reconcile_in_lots
from planner.engine import engine_of

SIZES = {500: Effort(gap=0.01, seconds=45.0), 5000: Effort(gap=0.015, seconds=360.0)}
"""Products, and what their plan should come to in how long."""
QUICK = {60: Effort(gap=0.02, seconds=20.0)}
FAMILIES = (
    Family(12, 15),
    Family(24, 15, utilisation=0.95),
    Family(24, 30, utilisation=0.95, long_setups=True),
)
QUICK_FAMILIES = (Family(4, 8),)
SETUP_SECONDS, QUICK_SECONDS = 30.0, 4.0
OURS, SOLVER = "ours", "HiGHS, whole programme"


def run(quick: bool, seed: int) -> Result:
    """Gap, seconds and bounds per size, ours and HiGHS's."""
    start = perf_counter()
    rows = []
    for products, effort in (QUICK if quick else SIZES).items():
        rows += _lots(products, effort, seed)
    seconds = QUICK_SECONDS if quick else SETUP_SECONDS
    for family in QUICK_FAMILIES if quick else FAMILIES:
        instance = instance_like(family, seed)
        case = f"trigeiro/{family.items}x{family.periods}"
        ours = by_prices(instance, seconds, seed)
        rows += _answer(case, OURS, ours) + _answer(case, SOLVER, by_solver(instance, seconds))
    return result_of("lots", rows, seed, perf_counter() - start, quick)


def _lots(products: int, effort: Effort, seed: int) -> list[Row]:
    """One size of the sample's kind."""
    task = lot_problem(products, seed)
    with engine_of() as engine:
        plan = reconcile_in_lots(task, effort, engine)
    ours = Answer(plan.lower, plan.upper, plan.seconds)
    solver = whole_programme(task, effort.days, effort.seconds)
    return _answer(str(products), OURS, ours) + _answer(str(products), SOLVER, solver)


def _answer(case: str, policy: str, answer: Answer) -> list[Row]:
    """Gap, time and bounds of one answer; NaN where there is none."""
    gap = gap_of(answer.lower, answer.upper)
    return [
        Row(case, policy, gap, gap, gap, "gap", gap=gap if np.isfinite(gap) else None),
        *(
            Row(f"{case}/{name}", policy, value, value, value, unit)
            for name, value, unit in (
                ("seconds", answer.seconds, "s"),
                ("lower", answer.lower, "money"),
                ("upper", answer.upper, "money"),
            )
        ),
    ]
