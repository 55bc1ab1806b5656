"""Who competes for the weekly containers: programmes re-solved weekly, tuned levels; bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.containers import WeeklyProblem
from envs.metrics import Estimate, estimate
from envs.reference.weekly_containers import Rule, Weeks, follow, position, reach
from milp.containers import best_orders

SHARES = np.round(np.arange(0.0, 1.51, 0.05), 2)
"""Of the full order-up-to level, from which the tuned ones are chosen."""
SWEEPS = 3


@dataclass(frozen=True)
class Resolved:
    """The first orders of the two-stage programme, solved anew each week from what is there.

    Attributes:
        scenarios: S of demand of the weeks that are left; 0 takes the forecast for certain.
        seed: of the scenarios, which are the same for all paths.
    """

    scenarios: int
    seed: tuple[int, ...] = ()

    def __call__(self, weeks: Weeks) -> np.ndarray:
        """(P, K) [unit]; paths that stand alike, as all do at first, are solved once."""
        orders = np.zeros_like(weeks.on_hand)
        known: dict[bytes, np.ndarray] = {}
        for path in range(len(orders)):
            left = weeks.left(path)
            stands = b"".join(part.tobytes() for part in (left.on_hand, left.due, left.last_order))
            if stands not in known:
                rng = np.random.default_rng([*self.seed, weeks.week])
                demand = left.demand(rng, self.scenarios) if self.scenarios else None
                known[stands] = best_orders(left, demand, decided=1).orders[0]
            orders[path] = known[stands]
        return orders


def up_to(shares: np.ndarray) -> Rule:
    """Up to a share of the full level, week by week (T,)."""
    return lambda weeks: np.rint(
        np.maximum(shares[weeks.week] * reach(weeks) - position(weeks), 0.0)
    )


def tuned_levels(problem: WeeklyProblem, demand: np.ndarray) -> Rule:
    """Order-up-to levels whose share in each week is the best on these paths.

    One week's share after the other is chosen from a grid, several times around.
    """
    shares = np.full(problem.weeks, 0.6)
    for _ in range(SWEEPS):
        for week in range(problem.weeks):
            values = []
            for share in SHARES:
                shares[week] = share
                values.append(follow(problem, demand, up_to(shares)).value.mean())
            shares[week] = SHARES[int(np.argmax(values))]
    return up_to(shares)


def perfect_information(problem: WeeklyProblem, demand: np.ndarray) -> np.ndarray:
    """What nobody can beat on each path, its demand known from the start (P,) [money]."""
    return np.array(
        [best_orders(problem, path[None], decided=0, whole=False).bound for path in demand]
    )


def two_stage_bound(
    problem: WeeklyProblem, rng: np.random.Generator, replications: int, scenarios: int
) -> Estimate:
    """A bound on every policy's expected value, estimated from independent samples [money].

    The optimum over a sample is on average no worse than the true one (Mak, Morton and Wood 1999,
    Operations Research Letters 24, theorem 1), which later weeks that know their scenario only
    raise; `high` is the bound that holds with 97.5 % confidence.
    """
    values = [
        best_orders(problem, problem.demand(rng, scenarios), decided=1, whole=False).bound
        for _ in range(replications)
    ]
    return estimate(np.array(values))
