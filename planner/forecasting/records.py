"""How to forecast, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from data.errors import ConfigurationError
from data.forecast import Forecast
from planner.forecasting.coverage import Coverage
from planner.forecasting.methods import COMBINATION, METHODS
from planner.forecasting.statistical import check_models

YEAR = 364


@dataclass(frozen=True)
class ForecastSetting:
    """How to forecast.

    Attributes:
        cost_ratio: missed-sale cost / holding cost, by which methods are judged (K,) or one for
            all [1].
        protection_interval: L + 1 per stage, the shelf first [period].
        methods: names in `planner.forecasting.methods.METHODS`, and `COMBINATION`; the first is
            what the others are compared with.
        models: of statsforecast, in `planner.forecasting.statistical.MODELS`, tried besides.
        validate_days: how much of the past is played again to choose and to calibrate [day].
        seed: of everything drawn; the methods that are built in draw nothing.
    """

    cost_ratio: np.ndarray | float = 100.0
    protection_interval: tuple[int, ...] = (3, 4, 5)
    methods: tuple[str, ...] = (*METHODS, COMBINATION)
    models: tuple[str, ...] = ()
    validate_days: int = YEAR
    seed: int = 1

    def __post_init__(self) -> None:
        if not np.all(np.asarray(self.cost_ratio) > 0):
            raise ConfigurationError(
                f"the cost ratio is {np.min(self.cost_ratio):g}, expected a number above 0"
            )
        if not self.protection_interval or min(self.protection_interval) < 1:
            raise ConfigurationError(
                f"protection intervals are {self.protection_interval}, expected at least 1 day each"
            )
        unknown = [name for name in self.methods if name not in (*METHODS, COMBINATION)]
        if unknown or not self.methods:
            raise ConfigurationError(
                f"method {', '.join(unknown) or 'none'} is not known; the methods are "
                f"{', '.join((*METHODS, COMBINATION))}"
            )
        check_models(self.models)

    @property
    def candidates(self) -> tuple[str, ...]:
        """All that is tried: methods, then models."""
        return (*self.methods, *self.models)

    @property
    def lengths(self) -> tuple[int, ...]:
        """Protection intervals of the echelons [day]."""
        return tuple(dict.fromkeys(np.cumsum(self.protection_interval).tolist()))


@dataclass(frozen=True)
class Quality:
    """What is known of a forecast's worth, per product.

    Attributes:
        kind: after Syntetos and Boylan (K,).
        cost: of the method's errors on the past, per day (K,) [holding cost of a unit and day];
            NaN where nothing could be tried.
        naive_cost: of seasonal naive forecasts' (K,) [the same].
        covered: share of sums within their central 80 % interval, on stretches that nothing was
            calibrated on (K,) [1]; NaN where there are too few.
    """

    kind: np.ndarray
    cost: np.ndarray
    naive_cost: np.ndarray
    covered: np.ndarray


@dataclass(frozen=True)
class SalesForecast:
    """A forecast of K products and how it came about.

    Attributes:
        unique_id: (K,).
        forecast: mean and std (T, K) [unit/period].
        method: by which each product is forecast (K,).
        history: "", or "insufficient history: ..." and what stands in (K,).
        autocorrelation: of errors of neighbouring days (K,) [1]. The standard deviations are
            wide enough for sums over protection intervals as they are; a plan that is given this
            figure beside them counts the correlation twice.
        law: of demand around the forecast, a name in `data.demand.LAWS`.
        coverage: of intervals, on stretches of the past that nothing was calibrated on.
        assumed: what was taken for granted, as sentences.
        quality: what is known of its worth.
    """

    unique_id: np.ndarray
    forecast: Forecast
    method: np.ndarray
    history: np.ndarray
    autocorrelation: np.ndarray
    law: str
    coverage: Coverage
    assumed: tuple[str, ...]
    quality: Quality

    def after(self, days: int) -> SalesForecast:
        """The same without the first `days` days."""
        forecast = self.forecast
        start = forecast.start + timedelta(days=days)
        return replace(self, forecast=Forecast(start, forecast.mean[days:], forecast.std[days:]))
