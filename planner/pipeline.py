"""The story of a plan, on one screen: read, advise, reconcile, replay, report.

What the plan promises holds if demand comes at its mean; what happens is seen on sampled futures.
The report is the difference between the two.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from brain.advice import Advisor, advisor_of
from brain.registry import load_all, shipped
from data.catalogue import Reading, read_scenario
from data.safety_stock import SafetyStock
from envs.metrics import Kpis
from planner.config import PlanConfig
from planner.exceptions import Evidence, Finding, findings
from planner.planning import Planned, make_plan, reconciled_safety_stock
from planner.problem import Problem, problem_of
from planner.replay import OURS, optimiser_only, policies_of, replay
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
    problem = problem_of(reading.scenario, min(config.horizon, reading.scenario.horizon))

    clock.begins("advise")
    brains = load_all(config.brains) if config.brains else shipped()
    advisor = advisor_of(problem.scenario, problem.outlook, brains)
    advice = advice_of(config.pricing, advisor, problem.scenario, problem.outlook)
    advised = advisor.safety_stock(problem.situation())

    clock.begins("reconcile")
    with ThreadPoolExecutor(max_workers=1) as beside:
        rival = beside.submit(optimiser_only, problem)
        planned = make_plan(problem, advice, config.seed)
        optimiser = rival.result()
    z_reconciled = reconciled_safety_stock(problem, advice, planned)

    clock.begins("replay")
    rng = np.random.default_rng(config.seed)
    demand = problem.sampled_demand(config.paths, rng)
    policies = policies_of(problem, advice, planned, optimiser, config.replay)
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
        happened,
        findings(evidence),
        clock.ended(),
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

    def ended(self) -> dict[str, float]:
        ends = [*(began for _, began in self._began[1:]), perf_counter()]
        return {step: end - began for (step, began), end in zip(self._began, ends, strict=True)}
