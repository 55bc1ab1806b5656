"""One period, worked out by hand on tiny worlds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.stock import StockState
from envs.dynamics import Flows, State, advance, opening_state
from envs.world import SOURCE, Unfilled, World, serial_world


def opened(world: World, *on_hand: float) -> State:
    """One path that opens with these units at its stages and nothing under way."""
    stock = np.array(on_hand)[:, None]
    return opening_state(StockState(stock, np.zeros((*stock.shape, 1)), np.zeros(1)), world)


def one_period(
    state: State, world: World, orders: list[float], demand: list[float]
) -> tuple[State, Flows]:
    """A period of one path and one product."""
    return advance(state, np.array(orders)[None, :, None], np.array(demand)[None, :, None], world)


def column(values: np.ndarray) -> list[float]:
    """The figures of one path and one product, as a list."""
    return values[0, :, 0].tolist()


def test_an_order_arrives_after_its_lead_time_and_before_that_days_demand(one_shelf: World) -> None:
    """Shipped on day 0 with lead time 2, it meets the demand of day 2."""
    state = opened(one_shelf, 0)
    state, flows = one_period(state, one_shelf, [5], [1])
    assert (column(flows.lost), column(state.in_transit)) == ([1], [5])
    state, flows = one_period(state, one_shelf, [0], [1])
    assert (column(flows.lost), column(flows.arrived)) == ([1], [0])
    state, flows = one_period(state, one_shelf, [0], [3])
    assert (column(flows.arrived), column(flows.served), column(state.on_hand)) == ([5], [3], [2])


def test_without_lead_time_an_order_arrives_at_once() -> None:
    """Lead time 0 still comes after ordering and before demand."""
    world = serial_world(np.array([[0]]))
    state, flows = one_period(opened(world, 1), world, [4], [3])
    assert (column(flows.served), column(state.on_hand), column(state.in_transit)) == (
        [3],
        [2],
        [0],
    )


def test_a_supplier_ships_what_it_opened_with_and_not_what_arrives_today(
    serial_three: World,
) -> None:
    """Stage 1 opens with 3 and receives 10; an order of 8 gets 3."""
    state = opened(serial_three, 0, 3, 20)
    pipeline = state.pipeline.copy()
    pipeline[0, 1, 0, 0] = 10
    state = replace(state, pipeline=pipeline)
    state, flows = one_period(state, serial_three, [8, 0, 0], [0])
    assert column(flows.shipped) == [3, 0, 0]
    assert column(flows.occupied) == [0, 13, 20]
    assert column(state.on_hand) == [0, 10, 20]


def test_the_source_is_unlimited_and_capacity_is_not() -> None:
    """Each shipment is cut at its own capacity; the top stage draws on no one's stock."""
    world = serial_world(np.array([[1], [1]]), np.array([[4.0], [6.0]]))
    _, flows = one_period(opened(world, 0, 100), world, [9, 9], [0])
    assert column(flows.shipped) == [4, 6]
    assert column(flows.ordered) == [9, 9]


def test_negative_orders_ask_for_nothing(one_shelf: World) -> None:
    """Stock is never sent back."""
    state, flows = one_period(opened(one_shelf, 5), one_shelf, [-3], [0])
    assert (column(flows.shipped), column(state.on_hand)) == ([0], [5])


def test_each_product_loses_or_keeps_its_customers(two_products: World) -> None:
    """Both are 3 short; one loses the sales, the other owes them and serves them first."""
    stock = StockState(np.array([[2.0, 2.0]]), np.zeros((1, 2, 1)), np.zeros(2))
    state = opening_state(stock, two_products)
    state, flows = advance(state, np.full((1, 1, 2), 9.0), np.full((1, 1, 2), 5.0), two_products)
    assert flows.lost.tolist() == [[[3, 0]]]
    assert state.backorders.tolist() == [[[0, 3]]]
    state, flows = advance(state, np.zeros((1, 1, 2)), np.full((1, 1, 2), 4.0), two_products)
    assert flows.served.tolist() == [[[4, 7]]]
    assert state.on_hand.tolist() == [[[5, 2]]]
    assert state.backorders.tolist() == [[[0, 0]]]


def test_what_is_owed_is_added_to_the_next_order_and_what_is_forgotten_is_not() -> None:
    """An order of 10 met with 4: tomorrow's order of 1 asks for 7, or for 1."""
    for unfilled, asked in ((Unfilled.OWED, 7), (Unfilled.FORGOTTEN, 1)):
        world = serial_world(np.array([[1], [1]]), unfilled=unfilled)
        state, flows = one_period(opened(world, 0, 4), world, [10, 20], [0])
        assert column(flows.shipped) == [4, 20]
        state, flows = one_period(state, world, [1, 0], [0])
        assert column(flows.ordered)[0] == asked
        assert column(flows.shipped)[0] == 0, "what arrives today ships tomorrow"
        state, flows = one_period(state, world, [0, 0], [0])
        assert column(flows.shipped)[0] == (7 if unfilled is Unfilled.OWED else 0)


def test_shipments_that_fall_due_together_add_up() -> None:
    """Lead times 3, then 2, then 1: all arrive on day 3, and none overwrites another."""
    world = serial_world(np.array([[[3]], [[2]], [[1]]]))
    state = opened(world, 0)
    arrivals = []
    for order in (5, 7, 11, 0, 0):
        state, flows = one_period(state, world, [order], [0])
        arrivals += column(flows.arrived)
    assert arrivals == [0, 0, 0, 23, 0]


def test_the_last_lead_times_hold_from_then_on() -> None:
    """A shorter lead time overtakes a longer one; after the table's end its last row stays."""
    world = serial_world(np.array([[[4]], [[1]]]))
    state = opened(world, 0)
    arrivals = []
    for order in (5, 7, 11, 0, 0):
        state, flows = one_period(state, world, [order], [0])
        arrivals += column(flows.arrived)
    assert arrivals == [0, 0, 7, 11, 5]


def test_a_short_warehouse_shares_in_proportion_to_what_was_asked(tree: World) -> None:
    """12 units for orders of 10 and 20: 4 and 8."""
    state, flows = one_period(opened(tree, 1, 1, 12), tree, [10, 20, 30], [3, 0])
    assert column(flows.shipped) == [4, 8, 30]
    assert column(flows.lost) == [2, 0]
    assert column(state.on_hand) == [0, 1, 0]
    state, flows = one_period(state, tree, [0, 0, 0], [0, 0])
    assert column(state.on_hand) == [4, 9, 30]


def test_a_warehouse_with_enough_ships_what_was_asked(tree: World) -> None:
    """No rationing where nothing is scarce."""
    _, flows = one_period(opened(tree, 0, 0, 40), tree, [10, 20, 0], [0, 0])
    assert column(flows.shipped) == [10, 20, 0]


def test_products_share_what_can_be_shipped_in_a_day() -> None:
    """Space for 12 volume units: orders of 6 x 1 and 6 x 3 volume are halved alike."""
    world = replace(
        serial_world(np.array([[1, 1]])),
        volume=np.array([1.0, 3.0]),
        shared_supply=np.array([12.0]),
    )
    stock = StockState(np.zeros((1, 2)), np.zeros((1, 2, 1)), np.zeros(2))
    state = opening_state(stock, world)
    _, flows = advance(state, np.full((1, 1, 2), 6.0), np.zeros((1, 1, 2)), world)
    assert flows.shipped.tolist() == [[[3, 3]]]
    _, flows = advance(state, np.full((1, 1, 2), 2.0), np.zeros((1, 1, 2)), world)
    assert flows.shipped.tolist() == [[[2, 2]]], "8 of 12 needs no sharing"


def refusing(*space: float) -> World:
    """A shelf and a store, two products of volume 1 and 3, that turn away what finds no room."""
    world = serial_world(np.array([[1, 1], [1, 1]]))
    return replace(world, volume=np.array([1.0, 3.0]), refuses=np.array(space))


def arriving(*units: float) -> State:
    """Five of each product at each stage; at the shelf the given units arrive today."""
    pipeline = np.zeros((2, 2, 1))
    pipeline[0, :, 0] = units
    return opening_state(StockState(np.full((2, 2), 5.0), pipeline, np.zeros(2)), refusing(0, 0))


def test_what_finds_no_room_waits_outside_and_arrives_again_tomorrow() -> None:
    """Space for 32 volume units holds 20 and 24 arrive: half of each product has to wait."""
    world = refusing(32.0, np.inf)
    nothing = np.zeros((1, 2, 2))
    state, flows = advance(arriving(6.0, 6.0), nothing, np.zeros((1, 1, 2)), world)
    assert flows.refused is not None
    assert flows.refused.tolist() == [[[3, 3], [0, 0]]]
    assert flows.arrived.tolist() == [[[3, 3], [0, 0]]]
    assert state.on_hand[0, 0].tolist() == [8, 8]
    assert (flows.occupied @ world.volume).tolist() == [[32, 20]]
    sold = np.array([[[8.0, 8.0]]])
    state, flows = advance(state, nothing, np.zeros((1, 1, 2)), world)
    assert flows.arrived[0, 0].tolist() == [0, 0], "the shelf is still full"
    state, _ = advance(state, nothing, sold, world)
    state, flows = advance(state, nothing, np.zeros((1, 1, 2)), world)
    assert flows.arrived[0, 0].tolist() == [3, 3]
    assert flows.refused is not None
    assert not flows.refused.any()


def test_what_takes_no_space_is_never_refused() -> None:
    """Even at a stage without any."""
    world = replace(refusing(0.0, 0.0), volume=np.array([0.0, 3.0]))
    _, flows = advance(arriving(6.0, 6.0), np.zeros((1, 2, 2)), np.zeros((1, 1, 2)), world)
    assert flows.refused is not None
    assert flows.refused[0, 0].tolist() == [0, 6]


def test_with_space_for_everything_nothing_is_refused() -> None:
    """Every day is as in a world that takes in all that comes."""
    roomy = refusing(1e9, np.inf)
    rng = np.random.default_rng(1)
    here = there = arriving(2.0, 3.0)
    for _ in range(5):
        orders, demand = rng.uniform(0, 4, (1, 2, 2)), rng.uniform(0, 4, (1, 1, 2))
        here, _ = advance(here, orders, demand, roomy)
        there, _ = advance(there, orders, demand, replace(roomy, refuses=None))
    for part in ("on_hand", "pipeline", "backorders"):
        np.testing.assert_array_equal(getattr(here, part), getattr(there, part))


def test_refusing_loses_and_makes_no_unit() -> None:
    """Stock and stock under way grow by what comes from the source less what is sold, any day."""
    world, rng = refusing(25.0, 30.0), np.random.default_rng(2)
    state, refused = arriving(9.0, 1.0), 0.0
    for _ in range(30):
        before = state.on_hand.sum(axis=1) + state.in_transit.sum(axis=1)
        orders, demand = rng.uniform(0, 6, (1, 2, 2)), rng.uniform(0, 4, (1, 1, 2))
        state, flows = advance(state, orders, demand, world)
        after = state.on_hand.sum(axis=1) + state.in_transit.sum(axis=1)
        np.testing.assert_allclose(after - before, flows.shipped[:, -1] - flows.served[:, 0])
        used = flows.occupied @ world.volume
        assert (used <= np.maximum(world.refuses, used - flows.arrived @ world.volume) + 1e-9).all()
        refused += float(flows.refused.sum())
    assert refused > 0


def test_an_opening_pipeline_arrives_from_the_first_period_on(one_shelf: World) -> None:
    """Index 0 is due in the first period, even further ahead than the longest lead time."""
    stock = StockState(np.zeros((1, 1)), np.array([[[1.0, 0.0, 3.0, 4.0]]]), np.array([2.0]))
    state = opening_state(stock, one_shelf, paths=2)
    arrivals = []
    for _ in range(4):
        state, flows = advance(state, np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), one_shelf)
        arrivals.append(flows.arrived[:, 0, 0].tolist())
    assert arrivals == [[1, 1], [0, 0], [3, 3], [4, 4]]


def test_a_lead_time_longer_than_the_pipeline_is_refused(one_shelf: World) -> None:
    """Two days under way do not fit into a pipeline of one; three into one of two later on."""
    state = opened(one_shelf, 5)
    short = replace(state, pipeline=state.pipeline[..., :1])
    with pytest.raises(ValueError, match="lead time of 2 periods, but the pipeline holds 1"):
        one_period(short, one_shelf, [0], [0])
    later = replace(one_shelf, lead_time=np.array([[[2]], [[3]]]))
    state, _ = one_period(state, later, [5], [0])
    with pytest.raises(ValueError, match="lead time of 3 periods, but the pipeline holds 2"):
        one_period(state, later, [5], [0])


def test_shipments_survive_any_memory_layout(serial_three: World) -> None:
    """A state whose pipeline is stored in another order loses no shipment."""
    state = opened(serial_three, 5, 5, 5)
    turned = replace(state, pipeline=np.asfortranarray(np.repeat(state.pipeline, 3, axis=-1)))
    state, _ = one_period(turned, serial_three, [1, 2, 3], [0])
    assert column(state.in_transit) == [1, 2, 3]


def test_sharing_a_scarce_stock_never_overdraws_it() -> None:
    """Shares of 1/3 of 0.1 are rounded up; the warehouse is empty, not below."""
    world = World(
        (3, 3, 3, SOURCE), np.ones((4, 1), int), np.full((4, 1), np.inf), np.zeros(1, bool)
    )
    for stock in np.linspace(0.01, 1, 100):
        state = opened(world, 0, 0, 0, stock)
        for _ in range(2):
            state, _ = one_period(state, world, [1, 1, 1, 0], [0, 0, 0])
            assert 0 <= column(state.on_hand)[3] < 1e-15


@pytest.mark.parametrize(
    ("supplier", "lead_time", "told"),
    [
        ((SOURCE,), -1, "lead_time is -1"),
        ((0, SOURCE), 1, "stage 0 is supplied by stage 0"),
        ((2, SOURCE), 1, "stage 0 is supplied by stage 2"),
        ((1, SOURCE, SOURCE), 1, "shelves and must come first"),
    ],
)
def test_a_world_that_cannot_be_is_refused(
    supplier: tuple[int, ...], lead_time: int, told: str
) -> None:
    """With a sentence that says what was found."""
    shape = (len(supplier), 1)
    with pytest.raises(ValueError, match=told):
        World(supplier, np.full(shape, lead_time), np.full(shape, np.inf), np.array([False]))
