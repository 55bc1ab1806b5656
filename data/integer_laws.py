"""Demand laws on the whole numbers: Poisson, negative binomial, binomial, uniform, geometric.

Each is its tail P(D > k) and the part E[D; D > k] of its mean; the rest follows for any real x.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from scipy.special import betainc, gammainc, ndtri

from data.laws import LARGEST_PROBABILITY, Array, DemandLaw, Gamma, positive, settle


def probability(law: str, p: Array) -> np.ndarray:
    """p as an array, all of it between 0 and 1."""
    array = np.asarray(p, dtype=np.float64)
    if not np.all((array >= 0.0) & (array <= 1.0)):
        raise ValueError(f"{law}: p reaches {array.min()} to {array.max()}, expected 0 to 1")
    return array


@dataclass(frozen=True, eq=False)
class IntegerLaw(DemandLaw):
    """A law on the whole numbers, from its tail P(D > k) and E[D; D > k] at whole k >= 0."""

    integer: ClassVar[bool] = True

    def _survival(self, x: Array) -> np.ndarray:
        return np.where(np.less(x, 0.0), 1.0, self._tail(np.maximum(np.floor(x), 0.0)))

    def _loss(self, x: Array) -> np.ndarray:
        # Beyond 2^53 every float is whole and the tail is 0; inf times 0 would be nan.
        bounded = np.minimum(x, 2.0**53)
        k = np.maximum(np.floor(bounded), 0.0)
        above = self._mean_above(k) - bounded * self._tail(k)
        return np.where(np.less(x, 0.0), self.mean - np.asarray(x), above)

    def _quantile(self, u: Array) -> np.ndarray:
        lowest, highest = self._support()
        inside = np.clip(u, 2.0**-60, LARGEST_PROBABILITY)
        x = np.clip(np.floor(self._guess(inside)), lowest, highest)
        while True:
            too_low = 1.0 - self._survival(x) < inside
            too_high = (x > lowest) & (1.0 - self._survival(x - 1.0) >= inside)
            if not (too_low | too_high).any():
                break
            x = x + too_low - too_high
        return np.where(np.less(u, 1.0), np.where(np.greater(u, 0.0), x, lowest), highest)

    def _support(self) -> tuple[Array, Array]:
        return 0.0, np.inf

    def _guess(self, u: np.ndarray) -> np.ndarray:
        """A start within a unit or two of the quantile.

        The gamma law of the same mean and variance is too skew by 1 / std for each of Poisson,
        binomial and negative binomial; Cornish and Fisher (1938) put that at (z^2 - 1) / 6 units.
        """
        gamma = Gamma(positive(self.mean), positive(self.std)).quantile(u)
        return gamma - (ndtri(u) ** 2 - 1.0) / 6.0

    @abstractmethod
    def _tail(self, k: np.ndarray) -> np.ndarray: ...

    @abstractmethod
    def _mean_above(self, k: np.ndarray) -> np.ndarray: ...


@final
@dataclass(frozen=True, eq=False)
class Poisson(IntegerLaw):
    """Poisson demand; a standard deviation that is given is ignored for sqrt(mean)."""

    std: Array = np.nan

    def __post_init__(self) -> None:
        settle(self, mean=self.mean)
        settle(self, std=np.sqrt(self.mean))

    def _tail(self, k: np.ndarray) -> np.ndarray:
        return gammainc(k + 1.0, self.mean)

    def _mean_above(self, k: np.ndarray) -> np.ndarray:
        # d p(d) = mean p(d - 1).
        return self.mean * np.where(k > 0.0, gammainc(positive(k), self.mean), 1.0)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.poisson(self.mean, shape).astype(np.float64)


@final
@dataclass(frozen=True, eq=False)
class NegativeBinomial(IntegerLaw):
    """Negative binomial demand; Poisson where 0 < std^2 <= mean, which the family cannot reach.

    Number of failures before the r-th success, each of chance mean / std^2, with
    r = mean^2 / (std^2 - mean); equally a Poisson law whose mean is gamma distributed.
    """

    def __post_init__(self) -> None:
        settle(self, mean=self.mean, std=self.std)
        certain = (self.mean == 0.0) | (self.std == 0.0)
        settle(self, std=np.where(certain, 0.0, np.maximum(self.std, np.sqrt(self.mean))))

    def _parameters(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Where it is wider than Poisson, r there (else 1) and the chance of failure (else 1/2)."""
        variance = np.square(self.std)
        # Closer to Poisson than this, r is beyond what the incomplete beta function resolves.
        wide = variance > self.mean * (1.0 + 1e-9)
        r = self.mean**2 / np.where(wide, variance - self.mean, 1.0)
        failure = np.where(wide, (variance - self.mean) / positive(variance), 0.5)
        return wide, np.where(wide, r, 1.0), failure

    def _tail(self, k: np.ndarray) -> np.ndarray:
        wide, r, failure = self._parameters()
        return np.where(wide, betainc(k + 1.0, r, failure), Poisson(self.mean)._tail(k))

    def _mean_above(self, k: np.ndarray) -> np.ndarray:
        # d p(d; r) = mean p(d - 1; r + 1).
        wide, r, failure = self._parameters()
        above = np.where(k > 0.0, betainc(positive(k), r + 1.0, failure), 1.0)
        return np.where(wide, self.mean * above, Poisson(self.mean)._mean_above(k))

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        wide, r, failure = self._parameters()
        rate = np.where(wide, rng.gamma(r, failure / (1.0 - failure), shape), self.mean)
        return rng.poisson(rate).astype(np.float64)


@final
@dataclass(frozen=True, eq=False, init=False)
class Binomial(IntegerLaw):
    """Binomial demand: each of n customers buys one unit with chance p."""

    n: Array
    p: Array

    def __init__(self, n: Array, p: Array) -> None:
        settle(self, n=n, p=probability("Binomial", p))
        settle(self, mean=self.n * self.p, std=np.sqrt(self.n * self.p * (1.0 - self.p)))

    def _support(self) -> tuple[Array, Array]:
        return 0.0, self.n

    def _tail(self, k: np.ndarray) -> np.ndarray:
        return np.where(k < self.n, betainc(k + 1.0, positive(self.n - k), self.p), 0.0)

    def _mean_above(self, k: np.ndarray) -> np.ndarray:
        # d p(d; n) = mean p(d - 1; n - 1).
        above = np.where(k > 0.0, betainc(positive(k), positive(self.n - k), self.p), 1.0)
        return np.where(k < self.n, self.mean * above, 0.0)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.binomial(np.asarray(self.n).astype(np.int64), self.p, shape).astype(np.float64)


@final
@dataclass(frozen=True, eq=False, init=False)
class UniformInteger(IntegerLaw):
    """Every whole number from low to high - 1 alike; high is excluded, as in NumPy and OR-Gym."""

    low: Array
    high: Array

    def __init__(self, low: Array, high: Array) -> None:
        settle(self, low=low, high=high)
        if not np.all(self.low < self.high):
            raise ValueError(f"UniformInteger: low is {low}, expected below high, {high}")
        count = self.high - self.low
        settle(self, mean=0.5 * (self.low + self.high - 1.0), std=np.sqrt((count**2 - 1.0) / 12.0))

    def _support(self) -> tuple[Array, Array]:
        return self.low, self.high - 1.0

    def _guess(self, u: np.ndarray) -> np.ndarray:
        return self.low + np.ceil(u * (self.high - self.low)) - 1.0

    def _tail(self, k: np.ndarray) -> np.ndarray:
        return np.clip((self.high - 1.0 - k) / (self.high - self.low), 0.0, 1.0)

    def _mean_above(self, k: np.ndarray) -> np.ndarray:
        first = np.clip(k + 1.0, self.low, self.high)
        return 0.5 * (first + self.high - 1.0) * (self.high - first) / (self.high - self.low)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        low, high = np.asarray(self.low), np.asarray(self.high)
        return rng.integers(low.astype(np.int64), high.astype(np.int64), shape).astype(np.float64)


@final
@dataclass(frozen=True, eq=False, init=False)
class Geometric(IntegerLaw):
    """Geometric demand of at least 1: trials up to the first success of chance p > 0."""

    p: Array

    def __init__(self, p: Array) -> None:
        settle(self, p=probability("Geometric", p))
        if not np.all(self.p > 0.0):
            raise ValueError("Geometric: p is 0, with which demand has no end; expected p above 0")
        settle(self, mean=1.0 / self.p, std=np.sqrt(1.0 - self.p) / self.p)

    def _support(self) -> tuple[Array, Array]:
        return 1.0, np.inf

    def _guess(self, u: np.ndarray) -> np.ndarray:
        return np.ceil(np.log1p(-u) / np.log(positive(1.0 - self.p)))

    def _tail(self, k: np.ndarray) -> np.ndarray:
        return (1.0 - self.p) ** k

    def _mean_above(self, k: np.ndarray) -> np.ndarray:
        return (k + self.mean) * self._tail(k)

    def _sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        return rng.geometric(self.p, shape).astype(np.float64)
