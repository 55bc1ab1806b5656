"""The story of a plan, on one screen: read, advise, reconcile, replay, report.

What the plan promises holds if demand comes at its mean; what happens is seen on sampled futures.
The report is the difference between the two.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from brain.advice import Advisor, advisor_of
from brain.registry import load_all, shipped
from data.catalogue import Reading, read_scenario
from data.engine import Engine
from data.safety_stock import SafetyStock
from data.scenario import Scenario
from envs.metrics import Kpis
from milp.effort import Bounds, Effort
from milp.segments import Goal
from planner.announced import Announced, announced_by
from planner.clashes import Conflict
from planner.config import PlanConfig
from planner.conflicts import settle
from planner.engine import engine_of
from planner.exceptions import Evidence, Finding, findings
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
from planner.rules import advice_of


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


def make(config: PlanConfig, tell: Callable[[str], None] = lambda step: None) -> Outcome:
    """One plan, from tables to findings; `tell` hears each step as it begins.

    Raises:
        PlannerError: the tables, the options or the run itself cannot be used; nothing is left
            half done.
    """
    clock = _Clock(tell)
    clock.begins("read")
    reading = read_scenario(config.forecast, config.tables)
    problem, conflicts = _settled(config, reading.scenario)
    since = config.since
    announced = announced_by(since, problem.scenario, config.fence) if since else None

    clock.begins("advise")
    brains = load_all(config.brains) if config.brains else shipped()
    advisor = advisor_of(problem.scenario, problem.outlook, brains)
    advice = advice_of(config.pricing, advisor, problem.scenario, problem.outlook)
    advised = advisor.safety_stock(problem.situation())

    clock.begins("reconcile")
    solving = config.solving
    with (
        engine_of(solving.engine, solving.workers, solving.ray_address) as engine,
        ThreadPoolExecutor(max_workers=1) as beside,
    ):
        rival = beside.submit(optimiser_only, problem) if has_optimiser(problem) else None
        making = _making(config, announced, engine)
        planned = make_plan(problem, advice, replace(making, tell=clock.measures))
        z_reconciled = reconciled_safety_stock(problem, advice, planned)

        clock.begins("replay")
        futures, rng = config.paths or futures_of(problem), np.random.default_rng(config.seed)
        demand = problem.sampled_demand(futures, rng)
        policies = policies_of(problem, advice, planned, config.replay)
        if rival is not None:
            policies[OPTIMISER] = rival.result
        happened = replay(problem, policies, demand, clock.mentions)

    evidence = Evidence(problem, advised, z_reconciled, planned, happened[OURS], reading.skipped)
    return Outcome(
        config,
        reading,
        problem,
        advisor,
        advised,
        z_reconciled,
        planned,
        conflicts,
        announced,
        futures,
        happened,
        findings(evidence),
        clock.ended(),
    )


def _settled(config: PlanConfig, scenario: Scenario) -> tuple[Problem, tuple[Conflict, ...]]:
    """The problem with terms that can be kept, and those that clashed."""
    horizon = min(config.horizon, scenario.horizon)
    asked = replace(scenario, terms=replace(scenario.terms, budget=config.budget))
    settled = settle(asked, horizon)
    return problem_of(replace(asked, terms=settled.terms), horizon), settled.conflicts


def _making(config: PlanConfig, announced: Announced | None, engine: Engine) -> Making:
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


class _Clock:
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
        ends = [*(began for _, began in self._began[1:]), perf_counter()]
        return {step: end - began for (step, began), end in zip(self._began, ends, strict=True)}
