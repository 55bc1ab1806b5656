"""The world agrees with theory: simulated at the optimal levels, it costs the exact optimum.

Theory charges echelon stock: stage m adds its echelon holding cost h_m - h_{m+1} to every unit that
is at it or has left it towards the shelf. Summed up, a unit at stage m pays h_m; a unit on its way
to stage m has left stage m + 1, whose echelon it is still in, and pays h_{m+1}; a unit on its way
from the source to the last stage is in nobody's echelon and pays nothing. So `Rates.transit` of a
stage is the holding cost of its supplier, and 0 for the last stage (Clark and Scarf 1960). What is
owed to customers pays the backorder cost, on the same closing state.
"""

from __future__ import annotations

import numpy as np
import pytest

from data.demand import ClippedNormal, DemandLaw, Poisson
from data.stock import StockState
from envs.accounting import Rates
from envs.clark_scarf import SerialSystem, solve
from envs.dynamics import opening_state
from envs.policies import EchelonBaseStock
from envs.simulator import play
from envs.world import serial_world

HOLDING = np.array([1.0, 2 / 3, 1 / 3])
LEAD_TIME = np.array([2, 3, 4])
RATIOS = np.array([10.0, 100.0, 1000.0])
PATHS, WARM_UP, PERIODS = 400, 60, 1000

# Exact Clark-Scarf optimum of the mission's chain: echelon base-stock levels (ratio, stage) and
# cost per day, by an independent recursion.
GOLDEN = {
    "poisson": (
        Poisson(20.0),
        [[75, 161, 265], [82, 172, 281], [88, 182, 293]],
        [91.227, 102.100, 110.825],
    ),
    "normal": (
        ClippedNormal(20.0, 6.0),
        [[79.5, 167.5, 273.4], [88.25, 182.2, 294.1], [95.35, 193.6, 309.55]],
        [98.904, 112.575, 123.315],
    ),
}


def simulated(law: DemandLaw, levels: np.ndarray) -> np.ndarray:
    """Mean cost per day of each path and ratio (P, K); the three ratios meet the same demand."""
    ones = np.ones((1, len(RATIOS)))
    world = serial_world(
        LEAD_TIME[:, None] * ones.astype(int), backordered=np.ones(len(RATIOS), dtype=bool)
    )
    rates = Rates(
        holding=HOLDING[:, None] * ones,
        shortage=RATIOS,
        volume=np.ones(len(RATIOS)),
        storage_capacity=np.full(3, np.inf),
        overflow=np.zeros(3),
        transit=np.append(HOLDING[1:], 0.0)[:, None] * ones,
    )
    local = np.diff(levels, axis=0, prepend=0.0)
    stock = StockState(local, np.zeros((3, len(RATIOS), 1)), np.zeros(len(RATIOS)))
    state = opening_state(stock, world, PATHS)
    rng = np.random.default_rng(2026)
    demand = np.broadcast_to(
        law.sample(rng, (PATHS, WARM_UP + PERIODS, 1)), (PATHS, WARM_UP + PERIODS, len(RATIOS))
    )
    cost = np.zeros((PATHS, len(RATIOS)))
    for t, period in enumerate(play(world, rates, state, EchelonBaseStock(levels), demand)):
        if t >= WARM_UP:
            cost += period.costs.holding + period.costs.shortage
    return cost / PERIODS


@pytest.mark.parametrize("demand", GOLDEN)
def test_optimal_levels_cost_the_optimum(demand: str) -> None:
    """Within three standard errors, a path being a batch, at every ratio."""
    law, levels, optimum = GOLDEN[demand]
    found = simulated(law, np.array(levels).T)
    standard_error = found.std(axis=0, ddof=1) / np.sqrt(PATHS)
    distance = (found.mean(axis=0) - optimum) / standard_error
    assert (np.abs(distance) < 3).all(), distance
    assert (standard_error < 0.01 * np.array(optimum)).all(), "too noisy to prove anything"


def test_levels_solved_here_cost_what_the_solver_says() -> None:
    """The solver's own levels and costs, one by one, in the simulated world."""
    law = Poisson(20.0)
    solved = [solve(SerialSystem(LEAD_TIME, HOLDING, ratio, law)) for ratio in RATIOS]
    found = simulated(law, np.stack([one.echelon_base_stock for one in solved], axis=1))
    standard_error = found.std(axis=0, ddof=1) / np.sqrt(PATHS)
    promised = np.array([one.cost for one in solved])
    assert (np.abs(found.mean(axis=0) - promised) < 3 * standard_error).all()


def test_moving_a_level_away_from_the_optimum_costs_more() -> None:
    """On the same demand, paired: 10 units up or down at any stage cost more at every ratio."""
    law, levels, _ = GOLDEN["poisson"]
    best = np.array(levels).T
    at_best = simulated(law, best)
    for stage in range(3):
        for step in (-10, 10):
            moved = best.copy()
            moved[stage] += step
            extra = simulated(law, moved) - at_best
            standard_error = extra.std(axis=0, ddof=1) / np.sqrt(PATHS)
            assert (extra.mean(axis=0) > 3 * standard_error).all(), (stage, step)
