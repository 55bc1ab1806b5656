"""The size of one product's block, and the matrix it compiles to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import prod

import numpy as np

FAMILIES = ("ship", "lost", "waiting", "stock", "level", "above", "deep")
OWN_ROWS = ("position", "relative", "balance")
COUPLING_ROWS = ("storage", "supply", "purchases", "budget")


@dataclass(frozen=True)
class Shape:
    """Sizes of one block: its stages' lead times [period], periods T and segments K."""

    lead_time: tuple[int, ...]
    periods: int
    segments: int

    @property
    def stages(self) -> int:
        """Number of stages M."""
        return len(self.lead_time)

    def relative_to(self, m: int, t: int) -> int:
        """The period in which stage m - 1 draws on what stage m ordered in t.

        An order of t arrives in t + L_m and can be shipped on from t + L_m + 1. Beyond the last
        period whose shipment still arrives at stage m - 1 within the horizon, that one stands in.
        """
        last = self.periods - 1 - self.lead_time[m - 1]
        return max(min(t + self.lead_time[m] + 1, last), 0)

    def decided(self, m: int, t: int) -> bool:
        """True where today's and later orders, not only earlier ones, fill stage m in t."""
        return t >= self.lead_time[m] and (m == 0 or t + 1 < self.periods)

    def width(self, family: str) -> tuple[int, ...]:
        """Shape of one family of variables."""
        M, T, K = self.stages, self.periods, self.segments
        one_per_period = family in ("lost", "waiting")
        return (T,) if one_per_period else (M, T, K) if family == "above" else (M, T)

    @property
    def slices(self) -> dict[str, slice]:
        """First and one past the last column of each family."""
        sizes = [prod(self.width(family)) for family in FAMILIES]
        ends = list(accumulate(sizes))
        return {
            family: slice(end - size, end)
            for family, size, end in zip(FAMILIES, sizes, ends, strict=True)
        }

    @property
    def columns(self) -> int:
        """Number of columns."""
        return sum(prod(self.width(family)) for family in FAMILIES)

    @property
    def coupling(self) -> dict[str, slice]:
        """First and one past the last coupling row of each kind, counted from the first of all."""
        M, T = self.stages, self.periods
        ends = list(accumulate((M * T, M * T, T, 1)))
        starts = (0, *ends[:-1])
        return {
            kind: slice(first, end)
            for kind, first, end in zip(COUPLING_ROWS, starts, ends, strict=True)
        }


@dataclass(frozen=True)
class Template:
    """A compiled block: columns in the order of FAMILIES, coupling rows after the block's own.

    Attributes:
        shape: what it was compiled for.
        indptr, indices, data: the matrix (rows, columns) by columns.
    """

    shape: Shape
    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray

    @property
    def own_rows(self) -> int:
        """Number of rows of the block itself; coupling rows are numbered from there."""
        return len(OWN_ROWS) * self.shape.stages * self.shape.periods

    @property
    def columns(self) -> dict[str, slice]:
        """First and one past the last column of each family."""
        return self.shape.slices

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.indptr) - 1
