"""Demand shapes and lead-time profiles are what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from data.demand import Deterministic
from envs.reference.serial_profiles import (
    FIXED_PROFILES,
    LAW_SHAPES,
    LEVEL,
    MOVING_SHAPES,
    NOISE,
    NOISY_WAVES,
    PROFILES,
    SHAPES,
    SPANS,
    SUPPLIED,
    VARYING,
    WAVES,
    expected_lead_times,
    law_of,
    lead_time_variance,
    lead_times,
    mean_of,
    two_waves,
)

DAYS, PERIODS = 200, 280


def mean(shape: int, products: int = 1, seed: int = 0) -> np.ndarray:
    """Mean demand of a shape over an episode of 200 days and what lies beyond it."""
    return mean_of(shape, DAYS, PERIODS, products, np.random.default_rng(seed))


def test_the_twelve_shapes_are_those_of_the_problem() -> None:
    """Five laws, one of them supplied, and seven means that move."""
    assert tuple(range(1, 13)) == SHAPES


@pytest.mark.parametrize(
    ("shape", "variance"), [(1, 20.0), (2, 10.0), (3, (21**2 - 1) / 12), (4, 0.95 / 0.05**2)]
)
def test_the_four_laws_have_mean_twenty(shape: int, variance: float) -> None:
    """And the variances of Poisson, binomial (n p q), uniform on 10 to 30, and geometric (q / p^2).

    The geometric law counts from 1, so its mean 1 / p is 20.
    """
    law = law_of(shape)
    assert law is LAW_SHAPES[shape]
    assert float(law.mean) == pytest.approx(LEVEL)
    assert float(law.std) ** 2 == pytest.approx(variance)


def test_what_is_supplied_is_the_demand() -> None:
    """Day by day, without error; nothing supplied, or a shape with a moving mean, has no law."""
    law = law_of(SUPPLIED, (3.0, 5.0))
    assert isinstance(law, Deterministic)
    assert law.mean.tolist() == [[3.0], [5.0]]
    for shape, supplied in ((SUPPLIED, ()), (WAVES, (1.0,))):
        with pytest.raises(ValueError, match="expected a shape of 1, 2, 3, 4, or 5"):
            law_of(shape, supplied)


@pytest.mark.parametrize(
    ("shape", "known"),
    [
        (6, {0: 20, 99: 20, 100: 60, 101: 20, 279: 20}),
        (7, {0: 20, 99: 20, 100: 30, 119: 30, 120: 20}),
        (8, {0: 20, 50: 20, 100: 25, 125: 27.5, 150: 30, 279: 30}),
        (9, {0: 20, 50: 20, 100: 15, 125: 12.5, 150: 10, 279: 10}),
        (10, {0: 20, 99: 20, 100: 25, 279: 25}),
    ],
)
def test_a_moving_mean_is_where_it_should_be(shape: int, known: dict[int, float]) -> None:
    """By hand: things happen in the middle of an episode of 200 days, ramps take a hundred."""
    found = mean(shape, products=2)
    assert found.shape == (PERIODS, 2)
    for day, units in known.items():
        assert found[day].tolist() == [units, units]


def test_two_waves_begin_at_the_level_and_stay_within_their_amplitudes() -> None:
    """20 on day 0; 20 + 5 sin(1) + 3 sin(2.5) on day 50."""
    t = np.arange(2000)
    waves = two_waves(t)
    assert waves[0] == LEVEL
    assert waves[50] == pytest.approx(20 + 5 * np.sin(1.0) + 3 * np.sin(2.5))
    assert np.abs(waves - LEVEL).max() <= 8


def test_every_product_is_at_a_place_of_its_own_in_the_waves() -> None:
    """A later day of the same waves; with noise of the stated spread where there is any."""
    first = mean(WAVES, products=3)
    assert len({float(units) for units in first[0]}) == 3
    t = np.arange(1000 + PERIODS)
    for column in first.T:
        starts = [s for s in range(1000) if np.array_equal(two_waves(t[s : s + PERIODS]), column)]
        assert len(starts) == 1
    noise = mean(NOISY_WAVES, products=200) - mean(WAVES, products=200)
    error = NOISE / np.sqrt(2 * noise.size)
    assert abs(noise.std() - NOISE) < 4 * error


def test_every_moving_shape_is_named_and_never_below_nothing() -> None:
    """The name is what a chart says of it."""
    for shape, (name, _) in MOVING_SHAPES.items():
        assert name
        assert (mean(shape) >= 0).all()


@pytest.mark.parametrize("profile", FIXED_PROFILES)
def test_a_fixed_profile_says_its_lead_times(profile: str) -> None:
    """The name of 2-3-4 is the lead times, the shelf first; they have no variance."""
    expected = tuple(map(int, profile.split("-")))
    found = lead_times(profile, PERIODS, 2, np.random.default_rng(0))
    assert found.T.tolist() == [list(expected)] * 2
    assert expected_lead_times(profile) == expected
    assert lead_time_variance(profile).tolist() == [0, 0, 0]


def test_varying_lead_times_fill_their_spans_evenly() -> None:
    """Five days each, from 2, 3 and 4 on: mean 4, 5, 6 and variance 2."""
    found = lead_times(VARYING, PERIODS, 40, np.random.default_rng(0))
    assert found.shape == (PERIODS, 3, 40)
    assert VARYING in PROFILES
    assert expected_lead_times(VARYING) == (4, 5, 6)
    assert lead_time_variance(VARYING).tolist() == [2, 2, 2]
    share_error = np.sqrt(0.2 * 0.8 / found[:, 0].size)
    for stage, (low, high) in enumerate(SPANS):
        days, counts = np.unique(found[:, stage], return_counts=True)
        assert days.tolist() == list(range(low, high + 1))
        assert np.abs(counts / counts.sum() - 0.2).max() < 4 * share_error
