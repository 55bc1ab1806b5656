"""The benchmark of the weekly containers puts everybody on the same paths beside two bounds."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks import weekly_containers
from benchmarks.results import Row
from benchmarks.weekly_containers_rules import (
    Resolved,
    perfect_information,
    tuned_levels,
    two_stage_bound,
    up_to,
)
from brain.reference.net_policy import load_policy
from data.containers import made_up
from envs.reference.weekly_containers import Weeks, follow
from milp.containers import best_orders


@pytest.fixture(scope="module")
def whole() -> weekly_containers.Findings:
    """A quick run."""
    return weekly_containers.find(quick=True, seed=1)


@pytest.fixture(scope="module")
def found(whole: weekly_containers.Findings) -> dict[tuple[str, str], Row]:
    """Its rows by case and policy."""
    return {(row.case, row.policy): row for row in whole.result.rows}


def test_parts_add_up_and_nobody_beats_perfect_information(
    whole: weekly_containers.Findings, found: dict[tuple[str, str], Row]
) -> None:
    """In every case, for every policy; differences are those of the means."""
    assert list(whole.worth) == list(weekly_containers.problems_of(1))
    for case, by_policy in whole.worth.items():
        perfect = by_policy[weekly_containers.PERFECT]
        for policy, worth in by_policy.items():
            if policy in (weekly_containers.PERFECT, weekly_containers.BOUND):
                continue
            parts = [found[f"{case}/{part}", policy].value for part in weekly_containers.PARTS]
            assert worth == pytest.approx(sum(parts))
            behind = found[f"{case}/behind {weekly_containers.PERFECT}", policy]
            assert behind.value == pytest.approx(perfect - worth)
            assert behind.value >= 0
        for rival in weekly_containers.RIVALS:
            ahead = found[f"{case}/ahead of {rival}", weekly_containers.OURS].value
            assert ahead == pytest.approx(by_policy[weekly_containers.OURS] - by_policy[rival])


def test_the_integer_programme_is_the_best_where_demand_is_known(
    found: dict[tuple[str, str], Row],
) -> None:
    """No rule of thumb is worth more, with ramping or without, and it is at its bound."""
    for case in ("known", "known, ramped"):
        best = found[case, weekly_containers.PROGRAMME]
        assert best.gap is not None
        assert 0 <= best.gap < 1e-3
        for name in weekly_containers.RULES:
            assert found[case, name].value < best.value


def test_re_solving_looks_at_nothing_but_the_present() -> None:
    """With certain demand it orders what one plan would; paths that stand alike order alike."""
    problem = made_up(np.random.default_rng(2), items=4, ramped=True)
    plan = best_orders(problem)
    demand = np.repeat(problem.forecast[None], 3, axis=0)
    record = follow(problem, demand, Resolved(0))
    np.testing.assert_allclose(record.value, plan.value, rtol=1e-3)
    later = np.array(demand)
    later[1, 2] += 9
    weeks, others = Weeks(problem, demand), Weeks(problem, later)
    for _ in range(2):
        rule = Resolved(5, (1,))
        np.testing.assert_array_equal(rule(weeks), rule(others))
        weeks.step(rule(weeks))
        others.step(rule(others))


def test_tuned_levels_are_no_worse_than_those_they_began_with() -> None:
    """On the paths they were tuned on."""
    problem = made_up(np.random.default_rng(2), items=4, ramped=True)
    demand = problem.demand(np.random.default_rng(3), 20)
    first = follow(problem, demand, up_to(np.full(3, 0.6))).value.mean()
    assert follow(problem, demand, tuned_levels(problem, demand)).value.mean() >= first


def test_bounds_stand_in_their_order() -> None:
    """Perfect information is a bound on each path; two stages on average, and the tighter one."""
    problem = made_up(np.random.default_rng(2), items=4, ramped=True)
    demand = problem.demand(np.random.default_rng(3), 200)
    perfect = perfect_information(problem, demand)
    played = follow(problem, demand, Resolved(0)).value
    assert (played <= perfect + 1e-6).all()
    stages = two_stage_bound(problem, np.random.default_rng(4), 8, 30)
    error = perfect.std(ddof=1) / np.sqrt(len(perfect))
    assert stages.low < perfect.mean() + 4 * error
    error = played.std(ddof=1) / np.sqrt(len(played))
    assert played.mean() - 4 * error < stages.high


def test_a_run_can_be_drawn_and_its_nets_kept(
    whole: weekly_containers.Findings, tmp_path: Path
) -> None:
    """Two drawings that are XML, and a net per case."""
    weekly_containers.kept(whole, tmp_path)
    for name in ("learning", "worth"):
        ElementTree.parse(tmp_path / f"weekly-containers-{name}.svg")
    load_policy(tmp_path / "nets" / "weekly-containers-uncertain-ramped-tight-1")
