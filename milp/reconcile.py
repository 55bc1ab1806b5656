"""Reconciles all products under the shared capacities: the programme's answer, in units and money.

Few products are one linear programme. Many are solved in batches (`milp/decomposition.py`), which
takes time in proportion to their number and says how far from the optimum it may be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.engine import Alone, Engine
from milp.basis import Basis
from milp.decomposition import Decomposition
from milp.effort import Effort, Tell, gap_of
from milp.flow import levels, moved
from milp.model import Model
from milp.solver import solve
from milp.task import Task

MANY = 160
"""From this number of products on, batches are faster than one programme."""
NEGLIGIBLE = 1e-9
"""Prices below this share of a unit of scaled money are the solver's rounding."""


@dataclass(frozen=True)
class Reconciled:
    """The programme's answer.

    The programme counts the sales that are lost on average, also where demand at its mean would
    lose none; stock and lost sales here are those of demand at its mean.

    Attributes:
        shipments: (T, M, K) [unit].
        on_hand: at the end of each period (T, M, K) [unit].
        lost_sales: (T, K) [unit].
        backorders: at the end of each period (T, K) [unit].
        level: echelon level after ordering, less the forecast over its interval (T, M, K) [unit].
        occupancy: expected, by the model's own account (T, M) [volume].
        storage_price: of a unit of space (T, M) [money/volume/period].
        supply_price: of a unit of supply (T, M) [money/volume].
        purchase_price: of a unit of money that may be spent in a period (T,) [1].
        budget_price: of a unit of money that may be spent at all [1].
        disagreement: standard deviation of batches' prices of space (T, M); 0 of one programme.
        lower, upper: between which the least cost lies; the plan's own is the upper [money].
        complete: False where time ran out before the gap was as small as asked for.
        basis: where tomorrow's programme may start from; None where it was solved in batches.
        iterations: of the simplex method; 0 where it was solved in batches.
    """

    shipments: np.ndarray
    on_hand: np.ndarray
    lost_sales: np.ndarray
    backorders: np.ndarray
    level: np.ndarray
    occupancy: np.ndarray
    storage_price: np.ndarray
    supply_price: np.ndarray
    purchase_price: np.ndarray
    budget_price: float
    disagreement: np.ndarray
    lower: float
    upper: float
    complete: bool
    basis: Basis | None
    iterations: int

    @property
    def scarce(self) -> bool:
        """True where anything that products share has a positive price in any period."""
        prices = (self.storage_price, self.supply_price, self.purchase_price)
        return any(bool((price > 0).any()) for price in prices) or self.budget_price > 0

    @property
    def gap(self) -> float:
        """How far the plan may be from the least cost, (upper - lower) / upper [1]."""
        return gap_of(self.lower, self.upper)


def reconcile(
    task: Task,
    start: Basis | None = None,
    effort: Effort | None = None,
    engine: Engine | None = None,
    tell: Tell = lambda bounds: None,
) -> Reconciled:
    """The best shipments for all products under the shared capacities.

    Args:
        task: today's problem.
        start: basis of a programme of the same products and lead times, yesterday's for one; with
            it the task is solved as one programme.
        effort: when to stop where there are many products.
        engine: who solves batches; this process if not given.
        tell: hears how far the work is.
    """
    if start is not None or task.z.shape[1] <= MANY:
        return as_one(task, start)
    search = Decomposition(task, effort or Effort(), engine or Alone(), tell)
    return _in_batches(task, search)


def as_one(task: Task, start: Basis | None = None) -> Reconciled:
    """The answer of one linear programme, however many products there are.

    Where days are solved one after the other, that is quicker than batches for a few hundred
    products: yesterday's basis is nearly right.
    """
    model = Model(task)
    solution = solve(model.programme(), start)
    first = model.layout.first_coupling_row
    worth = np.maximum(-solution.row_dual[first:], 0.0)
    prices = np.where(worth > NEGLIGIBLE, worth, 0.0) * model.money
    usage = model.usage(solution.x) + np.pad(model.fixed, (0, len(prices) - len(model.fixed)))
    cost = solution.objective * model.money + model.constant
    return _answer(
        task,
        model.shipments(solution.x),
        _Shared(usage, prices, np.zeros_like(prices)),
        _Proof(cost, cost, True, solution.basis, solution.iterations),
    )


def _in_batches(task: Task, search: Decomposition) -> Reconciled:
    """The answer that batches make up together."""
    found = search.run()
    shipments = np.empty((task.periods, *task.z.shape))
    for products, shipped in found.plans:
        shipments[:, :, products] = shipped
    shared = _Shared(found.usage, found.prices, found.disagreement)
    return _answer(task, shipments, shared, _Proof(found.lower, found.upper, found.complete))


@dataclass(frozen=True)
class _Shared:
    """Use of the coupling rows, what is certain included, their prices, and how sure these are."""

    usage: np.ndarray
    prices: np.ndarray
    disagreement: np.ndarray


@dataclass(frozen=True)
class _Proof:
    """Bounds, and where the next solve may start."""

    lower: float
    upper: float
    complete: bool
    basis: Basis | None = None
    iterations: int = 0


def _answer(task: Task, shipments: np.ndarray, shared: _Shared, proof: _Proof) -> Reconciled:
    after = moved(task, shipments)
    M, T = task.z.shape[0], task.periods

    def per_stage(rows: np.ndarray, kind: int) -> np.ndarray:
        return rows[kind * M * T : (kind + 1) * M * T].reshape(M, T).T

    return Reconciled(
        shipments=shipments,
        on_hand=after.on_hand,
        lost_sales=after.lost_sales,
        backorders=after.backorders,
        level=levels(task, shipments, after.lost_sales),
        occupancy=per_stage(shared.usage, 0),
        storage_price=per_stage(shared.prices, 0),
        supply_price=per_stage(shared.prices, 1),
        purchase_price=shared.prices[2 * M * T : -1],
        budget_price=float(shared.prices[-1]),
        disagreement=per_stage(shared.disagreement, 0),
        lower=proof.lower,
        upper=proof.upper,
        complete=proof.complete,
        basis=proof.basis,
        iterations=proof.iterations,
    )
