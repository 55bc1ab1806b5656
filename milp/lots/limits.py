"""What a product may ship when the others keep to their plans, or all give way alike."""

from __future__ import annotations

import numpy as np

from milp.lots.ledger import Ledger


def beside(ledger: Ledger, products: np.ndarray) -> np.ndarray | None:
    """The most each product may ship (T, M, B) [unit], others as they are.

    None where nothing but money limits shipments.
    """
    return _bounded(ledger, products, giving_way=False)


def giving_way(ledger: Ledger, products: np.ndarray) -> np.ndarray | None:
    """The most each product may ship (T, M, B) [unit] if all keep the same part of their plans.

    Together these fit into every limit, whatever each of them makes of it.
    """
    return _bounded(ledger, products, giving_way=True)


def _bounded(ledger: Ledger, products: np.ndarray, giving_way: bool) -> np.ndarray | None:
    shared = ledger.shared
    if not len(shared.hard):
        return None
    own = np.stack([ledger.plans[k].shipments for k in products], axis=-1)
    periods, stages = own.shape[:2]
    supply, purchases = (
        slice(stages * periods, 2 * stages * periods),
        slice(2 * stages * periods, 2 * stages * periods + periods),
    )
    limit = shared.rows.allowance[supply].reshape(stages, periods).T
    used = ledger.usage[supply].reshape(stages, periods).T
    most = _part(own, limit, used, shared.volume[products], giving_way)
    bought = ledger.usage[purchases]
    allowed = np.minimum(shared.rows.allowance[purchases], _of_budget(ledger, bought, giving_way))
    top = _part(own[:, -1:], allowed[:, None], bought[:, None], shared.price[products], giving_way)
    most[:, -1] = np.minimum(most[:, -1], top[:, 0])
    return most


def _part(
    own: np.ndarray, limit: np.ndarray, used: np.ndarray, weight: np.ndarray, giving_way: bool
) -> np.ndarray:
    """What of `limit` (T, M) each product may have (T, M, B) [unit]."""
    if giving_way:
        part = np.where(used > 0, limit / np.where(used > 0, used, 1.0), np.inf)
        kept = np.where(own > 0, own * np.minimum(part, 1.0)[..., None], 0.0)
        return np.where(np.isfinite(limit)[..., None] & (weight > 0), kept, np.inf)
    room = np.maximum(limit - used, 0.0)[..., None] / np.where(weight > 0, weight, 1.0)
    return np.where(weight > 0, own + room, np.inf)


def _of_budget(ledger: Ledger, bought: np.ndarray, giving_way: bool) -> np.ndarray:
    """What may be bought in each period (T,) for the sake of the whole budget."""
    budget = float(ledger.shared.rows.allowance[-1])
    if not np.isfinite(budget):
        return np.full(len(bought), np.inf)
    total = float(bought.sum())
    if giving_way:
        return bought * min(budget / total if total > 0 else 1.0, 1.0)
    return bought + max(budget - total, 0.0)
