"""What any shipments cost by the model's own account: its other columns, filled in as they must be.

Given shipments, stock and lost sales follow from physics, levels from positions, and segments fill
from the first on, since each is dearer and fuller than the one before. So a plan from anywhere can
be set beside the bound that the model proves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.flow import levels, moved
from milp.model import Model


@dataclass(frozen=True)
class Judged:
    """What shipments of some products come to.

    Attributes:
        cost: of the products by themselves, the model's constant included [money].
        usage: of every coupling row.
    """

    cost: float
    usage: np.ndarray


def judged(model: Model, shipments: np.ndarray) -> Judged:
    """What shipments (T, M, K) [unit] cost, sales lost only where stock runs out at mean demand."""
    scale, after = model.scale, moved(model.task, shipments)
    level = levels(model.task, shipments, after.lost_sales)
    below, above = _cut(model, level)
    values = {
        "ship": shipments / scale,
        "lost": after.lost_sales / scale,
        "waiting": after.backorders / scale,
        "stock": after.left / scale,
        "level": level / scale,
        "above": above / scale[:, None],
        "deep": below / scale,
    }
    x = np.concatenate([_in_order(values[family]) for family in model.layout.columns], axis=1)
    cost = float(model.blocks_alone.cost @ x.ravel()) * model.money + model.constant
    return Judged(cost, model.usage(x.ravel()))


def _cut(model: Model, level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Relative levels below the first segment (T, M, K) and in each one (T, M, K, S) [unit]."""
    T, M, K = level.shape
    lead_time = model.task.scenario.products.lead_time
    period, product = np.arange(T)[:, None], np.arange(K)
    relative = level.copy()
    for m in range(1, M):
        drawn = np.minimum(period + lead_time[m] + 1, T - 1 - lead_time[m - 1])
        relative[:, m] -= level[np.maximum(drawn, 0), m - 1, product]
    relative -= model.segments.first
    width = model.segments.width
    start = np.concatenate([np.zeros((T, M, K, 1)), np.cumsum(width, axis=-1)], axis=-1)
    most = np.concatenate([width, np.full((T, M, K, 1), np.inf)], axis=-1)
    return np.maximum(-relative, 0.0), np.clip(relative[..., None] - start, 0.0, most)


def _in_order(values: np.ndarray) -> np.ndarray:
    """(T, K), (T, M, K) or (T, M, K, S) as one row per product in the order of the columns."""
    if values.ndim == 2:
        return values.T
    if values.ndim == 3:
        values = values[..., None]
    return values.transpose(2, 1, 0, 3).reshape(values.shape[2], -1)
