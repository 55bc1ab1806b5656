"""What happens: all rules on the same futures, and a sure world keeps the promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest

from data.outlook import Outlook
from envs.metrics import Kpis
from envs.policies import Policy, SafetyStockRule, Situation, constant
from planner.engine import Processes
from planner.planning import Making, Planned, make_plan
from planner.problem import Problem, problem_of
from planner.replay import OPTIMISER, OURS, REPLAYS, RIVALS, optimiser_only, policies_of, replay
from planner.rules import ClosedForm
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

HORIZON = 10
Z = np.array([[1.5, 1.0], [0.5, 0.2]])
SPACE = (48.0, 72.0)


def problem(space: tuple[float, ...] | None = None, **columns: np.ndarray) -> Problem:
    """Two steady products in a chain of two stages."""
    return problem_of(with_limits(steady_task(**columns), space).scenario, HORIZON)


def rules(of: Problem, planned: Planned, mode: str = "prices") -> dict[str, Callable[[], Policy]]:
    """Ours and its rivals."""
    rules = policies_of(of, closed_form(of, Z), planned, mode)
    return rules | {OPTIMISER: partial(optimiser_only, of)}


def replayed(of: Problem, mode: str = "prices", paths: int = 3) -> tuple[Planned, dict[str, Kpis]]:
    """All rules on a few futures."""
    planned = make_plan(of, closed_form(of, Z), Making(seed=1))
    demand = of.sampled_demand(paths, np.random.default_rng(2))
    return planned, replay(of, rules(of, planned, mode), demand)


@pytest.mark.parametrize("space", [None, SPACE], ids=["free", "scarce"])
def test_all_rules_meet_the_same_demand(space: tuple[float, ...] | None) -> None:
    """Ours and its rivals, in the order in which they are always named."""
    _, happened = replayed(problem(space))
    assert tuple(happened) == (OURS, *RIVALS)
    for kpis in happened.values():
        np.testing.assert_array_equal(kpis.demanded, happened[OURS].demanded)
        assert kpis.periods == HORIZON
        np.testing.assert_allclose(kpis.served + kpis.lost, kpis.demanded)


def test_every_rule_is_told_to_be_through() -> None:
    """Each once, whichever is done first."""
    of = problem()
    planned = make_plan(of, closed_form(of, Z), Making(seed=1))
    heard: list[str] = []
    policies = rules(of, planned)
    replay(of, policies, of.sampled_demand(2, np.random.default_rng(1)), heard.append)
    assert sorted(heard) == sorted((OURS, *RIVALS))


def test_side_by_side_rules_do_what_each_does_alone() -> None:
    """Several at a time or one after the other, the figures are the same to the bit."""
    of = problem(SPACE)
    planned = make_plan(of, closed_form(of, Z), Making(seed=1))
    demand = of.sampled_demand(4, np.random.default_rng(1))
    policies = rules(of, planned)
    together = replay(of, policies, demand)
    for name, policy in policies.items():
        alone = replay(of, {name: policy}, demand)[name]
        np.testing.assert_array_equal(alone.costs.per_path(), together[name].costs.per_path())


@dataclass(frozen=True)
class Same:
    """The same safety factors every day (M, K) [1]."""

    z: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        return self.z


def test_rules_can_be_sent_to_other_processes() -> None:
    """They do there what they do here."""
    of = problem(SPACE)
    advice = ClosedForm(Same(Z), of.scenario, of.outlook)
    planned = make_plan(of, advice, Making(seed=1))
    demand = of.sampled_demand(4, np.random.default_rng(1))
    for mode in REPLAYS:
        policies = policies_of(of, advice, planned, mode)
        here = replay(of, policies, demand)
        with Processes(2) as engine:
            there = replay(of, policies, demand, engine=engine)
            assert list(engine.map(divmod, 7, [2])) == [(3, 1)], "whose engine it is closes it"
        for name in policies:
            np.testing.assert_array_equal(there[name].costs.per_path(), here[name].costs.per_path())


def test_without_limits_scaling_to_fit_is_our_rule() -> None:
    """Nothing has to fit, so the brain's advice is followed by both."""
    _, happened = replayed(problem())
    rival = happened["brain, scaled to fit"]
    np.testing.assert_array_equal(rival.costs.per_path(), happened[OURS].costs.per_path())


def test_without_limits_levels_and_prices_are_one() -> None:
    """There is nothing to solve anew."""
    _, by_levels = replayed(problem(), "levels")
    _, by_prices = replayed(problem(), "prices")
    np.testing.assert_array_equal(
        by_levels[OURS].costs.per_path(), by_prices[OURS].costs.per_path()
    )


def test_under_scarce_space_levels_are_solved_anew_every_day() -> None:
    """It costs something else than the prices' rule, on the same demand."""
    of = problem(SPACE)
    _, by_levels = replayed(of, "levels", paths=1)
    _, by_prices = replayed(of, "prices", paths=1)
    np.testing.assert_array_equal(by_levels[OURS].demanded, by_prices[OURS].demanded)
    assert by_levels[OURS].total_cost.value != by_prices[OURS].total_cost.value


@pytest.mark.parametrize("columns", [{}, {"lot_size": np.array([6.0, 1.0])}], ids=["any", "lots"])
def test_in_a_sure_world_what_happens_is_what_was_promised(columns: dict) -> None:
    """Without uncertainty every future is the forecast, and our rule costs the promise, by term."""
    of = problem(**columns)
    forecast = replace(of.scenario.forecast, std=np.zeros_like(of.scenario.forecast.std))
    sure = replace(
        of,
        scenario=replace(of.scenario, forecast=forecast),
        outlook=Outlook(of.outlook.mean, np.zeros_like(of.outlook.std), of.outlook.lead_time),
    )
    planned, happened = replayed(sure)
    promise = planned.plan.costs
    np.testing.assert_allclose(happened[OURS].costs.per_path(), promise.total, rtol=1e-12)
    assert happened[OURS].costs.mean() == pytest.approx(promise.mean(), rel=1e-12)


def test_lots_are_kept_by_every_rule() -> None:
    """Rivals are rounded like ours: what they serve leaves whole lots of six behind."""
    of = problem(lot_size=np.array([6.0, 6.0]))
    rule = of.in_lots(SafetyStockRule(of.outlook, constant(Z)))
    demand = of.sampled_demand(3, np.random.default_rng(2))
    ours = replay(of, {"alone": lambda: SafetyStockRule(of.outlook, constant(Z))}, demand)
    trace = of.carried_out(rule, demand)
    np.testing.assert_allclose(trace.shipments / 6, np.round(trace.shipments / 6), atol=1e-9)
    np.testing.assert_allclose(ours["alone"].costs.per_path(), trace.costs.per_path())
