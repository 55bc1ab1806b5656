"""On which days the business traded: told by the file, or seen from days on which nothing sold.

A day without any sale says little where few products sell on a day, and much where many do; it is
taken as closed only where chance would hardly ever leave it empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data.weekdays import WEEKDAYS

RARE = 0.01
"""Chance, over the whole file, of calling a day closed that was only quiet."""
USUAL_SHARE = 0.1
"""A weekday with less than this share of the other days' sales is one that is usually closed."""
FEWEST_WEEKS = 4
FEWEST_SELLERS = 3.0
"""Products expected to sell on a day, below which its silence means nothing."""


@dataclass(frozen=True)
class TradingDays:
    """When the business traded.

    Attributes:
        open: True on trading days (D,).
        weekdays: names of those usually closed.
        others: closed on other weekdays: first and last day of each stretch.
        sold_closed: days that the file calls closed although something sold (D,); they are open.
    """

    open: np.ndarray
    weekdays: tuple[str, ...]
    others: tuple[tuple[date, date], ...]
    sold_closed: np.ndarray


def trading_days(
    sells: np.ndarray, offered: np.ndarray, first: date, told: np.ndarray
) -> TradingDays:
    """The trading days of a file.

    Args:
        sells: how many products sold (D,).
        offered: how many were on offer (D,).
        first: the first day.
        told: 1 where the file says open, 0 where closed, NaN where nothing (D,).
    """
    weekday = (first.weekday() + np.arange(len(sells))) % 7
    usually_closed = _usually_closed(sells, weekday)
    silent = (sells == 0) & usually_closed[weekday]
    expected = _expected_sellers(sells, offered, weekday, usually_closed)
    for begin, end in stretches(sells == 0):
        waited = expected[begin:end]
        counted = waited[waited >= FEWEST_SELLERS].sum()
        if np.exp(-counted) < RARE / len(sells):
            silent[begin:end] = True
    known = ~np.isnan(told)
    opened = np.where(known, told != 0, ~silent)
    sold_closed = ~opened & (sells > 0)
    opened = opened | sold_closed
    mostly = np.array([_mostly_closed(opened[weekday == day]) for day in range(7)])
    others = tuple(
        (first + timedelta(days=begin), first + timedelta(days=end - 1))
        for begin, end in stretches(~opened & ~mostly[weekday])
    )
    names = tuple(WEEKDAYS[day] for day in np.flatnonzero(mostly))
    return TradingDays(opened, names, others, sold_closed)


def stretches(marked: np.ndarray) -> list[tuple[int, int]]:
    """Begin and end (exclusive) of every run of True in `marked` (D,)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], marked.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _mostly_closed(opened: np.ndarray) -> bool:
    return len(opened) >= FEWEST_WEEKS and opened.mean() < 0.5


def _usually_closed(sells: np.ndarray, weekday: np.ndarray) -> np.ndarray:
    """True for weekdays that sell far less than the others (7,)."""
    closed = np.zeros(7, dtype=bool)
    for day in range(7):
        mine, rest = sells[weekday == day], sells[weekday != day]
        if len(mine) < FEWEST_WEEKS or not len(rest):
            continue
        usual = rest.mean()
        closed[day] = mine.mean() < USUAL_SHARE * usual and np.exp(-len(mine) * usual) < RARE
    return closed


def _expected_sellers(
    sells: np.ndarray, offered: np.ndarray, weekday: np.ndarray, usually_closed: np.ndarray
) -> np.ndarray:
    """Products expected to sell on each day (D,), by the weekday's share of those on offer."""
    expected = np.zeros(len(sells))
    for day in np.flatnonzero(~usually_closed):
        here = weekday == day
        on_offer = offered[here].sum()
        if on_offer:
            expected[here] = offered[here] * (sells[here].sum() / on_offer)
    return expected
