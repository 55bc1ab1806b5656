"""Money, split by what it was paid for."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Costs:
    """Cost terms that add up to the total.

    The arrays of one record share no shape; each is summed over everything it is not told apart
    by. `holding` and `shortage` may be kept per product (.., K), `overflow` per stage (.., M).

    Attributes:
        holding: of stock on hand at the end of each period [money].
        shortage: of missed sales, and of customers kept waiting [money].
        overflow: of stock beyond the storage capacity [money].
    """

    holding: np.ndarray
    shortage: np.ndarray
    overflow: np.ndarray

    @property
    def total(self) -> float:
        """All terms, summed [money]."""
        return float(sum(np.sum(getattr(self, f.name)) for f in fields(self)))

    def per_path(self) -> np.ndarray:
        """Total per path (P,) [money]; the path is the first axis of every term."""
        terms = [getattr(self, f.name) for f in fields(self)]
        return np.sum([term.reshape(len(term), -1).sum(axis=1) for term in terms], axis=0)

    def mean(self) -> dict[str, float]:
        """Mean over paths of each term and of the total [money]."""
        split = {f.name: getattr(self, f.name) for f in fields(self)}
        means = {name: float(np.sum(term) / len(term)) for name, term in split.items()}
        return means | {"total": float(sum(means.values()))}
