"""Shares of what products share, for plans whose first days are decided."""

from __future__ import annotations

import numpy as np

from milp.lots.ledger import Ledger
from milp.lots.passes import Fixed


def within_shares(
    ledger: Ledger, members: list[np.ndarray], need: np.ndarray
) -> tuple[list[Fixed], np.ndarray]:
    """What to ask batches, and each one's share of every row (B, R).

    Every batch keeps what it uses and has its part of what is left. Of rows that may not be
    exceeded it keeps what its decided shipments use, and the rest is divided.

    Args:
        ledger: the plan.
        members: products of each batch.
        need: what each product is thought to need of every row (R, K), to share by.
    """
    shared, plans = ledger.shared, ledger.plans
    rows, days = shared.rows, shared.days
    used = np.stack([np.sum([plans[k].usage for k in batch], axis=0) for batch in members])
    share = np.stack([need[:, batch].sum(axis=1) for batch in members]) / need.sum(axis=1)
    decided = np.where(shared.decided, used, 0.0)
    decided[:, -1] = used[:, shared.bought].sum(axis=1)
    limit = np.where(np.isfinite(rows.allowance), rows.allowance, 0.0)
    later = used - decided
    total = later.sum(axis=0)
    part = np.where(total > 0, later / np.where(total > 0, total, 1.0), share)
    left = np.maximum(limit - decided.sum(axis=0), 0.0)
    soft = np.arange(len(limit)) < len(rows.spread)
    granted = np.where(soft, used + share * (limit - used.sum(axis=0)), decided + part * left)
    granted[:, ~np.isfinite(rows.allowance)] = np.inf
    items = [
        Fixed(
            products,
            np.stack([plans[k].shipments[:days] for k in products], axis=-1),
            np.stack([plans[k].orders for k in products], axis=-1),
            allowance,
            rows.spread * wide,
        )
        for products, allowance, wide in zip(
            members, granted, share[:, : len(rows.spread)], strict=True
        )
    ]
    return items, share
