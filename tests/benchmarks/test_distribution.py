"""The distribution benchmark: bounds that hold, rules that are tuned, rows that add up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import distribution
from benchmarks.distribution import (
    HANDED_OVER,
    PERFECT,
    PRICED,
    find,
    kept,
    price_of_knowing,
)
from benchmarks.distribution.bound import Relaxation, bounds
from benchmarks.distribution.contestants import OURS, STATIONARY, STOPPED, tuned_rules
from benchmarks.distribution.table import table
from benchmarks.distribution.tuning import Space, tuned
from benchmarks.results import Row, result_of
from brain.reference.net_policy import load_policy
from brain.reference.q_learning import load_table
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
    dear = bounds(WEEK, wanted, Relaxation(price_of_knowing(WEEK)), workers=1, seconds=4)
    assert dear.std() < free.std() / 2
    many = sample_demand(WEEK, np.random.default_rng(4), 4000)
    earned = play(WEEK, replace(RULE, task=WEEK), many).total.sum(axis=1)
    spread = np.hypot(earned.std() / np.sqrt(4000), dear.std() / np.sqrt(6))
    assert earned.mean() < dear.mean() + 4 * spread


def test_a_cut_raises_the_bound_a_little() -> None:
    """Two weeks in two stretches, path by path: never below the whole, and within 3 % of it."""
    task = replace(YEAR, days=14)
    wanted = sample_demand(task, np.random.default_rng(6), 3)
    price = price_of_knowing(task, 4.5)
    whole, cut = (
        bounds(task, wanted, Relaxation(price, days, HANDED_OVER), workers=1, seconds=8)
        for days in (None, 7)
    )
    # Both may be as far above their optimum as the solver is told to leave them.
    slack = 2e-3 * (whole + task.lost_sale * wanted.sum(axis=(1, 2)))
    assert (cut > whole - slack).all()
    assert (cut < 1.03 * whole).all()


def test_a_cut_bound_holds_at_any_worth() -> None:
    """A rule on three weeks earns less in the mean than bounds at a good and at a poor worth."""
    task = replace(YEAR, days=21)
    price = price_of_knowing(task, 4.5)
    few = sample_demand(task, np.random.default_rng(7), 3)
    many = sample_demand(task, np.random.default_rng(8), 2000)
    rule = DaysOfCover(task, (3.1, 4.6), (5.0, 12.5), (4.0, 2.6), 20.0)
    earned = play(task, rule, many).total.sum(axis=1)
    good, poor = (
        bounds(task, few, Relaxation(price, 7, worth), workers=1, seconds=2)
        for worth in (HANDED_OVER, (1.5, 1.4))
    )
    for most in (good, poor):
        spread = np.hypot(earned.std() / np.sqrt(2000), most.std() / np.sqrt(3))
        assert earned.mean() < most.mean() + 4 * spread
    assert good.mean() < poor.mean()


def test_a_worth_that_bounds_nothing_is_refused() -> None:
    """Stock that is worth more at a cut than it costs there would be bought without end."""
    task, wanted = replace(YEAR, days=21), np.ones((1, 21, 2))
    with pytest.raises(ValueError, match="little more worth"):
        bounds(task, wanted, Relaxation(50.0, 7, (30.0, 2.0)), workers=1)
    slow = replace(task, lead_time=(2, 1, 2))
    with pytest.raises(ValueError, match="expected 1 at the retailers"):
        bounds(slow, wanted, Relaxation(50.0, 7, HANDED_OVER), workers=1)


def test_stretches_cover_an_episode() -> None:
    """Every day once; the last stretch may be shorter."""
    assert Relaxation(stretch=14).stretches(30) == [range(14), range(14, 28), range(28, 30)]
    assert Relaxation().stretches(30) == [range(30)]


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
    steps = (1792, 1, 2, 2)
    month = replace(distribution.QUICK["month"], test=2, fresh=4, tuning=2, trials=2, judged=1)
    month = replace(month, steps=steps, seconds=0.5, episodes=1, seeds=2)
    year = replace(distribution.QUICK["year"], fresh=2, tuning=1, trials=1, steps=steps)
    sizes = {"month": month, "year": year}
    monkeypatch.setattr(distribution, "QUICK", sizes)
    found = find(quick=True, seed=3)
    rows = {(row.case, row.policy): row for row in found.result.rows}
    learnt = {"Q-learning", "local search", "simulated annealing", "REINFORCE", "PPO"}
    for case, bound in (
        ("month/2 fixed", PERFECT),
        ("month/fresh", PRICED),
        ("year/1 fixed", PERFECT),
        ("year/fresh", PRICED),
    ):
        policies = {policy for where, policy in rows if where == case}
        assert learnt | {STATIONARY, STOPPED, OURS, bound} <= policies
        gap = rows[case, OURS].gap
        assert gap == pytest.approx(1 - rows[case, OURS].value / rows[case, bound].value)
    seeds = [rows["month/fresh", f"PPO, seed {seed}"].value for seed in (3, 4)]
    assert rows["month/fresh", "PPO"].value == pytest.approx(np.mean(seeds))
    for case in ("month/fresh", "month/2 fixed", "year/fresh"):
        more = rows[f"{case}/ours more than", STATIONARY].value
        assert more == pytest.approx(rows[case, OURS].value - rows[case, STATIONARY].value)
    kept(found, tmp_path)
    assert {one.name for one in tmp_path.glob("*.svg")} == {
        "distribution_learning.svg",
        "distribution_returns.svg",
    }
    for name in ("month/simulated-annealing-4", "year/simulated-annealing-3"):
        assert load_policy(tmp_path / "learnt" / name).act(np.ones((2, 13))).shape == (2, 3)
    assert load_table(tmp_path / "learnt" / "year" / "q-learning-3").values.shape == (64, 27)


def test_the_table_has_a_line_for_every_policy() -> None:
    """In the block of its course; seeds in a cell of their learner's; what is lacking is empty."""
    rows = [
        Row("month/fresh", "PPO", 90.0, 80.0, 100.0, "money", gap=0.1),
        Row("month/fresh", "PPO, seed 1", 85.0, 75.0, 95.0, "money", gap=0.15),
        Row("month/fresh", "PPO, seed 2", 95.0, 85.0, 105.0, "money", gap=0.05),
        Row("year/50 fixed", "PPO", 7.0, 7.0, 7.0, "money"),
        Row("year/fresh", "rule", 20_000.0, 20_000.0, 20_000.0, "money"),
        Row("month/fresh/ours more than", "PPO", 1.0, 0.0, 2.0, "money"),
    ]
    lines = table(result_of("distribution", rows, 1, 1.0, False))
    assert lines[0] == "| policy | month, fresh | below the bound | seeds, fresh |"
    assert lines[2] == "| PPO | 90 (80 to 100) | 10.0% | 85 to 95 |"
    assert lines[3] == ""
    assert lines[4].startswith("| policy | year, 50 fixed | below the bound | year, fresh |")
    assert lines[6] == "| PPO | 7 |  |  |  |  |"
    assert lines[7] == "| rule |  |  | 20,000 |  |  |"
    assert len(lines) == 8
