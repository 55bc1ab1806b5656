"""A brain: a small net that advises safety factors, run in NumPy.

It answers with a distance from the constants of its class, so a brain that knows nothing (all
weights 0) is those constants.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from brain.card import Card
from data.outlook import Outlook
from envs.observation import RATIO_FEATURE, SIZE, STAGES, Traits, observe
from envs.policies import Situation

CHUNK = 8192
"""Rows per pass: what fits into a core's cache."""


@dataclass(frozen=True, eq=False)
class Brain:
    """One class brain.

    Attributes:
        card: what it is.
        layers: weight (outputs, inputs) and bias (outputs,) of each layer, float32; tanh between.
    """

    card: Card
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    @cached_property
    def id(self) -> str:
        """The brain's name: its class and a hash of all that decides its advice."""
        decisive = np.array([self.card.cost_ratio, *self.card.centre], np.float64)
        digest = hashlib.sha256(decisive.tobytes())
        for weight, bias in self.layers:
            digest.update(np.ascontiguousarray(weight).tobytes())
            digest.update(np.ascontiguousarray(bias).tobytes())
        return f"r{self.card.cost_ratio:g}-{digest.hexdigest()[:12]}"

    def safety_factors(self, observations: np.ndarray) -> np.ndarray:
        """The z per stage (..., M) [1] that it advises on observations (..., SIZE).

        It is always told the ratio of its own class: between classes one interpolates answers,
        not questions.
        """
        rows = observations.reshape(-1, SIZE)
        centre = np.asarray(self.card.centre, np.float32)
        z = np.empty((len(rows), STAGES), np.float32)
        for first in range(0, len(rows), CHUNK):
            seen = rows[first : first + CHUNK].astype(np.float32)
            seen[:, RATIO_FEATURE] = np.log10(self.card.cost_ratio) / 3
            step = np.clip(self._net(seen), -self.card.action_limit, self.card.action_limit)
            z[first : first + CHUNK] = centre + step
        np.clip(z, self.card.lowest_z, self.card.highest_z, out=z)
        return z.reshape(*observations.shape[:-1], STAGES)

    def _net(self, x: np.ndarray) -> np.ndarray:
        for weight, bias in self.layers[:-1]:
            x = np.tanh(x @ weight.T + bias)
        weight, bias = self.layers[-1]
        return x @ weight.T + bias


@dataclass(frozen=True)
class LearntFactors:
    """The safety factors of one brain for products of its class, asked anew every day."""

    brain: Brain
    outlook: Outlook
    traits: Traits

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) [1]."""
        seen = observe(situation.state, situation.errors, self.outlook, self.traits)
        return np.moveaxis(self.brain.safety_factors(seen), -1, 1)
