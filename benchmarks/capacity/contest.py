"""Every rule that is compared in a cell, made anew for every run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from benchmarks.capacity.bisection import ChancePrices, bias_of
from benchmarks.capacity.cell import Cell
from benchmarks.capacity.trial import Lives, Trial
from benchmarks.capacity.tuned import at_constant, tuned_prices
from data.network import Network
from envs.accounting import rates_of
from envs.policies import Policy, SafetyFactors, SafetyStockRule
from planner.lookahead import look_ahead_of
from planner.problem import Problem
from planner.rolling import Levels, ModelPrices, OptimiserOnly, Unpriced, WeeklyPrices
from planner.rules import Advice, Asked, ClosedForm, ScaledFactors, textbook_factors
from planner.situations import copied

DECIDES = 14
"""Days that the model sees [period]."""
SEED = 7
"""Of the futures that prices are looked up on, and of prices that are drawn."""
OURS = "ours"
FORMULA = "ours, prices answered by the formula"
DUALS = "ours, prices from the model's duals"
LEVELS = "ours, model re-solved daily"
LEVELS_ASKED = "ours, model re-solved daily, asked at prices"
TEXTBOOK, SCALED = "textbook, scaled to fit", "brain, scaled to fit"
CHANCE, CHANCE_ASKED = "chance of overflow by formula", "chance of overflow by formula, asked"
TUNED, TUNED_ASKED = "three prices tuned by simulation", "three prices tuned by simulation, asked"
IGNORED, OPTIMISER = "brain, capacity ignored", "optimiser only"
SIMPLE = (TEXTBOOK, SCALED, CHANCE, TUNED)
"""Rules that need neither look-ahead nor model nor a brain that answers prices."""
SOLVING = (DUALS, LEVELS, LEVELS_ASKED, OPTIMISER)
"""Rules that solve a model every week or day."""
REFUSAL = (0.2, 0.5, 1.0)
"""What a unit of space too few may be worth where it is not paid for, in overflow prices [1]."""
VALUED_ON = 2
"""Futures for calibration that tell which."""


@dataclass(frozen=True)
class Contest:
    """The rules of one cell in one world.

    Attributes:
        trial: the world.
        cell: how scarce space is.
    """

    trial: Trial
    cell: Cell

    @cached_property
    def problem(self) -> Problem:
        """What rules know."""
        return self.trial.limited(self.cell)

    def cost(self, policy: Policy, lives: Lives) -> np.ndarray:
        """Mean cost of a counted day on each future (P,) [money/day]."""
        refuses = self.trial.capacity(self.cell.tightness) if self.cell.refused else None
        return self.trial.cost(self.problem, policy, lives, refuses)

    def rules(self) -> dict[str, Callable[[], Policy]]:
        """The rules by name; those that are tuned are tuned when they are made."""
        problem, advisor = self.problem, self.trial.advisor
        scenario, outlook = problem.scenario, problem.outlook
        asked = Asked(advisor, scenario, outlook)
        formula = ClosedForm(advisor, scenario, outlook)
        duals = ModelPrices(scenario, outlook, DECIDES)

        def by(factors: SafetyFactors) -> Callable[[], Policy]:
            return lambda: SafetyStockRule(outlook, factors)

        rules = {
            OURS: lambda: self._valued(lambda p: self._looked_up(p, asked)),
            FORMULA: lambda: self._valued(lambda p: self._looked_up(p, formula)),
            CHANCE: lambda: self._valued(lambda p: self._by_chance(p, formula)),
            CHANCE_ASKED: lambda: self._valued(lambda p: self._by_chance(p, asked)),
            TUNED: lambda: self._tuned(formula),
            TUNED_ASKED: lambda: self._tuned(asked),
            SCALED: by(ScaledFactors(advisor, scenario, outlook)),
            TEXTBOOK: by(ScaledFactors(textbook_factors(scenario), scenario, outlook)),
            IGNORED: by(advisor),
            DUALS: lambda: SafetyStockRule(outlook, WeeklyPrices(asked, duals)),
            LEVELS: lambda: Levels(scenario, outlook, advisor, DECIDES),
            LEVELS_ASKED: lambda: Levels(scenario, outlook, self._unpriced(asked), DECIDES),
            OPTIMISER: lambda: OptimiserOnly(scenario, outlook, DECIDES),
        }
        if self.cell.base:
            return rules
        left_out = (*SOLVING, FORMULA, CHANCE_ASKED, TUNED_ASKED)
        return {name: rule for name, rule in rules.items() if name not in left_out}

    def _looked_up(self, problem: Problem, advice: Advice) -> Policy:
        find = look_ahead_of(problem, SEED).prices
        return SafetyStockRule(problem.outlook, WeeklyPrices(advice, find))

    def _by_chance(self, problem: Problem, advice: Advice) -> Policy:
        find = ChancePrices(problem, bias_of(self.trial))
        return SafetyStockRule(problem.outlook, WeeklyPrices(advice, find))

    def _unpriced(self, asked: Asked) -> SafetyFactors:
        weekly = WeeklyPrices(asked, look_ahead_of(self.problem, SEED).prices)
        return Unpriced(weekly, self.problem.scenario, self.problem.outlook)

    def _tuned(self, advice: Advice) -> Policy:
        """Constant prices, each round of them played at once on copies of the futures."""
        lives = self.trial.calibrated
        if np.isinf(self.cell.tightness):
            return SafetyStockRule(self.problem.outlook, advice)

        def cost(policy: Policy, copies: int) -> np.ndarray:
            start = copied(lives.start, copies, whole=True)
            paid = self.cost(policy, Lives(start, np.tile(lives.demand, (copies, 1, 1))))
            return np.asarray(paid.reshape(copies, -1).mean(axis=1))

        price = tuned_prices(self.problem, advice, cost, np.random.default_rng(SEED))
        return SafetyStockRule(self.problem.outlook, at_constant(advice, price))

    def _valued(self, make: Callable[[Problem], Policy]) -> Policy:
        """The rule at the overflow price, or, where none is paid, at what space has shown to be
        worth on the futures for calibration."""
        if not self.cell.refused:
            return make(self.problem)
        lives = self.trial.calibrated.first(VALUED_ON)
        worth = [self.cost(make(_worth(self.problem, factor)), lives) for factor in REFUSAL]
        best = REFUSAL[int(np.argmin([paid.mean() for paid in worth]))]
        return make(_worth(self.problem, best))


def _worth(problem: Problem, factor: float) -> Problem:
    """The problem as if overflow were paid for at a multiple of its price."""
    stages = tuple(
        replace(stage, overflow_price=factor * stage.overflow_price)
        for stage in problem.scenario.network.stages
    )
    scenario = replace(problem.scenario, network=Network(stages))
    return replace(problem, scenario=scenario, rates=rates_of(scenario))
