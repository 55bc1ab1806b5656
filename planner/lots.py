"""The programme in whole lots, asked where orders cost something by themselves."""

from __future__ import annotations

import numpy as np

from data.engine import Engine
from milp.effort import Effort, Tell
from milp.lots.plan import Effort as LotEffort
from milp.lots.plan import LotPlan
from milp.lots.reconcile import reconcile_in_lots
from milp.reconcile import Reconciled
from milp.task import Task

NEAR_ENOUGH = 0.01
"""Gap that is good enough for lots: what is left of it costs more time than it is worth [1]."""
SECONDS, SECONDS_PER_PRODUCT = 30.0, 0.07
"""Time after which the best plan so far is taken, unless told otherwise [s]."""


def asked_in_lots(task: Task, effort: Effort, engine: Engine, tell: Tell) -> Reconciled:
    """The answer in whole lots, with minimum orders and what orders and trucks cost.

    Prices are those of the plan whose lots are fixed.
    """
    longest = SECONDS + SECONDS_PER_PRODUCT * task.z.shape[1]
    limits = LotEffort(max(effort.gap, NEAR_ENOUGH), min(effort.seconds, longest))
    return as_reconciled(reconcile_in_lots(task, limits, engine, tell))


def as_reconciled(plan: LotPlan) -> Reconciled:
    """A plan in lots as the programme answers without them."""
    return Reconciled(
        shipments=plan.shipments,
        on_hand=plan.on_hand,
        lost_sales=plan.lost_sales,
        backorders=plan.backorders,
        level=plan.level,
        occupancy=plan.occupancy,
        storage_price=plan.fixed_storage_price,
        supply_price=plan.fixed_supply_price,
        purchase_price=np.zeros(len(plan.shipments)),
        budget_price=0.0,
        disagreement=np.zeros_like(plan.fixed_storage_price),
        lower=float(plan.lower),
        upper=float(plan.upper),
        complete=bool(plan.complete),
        basis=None,
        iterations=0,
    )
