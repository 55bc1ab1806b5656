"""Closed forms of inventory theory: what stock would be right in the simplest worlds.

They are starting points, baselines and known answers for tests. Equation numbers of "Snyder and
Shen" are those of Fundamentals of Supply Chain Theory, 2nd ed., Wiley 2019.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from data.demand import (
    Array,
    ClippedNormal,
    DemandLaw,
    Deterministic,
    Gamma,
    Lognormal,
    NegativeBinomial,
    Normal,
    Poisson,
    loss_function,
)

__all__ = [
    "BaseStock",
    "EchelonLevels",
    "LotPlan",
    "LotSize",
    "critical_ratio",
    "demand_over",
    "eoq",
    "loss_function",
    "newsvendor",
    "safety_factor",
    "shang_song",
    "single_stage",
    "textbook_safety_stock",
    "wagner_whitin",
]


class BaseStock(NamedTuple):
    """The best level of one stage and what it costs, in the shape of the inputs."""

    base_stock_level: np.ndarray
    """S [unit]."""
    cost: np.ndarray
    """Expected holding and shortage cost [money/period]."""


class EchelonLevels(NamedTuple):
    """Echelon base-stock levels (M, K) and the bounds they are averaged from [unit]."""

    lower: np.ndarray
    level: np.ndarray
    upper: np.ndarray


class LotSize(NamedTuple):
    """An order quantity and what ordering and holding cost with it."""

    quantity: np.ndarray
    """Q [unit]."""
    cost: np.ndarray
    """[money/period]."""


class LotPlan(NamedTuple):
    """Orders that meet a known demand at least cost."""

    orders: np.ndarray
    """(T,) [unit]."""
    cost: float
    """[money]."""


def critical_ratio(holding_cost: Array, shortage_cost: Array) -> np.ndarray:
    """p / (p + h), the chance with which the best level covers demand.

    Arrow, Harris and Marschak (1951), Econometrica 19(3); Snyder and Shen, eq. (4.27).

    Args:
        holding_cost: h [$/unit/period].
        shortage_cost: p, per unit short [$/unit], or per unit and period where customers wait.
    """
    return np.asarray(shortage_cost / (shortage_cost + np.asarray(holding_cost)))


def safety_factor(cost_ratio: Array) -> np.ndarray:
    """z = Phi^-1(r / (r + 1)), r the missed-sale cost over the holding cost at the shelf.

    The critical ratio in standard deviations of normal demand (Snyder and Shen, eq. 4.30).
    """
    return ndtri(critical_ratio(1.0, cost_ratio))


def textbook_safety_stock(safety_factor: Array, window_std: Array) -> np.ndarray:
    """z sigma [unit], what the base-stock level holds above the mean (Snyder and Shen, eq. 4.30).

    Args:
        safety_factor: z.
        window_std: standard deviation of demand over the protection interval [unit].
    """
    return np.asarray(safety_factor * np.asarray(window_std))


def newsvendor(law: DemandLaw, holding_cost: Array, shortage_cost: Array) -> BaseStock:
    """The level that minimises h E[(S - D)^+] + p E[(D - S)^+], and that minimum.

    S is the smallest x with P(D <= x) >= p / (p + h) (Snyder and Shen, eq. 4.27), its cost
    h (S - E[D]) + (h + p) E[(D - S)^+] (eq. 4.24, with the overage written by the loss).

    Args:
        law: demand over the time that the level must cover.
        holding_cost: h, above 0 [$/unit/period].
        shortage_cost: p [$/unit], or [$/unit/period] where customers wait.
    """
    level = law.quantile(critical_ratio(holding_cost, shortage_cost))
    over = holding_cost * (level - law.mean)
    return BaseStock(level, over + (holding_cost + np.asarray(shortage_cost)) * law.loss(level))


def demand_over(law: DemandLaw, periods: Array) -> DemandLaw:
    """The law of the demand of several independent periods, each of the given law.

    Exact for normal, gamma, Poisson, negative binomial and known demand; for lognormal demand the
    lognormal of the same mean and variance (Fenton 1960).

    Raises:
        ValueError: for a law whose sums leave its family.
    """
    if isinstance(law, ClippedNormal):
        raise ValueError("sums of clipped normals are not clipped normal; use Normal here")
    if not isinstance(law, Normal | Gamma | Lognormal | Poisson | NegativeBinomial | Deterministic):
        raise ValueError(
            f"sums of {type(law).__name__} demand leave its family; expected a law that its mean "
            "and standard deviation determine"
        )
    return replace(law, mean=law.mean * periods, std=law.std * np.sqrt(periods))


def single_stage(
    law: DemandLaw, lead_time: Array, holding_cost: Array, shortage_cost: Array
) -> BaseStock:
    """The best base-stock level of one stage whose customers wait, and its cost per period.

    The stage orders, receives what it ordered L periods ago, then meets demand: a newsvendor over
    the protection interval L + 1 (Snyder and Shen, Example 4.4).

    Args:
        law: demand of one period.
        lead_time: L [period].
        holding_cost: h, above 0 [$/unit/period].
        shortage_cost: p [$/unit/period].
    """
    return newsvendor(demand_over(law, np.asarray(lead_time) + 1.0), holding_cost, shortage_cost)


def shang_song(
    echelon_mean: np.ndarray,
    echelon_std: np.ndarray,
    echelon_holding_cost: np.ndarray,
    shortage_cost: Array,
    family: Callable[[Array, Array], DemandLaw] = Normal,
) -> EchelonLevels:
    """Near-optimal echelon base-stock levels of serial systems whose customers wait.

    Stage j's level lies between two newsvendor quantiles of the demand that its echelon faces,
    with e the echelon holding costs and stages counted from the shelf,

        (p + sum_{i>j} e_i) / (p + sum_i e_i)   and   (p + sum_{i>j} e_i) / (p + sum_{i>=j} e_i),

    and their mean cost at most 1.5 % more than the least in the authors' experiments (Shang and
    Song 2003, Management Science 49(5); Snyder and Shen, eq. 6.32).

    Args:
        echelon_mean: demand over the protection intervals of the stage and of all downstream of
            it (M, K) [unit].
        echelon_std: its standard deviation (M, K) [unit].
        echelon_holding_cost: e, what a stage adds to the holding cost of its supplier, above 0
            (M, K) [$/unit/period].
        shortage_cost: p, at the shelf (K,) [$/unit/period].
        family: law of an echelon's demand, called with mean and standard deviation.
    """
    e = np.asarray(echelon_holding_cost, dtype=np.float64)
    if not (e > 0.0).all():
        raise ValueError(
            f"echelon holding cost reaches {e.min()}, expected above 0: without a charge for "
            "passing stock on, no finite level is best"
        )
    upstream_and_own = np.cumsum(e[::-1], axis=0)[::-1]
    understocked = shortage_cost + upstream_and_own - e
    law = family(echelon_mean, echelon_std)
    lower = law.quantile(understocked / (shortage_cost + upstream_and_own[0]))
    upper = law.quantile(understocked / (shortage_cost + upstream_and_own))
    return EchelonLevels(lower, 0.5 * (lower + upper), upper)


def eoq(demand_rate: Array, order_cost: Array, holding_cost: Array) -> LotSize:
    """The economic order quantity sqrt(2 K d / h) and its cost sqrt(2 K d h).

    Harris (1913); Snyder and Shen, eq. (3.4) and (3.5).

    Args:
        demand_rate: d [unit/period].
        order_cost: K [$/order].
        holding_cost: h, above 0 [$/unit/period].
    """
    cost = np.sqrt(2.0 * np.asarray(order_cost) * demand_rate * holding_cost)
    return LotSize(cost / holding_cost, cost)


def wagner_whitin(demand: np.ndarray, order_cost: Array, holding_cost: Array) -> LotPlan:
    """The cheapest orders that meet a known demand in time (Wagner and Whitin 1958), in O(T^2).

    An order covers whole periods s..t-1, so that the least cost up to t is the best over s of the
    least cost up to s, one order, and the holding of what t-1 ends with (Snyder and Shen, eq.
    3.39). A period that nothing is demanded of needs no order.

    Args:
        demand: (T,) [unit].
        order_cost: K, one or one per period (T,) [$/order].
        holding_cost: h on stock at the end of a period, one or one per period (T,)
            [$/unit/period].
    """
    demand = np.asarray(demand, dtype=np.float64)
    if (demand < 0.0).any():
        raise ValueError(f"demand reaches {demand.min()}, expected at least 0")
    periods = len(demand)
    setup = np.broadcast_to(np.asarray(order_cost, dtype=np.float64), periods)
    held_to = np.concatenate(([0.0], np.cumsum(np.broadcast_to(holding_cost, periods))))
    units = np.concatenate(([0.0], np.cumsum(demand)))
    charged = np.concatenate(([0.0], np.cumsum(demand * held_to[:-1])))

    least = np.zeros(periods + 1)
    first = np.zeros(periods + 1, dtype=np.int64)
    for t in range(1, periods + 1):
        quantity = units[t] - units[:t]
        holding = charged[t] - charged[:t] - held_to[:t] * quantity
        cost = least[:t] + np.where(quantity > 0.0, setup[:t], 0.0) + holding
        first[t] = np.argmin(cost)
        least[t] = cost[first[t]]

    orders = np.zeros(periods)
    t = periods
    while t > 0:
        orders[first[t]] = units[t] - units[first[t]]
        t = first[t]
    return LotPlan(orders, float(least[periods]))
