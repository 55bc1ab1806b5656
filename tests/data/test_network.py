"""A chain of stages: what it may be, and what its file may say."""

from __future__ import annotations

import re
from math import inf

import numpy as np
import pytest

from data.errors import ConfigurationError
from data.network import Network, Stage, default_network, network_from_table

SHOP = {"name": "Shop", "lead_time": 1}
DEPOT = {"name": "Depot", "lead_time": 5}


def test_the_default_chain_is_two_three_and_four_days_long():
    network = default_network()
    assert network.names == ("New York", "Tennessee", "Los Angeles")
    assert network.column("lead_time").tolist() == [2, 3, 4]
    assert [network.supplier_of(stage) for stage in range(3)] == [
        "Tennessee",
        "Los Angeles",
        "China",
    ]
    assert len(network) == 3


def test_stages_have_no_limit_and_no_overflow_price_unless_given():
    network = Network((Stage("Shop", 1),))
    np.testing.assert_array_equal(network.storage_capacity, [inf])
    np.testing.assert_array_equal(network.supply_capacity, [inf])
    np.testing.assert_array_equal(network.overflow_price, [0])


def test_a_stage_orders_every_day_and_has_no_trucks_unless_it_says_so():
    network = Network((Stage("Shop", 1), Stage("Depot", 2, truck_volume=9, truck_cost=4)))
    assert network.order_days.all()
    np.testing.assert_array_equal(network.truck_volume, [0, 9])
    np.testing.assert_array_equal(network.truck_cost, [0, 4])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"name": " "}, "a stage has no name"),
        ({"lead_time": -1}, "lead_time is -1, expected 0 to 365"),
        ({"lead_time": 366}, "lead_time is 366"),
        ({"lead_time": 1.5}, "lead_time is 1.5, expected whole days"),
        ({"lead_time": True}, "lead_time is True"),
        ({"lead_time": inf}, "lead_time is inf, expected whole days"),
        ({"lead_time": float("nan")}, "lead_time is nan, expected whole days"),
        ({"holding_share": 0}, "holding_share is 0, expected a number above 0"),
        ({"holding_share": inf}, "holding_share is inf"),
        ({"storage_capacity": -1}, "storage_capacity is -1, expected 0 or more"),
        ({"supply_capacity": float("nan")}, "supply_capacity is nan"),
        ({"overflow_price": -1}, "overflow_price is -1, expected 0 or more"),
        ({"storage_capacity": 10}, "overflow_price is 0, so the limit would mean nothing"),
        ({"order_days": (True,) * 5}, "expected a true or false per day, Monday first"),
        ({"order_days": (1,) * 7}, "expected a true or false per day, Monday first"),
        ({"order_days": (False,) * 7}, "order_days is empty, so nothing could ever be ordered"),
        ({"truck_volume": -1}, "truck_volume is -1, expected 0 or more"),
        ({"truck_volume": inf}, "truck_volume is inf, expected 0 or more"),
        ({"truck_cost": float("nan"), "truck_volume": 9}, "truck_cost is nan"),
        ({"truck_cost": 9}, "truck_volume is 0, so the cost would mean nothing"),
    ],
)
def test_an_impossible_stage_cannot_exist(values, expected):
    with pytest.raises(ConfigurationError, match=expected):
        Stage(**(SHOP | values))


def test_a_chain_needs_a_stage_and_names_that_differ():
    with pytest.raises(ConfigurationError, match="no stage found"):
        Network(())
    with pytest.raises(ConfigurationError, match="'Shop' is used twice"):
        Network((Stage("Shop", 1), Stage("Shop", 2)))


def test_a_table_describes_a_chain():
    network = network_from_table(
        {"source": "Farm", "stage": [SHOP | {"supplier": "Depot"}, DEPOT | {"holding_share": 0.5}]}
    )
    assert network.names == ("Shop", "Depot")
    assert network.supplier_of(1) == "Farm"
    assert network.column("holding_share").tolist() == [1, 0.5]


def test_a_table_names_order_days_and_trucks():
    stage = SHOP | {"order_days": ["Mon", "thursday"], "truck_volume": 60, "truck_cost": 900.0}
    network = network_from_table({"stage": [stage, DEPOT]})
    np.testing.assert_array_equal(np.flatnonzero(network.order_days[0]), [0, 3])
    assert network.order_days[1].all()
    assert (network.truck_volume[0], network.truck_cost[0]) == (60, 900)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, "no [[stage]] table found"),
        ({"stage": []}, "no [[stage]] table found"),
        ({"stage": [SHOP], "stages": 1}, "unknown key 'stages'"),
        ({"stage": [SHOP], "source": 3}, "source is 3, expected a name in quotes"),
        ({"stage": ["Shop"]}, "stage 1: found 'Shop', expected a [[stage]] table"),
        ({"stage": [SHOP, DEPOT | {"leadtime": 2}]}, "stage 2: unknown key 'leadtime'"),
        ({"stage": [{"name": "Shop"}]}, "stage 1: lead_time is missing"),
        ({"stage": [{"name": 5, "lead_time": 1}]}, "name is 5, expected a name in quotes"),
        ({"stage": [SHOP | {"lead_time": "2"}]}, "lead_time is '2', expected a number"),
        ({"stage": [SHOP | {"holding_share": 10**400}]}, "holding_share is too large"),
        ({"stage": [SHOP | {"holding_share": True}]}, "holding_share is True, expected a number"),
        ({"stage": [SHOP | {"supplier": "Farm"}, DEPOT]}, "expected the next stage 'Depot'"),
        ({"stage": [SHOP | {"order_days": "Mon"}]}, "order_days is 'Mon', expected a list of days"),
        ({"stage": [SHOP | {"order_days": ["Mo"]}]}, "expected a list of days such as"),
        ({"stage": [SHOP | {"order_days": [1, 3]}]}, "order_days is [1, 3], expected a list"),
        ({"stage": [SHOP | {"order_days": []}]}, "order_days is empty"),
        ({"stage": [SHOP | {"truck_volume": "60"}]}, "truck_volume is '60', expected a number"),
    ],
)
def test_a_wrong_table_is_refused_with_the_stage_and_the_key(table, expected):
    with pytest.raises(ConfigurationError, match=re.escape(expected)):
        network_from_table(table)
