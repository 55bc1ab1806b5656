"""Ways to say what demand to expect, all of them asked for every product at once.

A method multiplies a product's level by the shape of its week and, if it knows one, of its year.
Levels are exponentially weighted means of demand over what its shape made of it; they differ in
how fast they forget. `METHODS` names them all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np

from data.forecast import WEEK
from data.sales import Sales
from planner.forecasting.calendar_ahead import calendar_ahead
from planner.forecasting.intermittent import croston, sba, tsb
from planner.forecasting.past import Past, past_of
from planner.forecasting.profile import weekday_profile
from planner.forecasting.promotions import uplift
from planner.forecasting.season import Season, days_of_year, season_of

LONG_RUN = 364.0
"""Half-life of the level that others return to [day]."""
LONG_RUN_DAYS = 2.0
"""Days of long-run demand that every level is taken to have seen [day]."""
RETURN = 28.0
"""Half-life of a damped level's distance from its long run, ahead [day]."""
NAIVE_WEEKS = 8
"""How far back the seasonal naive method looks for a weekday that tells anything."""


@dataclass(frozen=True)
class Basis:
    """What methods work from: the past, its shapes, and the days to forecast.

    Attributes:
        past: what is known, of K products.
        weekday: factors of the weekdays (7, K) [1].
        spread: variance of a plain day around its weekday / squared mean (K,) [1]; NaN if unknown.
        season: of the year; None where the past is too short to show one.
        weekday_ahead: of the T days to forecast, 0 is Monday (T,).
        year_ahead: their days of the year (T,).
        open_ahead: whether the business will trade (T,).
        promoted_ahead: (T, K).
        assumed: what was taken for granted about these days, as sentences.
    """

    past: Past
    weekday: np.ndarray
    spread: np.ndarray
    season: Season | None
    weekday_ahead: np.ndarray
    year_ahead: np.ndarray
    open_ahead: np.ndarray
    promoted_ahead: np.ndarray
    assumed: tuple[str, ...]

    @cached_property
    def week_before(self) -> np.ndarray:
        """What the shape of the week made of each plain day, 0 on others (D, K) [1]."""
        return self.weekday[self.past.weekday] * self.past.plain

    @cached_property
    def year_before(self) -> np.ndarray:
        """The same with every product's own season (D, K) [1]."""
        if self.season is None:
            return self.week_before
        return self.week_before * self.season.of(self._days_before)

    @cached_property
    def common_before(self) -> np.ndarray:
        """The same with the season of all products (D, K) [1]."""
        if self.season is None:
            return self.week_before
        return self.week_before * self.season.shared(self._days_before)[:, None]

    @cached_property
    def _days_before(self) -> np.ndarray:
        return days_of_year(self.past.first, self.past.days)

    def level(self, before: np.ndarray, half_life: float) -> np.ndarray:
        """Exponentially weighted demand / what the shape made of it (K,) [unit/day].

        Brown (1963), Smoothing, forecasting and prediction, chapter 7, with a ratio of sums in
        place of a mean of ratios, so that days with little to expect count little.

        Args:
            before: the shape on past days, 0 where they do not count (D, K) [1].
            half_life: age at which a day counts half [day].
        """
        past = self.past
        weight = 0.5 ** (np.arange(past.days)[::-1] / half_life)
        whole = before[past.lately].sum(axis=0)
        sold = past.capped[past.lately].sum(axis=0)
        long_run = np.where(whole > 0, sold / np.where(whole > 0, whole, 1.0), 0.0)
        due = weight @ before + LONG_RUN_DAYS
        return (weight @ past.capped + LONG_RUN_DAYS * long_run) / due

    @cached_property
    def uplift(self) -> tuple[np.ndarray, np.ndarray]:
        """What promotions do to demand, and the promoted days that say so, each (K,)."""
        past = self.past
        promoted = past.telling & past.promoted & ~past.plain
        if not promoted.any():
            return np.ones(promoted.shape[1]), promoted.sum(axis=0)
        shape = self.weekday[past.weekday]
        if self.season is not None:
            shape = shape * self.season.shared(self._days_before)[:, None]
        return uplift(past.units, shape * self.level(self.common_before, LONG_RUN), promoted)

    def spread_over_days(self, level: np.ndarray, season: np.ndarray | float) -> np.ndarray:
        """Demand (T, K) from a level (K,) or (T, K) and a season around 1 [unit/day]."""
        mean = level * self.weekday[self.weekday_ahead] * season * self.past.beyond
        return self.promoted(mean)

    def promoted(self, mean: np.ndarray) -> np.ndarray:
        """What is to be expected with promotions and closed days (T, K) [unit/day]."""
        lifted = np.where(self.promoted_ahead, mean * self.uplift[0], mean)
        return np.where(self.open_ahead[:, None], lifted, 0.0)

    @property
    def common_ahead(self) -> np.ndarray | float:
        """The season of all products on the days to forecast (T, 1) [1]."""
        return 1.0 if self.season is None else self.season.shared(self.year_ahead)[:, None]

    @property
    def own_ahead(self) -> np.ndarray | float:
        """Every product's season on the days to forecast (T, K) [1]."""
        return 1.0 if self.season is None else self.season.of(self.year_ahead)


def basis_of(sales: Sales, end: int, days: int) -> Basis:
    """What the first `end` days of the sales say of the `days` days that follow."""
    past = past_of(sales, end)
    weekday, spread = weekday_profile(past)
    calendar = calendar_ahead(past.first, past.open, days)
    start = past.first + timedelta(days=past.days)
    promoted = np.zeros((days, len(sales.unique_id)), dtype=bool)
    planned = sales.promotion[end : end + days]
    promoted[: len(planned)] = planned
    return Basis(
        past=past,
        weekday=weekday,
        spread=spread,
        season=season_of(past, weekday, spread),
        weekday_ahead=(start.weekday() + np.arange(days)) % WEEK,
        year_ahead=days_of_year(start, days),
        open_ahead=calendar.open,
        promoted_ahead=promoted,
        assumed=calendar.assumed,
    )


def seasonal_naive(basis: Basis) -> np.ndarray:
    """The last demand seen on the same weekday (T, K) [unit/day].

    Hyndman and Athanasopoulos (2021), Forecasting: principles and practice, section 5.2.
    """
    past = basis.past
    last = np.zeros(basis.weekday.shape)
    for age in range(min(NAIVE_WEEKS * WEEK, past.days), 0, -1):
        day = past.weekday[-age]
        last[day] = np.where(past.telling[-age], past.units[-age], last[day])
    return np.where(basis.open_ahead[:, None], last[basis.weekday_ahead], 0.0)


def _weekday(half_life: float) -> Method:
    def method(basis: Basis) -> np.ndarray:
        return basis.spread_over_days(basis.level(basis.week_before, half_life), 1.0)

    return method


def _season(half_life: float) -> Method:
    def method(basis: Basis) -> np.ndarray:
        level = basis.level(basis.common_before, half_life)
        return basis.spread_over_days(level, basis.common_ahead)

    return method


def _own_season(half_life: float) -> Method:
    def method(basis: Basis) -> np.ndarray:
        return basis.spread_over_days(basis.level(basis.year_before, half_life), basis.own_ahead)

    return method


def _damped(half_life: float) -> Method:
    """A level that returns to its long run, as a damped trend levels out.

    Gardner and McKenzie (1985), Forecasting trends in time series, Management Science 31.
    """

    def method(basis: Basis) -> np.ndarray:
        now = basis.level(basis.common_before, half_life)
        long_run = basis.level(basis.common_before, LONG_RUN)
        left = 0.5 ** (np.arange(1, len(basis.weekday_ahead) + 1) / RETURN)
        level = long_run + left[:, None] * (now - long_run)
        return basis.spread_over_days(level, basis.common_ahead)

    return method


def _intermittent(rate: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Method:
    def method(basis: Basis) -> np.ndarray:
        return basis.spread_over_days(rate(basis.past.capped, basis.past.plain), 1.0)

    return method


Method = Callable[[Basis], np.ndarray]
"""From what is known to the mean of each day to forecast (T, K) [unit/day]."""

NAIVE = "seasonal naive"
COMBINATION = "combination"
COMBINED = ("season, 2 weeks", "own season, 4 weeks", "season, damped")
"""What the combination is the mean of: a level that learns fast, one that returns, two seasons."""
METHODS: dict[str, Method] = {
    NAIVE: seasonal_naive,
    "weekday, 4 weeks": _weekday(28.0),
    "weekday, 13 weeks": _weekday(91.0),
    "season, 2 weeks": _season(14.0),
    "season, 4 weeks": _season(28.0),
    "season, 13 weeks": _season(91.0),
    "season, damped": _damped(28.0),
    "own season, 4 weeks": _own_season(28.0),
    "own season, 13 weeks": _own_season(91.0),
    "Croston": _intermittent(croston),
    "SBA": _intermittent(sba),
    "TSB": _intermittent(tsb),
}
"""By name; a level of so many weeks gives half its weight to them."""


def means_of(basis: Basis, names: Sequence[str]) -> np.ndarray:
    """What each named method expects (N, T, K) [unit/day].

    The combination is the mean of the methods in `COMBINED` (Bates and Granger 1969, The
    combination of forecasts, OR Quarterly 20).
    """
    parts = COMBINED if COMBINATION in names else ()
    found = {name: METHODS[name](basis) for name in {*names, *parts} - {COMBINATION}}
    if parts:
        found[COMBINATION] = np.mean([found[name] for name in parts], axis=0)
    return np.array([found[name] for name in names])
