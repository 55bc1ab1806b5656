"""Prices from the plans found so far: the best mix of them, as a linear programme.

Each product's plans are columns of which it takes a mix, and the mixes share the coupling rows; the
duals of these are the prices at which better columns are looked for next (Dantzig and Wolfe 1960).
At most as many products as there are rows get a true mix, so that the mix is nearly a plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.lots.search import Candidate
from milp.programme import LinearProgramme
from milp.rows import Rows
from milp.solver import solve
from milp.storage import STEPS, overflow_steps
from milp.tiling import Matrix

NEGLIGIBLE = 1e-9
"""Usage below this share of a row's largest is the solver's rounding."""
COLUMNS, FEWEST = 30_000, 4
"""Plans in a mix at most, but for this number per product."""
MUCH = 10.0
"""Price of exceeding a hard row by the largest plan's use of it, in mean costs of a plan."""


@dataclass(frozen=True)
class Mix:
    """The best mix of known plans.

    Attributes:
        cost: of the mix [money].
        prices: of a unit of every coupling row (R,) [money].
        largest: per product, the plan of which it takes most.
    """

    cost: float
    prices: np.ndarray
    largest: list[Candidate]


def mixed(pools: list[list[Candidate]], rows: Rows) -> Mix:
    """The best mix of every product's plans within the rows that products share.

    Args:
        pools: plans of every product, of which the first ones count where there are many products.
        rows: what they share.
    """
    most = max(COLUMNS // len(pools), FEWEST)
    plans = [known[:most] for known in pools]
    flat = [plan for known in plans for plan in known]
    owner = np.repeat(np.arange(len(plans)), [len(known) for known in plans])
    usage = np.array([plan.usage for plan in flat])
    cost = np.array([plan.cost for plan in flat])
    scarce = np.flatnonzero(np.isfinite(rows.allowance))
    width, price = overflow_steps(rows.spread[rows.limited], rows.price[rows.limited])
    unit = float(np.mean(np.abs(cost))) or 1.0
    size = np.maximum(np.abs(usage[:, scarce]).max(axis=0, initial=0.0), NEGLIGIBLE)
    matrix = _columns(usage[:, scarce] / size, owner, len(scarce))
    hard = np.flatnonzero(scarce >= len(rows.spread))
    steps = np.concatenate([np.repeat(np.searchsorted(scarce, rows.limited), len(STEPS)), hard])
    relief = np.concatenate(
        [price.ravel() * size[steps[: price.size]], np.full(len(hard), MUCH * unit)]
    )
    width = np.concatenate([width.ravel() / size[steps[: width.size]], np.full(len(hard), np.inf)])
    programme = LinearProgramme(
        matrix=Matrix(
            np.concatenate([matrix.indptr, matrix.indptr[-1] + 1 + np.arange(len(steps))]),
            np.concatenate([matrix.indices, steps]),
            np.concatenate([matrix.data, -np.ones(len(steps))]),
        ),
        cost=np.concatenate([cost, relief]) / unit,
        lower=np.zeros(len(flat) + len(steps)),
        upper=np.concatenate([np.full(len(flat), np.inf), width]),
        row_lower=np.concatenate([np.full(len(scarce), -np.inf), np.ones(len(plans))]),
        row_upper=np.concatenate([rows.allowance[scarce] / size, np.ones(len(plans))]),
    )
    solution = solve(programme)
    prices = np.zeros(len(rows.allowance))
    prices[scarce] = np.maximum(-solution.row_dual[: len(scarce)], 0.0) * unit / size
    first = np.concatenate([[0], np.cumsum([len(known) for known in plans])])
    weight = solution.x[: len(flat)]
    largest = [
        flat[first[k] + int(np.argmax(weight[first[k] : first[k + 1]]))] for k in range(len(plans))
    ]
    return Mix(solution.objective * unit, rows.within(prices), largest)


def _columns(usage: np.ndarray, owner: np.ndarray, rows: int) -> Matrix:
    """Plans as columns: what they use of the shared rows, and a one in their product's row."""
    used = np.abs(usage) > NEGLIGIBLE
    entries = used.sum(axis=1) + 1
    indptr = np.concatenate([[0], np.cumsum(entries)])
    indices = np.empty(indptr[-1], np.int64)
    data = np.empty(indptr[-1])
    last = indptr[1:] - 1
    inner = np.ones(len(data), bool)
    inner[last] = False
    indices[inner], data[inner] = np.nonzero(used)[1], usage[used]
    indices[last], data[last] = rows + owner, 1.0
    return Matrix(indptr, indices, data)
