"""Demand: its laws by name, OR-Gym's profiles, and paths drawn from them.

Everything about demand is imported from here; the laws themselves are written in `data/laws.py`
and `data/integer_laws.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from data.integer_laws import Binomial, Geometric, NegativeBinomial, Poisson, UniformInteger
from data.laws import (
    Array,
    ClippedNormal,
    DemandLaw,
    Deterministic,
    Gamma,
    Lognormal,
    Normal,
    loss_function,
)

__all__ = [
    "DEMAND_PROFILES",
    "LAWS",
    "Array",
    "Binomial",
    "ClippedNormal",
    "DemandLaw",
    "Deterministic",
    "Gamma",
    "Geometric",
    "Lognormal",
    "NegativeBinomial",
    "Normal",
    "Poisson",
    "UniformInteger",
    "autocorrelated_normals",
    "law",
    "loss_function",
    "sample_paths",
    "seasonal_mean",
]

LAWS = MappingProxyType(
    {
        "normal": Normal,
        "lognormal": Lognormal,
        "gamma": Gamma,
        "poisson": Poisson,
        "negative_binomial": NegativeBinomial,
    }
)
"""The laws that mean and standard deviation determine, by the name a table may use."""

DEMAND_PROFILES = MappingProxyType(
    {1: Poisson, 2: Binomial, 3: UniformInteger, 4: Geometric, 5: Deterministic}
)
"""OR-Gym's codes for demand (Hubbs et al. 2020); 5 is a demand that the user supplies."""


def law(name: str) -> Callable[[Array, Array], DemandLaw]:
    """The law of that name, to be called with mean and standard deviation [unit/period]."""
    if name not in LAWS:
        raise ValueError(f"demand law is {name!r}, expected one of {', '.join(LAWS)}")
    return LAWS[name]


def autocorrelated_normals(
    rng: np.random.Generator, shape: tuple[int, int, int], rho: Array
) -> np.ndarray:
    """Standard normal errors (P, T, K), a stationary AR(1) along T.

    e_t = rho e_{t-1} + sqrt(1 - rho^2) w_t with e_0 standard normal, so that every e_t has
    variance 1 and corr(e_t, e_{t+k}) = rho^k.

    Args:
        rng: source of randomness.
        shape: paths P, periods T, products K.
        rho: first autocorrelation, above -1 and below 1 (K,) or scalar.
    """
    if not np.all(np.abs(rho) < 1.0):
        raise ValueError(f"rho is {rho}, expected above -1 and below 1")
    errors = rng.standard_normal(shape)
    if np.any(rho):
        errors[:, 1:] *= np.sqrt(1.0 - np.square(rho))
        for t in range(1, shape[1]):
            errors[:, t] += rho * errors[:, t - 1]
    return errors


def sample_paths(
    law: DemandLaw, rng: np.random.Generator, paths: int, rho: Array = 0.0
) -> np.ndarray:
    """Demand paths (P, T, K) of a law whose parameters have shape (T, K), never negative [unit].

    With rho, demands of successive periods are tied by a Gaussian copula of AR(1) errors; each
    period on its own keeps exactly its law.
    """
    periods, products = np.broadcast_shapes(np.shape(law.mean), np.shape(law.std))
    shape = (paths, periods, products)
    if not np.any(rho):
        return np.maximum(law.sample(rng, shape), 0.0)
    return np.maximum(law.from_errors(autocorrelated_normals(rng, shape, rho)), 0.0)


def seasonal_mean(
    days: np.ndarray,
    weekly_amplitude: np.ndarray,
    weekly_phase: np.ndarray,
    yearly_amplitude: np.ndarray,
    yearly_phase: np.ndarray,
) -> np.ndarray:
    """Factors (T, K) around 1 by which season multiplies the mean demand.

    (1 + a cos(2 pi (t / 7 + phase))) (1 + b sin(2 pi (t / 365 + phase))).

    Args:
        days: t (T,) [day].
        weekly_amplitude: a, 0 to 1 (K,).
        weekly_phase: (K,) [week].
        yearly_amplitude: b, 0 to 1 (K,).
        yearly_phase: (K,) [year].
    """
    t = np.asarray(days)[:, None]
    week = 1.0 + weekly_amplitude * np.cos(2.0 * np.pi * (t / 7.0 + weekly_phase))
    year = 1.0 + yearly_amplitude * np.sin(2.0 * np.pi * (t / 365.0 + yearly_phase))
    return week * year
