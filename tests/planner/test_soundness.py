"""Numbers that cannot be true are found, named and left out; the others are planned."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from data.errors import PlannerError
from data.safety_stock import SafetyStock
from envs.metrics import Kpis
from envs.policies import Policy, Situation
from planner import pipeline
from planner.exceptions import STOPPED, Status
from planner.folder import write_run
from planner.pipeline import Outcome
from planner.planning import Planned, make_plan
from planner.problem import Problem, problem_of
from planner.replay import OURS, replay
from planner.soundness import (
    Books,
    UnsoundError,
    check_advice,
    check_plan,
    check_replay,
    imbalance,
)
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import Planner, closed_form

HORIZON = 10
Z = np.array([[1.5, 1.0], [0.5, 0.2]])


def problem(space: tuple[float, ...] | None = None, **columns: np.ndarray) -> Problem:
    """Two steady products in a chain of two stages."""
    return problem_of(with_limits(steady_task(**columns), space).scenario, HORIZON)


def planned(of: Problem) -> Planned:
    """Its plan."""
    return make_plan(of, closed_form(of, Z))


def reasons(check: Callable[[], object]) -> dict[int, str]:
    """Which products a check refuses, and why."""
    with pytest.raises(UnsoundError) as told:
        check()
    return told.value.reasons


@pytest.mark.parametrize("space", [None, (48.0, 72.0)], ids=["free", "scarce"])
@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"lot_size": np.array([6.0, 1.0])},
        {"backordered": np.array([True, False])},
        {"lead_time": np.array([[1, 4], [2, 0]])},
    ],
    ids=["plain", "lots", "waiting", "own lead times"],
)
def test_a_sound_plan_is_let_through(space: tuple[float, ...] | None, columns: dict) -> None:
    """Every unit is accounted for, in the plan and on futures, whatever is scarce."""
    of = problem(space, **columns)
    plan = planned(of)
    np.testing.assert_array_equal(imbalance(of, plan), 0)
    check_plan(of, closed_form(of, Z), plan)
    demand = of.sampled_demand(5, np.random.default_rng(1))
    assert replay(of, {OURS: lambda: plan.policy}, demand)[OURS].periods == HORIZON


@pytest.mark.parametrize("part", ["shipments", "on_hand", "lost_sales"])
def test_a_unit_that_appears_or_vanishes_in_the_plan_is_found(part: str) -> None:
    """Wherever it does, the product is named and the number of units said."""
    of = problem()
    plan = planned(of)
    values = getattr(plan.plan, part).copy()
    values[4, ..., 1] += 7.0
    broken = replace(plan, plan=replace(plan.plan, **{part: values}))
    said = reasons(lambda: check_plan(of, closed_form(of, Z), broken))
    assert said == {1: "its units do not add up in the plan: 7 too many"}


def test_a_rounding_error_is_none() -> None:
    """Of large quantities a large number of small units may be missing."""
    of = problem()
    plan = planned(of)
    on_hand = plan.plan.on_hand * (1 + 1e-9)
    check_plan(of, closed_form(of, Z), replace(plan, plan=replace(plan.plan, on_hand=on_hand)))


def test_a_plan_that_is_no_number_is_found() -> None:
    """Not a number, or without end."""
    of = problem()
    plan = planned(of)
    for value in (np.nan, np.inf):
        on_hand = plan.plan.on_hand.copy()
        on_hand[2, 1, 0] = value
        broken = replace(plan, plan=replace(plan.plan, on_hand=on_hand))
        said = reasons(lambda plan=broken: check_plan(of, closed_form(of, Z), plan))
        assert said == {0: "its planned units are not numbers"}


def test_advice_that_is_no_number_is_found() -> None:
    """Before anything is planned by it."""
    z = Z.copy()
    z[1, 0] = np.nan
    nobody = np.full(2, "", dtype=object)
    said = reasons(lambda: check_advice(SafetyStock(z, np.ones((2, 2)), nobody, nobody)))
    assert list(said) == [0]


def test_units_that_vanish_on_a_future_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the world itself lost some of a product, on one path on one day."""
    from envs import simulator

    true_world = simulator.advance

    def leaking(state, orders, demand, world):
        after, flows = true_world(state, orders, demand, world)
        if state.period == 3:
            after.on_hand[2, 1, 0] -= min(0.5, after.on_hand[2, 1, 0])
        return after, flows

    of = problem()
    plan = planned(of)
    monkeypatch.setattr(simulator, "advance", leaking)
    demand = of.sampled_demand(4, np.random.default_rng(1))
    said = reasons(lambda: replay(of, {OURS: lambda: plan.policy}, demand))
    assert said == {0: "its units do not add up on the sampled futures: 0.5 too many"}
    assert set(replay(of, {"another rule": lambda: plan.policy}, demand)) == {"another rule"}


class Spoilt:
    """Advice that is no number for one product from some day on, whatever space costs."""

    def __init__(self, of: Problem, day: int, product: int = 1) -> None:
        self._sound, self._day, self._product = closed_form(of, Z), day, product

    def __call__(self, situation: Situation) -> np.ndarray:
        return self._spoilt(situation, self._sound(situation))

    def at(self, situation: Situation, price: np.ndarray) -> np.ndarray:
        return self._spoilt(situation, self._sound.at(situation, price))

    def take(self, products: np.ndarray) -> Spoilt:
        raise NotImplementedError("a sample is not taken of two products")

    def _spoilt(self, situation: Situation, z: np.ndarray) -> np.ndarray:
        shape = situation.state.on_hand.shape
        said = np.array(np.broadcast_to(z, shape))
        if situation.state.period >= self._day:
            said[..., self._product] = np.nan
        return said


def test_one_product_that_spoils_what_all_answer_to_is_told_apart() -> None:
    """Its stock is no number even where nothing is shared; that of the others is one."""
    of = problem((48.0, 72.0))
    advice = Spoilt(of, day=2)
    plan = planned(of)
    price = np.full_like(plan.price, np.nan)
    said = reasons(lambda: check_plan(of, advice, replace(plan, price=price)))
    assert list(said) == [1]
    with pytest.raises(PlannerError, match="the price of space is not a number although"):
        check_plan(of, closed_form(of, Z), replace(plan, price=price))


def test_figures_that_are_no_numbers_are_found(tight: Outcome) -> None:
    """Of the futures, for the product they are of."""
    kpis: Kpis = tight.happened[OURS]
    opening = tight.problem.situation(8).state
    check_replay(kpis, Books(opening))
    served = kpis.served.copy()
    served[3, 2] = np.nan
    said = reasons(lambda: check_replay(replace(kpis, served=served), Books(opening)))
    assert said == {2: "its figures on the futures are not numbers"}


def test_what_was_found_travels_between_processes() -> None:
    """The reasons survive being pickled."""
    found = pickle.loads(pickle.dumps(UnsoundError({3: "a", 5: "b"})))
    assert found.reasons == {3: "a", 5: "b"}


def test_a_product_is_stopped_and_the_others_are_planned_without_it(
    plan: Planner, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """The rest is the plan of tables without it; its lines are left out, and exceptions say why."""
    true_check = pipeline.check_plan

    def check(problem: Problem, advice: object, made: Planned) -> None:
        names = problem.scenario.products.unique_id.tolist()
        if "B" in names:
            raise UnsoundError({names.index("B"): "its units do not add up in the plan"})
        true_check(problem, advice, made)

    monkeypatch.setattr(pipeline, "check_plan", check)
    outcome = plan(("A", "B", "C"), paths=2, out=tmp_path / "run", report=False)
    assert outcome.stopped == {"B": "its units do not add up in the plan"}
    assert outcome.problem.scenario.products.unique_id.tolist() == ["A", "C"]
    first = outcome.findings[0]
    assert (first.unique_id, first.status) == ("B", Status.NOT_PLANNED)
    assert first.action == STOPPED
    folder = write_run(outcome)
    lines = (folder / "orders.csv").read_text(encoding="utf-8").splitlines()
    assert {line.partition(",")[0] for line in lines[1:]} == {"A", "C"}
    assert "B,not planned,0,its units do not add up" in (folder / "exceptions.csv").read_text()


def test_where_every_product_is_stopped_the_run_fails_in_a_sentence(
    plan: Planner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing left to plan."""

    def check(problem: Problem, advice: object, made: Planned) -> None:
        raise UnsoundError({0: "its planned units are not numbers"})

    monkeypatch.setattr(pipeline, "check_plan", check)
    with pytest.raises(PlannerError, match="no product is left to plan") as told:
        plan(("A", "B"), paths=1)
    assert told.value.exit_code == 1
    assert not isinstance(told.value, UnsoundError)


def test_books_balance_over_any_policy_that_orders_at_random() -> None:
    """Whatever is ordered, no unit is made or lost."""
    of = problem((48.0, 72.0))
    rng = np.random.default_rng(8)

    def at_random() -> Policy:
        return lambda situation: rng.exponential(10, situation.state.on_hand.shape)

    demand = of.sampled_demand(6, np.random.default_rng(2))
    replay(of, {OURS: at_random}, demand)
