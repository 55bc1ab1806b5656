"""The sample is the same for everyone, plausible, and tight at the shelf."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

import data
from data.catalogue import read_scenario
from data.errors import ConfigurationError
from data.issues import Severity
from data.sample import write_sample

SHIPPED = Path(data.__file__).parent
FILES = ("forecast.csv", "products.csv", "stock.csv", "open_orders.csv", "network.toml")


@pytest.fixture(scope="module")
def reading():
    return read_scenario(SHIPPED / "forecast.csv")


def test_the_shipped_files_are_what_seed_1_writes(tmp_path):
    write_sample(tmp_path)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (SHIPPED / name).read_bytes(), name


def test_another_seed_writes_other_files_of_any_size(tmp_path):
    write_sample(tmp_path / "a" / "b", products=7, days=9, seed=2, start=date(2030, 5, 1))
    reading = read_scenario(tmp_path / "a" / "b")
    assert reading.scenario.forecast.mean.shape == (9, 7)
    assert reading.scenario.start == date(2030, 5, 1)


def test_one_product_on_one_day_is_a_sample_too(tmp_path):
    write_sample(tmp_path, products=1, days=1)
    assert read_scenario(tmp_path).scenario.forecast.mean.shape == (1, 1)


def test_no_product_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="a sample of 0 products"):
        write_sample(tmp_path, products=0)


def test_the_sample_is_read_without_errors_skips_or_mending(reading):
    for severity in (Severity.ERROR, Severity.SKIPPED, Severity.MENDED):
        assert reading.issues.lines(severity) == []
    assert reading.scenario.forecast.mean.shape == (60, 300)
    assert reading.scenario.start == date(2027, 1, 4)
    assert reading.scenario.start.weekday() == 0


def test_ratios_spread_over_two_decades_and_hit_each_class(reading):
    ratio = reading.scenario.products.cost_ratio
    assert ratio.min() >= 10 * (1 - 1e-5)
    assert ratio.max() <= 1000 * (1 + 1e-5)
    np.testing.assert_allclose(
        np.quantile(np.log10(ratio), [0.25, 0.5, 0.75]), [1.5, 2, 2.5], atol=0.2
    )
    for exact in (10, 100, 1000):
        assert (np.abs(ratio - exact) < 1e-9 * exact).sum() >= 3


def test_demand_is_of_every_kind(reading):
    forecast = reading.scenario.forecast
    cv = forecast.std.sum(axis=0) / forecast.mean.sum(axis=0)
    assert 0.15 <= forecast.scale.min() < 0.4
    assert 100 < forecast.scale.max() < 250
    assert cv.min() < 0.3
    assert 1.8 < cv.max() <= 2.3
    closed = (forecast.mean[6::7] == 0).all(axis=0)
    assert 10 < closed.sum() < 50
    assert (forecast.mean[0] > 0).all()


def test_lead_times_lie_within_what_a_brain_learns(reading):
    lead_time = reading.scenario.products.lead_time
    assert lead_time.min() >= 1
    assert lead_time.max() <= 9
    usual = reading.scenario.network.column("lead_time")[:, None]
    assert 0.8 < (lead_time == usual).mean() < 0.95


def test_some_products_are_out_of_stock_and_some_have_far_too_much(reading):
    scenario = reading.scenario
    cover = scenario.stock.on_hand.sum(axis=0) / scenario.forecast.scale
    assert (scenario.stock.on_hand[0] == 0).sum() > 5
    assert np.quantile(cover, 0.98) > 3 * np.median(cover)


def test_orders_and_stock_are_whole_units_and_orders_whole_lots(reading):
    stock, lot = reading.scenario.stock, reading.scenario.products.lot_size
    np.testing.assert_array_equal(stock.on_hand % 1, 0)
    np.testing.assert_array_equal(stock.pipeline.sum(axis=2) % lot, 0)


def test_every_stage_can_hold_what_passes_and_the_shelf_is_the_tightest(reading):
    scenario = reading.scenario
    flow = scenario.products.volume @ scenario.forecast.scale
    spare = scenario.network.storage_capacity / (flow * np.array([1.0, 2.0, 2.0]))
    assert (spare > 1).all()
    occupied = scenario.stock.on_hand @ scenario.products.volume + flow
    assert (occupied > scenario.network.storage_capacity).tolist() == [True, False, False]


def test_the_shipped_forecast_is_small():
    assert (SHIPPED / "forecast.csv").stat().st_size < 700_000
