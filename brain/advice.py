"""Who is asked about a product, and what they say: brains where they have learnt, else theory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from math import isclose

import numpy as np

from brain.brain import Brain
from brain.fallback import theory_factors
from brain.likes import SHAPES, expected_ratio, shapes_of
from brain.pricing import asked_at
from brain.registry import shipped
from brain.scope import daily_cv, refusals
from data.errors import DataError
from data.outlook import Outlook
from data.safety_stock import SafetyStock
from data.scenario import Scenario
from envs.observation import MOST_STAGES, Traits, observe, size, traits_of
from envs.policies import HIGHEST_Z, LOWEST_Z, Situation

THEORY = "theory"
FAMILY = "family brain"
BASE_STOCK = "base-stock"
PASSED_ON = "more of it is not worth buying"
"""Why no brain is asked about a product of which nothing is bought."""


@dataclass(frozen=True)
class Panel:
    """The brains that can be asked about chains of one length.

    Attributes:
        classes: one per cost ratio, rising.
        family: the brain that has learnt many ratios and prices of space, if there is one.
    """

    classes: tuple[Brain, ...]
    family: Brain | None

    @cached_property
    def every(self) -> tuple[Brain, ...]:
        """All of them."""
        return self.classes if self.family is None else (*self.classes, self.family)

    def class_weights(self, cost_ratio: np.ndarray) -> np.ndarray:
        """How much each class brain's word counts (B, K) [1]; the columns sum to 1.

        A product between two classes hears both, weighted linearly in the log of the ratio; one
        beyond the last class hears that class.
        """
        known = np.log([brain.card.cost_ratio for brain in self.classes])
        asked = np.log(cost_ratio)
        weights = np.array([np.interp(asked, known, row) for row in np.eye(len(known))])
        return weights.astype(np.float32)

    def prefers_family(self, cost_ratio: np.ndarray, shape: np.ndarray) -> np.ndarray:
        """True where the family brain has the better score on products like these (K,).

        A ratio that no class encloses is the family's.
        """
        if self.family is None:
            return np.zeros(len(cost_ratio), bool)
        if not self.classes:
            return np.ones(len(cost_ratio), bool)
        ratios = [brain.card.cost_ratio for brain in self.classes]
        outside = (cost_ratio < ratios[0] * 0.99) | (cost_ratio > ratios[-1] * 1.01)
        theirs = expected_ratio(self.family.card, cost_ratio, shape)
        return outside | (theirs < self.promised_by_classes(cost_ratio, shape))

    def promised(
        self, cost_ratio: np.ndarray, shape: np.ndarray, by_family: np.ndarray
    ) -> np.ndarray:
        """Cost / that of theory (K,) [1] that the cards promise of whoever is asked.

        Infinite where a card does not say.
        """
        said = self.promised_by_classes(cost_ratio, shape)
        if self.family is None:
            return said
        theirs = expected_ratio(self.family.card, cost_ratio, shape)
        return np.where(by_family, theirs, said)

    def promised_by_classes(self, cost_ratio: np.ndarray, shape: np.ndarray) -> np.ndarray:
        """Cost / that of theory (K,) [1] that the cards of the classes promise."""
        if not self.classes:
            return np.full(len(cost_ratio), np.inf)
        promised = [expected_ratio(brain.card, cost_ratio, shape) for brain in self.classes]
        weights = self.class_weights(cost_ratio)
        said = np.where(weights > 0, np.stack(promised), 0)
        total: np.ndarray = (weights * said).sum(axis=0)
        return total


def panel_of(brains: Sequence[Brain], stages: int) -> Panel:
    """The panel for chains of `stages` stages.

    Raises:
        DataError: two brains have learnt the same.
    """
    fitting = [brain for brain in brains if brain.card.stages == stages]
    classes = sorted(
        (brain for brain in fitting if not brain.card.is_family),
        key=lambda brain: brain.card.cost_ratio,
    )
    families = [brain for brain in fitting if brain.card.is_family]
    ratios = [brain.card.cost_ratio for brain in classes]
    if len(families) > 1 or any(a == b for a, b in pairwise(ratios)):
        raise DataError(
            f"brains for chains of {stages} stages: {[brain.id for brain in fitting]}, expected "
            "one per cost ratio and one family; keep one of each"
        )
    return Panel(tuple(classes), families[0] if families else None)


def advise(
    observations: np.ndarray,
    cost_ratio: np.ndarray,
    brains: Sequence[Brain] | None = None,
    prices: np.ndarray | None = None,
) -> np.ndarray:
    """The z (P, M, K) [1] that brains advise.

    Without prices the class brains answer, or the family if there are none; at a price of space
    the family brain answers, since a price is a change of cost ratio and holding costs
    (`brain.pricing`).

    Args:
        observations: what `envs.observation.observe` sees (P, K, size), prices left out.
        cost_ratio: missed-sale cost / holding cost at the shelf (K,) [1].
        brains: those shipped if not given.
        prices: of a unit's space / holding cost at the shelf (M, K) [1]; None if space is free.

    Raises:
        DataError: asked at prices, and there is no family brain.
    """
    stages = {size(m): m for m in range(1, MOST_STAGES + 1)}[observations.shape[-1]]
    panel = panel_of(shipped() if brains is None else brains, stages)
    if prices is not None:
        if panel.family is None:
            raise DataError(
                "asked at a price of space, but there is no family brain; train one with "
                "`planner train --family`"
            )
        said = panel.family.safety_factors(asked_at(observations, prices))
        return np.moveaxis(said, -1, 1)
    if not panel.classes:
        assert panel.family is not None
        return np.moveaxis(panel.family.safety_factors(observations), -1, 1)
    z = np.zeros((len(observations), stages, len(cost_ratio)), np.float32)
    for brain, weight in zip(panel.classes, panel.class_weights(cost_ratio), strict=True):
        asked = np.flatnonzero(weight)
        if asked.size:
            said = brain.safety_factors(observations[:, asked])
            z[..., asked] += np.moveaxis(said, -1, 1) * weight[asked]
    return z


@dataclass(frozen=True)
class Advisor:
    """Safety factors for K products, asked anew every day; who is asked is settled once.

    Attributes:
        panel: the brains that fit the chain.
        outlook: the forecast.
        traits: of the products.
        theory: z that theory advises (M, K) [1]; that of a base-stock where it has the product.
        reason: why no brain is asked, in words (K,); empty where one is.
        by_family: True where the family brain is asked (K,).
        given_back: True where a base-stock has the product (K,); None if nowhere.
        ventured: why no brain would be asked that is asked even so, in words (K,); None if nobody.
    """

    panel: Panel
    outlook: Outlook
    traits: Traits
    theory: np.ndarray
    reason: np.ndarray
    by_family: np.ndarray
    given_back: np.ndarray | None = None
    ventured: np.ndarray | None = None

    def giving_back(self, z: np.ndarray, reason: np.ndarray) -> Advisor:
        """The advisor that holds constant safety factors where its own advice has lost to them.

        Args:
            z: (M, K) [1].
            reason: why, in words (K,); empty where nothing changes.
        """
        back = np.asarray(reason != "")
        return replace(
            self,
            theory=np.where(back, z, self.theory),
            reason=np.where(back, reason, self.reason),
            given_back=back,
        )

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) [1] where space is free."""
        z = np.repeat(self.theory[None], len(situation.state.on_hand), axis=0)
        learnt = self.reason == ""
        if not learnt.any():
            return z
        seen = observe(situation.state, situation.errors, self.outlook, self.traits)
        family = self.panel.family
        for asked, brains in (
            (np.flatnonzero(learnt & ~self.by_family), self.panel.classes),
            (np.flatnonzero(learnt & self.by_family), () if family is None else (family,)),
        ):
            if asked.size:
                z[..., asked] = advise(seen[:, asked], self.traits.cost_ratio[asked], brains)
        return z

    def safety_stock(self, situation: Situation) -> SafetyStock:
        """The advice for a situation of one path, with who gave it and why."""
        return SafetyStock(
            z=self(situation)[0],
            sigma=self.outlook.windows(situation.state.period).std,
            source=self.source,
            reason=self._told,
        )

    @property
    def _told(self) -> np.ndarray:
        """Why it was not a brain, or what speaks against the brain that it was (K,)."""
        if self.ventured is None:
            return self.reason
        even_so = [f"asked although {why}" if why else "" for why in self.ventured]
        return np.where(self.reason == "", np.array(even_so, dtype=object), self.reason)

    @property
    def answers_prices(self) -> np.ndarray:
        """True where a brain can be asked at a price of space (K,)."""
        return (self.reason == "") & (self.panel.family is not None)

    def at(self, situation: Situation, prices: np.ndarray) -> np.ndarray:
        """z (P, M, K) [1] of products that answer prices, at prices of space; NaN for the others.

        The family brain answers. Where a product's class brains know better than the family what
        is right without a price, the difference between the two is added, and fades as the price
        rises: advice does not jump where space begins to cost.

        Args:
            situation: the morning.
            prices: of a unit's space / holding cost at the shelf (M, K) [1].
        """
        z = np.full(situation.state.on_hand.shape, np.nan)
        asked = np.flatnonzero(self.answers_prices)
        if not asked.size:
            return z
        seen = observe(situation.state, situation.errors, self.outlook, self.traits)
        z[..., asked] = self._asked(seen, asked, prices)
        by_class = asked[~self.by_family[asked]]
        if by_class.size:
            ratio = self.traits.cost_ratio[by_class]
            known = advise(seen[:, by_class], ratio, self.panel.classes)
            known = known - self._asked(seen, by_class, np.zeros_like(prices))
            fading = 1 / (1 + prices[:, by_class].max(axis=0))
            z[..., by_class] = np.clip(z[..., by_class] + fading * known, LOWEST_Z, HIGHEST_Z)
        return z

    def _asked(self, seen: np.ndarray, products: np.ndarray, prices: np.ndarray) -> np.ndarray:
        """What the family brain says of some products at prices of space (P, M, k) [1]."""
        ratio = self.traits.cost_ratio[products]
        return advise(seen[:, products], ratio, self.panel.every, prices[:, products])

    @property
    def source(self) -> np.ndarray:
        """Who is asked, per product in words (K,)."""
        said = np.full(len(self.reason), THEORY, object)
        if self.given_back is not None:
            said[self.given_back] = BASE_STOCK
        said[(self.reason == "") & self.by_family] = FAMILY
        by_class = np.flatnonzero((self.reason == "") & ~self.by_family)
        classes = [brain.card.cost_ratio for brain in self.panel.classes]
        for k in by_class.tolist():
            ratio = float(np.clip(self.traits.cost_ratio[k], classes[0], classes[-1]))
            nearest = min(classes, key=lambda known: abs(known - ratio))
            above = int(np.searchsorted(classes, ratio))
            said[k] = (
                f"brain {nearest:g}"
                if isclose(nearest, ratio)
                else f"brains {classes[above - 1]:g} and {classes[above]:g}"
            )
        return said


def advisor_of(
    scenario: Scenario,
    outlook: Outlook,
    brains: Sequence[Brain] | None = None,
    beyond: np.ndarray | None = None,
) -> Advisor:
    """The advisor of a planning problem.

    Each product gets the class brains or the family brain, whichever scored better on products
    like it; theory where none has learnt its like, or none does better than theory on it. A product
    that is not worth buying gets no safety stock: nothing of it is to be protected.

    Args:
        scenario: the problem.
        outlook: its forecast.
        brains: who may be asked; those shipped if not given.
        beyond: True where brains are asked although forecast errors are unlike those they have
            learnt, because that has served the past better (K,); nowhere if not given.
    """
    panel = panel_of(shipped() if brains is None else brains, len(scenario.network))
    traits = traits_of(scenario)
    products = scenario.products
    theory = theory_factors(
        outlook.typical,
        traits.holding_share,
        products.cost_ratio,
        outlook.protection_interval[0],
        products.backordered,
    )
    shape = shapes_of(daily_cv(outlook), products.backordered)
    by_family = panel.prefers_family(products.cost_ratio, shape)
    reasons = refusals(scenario, outlook, panel.every)
    promised = panel.promised(products.cost_ratio, shape, by_family)
    for k in np.flatnonzero(np.isfinite(promised) & (promised > 1) & (reasons == "")).tolist():
        reasons[k] = f"on {SHAPES[shape[k]]} demand like it theory does better"
    reasons[~scenario.worth_buying] = PASSED_ON
    theory = np.where(scenario.worth_buying, theory, 0.0)
    advisor = Advisor(panel, outlook, traits, theory, reasons, by_family)
    if beyond is None or not panel.every:
        return advisor
    anywhere = [_of_any_error(brain) for brain in panel.every]
    asked = (
        beyond
        & scenario.worth_buying
        & (reasons != "")
        & (refusals(scenario, outlook, anywhere) == "")
    )
    return replace(
        advisor,
        reason=np.where(asked, "", reasons),
        ventured=np.where(asked, reasons, ""),
    )


def _of_any_error(brain: Brain) -> Brain:
    """The brain as if it had learnt forecast errors of every size and correlation."""
    learnt = replace(brain.card.learnt, cv=(0.0, np.inf), autocorrelation=(-1.0, 1.0))
    return replace(brain, card=replace(brain.card, learnt=learnt))
