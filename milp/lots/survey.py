"""Products asked for their best plans: what to ask, who works it out, and what was answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import TypeVar

import numpy as np

from data.engine import Engine
from milp.effort import Bounds, Tell
from milp.lots.ledger import Ledger
from milp.lots.limits import beside
from milp.lots.passes import Answers, AtPrices, Lots, searched
from milp.lots.plan import Effort
from milp.lots.rules import rules_of
from milp.lots.search import Candidate, Limits
from milp.lots.trials import Trial, joining
from milp.passes import Whole
from milp.task import Task

CHUNK, FEW = 8, 4
"""Products per piece of work: of all products, of a block of them."""
PART_OF_GAP = 0.2
"""Bounds of a product may be this part of the whole gap apart, of the mean cost of a product."""
PROGRAMMES = 500
"""Linear programmes per product and round, at most."""
REMEMBERED = 24
"""Plans per product that are remembered, the last ones first."""
TELL_EVERY = 0.25
"""Seconds between two words on how far the work is [s]."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class OutOfTimeError(Exception):
    """The work took as long as it may."""


class Survey:
    """The products of one task and their answers.

    Args:
        task: all products.
        effort: when to stop.
        engine: who does the work.
        tell: hears how far it is.

    Attributes:
        lots: what all work is about.
        pools: plans met of every product.
        order: in which products are looked at.
        lower, upper: bounds of the least cost of the whole, as known so far [money].
    """

    def __init__(self, task: Task, effort: Effort, engine: Engine, tell: Tell) -> None:
        self._effort, self._engine, self._tell = effort, engine, tell
        self._began = monotonic()
        self.lots = Lots(Whole(task, task.certain), rules_of(task, effort.days))
        self.count = task.z.shape[1]
        self.order = np.random.default_rng(effort.seed).permutation(self.count)
        self.pools: list[list[Candidate]] = [[] for _ in range(self.count)]
        self.lower, self.upper = 0.0, np.inf

    @property
    def seconds(self) -> float:
        """Time spent so far [s]."""
        return monotonic() - self._began

    def check_time(self) -> None:
        """Stop if the time is over.

        Raises:
            OutOfTimeError: it is.
        """
        if self.seconds > self._effort.seconds or not self._effort.seconds:
            raise OutOfTimeError

    def everybody(self, prices: np.ndarray, borne: np.ndarray) -> list[Answers]:
        """All products at prices, each bearing its part (K,) of what orders share [money/order]."""
        items = []
        for products in self._pieces(self.order, CHUNK):
            shared_cost = np.tile(borne[products], (self.lots.rules.days, 1))
            known = [
                min((_charged(plan, prices, part) for plan in self.pools[k]), default=np.inf)
                for k, part in zip(products, borne[products], strict=True)
            ]
            items.append(
                AtPrices(products, prices, self._limits, np.array(known), shared_cost=shared_cost)
            )
        return self._answered("search", items)

    def beside(self, ledger: Ledger, products: np.ndarray, prices: np.ndarray) -> list[Answers]:
        """Some products at prices, within the room that the others' plans leave."""
        items = []
        for piece in self._pieces(products, FEW):
            known = [_charged(ledger.plans[k], prices, 0.0) for k in piece]
            items.append(
                AtPrices(
                    piece,
                    prices,
                    self._limits,
                    np.where(joining(ledger, piece).any(axis=0), np.inf, np.array(known)),
                    most=beside(ledger, piece),
                    shared_cost=joining(ledger, piece),
                )
            )
        return self._answered("plan", items)

    def bounded(
        self, prices: np.ndarray, most: Callable[[np.ndarray], np.ndarray | None]
    ) -> list[Answers]:
        """All products at prices, shipping no more than `most` says of some of them."""
        items = [
            AtPrices(piece, prices, self._limits, np.full(len(piece), np.inf), most=most(piece))
            for piece in self._pieces(self.order, CHUNK)
        ]
        return self._answered("plan", items)

    def tried(self, trial: Trial, prices: np.ndarray) -> list[list[Candidate]]:
        """What the products of a trial answer to it."""
        charged = prices.copy()
        if trial.row >= 0:
            charged[trial.row] += trial.change
        items = []
        for first in range(0, len(trial.products), FEW):
            some = slice(first, first + FEW)
            item = AtPrices(
                trial.products[some],
                charged,
                self._limits,
                np.full(len(trial.products[some]), np.inf),
                shared_cost=trial.shared_cost[:, some],
            )
            if trial.least is not None:
                item = replace(item, least=trial.least[..., some])
            if trial.most is not None:
                item = replace(item, most=trial.most[..., some])
            items.append(item)
        answers = self._answered("shared orders", items)
        return [found.candidates for answer in answers for found in answer.found]

    def least(self, prices: np.ndarray) -> tuple[list[Candidate], list[Answers]]:
        """Plans that ship nothing they need not, however long that takes."""
        items = [
            AtPrices(piece, prices, Limits(0.0, 0), np.full(len(piece), np.inf))
            for piece in self._pieces(self.order, CHUNK)
        ]
        answers = list(self._engine.map(searched, self.lots, items))
        found = {
            int(k): best.candidates[0]
            for answer in answers
            for k, best in zip(answer.products, answer.found, strict=True)
        }
        return [found[k] for k in range(self.count)], answers

    def collected(
        self, step: str, function: Callable[[Lots, Item], Result], items: list[Item]
    ) -> list[Result]:
        """The results of a pass, in the order of the items.

        Raises:
            OutOfTimeError: the time is over.
        """
        began = told = monotonic()
        results: list[Result] = []
        for result in self._engine.map(function, self.lots, items):
            results.append(result)
            self.check_time()
            now = monotonic()
            if now - told > TELL_EVERY:
                told, left = now, (len(items) - len(results)) / len(results) * (now - began)
                done = len(results) / len(items)
                self._tell(Bounds(step, self.lower, self.upper, done, left))
        return results

    def remember(self, k: int, plans: list[Candidate]) -> None:
        """Keep plans of a product."""
        self.pools[k] = (plans + self.pools[k])[:REMEMBERED]

    @property
    def _limits(self) -> Limits:
        """How well each product is searched."""
        cost = self.lower if np.isinf(self.upper) else self.upper
        return Limits(PART_OF_GAP * self._effort.gap * cost / self.count, PROGRAMMES)

    def _pieces(self, products: np.ndarray, size: int) -> list[np.ndarray]:
        return [np.sort(products[first : first + size]) for first in range(0, len(products), size)]

    def _answered(self, step: str, items: list[AtPrices]) -> list[Answers]:
        """The answers to some questions; the plans in them are remembered."""
        answers = self.collected(step, searched, items)
        for answer in answers:
            for k, found in zip(answer.products, answer.found, strict=True):
                self.remember(int(k), found.candidates)
        return answers


def cheapest(plans: list[Candidate], prices: np.ndarray) -> Candidate:
    """The plan that costs least, what it uses charged."""
    return min(plans, key=lambda plan: _charged(plan, prices, 0.0))


def _charged(plan: Candidate, prices: np.ndarray, per_order: float) -> float:
    """Cost of a plan, what it uses and its orders charged [money]."""
    return plan.cost + float(prices @ plan.usage) + per_order * int(plan.orders.sum())
