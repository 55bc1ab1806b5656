"""OR-Gym's InvManagement as it comes (Hubbs et al. 2020, arXiv 2008.06319): a season of 30 periods.

No best rule is known, so what is known stands in its place: what could have been earned by one who
knew the demand of the whole season beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.optimum.chains import Chains
from benchmarks.optimum.hindsight import season_bounds
from benchmarks.optimum.search import found_by_simulation
from benchmarks.optimum.suite import (
    BASE_STOCK,
    TEXTBOOK,
    TUNED,
    Effort,
    Foresight,
    RuleFactory,
    Suite,
    always,
    textbook,
)
from brain.population import Law
from envs.dynamics import Flows, State
from envs.inventory_env import SerialConfig, Trade
from envs.policies import (
    LOWEST_Z,
    EchelonBaseStock,
    Policy,
    SafetyStockRule,
    Situation,
    constant,
)
from envs.world import Unfilled

CONFIG, TRADE = SerialConfig(), Trade()
PERIODS = CONFIG.periods
LEVEL_STEPS, Z_STEPS = (16.0, 1.0), (1.0, 0.0625)
WITHIN_REACH = f"{TUNED}, asked within reach"


def profit(after: State, flows: Flows) -> np.ndarray:
    """Profit of the whole chain in the period that led to `after` (P, K) [money].

    What stages pay each other cancels: customers pay, the source's material is paid for, and
    unmet demand, unfilled orders and stock cost. `Trade.reward` in plain arithmetic.
    """
    sold = TRADE.price * flows.served[:, 0] - TRADE.unit_cost[-1] * flows.shipped[:, -1]
    unmet = after.backorders[:, 0] + flows.lost[:, 0]
    worth = sold - TRADE.shortage_cost[0] * unmet
    for stage, (holding, unfilled) in enumerate(
        zip(TRADE.holding_cost, TRADE.shortage_cost[1:], strict=True)
    ):
        worth = worth - holding * after.on_hand[:, stage]
        worth = worth - unfilled * (flows.ordered[:, stage] - flows.shipped[:, stage])
    return TRADE.discount ** (after.period - 1) * worth


def orgym(version: str) -> Suite:
    """InvManagement "v0" (customers wait, suppliers owe) or "v1" (sales and orders are lost)."""
    waits = version == "v0"
    margin = TRADE.price - TRADE.unit_cost[-1] + TRADE.shortage_cost[0]
    chains = Chains(
        law=np.array([int(Law.COUNT)]),
        mean=np.array([float(CONFIG.demand.mean)]),
        std=np.array([float(CONFIG.demand.std)]),
        lead_time=np.array([CONFIG.lead_time]).T,
        holding_cost=np.array([TRADE.holding_cost]).T,
        shortage_cost=np.array([margin]),
        backordered=np.array([waits]),
        supply_capacity=np.array([CONFIG.supply_capacity]).T,
        opening_stock=np.array([CONFIG.opening_stock]).T,
        season=PERIODS,
        unfilled=Unfilled.OWED if waits else Unfilled.FORGOTTEN,
    )
    return Suite(
        f"orgym/{version}",
        (f"orgym/{version}",),
        chains,
        PERIODS,
        warm_up=0,
        answer=Foresight(lambda demand: season_bounds(chains, TRADE, demand[..., 0])[:, None]),
        money=profit,
        better="higher",
    )


@dataclass(frozen=True)
class WithinReach:
    """A rule that asks for no more than its supplier has and may ship, which costs it nothing.

    OR-Gym charges for every unit asked for in vain. It also keeps suppliers from owing anything.
    """

    policy: Policy

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, M, K) [unit]."""
        orders = np.minimum(self.policy(situation), situation.world.supply_capacity)
        orders[:, :-1] = np.minimum(orders[:, :-1], situation.state.on_hand[:, 1:])
        return orders


def within_reach(rule: RuleFactory) -> RuleFactory:
    """The rule's orders, cut to what can be shipped."""
    return lambda outlook, traits: WithinReach(rule(outlook, traits))


def rivals(suite: Suite, rng: np.random.Generator, effort: Effort) -> dict[str, RuleFactory]:
    """Levels that never change, and safety factors over a forecast that knows the season's end.

    All found on seasons of their own.
    """
    outlook = suite.chains.outlook(PERIODS)
    demand = suite.chains.demand(rng, effort.tuning_seasons, PERIODS)

    def rule(z: np.ndarray) -> Policy:
        return SafetyStockRule(outlook, constant(z))

    def careful(z: np.ndarray) -> Policy:
        return WithinReach(rule(z))

    windows = outlook.windows(0)
    start = np.rint(windows.echelon_mean + windows.echelon_std)
    level = found_by_simulation(suite, EchelonBaseStock, start, demand, LEVEL_STEPS)
    z = found_by_simulation(suite, rule, np.ones_like(start), demand, Z_STEPS, LOWEST_Z)
    reached = found_by_simulation(suite, careful, z, demand, Z_STEPS, LOWEST_Z)
    return {
        TEXTBOOK: textbook,
        BASE_STOCK: always(EchelonBaseStock(level)),
        TUNED: always(rule(z)),
        WITHIN_REACH: always(careful(reached)),
    }
