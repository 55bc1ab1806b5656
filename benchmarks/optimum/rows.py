"""From what rules brought on each future to the rows of the table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.special import stdtrit

from benchmarks.optimum.suite import Suite
from benchmarks.results import Row
from envs.metrics import estimate


def rows_of(suite: Suite, brought: Mapping[str, np.ndarray]) -> Iterator[Row]:
    """One row per case and rule, then the suite's mean over its cases where there are several.

    The gap is how much worse than the answer a rule is, as a share of the answer.

    Args:
        suite: what was played.
        brought: by rule, the answer among them, training by training on each future (S, P, R).
    """
    unit = "cost/period" if suite.better == "lower" else "profit/season"
    best = brought[suite.answer.name][0].mean(axis=0)
    for row, case in enumerate(suite.rows):
        for rule, values in brought.items():
            yield _row(suite, case, rule, values[..., row], unit, float(best[row]))
    if len(suite.rows) > 1:
        for rule, values in brought.items():
            if rule != suite.answer.name:
                yield _row(suite, suite.name, rule, (values / best).mean(axis=2), "x", 1.0)


def _row(suite: Suite, case: str, rule: str, values: np.ndarray, unit: str, answer: float) -> Row:
    found = estimate(values.mean(axis=0))
    half = np.hypot(found.high - found.value, _between(values.mean(axis=1)))
    ratio = found.value / answer
    return Row(
        case=case,
        policy=rule,
        value=found.value,
        low=float(found.value - half),
        high=float(found.value + half),
        unit=unit,
        reference=suite.answer.name,
        ratio=ratio,
        n=values.size,
        gap=ratio - 1 if suite.better == "lower" else 1 - ratio,
    )


def _between(means: np.ndarray) -> float:
    """Half the 95 % interval of the mean over trainings (S,), Student's t; 0 for one alone."""
    count = len(means)
    if count < 2:
        return 0.0
    return float(stdtrit(count - 1, 0.975) * means.std(ddof=1) / np.sqrt(count))
