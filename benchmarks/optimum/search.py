"""Constants found by simulation: a pattern search of all rows of a suite at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.optimum.suite import LANES_AT_ONCE, Suite, always, played
from envs.policies import Policy

PolicyOf = Callable[[np.ndarray], Policy]
"""The rule with the given constants (P, N, R), one set to a path."""
MOST_ROUNDS = 60


def moves(constants: int) -> np.ndarray:
    """Directions to try (C, N): nothing, then each of these both ways.

    A constant by itself; it and all that follow it, which for echelon levels moves one stage's own
    stock; it against the next.
    """
    alone = np.eye(constants)
    onwards = np.triu(np.ones((constants, constants)))[:-1]
    against = alone[:-1] - alone[1:]
    ways = np.unique(np.concatenate([alone, onwards, against]), axis=0)
    return np.concatenate([np.zeros((1, constants)), ways, -ways])


def found_by_simulation(
    suite: Suite,
    policy_of: PolicyOf,
    start: np.ndarray,
    demand: np.ndarray,
    steps: tuple[float, float] = (8.0, 1.0),
    lowest: float = 0.0,
) -> np.ndarray:
    """The constants (N, R) that serve each row best on these futures, demand (P, T, R) [unit].

    Every move is tried on the same demand; a row whose best move is none goes on with half the
    step (Hooke and Jeeves 1961, Journal of the ACM 8(2)). An eighth of the futures shows where to
    look, all of them decide.

    Args:
        suite: whose money decides.
        policy_of: the rule with given constants.
        start: where the search begins (N, R).
        demand: the futures to tune on.
        steps: the first and the last step.
        lowest: no constant goes below it.
    """
    few = demand[: max(1, len(demand) // 8)]
    near = _searched(suite, policy_of, start, few, steps, lowest)
    return _searched(suite, policy_of, near, demand, (steps[1], steps[1]), lowest)


def _searched(
    suite: Suite,
    policy_of: PolicyOf,
    start: np.ndarray,
    demand: np.ndarray,
    steps: tuple[float, float],
    lowest: float,
) -> np.ndarray:
    ways = moves(len(start))
    best, step = start.astype(float), np.full(start.shape[1], steps[0])
    for _ in range(MOST_ROUNDS):
        tried = np.maximum(best + ways[..., None] * step, lowest)
        chosen = _values(suite, policy_of, tried, demand).argmin(axis=0)
        best = np.take_along_axis(tried, chosen[None, None], axis=0)[0]
        step = np.where(chosen == 0, step / 2, step)
        step = np.where(step < steps[1], 0.0, step)
        if not step.any():
            break
    return best


def _values(suite: Suite, policy_of: PolicyOf, tried: np.ndarray, demand: np.ndarray) -> np.ndarray:
    """Mean over the futures of what sets of constants (C, N, R) bring (C, R); less is better."""
    sign = 1.0 if suite.better == "lower" else -1.0
    batch = max(1, LANES_AT_ONCE // (len(tried) * len(suite.rows)))
    total = np.zeros((len(tried), len(suite.rows)))
    for first in range(0, len(demand), batch):
        some = demand[first : first + batch]
        policy = policy_of(np.repeat(tried, len(some), axis=0))
        brought = played(suite, always(policy), np.tile(some, (len(tried), 1, 1)))
        total += sign * brought.reshape(len(tried), len(some), -1).sum(axis=1)
    return total / len(demand)
