"""What is to be planned: the tables as they were read, in the world that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from data.catalogue import Reading, Source, read_scenario
from data.errors import PlannerError
from data.scenario import Scenario
from planner.changes import Effect, changed
from planner.config import PlanConfig
from planner.trust import FILE, Trust, read_trust, trust_beside
from planner.what_if import Asked


@dataclass(frozen=True)
class Intake:
    """What goes into a plan.

    Attributes:
        reading: the tables, what was odd in them and what was assumed.
        scenario: the problem, with the budget and the what-if scenarios that were asked for.
        horizon: days that can be planned [period].
        effects: what every change of the scenarios came to, by the scenario's name.
        stopped: reason per product that was stopped on the way, by unique_id.
        trust: what the past says of learnt advice; None where nobody asked it.
    """

    reading: Reading
    scenario: Scenario
    horizon: int
    effects: Mapping[str, tuple[Effect, ...]] = field(default_factory=dict)
    stopped: Mapping[str, str] = field(default_factory=dict)
    trust: Trust | None = None

    def without(self, reasons: Mapping[int, str]) -> Intake:
        """The same without some products, by their numbers, each with the reason.

        Raises:
            PlannerError: no product is left.
        """
        ids = [str(name) for name in self.scenario.products.unique_id]
        stopped = {ids[product]: reason for product, reason in reasons.items()}
        kept = np.array([product for product in range(len(ids)) if product not in reasons], int)
        if not len(kept):
            first, reason = next(iter(stopped.items()))
            raise PlannerError(
                f"no product is left to plan: of {first}, {reason}; look at data_issues.csv, and "
                "at the brains"
            )
        reading = replace(self.reading, skipped=self.reading.skipped | stopped)
        return replace(
            self,
            reading=reading,
            scenario=self.scenario.take(kept),
            stopped={**self.stopped, **stopped},
        )


def read_intake(config: PlanConfig, asked: Sequence[Asked] = ()) -> Intake:
    """The tables of a configuration, in the world of the scenarios asked for.

    Raises:
        PlannerError: the tables, or a scenario, cannot be used.
    """
    return intake_of(config, read_scenario(config.forecast, config.tables), asked)


def intake_of(config: PlanConfig, reading: Reading, asked: Sequence[Asked] = ()) -> Intake:
    """What has been read, in the world of the scenarios asked for, one after the other.

    The scenarios count among the files that were read; what they change is among what was assumed.
    """
    scenario = reading.scenario
    scenario = replace(scenario, terms=replace(scenario.terms, budget=config.budget))
    effects: dict[str, tuple[Effect, ...]] = {}
    for each in asked:
        after = changed(scenario, each.what_if)
        scenario, effects[each.what_if.name] = after.scenario, after.effects
    sentences = [
        f"what-if {name!r}, {effect.sentence}" for name, of in effects.items() for effect in of
    ]
    trust, read = _trusted(config)
    reading = replace(
        reading,
        sources=(*reading.sources, *(each.source for each in asked), *read),
        assumed=(*reading.assumed, *sentences, *([trust.sentence] if trust else [])),
    )
    horizon = min(config.horizon, scenario.horizon)
    return Intake(reading, scenario, horizon, effects, trust=trust)


def _trusted(config: PlanConfig) -> tuple[Trust | None, tuple[Source, ...]]:
    """What the past says of learnt advice, and the file that says it."""
    path = config.trust or trust_beside(config.forecast)
    if path is None or not config.trusting:
        return None, ()
    trust = read_trust(path)
    digest = sha256(path.read_bytes()).hexdigest()
    return trust, (Source(Path(FILE).stem, path, digest, len(trust.unique_id)),)
