"""How numbers, days and counts are said, the same on the screen and in the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from math import floor, isnan, log10

THIN = "\u202f"
"""A thin space that no line breaks at; it parts thousands and stands before a unit."""
UNKNOWN = "unknown"
MINUS = "\u2212"
DIGITS = 3
"""Significant digits of a number below 100."""


def number(value: float) -> str:
    """93 656, 12.3, 0.5; 'unknown' for NaN, 'no limit' for infinity."""
    if isnan(value):
        return UNKNOWN
    if value in (float("inf"), float("-inf")):
        return "no limit"
    size = abs(value)
    decimals = 0
    if 0 < size < 100 and size != round(size):
        decimals = min(DIGITS - 1 - floor(log10(size)), 9)
    said = f"{size:,.{max(decimals, 0)}f}".replace(",", THIN)
    said = said.rstrip("0").rstrip(".") if "." in said else said
    return f"{MINUS}{said}" if value < 0 and said != "0" else said


def signed(value: float) -> str:
    """+2 894, −12.3; a zero has no sign."""
    said = number(value)
    return f"+{said}" if value > 0 else said


def percent(share: float, decimals: int = 1) -> str:
    """97.8 % of a share of 0.978; 'unknown' for NaN."""
    if isnan(share):
        return UNKNOWN
    return f"{100 * share:.{decimals}f}{THIN}%".replace("-", MINUS)


def between(low: float, high: float, say: Callable[[float], str] = number) -> str:
    """'92 609 to 94 704'; empty where there is no interval."""
    return "" if isnan(low) else f"{say(low)} to {say(high)}"


def counted(count: int, thing: str, things: str | None = None) -> str:
    """1 product, 300 products."""
    return f"{number(count)} {thing if count == 1 else things or thing + 's'}"


def day(when: date) -> str:
    """4 Jan 2027."""
    return f"{when.day} {when:%b %Y}"
