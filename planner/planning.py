"""From advice to a plan: reconciled under shared capacities, in whole lots, with its promise."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from data.costs import Costs
from data.plan import Plan
from envs.policies import SafetyStockRule
from envs.simulator import Trace
from milp.model import Task
from milp.reconcile import Reconciled, reconcile
from planner.lookahead import LookAhead
from planner.problem import Problem
from planner.rules import Advice, InTurn, PlannedLevels, PricedFactors, planned_level


@dataclass(frozen=True)
class Planned:
    """A plan and where it came from.

    Attributes:
        plan: what is shipped and what is promised, in whole lots.
        answer: the model's answer; None where nothing limits the products.
        storage_price: of a unit of space (T, M) [money/volume/period].
        supply_price: of a unit of supply (T, M) [money/volume].
        price: the price of space that a day's orders answer to (T, M) [money/volume/period].
        level: echelon positions after ordering (T, M, K) [unit].
    """

    plan: Plan
    answer: Reconciled | None
    storage_price: np.ndarray
    supply_price: np.ndarray
    price: np.ndarray
    level: np.ndarray

    @property
    def scarce(self) -> bool:
        """True where space or supply costs anything."""
        return self.answer is not None and self.answer.scarce


def make_plan(problem: Problem, advice: Advice, seed: int) -> Planned:
    """The plan of a problem under the advice.

    Where no capacity has a price, orders are the advice's order-up-to, unchanged. Otherwise they
    are the model's, up to the last days: there the model sees too little of what its orders are
    for, and the rule that carries the plan out orders instead. The price that this rule answers to
    is made exact by looking ahead on futures sampled with `seed`.
    """
    free = np.zeros((problem.horizon, len(problem.scenario.network)))
    answer, price = _reconciled(problem, advice, seed) if problem.has_limits else (None, free)
    if answer is None or not answer.scarce:
        policy = problem.in_lots(SafetyStockRule(problem.outlook, advice))
        trace = problem.carried_out(policy, problem.mean_demand)
        return Planned(promised(trace), answer, free, free, free, _levels(problem, trace))
    outflow = problem.mean_demand[0] - answer.lost_sales
    levels = PlannedLevels(planned_level(answer.shipments, problem.scenario.stock, outflow))
    rule = rule_at(problem, advice, price)
    policy = InTurn(levels, rule, problem.horizon - unsettled_days(problem))
    trace = problem.carried_out(problem.in_lots(policy), problem.mean_demand)
    return Planned(
        plan=promised(trace),
        answer=answer,
        storage_price=answer.storage_price,
        supply_price=answer.supply_price,
        price=price,
        level=_levels(problem, trace),
    )


def _reconciled(problem: Problem, advice: Advice, seed: int) -> tuple[Reconciled, np.ndarray]:
    """The model's answer and the looked-up prices (T, M), worked out side by side."""
    scenario, outlook = problem.scenario, problem.outlook
    morning = problem.situation()
    z = np.broadcast_to(advice(morning), morning.state.on_hand.shape)[0].astype(float)
    task = Task(scenario, outlook, z, scenario.stock, 0, problem.horizon)
    ahead = LookAhead(scenario, outlook, problem.world, problem.rates, problem.in_lots, seed)
    with ThreadPoolExecutor(max_workers=1) as beside:
        answer = beside.submit(reconcile, task)
        price = ahead.schedule(morning, advice, problem.horizon)
        return answer.result(), price


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


def rule_of(problem: Problem, advice: Advice, planned: Planned) -> SafetyStockRule:
    """The rule that carries the plan out: order up to the advice at the plan's prices."""
    return rule_at(problem, advice, planned.price)


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
