"""`echelon/WeeklyContainers-v0`: weekly container orders as a Gymnasium environment, and lanes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from data.containers import WeeklyProblem, made_up
from envs.reference.weekly_containers import SEEN, Weeks, orders_of, scene, seen


class WeeklyContainersEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """`echelon/WeeklyContainers-v0`: what to order of every item each week.

    Action: for each item a number from -1 to 1 (K,); -1 orders nothing, 1 up to one and a half
    times the forecast until arrival and the target. Orders are brought within ramping and
    containers by `within`. Observation: `seen` (K * 6,). Reward: worth of the week; `info` has its
    parts, and `info["told"]` at the end the figures of `Record`. An episode is the problem's
    weeks with demand of its own, so it terminates.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(
        self, problem: WeeklyProblem | None = None, render_mode: str | None = None
    ) -> None:
        self.problem = problem or made_up(np.random.default_rng(1), ramped=True)
        self.render_mode = render_mode
        items = len(self.problem.item)
        self.action_space = Box(-1.0, 1.0, (items,), np.float32)
        self.observation_space = Box(0.0, np.inf, (items * SEEN,), np.float32)
        self.weeks: Weeks | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """The first week again, with new demand to come."""
        super().reset(seed=seed)
        self.weeks = Weeks(self.problem, self.problem.demand(self.np_random, 1))
        return seen(self.weeks)[0].astype(np.float32), {}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One week; `info` has the parts of its worth."""
        weeks = self.weeks
        if weeks is None or weeks.over:
            raise RuntimeError("no episode is under way; call reset() before step()")
        worth = weeks.step(orders_of(weeks, np.asarray(action, dtype=float)[None]))
        info: dict[str, Any] = {
            name: float(getattr(worth, name)[0]) for name in ("reward", "over", "unmet")
        }
        if weeks.over:
            info["told"] = weeks.record().told(0)
        value = float(worth.value[0])
        return seen(weeks)[0].astype(np.float32), value, weeks.over, False, info

    def scene(self) -> dict[str, Any]:
        """The moment, for charts; empty before the first episode."""
        return {} if self.weeks is None else scene(self.weeks)


class WeeklyLanes:
    """Many paths of one problem to learn from; see `brain.reference.lanes`.

    Args:
        problem: items, stock, containers.
        lanes: paths N.
    """

    def __init__(self, problem: WeeklyProblem, lanes: int) -> None:
        self.problem, self.lanes = problem, lanes
        self.observation_size = len(problem.item) * SEEN
        self.action_space = Box(-1.0, 1.0, (len(problem.item),), np.float32)
        self._weeks: Weeks | None = None

    def reset(self, rng: np.random.Generator) -> np.ndarray:
        """New paths; their observations (N, K * 6)."""
        self._weeks = Weeks(self.problem, self.problem.demand(rng, self.lanes))
        return seen(self._weeks)

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool, Sequence[dict[str, float]]]:
        """Observations (N, K * 6), rewards (N,), whether it is over, and the paths' figures."""
        weeks = self._weeks
        assert weeks is not None, "call reset() before step()"
        rewards = weeks.step(orders_of(weeks, actions)).value
        told: list[dict[str, float]] = []
        if weeks.over:
            record = weeks.record()
            told = [record.told(path) for path in range(self.lanes)]
        return seen(weeks), rewards, weeks.over, told

    def scene(self) -> dict[str, Any]:
        """The first path at this moment."""
        return {} if self._weeks is None else scene(self._weeks)


gymnasium.register("echelon/WeeklyContainers-v0", f"{__name__}:WeeklyContainersEnv")
