"""A planning problem with the world it plays in, its prices and its forecast."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from data.demand import law, sample_paths
from data.forecast import WEEK
from data.outlook import Outlook, outlook_of
from data.scenario import Scenario
from data.terms import Locks
from envs.accounting import Rates, rates_of
from envs.budget import WithinBudget
from envs.dynamics import opening_state
from envs.observation import no_errors
from envs.policies import AtTerms, NothingFromSource, Policy, Situation, WholeLots
from envs.simulator import Trace, simulate
from envs.world import World, world_of

DAYS_AHEAD = 30
"""How far prices look ahead of the last day [period]."""
SMALLEST_COST = 1e-12
"""Of a unit that is bought for nothing [money/unit]."""


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
        """The policy at the terms: whole lots, a budget, order days, locked lines as they are.

        Products that are not worth buying are bought only where a person has locked a line. Where
        nothing is prescribed and all are worth it, it is the policy itself.
        """
        scenario, products = self.scenario, self.scenario.products
        if not scenario.worth_buying.all():
            policy = NothingFromSource(policy, scenario.worth_buying)
        if products.lot_size.any() or products.minimum_order.any():
            largest = np.broadcast_to(products.maximum_order, products.lead_time.shape)
            policy = WholeLots(policy, products.lot_size, products.minimum_order, largest)
        if self.may_order is not None:
            policy = AtTerms(policy, self.may_order, Locks())
        if scenario.terms.budget.limited:
            policy = WithinBudget(
                policy,
                scenario.terms.budget,
                scenario.purchase_cost,
                products.missed_sale_cost / np.maximum(scenario.purchase_cost, SMALLEST_COST),
                products.lot_size,
                products.minimum_order,
                scenario.terms.locks,
            )
        if len(scenario.terms.locks):
            policy = AtTerms(policy, None, scenario.terms.locks)
        return policy

    @cached_property
    def may_order(self) -> np.ndarray | None:
        """Where orders may be placed on each day of the week, the first day first (7, M, K)."""
        return self.scenario.may_order(WEEK)

    def carried_out(self, policy: Policy, demand: np.ndarray) -> Trace:
        """Everything that happens under a policy from this morning on."""
        opening = self.situation(len(demand)).state
        return simulate(self.world, self.rates, opening, policy, demand, self.outlook)

    def take(self, products: np.ndarray, weight: np.ndarray) -> Problem:
        """The problem of some of its products, each standing for `weight` (n,) [1] like it.

        A product that stands for several takes the space of several, in storage and in supply;
        all that is its own stays.
        """
        taken = self.scenario.take(products)
        wider = replace(taken.products, volume=taken.products.volume * weight)
        scenario = replace(taken, products=wider)
        outlook = self.outlook.take(products)
        return Problem(scenario, self.horizon, outlook, world_of(scenario), rates_of(scenario))

    @property
    def has_limits(self) -> bool:
        """True where products share anything that is limited: space, supply or money."""
        space = np.isfinite(self.scenario.network.storage_capacity).any()
        return bool(space) or self.shares_more_than_space

    @property
    def pays_per_order(self) -> bool:
        """True where orders or trucks cost something by themselves, or products order together."""
        products, network = self.scenario.products, self.scenario.network
        suppliers = self.scenario.terms.suppliers
        terms = (products.order_cost, network.truck_volume)
        return any(
            bool(np.any(values > 0))
            for values in (*terms, suppliers.minimum_order, suppliers.order_cost)
        )

    @property
    def shares_more_than_space(self) -> bool:
        """True where supply or money is limited, too; prices of space say nothing of these."""
        budget = self.scenario.terms.budget
        limits = (*self.scenario.network.supply_capacity, budget.per_period, budget.total)
        return bool(np.isfinite(limits).any())


def problem_of(scenario: Scenario, horizon: int) -> Problem:
    """The problem of planning a scenario over `horizon` periods."""
    outlook = outlook_of(scenario, horizon + max(horizon, DAYS_AHEAD) + 1)
    return Problem(scenario, horizon, outlook, world_of(scenario), rates_of(scenario))
