"""What happens: a plan's rule and its rivals, carried out on the same sampled futures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from envs.metrics import Kpis, Tally, measure
from envs.policies import Policy, SafetyFactors, SafetyStockRule
from envs.simulator import play
from milp.model import Task
from planner.planning import Planned, rule_of
from planner.problem import Problem
from planner.rolling import Levels, certain_levels
from planner.rules import Advice, PlannedLevels, ScaledFactors, textbook_factors

OURS = "ours"
DECIDES = 14
"""Days the model must see to decide a single day well; positions carry what lies beyond."""
WORKERS = 2
"""Rules replayed at a time; NumPy and the solver leave the interpreter to each other."""
REPLAYS = ("prices", "levels")
RIVALS = {
    "brain, scaled to fit": "the brain's safety stock, every product's share cut alike",
    "textbook, scaled to fit": "the newsvendor's z at every stage, every product's share cut alike",
    "optimiser only": "the model without safety stock, as if demand came at its mean",
}
"""The simple rules a plan is set beside, and what they do."""


def replay(
    problem: Problem,
    policies: Mapping[str, Callable[[], Policy]],
    demand: np.ndarray,
    done: Callable[[str], None] = lambda name: None,
) -> dict[str, Kpis]:
    """The key figures of every policy on the same demand (P, T, K).

    Args:
        problem: what is carried out.
        policies: what makes each policy, by name; called when its turn comes.
        demand: the futures.
        done: told the name of each policy that is through.
    """

    def measured(name: str) -> Kpis:
        opening = problem.situation(len(demand)).state
        tally = Tally(
            problem.world,
            problem.rates,
            unit_cost=problem.scenario.products.unit_cost,
            outlook=problem.outlook,
        )
        periods = play(
            problem.world,
            problem.rates,
            opening,
            problem.in_lots(policies[name]()),
            demand,
            problem.outlook,
        )
        figures = measure(periods, tally)
        done(name)
        return figures

    with ThreadPoolExecutor(max_workers=WORKERS) as workers:
        return dict(zip(policies, workers.map(measured, policies), strict=True))


def policies_of(
    problem: Problem,
    advice: Advice,
    planned: Planned,
    optimiser: Policy,
    mode: str = "prices",
) -> dict[str, Callable[[], Policy]]:
    """Our rule and its rivals, by name.

    Args:
        problem: what is carried out.
        advice: safety factors, which answer prices.
        planned: the plan.
        optimiser: what `optimiser_only` made.
        mode: how ours is carried out, at the plan's prices or as levels re-solved every day.
    """
    scenario, outlook = problem.scenario, problem.outlook

    def ours() -> Policy:
        if mode == "levels" and problem.has_limits:
            return Levels(scenario, outlook, advice, min(problem.horizon, DECIDES))
        return rule_of(problem, advice, planned)

    def scaled(factors: SafetyFactors) -> Callable[[], Policy]:
        return lambda: SafetyStockRule(outlook, ScaledFactors(factors, scenario, outlook))

    rivals = (scaled(advice), scaled(textbook_factors(scenario)), lambda: optimiser)
    return {OURS: ours, **dict(zip(RIVALS, rivals, strict=True))}


def optimiser_only(problem: Problem) -> Policy:
    """The model on mean demand, with no safety stock; its levels are followed.

    Levels are kinder to it than shipments: what did not sell is not bought again.
    """
    scenario = problem.scenario
    z = np.zeros((len(scenario.network), len(scenario.products)))
    task = Task(scenario, problem.outlook, z, scenario.stock, 0, problem.horizon)
    return PlannedLevels(certain_levels(task)[0])
