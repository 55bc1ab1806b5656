"""A brain: a small net that advises safety factors, run in NumPy.

It answers with a distance from constants found by simulation, so a brain that knows nothing (all
weights 0) is those constants. A class brain has learnt one cost ratio; the family brain has learnt
many, and holding costs as prices of space make them: it can be asked at a price.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from brain.card import Card
from data.outlook import Outlook
from envs.observation import Traits, observe, ratio_feature, size
from envs.policies import Situation

CHUNK = 4096
"""Rows per pass: what fits into a core's cache."""


@dataclass(frozen=True, eq=False)
class Brain:
    """One brain.

    Attributes:
        card: what it is.
        layers: weight (outputs, inputs) and bias (outputs,) of each layer, float32; tanh between.
    """

    card: Card
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    @cached_property
    def id(self) -> str:
        """The brain's name: its kind and a hash of all that decides its advice."""
        card = self.card
        numbers = [*card.ratios, card.action_limit, card.lowest_z, card.highest_z]
        numbers += [*card.centre.ratios, *card.centre.usual_share]
        for table in (card.centre.lost, card.centre.waiting):
            numbers += [z for row in table for z in row]
        digest = hashlib.sha256(np.array(numbers, np.float64).tobytes())
        for weight, bias in self.layers:
            digest.update(np.ascontiguousarray(weight).tobytes())
            digest.update(np.ascontiguousarray(bias).tobytes())
        return f"{card.name}-{digest.hexdigest()[:12]}"

    def safety_factors(self, observations: np.ndarray) -> np.ndarray:
        """The z per stage (..., M) [1] that it advises on observations (..., size).

        A class brain is always told the ratio of its own class: between classes one interpolates
        answers, not questions. The family brain is told the product's, within what it has learnt.
        """
        card = self.card
        rows = observations.reshape(-1, size(card.stages))
        ratio = ratio_feature(card.stages)
        lowest, highest = (np.log10(bound) / 3 for bound in card.ratios)
        z = np.empty((len(rows), card.stages), np.float32)
        for first in range(0, len(rows), CHUNK):
            seen = rows[first : first + CHUNK].astype(np.float32)
            np.clip(seen[:, ratio], lowest, highest, out=seen[:, ratio])
            step = np.clip(self._net(seen), -card.action_limit, card.action_limit)
            z[first : first + CHUNK] = card.centre(seen) + step
        np.clip(z, card.lowest_z, card.highest_z, out=z)
        return z.reshape(*observations.shape[:-1], card.stages)

    def _net(self, x: np.ndarray) -> np.ndarray:
        for weight, bias in self.layers[:-1]:
            x = x @ weight.T
            x += bias
            np.tanh(x, out=x)
        weight, bias = self.layers[-1]
        answer: np.ndarray = x @ weight.T + bias
        return answer


@dataclass(frozen=True)
class LearntFactors:
    """The safety factors of one brain for products it has learnt, asked anew every day."""

    brain: Brain
    outlook: Outlook
    traits: Traits

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) [1]."""
        seen = observe(situation.state, situation.errors, self.outlook, self.traits)
        return np.moveaxis(self.brain.safety_factors(seen), -1, 1)
