"""What the run folder keeps of every product, for whoever asks about one of them later.

plan.parquet has a row per product, day and stage; product_figures.csv has one per product.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from data.writing import FIGURE, cell, repeated
from planner.orders import levels
from planner.replay import OURS

if TYPE_CHECKING:
    from planner.pipeline import Outcome

BATCH = 50_000
"""Lines that are made at a time."""
FIGURES = (
    "unique_id",
    "name",
    "category",
    "supplier",
    "mean_demand",
    "cost_ratio",
    "unit_cost",
    "volume",
    "lot_size",
    "minimum_order",
    "fill_rate",
    "stock_out_risk",
    "holding",
    "shortage",
    "futures",
)
SAFETY_STOCK = (
    "unique_id",
    "stage",
    "cost_ratio",
    "z_advised",
    "advised",
    "z_reconciled",
    "reconciled",
    "source",
)


def plan_columns(outcome: Outcome) -> dict[str, Any]:
    """The promised plan by product, day and stage, in columns (K T M,).

    Units are rounded to single precision. Lost sales and backorders are told at the shelf; the
    forecast is the day's, the order-up-to level answers to today's price of space.
    """
    problem, planned = outcome.problem, outcome.planned
    scenario, plan = problem.scenario, planned.plan
    T, M, K = plan.shipments.shape
    target = np.stack([np.float32(level[0]) for level in levels(problem, *_z(outcome))])
    product, day, stage = np.indices((K, T, M), np.int32).reshape(3, -1)
    elsewhere = np.full((T, M, K), np.nan, np.float32)
    lost, owed = elsewhere.copy(), elsewhere.copy()
    lost[:, 0], owed[:, 0] = plan.lost_sales, plan.backorders
    daily = np.broadcast_to(problem.mean_demand[0][:, None], (T, M, K))
    units = {
        "forecast": daily,
        "shipment": plan.shipments,
        "on_hand": plan.on_hand,
        "level": planned.level,
        "order_up_to": target,
        "lost_sales": lost,
        "backorders": owed,
    }
    return {
        "unique_id": repeated(scenario.products.unique_id, product),
        "ds": np.datetime64(scenario.start, "D") + day,
        "stage": repeated(np.array(scenario.network.names, dtype=object), stage),
        **{
            name: np.ascontiguousarray(values.transpose(2, 0, 1), np.float32).ravel()
            for name, values in units.items()
        },
    }


def figure_text(outcome: Outcome) -> Iterator[str]:
    """What is known of every product and came of it on the futures, as lines of CSV."""
    products, kpis = outcome.problem.scenario.products, outcome.happened[OURS]
    futures = len(kpis.served)
    said = (products.unique_id, products.name, products.category, products.supplier)
    words = (map(cell, map(str, of.tolist())) for of in said)
    numbers = (
        outcome.problem.scenario.forecast.scale,
        products.cost_ratio,
        products.unit_cost,
        products.volume,
        products.lot_size,
        products.minimum_order,
        kpis.product_fill_rate,
        kpis.stock_out_risk,
        kpis.costs.holding.mean(axis=0),
        kpis.costs.shortage.mean(axis=0),
    )
    yield from _text(f"%s,%s,%s,%s{f',{FIGURE}' * len(numbers)},{futures}\n", (*words, *numbers))


def safety_stock_text(outcome: Outcome) -> Iterator[str]:
    """The safety stock of every product and stage, as lines of CSV."""
    scenario, advised = outcome.problem.scenario, outcome.advised
    M, K = advised.z.shape
    ids = [cell(str(word)) for word in scenario.products.unique_id.tolist()]
    said = [
        cell(f"{source}: {reason}" if reason else str(source))
        for source, reason in zip(advised.source.tolist(), advised.reason.tolist(), strict=True)
    ]
    left = outcome.z_reconciled
    by_stage = (advised.z, advised.units, left, left * advised.sigma)
    columns = (
        np.repeat(np.array(ids, dtype=object), M),
        np.tile(np.array([cell(name) for name in scenario.network.names], dtype=object), K),
        np.repeat(scenario.products.cost_ratio, M),
        *(np.ascontiguousarray(values.T).ravel() for values in by_stage),
        np.repeat(np.array(said, dtype=object), M),
    )
    yield from _text(f"%s,%s,{FIGURE},{FIGURE},{FIGURE},{FIGURE},{FIGURE},%s\n", columns)


def _z(outcome: Outcome) -> tuple[np.ndarray, np.ndarray]:
    return outcome.z_reconciled, outcome.advised.z


def _text(form: str, columns: tuple[Any, ...]) -> Iterator[str]:
    """Lines of CSV by one form, a batch at a time; NaN is an empty cell's worth, written nan."""
    plain = [of.tolist() if isinstance(of, np.ndarray) else list(of) for of in columns]
    for first in range(0, len(plain[0]), BATCH):
        rows = zip(*(of[first : first + BATCH] for of in plain), strict=True)
        yield "".join(map(form.__mod__, rows))
