"""Ordering, holding and clearing by a learnt net: DQN, and PPO beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from brain.reference.net_policy import NetPolicy
from brain.reference.settings import DqnSettings, LearnSettings, PpoSettings, Watch
from data.errors import DataError
from envs.reference.store_clearance import FEATURES, Shelves, Store, draw
from envs.reference.store_clearance_env import StoreLanes
from envs.reference.store_clearance_policies import follow

PROBLEM = "store-clearance"
STEPS = {"dqn": 200_000, "ppo": 300_000}
"""Hours to learn from."""
GAMMA = 0.995
"""What an hour's delay leaves of a profit, to the learner only [1]."""


@dataclass(frozen=True)
class Sizes:
    """How much is played.

    Attributes:
        judging: episodes on which the best policy of a training is chosen.
        lanes: episodes learnt from at once.
    """

    judging: int = 300
    lanes: int = 50


def teach(
    algorithm: str,
    steps: int,
    seed: int,
    store: Store,
    sizes: Sizes | None = None,
    watch: Watch | None = None,
) -> NetPolicy:
    """A net that chooses for every product of the store, or for its only one.

    Args:
        algorithm: "dqn" or "ppo".
        steps: hours to learn from.
        seed: of everything random.
        store: products, shelf and prices.
        sizes: how much is played.
        watch: where the training is shown.
    """
    from brain.reference.learners import learn

    sizes, watch = sizes or Sizes(), watch or Watch()
    kept = draw(store, np.random.default_rng([seed, 2]), sizes.judging)

    def judge(policy: NetPolicy) -> float:
        return float(follow(store, kept, LearntChoice(policy)).money.profit.mean())

    settings = LearnSettings(
        gamma=GAMMA,
        ppo=PpoSettings(rollout=50, batch=500, epochs=6, gae_lambda=0.9, entropy=0.003),
        dqn=DqnSettings(
            batch=256, idle=5_000, every=1, gradient_steps=4, target_every=10_000, last_random=0.03
        ),
        judge=judge,
        stream=watch.stream,
        log_dir=watch.log_dir,
        log_every=max(steps // 100, 1),
        problem=PROBLEM,
        features=FEATURES,
    )
    world = StoreLanes(store, sizes.lanes)
    return learn(algorithm, lambda: world, steps, seed, settings, watch.tell)


@dataclass(frozen=True)
class LearntChoice:
    """The choices of a learnt net."""

    policy: NetPolicy

    def __call__(self, shelves: Shelves) -> np.ndarray:
        """An action per episode (E,)."""
        return self.policy.act(shelves.seen())


def choices_by(policy: NetPolicy) -> LearntChoice:
    """The rule of a policy that was read from its folder.

    Raises:
        DataError: it has learnt another problem.
    """
    if policy.card.problem != PROBLEM or policy.card.features != FEATURES:
        raise DataError(
            f"the policy has learnt {policy.card.problem or 'nothing known'!r}, expected "
            f"{PROBLEM!r} as this version plays it; train it with `planner learn {PROBLEM}`"
        )
    return LearntChoice(policy)
