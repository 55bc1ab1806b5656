"""Is it better yet? A brain beside its class constants, on products it does not learn from."""

from __future__ import annotations

import numpy as np

from brain.brain import Brain, LearntFactors
from brain.card import Card
from brain.centre import Centre
from brain.constants import expected_costs
from brain.lanes import Lanes, imagine
from brain.lesson import Lesson
from brain.population import Purpose, SampledProducts, stream
from envs.policies import constant


def constants_of(centre: Centre, products: SampledProducts) -> np.ndarray:
    """The constants (M, K) [1] of a class for products, as their customers wait or not.

    The family's constants for a product are those of its cost ratio.
    """
    every = [
        centre.of(ratio, waiting)
        for ratio, waiting in zip(products.cost_ratio, products.backordered, strict=True)
    ]
    return np.stack(every, axis=1).astype(np.float32)


class Trial:
    """Cost of a brain, asked daily, over that of its constants: products, futures and all fixed.

    Args:
        lesson: where products come from.
        card: whose constants are the yardstick, and whose seed decides what is drawn.
        products, paths, periods: size of the trial.
    """

    def __init__(self, lesson: Lesson, card: Card, products: int, paths: int, periods: int) -> None:
        rng = stream(card.seed, Purpose.VALIDATION)
        self._lanes: Lanes = imagine(rng, lesson.sample(rng, products), paths, periods)
        self._paths = paths
        z = constants_of(card.centre, self._lanes.products)
        self._reference = expected_costs(self._lanes, constant(z), paths).mean(axis=0)

    def __call__(self, brain: Brain) -> float:
        """Mean over products of cost / cost of the constants [1]."""
        factors = LearntFactors(brain, self._lanes.outlook, self._lanes.products.traits)
        cost = expected_costs(self._lanes, factors, self._paths).mean(axis=0)
        return float((cost / self._reference).mean())
