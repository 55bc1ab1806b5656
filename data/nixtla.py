"""Forecasts as Nixtla's libraries write them: `Model`, `Model-lo-80`, `Model-hi-80`.

The mean is the model's point forecast, the standard deviation comes from the width of the interval.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from data.cells import Typed
from data.columns import option
from data.errors import DataError
from data.issues import Issue, Issues, Severity
from data.reading import RawTable
from data.schema import Column, Table
from data.tables import FORECAST

USUAL_LEVEL = 80.0
"""The interval preferred where a forecast has several [%]."""
_BOUND = re.compile(r"(?P<model>.+)-lo-(?P<level>\d+(?:\.\d+)?)")


@dataclass(frozen=True)
class Interval:
    """A model's point forecast and one of its prediction intervals.

    Attributes:
        model: name of the model, which is the column of its point forecast.
        lo, hi: columns of the bounds.
        level: chance that demand falls between them [%].
    """

    model: str
    lo: str
    hi: str
    level: float

    @property
    def table(self) -> Table:
        """The forecast's table with the two bounds in the place of `std`."""
        meaning = "a bound of the prediction interval"
        bounds = tuple(Column(name, meaning, required=True) for name in (self.lo, self.hi))
        usual = tuple(FORECAST[name] for name in ("unique_id", "ds", "mean"))
        return replace(FORECAST, columns=usual + bounds)


def interval_of(raw: RawTable, mapping: Mapping[str, str]) -> Interval | None:
    """The interval in a file that has no `std`; None if there is none.

    Of a model's intervals the one nearest to 80 % is taken.

    Raises:
        DataError: there are several models, and `mean` is mapped to none of them.
    """
    if mapping.get("std", "std") in raw.columns:
        return None
    intervals: dict[str, list[Interval]] = {}
    for lo in raw.columns:
        match = _BOUND.fullmatch(lo)
        if match is None or match["model"] not in raw.columns:
            continue
        model, level = match["model"], float(match["level"])
        hi = f"{model}-hi-{match['level']}"
        if hi in raw.columns and 0 < level < 100 and mapping.get("mean", model) == model:
            intervals.setdefault(model, []).append(Interval(model, lo, hi, level))
    if len(intervals) > 1:
        models = list(intervals)
        raise DataError(
            f"forecasts of {len(models)} models found ({', '.join(models)}); choose one with "
            f"{option('mean', models[0])}"
        )
    for choices in intervals.values():
        return min(choices, key=lambda interval: abs(interval.level - USUAL_LEVEL))
    return None


def with_std(found: Typed, interval: Interval, issues: Issues) -> Typed:
    """The forecast with `std` [unit/day] computed from its bounds.

    std = (hi - lo) / (2 z), z the normal quantile of the level; where the lower bound was cut at 0,
    (hi - mean) / z.
    """
    mean, lo, hi = (found.frame[name] for name in ("mean", interval.lo, interval.hi))
    z = NormalDist().inv_cdf(0.5 + interval.level / 200)
    cut = (lo == 0) & (2 * mean < hi)
    std = np.where(found.bad, 0.0, np.where(cut, hi - mean, 0.5 * (hi - lo)) / z)
    rule = (
        f"mean is {interval.model}, std is half the width of its {interval.level:g} % interval / "
        f"{z:.4g} (of the upper half where the lower bound is 0)"
    )
    issues.add(Issue(Severity.ASSUMED, found.file, rule))
    return replace(found, frame=found.frame[["unique_id", "ds", "mean"]].assign(std=std))
