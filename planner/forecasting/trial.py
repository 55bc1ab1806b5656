"""What playing the past again teaches: methods, the law of demand, and how wide it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.demand import law as law_named
from data.sales import Sales
from planner.forecasting.calibration import USUAL_LAW, Calibration, calibrate, ranks
from planner.forecasting.choice import Choice, choose
from planner.forecasting.coverage import Coverage, coverage_of, covered
from planner.forecasting.kinds import kinds
from planner.forecasting.methods import COMBINATION
from planner.forecasting.past import Past
from planner.forecasting.profile import shrinkage
from planner.forecasting.records import ForecastSetting
from planner.forecasting.rolling import STEP, Foresight, HeldOut, origins_of, play

FEWEST_ORIGINS = 2
"""Origins without which nothing can be calibrated."""
ORIGINS_TO_CHECK = 4
"""Origins from which on some are kept for checking what the others taught."""
CHECKED = 1 / 3
"""Share of the origins, the latest ones, that is kept for that."""
FEWEST_INTERVALS = 10
"""Intervals of a product from which on its own coverage is told."""
TOLD = 0.8
"""Chance of the interval whose coverage is told per product."""
FINE = 1e-3
"""Share of its mean to which the demand of a product is told apart that is not in whole units."""


@dataclass(frozen=True)
class Learnt:
    """What the past taught.

    Attributes:
        choice: methods and what they cost.
        calibration: law and factors.
        autocorrelation: of errors of neighbouring days (K,) [1].
        coverage: of intervals that neither methods nor factors were chosen by.
        covered: share of each product's own such intervals that held (K,) [1]; NaN if too few.
        assumed: what was taken for granted, as sentences.
    """

    choice: Choice
    calibration: Calibration
    autocorrelation: np.ndarray
    coverage: Coverage
    covered: np.ndarray
    assumed: tuple[str, ...] = ()


def learn(sales: Sales, past: Past, setting: ForecastSetting, foresee: Foresight) -> Learnt:
    """Plays the past again, chooses and calibrates; the usual where it is too short for that."""
    origins = origins_in(sales, setting)
    if len(origins) < FEWEST_ORIGINS:
        return _untaught(sales, setting)
    held = play(sales, origins, foresee, setting.lengths)
    count = len(sales.unique_id)
    judge = _Judge(
        past.group,
        np.broadcast_to(np.asarray(setting.cost_ratio, dtype=np.float64), (count,)),
        grain_of(sales.units),
        _usual(setting),
    )
    choice, calibration = judge.settle(held)
    coverage, own = _checked(judge, held, kinds(past.units, past.telling))
    return Learnt(
        choice,
        calibration,
        _autocorrelation(held.of(choice.method)),
        coverage,
        own,
        () if coverage.rows else ("the past is too short to check the intervals' coverage on",),
    )


def origins_in(sales: Sales, setting: ForecastSetting) -> list[int]:
    """Days known at each origin that methods are tried from, the latest first."""
    return origins_of(sales.days, setting.validate_days, max(STEP, *setting.lengths))


def grain_of(units: np.ndarray) -> np.ndarray:
    """What a product's demand is a multiple of (K,) [unit].

    Its greatest common divisor where all of it is whole; else a thousandth of its mean.
    """
    whole = (units == np.rint(units)).all(axis=0) & (units.max(axis=0) < 2.0**53)
    divisor = np.gcd.reduce(np.where(whole, units, 0.0).astype(np.int64), axis=0)
    return np.where(whole, np.maximum(divisor, 1), FINE * units.mean(axis=0))


@dataclass(frozen=True)
class _Judge:
    """By what methods are chosen and factors found: groups, cost ratios and grains, each (K,)."""

    group: np.ndarray
    cost_ratio: np.ndarray
    grain: np.ndarray
    reference: int

    def settle(self, held: HeldOut) -> tuple[Choice, Calibration]:
        """The methods, and law and factors for them."""
        choice = choose(held, self.group, self.cost_ratio, self.reference)
        return choice, calibrate(held.of(choice.method), self.group, self.grain)


def _usual(setting: ForecastSetting) -> int:
    """Number of the method that is taken where nothing speaks for another."""
    names = setting.methods
    return names.index(COMBINATION) if COMBINATION in names else len(names) - 1


def _untaught(sales: Sales, setting: ForecastSetting) -> Learnt:
    count = len(sales.unique_id)
    unknown = np.full(count, np.nan)
    said = (
        f"{sales.days} days of sales are too few to try methods on: every product is forecast by "
        f"the method {setting.methods[_usual(setting)]!r}, with standard deviations that are not "
        "calibrated"
    )
    return Learnt(
        Choice(np.full(count, _usual(setting)), unknown, unknown),
        Calibration(USUAL_LAW, np.ones(count)),
        np.zeros(count),
        Coverage(),
        unknown,
        (said,),
    )


def _checked(judge: _Judge, held: HeldOut, kind: np.ndarray) -> tuple[Coverage, np.ndarray]:
    """Coverage of the latest origins by what the others teach; and each product's own (K,)."""
    origins = int(held.origin.max()) + 1
    unknown = np.full(len(kind), np.nan)
    if origins < ORIGINS_TO_CHECK:
        return Coverage(), unknown
    late = held.origin < round(CHECKED * origins)
    earlier = held.only(~late)
    earlier = replace(earlier, origin=earlier.origin - earlier.origin.min())
    choice, calibration = judge.settle(earlier)
    checked = held.only(late).of(choice.method)
    std = calibration.factor * np.sqrt(checked.variance[0])
    law = law_named(calibration.law)(checked.mean[0], std)
    low, high = ranks(law, checked.found, judge.grain)
    count = checked.counts.sum(axis=0)
    inside = np.where(checked.counts, covered(low, high, TOLD), 0.0).sum(axis=0)
    own = np.where(count >= FEWEST_INTERVALS, inside / np.maximum(count, 1), np.nan)
    return coverage_of(checked.days, checked.counts, kind, (low, high)), own


def _autocorrelation(held: HeldOut) -> np.ndarray:
    """Lag-one correlation of daily errors, near that of all products where days are few (K,)."""
    squared = held.squared[0]
    known = (squared > 0) & (held.pairs > 1)
    if not known.any():
        return np.zeros(len(squared))
    own = np.where(known, held.lagged[0] / np.where(known, squared, 1.0), np.nan)
    noise = np.where(known, 1.0 / np.maximum(held.pairs, 1), np.nan)
    common = np.full(len(own), held.lagged[0][known].sum() / squared[known].sum())
    belief = shrinkage(own, noise, common)
    return np.clip(np.where(known, common + belief * (own - common), common), -0.95, 0.95)
