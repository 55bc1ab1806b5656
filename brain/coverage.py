"""What to teach so that a catalogue is covered: classes, ranges, and who would still fall back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from brain.brain import Brain
from brain.card import Card
from brain.centre import Centre
from brain.population import Population, Range
from brain.scope import daily_cv, refusals
from data.errors import ConfigurationError
from data.outlook import Outlook
from data.scenario import Scenario
from envs.observation import MOST_STAGES

MOST_CLASSES = 4
"""So many different cost ratios get a class each; more get classes a decade apart at most."""
WIDEST_CV, LONGEST_LEAD_TIME = 3.0, 15
"""What a training can be widened to; a product beyond stays with theory [1], [period]."""
DECADE = 10.0


@dataclass(frozen=True)
class Coverage:
    """What a catalogue asks for.

    Attributes:
        classes: cost ratios to train, rising [1].
        population: ranges to train on.
        fallbacks: products that theory would have to advise even so, and why, by id.
    """

    classes: tuple[float, ...]
    population: Population
    fallbacks: dict[str, str]


def coverage_of(scenario: Scenario, outlook: Outlook) -> Coverage:
    """Classes and ranges for the products of a planning problem.

    Raises:
        ConfigurationError: brains cannot learn chains of that length.
    """
    stages = len(scenario.network)
    if not 1 <= stages <= MOST_STAGES:
        raise ConfigurationError(
            f"the chain has {stages} stages, brains can learn 1 to {MOST_STAGES}"
        )
    population = _widened(Population(stages=stages), scenario, outlook)
    classes = classes_for(scenario.products.cost_ratio)
    brains = [_promise(ratio, population) for ratio in classes]
    reasons = refusals(scenario, outlook, brains)
    ids = scenario.products.unique_id
    fallbacks = {str(ids[k]): str(reasons[k]) for k in np.flatnonzero(reasons != "").tolist()}
    return Coverage(classes, population, fallbacks)


def classes_for(cost_ratio: np.ndarray) -> tuple[float, ...]:
    """The fewest classes between which no product is further than a decade from both.

    Args:
        cost_ratio: missed-sale cost / holding cost at the shelf (K,) [1].
    """
    distinct = np.unique([_rounded(ratio) for ratio in cost_ratio])
    if len(distinct) <= MOST_CLASSES:
        return tuple(float(ratio) for ratio in distinct)
    low, high = distinct[0], distinct[-1]
    count = int(np.ceil(np.log(high / low) / np.log(DECADE) - 1e-9)) + 1
    inner = [_rounded(ratio) for ratio in np.geomspace(low, high, max(count, 2))[1:-1]]
    return (float(low), *inner, float(high))


def _rounded(ratio: float) -> float:
    """To two digits, as people name ratios."""
    return float(f"{ratio:.2g}")


def _widened(population: Population, scenario: Scenario, outlook: Outlook) -> Population:
    """The usual ranges, drawn out to what the catalogue holds as far as a training goes."""
    products = scenario.products
    cv = daily_cv(outlook)
    cv = cv[np.isfinite(cv) & (cv > 0)]
    lowest, highest = population.cv
    lead_time = products.lead_time
    shares = scenario.holding_cost[1:] / products.holding_cost
    return replace(
        population,
        lead_time=(
            max(min(population.lead_time[0], int(lead_time.min())), 0),
            min(max(population.lead_time[1], int(lead_time.max())), LONGEST_LEAD_TIME),
        ),
        cv=(lowest, min(max(highest, float(cv.max(initial=0))), WIDEST_CV)),
        wide_holding_share=_including(population.wide_holding_share, shares),
    )


def _including(span: Range, values: np.ndarray) -> Range:
    low, high = span
    if not values.size:
        return span
    return min(low, float(values.min())), max(high, float(values.max()))


def _promise(ratio: float, population: Population) -> Brain:
    """A brain that would have learnt this, for its card."""
    zero = ((0.0,) * population.stages,)
    card = Card(
        ratios=(ratio, ratio),
        centre=Centre((ratio,), zero, zero),
        learnt=population,
        algorithm="",
        seed=0,
        decisions=0,
        cpu_seconds=0.0,
        validation=float("nan"),
        command="",
    )
    return Brain(card, ())
