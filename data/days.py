"""Text to days: the way a whole column is written is found first, then every cell is read by it.

2027-01-31 needs no guess. 31.01.2027, 20270131 and a spreadsheet's day number (46418) do not
either, if the column is written so throughout. 01/02/2027 does, unless some cell of the column has
a number above 12 that gives the order away; otherwise the user is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from data.errors import DataError
from data.format import DAY_FIRST, MONTH_FIRST

EARLIEST, LATEST = np.datetime64("1900-01-01"), np.datetime64("2299-12-31")
"""Days outside are slips."""
_MIDNIGHT = r"(?:[T ]0?0:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?)?"
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})" + _MIDNIGHT)
_SLASHED_ISO = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})" + _MIDNIGHT)
_COMPACT = re.compile(r"((?:19|20|21|22)\d{2})(\d{2})(\d{2})")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})" + _MIDNIGHT)
_SLASHED = re.compile(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})" + _MIDNIGHT)
_SERIAL = re.compile(r"([2-6]\d{4})(?:\.0+)?")
_SERIAL_ZERO = np.datetime64("1899-12-30")
"""Day 0 of spreadsheets, whose 1900 has a 29 February (dates from March 1900 on agree)."""
NEVER = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Days:
    """Words as days.

    Attributes:
        days: datetime64[D] (W,); NaT where a word is blank or no day.
        mended: what is to be said of how they were read; empty where nothing is.
    """

    days: np.ndarray
    mended: str = ""


def days_of(words: list[str], asked: str | None) -> Days:
    """The days that the different words of a column mean.

    Args:
        words: trimmed.
        asked: which number of 01/02/2027 is the day, if a user said.

    Raises:
        DataError: they can be read in two ways, and nothing says which.
    """
    counts = {form: sum(form.fullmatch(word) is not None for word in words) for form in _FORMS}
    form = max(counts, key=lambda known: counts[known])
    read, mended = _FORMS[form]
    if form is _SLASHED and counts[form]:
        order = asked or _order([form.fullmatch(word) for word in words])
        read = _day_first if order == DAY_FIRST else _month_first
        first = order.removesuffix("-first")
        mended = f"days such as {_example(form, words)} were read with the {first} first"
    found = [form.fullmatch(word) for word in words]
    days = np.array([read(match) if match else NEVER for match in found], "datetime64[D]")
    days[(days < EARLIEST) | (days > LATEST)] = NEVER
    return Days(days, mended if counts[form] else "")


def _example(form: re.Pattern[str], words: list[str]) -> str:
    return next(word for word in words if form.fullmatch(word))


def _order(found: list[re.Match[str] | None]) -> str:
    """Which number is the day, by one above 12."""
    pairs = [(int(match[1]), int(match[2])) for match in found if match]
    day_first = any(first > 12 for first, _ in pairs)
    month_first = any(second > 12 for _, second in pairs)
    if day_first != month_first:
        return DAY_FIRST if day_first else MONTH_FIRST
    shown = next(match[0] for match in found if match)
    if day_first:
        raise DataError(
            "days are written in two ways, some with the day first and some with the month first; "
            "write them as 2027-01-31"
        )
    raise DataError(
        f"days such as {shown} may have the day or the month first; say --dates {DAY_FIRST} or "
        f"--dates {MONTH_FIRST}, or write them as 2027-01-31"
    )


def _date(year: str, month: str, day: str) -> np.datetime64:
    try:
        return np.datetime64(f"{year}-{int(month):02d}-{int(day):02d}", "D")
    except ValueError:
        return NEVER


def _year_first(match: re.Match[str]) -> np.datetime64:
    return _date(match[1], match[2], match[3])


def _day_first(match: re.Match[str]) -> np.datetime64:
    return _date(match[3], match[2], match[1])


def _month_first(match: re.Match[str]) -> np.datetime64:
    return _date(match[3], match[1], match[2])


def _serial(match: re.Match[str]) -> np.datetime64:
    return _SERIAL_ZERO + np.timedelta64(int(match[1]), "D")


_FORMS: dict[re.Pattern[str], tuple[Callable[[re.Match[str]], np.datetime64], str]] = {
    _ISO: (_year_first, ""),
    _DOTTED: (_day_first, "days written as 31.01.2027 were read with the day first"),
    _SLASHED: (_day_first, ""),
    _SLASHED_ISO: (_year_first, "days written as 2027/01/31 were read"),
    _COMPACT: (_year_first, "days written as 20270131 were read"),
    _SERIAL: (_serial, "day numbers of a spreadsheet were read as days (46418 is 2027-01-31)"),
}
"""The ways of writing days that are known, by preference where a column has two equally often."""
