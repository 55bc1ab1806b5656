"""What orders may be, and what units of later days bear."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from envs.theory import eoq
from milp.lots.rules import economic_order, rules_of
from tests.milp.conftest import steady_task
from tests.milp.lots.conftest import with_suppliers, with_trucks


def test_the_economic_order_is_harris() -> None:
    """The same square root as in the theory of the other room."""
    rate, cost, holding = np.array([10.0, 3.0]), np.array([40.0, 0.0]), np.array([0.5, 2.0])
    np.testing.assert_allclose(
        economic_order(rate, cost, holding), eoq(rate, cost, holding).quantity
    )


def test_later_units_cost_what_cycling_at_the_economic_order_costs() -> None:
    """Order cost and holding of the cycle together: sqrt(2 K d h) a day, spread over d."""
    task = steady_task(order_cost=np.array([40.0, 90.0]))
    rules = rules_of(task, 4)
    holding = task.scenario.holding_cost[-1]
    rate = task.outlook.mean[: task.periods].mean(axis=0)
    expected = np.sqrt(2 * np.array([40.0, 90.0]) * rate * holding) / rate
    np.testing.assert_allclose(rules.charge[4:, -1], np.tile(expected, (task.periods - 4, 1)))
    assert not rules.charge[:4].any()
    assert not rules.charge[:, :-1].any()


def test_bounds_are_brought_to_whole_lots() -> None:
    """Down for the most, up for the least; a minimum above the most closes the day."""
    task = steady_task(
        lot_size=np.array([6.0, 10.0]),
        maximum_order=np.array([20.0, 20.0]),
        minimum_order=np.array([7.0, 25.0]),
    )
    rules = rules_of(task, 3)
    np.testing.assert_array_equal(rules.most[:, 0], [[18, 20]] * 3)
    np.testing.assert_array_equal(rules.most[:, -1], [[18, 0]] * 3)
    np.testing.assert_array_equal(rules.smallest, [12, 30])
    assert not rules.loose.any()


def test_a_fixed_line_that_is_no_multiple_of_the_lot_stays_as_it_is() -> None:
    """A person may have fixed 13 of lots of 6."""
    task = steady_task(lot_size=np.array([6.0, 6.0]))
    shape = (task.periods, 2, 2)
    least, most = np.zeros(shape), np.full(shape, np.inf)
    least[1, 1, 0] = most[1, 1, 0] = 13.0
    rules = rules_of(replace(task, least=least, most=most), 3)
    assert rules.loose[1, 1, 0]
    assert rules.loose.sum() == 1
    assert rules.least[1, 1, 0] == rules.most[1, 1, 0] == 13.0


def test_freight_is_a_trucks_cost_by_volume() -> None:
    """A unit bears its part of a full truck at every stage and on every day."""
    task = with_trucks(steady_task(volume=np.array([2.0, 0.5])), 40.0, 100.0)
    charge = rules_of(task, 3).charge
    np.testing.assert_allclose(charge, np.broadcast_to([5.0, 1.25], charge.shape))


def test_a_suppliers_order_cost_is_borne_by_what_is_bought_later() -> None:
    """In a steady state its products bear twice the order cost of each joint cycle."""
    task = with_suppliers(
        steady_task(supplier=np.array(["S0", "S0"], dtype=object), unit_cost=np.ones(2)), 50.0, 0.0
    )
    rules = rules_of(task, 4)
    rate = task.outlook.mean[: task.periods].mean(axis=0)
    a_day = float(rules.charge[5, -1] @ rate)
    cycle = np.sqrt(2 * 50.0 / float(task.scenario.holding_cost[-1] @ rate))
    assert a_day == pytest.approx(2 * 50.0 / max(cycle, 1.0))
