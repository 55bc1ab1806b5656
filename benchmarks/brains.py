"""How good the shipped brains are, on products and futures they never saw."""

from __future__ import annotations

from time import perf_counter

from benchmarks.results import Result, Row, result_of
from brain.evaluation import TUNED, Examination, evaluate
from brain.registry import shipped

EVALUATION_SEED_OFFSET = 30
"""Seed 1 judges on products that nothing was chosen on, not even the brains' cards."""


def run(quick: bool, seed: int) -> Result:
    """Cost over that of constants tuned per product, and the shares saved, class by class."""
    began = perf_counter()
    size = Examination(products=24, paths=8, periods=240) if quick else Examination()
    rows = []
    for brain in shipped():
        case = f"r={brain.card.cost_ratio:g}"
        for score in evaluate(brain, EVALUATION_SEED_OFFSET + seed, size):
            who, n = score.policy, size.products
            cost = (score.ratio, score.low, score.high)
            rows.append(Row(case, who, *cost, "x", TUNED, score.ratio, n))
            saved = (score.saving, score.saving_low, score.saving_high)
            rows.append(Row(f"{case}/saved by ours", who, *saved, "share of its cost", n=n))
    return result_of("brains", rows, seed, perf_counter() - began, quick)
