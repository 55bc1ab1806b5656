"""Lot sizing with setup times by prices of capacity, and by HiGHS on the whole programme.

At prices of capacity every item is a lot-sizing problem of its own, solved for all items at once by
dynamic programming (Wagner and Whitin 1958; Zangwill 1969): an order covers whole periods. What the
items cost together less what capacity is worth is a bound (Trigeiro, Thomas and McClain 1989);
prices follow the subgradient (Held, Wolfe and Crowder 1974). The setups met on the way are fixed
for a first plan, and a few items' setups at a time are decided anew while the others stay
(fix-and-optimise, Helber and Sahling 2010, International Journal of Production Economics 123:247).
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, OptimizeResult, milp
from scipy.sparse import coo_array, csr_array

from benchmarks.lots.trigeiro import Instance

PART_FOR_PRICES = 0.2
"""Of the time that is given."""
FEW = 4
"""Items whose setups are decided anew at a time."""
SLICE = 4.0
"""Seconds for that, at most [s]."""
FIRST_SECONDS = 60.0
"""For a plan with given setups, a linear programme, at most [s]."""
MADE = 1e-6
"""Units below this are none."""
PATIENCE = 12
"""Steps without a better bound after which they are halved."""


@dataclass(frozen=True)
class Answer:
    """Bounds of the least cost and the time they took; NaN where there is none.

    Attributes:
        lower, upper: [money].
        seconds: [s].
    """

    lower: float
    upper: float
    seconds: float


@dataclass(frozen=True)
class AtPrices:
    """The items' best plans at prices of capacity.

    Attributes:
        cost: of all items, capacity charged [money].
        setups: (T, N).
        used: capacity (T,) [time].
    """

    cost: float
    setups: np.ndarray
    used: np.ndarray


def at_prices(instance: Instance, prices: np.ndarray) -> AtPrices:
    """Every item's best plan with capacity charged at `prices` (T,) [money/time].

    f(t) = min over s < t of f(s) + setup in s + sum over s <= u < t of what a unit of u costs: made
    in s and held, or not met at all.
    """
    demand, lost = instance.demand, instance.lost_cost
    T, N = demand.shape
    unit = prices[:, None] * instance.process_time
    setup = instance.setup_cost + prices[:, None] * instance.setup_time
    age = np.arange(T)[None, :] - np.arange(T)[:, None]
    made = unit[:, None] + np.maximum(age, 0)[..., None] * instance.holding
    each = np.where((age >= 0)[..., None], np.minimum(made, lost) * demand, 0.0)
    covered = np.concatenate([np.zeros((T, 1, N)), np.cumsum(each, axis=1)], axis=1)
    least = np.zeros((T + 1, N))
    first = np.zeros((T + 1, N), np.int64)
    wanted = np.concatenate([np.zeros((1, N)), np.cumsum(demand, axis=0)])
    for t in range(1, T + 1):
        some = wanted[t] > wanted[:t]
        cost = least[:t] + np.where(some, setup[:t] + covered[:t, t], 0.0)
        first[t] = np.argmin(cost, axis=0)
        least[t] = np.take_along_axis(cost, first[t][None], axis=0)[0]
    setups, used = _followed(instance, first, wanted, made < lost)
    return AtPrices(float(least[T].sum()), setups, used)


def _followed(
    instance: Instance, first: np.ndarray, wanted: np.ndarray, worth: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Setups (T, N) and used capacity (T,) of the plans that the recursion chose."""
    T, N = instance.demand.shape
    setups, used = np.zeros((T, N), bool), np.zeros(T)
    for item in range(N):
        t = T
        while t > 0:
            s = int(first[t, item])
            made = float((instance.demand[s:t, item] * worth[s, s:t, item]).sum())
            if wanted[t, item] > wanted[s, item]:
                setups[s, item] = True
                used[s] += made * instance.process_time[item] + instance.setup_time[item]
            t = s
    return setups, used


def by_prices(instance: Instance, seconds: float, seed: int) -> Answer:
    """Bounds by prices of capacity and dynamic programming, and a plan, in so many seconds."""
    began = monotonic()
    lower, setups = _priced(instance, began + PART_FOR_PRICES * seconds)
    whole = Whole(instance)
    plans = [whole.planned(chosen) for chosen in setups]
    upper, chosen = min(plans, key=lambda plan: plan[0])
    rng = np.random.default_rng(seed)
    N = instance.demand.shape[1]
    few = min(FEW, N)
    while (left := seconds - (monotonic() - began)) > 0.2:
        free = np.zeros(N, bool)
        free[rng.permutation(N)[:few]] = True
        patience = left if few == N else min(SLICE, left)
        found, kept = whole.decided(chosen, free, patience)
        if found < upper:
            upper, chosen = found, kept
        if few == N:
            break
    return Answer(lower, upper, monotonic() - began)


def _priced(instance: Instance, ends: float) -> tuple[float, list[np.ndarray]]:
    """The best bound, and setups met near it."""
    prices = np.zeros(len(instance.capacity))
    best, best_prices, scale, waited = -np.inf, prices, 1.0, 0
    setups = [instance.demand > 0]
    target = 1.05 * at_prices(instance, prices).cost
    while monotonic() < ends and scale > 1e-4:
        answer = at_prices(instance, prices)
        bound = answer.cost - float(prices @ instance.capacity)
        waited += 1
        if bound > best:
            best, best_prices, waited = bound, prices, 0
            setups = [*setups[-6:], answer.setups]
        if waited > PATIENCE:
            scale, waited, prices = scale / 2, 0, best_prices
            continue
        excess = answer.used - instance.capacity
        size = float(excess @ excess)
        if size == 0:
            break
        step = scale * max(target - bound, 0.01 * abs(bound)) / size
        prices = np.maximum(prices + step * excess, 0.0)
    none = np.zeros_like(setups[0])
    return best, [*setups, np.any([none, *setups[1:]], axis=0), none]


class Whole:
    """The whole programme: made x, set up y, in stock I, lost l, each (T, N).

    x <= most y, I(t) = I(t-1) + x(t) + l(t) - d(t), sum over items of a x + b y <= C.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        T, N = instance.demand.shape
        size = T * N
        self._x, self._y, self._stock, self._lost = (
            np.arange(first * size, (first + 1) * size).reshape(T, N) for first in range(4)
        )
        ahead = np.cumsum(instance.demand[::-1], axis=0)[::-1]
        room = (instance.capacity[:, None] - instance.setup_time) / instance.process_time
        self._most = np.maximum(np.minimum(ahead, room), 0.0)
        self._cost = np.zeros(4 * size)
        self._cost[self._y] = instance.setup_cost
        self._cost[self._stock] = instance.holding
        self._cost[self._lost] = instance.lost_cost
        self._rows = self._constraints()

    def planned(self, setups: np.ndarray) -> tuple[float, np.ndarray]:
        """Cost of the best plan with these setups or fewer (T, N), and those it uses."""
        answer = self._asked(setups, setups, 0, FIRST_SECONDS)
        return self._read(answer, setups)

    def decided(
        self, setups: np.ndarray, free: np.ndarray, seconds: float
    ) -> tuple[float, np.ndarray]:
        """The same with the setups of the items in `free` (N,) decided anew."""
        return self._read(self._asked(setups & ~free, setups | free, 1, seconds), setups)

    def proved(self, seconds: float) -> tuple[float, float]:
        """What HiGHS proves and finds for all setups at once; NaN where it finds nothing."""
        ones = np.ones(self._x.shape, bool)
        answer = self._asked(~ones, ones, 1, seconds)
        found = np.nan if answer.x is None else float(answer.fun)
        bound = answer.mip_dual_bound
        return np.nan if bound is None else float(bound), found

    def _read(self, answer: OptimizeResult, setups: np.ndarray) -> tuple[float, np.ndarray]:
        """Cost of an answer without setups for nothing, and its setups; infinite if it is none."""
        if answer.x is None:
            return np.inf, setups
        made = answer.x[self._x] > MADE
        idle = np.where(made, 0.0, answer.x[self._y]) * self._instance.setup_cost
        return float(answer.fun - idle.sum()), made

    def _asked(
        self, least: np.ndarray, most: np.ndarray, integer: int, seconds: float
    ) -> OptimizeResult:
        lower, upper = np.zeros(len(self._cost)), np.full(len(self._cost), np.inf)
        lower[self._y], upper[self._y] = least, most
        upper[self._lost] = self._instance.demand
        whole = np.zeros(len(self._cost))
        whole[self._y] = integer
        return milp(
            self._cost,
            integrality=whole,
            bounds=Bounds(lower, upper),
            constraints=self._rows,
            options={"time_limit": seconds, "mip_rel_gap": 1e-6},
        )

    def _constraints(self) -> list[LinearConstraint]:
        instance = self._instance
        T, N = instance.demand.shape
        size = T * N
        row = np.arange(size).reshape(T, N)
        columns = 4 * size
        ones = np.ones((T, N))
        gate = _sparse([(row, self._x, ones), (row, self._y, -self._most)], size, columns)
        flow = [
            (row, self._stock, ones),
            (row, self._x, -ones),
            (row, self._lost, -ones),
            (row[1:], self._stock[:-1], -ones[1:]),
        ]
        balance = _sparse(flow, size, columns)
        period = np.repeat(np.arange(T)[:, None], N, axis=1)
        used = [
            (period, self._x, ones * instance.process_time),
            (period, self._y, ones * instance.setup_time),
        ]
        capacity = _sparse(used, T, columns)
        needed = -instance.demand.ravel()
        return [
            LinearConstraint(gate, -np.inf, 0.0),
            LinearConstraint(balance, needed, needed),
            LinearConstraint(capacity, -np.inf, instance.capacity),
        ]


def by_solver(instance: Instance, seconds: float) -> Answer:
    """What HiGHS proves and finds in so many seconds, given the whole programme."""
    began = monotonic()
    lower, upper = Whole(instance).proved(seconds)
    return Answer(lower, upper, monotonic() - began)


def _sparse(
    entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]], rows: int, columns: int
) -> csr_array:
    """A matrix from entries: rows, columns and values, piece by piece."""
    row, column, value = (
        np.concatenate([part.ravel() for part in parts]) for parts in zip(*entries, strict=True)
    )
    return csr_array(coo_array((value, (row, column)), shape=(rows, columns)))
