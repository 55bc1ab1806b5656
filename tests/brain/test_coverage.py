"""A catalogue says which classes it needs, and who would be left to theory even so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brain.coverage import DECADE, classes_for, coverage_of
from brain.population import Population
from data.catalogue import read_scenario
from data.errors import ConfigurationError
from data.outlook import outlook_of
from tests.brain.conftest import make_scenario

DATA = Path(__file__).parents[2] / "data"


def test_a_few_ratios_get_a_class_each() -> None:
    """The sample's three, in order, whatever the last digit."""
    assert classes_for(np.array([100.0, 10.0, 1000.0, 10.0, 99.9999])) == (10.0, 100.0, 1000.0)


@pytest.mark.parametrize("high", [50.0, 800.0, 40_000.0])
def test_many_ratios_are_enclosed_by_classes_a_decade_apart_at_most(high: float) -> None:
    """The lowest and the highest product lie on a class; so do as few others as possible."""
    classes = np.array(classes_for(np.geomspace(4.0, high, 37)))
    assert classes[0] == 4.0
    assert classes[-1] == high
    steps = classes[1:] / classes[:-1]
    assert (steps > 1).all()
    assert (steps <= DECADE * 1.06).all(), "two digits may round a step up a little"
    assert len(classes) == int(np.ceil(np.log10(high / 4.0))) + 1


def test_the_shipped_sample_is_covered_whole() -> None:
    """Nobody is left to theory."""
    scenario = read_scenario(DATA / "forecast.csv").scenario
    coverage = coverage_of(scenario, outlook_of(scenario, 1))
    assert coverage.classes == (10.0, 100.0, 1000.0)
    assert coverage.fallbacks == {}
    assert coverage.population == Population()


def test_ranges_are_drawn_out_to_the_catalogue() -> None:
    """A lead time of 14 days is learnt; one of 40 is not, and its product is named."""
    lead_time = np.repeat([[2], [3], [4]], 4, axis=1)
    lead_time[2, 1], lead_time[2, 2] = 14, 40
    scenario = make_scenario(lead_time=lead_time)
    coverage = coverage_of(scenario, outlook_of(scenario, 1))
    assert coverage.population.lead_time == (1, 15)
    (left,) = coverage.fallbacks
    assert left == str(scenario.products.unique_id[2])
    assert "lead time 40 days" in coverage.fallbacks[left]


def test_a_chain_too_long_to_learn_is_refused() -> None:
    """In one sentence."""
    with pytest.raises(ConfigurationError, match="6 stages, brains can learn 1 to 5"):
        Population(stages=6)
