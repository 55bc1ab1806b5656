"""Three products over eight days, as files: apples, bread and cheese in the default chain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from data.catalogue import Reading, ReadOptions, read_scenario

DAYS = [f"2027-01-{day:02d}" for day in range(4, 12)]
FORECAST = "unique_id,ds,mean,std\n" + "".join(
    f"{name},{day},{mean},{mean / 4}\n"
    for name, mean in (("apples", 10.0), ("bread", 20.0), ("cheese", 3.0))
    for day in DAYS
)
PRODUCTS = """\
unique_id,missed_sale_cost,holding_cost
apples,10,1
bread,100,1
cheese,50,0.5
"""
STOCK = """\
unique_id,stage,on_hand
apples,New York,12
bread,New York,30
bread,Tennessee,7
cheese,Los Angeles,4
"""
OPEN_ORDERS = """\
unique_id,stage,arrival,quantity
apples,New York,2027-01-05,10
"""


class Folder:
    """A folder of tables that a test damages and reads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write("forecast.csv", FORECAST)
        self.write("products.csv", PRODUCTS)
        self.write("stock.csv", STOCK)
        self.write("open_orders.csv", OPEN_ORDERS)

    @property
    def forecast(self) -> Path:
        return self.path / "forecast.csv"

    def write(self, name: str, contents: str | bytes) -> None:
        whole = contents.encode() if isinstance(contents, str) else contents
        (self.path / name).write_bytes(whole)

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.path / name).read_text(encoding="utf-8")
        assert old in text
        self.write(name, text.replace(old, new, 1))

    def remove(self, name: str) -> None:
        (self.path / name).unlink()

    def read(self, **options: Any) -> Reading:
        return read_scenario(self.forecast, ReadOptions(**options))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)
