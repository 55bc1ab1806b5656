"""The sample tables that are planned for, written once per number of products."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.sample import write_sample

DAYS = 28
"""Of forecast; beyond, its weeks are repeated."""


@dataclass(frozen=True)
class Tables:
    """Sample tables of any size.

    Attributes:
        folder: where they are written.
        seed: of all of them.
    """

    folder: Path
    seed: int

    def of(self, products: int) -> Path:
        """The folder of the tables of so many products."""
        place = self.folder / str(products)
        if not place.exists():
            write_sample(place, products, DAYS, self.seed)
        return place
