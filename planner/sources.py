"""Who advised the safety stock, and who said what to hold where space costs: counted, and in words.

The screen, the report and the manifest all read it here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from brain.advice import BASE_STOCK, FAMILY, THEORY
from data.safety_stock import SafetyStock
from planner.rules import ASKED, CLOSED_FORM
from planner.wording import counted, number

if TYPE_CHECKING:
    from planner.pipeline import Outcome

CLASSES = "class brains"
ADVISERS = (CLASSES, FAMILY, BASE_STOCK, THEORY)
FIRST_NUMBER = re.compile(r"\d+(\.\d+)?")
NEWSVENDOR = "the newsvendor's formula at the dearer holding cost"


def advisers(advised: SafetyStock) -> dict[str, int]:
    """Products by who advised them, in the order of `ADVISERS`; all are named."""
    who = Counter(who if who in ADVISERS else CLASSES for who in advised.source)
    return {name: who[name] for name in ADVISERS}


def reasons(advised: SafetyStock) -> list[tuple[str, int]]:
    """Why theory advised and no brain, the commonest first, with the products it holds for.

    Reasons that differ in their first number only are one.
    """
    return _kinds(advised.reason[advised.source == THEORY]).most_common()


def pricing(outcome: Outcome) -> dict[str, int]:
    """Products by what a price of space is answered by, as in `planner.rules.PRICINGS`."""
    asked = outcome.advisor.answers_prices & (outcome.config.pricing == ASKED)
    count = int(asked.sum())
    return {ASKED: count, CLOSED_FORM: len(asked) - count}


def who_advised(advised: SafetyStock) -> str:
    """Who advised, in one sentence; and why it was not a brain."""
    said = ""
    for who, count in advisers(advised).items():
        if count and said:
            said += f", {_named(who)} that of {number(count)}"
        elif count:
            name = _named(who)
            start = name[0].upper() + name[1:]
            said = f"{start} advised the safety stock of {counted(count, 'product')}"
    why = "; ".join(f"{reason} ({number(count)})" for reason, count in reasons(advised))
    return f"{said}: {why}." if why else f"{said}."


def who_answered(outcome: Outcome) -> str:
    """What orders answer to a price of space by, in one sentence; empty where space is free."""
    if not outcome.planned.price.any():
        return ""
    count = pricing(outcome)
    asked, others = count[ASKED], count[CLOSED_FORM]
    if not asked:
        why = (
            "no brain here has learnt prices"
            if outcome.config.pricing == ASKED
            else "the family brain was not to be asked"
        )
        return f"Orders answer to the price of space by {NEWSVENDOR}; {why}."
    said = "Orders answer to the price of space: the family brain says what to hold at that price"
    if not others:
        return f"{said} of every product."
    return f"{said} of {counted(asked, 'product')}, {NEWSVENDOR} of {number(others)}."


def _named(who: str) -> str:
    return f"the {who}" if who == FAMILY else who


def _kinds(said: Iterable[str]) -> Counter[str]:
    """Reasons counted by kind: those that differ in their first number only are one kind."""
    alike: dict[str, Counter[str]] = {}
    for reason in said:
        alike.setdefault(FIRST_NUMBER.sub("…", str(reason), count=1), Counter())[str(reason)] += 1
    return Counter(
        {next(iter(same)) if len(same) == 1 else kind: same.total() for kind, same in alike.items()}
    )
