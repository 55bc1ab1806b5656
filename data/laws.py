"""Demand families ("laws"): one period's demand as a distribution, over arrays of any shape.

The world draws from them, the closed forms integrate them, the model's segments are cut from them.
Import them from `data.demand`; laws on the whole numbers are written in `data/integer_laws.py`.
Most are given by mean and standard deviation. Where the standard deviation is 0 the law is exactly
its mean; no division by zero, no warning. Parameters broadcast against each other and against x.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from scipy.special import gammaincc, gammaincinv, ndtr, ndtri

Array = np.ndarray | float

LARGEST_PROBABILITY = 1.0 - 2.0**-53
"""The largest float below 1; an unbounded law has no quantile at 1."""


def density(z: Array) -> np.ndarray:
    """Standard normal density phi(z)."""
    # Beyond 40 the density is 0 in float64; the bound keeps z * z from overflowing.
    bounded = np.clip(z, -40.0, 40.0)
    return np.exp(-0.5 * bounded * bounded) / np.sqrt(2.0 * np.pi)


def loss_function(z: Array) -> np.ndarray:
    """Standard normal loss E[(Z - z)^+] = phi(z) - z (1 - Phi(z)).

    Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd ed., eq. (C.22).
    """
    bounded = np.minimum(z, 40.0)
    return np.maximum(density(bounded) - bounded * ndtr(-bounded), 0.0)


def settle(law: object, **values: Array) -> None:
    """Store fields as float64 arrays in a frozen law; all must be finite and at least 0."""
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        if not np.all(np.isfinite(array) & (array >= 0.0)):
            raise ValueError(
                f"{type(law).__name__}: {name} reaches {np.min(array)} to {np.max(array)}, "
                "expected finite numbers of at least 0"
            )
        object.__setattr__(law, name, array)


def positive(x: Array) -> np.ndarray:
    """x where it is above 0, else 1: a divisor that raises no warning."""
    return np.where(np.asarray(x) > 0.0, x, 1.0)


@dataclass(frozen=True, eq=False)
class DemandLaw(ABC):
    """A law of demand D per period; where std is 0, demand is exactly its mean.

    Attributes:
        mean: E[D] [unit/period].
        std: standard deviation of D [unit/period].
        integer: True where D takes whole numbers only.
    """

    mean: Array
    std: Array
    integer: ClassVar[bool] = False

    def __post_init__(self) -> None:
        settle(self, mean=self.mean, std=self.std)

    def survival(self, x: Array) -> np.ndarray:
        """P(D > x), the chance that x units are too few."""
        return np.where(self.std > 0.0, self._survival(x), np.less(x, self.mean))

    def loss(self, x: Array) -> np.ndarray:
        """E[(D - x)^+], the units that x units leave unmet on average [unit]."""
        certain = np.maximum(self.mean - np.asarray(x), 0.0)
        return np.where(self.std > 0.0, np.maximum(self._loss(x), 0.0), certain)

    def quantile(self, u: Array) -> np.ndarray:
        """Smallest x with P(D <= x) >= u; at u = 0 the smallest value D can take [unit]."""
        return np.where(self.std > 0.0, self._quantile(u), self.mean)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Independent draws of the given shape, to which the parameters broadcast [unit]."""
        return np.where(self.std > 0.0, self._sample(rng, shape), self.mean)

    def from_errors(self, errors: Array) -> np.ndarray:
        """Demand at standard normal errors e, the quantile at Phi(e) (Gaussian copula) [unit]."""
        return self.quantile(np.minimum(ndtr(errors), LARGEST_PROBABILITY))

    @abstractmethod
    def _survival(self, x: Array) -> np.ndarray: ...

    @abstractmethod
    def _loss(self, x: Array) -> np.ndarray: ...

    @abstractmethod
    def _quantile(self, u: Array) -> np.ndarray: ...

    @abstractmethod
    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray: ...


@final
@dataclass(frozen=True, eq=False)
class Normal(DemandLaw):
    """Normal demand, which may be negative; for x >= 0 its loss is that of `ClippedNormal`."""

    def from_errors(self, errors: Array) -> np.ndarray:
        """Demand at standard normal errors, mean + std e [unit]."""
        return self.mean + self.std * np.asarray(errors)

    def _survival(self, x: Array) -> np.ndarray:
        return ndtr(-self._standardised(x))

    def _loss(self, x: Array) -> np.ndarray:
        return self.std * loss_function(self._standardised(x))

    def _quantile(self, u: Array) -> np.ndarray:
        return self.mean + positive(self.std) * ndtri(u)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return self.from_errors(rng.standard_normal(shape))

    def _standardised(self, x: Array) -> np.ndarray:
        return (x - self.mean) / positive(self.std)


@final
@dataclass(frozen=True, eq=False, init=False)
class ClippedNormal(DemandLaw):
    """Demand max(N, 0) of a normal N: what a simulated world sees of a normal forecast.

    Args:
        location: mean of N [unit/period]; the mean of the demand lies a little above it.
        scale: standard deviation of N [unit/period]; that of the demand lies a little below it.
    """

    location: Array
    scale: Array

    def __init__(self, location: Array, scale: Array) -> None:
        settle(self, location=location, scale=scale)
        z = self.location / positive(self.scale)
        below = loss_function(z)
        # Var(max(Z, -z)) = Phi(z) - z L(z) - L(z)^2: E[(Z^+)^2] - E[Z^+]^2, freed of cancellation.
        variance = np.maximum(ndtr(z) - np.minimum(z, 40.0) * below - below**2, 0.0)
        settle(self, mean=self.location + self.scale * below, std=self.scale * np.sqrt(variance))

    def from_errors(self, errors: Array) -> np.ndarray:
        """Demand at standard normal errors, max(location + scale e, 0) [unit]."""
        return np.maximum(self.location + self.scale * np.asarray(errors), 0.0)

    def _survival(self, x: Array) -> np.ndarray:
        return np.where(np.less(x, 0.0), 1.0, Normal(self.location, self.scale).survival(x))

    def _loss(self, x: Array) -> np.ndarray:
        short = Normal(self.location, self.scale).loss(x)
        return np.where(np.less(x, 0.0), self.mean - x, short)

    def _quantile(self, u: Array) -> np.ndarray:
        return np.maximum(Normal(self.location, self.scale).quantile(u), 0.0)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return self.from_errors(rng.standard_normal(shape))


@dataclass(frozen=True, eq=False)
class _PositiveLaw(DemandLaw):
    """A law of positive demand: a mean of 0 leaves no room for a standard deviation."""

    def __post_init__(self) -> None:
        settle(self, mean=self.mean, std=self.std)
        settle(self, std=np.where(self.mean > 0.0, self.std, 0.0))


@final
@dataclass(frozen=True, eq=False)
class Lognormal(_PositiveLaw):
    """Lognormal demand: log D is normal (its loss: Snyder and Shen 2019, eq. 4.102)."""

    def from_errors(self, errors: Array) -> np.ndarray:
        """Demand at standard normal errors, exp(m + s e) [unit]."""
        m, s = self._log_parameters()
        return np.where(self.std > 0.0, np.exp(m + s * np.asarray(errors)), self.mean)

    def _log_parameters(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean m and standard deviation s of log D."""
        mean = positive(self.mean)
        s2 = np.log1p((positive(self.std) / mean) ** 2)
        return np.log(mean) - 0.5 * s2, np.sqrt(s2)

    def _survival(self, x: Array) -> np.ndarray:
        m, s = self._log_parameters()
        return np.where(np.greater(x, 0.0), ndtr((m - np.log(positive(x))) / s), 1.0)

    def _loss(self, x: Array) -> np.ndarray:
        m, s = self._log_parameters()
        z = (m - np.log(positive(x))) / s
        # A chance of 0 times x = inf is 0, not nan.
        bounded = np.minimum(x, np.finfo(np.float64).max)
        above = self.mean * ndtr(z + s) - bounded * ndtr(z)
        return np.where(np.greater(x, 0.0), above, self.mean - bounded)

    def _quantile(self, u: Array) -> np.ndarray:
        return self.from_errors(ndtri(u))

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return self.from_errors(rng.standard_normal(shape))


@final
@dataclass(frozen=True, eq=False)
class Gamma(_PositiveLaw):
    """Gamma demand."""

    def _shape_and_scale(self) -> tuple[np.ndarray, np.ndarray]:
        mean, std = positive(self.mean), positive(self.std)
        return (mean / std) ** 2, std**2 / mean

    def _survival(self, x: Array) -> np.ndarray:
        shape, scale = self._shape_and_scale()
        return gammaincc(shape, np.maximum(x, 0.0) / scale)

    def _loss(self, x: Array) -> np.ndarray:
        shape, scale = self._shape_and_scale()
        y = np.maximum(x, 0.0) / scale
        bounded = np.minimum(x, np.finfo(np.float64).max)
        return self.mean * gammaincc(shape + 1.0, y) - bounded * gammaincc(shape, y)

    def _quantile(self, u: Array) -> np.ndarray:
        shape, scale = self._shape_and_scale()
        return scale * gammaincinv(shape, u)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        gamma_shape, scale = self._shape_and_scale()
        return rng.gamma(gamma_shape, scale, shape)


@final
@dataclass(frozen=True, eq=False)
class Deterministic(DemandLaw):
    """Demand known in advance; a standard deviation that is given is ignored."""

    std: Array = 0.0

    def __post_init__(self) -> None:
        settle(self, mean=self.mean, std=np.zeros_like(self.mean, dtype=np.float64))

    def _survival(self, x: Array) -> np.ndarray:
        return np.less(x, self.mean)

    def _loss(self, x: Array) -> np.ndarray:
        return self.mean - np.asarray(x)

    def _quantile(self, u: Array) -> np.ndarray:
        return np.broadcast_to(self.mean, np.broadcast_shapes(np.shape(self.mean), np.shape(u)))

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return np.broadcast_to(self.mean, shape)
