"""The wholesaler whose past is tried: two years of daily sales, and what stands in for costs.

The data are the UCI sets Online Retail and Online Retail II (Chen, Sain and Guo 2012; CC BY 4.0).
They tell units and prices; what they do not tell is written down here and nowhere else: a unit
costs 60 % of its median price before the days tried, holding costs 0.1 % of that a day, and a unit
takes 0.2 dm3 per unit of money it costs, at least 0.2 and at most 8. A missed sale costs 10, 100 or
1,000 times a day's holding: which of them is drawn from the product's name (CRC-32 modulo 3), so it
has nothing to do with how the product sells.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from zlib import crc32

import numpy as np

from data.errors import DataError
from data.history import SalesOptions, read_sales
from data.network import default_network
from data.product import make_products
from data.sales import Sales
from planner.backtest.past import Past

RATIOS = np.array([10.0, 100.0, 1000.0])
COST_SHARE, HOLDING_SHARE = 0.6, 0.001
SPACE_PER_MONEY = 0.2
SMALLEST_SPACE, LARGEST_SPACE = 0.2, 8.0
FILE = Path("online_retail") / "online_retail_daily.parquet"
FOLDER = Path(__file__).parents[3] / "shared" / "data"
"""Where the data lie unless PLANNER_DATA says otherwise."""


def sales_file() -> Path:
    """Where the sales lie.

    Raises:
        DataError: they are not there.
    """
    path = Path(os.environ.get("PLANNER_DATA", FOLDER)) / FILE
    if not path.is_file():
        raise DataError(
            f"{path}: the sales of the wholesaler are not there; put {FILE} into a folder and name "
            "that folder by the environment variable PLANNER_DATA"
        )
    return path


def read_wholesaler(masked: bool = True) -> Sales:
    """Sales of all products; stretches that look like stock-outs tell nothing if `masked`."""
    return read_sales(sales_file(), SalesOptions(mask=masked)).sales


def past_of(sales: Sales, until: date) -> Past:
    """The wholesaler's past, its costs from prices before a day alone."""
    price = usual_price(sales.until(until))
    cost = COST_SHARE * price
    holding = HOLDING_SHARE * cost
    network = default_network()
    count = len(sales.unique_id)
    lead_time = np.array([stage.lead_time for stage in network.stages])
    products = make_products(
        missed_sale_cost=drawn_ratio(sales.unique_id) * holding,
        holding_cost=holding,
        lead_time=np.repeat(lead_time[:, None], count, axis=1),
        unique_id=sales.unique_id,
        volume=np.clip(SPACE_PER_MONEY * cost, SMALLEST_SPACE, LARGEST_SPACE),
        unit_cost=cost,
        price=price,
    )
    return Past(sales, products, network)


def usual_price(sales: Sales) -> np.ndarray:
    """The median price of each product (K,) [money/unit]; of all of them where it has none."""
    known = np.isfinite(sales.price) & (sales.price > 0)
    price = np.full(len(sales.unique_id), np.nan)
    some = known.any(axis=0)
    price[some] = np.nanmedian(np.where(known, sales.price, np.nan)[:, some], axis=0)
    return np.where(some, price, np.median(price[some]))


def drawn_ratio(unique_id: np.ndarray) -> np.ndarray:
    """Missed-sale cost / holding cost (K,) [1], drawn from the names."""
    return RATIOS[[crc32(str(name).encode()) % len(RATIOS) for name in unique_id]]
