"""Our own advice, corrected by what the past of products like each other has shown.

Two things are settled group by group on the validation days. Whether brains are asked about
products whose forecast errors are larger than any they have learnt, or theory is. And what is added
to the advice: a constant per stage, taken only where it would have saved the group more than chance
explains, for a correction that noise has chosen costs more later than it ever saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from brain.advice import advisor_of
from brain.brain import Brain
from data.engine import Engine
from envs.policies import Policy, SafetyStockRule, Situation
from planner.backtest.tuning import Tuning, grid_of, played
from planner.backtest.walk import Rule
from planner.problem import Problem

ADDED = ((-2.0, -1.0, -0.4, 0.0, 0.4, 1.0, 2.0), (-0.7, 0.0, 0.7))
"""What is added to safety factors at the shelf and at every stage above [1]."""
SURE = 2.0
"""Standard errors, over the products of a group, that a correction must have saved."""
FEWEST = 20
"""Products from which on a group has a correction of its own."""


@dataclass(frozen=True)
class Corrections:
    """What is changed about the advice for K products.

    Attributes:
        beyond: True where brains are asked beyond the forecast errors they have learnt (K,).
        added: to safety factors (M, K) [1].
    """

    beyond: np.ndarray
    added: np.ndarray


def no_corrections(stages: int, products: int) -> Corrections:
    """Advice as it is."""
    return Corrections(np.zeros(products, bool), np.zeros((stages, products)))


@dataclass(frozen=True)
class AddedTo:
    """Plays corrections (G, M, K) of advice on G paths.

    Attributes:
        brains: who may be asked; those shipped if not given.
        beyond: whether beyond what they have learnt, all products alike.
    """

    brains: Sequence[Brain] | None
    beyond: bool

    def __call__(self, values: np.ndarray) -> Rule:
        """The rule of the candidates."""
        return _Corrected(self, values)


@dataclass(frozen=True)
class _Corrected:
    to: AddedTo
    added: np.ndarray

    def __call__(self, problem: Problem) -> Policy:
        """The rule of a month."""
        beyond = np.full(len(problem.scenario.products), self.to.beyond)
        advisor = advisor_of(problem.scenario, problem.outlook, self.to.brains, beyond)

        def factors(situation: Situation) -> np.ndarray:
            return np.asarray(advisor(situation) + self.added)

        return SafetyStockRule(problem.outlook, factors)


def corrections_of(
    tuning: Tuning, brains: Sequence[Brain] | None = None, engine: Engine | None = None
) -> Corrections:
    """What the past would have changed about the advice.

    Args:
        tuning: what candidates are played on.
        brains: who may be asked; those shipped if not given.
        engine: plays the candidates; this process if not given.
    """
    stages = len(tuning.months[0].problem.scenario.network)
    grid = grid_of(*ADDED, stages)
    nothing = int(np.flatnonzero((grid == 0).all(axis=1))[0])
    values = grid[:, :, None]
    paid = np.stack(
        [
            played(tuning, AddedTo(brains, beyond), values, engine).sum(axis=0)
            for beyond in (False, True)
        ]
    )
    found = no_corrections(stages, len(tuning.group))
    for members in _groups(tuning.group):
        plain = paid[:, nothing][:, members].sum(axis=1)
        beyond = bool(plain[1] < plain[0])
        found.beyond[members] = beyond
        found.added[:, members] = grid[_surely_best(paid[int(beyond)][:, members], nothing)][
            :, None
        ]
    return found


def _groups(group: np.ndarray) -> list[np.ndarray]:
    """The products of every group; groups of fewer than `FEWEST` are one."""
    numbers, sizes = np.unique(group, return_counts=True)
    large = [np.flatnonzero(group == own) for own in numbers[sizes >= FEWEST]]
    small = np.flatnonzero(np.isin(group, numbers[sizes < FEWEST]))
    return [*large, small] if small.size else large


def _surely_best(paid: np.ndarray, nothing: int) -> int:
    """The candidate that has saved most for certain; the one that changes nothing if none has.

    Args:
        paid: by candidates and the products of a group (G, n) [money].
        nothing: which candidate changes nothing.
    """
    saved = paid[nothing] - paid
    count = saved.shape[1]
    if count < 2:
        return nothing
    certain = saved.sum(axis=1) - SURE * saved.std(axis=1, ddof=1) * np.sqrt(count)
    best = int(certain.argmax())
    return best if certain[best] > 0 else nothing
