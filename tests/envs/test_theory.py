"""Closed forms: the textbook's own numbers, and what must hold for every input."""

from itertools import product as every

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.demand import (
    ClippedNormal,
    Deterministic,
    Gamma,
    Geometric,
    Lognormal,
    NegativeBinomial,
    Normal,
    Poisson,
)
from envs.theory import (
    critical_ratio,
    demand_over,
    eoq,
    loss_function,
    newsvendor,
    safety_factor,
    shang_song,
    single_stage,
    textbook_safety_stock,
    wagner_whitin,
)

cost = st.floats(0.01, 100.0)


def test_the_newsvendor_of_the_textbook() -> None:
    """Snyder and Shen (2019), Example 4.3, printed to three and four decimals."""
    best = newsvendor(Normal(50.0, 8.0), 0.18, 0.70)
    assert best.base_stock_level == pytest.approx(56.604, abs=5e-4)
    assert best.cost == pytest.approx(1.9976, abs=5e-5)


def test_the_base_stock_level_of_the_textbook() -> None:
    """Snyder and Shen (2019), Example 4.4: the same with a lead time of 4."""
    best = single_stage(Normal(50.0, 8.0), 4, 0.18, 0.70)
    assert best.base_stock_level == pytest.approx(264.767, abs=5e-4)
    assert best.cost == pytest.approx(4.4668, abs=5e-5)


@pytest.mark.parametrize(
    ("law", "h", "p", "level", "least"),
    [
        (Poisson(50.0), 0.18, 0.70, 56.0, 1.797235211809178),
        (Poisson(6.0), 1.0, 4.0, 8.0, 3.570106945770941),
        (
            Lognormal(np.exp(6.045), np.exp(6.045) * np.sqrt(np.expm1(0.09))),
            1.0,
            0.1765,
            295.6266448071368,
            29.44254351324322,
        ),
    ],
    ids=["Poisson(50)", "Example 4.7", "Problem 4.8(b)"],
)
def test_other_newsvendors_of_the_textbook(
    law: Poisson | Lognormal, h: float, p: float, level: float, least: float
) -> None:
    """Stockpyl's documented answers to Snyder and Shen (2019); its integrals are good to 1e-8."""
    best = newsvendor(law, h, p)
    assert best.base_stock_level == pytest.approx(level, rel=1e-8)
    assert best.cost == pytest.approx(least, rel=1e-7)


def test_the_classes_of_cost_ratio_have_the_textbook_factors() -> None:
    """z of 10/11, 100/101 and 1000/1001, from tables of the normal distribution."""
    z = safety_factor(np.array([1.0, 10.0, 100.0, 1000.0]))
    np.testing.assert_allclose(z, [0.0, 1.3352, 2.3301, 3.0905], atol=5e-5)
    np.testing.assert_allclose(critical_ratio(0.18, 0.70), 0.7955, atol=5e-5)


@settings(deadline=None, max_examples=60)
@given(cost, cost, st.integers(0, 9))
def test_a_base_stock_level_is_the_forecast_plus_the_textbook_safety_stock(
    h: float, p: float, lead_time: int
) -> None:
    """For normal demand S = mean over L + 1 periods + z sigma, at a cost (h + p) phi(z) sigma."""
    best = single_stage(Normal(20.0, 6.0), lead_time, h, p)
    z, sigma = safety_factor(p / h), 6.0 * np.sqrt(lead_time + 1)
    stock = 20.0 * (lead_time + 1) + textbook_safety_stock(z, sigma)
    np.testing.assert_allclose(best.base_stock_level, stock, rtol=1e-9)
    density = loss_function(z) + z * critical_ratio(p, h)
    np.testing.assert_allclose(best.cost, (h + p) * density * sigma, rtol=1e-7, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from([Normal(20.0, 6.0), Gamma(3.0, 4.0), Poisson(4.0), NegativeBinomial(2.0, 3.0)]),
    cost,
    cost,
    st.floats(-5.0, 5.0),
)
def test_no_other_level_is_cheaper_than_the_newsvendors(
    law: Normal | Gamma | Poisson | NegativeBinomial, h: float, p: float, away: float
) -> None:
    """Any other level costs at least as much, by the definition of the cost itself."""
    best = newsvendor(law, h, p)
    other = best.base_stock_level + away
    over = other - law.mean + law.loss(other)
    assert best.cost <= h * over + p * law.loss(other) + 1e-9


@settings(deadline=None, max_examples=40)
@given(cost, cost)
def test_doubling_both_costs_doubles_the_cost_and_moves_no_stock(h: float, p: float) -> None:
    """Only the ratio of the two costs decides the level."""
    law = Gamma(np.array([3.0, 9.0]), 4.0)
    once, twice = newsvendor(law, h, p), newsvendor(law, 2 * h, 2 * p)
    np.testing.assert_array_equal(once.base_stock_level, twice.base_stock_level)
    np.testing.assert_allclose(2 * once.cost, twice.cost, rtol=1e-12)


def test_each_product_gets_its_own_newsvendor() -> None:
    """Costs and laws of many products at once give what they give one by one."""
    mean, h, p = np.array([5.0, 20.0]), np.array([1.0, 0.5]), np.array([9.0, 99.0])
    together = newsvendor(Poisson(mean), h, p)
    for k in range(2):
        alone = newsvendor(Poisson(mean[k]), h[k], p[k])
        assert together.base_stock_level[k] == alone.base_stock_level
        assert together.cost[k] == alone.cost


@pytest.mark.parametrize(
    "law", [Normal(20.0, 6.0), Gamma(2.0, 3.0), Poisson(4.0), NegativeBinomial(2.0, 3.0)]
)
def test_a_week_of_demand_has_the_law_of_seven_days_added(
    law: Normal | Gamma | Poisson | NegativeBinomial,
) -> None:
    """Sampled sums run out as often as the law of the window says, within 5 standard errors."""
    week = demand_over(law, 7)
    sums = law.sample(np.random.default_rng(1), (7, 40_000)).sum(axis=0)
    for u in (0.1, 0.5, 0.9, 0.99):
        level = week.quantile(u)
        chance = week.survival(level)
        error = np.sqrt(chance * (1 - chance) / sums.size)
        assert abs((sums > level).mean() - chance) <= 5 * error


def test_laws_whose_sums_leave_the_family_are_refused() -> None:
    """A clipped normal or a geometric demand has no window law in closed form."""
    with pytest.raises(ValueError, match="use Normal"):
        demand_over(ClippedNormal(20.0, 6.0), 3)
    with pytest.raises(ValueError, match="Geometric"):
        demand_over(Geometric(0.3), 3)
    assert demand_over(Deterministic(2.0), 3).mean == 6.0


def test_the_newsvendor_heuristic_of_the_textbook() -> None:
    """Snyder and Shen (2019), Example 6.1 by eq. (6.32), as stockpyl documents it.

    Echelon holding costs 3, 2, 2 and lead times 1, 1, 2 from the shelf up.
    """
    periods = np.array([[1.0], [2.0], [4.0]])
    levels = shang_song(5 * periods, np.sqrt(periods), np.array([[3.0], [2.0], [2.0]]), 37.12)
    expected = [[6.490880975286938], [12.027434723327854], [22.634032391786285]]
    np.testing.assert_allclose(levels.level, expected, rtol=1e-12)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.floats(0.05, 5.0), min_size=1, max_size=5),
    st.floats(0.1, 1000.0),
    st.floats(0.1, 10.0),
)
def test_bounds_on_echelon_levels_enclose_them_and_scale(
    echelon_cost: list[float], shortage_cost: float, factor: float
) -> None:
    """Lower <= level <= upper; the shelf's upper bound is a newsvendor; money has no unit."""
    e = np.array(echelon_cost)[:, None]
    periods = np.cumsum(np.full_like(e, 3.0), axis=0)
    mean, std = 20 * periods, 6 * np.sqrt(periods)
    levels = shang_song(mean, std, e, shortage_cost)
    assert (levels.lower <= levels.level + 1e-9).all()
    assert (levels.level <= levels.upper + 1e-9).all()
    upstream = shortage_cost + e[1:].sum()
    shelf = newsvendor(Normal(mean[0], std[0]), e[0], upstream).base_stock_level
    np.testing.assert_allclose(levels.upper[0], shelf, rtol=1e-12)
    dearer = shang_song(mean, std, factor * e, factor * shortage_cost)
    np.testing.assert_allclose(dearer.level, levels.level, rtol=1e-9)


def test_stock_that_costs_nothing_to_pass_on_has_no_bound() -> None:
    """Echelon holding costs must be above 0."""
    with pytest.raises(ValueError, match="no finite level"):
        shang_song(np.ones((2, 1)), np.ones((2, 1)), np.array([[1.0], [0.0]]), 10.0)


def test_the_economic_order_quantity_of_the_textbook() -> None:
    """Snyder and Shen (2019), Example 3.1: K 8, h 0.225, 1300 a year."""
    lot = eoq(1300.0, 8.0, 0.225)
    np.testing.assert_allclose([lot.quantity, lot.cost], [304.0467800264368, 68.41052550594829])


@settings(deadline=None, max_examples=40)
@given(cost, cost, cost, st.floats(0.3, 3.0))
def test_no_other_lot_is_cheaper(rate: float, order: float, holding: float, factor: float) -> None:
    """K d / Q + h Q / 2 is least at the economic order quantity."""
    lot = eoq(rate, order, holding)
    other = factor * lot.quantity
    assert lot.cost <= (order * rate / other + holding * other / 2) * (1 + 1e-12)


def test_the_dynamic_lot_sizes_of_the_textbook() -> None:
    """Snyder and Shen (2019), Example 3.9; whole numbers, so exact."""
    plan = wagner_whitin(np.array([90.0, 120.0, 80.0, 70.0]), 500.0, 2.0)
    assert plan.orders.tolist() == [210.0, 0.0, 150.0, 0.0]
    assert plan.cost == 1380.0


def _cost_of(order_days: tuple[bool, ...], demand: np.ndarray, K: float, h: float) -> float:
    """What meeting demand costs if orders may arrive on these days only, each as late as it can."""
    total, held = 0.0, 0.0
    for day, units in enumerate(demand):
        if order_days[day]:
            until = next((d for d in range(day + 1, len(demand)) if order_days[d]), len(demand))
            held = demand[day:until].sum()
            total += K
        if held < units:
            return np.inf
        held -= units
        total += h * held
    return total


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.integers(0, 100),
    st.integers(0, 5),
)
def test_wagner_and_whitin_find_what_trying_every_set_of_order_days_finds(
    units: list[int], order_cost: int, holding_cost: int
) -> None:
    """Exact: brute force over all sets of order days gives the same cost, and the plan has it."""
    demand = np.array(units, dtype=float)
    plan = wagner_whitin(demand, order_cost, holding_cost)
    days = every([False, True], repeat=len(demand))
    assert plan.cost == min(_cost_of(d, demand, order_cost, holding_cost) for d in days)
    stock = np.cumsum(plan.orders) - np.cumsum(demand)
    assert (stock >= 0).all()
    assert stock[-1] == 0
    charged = order_cost * np.count_nonzero(plan.orders) + holding_cost * stock.sum()
    assert charged == plan.cost


def test_lots_follow_costs_that_change_from_day_to_day() -> None:
    """A dear order day is avoided by ordering early; a dear storage day by ordering late."""
    dear_second_order = wagner_whitin(np.array([10.0, 10.0]), np.array([5.0, 50.0]), 1.0)
    assert dear_second_order == (pytest.approx([20.0, 0.0]), 15.0)
    dear_storage = wagner_whitin(np.array([10.0, 10.0]), 5.0, np.array([9.0, 1.0]))
    assert dear_storage == (pytest.approx([10.0, 10.0]), 10.0)
    with pytest.raises(ValueError, match="demand reaches -1"):
        wagner_whitin(np.array([3.0, -1.0]), 5.0, 1.0)
