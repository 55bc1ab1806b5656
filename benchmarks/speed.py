"""`planner bench speed`: periods simulated per CPU second, beside the public OR-Gym environment.

OR-Gym needs an old gym and an old NumPy, so it lives in a virtual environment of its own, whose
Python the variable ORGYM_PYTHON names:

    python3.11 -m venv orgym && orgym/bin/pip install "numpy<2" scipy pandas matplotlib networkx
    orgym/bin/pip install "setuptools<66" "wheel<0.40"
    orgym/bin/pip install --no-build-isolation "gym==0.21.0"
    orgym/bin/pip install --no-deps "or-gym==0.5.0"
    ORGYM_PYTHON=orgym/bin/python planner bench speed

All run on one core and are timed by the seconds they have it, in turns, round by round, so that a
busy machine slows them alike.
"""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter, process_time

import gymnasium
import numpy as np

from benchmarks.results import Result, Row, result_of
from brain.centre import Centre
from brain.lesson import ClassLesson
from brain.vec_env import WEEK, PairedLanes
from data.outlook import MONTHS_AHEAD, Outlook
from data.stock import StockState
from envs.dynamics import advance, opening_state
from envs.inventory_env import SerialConfig
from envs.metrics import estimate
from envs.observation import Traits, no_errors, observe
from envs.world import World, serial_world

RECORDER = Path(__file__).with_name("record_orgym.py")
COST_RATIO = 100.0
SINGLE = np.float32

Episode = Callable[[], int]
"""Plays one episode, or a stretch of one, and returns the lane-periods that were played."""


def run(quick: bool, seed: int) -> Result:
    """Periods per CPU second: OR-Gym, our environment, and our lanes."""
    start = perf_counter()
    rounds, seconds, sizes = (3, 0.5, (1024,)) if quick else (9, 2.0, (64, 256, 1024, 4096))
    players = _players(sizes, seed)
    public: list[float] = []
    paces: dict[str, list[float]] = {case: [] for case in players}
    python = os.environ.get("ORGYM_PYTHON", "")
    for _ in range(rounds):
        if python:
            public.append(_public_pace(python, seconds, seed))
        for case, episode in players.items():
            paces[case].append(_pace(episode, seconds))
    if not public:
        logging.getLogger(__name__).warning(
            "OR-Gym was not timed, so there are no ratios: set ORGYM_PYTHON to the Python of a "
            "virtual environment that has or-gym 0.5.0 (benchmarks/speed.py says how)"
        )
    rows = [_row("same-problem/env", "or-gym", public, [])] if public else []
    rows += [_row(case, "ours", pace, public) for case, pace in paces.items()]
    return result_of("speed", rows, seed, perf_counter() - start, quick)


def _players(sizes: tuple[int, ...], seed: int) -> dict[str, Episode]:
    players: dict[str, Episode] = {"same-problem/env": _environment(seed)}
    for lanes in sizes:
        players[f"same-problem/lanes={lanes}"] = _same_problem(lanes, seed)
        players[f"observed/lanes={lanes}"] = _observed(lanes, seed)
        players[f"training/lanes={lanes}"] = _training(lanes, seed)
    return players


def _pace(episode: Episode, seconds: float) -> float:
    """Lane-periods a CPU second."""
    played, start = 0, process_time()
    while process_time() - start < seconds:
        played += episode()
    return played / (process_time() - start)


def _public_pace(python: str, seconds: float, seed: int) -> float:
    """OR-Gym's steps a CPU second, timed within its own Python."""
    command = [python, str(RECORDER), "pace", str(seconds), str(seed)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        reason = (answer.stderr.strip() or "no message").splitlines()[-1]
        raise RuntimeError(
            f"OR-Gym could not be timed: {python} (ORGYM_PYTHON) left with {reason!r}; check that "
            "or-gym 0.5.0 is installed there, or unset ORGYM_PYTHON to go without"
        )
    return float(answer.stdout)


def _row(case: str, policy: str, paces: list[float], public: list[float]) -> Row:
    found = estimate(np.array(paces))
    return Row(
        case=case,
        policy=policy,
        value=found.value,
        low=found.low,
        high=found.high,
        unit="lane-periods/CPU s",
        reference="or-gym" if public else "",
        ratio=found.value / float(np.mean(public)) if public else None,
        n=len(paces),
    )


def _environment(seed: int) -> Episode:
    """The Gymnasium environment, one period at a time."""
    env = gymnasium.make("Inventory/Serial-v0").unwrapped
    env.reset(seed=seed)
    env.action_space.seed(seed)
    orders = [env.action_space.sample() for _ in range(SerialConfig().periods)]

    def episode() -> int:
        env.reset()
        for order in orders:
            env.step(order)
        return len(orders)

    return episode


def _orgym_world(lanes: int) -> World:
    config = SerialConfig()
    capacity = np.repeat(np.array(config.supply_capacity, SINGLE)[:, None], lanes, axis=1)
    return serial_world(np.repeat(np.array(config.lead_time)[:, None], lanes, axis=1), capacity)


def _orgym_stock(lanes: int) -> StockState:
    on_hand = np.repeat(np.array(SerialConfig().opening_stock)[:, None], lanes, axis=1)
    return StockState(on_hand, np.zeros((*on_hand.shape, 1)), np.zeros(lanes))


def _same_problem(lanes: int, seed: int) -> Episode:
    """OR-Gym's problem on many lanes: its demand, its reward, its 33 numbers, its episodes."""
    config, world, rng = SerialConfig(), _orgym_world(lanes), np.random.default_rng(seed)
    opening = opening_state(_orgym_stock(lanes), world, dtype=SINGLE)
    longest, stages = max(config.lead_time), len(config.lead_time)
    orders = rng.uniform(0, world.supply_capacity).astype(SINGLE)[None]

    def episode() -> int:
        state = opening
        seen = np.zeros((stages * (longest + 1), lanes), SINGLE)
        for _ in range(config.periods):
            demand = config.demand.sample(rng, (1, 1, lanes)).astype(SINGLE)
            state, flows = advance(state, orders, demand, world)
            config.economics.reward(state, flows, world)
            seen = np.concatenate([state.on_hand[0], seen[2 * stages :], orders[0]])
        return lanes * config.periods

    return episode


def _observed(lanes: int, seed: int) -> Episode:
    """OR-Gym's chain and demand, seen every period as a brain sees it."""
    config, world, rng = SerialConfig(), _orgym_world(lanes), np.random.default_rng(seed)
    opening = opening_state(_orgym_stock(lanes), world, dtype=SINGLE)
    mean = np.full((config.periods + MONTHS_AHEAD, lanes), config.demand.mean, SINGLE)
    outlook = Outlook(mean, np.sqrt(mean), world.lead_time)
    ones = np.ones(lanes, SINGLE)
    holding = np.array([1.0, 2 / 3, 1 / 3], SINGLE)[:, None] * ones
    traits = Traits(
        scale=mean[0],
        supply_capacity=world.supply_capacity,
        holding_share=holding,
        cost_ratio=COST_RATIO * ones,
        error_autocorrelation=0 * ones,
        backordered=np.zeros(lanes, bool),
        lead_time_std=0 * holding,
    )
    orders = rng.uniform(0, 40, world.supply_capacity.shape).astype(SINGLE)[None]

    def episode() -> int:
        state, errors = opening, no_errors(1, lanes, SINGLE)
        for t in range(config.periods):
            demand = config.demand.sample(rng, (1, 1, lanes)).astype(SINGLE)
            state, _ = advance(state, orders, demand, world)
            errors = errors.after(demand[:, 0], outlook.mean[t], outlook.std[t])
            observe(state, errors, outlook, traits)
        return lanes * config.periods

    return episode


def _training(lanes: int, seed: int) -> Episode:
    """The training world through Stable-Baselines3's interface; only the learner's lanes count.

    Products and their futures are drawn within, and every lane has a twin that plays the reference.
    """
    centre = Centre((COST_RATIO,), ((2.7, 0.8, 0.3),), ((2.7, 0.8, 0.3),))
    env = PairedLanes(ClassLesson(COST_RATIO), centre, lanes, weeks=34)
    env.seed(seed)
    env.reset()
    draw = np.random.default_rng(seed).normal
    return partial(_week, env, draw(size=(lanes, centre.stages)).astype(SINGLE))


def _week(env: PairedLanes, actions: np.ndarray) -> int:
    env.step(actions)
    return env.num_envs * WEEK
