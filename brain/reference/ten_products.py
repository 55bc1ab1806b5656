"""Ordering for the ten products by a learnt net: PPO around tuned levels, one net for each.

The reward alone pays for serving fewer customers than a buyer would want to: the best policies
serve less than 98 %. Training counts an unmet unit dearer; of the nets on the way, each with its
safety factors shifted until it serves just enough, the best is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from brain.reference.net_policy import NetPolicy
from brain.reference.settings import LearnSettings, PpoSettings, Watch
from data.errors import DataError
from envs.reference.ten_products import Episodes, draw, follow, replay
from envs.reference.ten_products_bounds import clairvoyant
from envs.reference.ten_products_lanes import REACH, SEEN, ProductLanes, orders_of, product_view
from envs.reference.ten_products_levels import CELLS, Factors, served_share, tuned

PROBLEM = "ten-products"
STEPS = 3_000_000
"""Decisions about one product each."""
SERVICE = 0.994
"""Units served / units that could be, aimed at [1]. 98.7 % of demand could be served, so it makes a
fill rate of 98.1 %: a little more than 98 %, which must hold on other episodes, too."""
DEARER = 2.6
"""How many times its price an unmet unit counts in training [1]."""
SHIFTS = (-0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15)
"""By how much all safety factors may be shifted, so that a net serves just enough [1]."""
SHORTFALL = 20_000.0
"""What the judge takes off for service that is missed [reward]."""


@dataclass(frozen=True)
class Sizes:
    """How much is played; the defaults take a CPU minute.

    Attributes:
        tuning: episodes that the levels acted around are tuned on.
        judging: episodes on which the best policy of a training is chosen.
        lanes: episodes learnt from at once.
    """

    tuning: int = 2000
    judging: int = 1000
    lanes: int = 256


def centre_of(seed: int, sizes: Sizes | None = None, service: float = SERVICE) -> Factors:
    """The best levels that do not look at the state, among those that serve so much."""
    return tuned(_rng(seed, 1), (sizes or Sizes()).tuning, service=service)


def teach(
    steps: int,
    seed: int,
    centre: Factors,
    sizes: Sizes | None = None,
    watch: Watch | None = None,
) -> NetPolicy:
    """A net that orders for each product.

    Args:
        steps: decisions to learn from.
        seed: of everything random.
        centre: the levels it acts around.
        sizes: how much is played.
        watch: where the training is shown.
    """
    from brain.reference.learners import learn

    sizes, watch = sizes or Sizes(), watch or Watch()
    rng = _rng(seed, 2)
    assortment = draw(rng, sizes.judging)
    demand = assortment.demand(rng)
    possible = replay(assortment, demand, clairvoyant(assortment, demand))

    def worth(policy: NetPolicy) -> float:
        record = follow(assortment, demand, LearntOrders(policy, centre))
        missing = max(SERVICE - served_share(record, possible), 0.0)
        return float(record.reward.mean()) - SHORTFALL * missing

    def judge(policy: NetPolicy) -> float:
        return max(worth(shifted(policy, by)) for by in SHIFTS)

    settings = LearnSettings(
        gamma=0.9,
        ppo=PpoSettings(
            rollout=30, batch=40 * sizes.lanes, epochs=4, gae_lambda=0.8, log_std=(-1.0, -2.0)
        ),
        judge=judge,
        stream=watch.stream,
        log_dir=watch.log_dir,
        log_every=max(steps // 100, 1),
        problem=PROBLEM,
        features=SEEN,
        facts={"centre": centre.z.tolist()},
    )
    world = ProductLanes(sizes.lanes, centre, DEARER)
    policy = learn("ppo", lambda: world, steps, seed, settings, watch.tell)
    return max((shifted(policy, by) for by in SHIFTS), key=worth)


def shifted(policy: NetPolicy, by: float) -> NetPolicy:
    """The policy with all its safety factors higher by so much [1]."""
    *before, (weight, bias) = policy.layers
    return replace(policy, layers=(*before, (weight, bias + by / REACH)))


@dataclass(frozen=True)
class LearntOrders:
    """Orders of a learnt net."""

    policy: NetPolicy
    centre: Factors

    def __call__(self, episodes: Episodes) -> np.ndarray:
        """Orders (E, K) [unit]."""
        distance = self.policy.act(product_view(episodes, self.centre))
        return orders_of(episodes, self.centre, distance)


def orders_by(policy: NetPolicy) -> LearntOrders:
    """The rule of a policy that was read from its folder.

    Raises:
        DataError: it has learnt another problem.
    """
    z = np.array(policy.card.facts.get("centre", ()), dtype=float)
    if policy.card.problem != PROBLEM or z.shape != CELLS or policy.card.features != SEEN:
        raise DataError(
            f"the policy has learnt {policy.card.problem or 'nothing known'!r}, expected "
            f"{PROBLEM!r} as this version plays it; train it with `planner learn {PROBLEM}`"
        )
    return LearntOrders(policy, Factors(z))


def _rng(seed: int, use: int) -> np.random.Generator:
    return np.random.default_rng([seed, use])
