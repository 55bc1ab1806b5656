"""What a unit of stock is worth, as a convex curve cut into segments.

A brain's safety factor z is the best one for an implied shortage cost p = h (1 - S) / S, where S is
the chance of running out at z (the newsvendor condition, Arrow, Harris and Marschak 1951, solved
for the cost). Raising a level past y then changes the expected cost by h (1 - S(y)) - p S(y):
negative below the target, zero at it, positive above. Holding cost is in this curve and must not be
charged again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy.special import ndtr

from data.demand import law, loss_function
from data.outlook import Windows

BREAKS = np.array([-3.5, -2.4, -1.6, -1.0, -0.6, -0.3, 0.0, 0.3, 0.7, 1.3])
"""Where segments begin, in standard deviations around the target; the last one never ends."""
TAIL = 0.6
"""How far into the last segment it is judged, in standard deviations."""
SMALLEST_SLOPE = 1e-3
"""Slopes differ from zero by this share of the holding cost, so that a target is met exactly."""
LARGEST_RATIO = 5.0
"""The implied shortage cost stays below this multiple of the missed-sale cost."""


@dataclass(frozen=True)
class Segments:
    """The worth of relative levels at M stages over T periods, S segments each.

    Attributes:
        first: where the first segment begins (T, M, K) [unit].
        width: (T, M, K, S - 1) [unit]; the last segment has no end.
        price: cost of a unit of level in each segment (T, M, K, S) [money/unit/period], rising.
        deep: cost of a unit below the first segment (T, M, K) [money/unit/period].
        presence: share of a unit of level that is on hand on average (T, M, K, S) [1].
        least: expected stock on hand at `first` (T, M, K) [unit].
        base: expected cost of a level at `first` (T, M, K) [money/period].
    """

    first: np.ndarray
    width: np.ndarray
    price: np.ndarray
    deep: np.ndarray
    presence: np.ndarray
    least: np.ndarray
    base: np.ndarray


class Goal(Enum):
    """What the programme does with the advised safety stock."""

    HYBRID = "hybrid"
    """Weighs it: every unit of it is worth what the advice implies, against space and holding."""
    SAFETY = "safety"
    """Holds at least so much, as far as possible: a unit less counts as a missed sale every day."""
    SAFETY_ADDED = "safety-added"
    """Adds it to demand, which is then taken as certain."""


@dataclass(frozen=True)
class Worth:
    """What decides the worth of a unit.

    Attributes:
        z: advised safety factors (M, K) [1].
        holding: (M, K) [money/unit/period].
        shortage: missed-sale cost (K,) [money/unit].
        law: family of the demand at the shelf, a name in `data.demand`.
        goal: what becomes of the advised safety stock.
    """

    z: np.ndarray
    holding: np.ndarray
    shortage: np.ndarray
    law: str = "lognormal"
    goal: Goal = Goal.HYBRID


def cut(
    worth: Worth, windows: list[Windows], lead_time: np.ndarray, certain: bool = False
) -> Segments:
    """The segments of every stage and period, around the targets that the advice implies.

    Args:
        worth: the advice and the prices.
        windows: the forecast over the protection intervals that begin in each period.
        lead_time: (M, K) [period].
        certain: True where nothing is uncertain; then only the last segment has any width, and
            the others are left out.
    """
    sigma = np.stack([window.std for window in windows])
    target = _relative_targets(np.cumsum(worth.z * sigma, axis=1), lead_time)
    if worth.goal is Goal.SAFETY_ADDED:
        target = _relative_targets(np.cumsum(np.maximum(worth.z, 0) * sigma, axis=1), lead_time)
        sigma = np.zeros_like(sigma)
    middle = np.append((BREAKS[:-1] + BREAKS[1:]) / 2, BREAKS[-1] + TAIL)
    z = worth.z[..., None] + middle
    shelf = np.stack([window.mean[0] for window in windows])
    price, deep, at_target = _prices(worth, z, shelf, sigma)
    if worth.goal is not Goal.HYBRID:
        floor = np.broadcast_to(worth.shortage, deep.shape)
        held = np.broadcast_to(worth.holding, deep.shape)
        price = np.where(BREAKS < 0, -floor[..., None], held[..., None])
        deep = np.maximum(floor, held)
        at_target = held * np.maximum(target, 0)

    wide = sigma[..., None]
    level = target[..., None] / np.where(wide > 0, wide, 1) + middle
    presence = np.broadcast_to(ndtr(z), (*sigma.shape, len(middle))).copy()
    presence[:, 0] = ndtr(level[:, 0])
    presence[sigma <= 0] = 1.0
    lowest = np.broadcast_to(worth.z + BREAKS[0], sigma.shape).copy()
    spread = np.where(sigma > 0, sigma, 1)
    lowest[:, 0] = (target[:, 0] + BREAKS[0] * sigma[:, 0]) / spread[:, 0]
    kept = slice(len(BREAKS) - 1 if certain else 0, None)
    width = np.diff(BREAKS) * wide
    below = BREAKS[:-1] < 0
    saved = (price[..., :-1] * width)[..., below].sum(axis=-1)
    return Segments(
        first=target + BREAKS[0] * sigma,
        width=width[..., kept],
        price=price[..., kept],
        deep=deep,
        presence=presence[..., kept],
        least=sigma * loss_function(-lowest),
        base=at_target - saved,
    )


def _relative_targets(echelon: np.ndarray, lead_time: np.ndarray) -> np.ndarray:
    """Targets (T, M, K) relative to the stage below, from echelon safety stocks (T, M, K).

    A stage hopes for no more than its supplier's target lets through: once an order placed now at
    the supplier could have come down, the smaller of the two echelon targets counts.
    """
    T, M, K = echelon.shape
    product = np.arange(K)
    period = np.arange(T)[:, None]
    reachable = echelon.copy()
    for m in range(M - 2, -1, -1):
        ordered = period - lead_time[m + 1] - 1
        supplier = reachable[np.maximum(ordered, 0), m + 1, product]
        smaller = np.minimum(echelon[:, m], supplier)
        reachable[:, m] = np.where(ordered >= 0, smaller, echelon[:, m])
    relative = reachable.copy()
    for m in range(1, M):
        drawn = np.minimum(period + lead_time[m] + 1, T - 1 - lead_time[m - 1])
        relative[:, m] -= reachable[np.maximum(drawn, 0), m - 1, product]
    return relative


def _prices(
    worth: Worth, z: np.ndarray, shelf: np.ndarray, sigma: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slopes (T, M, K, S), the slope below all segments, and the cost at the target (T, M, K).

    At the target S a period costs h E[(S - D)^+] + p E[(D - S)^+], the newsvendor's cost at the
    shortage cost p that the advice implies (Snyder and Shen 2019, eq. 4.3).
    """
    M, K, S = z.shape
    T = len(shelf)
    short = np.broadcast_to(ndtr(-z), (T, M, K, S)).copy()
    at_target = np.broadcast_to(ndtr(-worth.z), (T, M, K)).copy()
    demand = law(worth.law)(shelf, sigma[:, 0])
    wide = law(worth.law)(shelf[..., None], sigma[:, 0, :, None])
    short[:, 0] = wide.survival(shelf[..., None] + z[0] * sigma[:, 0, :, None])
    at_target[:, 0] = demand.survival(shelf + worth.z[0] * sigma[:, 0])

    holding, shortage = worth.holding, np.maximum(worth.shortage, worth.holding[0])
    ratio = worth.shortage / worth.holding[0]
    at_target = np.clip(at_target, 1 / (1 + LARGEST_RATIO * ratio), 1 - 1e-9)
    implied = holding * (1 - at_target) / at_target
    slope = holding[..., None] * (1 - short) - implied[..., None] * short
    below = BREAKS < 0
    tiny = SMALLEST_SLOPE * holding[..., None]
    slope = np.where(below, np.minimum(slope, -tiny), np.maximum(slope, tiny))
    slope = np.maximum(slope, -shortage[:, None])
    deep = np.maximum(np.minimum(implied, shortage), -slope[..., 0])
    short_of = sigma * loss_function(worth.z)
    short_of[:, 0] = demand.loss(shelf + worth.z[0] * sigma[:, 0])
    left_over = worth.z * sigma + short_of
    return slope, deep, holding * left_over + implied * short_of
