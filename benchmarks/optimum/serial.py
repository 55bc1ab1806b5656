"""Serial systems whose customers wait: the exact optimum is known (Clark and Scarf 1960)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np

from benchmarks.optimum.chains import Chains
from benchmarks.optimum.search import found_by_simulation
from benchmarks.optimum.suite import (
    CLOSED_FORM,
    TEXTBOOK,
    TUNED,
    Effort,
    Optimum,
    RuleFactory,
    Suite,
    always,
    textbook,
)
from brain.population import Law
from envs.clark_scarf import ClarkScarf, SerialSystem, Shipping, solve
from envs.policies import EchelonBaseStock
from envs.theory import shang_song

PERIODS, WARM_UP = 1100, 100


def clark_scarf() -> Suite:
    """The chain of the mission: 2, 3 and 4 days, holding 1, 2/3 and 1/3, in OR-Gym's sequence.

    Costs count holding on stock under way too, charged as at the stage it left; under every rule
    that part is the same (`SerialSystem.transit_cost`).
    """
    demands = {"poisson20": (Law.COUNT, 20.0, 20**0.5), "normal20,6": (Law.NORMAL, 20.0, 6.0)}
    cases = list(product(demands, (10.0, 100.0, 1000.0)))
    laws = np.array([demands[name] for name, _ in cases])
    ones = np.ones((1, len(cases)))
    chains = Chains(
        law=laws[:, 0].astype(int),
        mean=laws[:, 1],
        std=laws[:, 2],
        lead_time=np.array([[2], [3], [4]]) * ones.astype(int),
        holding_cost=np.array([[1.0], [2 / 3], [1 / 3]]) * ones,
        shortage_cost=np.array([ratio for _, ratio in cases]),
        backordered=np.ones(len(cases), dtype=bool),
    )
    rows = tuple(f"clark-scarf/{name}/r={ratio:g}" for name, ratio in cases)
    solved = [solve(system_of(chains, row, Shipping.OPENING_STOCK)) for row in range(len(chains))]
    return Suite(
        "clark-scarf",
        rows,
        chains,
        PERIODS,
        WARM_UP,
        Optimum(np.array([one.cost for one in solved]), _best_levels(solved)),
        added=np.array([one.cost - one.cost_on_hand for one in solved]),
    )


def hdpo() -> Suite:
    """The serial setting of Alvo, Russo and Kanoria (2023, arXiv 2306.11246): four stages.

    Theirs is a world in which stock that arrives above the shelf can leave on the same day, and in
    ours it leaves the day after. So a stage above the shelf gets a lead time one period shorter:
    the same stock can leave on the same days, but lies at the stage for the night between. What
    that night costs, the stage's holding cost times mean demand, is the same under every rule and
    taken off again.
    """
    cases = list(product((4.0, 9.0), (1, 2, 3, 4)))
    count = len(cases)
    theirs = Chains(
        law=np.full(count, int(Law.NORMAL)),
        mean=np.full(count, 5.0),
        std=np.full(count, 2.0),
        lead_time=np.array([[shelf, 3, 4, 2] for _, shelf in cases]).T,
        holding_cost=np.array([[1.0, 0.5, 0.2, 0.1]]).T * np.ones((1, count)),
        shortage_cost=np.array([cost for cost, _ in cases]),
        backordered=np.ones(count, dtype=bool),
    )
    rows = tuple(f"hdpo/L={shelf},p={cost:g}" for cost, shelf in cases)
    solved = [solve(system_of(theirs, row, Shipping.RECEIPTS_TOO)) for row in range(count)]
    above = np.array([[0], [1], [1], [1]])
    demand = np.array([float(theirs.demand_law(row).mean) for row in range(count)])
    return Suite(
        "hdpo",
        rows,
        replace(theirs, lead_time=theirs.lead_time - above),
        PERIODS,
        WARM_UP,
        Optimum(np.array([one.cost_on_hand for one in solved]), _best_levels(solved)),
        added=-demand * (above * theirs.holding_cost).sum(axis=0),
    )


def system_of(chains: Chains, row: int, shipping: Shipping) -> SerialSystem:
    """One of the chains as theory sees it."""
    return SerialSystem(
        chains.lead_time[:, row],
        chains.holding_cost[:, row],
        float(chains.shortage_cost[row]),
        chains.demand_law(row),
        shipping,
    )


def _best_levels(solved: list[ClarkScarf]) -> EchelonBaseStock:
    return EchelonBaseStock(np.stack([one.echelon_base_stock for one in solved], axis=1))


def rivals(suite: Suite, rng: np.random.Generator, effort: Effort) -> dict[str, RuleFactory]:
    """Two closed forms, and levels found by simulation on futures of their own."""
    chains = suite.chains
    demand = chains.demand(rng, effort.tuning_paths, effort.tuning_periods)
    windows = chains.outlook(effort.tuning_periods).windows(0)
    start = np.rint(windows.echelon_mean + windows.echelon_std)
    finest = 1.0 if suite.whole_units else 0.25
    tuned = found_by_simulation(suite, EchelonBaseStock, start, demand, (8.0, finest))
    return {
        TEXTBOOK: textbook,
        CLOSED_FORM: always(EchelonBaseStock(closed_form(chains))),
        TUNED: always(EchelonBaseStock(tuned)),
    }


def closed_form(chains: Chains) -> np.ndarray:
    """Echelon base-stock levels (M, K) [unit] amid the bounds of Shang and Song (2003)."""
    periods = np.cumsum(chains.lead_time + 1, axis=0)
    echelon_holding = -np.diff(chains.holding_cost, axis=0, append=0.0)
    bounds = shang_song(
        periods * chains.mean,
        np.sqrt(periods) * chains.std,
        echelon_holding,
        chains.shortage_cost,
    )
    return bounds.level
