"""Batches of products on their way through price and share passes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest

import numpy as np

from data.demand import loss_function
from milp.basis import Basis
from milp.passes import AtPrices, Bid, Offer, Whole, WithinShare
from milp.rows import Rows, rows_of
from milp.storage import nearest_step, step_prices
from milp.task import Task

SMALLEST_NEED = 1e-9
"""Every product counts a little, so that shares are never of nothing."""


@dataclass
class Batches:
    """All products in batches, with what each of them last answered.

    Attributes:
        whole: all products.
        members: the products of each batch.
        need: what each batch is thought to need of every coupling row (B, R), to share by.
        prices: charged last (R,).
        bids: answers to them.
        offers: answers to the last shares.
    """

    whole: Whole
    members: list[np.ndarray]
    need: np.ndarray
    prices: np.ndarray = field(default_factory=lambda: np.zeros(0))
    bids: list[Bid] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)

    def rows(self) -> Rows:
        """The shared rows, once every batch has bid."""
        fixed = np.sum([found.fixed for found in self.bids], axis=0)
        variance = np.sum([found.variance for found in self.bids], axis=0)
        return rows_of(self.whole.task, fixed, variance)

    def at(self, prices: np.ndarray) -> Iterator[AtPrices]:
        """What to ask the batches at prices."""
        bases = [found.basis for found in self.bids]
        for products, start in zip_longest(self.members, bases):
            yield AtPrices(products, prices, start)

    def within(self, rows: Rows, trust: float) -> Iterator[WithinShare]:
        """What to ask the batches within shares: what they used, and a part of what is left.

        Of rows that cannot be exceeded, what was used too much comes off everybody in proportion
        to what nobody has fixed.

        Args:
            rows: the shared rows.
            trust: weight of what batches would use at prices, beside what they last were granted.
        """
        share = self.need / self.need.sum(axis=0)
        used = np.stack([found.usage for found in self.bids])
        starts: list[Basis] = [found.basis for found in self.bids]
        if self.offers:
            used = trust * used + (1 - trust) * np.stack([found.usage for found in self.offers])
            starts = [found.basis for found in self.offers]
        limit = np.where(np.isfinite(rows.allowance), rows.allowance, 0.0)
        total = used.sum(axis=0)
        granted = used + (limit - total) * share
        space = len(rows.spread)
        too_much = (np.arange(len(limit)) >= space) & (total > limit)
        fixed = self._fixed()
        open_use, left = total - fixed.sum(axis=0), limit - fixed.sum(axis=0)
        part = np.maximum(left, 0) / np.where(open_use > 0, open_use, 1)
        granted = np.where(too_much, fixed + (used - fixed) * part, granted)
        granted[:, ~np.isfinite(rows.allowance)] = np.inf
        spread = rows.spread * share[:, :space]
        for products, allowance, wide, start in zip(
            self.members, granted, spread, starts, strict=True
        ):
            yield WithinShare(products, allowance, wide, self.prices, start)

    def snapped(self, prices: np.ndarray) -> np.ndarray:
        """Prices of space moved to the nearest overflow step, from where shares start best."""
        most = np.repeat(self.whole.task.scenario.network.overflow_price, self.whole.task.periods)
        steps = np.concatenate([np.zeros((len(most), 1)), step_prices(most)], axis=1)
        nearest = nearest_step(prices[: len(most)], most) + 1
        return np.concatenate([steps[np.arange(len(most)), nearest], prices[len(most) :]])

    def _fixed(self) -> np.ndarray:
        """Use of every coupling row that lower bounds of shipments leave no choice about (B, R)."""
        task = self.whole.task
        fixed = np.zeros_like(self.need)
        if task.least is None:
            return fixed
        products, (M, T) = task.scenario.products, (task.z.shape[0], task.periods)
        spent = task.least[:, -1] * np.nan_to_num(products.unit_cost)
        for batch, members in enumerate(self.members):
            space = task.least[..., members] @ products.volume[members]
            money = spent[:, members].sum(axis=1)
            fixed[batch, M * T :] = np.concatenate([space.T.ravel(), money, [money.sum()]])
        return fixed

    def worth(self) -> tuple[np.ndarray, np.ndarray]:
        """Batches' prices of the coupling rows, averaged by their shares, and how they differ."""
        share = self.need / self.need.sum(axis=0)
        worth = np.stack([found.worth for found in self.offers])
        mean = (share * worth).sum(axis=0)
        return mean, np.sqrt((share * np.square(worth - mean)).sum(axis=0))


def need_of(task: Task) -> np.ndarray:
    """What each product is thought to need of every coupling row (R, K), to share rows by.

    Space: demand that passes and expected safety stock at the advised factors, or what is there
    already. Supply: the flow. Money: what the flow costs.
    """
    windows, products, T = task.outlook.windows(task.period), task.scenario.products, task.periods
    daily = windows.mean / task.outlook.protection_interval
    there = task.stock.on_hand + task.stock.pipeline.sum(axis=-1) / 2
    space = daily + windows.std * loss_function(-task.z) + there
    least = SMALLEST_NEED * np.ones_like(daily)
    stages = np.maximum(products.volume * np.concatenate([space, daily]), np.tile(least, (2, 1)))
    value = np.maximum(np.nan_to_num(products.unit_cost) * daily[-1], least[-1])
    return np.concatenate([np.repeat(stages, T, axis=0), np.tile(value, (T + 1, 1))])


def with_share(task: Task, products: np.ndarray, share: np.ndarray) -> Task:
    """The task of some products with a share of every coupling row (R,)."""
    M, T = len(task.scenario.network), task.periods
    part = task.take(products)
    per_stage = share[: 2 * M * T].reshape(2, M, T)[..., 0]
    stages = tuple(
        replace(
            stage,
            storage_capacity=stage.storage_capacity * float(storage),
            supply_capacity=stage.supply_capacity * float(supply),
        )
        for stage, storage, supply in zip(part.scenario.network.stages, *per_stage, strict=True)
    )
    network = replace(part.scenario.network, stages=stages)
    return replace(
        part,
        scenario=replace(part.scenario, network=network),
        purchase_limit=task.purchase_limit * float(share[-1]),
        budget=task.budget * float(share[-1]),
    )
