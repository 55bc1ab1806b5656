"""Models of another library as candidates, fitted to open days without gaps."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest

from data.engine import Alone
from data.errors import ConfigurationError
from planner.forecasting.forecast import ForecastSetting, forecast_sales
from planner.forecasting.methods import basis_of
from planner.forecasting.statistical import (
    LIBRARY,
    MODELS,
    check_models,
    fitted,
    model_means,
    seconds_needed,
    series_of,
)
from tests.planner.forecasting.pasts import make_sales, poisson_sales


class LastWeek:
    """A model that repeats the last season, and cannot fit a series that begins with 13."""

    def __init__(self, season_length: int) -> None:
        self.season_length = season_length

    def forecast(self, y: np.ndarray, h: int) -> dict[str, np.ndarray]:
        """The last season over and over."""
        if y[0] == 13:
            raise ValueError("no parameters were found")
        return {"mean": np.resize(y[-self.season_length :], h)}


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of one model, in the place of the one that may not be installed."""
    module = ModuleType(f"{LIBRARY}.models")
    module.AutoETS = LastWeek  # type: ignore[attr-defined]  # a stand-in has what is asked for
    monkeypatch.setitem(sys.modules, LIBRARY, ModuleType(LIBRARY))
    monkeypatch.setitem(sys.modules, f"{LIBRARY}.models", module)


@pytest.mark.usefixtures("library")
def test_a_model_sees_open_days_alone_and_foresees_open_days_alone() -> None:
    """A week of six open days has a season of six; the seventh stays without demand."""
    week = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 0.0, 60.0])
    open_ = np.tile(week > 0, 20)
    sales = make_sales(np.tile(week[:, None], (20, 2)), open=open_)
    basis = basis_of(sales, sales.days, 14)
    assert series_of(basis, ("AutoETS",)).week == 6
    (mean,) = model_means(basis, ("AutoETS",), Alone())
    np.testing.assert_allclose(mean, np.tile(week[:, None], (2, 2)), rtol=1e-6)


@pytest.mark.usefixtures("library")
def test_gaps_are_filled_with_what_the_week_makes_of_the_level() -> None:
    """Days out of stock in the last week do not reach the model as days without demand."""
    week = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0])
    units = np.tile(week[:, None], (20, 1))
    censored = np.zeros(units.shape, dtype=bool)
    censored[-4:] = True
    units[censored] = 0.0
    basis = basis_of(make_sales(units, censored=censored), len(units), 7)
    (mean,) = model_means(basis, ("AutoETS",), Alone())
    np.testing.assert_allclose(mean[:, 0], week, rtol=1e-6)


@pytest.mark.usefixtures("library")
def test_a_model_that_finds_nothing_leaves_a_product_to_its_mean() -> None:
    """And one without demand at 0."""
    units = np.zeros((60, 3))
    units[:, 0], units[:, 1] = 5.0, 8.0
    units[0, 1] = 13.0
    series = series_of(basis_of(make_sales(units), 60, 5), ("AutoETS",))
    found = fitted(series, range(3))
    np.testing.assert_allclose(found[0, :, 0], 5.0)
    np.testing.assert_allclose(found[0, :, 1], series.values[:, 1].mean())
    np.testing.assert_array_equal(found[0, :, 2], 0.0)


@pytest.mark.usefixtures("library")
def test_the_time_needed_grows_with_products_and_shrinks_with_workers() -> None:
    """It is told before the work begins."""
    needed = seconds_needed(poisson_sales(120, 40), ("AutoETS",), 14, 2, 5)
    assert needed > 0


def test_models_that_are_not_known_or_not_there_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With what could be asked for, or how to install it."""
    with pytest.raises(ConfigurationError, match="AutoMagic is not known"):
        check_models(("AutoMagic",))
    monkeypatch.setattr("planner.forecasting.statistical.find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match="is not installed; install it with"):
        ForecastSetting(models=("AutoETS",))


@pytest.mark.skipif(find_spec(LIBRARY) is None, reason="statsforecast is not installed")
@pytest.mark.parametrize("name", MODELS)
def test_every_model_makes_a_forecast(name: str) -> None:
    """Under the name by which it may be asked for, near the mean of steady demand."""
    sales = poisson_sales(180, 2)
    (mean,) = model_means(basis_of(sales, 180, 7), (name,), Alone())
    level = sales.units.mean(axis=0)
    assert (np.abs(mean.mean(axis=0) / level - 1) < 0.5).all()


@pytest.mark.skipif(find_spec(LIBRARY) is None, reason="statsforecast is not installed")
def test_a_model_is_a_candidate_like_every_method() -> None:
    """It is chosen where it is the better of two."""
    setting = ForecastSetting(methods=("seasonal naive",), models=("CrostonSBA",))
    found = forecast_sales(poisson_sales(220, 12), 7, setting)
    assert (found.method == "CrostonSBA").all()
