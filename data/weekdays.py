"""Days of the week on which something may be ordered: seven booleans, Monday first."""

from __future__ import annotations

import re
from collections.abc import Iterable

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERY_DAY = (True,) * len(WEEKDAYS)
_SEPARATORS = re.compile(r"[\s,;/+]+")

OpenDays = tuple[bool, ...]
"""Whether each day of the week is open (7,), Monday first."""


def open_days(names: Iterable[str]) -> OpenDays | None:
    """The days of these names ('Mon' or 'Monday', any capitals); None if one is not a day."""
    numbers = [_number(name) for name in names]
    if any(number < 0 for number in numbers):
        return None
    return tuple(day in numbers for day in range(len(WEEKDAYS)))


def open_days_in(text: str) -> OpenDays | None:
    """The days named in a text such as 'Mon Thu'; every day if it is blank, None if it is wrong."""
    names = [name for name in _SEPARATORS.split(text.strip()) if name]
    return open_days(names) if names else EVERY_DAY


def said(days: Iterable[bool]) -> str:
    """Open days in words: 'Mon, Thu'."""
    return ", ".join(name for name, open_ in zip(WEEKDAYS, days, strict=True) if open_)


def _number(name: str) -> int:
    word = name.strip().casefold()
    known = [number for number, full in enumerate(_NAMES) if word in (full, full[:3])]
    return known[0] if known else -1
