"""The rules that were learnt for a suite; the one place where training enters this benchmark.

One net learns all rows of a suite: the brain's own net, shown the brain's own observations. It
begins as the textbook's rule and learns in hindsight, by trial, or by both; no answer of the suite
is ever shown to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.optimum.orgym import WithinReach
from benchmarks.optimum.practice import SuitePractice
from benchmarks.optimum.suite import RuleFactory, Suite, played, textbook
from benchmarks.optimum.trial import Schedule, teach
from brain.brain import Brain, LearntFactors
from brain.card import Card
from brain.centre import Centre
from brain.hindsight.training import Layers, Student
from brain.population import Population, Purpose, stream
from brain.ppo import own_randomness
from data.outlook import Outlook
from envs.observation import Traits, features
from envs.policies import Policy, SafetyStockRule
from envs.theory import safety_factor

HINDSIGHT, PPO, OURS = "hindsight", "PPO", "ours"
WEEKLY = Schedule(hold=7, discount=0.98)
TRIALS = {
    "lost-sales": Schedule(hold=1, discount=0.99),
    "orgym/v0": Schedule(hold=1, discount=1.0),
    "orgym/v1": Schedule(hold=1, discount=1.0),
}
"""How PPO tries in a suite, if not weekly. A day's exploration drowns in a long chain."""
TUNING_RATE, TUNING_LOG_STD = (1e-4, 1e-5), (-2.0, -3.0)
"""Where PPO goes on from a net that is good already; larger steps only spoil it."""


@dataclass(frozen=True)
class Pace:
    """How long is trained.

    Attributes:
        seeds: trainings in hindsight.
        trial_seeds: how many of them PPO is trained with, too.
        lanes: about so many at a time, all rows together.
        updates: steps down the gradient of hindsight.
        days, warm_up: length of its futures and how much of it does not count, where there is no
            season [period].
        decisions: that PPO learns from, all lanes together.
        tuning: the same where it goes on from hindsight.
        trial_days: length of its futures where there is no season [period].
        paths, periods: futures on which nets are compared, and their length [period].
    """

    seeds: int = 3
    trial_seeds: int = 1
    lanes: int = 256
    updates: int = 600
    days: int = 100
    warm_up: int = 40
    decisions: int = 600_000
    tuning: int = 100_000
    trial_days: int = 224
    paths: int = 48
    periods: int = 600


QUICK = Pace(
    seeds=1,
    lanes=64,
    updates=40,
    days=60,
    warm_up=20,
    decisions=10_000,
    tuning=5_000,
    trial_days=112,
    paths=8,
    periods=200,
)


def learnt(suite: Suite, seed: int, quick: bool) -> dict[str, tuple[RuleFactory, ...]]:
    """Rules by the name of their column, one of each training seed, each for all rows.

    Ours is hindsight's net, or what PPO makes of it where that is better on other futures.

    Args:
        suite: its `lanes` and `opening` are what is trained on, its `money` what for.
        seed: of the trainings.
        quick: a short training, to see that all works.
    """
    pace = QUICK if quick else Pace()
    with own_randomness():
        trained = [
            train(suite, seed * pace.seeds + number, pace, number < pace.trial_seeds)
            for number in range(pace.seeds)
        ]
    return {
        name: tuple(rule_of(brains[name]) for brains in trained if name in brains)
        for name in trained[0]
    }


def train(suite: Suite, seed: int, pace: Pace, with_ppo: bool) -> dict[str, Brain]:
    """One training of each kind; by PPO alone only if asked for."""
    practice = SuitePractice(suite, -(-pace.lanes // len(suite.rows)), pace.days, pace.warm_up)
    if suite.chains.season is not None:
        practice = replace(practice, days=suite.chains.season, warm_up=0)
    hindsight = Contest(suite, seed, pace, "hindsight")
    hindsight.enter(in_hindsight(practice, hindsight.card, pace.updates))

    if suite.chains.season is None:
        practice = replace(practice, days=pace.trial_days, warm_up=0)
    schedule = TRIALS.get(suite.name, WEEKLY)
    centre = hindsight.card.centre
    brains = {HINDSIGHT: hindsight.winner}
    if with_ppo:
        by_trial = Contest(suite, seed, pace, "ppo")
        teach(practice, centre, seed, pace.decisions, schedule, by_trial.enter)
        brains[PPO] = by_trial.winner

    ours = Contest(suite, seed, pace, "hindsight+ppo")
    ours.enter(hindsight.winner.layers)
    schedule = replace(schedule, learning_rate=TUNING_RATE, log_std=TUNING_LOG_STD)
    teach(practice, centre, seed, pace.tuning, schedule, ours.enter, hindsight.winner.layers)
    return brains | {OURS: ours.winner}


def in_hindsight(practice: SuitePractice, card: Card, updates: int) -> Layers:
    """The net that follows the gradient of money through sampled demand."""
    student = Student(practice, card.centre, card.action_limit, card.seed)
    for update in range(updates):
        student.learn(update / updates)
    return student.layers


class Contest:
    """Keeps the best of the nets of one training, on futures that it does not learn from."""

    def __init__(self, suite: Suite, seed: int, pace: Pace, algorithm: str) -> None:
        self.card = blank_card(suite, seed, algorithm)
        self._suite = suite
        periods = suite.chains.season or pace.periods
        rng = stream(seed, Purpose.VALIDATION)
        self._demand = suite.chains.demand(rng, pace.paths, periods)
        self._reference = played(suite, textbook, self._demand).mean(axis=0)
        self._best: Brain | None = None

    @property
    def winner(self) -> Brain:
        """The best so far."""
        assert self._best is not None
        return self._best

    def enter(self, layers: Layers) -> None:
        """Keep this net if none was better."""
        brain = Brain(self.card, layers)
        brought = played(self._suite, rule_of(brain), self._demand).mean(axis=0)
        cost = brought if self._suite.better == "lower" else -brought
        score = float(np.mean(cost / np.abs(self._reference)))
        if self._best is None or score < self._best.card.validation:
            self._best = replace(brain, card=replace(self.card, validation=score))


def blank_card(suite: Suite, seed: int, algorithm: str) -> Card:
    """What a net of the suite states before it has learnt anything: the textbook's constants."""
    ratio, stages = suite.chains.traits.cost_ratio, suite.chains.stages
    return Card(
        ratios=(float(ratio.min()), float(ratio.max())),
        centre=textbook_centre(ratio, stages),
        learnt=Population(stages),
        algorithm=algorithm,
        seed=seed,
        decisions=0,
        cpu_seconds=0.0,
        validation=float("nan"),
        command="planner bench optimum",
        features=features(stages),
    )


def textbook_centre(cost_ratio: np.ndarray, stages: int) -> Centre:
    """The newsvendor's safety factor at every stage, by cost ratio."""
    ratios = np.unique(cost_ratio)
    z = tuple((float(factor),) * stages for factor in safety_factor(ratios))
    return Centre(tuple(map(float, ratios)), z, z)


def rule_of(brain: Brain) -> RuleFactory:
    """The safety stock rule as a brain advises it every day, asked within reach.

    Where asking in vain costs nothing, as outside OR-Gym, the cut changes nothing.
    """

    def rule(outlook: Outlook, traits: Traits) -> Policy:
        return WithinReach(SafetyStockRule(outlook, LearntFactors(brain, outlook, traits)))

    return rule
