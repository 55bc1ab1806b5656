"""Demand shapes and lead-time profiles of `serial-hybrid`, by their codes.

Shapes 1 to 4 are laws whose mean never changes, 5 is what a user supplies. Shapes 6 to 12 are means
that move, with a forecast error that is normal and as large as the day's sigma says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import MappingProxyType

import numpy as np

from data.demand import Binomial, DemandLaw, Deterministic, Geometric, Poisson, UniformInteger

LEVEL = 20.0
"""Mean demand of every shape before anything happens to it [unit/day]."""
NOISE = 0.5
"""Standard deviation of what sets one day's forecast apart from the season [unit/day]."""
LAW_SHAPES: MappingProxyType[int, DemandLaw] = MappingProxyType(
    {
        1: Poisson(LEVEL),
        2: Binomial(2 * LEVEL, 0.5),
        3: UniformInteger(0.5 * LEVEL, 1.5 * LEVEL + 1),
        4: Geometric(1 / LEVEL),
    }
)
SUPPLIED = 5
Mean = Callable[[np.ndarray, int], np.ndarray]
"""From the days t (T, K) and the length of an episode to mean demand (T, K) [unit/day]."""


def two_waves(t: np.ndarray) -> np.ndarray:
    """20 + 5 sin(0.02 t) + 3 sin(0.05 t) [unit/day], t in days."""
    waves: np.ndarray = LEVEL + 5 * np.sin(0.02 * t) + 3 * np.sin(0.05 * t)
    return waves


def _pulse(t: np.ndarray, days: int) -> np.ndarray:
    return np.where(t == days // 2, 3 * LEVEL, LEVEL)


def _step(t: np.ndarray, days: int) -> np.ndarray:
    return np.where((t >= days // 2) & (t < days // 2 + 20), 1.5 * LEVEL, LEVEL)


def _ramp(t: np.ndarray, days: int, rise: float) -> np.ndarray:
    return LEVEL * (1 + rise * np.clip(2 * t / days - 0.5, 0.0, 1.0))


def _jump(t: np.ndarray, days: int) -> np.ndarray:
    return np.where(t >= days // 2, 25.0, LEVEL)


MOVING_SHAPES: MappingProxyType[int, tuple[str, Mean]] = MappingProxyType(
    {
        6: ("a pulse: one day of 60", _pulse),
        7: ("a step: 30 for twenty days", _step),
        8: ("a ramp up, 20 to 30", lambda t, days: _ramp(t, days, 0.5)),
        9: ("a ramp down, 20 to 10", lambda t, days: _ramp(t, days, -0.5)),
        10: ("a jump to 25 for good", _jump),
        11: ("two waves", lambda t, days: two_waves(t)),
        12: ("two waves and noise", lambda t, days: two_waves(t)),
    }
)
"""Means that move, with what they are; 12 is the one that brains and rules are compared on."""
SHAPES = (*LAW_SHAPES, SUPPLIED, *MOVING_SHAPES)
WAVES, NOISY_WAVES = 11, 12


def mean_of(
    shape: int, days: int, periods: int, products: int, rng: np.random.Generator
) -> np.ndarray:
    """Mean demand (T, K) [unit/day] of a shape whose mean moves.

    Of waves every product begins somewhere else; noise is known to the forecast.

    Args:
        shape: 6 to 12.
        days: of an episode, in whose middle things happen.
        periods: T, the episode and what lies beyond it.
        products: K.
        rng: source of phases and noise.
    """
    _, mean = MOVING_SHAPES[shape]
    t = np.repeat(np.arange(periods)[:, None], products, axis=1)
    if shape in (WAVES, NOISY_WAVES):
        t = t + rng.integers(0, 1000, products)
    noise = rng.normal(0.0, NOISE, t.shape) if shape == NOISY_WAVES else 0.0
    return np.maximum(mean(t, days) + noise, 0.0)


def law_of(shape: int, supplied: Sequence[float] = ()) -> DemandLaw:
    """The law of a shape 1 to 5; of what is supplied, the demand of each day (T, 1).

    Raises:
        ValueError: nothing is supplied, or the shape is none of these.
    """
    if shape in LAW_SHAPES:
        return LAW_SHAPES[shape]
    if shape != SUPPLIED or not len(supplied):
        raise ValueError(
            f"demand shape {shape} with {len(supplied)} days supplied; expected a shape of "
            f"{', '.join(map(str, LAW_SHAPES))}, or {SUPPLIED} and the demand of each day"
        )
    return Deterministic(np.asarray(supplied, dtype=float)[:, None])


FIXED_PROFILES = MappingProxyType(
    {
        "2-3-4": (2, 3, 4),
        "3-4-5": (3, 4, 5),
        "2-4-6": (2, 4, 6),
        "3-4-6": (3, 4, 6),
    }
)
"""Lead times that never change, the shelf first [day]."""
VARYING = "varying"
SPANS = ((2, 6), (3, 7), (4, 8))
"""Least and greatest lead time of each stage where it varies by the day of shipping [day]."""
PROFILES = (*FIXED_PROFILES, VARYING)


def lead_times(profile: str, periods: int, products: int, rng: np.random.Generator) -> np.ndarray:
    """Lead times (M, K), or (T, M, K) by the day of shipping where they vary [day].

    A later shipment may arrive earlier; none replaces another (`envs.dynamics.advance`).
    """
    if profile == VARYING:
        low, high = np.array(SPANS).T
        return rng.integers(low[:, None], high[:, None] + 1, (periods, len(SPANS), products))
    return np.repeat(np.array(FIXED_PROFILES[profile])[:, None], products, axis=1)


def expected_lead_times(profile: str) -> tuple[int, ...]:
    """What planning counts on, stage by stage [day]; the mean where lead times vary."""
    if profile == VARYING:
        return tuple((low + high) // 2 for low, high in SPANS)
    return FIXED_PROFILES[profile]


def lead_time_variance(profile: str) -> np.ndarray:
    """Variance of each stage's lead time (M,) [day^2]; (n^2 - 1) / 12 of n days, each alike."""
    if profile == VARYING:
        return np.array([((high - low + 1) ** 2 - 1) / 12 for low, high in SPANS])
    return np.zeros(len(FIXED_PROFILES[profile]))
