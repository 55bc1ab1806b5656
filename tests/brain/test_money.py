"""The money that hindsight learns from is the expected cost of the lanes, with its slope."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from brain.hindsight.money import ExpectedMoney
from brain.hindsight.twin import Twin
from brain.lanes import Lanes, imagine
from brain.population import Population
from envs.policies import SafetyStockRule, constant
from envs.simulator import play

ODD = Population(
    wrong_share=0.5,
    varying_share=0.5,
    backordered_share=0.5,
    intermittent_share=0.4,
    count_share=0.2,
    independent_share=0.3,
)
DAYS, PRODUCTS = 60, 80


def imagined(stages: int, ratio: float = 30.0) -> Lanes:
    """One future of products of every kind."""
    rng = np.random.default_rng(stages)
    products = replace(ODD, stages=stages).sample(rng, PRODUCTS, ratio)
    return imagine(rng, products, 1, DAYS)


def twin_of(lanes: Lanes, z: float) -> Twin:
    """The twin at the opening."""
    opening = lanes.opening(z, 1)
    return Twin(lanes.world, lanes.outlook, lanes.products.traits, lanes.demand[0], opening)


@pytest.mark.parametrize("stages", [1, 3, 5])
@pytest.mark.parametrize("z", [-2.0, 1.0])
def test_the_money_of_a_period_is_that_of_the_lanes(stages: int, z: float) -> None:
    """Well stocked and short, lost or waiting, lognormal or not."""
    lanes = imagined(stages)
    twin, money = twin_of(lanes, z), ExpectedMoney(lanes)
    factors = np.full((stages, PRODUCTS), z, np.float32)
    rule = SafetyStockRule(lanes.outlook, constant(factors))
    days = play(lanes.world, lanes.products.rates, lanes.opening(z, 1), rule, lanes.demand)
    for day in days:
        found = money(twin, twin.step(twin.order(torch.from_numpy(factors)))).numpy()
        expected = lanes.expected_cost(day.after, day.flows)[0]
        np.testing.assert_allclose(found, expected, rtol=2e-3, atol=2e-2)


@pytest.mark.parametrize("z", [-1.0, 0.5])
def test_its_gradient_is_its_slope(z: float) -> None:
    """With respect to the stock that meets the day's demand, where the law is known."""
    lanes = imagined(2, ratio=5.0)
    twin, money = twin_of(lanes, z), ExpectedMoney(lanes)
    lognormal = lanes.products.law == 0
    checked = 0
    for _ in range(DAYS):
        flows = twin.step(twin.order(torch.full((2, PRODUCTS), z)))
        more = torch.zeros(PRODUCTS, requires_grad=True)

        def at(added: torch.Tensor, flows=flows) -> torch.Tensor:
            stock = flows.occupied + torch.stack([added, torch.zeros(PRODUCTS)])
            return money(twin, flows._replace(occupied=stock))

        at(more).sum().backward()
        step = torch.full((PRODUCTS,), 0.02)
        with torch.no_grad():
            here, above, below = at(0 * step), at(step), at(-step)
        slope, found = ((above - below) / 0.04).numpy(), more.grad.numpy()
        straight = np.isclose((above - here).numpy(), (here - below).numpy(), atol=4e-3)
        smooth = lognormal & straight
        np.testing.assert_allclose(found[smooth], slope[smooth], rtol=0.05, atol=0.1)
        checked += smooth.sum()
    assert checked > 0.3 * DAYS * lognormal.sum()


def test_a_unit_more_saves_a_miss_or_is_left_over() -> None:
    """The slope lies between what a miss costs and what holding does."""
    lanes = imagined(3, ratio=30.0)
    twin, money = twin_of(lanes, 0.0), ExpectedMoney(lanes)
    for _ in range(20):
        flows = twin.step(twin.order(torch.zeros(3, PRODUCTS)))
        occupied = flows.occupied.detach().clone().requires_grad_()
        money(twin, flows._replace(occupied=occupied)).sum().backward()
        slope = occupied.grad[0].numpy()[lanes.products.law == 0]
        assert slope.min() >= -30 - 1e-4
        assert slope.max() <= 1 + 1e-4
        assert (occupied.grad[1:] == 0).all()
