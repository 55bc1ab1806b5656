"""Tiny plans, made from tables as a user would."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

from planner.config import PlanConfig
from planner.pipeline import Outcome, make

START = date(2027, 1, 4)
DAYS = 14
MEAN, STD = 10.0, 4.0
HOSTILE = (
    "</script><script>alert(1)</script>",
    "\"quoted\" & 'single'",
    "=cmd|' /C calc'!A0",
    "<!--<img src=x onerror=alert(2)>",
)
TIGHT = """
source = "China"
[[stage]]
name = "Shelf <b>"
lead_time = 1
storage_capacity = 150
overflow_price = 0.5
[[stage]]
name = "Store"
lead_time = 2
holding_share = 0.7
storage_capacity = 400
overflow_price = 0.5
[[stage]]
name = "Port"
lead_time = 2
holding_share = 0.4
"""
ROOMY = "\n".join(
    line for line in TIGHT.splitlines() if not line.startswith(("storage", "overflow"))
)

Planner = Callable[..., Outcome]


def _table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([header, *rows])


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Planner:
    """Plans the given products over two weeks on a tight or a roomy chain."""

    def planned(
        products: Sequence[str] = ("A", "B", "C"),
        network: str = TIGHT,
        paths: int = 8,
        ratio: float = 50.0,
    ) -> Outcome:
        folder = tmp_path_factory.mktemp("plan")
        days = [START + timedelta(days=day) for day in range(DAYS)]
        forecast = [(name, day, MEAN, STD) for name in products for day in days]
        costs = [(name, 0.1 * ratio, 0.1, f"<i>{name}</i>", 1) for name in products]
        stock = [(name, stage, 30) for name in products for stage in ("Store", "Port")]
        stock += [(name, "Shelf <b>", 90 if n else 0) for n, name in enumerate(products)]
        _table(folder / "forecast.csv", ("unique_id", "ds", "mean", "std"), forecast)
        header = ("unique_id", "missed_sale_cost", "holding_cost", "name", "volume")
        _table(folder / "products.csv", header, costs)
        _table(folder / "stock.csv", ("unique_id", "stage", "on_hand"), stock)
        (folder / "network.toml").write_text(network, encoding="utf-8")
        return make(PlanConfig(folder / "forecast.csv", horizon=DAYS, paths=paths))

    return planned


@pytest.fixture(scope="session")
def tight(plan: Planner) -> Outcome:
    """Products with hostile names, and less space than their safety stock needs."""
    return plan(HOSTILE)


@pytest.fixture(scope="session")
def roomy(plan: Planner) -> Outcome:
    """Three products, no limit on space, no unit cost known."""
    return plan(network=ROOMY)
