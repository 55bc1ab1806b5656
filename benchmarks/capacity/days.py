"""Days lived through under a rule, from a morning on which much is known already."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data.outlook import Outlook
from envs.accounting import PeriodCosts, Rates, charge
from envs.dynamics import Flows, advance
from envs.policies import Policy, Situation


@dataclass(frozen=True)
class Day:
    """One day.

    Attributes:
        flows: what moved.
        costs: its money.
        after: the next morning.
    """

    flows: Flows
    costs: PeriodCosts
    after: Situation

    def cost(self, rates: Rates) -> np.ndarray:
        """All its money per path (P,) [money].

        Where arrivals are refused, what waits at a door is held there, and no overflow is paid.
        """
        costs, refused = self.costs, self.flows.refused
        beyond = (
            costs.overflow.sum(axis=1)
            if refused is None
            else (refused * rates.holding).sum(axis=(1, 2))
        )
        return np.asarray(costs.holding.sum(axis=1) + costs.shortage.sum(axis=1) + beyond)

    def used(self, rates: Rates) -> np.ndarray:
        """Space used per path and stage (P, M) [volume]."""
        return np.asarray(self.flows.occupied @ rates.volume)


def days(
    start: Situation, policy: Policy, demand: np.ndarray, outlook: Outlook, rates: Rates
) -> Iterator[Day]:
    """Each day of `policy` against `demand` (P, T, K) [unit].

    Unlike a simulation from opening stock, the forecast's past errors are those of `start`.
    """
    now = start
    for t in range(demand.shape[1]):
        after, flows = advance(now.state, policy(now), demand[:, t, None], now.world)
        costs = charge(after, flows, rates, now.world)
        period = now.state.period
        errors = now.errors.after(demand[:, t], outlook.mean[period], outlook.std[period])
        now = Situation(after, errors, now.world)
        yield Day(flows, costs, now)
