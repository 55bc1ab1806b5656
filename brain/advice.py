"""Who is asked about a product, and what they say: brains where they have learnt, else theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from brain.brain import Brain
from brain.fallback import theory_factors
from brain.registry import shipped
from brain.scope import refusals
from data.outlook import Outlook
from data.safety_stock import SafetyStock
from data.scenario import Scenario
from envs.observation import STAGES, Traits, observe, traits_of
from envs.policies import Situation

THEORY = "theory"


def advise(
    observations: np.ndarray, cost_ratio: np.ndarray, brains: Sequence[Brain] | None = None
) -> np.ndarray:
    """The z (P, M, K) [1] that brains advise.

    A product between two classes gets the z of both, each brain told its own ratio, weighted
    linearly in the log of the ratio; one beyond the last class gets that class.

    Args:
        observations: what `envs.observation.observe` sees (P, K, SIZE).
        cost_ratio: missed-sale cost / holding cost at the shelf (K,) [1].
        brains: one per class by rising cost ratio; those shipped if not given.
    """
    brains = shipped() if brains is None else brains
    z = np.zeros((len(observations), STAGES, len(cost_ratio)), np.float32)
    for brain, weight in zip(brains, _weights(cost_ratio, brains), strict=True):
        asked = np.flatnonzero(weight)
        if asked.size:
            said = brain.safety_factors(observations[:, asked])
            z[..., asked] += np.moveaxis(said, -1, 1) * weight[asked]
    return z


def _weights(cost_ratio: np.ndarray, brains: Sequence[Brain]) -> np.ndarray:
    """How much each brain's word counts (B, K) [1]; the columns sum to 1."""
    classes = np.log([brain.card.cost_ratio for brain in brains])
    if (np.diff(classes) <= 0).any():
        raise ValueError(f"brains stand by cost ratio {np.exp(classes)}, expected rising ratios")
    asked = np.log(cost_ratio)
    every = np.eye(len(classes))
    weights = np.array([np.interp(asked, classes, row) for row in every])
    return weights.astype(np.float32)


@dataclass(frozen=True)
class Advisor:
    """Safety factors for K products, asked anew every day; who is asked is settled once.

    Attributes:
        brains: one per class by rising cost ratio.
        outlook: the forecast.
        traits: of the products.
        theory: z that theory advises (M, K) [1].
        reason: why no brain is asked, in words (K,); empty where one is.
    """

    brains: tuple[Brain, ...]
    outlook: Outlook
    traits: Traits
    theory: np.ndarray
    reason: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) [1]."""
        paths = len(situation.state.on_hand)
        z = np.repeat(self.theory[None], paths, axis=0)
        learnt = np.flatnonzero(self.reason == "")
        if learnt.size:
            seen = observe(situation.state, situation.errors, self.outlook, self.traits)
            ratio = self.traits.cost_ratio[learnt]
            z[..., learnt] = advise(seen[:, learnt], ratio, self.brains)
        return z

    def safety_stock(self, situation: Situation) -> SafetyStock:
        """The advice for a situation of one path, with who gave it and why."""
        return SafetyStock(
            z=self(situation)[0],
            sigma=self.outlook.windows(situation.state.period).std,
            source=self.source,
            reason=self.reason,
        )

    @property
    def source(self) -> np.ndarray:
        """Who is asked, per product in words (K,)."""
        classes = [brain.card.cost_ratio for brain in self.brains]
        ratio = np.clip(self.traits.cost_ratio, classes[0], classes[-1])
        above = np.searchsorted(classes, ratio)
        exact = np.isin(ratio, classes)
        one = [f"brain {c:g}" for c in classes]
        between = [
            "",
            *(f"brains {a:g} and {b:g}" for a, b in pairwise(classes)),
        ]
        asked = np.where(exact, np.array(one, object)[above], np.array(between, object)[above])
        return np.where(self.reason == "", asked, THEORY)


def advisor_of(
    scenario: Scenario, outlook: Outlook, brains: Sequence[Brain] | None = None
) -> Advisor:
    """The advisor of a planning problem: brains for products like those learnt, else theory."""
    brains = tuple(shipped() if brains is None else brains)
    traits = traits_of(scenario)
    products = scenario.products
    theory = theory_factors(
        outlook.windows(0),
        traits.holding_share,
        products.cost_ratio,
        outlook.protection_interval[0],
        products.backordered,
    )
    return Advisor(brains, outlook, traits, theory, refusals(scenario, outlook, brains))
