"""The exact optimum of a serial system whose customers wait, in milliseconds.

Clark and Scarf (1960) showed that an echelon base-stock policy is best and that its levels follow
one stage at a time, from the shelf up; Federgruen and Zipkin (1984) carried it to average cost. It
is the one multi-echelon answer known to be right, and so what policies are measured against.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from data.demand import DemandLaw

CELLS_PER_STD = 128
"""Grid cells per standard deviation of one period's continuous demand."""
LARGEST_GRID = 130_000
"""Cells beyond which the grid is made coarser rather than longer."""


class Shipping(Enum):
    """Which stock of a supplier can leave on a day; decides what each stage must cover."""

    OPENING_STOCK = "opening stock"
    """Only what the day began with, as in our world and OR-Gym: every stage covers L + 1."""
    RECEIPTS_TOO = "receipts too"
    """Also what arrives that day: the shelf covers L + 1, the stages above it L."""
    CONTINUOUS = "continuous"
    """As if demand and shipping never paused: every stage covers L (textbooks)."""


@dataclass(frozen=True, eq=False)
class SerialSystem:
    """M stages in a row from the shelf (0) up, an unlimited source above the last.

    Attributes:
        lead_time: L, whole periods from shipping to receipt (M,) [period].
        holding_cost: of a unit at each stage (M,) [$/unit/period]; a unit on its way is charged as
            if still at the stage it left, and nothing on its way to the last stage.
        backorder_cost: b, of a customer kept waiting [$/unit/period].
        demand: one period's demand, independent over periods, never negative, with scalar
            parameters [unit/period].
        shipping: which stock can leave on a day.
    """

    lead_time: np.ndarray
    holding_cost: np.ndarray
    backorder_cost: float
    demand: DemandLaw
    shipping: Shipping = Shipping.OPENING_STOCK

    def __post_init__(self) -> None:
        object.__setattr__(self, "lead_time", np.asarray(self.lead_time, dtype=np.int64))
        object.__setattr__(self, "holding_cost", np.asarray(self.holding_cost, dtype=np.float64))
        if self.lead_time.ndim != 1 or self.lead_time.shape != self.holding_cost.shape:
            raise ValueError(
                f"lead_time {self.lead_time.shape} and holding_cost {self.holding_cost.shape} must "
                "both hold one number per stage"
            )
        if (self.lead_time < 0).any():
            raise ValueError(f"lead_time is {self.lead_time.min()}, expected at least 0")
        if not (self.holding_cost > 0.0).all() or not self.backorder_cost > 0.0:
            raise ValueError("holding costs and backorder cost must be above 0")
        if np.ndim(self.demand.mean) or not self.demand.quantile(0.0) >= 0.0:
            raise ValueError("demand must be one law that is never negative; clip a normal at 0")

    @property
    def stages(self) -> int:
        """Number of stages M."""
        return len(self.lead_time)

    @property
    def protection_interval(self) -> np.ndarray:
        """Periods of demand that an order of each stage must cover (M,) [period]."""
        match self.shipping:
            case Shipping.OPENING_STOCK:
                return self.lead_time + 1
            case Shipping.RECEIPTS_TOO:
                return self.lead_time + (np.arange(self.stages) == 0)
            case Shipping.CONTINUOUS:
                return self.lead_time

    @property
    def echelon_holding_cost(self) -> np.ndarray:
        """What each stage adds to the holding cost of its supplier (M,) [$/unit/period]."""
        return self.holding_cost - np.append(self.holding_cost[1:], 0.0)

    @property
    def transit_cost(self) -> float:
        """Holding cost of stock on its way between stages, the same for every policy [$/period].

        Mean demand, times the supplier's holding cost, times the periods that the cost counts a
        unit as on its way: L where stock is counted at the end of the day. Where receipts ship on,
        suppliers are counted just before the day's demand, and the shelf's transit as L + 1.
        """
        ends_the_day = self.shipping is Shipping.OPENING_STOCK
        counted = self.lead_time if ends_the_day else self.protection_interval
        return float(self.demand.mean * (self.holding_cost[1:] @ counted[:-1]))


@dataclass(frozen=True, eq=False)
class ClarkScarf:
    """An echelon base-stock policy and what it costs on average.

    Attributes:
        echelon_base_stock: S, up to which a stage raises all stock of its echelon, on hand and on
            its way, less backorders (M,) [unit]; inf at a stage that should pass on all it gets,
            because stock costs no less above it.
        cost: sum over stages of echelon holding cost times echelon stock, plus (b + h_0) times
            backorders: holding on all stock, on hand and on its way, and backorders [$/period].
        cost_on_hand: the same without the stock on its way between stages [$/period].
    """

    echelon_base_stock: np.ndarray
    cost: float
    cost_on_hand: float


def solve(system: SerialSystem) -> ClarkScarf:
    """The optimal echelon base-stock levels and their average cost.

    With e the echelon holding costs, D_m the demand over stage m's protection interval (Chen and
    Zheng 1994, Management Science 40(11); Snyder and Shen 2019, chapter 6),

        G_0(x) = e_0 x + (b + h_0) x^-,      g_m(y) = E[G_m(y - D_m)],      S_m = argmin g_m,
        G_{m+1}(x) = e_{m+1} x + g_m(min(x, S_m)),                          cost = g_M-1(S_M-1).

    The recursion runs on slopes over a grid that starts at 0, which is exact below it: demand is
    never negative, so every g_m is a straight line on x <= 0. Integer demand has a unit grid and no
    discretisation error. Continuous demand has 128 cells per standard deviation; its law is carried
    to the grid with its mean and its loss kept at every grid point, and levels are interpolated;
    costs are then right to about 1e-5 of themselves. The grid ends where no level can lie by the
    bounds of Shang and Song (2003), and what demand does beyond it is irrelevant to the cost, so
    that there is no tail to choose.
    """
    return _run(system, np.full(system.stages, np.nan))


def evaluate(system: SerialSystem, echelon_base_stock: np.ndarray) -> ClarkScarf:
    """What the given echelon base-stock levels (M,), at least 0 [unit], cost on average.

    All but the last may be inf, which passes on whatever comes.
    """
    levels = np.asarray(echelon_base_stock, dtype=np.float64)
    if levels.shape != (system.stages,) or not (levels >= 0.0).all() or np.isinf(levels[-1]):
        raise ValueError(
            f"levels are {levels}, expected {system.stages} numbers of at least 0, the last finite"
        )
    return _run(system, levels)


@dataclass(frozen=True, eq=False)
class _Grid:
    """One period's demand on points 0, d, 2 d, .. (N,); functions are kept as slopes per cell.

    Attributes:
        spacing: d [unit].
        survival: chance that demand on the grid exceeds each point (N,).
    """

    spacing: float
    survival: np.ndarray

    @cached_property
    def _length(self) -> int:
        # The next power of two at which a cyclic convolution has nothing to wrap around.
        return 1 << (2 * len(self.survival) - 1).bit_length()

    @cached_property
    def _transform(self) -> np.ndarray:
        return np.fft.rfft(-np.diff(self.survival, prepend=1.0), self._length)

    def after(self, slope: np.ndarray, left: float, periods: int) -> np.ndarray:
        """Slopes (N,) of y -> E[f(y - D)], D the demand of some periods, from f's slopes (N,).

        f is a straight line of slope `left` below 0.
        """
        for _ in range(periods):
            product = np.fft.rfft(slope, self._length) * self._transform
            inside = np.fft.irfft(product, self._length)[: len(slope)]
            slope = inside + left * self.survival
        return slope

    def up_to(self, level: float) -> np.ndarray:
        """Share of each cell that lies below a level (N,)."""
        points = self.spacing * np.arange(len(self.survival))
        return np.clip((level - points) / self.spacing, 0.0, 1.0)


def _smooth(demand: DemandLaw) -> bool:
    """True where demand has a density, so that levels lie between grid points."""
    return not demand.integer and bool(demand.std > 0.0)


def _grid(demand: DemandLaw, highest: float, periods: int) -> _Grid:
    """The grid that carries the demand of some periods up to the highest level of interest [unit].

    Moving one period's demand to a grid point raises it by less than a cell; hence a cell for each.
    """
    coarsest = highest / LARGEST_GRID
    if demand.integer:
        spacing = float(np.ceil(max(1.0, coarsest)))
    else:
        natural = demand.std / CELLS_PER_STD if _smooth(demand) else demand.mean
        spacing = float(max(natural, coarsest)) or 1.0
    points = spacing * np.arange(int(np.ceil(highest / spacing)) + periods + 3)
    # Mean survival over a cell: the lottery between neighbouring points that keeps mean and loss.
    survival = -np.diff(demand.loss(points)) / spacing
    return _Grid(spacing, np.clip(survival, 0.0, 1.0))


def _limit_slopes(system: SerialSystem) -> np.ndarray:
    """Slope of each g_m far to the right (M,): what passing one more unit on costs [$/unit]."""
    limits = system.echelon_holding_cost.copy()
    for m in range(1, system.stages):
        # Below, a unit too many is held where it is cheapest, here or further down.
        limits[m] += min(limits[m - 1], 0.0)
    return limits


def _highest_level(system: SerialSystem) -> float:
    """A level that no finite optimal level exceeds [unit].

    Stage m's level is at most what demand over its echelon's periods exceeds with a chance of
    e_m / (b + h_m) (upper bound of Shang and Song 2003). What demand over all periods exceeds with
    half the least such chance lies above every level; a union bound over the periods and Cantelli's
    inequality each name such a quantity.
    """
    limits = _limit_slopes(system)
    chance = 0.5 * limits[limits > 0.0].min() / (system.backorder_cost + system.holding_cost.max())
    periods = max(int(system.protection_interval.sum()), 1)
    by_period = periods * float(system.demand.quantile(1.0 - chance / periods))
    spread = system.demand.std * np.sqrt(periods * (1.0 / chance - 1.0))
    return min(by_period, float(periods * system.demand.mean + spread))


def _best_level(slope: np.ndarray, spacing: float, smooth: bool) -> float:
    """Where a convex function turns upward, from its slopes per cell [unit]."""
    first = int(np.argmax(slope >= 0.0))
    if first == 0 or not smooth:
        return spacing * first
    # The slope of a cell is the derivative at its middle; between middles it is near a line.
    back = slope[first] / (slope[first] - slope[first - 1])
    return spacing * (first + 0.5 - back)


def _run(system: SerialSystem, given: np.ndarray) -> ClarkScarf:
    """The recursion of `solve`; levels that are not nan are taken as given."""
    b, e = system.backorder_cost, system.echelon_holding_cost
    # Below 0, stage m and all above it can only wait: one unit more saves b + h_{m+1}.
    saved = b + np.append(system.holding_cost[1:], 0.0)
    smooth = _smooth(system.demand)
    limits = _limit_slopes(system)
    levels = np.array(given)
    highest = max(_highest_level(system), np.nan_to_num(given[-1]))
    grid = _grid(system.demand, highest, int(system.protection_interval.sum()))
    passed_on = np.zeros_like(grid.survival)
    for m, periods in enumerate(system.protection_interval):
        slope = grid.after(e[m] + passed_on, -saved[m], int(periods))
        if np.isnan(levels[m]):
            levels[m] = _best_level(slope, grid.spacing, smooth) if limits[m] > 0.0 else np.inf
        passed_on = slope * grid.up_to(levels[m])
    at_zero = float(system.demand.mean * (saved @ system.protection_interval))
    cost = at_zero + grid.spacing * float(passed_on.sum())
    return ClarkScarf(levels, cost, cost - system.transit_cost)
