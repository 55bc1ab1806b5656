"""The rules that are played in `serial-hybrid`, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from benchmarks.optimum.search import moves
from benchmarks.serial_hybrid.field import Field, OneWorld, Paid, mean_of
from brain.reference.net_policy import NetPolicy
from brain.reference.serial_hybrid import factors_by
from data.outlook import Outlook
from envs.policies import (
    NothingFromSource,
    Policy,
    SafetyFactors,
    SafetyStockRule,
    constant,
)
from envs.reference.serial_hybrid import Drawn
from envs.reference.serial_hybrid_policies import (
    AheadOrders,
    RandomSafety,
    RuleOfThumb,
    SafetyUnits,
)
from envs.theory import safety_factor
from milp.segments import Goal
from planner.lookahead import look_ahead_of
from planner.rolling import Levels, WeeklyPrices
from planner.rules import Asked, ScaledFactors, textbook_factors

AHEAD = 10
"""Days that the programme sees [day]."""
LARGEST_UNITS = 20.0
"""Of a safety stock that is drawn by chance [unit]."""
SEED = 7
"""Of futures that prices are looked up on, and of chance."""
OURS = "brain + optimiser"
OPTIMISER = "optimiser only"
PLANNER = "planner's brains + optimiser"
BY_PRICES = "planner's brains asked at prices of space"
BRAIN = "brain, space ignored"
TEXTBOOK, SCALED = "textbook", "textbook, scaled to fit"
TUNED = "constant z, tuned"
BOUND = "perfect information"
RANDOM = "random safety stock"
THUMB, LOOK_AHEAD = "1 + sqrt(mean sigma)", "forecast orders, stock ignored"
MANY = 100
"""In larger worlds one brain's advice is reconciled, not two: it takes minutes [product]."""
STEPS = (1.0, 0.25)
"""First and last step of the search for constant safety factors [1]."""
MOST_ROUNDS = 24
Lived = Callable[[], Paid]


@dataclass(frozen=True)
class Contest:
    """The rules of one field.

    Attributes:
        field: where they are played.
        practice: another field of the same course, to tune on.
        learnt: brains that have learnt this problem, one per training.
    """

    field: Field
    practice: Field
    learnt: tuple[NetPolicy, ...]

    def shared(self) -> Mapping[str, Lived]:
        """Rules for worlds whose products share space; trainings advise worlds in turn."""
        field = self.field
        rules: dict[str, Lived] = {
            OURS: lambda: field.lived_apart(lambda one: programme(one, self.brain(one))),
            PLANNER: lambda: field.lived_apart(lambda one: programme(one, one.advisor)),
            OPTIMISER: lambda: field.lived_apart(optimiser_only),
            BY_PRICES: lambda: field.lived_apart(asked_at_prices),
            SCALED: lambda: field.lived_apart(scaled_textbook),
            TEXTBOOK: lambda: self._rule(textbook_factors(field.drawn.scenario)),
            TUNED: lambda: self._rule(constant(self.tuned)),
            BRAIN: lambda: self._brains(self.learnt[:1]),
            BOUND: self._bound,
        }
        if field.products > MANY:
            del rules[PLANNER]
        return rules

    def free(self) -> Mapping[str, Lived]:
        """Rules for products that share nothing; then the programme orders up to the advice."""
        field = self.field
        outlook, drawn = field.outlook, field.drawn
        chance = RandomSafety(LARGEST_UNITS, np.random.default_rng(SEED))
        thumb = RuleOfThumb(drawn.sigma, len(drawn.scenario.network))
        nothing = np.zeros(drawn.scenario.products.lead_time.shape)
        return {
            OURS: lambda: self._brains(self.learnt),
            PLANNER: lambda: self._bought(SafetyStockRule(outlook, field.advisor)),
            OPTIMISER: lambda: self._bought(SafetyStockRule(outlook, constant(nothing))),
            TEXTBOOK: lambda: self._rule(textbook_factors(drawn.scenario)),
            TUNED: lambda: self._rule(constant(self.tuned)),
            THUMB: lambda: field.lived(SafetyUnits(outlook, thumb)),
            RANDOM: lambda: field.lived(SafetyUnits(outlook, chance)),
            LOOK_AHEAD: lambda: field.lived(AheadOrders(outlook)),
            BOUND: self._bound,
        }

    def brain(self, one: OneWorld) -> SafetyFactors:
        """The training that advises a world."""
        return advised(self.learnt[one.number % len(self.learnt)], one.drawn)

    def _brains(self, learnt: tuple[NetPolicy, ...]) -> Paid:
        """What trainings cost that are followed whatever space there is, product by product."""
        drawn, outlook = self.field.drawn, self.field.outlook
        paid = [self._bought(SafetyStockRule(outlook, advised(policy, drawn))) for policy in learnt]
        return mean_of(paid)

    @cached_property
    def tuned(self) -> np.ndarray:
        """Safety factors (M, 1) [1], the same for every product and day, found by simulation.

        A pattern search on the practice field, every set of factors a path (Hooke and Jeeves 1961,
        Journal of the ACM 8(2)).
        """
        practice = self.practice
        ratio = float(np.median(practice.drawn.scenario.products.cost_ratio))
        best = np.array([float(safety_factor(ratio)), 0.5, 0.0])
        ways, step = moves(len(best)), STEPS[0]
        for _ in range(MOST_ROUNDS):
            tried = best + step * ways
            rule = SafetyStockRule(practice.outlook, constant(tried[..., None]))
            cost = practice.lived(rule, copies=len(tried)).cost.reshape(len(tried), -1)
            chosen = int(cost.mean(axis=1).argmin())
            best = tried[chosen]
            if chosen == 0:
                step /= 2
            if step < STEPS[1]:
                break
        return best[:, None]

    def _rule(self, factors: SafetyFactors) -> Paid:
        return self.field.lived(SafetyStockRule(self.field.outlook, factors))

    def _bound(self) -> Paid:
        """Orders of one who knows all demand and has all space.

        No sale is lost, and no unit waits longer than the one night that every stage takes.
        """
        known, field = self.field.outlook, self.field
        mean = np.concatenate([field.demand[0], known.mean[field.days :]])
        seen = Outlook(mean, np.zeros_like(mean), known.lead_time)
        nothing = np.zeros(known.lead_time.shape)
        paid = self._bought(SafetyStockRule(seen, constant(nothing)))
        return replace(paid, overflow=np.zeros_like(paid.overflow))

    def _bought(self, policy: Policy) -> Paid:
        """What a rule costs that buys nothing where that is cheapest, as the planner does."""
        worth_buying = self.field.drawn.scenario.worth_buying
        if not worth_buying.all():
            policy = NothingFromSource(policy, worth_buying)
        return self.field.lived(policy, outlook=self.field.outlook)


def advised(policy: NetPolicy, drawn: Drawn) -> SafetyFactors:
    """What a brain says; no safety stock is held of what is not worth buying."""
    factors, worth_buying = factors_by(policy, drawn), drawn.scenario.worth_buying
    return lambda situation: np.where(worth_buying, factors(situation), 0.0)


def programme(
    one: OneWorld, advice: SafetyFactors, goal: Goal = Goal.HYBRID, coupling: bool = True
) -> Policy:
    """Advice, reconciled every day."""
    return Levels(one.problem.scenario, one.problem.outlook, advice, AHEAD, goal, coupling)


def optimiser_only(one: OneWorld) -> Policy:
    """The same programme with nobody's advice: it takes the mean for certain."""
    problem = one.problem
    nothing = constant(np.zeros(problem.scenario.products.lead_time.shape))
    return Levels(problem.scenario, problem.outlook.certain, nothing, AHEAD)


def asked_at_prices(one: OneWorld) -> Policy:
    """The planner's brains, asked at prices of space that looking ahead finds once a week."""
    problem = one.problem
    asked = Asked(one.advisor, problem.scenario, problem.outlook)
    weekly = WeeklyPrices(asked, look_ahead_of(problem, SEED).prices)
    return SafetyStockRule(problem.outlook, weekly)


def scaled_textbook(one: OneWorld) -> Policy:
    """The newsvendor's safety stock, scaled down until it fits."""
    scenario, outlook = one.problem.scenario, one.problem.outlook
    return SafetyStockRule(outlook, ScaledFactors(textbook_factors(scenario), scenario, outlook))
