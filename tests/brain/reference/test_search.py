"""Search by trial keeps what is better, and forgives only while it is hot."""

from __future__ import annotations

import numpy as np
import pytest

from brain.reference.net_policy import NetPolicy
from brain.reference.search import SearchSettings, Shape, _forgiven, search

SHAPE = Shape((4,), np.zeros(2), np.ones(2), np.zeros(1), np.full(1, 10.0), features=("a", "b"))
SEEN = np.random.default_rng(1).standard_normal((40, 2))


def judge(policy: NetPolicy) -> float:
    """How close it comes to 5 + a - b."""
    return -float(np.square(policy.act(SEEN)[:, 0] - (5 + SEEN[:, 0] - SEEN[:, 1])).mean())


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (SearchSettings(400), "local search"),
        (SearchSettings(400, temperature=(1.0, 1e-3)), "simulated annealing"),
    ],
)
def test_a_search_never_returns_less_than_it_began_with(
    settings: SearchSettings, name: str
) -> None:
    """Its curve never falls, and ends with what the judge says of the policy."""
    found = search(SHAPE, judge, 3, settings)
    first = search(SHAPE, judge, 3, SearchSettings(1))
    curve = [point.score for point in found.card.curve]
    assert curve == sorted(curve)
    assert curve[-1] == judge(found) > judge(first)
    assert (found.card.algorithm, found.card.steps) == (name, 400)


def test_one_seed_gives_one_net_to_the_bit() -> None:
    """And another seed another one."""
    nets = [search(SHAPE, judge, seed, SearchSettings(20)).layers[0][0] for seed in (1, 1, 2)]
    np.testing.assert_array_equal(nets[0], nets[1])
    assert not np.array_equal(nets[0], nets[2])


def test_choices_are_searched_for_as_well() -> None:
    """A net without bounds scores as many choices as it is told."""
    shape = Shape((), np.zeros(2), np.ones(2), choices=3)
    assert search(shape, lambda policy: 0.0, 1, SearchSettings(2)).scores(SEEN).shape == (40, 3)


def test_a_loss_is_forgiven_with_the_chance_of_metropolis() -> None:
    """exp(-loss / temperature), to within four standard errors; never without a temperature."""
    rng = np.random.default_rng(4)
    share = np.mean([_forgiven(-2.0, (4.0, 1.0), 0.5, rng) for _ in range(4000)])
    chance = np.exp(-1.0)
    assert abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / 4000)
    assert not any(_forgiven(-1e-9, None, 0.0, rng) for _ in range(100))
