"""What a backtest found, in rows: cost by rule with intervals, by term, by class, by kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from planner.backtest.account import TERMS, Account
from planner.backtest.intervals import RESAMPLES, Interval, over_products, ratio
from planner.backtest.trial import BOUND, Found

ALL = "all products"


@dataclass(frozen=True)
class Line:
    """One rule on some of the products.

    Attributes:
        part: which products, in words.
        rule: its name.
        products: how many.
        cost: mean of a day [money/day].
        terms: the same by term, in the order of `planner.backtest.account.TERMS` [money/day].
        fill_rate: units served from stock / units wanted [1].
        against: cost over that of the strongest base-stock, paired over products [1].
    """

    part: str
    rule: str
    products: int
    cost: float
    terms: tuple[float, ...]
    fill_rate: float
    against: Interval


@dataclass(frozen=True)
class Ledger:
    """The accounts of one case side by side.

    Attributes:
        found: the backtest.
        case: one of its cases.
        seed: of the products that are drawn anew.
        resamples: how often.
    """

    found: Found
    case: str
    seed: int = 1
    resamples: int = RESAMPLES

    @property
    def accounts(self) -> dict[str, Account]:
        """By rule."""
        return dict(self.found.accounts[self.case])

    @cached_property
    def paid(self) -> np.ndarray:
        """Mean money of a day by product and rule (K, C) [money/day]."""
        days = len(next(iter(self.accounts.values())).counts)
        return np.stack([one.by_product for one in self.accounts.values()], axis=1) / days

    @property
    def reference(self) -> str:
        """The strongest base-stock."""
        return self.found.reference[self.case]

    def lines(self) -> Iterator[Line]:
        """Every rule on all products, then on those of every class and every kind."""
        for part, products in self.parts().items():
            yield from self._part(part, products)

    def parts(self) -> dict[str, np.ndarray]:
        """The products (numbers) of every part, by its name."""
        groups = self.found.groups
        parts = {ALL: np.arange(len(groups.ratio))}
        for ratio_class in np.unique(groups.ratio):
            parts[f"r={ratio_class:g}"] = np.flatnonzero(groups.ratio == ratio_class)
        for kind in dict.fromkeys(sorted(map(str, groups.kind))):
            parts[kind] = np.flatnonzero(groups.kind == kind)
        return parts

    def _part(self, part: str, products: np.ndarray) -> Iterator[Line]:
        paid = self.paid[products]
        sums = over_products(paid, np.random.default_rng(self.seed), self.resamples)
        names = list(self.accounts)
        below = names.index(self.reference)
        days = len(next(iter(self.accounts.values())).counts)
        for number, (name, account) in enumerate(self.accounts.items()):
            yield Line(
                part=part,
                rule=name,
                products=len(products),
                cost=float(paid[:, number].sum()),
                terms=tuple(float(account.term(term)[products].sum() / days) for term in TERMS),
                fill_rate=1.0 if name == BOUND else account.fill_rate(products),
                against=ratio(sums, paid, number, below),
            )
