"""The benchmark of lots: its instances, their dynamic programme, and its answers."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from benchmarks import lots
from benchmarks.lots.monolith import whole_programme
from benchmarks.lots.problem import lot_problem
from benchmarks.lots.setups import Whole, at_prices, by_prices, by_solver
from benchmarks.lots.trigeiro import Family, Instance, instance_like, read_instance
from data.errors import DataError
from envs.theory import wagner_whitin
from milp.lots.plan import Effort
from milp.lots.reconcile import reconcile_in_lots

TINY = Family(3, 5)


def test_without_a_price_every_item_is_wagner_and_whitins() -> None:
    """Capacity for nothing leaves the classical problem, item by item."""
    instance = instance_like(Family(6, 12), 1)
    alone = sum(
        wagner_whitin(instance.demand[:, i], instance.setup_cost[i], instance.holding[i]).cost
        for i in range(6)
    )
    assert at_prices(instance, np.zeros(12)).cost == pytest.approx(alone, rel=1e-12)


def test_at_prices_no_choice_of_setups_is_cheaper() -> None:
    """Every combination of setups, each demand served from the cheapest of them or lost."""
    instance = instance_like(TINY, 2)
    prices = np.array([0.0, 0.4, 1.5, 0.1, 0.8])
    periods, items = instance.demand.shape
    best = np.zeros(items)
    for i in range(items):
        costs = []
        for chosen in product((False, True), repeat=periods):
            setup = instance.setup_cost[i] + prices * instance.setup_time[i]
            cost = float(setup[list(chosen)].sum())
            for t in range(periods):
                from_each = [
                    prices[s] * instance.process_time[i] + (t - s) * instance.holding[i]
                    for s in range(t + 1)
                    if chosen[s]
                ]
                cost += instance.demand[t, i] * min([*from_each, instance.lost_cost])
            costs.append(cost)
        best[i] = min(costs)
    assert at_prices(instance, prices).cost == pytest.approx(best.sum(), rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_prices_bound_what_the_solver_proves(seed: int) -> None:
    """On instances that HiGHS solves, the optimum lies between our bounds."""
    instance = instance_like(TINY, seed)
    ours, optimum = by_prices(instance, 3.0, seed), by_solver(instance, 20.0)
    assert optimum.lower == pytest.approx(optimum.upper, rel=1e-5)
    assert ours.lower <= optimum.upper * (1 + 1e-6)
    assert ours.upper >= optimum.upper * (1 - 1e-6)
    assert ours.upper <= optimum.upper * 1.02


def test_at_any_prices_the_bound_holds() -> None:
    """What items cost at prices, less what capacity is worth, is never above the optimum."""
    instance = instance_like(TINY, 5)
    optimum = by_solver(instance, 20.0).upper
    for prices in np.random.default_rng(1).uniform(0, 3, (20, len(instance.capacity))):
        bound = at_prices(instance, prices).cost - prices @ instance.capacity
        assert bound <= optimum * (1 + 1e-6)


def test_a_plan_with_given_setups_uses_no_others() -> None:
    """And with none at all, everything is lost at its price."""
    instance = instance_like(TINY, 3)
    whole = Whole(instance)
    none = np.zeros(instance.demand.shape, bool)
    cost, made = whole.planned(none)
    assert cost == pytest.approx(instance.lost_cost * instance.demand.sum())
    assert not made.any()
    some = none.copy()
    some[0] = True
    cheaper, made = whole.planned(some)
    assert cheaper < cost
    assert not made[1:].any()


def test_an_instance_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Two items over three periods, in the order that is documented."""
    path = tmp_path / "instance.dat"
    path.write_text("2 3\n100\n1 0.5 10 80\n2 0.25 5 60\n10 20\n30 40\n50 60\n", encoding="utf-8")
    read = read_instance(path)
    assert isinstance(read, Instance)
    np.testing.assert_array_equal(read.demand, [[10, 20], [30, 40], [50, 60]])
    np.testing.assert_array_equal(read.process_time, [1, 2])
    np.testing.assert_array_equal(read.holding, [0.5, 0.25])
    np.testing.assert_array_equal(read.setup_time, [10, 5])
    np.testing.assert_array_equal(read.setup_cost, [80, 60])
    np.testing.assert_array_equal(read.capacity, [100, 100, 100])


@pytest.mark.parametrize("text", ["", "2 3\n100", "2 3 100 a b"])
def test_a_file_that_is_no_instance_is_refused(tmp_path: Path, text: str) -> None:
    """The message names the file and says what was expected."""
    path = tmp_path / "instance.dat"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"instance\.dat.*expected"):
        read_instance(path)


def test_the_whole_programme_and_price_and_fix_speak_of_the_same_costs() -> None:
    """Twelve products: HiGHS's bounds and ours overlap."""
    task = lot_problem(12, 3)
    plan = reconcile_in_lots(task, Effort(gap=0.005, days=4))
    whole = whole_programme(task, 4, 30.0)
    assert whole.lower <= plan.upper * (1 + 1e-6)
    assert plan.lower <= whole.upper * (1 + 1e-6)


def test_the_quick_benchmark_has_every_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gap, seconds and both bounds, ours and HiGHS's, for products and for setups."""
    monkeypatch.setattr(lots, "QUICK", {20: Effort(gap=0.02, seconds=20.0, days=4)})
    monkeypatch.setattr(lots, "QUICK_SECONDS", 1.0)
    result = lots.run(quick=True, seed=1)
    cases = {row.case for row in result.rows}
    for case in ("20", "trigeiro/4x8"):
        assert {case, f"{case}/seconds", f"{case}/lower", f"{case}/upper"} <= cases
    assert {row.policy for row in result.rows} == {lots.OURS, lots.SOLVER}
    ours = {row.case: row.value for row in result.rows if row.policy == lots.OURS}
    assert 0 <= ours["20"] < 0.1
    assert ours["20/lower"] <= ours["20/upper"]
