"""Who decided the orders of a plan, how near the best that is, and what gave way: in words."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from planner.cadence import nervousness
from planner.planning import LEVELS, PRICES, Planned
from planner.wording import counted, number, percent

if TYPE_CHECKING:
    from planner.pipeline import Outcome

DECIDED = {
    "": "Nothing that products share is scarce: the orders are what the advice asks for.",
    PRICES: "Orders are what the advice asks for at the price of space.",
    LEVELS: "The programme decided the orders of all products together.",
}
ROUNDING = 5e-7
"""A gap below this share is none [1]."""


def who_decided(planned: Planned) -> str:
    """Who decided, and what the programme proves, in a sentence or two."""
    said, answer = DECIDED[planned.mode], planned.answer
    if answer is None:
        return said
    if not isfinite(answer.gap):
        return f"{said} Time ran out before the programme had a plan."
    near = "costs that" if answer.gap < ROUNDING else f"is within {percent(answer.gap, 3)} of it"
    proven = (
        f"By the programme's account no plan costs less than {number(answer.lower)}, and its own "
        f"{near}."
    )
    late = "" if answer.complete else " Time ran out before it was as near as asked for."
    return f"{said} {proven}{late}"


def money_worth(planned: Planned) -> str:
    """What more money for purchases is worth, in a sentence; empty where it is not scarce."""
    answer = planned.answer
    if answer is None:
        return ""
    if answer.budget_price > 0:
        return f"One more unit of money in the budget would save {number(answer.budget_price)}."
    if answer.purchase_price.any():
        peak = int(np.argmax(answer.purchase_price))
        worth = number(float(answer.purchase_price[peak]))
        return f"One more unit of money on day {peak + 1} would save {worth}."
    return ""


def how_much_changed(outcome: Outcome) -> str:
    """How much of what was announced has changed, in one sentence; empty if nothing was."""
    told = outcome.announced
    if told is None:
        return ""
    now = outcome.planned.plan.shipments
    days = min(len(told.orders), len(now))
    weight = outcome.problem.scenario.products.volume
    changed = nervousness(told.orders[:days], now[:days], weight).overall
    return (
        f"{percent(changed)} of what {told.folder} announced for {counted(days, 'day')} has "
        "changed, by volume, nearer days counting more."
    )


def what_gave_way(outcome: Outcome) -> tuple[str, ...]:
    """The terms that clashed, each with its outcome in a sentence."""
    return tuple(conflict.explanation for conflict in outcome.conflicts)
