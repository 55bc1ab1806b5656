"""Price and fix for all products: bounds from prices, plans from what each product answers to them.

At prices of what products share, each product's own problem is small enough to be searched alone.
The sum of what the searches prove, less what the shared rows are worth at these prices, is a bound
on any plan; the plans they meet are the material of which a plan of all is made:

    search   every product at the prices: a bound, and plans
    mix      the best mix of all plans met: a plan but for a few products, and prices
    respond  a block of products after the other at what space costs as the plan stands then
    settle   integers fixed, all else is planned once more within shares: a plan, and what a little
             more room would be worth to it

Prices move part of the way from those that proved most to those of the mix and of the plan
(smoothing; Wentges 1997, International Transactions in Operational Research 4:151).
"""

from __future__ import annotations

import numpy as np

from data.engine import Engine
from milp.batches import need_of, with_share
from milp.effort import Tell, gap_of
from milp.lots.ledger import Ledger
from milp.lots.limits import giving_way
from milp.lots.mix import mixed
from milp.lots.passes import Answers, settled
from milp.lots.plan import Effort
from milp.lots.settling import within_shares
from milp.lots.shared import Shared, shared_of
from milp.lots.survey import OutOfTimeError, Survey, cheapest
from milp.lots.trials import borne, carried_out, mending, trials
from milp.reconcile import MANY, reconcile
from milp.rows import rows_of
from milp.task import Task

BLOCK, BLOCKS = 32, 20
"""Products at least, and blocks at most, between which prices are brought up to date."""
BATCH = 24
"""Products that are settled together."""
ROUNDS = 8
"""Rounds at most."""
SAMPLE = 120
"""Products whose prices are the first ones where there are many more."""
SAMPLE_ROUNDS = 2
SAMPLE_GAP = 0.03
SMOOTHING = 0.5
"""How far prices go towards the mix's."""
ONE_BY_ONE = 40
"""Up to so many products, what may not be exceeded is given to one after the other as well."""
SWEEPS = 3
"""How often the ledger is gone through at a time."""


class Rounds:
    """One task on its way to a plan in lots.

    Args:
        task: all products.
        effort: when to stop.
        engine: who does the work.
        tell: hears how far it is.

    Attributes:
        survey: the products and their answers.
        prices: of the coupling rows, where most was proved (R,).
        worth: of one more unit of every coupling row, integers fixed (R,) [money].
    """

    def __init__(self, task: Task, effort: Effort, engine: Engine, tell: Tell) -> None:
        self._task, self._effort, self._engine = task, effort, engine
        self.survey = Survey(task, effort, engine, tell)
        self._rng = np.random.default_rng([effort.seed, 1])
        self._need = need_of(task)
        suppliers = task.scenario.terms.suppliers
        self._borne = borne(suppliers.order_cost, task.scenario.supplier, self._need[-1])
        self.prices = np.zeros(len(self._need))
        self.worth = np.zeros(len(self._need))
        self._searching = 0.0
        self._shared: Shared | None = None
        self._ledger: Ledger | None = None

    @property
    def ledger(self) -> Ledger:
        """The plan, once there is one."""
        if self._ledger is None:
            raise ValueError("there is no plan yet: run the rounds first")
        return self._ledger

    @property
    def shared(self) -> Shared:
        """What products share, once all have answered."""
        return self.ledger.shared

    @property
    def lower(self) -> float:
        """What is proved of the least cost [money]."""
        return self.survey.lower

    @property
    def upper(self) -> float:
        """Cost of the plan [money]; infinite as long as there is none that keeps all limits."""
        ledger = self._ledger
        return ledger.cost if ledger is not None and ledger.feasible else np.inf

    @property
    def good(self) -> bool:
        """True where the bounds are as close as asked for."""
        return gap_of(self.lower, self.upper) <= self._effort.gap

    def run(self, rounds: int = ROUNDS) -> None:
        """Rounds until the bounds meet or the time is over; then there is a plan in any case."""
        try:
            prices = self._first_prices()
            for _ in range(rounds):
                prices = self._round(prices)
                in_vain = self.survey.seconds + self._searching > self._effort.seconds
                if self.good or in_vain:
                    break
        except (OutOfTimeError, KeyboardInterrupt):
            self.survey.upper = self.upper
        if np.isinf(self.upper):
            plans, answers = self.survey.least(self.prices)
            self._ledger = Ledger(self._shared_after(answers), plans)

    def _first_prices(self) -> np.ndarray:
        """Prices of the linear programme, or of a sample's lots where there are many products."""
        self.survey.check_time()
        if not self._limited:
            return self.prices
        if self.survey.count <= MANY:
            answer = reconcile(self._task)
            self.survey.lower = max(self.lower, answer.lower)
            by_row = [answer.storage_price.T.ravel(), answer.supply_price.T.ravel()]
            return np.concatenate([*by_row, answer.purchase_price, [answer.budget_price]])
        sample = np.sort(self.survey.order[:SAMPLE])
        share = self._need[:, sample].sum(axis=1) / self._need.sum(axis=1)
        left = self._effort.seconds - self.survey.seconds
        part = Rounds(
            with_share(self._task, sample, share),
            Effort(SAMPLE_GAP, left, self._effort.days),
            self._engine,
            lambda bounds: None,
        )
        part.run(SAMPLE_ROUNDS)
        return part.prices

    @property
    def _limited(self) -> bool:
        """True where space, supply or money has a limit."""
        network, task = self._task.scenario.network, self._task
        limits = [*network.storage_capacity, *network.supply_capacity]
        return bool(np.isfinite([*limits, task.purchase_limit, task.budget]).any())

    def _round(self, prices: np.ndarray) -> np.ndarray:
        """A bound, a plan, and the next prices."""
        self._search(prices)
        if any(self.ledger.exceeded):
            self._give_way()
        if self.good:
            return prices
        self._respond(self.prices)
        if len(self.shared.hard):
            self._respond(np.zeros(len(self.prices)))
        if self.shared.joint:
            self._try()
        self._settle()
        self.survey.upper = self.upper
        mix = mixed(self.survey.pools, self.shared.rows).prices
        marginal = self.shared.marginal(self.ledger.usage, self.worth)
        return self.prices + SMOOTHING * ((mix + marginal) / 2 - self.prices)

    def _search(self, prices: np.ndarray) -> None:
        """Every product at the prices: a bound, and the best plan of what they answer."""
        began = self.survey.seconds
        answers = self.survey.everybody(prices, self._borne)
        self._searching = self.survey.seconds - began
        self._proved(prices, answers)
        pools = self.survey.pools
        if self._ledger is None:
            best = [cheapest(pool, prices) for pool in pools]
            self._ledger = Ledger(self._shared_after(answers), best)
        self._improve(self.ledger)
        trial = Ledger(self.shared, mixed(pools, self.shared.rows).largest)
        self._improve(trial)
        self._take(trial)

    def _respond(self, prices: np.ndarray) -> None:
        """One block of products after the other, at what space costs as the plan stands then.

        Each change is judged by what it saves with all the others as they are, so that products
        do not all go where there was room for some.

        Args:
            prices: of what may not be exceeded; nothing, to fill the room that whole lots left.
        """
        order = self._rng.permutation(self.survey.count)
        for block in np.array_split(order, min(max(len(order) // BLOCK, 1), BLOCKS)):
            self._react(self.ledger, block, prices)

    def _react(self, ledger: Ledger, block: np.ndarray, prices: np.ndarray) -> None:
        """What a block of products makes of the room that a plan leaves it."""
        charged = self.shared.marginal(ledger.usage, prices)
        self.survey.beside(ledger, block, charged)
        for k in block:
            ledger.improve(int(k), self.survey.pools[k])

    def _give_way(self) -> None:
        """Everybody cut alike, until what cannot be exceeded is kept; few, one by one as well."""
        ledger, pools = self.ledger, self.survey.pools
        prices = self.shared.marginal(ledger.usage, self.prices)
        self.survey.bounded(prices, lambda products: giving_way(ledger, products))
        self._take(Ledger(self.shared, [pool[0] for pool in pools]))
        if self.survey.count > ONE_BY_ONE:
            return
        least, _ = self.survey.least(prices)
        trial = Ledger(self.shared, least)
        lost = [plan.cost - self.ledger.plans[k].cost for k, plan in enumerate(least)]
        for k in np.argsort(lost, kind="stable")[::-1]:
            self._react(trial, np.array([k]), np.zeros(len(prices)))
        self._improve(trial)
        self._take(trial)

    def _try(self) -> None:
        """What pays only if several products change together; no order below its minimum stays."""
        for trial in trials(self.ledger):
            prices = self.shared.marginal(self.ledger.usage, self.prices)
            self._take(carried_out(self.ledger, trial, self.survey.tried(trial, prices)))
        self._improve(self.ledger)
        too_small = mending(self.ledger)
        if too_small is not None:
            prices = self.shared.marginal(self.ledger.usage, self.prices)
            found = self.survey.tried(too_small, prices)
            for k, plans in zip(too_small.products, found, strict=True):
                self.ledger.change(int(k), plans[0])

    def _proved(self, prices: np.ndarray, answers: list[Answers]) -> None:
        """The bound that answers to prices are."""
        rows = self._shared_after(answers).rows
        worth = float(prices @ np.where(prices > 0, rows.allowance, 0.0)) + rows.conjugate(prices)
        bound = sum(found.bound for answer in answers for found in answer.found) - worth
        if bound > self.lower or not self.prices.any():
            self.survey.lower, self.prices = max(bound, self.lower), prices

    def _shared_after(self, answers: list[Answers]) -> Shared:
        """What products share; what is certain of it is known once all have answered."""
        if self._shared is None:
            fixed = np.sum([answer.fixed for answer in answers], axis=0)
            variance = np.sum([answer.variance for answer in answers], axis=0)
            rows = rows_of(self._task, fixed, variance)
            self._shared = shared_of(self._task, rows, fixed, self.survey.lots.rules.days)
        return self._shared

    def _improve(self, ledger: Ledger) -> None:
        """Change products' plans, one by one, while that saves anything."""
        for _ in range(SWEEPS):
            changed = [ledger.improve(int(k), self.survey.pools[k]) for k in self.survey.order]
            if not any(changed):
                return

    def _take(self, trial: Ledger) -> None:
        """The trial's plan, if it is better."""
        if trial.rank < self.ledger.rank:
            self._ledger = trial

    def _settle(self) -> None:
        """Integers fixed, all else planned once more within shares."""
        count = max(round(self.survey.count / BATCH), 1)
        members = [np.sort(batch) for batch in np.array_split(self.survey.order, count)]
        items, share = within_shares(self.ledger, members, self._need)
        answers = self.survey.collected("settle", settled, items)
        worth = np.sum([s * answer.worth for s, answer in zip(share, answers, strict=True)], axis=0)
        plans = list(self.ledger.plans)
        for answer in answers:
            for k, plan in zip(answer.products, answer.candidates, strict=True):
                plans[k] = plan
                self.survey.remember(int(k), [plan])
        self.worth = self.shared.rows.within(worth)
        self._take(Ledger(self.shared, plans))
        self._improve(self.ledger)
