"""`echelon/TenProducts-v0`: the ten products as a Gymnasium environment."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from envs.reference.ten_products import (
    DAYS,
    FEATURES,
    LARGEST_ORDER,
    OPENING,
    PRODUCTS,
    Day,
    Episodes,
    Terms,
    draw,
    scene,
)


class TenProductsEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """`echelon/TenProducts-v0`: order for ten products a day, for thirty days.

    Action: units to order of each product (10,), 0 to 200, taken to the nearest whole unit.
    Observation: the ten `FEATURES` of each product in turn, in units and days (100,). Reward: of
    the day; `info` has its parts. The episode ends with the month, so it terminates; `info["told"]`
    then has the figures of `Record`.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(self, terms: Terms | None = None, render_mode: str | None = None) -> None:
        self.terms, self.render_mode = terms or Terms(), render_mode
        self.action_space = Box(0.0, LARGEST_ORDER, (PRODUCTS,), np.float32)
        most = OPENING[1] + DAYS * LARGEST_ORDER
        self.observation_space = Box(0.0, most, (PRODUCTS * len(FEATURES),), np.float32)
        self.episodes: Episodes | None = None
        self._day: Day | None = None
        self._ordered = np.zeros(PRODUCTS)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """New products, a new month."""
        super().reset(seed=seed)
        assortment = draw(self.np_random)
        self.episodes = Episodes(assortment, assortment.demand(self.np_random), self.terms)
        self._day, self._ordered = None, np.zeros(PRODUCTS)
        return self._observation(self.episodes), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One day; `info` has the parts of the reward."""
        episodes = self.episodes
        if episodes is None or episodes.over:
            raise RuntimeError("no episode is under way; call reset() before step()")
        self._ordered = np.rint(np.clip(np.asarray(action, dtype=float), 0.0, LARGEST_ORDER))
        self._day = day = episodes.step(self._ordered[None])
        info: dict[str, Any] = {
            "holding": float(day.holding.sum()),
            "unmet": float(day.unmet.sum()),
            "excess": float(day.excess.sum()),
            "bonus": float(day.bonus.sum()),
            "perfect": bool(day.perfect.all()),
        }
        if episodes.over:
            info["told"] = episodes.record().told(0)
        return self._observation(episodes), float(day.reward[0]), episodes.over, False, info

    def scene(self) -> dict[str, Any]:
        """The moment, for charts; empty before the first episode."""
        if self.episodes is None:
            return {}
        return scene(self.episodes, self._day, self._ordered)

    def _observation(self, episodes: Episodes) -> np.ndarray:
        return episodes.seen()[0].ravel().astype(np.float32)


gymnasium.register("echelon/TenProducts-v0", f"{__name__}:TenProductsEnv")
