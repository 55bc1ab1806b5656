"""From advice to a plan: reconciled under shared capacities, in whole lots, with its promise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from math import isfinite

import numpy as np

from data.costs import Costs
from data.engine import Alone, Engine
from data.plan import Plan
from envs.policies import Policy, SafetyStockRule
from envs.simulator import Trace
from milp.effort import Effort, Tell
from milp.reconcile import Reconciled, reconcile
from milp.segments import Goal
from planner.announced import Announced
from planner.cadence import fenced
from planner.lookahead import look_ahead_of
from planner.lots import asked_in_lots
from planner.problem import Problem
from planner.rules import Advice, InTurn, PlannedLevels, PricedFactors, planned_level
from planner.tasks import task_of

AUTO, LEVELS, PRICES = "auto", "levels", "prices"
MODES = (AUTO, LEVELS, PRICES)
"""Who decides the orders of a plan where space is scarce.

levels: the programme, for all products together. prices: the advice asked at the price of space,
which is made exact by playing the rule ahead. auto: prices where nothing but space is shared, for
there they are cheaper (`planner bench capacity`), beside the programme as long as that is soon
solved; otherwise the programme, which alone knows of supply, budgets and suppliers.
"""
SOON = 5_000
"""Up to so many products the programme is solved beside prices, for its bounds and its duals."""


@dataclass(frozen=True)
class Making:
    """How a plan is made.

    Attributes:
        mode: one of MODES.
        goal: what the programme does with safety stock; unless it weighs it, the programme decides.
        coupling: whether the programme knows of the limits that products share.
        in_lots: whether lots and minimum orders are decided inside the programme; if not given,
            where orders cost something by themselves.
        announced: orders that others count on already; None if nobody does.
        effort: when the programme may stop.
        engine: who solves its batches.
        seed: of the futures that prices are looked up on.
        tell: hears how far the programme is.
    """

    mode: str = AUTO
    goal: Goal = Goal.HYBRID
    coupling: bool = True
    in_lots: bool | None = None
    announced: Announced | None = None
    effort: Effort = field(default_factory=Effort)
    engine: Engine = field(default_factory=Alone)
    seed: int = 1
    tell: Tell = lambda bounds: None


@dataclass(frozen=True)
class Planned:
    """A plan and where it came from.

    Attributes:
        plan: what is shipped and what is promised, in whole lots.
        mode: who decided its orders, LEVELS or PRICES; empty where nothing limits the products.
        answer: the programme's answer; None where it was not asked.
        storage_price: of a unit of space in the programme (T, M) [money/volume/period].
        supply_price: of a unit of supply (T, M) [money/volume].
        price: the price of space that a day's orders answer to (T, M) [money/volume/period].
        level: echelon positions after ordering (T, M, K) [unit].
        policy: what carries the plan out as days go by.
    """

    plan: Plan
    mode: str
    answer: Reconciled | None
    storage_price: np.ndarray
    supply_price: np.ndarray
    price: np.ndarray
    level: np.ndarray
    policy: Policy

    @property
    def scarce(self) -> bool:
        """True where space, supply or money costs anything."""
        return bool(self.price.any()) or (self.answer is not None and self.answer.scarce)


def make_plan(problem: Problem, advice: Advice, making: Making | None = None) -> Planned:
    """The plan of a problem under the advice.

    Where nothing that products share has a price, orders are the advice's order-up-to, unchanged.
    Of the programme's plan the last days are the rule's: there the programme sees too little of
    what its orders are for. What the programme decided because nobody else knows of a limit is
    carried out by the rule, which answers to what happens. What it was asked to decide is followed,
    and so is where it spends a budget: a rule would spend it on the first days.
    """
    making = making or Making()
    free = np.zeros((problem.horizon, len(problem.scenario.network)))
    unhindered = not programme_alone(problem, making)
    if unhindered and not (making.coupling and problem.has_limits):
        return _carried(problem, rule_at(problem, advice, free), "", None, free)
    by_programme = (
        making.mode == LEVELS
        or not unhindered
        or (making.mode == AUTO and problem.shares_more_than_space)
    )
    beside = making.mode == AUTO and len(problem.scenario.products) <= SOON
    answer, price = _reconciled(problem, advice, making, by_programme or beside)
    if unhindered and not price.any() and (answer is None or not answer.scarce):
        return _carried(problem, rule_at(problem, advice, free), "", answer, free)
    rule = rule_at(problem, advice, price)
    if not by_programme or answer is None or not isfinite(answer.upper):
        return _carried(problem, rule, PRICES, answer, price)
    outflow = problem.mean_demand[0] - answer.lost_sales
    levels = PlannedLevels(planned_level(answer.shipments, problem.scenario.stock, outflow))
    policy = InTurn(levels, rule, problem.horizon - unsettled_days(problem))
    planned = _carried(problem, policy, LEVELS, answer, price)
    spends = problem.scenario.terms.budget.limited
    followed = making.mode == LEVELS or not unhindered or spends
    return planned if followed else replace(planned, policy=rule)


def programme_alone(problem: Problem, making: Making) -> bool:
    """True where something is asked for that only the programme can do, scarce space or not."""
    held = making.announced is not None and making.announced.fence.days > 0
    return making.goal is not Goal.HYBRID or held or decides_lots(problem, making)


def decides_lots(problem: Problem, making: Making) -> bool:
    """Whether the programme decides lots and minimum orders, too."""
    chosen = problem.pays_per_order if making.in_lots is None else making.in_lots
    return chosen and making.mode != PRICES


def _carried(
    problem: Problem, policy: Policy, mode: str, answer: Reconciled | None, price: np.ndarray
) -> Planned:
    """The plan that a policy makes if demand comes at its mean."""
    trace = problem.carried_out(problem.in_lots(policy), problem.mean_demand)
    return Planned(
        plan=promised(trace),
        mode=mode,
        answer=answer,
        storage_price=np.zeros_like(price) if answer is None else answer.storage_price,
        supply_price=np.zeros_like(price) if answer is None else answer.supply_price,
        price=price,
        level=_levels(problem, trace),
        policy=policy,
    )


def _reconciled(
    problem: Problem, advice: Advice, making: Making, ask: bool
) -> tuple[Reconciled | None, np.ndarray]:
    """The programme's answer, if it is asked, and the looked-up prices (T, M), side by side."""
    morning = problem.situation()
    ahead = look_ahead_of(problem, making.seed)
    if not ask:
        return None, ahead.schedule(morning, advice, problem.horizon)
    task = replace(task_of(problem, advice), goal=making.goal)
    if not making.coupling:
        task = task.uncoupled()
    if making.announced is not None:
        task = fenced(task, making.announced.orders, making.announced.fence)
    with ThreadPoolExecutor(max_workers=1) as beside:
        price = beside.submit(ahead.schedule, morning, advice, problem.horizon)
        if decides_lots(problem, making):
            answer = asked_in_lots(task, making.effort, making.engine, making.tell)
        else:
            answer = reconcile(task, None, making.effort, making.engine, making.tell)
        return answer, price.result()


def reconciled_safety_stock(problem: Problem, advice: Advice, planned: Planned) -> np.ndarray:
    """The safety factors (M, K) [1] that are advised at today's price of space."""
    morning = problem.situation()
    z = advice.at(morning, planned.price[0])
    return np.broadcast_to(z, morning.state.on_hand.shape)[0]


def unsettled_days(problem: Problem) -> int:
    """Days at the end of the horizon whose orders the model judges by too little future [period].

    What a stage orders then can no longer be drawn on by the stage below and reach it within the
    horizon. At most half of the horizon.
    """
    lead_time = problem.scenario.products.lead_time
    steps = lead_time[1:] + lead_time[:-1] + 2 if len(lead_time) > 1 else lead_time + 1
    return min(int(steps.max()), problem.horizon // 2)


def rule_at(problem: Problem, advice: Advice, price: np.ndarray) -> SafetyStockRule:
    """Order up to the advice at the price of space (T, M)."""
    return SafetyStockRule(problem.outlook, PricedFactors(advice, price))


def promised(trace: Trace) -> Plan:
    """The plan that one path of a trace is."""
    return Plan(
        shipments=trace.shipments[0],
        on_hand=trace.on_hand[0],
        lost_sales=trace.lost_sales[0],
        backorders=trace.backorders[0],
        occupancy=trace.occupancy[0],
        costs=Costs(trace.holding, trace.shortage, trace.overflow),
    )


def _levels(problem: Problem, trace: Trace) -> np.ndarray:
    outflow = trace.demand[0] - trace.lost_sales[0]
    return planned_level(trace.shipments[0], problem.scenario.stock, outflow)
