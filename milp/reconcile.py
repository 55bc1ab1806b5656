"""Reconciles all products under the shared capacities: solves the model and reads its answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.crash import MANY, starting_basis
from milp.model import Model, Task, arrivals, lost_sales
from milp.solver import Basis, Solution, Solver

PHYSICAL = 1e-6
"""Largest difference, in days of demand, between lost sales as planned and as they must happen."""
REPAIRS = 3
"""How often lost sales are bounded before shipments are fixed, too."""
NEGLIGIBLE = 1e-9
"""Prices below this share of a unit of scaled money are the solver's rounding."""


@dataclass(frozen=True)
class Reconciled:
    """The model's answer.

    Attributes:
        shipments: (T, M, K) [unit].
        on_hand: at the end of each period (T, M, K) [unit].
        lost_sales: (T, K) [unit].
        backorders: at the end of each period (T, K) [unit].
        level: echelon level after ordering, less the forecast over its interval (T, M, K) [unit].
        occupancy: expected, by the model's own account (T, M) [volume].
        storage_price: of a unit of space (T, M) [money/volume/period].
        supply_price: of a unit of supply (T, M) [money/volume].
        objective: the model's cost, constants left out [money].
        basis: where tomorrow's model may start from.
        iterations: of the simplex method, all repairs together.
        repairs: how often lost sales had to be bounded.
    """

    shipments: np.ndarray
    on_hand: np.ndarray
    lost_sales: np.ndarray
    backorders: np.ndarray
    level: np.ndarray
    occupancy: np.ndarray
    storage_price: np.ndarray
    supply_price: np.ndarray
    objective: float
    basis: Basis
    iterations: int
    repairs: int

    @property
    def scarce(self) -> bool:
        """True where space or supply has a positive price in any period."""
        return bool((self.storage_price > 0).any() or (self.supply_price > 0).any())


def reconcile(task: Task, start: Basis | None = None) -> Reconciled:
    """The best shipments for all products under the shared capacities.

    Lost sales are physical: the model may not turn customers away to spare a later shortage. Where
    the linear programme would, its lost sales are bounded by what its own shipments imply and it
    is solved again.

    Args:
        task: today's problem.
        start: basis of a problem of the same products and lead times, yesterday's for one.
    """
    model = Model(task)
    if start is None and model.K > MANY:
        start = starting_basis(model)
    solver = Solver(model.programme(), start)
    solution = solver.solve()
    iterations, repairs = solution.iterations, 0
    while (guilty := _turned_away(model, solution)).any():
        _hold_to_physics(model, solver, solution, guilty, final=repairs >= REPAIRS)
        solution = solver.solve()
        iterations, repairs = iterations + solution.iterations, repairs + 1
    return _answer(model, solution, iterations, repairs)


def _turned_away(model: Model, solution: Solution) -> np.ndarray:
    """True for products (K,) whose planned lost sales exceed what their shipments imply."""
    more = model.values(solution)["lost"].T - _implied(model, solution)
    return (more > PHYSICAL).any(axis=0) & ~model.task.scenario.products.backordered


def _implied(model: Model, solution: Solution) -> np.ndarray:
    """Lost sales (T, K), in scaled units, that must happen under the solution's shipments."""
    ship = model.values(solution)["ship"].reshape(model.K, model.M, model.T)
    return lost_sales(model, ship[:, 0].T * model.scale) / model.scale


def _hold_to_physics(
    model: Model, solver: Solver, solution: Solution, guilty: np.ndarray, final: bool
) -> None:
    """Bounds the guilty products' lost sales by what their shipments imply.

    At last their shipments to the shelf are fixed as well: then planned and implied agree.
    """
    products = np.flatnonzero(guilty)[:, None] * model.layout.width
    lost = (products + np.arange(model.layout.width)[model.layout.columns["lost"]]).ravel()
    implied = _implied(model, solution)[:, guilty].T.ravel()
    solver.change_bounds(lost, implied if final else np.zeros_like(implied), implied)
    if final:
        shelf = np.arange(model.layout.width)[model.layout.columns["ship"]][: model.T]
        ship = (products + shelf).ravel()
        solver.change_bounds(ship, solution.x[ship], solution.x[ship])


def _answer(model: Model, solution: Solution, iterations: int, repairs: int) -> Reconciled:
    """The solution in units and money."""
    values = model.values(solution)
    ship, stock, level = (
        values[name].reshape(model.K, model.M, model.T).transpose(2, 1, 0) * model.scale
        for name in ("ship", "stock", "level")
    )
    shipments = np.maximum(ship, 0.0)
    arrived = arrivals(shipments, model.due, model.task.scenario.products.lead_time)
    on_hand = stock.copy()
    on_hand[:, 1:] += arrived[:, 1:]
    storage_price, supply_price = _prices(model, solution)
    return Reconciled(
        shipments=shipments,
        on_hand=np.maximum(on_hand, 0.0),
        lost_sales=np.maximum(values["lost"].T * model.scale, 0.0),
        backorders=np.maximum(values["waiting"].T * model.scale, 0.0),
        level=level,
        occupancy=_expected_occupancy(model, solution),
        storage_price=storage_price,
        supply_price=supply_price,
        objective=solution.objective * model.money,
        basis=solution.basis,
        iterations=iterations,
        repairs=repairs,
    )


def _prices(model: Model, solution: Solution) -> np.ndarray:
    """Prices of space and supply (2, T, M), from the duals of the coupling rows."""
    dual = -solution.row_dual[model.layout.first_coupling_row :]
    dual = np.where(dual > NEGLIGIBLE, dual, 0.0) * model.money
    return dual.reshape(2, model.M, model.T).transpose(0, 2, 1)


def _expected_occupancy(model: Model, solution: Solution) -> np.ndarray:
    """Occupancy (T, M) [volume] as the storage rows count it."""
    first, blocks = model.layout.first_coupling_row, model.layout.block_columns
    matrix = model.matrix
    entries = matrix.indptr[blocks]
    column = np.repeat(np.arange(blocks), np.diff(matrix.indptr[: blocks + 1]))
    row = matrix.indices[:entries] - first
    shared = row >= 0
    used = np.bincount(
        row[shared],
        matrix.data[:entries][shared] * solution.x[column[shared]],
        minlength=model.layout.coupling,
    )
    return (used[: model.M * model.T] + model.fixed).reshape(model.M, model.T).T
