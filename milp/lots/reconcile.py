"""Reconciles all products in whole lots: the plan of the last round, in units and money."""

from __future__ import annotations

import numpy as np

from data.engine import Alone, Engine
from milp.effort import Tell
from milp.flow import levels, moved
from milp.lots.plan import Effort, LotPlan
from milp.lots.rounds import Rounds
from milp.task import Task


def reconcile_in_lots(
    task: Task,
    effort: Effort | None = None,
    engine: Engine | None = None,
    tell: Tell = lambda bounds: None,
) -> LotPlan:
    """The best shipments found for all products, in whole lots on the first days, with a bound.

    Lots bind at every stage; smallest orders, order costs, suppliers' minimums and their order
    costs at the top stage; trucks wherever a stage has them. On later days any quantity will do,
    and every unit bears its part of what orders and trucks cost.

    Args:
        task: today's problem.
        effort: when to stop, and how many days are planned in lots.
        engine: who searches products; this process if not given.
        tell: hears how far the work is.
    """
    rounds = Rounds(task, effort or Effort(), engine or Alone(), tell)
    rounds.run()
    ledger, shared, days = rounds.ledger, rounds.shared, rounds.survey.lots.rules.days
    shipments = np.stack([plan.shipments for plan in ledger.plans], axis=-1)
    periods, stages = shipments.shape[:2]
    after = moved(task, shipments)
    space = stages * periods
    return LotPlan(
        days=days,
        shipments=shipments,
        orders=shipments[:days, -1] > 0,
        on_hand=after.on_hand,
        lost_sales=after.lost_sales,
        backorders=after.backorders,
        level=levels(task, shipments, after.lost_sales),
        occupancy=(ledger.usage[:space] + shared.fixed).reshape(stages, periods).T,
        trucks=shared.trucks(ledger.load),
        fixed_storage_price=rounds.worth[:space].reshape(stages, periods).T,
        fixed_supply_price=rounds.worth[space : 2 * space].reshape(stages, periods).T,
        lower=min(rounds.lower, ledger.cost),
        upper=ledger.cost,
        seconds=rounds.survey.seconds,
        complete=rounds.good,
    )
