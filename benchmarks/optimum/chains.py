"""Serial chains of the literature, one to a row, in the units that their authors used.

A net that learns meets the same chains in natural units (`Chains.lanes`): mean demand 1, holding on
the shelf 1. Everything a brain sees is divided by these two, so what it has learnt there can be
judged here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from brain.lanes import Lanes, imagine
from brain.population import Law, SampledProducts
from data.demand import ClippedNormal, DemandLaw, Poisson
from data.outlook import MONTHS_AHEAD, Outlook
from data.stock import StockState
from envs.accounting import Rates
from envs.dynamics import State, opening_state
from envs.observation import Traits
from envs.world import Unfilled, World, serial_world

OPENING_Z = 1.5
"""Safety factor of the stock that a chain in motion starts with [1]."""


@dataclass(frozen=True, eq=False)
class Chains:
    """K chains of M stages; stages count from the shelf.

    Attributes:
        law: of a period's demand, `Law.COUNT` for Poisson (in whole units) or `Law.NORMAL` for a
            normal that is taken as 0 below 0 (K,).
        mean, std: of a period's demand, of the normal before what is below 0 (K,) [unit/period].
        lead_time: (M, K) [period].
        holding_cost: (M, K) [money/unit/period].
        shortage_cost: of a unit lost (K,) [money/unit], or of a unit that a customer waits for
            [money/unit/period].
        backordered: True where customers wait (K,).
        supply_capacity: largest shipment (M, K) [unit/period]; unlimited if not given.
        opening_stock: on hand at the start, nothing under way (M, K) [unit]; a chain in motion if
            not given.
        season: the periods after which nobody wants anything; for ever if not given [period].
        unfilled: what becomes of an order that the supplier could not fill whole.
    """

    law: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    lead_time: np.ndarray
    holding_cost: np.ndarray
    shortage_cost: np.ndarray
    backordered: np.ndarray
    supply_capacity: np.ndarray | None = None
    opening_stock: np.ndarray | None = None
    season: int | None = None
    unfilled: Unfilled = Unfilled.FORGOTTEN

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def stages(self) -> int:
        """Number of stages M."""
        return len(self.lead_time)

    @property
    def whole_units(self) -> np.ndarray:
        """True where demand, and so every order, is a whole number of units (K,)."""
        return self.law == Law.COUNT

    @property
    def _capacity(self) -> np.ndarray:
        if self.supply_capacity is None:
            return np.full(self.lead_time.shape, np.inf)
        return self.supply_capacity

    def demand_law(self, chain: int) -> DemandLaw:
        """The law of one chain's demand."""
        if self.law[chain] == Law.COUNT:
            return Poisson(float(self.mean[chain]))
        return ClippedNormal(float(self.mean[chain]), float(self.std[chain]))

    def demand(self, rng: np.random.Generator, paths: int, periods: int) -> np.ndarray:
        """Sampled demand (P, T, K) [unit]; chains with the same law meet the same."""
        facing = np.stack([self.law, self.mean, self.std])
        _, first, drawn = np.unique(facing, axis=1, return_index=True, return_inverse=True)
        laws = [self.demand_law(int(chain)) for chain in first]
        demand = np.stack([law.sample(rng, (paths, periods)) for law in laws], axis=-1)
        return demand[..., drawn.ravel()]

    @cached_property
    def world(self) -> World:
        """The chains as stock moves along them."""
        return serial_world(self.lead_time, self._capacity, self.backordered, self.unfilled)

    @cached_property
    def rates(self) -> Rates:
        """Holding on hand and shortage; units under way are charged by nobody."""
        return Rates(
            holding=self.holding_cost,
            shortage=self.shortage_cost,
            volume=np.ones(len(self)),
            storage_capacity=np.full(self.stages, np.inf),
            overflow=np.zeros(self.stages),
        )

    @cached_property
    def traits(self) -> Traits:
        """What a brain is told of these chains."""
        return Traits(
            scale=self.mean,
            supply_capacity=self._capacity,
            holding_share=self.holding_cost / self.holding_cost[0],
            cost_ratio=self.shortage_cost / self.holding_cost[0],
            error_autocorrelation=np.zeros(len(self)),
            backordered=self.backordered,
            lead_time_std=np.zeros(self.lead_time.shape),
        )

    def outlook(self, periods: int) -> Outlook:
        """The forecast as a rule may use it in `periods` periods; nothing after the season."""
        ahead = max(int((self.lead_time + 1).sum(axis=0).max()), MONTHS_AHEAD)
        ones = self._wanted(periods + ahead)
        return Outlook(ones * self.mean, ones * self.std, self.lead_time)

    def opening(self, paths: int) -> State:
        """The first morning of `paths` futures."""
        if self.opening_stock is not None:
            nothing = np.zeros((*self.lead_time.shape, 1))
            stock = StockState(self.opening_stock, nothing, np.zeros(len(self)))
            return opening_state(stock, self.world, paths)
        on_hand = self.mean + OPENING_Z * np.sqrt(self.lead_time + 1) * self.std
        on_hand = np.where(self.whole_units, np.rint(on_hand), on_hand)
        under_way = np.arange(self.world.longest_lead_time) < self.lead_time[..., None]
        pipeline = np.where(under_way, self.mean[:, None], 0.0)
        return opening_state(StockState(on_hand, pipeline, np.zeros(len(self))), self.world, paths)

    def take(self, rows: np.ndarray) -> Chains:
        """The chains at `rows` (indices, which may repeat)."""
        capacity, stock = self.supply_capacity, self.opening_stock
        return Chains(
            self.law[rows],
            self.mean[rows],
            self.std[rows],
            self.lead_time[:, rows],
            self.holding_cost[:, rows],
            self.shortage_cost[rows],
            self.backordered[rows],
            None if capacity is None else capacity[:, rows],
            None if stock is None else stock[:, rows],
            self.season,
            self.unfilled,
        )

    @cached_property
    def products(self) -> SampledProducts:
        """The chains in natural units; money there is mean demand x holding on the shelf."""
        ones, zeros = np.ones(len(self)), np.zeros(len(self))
        return SampledProducts(
            lead_time=self.lead_time,
            cv=self.std / self.mean,
            zero_share=zeros,
            autocorrelation=zeros,
            season=np.zeros((2, len(self))),
            phase=np.zeros((2, len(self))),
            supply_capacity=self._capacity / self.mean,
            holding_share=self.traits.holding_share,
            cost_ratio=self.traits.cost_ratio,
            law=self.law,
            unit=np.where(self.whole_units, 1 / self.mean, 0.0),
            bias=ones,
            misstated=ones,
            lead_time_spread=zeros,
            backordered=self.backordered,
        )

    def lanes(self, rng: np.random.Generator, paths: int, periods: int) -> Lanes:
        """The chains with `paths` sampled futures of `periods` periods, in natural units."""
        lanes = imagine(rng, self.products, paths, periods)
        world = replace(lanes.world, unfilled=self.unfilled)
        if self.season is None:
            return replace(lanes, world=world)
        known = lanes.outlook
        wanted = self._wanted(len(known.mean)).astype(known.mean.dtype)
        outlook = Outlook(known.mean * wanted, known.std * wanted, known.lead_time)
        in_season = wanted[:periods]
        return replace(
            lanes,
            world=world,
            outlook=outlook,
            demand=lanes.demand * in_season,
            expected_demand=lanes.expected_demand * in_season,
        )

    def _wanted(self, periods: int) -> np.ndarray:
        """1 in the season, 0 after it (periods, K)."""
        wanted = np.ones((periods, len(self)))
        if self.season is not None:
            wanted[self.season :] = 0.0
        return wanted
