"""`echelon/SerialHybrid-v0` and `echelon/SerialHybridOrders-v0`: a chain whose sigma moves.

One class, two ways to see and two ways to act. Importing this registers the usual two of the four.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box

from data.outlook import outlook_of
from envs.dynamics import State, opening_state
from envs.policies import Policy
from envs.reference.serial_hybrid import LARGEST_SIGMA, STAGES, SUPPLY, Course, Drawn, draw
from envs.reference.serial_hybrid_policies import REVIEW, SEEN, SafetyUnits
from envs.reference.serial_profiles import FIXED_PROFILES, SPANS, VARYING
from envs.simulator import Period, play

ORDERS_SEEN = 10
"""Days whose orders are seen [day]."""
LARGEST_SAFETY = 100.0
"""Of each stage, where nothing else is said [unit]."""


class Sight(Enum):
    """What is observed."""

    ORDERS = "orders"
    """The stock of each stage and the orders of the last ten days, oldest first: 33 numbers."""
    FORECAST = "forecast"
    """What is under way by days until arrival, the forecast and the sigma of the next fifteen
    days, the last demand, stock, today's lead times, and the logarithm to base 10 of the ratio."""


class Act(Enum):
    """What an action is."""

    ORDERS = "orders"
    """What each stage orders today [unit]."""
    SAFETY = "safety"
    """Safety stock of each stage, held for a review in which it orders daily [unit]."""


@dataclass(frozen=True)
class SerialHybridConfig:
    """What is played, seen and done.

    Attributes:
        course: what is drawn; one product.
        sight: what is observed.
        act: what an action is.
        review: days that a safety stock is held for [day].
        largest_safety: that an action may ask for at a stage [unit].
        curriculum: largest sigma of each stage of a curriculum, in turn [unit/day]; the
            environment begins at the first and moves on when told to (`at_stage`). Empty for the
            course's own.
    """

    course: Course = field(default_factory=Course)
    sight: Sight = Sight.FORECAST
    act: Act = Act.SAFETY
    review: int = REVIEW
    largest_safety: float = LARGEST_SAFETY
    curriculum: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.course.products != 1:
            raise ValueError(
                f"the course draws {self.course.products} products, an environment plays 1; "
                "set products to 1"
            )
        if not 1 <= self.review <= self.course.days:
            raise ValueError(
                f"review is {self.review}, expected 1 to the {self.course.days} days of an episode"
            )
        if not (np.isfinite(self.largest_safety) and self.largest_safety > 0):
            raise ValueError(
                f"largest_safety is {self.largest_safety}, expected a finite number above 0; it "
                "bounds the action space"
            )
        if any(sigma < 1 for sigma in self.curriculum):
            raise ValueError(
                f"curriculum is {self.curriculum}, expected largest sigmas of 1 or more, such as "
                f"{LARGEST_SIGMA}"
            )


class SerialHybridEnv(gymnasium.Env[np.ndarray, np.ndarray]):
    """`echelon/SerialHybrid-v0`: safety stock for a chain whose forecast error moves.

    Observation and action: as the config's `Sight` and `Act` say. Reward: minus the cost of the
    step, which is a day or a review: holding, missed sales and, where space is limited, overflow
    [money]. `info` has it term by term, and the units demanded, served, lost and shipped. The
    chain goes on after an episode, so it is truncated.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own attribute

    def __init__(
        self, config: SerialHybridConfig | None = None, render_mode: str | None = None
    ) -> None:
        self.config = config = config or SerialHybridConfig()
        self.render_mode = render_mode
        self._longest = _longest_lead_time(config.course)
        highest = np.array(SUPPLY, dtype=np.float32)
        if config.act is Act.SAFETY:
            highest = np.full(STAGES, config.largest_safety, np.float32)
        self._highest = highest
        self.action_space = Box(0.0, highest, dtype=np.float32)
        size = STAGES * (1 + ORDERS_SEEN)
        if config.sight is Sight.FORECAST:
            size = STAGES * (2 + self._longest) + 2 * SEEN + 2
        self.observation_space = Box(-np.inf, np.inf, (size,), np.float32)
        self._stage = 0
        self._state: State | None = None

    @property
    def course(self) -> Course:
        """What the next episode is drawn from."""
        config = self.config
        if not config.curriculum:
            return config.course
        return config.course.take_sigma(config.curriculum[self._stage])

    def at_stage(self, stage: int) -> None:
        """Draw from that stage of the curriculum, 0 the first, from the next episode on."""
        if not 0 <= stage < len(self.config.curriculum):
            raise ValueError(
                f"stage {stage} of a curriculum of {len(self.config.curriculum)}; expected one "
                f"of its stages, counted from 0"
            )
        self._stage = stage

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """A new product and a new demand path."""
        super().reset(seed=seed)
        drawn = draw(self.np_random, self.course)
        return self.begin(drawn, drawn.demand(self.np_random)), {}

    def begin(self, drawn: Drawn, demand: np.ndarray) -> np.ndarray:
        """Play this problem against this demand (1, T, 1) [unit]; its first observation."""
        self.drawn, self.demand = drawn, demand
        self._state = opening_state(drawn.scenario.stock, drawn.world)
        self._asked = np.zeros((STAGES, 1))
        self._play = play(drawn.world, drawn.rates, self._state, self._policy(drawn), demand)
        self._ordered = np.zeros((ORDERS_SEEN, STAGES))
        self._last_demand = 0.0
        return self._observation(self._state)

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """A day, or a review of safety stocks; `info` has its money and its units."""
        state, days = self._state, self.config.course.days
        if state is None or state.period >= days:
            raise RuntimeError("no episode is under way; call reset() before step()")
        asked = np.asarray(action, dtype=np.float64)
        self._asked = np.clip(asked, 0.0, self._highest)[:, None]
        length = 1 if self.config.act is Act.ORDERS else self.config.review
        info: dict[str, Any] = dict.fromkeys(
            ("holding", "shortage", "overflow", "demand", "served", "lost"), 0.0
        )
        info["shipped"] = np.zeros(STAGES)
        for _ in range(min(length, days - state.period)):
            self._note(next(self._play), info)
        cost = info["holding"] + info["shortage"] + info["overflow"]
        assert self._state is not None
        over = self._state.period >= days
        return self._observation(self._state), -cost, False, over, info

    def _policy(self, drawn: Drawn) -> Policy:
        """What turns the action into orders."""
        if self.config.act is Act.ORDERS:
            return lambda situation: self._asked[None]
        outlook = outlook_of(drawn.scenario, drawn.course.days)
        return SafetyUnits(outlook, lambda situation: self._asked)

    def _note(self, day: Period, info: dict[str, Any]) -> None:
        """Add a day to what is told of the step, and keep what is seen of it."""
        flows = day.flows
        for term in ("holding", "shortage", "overflow"):
            info[term] += float(getattr(day.costs, term).sum())
        for name in ("demand", "served", "lost"):
            info[name] += float(getattr(flows, name).sum())
        info["shipped"] = info["shipped"] + flows.shipped[0, :, 0]
        ordered = np.minimum(flows.ordered[0, :, 0], SUPPLY)
        self._ordered = np.vstack([self._ordered, ordered])[1:]
        self._last_demand = float(flows.demand.sum())
        self._state = day.after

    def _observation(self, state: State) -> np.ndarray:
        on_hand = state.on_hand[0, :, 0]
        if self.config.sight is Sight.ORDERS:
            return np.concatenate([on_hand, self._ordered.ravel()]).astype(np.float32)
        drawn, today = self.drawn, state.period
        under_way = np.zeros((STAGES, self._longest))
        under_way[:, : state.pipeline.shape[-1]] = state.pipeline[0, :, 0]
        ahead = slice(today, today + SEEN)
        seen = (
            under_way.ravel(),
            drawn.mean[ahead, 0],
            drawn.sigma[ahead, 0],
            [self._last_demand],
            on_hand,
            drawn.world.lead_time_in(today)[:, 0],
            np.log10(drawn.scenario.products.cost_ratio),
        )
        return np.concatenate(seen).astype(np.float32)


def _longest_lead_time(course: Course) -> int:
    """That a stage may come to have [day]."""
    if not isinstance(course.profile, str):
        return max(course.profile)
    if course.profile == VARYING:
        return max(high for _, high in SPANS)
    return max(FIXED_PROFILES[course.profile])


ORDERS = SerialHybridConfig(sight=Sight.ORDERS, act=Act.ORDERS)
gymnasium.register("echelon/SerialHybrid-v0", f"{__name__}:SerialHybridEnv")
gymnasium.register(
    "echelon/SerialHybridOrders-v0", f"{__name__}:SerialHybridEnv", kwargs={"config": ORDERS}
)
