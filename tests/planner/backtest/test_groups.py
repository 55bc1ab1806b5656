"""Products that are alike."""

from __future__ import annotations

import numpy as np

from planner.backtest.groups import groups_of
from planner.forecasting.kinds import KINDS
from tests.planner.backtest.conftest import sales_of


def test_the_four_kinds_are_told_apart() -> None:
    """By how often a product sells and how much its sizes vary."""
    units = np.zeros((120, 4))
    units[:, 0] = 5
    units[::2, 1], units[1::2, 1] = 1, 40
    units[::4, 2] = 3
    units[::8, 3], units[4::8, 3] = 1, 40
    found = groups_of(sales_of(units), np.array([10.0, 12.0, 50.0, 1000.0]))
    assert found.kind.tolist() == list(KINDS[:4])
    assert found.ratio.tolist() == [10, 10, 30, 1000]
    assert len(set(found.number)) == 4


def test_days_that_tell_nothing_make_no_product_slow() -> None:
    """A stretch without stock is no sign of intermittent demand."""
    units = np.full((120, 1), 5.0)
    censored = np.zeros(units.shape, bool)
    units[30:90], censored[30:90] = 0, True
    assert groups_of(sales_of(units, censored), np.array([10.0])).kind[0] == KINDS[0]
