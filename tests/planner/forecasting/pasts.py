"""Made-up pasts of which everything is known."""

from __future__ import annotations

from datetime import date

import numpy as np

from data.sales import Sales

MONDAY = date(2025, 1, 6)


def make_sales(units: np.ndarray, first: date = MONDAY, **given: np.ndarray) -> Sales:
    """Sales of units (D, K), every day open and telling unless other columns are given."""
    days, count = units.shape
    columns = {
        "price": np.full((days, count), 2.0),
        "open": np.ones(days, dtype=bool),
        "on_sale": np.ones((days, count), dtype=bool),
        "censored": np.zeros((days, count), dtype=bool),
        "promotion": np.zeros((days, count), dtype=bool),
    }
    ids = np.array([f"P{k:03d}" for k in range(count)], dtype=object)
    return Sales(ids, first, units.astype(float), **(columns | given))


def poisson_sales(days: int, count: int, seed: int = 1) -> Sales:
    """Independent Poisson demand around rates of 2 to 20 a day."""
    rng = np.random.default_rng(seed)
    return make_sales(rng.poisson(rng.uniform(2, 20, count), (days, count)))
