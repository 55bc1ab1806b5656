"""What the programme is asked: today's problem with the advice and the terms that hold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from envs.policies import SafetyStockRule, constant
from milp.task import Task
from planner.problem import Problem
from planner.rules import Advice

ROOM = 0.9
"""Share of supply that what is merely passed on may take: limits are tried that are smaller [1]."""
ROUNDING = 1e-9
"""Bounds leave this share of room, so that rounding never makes a plan impossible [1]."""


def task_of(problem: Problem, advice: Advice, periods: int | None = None) -> Task:
    """The task of this morning.

    Args:
        problem: what is planned.
        advice: safety factors where space is free.
        periods: how far the programme looks; the whole horizon if not given.
    """
    morning, scenario = problem.situation(), problem.scenario
    z = np.broadcast_to(advice(morning), morning.state.on_hand.shape)[0].astype(float)
    periods = periods or problem.horizon
    budget = scenario.terms.budget
    least, most = bounds_of(problem, periods)
    if least is not None and most is not None and not scenario.worth_buying.all():
        least, most = _passing_on(problem, z, (least, most))
    return Task(
        scenario=scenario,
        outlook=problem.outlook,
        z=z,
        stock=scenario.stock,
        period=0,
        periods=periods,
        least=least,
        most=most,
        purchase_limit=budget.per_period,
        budget=budget.total,
    )


def bounds_of(problem: Problem, periods: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Least and most that may be shipped (T, M, K) [unit]: locks, order days, what is worth buying.

    None where none of them says anything. A lock holds on any day and for any product.
    """
    scenario, worth_buying = problem.scenario, problem.scenario.worth_buying
    may_order, locks = scenario.may_order(periods), scenario.terms.locks
    if may_order is None and not len(locks) and worth_buying.all():
        return None, None
    stages, products = scenario.products.lead_time.shape
    locked = locks.dense(periods, stages, products)
    open_days = np.ones(locked.shape, bool) if may_order is None else may_order
    most = np.where(open_days, np.inf, 0.0)
    most[:, -1, ~worth_buying] = 0.0
    fixed = np.isfinite(locked)
    return np.where(fixed, locked, 0.0), np.where(fixed, locked, most)


def _passing_on(
    problem: Problem, z: np.ndarray, bounds: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The bounds (T, M, K), with what is not bought passed on as the rule does at mean demand.

    The programme counts a unit that is missing from a stage's target, and is indifferent where in
    the chain it is missing; a chain that runs dry it would leave stock in anywhere. Where locks and
    supply leave no room for the rule's shipments, it is free to choose.
    """
    least, most = bounds
    scenario, (periods, stages, products) = problem.scenario, most.shape
    unbought = np.flatnonzero(~scenario.worth_buying)
    alone = problem.take(unbought, np.ones(len(unbought)))
    if alone.world.shared_supply is not None:
        others = scenario.terms.locks.only(scenario.worth_buying[scenario.terms.locks.product])
        taken = np.nan_to_num(others.dense(periods, stages, products)) @ scenario.products.volume
        room = np.maximum(alone.world.shared_supply - taken.max(axis=0), 0)
        alone = replace(alone, world=replace(alone.world, shared_supply=ROOM * room))
    alone = replace(alone, horizon=periods)
    rule = SafetyStockRule(alone.outlook, constant(z[:, unbought]))
    shipped = alone.carried_out(alone.in_lots(rule), alone.mean_demand).shipments[0]
    locked = alone.scenario.terms.locks.dense(periods, stages, len(unbought))
    fixed = np.isfinite(locked)
    if not np.allclose(shipped[fixed], locked[fixed], rtol=ROUNDING):
        return bounds
    least[..., unbought] = np.where(fixed, locked, shipped * (1 - ROUNDING))
    most[..., unbought] = np.where(fixed, locked, shipped)
    return least, most
