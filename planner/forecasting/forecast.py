"""From daily sales to a forecast a plan can be made from.

    found = forecast_sales(sales, days=60)
    found.forecast.mean, found.forecast.std     # (T, K), from the day after the last one known

Every method is tried on the past, each product takes the one whose errors cost least, and its
standard deviation is widened or narrowed until sums over protection intervals fall where they
should.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data.demand import law as law_named
from data.engine import Alone, Engine
from data.errors import ConfigurationError
from data.forecast import WEEK, Forecast
from data.sales import Sales
from planner.forecasting.kinds import KINDS, kinds
from planner.forecasting.methods import Basis, basis_of, means_of
from planner.forecasting.past import Past
from planner.forecasting.records import ForecastSetting, Quality, SalesForecast
from planner.forecasting.rolling import Foresight
from planner.forecasting.spread import dispersion, variance
from planner.forecasting.statistical import model_means
from planner.forecasting.thin import GONE, is_thin, last_price, left_the_range, stand_in
from planner.forecasting.trial import learn

__all__ = ["ForecastSetting", "Quality", "SalesForecast", "forecast_from", "forecast_sales"]

FURTHEST = 366
"""Days between the last sales and the first day to forecast [day]."""


@dataclass(frozen=True)
class _Figures:
    """What is forecast: mean and variance (T, K), method and state of the history (K,)."""

    mean: np.ndarray
    variance: np.ndarray
    method: np.ndarray
    history: np.ndarray


def forecast_sales(
    sales: Sales, days: int, setting: ForecastSetting | None = None, engine: Engine | None = None
) -> SalesForecast:
    """The demand of `days` days from `sales.end` on.

    Products learn from each other: shapes, factors and choices of a product whose own days are
    few or noisy are near those of its group, so that a product forecast alone may differ from the
    same one among others.

    Args:
        sales: what was sold.
        days: how many days to forecast [day].
        setting: how.
        engine: who fits models; this process if not given.

    Raises:
        ConfigurationError: there is no day to forecast, or cost ratios are of other products.
    """
    setting = setting or ForecastSetting()
    if days < 1:
        raise ConfigurationError(f"{days} days are to be forecast, expected at least 1")
    if np.size(setting.cost_ratio) not in (1, len(sales.unique_id)):
        raise ConfigurationError(
            f"{np.size(setting.cost_ratio)} cost ratios were given for {len(sales.unique_id)} "
            "products, expected one for each or one for all"
        )
    basis = basis_of(sales, sales.days, days)
    foresee = _foresight(setting, engine or Alone())
    learnt = learn(sales, basis.past, setting, foresee)
    columns = np.arange(len(sales.unique_id))
    every = foresee(basis)
    mean = every[learnt.choice.method, :, columns].T
    scatter = dispersion(basis) * np.square(learnt.calibration.factor)
    method = np.array(setting.candidates, dtype=object)[learnt.choice.method]
    figures = _Figures(
        mean, variance(mean, scatter), method, np.full(len(columns), "", dtype=object)
    )
    figures = _without_demand(sales, basis.past, _with_thin(sales, basis, scatter, figures))
    # A law of whole numbers cannot be narrower than chance makes it.
    std = np.asarray(law_named(learnt.calibration.law)(figures.mean, np.sqrt(figures.variance)).std)
    kind = np.array(KINDS, dtype=object)[kinds(basis.past.units, basis.past.telling)]
    return SalesForecast(
        unique_id=sales.unique_id,
        forecast=Forecast(sales.end, figures.mean, std),
        method=figures.method,
        history=figures.history,
        autocorrelation=learnt.autocorrelation,
        law=learnt.calibration.law,
        coverage=learnt.coverage,
        assumed=(*basis.assumed, *learnt.assumed),
        quality=Quality(kind, learnt.choice.cost, learnt.choice.naive_cost, learnt.covered),
    )


def _foresight(setting: ForecastSetting, engine: Engine) -> Foresight:
    """What every candidate expects: methods first, then models."""

    def foresee(basis: Basis) -> np.ndarray:
        means = means_of(basis, setting.methods)
        if not setting.models:
            return means
        return np.concatenate([means, model_means(basis, setting.models, engine)])

    return foresee


def forecast_from(
    sales: Sales,
    start: date | None,
    days: int,
    setting: ForecastSetting | None = None,
    engine: Engine | None = None,
) -> SalesForecast:
    """The demand of `days` days from `start` on, by what was known that morning.

    Args:
        sales: what was sold; what came later than `start` is not looked at.
        start: the first day; the day after the last one known if None. Where it is later than
            that, the days between are forecast and left out.
        days: how many days to forecast [day].
        setting: how.
        engine: who fits models; this process if not given.

    Raises:
        ConfigurationError: `start` is too far ahead.
        DataError: `start` is before the sales begin.
    """
    start = start or sales.end
    ahead = (start - sales.end).days
    if ahead > FURTHEST:
        raise ConfigurationError(
            f"--start is {start}, and sales end on {sales.end - timedelta(days=1)}; expected a day "
            f"at most {FURTHEST} days later"
        )
    known = sales if ahead >= 0 else sales.until(start)
    return forecast_sales(known, days + max(ahead, 0), setting, engine).after(max(ahead, 0))


def _with_thin(sales: Sales, basis: Basis, scatter: np.ndarray, figures: _Figures) -> _Figures:
    """Products that have told too little near the mean of products of like price, and that said."""
    past = basis.past
    thin = is_thin(past)
    if not thin.any():
        return figures
    found = stand_in(past, scatter, last_price(sales.price))
    level = np.broadcast_to(found.level, figures.mean.shape)
    mean = basis.spread_over_days(level, basis.common_ahead)
    # An error in the level is the same on every day, and adds up over a week as seven-fold.
    doubt = variance(mean, found.dispersion) + WEEK * found.doubt * np.square(mean)
    selling, telling = (past.units > 0).sum(axis=0), past.telling.sum(axis=0)
    told = [
        f"insufficient history: {sold} selling days of {days} on offer; {own:.0%} their mean, "
        f"{1 - own:.0%} that of products of like price"
        for sold, days, own in zip(selling, telling, found.belief, strict=True)
    ]
    return _Figures(
        np.where(thin, mean, figures.mean),
        np.where(thin, doubt, figures.variance),
        np.where(thin, "mean of its price group", figures.method),
        np.where(thin, np.array(told, dtype=object), figures.history),
    )


def _without_demand(sales: Sales, past: Past, figures: _Figures) -> _Figures:
    """Products never sold, or no longer on offer, at 0, and that said."""
    never = ~(sales.units > 0).any(axis=0)
    gone = left_the_range(sales.open, sales.on_sale)
    zero = never | gone
    days = past.telling.sum(axis=0)
    told = [
        f"not on offer on any of the last {GONE} days of trade; no demand is expected"
        if left
        else f"insufficient history: no sale on {shown} days on offer; no demand is expected"
        for left, shown in zip(gone, days, strict=True)
    ]
    return _Figures(
        np.where(zero, 0.0, figures.mean),
        np.where(zero, 0.0, figures.variance),
        np.where(zero, "no demand", figures.method),
        np.where(zero, np.array(told, dtype=object), figures.history),
    )
