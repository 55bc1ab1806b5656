"""Which days to come the business will trade on, as far as the days it traded on tell.

A weekday that was mostly closed stays closed. Other closed days come back a year later, each under
the rule that the past does not contradict: so many days from Easter, the n-th or last such weekday
of its month, or the same date.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data.forecast import WEEK
from data.weekdays import said

WEEKS_SEEN = 26
"""Weeks whose weekdays tell which ones are usually open."""
LONG_CLOSURE = 3
"""Days of trade a closure takes from which on it is bound to dates, as the turn of the year is."""
EASTER_DAYS = (-3, -2, 0, 1, 39, 49, 50, 60)
"""Holidays counted from Easter Sunday: Maundy Thursday to Corpus Christi."""
MOVED_WEEKDAYS = (0, 3)
"""Weekdays that holidays are moved to: Mondays, and Thursdays as in November."""

Rule = Callable[[date], bool]


@dataclass(frozen=True)
class CalendarAhead:
    """Days to come, and why some of them are closed.

    Attributes:
        open: whether the business trades (T,).
        assumed: what was taken for granted, as sentences.
    """

    open: np.ndarray
    assumed: tuple[str, ...] = ()


def calendar_ahead(first: date, past: np.ndarray, days: int) -> CalendarAhead:
    """Which of the `days` days after the past ones are open.

    Args:
        first: day of the first entry of `past`.
        past: whether the business traded (D,).
        days: how many days to look ahead [day].
    """
    usual = _usually_open(first, past)
    ahead = [first + timedelta(days=len(past) + t) for t in range(days)]
    rules = _closing_rules(first, past, usual)
    closed = [day for day in ahead if usual[day.weekday()] and any(rule(day) for rule in rules)]
    shut = set(closed)
    open_ = np.array([usual[day.weekday()] and day not in shut for day in ahead], dtype=bool)
    assumed = []
    if not all(usual) and any(usual):
        assumed.append(f"no demand on weekdays that are usually closed: {said(~usual)}")
    if closed:
        assumed.append(f"closed as in the years before, with no demand: {_stretches(closed)}")
    return CalendarAhead(open_, tuple(assumed))


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus 1991, Astronomical Algorithms, chapter 8)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    moon = (
        19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15
    ) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _usually_open(first: date, past: np.ndarray) -> np.ndarray:
    """Whether each weekday was open at least every other time, lately (7,)."""
    weekday = (first.weekday() + np.arange(len(past))) % WEEK
    lately = np.arange(len(past)) >= len(past) - WEEKS_SEEN * WEEK
    usual = np.zeros(WEEK, dtype=bool)
    for day in range(WEEK):
        here = past[lately & (weekday == day)]
        usual[day] = here.mean() >= 0.5 if len(here) else past.any()
    return usual


def _closing_rules(first: date, past: np.ndarray, usual: np.ndarray) -> list[Rule]:
    """What the exceptions of the past follow; one that no rule explains is left alone."""
    days = [first + timedelta(days=t) for t in range(len(past))]
    exceptions = [
        d for d, open_ in zip(days, past, strict=True) if usual[d.weekday()] and not open_
    ]
    traded = [d for d, open_ in zip(days, past, strict=True) if usual[d.weekday()] and open_]
    long = _long_closures(days, past, set(exceptions))
    rules = []
    for day in sorted({*exceptions, *long}):
        for rule in _candidates(day, day in long):
            if not any(rule(other) for other in traded):
                rules.append(rule)
                break
    return rules


def _long_closures(days: list[date], past: np.ndarray, exceptions: set[date]) -> set[date]:
    """The days of closures that take at least `LONG_CLOSURE` days of trade.

    A closure reaches from its first such day to its last; of usually closed days before and after
    nobody can tell.
    """
    long: set[date] = set()
    run: list[date] = []
    for day, open_ in zip(days, past, strict=True):
        if not open_:
            run.append(day)
        if open_ or day == days[-1]:
            lost = [number for number, closed in enumerate(run) if closed in exceptions]
            if len(lost) >= LONG_CLOSURE:
                long |= set(run[lost[0] : lost[-1] + 1])
            run = []
    return long


def _candidates(day: date, in_long_closure: bool) -> list[Rule]:
    """Rules that name this day, the likeliest first."""
    offset = (day - easter(day.year)).days

    def from_easter(other: date) -> bool:
        return (other - easter(other.year)).days == offset

    def same_date(other: date) -> bool:
        return (other.month, other.day) == (day.month, day.day)

    def same_weekday(other: date) -> bool:
        alike = (other.month, other.weekday()) == (day.month, day.weekday())
        if (day + timedelta(days=WEEK)).month != day.month:
            return alike and (other + timedelta(days=WEEK)).month != other.month
        return alike and (other.day - 1) // WEEK == (day.day - 1) // WEEK

    if offset in EASTER_DAYS:
        return [from_easter, same_date]
    if in_long_closure:
        return [same_date]
    if day.weekday() in MOVED_WEEKDAYS:
        return [same_weekday, same_date]
    return [same_date, same_weekday]


def _stretches(days: Iterable[date]) -> str:
    """'2011-12-24 to 2012-01-02, 2012-04-06': days that follow each other in one breath."""
    stretches: list[list[date]] = []
    for day in days:
        if stretches and (day - stretches[-1][-1]).days <= 2:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    return ", ".join(
        f"{part[0]} to {part[-1]}" if len(part) > 1 else str(part[0]) for part in stretches
    )
