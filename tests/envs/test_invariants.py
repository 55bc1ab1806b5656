"""What must hold in every world, whatever is ordered and demanded."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.stock import StockState
from envs.accounting import Rates
from envs.dynamics import Flows, State, advance, opening_state
from envs.policies import RandomOrders
from envs.simulator import play, simulate
from envs.world import SOURCE, Unfilled, World

SUPPLIERS = ((SOURCE,), (1, SOURCE), (1, 2, SOURCE), (2, 2, SOURCE), (3, 3, 4, 4, SOURCE))


@dataclass(frozen=True)
class Play:
    """A world, where its paths start, and what is ordered and demanded in every period."""

    world: World
    opening: State = field(repr=False)
    orders: np.ndarray = field(repr=False)
    demand: np.ndarray = field(repr=False)


@st.composite
def plays(draw: st.DrawFn, suppliers: tuple[tuple[int, ...], ...] = SUPPLIERS) -> Play:
    """Random chains and trees: lead times that vary, scarce supply, both kinds of shortage."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    supplier = draw(st.sampled_from(suppliers))
    paths, periods, products = (draw(st.integers(1, 3)), draw(st.integers(1, 25)), 3)
    shape = (len(supplier), products)
    by_period = draw(st.booleans())
    shared = draw(st.booleans())
    world = World(
        supplier=supplier,
        lead_time=rng.integers(0, 6, (periods, *shape) if by_period else shape),
        supply_capacity=rng.choice([5.0, 30.0, np.inf], shape),
        backordered=rng.random(products) < 0.5,
        unfilled=draw(st.sampled_from(Unfilled)),
        volume=rng.uniform(0, 3, products),
        shared_supply=rng.uniform(0, 60, len(supplier)) if shared else None,
    )
    stock = StockState(
        rng.integers(0, 60, shape) * rng.choice([0, 0.1, 1]),
        rng.uniform(0, 9, (*shape, 3)),
        rng.integers(0, 9, products) * world.backordered,
    )
    orders = rng.uniform(-5, 40, (periods, paths, *shape))
    demand = rng.exponential(12, (periods, paths, world.shelves, products))
    return Play(world, opening_state(stock, world, paths), orders, demand)


def played(game: Play) -> list[tuple[State, Flows, State]]:
    """Every period: the state before, what moved, the state after."""
    state, periods = game.opening, []
    for orders, demand in zip(game.orders, game.demand, strict=True):
        after, flows = advance(state, orders, demand, game.world)
        periods.append((state, flows, after))
        state = after
    return periods


def arrays_of(record: Any) -> dict[str, np.ndarray]:
    """The arrays of a record, by name."""
    values = {part.name: getattr(record, part.name) for part in fields(record)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


@given(plays())
@settings(max_examples=150, deadline=None)
def test_no_unit_appears_or_vanishes(game: Play) -> None:
    """Opening stock and what the source sent = closing stock, under way included, and sales."""
    periods = played(game)
    from_source = [m for m, supplier in enumerate(game.world.supplier) if supplier == SOURCE]
    sent = sum(flows.shipped[:, from_source].sum(axis=1) for _, flows, _ in periods)
    served = sum(flows.served.sum(axis=1) for _, flows, _ in periods)
    first, last = game.opening, periods[-1][2]
    opening = (first.on_hand + first.in_transit).sum(axis=1)
    closing = (last.on_hand + last.in_transit).sum(axis=1)
    np.testing.assert_allclose(opening + sent, closing + served, rtol=0, atol=1e-9)


@given(plays())
@settings(max_examples=100, deadline=None)
def test_every_wish_is_accounted_for(game: Play) -> None:
    """Demand = served + lost + what is newly owed; orders = shipped + what is owed on."""
    for before, flows, after in played(game):
        newly_owed = after.backorders - before.backorders
        np.testing.assert_allclose(flows.demand, flows.served + flows.lost + newly_owed, atol=1e-9)
        assert not flows.lost[..., game.world.backordered].any()
        assert not after.backorders[..., ~game.world.backordered].any()
        if game.world.unfilled is Unfilled.OWED:
            np.testing.assert_allclose(flows.ordered, flows.shipped + after.owed, atol=1e-9)
        else:
            assert not after.owed.any()


@given(plays())
@settings(max_examples=100, deadline=None)
def test_stock_is_never_negative_and_nobody_is_sent_more_than_asked(game: Play) -> None:
    """Nor more than can be shipped, nor more than the supplier opened with."""
    world = game.world
    for before, flows, after in played(game):
        for values in (*arrays_of(after).values(), *arrays_of(flows).values()):
            assert (values >= 0).all()
        assert (flows.shipped <= np.minimum(flows.ordered, world.supply_capacity)).all()
        sent = np.zeros_like(before.on_hand)
        for stage, supplier in enumerate(world.supplier):
            if supplier != SOURCE:
                sent[:, supplier] += flows.shipped[:, stage]
        assert (sent <= before.on_hand * (1 + 1e-12)).all()
        if world.shared_supply is not None:
            assert (flows.shipped @ world.volume <= world.shared_supply * (1 + 1e-12)).all()
        wished = flows.demand + before.backorders
        left = after.on_hand[:, : world.shelves]
        assert (np.minimum(left, wished - flows.served) == 0).all(), "unmet beside stock"


@given(plays())
@settings(max_examples=60, deadline=None)
def test_a_path_does_not_notice_the_others(game: Play) -> None:
    """The first path, played alone, is the same to the last bit."""
    alone = Play(
        game.world,
        State(0, *(value[:1] for value in arrays_of(game.opening).values())),
        game.orders[:, :1],
        game.demand[:, :1],
    )
    for (_, flows, after), (_, own_flows, own_after) in zip(
        played(game), played(alone), strict=True
    ):
        for many, one in ((flows, own_flows), (after, own_after)):
            for name, values in arrays_of(one).items():
                assert np.array_equal(values, arrays_of(many)[name][:1]), name


@given(plays(), st.permutations(range(3)))
@settings(max_examples=60, deadline=None)
def test_results_follow_products_that_change_places(game: Play, order: list[int]) -> None:
    """What a product does is a matter of what it is, not of where it stands."""
    world = replace(
        game.world,
        lead_time=game.world.lead_time[..., order],
        supply_capacity=game.world.supply_capacity[:, order],
        backordered=game.world.backordered[order],
        volume=game.world.volume[order],
    )
    first = game.opening
    opening = replace(
        first,
        on_hand=first.on_hand[..., order],
        pipeline=first.pipeline[..., order, :],
        backorders=first.backorders[..., order],
        owed=first.owed[..., order],
    )
    moved = Play(world, opening, game.orders[..., order], game.demand[..., order])
    for (_, flows, after), (_, new_flows, new_after) in zip(
        played(game), played(moved), strict=True
    ):
        np.testing.assert_allclose(new_after.on_hand, after.on_hand[..., order], atol=1e-9)
        np.testing.assert_allclose(new_after.backorders, after.backorders[..., order], atol=1e-9)
        np.testing.assert_allclose(new_flows.shipped, flows.shipped[..., order], atol=1e-9)
        np.testing.assert_allclose(new_flows.lost, flows.lost[..., order], atol=1e-9)


@given(plays())
@settings(max_examples=60, deadline=None)
def test_advance_leaves_its_inputs_as_they_are(game: Play) -> None:
    """Records and arrays that go in come out unchanged."""
    kept = {name: values.copy() for name, values in arrays_of(game.opening).items()}
    orders, demand = game.orders[0].copy(), game.demand[0].copy()
    for values in (*arrays_of(game.opening).values(), game.orders, game.demand):
        values.flags.writeable = False
    played(game)
    for name, values in arrays_of(game.opening).items():
        assert np.array_equal(values, kept[name]), name
    assert np.array_equal(game.orders[0], orders)
    assert np.array_equal(game.demand[0], demand)


@given(plays())
@settings(max_examples=60, deadline=None)
def test_the_money_adds_up(game: Play) -> None:
    """The total is the sum of its terms, and each term is units times its price."""
    world, rng = game.world, np.random.default_rng(1)
    stages, products = game.opening.on_hand.shape[1:]
    rates = Rates(
        holding=rng.uniform(0, 2, (stages, products)),
        shortage=rng.uniform(1, 50, products),
        volume=world.volume,
        storage_capacity=rng.uniform(0, 90, stages),
        overflow=rng.uniform(0, 5, stages),
        transit=rng.uniform(0, 1, (stages, products)),
    )
    demand = np.moveaxis(game.demand, 0, 1)

    def policy() -> RandomOrders:
        return RandomOrders(np.full((stages, products), 30.0), np.random.default_rng(2))

    costs = simulate(world, rates, game.opening, policy(), demand).costs
    by_hand = dict.fromkeys(("holding", "shortage", "overflow"), 0.0)
    for period in play(world, rates, game.opening, policy(), demand):
        after, flows = period.after, period.flows
        by_hand["holding"] += np.sum(after.on_hand * rates.holding)
        by_hand["holding"] += np.sum(after.in_transit * rates.transit)
        by_hand["shortage"] += np.sum((flows.lost + after.backorders) * rates.shortage)
        over = np.maximum(flows.occupied @ rates.volume - rates.storage_capacity, 0)
        by_hand["overflow"] += np.sum(over * rates.overflow)
    paths = len(demand)
    assert costs.total == pytest.approx(sum(by_hand.values()))
    assert costs.per_path().sum() == pytest.approx(costs.total)
    means = costs.mean()
    assert means.pop("total") * paths == pytest.approx(costs.total)
    for term, money in by_hand.items():
        assert means[term] * paths == pytest.approx(money), term
