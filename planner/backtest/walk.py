"""Walks through the months day by day: the rule orders, the real demand comes, money is charged.

Stock, shipments under way and the forecast's past errors carry over from month to month; the rule
is made anew each month from what is known on its first morning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from envs.accounting import PeriodCosts, charge
from envs.dynamics import Flows, State, advance
from envs.policies import Policy, Situation
from planner.backtest.account import Account
from planner.backtest.past import Month
from planner.problem import Problem


class Rule(Protocol):
    """A way to order that is settled anew each month; it may remember earlier months."""

    def __call__(self, problem: Problem) -> Policy:
        """What orders in the month that begins with a problem's first morning."""


@dataclass(frozen=True)
class Day:
    """One day, lived through on P paths.

    Attributes:
        month: it belongs to.
        number: which of its days, from 0.
        flows: what moved.
        after: the state it left.
        costs: its money.
    """

    month: Month
    number: int
    flows: Flows
    after: State
    costs: PeriodCosts


def lived(months: Sequence[Month], rule: Rule, paths: int = 1) -> Iterator[Day]:
    """Every day of the months under a rule, from a quiet time's stock, on paths that are alike.

    Paths differ only where the rule treats them differently. On a day whose demand is not known
    the forecast's errors learn nothing.
    """
    now = months[0].problem.situation(paths)
    for month in months:
        problem = month.problem
        policy = problem.in_lots(rule(problem))
        now = Situation(replace(now.state, period=0), now.errors, problem.world)
        for number in range(month.days):
            demand = month.demand[number]
            wanted = np.broadcast_to(demand, (paths, 1, len(demand)))
            after, flows = advance(now.state, policy(now), wanted, problem.world)
            costs = charge(after, flows, problem.rates, problem.world)
            mean, std = problem.outlook.mean[number], problem.outlook.std[number]
            seen = np.where(month.telling[number], demand, mean)
            errors = now.errors.after(seen[None], mean, std)
            now = Situation(after, errors, problem.world)
            yield Day(month, number, flows, after, costs)


def walk(months: Sequence[Month], rule: Rule) -> Account:
    """What a rule costs over the months, product by product and day by day."""
    records = [_record(day) for day in lived(months, rule)]
    holding, shortage, overflow, served, stock, space = (
        np.stack(part) for part in zip(*records, strict=True)
    )
    return Account(
        first=months[0].span.first,
        holding=holding,
        shortage=shortage,
        overflow=overflow,
        demand=np.concatenate([month.demand for month in months]),
        served=served,
        stock=stock,
        space=space,
        counts=np.concatenate([month.counts for month in months]),
    )


def _record(day: Day) -> tuple[np.ndarray, ...]:
    """Holding, shortage, overflow, units served, units in stock (K,) and space used (M,)."""
    costs, flows, rates = day.costs, day.flows, day.month.problem.rates
    used = flows.occupied[0] * rates.volume
    share = used / np.maximum(used.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    return (
        costs.holding[0],
        costs.shortage[0],
        costs.overflow[0] @ share,
        flows.served[0].sum(axis=0),
        day.after.on_hand[0].sum(axis=0),
        costs.occupancy[0],
    )
