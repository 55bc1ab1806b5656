"""Weekly container orders by a learnt net (PPO), for one problem's items."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain.reference.net_policy import NetPolicy
from brain.reference.settings import LearnSettings, PpoSettings, Watch
from data.containers import WeeklyProblem
from data.errors import DataError
from envs.reference.weekly_containers import Weeks, follow, orders_of, seen
from envs.reference.weekly_containers_env import WeeklyLanes

PROBLEM = "weekly-containers"
STEPS = 200_000
"""Weeks to learn from."""
JUDGING = 400
"""Paths on which the best policy of a training is chosen."""
LANES = 64


@dataclass(frozen=True)
class LearntOrders:
    """The orders of a learnt net."""

    policy: NetPolicy

    def __call__(self, weeks: Weeks) -> np.ndarray:
        """(P, K) [unit]."""
        return orders_of(weeks, self.policy.act(seen(weeks)))


def teach(steps: int, seed: int, problem: WeeklyProblem, watch: Watch | None = None) -> NetPolicy:
    """A net that orders for a problem, learnt on demand of its own.

    Args:
        steps: weeks to learn from.
        seed: of everything random.
        problem: items, stock, containers.
        watch: where the training is shown.
    """
    from brain.reference.learners import learn

    watch = watch or Watch()
    kept = problem.demand(np.random.default_rng([seed, 2]), JUDGING)

    def judge(policy: NetPolicy) -> float:
        return float(follow(problem, kept, LearntOrders(policy)).value.mean())

    settings = LearnSettings(
        gamma=0.999,
        learning_rate=(1e-3, 5e-5),
        ppo=PpoSettings(
            rollout=4 * problem.weeks, batch=256, epochs=8, gae_lambda=0.95, log_std=(-1.0, -3.0)
        ),
        judge=judge,
        judgements=20,
        stream=watch.stream,
        log_dir=watch.log_dir,
        log_every=max(steps // 100, 1),
        problem=PROBLEM,
        facts={"items": list(problem.item), "weeks": problem.weeks},
    )
    world = WeeklyLanes(problem, LANES)
    return learn("ppo", lambda: world, steps, seed, settings, watch.tell)


def orders_by(policy: NetPolicy, problem: WeeklyProblem) -> LearntOrders:
    """The rule of a policy that was read from its folder.

    Raises:
        DataError: it has learnt another problem, or other items.
    """
    learnt = policy.card.facts.get("items") if policy.card.problem == PROBLEM else None
    if learnt != list(problem.item):
        what = "other items" if learnt else repr(policy.card.problem or "nothing known")
        raise DataError(
            f"the policy has learnt {what}, expected {PROBLEM!r} with the {len(problem.item)} "
            "items of these tables; a net orders for the items it was trained on, train it anew"
        )
    return LearntOrders(policy)
