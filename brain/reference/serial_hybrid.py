"""Safety stock for `serial-hybrid` by a learnt net: PPO around tuned constants, for every ratio.

The net answers with safety factors, which follow sigma by themselves. It learns by decisions of a
day: held for ten days, no answer is worth more than constants are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from brain.reference.net_policy import NetPolicy
from brain.reference.settings import LearnSettings, PpoSettings, Watch
from data.errors import DataError
from envs.policies import HIGHEST_Z, LOWEST_Z, Situation, constant
from envs.reference.serial_hybrid import LARGEST_SIGMA, RATIOS, STAGES, Course, Drawn, draw
from envs.reference.serial_hybrid_chains import (
    Chains,
    Factors,
    Search,
    expected_costs,
    side_by_side,
    tuned,
)
from envs.reference.serial_hybrid_lanes import SEEN, SerialHybridLanes, view
from envs.reference.serial_profiles import PROFILES

PROBLEM = "serial-hybrid"
STEPS = 5_000_000
"""Decisions to learn from, of one chain for a day each."""
KNOTS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Cost ratios at which the constants are tuned [1]."""


@dataclass(frozen=True)
class Lesson:
    """What is learnt on; the defaults take a CPU minute and a half.

    Attributes:
        profiles: lead times that are met, in equal parts.
        review: days that a decision is held for [day].
        lanes: chains learnt from at once.
        judging: chains on which the best policy of a training is chosen.
        search: for the constants that are acted around.
    """

    profiles: tuple[str, ...] = PROFILES
    review: int = 1
    lanes: int = 2048
    judging: int = 600
    search: Search = field(default_factory=Search)

    def courses(self, cost_ratio: float | tuple[float, float]) -> tuple[Course, ...]:
        """One for each profile."""
        return tuple(Course(cost_ratio=cost_ratio, profile=name) for name in self.profiles)


class LearntFactors:
    """Safety factors of a learnt net, asked anew every review.

    Args:
        policy: the net.
        centre: the constants around which it acts.
        chains: the products.
        review: days that an answer is held for [day].
    """

    def __init__(self, policy: NetPolicy, centre: Factors, chains: Chains, review: int) -> None:
        self.chains = chains
        self._policy, self._review = policy, review
        self._centre = centre.of(chains.ratio)
        self._answer: np.ndarray | None = None

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) [1]."""
        state = situation.state
        held = self._answer
        if held is None or len(held) != len(state.on_hand) or state.period % self._review == 0:
            seen = view(state, self.chains)
            distance = self._policy.act(seen.reshape(-1, seen.shape[-1]))
            distance = distance.reshape(*seen.shape[:2], STAGES).swapaxes(1, 2)
            held = self._answer = np.clip(self._centre + distance, LOWEST_Z, HIGHEST_Z)
        return held


def centre_of(
    seed: int, cost_ratio: float | tuple[float, float], lesson: Lesson | None = None
) -> Factors:
    """The constants that a net acts around, tuned on all that it will meet."""
    lesson = lesson or Lesson()
    least, greatest = np.broadcast_to(cost_ratio, 2)
    knots = sorted({float(least), float(greatest), *(r for r in KNOTS if least < r < greatest)})
    mix = _kinds(lesson.courses(cost_ratio))
    return tuned(np.random.default_rng([seed, 1]), mix, knots, lesson.search)


def teach(
    steps: int,
    seed: int,
    cost_ratio: float | tuple[float, float] = RATIOS,
    lesson: Lesson | None = None,
    watch: Watch | None = None,
) -> NetPolicy:
    """A net that sets safety factors for products of these cost ratios.

    The judge counts what it saves against the constants, in per cent, product by product.

    Args:
        steps: decisions to learn from; sigma grows from 3 by 5 to 10 over them.
        seed: of everything random.
        cost_ratio: of the products, or two bounds [1].
        lesson: what else it learns on.
        watch: where the training is shown.
    """
    from brain.reference.learners import learn

    lesson, watch = lesson or Lesson(), watch or Watch()
    courses = lesson.courses(cost_ratio)
    centre = centre_of(seed, cost_ratio, lesson)
    rng = np.random.default_rng([seed, 2])
    kinds = _kinds(courses)
    count = max(lesson.judging // len(kinds), 1)
    kept = side_by_side([draw(rng, replace(kind, products=count)) for kind in kinds])
    demand = kept.demand(rng)
    usual = expected_costs(kept, constant(centre.of(kept.ratio)), demand)

    def judge(policy: NetPolicy) -> float:
        rule = LearntFactors(policy, centre, kept, lesson.review)
        return 100 * float(1 - (expected_costs(kept, rule, demand) / usual).mean())

    facts = {
        "cost_ratio": np.broadcast_to(cost_ratio, 2).tolist(),
        "profiles": list(lesson.profiles),
        "review": lesson.review,
        "ratios": centre.ratios.tolist(),
        "z": centre.z.tolist(),
    }
    settings = replace(_settings(steps, lesson, watch), judge=judge, facts=facts)
    world = SerialHybridLanes(lesson.lanes, steps, centre, courses, lesson.review)
    return learn("ppo", lambda: world, steps, seed, settings, watch.tell)


def _settings(steps: int, lesson: Lesson, watch: Watch) -> LearnSettings:
    """How it is learnt.

    A day's decision shows its worth over two weeks, so returns are taken over many days, and
    batches are large, since a day says little.
    """
    return LearnSettings(
        gamma=0.97,
        learning_rate=(2e-3, 2e-5),
        ppo=PpoSettings(
            rollout=44, batch=4 * lesson.lanes, epochs=4, gae_lambda=0.97, log_std=(-1.5, -2.5)
        ),
        judgements=15,
        stream=watch.stream,
        log_dir=watch.log_dir,
        log_every=max(steps // 100, 1),
        problem=PROBLEM,
        features=SEEN,
    )


def factors_by(policy: NetPolicy, drawn: Drawn, review: int | None = None) -> LearntFactors:
    """The safety factors of a policy for a drawn problem, for `SafetyStockRule`.

    Args:
        policy: as taught, or as read from its folder.
        drawn: products K; what they share is left to whoever plans with the answer.
        review: days that an answer is held for, as it was learnt if not given [day].

    Raises:
        DataError: it has learnt another problem.
    """
    facts = policy.card.facts
    z = np.array(facts.get("z", ()), dtype=float)
    known = z.ndim == 2 and z.shape[1] == STAGES and len(facts.get("ratios", ())) == len(z)
    if policy.card.problem != PROBLEM or policy.card.features != SEEN or not known:
        raise DataError(
            f"the policy has learnt {policy.card.problem or 'nothing known'!r}, expected "
            f"{PROBLEM!r} as this version plays it; train it with `planner learn {PROBLEM}`"
        )
    centre = Factors(np.array(facts["ratios"], dtype=float), z)
    alone = replace(drawn, course=replace(drawn.course, coupled=False))
    held = facts["review"] if review is None else review
    return LearntFactors(policy, centre, side_by_side([alone]), held)


def _kinds(courses: tuple[Course, ...]) -> list[Course]:
    """The courses at every sigma of the curriculum."""
    return [course.take_sigma(sigma) for course in courses for sigma in LARGEST_SIGMA]
