"""A good place to start: products solved apart at prices, their bases put side by side.

Prices come from a random sample that gets its share of every capacity. At prices the products no
longer share anything, so small batches are solved one after the other in time linear in their
number. Put side by side, their bases are optimal but for the capacities, and the dual simplex
method needs a few steps per scarce capacity from there instead of tens per product from nothing.
The optimum is the same; only the road is shorter.
"""

from __future__ import annotations

from dataclasses import replace

import highspy
import numpy as np

from data.demand import loss_function
from data.network import Network, Stage
from milp.model import Model, Task
from milp.solver import Basis, LinearProgramme, solve
from milp.storage import STEPS, overflow_steps
from milp.tiling import Matrix

MANY = 120
"""From this number of products on, the detour pays."""
BATCH = 60
SAMPLE = 100
"""Fewer suggest worse prices, and the last solve has more to mend than a larger sample costs."""
SEED = 20


def starting_basis(model: Model) -> Basis:
    """A basis of the model's programme, optimal at the prices a sample of its products suggests."""
    need = _need(model)
    sample = _stratified(need.sum(axis=0))
    share = need[:, sample].sum(axis=1) / np.maximum(need.sum(axis=1), 1e-12)
    part = Model(_subtask(model.task, sample, share), model.certain)
    unpriced, like = _side_by_side(part, np.zeros(part.layout.coupling), None)
    dual = solve(part.programme(), unpriced).row_dual[part.layout.first_coupling_row :]
    basis, _ = _side_by_side(model, np.maximum(-dual, 0) * part.money, like)
    return basis


def _side_by_side(model: Model, prices: np.ndarray, like: Basis | None) -> tuple[Basis, Basis]:
    """The bases of all batches, solved near `prices` of the coupling rows, put together.

    Args:
        model: whose products are solved.
        prices: of a unit of every coupling row.
        like: basis of a batch like those to come, for the first to start from.

    Returns:
        the basis of the whole programme, and that of its last full batch.
    """
    prices, overflow, coupling = _nearest_steps(model, prices)
    order = np.random.default_rng(SEED).permutation(model.K)
    columns = np.empty((model.K, model.layout.width), object)
    rows = np.empty((model.K, model.layout.own_rows), object)
    for first in range(0, model.K, BATCH):
        batch = np.sort(order[first : first + BATCH])
        part = Model(_subtask(model.task, batch), model.certain)
        full = len(batch) == BATCH
        basis = solve(_priced(part, prices), like if full else None).basis
        columns[batch] = np.array(list(basis.col_status), object).reshape(len(batch), -1)
        rows[batch] = np.array(list(basis.row_status), object).reshape(len(batch), -1)
        like = basis if full else like
    whole = highspy.HighsBasis()
    whole.col_status = [*columns.ravel(), *overflow.ravel()]
    whole.row_status = [*rows.ravel(), *coupling]
    whole.valid = True
    return whole, like or basis


def _need(model: Model) -> np.ndarray:
    """Space each product needs at each stage if space is free (M, K) [volume].

    Demand that passes and expected safety stock at the advised factors; at least what is there.
    """
    task = model.task
    windows = model.windows[0]
    daily = windows.mean / task.outlook.protection_interval
    units = daily + windows.std * loss_function(-task.z)
    there = task.stock.on_hand + task.stock.pipeline.sum(axis=-1) / 2
    return task.scenario.products.volume * (units + there) / 2


def _stratified(need: np.ndarray) -> np.ndarray:
    """SAMPLE products (indices) that stand for all: every n-th by the space they need."""
    ranked = np.argsort(need, kind="stable")
    return np.sort(ranked[((np.arange(SAMPLE) + 0.5) * len(need) / SAMPLE).astype(int)])


def _subtask(task: Task, products: np.ndarray, share: np.ndarray | float = 1.0) -> Task:
    """The task of some products, with a share (M,) of every stage's capacity."""
    scenario = task.scenario.take(products)
    shares = np.broadcast_to(share, len(scenario.network))

    def part(stage: Stage, share: float) -> Stage:
        return replace(
            stage,
            storage_capacity=stage.storage_capacity * share,
            supply_capacity=stage.supply_capacity * share,
        )

    network = Network(
        tuple(
            part(stage, float(s)) for stage, s in zip(scenario.network.stages, shares, strict=True)
        )
    )
    return replace(
        task,
        scenario=replace(scenario, network=network),
        outlook=task.outlook.take(products),
        z=task.z[:, products],
        stock=task.stock.take(products),
    )


def _nearest_steps(model: Model, prices: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Prices moved to the nearest overflow step, and the statuses that make them optimal.

    Returns:
        prices of the coupling rows; status of the overflow columns (rows, STEPS); status of the
        coupling rows. The step at whose price a row stands is basic in its place.
    """
    status = highspy.HighsBasisStatus
    limited = model.capacity_rows
    _, step = overflow_steps(np.ones(len(limited)), model.overflow_price()[limited])
    candidates = np.concatenate([np.zeros((len(limited), 1)), step], axis=1)
    nearest = np.argmin(np.abs(candidates - prices[limited, None]), axis=1)
    moved = np.zeros(len(prices))
    moved[limited] = candidates[np.arange(len(limited)), nearest]
    overflow = np.full((len(limited), len(STEPS)), status.kLower, object)
    coupling = np.full(len(prices), status.kBasic, object)
    for row, chosen in enumerate(nearest - 1):
        if chosen >= 0:
            overflow[row, :chosen] = status.kUpper
            overflow[row, chosen] = status.kBasic
            coupling[limited[row]] = status.kUpper
    return moved, overflow, coupling


def _priced(model: Model, prices: np.ndarray) -> LinearProgramme:
    """The blocks alone, what they use of every capacity charged at `prices`."""
    whole, layout, matrix = model.programme(), model.layout, model.matrix
    blocks, first = layout.block_columns, layout.first_coupling_row
    entries = matrix.indptr[blocks]
    indices, data = matrix.indices[:entries], matrix.data[:entries]
    column = np.repeat(np.arange(blocks), np.diff(matrix.indptr[: blocks + 1]))
    shared = indices >= first
    charge = data[shared] * prices[indices[shared] - first] / model.money
    own = ~shared
    indptr = np.concatenate([[0], np.cumsum(np.bincount(column[own], minlength=blocks))])
    return LinearProgramme(
        matrix=Matrix(indptr, indices[own], data[own]),
        cost=whole.cost[:blocks] + np.bincount(column[shared], charge, minlength=blocks),
        lower=whole.lower[:blocks],
        upper=whole.upper[:blocks],
        row_lower=whole.row_lower[:first],
        row_upper=whole.row_upper[:first],
    )
