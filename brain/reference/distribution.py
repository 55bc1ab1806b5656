"""The distribution problem by every learner: PPO, REINFORCE, and search over a small net's weights.

A course says what is played and what is learnt on: a year is learnt on episodes of eight weeks, in
the first half of which no end is in sight, as in most of a year.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np

from brain.reference.net_policy import NetPolicy
from brain.reference.q_learning import QSettings, QTable, learn_table
from brain.reference.reinforce import ReinforceSettings, learn_by_reinforce
from brain.reference.search import SearchSettings, Shape, search
from brain.reference.settings import Judge, LearnSettings, PpoSettings, Watch
from brain.reference.stream import Line, append
from data.errors import ConfigurationError, DataError
from envs.policies import Situation
from envs.reference.distribution import (
    FAR,
    FEATURES,
    MONTH,
    RETAILERS,
    YEAR,
    Distribution,
    mean_profit,
    sample_demand,
)
from envs.reference.distribution_env import (
    JOINT,
    Choice,
    DistributionConfig,
    DistributionEnv,
    DistributionLanes,
    Sight,
    levels_of,
)
from envs.reference.distribution_policies import Stocked

PROBLEM = "distribution"
ALGORITHMS = ("ppo", "reinforce", "local-search", "simulated-annealing")
"""What learns nets."""
TABLE = "q-learning"
"""What learns a table."""
LANES = 64
"""Episodes that PPO learns from at once; REINFORCE takes twice as many."""
EPISODES = 500
"""Of Q-learning."""
PPO = PpoSettings(rollout=FAR, batch=448, gae_lambda=0.9, entropy=0.003)
HIDDEN = (8,)
"""Units of the net that is searched for."""


@dataclass(frozen=True)
class Course:
    """What is played, and how it is learnt.

    Attributes:
        name: on the command line and in the card.
        task: what is played.
        lesson: what all but the searches learn on.
        judged: scenarios by which nets are judged.
        gamma: what a day leaves of a profit, to the learners only: to REINFORCE, to PPO [1].
        temperature: of annealing, first and last [money/episode].
        steps: what each of `ALGORITHMS` takes: decisions, updates, nets judged, nets judged.
    """

    name: str
    task: Distribution
    lesson: Distribution
    judged: int
    gamma: tuple[float, float]
    temperature: tuple[float, float]
    steps: tuple[int, int, int, int]

    def usual(self, algorithm: str) -> int:
        """What a learner takes if nobody says."""
        return EPISODES if algorithm == TABLE else self.steps[ALGORITHMS.index(algorithm)]

    def kept(self, seed: int) -> np.ndarray:
        """Demand of the scenarios that nets are judged by (P, T, 2) [unit]."""
        return sample_demand(self.task, np.random.default_rng([seed, 2]), self.judged)


COURSES = MappingProxyType(
    {
        course.name: course
        for course in (
            Course(
                "month",
                task=MONTH,
                lesson=MONTH,
                judged=48,
                gamma=(1.0, 0.97),
                temperature=(300.0, 3.0),
                steps=(300_000, 400, 1000, 1000),
            ),
            Course(
                "year",
                task=YEAR,
                lesson=replace(YEAR, days=2 * FAR),
                judged=16,
                gamma=(0.97, 0.95),
                temperature=(2000.0, 20.0),
                steps=(600_000, 400, 600, 600),
            ),
        )
    }
)
"""By name on the command line."""


def course_of(name: str) -> Course:
    """The course of that name.

    Raises:
        ConfigurationError: there is none.
    """
    if name not in COURSES:
        raise ConfigurationError(f"no course {name!r}; expected one of {', '.join(COURSES)}")
    return COURSES[name]


def teach(
    algorithm: str,
    steps: int,
    seed: int,
    course: Course,
    judged: np.ndarray | None = None,
    watch: Watch | None = None,
) -> NetPolicy:
    """A net that orders for a course.

    Args:
        algorithm: one of `ALGORITHMS`.
        steps: decisions of PPO, updates of REINFORCE, nets that a search judges.
        seed: of everything random.
        course: what is learnt.
        judged: scenarios of the course (P, T, 2) by which a search judges nets and PPO's best one
            is chosen [unit]; `course.kept` if not given.
        watch: where the training is shown.

    Raises:
        ConfigurationError: no such algorithm.
    """
    if algorithm not in ALGORITHMS:
        raise ConfigurationError(
            f"algorithm {algorithm!r} is not known; use one of {', '.join(ALGORITHMS)}"
        )
    judged = course.kept(seed) if judged is None else judged
    watch = watch or Watch()
    if algorithm == "ppo":
        return _by_ppo(steps, seed, course, judged, watch)
    tell = partial(_told, watch)
    if algorithm == "reinforce":
        return learn_by_reinforce(
            DistributionLanes(_config(course.lesson, Choice.MENU), 2 * LANES),
            seed,
            ReinforceSettings(
                updates=steps, gamma=course.gamma[0], problem=course.name, features=FEATURES
            ),
            tell,
            scaling(course.task),
        )
    heat = course.temperature if algorithm == "simulated-annealing" else None
    settings = SearchSettings(steps, temperature=heat)
    judge = judge_of(course.task, judged)
    return search(shape(course.task, course.name), judge, seed, settings, tell)


def teach_table(episodes: int, seed: int, course: Course) -> QTable:
    """A table of joint orders by the levels of the positions, learnt on so many lessons."""
    return learn_table(
        DistributionEnv(DistributionConfig(course.lesson)), seed, QSettings(episodes)
    )


def playing(task: Distribution, net: NetPolicy) -> Stocked:
    """A net as a policy: choices are looked up, numbers are units.

    Raises:
        DataError: it has learnt another problem.
    """
    if net.card.features != FEATURES:
        raise DataError(
            f"the policy has learnt {net.card.problem or 'nothing known'!r}, expected one that is "
            f"shown what `planner learn {PROBLEM}` shows; train it anew"
        )
    return Stocked(task, lambda seen: JOINT[net.act(seen)] if net.discrete else net.act(seen))


@dataclass(frozen=True)
class Tabled:
    """A table of joint orders by the levels of the positions, as a policy."""

    task: Distribution
    table: QTable

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, 3, 1) [unit]."""
        return JOINT[self.table.act(levels_of(self.task, situation.state))][..., None]


def judge_of(task: Distribution, demand: np.ndarray) -> Judge:
    """Mean profit of a net on demand (P, T, 2) [money]."""
    return lambda net: mean_profit(task, playing(task, net), demand)


def scaling(task: Distribution) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread of what is seen where random orders are in the mean what is sold (13,)."""
    rng, mean = np.random.default_rng(0), float(np.mean(task.mean))
    lanes = DistributionLanes(_config(replace(task, days=min(FAR, task.days)), Choice.UNITS), 32)
    largest = 2 * mean * np.array([1.0, 1.0, RETAILERS])
    seen, over = [lanes.reset(rng)], False
    while not over:
        observed, _, over, _ = lanes.step(rng.uniform(0, 1, (32, 3)) * largest)
        seen.append(observed)
    told = np.concatenate(seen)
    return told.mean(axis=0), np.maximum(told.std(axis=0), 1.0)


def shape(task: Distribution, problem: str) -> Shape:
    """The small net of a search, which orders in units."""
    mean = max(task.mean)
    largest = np.array([5 * mean, 5 * mean, 10 * mean])
    return Shape(HIDDEN, *scaling(task), np.zeros(3), largest, problem=problem, features=FEATURES)


def _by_ppo(steps: int, seed: int, course: Course, judged: np.ndarray, watch: Watch) -> NetPolicy:
    # torch is loaded only here.
    from brain.reference.learners import learn

    config = _config(course.lesson, Choice.MENU)
    settings = LearnSettings(
        ppo=PPO,
        gamma=course.gamma[1],
        judge=judge_of(course.task, judged),
        judgements=20,
        stream=watch.stream,
        log_dir=watch.log_dir,
        log_every=max(steps // 100, 1),
        problem=course.name,
        features=FEATURES,
    )
    return learn("ppo", lambda: DistributionLanes(config, LANES), steps, seed, settings, watch.tell)


def _told(watch: Watch, line: Line) -> None:
    """A line to the stream, and to whoever asked."""
    if watch.stream is not None:
        append(watch.stream, line)
    if watch.tell is not None:
        watch.tell(line)


def _config(task: Distribution, choice: Choice) -> DistributionConfig:
    return DistributionConfig(task, Sight.STOCK, choice)
