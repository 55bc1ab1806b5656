"""The tiled matrix is the one that Pyomo would have written for all products."""

from __future__ import annotations

import numpy as np

from milp.block import Shape, compile_block
from milp.tiling import Layout, Matrix, Weights, tile, with_overflow

LEAD_TIME = np.array([[1, 0, 1], [2, 3, 2]])
PERIODS, SEGMENTS = 5, 3
MONEY = np.array([2.0, 3.0, 5.0])


def dense(matrix: Matrix, rows: int) -> np.ndarray:
    """The matrix with its zeros."""
    full = np.zeros((rows, len(matrix.indptr) - 1))
    column = np.repeat(np.arange(len(matrix.indptr) - 1), np.diff(matrix.indptr))
    np.add.at(full, (matrix.indices, column), matrix.data)
    return full


def tiled() -> tuple[np.ndarray, Layout, np.ndarray]:
    """Three products, the first and last with the same lead times; the matrix, layout and space."""
    width = compile_block(Shape((1, 2), PERIODS, SEGMENTS)).width
    space = np.random.default_rng(1).uniform(0.5, 3.0, (3, width))
    matrix, layout = tile(LEAD_TIME, PERIODS, Weights(space, MONEY), SEGMENTS)
    return dense(matrix, layout.first_coupling_row + layout.coupling), layout, space


def block_of(product: int) -> np.ndarray:
    """The matrix that Pyomo compiles for one product alone."""
    shape = Shape(tuple(int(days) for days in LEAD_TIME[:, product]), PERIODS, SEGMENTS)
    template = compile_block(shape)
    rows = template.own_rows + shape.coupling["budget"].stop
    return dense(Matrix(template.indptr, template.indices, template.data), rows)


def test_every_product_has_its_own_block() -> None:
    """Two products of different lead times have different blocks, each exactly Pyomo's."""
    matrix, layout, _ = tiled()
    for product in range(3):
        rows = slice(product * layout.own_rows, (product + 1) * layout.own_rows)
        columns = slice(product * layout.width, (product + 1) * layout.width)
        np.testing.assert_array_equal(matrix[rows, columns], block_of(product)[: layout.own_rows])
    assert not np.array_equal(block_of(0), block_of(1))


def test_products_meet_in_the_coupling_rows_only() -> None:
    """Outside its own block and the coupling rows a product's columns are empty."""
    matrix, layout, _ = tiled()
    own = matrix[: layout.first_coupling_row].copy()
    for product in range(3):
        rows = slice(product * layout.own_rows, (product + 1) * layout.own_rows)
        columns = slice(product * layout.width, (product + 1) * layout.width)
        own[rows, columns] = 0
    assert not own.any()


def test_coupling_rows_weigh_every_column_by_what_it_takes_of_them() -> None:
    """Pyomo's rows times the space of each column, and where money is spent times its price."""
    matrix, layout, space = tiled()
    for product in range(3):
        columns = slice(product * layout.width, (product + 1) * layout.width)
        expected = block_of(product)[layout.own_rows :]
        spent = layout.kinds["purchases"].start
        expected[:spent] *= space[product]
        expected[spent:] *= MONEY[product]
        np.testing.assert_array_equal(matrix[layout.first_coupling_row :, columns], expected)


def test_overflow_relieves_its_row_by_one() -> None:
    """Two steps for each of two rows, after all products' columns."""
    matrix, layout, _ = tiled()
    width = compile_block(Shape((1, 2), PERIODS, SEGMENTS)).width
    sparse, _ = tile(LEAD_TIME, PERIODS, Weights(np.ones((3, width)), MONEY), SEGMENTS)
    rows = layout.first_coupling_row + np.array([1, 4])
    wider = dense(with_overflow(sparse, rows, 2), len(matrix))
    added = wider[:, layout.block_columns :]
    assert added.shape[1] == 4
    np.testing.assert_array_equal(np.argwhere(added)[:, 0], np.repeat(rows, 2))
    assert (added[added != 0] == -1).all()


def test_columns_are_sorted_by_row() -> None:
    """As solvers like them: no entry occurs twice, rows rise within a column."""
    width = compile_block(Shape((1, 2), PERIODS, SEGMENTS)).width
    matrix, _ = tile(LEAD_TIME, PERIODS, Weights(np.ones((3, width)), MONEY), SEGMENTS)
    column = np.repeat(np.arange(len(matrix.indptr) - 1), np.diff(matrix.indptr))
    same = np.diff(column) == 0
    assert (np.diff(matrix.indices)[same] > 0).all()
