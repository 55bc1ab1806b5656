"""Order-up-to levels for the ten products: by a buyer's safety stock, and tuned by simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from envs.reference.ten_products import (
    LEAD_TIME,
    MEAN,
    Assortment,
    Episodes,
    Record,
    Terms,
    draw,
    follow,
    replay,
)
from envs.reference.ten_products_bounds import clairvoyant

CELLS = (LEAD_TIME[1] - LEAD_TIME[0] + 1, MEAN[1] - MEAN[0] + 1)
"""Lead times and means that differ; a level is tuned for each pair."""
FACTORS = np.arange(-1.5, 3.51, 0.25)
"""Safety factors that are tried [1]."""
BONUS_SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8)
"""What a product's own good day may be worth, as a share of a perfect day's bonus [1]."""


def window(assortment: Assortment) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of demand over the protection interval L + 1 (E, K) [unit]."""
    mean = assortment.mean * (assortment.lead_time + 1)
    return mean, np.sqrt(mean)


def up_to(episodes: Episodes, level: np.ndarray) -> np.ndarray:
    """What brings each position, on hand and under way, to `level` (E, K) [unit]."""
    position = episodes.on_hand + episodes.pipeline.sum(axis=-1)
    return np.maximum(np.rint(level) - position, 0.0)


def by_safety_stock(episodes: Episodes) -> np.ndarray:
    """Order up to the mean over the protection interval plus the buyer's safety stock (E, K)."""
    ours = episodes.assortment
    return up_to(episodes, window(ours)[0] + ours.safety_stock)


@dataclass(frozen=True)
class Factors:
    """Order up to mean + z sigma of the protection interval, z by lead time and mean (5, 9) [1]."""

    z: np.ndarray

    def of(self, assortment: Assortment) -> np.ndarray:
        """z of every product (E, K) [1]."""
        mean = assortment.mean.astype(int) - MEAN[0]
        chosen: np.ndarray = self.z[assortment.lead_time - LEAD_TIME[0], mean]
        return chosen

    def __call__(self, episodes: Episodes) -> np.ndarray:
        """Orders (E, K) [unit]."""
        mean, std = window(episodes.assortment)
        return up_to(episodes, mean + self.of(episodes.assortment) * std)


def tuned(
    rng: np.random.Generator, episodes: int, terms: Terms | None = None, service: float = 0.0
) -> Factors:
    """The factors of best mean reward among episodes drawn by `rng`.

    Every factor is tried for every product. What a perfect day earns is earned by all products
    together; a share of it stands for one product's part in it, and the best of several shares is
    taken, by the whole reward.

    Args:
        rng: draws the episodes.
        episodes: how many.
        terms: what a day is worth.
        service: least `service` that is allowed; of the tables that keep it the best is taken, or
            else the one that serves most [1].
    """
    terms = terms or Terms()
    assortment = draw(rng, episodes)
    demand = assortment.demand(rng)
    cell = (assortment.lead_time - LEAD_TIME[0]) * CELLS[1] + assortment.mean.astype(int) - MEAN[0]
    possible = replay(assortment, demand, clairvoyant(assortment, demand))
    parts, well, lost = _tried(assortment, demand, cell, terms)
    best: tuple[tuple[bool, float], Factors] | None = None
    for share in BONUS_SHARES:
        for dearer in (1.0, 1.25, 1.5, 2.0, 3.0):
            worth = parts + share * terms.perfect * well + (dearer - 1.0) * terms.unmet * lost
            factors = Factors(FACTORS[worth.argmax(axis=0)].reshape(CELLS))
            record = follow(assortment, demand, factors, terms)
            served = served_share(record, possible)
            kept = served >= service
            rank = (kept, float(record.reward.mean()) if kept else served)
            if best is None or rank > best[0]:
                best = rank, factors
    assert best is not None
    return best[1]


def _tried(
    assortment: Assortment, demand: np.ndarray, cell: np.ndarray, terms: Terms
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """By factor and cell: reward without bonus, good days and units lost of a product (Z, 45)."""
    products = np.maximum(np.bincount(cell.ravel(), minlength=CELLS[0] * CELLS[1]), 1)

    def mean_of(values: np.ndarray) -> np.ndarray:
        sums = np.bincount(cell.ravel(), values.ravel(), minlength=len(products))
        return sums / products

    rows: list[Sequence[np.ndarray]] = []
    for z in FACTORS:
        episodes, rule = Episodes(assortment, demand, terms), Factors(np.full(CELLS, z))
        parts, well, lost = (np.zeros(assortment.shape) for _ in range(3))
        while not episodes.over:
            day = episodes.step(rule(episodes))
            parts += day.holding + day.unmet + day.excess
            well += ~(day.short | day.over)
            lost += day.unmet / terms.unmet
        rows.append([mean_of(values) for values in (parts, well, lost)])
    parts, well, lost = np.stack(rows, axis=1)
    return parts, well, lost


def fill_rate(record: Record) -> float:
    """Units served / units demanded, all episodes together [1]."""
    return float(record.served.sum() / record.demanded.sum())


def served_share(record: Record, possible: Record) -> float:
    """Units served / units that could be served if all demand were known [1].

    What is lost before a first delivery can arrive is nobody's fault, and differs from one set of
    episodes to another by more than policies do.
    """
    return float(record.served.sum() / possible.served.sum())
