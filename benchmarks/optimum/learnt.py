"""The rules that were learnt for a suite; the one place where training enters this benchmark."""

from __future__ import annotations

from benchmarks.optimum.suite import RuleFactory, Suite


def learnt(suite: Suite, seed: int, quick: bool) -> dict[str, RuleFactory]:
    """Rules by the name of their column, each for all rows of the suite.

    For OR-Gym's season a rule should ask within reach (`orgym.within_reach`): then nothing is ever
    owed, and no order is charged as unfilled, whatever the net wishes for.

    Args:
        suite: its `lanes` and `opening` are what to train on, its `money` what to train for.
        seed: of the training.
        quick: a short training, to see that all works.
    """
    return {}
