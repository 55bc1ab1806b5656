"""`serial-hybrid` as lanes to learn from: many chains at once, each beside a reference of its own.

What is done is told as the distance of safety factors from tuned constants, what is seen in sigmas
and days of demand, and what is earned is what was saved against the constants on the same demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium.spaces import Box

from envs.dynamics import State, echelon_sum, opening_state
from envs.policies import HIGHEST_Z, LOWEST_Z, SafetyStockRule
from envs.reference.serial_hybrid import DAYS, LARGEST_SIGMA, STAGES, Course, draw
from envs.reference.serial_hybrid_chains import Chains, Factors, side_by_side
from envs.reference.serial_hybrid_policies import SEEN as AHEAD
from envs.simulator import Period, play

DAMPING = 0.1
"""Rewards are over the cost ratio to this power: the dearer a miss, the louder is chance [1]."""
REACH = 2.0
"""How far a safety factor may go from the tuned one [1]."""
SETTLING = 20
"""Days after an episode in which what it ordered comes to be of use or not [day]."""
STAGE_BEGINS = (0.0, 0.15, 0.3)
"""Share of the training that is done when each stage of the curriculum begins [1]."""
BLOCK = 3
"""Days of sight that are told as one [day]."""
SOON = 4
"""Days for which arrivals at the shelf are told one by one [day]."""
SMALLEST_MEAN = 1e-9
"""In place of no demand, where it is divided by [unit/day]."""
GAP_FLOOR = 0.05
"""Of a mean window of the shelf, added to the sigma that gaps are told in [1]."""
PER_STAGE = ("echelon_gap", "on_hand", "in_transit", "window_sigma", "lead_time", "lead_time_today")
SEEN = (
    *(f"{name}_{stage}" for name in PER_STAGE for stage in range(STAGES)),
    *(f"sigma_in_{day}" for day in range(0, AHEAD, BLOCK)),
    *(f"mean_in_{day}" for day in range(0, AHEAD, BLOCK)),
    *(f"arriving_{day}" for day in range(1, SOON + 1)),
    "log_ratio",
)
"""What is seen of a product: gaps in sigmas, units and sigmas in days of mean demand, lead times in
days, and the logarithm to base 10 of the cost ratio."""


def view(state: State, chains: Chains) -> np.ndarray:
    """What safety factors are decided on (P, K, 33), in the order of `SEEN`."""
    outlook, sigma = chains.outlook, chains.sigma
    today = state.period
    windows = outlook.windows(today)
    transit = state.in_transit
    position = echelon_sum(state.on_hand + transit)
    gap = (position - windows.echelon_mean) / (windows.echelon_std + GAP_FLOOR * windows.mean[0])
    mean = outlook.mean[today : today + AHEAD]
    daily = np.maximum(mean.mean(axis=0), SMALLEST_MEAN)
    blocks = mean.reshape(-1, BLOCK, mean.shape[1]).mean(axis=1)
    known = np.square(sigma[today : today + AHEAD]).reshape(-1, BLOCK, mean.shape[1])
    paths, stages, products = state.on_hand.shape
    seen = np.empty((len(SEEN), paths, products))
    by_stage = seen[: len(PER_STAGE) * stages].reshape(len(PER_STAGE), stages, paths, products)
    by_stage[0] = np.clip(gap, -5, 10).swapaxes(0, 1)
    by_stage[1] = (state.on_hand / daily).swapaxes(0, 1)
    by_stage[2] = (transit / daily).swapaxes(0, 1)
    by_stage[3] = (windows.std / daily)[:, None]
    by_stage[4] = outlook.lead_time[:, None]
    by_stage[5] = chains.world.lead_time_in(today)[:, None]
    rest = iter(seen[len(PER_STAGE) * stages :])
    for block in np.sqrt(known.mean(axis=1)):
        next(rest)[:] = block / daily
    for block in blocks:
        next(rest)[:] = block / daily
    for day in range(SOON):
        due = state.pipeline[:, 0, :, day] if day < state.pipeline.shape[-1] else 0.0
        next(rest)[:] = due / daily
    next(rest)[:] = np.log10(chains.ratio)
    return np.moveaxis(seen, 0, -1)


class SerialHybridLanes:
    """Chains as lanes; see `brain.reference.lanes`.

    A decision is the distance of each stage's safety factor from its constant, held for a review
    in which every stage orders daily. It earns what the constants cost more on the same demand, in
    expectation over each day's own demand, per `Chains.scale`. The last decision of an episode
    answers for some days more, which the constants play: nothing is gained by emptying chains.

    Args:
        lanes: N, in equal parts of each course and each sigma reached so far.
        steps: decisions of all lanes in the whole training, over which sigma grows.
        centre: the constants.
        courses: what is drawn, but for sigma and length.
        review: days that a decision is held for [day].
    """

    observation_size = len(SEEN)

    def __init__(
        self,
        lanes: int,
        steps: int,
        centre: Factors,
        courses: Sequence[Course],
        review: int = 1,
    ) -> None:
        self.lanes, self._steps, self._centre = lanes, steps, centre
        self._courses, self._review = courses, review
        self.action_space = Box(-REACH, REACH, (STAGES,), np.float32)
        self._taken = 0
        self.chains: Chains | None = None

    @property
    def stage(self) -> int:
        """Of the curriculum, 0 the first, by the share of the training that is done."""
        return sum(self._taken >= share * self._steps for share in STAGE_BEGINS[1:])

    def reset(self, rng: np.random.Generator) -> np.ndarray:
        """New products; their observations (N, 33)."""
        chains = self._drawn(rng)
        return self.begin(chains, chains.demand(rng))

    def begin(self, chains: Chains, demand: np.ndarray) -> np.ndarray:
        """These products, and what their customers want (1, T, K); their observations (N, 33)."""
        self.chains = chains
        z = self._centre.of(chains.ratio)
        self._reference = z
        self._z = np.stack([z, z])
        self._state = opening_state(chains.stock, chains.world, paths=2)
        rule = SafetyStockRule(chains.outlook, lambda situation: self._z)
        both = np.broadcast_to(demand, (2, *demand.shape[1:]))
        self._play = play(chains.world, chains.rates, self._state, rule, both)
        self._spent = np.zeros((2, self.lanes))
        return self._seen(chains)

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool, Sequence[dict[str, float]]]:
        """Observations (N, 33), rewards (N,), whether it is over, and the episodes' figures."""
        chains = self.chains
        assert chains is not None, "call reset() before step()"
        self._taken += self.lanes
        self._z[0] = np.clip(self._reference + actions.T, LOWEST_Z, HIGHEST_Z)
        last = chains.days - SETTLING
        cost = self._days(chains, min(self._review, last - self._state.period))
        over = self._state.period >= last
        self._spent += cost
        seen = self._seen(chains)
        told: list[dict[str, float]] = []
        if over:
            told = [{"share_of_reference": float(share)} for share in self._share()]
            self._z[0] = self._reference
            cost = cost + self._days(chains, SETTLING)
        saved = (cost[1] - cost[0]) / (chains.scale * self._review)
        return seen, saved / np.power(chains.ratio, DAMPING), over, told

    def scene(self) -> dict[str, Any]:
        """The first lane at this moment."""
        chains = self.chains
        if chains is None:
            return {}
        state = self._state
        return {
            "day": state.period,
            "ratio": float(chains.ratio[0]),
            "z": self._z[0, :, 0],
            "reference_z": self._reference[:, 0],
            "on_hand": state.on_hand[0, :, 0],
            "in_transit": state.in_transit[0, :, 0],
        }

    def _days(self, chains: Chains, count: int) -> np.ndarray:
        """What so many days cost the learner and its reference (2, N) [money]."""
        cost = np.zeros((2, self.lanes))
        for _ in range(count):
            day: Period = next(self._play)
            cost += chains.expected_cost(day)
            self._state = day.after
        return cost

    def _seen(self, chains: Chains) -> np.ndarray:
        return view(self._state, chains)[0]

    def _share(self) -> np.ndarray:
        """What the episodes cost / what the reference's did (N,) [1]."""
        share: np.ndarray = self._spent[0] / self._spent[1]
        return share

    def _drawn(self, rng: np.random.Generator) -> Chains:
        """Products of all courses and of the sigmas reached so far, in equal parts."""
        kinds = [
            replace(course, sigma_max=sigma, days=DAYS + SETTLING)
            for course in self._courses
            for sigma in LARGEST_SIGMA[: self.stage + 1]
        ]
        bounds = np.linspace(0, self.lanes, len(kinds) + 1).astype(int)
        return side_by_side(
            [
                draw(rng, replace(kind, products=int(count)))
                for kind, count in zip(kinds, np.diff(bounds), strict=True)
                if count
            ]
        )
