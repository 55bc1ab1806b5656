"""Space: how full the stages are, what more of it is worth, and what no order can change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from data.plan import Plan
from envs.metrics import capacity_use
from planner.problem import Problem
from planner.replay import OURS
from planner.wording import counted, day, number, percent

if TYPE_CHECKING:
    from planner.pipeline import Outcome

ROUNDING = 1e-9
"""Space exceeded by less than this share is not exceeded [1]."""

NEGLIGIBLE = 0.005
"""A price of space below this share of the price of overflow is next to nothing [1]."""


@dataclass(frozen=True)
class StageSpace:
    """The space of one stage over the T periods of a plan.

    Attributes:
        stage: its name.
        customer: the stage it supplies; empty for the shelf.
        dates: the periods (T,).
        capacity: [volume]; infinite where there is no limit.
        overflow_price: of space beyond it [money/volume/period].
        promised: space used if demand comes at its mean (T,) [volume].
        happened: space used, mean over futures (T,) [volume].
        low, high: nine futures in ten use between so much space (T,) [volume].
        overflow_chance: share of futures in which space was exceeded (T,) [1].
        price: what one more unit of space is worth in the model (T,) [money/volume/period].
        modelled: whether the model was asked.
        answered: the price that orders answer to (T,) [money/volume/period].
        supply_price: what one more unit of supply is worth (T,) [money/volume].
        inherited: True where stock that was here or under way this morning is too much (T,).
    """

    stage: str
    customer: str
    dates: tuple[date, ...]
    capacity: float
    overflow_price: float
    promised: np.ndarray
    happened: np.ndarray
    low: np.ndarray
    high: np.ndarray
    overflow_chance: np.ndarray
    price: np.ndarray
    modelled: bool
    answered: np.ndarray
    supply_price: np.ndarray
    inherited: np.ndarray

    @property
    def limited(self) -> bool:
        """True where space is limited."""
        return isfinite(self.capacity)

    @property
    def promised_use(self) -> np.ndarray:
        """Space used / space there is, if demand comes at its mean (T,) [1]."""
        return capacity_use(self.promised, np.asarray(self.capacity))

    @property
    def happened_use(self) -> np.ndarray:
        """Space used / space there is, mean over futures (T,) [1]."""
        return capacity_use(self.happened, np.asarray(self.capacity))


def stage_spaces(outcome: Outcome) -> tuple[StageSpace, ...]:
    """The space of every stage, the shelf first."""
    problem, planned, kpis = outcome.problem, outcome.planned, outcome.happened[OURS]
    network, start = problem.scenario.network, problem.scenario.start
    dates = tuple(start + timedelta(days=t) for t in range(problem.horizon))
    inherited = inherited_overflow(problem, planned.plan)
    return tuple(
        StageSpace(
            stage=stage.name,
            customer=network.names[m - 1] if m else "",
            dates=dates,
            capacity=stage.storage_capacity,
            overflow_price=stage.overflow_price,
            promised=planned.plan.occupancy[:, m],
            happened=kpis.occupancy[:, m],
            low=kpis.occupancy_low[:, m],
            high=kpis.occupancy_high[:, m],
            overflow_chance=kpis.overflow_chance[:, m],
            price=planned.storage_price[:, m],
            modelled=planned.answer is not None,
            answered=planned.price[:, m],
            supply_price=planned.supply_price[:, m],
            inherited=inherited[:, m],
        )
        for m, stage in enumerate(network.stages)
    )


def inherited_overflow(problem: Problem, plan: Plan) -> np.ndarray:
    """True where space would be exceeded even without all that the plan brought in by then (T, M).

    That stock was there or under way this morning.
    """
    arrived = np.zeros_like(plan.shipments)
    for stage, lead_times in enumerate(problem.scenario.products.lead_time):
        for lead_time in np.unique(lead_times[lead_times < len(arrived)]):
            of = lead_times == lead_time
            arrived[lead_time:, stage, of] = plan.shipments[: len(arrived) - lead_time, stage, of]
    ordered = np.cumsum(arrived, axis=0) @ problem.scenario.products.volume
    capacity = problem.scenario.network.storage_capacity
    return np.asarray(plan.occupancy - ordered > capacity * (1 + ROUNDING))


def heading(space: StageSpace) -> str:
    """How full a stage is, in a few words."""
    if not space.limited:
        return f"{space.stage}: no limit on space"
    over = float(space.overflow_chance.mean())
    said = f"{space.stage}: {percent(space.happened_use.mean(), 0)} full on the futures"
    return f"{said}, {f'exceeded on {percent(over)} of days' if over else 'never exceeded'}"


def fullness(space: StageSpace) -> str:
    """How full a stage is, in one sentence."""
    if not space.limited:
        return f"{space.stage} has no limit on space."
    peak = int(np.argmax(space.happened_use))
    said = (
        f"{space.stage} is {percent(space.promised_use.mean(), 0)} full at mean demand and "
        f"{percent(space.happened_use.mean(), 0)} on the futures (at most "
        f"{percent(space.happened_use[peak], 0)}, on {day(space.dates[peak])})"
    )
    over = float(space.overflow_chance.mean())
    return f"{said}; its space is exceeded on {f'{percent(over)} of days' if over else 'no day'}."


def worth(space: StageSpace) -> str:
    """What one more unit of space is worth, in one sentence; empty where there is no limit."""
    if not space.limited:
        return ""
    value, answered = float(space.price.mean()), float(space.answered.mean())
    if max(value, answered) <= NEGLIGIBLE * space.overflow_price:
        return f"More space at {space.stage} is worth {'next to ' if value else ''}nothing."
    dear = f"A unit too many costs {number(space.overflow_price)} a day."
    if not space.modelled:
        return (
            f"One more unit of space at {space.stage} is worth {number(answered)} a day, and "
            f"orders answer to that. {dear}"
        )
    if not value:
        return (
            f"The model sees room enough at {space.stage}; played ahead, a unit of space is worth "
            f"{number(answered)} a day, and orders answer to that. {dear}"
        )
    peak = int(np.argmax(space.price))
    return (
        f"One more unit of space at {space.stage} is worth {number(value)} a day in the model, at "
        f"most {number(space.price[peak])} on {day(space.dates[peak])}; orders answer to "
        f"{number(answered)} a day. {dear}"
    )


def supply_worth(space: StageSpace) -> str:
    """What one more unit of supply is worth, in one sentence; empty where supply is not scarce."""
    if not space.supply_price.any():
        return ""
    peak = int(np.argmax(space.supply_price))
    return (
        f"One more unit of supply to {space.stage} is worth {number(space.supply_price.mean())} a "
        f"day, {number(space.supply_price[peak])} on {day(space.dates[peak])}."
    )


def inheritance(space: StageSpace) -> str:
    """Days on which this morning's stock is already too much, in one sentence; empty if none."""
    days = np.flatnonzero(space.inherited)
    if not len(days):
        return ""
    first, last = (day(space.dates[t]) for t in (days[0], days[-1]))
    when = f"on {first}" if len(days) == 1 else f"on {counted(len(days), 'day')}, {first} to {last}"
    remedy = f"only to ship it on to {space.customer} sooner" if space.customer else "no order"
    return (
        f"At {space.stage} the stock that was there or under way this morning is already too much "
        f"{when}; {remedy} can change that."
    )
