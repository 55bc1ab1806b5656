"""`planner bench backtest`: rules tried on a wholesaler's past."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from benchmarks.backtest import run as door
from benchmarks.backtest.wholesaler import (
    COST_SHARE,
    HOLDING_SHARE,
    drawn_ratio,
    past_of,
    read_wholesaler,
    sales_file,
)
from data.errors import DataError
from data.sales import Sales
from planner.backtest.trial import BASE_STOCK, BOUND, OURS, UNLIMITED
from tests.benchmarks.test_online_retail import needs_data


def sales(days: int = 60) -> Sales:
    """Two products; the price of one is known, that of the other is not."""
    units = np.ones((days, 2))
    price = np.column_stack([np.full(days, 5.0), np.full(days, np.nan)])
    nothing = np.zeros(units.shape, bool)
    ids = np.array(["A", "B"], dtype=object)
    opened = np.ones(days, bool)
    return Sales(ids, date(2011, 1, 1), units, price, opened, ~nothing, nothing, nothing)


def test_a_missed_sale_costs_ten_a_hundred_or_a_thousand_days_of_holding() -> None:
    """About as many products each, and always the same ones, whatever they sell."""
    names = np.array([f"{number}A" for number in range(20000, 21500)], dtype=object)
    ratio = drawn_ratio(names)
    shares = Counter(ratio.tolist())
    assert set(shares) == {10.0, 100.0, 1000.0}
    assert min(shares.values()) > 400
    np.testing.assert_array_equal(ratio[::-1], drawn_ratio(names[::-1]))


def test_costs_are_those_of_prices_known_before_the_days_tried() -> None:
    """A price of later days changes nothing; a product without one has the usual one."""
    known = sales()
    past = past_of(known, date(2011, 2, 1))
    known.price[40:, 0] = 500.0
    later = past_of(known, date(2011, 2, 1))
    np.testing.assert_array_equal(past.products.holding_cost, later.products.holding_cost)
    np.testing.assert_allclose(past.products.holding_cost, 5.0 * COST_SHARE * HOLDING_SHARE)
    np.testing.assert_allclose(past.products.cost_ratio, drawn_ratio(known.unique_id))


def test_data_that_are_not_there_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence that names the file and the variable."""
    monkeypatch.setenv("PLANNER_DATA", str(tmp_path))
    with pytest.raises(DataError, match="PLANNER_DATA"):
        sales_file()


@needs_data
@pytest.mark.slow
def test_the_bench_tries_every_rule_on_real_sales() -> None:
    """Ours, base-stock, the textbook's and the bound, in both cases, with their fill rates."""
    result = door(quick=True, seed=1)
    rows = {(row.case, row.policy): row for row in result.rows}
    for case in (UNLIMITED, "tight"):
        bound = rows[f"online-retail/{case}", BOUND]
        ours = rows[f"online-retail/{case}", OURS]
        assert bound.value < ours.value
        assert ours.low <= ours.value <= ours.high
        assert 0 < rows[f"online-retail/{case}/fill-rate", OURS].value < 1
    assert rows["online-retail/unlimited", BASE_STOCK].value == 1


@needs_data
def test_the_wholesaler_has_products_of_every_class() -> None:
    """All 1,435 are tried, each with whole days from December 2009 on."""
    past = past_of(read_wholesaler(), date(2011, 1, 1))
    assert len(past.products) == 1435
    assert set(past.products.cost_ratio.round().tolist()) == {10.0, 100.0, 1000.0}
    assert past.sales.first == date(2009, 12, 1)
