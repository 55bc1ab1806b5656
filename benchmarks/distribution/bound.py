"""No policy earns more than this: perfect information, and perfect information at a price.

With every demand of an episode known beforehand the best orders are a mixed-integer programme; its
mean over episodes bounds every policy from above. It is far above them, for who knows the future
keeps no safety stock. So knowing is charged for: every unit a retailer sells beyond the expected
sales from the stock it had that morning costs `price_of_knowing`, every unit below pays it. A
policy that does not know the future pays 0 in the mean, so the bound holds at any price (Brown,
Smith and Sun 2010, "Information relaxations and duality in stochastic dynamic programs").
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from data.demand import Poisson
from envs.reference.distribution import CENTRE, RETAILERS, Distribution

GAP = 1e-3
"""Between a plan and its bound, at which the solver may stop; the bound is what counts [1]."""
LARGEST_STOCK = 60
"""Units of a retailer's stock up to which expected sales are counted unit by unit [unit]."""


@dataclass
class _Programme:
    """Columns and rows as they are written; maximised."""

    gain: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)

    def columns(self, shape: tuple[int, ...], gain: object, upper: object = np.inf) -> np.ndarray:
        """New columns from 0 to `upper`, worth `gain` each; their numbers in that shape."""
        first, count = len(self.gain), int(np.prod(shape))
        self.gain += np.broadcast_to(np.asarray(gain, float), shape).ravel().tolist()
        self.upper += np.broadcast_to(np.asarray(upper, float), shape).ravel().tolist()
        self.whole += [False] * count
        return first + np.arange(count).reshape(shape)

    def row(self, terms: Sequence[tuple[int, float]], low: float, high: float) -> None:
        """low <= sum of coefficient x column <= high."""
        self.entries += [(len(self.low), column, value) for column, value in terms]
        self.low.append(low)
        self.high.append(high)


def bounds(
    task: Distribution,
    demand: np.ndarray,
    price_of_knowing: np.ndarray | float = 0.0,
    workers: int | None = None,
    seconds: float = 20.0,
) -> np.ndarray:
    """An upper bound of what any policy earns, path by path, in the mean over paths (P,) [money].

    Args:
        task: the facts.
        demand: (P, T, 2) [unit].
        price_of_knowing: by day of the episode (T,) [money/unit]; 0 is plain perfect information.
        workers: processes; one per core if not given.
        seconds: for one path; its bound is then looser, and holds as well [s].
    """
    price = np.broadcast_to(price_of_knowing, (task.days,))
    solve = partial(bound, task, price_of_knowing=price, seconds=seconds)
    workers = workers or min(len(os.sched_getaffinity(0)), len(demand))
    if workers < 2:
        return np.array(list(map(solve, demand)))
    with ProcessPoolExecutor(workers, get_context("spawn"), _be_silent) as pool:
        return np.array(list(pool.map(solve, demand)))


def _be_silent() -> None:
    """What the solver mutters in a worker is for nobody."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def bound(
    task: Distribution, demand: np.ndarray, price_of_knowing: np.ndarray, seconds: float
) -> float:
    """The bound of one path, demand (T, 2) [money]."""
    programme = _programme(task, demand, price_of_knowing)
    rows, columns, values = zip(*programme.entries, strict=True)
    shape = len(programme.low), len(programme.gain)
    matrix = coo_array((values, (rows, columns)), shape).tocsr()
    found = milp(
        -np.array(programme.gain),
        integrality=np.array(programme.whole, dtype=int),
        bounds=Bounds(0.0, np.array(programme.upper)),
        constraints=LinearConstraint(matrix, programme.low, programme.high),
        options={"mip_rel_gap": GAP, "time_limit": seconds},
    )
    return float(-found.mip_dual_bound - task.lost_sale * demand.sum())


def _programme(task: Distribution, demand: np.ndarray, price: np.ndarray) -> _Programme:
    """The episode as a programme; crowding costs nothing here, which can only raise the bound."""
    p, T = _Programme(), len(demand)
    cap, hold = task.capacity, task.holding
    # A unit sold saves its lost sale, is not held overnight, and costs the price of knowing.
    worth = task.price + task.lost_sale + hold[0] - price[:, None]
    ordered = p.columns((T,), -task.unit_cost, cap[CENTRE])
    placed = p.columns((T,), -task.order_cost, 1.0)
    centre = p.columns((T,), -hold[CENTRE])
    shipped = p.columns((T, RETAILERS), 0.0)
    batches = p.columns((T, RETAILERS), -task.batch_cost)
    stock = p.columns((T, RETAILERS), -hold[0])
    sold = p.columns((T, RETAILERS), worth, demand)
    units = np.arange(LARGEST_STOCK)
    # The k-th unit in stock is sold with the chance that demand exceeds k.
    chance = np.array([Poisson(mean).survival(units.astype(float)) for mean in task.daily_mean])
    useful = [int((row > 1e-9).sum()) if price[t] else 0 for t, row in enumerate(chance)]
    expected = [
        p.columns((RETAILERS, useful[t]), price[t] * chance[t, : useful[t]], 1.0) for t in range(T)
    ]
    for column in (*placed, *batches.ravel()):
        p.whole[column] = True
    for t in range(T):
        p.row([(ordered[t], 1.0), (placed[t], -cap[CENTRE])], -np.inf, 0.0)
        came = [(ordered[s], -1.0) for s in (t - task.lead_time[CENTRE],) if s >= 0]
        before = [(centre[t - 1], -1.0)] if t else []
        begun = 0.0 if t else task.opening_stock[CENTRE]
        sent = [(shipped[t, i], 1.0) for i in range(RETAILERS)]
        p.row([(centre[t], 1.0), *before, *came, *sent], begun, begun)
        for i in range(RETAILERS):
            p.row([(shipped[t, i], 1.0), (batches[t, i], -task.batch_size)], -np.inf, 0.0)
            came = [(shipped[s, i], -1.0) for s in (t - task.lead_time[i],) if s >= 0]
            before = [(stock[t - 1, i], -1.0), (sold[t - 1, i], 1.0)] if t else []
            begun = 0.0 if t else task.opening_stock[i]
            p.row([(stock[t, i], 1.0), *before, *came], begun, begun)
            p.row([(sold[t, i], 1.0), (stock[t, i], -1.0)], -np.inf, 0.0)
            if useful[t]:
                filled = [(column, 1.0) for column in expected[t][i]]
                p.row([*filled, (stock[t, i], -1.0)], -np.inf, 0.0)
    return p
