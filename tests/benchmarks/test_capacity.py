"""Scarce space is compared fairly: the same futures, the same limits, worlds as they vary."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from scipy.stats import t as student

from benchmarks.capacity import contest as contests
from benchmarks.capacity.bisection import ChancePrices, bias_of, expected_use
from benchmarks.capacity.cell import Cell, Kind, cells
from benchmarks.capacity.contest import OURS, REFUSAL, SIMPLE, SOLVING, Contest
from benchmarks.capacity.days import days
from benchmarks.capacity.rows import Found, extra_row, interval, ratio_of_means, rows_of
from benchmarks.capacity.trial import ADAPT, OVERFLOW_PRICE, Trial, sample_trial
from benchmarks.capacity.tuned import tuned_prices
from benchmarks.results import result_of
from benchmarks.tables import beyond, capacity, extra
from benchmarks.tables import cells as cells_table
from envs.policies import SafetyStockRule
from planner.rules import ClosedForm

running = import_module("benchmarks.capacity.run")
FEW = 12


@pytest.fixture(scope="module")
def trial() -> Trial:
    """A small world of the base case."""
    return sample_trial(1, Kind(FEW), paths=2)


def cost(trial: Trial, cell: Cell) -> np.ndarray:
    """What order-up-to pays in a cell, per future."""
    rule = SafetyStockRule(trial.problem.outlook, trial.advisor)
    return Contest(trial, cell).cost(rule, trial.tested)


def test_every_cell_has_a_name_of_its_own_and_the_base_case_the_shortest() -> None:
    """Four tightnesses of the base case, and two of everything out of the ordinary."""
    names = [cell.name for cell in cells()]
    assert len(set(names)) == len(names)
    assert [c.name for c in cells() if c.base] == ["tg=0.6", "tg=0.8", "tg=1.0", "tg=unlimited"]
    assert {"tg=0.6/refused", "tg=0.8/200 products", "tg=0.8/lots"} <= set(names)


def test_the_same_seed_draws_the_same_world(trial: Trial) -> None:
    """To the bit, its futures included."""
    again = sample_trial(1, Kind(FEW), paths=2)
    assert again.tested.demand.tobytes() == trial.tested.demand.tobytes()
    assert again.q95.tobytes() == trial.q95.tobytes()


def test_futures_for_calibration_are_not_those_that_are_reported(trial: Trial) -> None:
    """No future stands on both sides."""
    for mine in trial.tested.demand:
        assert not any(np.array_equal(mine, theirs) for theirs in trial.calibrated.demand)


def test_less_space_costs_more(trial: Trial) -> None:
    """For a rule that does not mind it; unlimited space is charged nothing."""
    kind = Kind(FEW)
    paid = [cost(trial, Cell(kind, tightness)).mean() for tightness in (0.6, 0.8, 1.0, np.inf)]
    assert (np.diff(paid) < 0).all()


def test_where_arrivals_are_refused_waiting_is_paid_and_overflow_is_not(trial: Trial) -> None:
    """Space that nobody lacks costs the same either way; scarce space does not."""
    kind = Kind(FEW)
    roomy = [cost(trial, Cell(kind, 9.0, "", refused)) for refused in (False, True)]
    np.testing.assert_allclose(roomy[0], roomy[1])
    free = cost(trial, Cell(kind, np.inf))
    np.testing.assert_allclose(roomy[0], free)
    tight = [cost(trial, Cell(kind, 0.6, "", refused)) for refused in (False, True)]
    assert not np.isclose(tight[0], tight[1]).any()
    assert (tight[1] > free).all()


def test_products_peak_together_where_they_are_said_to() -> None:
    """In a common season the sum over products swings more, product by product it does not."""
    apart, common = (
        sample_trial(2, Kind(40, common_season=common), paths=1).problem.scenario.forecast.mean
        for common in (False, True)
    )
    swing = [mean.sum(axis=1).std() / mean.sum(axis=1).mean() for mean in (apart, common)]
    assert swing[1] > 2 * swing[0]


def test_a_wrong_forecast_is_wrong_for_good_by_a_third() -> None:
    """Mean and deviation alike on every day; what is told is one of four pairs of factors."""
    right = sample_trial(3, Kind(FEW), paths=1)
    wrong = sample_trial(3, Kind(FEW, wrong_forecast=True), paths=1)
    told, truth = wrong.problem.scenario.forecast, right.problem.scenario.forecast
    for what, factors in (("mean", (2 / 3, 4 / 3)), ("std", (0.67, 1.5))):
        ratio = getattr(told, what) / getattr(truth, what)
        np.testing.assert_allclose(ratio, np.broadcast_to(ratio[0], ratio.shape))
        assert {round(float(x), 6) for x in ratio[0]} <= {round(x, 6) for x in factors}
    sold = wrong.tested.demand.mean(axis=(0, 1)) / truth.mean.mean(axis=0)
    assert abs(sold.mean() - 1) < 0.15


def test_lots_are_ordered_by_every_rule() -> None:
    """Whatever a rule asks for."""
    trial = sample_trial(4, Kind(FEW, lots=True), paths=1)
    lot = trial.problem.scenario.products.lot_size
    assert ((lot > 0.3) & (lot < 2)).all()
    rule = trial.problem.in_lots(SafetyStockRule(trial.problem.outlook, trial.advisor))
    orders = rule(replace(trial.tested.start, world=trial.problem.world))
    np.testing.assert_allclose(orders / lot, np.round(orders / lot), atol=1e-6)


def test_the_formula_with_its_bias_tells_what_order_up_to_uses(trial: Trial) -> None:
    """On the futures it was measured on, day by day on average."""
    problem, lives, bias = trial.problem, trial.calibrated, bias_of(trial)
    rule = SafetyStockRule(problem.outlook, trial.advisor)
    before, beyond = lives.start, []
    for day in days(lives.start, rule, lives.demand, problem.outlook, problem.rates):
        z = trial.advisor(before)
        told = expected_use(problem.scenario, problem.outlook, before.state.period, z) + bias
        beyond.append(day.used(problem.rates) - told)
        before = day.after
    np.testing.assert_allclose(np.mean(beyond[ADAPT:], axis=(0, 1)), 0, atol=1e-9)
    assert np.abs(bias).max() < 0.2 * trial.q95.max()


def test_prices_by_formula_make_themselves_true_in_the_formula(trial: Trial) -> None:
    """More space, lower prices; plenty of it, none."""
    advice = ClosedForm(trial.advisor, trial.problem.scenario, trial.problem.outlook)
    found = []
    for tightness in (0.4, 0.8, 9.0):
        problem = trial.limited(Cell(Kind(FEW), tightness))
        find = ChancePrices(problem, bias_of(trial))
        found.append(find(trial.tested.start, advice))
        assert found[-1].shape == (2, 3)
    assert (found[0] >= found[1]).all()
    assert (found[0][:, 0] > found[1][:, 0]).all()
    assert (found[2] < 1e-2 * OVERFLOW_PRICE).all()


def test_tuning_finds_the_cheapest_prices_of_a_bowl(trial: Trial) -> None:
    """Costs that are least at 0.3, 0.6 and 1.2 are met to a fifth."""
    wanted = np.array([0.3, 0.6, 1.2])

    def paid(policy: SafetyStockRule, copies: int) -> np.ndarray:
        prices = policy.safety_factors.prices
        assert prices.shape == (copies, 3)
        return np.square(np.log(prices / wanted)).sum(axis=1)

    advice = ClosedForm(trial.advisor, trial.problem.scenario, trial.problem.outlook)
    found = tuned_prices(trial.problem, advice, paid, np.random.default_rng(1))
    np.testing.assert_allclose(found, wanted, rtol=0.35)


def test_what_refused_space_is_worth_is_found_by_trying(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every value is tried on the futures for calibration; the cheapest makes the rule."""
    contest = Contest(trial, Cell(Kind(FEW), 0.6, "refused", refused=True))
    seen = []

    def cost_of(self: Contest, policy: float, lives: object) -> np.ndarray:
        seen.append(policy)
        return np.array([abs(policy - REFUSAL[1] * OVERFLOW_PRICE)])

    monkeypatch.setattr(Contest, "cost", cost_of)
    made = contest._valued(lambda problem: float(problem.scenario.network.overflow_price[0]))
    assert seen == [factor * OVERFLOW_PRICE for factor in REFUSAL]
    assert made == REFUSAL[1] * OVERFLOW_PRICE


def test_intervals_are_those_of_worlds() -> None:
    """A world's futures are averaged first; four worlds have three degrees of freedom."""
    values = np.array([1.0, 2.0, 4.0, 5.0])
    mean, low, high = interval(values)
    half = student.ppf(0.975, 3) * values.std(ddof=1) / 2
    assert (mean, low, high) == pytest.approx((3.0, 3 - half, 3 + half))
    found = Found("tg=0.6", [np.ones(2)] * 2, {OURS: [np.array([1.0, 3.0]), np.array([2.0, 2.0])]})
    (row,) = rows_of(found)
    assert row.value == row.low == row.high == 2.0
    assert row.n == 4


def test_fewer_futures_are_compared_with_ours_on_those_futures() -> None:
    """A rule that lived through the first future of the first world is held against that one."""
    free = [np.array([1.0, 1.0]), np.array([2.0, 2.0])]
    ours = [np.array([1.0, 9.0]), np.array([2.0, 2.0])]
    found = Found("tg=0.6", free, {OURS: ours, "other": [np.array([1.5])]})
    assert found.beyond("other").tolist() == [0.5]
    assert found.ratio(OURS).tolist() == [5.0, 1.0]


def test_a_ratio_of_means_is_known_as_well_as_its_residuals_are() -> None:
    """Exact where one is a multiple of the other; else about as wide as many draws of it vary."""
    below = np.array([1.0, 2.0, 3.0])
    assert ratio_of_means(0.5 * below, below) == pytest.approx((0.5, 0.5, 0.5))
    rng = np.random.default_rng(5)
    draws = 2 + 0.2 * rng.standard_normal((4000, 2, 8))
    found = np.array([ratio_of_means(*draw) for draw in draws])
    covered = ((found[:, 1] < 1) & (found[:, 2] > 1)).mean()
    assert abs(covered - 0.95) < 0.02


def test_our_extra_cost_is_held_against_the_best_of_the_simple_rules() -> None:
    """Limits cost us 0.1 and the best of them 0.2."""
    free = [np.ones(1)] * 2
    paid = {name: [np.array([1.4])] * 2 for name in SIMPLE} | {SIMPLE[2]: [np.array([1.2])] * 2}
    row = extra_row(Found("tg=0.6", free, paid | {OURS: [np.array([1.1])] * 2}))
    assert row.case == "tg=0.6/extra"
    assert row.value == pytest.approx(0.5)
    assert row.reference == SIMPLE[2]


def test_a_small_run_has_every_rule_and_can_be_made_into_tables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two worlds of the base case and one cell beside it, without the rules that solve a model."""
    shown = [cell for cell in cells(FEW) if cell.tightness in (0.6, 0.8)][:4]
    effort = running.Effort(tuple(shown), worlds=2, futures=1, solving=(0, 0))
    monkeypatch.setattr(running, "QUICK", effort)
    monkeypatch.setattr(contests, "REFUSAL", (1.0,))
    result = running.run(quick=True, seed=1)
    played = {row.policy for row in result.rows if row.case == "tg=0.6"}
    assert played == set(Contest(sample_trial(1, Kind(FEW), 1), shown[0]).rules()) - set(SOLVING)
    assert {row.case for row in result.rows} >= {"tg=0.6/refused", "tg=0.8/refused/beyond ours"}
    result = result_of("capacity", result.rows, 1, 1.0, quick=True)
    assert capacity(result)[0] == "| policy | tg=0.6 | tg=0.8 |"
    assert beyond(result)[0] == "| policy | tg=0.6 | tg=0.8 |"
    assert [line.split(" | ")[0] for line in extra(result)[2:]] == ["| tg=0.6", "| tg=0.8"]
    assert [line.split(" | ")[0] for line in cells_table(result)[2:]] == [
        "| tg=0.6, refused",
        "| tg=0.8, refused",
    ]


def test_reported_worlds_were_never_used_for_development() -> None:
    """They begin after the first hundred of a seed."""
    assert running.FIRST_WORLD >= 100
