"""Tries every rule on the wholesaler's last months and writes down what each would have cost.

Forecasts are made on the first of each month from what was known then. January to June 2011 tune
base-stock and fit the space of the tight case; July to November 2011 are the test, which nothing
was chosen on. June, and December 2010 before the validation, bring stock to where each rule leads
it and do not count. The first of them begins with the stock of a quiet time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from time import perf_counter

import numpy as np

from benchmarks.backtest.wholesaler import past_of, read_wholesaler
from benchmarks.results import Result, Row, result_of
from planner.backtest.account import TERMS
from planner.backtest.fallback import Fallback, fallback
from planner.backtest.forecaster import OwnForecast
from planner.backtest.money import ALL, Ledger, Line
from planner.backtest.past import Span
from planner.backtest.trial import (
    LEARNT,
    OURS,
    TEXTBOOK,
    TEXTBOOK_SCALED,
    UNLIMITED,
    Found,
    Setting,
    backtest,
)
from planner.engine import engine_of

VALIDATE = Span(date(2011, 1, 1), date(2011, 6, 30))
TEST = Span(date(2011, 7, 1), date(2011, 11, 30))
QUICK_VALIDATE = Span(date(2011, 5, 1), date(2011, 6, 30))
QUICK_TEST = Span(date(2011, 7, 1), date(2011, 8, 31))
QUICK_PRODUCTS = 100
NAME = "online-retail"
KEPT = "/with-stockouts"
"""Cases in which stretches that look like stock-outs are taken to tell what was wanted."""
OF_PARTS = (OURS, LEARNT, TEXTBOOK, TEXTBOOK_SCALED)
"""Rules that are compared class by class and kind by kind."""


def run(quick: bool, seed: int) -> Result:
    """Cost over that of base-stock tuned per product, on the same path of real demand."""
    began = perf_counter()
    rows = list(_rows(found_in(quick, seed, masked=True), seed))
    if not quick:
        kept = found_in(quick, seed, masked=False)
        rows += _case_rows(kept, UNLIMITED, seed, KEPT)
    return result_of("backtest", rows, seed, perf_counter() - began, quick)


def found_in(quick: bool, seed: int, masked: bool) -> Found:
    """The whole backtest, or a small one; stretches that look like stock-outs masked or kept."""
    sales = read_wholesaler(masked)
    validate, test = (QUICK_VALIDATE, QUICK_TEST) if quick else (VALIDATE, TEST)
    cases = Setting(validate, test, seed=seed) if masked else Setting(validate, test, (UNLIMITED,))
    if quick:
        chosen = np.random.default_rng(seed).permutation(len(sales.unique_id))[:QUICK_PRODUCTS]
        sales = sales.take(np.sort(chosen))
    past = past_of(sales, validate.first)
    with engine_of("alone" if quick else "local", few=1) as engine:
        return backtest(past, cases, OwnForecast(past), engine=engine)


def _rows(found: Found, seed: int) -> Iterator[Row]:
    for case in found.setting.cases:
        yield from _case_rows(found, case, seed)
    fell_back = fallback(found)
    if fell_back is not None:
        yield from _fallback_rows(fell_back, len(found.past.products))


def _case_rows(found: Found, case: str, seed: int, suffix: str = "") -> Iterator[Row]:
    """Every rule in a case; ours and the textbook's in its parts; money by term; fill rates."""
    ledger = Ledger(found, case, seed)
    whole: list[Line] = []
    for line in ledger.lines():
        within = line.part == ALL
        if within:
            whole.append(line)
        if within or line.rule in OF_PARTS:
            name = f"{NAME}/{case}{suffix}{'' if within else '/' + line.part}"
            value, low, high = line.against.value, line.against.low, line.against.high
            count = line.products
            yield Row(name, line.rule, value, low, high, "x", ledger.reference, value, count)
    for line in whole:
        name = f"{NAME}/{case}{suffix}"
        yield _exact(f"{name}/fill-rate", line.rule, line.fill_rate, "1", line.products)
        if line.rule not in (*OF_PARTS, ledger.reference):
            continue
        for term, money in zip(TERMS, line.terms, strict=True):
            yield _exact(f"{name}/{term}", line.rule, money, "money/day", line.products)


def _fallback_rows(fell_back: Fallback, count: int) -> Iterator[Row]:
    """Verdicts, and what they would have saved afterwards."""
    for verdict, products in fell_back.verdicts.items():
        yield _exact(f"{NAME}/trust", verdict, products, "products", count)
    for part, interval in (
        (ALL, fell_back.against_ours),
        ("products given back", fell_back.given_back),
    ):
        if interval is not None:
            value, low, high = interval.value, interval.low, interval.high
            case = f"{NAME}/fallback"
            yield Row(case, part, value, low, high, "x", OURS, value, count)


def _exact(case: str, policy: str, value: float, unit: str, n: int) -> Row:
    return Row(case, policy, value, value, value, unit, n=n)
