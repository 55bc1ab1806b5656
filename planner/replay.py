"""What happens: a plan's rule and its rivals, carried out on the same sampled futures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from envs.metrics import Kpis, Tally, measure
from envs.policies import Policy, SafetyFactors, SafetyStockRule
from envs.simulator import play
from milp.model import Task
from milp.reconcile import reconcile
from planner.planning import Planned, rule_of
from planner.problem import Problem
from planner.rolling import Levels
from planner.rules import (
    PlannedLevels,
    ScaledFactors,
    planned_level,
    textbook_factors,
    without_uncertainty,
)

OURS = "ours"
REPLAYS = ("prices", "levels")
RIVALS = {
    "brain, scaled to fit": "the brain's safety stock, every product's share cut alike",
    "textbook, scaled to fit": "the newsvendor's z at every stage, every product's share cut alike",
    "optimiser only": "the model without safety stock, as if demand came at its mean",
}
"""The simple rules a plan is set beside, and what they do."""


def replay(
    problem: Problem,
    policies: Mapping[str, Policy],
    demand: np.ndarray,
    done: Callable[[str], None] = lambda name: None,
) -> dict[str, Kpis]:
    """The key figures of every policy on the same demand (P, T, K).

    Args:
        problem: what is carried out.
        policies: by name.
        demand: the futures.
        done: told the name of each policy that is through.
    """
    figures = {}
    for name, policy in policies.items():
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
            problem.in_lots(policy),
            demand,
            problem.outlook,
        )
        figures[name] = measure(periods, tally)
        done(name)
    return figures


def policies_of(
    problem: Problem, advice: SafetyFactors, planned: Planned, mode: str = "prices"
) -> dict[str, Policy]:
    """Our rule and its rivals, by name; `mode` prices or levels says how ours is carried out."""
    scenario, outlook = problem.scenario, problem.outlook
    ours: Policy = rule_of(problem, advice, planned)
    if mode == "levels" and problem.has_limits:
        ours = Levels(scenario, outlook, advice, problem.horizon)
    textbook = textbook_factors(scenario)
    rules = (
        SafetyStockRule(outlook, ScaledFactors(advice, scenario, outlook)),
        SafetyStockRule(outlook, ScaledFactors(textbook, scenario, outlook)),
        optimiser_only(problem),
    )
    return {OURS: ours, **dict(zip(RIVALS, rules, strict=True))}


def optimiser_only(problem: Problem) -> Policy:
    """The model on mean demand, with no safety stock; its levels are followed.

    Levels are kinder to it than shipments: what did not sell is not bought again.
    """
    certain = without_uncertainty(problem.outlook)
    z = np.zeros((len(problem.scenario.network), len(problem.scenario.products)))
    task = Task(problem.scenario, certain, z, problem.scenario.stock, 0, problem.horizon)
    answer = reconcile(task)
    outflow = problem.mean_demand[0] - answer.lost_sales
    return PlannedLevels(planned_level(answer.shipments, problem.scenario.stock, outflow))
