"""Models of Nixtla's statsforecast as further candidates, where it is installed and asked for.

A model sees the open days of a product as one series without gaps: silent and promoted days are
filled with what the shape of the week makes of its level. It says the mean of open days to come;
closed days, promotions and the spread are dealt with as for every other method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter

import numpy as np

from data.engine import Engine
from data.errors import ConfigurationError
from data.sales import Sales
from planner.forecasting.methods import Basis, basis_of

LIBRARY = "statsforecast"
MODELS = ("AutoETS", "AutoTheta", "AutoARIMA", "AutoCES", "CrostonSBA", "IMAPA", "ADIDA")
"""Models that may be asked for; the last three have no season."""
UNSEASONAL = ("CrostonSBA", "IMAPA", "ADIDA")
USUAL = ("AutoETS", "AutoTheta", "CrostonSBA")
AT_A_TIME = 16
"""Products that a worker is given at a time."""
TIMED = 3
"""Products that say how long all will take."""
LEVEL = 91.0
"""Half-life of the level that fills gaps [day]."""
SHORTEST = 3
"""Weeks of open days without which a product is left to its mean."""


@dataclass(frozen=True)
class Series:
    """What models are fitted to.

    Attributes:
        models: names in `MODELS`.
        values: demand on open days, gaps filled (D, K) [unit].
        begins: the day of each product's first telling one (K,).
        week: open days in a week [day].
        ahead: open days to forecast.
    """

    models: tuple[str, ...]
    values: np.ndarray
    begins: np.ndarray
    week: int
    ahead: int


def check_models(names: Sequence[str]) -> None:
    """Refuses models that are not known, or cannot be had.

    Raises:
        ConfigurationError: there is no such model, or the library is not installed.
    """
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise ConfigurationError(
            f"model {', '.join(unknown)} is not known; expected some of {', '.join(MODELS)}"
        )
    if names and find_spec(LIBRARY) is None:
        raise ConfigurationError(
            f"{', '.join(names)} need {LIBRARY}, which is not installed; install it with "
            "pip install 'echelon-planner[forecast]', or leave the models out"
        )


def model_means(basis: Basis, models: tuple[str, ...], engine: Engine) -> np.ndarray:
    """What each model expects (N, T, K) [unit/day], products shared out over the engine."""
    series = series_of(basis, models)
    count = series.values.shape[1]
    batches = [range(k, min(k + AT_A_TIME, count)) for k in range(0, count, AT_A_TIME)]
    found = np.concatenate(list(engine.map(fitted, series, batches)), axis=2)
    means = np.zeros((len(models), len(basis.open_ahead), count))
    means[:, basis.open_ahead] = found
    return np.array([basis.promoted(mean * basis.past.beyond) for mean in means])


def series_of(basis: Basis, models: tuple[str, ...]) -> Series:
    """The series of all products."""
    past = basis.past
    filled = basis.weekday[past.weekday] * basis.level(basis.week_before, LEVEL)
    values = np.where(past.plain, past.capped, filled)[past.open]
    telling = past.telling[past.open]
    begins = np.where(telling.any(axis=0), telling.argmax(axis=0), len(values))
    week = len(np.unique(basis.weekday_ahead[basis.open_ahead])) or 1
    return Series(models, values, begins, week, int(basis.open_ahead.sum()))


def fitted(series: Series, products: Sequence[int]) -> np.ndarray:
    """What each model expects of some products on open days to come (N, T, k) [unit/day]."""
    library = import_module("statsforecast.models")
    found = np.zeros((len(series.models), series.ahead, len(products)))
    for column, product in enumerate(products):
        values = series.values[series.begins[product] :, product]
        if not series.ahead or not (values > 0).any():
            continue
        for number, name in enumerate(series.models):
            mean = np.full(series.ahead, values.mean())
            if len(values) >= SHORTEST * series.week:
                mean = _forecast(library, name, values, series)
            found[number, :, column] = np.maximum(np.nan_to_num(mean), 0.0)
    return found


def _forecast(library: object, name: str, values: np.ndarray, series: Series) -> np.ndarray:
    """One model's forecast; the mean of the series where it finds no parameters."""
    kind = getattr(library, name)
    model = kind() if name in UNSEASONAL else kind(season_length=series.week)
    try:
        return np.asarray(model.forecast(y=values, h=series.ahead)["mean"])
    except (ValueError, ArithmeticError, IndexError, np.linalg.LinAlgError):
        return np.full(series.ahead, values.mean())


def seconds_needed(
    sales: Sales, models: tuple[str, ...], days: int, workers: int, origins: int
) -> float:
    """About how long the models will take [s], from a few products tried alone.

    Args:
        sales: of all products.
        models: names in `MODELS`.
        days: to forecast [day].
        workers: products fitted at a time.
        origins: how often every product is forecast.
    """
    some = np.unique(np.linspace(0, len(sales.unique_id) - 1, TIMED).astype(np.int64))
    series = series_of(basis_of(sales.take(some), sales.days, days), models)
    fitted(series, [0])  # what is compiled once is not counted for every product
    began = perf_counter()
    fitted(series, range(len(some)))
    each = (perf_counter() - began) / len(some)
    return each * len(sales.unique_id) * origins / workers
