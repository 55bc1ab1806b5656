"""Promise against futures, and our rule against the simple ones: the money, in rows and in words.

All rules are carried out on the same futures, so differences are taken future by future.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from data.costs import Costs
from envs.metrics import BAND, Estimate, Kpis, estimate
from planner.replay import OURS, RIVALS
from planner.wording import THIN, between, counted, number, percent, signed

if TYPE_CHECKING:
    from planner.pipeline import Outcome

PROMISED = "promised"
MEANING = {
    PROMISED: "this plan, if demand comes at its mean",
    OURS: "this plan's rule, carried out day by day",
    **RIVALS,
}
"""What each row of the comparison is."""
TERMS = {"holding": "holding", "shortage": "missed sales", "overflow": "overflow"}
"""What the terms of the cost are called."""


class Standing(Enum):
    """How our rule stands against the best of the simple ones."""

    BEATS = "dearer than ours"
    LOSES = "cheaper than ours"
    LEVEL = "not to be told from ours"
    SAME = "the same as ours"
    UNPROVEN = "on one future, which proves nothing"
    ALONE = "nothing to compare with"


@dataclass(frozen=True)
class CostRow:
    """What one rule costs.

    Attributes:
        rule: its name.
        terms: mean over futures by name in `TERMS` [money].
        total: mean over futures [money].
        low, high: nine futures in ten lie between them [money]; NaN for the promise.
        against_ours: rule less ours, future by future [money]; None for ours and the promise.
        fill_rate: units served at once / units demanded [1]; None for the promise.
    """

    rule: str
    terms: dict[str, float]
    total: float
    low: float
    high: float
    against_ours: Estimate | None
    fill_rate: Estimate | None

    @property
    def meaning(self) -> str:
        """What the rule does."""
        return MEANING.get(self.rule, "")


@dataclass(frozen=True)
class Comparison:
    """The promise, our rule and its rivals.

    Attributes:
        futures: how many were sampled.
        promised: the plan at mean demand.
        ours: our rule on the futures.
        rivals: the simple rules on the same futures.
    """

    futures: int
    promised: CostRow
    ours: CostRow
    rivals: tuple[CostRow, ...]

    @property
    def rows(self) -> tuple[CostRow, ...]:
        """All rows, the promise first."""
        return (self.promised, self.ours, *self.rivals)

    @property
    def best_rival(self) -> CostRow:
        """The cheapest of the simple rules."""
        return min(self.rivals, key=lambda row: row.total)

    @property
    def standing(self) -> Standing:
        """How ours stands against the cheapest of the simple rules."""
        difference = self.best_rival.against_ours if self.rivals else None
        if difference is None:
            return Standing.ALONE
        if isnan(difference.low):
            return Standing.UNPROVEN if difference.value else Standing.SAME
        if difference.low == difference.high == 0:
            return Standing.SAME
        if difference.low > 0:
            return Standing.BEATS
        return Standing.LOSES if difference.high < 0 else Standing.LEVEL


def compare(outcome: Outcome) -> Comparison:
    """What was promised beside what happened under every rule."""
    ours = outcome.happened[OURS]
    rows = {
        name: _happened(name, kpis, None if name == OURS else ours)
        for name, kpis in outcome.happened.items()
    }
    promised = _row(PROMISED, outcome.planned.plan.costs)
    rivals = tuple(row for name, row in rows.items() if name != OURS)
    return Comparison(len(ours.demanded), promised, rows[OURS], rivals)


def _happened(name: str, kpis: Kpis, ours: Kpis | None) -> CostRow:
    totals = kpis.costs.per_path()
    low, high = np.percentile(totals, BAND)
    difference = None if ours is None else estimate(totals - ours.costs.per_path())
    return _row(name, kpis.costs, (float(low), float(high)), difference, kpis.fill_rate())


def _row(
    name: str,
    costs: Costs,
    band: tuple[float, float] = (np.nan, np.nan),
    difference: Estimate | None = None,
    fill_rate: Estimate | None = None,
) -> CostRow:
    terms = costs.mean()
    total = terms.pop("total")
    return CostRow(name, terms, total, *band, difference, fill_rate)


def promise(comparison: Comparison) -> str:
    """What the plan promises, in one sentence."""
    row = comparison.promised
    parts = ", ".join(f"{TERMS[name]} {number(value)}" for name, value in row.terms.items())
    return f"If demand comes at its mean, the plan costs {number(row.total)}: {parts}."


def happening(comparison: Comparison) -> str:
    """What came of it on sampled futures, and why it differs from the promise."""
    promised, ours = comparison.promised, comparison.ours
    if comparison.futures == 1:
        said = f"On one sampled future it cost {number(ours.total)}; one future gives no band."
    else:
        said = (
            f"On {counted(comparison.futures, 'sampled future')} it cost {number(ours.total)} on "
            f"average; nine futures in ten cost {between(ours.low, ours.high)}."
        )
    more = ours.total - promised.total
    change = {name: ours.terms[name] - value for name, value in promised.terms.items()}
    if more > 0:
        term = max(change, key=lambda name: change[name])
        why = f"{number(more)} above the promise, most of it {TERMS[term]} ({signed(change[term])})"
        return f"{said} That is {why}."
    return f"{said} That is {number(-more)} below the promise." if more else said


VERDICTS = {
    Standing.BEATS: "Ours beats the best simple rule: {name} cost {total}, {gap}; {interval}.",
    Standing.LOSES: "Ours loses to the best simple rule: {name} cost {total}, {gap}; {interval}.",
    Standing.LEVEL: (
        "Ours cannot be told from the best simple rule: {name} cost {total}, {gap}; {interval}."
    ),
    Standing.SAME: "The best simple rule is no worse: {name} cost {total}, exactly as ours.",
    Standing.UNPROVEN: (
        "The best simple rule, {name}, cost {total}, {gap} than ours; one future proves nothing."
    ),
    Standing.ALONE: "No other rule was carried out to compare with.",
}


def verdict(comparison: Comparison) -> str:
    """How our rule stands against the best of the simple ones, losses said like wins."""
    said = VERDICTS[comparison.standing]
    if comparison.standing is Standing.ALONE:
        return said
    best, ours = comparison.best_rival, comparison.ours.total
    difference = best.against_ours
    assert difference is not None
    share = f" ({percent(abs(difference.value) / ours)})" if ours else ""
    interval = between(difference.low, difference.high, signed)
    same = "future" if comparison.futures == 1 else "futures"
    return said.format(
        name=f"“{best.rule}”",
        total=f"{number(best.total)} on the same {same}",
        gap=f"{number(abs(difference.value))} {'more' if difference.value > 0 else 'less'}{share}",
        interval=f"95{THIN}% interval of the difference {interval}",
    )


def service(comparison: Comparison) -> str:
    """How much of demand our rule served at once, in one sentence."""
    rate = comparison.ours.fill_rate
    assert rate is not None
    if isnan(rate.value):
        return "Nothing was demanded, so there is no fill rate."
    interval = between(rate.low, rate.high, lambda share: percent(share, 2))
    given = f" (95{THIN}% interval {interval})" if interval else ""
    return f"{percent(rate.value)} of the units demanded were served at once{given}."
