"""A backtest in sentences and tables, losses printed like wins."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data.network import Network
from planner.backtest.account import TERMS
from planner.backtest.fallback import Fallback
from planner.backtest.money import ALL, Ledger, Line
from planner.backtest.trial import BOUND, OURS, Found
from planner.explain import Sheet
from planner.trust import EARNED, LOST, UNTOLD, Trust
from planner.wording import counted, number, percent

COLUMNS = ("rule", "a day", "missed", "overflow", "over base-stock", "fill rate")
OF_PARTS = ("part", "products", "a day", "over base-stock", "fill rate")


def days_told(found: Found) -> Iterator[str]:
    """What was tried on which days, and what does not count."""
    setting, telling = found.setting, found.past.sales.censored
    days = found.past.days(setting.test)
    masked = int(telling[days].sum())
    yield (
        f"{counted(len(found.past.products), 'product')}, tried {setting.test}, forecast anew on "
        f"the first of each month from what was known then; tuned on {setting.validate}."
    )
    yield (
        "Every rule begins a month earlier with the stock of a quiet time; that month does not "
        "count."
    )
    if masked:
        yield (
            f"On {counted(masked, 'product-day')} stock may have run out: what was wanted is not "
            "known, so they do not count for anybody."
        )
    if (setting.test.last - setting.test.first).days < 27:
        yield "So few days tell little; try at least a month."


def tables(found: Found) -> Iterator[Sheet]:
    """Every rule in every case, and ours by class and kind."""
    for case in found.setting.cases:
        ledger = Ledger(found, case, found.setting.seed)
        lines = list(ledger.lines())
        yield Sheet(
            f"{case} ({_room(found.networks[case])}), against {ledger.reference}",
            COLUMNS,
            tuple(
                (
                    line.rule,
                    number(line.cost),
                    number(line.terms[TERMS.index("shortage")]),
                    number(line.terms[TERMS.index("overflow")]),
                    _over(line),
                    "" if line.rule == BOUND else percent(line.fill_rate),
                )
                for line in lines
                if line.part == ALL
            ),
        )
        yield Sheet(
            f"ours in parts, {case}",
            OF_PARTS,
            tuple(
                (
                    line.part,
                    number(line.products),
                    number(line.cost),
                    _over(line),
                    percent(line.fill_rate),
                )
                for line in lines
                if line.part != ALL and line.rule == OURS
            ),
        )


def _room(network: Network) -> str:
    """How much room there is, in words."""
    room = network.storage_capacity
    if not np.isfinite(room).any():
        return "room for everything"
    return f"room per stage: {', '.join(map(number, room))}"


def _over(line: Line) -> str:
    """Cost over that of base-stock, with its interval."""
    said = f"{line.against.value:.3f}"
    if not line.against.low < line.against.high:
        return said
    return f"{said} ({line.against.low:.3f} to {line.against.high:.3f})"


def trust_told(trust: Trust) -> Iterator[str]:
    """On how many products learnt advice has earned trust."""
    found = trust.counted
    yield (
        f"Against base-stock tuned for each product, learnt advice has earned trust on "
        f"{counted(found[EARNED], 'product')}, has lost on {number(found[LOST])}, and on "
        f"{number(found[UNTOLD])} the past cannot tell."
    )


def fallback_told(fell_back: Fallback | None) -> Iterator[str]:
    """Whether giving products back has paid on later days."""
    if fell_back is None:
        return
    if fell_back.given_back is None:
        yield f"Verdicts of {fell_back.judged} would have given no product back."
        return
    pays = fell_back.against_ours
    given = number(fell_back.verdicts[LOST])
    verb = "saves" if pays.high < 1 else "costs" if pays.low > 1 else "changes"
    yield (
        f"Verdicts of {fell_back.judged} give {given} products back; on {fell_back.measured} that "
        f"{verb} {percent(abs(1 - pays.value), 2)} of all cost (cost over that without "
        f"{pays.value:.4f}, 95 % interval {pays.low:.4f} to {pays.high:.4f})."
    )
