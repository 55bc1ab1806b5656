"""The whole problem's matrix: one compiled block per lead-time vector, laid out for all products.

Columns are product after product, then the overflow steps; rows are product after product, then the
coupling rows. Products are told apart only by numbers, so NumPy writes the matrix that Pyomo would
have written, without a Python object per variable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.shape import Shape, Template
from milp.templates import compiled


@dataclass(frozen=True)
class Layout:
    """Where every product's rows and columns are.

    Attributes:
        products: number of products K.
        own_rows: rows per product.
        width: columns per product.
        kinds: the coupling rows of each kind, numbered after all products' own.
        columns: the columns of each family within a product.
    """

    products: int
    own_rows: int
    width: int
    kinds: dict[str, slice]
    columns: dict[str, slice]

    @property
    def coupling(self) -> int:
        """Number of coupling rows."""
        return self.kinds["budget"].stop

    @property
    def first_coupling_row(self) -> int:
        """Number of the first coupling row."""
        return self.products * self.own_rows

    @property
    def block_columns(self) -> int:
        """Number of columns of all products together."""
        return self.products * self.width


@dataclass(frozen=True)
class Matrix:
    """A sparse matrix by columns: `indptr`, `indices`, `data`."""

    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray


@dataclass(frozen=True)
class Weights:
    """What products weigh in the rows they share.

    Attributes:
        space: of one unit of each column, for storage and supply (K, columns of a block) [volume].
        money: of one unit bought, for purchases and budget (K,) [money].
    """

    space: np.ndarray
    money: np.ndarray


def layout_of(template: Template, products: int) -> Layout:
    """The layout of `products` blocks of the template's size."""
    kinds = template.shape.coupling
    return Layout(products, template.own_rows, template.width, kinds, template.columns)


def tile(
    lead_time: np.ndarray, periods: int, weights: Weights, segments: int
) -> tuple[Matrix, Layout]:
    """The matrix of all products' blocks, without overflow columns.

    Args:
        lead_time: (M, K) [period].
        periods: T.
        weights: what one unit of each column weighs in the coupling rows.
        segments: S.
    """
    products = lead_time.shape[1]
    vectors, group = np.unique(lead_time.T, axis=0, return_inverse=True)
    group = group.ravel()
    templates = [
        compiled(Shape(tuple(int(x) for x in vector), periods, segments)) for vector in vectors
    ]
    layout = layout_of(templates[0], products)
    entries = np.array([len(template.data) for template in templates])[group]
    start = np.concatenate([[0], np.cumsum(entries)])
    indptr = np.empty(layout.block_columns + 1, np.int64)
    indptr[-1] = start[-1]
    indices = np.empty(start[-1], np.int64)
    data = np.empty(start[-1])
    money_rows = layout.own_rows + layout.kinds["purchases"].start
    by_product = indptr[:-1].reshape(products, layout.width)
    for number, template in enumerate(templates):
        members = np.flatnonzero(group == number)
        column = np.repeat(np.arange(template.width), np.diff(template.indptr))
        own = template.indices < template.own_rows
        rows = np.where(
            own,
            members[:, None] * layout.own_rows + template.indices,
            layout.first_coupling_row - layout.own_rows + template.indices,
        )
        space = weights.space[members][:, column]
        weight = np.where(template.indices < money_rows, space, weights.money[members, None])
        values = np.where(own, template.data, template.data * weight)
        place = start[members][:, None] + np.arange(len(template.data))
        indices[place] = rows
        data[place] = values
        by_product[members] = start[members][:, None] + template.indptr[:-1]
    return Matrix(indptr, indices, data), layout


def with_overflow(matrix: Matrix, rows: np.ndarray, steps: int) -> Matrix:
    """The matrix with `steps` columns added per row in `rows`, each relieving its row by one."""
    added = len(rows) * steps
    return Matrix(
        np.concatenate([matrix.indptr, matrix.indptr[-1] + 1 + np.arange(added)]),
        np.concatenate([matrix.indices, np.repeat(rows, steps)]),
        np.concatenate([matrix.data, np.full(added, -1.0)]),
    )
