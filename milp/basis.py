"""Which columns and rows a solution stands on: where a similar programme may start.

One byte each: small enough to keep by the thousand, and to send to another process.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from milp.programme import LinearProgramme
from milp.tiling import Layout

_LOWER = int(highspy.HighsBasisStatus.kLower)
_BASIC = int(highspy.HighsBasisStatus.kBasic)
_UPPER = int(highspy.HighsBasisStatus.kUpper)
_ZERO = int(highspy.HighsBasisStatus.kZero)
_FAR = 1e30
_STATUSES = np.empty(5, dtype=object)
for _status in (
    highspy.HighsBasisStatus.kLower,
    highspy.HighsBasisStatus.kBasic,
    highspy.HighsBasisStatus.kUpper,
    highspy.HighsBasisStatus.kZero,
    highspy.HighsBasisStatus.kNonbasic,
):
    _STATUSES[int(_status)] = _status


@dataclass(frozen=True)
class Basis:
    """The statuses of columns and rows, HiGHS' own numbers."""

    columns: np.ndarray
    rows: np.ndarray

    def piece(self, products: range, layout: Layout) -> Basis:
        """The basis of some of the blocks."""
        width, own = layout.width, layout.own_rows
        return Basis(
            self.columns[products.start * width : products.stop * width],
            self.rows[products.start * own : products.stop * own],
        )


def basis_of(programme: LinearProgramme, x: np.ndarray, basic: np.ndarray) -> Basis:
    """The basis of a solution: what is not basic stands at a bound, and x says at which.

    Args:
        programme: what was solved.
        x: its columns' values.
        basic: the basic variables: columns by number, row i as -1 - i.
    """
    bounded = np.isfinite(programme.upper) & (programme.upper > programme.lower)
    middle = (np.maximum(programme.lower, -_FAR) + programme.upper) / 2
    columns = np.where(bounded & (x > middle), _UPPER, _LOWER).astype(np.int8)
    columns[~np.isfinite(programme.lower) & ~np.isfinite(programme.upper)] = _ZERO
    rows = np.where(np.isfinite(programme.row_lower), _LOWER, _UPPER).astype(np.int8)
    column = basic >= 0
    columns[basic[column]] = _BASIC
    rows[-1 - basic[~column]] = _BASIC
    return Basis(columns, rows)


def joined(pieces: list[Basis]) -> Basis:
    """The basis of several blocks of products side by side."""
    return Basis(
        np.concatenate([piece.columns for piece in pieces]),
        np.concatenate([piece.rows for piece in pieces]),
    )


def as_highs(kept: Basis) -> highspy.HighsBasis:
    """A basis as HiGHS takes it."""
    basis = highspy.HighsBasis()
    basis.col_status = _STATUSES[kept.columns].tolist()
    basis.row_status = _STATUSES[kept.rows].tolist()
    basis.valid = True
    return basis


def widened(kept: Basis | None, programme: LinearProgramme, standing: np.ndarray) -> Basis | None:
    """The basis of blocks at prices, for the blocks with the rows they share.

    A row stands at the price of the overflow step that is bought in part: the step is basic in the
    row's place, cheaper steps are bought whole. Where that was the price charged, nothing is dearer
    than it should be, and the dual simplex method goes on from there.

    Args:
        kept: basis of the blocks, or already one of the whole.
        programme: blocks, overflow steps of the limited rows, and coupling rows after their own.
        standing: per limited row, which come first among the coupling rows' overflow columns, the
            row's number and the step it stands at; -1 for none (rows, 2).
    """
    if kept is None:
        return None
    more = len(programme.cost) - len(kept.columns)
    if not more:
        return kept
    overflow = np.full((len(standing), more // max(len(standing), 1)), _LOWER, np.int8)
    rows = np.full(len(programme.row_lower) - len(kept.rows), _BASIC, np.int8)
    for place, (row, step) in enumerate(standing):
        if step >= 0:
            overflow[place, :step] = _UPPER
            overflow[place, step] = _BASIC
            rows[row] = _UPPER
    columns = np.concatenate([kept.columns, overflow.ravel()])
    return Basis(columns, np.concatenate([kept.rows, rows]))
