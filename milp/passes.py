"""The unit of work: a batch of products, solved at prices or within its share of what is shared.

At prices, a batch gives a bound and what it would use; within a share, a plan and what more would
be worth to it. Both are small: two vectors as long as the shared rows go in or out, and a basis to
start from next time. `milp/decomposition.py` sends batches through, in this process or in others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.basis import Basis, joined, widened
from milp.model import Model
from milp.solver import Pivoting, solve
from milp.storage import nearest_step, overflow_steps
from milp.task import Task

FEW = 16
"""Products solved at a time at prices."""


@dataclass(frozen=True)
class Whole:
    """What every batch is part of.

    Attributes:
        task: all products.
        certain: whether demand is certain.
    """

    task: Task
    certain: bool

    def part(self, products: np.ndarray) -> Model:
        """The model of some products."""
        return Model(self.task.take(products), self.certain)


@dataclass(frozen=True)
class AtPrices:
    """A batch to be solved with the shared rows charged.

    Attributes:
        products: indices of the batch.
        prices: of a unit of every coupling row.
        start: basis of an earlier solve of the same batch; None for none.
    """

    products: np.ndarray
    prices: np.ndarray
    start: Basis | None = None


@dataclass(frozen=True)
class Bid:
    """What a batch answers to prices.

    Attributes:
        value: least cost of the batch, what it uses charged [money].
        shipments: (T, M, B) [unit].
        usage: of every coupling row.
        fixed: occupancy of each storage row that no decision changes [volume].
        variance: of its occupancy [volume^2].
        basis: where the next solve of the batch may start.
    """

    value: float
    shipments: np.ndarray
    usage: np.ndarray
    fixed: np.ndarray
    variance: np.ndarray
    basis: Basis


@dataclass(frozen=True)
class WithinShare:
    """A batch to be solved with a share of every row of its own.

    Attributes:
        products: indices of the batch.
        allowance: of every coupling row, what is certain taken off.
        spread: standard deviation of occupancy by which overflow is priced, per storage row.
        prices: of the coupling rows, charged when `start` was made at prices.
        start: basis of an earlier solve of the same batch, at prices or within a share.
    """

    products: np.ndarray
    allowance: np.ndarray
    spread: np.ndarray
    prices: np.ndarray
    start: Basis | None = None


@dataclass(frozen=True)
class Offer:
    """What a batch does with its share.

    Attributes:
        shipments: (T, M, B) [unit].
        cost: of the batch by itself [money].
        usage: of every coupling row.
        worth: of one more unit of every coupling row [money].
        basis: where the next solve of the batch may start.
    """

    shipments: np.ndarray
    cost: float
    usage: np.ndarray
    worth: np.ndarray
    basis: Basis


def bid(whole: Whole, asked: AtPrices) -> Bid:
    """A batch's answer to prices.

    Its products are solved a few at a time, which is fastest, each few from the basis of those
    before: products are alike.
    """
    model = whole.part(asked.products)
    programme, layout = model.priced(asked.prices), model.layout
    value = 0.0
    x: list[np.ndarray] = []
    pieces: list[Basis] = []
    for first in range(0, model.K, FEW):
        some = range(first, min(first + FEW, model.K))
        start = None if asked.start is None else asked.start.piece(some, layout)
        if start is None and pieces and len(some) == FEW:
            start = pieces[-1]
        solution = solve(programme.blocks(some, layout), start, Pivoting.LARGEST)
        value += solution.objective
        x.append(solution.x)
        pieces.append(solution.basis)
    whole_x = np.concatenate(x)
    return Bid(
        value=value * model.money + model.constant,
        shipments=model.shipments(whole_x),
        usage=model.usage(whole_x),
        fixed=model.fixed,
        variance=model.variance,
        basis=joined(pieces),
    )


def offer(whole: Whole, asked: WithinShare) -> Offer:
    """A batch's plan within its share."""
    model = whole.part(asked.products)
    limited = model.capacity_rows
    steps = overflow_steps(asked.spread[limited], model.overflow_price()[limited])
    programme = model.shared(asked.allowance, *steps)
    standing = nearest_step(asked.prices[limited], model.overflow_price()[limited])
    start = widened(asked.start, programme, np.stack([limited, standing], axis=1))
    again = asked.start is not None and len(asked.start.columns) == len(programme.cost)
    solution = solve(programme, start, Pivoting.LARGEST if again else Pivoting.DEVEX)
    first, blocks = model.layout.first_coupling_row, model.layout.block_columns
    own = float(model.blocks_alone.cost @ solution.x[:blocks]) * model.money + model.constant
    return Offer(
        shipments=model.shipments(solution.x),
        cost=own,
        usage=model.usage(solution.x),
        worth=np.maximum(-solution.row_dual[first:], 0.0) * model.money,
        basis=solution.basis,
    )
