"""Many products, solved in batches: bounds from prices, plans from shares.

Products share nothing but the coupling rows. With the rows' prices lambda charged, batches are
independent, and what they cost together less what the rows are worth is a lower bound on any plan;
with a share of every row to each batch, their plans together are one plan, an upper bound. Batches'
own prices, averaged, are the next lambda: price pass, share pass, price pass, until the bounds meet
(price-directive and resource-directive decomposition, Geoffrion 1970, Management Science 16:652).

    lower:  L(lambda) = sum_b V_b(lambda) - lambda (allowance) - sup_u (lambda u - overflow(u))
    upper:  U(s)      = sum_b cost_b(s_b) + overflow(sum_b usage_b - allowance)

Overflow is bought in convex steps; a batch of a share omega sees steps omega as wide, and the sum
of what all pay is never less than what the whole pays together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeVar

import numpy as np

from data.engine import Engine
from milp.batches import Batches, need_of, with_share
from milp.effort import Bounds, Effort, Tell, gap_of
from milp.passes import Whole, bid, offer
from milp.task import Task

FEW_BATCHES = 6
"""Batches that suggest the first prices."""
SAMPLE = Effort(gap=3e-3)
"""How well the sample is solved: its prices are only the first."""
PASSES_OF_SAMPLE = 2
TRUST = (0.75, 0.75, 0.6, 0.5)
"""What a batch would use at prices counts for this much in its next share, by pass [1]."""
SEED = 20
TELL_EVERY = 0.25
"""Seconds between two words on how far the work is [s]."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Size:
    """How many products go together.

    Attributes:
        batch: products per batch: fewer share less well, more are slower per product.
        passes: price and share passes at most, each.
        sampled: products per batch of the sample that suggests the first prices; None for none.
    """

    batch: int = 80
    passes: int = 6
    sampled: int | None = None


WHOLE = Size(sampled=20)


@dataclass(frozen=True)
class Found:
    """What decomposition came to.

    Attributes:
        plans: products of a batch, and its shipments (T, M, B) [unit].
        prices: of the coupling rows: batches' own, averaged (R,) [money].
        disagreement: standard deviation of batches' prices (R,) [money].
        usage: of the coupling rows, what is certain included (R,).
        lower, upper: bounds of the cost; the plan costs the upper one [money].
        complete: False where time ran out before the bounds met.
    """

    plans: list[tuple[np.ndarray, np.ndarray]]
    prices: np.ndarray
    disagreement: np.ndarray
    usage: np.ndarray
    lower: float
    upper: float
    complete: bool


class _OutOfTimeError(Exception):
    """The work took as long as it may."""


class Decomposition:
    """One task on its way from first prices to a plan within its bounds.

    Args:
        task: all products.
        effort: when to stop.
        engine: who does the work.
        tell: hears how far it is, a few times a second.
        size: products per batch; those of a sample are smaller.
    """

    def __init__(
        self, task: Task, effort: Effort, engine: Engine, tell: Tell, size: Size = WHOLE
    ) -> None:
        self._effort, self._engine, self._tell, self._size = effort, engine, tell, size
        self._ends = monotonic() + effort.seconds
        whole = Whole(task, task.certain)
        order = np.random.default_rng(SEED).permutation(task.z.shape[1])
        members = np.array_split(order, max(round(len(order) / size.batch), 1))
        needed = need_of(task)
        need = np.stack([needed[:, products].sum(axis=1) for products in members])
        self._batches = Batches(whole, [np.sort(products) for products in members], need)
        self._lower = -np.inf
        nothing = np.zeros((task.periods, *task.z.shape)) if task.least is None else task.least
        none = np.zeros(need.shape[1])
        everybody = (np.arange(task.z.shape[1]), np.nan_to_num(nothing))
        self._best = Found([everybody], none, none, none, -np.inf, np.inf, False)

    def run(self) -> Found:
        """Passes until the bounds meet, the time is over, or the passes are through.

        Where not even one pass was through, the plan ships nothing and its bounds are infinite.
        """
        try:
            self._passes()
        except (_OutOfTimeError, KeyboardInterrupt):
            return replace(self._best, lower=self._lower)
        return replace(self._best, lower=self._lower, complete=self._good_enough)

    @property
    def _good_enough(self) -> bool:
        return gap_of(self._lower, self._best.upper) <= self._effort.gap

    def _passes(self) -> None:
        prices = self._first_prices()
        for number in range(self._size.passes):
            self._price_pass(prices)
            if self._good_enough:
                return
            prices = self._share_pass(TRUST[min(number, len(TRUST) - 1)])
            if self._good_enough:
                return

    def _first_prices(self) -> np.ndarray:
        """Prices that a sample suggests, or that all products do in smaller batches.

        Batches are random, so the first are as good a sample as any.
        """
        batches = self._batches
        if self._size.sampled is None or len(batches.members) < 2:
            return np.zeros(batches.need.shape[1])
        few = min(FEW_BATCHES, len(batches.members))
        share = batches.need[:few].sum(axis=0) / batches.need.sum(axis=0)
        sample = with_share(batches.whole.task, np.concatenate(batches.members[:few]), share)
        effort = replace(SAMPLE, seconds=max(self._ends - monotonic(), 0.0))
        smaller = Size(self._size.sampled, PASSES_OF_SAMPLE)
        found = Decomposition(sample, effort, self._engine, self._tell, smaller).run()
        return batches.snapped(found.prices)

    def _price_pass(self, prices: np.ndarray) -> None:
        """A lower bound from prices; and a plan, where nobody uses more than there is."""
        batches = self._batches
        batches.prices, batches.bids = (
            prices,
            self._collected("pricing", bid, batches.at(prices)),
        )
        rows = batches.rows()
        worth = float(prices @ np.where(prices > 0, rows.allowance, 0.0)) + rows.conjugate(prices)
        value = sum(found.value for found in batches.bids)
        self._lower = max(self._lower, value - worth)
        usage = np.sum([found.usage for found in batches.bids], axis=0)
        upper = value - float(prices @ usage) + rows.overflow(usage)
        if upper < self._best.upper and not rows.exceeded(usage):
            plans = [
                (products, found.shipments)
                for products, found in zip(batches.members, batches.bids, strict=True)
            ]
            self._keep(plans, usage, upper, (prices, np.zeros_like(prices)))

    def _share_pass(self, trust: float) -> np.ndarray:
        """A plan from shares; the prices that batches would pay for more."""
        batches, rows = self._batches, self._batches.rows()
        batches.offers = self._collected("sharing", offer, batches.within(rows, trust))
        worth, disagreement = batches.worth()
        prices = rows.within(worth)
        usage = np.sum([found.usage for found in batches.offers], axis=0)
        upper = sum(found.cost for found in batches.offers) + rows.overflow(usage)
        if upper < self._best.upper:
            plans = [
                (products, found.shipments)
                for products, found in zip(batches.members, batches.offers, strict=True)
            ]
            self._keep(plans, usage, upper, (prices, disagreement))
        return prices

    def _keep(
        self,
        plans: list[tuple[np.ndarray, np.ndarray]],
        usage: np.ndarray,
        upper: float,
        priced: tuple[np.ndarray, np.ndarray],
    ) -> None:
        fixed = np.sum([found.fixed for found in self._batches.bids], axis=0)
        usage = usage + np.pad(fixed, (0, len(usage) - len(fixed)))
        self._best = Found(plans, *priced, usage, self._lower, upper, False)

    def _collected(
        self, step: str, function: Callable[[Whole, Item], Result], items: Iterable[Item]
    ) -> list[Result]:
        """The results of a pass, in the order of the batches."""
        began = told = monotonic()
        results: list[Result] = []
        count = len(self._batches.members)
        for result in self._engine.map(function, self._batches.whole, items):
            results.append(result)
            now = monotonic()
            if now > self._ends:
                raise _OutOfTimeError
            if now - told > TELL_EVERY:
                told, done = now, len(results) / count
                left = (now - began) * (1 - done) / done
                self._tell(Bounds(step, self._lower, self._best.upper, done, left))
        return results
