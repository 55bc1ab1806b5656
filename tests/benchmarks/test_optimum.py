"""The answers rules are measured against are right, and so is the measuring."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmarks import optimum
from benchmarks.optimum import lost_sales, orgym, search, serial
from benchmarks.optimum.hindsight import season_bounds, season_programme
from benchmarks.optimum.rows import rows_of
from benchmarks.optimum.suite import (
    TEXTBOOK,
    TUNED,
    Effort,
    Optimum,
    RuleFactory,
    Suite,
    WholeOrders,
    always,
    judged,
    played,
    textbook,
)
from brain.lanes import SINGLE
from brain.population import Law
from data.demand import Poisson
from envs.clark_scarf import Shipping, evaluate
from envs.dynamics import State, advance
from envs.inventory_env import Trade
from envs.observation import no_errors, observe
from envs.policies import (
    BaseStock,
    EchelonBaseStock,
    FollowPlan,
    RandomOrders,
    SafetyStockRule,
    Situation,
    constant,
)
from milp.solver import Solver

EFFORT = Effort(paths=120, seasons=400, tuning_paths=8, tuning_periods=1100, tuning_seasons=400)

# Exact optima by independent dynamic programmes and recursions, printed to so many decimals.
CLARK_SCARF = [91.227, 102.100, 110.825, 98.904, 112.575, 123.315]
HDPO = [6.8986, 7.5984, 8.2059, 8.7525, 8.3669, 9.2610, 10.0367, 10.7339]
# By L 1 to 4, then p = 4, 9, 19, 39; Zipkin (2008) prints the first column to two decimals.
LOST_SALES = {
    "optimum": [
        [4.041, 5.438, 6.676, 7.836],
        [4.395, 6.094, 7.664, 9.106],
        [4.599, 6.531, 8.363, 10.038],
        [4.729, 6.836, 8.887, 10.794],
    ],
    "best base-stock": [
        [4.163, 5.548, 6.728, 7.863],
        [4.639, 6.317, 7.842, 9.191],
        [4.975, 6.864, 8.605, 10.218],
        [5.198, 7.271, 9.232, 11.062],
    ],
    "best capped base-stock": [
        [4.066, 5.481, 6.688, 7.843],
        [4.406, 6.119, 7.721, 9.133],
        [4.630, 6.616, 8.401, 10.085],
        [4.798, 6.912, 8.955, 10.893],
    ],
}


@cache
def suites() -> dict[str, Suite]:
    """All suites by name; solving for their answers takes a second."""
    return {suite.name: suite for suite in optimum.suites()}


@pytest.fixture
def mission() -> Suite:
    return suites()["clark-scarf"]


@pytest.fixture
def hdpo() -> Suite:
    return suites()["hdpo"]


@pytest.fixture
def zipkin() -> Suite:
    return suites()["lost-sales"]


def best_of(suite: Suite) -> RuleFactory:
    """The rule that costs it."""
    assert isinstance(suite.answer, Optimum)
    return always(suite.answer.policy)


def distance(values: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Of the mean over futures (P, R) from what was expected (R,), in standard errors."""
    return (values.mean(axis=0) - expected) / (values.std(axis=0, ddof=1) / np.sqrt(len(values)))


def test_the_optima_are_the_known_ones(mission: Suite, hdpo: Suite, zipkin: Suite) -> None:
    """To the decimals that were printed (those of continuous demand from a coarser grid)."""
    np.testing.assert_allclose(mission.optimum, CLARK_SCARF, atol=1e-3)
    np.testing.assert_allclose(hdpo.optimum, HDPO, atol=1.1e-4)
    np.testing.assert_allclose(zipkin.optimum.reshape(4, 4), LOST_SALES["optimum"], atol=5.1e-4)


@pytest.mark.parametrize("name", ["clark-scarf", "hdpo", "lost-sales"])
def test_the_best_rules_cost_the_optimum(name: str) -> None:
    """In our world, judged like any rule: hdpo's lead times and constant are mapped rightly."""
    suite = suites()[name]
    demand = suite.chains.demand(np.random.default_rng(8), 400, suite.periods)
    found = played(suite, best_of(suite), demand)
    assert (np.abs(distance(found, suite.optimum)) < 3).all()
    standard_error = found.std(axis=0) / np.sqrt(len(found))
    assert (standard_error < 0.01 * suite.optimum).all(), "too noisy to prove anything"


def test_an_upstream_day_too_many_or_too_few_would_be_noticed(hdpo: Suite) -> None:
    """Without the mapping, the same levels cost far from the optimum."""
    demand = hdpo.chains.demand(np.random.default_rng(8), 150, hdpo.periods)
    above = np.array([[0], [1], [1], [1]])
    unmapped = replace(
        hdpo, chains=replace(hdpo.chains, lead_time=hdpo.chains.lead_time + above), added=0.0
    )
    charged_a_day_more = replace(hdpo, added=0.0)
    for wrong in (unmapped, charged_a_day_more):
        found = played(wrong, best_of(hdpo), demand)
        assert (np.abs(distance(found, hdpo.optimum)) > 10).all()


def test_gaps_are_the_exact_ones(mission: Suite, hdpo: Suite) -> None:
    """Of base-stock levels that are not best; theory says what they cost, whole rows agree."""
    above = {"clark-scarf": np.zeros((3, 1), int), "hdpo": np.array([[0], [1], [1], [1]])}
    for suite, shipping in ((mission, Shipping.OPENING_STOCK), (hdpo, Shipping.RECEIPTS_TOO)):
        assert isinstance(suite.answer.policy, EchelonBaseStock)
        theirs = replace(suite.chains, lead_time=suite.chains.lead_time + above[suite.name])
        levels = suite.answer.policy.level + np.where(theirs.whole_units, 1, 0.2 * theirs.std)
        exact = []
        for row in range(len(theirs)):
            found = evaluate(serial.system_of(theirs, row, shipping), levels[:, row])
            exact.append(found.cost if suite is mission else found.cost_on_hand)
        rule = {"off": always(EchelonBaseStock(levels))}
        brought = judged(suite, rule, np.random.default_rng(3), EFFORT)["off"]
        assert (np.abs(distance(brought, np.array(exact))) < 3.5).all()
        plain = suite.chains.demand(np.random.default_rng(3), EFFORT.paths, suite.periods)
        luck = played(suite, rule["off"], plain).std(axis=0)
        assert (brought.std(axis=0) < luck).all(), "the best rule takes out some of the luck"


def test_the_solver_of_lost_sales_costs_what_its_orders_do() -> None:
    """An independent reckoning: the stationary law of the chain that the orders make (L = 2)."""
    p, mean = 9.0, 5.0
    solution = lost_sales.solve(Poisson(mean), 2, p)
    orders = solution.orders
    assert orders.ndim == 2
    most, width = np.array(orders.shape) - 1
    demand = np.arange(40)
    chance = -np.diff(Poisson(mean).survival(demand - 1.0), append=0.0)
    x, q = np.divmod(np.arange(orders.size), width + 1)
    left = np.maximum(x[:, None] - demand, 0)
    following = np.minimum(left + q[:, None], most) * (width + 1) + orders.ravel()[:, None]
    share = np.full(orders.size, 1 / orders.size)
    for _ in range(300):
        share = np.bincount(following.ravel(), (share[:, None] * chance).ravel(), orders.size)
    lost = np.maximum(demand - x[:, None], 0)
    assert (left + p * lost) @ chance @ share == pytest.approx(solution.cost, abs=1e-5)


def test_what_costs_too_much_to_hold_is_not_ordered() -> None:
    """All demand is lost, at p a unit."""
    solution = lost_sales.solve(Poisson(0.3), 1, shortage_cost=0.1, holding_cost=10.0)
    assert not solution.orders.any()
    assert solution.cost == pytest.approx(0.03)


@pytest.mark.parametrize("rule", ["best base-stock", "best capped base-stock"])
def test_the_best_simple_rules_for_lost_sales_cost_what_is_known(zipkin: Suite, rule: str) -> None:
    """At their best whole levels and caps, found once by a long search."""
    level = np.array([LEVELS[rule]])
    policy = BaseStock(level)
    if rule == "best capped base-stock":
        policy = lost_sales.CappedBaseStock(level, np.array([CAPS]))
    brought = judged(zipkin, {rule: always(policy)}, np.random.default_rng(5), EFFORT)[rule]
    # What is known is rounded to 0.0005; that counts like noise.
    expected = np.ravel(LOST_SALES[rule])
    error = np.hypot(brought.std(axis=0) / np.sqrt(len(brought)), 5e-4)
    assert (np.abs(brought.mean(axis=0) - expected) < 3.5 * error).all()


LEVELS = {
    "best base-stock": [12, 13, 15, 16, 16, 19, 21, 22, 20, 23, 26, 28, 25, 28, 31, 33],
    "best capped base-stock": [12, 14, 15, 16, 17, 19, 21, 22, 21, 24, 26, 28, 26, 29, 31, 34],
}
CAPS = [6, 6, 8, 9, 5, 6, 7, 8, 5, 6, 6, 7, 5, 5, 6, 6]


def test_a_short_search_comes_close(zipkin: Suite) -> None:
    """Within a unit or two of the long one, on futures of its own."""
    rules = lost_sales.rivals(zipkin, np.random.default_rng(2), EFFORT)
    outlook, traits = zipkin.chains.outlook(10), zipkin.chains.traits
    found = rules["best base-stock"](outlook, traits)
    assert isinstance(found, BaseStock)
    assert (np.abs(found.level - LEVELS["best base-stock"]) <= 2).all()
    assert (found.level == np.rint(found.level)).all()


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_profit_is_that_of_the_environment(version: str) -> None:
    """Under random orders, in both worlds, to rounding; torch tensors give the same."""
    suite = orgym.orgym(version)
    chains, rng = suite.chains, np.random.default_rng(4)
    state, demand = chains.opening(50), chains.demand(rng, 50, 30)
    policy = RandomOrders(np.array([[60.0], [60.0], [60.0]]), rng)
    for t in range(30):
        orders = policy(Situation(state, no_errors(50, 1), chains.world))
        state, flows = advance(state, orders, demand[:, t, None], chains.world)
        ours = orgym.profit(state, flows)
        np.testing.assert_allclose(ours, Trade().reward(state, flows, chains.world), atol=1e-9)
        tensors = [
            SimpleNamespace(
                **{
                    name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value
                    for name, value in vars(record).items()
                }
            )
            for record in (state, flows)
        ]
        np.testing.assert_allclose(orgym.profit(*tensors).numpy(), ours, atol=1e-9)


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_foresight_earns_what_its_shipments_earn_in_the_world(version: str) -> None:
    """The programme's word is checked: its shipments, placed as orders, bring its objective."""
    chains = orgym.orgym(version).chains
    demand = chains.demand(np.random.default_rng(6), 5, 30)
    for season in demand:
        programme, columns = season_programme(chains, orgym.TRADE, 30)
        solver = Solver(programme)
        solver.change_bounds(columns.every("wanted"), season[:, 0], season[:, 0])
        solution = solver.solve()
        shipments = np.stack([solution.x[columns.every(f"shipped{m}")] for m in range(3)], axis=1)[
            ..., None
        ]
        suite = replace(
            orgym.orgym(version), chains=replace(chains, law=np.array([int(Law.NORMAL)]))
        )
        earned = played(suite, always(FollowPlan(shipments)), season[None])
        assert earned.item() == pytest.approx(-solution.objective, abs=1e-6)
        assert season_bounds(chains, orgym.TRADE, season[None, :, 0]).item() == pytest.approx(
            -solution.objective
        )


@pytest.mark.parametrize(
    ("version", "levels", "profit"), [("v0", (86, 210, 427), 395.6), ("v1", (88, 207, 415), 396.1)]
)
def test_no_rule_earns_more_than_foresight(
    version: str, levels: tuple[int, ...], profit: float
) -> None:
    """Not on one season; the best unchanging levels earn what they are known to."""
    suite = orgym.orgym(version)
    static = always(EchelonBaseStock(np.array([levels]).T.astype(float)))
    rules = {"static": static, TEXTBOOK: textbook, "cut": orgym.within_reach(textbook)}
    brought = judged(suite, rules, np.random.default_rng(7), replace(EFFORT, seasons=2000))
    for rule in rules:
        assert (brought[rule] < brought["perfect information"]).all()
    assert abs(distance(brought["static"], np.array([profit])).item()) < 3
    better = brought["cut"] >= brought[TEXTBOOK] - 1e-9
    assert better.mean() > 0.99, "asking in vain only costs"


def test_what_is_asked_within_reach_is_shipped_whole() -> None:
    """And nothing is ever owed."""
    chains = orgym.orgym("v0").chains
    state, demand = chains.opening(20), chains.demand(np.random.default_rng(1), 20, 30)
    policy = orgym.within_reach(textbook)(chains.outlook(30), chains.traits)
    for t in range(30):
        orders = policy(Situation(state, no_errors(20, 1), chains.world))
        state, flows = advance(state, orders, demand[:, t, None], chains.world)
        np.testing.assert_array_equal(flows.shipped, flows.ordered)
        assert not state.owed.any()


def test_order_up_to_rules_stop_in_time() -> None:
    """The forecast ends with the season, so nothing is ordered that could not be sold in it."""
    chains = orgym.orgym("v1").chains
    policy = SafetyStockRule(chains.outlook(30), constant(np.ones((3, 1))))
    state, demand = chains.opening(4), chains.demand(np.random.default_rng(1), 4, 30)
    ordered = []
    for t in range(30):
        orders = policy(Situation(state, no_errors(4, 1), chains.world))
        ordered.append(orders.max(axis=(0, 2)))
        state, _ = advance(state, orders, demand[:, t, None], chains.world)
    last = np.array(ordered)
    assert (last[:8] > 0).any(axis=0).all()
    assert not last[20:, 2].any()


@pytest.mark.parametrize("name", optimum.RIVALS)
def test_a_brain_sees_the_same_where_it_learns_and_where_it_is_judged(name: str) -> None:
    """Natural units are these units divided by mean demand; observations agree to rounding."""
    suite = suites()[name]
    rows = np.arange(len(suite.rows))
    lanes = suite.lanes(np.random.default_rng(1), rows, 12, paths=3)
    chains, real, natural = suite.chains, suite.chains.opening(3), suite.opening(rows, 3)
    outlook, errors = chains.outlook(12), no_errors(3, len(rows))
    small = no_errors(3, len(rows), SINGLE)
    for t in range(12):
        seen = observe(real, errors, outlook, chains.traits)
        learnt = observe(natural, small, lanes.outlook, lanes.products.traits)
        np.testing.assert_allclose(learnt, seen, rtol=2e-3, atol=2e-3)
        orders = np.maximum(30 - real.on_hand, 0) * chains.mean / 20
        demand = lanes.demand[:, t]
        real, _ = advance(real, orders, (demand * chains.mean)[:, None], chains.world)
        natural, _ = advance(natural, orders / chains.mean, demand[:, None], lanes.world)
        errors = errors.after(demand * chains.mean, outlook.mean[t], outlook.std[t])
        small = small.after(demand, lanes.outlook.mean[t], lanes.outlook.std[t])


@pytest.mark.parametrize("name", optimum.RIVALS)
def test_lanes_have_the_demand_of_their_rows(name: str) -> None:
    """Its mean and deviation, whole units where units are whole; rows may repeat."""
    suite = suites()[name]
    rows = np.array([0, len(suite.rows) - 1, 0])
    lanes = suite.lanes(np.random.default_rng(1), rows, 30, paths=200)
    chains = suite.chains.take(rows)
    demand = lanes.demand * chains.mean
    assert demand.shape == (200, 30, 3)
    for column in range(3):
        law = chains.demand_law(column)
        error = float(law.std) / np.sqrt(demand[..., column].size)
        assert abs(demand[..., column].mean() - float(law.mean)) < 4 * error
        if chains.whole_units[column]:
            assert np.abs(demand[..., column] - np.rint(demand[..., column])).max() < 1e-4
    assert not np.array_equal(demand[..., 0], demand[..., 2])


def test_no_demand_comes_after_the_season() -> None:
    """Nor is any forecast."""
    lanes = orgym.orgym("v1").lanes(np.random.default_rng(1), np.array([0, 0]), 40)
    assert not lanes.demand[:, 30:].any()
    assert (lanes.demand[:, :30] > 0).all()
    assert not lanes.outlook.mean[30:].any()
    assert not lanes.outlook.std[30:].any()


def test_whole_orders_are_the_nearest() -> None:
    """Only where units are whole."""
    wished = np.array([[[2.4, 2.5]]])
    rule = WholeOrders(lambda situation: wished, np.array([True, False]))
    situation = Situation(State(0, wished, wished, wished, wished), no_errors(1, 2), None)
    assert rule(situation).tolist() == [[[2.0, 2.5]]]
    rule = WholeOrders(lambda situation: wished, np.array([True, True]))
    assert rule(situation).tolist() == [[[2.0, 3.0]]]


def test_a_chain_without_bounds_on_supply_has_no_season_bound() -> None:
    """The programme needs what the season starts with."""
    chains = replace(orgym.orgym("v1").chains, opening_stock=None)
    with pytest.raises(ValueError, match="opening stock"):
        season_bounds(chains, orgym.TRADE, np.ones((1, 3)))


def test_gaps_are_positive_where_a_rule_is_worse() -> None:
    """Whether cost or profit is counted."""
    suite = orgym.orgym("v0")
    earned = {"perfect information": np.full((1, 4, 1), 200.0), "ours": np.full((1, 4, 1), 150.0)}
    best, ours = rows_of(suite, earned)
    assert (best.gap, ours.gap, ours.ratio) == (0.0, 0.25, 0.75)
    assert ours.reference == "perfect information"


def test_an_interval_is_as_wide_as_trainings_differ() -> None:
    """Futures without any luck leave the luck of the training: Student's t of three."""
    suite = orgym.orgym("v0")
    means = np.array([150.0, 160.0, 170.0])
    earned = {
        "perfect information": np.full((1, 4, 1), 200.0),
        "ours": np.repeat(means, 4).reshape(3, 4, 1),
    }
    _, ours = rows_of(suite, earned)
    half = 4.3027 * 10 / np.sqrt(3)
    assert (ours.value, ours.gap, ours.n) == (160.0, pytest.approx(0.2), 12)
    assert (ours.low, ours.high) == (
        pytest.approx(160 - half, 1e-4),
        pytest.approx(160 + half, 1e-4),
    )


def test_the_whole_benchmark_runs_and_takes_in_what_was_learnt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every case has its answer, its rivals and ours; a suite's mean stands after its rows."""
    tiny = Effort(paths=2, seasons=20, tuning_paths=1, tuning_periods=130, tuning_seasons=10)
    asked: list[tuple[str, int, bool]] = []

    def learnt(suite: Suite, seed: int, quick: bool) -> dict[str, tuple[RuleFactory, ...]]:
        asked.append((suite.name, seed, quick))
        return {"ours": (textbook, textbook)}

    monkeypatch.setattr(optimum, "QUICK", tiny)
    monkeypatch.setattr(optimum, "learnt", learnt)
    short = tuple(replace(each, periods=min(each.periods, 140)) for each in suites().values())
    monkeypatch.setattr(optimum, "suites", lambda: short)
    monkeypatch.setattr(search, "MOST_ROUNDS", 2)
    result = optimum.run(quick=True, seed=3)
    assert asked == [(suite.name, 3, True) for suite in short]
    cases = [case for suite in short for case in suite.rows]
    assert {row.case for row in result.rows} == {*cases, "clark-scarf", "hdpo", "lost-sales"}
    found = {(row.case, row.policy): row for row in result.rows}
    for case in cases:
        answer = "perfect information" if case.startswith("orgym") else "optimum"
        assert found[case, answer].gap == 0
        assert found[case, "ours"].value == pytest.approx(found[case, TEXTBOOK].value)
        assert found[case, "ours"].n == 2 * found[case, TEXTBOOK].n
        assert found[case, "ours"].gap is not None
    assert found["hdpo/L=1,p=4", TUNED].reference == "optimum"
    again = optimum.run(quick=True, seed=3)
    assert again.rows == result.rows


def test_chains_of_one_law_meet_the_same_demand(mission: Suite) -> None:
    """So rows of a table differ by their prices alone."""
    demand = mission.chains.demand(np.random.default_rng(1), 2, 5)
    np.testing.assert_array_equal(demand[..., 0], demand[..., 2])
    np.testing.assert_array_equal(demand[..., 3], demand[..., 5])
    assert not np.array_equal(demand[..., 0], demand[..., 3])
