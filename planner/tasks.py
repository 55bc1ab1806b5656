"""What the programme is asked: today's problem with the advice and the terms that hold."""

from __future__ import annotations

import numpy as np

from milp.task import Task
from planner.problem import Problem
from planner.rules import Advice


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
    """Least and most that may be shipped (T, M, K) [unit], by locks and order days.

    None where neither says anything. A lock holds on any day.
    """
    scenario = problem.scenario
    may_order, locks = scenario.may_order(periods), scenario.terms.locks
    if may_order is None and not len(locks):
        return None, None
    stages, products = scenario.products.lead_time.shape
    locked = locks.dense(periods, stages, products)
    open_days = np.ones(locked.shape, bool) if may_order is None else may_order
    most = np.where(open_days, np.inf, 0.0)
    fixed = np.isfinite(locked)
    return np.where(fixed, locked, 0.0), np.where(fixed, locked, most)
