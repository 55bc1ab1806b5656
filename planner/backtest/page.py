"""A backtest as one page that needs no network."""

from __future__ import annotations

from planner.backtest.fallback import fallback, trust
from planner.backtest.reader import PastReading
from planner.backtest.told import days_told, fallback_told, tables, trust_told
from planner.backtest.trial import Found
from planner.report import page
from planner.wording import counted, day

TEMPLATE = "backtest.html.jinja"


def render(found: Found, reading: PastReading) -> str:
    """The page; names that come from tables are escaped."""
    test = found.setting.test
    products = counted(len(found.past.products), "product")
    return page(
        TEMPLATE,
        title=f"{products}, {day(test.first)} to {day(test.last)}",
        verdict=[*trust_told(trust(found)), *fallback_told(fallback(found))],
        sheets=list(tables(found)),
        days=list(days_told(found)),
        assumed=reading.assumed,
    )
