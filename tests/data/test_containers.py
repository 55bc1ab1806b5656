"""The weekly container problem: what is drawn, and demand around its forecast."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.containers import made_up, spread_of, with_lead_times


def test_instances_are_drawn_within_their_ranges() -> None:
    """The same seed draws the same items, with or without ramping."""
    free, ramped = (made_up(np.random.default_rng(4), ramped=ramped) for ramped in (False, True))
    np.testing.assert_array_equal(free.forecast, ramped.forecast)
    np.testing.assert_array_equal(free.unmet_cost, ramped.unmet_cost)
    assert np.isinf(free.ramp).all()
    assert (ramped.ramp >= 5).all()
    assert (ramped.ramp <= 15).all()
    assert free.forecast.min() >= 5
    assert free.forecast.max() <= 15
    np.testing.assert_allclose(free.over_cost, free.unmet_cost / 2)
    np.testing.assert_allclose(free.reward, free.unmet_cost / 3)
    assert free.capacity == 5 * 2350
    np.testing.assert_allclose(free.target, 5 * free.forecast)


def test_demand_has_the_mean_and_spread_of_the_forecast() -> None:
    """Gamma by the method of moments; within four standard errors of mean and variance."""
    problem = made_up(np.random.default_rng(4), items=4)
    drawn = problem.demand(np.random.default_rng(5), 20_000)
    assert drawn.min() >= 0
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    assert (abs(drawn.mean(axis=0) - problem.forecast) <= 4 * error + 1e-12).all()
    squares = np.square(drawn - problem.forecast)
    error = squares.std(axis=0) / np.sqrt(len(drawn))
    assert (abs(squares.mean(axis=0) - np.square(problem.std)) <= 4 * error + 1e-12).all()


def test_demand_without_spread_is_the_forecast() -> None:
    """So it is where nothing is expected."""
    problem = replace(made_up(np.random.default_rng(4), items=2), std=np.array([0.0, 2.0]))
    problem.forecast[1, 1] = 0.0
    drawn = problem.demand(np.random.default_rng(5), 3)
    np.testing.assert_array_equal(drawn[:, :, 0], np.broadcast_to(problem.forecast[:, 0], (3, 3)))
    assert not drawn[:, 1, 1].any()


def test_one_week_has_no_spread() -> None:
    """Two weeks have that of their difference."""
    assert spread_of(np.array([[3.0]])) == 0.0
    np.testing.assert_allclose(spread_of(np.array([[3.0], [5.0]])), np.sqrt(2))


def test_items_that_take_a_week_have_an_order_open() -> None:
    """Every other item; nothing is due for the others."""
    problem = with_lead_times(made_up(np.random.default_rng(4)), np.random.default_rng(5))
    np.testing.assert_array_equal(problem.due[0] > 0, problem.lead_time == 1)
    assert problem.lead_time.tolist()[:4] == [0, 1, 0, 1]


def test_a_problem_that_cannot_be_is_refused() -> None:
    """Shapes that disagree, space or costs of nothing, no container."""
    problem = made_up(np.random.default_rng(4), items=2)
    with pytest.raises(ValueError, match="must agree"):
        replace(problem, due=np.zeros((1, 2)))
    with pytest.raises(ValueError, match="above 0"):
        replace(problem, volume=np.zeros(2))
    with pytest.raises(ValueError, match="container"):
        replace(problem, containers=0)
