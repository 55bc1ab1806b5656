"""The folder of a backtest: what every rule came to, whole or not at all."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from data.writing import whole_folder, write_json, write_table
from planner.backtest.account import TERMS
from planner.backtest.fallback import Fallback, fallback, pair_of, trust
from planner.backtest.money import Ledger
from planner.backtest.page import render
from planner.backtest.reader import PastReading
from planner.backtest.trial import BOUND, Found
from planner.trust import FILE

BY_MONTH = (
    "case",
    "rule",
    "month",
    "holding",
    "shortage",
    "overflow",
    "total",
    "units_wanted",
    "units_served",
    "fill_rate",
)
IN_ALL = (
    "case",
    "part",
    "rule",
    "products",
    "cost_per_day",
    *(f"{term}_per_day" for term in TERMS),
    "fill_rate",
    "over_base_stock",
    "low",
    "high",
)
BY_PRODUCT = (
    "unique_id",
    "cost_ratio",
    "kind",
    "days",
    "units_wanted",
    "learnt_holding",
    "learnt_shortage",
    "learnt_served",
    "base_stock_holding",
    "base_stock_shortage",
    "base_stock_served",
)


def write_backtest(found: Found, reading: PastReading, out: Path, overwrite: bool = False) -> Path:
    """Writes tables, trust.csv, a page and manifest.json, whole or not at all; the folder."""
    with whole_folder(out, overwrite) as folder:
        write_table(folder / "backtest.csv", IN_ALL, _lines(found))
        write_table(folder / "months.csv", BY_MONTH, _months(found))
        write_table(folder / "products.csv", BY_PRODUCT, _products(found))
        earned = trust(found)
        write_table(folder / FILE, earned.header, earned.rows())
        (folder / "backtest.html").write_text(render(found, reading), encoding="utf-8")
        if len(reading.issues):
            reading.issues.write(folder / "data_issues.csv")
        write_json(folder / "manifest.json", _manifest(found, reading))
    return out


def _lines(found: Found) -> Iterator[tuple[Any, ...]]:
    for case in found.setting.cases:
        for line in Ledger(found, case, found.setting.seed).lines():
            interval = (line.against.value, line.against.low, line.against.high)
            numbers = (line.cost, *line.terms, line.fill_rate, *interval)
            yield (case, line.part, line.rule, line.products, *numbers)


def _months(found: Found) -> Iterator[tuple[Any, ...]]:
    for case, accounts in found.accounts.items():
        for rule, account in accounts.items():
            for month in found.setting.test.months:
                part = account.of(month)
                served, wanted = part.units.sum(axis=1)
                terms = [float(part.term(term).sum()) for term in TERMS]
                rate = 1.0 if rule == BOUND else part.fill_rate()
                name = f"{month.first:%Y-%m}"
                yield (case, rule, name, *terms, sum(terms), float(wanted), float(served), rate)


def _products(found: Found) -> Iterator[tuple[Any, ...]]:
    learnt, base_stock = pair_of(found)
    sides = [
        column
        for account in (learnt, base_stock)
        for column in (account.term("holding"), account.term("shortage"), account.units[0])
    ]
    days, wanted = learnt.counts.sum(axis=0), learnt.units[1]
    products, groups = found.past.products, found.groups
    for k, name in enumerate(products.unique_id):
        numbers = (float(wanted[k]), *(float(column[k]) for column in sides))
        ratio = float(products.cost_ratio[k])
        yield (str(name), ratio, str(groups.kind[k]), int(days[k]), *numbers)


def _manifest(found: Found, reading: PastReading) -> dict[str, Any]:
    """What the backtest was made from and with."""
    setting = found.setting
    return {
        "planner": metadata.version("echelon-planner"),
        "python": platform.python_version(),
        "inputs": list(reading.sources),
        "products": len(found.past.products),
        "validated": str(setting.validate),
        "tested": str(setting.test),
        "cases": list(setting.cases),
        "tightness": setting.tightness,
        "seed": setting.seed,
        "reference": dict(found.reference),
        "pooling": found.tuned.pooling,
        "candidates": found.tuned.candidates,
        "capacity": {
            case: [None if room == float("inf") else room for room in network.storage_capacity]
            for case, network in found.networks.items()
            if case in setting.cases
        },
        "verdicts": trust(found).counted,
        "fallback": _told(fallback(found)),
        "assumed": list(reading.assumed),
        "skipped": reading.skipped,
    }


def _told(fell_back: Fallback | None) -> dict[str, Any] | None:
    if fell_back is None:
        return None
    pays = fell_back.against_ours
    return {
        "judged": str(fell_back.judged),
        "measured": str(fell_back.measured),
        "verdicts": fell_back.verdicts,
        "cost_over_ours": [pays.value, pays.low, pays.high],
    }
