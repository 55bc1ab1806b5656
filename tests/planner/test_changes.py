"""Changes of a scenario change what they name, nothing else, and say so."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from data.errors import ConfigurationError
from data.scenario import Scenario
from data.terms import Suppliers
from planner.changes import Changed, changed
from planner.what_if import WhatIf
from tests.milp.conftest import steady_task, with_limits

SPACE = (48.0, 72.0)


def world() -> Scenario:
    """Two products of two categories and suppliers, in a chain of two limited stages."""
    scenario = with_limits(steady_task(), SPACE).scenario
    words = {
        "category": np.array(["Toys", "Tools"], dtype=object),
        "supplier": np.array(["Acme", "Bolt"], dtype=object),
        "unit_cost": np.array([2.0, np.nan]),
    }
    return replace(scenario, products=replace(scenario.products, **words))


def after(scenario: Scenario, **changes: Any) -> Changed:
    """The scenario after the changes of a file."""
    return changed(scenario, WhatIf.model_validate({"name": "test", **changes}))


def sentence(found: Changed) -> str:
    """What its only change came to."""
    (effect,) = found.effects
    return effect.said


def differences(one: Scenario, other: Scenario) -> set[str]:
    """Parts of a scenario, and columns of its products, that are not the same."""
    found = {
        f.name
        for f in fields(Scenario)
        if f.name in ("network", "stock", "law", "terms")
        and getattr(one, f.name) is not getattr(other, f.name)
        and repr(getattr(one, f.name)) != repr(getattr(other, f.name))
    }
    for part in ("products", "forecast"):
        ours, theirs = getattr(one, part), getattr(other, part)
        for f in fields(ours):
            before, now = getattr(ours, f.name), getattr(theirs, f.name)
            if isinstance(before, np.ndarray):
                same = (before == now) | ((before != before) & (now != now))
                found |= set() if np.all(same) else {f"{part}.{f.name}"}
    return found


def test_capacity_changes_at_one_stage_or_at_all() -> None:
    """By a factor or to a value; the sentence has both numbers."""
    before = world()
    name = before.network.names[1]
    one = after(before, capacity=[{"stage": name, "factor": 1.5}])
    np.testing.assert_allclose(one.scenario.network.storage_capacity, [48.0, 108.0])
    assert sentence(one) == f"storage capacity: {name} 72 → 108"
    every = after(before, capacity=[{"value": 10}])
    np.testing.assert_allclose(every.scenario.network.storage_capacity, [10.0, 10.0])
    assert differences(before, one.scenario) == {"network"}
    supply = after(before, capacity=[{"limit": "supply", "value": 20}])
    np.testing.assert_allclose(supply.scenario.network.supply_capacity, [20.0, 20.0])


def test_costs_change_for_the_products_that_are_chosen() -> None:
    """By id, category or supplier; several lists mean those in all of them."""
    before = world()
    toys = after(before, cost=[{"term": "holding_cost", "factor": 2, "categories": ["Toys"]}])
    np.testing.assert_allclose(
        toys.scenario.products.holding_cost, before.products.holding_cost * [2, 1]
    )
    assert sentence(toys) == "holding cost of 1 product × 2"
    assert differences(before, toys.scenario) == {"products.holding_cost"}
    bolt = after(before, cost=[{"term": "missed_sale_cost", "value": 9, "suppliers": ["Bolt"]}])
    assert bolt.scenario.products.missed_sale_cost[1] == 9
    assert bolt.scenario.products.missed_sale_cost[0] == before.products.missed_sale_cost[0]
    neither = {"term": "holding_cost", "factor": 2, "categories": ["Toys"], "suppliers": ["Bolt"]}
    found = after(before, cost=[neither])
    assert found.scenario is before
    assert "no product is in all of these lists" in sentence(found)


def test_an_unknown_cost_is_scaled_by_nothing_but_can_be_given() -> None:
    """A factor leaves it unknown; a value makes it known."""
    before = world()
    scaled = after(before, cost=[{"term": "unit_cost", "factor": 3}])
    np.testing.assert_array_equal(scaled.scenario.products.unit_cost, [6.0, np.nan])
    assert "of 1 product" in sentence(scaled)
    given = after(before, cost=[{"term": "unit_cost", "value": 5}])
    np.testing.assert_array_equal(given.scenario.products.unit_cost, [5.0, 5.0])


def test_demand_changes_between_dates_and_stays_as_sure() -> None:
    """The spread moves with the mean unless it is given; both dates count."""
    before = world()
    start = before.forecast.start
    days = [date.fromordinal(start.toordinal() + n) for n in (2, 4)]
    found = after(before, demand=[{"mean": 2, "from": days[0], "to": days[1]}])
    ratio = found.scenario.forecast.mean / before.forecast.mean
    assert (ratio[2:5] == 2).all()
    assert (np.delete(ratio, [2, 3, 4], axis=0) == 1).all()
    np.testing.assert_allclose(
        found.scenario.forecast.std[2:5], 2 * before.forecast.std[2:5], rtol=1e-12
    )
    calm = after(before, demand=[{"mean": 2, "std": 1}])
    np.testing.assert_array_equal(calm.scenario.forecast.std, before.forecast.std)
    assert differences(before, calm.scenario) == {"forecast.mean"}


def test_lead_times_change_at_the_stage_or_for_the_supplier() -> None:
    """By days or to a value, never below 0; a supplier's is that of the top stage."""
    before = world()
    lead_time = before.products.lead_time
    name = before.network.names[0]
    longer = after(before, lead_time=[{"stage": name, "days": 3}])
    np.testing.assert_array_equal(longer.scenario.products.lead_time[0], lead_time[0] + 3)
    np.testing.assert_array_equal(longer.scenario.products.lead_time[1], lead_time[1])
    slow = after(before, lead_time=[{"suppliers": ["Acme"], "value": 9}])
    assert slow.scenario.products.lead_time[-1].tolist() == [9, lead_time[-1, 1]]
    floor = after(before, lead_time=[{"stage": name, "days": -50}])
    assert (floor.scenario.products.lead_time[0] == 0).all()
    assert "none is shorter than 0" in sentence(floor)


def test_order_days_change_for_a_stage_or_for_suppliers() -> None:
    """A supplier without terms gets terms that say nothing but the days."""
    before = world()
    name = before.network.names[1]
    stage = after(before, order_days=[{"stage": name, "days": ["Mon"]}])
    assert stage.scenario.network.stages[1].order_days == (True, *(False,) * 6)
    known = Suppliers(
        np.array(["Acme"], dtype=object), np.array([50.0]), np.array([5.0]), np.ones((1, 7), bool)
    )
    terms = replace(before, terms=replace(before.terms, suppliers=known))
    days = after(terms, order_days=[{"suppliers": ["Bolt", "Acme"], "days": ["Tue", "Thu"]}])
    suppliers = days.scenario.terms.suppliers
    assert suppliers.name.tolist() == ["Acme", "Bolt"]
    assert suppliers.minimum_order.tolist() == [50.0, 0.0]
    assert (suppliers.order_days.sum(axis=1) == 2).all()
    allowed = days.scenario.may_order(7)
    assert allowed is not None
    assert not allowed[:, -1].all(axis=0).any()


def test_a_budget_is_a_budget() -> None:
    """In all and per day; no other term changes."""
    found = after(world(), budget={"total": 1000.0, "per_day": 100.0})
    assert found.scenario.terms.budget.total == 1000.0
    assert found.scenario.terms.budget.per_period == 100.0
    assert found.effects[0].touches


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cost": [{"term": "unit_cost", "factor": 2, "categories": ["Toyz"]}]}, "is 'Toys'"),
        ({"cost": [{"term": "unit_cost", "factor": 2, "products": ["nobody"]}]}, "no product"),
        ({"cost": [{"term": "holding_cost", "factor": 1}]}, "no holding cost changes"),
        ({"demand": [{"mean": 2, "from": date(2090, 1, 1)}]}, "the forecast runs from"),
        ({"demand": [{"mean": 1}]}, "no forecast changes"),
        ({"capacity": [{"limit": "supply", "factor": 2}]}, "supply capacity of every stage"),
        ({"budget": {}}, "the budget stays as it is"),
        ({"lead_time": [{"suppliers": ["Nobody"], "days": 1}]}, "no supplier 'Nobody'"),
        ({"order_days": [{"suppliers": ["Akme"], "days": ["Mon"]}]}, "is 'Acme'"),
    ],
)
def test_a_change_that_touches_nothing_is_said(changes: dict, said: str) -> None:
    """And leaves the very same problem."""
    before = world()
    found = after(before, **changes)
    assert found.scenario is before
    assert not found.effects[0].touches
    assert "touches nothing" in sentence(found)
    assert said in sentence(found)


def test_a_word_that_means_nobody_is_said_beside_those_that_do() -> None:
    """The change is made for the others."""
    both = {"term": "holding_cost", "factor": 2, "categories": ["Toys", "Toolz"]}
    found = after(world(), cost=[both])
    assert found.effects[0].touches
    assert "there is no category 'Toolz', the nearest is 'Tools'" in sentence(found)


def test_a_stage_that_is_none_is_refused_with_the_nearest() -> None:
    """A misspelt stage is an error: there are few enough to spell them right."""
    name = world().network.names[1]
    with pytest.raises(ConfigurationError, match=rf"scenario 'test', capacity 1.*{name!r}"):
        after(world(), capacity=[{"stage": name + "x", "factor": 2}])


def test_a_world_that_cannot_be_is_refused() -> None:
    """Space that is limited needs a price beyond the limit."""
    free = steady_task().scenario
    stages = tuple(replace(stage, overflow_price=0.0) for stage in free.network.stages)
    free = replace(free, network=replace(free.network, stages=stages))
    with pytest.raises(ConfigurationError, match=r"scenario 'test', capacity 1: .*overflow_price"):
        after(free, capacity=[{"value": 10}])


def test_changes_add_up_in_the_order_of_their_kinds() -> None:
    """Two of one kind are made one after the other."""
    twice = [{"term": "holding_cost", "factor": 2}, {"term": "holding_cost", "factor": 3}]
    before = world()
    found = after(before, cost=twice, capacity=[{"factor": 2}])
    np.testing.assert_allclose(
        found.scenario.products.holding_cost, 6 * before.products.holding_cost
    )
    assert [effect.change for effect in found.effects] == ["capacity 1", "cost 1", "cost 2"]
