"""Our world moves stock exactly as OR-Gym does (trajectories recorded in tests/golden)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gymnasium
import numpy as np
import pytest

from data.demand import DEMAND_PROFILES
from data.product import Shortage
from data.stock import StockState
from envs.dynamics import advance, opening_state
from envs.inventory_env import SerialConfig, Trade
from envs.world import Unfilled, serial_world

GOLDEN = Path(__file__).parents[1] / "golden"
FILES = {
    "orgym_lost": (Shortage.LOST, Unfilled.FORGOTTEN),
    "orgym_backlog": (Shortage.BACKORDER, Unfilled.OWED),
}


@dataclass(frozen=True)
class Trajectory:
    """One recorded episode."""

    shortage: Shortage
    unfilled: Unfilled
    case: dict[str, np.ndarray]
    period: dict[str, np.ndarray]
    observed: np.ndarray


def trajectories(file: str) -> Iterator[Trajectory]:
    """The episodes of one golden file."""
    with np.load(GOLDEN / f"{file}.npz") as stored:
        joined = dict(stored)
    ends = np.cumsum(joined["periods"])
    width = 3 * (joined["lead_time"].max(axis=1) + 1)
    seen_ends = np.cumsum(joined["periods"] * width)
    for i, periods in enumerate(joined["periods"]):
        rows = slice(ends[i] - periods, ends[i])
        seen = joined["observed"][seen_ends[i] - periods * width[i] : seen_ends[i]]
        by_case = [key for key in joined if len(joined[key]) == len(ends)]
        by_period = [key for key in joined if len(joined[key]) == ends[-1]]
        yield Trajectory(
            *FILES[file],
            case={key: joined[key][i].astype(float) for key in by_case},
            period={key: joined[key][rows].astype(float) for key in by_period},
            observed=seen.reshape(periods, width[i]),
        )


@pytest.mark.parametrize("file", FILES)
def test_units_move_as_in_orgym_to_the_last_bit(file: str) -> None:
    """Stock, pipeline, shipments, sales and what is unmet differ by exactly 0 in every period."""
    short = cut = 0
    for trajectory in trajectories(file):
        case, period = trajectory.case, trajectory.period
        waits = trajectory.shortage is Shortage.BACKORDER
        world = serial_world(
            case["lead_time"][:, None],
            case["supply_capacity"][:, None],
            np.array([waits]),
            trajectory.unfilled,
        )
        stock = StockState(case["opening_stock"][:, None], np.zeros((3, 1, 1)), np.zeros(1))
        state = opening_state(stock, world)
        for t, orders in enumerate(period["orders"]):
            demand = period["demand"][t].reshape(1, 1, 1)
            state, flows = advance(state, orders[None, :, None], demand, world)
            unfilled = (flows.ordered - flows.shipped)[0, :, 0]
            unmet = state.backorders if waits else flows.lost
            recorded = period["backlog" if waits else "lost"][t]
            assert np.array_equal(state.on_hand[0, :, 0], period["on_hand"][t])
            assert np.array_equal(state.in_transit[0, :, 0], period["in_transit"][t])
            assert np.array_equal(flows.shipped[0, :, 0], period["shipped"][t])
            assert flows.served.item() == period["sold"][t]
            assert unmet.item() == recorded[0]
            assert np.array_equal(unfilled, recorded[1:])
            assert np.array_equal(state.owed[0, :, 0], recorded[1:] if waits else np.zeros(3))
            short += unmet.item() > 0
            cut += bool((unfilled > 0).any())
    assert short > 500, "too few short periods to prove anything"
    assert cut > 1000, "too few orders cut to prove anything"


@pytest.mark.parametrize("file", FILES)
def test_environment_pays_and_shows_what_orgym_does(file: str) -> None:
    """Rewards agree to 1e-9 (sums are taken in another order); observations are the same."""
    for trajectory in trajectories(file):
        case, period = trajectory.case, trajectory.period
        config = SerialConfig(
            opening_stock=tuple(case["opening_stock"]),
            lead_time=tuple(int(lead_time) for lead_time in case["lead_time"]),
            supply_capacity=tuple(case["supply_capacity"]),
            demand=DEMAND_PROFILES[5](period["demand"]),
            periods=len(period["demand"]),
            shortage=trajectory.shortage,
            unfilled=trajectory.unfilled,
            economics=Trade(
                price=float(case["price"]),
                unit_cost=tuple(case["unit_cost"]),
                shortage_cost=tuple(case["shortage_cost"]),
                holding_cost=tuple(case["holding_cost"]),
                discount=float(case["discount"]),
            ),
        )
        env = gymnasium.make("Inventory/Serial-v0", config=config).unwrapped
        env.reset(seed=0)
        for t, orders in enumerate(period["orders"]):
            seen, reward, over, _, _ = env.step(orders)
            assert abs(reward - period["reward"][t]) < 1e-9
            assert np.array_equal(seen, trajectory.observed[t])
        assert over


def test_defaults_are_those_of_orgym() -> None:
    """The plain environment is InvManagement-v1: its 33 numbers, its capacities, its 30 periods."""
    env = gymnasium.make("Inventory/Serial-v0")
    seen, _ = env.reset(seed=0)
    assert seen.tolist() == [100, 100, 200] + [0] * 30
    assert env.action_space.high.tolist() == [100, 90, 80]
    overs = [env.step(np.zeros(3, np.float32))[2] for _ in range(30)]
    assert overs == [False] * 29 + [True]
