"""What space is worth is seen by playing, at every size on the same futures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.errors import ConfigurationError
from planner.curve import (
    Point,
    StageCurve,
    capacity_curves,
    resized_problem,
    sampled,
    settled_from,
)
from planner.problem import Problem, problem_of
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

HORIZON = 12
Z = np.array([[1.5, 1.0], [0.5, 0.2]])


def problem(space: tuple[float, float] = (48.0, 400.0)) -> Problem:
    """Two steady products; little space at the shelf, plenty above."""
    return problem_of(with_limits(steady_task(), space).scenario, HORIZON)


def curve_of(costs: dict[float, np.ndarray], worth: float = 0.0) -> StageCurve:
    """A curve with given costs by share, of a stage of 100."""
    points = tuple(
        Point(share, 100 * share, np.asarray(cost, float), 0.9, 0.1, worth)
        for share, cost in sorted(costs.items())
    )
    return StageCurve("New York", 5.0, points)


@pytest.fixture(scope="module")
def curves() -> list[StageCurve]:
    """Of the tight shelf and the roomy store."""
    tight = problem()
    return capacity_curves(tight, closed_form(tight, Z), paths=6, seed=1, shares=(0.7, 1.3))


def test_every_stage_with_a_limit_has_a_curve_with_today_on_it(curves: list[StageCurve]) -> None:
    """Smallest size first."""
    assert [curve.stage for curve in curves] == ["stage 0", "stage 1"]
    for curve, space in zip(curves, (48.0, 400.0), strict=True):
        assert [point.share for point in curve.points] == [0.7, 1.0, 1.3]
        assert [point.capacity for point in curve.points] == pytest.approx(
            [0.7 * space, space, 1.3 * space]
        )
        assert curve.today.share == 1
        assert curve.differences[1].value == 0


def test_all_stages_share_what_today_costs(curves: list[StageCurve]) -> None:
    """Sizes are compared on the same futures, future by future."""
    first, second = (curve.today.cost for curve in curves)
    np.testing.assert_array_equal(first, second)
    assert len(first) == 6


def test_less_space_than_needed_costs_more_and_plenty_changes_nothing(
    curves: list[StageCurve],
) -> None:
    """At the tight shelf a smaller size is dearer beyond chance; above, sizes cost the same."""
    shelf, store = curves
    assert shelf.differences[0].low > 0
    assert shelf.worth[0].value > shelf.worth[1].value - 1e-9
    assert [d.value for d in store.differences] == [0, 0, 0]
    assert store.enough is store.points[0]


def test_the_models_worth_falls_with_space(curves: list[StageCurve]) -> None:
    """And is nothing where there is plenty."""
    shelf, store = curves
    worth = [point.model_worth for point in shelf.points]
    assert worth == sorted(worth, reverse=True)
    assert worth[0] > 0
    assert [point.model_worth for point in store.points] == [0, 0, 0]
    assert shelf.model_differences[0] > 0
    assert shelf.model_differences[1] == 0


def test_worth_is_the_money_saved_per_unit_of_space() -> None:
    """Between neighbouring sizes, with its interval over futures."""
    curve = curve_of({0.9: [20.0, 22.0, 24.0], 1.0: [10.0, 12.0, 14.0], 1.1: [9.0, 11.0, 13.0]})
    assert [found.value for found in curve.worth] == pytest.approx([1.0, 0.1])
    assert curve.worth[0].low == pytest.approx(1.0), "every future saves the same"
    assert [found.value for found in curve.differences] == pytest.approx([10, 0, -1])


def test_the_models_difference_adds_up_its_worth() -> None:
    """By the trapezoidal rule, from today's size either way."""
    curve = curve_of({0.9: [1.0, 1.0], 1.0: [1.0, 1.0], 1.1: [1.0, 1.0]}, worth=2.0)
    assert curve.model_differences == pytest.approx([20.0, 0.0, -20.0])


@pytest.mark.parametrize(
    ("last", "share"),
    [([9.0, 9.1, 9.2], None), ([12.0, 9.9, 14.0], 1.0)],
    ids=["still saving", "flat"],
)
def test_enough_is_where_nothing_more_is_saved(last: list[float], share: float | None) -> None:
    """Beyond chance; unknown where the biggest size still saves something."""
    curve = curve_of({0.9: [20.0, 20.1, 20.3], 1.0: [12.0, 12.0, 12.1], 1.1: last})
    found = curve.enough
    assert (found and found.share) == share


def test_a_grown_curve_is_worth_in_proportion() -> None:
    """Twice the space and money: the same worth per unit of space."""
    curve = curve_of({0.9: [20.0, 22.0], 1.0: [10.0, 12.0]}, worth=0.5)
    grown = curve.grown(2.0, 2.0)
    assert grown.worth[0].value == pytest.approx(curve.worth[0].value)
    assert grown.today.capacity == 2 * curve.today.capacity


def test_a_resized_stage_leaves_the_others_alone() -> None:
    """World and rates are made anew; the forecast is the same object."""
    before = problem()
    after = resized_problem(before, {0: 0.5})
    assert after.scenario.network.storage_capacity.tolist() == [24.0, 400.0]
    assert after.outlook is before.outlook
    assert after.rates is not before.rates


def test_days_are_counted_once_orders_have_come_down() -> None:
    """The longest echelon interval, at most half of what is played."""
    assert settled_from(problem()) == 5
    assert settled_from(replace(problem(), horizon=6)) == 3


def test_a_chain_without_limits_has_nothing_to_study() -> None:
    """It says which columns of network.toml would give it some."""
    free = problem_of(steady_task().scenario, HORIZON)
    with pytest.raises(ConfigurationError, match="storage_capacity and overflow_price"):
        capacity_curves(free, closed_form(free, Z), paths=2, seed=1)


def test_few_products_are_all_played() -> None:
    """The problem itself, and all of every limit."""
    tight = problem()
    part, share = sampled(tight, closed_form(tight, Z), most=2, seed=1)
    assert part is tight
    assert (share == 1).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_sample_has_its_share_of_every_limit(seed: int) -> None:
    """About as much as its number of products, for every n-th by size is taken."""
    products = 40
    task = with_limits(steady_task(products=products), (5e3, 9e3), (2e3, np.inf))
    whole = problem_of(task.scenario, HORIZON)
    advice = closed_form(whole, np.tile([[1.5], [0.5]], products))
    part, share = sampled(whole, advice, most=10, seed=seed)
    assert len(part.scenario.products) == 10
    assert (abs(share - 0.25) < 0.05).all()
    network = part.scenario.network
    assert network.storage_capacity == pytest.approx(share * np.array([5e3, 9e3]))
    assert network.supply_capacity == pytest.approx(share * np.array([2e3, np.inf]))
    again = sampled(whole, advice, most=10, seed=seed)[0]
    assert again.scenario.products.unique_id.tolist() == part.scenario.products.unique_id.tolist()
