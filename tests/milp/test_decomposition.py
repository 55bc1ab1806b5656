"""Batches find what one programme finds: bounds that hold, a plan within them, the same prices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.engine import Alone, Engine
from data.network import Network
from milp.decomposition import Decomposition, Found, Size
from milp.effort import Bounds, Effort, gap_of
from milp.model import Model
from milp.reconcile import MANY, reconcile
from milp.solver import solve
from milp.task import Task
from tests.milp.conftest import random_task, with_limits
from tests.milp.test_keystone import assert_kept

SMALL = Size(batch=5, passes=4, sampled=2)
ROUNDING = 1e-7
"""Share of a cost that the solver's tolerances may hide."""


def optimum(task: Task) -> float:
    """The least cost, by one programme [money]."""
    model = Model(task)
    return solve(model.programme()).objective * model.money + model.constant


def decomposed(task: Task, effort: Effort | None = None, size: Size = SMALL) -> Found:
    """What batches of a few products find."""
    return Decomposition(task, effort or Effort(), Alone(), lambda bounds: None, size).run()


def crowd(seed: int, products: int, tightness: float = 0.8) -> Task:
    """Many products at stages whose space is a share of what they take where space is free."""
    task = next(
        made
        for made in (random_task(number, products, starving=0.1) for number in range(seed, 2**31))
        if len(made.scenario.network) > 1 and made.outlook.std.any()
    )
    free = reconcile(with_limits(task))
    stages = tuple(
        replace(stage, storage_capacity=float(space), supply_capacity=np.inf)
        for stage, space in zip(
            task.scenario.network.stages, tightness * free.occupancy.mean(axis=0), strict=True
        )
    )
    return replace(task, scenario=replace(task.scenario, network=Network(stages)))


@given(st.integers(0, 2**31), st.integers(1, 40), st.sampled_from([0.0, 0.4]))
@settings(max_examples=40, deadline=None)
def test_the_least_cost_lies_between_the_bounds(seed: int, products: int, starving: float) -> None:
    """Whatever the products, the stock and the limits; and the plan costs what is said."""
    task = random_task(seed, products, starving)
    found, least = decomposed(task), optimum(task)
    slack = ROUNDING * (1 + abs(least))
    assert found.lower <= least + slack
    assert least <= found.upper + slack


@pytest.mark.parametrize("products", [MANY + 1, 400])
def test_batches_of_many_come_as_close_as_asked(products: int) -> None:
    """With scarce space, the bounds bracket one programme's optimum and nearly meet."""
    task = crowd(11, products)
    answer, least = reconcile(task, effort=Effort(gap=1e-3)), optimum(task)
    assert answer.storage_price.any()
    assert answer.complete
    assert answer.gap <= 1e-3
    assert answer.lower <= least * (1 + ROUNDING)
    assert least <= answer.upper * (1 + ROUNDING)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_the_bounds_hold_up_to_a_thousand_products(seed: int) -> None:
    """One programme of a thousand products is slow, but it can be asked."""
    task = crowd(100 * seed, int(np.random.default_rng(seed).integers(500, 1001)))
    answer, least = reconcile(task), optimum(task)
    assert answer.lower <= least * (1 + ROUNDING) <= answer.upper * (1 + 2 * ROUNDING)


def test_where_nothing_is_scarce_prices_of_nothing_are_enough() -> None:
    """Then batches do not know of each other, and what they do is the best there is."""
    task = with_limits(random_task(16, 30))
    found = decomposed(task)
    assert found.upper == pytest.approx(optimum(task), rel=1e-9)
    assert found.complete
    assert not found.prices.any()


def test_prices_of_batches_are_what_space_is_worth() -> None:
    """What a little more space saves and a little less costs, within 2.5 %.

    Averages over batches are less exact than the duals of one programme, which are held to 1 %.
    """
    task = crowd(3, 300)
    answer = reconcile(task, effort=Effort(gap=2e-5))
    stages = task.scenario.network.stages
    for stage, price in enumerate(answer.storage_price.sum(axis=0)):
        step = 2e-3 * stages[stage].storage_capacity
        costs = []
        for more in (step, -step):
            resized = list(stages)
            space = stages[stage].storage_capacity + more
            resized[stage] = replace(stages[stage], storage_capacity=space)
            network = Network(tuple(resized))
            costs.append(optimum(replace(task, scenario=replace(task.scenario, network=network))))
        worth = (costs[1] - costs[0]) / (2 * step)
        assert price == pytest.approx(worth, rel=0.025, abs=1e-6)


class Reversed(Engine):
    """Does the last item first; results still come in order."""

    workers = 1

    def map(
        self, function: Callable[[Any, Any], Any], shared: Any, items: Iterable[Any]
    ) -> Iterator[Any]:
        """function(shared, item) for every item."""
        waiting = list(items)
        done = [function(shared, item) for item in reversed(waiting)]
        yield from reversed(done)

    def close(self) -> None:
        """Nothing has to be ended."""


def test_the_plan_does_not_depend_on_who_works_on_it_when() -> None:
    """To the bit: results are put together in the order of the batches."""
    task = crowd(5, MANY + 40)
    one, other = reconcile(task), reconcile(task, engine=Reversed())
    np.testing.assert_array_equal(one.shipments, other.shipments)
    assert (one.lower, one.upper) == (other.lower, other.upper)


class Interrupted(Alone):
    """Somebody presses Ctrl-C after a number of batches."""

    def __init__(self, after: int) -> None:
        self._left = after

    def map(
        self, function: Callable[[Any, Any], Any], shared: Any, items: Iterable[Any]
    ) -> Iterator[Any]:
        """function(shared, item), until it is enough."""
        for result in super().map(function, shared, items):
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt
            yield result


@pytest.mark.parametrize("after", [0, 60, 75, 90])
def test_an_interrupted_search_gives_the_best_plan_so_far(after: int) -> None:
    """It says how good that is, and its plan can be carried out."""
    task = crowd(5, MANY + 40)
    answer = reconcile(task, effort=Effort(gap=0.0), engine=Interrupted(after))
    assert not answer.complete
    assert np.isfinite(answer.shipments).all()
    assert answer.lower <= optimum(task) * (1 + ROUNDING)
    assert optimum(task) <= answer.upper * (1 + ROUNDING)
    assert_kept(task, answer)


def test_no_time_at_all_gives_a_plan_that_ships_nothing() -> None:
    """Its bounds say that nothing is known of it."""
    task = crowd(5, MANY + 40)
    answer = reconcile(task, effort=Effort(seconds=0.0))
    assert not answer.shipments.any()
    assert answer.gap == np.inf
    assert not answer.complete


def test_progress_is_told_with_bounds_that_only_improve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every word says how much of the pass is done, and what is proven by then."""
    monkeypatch.setattr("milp.decomposition.TELL_EVERY", 0.0)
    told: list[Bounds] = []
    task = crowd(5, MANY + 40)
    answer = Decomposition(task, Effort(gap=1e-4), Alone(), told.append, Size()).run()
    assert {bounds.step for bounds in told} == {"pricing", "sharing"}
    assert all(0 < bounds.done <= 1 and bounds.seconds_left >= 0 for bounds in told)
    lower, upper = np.array([[bounds.lower, bounds.upper] for bounds in told]).T
    assert (np.diff(lower[np.isfinite(lower)]) >= 0).all()
    assert (np.diff(upper[np.isfinite(upper)]) <= 0).all()
    assert told[-1].gap >= gap_of(answer.lower, answer.upper)


@pytest.mark.parametrize("limits", ["purchase_limit", "budget"])
def test_money_is_shared_like_space(limits: str) -> None:
    """Purchases stay within it, and a unit more of it would save what its price says."""
    task = random_task(13, 30, starving=0.9)
    products = replace(task.scenario.products, unit_cost=np.full(30, 2.0))
    task = with_limits(replace(task, scenario=replace(task.scenario, products=products)))
    bought = 2.0 * reconcile(task).shipments[:, -1].sum(axis=1)
    money = float(bought.max() / 2 if limits == "purchase_limit" else bought.sum() / 2)
    poor = replace(task, **{limits: money})
    answer, found = reconcile(poor), decomposed(poor)
    spent = 2.0 * answer.shipments[:, -1].sum(axis=1)
    most = spent.max() if limits == "purchase_limit" else spent.sum()
    assert most <= money * (1 + 1e-6)
    price = answer.purchase_price.sum() if limits == "purchase_limit" else answer.budget_price
    step = 1e-3 * money
    saved = (optimum(poor) - optimum(replace(poor, **{limits: money + step}))) / step
    lacking = (optimum(replace(poor, **{limits: money - step})) - optimum(poor)) / step
    assert 0 < saved * (1 - 1e-6) <= price <= lacking * (1 + 1e-6)
    assert found.lower <= answer.upper * (1 + ROUNDING) <= found.upper * (1 + 2 * ROUNDING)
