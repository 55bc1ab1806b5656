"""Plays policies forward over sampled futures; the period loop is the only loop.

Policies that are to be compared get the same demand paths (common random numbers).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from data.costs import Costs
from data.outlook import Outlook
from envs.accounting import PeriodCosts, Rates, charge
from envs.dynamics import Flows, State, advance
from envs.observation import no_errors
from envs.policies import Policy, Situation
from envs.world import World


@dataclass(frozen=True)
class Period:
    """One period as it happened: the state it found, what moved, the state it left, its money."""

    before: State
    flows: Flows
    after: State
    costs: PeriodCosts


@dataclass(frozen=True)
class Trace:
    """What happened on P paths over T periods, in full.

    Attributes:
        shipments: (P, T, M, K) [unit].
        on_hand: at the end of each period (P, T, M, K) [unit].
        demand: (P, T, K) [unit], shelves summed.
        lost_sales: (P, T, K) [unit].
        backorders: at the end of each period (P, T, K) [unit].
        served: (P, T, K) [unit].
        occupancy: space used (P, T, M) [volume].
        holding: (P, T, K) [money].
        shortage: (P, T, K) [money].
        overflow: (P, T, M) [money].
    """

    shipments: np.ndarray
    on_hand: np.ndarray
    demand: np.ndarray
    lost_sales: np.ndarray
    backorders: np.ndarray
    served: np.ndarray
    occupancy: np.ndarray
    holding: np.ndarray
    shortage: np.ndarray
    overflow: np.ndarray

    @property
    def costs(self) -> Costs:
        """The money, path by path."""
        return Costs(self.holding, self.shortage, self.overflow)


def play(
    world: World,
    rates: Rates,
    state: State,
    policy: Policy,
    demand: np.ndarray,
    outlook: Outlook | None = None,
) -> Iterator[Period]:
    """Each period of `policy` against `demand` (P, T, K), or (P, T, S, K) with S shelves [unit].

    Forecast errors are tracked, for policies that look at them, where an outlook is given.
    """
    if demand.ndim == 3:
        demand = demand[:, :, None]
    errors = no_errors(len(state.on_hand), demand.shape[-1], state.on_hand.dtype.type)
    for t in range(demand.shape[1]):
        orders = policy(Situation(state, errors, world))
        after, flows = advance(state, orders, demand[:, t], world)
        yield Period(state, flows, after, charge(after, flows, rates, world))
        if outlook is not None:
            errors = errors.after(
                demand[:, t, 0], outlook.mean[state.period], outlook.std[state.period]
            )
        state = after


def simulate(
    world: World,
    rates: Rates,
    state: State,
    policy: Policy,
    demand: np.ndarray,
    outlook: Outlook | None = None,
) -> Trace:
    """Everything that happened; for sizes whose full record fits in memory."""
    periods = list(play(world, rates, state, policy, demand, outlook))
    return Trace(
        shipments=_stack(period.flows.shipped for period in periods),
        on_hand=_stack(period.after.on_hand for period in periods),
        demand=_stack(period.flows.demand.sum(axis=1) for period in periods),
        lost_sales=_stack(period.flows.lost.sum(axis=1) for period in periods),
        backorders=_stack(period.after.backorders.sum(axis=1) for period in periods),
        served=_stack(period.flows.served.sum(axis=1) for period in periods),
        occupancy=_stack(period.costs.occupancy for period in periods),
        holding=_stack(period.costs.holding for period in periods),
        shortage=_stack(period.costs.shortage for period in periods),
        overflow=_stack(period.costs.overflow for period in periods),
    )


def _stack(arrays: Iterator[np.ndarray]) -> np.ndarray:
    return np.stack(list(arrays), axis=1)
