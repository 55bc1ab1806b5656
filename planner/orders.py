"""The order lines of a plan: who ships what to whom, when, and why in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from planner.planning import Planned
from planner.problem import Problem

NOTHING = 1e-9
"""Quantities below this are rounding [unit]."""
FULL = 1 - 1e-9


@dataclass(frozen=True)
class OrderLine:
    """One shipment to order.

    Attributes:
        unique_id: the product.
        stage: which orders.
        supplier: which ships.
        order_date, arrival_date: when it is ordered, and when it can be used.
        quantity: [unit].
        reason: why so much, in numbers.
        binding: what kept it from being more; empty where nothing did.
        space_price: what a unit of space at the stage costs that day [money/volume/period].
    """

    unique_id: str
    stage: str
    supplier: str
    order_date: date
    arrival_date: date
    quantity: float
    reason: str
    binding: str
    space_price: float


COLUMNS = tuple(OrderLine.__dataclass_fields__)


def order_lines(problem: Problem, planned: Planned, z: np.ndarray) -> Iterator[OrderLine]:
    """The lines of a plan by day, stage and product.

    Args:
        problem: what is planned.
        planned: the plan.
        z: safety factors that today's prices leave (M, K) [1]; they explain every line.
    """
    scenario, network = problem.scenario, problem.scenario.network
    shipments = planned.plan.shipments
    lead_time = scenario.products.lead_time
    binding = _binding(problem, planned)
    dates = [
        scenario.start + timedelta(days=day) for day in range(len(shipments) + lead_time.max())
    ]
    names = scenario.products.unique_id
    for day, to_stage in enumerate(shipments):
        windows = problem.outlook.windows(day)
        safety = np.cumsum(z * windows.std, axis=0)
        after = planned.level[day]
        for stage, units in enumerate(to_stage):
            said, supplier = network.names[stage], network.supplier_of(stage)
            covers = problem.outlook.echelon_interval[stage]
            for k in np.flatnonzero(units > NOTHING):
                quantity = float(units[k])
                yield OrderLine(
                    unique_id=str(names[k]),
                    stage=said,
                    supplier=supplier,
                    order_date=dates[day],
                    arrival_date=dates[day + lead_time[stage, k]],
                    quantity=quantity,
                    reason=(
                        f"position {after[stage, k] - quantity:.4g} + {quantity:.4g}; "
                        f"forecast {windows.echelon_mean[stage, k]:.4g} over {covers[k]} days "
                        f"+ safety stock {safety[stage, k]:.4g}"
                    ),
                    binding=binding[day][stage][k],
                    space_price=float(planned.price[day, stage]),
                )


def _binding(problem: Problem, planned: Planned) -> np.ndarray:
    """What limited each shipment (T, M, K), in words; empty where nothing did."""
    scenario, network = problem.scenario, problem.scenario.network
    shipments, on_hand = planned.plan.shipments, planned.plan.on_hand
    words = np.full(shipments.shape, "", dtype=object)
    for stage, name in enumerate(network.names):
        if planned.price[:, stage].any():
            words[planned.price[:, stage] > 0, stage] = f"space at {name}"
        if stage + 1 < len(network):
            opening = np.concatenate(
                [scenario.stock.on_hand[None, stage + 1], on_hand[:-1, stage + 1]]
            )
            emptied = shipments[:, stage] > opening * FULL
            words[:, stage][emptied & (opening > 0)] = f"stock at {network.names[stage + 1]}"
        limit = network.supply_capacity[stage]
        if np.isfinite(limit):
            used = shipments[:, stage] @ scenario.products.volume
            words[used >= limit * FULL, stage] = f"supply to {name}"
    words[shipments >= scenario.products.maximum_order * FULL] = "largest order"
    return words
