"""Records cannot hold what makes no sense, and a part of them is still a whole."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import date

import numpy as np
import pytest

from data.costs import Costs
from data.errors import ConfigurationError, DataError, PlannerError
from data.forecast import Forecast
from data.network import Network, Stage
from data.product import make_products
from data.safety_stock import SafetyStock
from data.scenario import Scenario
from data.stock import StockState, empty_stock

MONDAY = date(2027, 1, 4)


def two_products():
    return make_products(np.array([10.0, 50.0]), np.array([1.0, 0.5]), np.array([[2, 2], [3, 4]]))


def forecast(periods: int, products: int = 2) -> Forecast:
    mean = np.arange(periods * products, dtype=float).reshape(periods, products)
    return Forecast(MONDAY, mean, mean / 2)


def scenario() -> Scenario:
    network = Network((Stage("Shop", 2), Stage("Depot", 3, holding_share=0.5)))
    return Scenario(network, two_products(), forecast(14), empty_stock(2, 2))


def test_each_error_has_the_exit_code_of_its_kind():
    codes = [error("x").exit_code for error in (PlannerError, ConfigurationError, DataError)]
    assert codes == [1, 2, 3]


def test_the_cost_ratio_is_missed_sale_over_holding_cost():
    np.testing.assert_array_equal(two_products().cost_ratio, [10, 100])


def test_products_have_the_stated_defaults():
    products = two_products()
    assert products.unique_id.tolist() == ["P0001", "P0002"]
    np.testing.assert_array_equal(products.lot_size, 1)
    np.testing.assert_array_equal(products.order_cost, 0)
    assert np.isnan(products.price).all()
    assert np.isinf(products.maximum_order).all()
    assert not products.backordered.any()


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("unique_id", np.array(["A", "A"], dtype=object), "unique_id occurs twice"),
        ("volume", np.array([1.0, -1.0]), "P0002: volume is [-1.0], expected at least 0"),
        ("lot_size", np.array([np.nan, 1.0]), "P0001: lot_size is [nan]"),
        ("order_cost", np.array([1.0, -2.0]), "P0002: order_cost"),
        ("maximum_order", np.ones(3), "has shape (3,), expected 2 products"),
    ],
)
def test_impossible_products_cannot_exist(column, values, expected):
    with pytest.raises(DataError) as caught:
        make_products(np.ones(2), np.ones(2), np.ones((2, 2)), **{column: values})
    assert expected in str(caught.value)


def test_costs_must_be_above_zero():
    with pytest.raises(DataError, match="holding_cost"):
        make_products(np.ones(2), np.array([1.0, 0.0]), np.ones((2, 2)))


def test_some_of_the_products_are_products():
    taken = two_products().take(np.array([1]))
    assert taken.unique_id.tolist() == ["P0002"]
    assert taken.lead_time.tolist() == [[2], [4]]


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_a_forecast_is_finite_and_not_negative(bad):
    mean = np.ones((3, 2))
    mean[1, 1] = bad
    with pytest.raises(DataError, match="mean must be finite"):
        Forecast(MONDAY, mean, np.ones((3, 2)))
    with pytest.raises(DataError, match="share one shape"):
        Forecast(MONDAY, np.ones((3, 2)), np.ones((3, 1)))


def test_an_extended_forecast_repeats_its_last_whole_weeks():
    long = forecast(30).extended(40)
    assert long.horizon == 40
    np.testing.assert_array_equal(long.mean[30:], forecast(30).mean[2:12])
    short = forecast(3).extended(5)
    np.testing.assert_array_equal(short.mean[3:], forecast(3).mean[:2])
    whole = forecast(10)
    assert whole.extended(9) is whole


def test_the_scale_is_the_mean_over_the_horizon():
    np.testing.assert_array_equal(forecast(3).scale, [2, 3])


def test_stock_is_finite_and_not_negative_and_of_one_shape():
    with pytest.raises(DataError, match="on_hand must be finite"):
        StockState(np.full((1, 1), -1.0), np.zeros((1, 1, 1)), np.zeros(1))
    with pytest.raises(DataError, match="do not describe the same"):
        StockState(np.zeros((1, 2)), np.zeros((1, 1, 1)), np.zeros(2))


def test_a_scenario_has_one_number_of_products_and_stages():
    with pytest.raises(DataError, match=r"forecast has shape \(3,\), expected \(2,\)"):
        Scenario(scenario().network, two_products(), forecast(5, 3), empty_stock(2, 2))


def test_holding_cost_is_the_share_of_the_shelf(capsys):
    np.testing.assert_array_equal(scenario().holding_cost, [[1, 0.5], [0.5, 0.25]])


def test_some_products_of_a_scenario_are_a_scenario():
    part = scenario().take(np.array([True, False]))
    assert part.products.unique_id.tolist() == ["P0001"]
    assert (part.horizon, part.start) == (14, MONDAY)
    assert part.stock.on_hand.shape == (2, 1)


def test_records_do_not_change():
    with pytest.raises(FrozenInstanceError):
        scenario().law = "normal"


def test_costs_add_up():
    costs = Costs(np.ones((2, 3)), np.full((2, 3), 2.0), np.array([[0.5], [1.5]]))
    assert costs.total == 20
    np.testing.assert_array_equal(costs.per_path(), [9.5, 10.5])
    assert costs.mean() == {"holding": 3, "shortage": 6, "overflow": 1, "total": 10}


def test_safety_stock_is_z_times_sigma():
    advice = SafetyStock(np.array([[2.0]]), np.array([[3.0]]), np.array(["brain"]), np.array([""]))
    assert advice.units.tolist() == [[6.0]]
