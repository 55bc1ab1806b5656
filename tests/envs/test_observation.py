"""What a brain sees, feature by feature."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from data.network import Network, Stage
from data.outlook import Outlook, outlook_of
from data.scenario import Scenario
from data.stock import StockState
from envs.dynamics import State, advance, opening_state
from envs.observation import (
    MOST_STAGES,
    VERSION,
    ForecastErrors,
    Traits,
    features,
    no_errors,
    observe,
    ratio_feature,
    size,
    traits_of,
)
from envs.world import serial_world, world_of

PATHS = 4
LENGTHS = range(1, MOST_STAGES + 1)


def some_days_later(scenario: Scenario, scale: float = 1.0) -> tuple[State, ForecastErrors]:
    """Stock and errors after ten days of random orders and demand, in units of `scale`."""
    world, outlook = world_of(scenario), outlook_of(scenario, 20)
    stages, products = len(scenario.network), len(scenario.products)
    state, errors = opening_state(scenario.stock, world, PATHS), no_errors(PATHS, products)
    rng = np.random.default_rng(11)
    for t in range(10):
        orders = rng.uniform(0, 40, (PATHS, stages, products)) * scale
        demand = rng.uniform(-10, 40, (PATHS, products)).clip(0) * scale
        state, _ = advance(state, orders, demand[:, None], world)
        errors = errors.after(demand, outlook.mean[t], outlook.std[t])
    return state, errors


def seen_of(scenario: Scenario, scale: float = 1.0) -> np.ndarray:
    """The observation on the eleventh day (P, K, size)."""
    state, errors = some_days_later(scenario, scale)
    return observe(state, errors, outlook_of(scenario, 20), traits_of(scenario))


def with_stages(scenario: Scenario, stages: int) -> Scenario:
    """The same products on a chain of 1 to 5 stages; those beyond the third repeat the third."""
    every = np.minimum(np.arange(stages), 2)
    third = scenario.network.stages[-1]
    above = [Stage(f"far {m}", 4, third.holding_share * 0.8**m) for m in range(1, 3)]
    stock = scenario.stock
    return replace(
        scenario,
        network=Network((*scenario.network.stages, *above)[:stages]),
        products=replace(scenario.products, lead_time=scenario.products.lead_time[every]),
        stock=StockState(stock.on_hand[every], stock.pipeline[every], stock.backorders),
    )


def test_features_have_names_and_an_order_that_brains_rely_on() -> None:
    """A change here is a new VERSION: trained brains would read the wrong numbers."""
    assert VERSION == 2
    by_stage = (
        "echelon_gap",
        "on_hand",
        "pipeline",
        "window_forecast",
        "window_sigma",
        "lead_time",
        "lead_time_spread",
        "supply_capacity",
    )
    assert features(3)[:24] == tuple(f"{name}_{m}" for name in by_stage for m in range(3))
    assert features(3)[24:] == (
        "log_holding_share_1",
        "log_holding_share_2",
        "log_cost_ratio",
        "error_autocorrelation",
        "backordered",
        "forecast_month_1",
        "forecast_month_2",
        "smoothed_error",
        "last_error",
        "drift",
        "spread",
        "idle",
        "backorders",
        "arriving_1",
        "arriving_2",
        "arriving_3",
        "arriving_4",
    )


@pytest.mark.parametrize("stages", LENGTHS)
def test_a_longer_chain_shows_nine_more_numbers_per_stage(stages: int) -> None:
    """Eight blocks and a holding share, which the shelf has not; each name stands once."""
    names = features(stages)
    assert size(stages) == len(names) == len(set(names)) == 23 + 9 * (stages - 1)
    assert names[ratio_feature(stages)] == "log_cost_ratio"
    for m in range(stages):
        assert names[2 * stages + m] == f"pipeline_{m}"
    assert sum(name.startswith("log_holding_share") for name in names) == stages - 1


@pytest.mark.parametrize("stages", [0, MOST_STAGES + 1])
def test_chains_of_other_lengths_have_no_features(stages: int) -> None:
    """No brain could be shown them."""
    with pytest.raises(ValueError, match=f"{stages} stages, brains can be shown 1 to 5"):
        features(stages)


@pytest.mark.parametrize("stages", LENGTHS)
def test_every_feature_is_what_its_name_says(scenario: Scenario, stages: int) -> None:
    """Worked out anew from the state, product by product."""
    scenario = with_stages(scenario, stages)
    seen = seen_of(scenario)
    assert seen.shape == (PATHS, 3, size(stages))
    assert seen.dtype == np.float32
    state, errors = some_days_later(scenario)
    outlook = outlook_of(scenario, 20)
    windows = outlook.windows(10)
    products, mean = scenario.products, scenario.forecast.mean.mean(axis=0)
    share = [stage.holding_share for stage in scenario.network.stages]
    for path in range(PATHS):
        for k in range(3):
            found = dict(zip(features(stages), seen[path, k].tolist(), strict=True))
            shelf = mean[k] + windows.std[0, k]
            due = np.zeros(4)
            known = state.pipeline[path, 0, k, :4]
            due[: len(known)] = known
            expected = {
                "log_cost_ratio": np.log10(products.cost_ratio[k]) / 3,
                "error_autocorrelation": products.error_autocorrelation[k],
                "backordered": [0, 1, 0][k],
                "forecast_month_1": outlook.mean[10:38, k].mean() / mean[k],
                "forecast_month_2": outlook.mean[38:66, k].mean() / mean[k],
                "smoothed_error": errors.smoothed[path, k],
                "last_error": np.clip(errors.last[path, k], -5, 5),
                "drift": errors.drift[path, k],
                "spread": errors.spread[path, k],
                "idle": errors.idle[path, k],
                "backorders": state.backorders[path, 0, k] / shelf,
            } | {f"arriving_{day + 1}": due[day] / shelf for day in range(4)}
            position = -state.backorders[path, 0, k]
            for m in range(stages):
                interval = products.lead_time[m, k] + 1
                on_hand = state.on_hand[path, m, k]
                under_way = state.pipeline[path, m, k].sum()
                position += on_hand + under_way
                gap = (position - windows.echelon_mean[m, k]) / windows.echelon_std[m, k]
                capacity = min(products.maximum_order[k] / mean[k], 6)
                stock_unit = interval * mean[k] + windows.std[m, k]
                expected |= {
                    f"echelon_gap_{m}": np.clip(gap, -5, 10),
                    f"on_hand_{m}": on_hand / stock_unit,
                    f"pipeline_{m}": under_way / stock_unit,
                    f"window_forecast_{m}": windows.mean[m, k] / interval / mean[k],
                    f"window_sigma_{m}": windows.std[m, k] / np.sqrt(interval) / mean[k],
                    f"lead_time_{m}": products.lead_time[m, k] / 9,
                    f"lead_time_spread_{m}": 0,
                    f"supply_capacity_{m}": capacity / 3,
                }
                if m:
                    expected[f"log_holding_share_{m}"] = np.log(share[m])
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("stages", LENGTHS)
def test_counting_in_other_units_changes_nothing(scenario: Scenario, stages: int) -> None:
    """A thousand times the units, at seven times the cost each: the same picture to float32."""
    scenario = with_stages(scenario, stages)
    products, forecast, stock = scenario.products, scenario.forecast, scenario.stock
    larger = replace(
        scenario,
        products=replace(
            products,
            maximum_order=1000 * products.maximum_order,
            missed_sale_cost=7 * products.missed_sale_cost,
            holding_cost=7 * products.holding_cost,
        ),
        forecast=replace(forecast, mean=1000 * forecast.mean, std=1000 * forecast.std),
        stock=replace(
            stock,
            on_hand=1000 * stock.on_hand,
            pipeline=1000 * stock.pipeline,
            backorders=1000 * stock.backorders,
        ),
    )
    found, expected = seen_of(larger, 1000.0), seen_of(scenario)
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=2e-6)


def test_the_spread_of_lead_times_is_told_stage_by_stage(scenario: Scenario) -> None:
    """In periods, whatever the lead times are."""
    std = np.arange(9.0).reshape(3, 3) / 4
    traits = replace(traits_of(scenario), lead_time_std=std)
    state, errors = some_days_later(scenario)
    seen = observe(state, errors, outlook_of(scenario, 20), traits)
    first = features(3).index("lead_time_spread_0")
    np.testing.assert_allclose(seen[0, :, first : first + 3].T, std)


def test_what_is_under_way_to_the_shelf_is_told_day_by_day() -> None:
    """Shipped with lead time 6, an order appears four days ahead and comes nearer every day."""
    world = serial_world(np.array([[6]]))
    outlook = Outlook(np.full((80, 1), 2.0), np.full((80, 1), 1.0), np.array([[6]]))
    traits = Traits(
        scale=np.array([2.0]),
        supply_capacity=np.full((1, 1), np.inf),
        holding_share=np.ones((1, 1)),
        cost_ratio=np.array([10.0]),
        error_autocorrelation=np.zeros(1),
        backordered=np.zeros(1, bool),
        lead_time_std=np.zeros((1, 1)),
    )
    state = opening_state(StockState(np.zeros((1, 1)), np.zeros((1, 1, 1)), np.zeros(1)), world)
    first = features(1).index("arriving_1")
    known = []
    for order in (5.0, 0, 0, 0, 0, 0, 0):
        seen = observe(state, no_errors(1, 1), outlook, traits)
        known.append((seen[0, 0, first:] * (2 + np.sqrt(7))).round(4).tolist())
        state, _ = advance(state, np.full((1, 1, 1), order), np.zeros((1, 1, 1)), world)
    none = [0, 0, 0, 0]
    expected = [none, none, none, [0, 0, 0, 5], [0, 0, 5, 0], [0, 5, 0, 0], [5, 0, 0, 0]]
    assert known == expected
    short = replace(state, pipeline=state.pipeline[..., :1] + 3)
    seen = observe(short, no_errors(1, 1), outlook, traits)[0, 0, first:]
    assert seen[0] > 0
    assert not seen[1:].any(), "a pipeline of one day says nothing of the days after"


def test_slow_smoothing_tells_a_bias_a_wrong_deviation_and_days_without_demand() -> None:
    """x_t = x + 0.03 (y_t - x), with y the error for the drift, min(error^2, 9) for the spread,
    and 1 on a day without demand for idle.
    """
    rng = np.random.default_rng(3)
    mean, std = np.array([4.0, 10.0]), np.array([2.0, 0.5])
    errors = no_errors(2, 2)
    np.testing.assert_array_equal(errors.drift, 0)
    np.testing.assert_array_equal(errors.spread, 1)
    np.testing.assert_array_equal(errors.idle, 0)
    drift, spread, smoothed, idle = (np.full((2, 2), start) for start in (0.0, 1.0, 0.0, 0.0))
    for _ in range(60):
        demand = np.maximum(rng.normal(mean, 4 * std, (2, 2)), 0)
        errors = errors.after(demand, mean, std)
        error = (demand - mean) / std
        smoothed = 0.85 * smoothed + 0.15 * error
        drift = 0.97 * drift + 0.03 * error
        spread = 0.97 * spread + 0.03 * np.minimum(error**2, 9)
        np.testing.assert_allclose(errors.last, error)
        np.testing.assert_allclose(errors.smoothed, smoothed)
        np.testing.assert_allclose(errors.drift, drift)
        np.testing.assert_allclose(errors.spread, spread)
        idle = 0.97 * idle + 0.03 * (demand == 0)
        np.testing.assert_allclose(errors.idle, idle)
    assert (errors.spread > 2).all(), "four times the stated deviation"
    assert (errors.idle[:, 0] > 0.1).all()
    assert (errors.idle[:, 1] == 0).all()


def test_a_forecast_without_error_is_never_wrong() -> None:
    """Whatever is sold where no deviation is stated, the errors stay 0 and the spread fades."""
    errors = no_errors(1, 1).after(np.array([[3.0]]), np.array([0.0]), np.array([0.0]))
    assert (errors.last, errors.smoothed, errors.drift) == (0, 0, 0)
    assert errors.spread == 0.97


def test_some_of_the_products_look_as_they_do_among_all(scenario: Scenario) -> None:
    """Errors, traits and outlook are taken product by product."""
    chosen = np.array([2, 0])
    state, errors = some_days_later(scenario)
    outlook, traits = outlook_of(scenario, 20), traits_of(scenario)
    some = State(
        state.period,
        **{f.name: getattr(state, f.name)[:, :, chosen] for f in fields(State)[1:]},
    )
    seen = observe(some, errors.take(chosen), outlook.take(chosen), traits.take(chosen))
    np.testing.assert_array_equal(seen, observe(state, errors, outlook, traits)[:, chosen])


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
    seen = (state.on_hand, state.pipeline, state.backorders, errors.last, errors.spread)
    for values in seen:
        values.flags.writeable = False
    observe(state, errors, outlook_of(scenario, 20), traits_of(scenario))
