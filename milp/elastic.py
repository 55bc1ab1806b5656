"""Named constraints that cannot all hold: the least that must give way, and which ones clash.

A constraint may own several rows. The least violation is a linear programme with slack on the rows
that may give way (elastic programming; Chinneck 2008, chapter 6). An irreducible infeasible set is
found by a deletion filter (Chinneck and Dravnieks 1991), which starts from the rows that certify
the infeasibility by Farkas' lemma and so stays small.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csc_array
from scipy.sparse.csgraph import connected_components

from milp.solver import LinearProgramme, Solution, solve
from milp.tiling import Matrix

TOLERANCE = 1e-6
"""Violations up to this share of a row's size are rounding [1]."""
_SUPPORT = 1e-9
"""Duals beyond this are not zero."""


@dataclass(frozen=True)
class System:
    """R rows, lower <= A x <= upper, over columns x >= 0; every row is owned by a constraint.

    Attributes:
        columns: number of columns.
        row, column, value: the entries of A.
        lower, upper: bounds of the rows (R,).
        owner: the constraint each row belongs to, a number of any size (R,).
        below, above: price of a row's falling short of `lower`, of its exceeding `upper` (R,);
            infinite where it may not.
    """

    columns: int
    row: np.ndarray
    column: np.ndarray
    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    owner: np.ndarray
    below: np.ndarray
    above: np.ndarray

    @property
    def rows(self) -> int:
        """Number of rows R."""
        return len(self.lower)

    @property
    def size(self) -> np.ndarray:
        """The larger of each row's finite bounds, without its sign (R,)."""
        bounds = np.stack([self.lower, self.upper])
        return np.abs(np.where(np.isfinite(bounds), bounds, 0)).max(axis=0)

    @property
    def tolerance(self) -> np.ndarray:
        """Violation per row that is rounding (R,)."""
        return TOLERANCE * (1 + self.size)

    def of(self, owners: np.ndarray) -> System:
        """The constraints `owners` alone, over the columns that they use."""
        return self.of_rows(np.isin(self.owner, owners))

    def of_rows(self, kept: np.ndarray) -> System:
        """Some of the rows (a mask), over the columns that they use."""
        place = np.cumsum(kept) - 1
        entries = kept[self.row]
        used, column = np.unique(self.column[entries], return_inverse=True)
        return System(
            len(used),
            place[self.row[entries]],
            column,
            self.value[entries],
            *(part[kept] for part in (self.lower, self.upper, self.owner, self.below, self.above)),
        )


@dataclass(frozen=True)
class Violation:
    """What gives way at the least price.

    Attributes:
        below: by how much each row falls short of its lower bound (R,).
        above: by how much it exceeds its upper bound (R,).
    """

    below: np.ndarray
    above: np.ndarray


def least_violation(system: System) -> Violation:
    """What has to give way for all constraints to hold, at the least price in total.

    Raises:
        PlannerError: the rows that may not give way contradict each other.
    """
    below, above, _ = _elastic(system)
    kept = system.tolerance
    return Violation(np.where(below > kept, below, 0), np.where(above > kept, above, 0))


def conflicts(system: System) -> list[np.ndarray]:
    """Irreducible infeasible sets that share nothing: their owners, rising; none if all can hold.

    Without any one of its owners the others of a set can all hold. What has no part in these sets
    may still clash once they are resolved.

    Raises:
        PlannerError: the rows that may not give way contradict each other.
    """
    below, above, solution = _elastic(system)
    if (np.maximum(below, above) <= system.tolerance).all():
        return []
    certifying = np.abs(solution.row_dual) > _SUPPORT
    found = []
    for owners in _components(system.of_rows(certifying)):
        part = system.of(owners)
        core = _infeasible_core(part)
        if len(core):
            found.append(_irreducible(part, core))
    return found


def _components(system: System) -> Iterator[np.ndarray]:
    """Owners of rows that hang together by columns or owners, group by group."""
    owner, number = np.unique(system.owner, return_inverse=True)
    count = len(owner) + system.columns
    edges = (np.ones(len(system.row)), (number[system.row], len(owner) + system.column))
    _, group = connected_components(coo_array(edges, shape=(count, count)), directed=False)
    for one in np.unique(group[: len(owner)]):
        yield owner[group[: len(owner)] == one]


def _irreducible(system: System, core: np.ndarray) -> np.ndarray:
    """An irreducible infeasible set within an infeasible one (deletion filter), rising.

    What contributes least is tried first, several at a time, so that few large ones are left.
    """
    needed, certain = core, 0
    step = max(1, len(core) // 4)
    while certain < len(needed):
        rest = np.delete(needed, np.s_[certain : certain + step])
        smaller = _infeasible_core(system.of(rest))
        if len(smaller):
            needed = needed[np.isin(needed, smaller)]
            step *= 2
        elif step == 1:
            certain += 1
        else:
            step //= 2
    return np.sort(needed)


def _infeasible_core(system: System) -> np.ndarray:
    """Owners of rows that certify the infeasibility, the least important first; none if all hold.

    The rows with a price in the elastic programme are such (Farkas' lemma).
    """
    nothing = np.zeros(0, dtype=np.int64)
    if not system.rows:
        return nothing
    alike = (np.where(np.isfinite(price), 1.0, np.inf) for price in (system.below, system.above))
    below, above, solution = _elastic(replace(system, below=next(alike), above=next(alike)))
    if (np.maximum(below, above) <= system.tolerance).all():
        return nothing
    price = np.abs(solution.row_dual)
    owners, number = np.unique(system.owner, return_inverse=True)
    order = np.argsort(np.bincount(number, price * system.size), kind="stable")
    certifying = np.bincount(number, price) > _SUPPORT
    return owners[order[certifying[order]]]


def _elastic(system: System) -> tuple[np.ndarray, np.ndarray, Solution]:
    """Slack below and above (R,) at the least price, and the solution it is read from."""
    short = np.flatnonzero(np.isfinite(system.below) & np.isfinite(system.lower))
    over = np.flatnonzero(np.isfinite(system.above) & np.isfinite(system.upper))
    slacks = len(short) + len(over)
    columns = system.columns + slacks
    entries = (
        np.concatenate([system.value, np.ones(len(short)), -np.ones(len(over))]),
        (
            np.concatenate([system.row, short, over]),
            np.concatenate([system.column, system.columns + np.arange(slacks)]),
        ),
    )
    matrix = csc_array(entries, shape=(system.rows, columns))
    solution = solve(
        LinearProgramme(
            matrix=Matrix(matrix.indptr, matrix.indices, matrix.data),
            cost=np.concatenate(
                [np.zeros(system.columns), system.below[short], system.above[over]]
            ),
            lower=np.zeros(columns),
            upper=np.full(columns, np.inf),
            row_lower=system.lower,
            row_upper=system.upper,
        )
    )
    below, above = np.zeros(system.rows), np.zeros(system.rows)
    below[short] = solution.x[system.columns : system.columns + len(short)]
    above[over] = solution.x[system.columns + len(short) :]
    return below, above, solution
