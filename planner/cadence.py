"""Planning anew every day: from where yesterday's plan ended, and without upsetting who acts on it.

A plan that is made anew changes orders that were announced but not yet placed. Nervousness says
how much (Sridharan, Berry and Udayabhanu 1987; Kimms 1998): changes count the more, the nearer they
are. A fence holds them back: within it an announced order may move only so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from data.outlook import Outlook
from data.scenario import Scenario
from envs.policies import SafetyFactors, Situation
from milp.reconcile import Reconciled, reconcile
from milp.task import Task
from planner.rolling import stock_of_path

NEARNESS = 0.8
"""Weight of a change, relative to that of one a day nearer [1]."""
LONGEST_FENCE = 365
ROUNDING = 1e-9
"""Bounds leave this share of room, so that rounding never makes a plan impossible [1]."""


@dataclass(frozen=True)
class Fence:
    """How firmly announced orders stand.

    Attributes:
        days: orders due to be placed on the next `days` days are held [period].
        freedom: by what share of its size an announced order may still move [1].
    """

    days: int = 0
    freedom: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.days <= LONGEST_FENCE:
            raise ValueError(f"fence: days is {self.days}, expected 0 to {LONGEST_FENCE}")
        if not 0 <= self.freedom <= 1:
            raise ValueError(f"fence: freedom is {self.freedom}, expected 0 to 1")


OPEN = Fence()
"""Nothing is held."""


@dataclass(frozen=True)
class Nervousness:
    """How much of what was announced has changed, 0 nothing, 1 everything.

    Attributes:
        overall: changed units / the larger of announced and planned units, both weighted by
            nearness, all stages together [1].
        by_stage: the same per stage (M,) [1].
    """

    overall: float
    by_stage: np.ndarray


def replan(task: Task, yesterday: Reconciled | None = None, fence: Fence = OPEN) -> Reconciled:
    """Today's answer, started from yesterday's, its announced orders held inside the fence.

    Yesterday's basis is used as it is: moved by a day it fits less well (`planner bench cadence`).

    Args:
        task: today's problem, the same products and horizon as yesterday's.
        yesterday: the answer of the day before; None on the first day.
        fence: how firmly announced orders stand.
    """
    if yesterday is None:
        return reconcile(task)
    return reconcile(fenced(task, announced(yesterday), fence), yesterday.basis)


def announced(yesterday: Reconciled) -> np.ndarray:
    """What yesterday's plan said of the days from today on (T - 1, M, K) [unit]."""
    return yesterday.shipments[1:]


def fenced(task: Task, orders: np.ndarray, fence: Fence) -> Task:
    """The task with announced orders (T - 1, M, K) held inside the fence.

    Orders that stock or supply no longer allow are held only as far as they can be.
    """
    days = min(fence.days, len(orders), task.periods)
    if not days:
        return task
    shape = (task.periods, *task.z.shape)
    least = np.zeros(shape) if task.least is None else task.least.copy()
    most = np.full(shape, np.inf) if task.most is None else task.most.copy()
    near = orders[:days]
    possible = _possible(task, near * (1 - fence.freedom))
    least[:days] = np.clip(possible, least[:days], most[:days])
    free = near * (1 + fence.freedom) + ROUNDING * (1 + near)
    most[:days] = np.clip(np.minimum(free, most[:days]), least[:days], None)
    return replace(task, least=least, most=most)


def nervousness(
    before: np.ndarray, now: np.ndarray, weight: np.ndarray | None = None
) -> Nervousness:
    """How much announced orders changed, nearer ones counted more.

    sum_t a^t |now - before| / sum_t a^t max(now, before), a = `NEARNESS`: the instability of
    Sridharan, Berry and Udayabhanu (1987), in units, divided by the most it could be.

    Args:
        before: announced for the days from today on (T', M, K) [unit].
        now: planned for the same days (T', M, K) [unit].
        weight: of a unit of each product, such as its volume (K,); all alike if not given.
    """
    near = NEARNESS ** np.arange(len(before))[:, None, None]
    near = near if weight is None else near * weight
    changed = (near * np.abs(now - before)).sum(axis=(0, 2))
    most = (near * np.maximum(now, before)).sum(axis=(0, 2))
    by_stage = np.where(most > 0, changed / np.where(most > 0, most, 1), 0.0)
    total = float(most.sum())
    return Nervousness(float(changed.sum()) / total if total else 0.0, by_stage)


@dataclass
class Replanning:
    """The model solved anew every day on every path, its first day's shipments ordered.

    Attributes:
        scenario: the problem.
        outlook: the forecast.
        advice: safety factors.
        periods: how far the model looks [period].
        fence: how firmly announced orders stand.
        changes: nervousness of every day but the first, path by path.
        iterations: of the simplex method, of every solve.
    """

    scenario: Scenario
    outlook: Outlook
    advice: SafetyFactors
    periods: int
    fence: Fence = OPEN
    changes: list[Nervousness] = field(default_factory=list)
    iterations: list[int] = field(default_factory=list)
    _answers: dict[int, Reconciled] = field(default_factory=dict)

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        state = situation.state
        z = np.broadcast_to(self.advice(situation), state.on_hand.shape)
        orders = np.empty(state.on_hand.shape)
        for path in range(len(orders)):
            stock = stock_of_path(situation, path)
            task = Task(self.scenario, self.outlook, z[path], stock, state.period, self.periods)
            yesterday = self._answers.get(path)
            answer = replan(task, yesterday, self.fence)
            if yesterday is not None:
                before = announced(yesterday)
                volume = self.scenario.products.volume
                self.changes.append(nervousness(before, answer.shipments[: len(before)], volume))
            self.iterations.append(answer.iterations)
            self._answers[path] = answer
            orders[path] = answer.shipments[0]
        return orders


def changes_by_stage(
    changes: Sequence[Nervousness], names: Sequence[str]
) -> list[tuple[str, float, float]]:
    """A row per stage: its name, mean and largest nervousness [1]; all together last."""
    overall = np.array([change.overall for change in changes])
    stages = np.stack([change.by_stage for change in changes], axis=1)
    rows = [
        (name, float(of.mean()), float(of.max())) for name, of in zip(names, stages, strict=True)
    ]
    return [*rows, ("all stages", float(overall.mean()), float(overall.max()))]


def _possible(task: Task, orders: np.ndarray) -> np.ndarray:
    """How much of the orders (D, M, K) [unit] stock, supply and money certainly allow.

    A stage ships what it held overnight; what comes in is what is under way and these orders.
    """
    products, network = task.scenario.products, task.scenario.network
    days, stages, count = orders.shape
    number = np.arange(count)
    coming = np.zeros((days + int(products.lead_time.max()) + 1, stages, count))
    due = np.moveaxis(task.stock.pipeline, 2, 0)[: len(coming)]
    coming[: len(due)] += due
    held, allowed = task.stock.on_hand.copy(), np.minimum(orders, products.maximum_order)
    limit = np.append(network.supply_capacity, task.purchase_limit)
    for day in range(days):
        allowed[day, :-1] = np.minimum(allowed[day, :-1], held[1:])
        used = np.append(
            allowed[day] @ products.volume, allowed[day, -1] @ task.scenario.purchase_cost
        )
        fits = np.minimum(1.0, (1 - ROUNDING) * limit / np.where(used > 0, used, 1))
        fits = np.where(used > 0, fits, 1.0)
        allowed[day] *= fits[:-1, None]
        allowed[day, -1] *= fits[-1]
        held[1:] -= allowed[day, :-1]
        for stage in range(stages):
            coming[day + products.lead_time[stage], stage, number] += allowed[day, stage]
        held += coming[day]
    spent = float((allowed[:, -1] @ task.scenario.purchase_cost).sum())
    if spent > task.budget:
        allowed[:, -1] *= (1 - ROUNDING) * task.budget / spent
    return allowed * (1 - ROUNDING)
