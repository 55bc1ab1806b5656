"""The exact optimum of a serial system, against every published and computed answer we have."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.demand import (
    ClippedNormal,
    DemandLaw,
    Deterministic,
    Gamma,
    Geometric,
    Lognormal,
    NegativeBinomial,
    Normal,
    Poisson,
)
from envs import clark_scarf
from envs.clark_scarf import SerialSystem, Shipping, evaluate, solve
from envs.dynamics import State, advance
from envs.theory import shang_song, single_stage
from envs.world import SOURCE, World

PIECES = Poisson(20.0)
STAPLE = ClippedNormal(20.0, 6.0)


def mission(ratio: float, demand: DemandLaw, shipping: Shipping) -> SerialSystem:
    """Shelf <- 2 days <- 3 days <- 4 days, holding 1, 2/3, 1/3, waiting `ratio` a day."""
    return SerialSystem(np.array([2, 3, 4]), np.array([3, 2, 1]) / 3, ratio, demand, shipping)


@pytest.mark.parametrize(
    ("ratio", "levels", "cost"),
    [(10, (75, 161, 265), 91.227), (100, (82, 172, 281), 102.100), (1000, (88, 182, 293), 110.825)],
)
def test_the_mission_with_poisson_demand(
    ratio: float, levels: tuple[int, ...], cost: float
) -> None:
    """Clark-Scarf by an independent solver with tails of 1e-10; costs printed to three decimals."""
    best = solve(mission(ratio, PIECES, Shipping.OPENING_STOCK))
    np.testing.assert_array_equal(best.echelon_base_stock, levels)
    assert best.cost == pytest.approx(cost, abs=5.01e-4)


@pytest.mark.parametrize(
    ("ratio", "levels", "cost"),
    [
        (10, (79.5, 167.5, 273.4), 98.904),
        (100, (88.25, 182.2, 294.1), 112.575),
        (1000, (95.35, 193.6, 309.55), 123.315),
    ],
)
def test_the_mission_with_normal_demand(
    ratio: float, levels: tuple[float, ...], cost: float
) -> None:
    """The same source; its levels stand on a grid of 0.05, its costs end at three decimals."""
    best = solve(mission(ratio, STAPLE, Shipping.OPENING_STOCK))
    np.testing.assert_allclose(best.echelon_base_stock, levels, atol=0.05)
    assert best.cost == pytest.approx(cost, abs=1e-3)


@pytest.mark.parametrize(
    ("ratio", "levels", "cost", "on_hand"),
    [
        (10, (75, 139, 223), 82.868, 22.868),
        (100, (82, 150, 238), 93.135, 33.135),
        (1000, (88, 159, 249), 101.383, 41.383),
    ],
)
def test_the_mission_where_receipts_ship_on_the_same_day(
    ratio: float, levels: tuple[int, ...], cost: float, on_hand: float
) -> None:
    """The same source; a day less to cover upstream saves stock there and none at the shelf."""
    best = solve(mission(ratio, PIECES, Shipping.RECEIPTS_TOO))
    np.testing.assert_array_equal(best.echelon_base_stock, levels)
    assert best.cost == pytest.approx(cost, abs=5.01e-4)
    assert best.cost_on_hand == pytest.approx(on_hand, abs=5.01e-4)


def example_6_1() -> SerialSystem:
    """Snyder and Shen (2019), Example 6.1: echelon holding 3, 2, 2 and L 1, 1, 2 from the shelf."""
    return SerialSystem(
        np.array([1, 1, 2]),
        np.array([7.0, 4.0, 2.0]),
        37.12,
        ClippedNormal(5.0, 1.0),
        Shipping.CONTINUOUS,
    )


def test_the_serial_system_of_the_textbook() -> None:
    """Snyder and Shen (2019), Example 6.1.

    Solvers print a cost from 47.65 to 47.77 and levels on grids of 0.01 to 0.06, by the way they
    make demand discrete; ours is within the width of those grids.
    """
    best = solve(example_6_1())
    np.testing.assert_allclose(best.echelon_base_stock, [6.48, 12.03, 22.72], atol=0.03)
    assert best.cost == pytest.approx(47.665, abs=0.01)


def test_the_newsvendor_heuristic_is_nearly_optimal_on_the_textbook_example() -> None:
    """Its levels cost 47.68 (stockpyl, on a coarser grid) and lie between the bounds it averages.

    Shang and Song (2003) report at most 1.5 % above the optimum.
    """
    system = example_6_1()
    periods = np.cumsum(system.protection_interval)[:, None].astype(float)
    e = system.echelon_holding_cost[:, None]
    bounds = shang_song(5 * periods, np.sqrt(periods), e, system.backorder_cost)
    best, heuristic = solve(system), evaluate(system, bounds.level[:, 0])
    assert (bounds.lower[:, 0] <= best.echelon_base_stock).all()
    # At the shelf the upper bound is the optimum itself; the grid finds it to 2e-5.
    assert (best.echelon_base_stock <= bounds.upper[:, 0] + 2e-5).all()
    assert heuristic.cost == pytest.approx(47.680, abs=0.02)
    assert best.cost <= heuristic.cost <= 1.015 * best.cost


@pytest.mark.parametrize(
    ("lead_time", "backorder_cost", "cost"),
    [
        (1, 4, 6.8986),
        (2, 4, 7.5984),
        (3, 4, 8.2059),
        (4, 4, 8.7525),
        (1, 9, 8.3669),
        (2, 9, 9.2610),
        (3, 9, 10.0367),
        (4, 9, 10.7339),
    ],
)
def test_the_serial_setting_of_hindsight_policy_optimisation(
    lead_time: int, backorder_cost: float, cost: float
) -> None:
    """Alvo, Russo and Kanoria, arXiv 2306.11246: four stages, charged for stock on hand only.

    Printed to four decimals; the grid adds 4e-5.
    """
    system = SerialSystem(
        np.array([lead_time, 3, 4, 2]),
        np.array([1.0, 0.5, 0.2, 0.1]),
        backorder_cost,
        ClippedNormal(5.0, 2.0),
        Shipping.RECEIPTS_TOO,
    )
    assert solve(system).cost_on_hand == pytest.approx(cost, abs=1e-4)


@pytest.mark.parametrize(("demand", "ratio"), [(PIECES, 10.0), (STAPLE, 10.0), (PIECES, 100.0)])
def test_in_our_world_the_optimal_policy_costs_what_theory_promises(
    demand: DemandLaw, ratio: float
) -> None:
    """Played day by day from its own levels, both costs agree within 4 standard errors of paths."""
    system = mission(ratio, demand, Shipping.OPENING_STOCK)
    best, paths, h = solve(system), 2000, system.holding_cost
    world = World(
        (1, 2, SOURCE), system.lead_time[:, None], np.full((3, 1), np.inf), np.array([True])
    )
    level = best.echelon_base_stock[None, :, None]
    full = np.repeat(np.diff(level, axis=1, prepend=0.0), paths, axis=0)
    none = np.zeros((paths, 3, 1))
    state = State(0, full, np.zeros((paths, 3, 1, 4)), none[:, :1], none)
    rng, on_hand, on_its_way = np.random.default_rng(1), [], []
    for day in range(100):
        local = state.on_hand + state.in_transit
        local[:, :1] -= state.backorders
        orders = level - np.cumsum(local, axis=1)
        state, _ = advance(state, orders, demand.sample(rng, (paths, 1, 1)), world)
        if day >= 30:
            waiting = ratio * state.backorders[:, 0, 0]
            on_hand.append(state.on_hand[..., 0] @ h + waiting)
            on_its_way.append(state.in_transit[:, :-1, 0] @ h[1:])
    seen = np.mean(on_hand, axis=0)
    in_all = seen + np.mean(on_its_way, axis=0)
    for costs, promised in ((seen, best.cost_on_hand), (in_all, best.cost)):
        assert abs(costs.mean() - promised) <= 4 * costs.std() / np.sqrt(paths)


@pytest.mark.parametrize(
    "demand", [Poisson(4.0), NegativeBinomial(2.0, 3.0), Gamma(3.0, 4.0), Gamma(3.0, 1.0)]
)
def test_a_system_of_one_stage_is_a_newsvendor(demand: DemandLaw) -> None:
    """Integer demand to rounding; continuous demand to the 1e-5 that the grid allows."""
    chain = solve(SerialSystem(np.array([3]), np.array([0.5]), 20.0, demand))
    shelf = single_stage(demand, 3, 0.5, 20.0)
    rtol = 1e-9 if demand.integer else 2e-5
    np.testing.assert_allclose(chain.cost, shelf.cost, rtol=rtol)
    np.testing.assert_allclose(chain.echelon_base_stock[0], shelf.base_stock_level, rtol=1e-4)
    assert chain.cost_on_hand == chain.cost


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.integers(-8, 8), min_size=3, max_size=3),
    st.sampled_from(list(Shipping)),
    st.sampled_from([Poisson(3.0), Geometric(0.4), NegativeBinomial(2.0, 4.0)]),
)
def test_no_other_levels_are_cheaper(
    away: list[int], shipping: Shipping, demand: DemandLaw
) -> None:
    """Any other echelon base-stock policy costs at least the optimum, which evaluates to itself."""
    system = mission(30.0, demand, shipping)
    best = solve(system)
    other = evaluate(system, np.maximum(best.echelon_base_stock + away, 0))
    assert best.cost <= other.cost + 1e-9
    assert evaluate(system, best.echelon_base_stock).cost == pytest.approx(best.cost, rel=1e-12)


def test_a_stage_never_holds_back_what_its_echelon_lacks() -> None:
    """A shelf level above what upstream can ever supply is the same as no limit at all."""
    system = mission(10.0, PIECES, Shipping.OPENING_STOCK)
    high, endless = (evaluate(system, np.array([s, 170.0, 265.0])) for s in (265.0, np.inf))
    assert high.cost == endless.cost


@settings(deadline=None, max_examples=25)
@given(st.floats(0.01, 100.0), st.sampled_from([PIECES, Gamma(2.0, 1.5)]))
def test_in_another_currency_the_same_stock_is_right(rate: float, demand: DemandLaw) -> None:
    """Multiplying every cost multiplies the least cost and leaves the levels."""
    system = mission(50.0, demand, Shipping.OPENING_STOCK)
    abroad = replace(system, holding_cost=rate * system.holding_cost, backorder_cost=rate * 50.0)
    here, there = solve(system), solve(abroad)
    np.testing.assert_allclose(there.echelon_base_stock, here.echelon_base_stock, rtol=1e-6)
    np.testing.assert_allclose(there.cost, rate * here.cost, rtol=1e-6)


def test_counted_in_dozens_the_same_stock_is_right() -> None:
    """Demand, levels and costs of continuous demand scale together."""
    units = solve(mission(100.0, Lognormal(24.0, 12.0), Shipping.OPENING_STOCK))
    dozens = solve(mission(100.0, Lognormal(2.0, 1.0), Shipping.OPENING_STOCK))
    np.testing.assert_allclose(units.echelon_base_stock, 12 * dozens.echelon_base_stock, rtol=1e-9)
    np.testing.assert_allclose(units.cost, 12 * dozens.cost, rtol=1e-9)


@settings(deadline=None, max_examples=25)
@given(st.floats(1.0, 500.0), st.floats(1.1, 10.0))
def test_more_at_stake_means_more_stock_and_more_cost(ratio: float, times: float) -> None:
    """Every level and the cost grow with the price of waiting."""
    less = solve(mission(ratio, PIECES, Shipping.OPENING_STOCK))
    more = solve(mission(ratio * times, PIECES, Shipping.OPENING_STOCK))
    assert (less.echelon_base_stock <= more.echelon_base_stock).all()
    assert less.cost < more.cost


def test_a_day_more_to_cover_costs_more() -> None:
    """Shipping opening stock only is dearer than shipping receipts too, than never pausing."""
    costs = [solve(mission(10.0, PIECES, shipping)).cost_on_hand for shipping in Shipping]
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize("upstream", [1.0, 1.4])
def test_a_stage_that_stocks_no_cheaper_than_its_customer_passes_everything_on(
    upstream: float,
) -> None:
    """Its customer has no limit, and at equal cost the two are one stage with both lead times."""
    chain = SerialSystem(
        np.array([2, 3, 4]), np.array([1.0, upstream, 0.3]), 25.0, PIECES, Shipping.CONTINUOUS
    )
    best = solve(chain)
    assert best.echelon_base_stock[0] == np.inf
    assert np.isfinite(best.echelon_base_stock[1:]).all()
    if upstream == 1.0:
        joined = SerialSystem(
            np.array([5, 4]), np.array([1.0, 0.3]), 25.0, PIECES, Shipping.CONTINUOUS
        )
        together = solve(joined)
        np.testing.assert_array_equal(best.echelon_base_stock[1:], together.echelon_base_stock)
        assert best.cost_on_hand == pytest.approx(together.cost_on_hand, rel=1e-10)


def test_dear_space_upstream_is_skipped_however_far_it_reaches() -> None:
    """Two stages dearer than the shelf hold nothing back: a unit is kept where it is cheapest."""
    chain = SerialSystem(
        np.array([2, 1, 3, 4]), np.array([1.0, 1.4, 1.2, 0.3]), 25.0, PIECES, Shipping.CONTINUOUS
    )
    joined = SerialSystem(np.array([6, 4]), np.array([1.0, 0.3]), 25.0, PIECES, Shipping.CONTINUOUS)
    best, together = solve(chain), solve(joined)
    assert np.isinf(best.echelon_base_stock).tolist() == [True, True, False, False]
    np.testing.assert_array_equal(best.echelon_base_stock[2:], together.echelon_base_stock)
    assert best.cost_on_hand == pytest.approx(together.cost_on_hand, rel=1e-10)


def test_stock_beyond_all_need_costs_its_holding() -> None:
    """Far above the optimum one more unit at the top costs the top's holding cost, no less."""
    system = mission(10.0, PIECES, Shipping.OPENING_STOCK)
    much, more = (evaluate(system, np.array([75.0, 161.0, s])).cost for s in (2000.0, 2001.0))
    assert more - much == pytest.approx(1 / 3, rel=1e-6)


def test_known_demand_needs_no_safety_stock() -> None:
    """Levels are the demand to cover; what is left is the day that upstream stock waits to ship."""
    best = solve(mission(1000.0, Deterministic(3.7), Shipping.OPENING_STOCK))
    np.testing.assert_allclose(best.echelon_base_stock, 3.7 * np.array([3, 7, 12]), rtol=1e-12)
    assert best.cost_on_hand == pytest.approx(3.7 * (2 / 3 + 1 / 3), rel=1e-9)
    assert solve(mission(10.0, Deterministic(0.0), Shipping.OPENING_STOCK)).cost == 0.0


@pytest.mark.parametrize(
    "demand", [STAPLE, Lognormal(1.0, 2.5), Gamma(1.0, 2.5), ClippedNormal(0.0, 1.0)]
)
@pytest.mark.parametrize("ratio", [1.0, 1000.0])
def test_the_grid_is_fine_enough(
    demand: DemandLaw, ratio: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A grid four times finer moves the cost by less than the 1e-5 that is promised."""
    system = mission(ratio, demand, Shipping.OPENING_STOCK)
    coarse = solve(system)
    monkeypatch.setattr(clark_scarf, "CELLS_PER_STD", 4 * clark_scarf.CELLS_PER_STD)
    fine = solve(system)
    assert coarse.cost == pytest.approx(fine.cost, rel=1e-5)


def test_great_demand_makes_the_grid_coarser_not_endless() -> None:
    """A million a day is solved on coarser steps, and agrees with the normal it nearly is."""
    pieces = solve(mission(100.0, Poisson(1e6), Shipping.OPENING_STOCK))
    normal = solve(mission(100.0, ClippedNormal(1e6, 1e3), Shipping.OPENING_STOCK))
    np.testing.assert_allclose(pieces.echelon_base_stock, normal.echelon_base_stock, rtol=1e-4)
    assert pieces.cost == pytest.approx(normal.cost, rel=1e-5)


def test_a_coarser_grid_is_less_exact_but_not_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 1000 cells in all the cost of the mission still has three digits."""
    system = mission(100.0, STAPLE, Shipping.OPENING_STOCK)
    fine = solve(system)
    monkeypatch.setattr(clark_scarf, "LARGEST_GRID", 1000)
    coarse = solve(system)
    assert coarse.cost != fine.cost
    assert coarse.cost == pytest.approx(fine.cost, rel=1e-3)


def test_almost_known_demand_costs_what_known_demand_costs() -> None:
    """A spread far below the grid is not mistaken for a level of 0."""
    known = solve(mission(1000.0, Deterministic(1.0), Shipping.OPENING_STOCK))
    almost = solve(mission(1000.0, Lognormal(1.0, 1e-8), Shipping.OPENING_STOCK))
    np.testing.assert_allclose(almost.echelon_base_stock, known.echelon_base_stock, rtol=1e-3)
    assert almost.cost == pytest.approx(known.cost, rel=1e-3)


def test_systems_that_cannot_be_are_refused() -> None:
    """Each with a sentence that says what was found."""
    two = np.array([1, 2])
    with pytest.raises(ValueError, match="one number per stage"):
        SerialSystem(two, np.ones(3), 10.0, PIECES)
    with pytest.raises(ValueError, match="lead_time is -1"):
        SerialSystem(np.array([-1, 2]), np.ones(2), 10.0, PIECES)
    with pytest.raises(ValueError, match="must be above 0"):
        SerialSystem(two, np.array([1.0, 0.0]), 10.0, PIECES)
    with pytest.raises(ValueError, match="clip a normal at 0"):
        SerialSystem(two, np.ones(2), 10.0, Normal(20.0, 6.0))
    for wrong in ([1.0, 2.0], [-1.0, 2.0, 3.0], [1.0, 2.0, np.inf]):
        with pytest.raises(ValueError, match="numbers of at least 0"):
            evaluate(mission(10.0, PIECES, Shipping.OPENING_STOCK), np.array(wrong))
