"""Space as the model counts it: expected occupancy, its uncertainty, and overflow priced in steps.

Occupancy of a stage on a day is what must be found room for, opening stock and arrivals. It is
uncertain, so a unit of space is not worth all or nothing: overflow is bought in steps, each at the
price of overflow times the chance that space is exceeded there. The price the model finds for
space is then overflow price x P(V > C).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from data.demand import loss_function
from milp.segments import Segments

STEPS = np.array([-2.0, -1.2, -0.6, -0.2, 0.2, 0.6, 1.2, 2.0])
"""Where overflow gets dearer, in standard deviations of occupancy around the capacity."""
POOLING = np.array([0.7, 0.56])
"""Share of the independent sum of errors that occupancy shows, at the shelf and upstream.

Stock that runs out or is topped up swings less than the demand over its window; measured by
simulation of order-up-to rules.
"""
SMALLEST_SPREAD = 1e-3


@dataclass(frozen=True)
class Known:
    """What is already certain to move, per product, in units.

    Attributes:
        demand: expected (T, K).
        due: arrivals of what is under way today (T, M, K).
        on_hand: today's shelf stock (K,).
        spread: standard deviation of demand up to the start of each period (T, K).
    """

    demand: np.ndarray
    due: np.ndarray
    on_hand: np.ndarray
    spread: np.ndarray


def fixed_occupancy(known: Known, segments: Segments, lead_time: np.ndarray) -> np.ndarray:
    """Occupancy that no decision of the model changes (T, M, K) [unit].

    At the shelf the day's demand; while only earlier orders arrive, also the stock that demand
    below its mean leaves over. Upstream what is due. Where segments count, what is on hand at
    the start of the first one.
    """
    T, M, K = known.due.shape
    period = np.arange(T)[:, None]
    fixed = known.due.copy()
    fixed[:, 0] = known.demand
    left = known.on_hand + np.cumsum(known.due[:, 0] - known.demand, axis=0) + known.demand
    certain = np.where(known.spread > 0, known.spread, 1)
    x = np.clip(left / certain, -8, 8)
    surprise = np.where(known.spread > 0, certain * (loss_function(-x) - np.maximum(x, 0)), 0)
    fixed[:, 0] += np.where(period < lead_time[0], surprise, 0)
    for m in range(M):
        last = T if m == 0 else T - 1
        decided = (period >= lead_time[m]) & (period < last)
        ordered = np.maximum(period - lead_time[m], 0)
        least = segments.least[ordered, m, np.arange(K)]
        here = least if m == 0 else least - fixed[:, m]
        fixed[:, m] += np.where(decided, here, 0)
    return fixed


def occupancy_spread(sigma: np.ndarray, lead_time: np.ndarray, space: np.ndarray) -> np.ndarray:
    """Standard deviation of each stage's occupancy (T, M) [volume].

    It grows from nothing today to that of the whole window once today's orders arrive.
    """
    period = np.arange(len(sigma))[:, None, None]
    grown = np.minimum(1.0, period / (lead_time + 1.0))
    variance = (np.square(sigma * space) * grown).sum(axis=2)
    factor = np.where(np.arange(sigma.shape[1]) == 0, POOLING[0], POOLING[1])
    return np.sqrt(variance) * factor + SMALLEST_SPREAD


def overflow_steps(spread: np.ndarray, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Widths [volume] and prices [money/volume/period] of the overflow steps, (rows, STEPS).

    Args:
        spread: standard deviation of occupancy per row.
        price: overflow price per row.
    """
    middle = (STEPS[:-1] + STEPS[1:]) / 2
    width = np.append(np.diff(STEPS)[None] * spread[:, None], np.full((len(spread), 1), np.inf), 1)
    chance = np.append(ndtr(middle), 1.0)
    return width, price[:, None] * chance
