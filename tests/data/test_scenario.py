"""A product is worth buying where a missed sale costs more than the way to the shelf."""

from __future__ import annotations

from datetime import date
from itertools import product

import numpy as np
import pytest

from data.forecast import Forecast
from data.network import Network, Stage
from data.product import make_products
from data.scenario import Scenario
from data.stock import StockState, empty_stock
from envs.accounting import charge, rates_of
from envs.dynamics import advance, opening_state
from envs.world import world_of

DEMAND = np.array([1.0, 0.0, 2.0, 1.0, 1.0])
"""Known beforehand, day by day."""
TOLERANCE = 1e-12


def scenario(
    shares: tuple[float, ...],
    missed_sale_cost: list[float],
    backordered: list[bool] | None = None,
    lead_time: tuple[int, ...] | None = None,
    upstream: float = 0.0,
) -> Scenario:
    """A chain with these holding shares; a unit on the shelf costs 2 a day."""
    stages, count = len(shares), len(missed_sale_cost)
    network = Network(
        tuple(Stage(f"stage {m}", 1, holding_share=share) for m, share in enumerate(shares))
    )
    days = np.tile(np.reshape(lead_time or (1,) * stages, (stages, 1)), count)
    products = make_products(
        np.array(missed_sale_cost),
        np.full(count, 2.0),
        days,
        backordered=np.array(backordered or [False] * count),
        lot_size=np.zeros(count),
    )
    mean = np.tile(DEMAND[:, None], count)
    stock = empty_stock(stages, count)
    on_hand = stock.on_hand.copy()
    on_hand[-1] = upstream
    return Scenario(
        network,
        products,
        Forecast(date(2027, 1, 4), mean, np.zeros_like(mean)),
        StockState(on_hand, stock.pipeline, stock.backorders),
    )


def test_the_passage_costs_a_night_at_each_stage_above_the_shelf() -> None:
    """The shelf itself may be passed in a day."""
    np.testing.assert_allclose(scenario((1.0, 0.5, 0.25), [9.0]).cost_of_passage, [1.5])
    np.testing.assert_allclose(scenario((1.0,), [9.0]).cost_of_passage, [0.0])


def test_a_product_is_worth_buying_unless_a_sale_costs_less_than_the_passage() -> None:
    """One that costs just as much is bought as ever, whatever the sum's last digit."""
    here = scenario((1.0, 0.1, 0.7, 0.3), [2.2 * (1 - 1e-12), 2.2, 2.19, 2.21, 0.1])
    assert here.worth_buying.tolist() == [True, True, False, True, False]


def test_a_product_whose_customers_wait_is_always_worth_buying() -> None:
    """They cost something every day until they are served."""
    assert scenario((1.0, 0.9), [0.01, 0.01], [True, False]).worth_buying.tolist() == [True, False]


def test_where_the_shelf_is_all_there_is_everything_is_worth_buying() -> None:
    """A unit can be sold on the day it comes."""
    assert scenario((1.0,), [0.001]).worth_buying.all()


def test_what_is_worth_buying_is_known_of_some_products_as_of_all() -> None:
    """It is each product's own."""
    here = scenario((1.0, 0.5), [0.5, 1.5, 0.9])
    assert here.take(np.array([2, 1])).worth_buying.tolist() == [False, True]


@pytest.mark.parametrize("upstream", [0.0, 1.0], ids=["empty", "stocked"])
@pytest.mark.parametrize("lead_time", [(0, 0), (1, 0), (0, 1), (0, 0, 0)], ids=str)
def test_of_all_plans_the_cheapest_buys_just_where_it_is_worth_it(
    lead_time: tuple[int, ...], upstream: float
) -> None:
    """Every plan of orders of 0, 1 or 2 (of 0 or 1 in three stages) is played in the world.

    A little below the passage no plan with a purchase costs as little as the cheapest without one;
    a little above it the cheapest of all buys.
    """
    shares = (1.0, 0.5, 0.25)[: len(lead_time)]
    passage = 2.0 * sum(shares[1:])
    for missed_sale_cost, pays in ((0.98 * passage, False), (1.02 * passage, True)):
        here = scenario(shares, [missed_sale_cost], lead_time=lead_time, upstream=upstream)
        cost, bought = _every_plan(here, (0, 1, 2) if len(lead_time) == 2 else (0, 1))
        idle = float(cost[bought < TOLERANCE].min())
        buying = float(cost[bought > TOLERANCE].min())
        assert (buying < idle - TOLERANCE) is pays
        assert (buying > idle + TOLERANCE) is not pays
        assert here.worth_buying.tolist() == [pays]


def _every_plan(here: Scenario, sizes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Cost and units bought (P,) of every plan of orders of these sizes."""
    stages, periods = len(here.network), len(DEMAND)
    daily = np.array(list(product(sizes, repeat=stages)), dtype=float)
    # What is ordered on the last day can no longer be sold.
    plans = np.indices((len(daily),) * (periods - 1)).reshape(periods - 1, -1)
    world, rates = world_of(here), rates_of(here)
    state = opening_state(here.stock, world, plans.shape[1])
    cost, bought = np.zeros(plans.shape[1]), np.zeros(plans.shape[1])
    for day in range(periods):
        if day < periods - 1:
            orders = daily[plans[day]][..., None]
        else:
            orders = np.zeros((plans.shape[1], stages, 1))
        demand = np.full((plans.shape[1], 1, 1), DEMAND[day])
        state, flows = advance(state, orders, demand, world)
        costs = charge(state, flows, rates, world)
        cost += costs.holding[:, 0] + costs.shortage[:, 0]
        bought += flows.shipped[:, -1, 0]
    return cost, bought
