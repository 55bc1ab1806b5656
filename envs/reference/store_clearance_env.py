"""`echelon/StoreClearance-v0`: the shelf by the hour as a Gymnasium environment, and as lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from data.shop import HOURS
from envs.reference.store_clearance import FEATURES, WEEK, Action, Shelves, Store, draw


def usual_store() -> Store:
    """One product that sells 8 units an hour around noon, half as many at week's end, few at night.

    It stands in where no shop's orders were read.
    """
    hour, day = np.arange(WEEK) % HOURS, np.arange(WEEK) // HOURS
    by_hour = 0.2 + 7.8 * np.exp(-0.5 * ((hour - 12.5) / 4.0) ** 2)
    return Store(np.where(day < 5, by_hour, by_hour / 2)[None])


class StoreClearanceEnv(gymnasium.Env[np.ndarray, np.int64]):
    """`echelon/StoreClearance-v0`: order, hold or clear one product, hour by hour.

    Action: 0 orders a lot, 1 holds, 2 clears a lot. Observation: `FEATURES`, in units and hours
    (12,). Reward: profit of the hour; `info` has its parts, and `info["told"]` at the end those of
    the episode. Every episode is about a product drawn from the store, from any hour of the week;
    what is left at the end has its worth, so the episode terminates.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(self, store: Store | None = None, render_mode: str | None = None) -> None:
        self.store, self.render_mode = store or usual_store(), render_mode
        self.action_space = Discrete(len(Action))
        self.observation_space = Box(-np.inf, np.inf, (len(FEATURES),), np.float32)
        self.shelves: Shelves | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """A product, an hour to begin with, and its demand."""
        super().reset(seed=seed)
        self.shelves = Shelves(self.store, draw(self.store, self.np_random, 1))
        return self.shelves.seen()[0].astype(np.float32), {}

    def step(self, action: np.int64) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One hour; `info` has the parts of the profit."""
        shelves = self.shelves
        if shelves is None or shelves.over:
            raise RuntimeError("no episode is under way; call reset() before step()")
        money = shelves.step(np.array([int(action)]))
        info: dict[str, Any] = {
            name: float(getattr(money, name)[0])
            for name in ("revenue", "markdown", "left_over", "purchases", "holding", "stock_out")
        }
        if shelves.over:
            info["told"] = shelves.record().told(0)
        seen = shelves.seen()[0].astype(np.float32)
        return seen, float(money.profit[0]), shelves.over, False, info

    def scene(self) -> dict[str, Any]:
        """The moment, for charts; empty before the first episode."""
        return {} if self.shelves is None else scene(self.shelves)


class StoreLanes:
    """Many episodes to learn from; see `brain.reference.lanes`.

    An hour's reward is its profit, what the stock gained in value, less the margin of all that was
    wanted. Stock counts at cost as far as it is likely to be sold, beyond that at the markdown,
    which is a potential (Ng, Harada and Russell 1999); what is left are the costs of holding,
    clearing and missing sales. Over an episode the difference is the worth of the opening stock and
    the margin of demand, which no policy can change: none changes its rank, and the luck of the
    demand drowns no action.

    Args:
        store: products, shelf and prices.
        lanes: episodes N.
    """

    observation_size = len(FEATURES)

    def __init__(self, store: Store, lanes: int) -> None:
        self.store, self.lanes = store, lanes
        self.action_space = Discrete(len(Action))
        self._shelves: Shelves | None = None

    def reset(self, rng: np.random.Generator) -> np.ndarray:
        """New episodes; their observations (N, 12)."""
        self._shelves = Shelves(self.store, draw(self.store, rng, self.lanes))
        return self._shelves.seen()

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool, Sequence[dict[str, float]]]:
        """Observations (N, 12), rewards (N,), whether it is over, and the episodes' figures."""
        shelves = self._shelves
        assert shelves is not None, "call reset() before step()"
        prices, before = self.store.economics, worth(shelves)
        margin = (prices.price - prices.unit_cost) * shelves.scenarios.demand[shelves.hour]
        rewards = shelves.step(actions).profit - margin - before
        if not shelves.over:
            rewards += worth(shelves)
        told: list[dict[str, float]] = []
        if shelves.over:
            record = shelves.record()
            told = [record.told(lane) for lane in range(self.lanes)]
        return shelves.seen(), rewards, shelves.over, told

    def scene(self) -> dict[str, Any]:
        """The first episode at this moment."""
        return {} if self._shelves is None else scene(self._shelves)


def worth(shelves: Shelves) -> np.ndarray:
    """Stock at cost as far as it is likely to be sold, beyond that at the markdown (E,) [money]."""
    prices, stock = shelves.store.economics, shelves.stock
    sold = np.minimum(stock, shelves.to_the_end)
    value: np.ndarray = prices.unit_cost * sold + prices.markdown * (stock - sold)
    return value


def scene(shelves: Shelves) -> dict[str, Any]:
    """One episode (the first) at this moment."""
    return {
        "hour": shelves.hour,
        "hours": shelves.store.hours,
        "hour_of_week": int(shelves.hour_of_week[0]),
        "stock": float(shelves.stock[0]),
        "capacity": shelves.store.capacity,
        "last_sales": float(shelves.last_sales[0]),
        "so_far": shelves.record().told(0),
    }


gymnasium.register("echelon/StoreClearance-v0", f"{__name__}:StoreClearanceEnv")
