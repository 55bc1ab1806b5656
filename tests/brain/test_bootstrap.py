"""Bootstrap intervals hold the mean as often as they say."""

import numpy as np

from brain.bootstrap import interval, redrawn


def test_an_interval_is_as_wide_as_the_error_of_the_mean():
    """Two standard errors either side for many values (Efron 1979)."""
    rng = np.random.default_rng(1)
    values = rng.normal(3, 2, 400)
    mean, low, high = interval(values, redrawn(rng, 400, 4000))
    error = values.std() / np.sqrt(400)
    assert mean == values.mean()
    np.testing.assert_allclose([low, high], [mean - 1.96 * error, mean + 1.96 * error], atol=0.02)


def test_a_higher_level_is_a_wider_interval():
    rng = np.random.default_rng(2)
    values, samples = rng.normal(0, 1, 50), redrawn(rng, 50, 4000)
    _, low, high = interval(values, samples)
    _, lower, higher = interval(values, samples, 0.99)
    assert lower < low < high < higher


def test_what_never_varies_has_no_width():
    samples = redrawn(np.random.default_rng(3), 9, 100)
    assert interval(np.full(9, 0.25), samples) == (0.25, 0.25, 0.25)
