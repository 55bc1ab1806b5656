"""What happens: a plan's rule and its rivals, carried out on the same sampled futures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np

from data.engine import Engine
from envs.metrics import Kpis, Tally, measure
from envs.policies import Policy, SafetyFactors, SafetyStockRule
from envs.simulator import play
from milp.model import Task
from planner.engine import Threads
from planner.planning import Planned
from planner.problem import Problem
from planner.rolling import Levels, certain_levels
from planner.rules import Advice, PlannedLevels, ScaledFactors, textbook_factors
from planner.soundness import Books, check_replay

OURS, OPTIMISER = "ours", "optimiser only"
DECIDES = 14
"""Days the model must see to decide a single day well; positions carry what lies beyond."""
WORKERS = 2
"""Rules replayed at a time; NumPy and the solver leave the interpreter to each other."""
REPLAYS = ("prices", "levels")
OPTIMISED = 500
"""Up to so many products the optimiser alone is a rival."""
MOST_FUTURES, FEWEST_FUTURES = 64, 4
LANES = 400_000
"""Products times futures that are replayed at a time unless told otherwise, for memory's sake."""
RIVALS = {
    "brain, scaled to fit": "the brain's safety stock, every product's share cut alike",
    "textbook, scaled to fit": "the newsvendor's z at every stage, every product's share cut alike",
    OPTIMISER: "the model without safety stock, as if demand came at its mean",
}
"""The simple rules a plan is set beside, and what they do."""


@dataclass(frozen=True)
class Rehearsal:
    """What every rule is tried on.

    Attributes:
        problem: what is carried out.
        policies: what makes each policy, by name.
        demand: the futures (P, T, K) [unit].
    """

    problem: Problem
    policies: Mapping[str, Callable[[], Policy]]
    demand: np.ndarray


def replay(
    problem: Problem,
    policies: Mapping[str, Callable[[], Policy]],
    demand: np.ndarray,
    done: Callable[[str], None] = lambda name: None,
    engine: Engine | None = None,
) -> dict[str, Kpis]:
    """The key figures of every policy on the same demand (P, T, K).

    Args:
        problem: what is carried out.
        policies: what makes each policy, by name; called when its turn comes.
        demand: the futures.
        done: told the name of each policy that is through, in their order.
        engine: plays the policies; a few threads if not given. One that sends work away needs
            policies that can be sent.

    Raises:
        UnsoundError: under our rule, some products' numbers cannot be true.
    """
    with nullcontext(engine) if engine else Threads(WORKERS) as players:
        figures = players.map(_measured, Rehearsal(problem, policies, demand), list(policies))
        happened = {}
        for name, kpis in zip(policies, figures, strict=True):
            happened[name] = kpis
            done(name)
        return happened


def _measured(rehearsal: Rehearsal, name: str) -> Kpis:
    problem, demand = rehearsal.problem, rehearsal.demand
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
        problem.in_lots(rehearsal.policies[name]()),
        demand,
        problem.outlook,
    )
    if name != OURS:
        return measure(periods, tally)
    books = Books(opening)
    kpis = measure(books.over(periods), tally)
    check_replay(kpis, books)
    return kpis


def policies_of(
    problem: Problem,
    advice: Advice,
    planned: Planned,
    mode: str = "prices",
) -> dict[str, Callable[[], Policy]]:
    """Our rule and the rivals that are rules, by name; the optimiser is no rule.

    Args:
        problem: what is carried out.
        advice: safety factors, which answer prices.
        planned: the plan.
        mode: how ours is carried out: by the plan's policy, or as levels re-solved every day.
    """
    scenario, outlook = problem.scenario, problem.outlook
    ours: Callable[[], Policy] = partial(_itself, planned.policy)
    if mode == "levels" and problem.has_limits:
        ours = partial(Levels, scenario, outlook, advice, min(problem.horizon, DECIDES))
    return {
        OURS: ours,
        "brain, scaled to fit": partial(_scaled, problem, advice),
        "textbook, scaled to fit": partial(_textbook, problem),
    }


def has_optimiser(problem: Problem) -> bool:
    """Whether the optimiser alone is a rival: it solves the programme once more."""
    return len(problem.scenario.products) <= OPTIMISED


def futures_of(problem: Problem) -> int:
    """As many futures as a plan is replayed on unless told otherwise: fewer of many products."""
    return int(np.clip(LANES // len(problem.scenario.products), FEWEST_FUTURES, MOST_FUTURES))


def _itself(policy: Policy) -> Policy:
    return policy


def _scaled(problem: Problem, factors: SafetyFactors) -> Policy:
    scenario, outlook = problem.scenario, problem.outlook
    return SafetyStockRule(outlook, ScaledFactors(factors, scenario, outlook))


def _textbook(problem: Problem) -> Policy:
    return _scaled(problem, textbook_factors(problem.scenario))


def optimiser_only(problem: Problem) -> Policy:
    """The model on mean demand, with no safety stock; its levels are followed.

    Levels are kinder to it than shipments: what did not sell is not bought again.
    """
    scenario = problem.scenario
    z = np.zeros((len(scenario.network), len(scenario.products)))
    task = Task(scenario, problem.outlook, z, scenario.stock, 0, problem.horizon)
    return PlannedLevels(certain_levels(task)[0])
