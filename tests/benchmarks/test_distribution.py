"""The distribution benchmark: bounds that hold, rules that are tuned, rows that add up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import distribution
from benchmarks.distribution import PERFECT, PRICED, find, kept, price_of_knowing
from benchmarks.distribution.bound import bounds
from benchmarks.distribution.contestants import OURS, STATIONARY, STOPPED, tuned_rules
from benchmarks.distribution.table import table
from benchmarks.distribution.tuning import Space, tuned
from benchmarks.results import Row, result_of
from brain.reference.net_policy import load_policy
from data.demand import Poisson
from envs.dynamics import Flows, State
from envs.policies import FollowPlan, ReorderPoint
from envs.reference.distribution import MONTH, YEAR, play, sample_demand
from envs.reference.distribution_policies import DaysOfCover

WEEK = replace(MONTH, days=7)
RULE = DaysOfCover(MONTH, (2.6, 4.9), (4.0, 10.1), (3.5, 2.05), 15.0)


def test_the_bound_of_two_days_is_what_can_be_done_by_hand() -> None:
    """Stock is there for day 0, a batch brings the rest, and nothing is worth ordering."""
    task = replace(MONTH, days=2, opening_stock=(10.0, 10.0, 8.0))
    wanted = np.array([[[10.0, 4.0], [8.0, 3.0]]])
    # Retailer 1 gets 8 for 10; retailer 2 has 6 left and sells 3 of them.
    expected = 25 * 50 - 10 - (6 + 3)
    assert bounds(task, wanted, workers=1)[0] == pytest.approx(expected, rel=1e-3)
    best = FollowPlan(np.array([[8.0, 0.0, 0.0], [0.0, 0.0, 0.0]])[..., None])
    assert play(task, best, wanted).total.sum() == pytest.approx(expected)


def test_no_policy_earns_more_than_perfect_information() -> None:
    """Path by path, a rule that is nearly the best and one that is far from it."""
    wanted = sample_demand(WEEK, np.random.default_rng(1), 4)
    most = bounds(WEEK, wanted, workers=1, seconds=5)
    for rule in (replace(RULE, task=WEEK), ReorderPoint(np.full((3, 1), 9), np.full((3, 1), 60))):
        earned = play(WEEK, rule, wanted).total.sum(axis=1)
        assert (earned <= most + 1e-6).all()
        assert (most - earned).mean() > 0


def test_knowing_costs_nothing_in_the_mean() -> None:
    """Sales less their expectation from the morning's stock: 0 to within four standard errors."""
    wanted = sample_demand(MONTH, np.random.default_rng(2), 2000)
    price, paid = price_of_knowing(MONTH), np.zeros(2000)

    def watch(state: State, flows: Flows) -> None:
        had = flows.occupied[:, :2, 0]
        law = Poisson(np.full(had.shape, 10.0))
        expected = 10.0 - law.loss(had)
        paid[:] += price[state.period - 1] * (flows.served[..., 0] - expected).sum(axis=1)

    play(MONTH, RULE, wanted, watch=watch)
    assert abs(paid.mean()) < 4 * paid.std() / np.sqrt(len(paid))


def test_a_price_on_knowing_lowers_the_bound_and_its_spread() -> None:
    """The same seven days, known for free and at a price; a rule stays below both in the mean."""
    wanted = sample_demand(WEEK, np.random.default_rng(3), 6)
    free = bounds(WEEK, wanted, workers=1, seconds=4)
    dear = bounds(WEEK, wanted, price_of_knowing(WEEK), workers=1, seconds=4)
    assert dear.std() < free.std() / 2
    many = sample_demand(WEEK, np.random.default_rng(4), 4000)
    earned = play(WEEK, replace(RULE, task=WEEK), many).total.sum(axis=1)
    spread = np.hypot(earned.std() / np.sqrt(4000), dear.std() / np.sqrt(6))
    assert earned.mean() < dear.mean() + 4 * spread


def test_tuning_finds_a_hill() -> None:
    """The best constant order of one day is what a lost sale is worth, found from afar."""
    task = replace(MONTH, days=2, opening_stock=(0.0, 0.0, 150.0), holding=(1.0, 1.0, 0.0))
    wanted = np.full((1, 2, 2), 12.0)

    def make(x: np.ndarray) -> FollowPlan:
        return FollowPlan(np.array([[x[0], x[0], 0.0], [0.0, 0.0, 0.0]])[..., None])

    best, worth = tuned(task, Space(make, (0.0,), (75.0,), (60.0,)), wanted, 150, seed=1)
    assert np.rint(best[0]) == 12
    assert worth == pytest.approx(24 * 50 - 20 - 24 * 5)


@pytest.mark.parametrize("task", [MONTH, YEAR], ids=["month", "year"])
def test_rules_are_tuned_on_the_same_demand(task: object) -> None:
    """A tuned rule earns at least what it began with; one seed gives one rule."""
    short = replace(task, days=14)  # type: ignore[type-var] # both are Distributions
    wanted = sample_demand(short, np.random.default_rng(5), 10)
    first, again = (tuned_rules(short, wanted, 8, 1) for _ in range(2))
    least = tuned_rules(short, wanted, 1, 1)
    for name in (STATIONARY, STOPPED, OURS):
        np.testing.assert_array_equal(first[name][1], again[name][1])
        earned = [play(short, rules[name][0], wanted).total.sum() for rules in (first, least)]
        assert earned[0] >= earned[1]


def test_a_run_has_every_policy_beside_its_bound(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Rows of the fixed and the fresh scenarios, paired differences, and what is kept of a run."""
    tiny = replace(
        distribution.QUICK, test=2, fresh=4, tuning=2, trials=2, judged=1, searches=2, seconds=0.5
    )
    tiny = replace(tiny, episodes=1, updates=1, seeds=2, steps=1792)
    monkeypatch.setattr(distribution, "QUICK", tiny)
    years = replace(distribution.QUICK_YEARS, fresh=2, tuning=1, trials=1)
    monkeypatch.setattr(distribution, "QUICK_YEARS", years)
    found = find(quick=True, seed=3)
    rows = {(row.case, row.policy): row for row in found.result.rows}
    learnt = {"Q-learning", "local search", "simulated annealing", "REINFORCE", "PPO"}
    for case, bound in (("month/2 fixed", PERFECT), ("month/fresh", PRICED)):
        policies = {policy for where, policy in rows if where == case}
        assert learnt | {STATIONARY, STOPPED, OURS, bound} <= policies
        gap = rows[case, OURS].gap
        assert gap == pytest.approx(1 - rows[case, OURS].value / rows[case, bound].value)
    seeds = [rows["month/fresh", f"PPO, seed {seed}"].value for seed in (3, 4)]
    assert rows["month/fresh", "PPO"].value == pytest.approx(np.mean(seeds))
    more = rows["month/fresh/ours more than", STATIONARY].value
    expected = rows["month/fresh", OURS].value - rows["month/fresh", STATIONARY].value
    assert more == pytest.approx(expected)
    assert ("year/fresh", PRICED) in rows
    kept(found, tmp_path)
    assert {one.name for one in tmp_path.glob("*.svg")} == {
        "distribution_learning.svg",
        "distribution_returns.svg",
    }
    net = load_policy(tmp_path / "nets" / "simulated-annealing-4")
    assert net.act(np.ones((2, 13))).shape == (2, 3)


def test_the_table_has_a_line_for_every_policy() -> None:
    """Seeds are told in a cell of their learner's; a case that a policy lacks is left empty."""
    rows = [
        Row("month/fresh", "PPO", 90.0, 80.0, 100.0, "money", gap=0.1),
        Row("month/fresh", "PPO, seed 1", 85.0, 75.0, 95.0, "money", gap=0.15),
        Row("month/fresh", "PPO, seed 2", 95.0, 85.0, 105.0, "money", gap=0.05),
        Row("year/fresh", "rule", 20_000.0, 20_000.0, 20_000.0, "money"),
        Row("month/fresh/ours more than", "PPO", 1.0, 0.0, 2.0, "money"),
    ]
    lines = table(result_of("distribution", rows, 1, 1.0, False))
    assert lines[0].startswith("| policy | month, fresh | below the bound | year, fresh |")
    assert lines[2] == "| PPO | 90 (80 to 100) | 10.0% |  |  | month 85 to 95 |"
    assert lines[3] == "| rule |  |  | 20,000 |  |  |"
    assert len(lines) == 4
