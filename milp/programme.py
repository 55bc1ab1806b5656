"""A linear programme as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.tiling import Layout, Matrix


@dataclass(frozen=True)
class LinearProgramme:
    """min cost x, lower <= x <= upper, row_lower <= A x <= row_upper."""

    matrix: Matrix
    cost: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    row_lower: np.ndarray
    row_upper: np.ndarray

    def blocks(self, products: range, layout: Layout) -> LinearProgramme:
        """The programme of some products' blocks, of a programme that has nothing but blocks."""
        width, own = layout.width, layout.own_rows
        columns = slice(products.start * width, products.stop * width)
        rows = slice(products.start * own, products.stop * own)
        indptr = self.matrix.indptr[columns.start : columns.stop + 1]
        entries = slice(indptr[0], indptr[-1])
        return LinearProgramme(
            matrix=Matrix(
                indptr - indptr[0],
                self.matrix.indices[entries] - rows.start,
                self.matrix.data[entries],
            ),
            cost=self.cost[columns],
            lower=self.lower[columns],
            upper=self.upper[columns],
            row_lower=self.row_lower[rows],
            row_upper=self.row_upper[rows],
        )
