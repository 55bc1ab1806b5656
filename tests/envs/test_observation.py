"""What a brain sees, feature by feature."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.outlook import outlook_of
from data.scenario import Scenario
from envs.dynamics import State, advance, opening_state
from envs.observation import (
    FEATURES,
    SIZE,
    VERSION,
    ForecastErrors,
    no_errors,
    observe,
    traits_of,
)
from envs.world import world_of

PATHS = 4


def some_days_later(scenario: Scenario, scale: float = 1.0) -> tuple[State, ForecastErrors]:
    """Stock and errors after ten days of random orders and demand, in units of `scale`."""
    world, outlook = world_of(scenario), outlook_of(scenario, 20)
    state, errors = opening_state(scenario.stock, world, PATHS), no_errors(PATHS, 3)
    rng = np.random.default_rng(11)
    for t in range(10):
        orders = rng.uniform(0, 40, (PATHS, 3, 3)) * scale
        demand = rng.uniform(0, 40, (PATHS, 3)) * scale
        state, _ = advance(state, orders, demand[:, None], world)
        errors = errors.after(demand, outlook.mean[t], outlook.std[t])
    return state, errors


def seen_of(scenario: Scenario, scale: float = 1.0) -> np.ndarray:
    """The observation on the eleventh day (P, K, SIZE)."""
    state, errors = some_days_later(scenario, scale)
    return observe(state, errors, outlook_of(scenario, 20), traits_of(scenario))


def test_features_have_names_and_an_order_that_brains_rely_on() -> None:
    """A change here is a new VERSION: trained brains would read the wrong numbers."""
    assert VERSION == 1
    assert SIZE == len(FEATURES) == len(set(FEATURES)) == 30
    by_stage = (
        "echelon_gap",
        "on_hand",
        "pipeline",
        "window_forecast",
        "window_sigma",
        "lead_time",
        "supply_capacity",
    )
    assert FEATURES[:21] == tuple(f"{name}_{m}" for name in by_stage for m in range(3))
    assert FEATURES[21:] == (
        "holding_share_1",
        "holding_share_2",
        "log_cost_ratio",
        "error_autocorrelation",
        "forecast_month_1",
        "forecast_month_2",
        "smoothed_error",
        "last_error",
        "backorders",
    )


def test_every_feature_is_what_its_name_says(scenario: Scenario) -> None:
    """Worked out anew from the state, product by product."""
    seen = seen_of(scenario)
    assert seen.shape == (PATHS, 3, SIZE)
    assert seen.dtype == np.float32
    state, errors = some_days_later(scenario)
    outlook = outlook_of(scenario, 20)
    windows = outlook.windows(10)
    products, mean = scenario.products, scenario.forecast.mean.mean(axis=0)
    for path in range(PATHS):
        for k in range(3):
            found = dict(zip(FEATURES, seen[path, k].tolist(), strict=True))
            expected = {
                "holding_share_1": 0.7,
                "holding_share_2": 0.4,
                "log_cost_ratio": np.log10(products.cost_ratio[k]) / 3,
                "error_autocorrelation": products.error_autocorrelation[k],
                "forecast_month_1": outlook.mean[10:38, k].mean() / mean[k],
                "forecast_month_2": outlook.mean[38:66, k].mean() / mean[k],
                "smoothed_error": errors.smoothed[path, k],
                "last_error": np.clip(errors.last[path, k], -5, 5),
                "backorders": state.backorders[path, 0, k] / mean[k],
            }
            position = -state.backorders[path, 0, k]
            for m in range(3):
                interval = products.lead_time[m, k] + 1
                on_hand = state.on_hand[path, m, k]
                under_way = state.pipeline[path, m, k].sum()
                position += on_hand + under_way
                gap = (position - windows.echelon_mean[m, k]) / windows.echelon_std[m, k]
                capacity = min(products.maximum_order[k] / mean[k], 6)
                expected |= {
                    f"echelon_gap_{m}": np.clip(gap, -5, 10),
                    f"on_hand_{m}": on_hand / interval / mean[k],
                    f"pipeline_{m}": under_way / interval / mean[k],
                    f"window_forecast_{m}": windows.mean[m, k] / interval / mean[k],
                    f"window_sigma_{m}": windows.std[m, k] / np.sqrt(interval) / mean[k],
                    f"lead_time_{m}": products.lead_time[m, k] / 9,
                    f"supply_capacity_{m}": capacity / 3,
                }
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_counting_in_other_units_changes_nothing(scenario: Scenario) -> None:
    """Seven times the units, at a seventh of the cost each: the same picture to float32."""
    products, forecast, stock = scenario.products, scenario.forecast, scenario.stock
    larger = replace(
        scenario,
        products=replace(
            products,
            maximum_order=7 * products.maximum_order,
            missed_sale_cost=products.missed_sale_cost / 7,
            holding_cost=products.holding_cost / 7,
        ),
        forecast=replace(forecast, mean=7 * forecast.mean, std=7 * forecast.std),
        stock=replace(
            stock,
            on_hand=7 * stock.on_hand,
            pipeline=7 * stock.pipeline,
            backorders=7 * stock.backorders,
        ),
    )
    np.testing.assert_allclose(seen_of(larger, 7.0), seen_of(scenario), rtol=2e-6, atol=2e-6)


def test_a_product_without_demand_can_be_looked_at(scenario: Scenario) -> None:
    """No division by zero: every feature is a number, and the gap is at its bound."""
    forecast = scenario.forecast
    dead = replace(
        scenario, forecast=replace(forecast, mean=0 * forecast.mean, std=0 * forecast.std)
    )
    outlook = outlook_of(dead, 5)
    state = opening_state(dead.stock, world_of(dead))
    with np.errstate(over="ignore"):
        seen = observe(state, no_errors(1, 3), outlook, traits_of(dead))
    assert np.isfinite(seen).all()
    assert (seen[..., :3] == 10).all()


def test_looking_changes_nothing(scenario: Scenario) -> None:
    """The state that is observed stays as it is."""
    state, errors = some_days_later(scenario)
    for values in (state.on_hand, state.pipeline, state.backorders, errors.last):
        values.flags.writeable = False
    observe(state, errors, outlook_of(scenario, 20), traits_of(scenario))
