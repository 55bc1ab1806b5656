"""A folder to start from, made of a user's own sales: products with stated costs, and a chain.

What sales do not say is assumed, by the rules below, and written down beside the tables: a plan
made from it is a first look, until the assumed figures are replaced.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from data.network import default_network
from data.sales import Sales
from data.sales_file import write_sales
from data.tables import products_table
from data.writing import new_folder, write_table

COST_SHARE = 0.6
"""Purchase cost / price [1]."""
GOODWILL = 0.5
"""What a missed sale costs beyond its margin, as a share of the margin [1]."""
HOLDING_SHARE = 0.001
"""Holding cost of a day / purchase cost [1/day]: 36 % a year."""
UNPRICED = (100.0, 1.0)
"""missed_sale_cost [money/unit] and holding_cost [money/unit/day] where no price is known."""
YEAR = 365
README = "README.txt"


def write_start(folder: Path, sales: Sales, source: str) -> tuple[str, ...]:
    """Write sales.parquet, products.csv, network.toml and a README.txt that says what is assumed.

    Args:
        folder: must not exist, or be empty.
        sales: the past.
        source: name of the file it is from.

    Returns:
        What was assumed, as sentences.

    Raises:
        ConfigurationError: the folder is in the way, or cannot be written.
    """
    prices = _prices(sales)
    assumed = _assumed(prices)
    with new_folder(folder) as draft:
        write_sales(draft / "sales.parquet", sales)
        columns = [column.name for column in products_table(default_network()).columns]
        write_table(draft / "products.csv", columns, _products(sales, prices, columns))
        (draft / "network.toml").write_text(_network(), encoding="utf-8", newline="\n")
        text = _readme(folder, source, assumed)
        (draft / README).write_text(text, encoding="utf-8", newline="\n")
    return assumed


def _prices(sales: Sales) -> np.ndarray:
    """Median price of each product's last year with sales (K,) [money/unit]; NaN where unknown."""
    recent = sales.price[-YEAR:]
    sold = np.where(sales.units[-YEAR:] > 0, recent, np.nan)
    prices = np.full(recent.shape[1], np.nan)
    for known in (sales.price, recent, sold):
        there = ~np.isnan(known).all(axis=0)
        prices[there] = np.nanmedian(known[:, there], axis=0)
    return prices


def _assumed(prices: np.ndarray) -> tuple[str, ...]:
    known = int((~np.isnan(prices)).sum())
    return (
        f"price is the median price of the last year with sales ({known:,} of {len(prices):,} "
        "products have one)",
        f"unit_cost is {COST_SHARE:.0%} of the price",
        f"missed_sale_cost is the margin (price - unit_cost) and {GOODWILL:.0%} of it again for "
        f"goodwill; {UNPRICED[0]:g} where no price is known",
        f"holding_cost is {HOLDING_SHARE:.1%} of unit_cost a day; {UNPRICED[1]:g} where no price "
        "is known",
        "volume is 1, lot_size 1, minimum_order 0 and order_cost 0 for every product",
        "unmet demand is lost; lead times are those of the chain in network.toml",
        "nothing is in stock and nothing is under way, unless you add stock.csv and "
        "open_orders.csv",
    )


def _products(sales: Sales, prices: np.ndarray, columns: list[str]) -> Iterator[list[object]]:
    usual = {column.name: column for column in products_table(default_network()).columns}
    for name, price in zip(sales.unique_id, prices.tolist(), strict=True):
        cells: dict[str, object] = {
            column: int(default) if isinstance(default, float) and np.isfinite(default) else ""
            for column in columns
            if not isinstance(default := usual[column].default, str)
        }
        cost = COST_SHARE * price
        missed, holding = (1 + GOODWILL) * (price - cost), HOLDING_SHARE * cost
        known = price == price
        cells |= {
            "unique_id": str(name),
            "missed_sale_cost": f"{missed if known else UNPRICED[0]:.6g}",
            "holding_cost": f"{holding if known else UNPRICED[1]:.6g}",
            "unit_cost": f"{cost:.6g}" if known else "",
            "price": f"{price:.6g}" if known else "",
            "shortage": "lost",
        }
        yield [cells.get(column, "") for column in columns]


_CHAIN = """\
# The chain of stocking levels, the shelf first; each stage is supplied by the next one, and the
# last by the source, which has no limit. This is the default chain: replace it with your own.
# A line that begins with # is not in force; take the # away to use it.

source = "{source}"  # what supplies the last stage
"""
_STAGE = """
[[stage]]
name = "{name}"  # what people call it
supplier = "{supplier}"  # always the next stage, or the source
lead_time = {lead_time}  # days from shipping to this stage to receipt there
holding_share = {holding_share:g}  # cost of holding a unit here / holding it on the shelf
# storage_capacity = 1000  # space for stock, incoming goods included, in the unit of volume
# overflow_price = 0.1  # price of space beyond the capacity, per unit of volume and day
# supply_capacity = 500  # most that can be shipped here in one day, in the unit of volume
# order_days = ["Mon", "Thu"]  # days on which the stage may order; every day if not given
# truck_volume = 100  # what one truck to this stage holds; a day's shipments ride in whole trucks
# truck_cost = 50  # cost of a truck, full or not
"""


def _network() -> str:
    chain = default_network()
    parts = [_CHAIN.format(source=chain.source)]
    for number, stage in enumerate(chain.stages):
        parts.append(
            _STAGE.format(
                name=stage.name,
                supplier=chain.supplier_of(number),
                lead_time=stage.lead_time,
                holding_share=stage.holding_share,
            )
        )
    return "".join(parts)


def next_steps(folder: Path) -> tuple[str, ...]:
    """The commands that turn the folder into a plan."""
    return (
        f"planner forecast --sales {folder / 'sales.parquet'} --out {folder / 'forecast.csv'}",
        f"planner plan --products {folder}",
    )


def _readme(folder: Path, source: str, assumed: tuple[str, ...]) -> str:
    lines = [f"Tables made from the sales in {source}."]
    lines += ["", "Next:", *(f"  {step}" for step in next_steps(folder))]
    lines += ["", "What was assumed in products.csv; replace what you know better:"]
    for sentence in assumed:
        lines += textwrap.wrap(sentence, 92, initial_indent="- ", subsequent_indent="  ")
    lines += [
        "",
        "The columns of every table are described in docs/tables.md. `planner validate --products",
        "FOLDER --sales FOLDER/sales.parquet` says what is wrong or missing.",
    ]
    return "\n".join([*lines, ""])
