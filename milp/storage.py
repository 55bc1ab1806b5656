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


def occupancy_variance(sigma: np.ndarray, lead_time: np.ndarray, space: np.ndarray) -> np.ndarray:
    """Variance of each stage's occupancy (T, M) [volume^2]; that of several products adds up.

    It grows from nothing today to that of the whole window once today's orders arrive.
    """
    period = np.arange(len(sigma))[:, None, None]
    grown = np.minimum(1.0, period / (lead_time + 1.0))
    factor = np.where(np.arange(sigma.shape[1]) == 0, POOLING[0], POOLING[1])
    return (np.square(sigma * space) * grown).sum(axis=2) * np.square(factor)


def spread_of(variance: np.ndarray) -> np.ndarray:
    """Standard deviation of occupancy [volume], never quite nothing."""
    return np.sqrt(variance) + SMALLEST_SPREAD


def overflow_cost(excess: np.ndarray, width: np.ndarray, price: np.ndarray) -> np.ndarray:
    """Cost of exceeding the first step by `excess` (rows,) [volume], per row [money/period]."""
    before = np.cumsum(width[:, :-1], axis=1)
    before = np.concatenate([np.zeros((len(width), 1)), before], axis=1)
    return (np.clip(excess[:, None] - before, 0, width) * price).sum(axis=1)


def most_saved(value: np.ndarray, width: np.ndarray, price: np.ndarray) -> np.ndarray:
    """sup over u >= 0 of value u - overflow_cost(u), per row: the steps' conjugate [money/period].

    Infinite where the value of space exceeds the price of overflow.

    Args:
        value: of a unit of space per row (rows,).
        width, price: of the steps (rows, STEPS).
    """
    gain = value[:, None] - price
    worthwhile = gain > 0
    return (np.where(worthwhile, gain, 0.0) * np.where(worthwhile, width, 0.0)).sum(axis=1)


def step_prices(price: np.ndarray) -> np.ndarray:
    """Prices of the overflow steps (rows, STEPS), from the overflow price per row."""
    middle = (STEPS[:-1] + STEPS[1:]) / 2
    return price[:, None] * np.append(ndtr(middle), 1.0)


def nearest_step(value: np.ndarray, price: np.ndarray) -> np.ndarray:
    """The overflow step whose price is nearest to the value of space, per row; -1 for none."""
    candidates = np.concatenate([np.zeros((len(price), 1)), step_prices(price)], axis=1)
    return np.argmin(np.abs(candidates - value[:, None]), axis=1) - 1


def overflow_steps(spread: np.ndarray, price: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Widths [volume] and prices [money/volume/period] of the overflow steps, (rows, STEPS).

    Args:
        spread: standard deviation of occupancy per row.
        price: overflow price per row.
    """
    width = np.append(np.diff(STEPS)[None] * spread[:, None], np.full((len(spread), 1), np.inf), 1)
    return width, step_prices(price)
