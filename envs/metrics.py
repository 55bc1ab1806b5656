"""Key figures of a replay: service, stock and money, each a ratio whose two parts are stated.

A `Tally` is fed the periods of `envs.simulator.play` one by one and keeps sums only, so its memory
does not grow with the product of paths, periods and products; at the end it gives `Kpis`. Every
ratio is NaN where its denominator is 0 (nothing was asked, so there is no answer).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from data.costs import Costs
from data.outlook import Outlook
from envs.accounting import Rates
from envs.observation import no_errors
from envs.policies import Situation
from envs.simulator import Period
from envs.world import World

DAYS_PER_YEAR = 365
CONFIDENCE = 0.95
BAND = (5, 95)
"""Percentiles between which nine futures in ten lie."""


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % confidence interval over paths; one path alone has no interval."""

    value: float
    low: float
    high: float


def share(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """numerator / denominator, NaN where the denominator is 0."""
    known = np.not_equal(denominator, 0)
    return np.where(known, numerator / np.where(known, denominator, 1), np.nan)


def estimate(numerator: np.ndarray, denominator: np.ndarray | None = None) -> Estimate:
    """Sum over paths of one figure (P,) per sum of another (P,), with its interval.

    Ratio estimator of Cochran (1977), Sampling Techniques, 3rd ed., section 2.11, with Student's t
    of P - 1 degrees of freedom. Without a denominator it is the mean over paths.
    """
    if denominator is None:
        denominator = np.ones_like(numerator, dtype=float)
    paths = len(numerator)
    value = float(share(np.sum(numerator), np.sum(denominator)))
    if paths < 2 or np.isnan(value):
        return Estimate(value, np.nan, np.nan)
    spread = np.std(numerator - value * denominator, ddof=1) / np.mean(denominator)
    half = float(stdtrit(paths - 1, 0.5 + CONFIDENCE / 2) * spread / np.sqrt(paths))
    return Estimate(value, value - half, value + half)


def days_of_cover(on_hand: np.ndarray, daily_forecast: np.ndarray) -> np.ndarray:
    """Units on hand / mean daily forecast over the next protection interval [period].

    NaN ("no demand") where the forecast is 0.
    """
    return share(on_hand, daily_forecast)


def capacity_use(occupancy: np.ndarray, capacity: np.ndarray) -> np.ndarray:
    """Space used / space there is [1]; 0 where there is no limit, NaN where there is no space."""
    return share(occupancy, capacity)


def excess(echelon_position: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Echelon position above the order-up-to level [unit].

    These are the units a rule that orders up to the level would not buy again. Echelons overlap:
    that of the top stage is the excess of the chain, and the stages do not add up.
    """
    return np.maximum(echelon_position - level, 0)


def value_of(units: np.ndarray, unit_cost: np.ndarray) -> np.ndarray:
    """Units (.., K) at cost (..,) [money]; products of unknown cost are left out.

    NaN if no product's cost is known.
    """
    if np.isnan(unit_cost).all():
        return np.full(np.shape(units)[:-1], np.nan)
    return units @ np.nan_to_num(unit_cost)


@dataclass(frozen=True)
class Kpis:
    """Key figures of P paths over T periods of a simulated future.

    Service figures pool all paths and shelves. Shapes (K,) are per product, `Estimate` is over
    all products with an interval over paths.

    Attributes:
        periods: T [period].
        demanded: (P, K) [unit].
        served: units handed to customers, those who had waited included (P, K) [unit].
        served_at_once: units of demand met in the period of asking (P, K) [unit].
        lost: units of demand lost for good (P, K) [unit].
        cycles: replenishment cycles, see `cycle_service_level` (P, K).
        short_cycles: those in which some demand was not met at once (P, K).
        stocked_share: share of shelves and periods that closed with stock (P, K) [1].
        on_hand: mean over paths and periods (M, K) [unit].
        on_order: under way to the stage, mean over paths and periods (M, K) [unit].
        daily_forecast: mean daily forecast over the protection intervals that followed each
            period's close (M, K) [unit/period]; None where no outlook was given.
        excess: mean over paths and periods of `excess` at each echelon (M, K) [unit]; None where
            no levels were given.
        stock_value: stock on hand at cost, mean over periods (P,) [money].
        on_order_value: stock under way at cost, mean over periods (P,) [money].
        occupancy: space used, mean over paths (T, M) [volume].
        occupancy_low, occupancy_high: nine paths in ten are between them (T, M) [volume].
        overflow_chance: share of paths on which space was exceeded (T, M) [1].
        storage_capacity: (M,) [volume].
        missed_sale_cost: (K,) [money/unit].
        unit_cost: (K,) [money/unit]; NaN where unknown.
        costs: money per path: holding (P, K), shortage (P, K), overflow (P, M).
    """

    periods: int
    demanded: np.ndarray
    served: np.ndarray
    served_at_once: np.ndarray
    lost: np.ndarray
    cycles: np.ndarray
    short_cycles: np.ndarray
    stocked_share: np.ndarray
    on_hand: np.ndarray
    on_order: np.ndarray
    daily_forecast: np.ndarray | None
    excess: np.ndarray | None
    stock_value: np.ndarray
    on_order_value: np.ndarray
    occupancy: np.ndarray
    occupancy_low: np.ndarray
    occupancy_high: np.ndarray
    overflow_chance: np.ndarray
    storage_capacity: np.ndarray
    missed_sale_cost: np.ndarray
    unit_cost: np.ndarray
    costs: Costs

    def fill_rate(self, weight: np.ndarray | None = None) -> Estimate:
        """Units served at once / units demanded; NaN where nothing was demanded.

        By units, or by `weight` (K,), such as the missed-sale cost for a fill rate by money.
        """
        weight = np.ones(self.demanded.shape[1]) if weight is None else weight
        return estimate(self.served_at_once @ weight, self.demanded @ weight)

    @property
    def product_fill_rate(self) -> np.ndarray:
        """Units served at once / units demanded, per product (K,); NaN where none was demanded."""
        return share(self.served_at_once.sum(axis=0), self.demanded.sum(axis=0))

    @property
    def cycle_service_level(self) -> Estimate:
        """Replenishment cycles without a stock-out / replenishment cycles.

        A cycle begins with a receipt at the shelf and ends before the next one; what came before
        the first receipt, and the last cycle, count although only part of them is seen, so there
        is always one. A stock-out is demand not met at once (the type-1 service of Snyder and
        Shen 2019).
        """
        clean = (self.cycles - self.short_cycles).sum(axis=1)
        return estimate(clean, self.cycles.sum(axis=1))

    @property
    def product_cycle_service_level(self) -> np.ndarray:
        """Replenishment cycles without a stock-out / replenishment cycles, per product (K,)."""
        return 1 - share(self.short_cycles.sum(axis=0), self.cycles.sum(axis=0))

    @property
    def stock_out_risk(self) -> np.ndarray:
        """Paths on which some demand was not met at once / paths, per product (K,)."""
        return (self.short_cycles > 0).mean(axis=0)

    @property
    def ready_rate(self) -> Estimate:
        """Shelf periods that closed with stock / shelf periods, all products alike.

        A simulated product is on sale in every period.
        """
        return estimate(self.stocked_share.mean(axis=1))

    @property
    def product_ready_rate(self) -> np.ndarray:
        """Shelf periods that closed with stock / shelf periods, per product (K,)."""
        return self.stocked_share.mean(axis=0)

    @property
    def days_of_cover(self) -> np.ndarray:
        """Units on hand / mean daily forecast over the next protection interval (M, K) [period].

        Both are means over paths and periods; NaN ("no demand") where the forecast is 0.
        """
        if self.daily_forecast is None:
            raise ValueError("days of cover need a forecast; give the tally an outlook")
        return days_of_cover(self.on_hand, self.daily_forecast)

    @property
    def turns(self) -> Estimate:
        """Yearly cost of goods sold / mean stock on hand at cost [1/year]; NaN without stock.

        Stock is that of all stages; what is under way is not counted.
        """
        sold = value_of(self.served, self.unit_cost)
        return estimate(sold * DAYS_PER_YEAR / self.periods, self.stock_value)

    @property
    def product_turns(self) -> np.ndarray:
        """Units served per year / mean units on hand at all stages (K,); NaN without stock.

        The unit cost stands in both parts of the product's turns and cancels.
        """
        yearly = self.served.mean(axis=0) * DAYS_PER_YEAR / self.periods
        return share(yearly, self.on_hand.sum(axis=0))

    @property
    def capital_tied_up(self) -> Estimate:
        """Mean stock on hand at cost, all stages and products [money]."""
        return estimate(self.stock_value)

    @property
    def capital_on_order(self) -> Estimate:
        """Mean stock under way at cost, all stages and products [money]."""
        return estimate(self.on_order_value)

    @property
    def capacity_use(self) -> np.ndarray:
        """Space used / space there is, per period and stage (T, M), paths averaged.

        0 where there is no limit, NaN where there is no space.
        """
        return capacity_use(self.occupancy, self.storage_capacity)

    @property
    def missed_sales_value(self) -> Estimate:
        """Units lost x missed-sale cost, over all periods [money]."""
        return estimate(self.lost @ self.missed_sale_cost)

    @property
    def product_missed_sales_value(self) -> np.ndarray:
        """Units lost x missed-sale cost, over all periods, mean over paths (K,) [money]."""
        return self.lost.mean(axis=0) * self.missed_sale_cost

    @property
    def excess_value(self) -> np.ndarray:
        """Stock above the order-up-to level of the whole chain, at cost (K,) [money]."""
        if self.excess is None:
            raise ValueError("excess needs order-up-to levels; give them to the tally")
        return self.excess[-1] * self.unit_cost

    @property
    def total_cost(self) -> Estimate:
        """Holding, shortage and overflow over all periods [money]."""
        return estimate(self.costs.per_path())


class Tally:
    """Sums over the periods of a replay, fed one by one and closed by `kpis`.

    Memory is O(P K + T M + M K) for P paths, T periods, M stages and K products.

    Args:
        world: in which the periods were played.
        rates: the prices that were charged; they say what a missed sale costs and what space is.
        unit_cost: (K,) [money/unit], NaN where unknown; not given, no figure at cost is known.
        outlook: the forecast that days of cover are measured with; it must reach one period past
            the last.
        levels: echelon order-up-to levels, (M, K), or (T, M, K) where they vary [unit].
    """

    def __init__(
        self,
        world: World,
        rates: Rates,
        unit_cost: np.ndarray | None = None,
        outlook: Outlook | None = None,
        levels: np.ndarray | None = None,
    ) -> None:
        products = np.shape(rates.holding)[1]
        self._world = world
        self._rates = rates
        self._unit_cost = np.full(products, np.nan) if unit_cost is None else unit_cost
        self._outlook = outlook
        self._levels = levels
        self._periods = 0
        self._sums: dict[str, np.ndarray] = {}
        self._space: list[tuple[np.ndarray, ...]] = []
        self._ran_short: np.ndarray | None = None

    def add(self, period: Period) -> None:
        """Count one more period; periods come in their order."""
        self._count_service(period)
        self._count_stock(period)
        self._count_money(period)
        self._periods += 1

    def kpis(self) -> Kpis:
        """The key figures of all periods counted so far."""
        if not self._periods:
            raise ValueError("no period was counted; feed the tally the periods of a replay first")
        sums, periods = self._sums, self._periods
        use, low, high, overflow = (np.array(part) for part in zip(*self._space, strict=True))
        return Kpis(
            periods=periods,
            demanded=sums["demanded"],
            served=sums["served"],
            served_at_once=sums["served_at_once"],
            lost=sums["lost"],
            cycles=sums["cycles"],
            short_cycles=sums["short_cycles"],
            stocked_share=sums["stocked"] / (periods * self._world.shelves),
            on_hand=sums["on_hand"] / periods,
            on_order=sums["on_order"] / periods,
            daily_forecast=sums["forecast"] / periods if self._outlook is not None else None,
            excess=sums["excess"] / periods if self._levels is not None else None,
            stock_value=sums["stock_value"] / periods,
            on_order_value=sums["on_order_value"] / periods,
            occupancy=use,
            occupancy_low=low,
            occupancy_high=high,
            overflow_chance=overflow,
            storage_capacity=np.asarray(self._rates.storage_capacity),
            missed_sale_cost=np.asarray(self._rates.shortage),
            unit_cost=self._unit_cost,
            costs=Costs(sums["holding"], sums["shortage"], sums["overflow"]),
        )

    def _sum(self, **values: np.ndarray) -> None:
        for name, value in values.items():
            if name in self._sums:
                self._sums[name] += value
            else:
                self._sums[name] = np.array(value, dtype=np.float64)

    def _count_service(self, period: Period) -> None:
        """Demand and cycles; arrays are (P, S, K) until shelves are summed."""
        flows, world = period.flows, self._world
        # Waiting customers are served first, so those who wait at the close came last.
        waiting = np.minimum(flows.demand, period.after.backorders)
        unmet = np.where(world.backordered, waiting, flows.lost)
        begins = flows.arrived[:, : world.shelves] > 0
        if self._ran_short is None:
            self._ran_short = np.zeros(unmet.shape, dtype=bool)
            begins = np.ones_like(begins)
        ran_short = self._ran_short & ~begins
        self._ran_short = ran_short | (unmet > 0)
        self._sum(
            demanded=flows.demand.sum(axis=1),
            served=flows.served.sum(axis=1),
            served_at_once=(flows.demand - unmet).sum(axis=1),
            lost=flows.lost.sum(axis=1),
            cycles=begins.sum(axis=1),
            short_cycles=(self._ran_short & ~ran_short).sum(axis=1),
            stocked=(period.after.on_hand[:, : world.shelves] > 0).sum(axis=1),
        )

    def _count_stock(self, period: Period) -> None:
        on_hand, on_order = period.after.on_hand, period.after.in_transit
        self._sum(
            on_hand=on_hand.mean(axis=0),
            on_order=on_order.mean(axis=0),
            stock_value=value_of(on_hand.sum(axis=1), self._unit_cost),
            on_order_value=value_of(on_order.sum(axis=1), self._unit_cost),
        )
        if self._outlook is not None:
            windows = self._outlook.windows(period.after.period)
            self._sum(forecast=windows.mean / self._outlook.protection_interval)
        if self._levels is not None:
            levels = np.asarray(self._levels)
            if levels.ndim == 3:
                levels = levels[min(self._periods, len(levels) - 1)]
            before = period.before
            errors = no_errors(len(before.on_hand), before.on_hand.shape[-1])
            found = Situation(before, errors, self._world).echelon_position
            self._sum(excess=excess(found, levels).mean(axis=0))

    def _count_money(self, period: Period) -> None:
        costs = period.costs
        self._sum(holding=costs.holding, shortage=costs.shortage, overflow=costs.overflow)
        over = costs.occupancy > self._rates.storage_capacity
        low, high = np.percentile(costs.occupancy, BAND, axis=0)
        self._space.append((costs.occupancy.mean(axis=0), low, high, over.mean(axis=0)))


def measure(periods: Iterable[Period], tally: Tally) -> Kpis:
    """The key figures of a whole replay."""
    for period in periods:
        tally.add(period)
    return tally.kpis()
