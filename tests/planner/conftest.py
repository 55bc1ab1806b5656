"""Tiny plans, made from tables as a user would, with brains that are made up."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from brain.registry import save
from envs.policies import constant
from planner.config import PlanConfig
from planner.pipeline import Outcome, make
from planner.problem import Problem
from planner.rules import ClosedForm
from tests.brain.conftest import make_brain, make_family

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
storage_capacity = 54
overflow_price = 0.5
[[stage]]
name = "Store"
lead_time = 2
holding_share = 0.7
storage_capacity = 68
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


def closed_form(problem: Problem, z: np.ndarray) -> ClosedForm:
    """The same factors every day; a price of space is answered by the formula."""
    return ClosedForm(constant(z), problem.scenario, problem.outlook)


def _table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows([header, *rows])


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three class brains that know nothing, but answer like any other."""
    folder = tmp_path_factory.mktemp("classes")
    for seed, ratio in enumerate((10.0, 100.0, 1000.0)):
        save(make_brain(ratio, seed), folder / f"r{ratio:g}")
    return folder


@pytest.fixture(scope="session")
def with_family(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a class brain and one that can be asked at prices."""
    folder = tmp_path_factory.mktemp("family")
    save(make_brain(100.0), folder / "r100")
    save(make_family(), folder / "family")
    return folder


@pytest.fixture(scope="session")
def plan(tmp_path_factory: pytest.TempPathFactory, classes: Path) -> Planner:
    """Plans the given products over two weeks on a tight or a roomy chain."""

    def planned(
        products: Sequence[str] = ("A", "B", "C"),
        network: str = TIGHT,
        paths: int = 8,
        ratio: float = 50.0,
        brains: Path = classes,
        **options: object,
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
        given = {"brains": brains, "horizon": DAYS, "paths": paths} | options
        return make(PlanConfig(folder / "forecast.csv", **given))

    return planned


@pytest.fixture(scope="session")
def tight(plan: Planner) -> Outcome:
    """Products with hostile names, and less space than their safety stock needs."""
    return plan(HOSTILE)


@pytest.fixture(scope="session")
def roomy(plan: Planner) -> Outcome:
    """Three products, no limit on space, no unit cost known."""
    return plan(network=ROOMY)
