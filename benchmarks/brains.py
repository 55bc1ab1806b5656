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
    rows = [
        row
        for brain in shipped()
        for score in evaluate(brain, EVALUATION_SEED_OFFSET + seed, size)
        for row in (
            Row(
                case=f"r={brain.card.cost_ratio:g}",
                policy=score.policy,
                value=score.ratio,
                low=score.low,
                high=score.high,
                unit="x",
                reference=TUNED,
                ratio=score.ratio,
                n=size.products,
            ),
            Row(
                case=f"r={brain.card.cost_ratio:g}/saved by ours",
                policy=score.policy,
                value=score.saving,
                low=score.saving_low,
                high=score.saving_high,
                unit="share of its cost",
                n=size.products,
            ),
        )
    ]
    return result_of("brains", rows, seed, perf_counter() - began, quick)
