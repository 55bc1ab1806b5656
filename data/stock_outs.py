"""Stretches without a sale that are too long to be chance: guessed stock-outs, with their odds.

Where the file does not say what was in stock, an empty shelf looks like no demand. What gives it
away is a run of days without a sale that the product's own habit makes incredible. The habit is
taken as cautiously as the data allow, because calling quiet days a stock-out inflates a forecast:

- the share of selling days is the least of the `WINDOW` days before, as many after, and the same
  days a year before and a year after where the file has them, so that neither a season nor the end
  of a product's life is taken for an empty shelf;
- a day without a sale is followed by another with the product's own probability outside the run
  (a Markov chain of order one), so that demand in clusters is not either;
- weekdays weigh as they do in the whole file;
- the chance of the run is compared with `RARE` / all runs of the file (Bonferroni 1936).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RARE = 0.01
"""Chance, over the whole file, of taking one quiet stretch for a stock-out."""
WINDOW = 60
"""Trading days before and after a run by which it is judged."""
FEWEST = 20
"""Trading days that must be known on each side."""
PRIOR = 4.0
"""Silent days that independence counts for, beside those seen, in the chain's probability."""
YEAR = 364
"""Days: a year of whole weeks."""
CHUNK = 4096
"""Products looked at together; bounds memory."""


@dataclass(frozen=True)
class Silences:
    """Runs of trading days without a sale that chance does not explain.

    Attributes:
        product: of each run (R,).
        begin: first day (R,).
        end: day after the last (R,); for a silence that lasts, the end of the file.
        days: trading days within (R,).
        chance: upper bound of the probability of a run that long (R,) [1].
    """

    product: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    days: np.ndarray
    chance: np.ndarray

    def __len__(self) -> int:
        return len(self.product)

    def take(self, which: np.ndarray) -> Silences:
        """The runs at `which` (indices or a mask)."""
        return Silences(
            self.product[which],
            self.begin[which],
            self.end[which],
            self.days[which],
            self.chance[which],
        )


def silences(
    sold: np.ndarray, counted: np.ndarray, opened: np.ndarray, weekday: int
) -> tuple[Silences, Silences]:
    """Runs without a sale too long for chance: those that ended, and those that last.

    Args:
        sold: True where the product sold (D, K).
        counted: True where a day without a sale would say something (D, K): on offer, and told.
        opened: True on trading days (D,).
        weekday: of the first day, Monday being 0.
    """
    days = np.flatnonzero(opened)
    name_of = (weekday + days) % 7
    share = _weekday_shares(sold, counted, days, name_of)
    ended: list[tuple[np.ndarray, ...]] = []
    lasting: list[tuple[np.ndarray, ...]] = []
    for first in range(0, sold.shape[1], CHUNK):
        some = slice(first, first + CHUNK)
        chain = _Chain(sold[days, some], counted[days, some], days, name_of, share)
        for place, found in ((ended, chain.ended()), (lasting, chain.lasting())):
            place.append((found.product + first, found.begin, found.end, found.days, found.chance))
    return _rare(ended), _rare(lasting)


def _rare(parts: list[tuple[np.ndarray, ...]]) -> Silences:
    found = Silences(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return found.take(found.chance < RARE / max(len(found), 1))


def _weekday_shares(
    sold: np.ndarray, counted: np.ndarray, days: np.ndarray, name_of: np.ndarray
) -> np.ndarray:
    """How much more often than on an average trading day a product sells on each weekday (7,)."""
    sales, offers = sold[days].sum(axis=1), counted[days].sum(axis=1)
    usual = sales.sum() / max(offers.sum(), 1)
    share = np.ones(7)
    for day in range(7):
        here = name_of == day
        if usual > 0 and offers[here].sum() > 0:
            share[day] = sales[here].sum() / offers[here].sum() / usual
    return share


class _Chain:
    """Trading days of some products as a chain of selling and silent days; N days, K products."""

    def __init__(
        self,
        sold: np.ndarray,
        counted: np.ndarray,
        days: np.ndarray,
        name_of: np.ndarray,
        share: np.ndarray,
    ) -> None:
        self._days, self._name_of, self._share = days, name_of, share
        sold, silent = sold & counted, ~sold & counted
        self._silent = silent
        self._sales, self._known = _summed(sold), _summed(counted)
        self._pairs = (silent[1:] & silent[:-1]).sum(axis=0)
        self._followed = (silent[:-1] & counted[1:]).sum(axis=0)
        self._weekdays = _summed(name_of[:, None] == np.arange(7))

    def ended(self) -> Silences:
        """The runs that ended, with their chance."""
        product, begin, end = self._runs()
        length = len(self._silent)
        inside = (begin > 0) & (end < length)
        product, begin, end = product[inside], begin[inside], end[inside]
        sides = (
            (np.maximum(begin - WINDOW, 0), begin),
            (end, np.minimum(end + WINDOW, length)),
        )
        enough = np.all([self._count(self._known, product, *side) >= FEWEST for side in sides], 0)
        product, begin, end = product[enough], begin[enough], end[enough]
        share = np.min(
            [self._share_of_days(product, low[enough], high[enough]) for low, high in sides], axis=0
        )
        share = np.minimum(share, self._season(product, begin, end))
        return self._judged(product, begin, end, share)

    def lasting(self) -> Silences:
        """The runs that reach the end of the file, with their chance."""
        product, begin, end = self._runs()
        last = (end == len(self._silent)) & (begin > 0)
        product, begin, end = product[last], begin[last], end[last]
        low = np.maximum(begin - WINDOW, 0)
        enough = self._count(self._known, product, low, begin) >= FEWEST
        product, begin, end, low = product[enough], begin[enough], end[enough], low[enough]
        share = self._share_of_days(product, low, begin)
        share = np.minimum(share, self._season(product, begin, end))
        return self._judged(product, begin, end, share)

    def _runs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        padded = np.zeros((len(self._silent) + 2, self._silent.shape[1]), dtype=np.int8)
        padded[1:-1] = self._silent
        product, edge = np.nonzero(np.diff(padded, axis=0).T)
        return product[::2], edge[::2], edge[1::2]

    def _count(
        self, sums: np.ndarray, product: np.ndarray, low: np.ndarray, high: np.ndarray
    ) -> np.ndarray:
        return sums[high, product] - sums[low, product]

    def _share_of_days(self, product: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Selling days / known days, by the rule of succession, never 1."""
        known = self._count(self._known, product, low, high)
        return self._count(self._sales, product, low, high) / (known + 1)

    def _season(self, product: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
        """The least share of selling days in the same weeks of the years around; 1 if unknown.

        Days before the first sale count as silent: whether the product was on offer is not known.
        """
        least = np.ones(len(product))
        for years in (-YEAR, YEAR):
            low = np.searchsorted(self._days, self._days[begin] + years)
            high = np.searchsorted(self._days, self._days[end - 1] + years, side="right")
            known = high > low
            wider = (np.maximum(FEWEST - (high - low), 0) + 1) // 2
            low = np.maximum(low - wider, 0)
            high = np.maximum(np.minimum(high + wider, len(self._days)), low)
            share = self._count(self._sales, product, low, high) / (high - low + 1)
            least = np.where(known, np.minimum(least, share), least)
        return least

    def _judged(
        self, product: np.ndarray, begin: np.ndarray, end: np.ndarray, share: np.ndarray
    ) -> Silences:
        length = end - begin
        pairs = self._pairs[product] - (length - 1)
        followed = self._followed[product] - length + (end == len(self._silent))
        stays = (pairs + PRIOR * (1 - share)) / (followed + PRIOR)
        quiet = np.clip(np.maximum(1 - share, stays), 0.0, 1.0)
        named = self._weekdays[end] - self._weekdays[begin]
        sells = np.clip((1 - quiet)[:, None] * self._share, 0.0, 0.999)
        chance = np.exp((named * np.log1p(-sells)).sum(axis=1))
        last = self._days[end - 1] + 1
        return Silences(product, self._days[begin], last, length, chance)


def _summed(marked: np.ndarray) -> np.ndarray:
    """Counts before each day (N + 1, K)."""
    sums = np.zeros((len(marked) + 1, marked.shape[1]), dtype=np.int32)
    np.cumsum(marked, axis=0, dtype=np.int32, out=sums[1:])
    return sums
