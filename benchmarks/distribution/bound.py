"""No policy earns more than this: perfect information, and perfect information at a price.

With every demand of an episode known beforehand the best orders are a mixed-integer programme; its
mean over episodes bounds every policy from above. It is far above them, for who knows the future
keeps no safety stock. So knowing is charged for: every unit a retailer sells beyond the expected
sales from the stock it had that morning costs `price_of_knowing`, every unit below pays it. A
policy that does not know the future pays 0 in the mean, so the bound holds at any price (Brown,
Smith and Sun 2010, "Information relaxations and duality in stochastic dynamic programs").

A year is too long for one programme. It is cut into stretches, each of which begins with any stock
it likes, paid for by the unit, and is paid as much for what it leaves: a Lagrangian relaxation of
the hand-over (Geoffrion 1974), so the sum of the stretches' bounds holds at any worth of a unit.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import product
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


@dataclass(frozen=True)
class Relaxation:
    """What may be known at which price, and where an episode is cut.

    Attributes:
        price_of_knowing: by day of the episode (T,), or of every day [money/unit]; 0 is plain
            perfect information.
        stretch: days between two cuts; None leaves an episode whole [day].
        worth: of a unit that is handed over at a cut: at a retailer in the morning, its expected
            sales of that day apart, and at the centre or on its way there [money/unit].
    """

    price_of_knowing: np.ndarray | float = 0.0
    stretch: int | None = None
    worth: tuple[float, float] = (0.0, 0.0)

    def stretches(self, days: int) -> list[range]:
        """The days of each stretch, in turn."""
        length = self.stretch or days
        return [range(first, min(first + length, days)) for first in range(0, days, length)]


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
    relaxation: Relaxation | None = None,
    workers: int | None = None,
    seconds: float = 20.0,
) -> np.ndarray:
    """An upper bound of what any policy earns, path by path, in the mean over paths (P,) [money].

    Args:
        task: the facts.
        demand: (P, T, 2) [unit].
        relaxation: plain perfect information of the whole episode if not given.
        workers: processes; one per core if not given.
        seconds: for one path; its bound is then looser, and holds as well [s].
    """
    solve = partial(bound, task, relaxation=relaxation or Relaxation(), seconds=seconds)
    workers = workers or min(len(os.sched_getaffinity(0)), len(demand))
    if workers < 2:
        return np.array(list(map(solve, demand)))
    with ProcessPoolExecutor(workers, get_context("spawn"), _be_silent) as pool:
        return np.array(list(pool.map(solve, demand)))


def _be_silent() -> None:
    """What the solver mutters in a worker is for nobody."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def bound(task: Distribution, demand: np.ndarray, relaxation: Relaxation, seconds: float) -> float:
    """The bound of one path, demand (T, 2) [money]."""
    days = len(demand)
    most = sum(
        _greatest(_programme(task, demand, relaxation, part), seconds * len(part) / days)
        for part in relaxation.stretches(days)
    )
    return most - float(task.lost_sale * demand.sum())


def _greatest(programme: _Programme, seconds: float) -> float:
    """What no solution exceeds [money].

    Raises:
        ValueError: nothing bounds it, for what is handed over is worth too much.
    """
    rows, columns, values = zip(*programme.entries, strict=True)
    shape = len(programme.low), len(programme.gain)
    found = milp(
        -np.array(programme.gain),
        integrality=np.array(programme.whole, dtype=int),
        bounds=Bounds(0.0, np.array(programme.upper)),
        constraints=LinearConstraint(
            coo_array((values, (rows, columns)), shape).tocsr(), programme.low, programme.high
        ),
        options={"mip_rel_gap": GAP, "time_limit": seconds},
    )
    if found.mip_dual_bound is None:
        raise ValueError(
            f"the bound of a stretch is not finite ({found.message}); give a unit at a retailer "
            "little more worth than one at the centre, and both less than a sale"
        )
    return -float(found.mip_dual_bound)


def _programme(
    task: Distribution, demand: np.ndarray, relaxation: Relaxation, days: range
) -> _Programme:
    """Some days as a programme; crowding costs nothing here, which can only raise the bound.

    Args:
        task: the facts; retailers have a lead time of 1 wherever an episode is cut.
        demand: of the whole episode (T, 2) [unit].
        relaxation: the price of knowing, and the worth of what is handed over.
        days: of the stretch.
    """
    p, price = _Programme(), np.broadcast_to(relaxation.price_of_knowing, (len(demand),))
    T, opens, closes = len(days), days.start == 0, days.stop == len(demand)
    if not (opens and closes) and max(task.lead_time[:RETAILERS]) > 1:
        raise ValueError(f"lead_time is {task.lead_time}; to cut, expected 1 at the retailers")
    shipped = p.columns((T, RETAILERS), 0.0)
    _centre(p, task, (opens, closes), relaxation.worth[1], shipped)
    batches = p.columns((T, RETAILERS), -task.batch_cost)
    for column in batches.ravel():
        p.whole[column] = True
    # A unit sold saves its lost sale, is not held overnight, and costs the price of knowing.
    worth = task.price + task.lost_sale + task.holding[0] - price[days, None]
    sold = p.columns((T, RETAILERS), worth, demand[days])
    # A column for every morning, and the one after.
    kept = np.full((T + 1, 1), -task.holding[0])
    kept[T] = 0.0 if closes else relaxation.worth[0]
    kept[0] -= 0.0 if opens else relaxation.worth[0]
    stock = p.columns((T + 1, RETAILERS), kept)
    for t, i in product(range(T), range(RETAILERS)):
        p.row([(shipped[t, i], 1.0), (batches[t, i], -task.batch_size)], -np.inf, 0.0)
        p.row([(sold[t, i], 1.0), (stock[t, i], -1.0)], -np.inf, 0.0)
        since = t + 1 - task.lead_time[i]
        came = [(shipped[since, i], -1.0)] if since >= 0 else []
        left = [(stock[t, i], -1.0), (sold[t, i], 1.0)]
        p.row([(stock[t + 1, i], 1.0), *left, *came], 0.0, 0.0)
    if opens:
        for i in range(RETAILERS):
            p.row([(stock[0, i], 1.0)], task.opening_stock[i], task.opening_stock[i])
    # Expected sales of the morning at a cut belong to the stretch before it.
    for t in range(0 if opens else 1, T if closes else T + 1):
        _expected_sales(p, price[days.start + t], task.daily_mean[days.start + t], stock[t])
    return p


def _centre(
    p: _Programme,
    task: Distribution,
    ends: tuple[bool, bool],
    worth: float,
    shipped: np.ndarray,
) -> None:
    """Orders and stock of the centre, from which is shipped (T, 2).

    Before the first day there are columns for the orders under way and the stock of the night; they
    are 0 where the episode begins, and cost their worth where it is cut.
    """
    T, lead, largest = len(shipped), task.lead_time[CENTRE], task.capacity[CENTRE]
    opens, closes = ends
    paid = np.r_[np.zeros(lead), np.full(T, -task.unit_cost)]
    held = np.r_[0.0, np.full(T, -task.holding[CENTRE])]
    if not opens:
        paid[:lead] -= worth
        held[0] -= worth
    if not closes:
        paid[T:] += worth
        held[T] += worth
    before = 0.0 if opens else 1.0
    ordered = p.columns((lead + T,), paid, largest * np.r_[np.full(lead, before), np.ones(T)])
    stock = p.columns((1 + T,), held, np.r_[0.0 if opens else np.inf, np.full(T, np.inf)])
    placed = p.columns((T,), -task.order_cost, 1.0)
    for t in range(T):
        p.whole[placed[t]] = True
        p.row([(ordered[lead + t], 1.0), (placed[t], -largest)], -np.inf, 0.0)
        moved = [(stock[t], -1.0), (ordered[t], -1.0), *((column, 1.0) for column in shipped[t])]
        begun = task.opening_stock[CENTRE] if opens and not t else 0.0
        p.row([(stock[t + 1], 1.0), *moved], begun, begun)


def _expected_sales(p: _Programme, price: float, mean: float, stock: np.ndarray) -> None:
    """What knowing pays back: expected sales from the morning's stock of each retailer (2,)."""
    if not price:
        return
    # The k-th unit in stock is sold with the chance that demand exceeds k.
    chance = Poisson(np.array(mean)).survival(np.arange(LARGEST_STOCK, dtype=float))
    useful = chance[chance > 1e-9]
    filled = p.columns((RETAILERS, len(useful)), price * useful, 1.0)
    for columns, held in zip(filled, stock, strict=True):
        p.row([*((column, 1.0) for column in columns), (held, -1.0)], -np.inf, 0.0)
