"""One task's parameters in units and money, as a plain model needs them.

What a level is worth, how uncertain occupancy is, and what is under way: the models of one problem
share these, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.flow import due
from milp.segments import Segments, Worth, cut
from milp.storage import Known, fixed_occupancy, occupancy_variance, spread_of
from milp.task import Task


@dataclass(frozen=True)
class Facts:
    """Parameters over T periods, M stages and K products.

    Attributes:
        task: whose they are.
        demand: expected, from today to the end of the outlook (H, K) [unit].
        segments: the worth of relative levels.
        due: arrivals of what is under way today (T, M, K) [unit].
        fixed: occupancy that no decision changes (T, M, K) [unit].
        spread: standard deviation of occupancy (T, M) [volume].
    """

    task: Task
    demand: np.ndarray
    segments: Segments
    due: np.ndarray
    fixed: np.ndarray
    spread: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        """T, M and K."""
        return self.task.periods, *self.task.z.shape


def facts_of(task: Task) -> Facts:
    """The parameters of a task."""
    T, scenario = task.periods, task.scenario
    products, lead_time = scenario.products, scenario.products.lead_time
    demand = task.outlook.mean[task.period :]
    windows = [task.outlook.windows(task.period + t) for t in range(T)]
    worth = Worth(task.z, scenario.holding_cost, products.missed_sale_cost, scenario.law)
    segments = cut(worth, windows, lead_time)
    coming = due(task.stock.pipeline, T)
    std = task.outlook.std[task.period : task.period + T]
    until = [np.sqrt(np.square(std[:t]).sum(axis=0)) for t in range(T)]
    known = Known(demand[:T], coming, task.stock.on_hand[0], np.stack(until))
    sigma = np.stack([window.std for window in windows])
    return Facts(
        task=task,
        demand=demand,
        segments=segments,
        due=coming,
        fixed=fixed_occupancy(known, segments, lead_time),
        spread=spread_of(occupancy_variance(sigma, lead_time, products.volume)),
    )
