"""The twin is the world: the same state, money and observation, and the gradient of its money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.hindsight.twin import Twin
from data.outlook import MONTHS_AHEAD, Outlook
from envs.accounting import Rates
from envs.dynamics import State
from envs.observation import Traits, features, no_errors, observe
from envs.policies import SafetyStockRule
from envs.simulator import Period, play
from envs.world import SOURCE, Unfilled, World, serial_world

PERIODS = 64
FLOAT32 = 1e-4
"""Rounding of single precision, summed over a future: 1e-7 of stocks of some hundred units."""


@dataclass(frozen=True)
class Future:
    """One future of a few made-up products, and the safety factors by which they are planned."""

    world: World
    outlook: Outlook
    traits: Traits
    rates: Rates
    demand: np.ndarray
    opening: State
    z: np.ndarray

    @property
    def twin(self) -> Twin:
        """The twin at the opening."""
        return Twin(self.world, self.outlook, self.traits, self.demand, self.opening)

    def played(self, z: np.ndarray | None = None) -> Iterator[Period]:
        """Each period as the world has it, in double precision."""
        factors = self.z if z is None else z
        rule = SafetyStockRule(self.outlook, lambda now: factors[now.state.period])
        return play(self.world, self.rates, self.opening, rule, self.demand[None], self.outlook)

    def observed(self) -> Iterator[np.ndarray]:
        """What a brain sees each morning (K, size)."""
        errors = no_errors(1, self.demand.shape[1])
        for t, period in enumerate(self.played()):
            yield observe(period.before, errors, self.outlook, self.traits)[0]
            errors = errors.after(self.demand[None, t], self.outlook.mean[t], self.outlook.std[t])
        yield observe(period.after, errors, self.outlook, self.traits)[0]

    def cost(self, z: np.ndarray) -> np.ndarray:
        """The money of all periods (K,) [money], in double precision."""
        costs = [period.costs for period in self.played(z)]
        return np.sum([(c.holding + c.shortage)[0] for c in costs], axis=0)


def imagined(
    seed: int,
    stages: int,
    unfilled: Unfilled = Unfilled.FORGOTTEN,
    varying: bool = False,
    shortest: int = 0,
    patience: float = 0.5,
    products: int = 6,
) -> Future:
    """A future drawn from `seed`; a share `patience` of customers waits."""
    rng = np.random.default_rng(seed)
    shape = (stages, products)
    stated = rng.integers(shortest, 7, shape)
    lead_time = stated
    if varying:
        lead_time = np.maximum(stated + rng.integers(-2, 3, (PERIODS - 5, *shape)), shortest)
    scale = rng.uniform(0.5, 20.0, products)
    capacity = np.where(rng.random(shape) < 0.5, np.inf, rng.uniform(1.1, 3.0, shape)) * scale
    backordered = rng.random(products) < patience
    mean = scale * rng.uniform(0.5, 1.5, (PERIODS + MONTHS_AHEAD, products))
    std = mean * rng.uniform(0.2, 1.0, products)
    std[:, 0] *= rng.random() < 0.8
    demand = rng.gamma(2.0, mean[:PERIODS] / 2) * (rng.random((PERIODS, products)) < 0.8)
    slots = max(int(lead_time.max()), int(rng.integers(1, 4)))
    state = State(
        period=0,
        on_hand=scale * rng.uniform(0, 4, (1, *shape)),
        pipeline=rng.uniform(0, 1, (1, *shape, slots)) * (rng.random(slots) < 0.7),
        backorders=rng.uniform(0, 2, (1, 1, products)) * backordered,
        owed=rng.uniform(0, 2, (1, *shape)) * (unfilled is Unfilled.OWED),
    )
    share = rng.uniform(0.005, 1.2, shape)
    ratio = 10 ** rng.uniform(-1, 2, products)
    return Future(
        world=serial_world(lead_time, capacity, backordered, unfilled),
        outlook=Outlook(mean, std, stated),
        traits=Traits(
            scale=scale,
            supply_capacity=capacity,
            holding_share=share,
            cost_ratio=ratio,
            error_autocorrelation=rng.uniform(0, 0.6, products),
            backordered=backordered,
            lead_time_std=rng.uniform(0, 2, shape),
        ),
        rates=Rates(
            holding=share,
            shortage=ratio,
            volume=np.ones(products),
            storage_capacity=np.full(stages, np.inf),
            overflow=np.zeros(stages),
            transit=rng.uniform(0, 0.1, shape) if rng.random() < 0.5 else None,
        ),
        demand=demand,
        opening=state,
        z=rng.normal(0.5, 1.5, (PERIODS, *shape)),
    )


def same(twin: torch.Tensor, world: np.ndarray, what: str, size: float = 1.0) -> None:
    """Equal but for rounding, of figures around `size` and more."""
    found = twin.detach().numpy()
    assert found.shape == world.shape, what
    np.testing.assert_allclose(found, world, rtol=FLOAT32, atol=FLOAT32 * size, err_msg=what)


futures = st.builds(
    imagined,
    seed=st.integers(0, 2**32 - 1),
    stages=st.integers(1, 5),
    unfilled=st.sampled_from(Unfilled),
    varying=st.booleans(),
    shortest=st.integers(0, 1),
    patience=st.sampled_from([0.0, 0.5, 1.0]),
)


@given(futures)
@settings(max_examples=40, deadline=None)
def test_every_unit_is_where_the_world_has_it_and_costs_the_same(future: Future) -> None:
    """State, flows and money of every period, whatever the world."""
    twin = future.twin
    for t, period in enumerate(future.played()):
        flows = twin.step(twin.order(torch.tensor(future.z[t], dtype=torch.float32)))
        after = period.after
        assert twin.period == after.period
        same(twin.on_hand, after.on_hand[0], "on hand", 10)
        same(twin.in_transit, after.in_transit[0], "in transit", 10)
        same(twin.backorders, after.backorders[0, 0], "backorders", 10)
        same(twin.owed, after.owed[0], "owed", 10)
        slots = after.pipeline.shape[-1]
        same(twin.pipeline[:slots], np.moveaxis(after.pipeline[0], -1, 0), "pipeline", 10)
        for name in ("ordered", "shipped", "arrived", "occupied"):
            same(getattr(flows, name), getattr(period.flows, name)[0], name, 10)
        for name in ("demand", "served", "lost"):
            same(getattr(flows, name), getattr(period.flows, name)[0, 0], name, 10)
        missing = np.where(future.world.backordered, after.backorders, period.flows.lost)
        same(flows.missing, missing[0, 0], "missing", 10)
        money = (period.costs.holding + period.costs.shortage)[0]
        same(twin.money(flows, future.rates), money, "money", 10 * future.rates.shortage.max())


@given(futures)
@settings(max_examples=40, deadline=None)
def test_a_brain_sees_the_same_in_the_twin(future: Future) -> None:
    """Every feature of every morning, and of the morning after the last."""
    twin = future.twin
    names = np.array(features(future.world.stages))
    for t, seen in enumerate(future.observed()):
        found = twin.observe()
        assert found.dtype == torch.float32
        wrong = np.abs(found.detach().numpy() - seen) > 10 * FLOAT32 * (1 + np.abs(seen))
        assert not wrong.any(), f"period {t}: {names[wrong.any(axis=0)]}"
        if t < PERIODS:
            twin.step(twin.order(torch.tensor(future.z[t], dtype=torch.float32)))


def check_slope(slope: np.ndarray, at: Callable[[float], np.ndarray], step: float) -> None:
    """Slope (K,) against central differences of `at`, where they see no kink within the step."""
    here, above, below = at(0.0), at(step), at(-step)
    smooth = np.isclose(above - here, here - below, rtol=1e-2, atol=1e-3 * step)
    assert smooth.mean() > 0.6
    expected = (above - below)[smooth] / (2 * step)
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(slope[smooth], expected, rtol=5e-3, atol=5e-3)


@pytest.mark.parametrize("unfilled", Unfilled)
@pytest.mark.parametrize("stages", [1, 3, 5])
@pytest.mark.parametrize("varying", [False, True])
def test_the_gradient_is_the_slope_of_the_cost(
    stages: int, unfilled: Unfilled, varying: bool
) -> None:
    """Along a random direction in the safety factors of all periods at once."""
    future = imagined(7, stages, unfilled, varying, products=40)
    direction = np.random.default_rng(8).normal(size=future.z.shape)
    twin = future.twin
    z = torch.tensor(future.z, dtype=torch.float32, requires_grad=True)
    cost = torch.zeros(40)
    for factors in z:
        flows = twin.step(twin.order(factors))
        cost = cost + twin.money(flows, future.rates)
    cost.sum().backward()
    assert z.grad is not None
    slope = (z.grad.numpy() * direction).sum(axis=(0, 1))
    check_slope(slope, lambda step: future.cost(future.z + step * direction), 1e-6)


@pytest.mark.parametrize("varying", [False, True])
def test_the_gradient_comes_through_observations_too(varying: bool) -> None:
    """As it must for a brain: a weighted sum of all that is ever seen has the slope it should."""
    future = imagined(9, 3, varying=varying, products=40)
    rng = np.random.default_rng(10)
    direction = rng.normal(size=future.z.shape)
    weights = rng.normal(size=len(features(3)))
    twin = future.twin
    z = torch.tensor(future.z, dtype=torch.float32, requires_grad=True)
    seen = torch.zeros(40)
    for factors in z:
        twin.step(twin.order(factors))
        seen = seen + twin.observe() @ torch.tensor(weights, dtype=torch.float32)
    seen.sum().backward()
    assert z.grad is not None
    slope = (z.grad.numpy() * direction).sum(axis=(0, 1))

    def world(step: float) -> np.ndarray:
        moved = replace(future, z=future.z + step * direction)
        return np.sum([seen @ weights for seen in list(moved.observed())[1:]], axis=0)

    check_slope(slope, world, 1e-3)


def test_the_gradient_is_the_same_a_second_time() -> None:
    """The calendar of arrivals is changed in place; nothing of a first gradient stays behind."""
    future = imagined(11, 3)
    twin = future.twin
    z = torch.ones(3, 6, requires_grad=True)
    cost = torch.zeros(6)
    for _ in range(20):
        cost = cost + twin.money(twin.step(twin.order(z)), future.rates)
    (first,) = torch.autograd.grad(cost.sum(), z, retain_graph=True)
    (second,) = torch.autograd.grad(cost.sum(), z)
    torch.testing.assert_close(first, second, rtol=0, atol=0)


def test_a_twin_leaves_what_it_is_given_alone() -> None:
    """Two twins of one opening live the same life."""
    future = imagined(12, 3)
    opening = future.opening.pipeline.astype(np.float32)
    single = replace(future, opening=replace(future.opening, pipeline=opening.copy()))
    lives = []
    for _ in range(2):
        twin = single.twin
        for _ in range(10):
            twin.step(twin.order(torch.ones(3, 6)))
        lives.append(twin.on_hand)
    torch.testing.assert_close(*lives, rtol=0, atol=0)
    np.testing.assert_array_equal(single.opening.pipeline, opening)


def test_trees_are_refused() -> None:
    """Two shelves under one store."""
    future = imagined(13, 3)
    tree = replace(future.world, supplier=(2, 2, SOURCE))
    with pytest.raises(ValueError, match="this world is a tree"):
        _ = replace(future, world=tree).twin


def test_shared_supply_is_refused() -> None:
    """Products that compete for supply are more than K chains."""
    future = imagined(14, 3)
    shared = replace(future.world, shared_supply=np.full(3, 100.0), volume=np.ones(6))
    with pytest.raises(ValueError, match="supply shared by products"):
        _ = replace(future, world=shared).twin


def test_openings_of_several_paths_are_refused() -> None:
    """A twin has one path per product."""
    future = imagined(15, 2)
    twice = replace(future.opening, on_hand=np.repeat(future.opening.on_hand, 2, axis=0))
    with pytest.raises(ValueError, match="2 paths at period 0"):
        _ = replace(future, opening=twice).twin
