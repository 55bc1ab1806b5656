"""What a person should look at: one status per product, ranked by the money at stake."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from data.safety_stock import SafetyStock
from envs.metrics import Kpis
from planner.planning import Planned
from planner.problem import Problem

SMALL_CUT = 0.5
"""Safety factors cut by less than this are not worth a person's time [1]."""
SMALL_SHARE = 1e-6
"""Missed demand below this share of a day's is rounding."""
LOW_FILL_RATE = 0.9
"""A product that serves less than this share of its demand at once will stock out."""
EXCESS_DAYS = 7
"""Stock above the level that lasts at least this long counts as excess [period]."""


class Status(Enum):
    """What is the matter with a product; the first that applies is its status."""

    NOT_PLANNED = "not planned"
    NOT_WORTH_BUYING = "not worth buying"
    STOCKED_OUT = "stocked out"
    WILL_STOCK_OUT = "will stock out"
    OVER_CAPACITY = "over capacity"
    EXCESS = "excess"
    FINE = "fine"


ACTIONS = {
    Status.NOT_PLANNED: "correct the data",
    Status.NOT_WORTH_BUYING: "check missed_sale_cost and holding_cost, or stop selling it",
    Status.STOCKED_OUT: "expedite",
    Status.WILL_STOCK_OUT: "expedite",
    Status.OVER_CAPACITY: "find space",
    Status.EXCESS: "stop buying",
    Status.FINE: "none",
}
"""A word of advice per status."""
URGENT = frozenset(
    {Status.NOT_PLANNED, Status.NOT_WORTH_BUYING, Status.STOCKED_OUT, Status.WILL_STOCK_OUT}
)
"""Statuses of products of which demand is or will be missed."""
STOPPED = "order by hand, report it"
"""The advice for a product that was stopped because its numbers could not be true."""


@dataclass(frozen=True)
class Finding:
    """The status of one product.

    Attributes:
        unique_id: the product.
        status: what is the matter.
        money_at_stake: what it may cost over the horizon [money].
        reason: in numbers.
        remedy: what to do, if that is not what the status suggests.
    """

    unique_id: str
    status: Status
    money_at_stake: float
    reason: str
    remedy: str = ""

    @property
    def action(self) -> str:
        """What to do."""
        return self.remedy or ACTIONS[self.status]

    @property
    def urgent(self) -> bool:
        """True where demand is or will be missed."""
        return self.status in URGENT


@dataclass(frozen=True)
class Evidence:
    """What findings are drawn from.

    Attributes:
        problem: what was planned.
        advised: the safety stock.
        z_reconciled: what the price of space left of it (M, K) [1].
        planned: the plan.
        happened: what came of it on sampled futures.
        skipped: reason per product that is not planned.
        stopped: those of them whose numbers could not be true: no data of theirs are wrong.
    """

    problem: Problem
    advised: SafetyStock
    z_reconciled: np.ndarray
    planned: Planned
    happened: Kpis
    skipped: Mapping[str, str]
    stopped: Collection[str] = ()


def findings(evidence: Evidence) -> list[Finding]:
    """One finding per product, the most money at stake first."""
    found = [
        Finding(product, Status.NOT_PLANNED, 0.0, reason, STOPPED * (product in evidence.stopped))
        for product, reason in evidence.skipped.items()
    ]
    cases = tuple(
        case(evidence) for case in (_not_worth_buying, _stocked_out, _will_stock_out, _cut, _excess)
    )
    missed = evidence.happened.costs.shortage.mean(axis=0)
    for k, product in enumerate(evidence.problem.scenario.products.unique_id):
        status, (reason, money) = next(
            ((case.status, case.said[k]) for case in cases if k in case.said),
            (Status.FINE, ("", missed[k])),
        )
        found.append(Finding(str(product), status, float(money), reason))
    return sorted(found, key=_rank)


def _rank(finding: Finding) -> tuple[int, float, str]:
    """What is not planned comes first, what is fine last; between them money decides."""
    place = {Status.NOT_PLANNED: 0, Status.FINE: 2}.get(finding.status, 1)
    return place, -finding.money_at_stake, finding.unique_id


@dataclass(frozen=True)
class _Case:
    """The products that one status may apply to: reason and money at stake by number."""

    status: Status
    said: dict[int, tuple[str, float]]


def _not_worth_buying(evidence: Evidence) -> _Case:
    """A missed sale costs less than it takes to bring a unit to the shelf; nothing is bought."""
    scenario, missed = evidence.problem.scenario, evidence.happened.costs.shortage.mean(axis=0)
    sale, passage = scenario.products.missed_sale_cost, scenario.cost_of_passage
    return _Case(
        Status.NOT_WORTH_BUYING,
        {
            int(k): (
                f"a missed sale costs {sale[k]:.4g}, a night at each stage above the shelf "
                f"{passage[k]:.4g}",
                missed[k],
            )
            for k in np.flatnonzero(~scenario.worth_buying)
        },
    )


def _stocked_out(evidence: Evidence) -> _Case:
    """Nothing on the shelf this morning, although demand is expected today."""
    problem, missed = evidence.problem, evidence.happened.costs.shortage.mean(axis=0)
    empty = (problem.scenario.stock.on_hand[0] <= 0) & (problem.outlook.mean[0] > 0)
    units = _missed_units(evidence).sum(axis=0)
    return _Case(
        Status.STOCKED_OUT,
        {
            int(k): (f"the shelf is empty; {units[k]:.4g} units missed in the plan", missed[k])
            for k in np.flatnonzero(empty)
        },
    )


def _will_stock_out(evidence: Evidence) -> _Case:
    """The plan misses demand even if demand comes at its mean, or much of it on the futures."""
    missed = evidence.happened.costs.shortage.mean(axis=0)
    per_day = _missed_units(evidence)
    units, first = per_day.sum(axis=0), np.argmax(per_day > 0, axis=0) + 1
    short = units > SMALL_SHARE * evidence.problem.scenario.forecast.scale
    risk, served = evidence.happened.stock_out_risk, evidence.happened.product_fill_rate
    likely = {
        int(k): (
            f"serves {served[k]:.0%} of demand; runs short on {risk[k]:.0%} of futures",
            missed[k],
        )
        for k in np.flatnonzero(served < LOW_FILL_RATE)
    }
    certain = {
        int(k): (f"{units[k]:.4g} units missed at mean demand, from day {first[k]}", missed[k])
        for k in np.flatnonzero(short)
    }
    return _Case(Status.WILL_STOCK_OUT, likely | certain)


def _missed_units(evidence: Evidence) -> np.ndarray:
    """Demand lost, or late for the first time, per day of the plan (T, K) [unit]."""
    plan = evidence.planned.plan
    return plan.lost_sales + np.maximum(np.diff(plan.backorders, axis=0, prepend=0), 0)


def _cut(evidence: Evidence) -> _Case:
    """Scarce space took a good part of the safety stock somewhere."""
    less = evidence.advised.z - evidence.z_reconciled
    stage, product = np.argmax(less, axis=0), np.arange(less.shape[1])
    before, after = evidence.advised.z[stage, product], evidence.z_reconciled[stage, product]
    names = evidence.problem.scenario.network.names
    missed = evidence.happened.costs.shortage.mean(axis=0)
    return _Case(
        Status.OVER_CAPACITY,
        {
            int(k): (
                f"scarce space at {names[stage[k]]} cut z from {before[k]:.2f} to {after[k]:.2f}",
                missed[k],
            )
            for k in np.flatnonzero(before - after > SMALL_CUT)
        },
    )


def _excess(evidence: Evidence) -> _Case:
    """The chain holds more than today's order-up-to level, enough to last a while."""
    problem = evidence.problem
    windows = problem.outlook.windows(0)
    level = windows.echelon_mean[-1] + (evidence.z_reconciled * windows.std).sum(axis=0)
    units = np.maximum(problem.situation().echelon_position[0, -1] - level, 0)
    daily = windows.echelon_mean[-1] / problem.outlook.echelon_interval[-1]
    days = units / np.where(daily > 0, daily, np.inf)
    held = np.minimum(days, problem.horizon) / 2
    money = units * problem.scenario.products.holding_cost * held
    return _Case(
        Status.EXCESS,
        {
            int(k): (
                f"{units[k]:.4g} units above the order-up-to level, {days[k]:.0f} days of demand",
                money[k],
            )
            for k in np.flatnonzero(days > EXCESS_DAYS)
        },
    )
