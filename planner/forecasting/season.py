"""The shape of a year: one for all products, and what each product's own days add to it.

A year is cut into 52 weeks. The common season is what the weeks of all products have in common
beside a steady growth; a product's own season is believed as far as it exceeds its noise.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from planner.forecasting.past import Past
from planner.forecasting.profile import shrinkage

WEEKS = 52
MONTHS = 13
"""Stretches of four weeks in which a product may differ from all."""
LEAST_PAST = 364 + 28
"""Days of the past from which on a season can be told from a trend [day]."""
SMOOTHING = 1.0
"""Weight of the common season's roughness, for an index without noise."""
NOISE_SMOOTHING = 100.0
"""What is added to it per unit of the index's variance."""
GROWTH_PENALTY = 0.3
"""Weight of the squared growth per year, so that one year's season is not taken for growth."""


@dataclass(frozen=True)
class Season:
    """Factors around 1 by which the time of the year multiplies demand.

    Attributes:
        common: of all products, per week of the year (52,) [1].
        own: beside it, per product and four weeks (13, K) [1].
    """

    common: np.ndarray
    own: np.ndarray

    def shared(self, days: np.ndarray) -> np.ndarray:
        """The common factors on days of the year (T,) [1]."""
        return _around(self.common[:, None], days)[:, 0]

    def of(self, days: np.ndarray) -> np.ndarray:
        """Every product's factors on days of the year (T, K) [1]."""
        return self.shared(days)[:, None] * _around(self.own, days)


def days_of_year(first: date, days: int) -> np.ndarray:
    """The day of the year of `days` days from `first` on, 0 to 364 (D,)."""
    dates = (first + timedelta(days=t) for t in range(days))
    return np.array([min(day.timetuple().tm_yday - 1, 364) for day in dates], dtype=np.int64)


def season_of(past: Past, weekday: np.ndarray, spread: np.ndarray) -> Season | None:
    """The season that the past shows; None where it is too short to show one.

    Args:
        past: what is known.
        weekday: factors of the weekdays (7, K).
        spread: variance of a day / squared mean (K,); NaN where unknown.
    """
    if past.days < LEAST_PAST or not (past.level > 0).any():
        return None
    day = days_of_year(past.first, past.days)
    expected = weekday[past.weekday] * past.plain
    noise = np.where(np.isfinite(spread), spread, np.inf)
    common = _common(past, expected, day, noise)
    return Season(common, _own(past, expected * _around(common[:, None], day), day, noise))


def _common(past: Past, expected: np.ndarray, day: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Factors of the weeks of the year by penalised least squares (52,).

    log index = level + growth x years + season(week), minimised together with the season's squared
    second differences around the year (Whittaker 1923; Eilers and Marx 1996, P-splines,
    Statistical Science 11, eq. (9)).
    """
    weight = np.where(past.level > 0, 1.0 / (1.0 + noise), 0.0)
    scale = np.where(past.level > 0, past.level, 1.0)
    week = _week(day)
    year = (np.arange(past.days) - past.days) // 365
    cell = np.unique(year * WEEKS + week, return_inverse=True)[1]
    count = cell.max() + 1
    sold = np.bincount(cell, past.capped @ (weight / scale), count)
    due = np.bincount(cell, expected @ weight, count)
    variance = np.bincount(cell, expected @ (weight**2 * np.where(weight > 0, noise, 0.0)), count)
    known = (sold > 0) & (due > 0)
    time = np.bincount(cell, np.arange(past.days) / 365.0, count) / np.bincount(cell)
    which = np.bincount(cell, week, count) / np.bincount(cell)
    index = np.log(sold[known] / due[known])
    design = np.zeros((known.sum(), WEEKS + 2))
    design[np.arange(len(index)), np.rint(which[known]).astype(np.int64)] = 1.0
    design[:, WEEKS] = 1.0
    design[:, WEEKS + 1] = time[known] - time[known].mean()
    importance = np.minimum(due[known] / np.median(due[known]), 1.0)
    noisy = float(np.median(variance[known] / np.square(due[known])))
    fitted = np.linalg.solve(
        design.T @ (importance[:, None] * design) + _penalty(noisy),
        design.T @ (importance * index),
    )
    season = np.exp(fitted[:WEEKS])
    return season / season.mean()


def _penalty(noise: float) -> np.ndarray:
    """What roughness, growth and any season at all are charged (54, 54)."""
    rough = (
        np.eye(WEEKS) * 2 - np.roll(np.eye(WEEKS), 1, axis=0) - np.roll(np.eye(WEEKS), -1, axis=0)
    )
    penalty = np.zeros((WEEKS + 2, WEEKS + 2))
    penalty[:WEEKS, :WEEKS] = (SMOOTHING + NOISE_SMOOTHING * noise) * rough.T @ rough
    penalty[:WEEKS, :WEEKS] += (1e-3 + noise) * np.eye(WEEKS)
    penalty[WEEKS + 1, WEEKS + 1] = GROWTH_PENALTY
    return penalty


def _own(past: Past, expected: np.ndarray, day: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """What each product adds to the common season, shrunk towards nothing (13, K)."""
    month = np.minimum(day // 28, MONTHS - 1)
    total = expected.sum(axis=0)
    level = np.where(total > 0, past.capped.sum(axis=0) / np.where(total > 0, total, 1.0), 0.0)
    scale = np.where(level > 0, level, 1.0)
    own = np.full((MONTHS, len(level)), np.nan)
    doubt = np.full(own.shape, np.nan)
    for which in range(MONTHS):
        here = month == which
        due = expected[here].sum(axis=0)
        told = (due > 0) & (level > 0) & np.isfinite(noise)
        own[which] = np.where(
            told, past.capped[here].sum(axis=0) / scale / np.where(told, due, 1.0), np.nan
        )
        days = past.plain[here].sum(axis=0)
        doubt[which] = np.where(told, np.where(told, noise, 0.0) / np.maximum(days, 1), np.nan)
    belief = shrinkage(own, doubt, np.ones(own.shape))
    return np.maximum(1.0 + np.where(np.isfinite(own), belief * (own - 1.0), 0.0), 0.05)


def _week(day: np.ndarray) -> np.ndarray:
    return np.minimum(day // 7, WEEKS - 1)


def _around(factors: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Factors (N, K) of N equal parts of the year on days of it, in between on a line (T, K)."""
    parts = len(factors)
    place = (day + 0.5) / 365.0 * parts - 0.5
    below = np.floor(place).astype(np.int64)
    share = (place - below)[:, None]
    return (1.0 - share) * factors[below % parts] + share * factors[(below + 1) % parts]
