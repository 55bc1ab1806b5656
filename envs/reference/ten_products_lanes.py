"""The ten products as lanes to learn from: one net orders for every product, each by itself.

A product's order is a level to order up to, told as the distance of its safety factor from a tuned
one; what is seen is scale-free, and of the other products only whether they leave a bonus to win.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium.spaces import Box
from scipy.special import ndtr

from envs.reference.ten_products import LONGEST_LEAD_TIME, PRODUCTS, Day, Episodes, draw, scene
from envs.reference.ten_products_levels import Factors, up_to, window

REACH = 2.0
"""How far a safety factor may go from the tuned one [1]."""
SEEN = (
    "position_above_level",
    "on_hand",
    *(f"due_in_{day}" for day in range(1, LONGEST_LEAD_TIME + 1)),
    "lead_time",
    "log_mean",
    "tuned_factor",
    "others_above",
    "others_well_by_then",
    "days_left",
)
"""What is seen of a product: sigmas above its tuned level, days of mean demand, days, shares."""


def product_view(episodes: Episodes, centre: Factors) -> np.ndarray:
    """What each product's order is decided on (E K, 13)."""
    ours, mean = episodes.assortment, episodes.assortment.mean
    z, (expected, std) = centre.of(ours), window(ours)
    position = episodes.on_hand + episodes.pipeline.sum(axis=-1)
    above = (position - expected - z * std) / std
    over = episodes.on_hand > episodes.maximum
    others = (over.sum(axis=1, keepdims=True) - over) / (ours.shape[1] - 1)
    left = np.full(ours.shape, float(len(episodes.demand) - episodes.state.period))
    due = np.moveaxis(episodes.pipeline / mean[..., None], -1, 0)
    columns = [above, episodes.on_hand / mean, *due]
    columns += [ours.lead_time, np.log(mean), z, others, _well_by_then(episodes), left]
    return np.stack(columns, axis=-1).reshape(mean.size, len(SEEN))


def _well_by_then(episodes: Episodes) -> np.ndarray:
    """Chance that all other products are well when a product's order of today arrives (E, K) [1].

    By the normal law, from what each has and awaits by then; what others may yet order in between
    is left out, and they run short only before they could be delivered anew.
    """
    ours = episodes.assortment
    coming = episodes.on_hand[..., None] + np.cumsum(episodes.pipeline, axis=-1)
    mine, theirs = ours.lead_time[:, :, None], ours.lead_time[:, None, :]
    mean = ours.mean[:, None, :]

    def ahead(day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Each product's expected stock at the end of that many days from today, and its spread."""
        slot = np.minimum(day, LONGEST_LEAD_TIME - 1)
        stock = np.take_along_axis(coming[:, None], slot[..., None], axis=-1)[..., 0]
        return stock - mean * (day + 1), np.sqrt(mean * (day + 1))

    left, spread = ahead(np.broadcast_to(mine, (*ours.shape, ours.shape[1])))
    not_over = ndtr((episodes.maximum[:, None, :] - left) / spread)
    left, spread = ahead(np.minimum(mine, theirs - 1))
    well = np.clip(not_over - ndtr(-left / spread), 0.0, 1.0)
    itself = np.eye(ours.shape[1], dtype=bool)
    chance: np.ndarray = np.where(itself, 1.0, well).prod(axis=-1)
    return chance


def orders_of(episodes: Episodes, centre: Factors, distance: np.ndarray) -> np.ndarray:
    """Orders (E, K) that safety factors at this distance (E K,) from the tuned ones make [unit]."""
    mean, std = window(episodes.assortment)
    z = centre.of(episodes.assortment) + distance.reshape(mean.shape)
    return up_to(episodes, mean + z * std)


class ProductLanes:
    """Products as lanes; see `brain.reference.lanes`.

    A lane earns its product's own parts of the reward, and the whole bonus of a perfect day: that
    is what the day is worth to it, since without it the day would not have been perfect.

    Args:
        episodes: at once E; there are ten times as many lanes.
        centre: the factors that are acted around.
        dearer: how many times its price a unit of unmet demand counts, for policies that must
            serve more than the reward asks for [1].
    """

    observation_size = len(SEEN)

    def __init__(self, episodes: int, centre: Factors, dearer: float = 1.0) -> None:
        self.lanes = episodes * PRODUCTS
        self.action_space = Box(-REACH, REACH, (1,), np.float32)
        self._count, self._centre, self._dearer = episodes, centre, dearer
        self._episodes: Episodes | None = None
        self._day: Day | None = None
        self._ordered = np.zeros(PRODUCTS)

    def reset(self, rng: np.random.Generator) -> np.ndarray:
        """New products; their observations (N, 13)."""
        assortment = draw(rng, self._count)
        self._episodes = Episodes(assortment, assortment.demand(rng))
        self._day, self._ordered = None, np.zeros(PRODUCTS)
        return product_view(self._episodes, self._centre)

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool, Sequence[dict[str, float]]]:
        """Observations (N, 13), rewards (N,), whether it is over, and the episodes' figures."""
        episodes = self._episodes
        assert episodes is not None, "call reset() before step()"
        orders = orders_of(episodes, self._centre, actions)
        day = self._day = episodes.step(orders)
        self._ordered = orders[0]
        rewards = day.holding + self._dearer * day.unmet + day.excess + day.bonus[:, None]
        told: list[dict[str, float]] = []
        if episodes.over:
            record = episodes.record()
            told = [record.told(one) for one in range(self._count)]
        return product_view(episodes, self._centre), rewards.ravel(), episodes.over, told

    def scene(self) -> dict[str, Any]:
        """The first episode at this moment."""
        if self._episodes is None:
            return {}
        return scene(self._episodes, self._day, self._ordered)
