"""The cells of the benchmark: how scarce space is, and what else is out of the ordinary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PRODUCTS = 100
TIGHT, USUAL = (0.6, 0.8), (0.6, 0.8, 1.0, np.inf)


@dataclass(frozen=True)
class Kind:
    """What worlds are drawn.

    Attributes:
        products: how many.
        common_season: whether all products peak together.
        wrong_forecast: whether means and deviations are forecast wrong for good.
        lots: whether orders come in lots.
    """

    products: int = PRODUCTS
    common_season: bool = False
    wrong_forecast: bool = False
    lots: bool = False


@dataclass(frozen=True)
class Cell:
    """One kind of world at one tightness.

    Attributes:
        kind: what worlds.
        tightness: space in shares of what order-up-to needs beyond the flow; infinite for no limit.
        suffix: what is out of the ordinary, in words; empty for the base case.
        refused: whether what finds no room waits outside, instead of being stored at a price.
    """

    kind: Kind
    tightness: float
    suffix: str = ""
    refused: bool = False

    @property
    def name(self) -> str:
        """The cell in the results."""
        tight = "unlimited" if np.isinf(self.tightness) else f"{self.tightness:.1f}"
        return f"tg={tight}" + (f"/{self.suffix}" if self.suffix else "")

    @property
    def base(self) -> bool:
        """True for the base case, in which every rule is played."""
        return not self.suffix


def cells(products: int = PRODUCTS) -> tuple[Cell, ...]:
    """All cells, those of one kind of world together."""
    usual = Kind(products)
    return (
        *(Cell(usual, tightness) for tightness in USUAL),
        *(Cell(usual, tightness, "refused", refused=True) for tightness in TIGHT),
        *(Cell(Kind(2 * products), tightness, f"{2 * products} products") for tightness in TIGHT),
        *_odd(Kind(products, common_season=True), "common-season"),
        *_odd(Kind(products, wrong_forecast=True), "wrong-forecast"),
        *_odd(Kind(products, lots=True), "lots"),
    )


def _odd(kind: Kind, suffix: str) -> tuple[Cell, ...]:
    return tuple(Cell(kind, tightness, suffix) for tightness in TIGHT)
