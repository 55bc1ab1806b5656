"""A planning problem with the world it plays in, its prices and its forecast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demand import law, sample_paths
from data.outlook import Outlook, outlook_of
from data.scenario import Scenario
from envs.accounting import Rates, rates_of
from envs.dynamics import opening_state
from envs.observation import no_errors
from envs.policies import Policy, Situation, WholeLots
from envs.simulator import Trace, simulate
from envs.world import World, world_of

DAYS_AHEAD = 25
"""How far prices look ahead of the last day [period]."""


@dataclass(frozen=True)
class Problem:
    """What every step of the story needs to know.

    Attributes:
        scenario: the planning problem.
        horizon: T, how far is planned [period].
        outlook: the forecast, far enough ahead for any model started within the horizon.
        world: how stock moves.
        rates: what it costs.
    """

    scenario: Scenario
    horizon: int
    outlook: Outlook
    world: World
    rates: Rates

    def situation(self, paths: int = 1) -> Situation:
        """This morning, on `paths` paths."""
        state = opening_state(self.scenario.stock, self.world, paths)
        errors = no_errors(paths, len(self.scenario.products))
        return Situation(state, errors, self.world)

    @property
    def mean_demand(self) -> np.ndarray:
        """Demand exactly as forecast (1, T, K) [unit]."""
        return self.outlook.mean[None, : self.horizon]

    def sampled_demand(self, paths: int, rng: np.random.Generator) -> np.ndarray:
        """Futures drawn from the forecast's law (P, T, K) [unit]."""
        mean, std = self.outlook.mean[: self.horizon], self.outlook.std[: self.horizon]
        correlation = self.scenario.products.error_autocorrelation
        return sample_paths(law(self.scenario.law)(mean, std), rng, paths, correlation)

    def in_lots(self, policy: Policy) -> Policy:
        """The policy with its orders in whole lots, as the products prescribe."""
        products = self.scenario.products
        if not (products.lot_size.any() or products.minimum_order.any()):
            return policy
        largest = np.broadcast_to(products.maximum_order, products.lead_time.shape)
        return WholeLots(policy, products.lot_size, products.minimum_order, largest)

    def carried_out(self, policy: Policy, demand: np.ndarray) -> Trace:
        """Everything that happens under a policy from this morning on."""
        opening = self.situation(len(demand)).state
        return simulate(self.world, self.rates, opening, policy, demand, self.outlook)

    @property
    def has_limits(self) -> bool:
        """True where any stage has a limit on space or supply."""
        network = self.scenario.network
        limits = np.concatenate([network.storage_capacity, network.supply_capacity])
        return bool(np.isfinite(limits).any())


def problem_of(scenario: Scenario, horizon: int) -> Problem:
    """The problem of planning a scenario over `horizon` periods."""
    outlook = outlook_of(scenario, horizon + max(horizon, DAYS_AHEAD) + 1)
    return Problem(scenario, horizon, outlook, world_of(scenario), rates_of(scenario))
