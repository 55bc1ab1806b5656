"""The distribution problem as Gymnasium environments, and many of it side by side.

`echelon/Distribution-v0` is the small one: 64 observations, 27 actions, 28 days.
`echelon/DistributionMonth-v0` sees the stock itself and orders any number of units;
`echelon/DistributionYear-v0` does so for 364 days with a week's rhythm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from envs.dynamics import State
from envs.observation import no_errors
from envs.policies import Situation
from envs.reference.distribution import (
    CENTRE,
    FAR,
    FEATURES,
    MONTH,
    RETAILERS,
    STAGES,
    YEAR,
    Distribution,
    Profit,
    observe,
    one_day,
    opening,
    profit_of,
    sample_demand,
)

LEVELS = 4
"""Levels that an inventory position is rounded to."""
MENU = ((0.0, 10.0, 20.0), (0.0, 10.0, 20.0), (0.0, 50.0, 100.0))
"""What a stage may order where orders are few [unit]."""
JOINT = np.array([(a, b, c) for c in MENU[CENTRE] for a in MENU[0] for b in MENU[1]])
"""The 27 joint orders (27, 3) [unit]."""


class Sight(Enum):
    """What a policy sees."""

    LEVELS = "the stages' inventory positions, four levels each"
    STOCK = "the stock, what is under way and owed, and the calendar"


class Choice(Enum):
    """What a policy may order."""

    MENU = "one of 27 joint orders"
    UNITS = "any whole number of units at each stage"


@dataclass(frozen=True)
class DistributionConfig:
    """Which of the environments it is.

    Attributes:
        task: the facts of the chain.
        sight: what is seen.
        choice: what may be ordered.
    """

    task: Distribution = MONTH
    sight: Sight = Sight.LEVELS
    choice: Choice = Choice.MENU


def levels_of(task: Distribution, state: State) -> np.ndarray:
    """Which of the 64 observations each path is (P,).

    The inventory position of a stage is rounded to the nearest third of its capacity.
    """
    situation = Situation(state, no_errors(len(state.on_hand), 1), task.world)
    third = np.array(task.capacity) / (LEVELS - 1)
    rounded = np.rint(situation.local_position[..., 0] / third)
    level = np.clip(rounded, 0, LEVELS - 1).astype(np.int64)
    return (level[:, CENTRE] * LEVELS + level[:, 0]) * LEVELS + level[:, 1]


def most_seen(task: Distribution) -> np.ndarray:
    """Numbers that no observation of the stock exceeds (13,), by `FEATURES`."""
    supplied = task.days * np.array(task.capacity) + sum(task.opening_stock)
    retailer, centre = supplied[:RETAILERS], supplied[CENTRE:]
    calendar = [max(task.mean)] * (len(FEATURES) - 4 * RETAILERS - 1) + [min(task.days, FAR)]
    return np.concatenate([retailer, retailer, retailer, centre, centre, calendar])


class _Paths:
    """Paths of the problem, moved a day at a time."""

    def __init__(self, config: DistributionConfig, demand: np.ndarray) -> None:
        self.task, self.choice = config.task, config.choice
        self.state = opening(config.task, len(demand))
        self._demand = demand
        self._world = config.task.world

    @property
    def over(self) -> bool:
        return self.state.period >= self.task.days

    def step(self, actions: np.ndarray) -> Profit:
        """What the day earned (P,); actions are numbers of joint orders (P,), or units (P, 3)."""
        orders = JOINT[actions] if self.choice is Choice.MENU else actions
        demand = self._demand[:, self.state.period]
        self.state, flows = one_day(self.task, self._world, self.state, orders[..., None], demand)
        return profit_of(self.task, self.state, flows)


class DistributionEnv(gymnasium.Env[Any, Any]):
    """Order for a distribution centre and two retailers, every day.

    Reward: the day's profit [money]. What is left at the end is worth nothing, so an episode
    terminates. `info` has the terms of the profit.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(
        self, config: DistributionConfig | None = None, render_mode: str | None = None
    ) -> None:
        self.config = config = config or DistributionConfig()
        self.render_mode = render_mode
        self.action_space = action_space(config)
        self.observation_space = (
            Discrete(LEVELS**STAGES)
            if config.sight is Sight.LEVELS
            else Box(0.0, most_seen(config.task).astype(np.float32), (len(FEATURES),), np.float32)
        )
        self._paths: _Paths | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """The opening stock and new demand."""
        super().reset(seed=seed)
        self._paths = _Paths(self.config, sample_demand(self.config.task, self.np_random, 1))
        return self._seen(self._paths.state), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One day; orders are brought to whole units."""
        paths = self._paths
        if paths is None or paths.over:
            raise RuntimeError("no episode is under way; call reset() before step()")
        terms = paths.step(np.asarray(action)[None])
        info = {name: float(value[0]) for name, value in vars(terms).items()}
        return self._seen(paths.state), terms.total.item(), paths.over, False, info

    def _seen(self, state: State) -> Any:
        if self.config.sight is Sight.LEVELS:
            return levels_of(self.config.task, state)[0]
        return observe(self.config.task, state)[0].astype(np.float32)


class DistributionLanes:
    """Episodes side by side, for learners that play many at once; the stock itself is seen."""

    observation_size = len(FEATURES)

    def __init__(self, config: DistributionConfig, lanes: int) -> None:
        """Args: which environment, whatever its sight, and how many episodes N."""
        self.config, self.lanes = config, lanes
        self.action_space = action_space(config)
        self._paths: _Paths | None = None
        self._earned = np.zeros(lanes)

    def reset(self, rng: np.random.Generator) -> np.ndarray:
        """Begin N episodes; their observations (N, 13)."""
        self._paths = _Paths(self.config, sample_demand(self.config.task, rng, self.lanes))
        self._earned = np.zeros(self.lanes)
        return observe(self.config.task, self._paths.state)

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool, Sequence[dict[str, float]]]:
        """Observations (N, 13), profits (N,), whether it is over, and what an episode earned."""
        assert self._paths is not None, "call reset() before step()"
        profit = self._paths.step(actions).total
        self._earned += profit
        over = self._paths.over
        told = [{"reward": float(sum_)} for sum_ in self._earned] if over else []
        return observe(self.config.task, self._paths.state), profit, over, told

    def scene(self) -> dict[str, Any]:
        """The stock of the first episode."""
        if self._paths is None:
            return {}
        seen = observe(self.config.task, self._paths.state)[0]
        return dict(zip(FEATURES, map(float, seen), strict=True))


def action_space(config: DistributionConfig) -> Box | Discrete:
    """Numbers of joint orders, or units at each stage."""
    if config.choice is Choice.MENU:
        return Discrete(len(JOINT))
    return Box(0.0, np.array(config.task.capacity, np.float32), (STAGES,), np.float32)


MONTH_IN_UNITS = DistributionConfig(MONTH, Sight.STOCK, Choice.UNITS)
YEAR_IN_UNITS = DistributionConfig(YEAR, Sight.STOCK, Choice.UNITS)
ENTRY = f"{__name__}:DistributionEnv"
gymnasium.register("echelon/Distribution-v0", ENTRY)
gymnasium.register("echelon/DistributionMonth-v0", ENTRY, kwargs={"config": MONTH_IN_UNITS})
gymnasium.register("echelon/DistributionYear-v0", ENTRY, kwargs={"config": YEAR_IN_UNITS})
