"""Sales that are written are read back as they were; the sample's past is what it says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from data.history import read_sales
from data.issues import Severity
from data.sales import Sales
from data.sales_file import write_sales
from data.sample import START, write_sample
from data.sample_history import DAYS, STOCK_OUTS, Invented, invent

SHIPPED = Path(__file__).parents[2] / "data" / "sales.parquet"


@pytest.fixture(scope="module")
def past() -> Invented:
    """The past of forty products, of every kind."""
    rng = np.random.default_rng(2)
    mean = rng.lognormal(1.0, 1.2, 40) * np.ones((56, 1))
    mean[6::7, :5] = 0
    std = np.sqrt(mean) + 0.3 * mean
    ids = [f"P{number}" for number in range(40)]
    return invent(ids, (mean, std), np.linspace(2, 40, 40).round(2), START, seed=3)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """All but the mask of stock-outs, which a reader finds again."""
    rng = np.random.default_rng(1)
    units = rng.poisson(3.0, (90, 4)).astype(float)
    units[0] = 1
    on_sale = rng.random((90, 4)) < 0.9
    on_sale[0] = True
    opened = np.ones(90, dtype=bool)
    opened[30] = False
    units[30] = 0
    units[~on_sale] = 0
    sales = Sales(
        np.array(["a", "007", "ü", "="], dtype=object),
        date(2026, 1, 1),
        units,
        np.where(rng.random((90, 4)) < 0.5, 2.5, np.nan),
        opened,
        on_sale,
        np.zeros((90, 4), dtype=bool),
        rng.random((97, 4)) < 0.1,
    )
    sales.promotion[-1] = True
    write_sales(tmp_path / "sales.parquet", sales)
    again = read_sales(tmp_path / "sales.parquet").sales
    assert (again.first, again.unique_id.tolist()) == (sales.first, sales.unique_id.tolist())
    for name in ("units", "price", "open", "on_sale", "promotion"):
        np.testing.assert_array_equal(getattr(again, name), getattr(sales, name), name)


def test_the_shipped_past_is_what_seed_1_writes(tmp_path: Path) -> None:
    """And it is small."""
    write_sample(tmp_path, history=True)
    shipped, drawn = (
        read_sales(folder / "sales.parquet").sales for folder in (SHIPPED.parent, tmp_path)
    )
    for name in ("units", "price", "open", "promotion"):
        np.testing.assert_array_equal(getattr(shipped, name), getattr(drawn, name), name)
    assert shipped.end == START
    assert shipped.units.shape == (DAYS, 300)
    assert SHIPPED.stat().st_size < 1_500_000


def test_the_sample_without_a_past_is_the_same_sample(tmp_path: Path) -> None:
    """What is drawn for the past moves nothing else."""
    write_sample(tmp_path / "a", products=5, days=9, history=True)
    write_sample(tmp_path / "b", products=5, days=9)
    for path in (tmp_path / "b").iterdir():
        assert path.read_bytes() == (tmp_path / "a" / path.name).read_bytes()
    assert not (tmp_path / "b" / "sales.parquet").exists()


def test_both_planted_stock_outs_of_the_shipped_past_are_found_and_nothing_else() -> None:
    """With all of their days."""
    reading = read_sales(SHIPPED)
    lengths = reading.sales.censored.sum(axis=0)
    assert sorted(lengths[lengths > 0]) == sorted(length for _, length in STOCK_OUTS)
    assert reading.stock_outs == len(STOCK_OUTS)
    for severity in (Severity.ERROR, Severity.SKIPPED, Severity.MENDED):
        assert reading.issues.lines(severity) == []


def test_the_past_ends_at_the_forecasts_level_week_and_holidays(past: Invented) -> None:
    """Five products are closed on Sundays; three holidays a year have no sales."""
    sales = past.sales
    weekday = (sales.first.weekday() + np.arange(DAYS)) % 7
    assert not sales.units[weekday == 6, :5].any()
    assert sales.units[weekday == 6, 5:].any()
    assert (~sales.open).sum() == 6
    assert not sales.units[~sales.open].any()


def test_sales_are_what_was_wanted_but_for_the_stock_outs(past: Invented) -> None:
    """An invented past knows its demand."""
    short = past.sales.units != past.demand
    planted = np.zeros_like(short)
    for product, begin, length in past.stock_outs:
        planted[begin : begin + length, product] = True
    assert short.any()
    assert not (short & ~planted).any()


def test_promotions_sell_more_at_a_lower_price(past: Invented) -> None:
    """By a factor of 1.5 to 2.5 on average over those products, planned ahead for some."""
    sales = past.sales
    promoted = sales.promotion[:DAYS]
    some = promoted.any(axis=0)
    assert some.any()
    assert (
        sales.price[promoted]
        < np.broadcast_to(sales.price.max(axis=0), sales.price.shape)[promoted]
    ).all()
    usual = [sales.units[~promoted[:, k], k].mean() for k in np.flatnonzero(some)]
    lifted = [sales.units[promoted[:, k], k].mean() for k in np.flatnonzero(some)]
    assert 1.2 < sum(lifted) / sum(usual) < 3
    assert len(sales.promotion) > DAYS
