"""A line that a person has fixed is kept, and all the rest is optimised around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.terms import Locks
from milp.reconcile import Reconciled, reconcile
from planner.conflicts import settle
from planner.planning import LEVELS, Making, Planned, make_plan
from planner.problem import Problem, problem_of
from planner.tasks import task_of
from tests.milp.conftest import steady_task, with_limits
from tests.planner.conftest import closed_form

HORIZON = 12
SPACE = (70.0, 120.0)
Z = np.full((2, 3), 1.0)
DAY, STAGE, PRODUCT = 1, 1, 2


def problem(*locks: tuple[int, int, int, float]) -> Problem:
    """Three products that share space, with lines (product, stage, day, quantity) fixed."""
    scenario = with_limits(steady_task(products=3), SPACE).scenario
    product, stage, day, quantity = (np.array(of) for of in zip(*locks, strict=True))
    fixed = Locks(product, stage, day, quantity.astype(float))
    terms = replace(scenario.terms, locks=fixed)
    settled = settle(replace(scenario, terms=terms), HORIZON)
    return problem_of(replace(scenario, terms=settled.terms), HORIZON)


def unlocked() -> Problem:
    """The same without a lock."""
    return problem_of(with_limits(steady_task(products=3), SPACE).scenario, HORIZON)


def planned(of: Problem) -> Planned:
    """The programme's plan."""
    return make_plan(of, closed_form(of, Z), Making(mode=LEVELS))


def answer(of: Problem) -> Reconciled:
    """What the programme itself says."""
    return reconcile(task_of(of, closed_form(of, Z)))


def line(of: Planned) -> float:
    """What is shipped on the line that is edited."""
    return float(of.plan.shipments[DAY, STAGE, PRODUCT])


def edits() -> list[tuple[float, str]]:
    """The line forbidden, halved and raised."""
    return [(0.0, "forbidden"), (0.5, "halved"), (1.6, "raised")]


@pytest.fixture(scope="module")
def before() -> Planned:
    """The plan that is edited."""
    found = planned(unlocked())
    assert line(found) > 1
    return found


@pytest.mark.parametrize("share", [share for share, _ in edits()], ids=[n for _, n in edits()])
def test_an_edited_line_is_kept_to_the_unit(before: Planned, share: float) -> None:
    """In the plan, whatever it costs."""
    quantity = share * line(before)
    after = planned(problem((PRODUCT, STAGE, DAY, quantity)))
    assert line(after) == pytest.approx(quantity, abs=1e-9)


@pytest.mark.parametrize("share", [share for share, _ in edits()], ids=[n for _, n in edits()])
def test_everything_else_is_optimised_around_it(before: Planned, share: float) -> None:
    """The rest changes, and no plan that keeps the rest as it was is as cheap."""
    quantity = share * line(before)
    edited = problem((PRODUCT, STAGE, DAY, quantity))
    around = answer(edited)
    old = answer(unlocked())
    change = np.abs(around.shipments - old.shipments)
    change[DAY, STAGE, PRODUCT] = 0
    assert change[:, :, PRODUCT].max() > 0.01, "the product makes up for it"
    held = task_of(edited, closed_form(edited, Z))
    fixed = old.shipments.copy()
    fixed[DAY, STAGE, PRODUCT] = quantity
    # What was shipped below may no longer be there; it is held where it can be.
    stiff = replace(held, least=np.zeros_like(fixed), most=fixed)
    stiff.least[DAY, STAGE, PRODUCT] = quantity
    assert around.upper < reconcile(stiff).upper - 1e-6


def test_a_lock_moves_other_products_where_space_is_short() -> None:
    """A product that is made to flood a stage takes the space of the others."""
    flood = problem((PRODUCT, STAGE, DAY, 80.0))
    old, new = answer(unlocked()), answer(flood)
    others = [k for k in range(3) if k != PRODUCT]
    assert np.abs(new.shipments[..., others] - old.shipments[..., others]).max() > 0.01
    assert new.upper > old.upper


def test_a_lock_on_what_is_planned_anyway_changes_nothing(before: Planned) -> None:
    """The least cost stays the least."""
    old = answer(unlocked())
    quantity = float(old.shipments[DAY, STAGE, PRODUCT])
    same = answer(problem((PRODUCT, STAGE, DAY, quantity)))
    assert same.upper == pytest.approx(old.upper, rel=1e-9)


def test_many_locks_are_kept_all() -> None:
    """Each to the unit, on several days and stages."""
    locks = [(0, 1, 0, 5.0), (1, 1, 3, 33.0), (2, 1, 5, 0.0), (0, 0, 4, 7.0), (1, 0, 6, 0.0)]
    found = planned(problem(*locks)).plan.shipments
    for product, stage, day, quantity in locks:
        assert found[day, stage, product] == pytest.approx(quantity, abs=1e-9)
