"""The story of a plan, on one screen: read, advise, reconcile, replay, report.

What the plan promises holds if demand comes at its mean; what happens is seen on sampled futures.
The report is the difference between the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np

from brain.advice import Advisor
from brain.brain import Brain
from brain.registry import load_all, shipped
from data.catalogue import Reading
from data.engine import Engine
from data.safety_stock import SafetyStock
from envs.metrics import Kpis
from milp.effort import Bounds, Effort
from milp.segments import Goal
from planner.announced import Announced, announced_by
from planner.clashes import Conflict
from planner.config import PlanConfig
from planner.conflicts import settle
from planner.engine import engine_of
from planner.exceptions import Evidence, Finding, findings
from planner.intake import Intake, read_intake
from planner.planning import Making, Planned, make_plan, reconciled_safety_stock
from planner.problem import Problem, problem_of
from planner.replay import (
    OPTIMISER,
    OURS,
    futures_of,
    has_optimiser,
    optimiser_only,
    policies_of,
    replay,
)
from planner.rules import Advice, advice_of
from planner.soundness import UnsoundError, check_advice, check_plan
from planner.trust import Trust, met_halfway, safety_stock, trusted_advisor
from planner.what_if import Asked


@dataclass(frozen=True)
class Outcome:
    """Everything one plan came to.

    Attributes:
        config: how it was asked for.
        reading: the tables, what was odd in them and what was assumed.
        problem: what was planned.
        advisor: who advised.
        advised: today's safety stock as advised.
        z_reconciled: what is advised at today's price of space (M, K) [1].
        planned: the plan and what it promises.
        conflicts: terms that clashed, and what gave way.
        announced: what an earlier run had announced; None if nobody was told.
        futures: how many the plan was replayed on.
        happened: key figures per rule on the same futures, ours first.
        findings: one per product, the most pressing first.
        seconds: wall time per step [s].
        stopped: reason per product whose numbers could not be true, by unique_id; it is not
            planned.
    """

    config: PlanConfig
    reading: Reading
    problem: Problem
    advisor: Advisor
    advised: SafetyStock
    z_reconciled: np.ndarray
    planned: Planned
    conflicts: tuple[Conflict, ...]
    announced: Announced | None
    futures: int
    happened: dict[str, Kpis]
    findings: list[Finding]
    seconds: dict[str, float]
    stopped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Posed:
    """What is to be decided.

    Attributes:
        problem: with terms that can be kept.
        conflicts: terms that clashed, and what gave way.
        announced: what an earlier run had announced; None if nobody was told.
        trust: what the past says of learnt advice; None where nobody asked it.
    """

    problem: Problem
    conflicts: tuple[Conflict, ...]
    announced: Announced | None
    trust: Trust | None


@dataclass(frozen=True)
class Decision:
    """What was decided, before anything happens.

    Attributes:
        advisor: who advised.
        advice: what they say, prices of space answered.
        advised: today's safety stock as advised.
        planned: the plan.
    """

    advisor: Advisor
    advice: Advice
    advised: SafetyStock
    planned: Planned


def make(
    config: PlanConfig,
    tell: Callable[[str], None] = lambda step: None,
    asked: Sequence[Asked] = (),
) -> Outcome:
    """One plan, from tables to findings.

    A product whose numbers cannot be true is stopped and named; the others are planned without it.

    Args:
        config: how it is asked for.
        tell: hears each step as it begins.
        asked: what-if scenarios that the tables are to be changed by.

    Raises:
        PlannerError: the tables, the options or the run itself cannot be used; nothing is left
            half done.
    """
    clock = Clock(tell)
    clock.begins("read")
    intake = read_intake(config, asked)
    brains = brains_of(config)
    with (
        crew_of(config) as engine,
        ThreadPoolExecutor(max_workers=1) as beside,
    ):
        while True:
            posed = pose(config, intake)
            try:
                decision, happened = _carried_through(
                    config, posed, brains, (engine, beside), clock
                )
                break
            except UnsoundError as found:
                intake = intake.without(found.reasons)
    problem, planned = posed.problem, decision.planned
    left = reconciled_safety_stock(problem, decision.advice, planned)
    skipped = intake.reading.skipped
    evidence = Evidence(problem, decision.advised, left, planned, happened[OURS], skipped)
    return Outcome(
        config,
        intake.reading,
        problem,
        decision.advisor,
        decision.advised,
        left,
        planned,
        posed.conflicts,
        posed.announced,
        len(happened[OURS].demanded),
        happened,
        findings(replace(evidence, stopped=intake.stopped)),
        clock.ended(),
        intake.stopped,
    )


def pose(config: PlanConfig, intake: Intake) -> Posed:
    """What is to be decided: the terms are settled, what was announced is looked up."""
    settled = settle(intake.scenario, intake.horizon)
    problem = problem_of(replace(intake.scenario, terms=settled.terms), intake.horizon)
    since = config.since
    announced = announced_by(since, problem.scenario, config.fence) if since else None
    return Posed(problem, settled.conflicts, announced, intake.trust)


def _carried_through(
    config: PlanConfig,
    posed: Posed,
    brains: Sequence[Brain],
    hands: tuple[Engine, Executor],
    clock: Clock,
) -> tuple[Decision, dict[str, Kpis]]:
    """What is decided, and what came of it under every rule.

    The optimiser-only rival is solved beside the plan.

    Raises:
        UnsoundError: some products' numbers cannot be true.
    """
    engine, beside = hands
    problem = posed.problem
    rival = beside.submit(optimiser_only, problem) if has_optimiser(problem) else None
    decision = decide(config, posed, brains, engine, clock)
    clock.begins("replay")
    policies = policies_of(problem, decision.advice, decision.planned, config.replay)
    if rival is not None:
        policies[OPTIMISER] = rival.result
    return decision, replay(problem, policies, futures(config, problem), clock.mentions)


def decide(
    config: PlanConfig, posed: Posed, brains: Sequence[Brain], engine: Engine, clock: Clock
) -> Decision:
    """The advice and the plan.

    Raises:
        UnsoundError: some products' numbers cannot be true.
    """
    problem = posed.problem
    clock.begins("advise")
    scenario, outlook, trust = problem.scenario, problem.outlook, posed.trust
    advisor = trusted_advisor(scenario, outlook, brains, trust)
    advice = advice_of(config.pricing, advisor, scenario, outlook)
    advice = met_halfway(advice, scenario, outlook, trust)
    ids, morning = scenario.products.unique_id, problem.situation()
    advised = safety_stock(advisor, advice, morning, trust, ids)
    check_advice(advised)
    clock.begins("reconcile")
    making = replace(making_of(config, posed.announced, engine), tell=clock.measures)
    planned = make_plan(problem, advice, making)
    check_plan(problem, advice, planned)
    return Decision(advisor, advice, advised, planned)


def futures(config: PlanConfig, problem: Problem) -> np.ndarray:
    """The futures that a plan is replayed on (P, T, K) [unit]."""
    rng = np.random.default_rng(config.seed)
    return problem.sampled_demand(config.paths or futures_of(problem), rng)


def brains_of(config: PlanConfig) -> Sequence[Brain]:
    """The brains that are asked."""
    return load_all(config.brains) if config.brains else shipped()


def crew_of(config: PlanConfig) -> Engine:
    """Who does the work."""
    solving = config.solving
    return engine_of(solving.engine, solving.workers, solving.ray_address)


def making_of(config: PlanConfig, announced: Announced | None, engine: Engine) -> Making:
    """How the plan is made."""
    solving = config.solving
    return Making(
        mode=solving.mode,
        goal=Goal(solving.goal),
        coupling=solving.coupling,
        in_lots=solving.in_lots,
        announced=announced,
        effort=Effort(solving.gap, solving.time_limit),
        engine=engine,
        seed=config.seed,
    )


class Clock:
    """Wall time per step, told as it passes."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._began: list[tuple[str, float]] = []

    def begins(self, step: str) -> None:
        self._began.append((step, perf_counter()))
        self._tell(step)

    def mentions(self, what: str) -> None:
        self._tell(f"{self._began[-1][0]}: {what}")

    def measures(self, bounds: Bounds) -> None:
        """How far the programme is."""
        gap = f", at most {bounds.gap:.2%} from the least cost" if bounds.gap < 1 else ""
        left = f", {bounds.seconds_left:.0f} s of this pass left"
        self.mentions(f"{bounds.step} {bounds.done:.0%}{gap}{left}")

    def ended(self) -> dict[str, float]:
        """Seconds per step; of one that began several times, all of them."""
        ends = [*(began for _, began in self._began[1:]), perf_counter()]
        seconds: dict[str, float] = {}
        for (step, began), end in zip(self._began, ends, strict=True):
            seconds[step] = seconds.get(step, 0.0) + end - began
        return seconds
