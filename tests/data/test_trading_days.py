"""When the business was open, as far as a file of sales tells."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from data.trading_days import stretches, trading_days

MONDAY = date(2027, 1, 4)
WEEKS = 20
UNTOLD = np.full(7 * WEEKS, np.nan)


def busy(products: int = 50, share: float = 0.6, seed: int = 1) -> np.ndarray:
    """How many of the products sell on each day."""
    return np.random.default_rng(seed).binomial(products, share, 7 * WEEKS)


def test_a_business_that_sells_every_day_is_never_closed() -> None:
    """Nothing is read into days with sales."""
    found = trading_days(busy(), np.full(7 * WEEKS, 50), MONDAY, UNTOLD)
    assert found.open.all()
    assert found.weekdays == found.others == ()


def test_a_weekday_without_sales_is_closed_but_for_the_days_on_which_it_sells() -> None:
    """Closed on Saturdays, but for one in December."""
    sells = busy()
    sells[5::7] = 0
    sells[5 + 7 * 9] = 30
    found = trading_days(sells, np.full(7 * WEEKS, 50), MONDAY, UNTOLD)
    assert found.weekdays == ("Sat",)
    assert found.open[5 + 7 * 9]
    assert found.open.sum() == 6 * WEEKS + 1
    assert found.others == ()


def test_a_holiday_in_a_busy_business_is_closed() -> None:
    """Fifty products that sell on three days of five do not all pause by chance."""
    sells = busy()
    sells[30:33] = 0
    found = trading_days(sells, np.full(7 * WEEKS, 50), MONDAY, UNTOLD)
    assert found.others == ((date(2027, 2, 3), date(2027, 2, 5)),)


@pytest.mark.parametrize("seed", range(5))
def test_a_slow_product_alone_closes_nothing(seed: int) -> None:
    """A day without a sale of a product that sells on one day of four says nothing."""
    sells = busy(1, 0.25, seed)
    assert trading_days(sells, np.ones(7 * WEEKS), MONDAY, UNTOLD).open.all()


def test_what_the_file_says_is_taken_but_for_days_with_sales() -> None:
    """A day that is called closed and sold something was open; silent days it calls open are."""
    sells = busy()
    sells[30] = 0
    told = np.ones(7 * WEEKS)
    told[[40, 41]] = 0
    sells[41] = 0
    found = trading_days(sells, np.full(7 * WEEKS, 50), MONDAY, told)
    assert np.flatnonzero(~found.open).tolist() == [41]
    assert np.flatnonzero(found.sold_closed).tolist() == [40]


def test_stretches_are_found_at_both_ends() -> None:
    """Begin and end of each run of True."""
    assert stretches(np.array([1, 1, 0, 1, 0, 0, 1], bool)) == [(0, 2), (3, 4), (6, 7)]
    assert stretches(np.zeros(3, bool)) == []
