"""A trial: a submission orders for a course's scenarios, and what it earned is counted here.

The simulator and the scenarios stay in this process; the submission sees each morning's stock and
answers with orders.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from data.errors import ConfigurationError
from envs.policies import Policy, ReorderPoint
from envs.reference.distribution import (
    FEATURES,
    MONTH,
    STAGES,
    YEAR,
    Distribution,
    play,
    sample_demand,
)
from envs.reference.distribution_policies import DaysOfCover, Stocked
from planner.leaderboard.cage import NEEDED, Limits
from planner.leaderboard.child import Child, StoppedError, Verdict, settled


@dataclass(frozen=True)
class Course:
    """What submissions compete in.

    Attributes:
        name: on the command line.
        task: the facts of the chain.
        scenarios: P; how many a submission meets.
        limits: of its process.
        house: rules that are shown beside submissions, by name.
    """

    name: str
    task: Distribution
    scenarios: int
    limits: Limits
    house: Mapping[str, Policy] = field(default_factory=dict)

    def demand(self, secret: str) -> np.ndarray:
        """The hidden scenarios of a secret, written as hexadecimal digits (P, T, 2) [unit]."""
        rng = np.random.default_rng(int(secret, 16))
        return sample_demand(self.task, rng, self.scenarios)

    def house_returns(self, secret: str) -> dict[str, np.ndarray]:
        """Profit of the house's rules on the hidden scenarios, by name (P,) [money]."""
        demand = self.demand(secret)
        return {
            name: play(self.task, rule, demand).total.sum(axis=1)
            for name, rule in self.house.items()
        }


def _house(
    task: Distribution, points: tuple[int, int], levels: tuple[int, int], cover: Policy
) -> Mapping[str, Policy]:
    """(s, S) of a retailer and the centre, and a rule in days of cover.

    Their numbers are those that `planner bench distribution` tunes.
    """

    def per_stage(values: tuple[int, int]) -> np.ndarray:
        return np.array([values[0], *values], dtype=float)[:, None]

    rules: dict[str, Policy] = {
        "house: (s, S), tuned": ReorderPoint(per_stage(points), per_stage(levels)),
        "house: days of cover, tuned": cover,
    }
    return MappingProxyType(rules)


COURSES = MappingProxyType(
    {
        course.name: course
        for course in (
            Course(
                "month",
                MONTH,
                200,
                Limits(),
                _house(
                    MONTH,
                    (26, 46),
                    (39, 100),
                    DaysOfCover(MONTH, (2.685, 5.168), (3.942, 10.026), (3.764, 2.399), 22.9),
                ),
            ),
            Course(
                "year",
                YEAR,
                40,
                Limits(wall=300.0, cpu=200),
                _house(
                    YEAR,
                    (20, 5),
                    (29, 56),
                    DaysOfCover(YEAR, (3.139, 4.611), (5.044, 12.474), (4.0, 2.605), 20.0),
                ),
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


@dataclass(frozen=True, eq=False)
class Trial:
    """How a submission did.

    Attributes:
        verdict: RANKED, or why it was stopped.
        reason: in words; empty where it was not stopped.
        returns: profit of each scenario (P,) [money]; empty where it was stopped.
        seconds: that its process ran [s].
        layers: which layers of the cage held; empty where it did not come so far.
    """

    verdict: Verdict
    reason: str
    returns: np.ndarray
    seconds: float
    layers: Mapping[str, bool]


def tried(
    submission: Path, course: Course, demand: np.ndarray, weak: bool = False, words: str = ""
) -> Trial:
    """How a submission does on scenarios (P, T, 2).

    Args:
        submission: a Python file, or a folder with policy.py in it.
        course: what it competes in.
        demand: of the scenarios; the submission never sees it beforehand [unit].
        weak: run it although this machine cannot enforce what is needed of the cage.
        words: added to the sentence that refuses to; how a person says `weak`.

    Raises:
        ConfigurationError: it is no submission, or this machine cannot keep it in.
    """
    began = time.monotonic()
    shapes = (len(demand), len(FEATURES)), (len(demand), STAGES)
    verdict, reason, returns = Verdict.RANKED, "", np.zeros(0)
    with settled(submission) as (folder, name), Child(folder, name, shapes, course.limits) as child:
        try:
            child.begin()
            _check(child.layers, weak, words)
            child.load()
            policy = Stocked(course.task, child.ask)
            returns = play(course.task, policy, demand).total.sum(axis=1)
        except StoppedError as stopped:
            verdict, reason = stopped.verdict, stopped.reason
        layers = child.layers
    return Trial(verdict, reason, returns, time.monotonic() - began, layers)


def _check(layers: Mapping[str, bool], weak: bool, words: str) -> None:
    """Nothing of a stranger is run where it could get out, unless a person says so."""
    open_ = [name for name in NEEDED if not layers.get(name)]
    if open_ and not weak:
        raise ConfigurationError(
            f"this machine cannot keep a submission from all it should ({', '.join(open_)} "
            f"cannot be restricted here); run it on a Linux that has Landlock and seccomp{words}"
        )
