"""One status per product, the first that applies, and the dearest on top."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from data.costs import Costs
from data.safety_stock import SafetyStock
from data.stock import StockState
from planner.exceptions import ACTIONS, Evidence, Finding, Status, findings
from planner.planning import make_plan
from planner.problem import problem_of
from planner.replay import replay
from tests.milp.conftest import steady_task
from tests.planner.conftest import closed_form

HORIZON = 10
EMPTY, SHORT, CUT, TOO_MUCH, FINE = range(5)
"""Five products, each with a matter of its own."""


def evidence(empty_and_too_much: bool = False, skipped: dict[str, str] | None = None) -> Evidence:
    """A plan in which every status occurs."""
    products = 5
    task = steady_task(products=products)
    rate = task.outlook.mean[0]
    on_hand = np.tile(rate * 2.5, (2, 1))
    pipeline = task.stock.pipeline.copy()
    on_hand[0, EMPTY] = 0
    on_hand[:, SHORT], pipeline[:, SHORT] = 1.5 * rate[SHORT], 0
    on_hand[1, TOO_MUCH] = 60 * rate[TOO_MUCH]
    if empty_and_too_much:
        on_hand[1, EMPTY] = 60 * rate[EMPTY]
    stock = StockState(on_hand, pipeline, np.zeros(products))
    problem = problem_of(replace(task.scenario, stock=stock), HORIZON)
    z = np.full((2, products), 2.0)
    advice = closed_form(problem, z)
    planned = make_plan(problem, advice)
    demand = problem.sampled_demand(8, np.random.default_rng(1))
    happened = replay(problem, {"ours": lambda: planned.policy}, demand)["ours"]
    left = z.copy()
    left[1, CUT] = 0.5
    nobody = np.full(products, "", dtype=object)
    advised = SafetyStock(z, problem.outlook.windows(0).std, nobody, nobody)
    return Evidence(problem, advised, left, planned, happened, skipped or {})


def by_product(found: list[Finding]) -> dict[int, Finding]:
    """Findings by the number of their product."""
    return {int(f.unique_id[1:]) - 1: f for f in found}


def test_every_product_has_one_status_and_it_is_the_right_one() -> None:
    """Empty, short, cut, overstocked and fine, each for its reason."""
    found = by_product(findings(evidence()))
    assert len(found) == 5
    assert {k: f.status for k, f in found.items()} == {
        EMPTY: Status.STOCKED_OUT,
        SHORT: Status.WILL_STOCK_OUT,
        CUT: Status.OVER_CAPACITY,
        TOO_MUCH: Status.EXCESS,
        FINE: Status.FINE,
    }
    assert "the shelf is empty" in found[EMPTY].reason
    assert "units missed at mean demand, from day" in found[SHORT].reason
    assert found[CUT].reason == "scarce space at stage 1 cut z from 2.00 to 0.50"
    assert "units above the order-up-to level" in found[TOO_MUCH].reason
    assert found[FINE].reason == ""


def test_the_more_pressing_status_wins() -> None:
    """An empty shelf below an overfull store is an empty shelf."""
    assert by_product(findings(evidence(empty_and_too_much=True)))[EMPTY].status is (
        Status.STOCKED_OUT
    )


def test_statuses_have_a_fixed_priority() -> None:
    """What is not planned, not worth it, missing, about to miss, cut, too much, fine."""
    assert [status.value for status in Status] == [
        "not planned",
        "not worth buying",
        "stocked out",
        "will stock out",
        "over capacity",
        "excess",
        "fine",
    ]
    assert set(ACTIONS) == set(Status)


def test_what_is_not_planned_comes_first_what_is_fine_last_and_money_decides_between() -> None:
    """Products left out of the plan are named with the reason they were given."""
    found = findings(evidence(skipped={"Zz": "no row in products.csv", "Aa": "no forecast"}))
    statuses = [f.status for f in found]
    assert statuses[:2] == [Status.NOT_PLANNED] * 2
    assert [f.unique_id for f in found[:2]] == ["Aa", "Zz"]
    assert found[0].reason == "no forecast"
    assert statuses[-1] is Status.FINE
    assert Status.FINE not in statuses[:-1]
    money = [f.money_at_stake for f in found[2:-1]]
    assert money == sorted(money, reverse=True)
    assert len(money) == 4


def test_money_at_stake_is_what_missed_sales_cost_on_the_futures() -> None:
    """For all but stock in excess, of which the holding counts until it is sold off."""
    facts = evidence()
    missed = facts.happened.costs.shortage.mean(axis=0)
    found = by_product(findings(facts))
    for k in (EMPTY, SHORT, CUT, FINE):
        assert found[k].money_at_stake == pytest.approx(missed[k])
    windows = facts.problem.outlook.windows(0)
    level = windows.echelon_mean[-1] + (facts.z_reconciled * windows.std).sum(axis=0)
    units = facts.problem.situation().echelon_position[0, -1] - level
    rate = facts.problem.outlook.mean[0]
    held = min(units[TOO_MUCH] / rate[TOO_MUCH], HORIZON) / 2
    holding = facts.problem.scenario.products.holding_cost[TOO_MUCH]
    assert found[TOO_MUCH].money_at_stake == pytest.approx(units[TOO_MUCH] * holding * held)


def test_dearer_misses_rank_higher() -> None:
    """With a product's missed sales a thousand times as dear it leads the list."""
    facts = evidence()
    costs = facts.happened.costs
    shortage = costs.shortage.copy()
    shortage[:, CUT] += 1e6
    dear = replace(facts.happened, costs=Costs(costs.holding, shortage, costs.overflow))
    assert findings(replace(facts, happened=dear))[0].unique_id == f"P{CUT + 1:04d}"


def test_urgent_is_what_misses_sales_or_is_not_planned() -> None:
    """Too little space or too much stock can wait for the meeting."""
    urgent = {status for status in Status if Finding("P", status, 0.0, "").urgent}
    assert urgent == set(Status) - {Status.OVER_CAPACITY, Status.EXCESS, Status.FINE}


def test_a_product_that_is_not_worth_buying_is_named_whatever_else_is_the_matter() -> None:
    """With both costs, for one of them is mostly a slip, and with what its missed sales cost."""
    facts = evidence()
    missed = facts.happened.costs.shortage.mean(axis=0)

    def of_costs(**costs: float) -> dict[int, Finding]:
        cost = facts.problem.scenario.products.missed_sale_cost.copy()
        cost[[EMPTY, FINE]] = costs["empty"], costs["fine"]
        products = replace(facts.problem.scenario.products, missed_sale_cost=cost)
        scenario = replace(facts.problem.scenario, products=products)
        return by_product(findings(replace(facts, problem=problem_of(scenario, HORIZON))))

    found = of_costs(empty=0.1, fine=0.3)
    for k, cost in ((EMPTY, "0.1"), (FINE, "0.3")):
        assert found[k].status is Status.NOT_WORTH_BUYING
        assert found[k].reason == (
            f"a missed sale costs {cost}, a night at each stage above the shelf 0.5"
        )
        assert found[k].money_at_stake == pytest.approx(missed[k])
        assert found[k].action == "check missed_sale_cost and holding_cost, or stop selling it"
    assert {found[k].status for k in (SHORT, CUT, TOO_MUCH)}.isdisjoint({Status.NOT_WORTH_BUYING})
    found = of_costs(empty=0.5, fine=0.6)
    assert (found[EMPTY].status, found[FINE].status) == (Status.STOCKED_OUT, Status.FINE)


def test_a_product_without_demand_is_not_stocked_out() -> None:
    """An empty shelf that nobody visits is fine."""
    facts = evidence()
    outlook = facts.problem.outlook
    wanted = (np.arange(5) != EMPTY).astype(float)
    quiet = type(outlook)(outlook.mean * wanted, outlook.std * wanted, outlook.lead_time)
    plan = facts.planned.plan
    promised = replace(plan, lost_sales=plan.lost_sales * wanted)
    served = replace(
        facts.happened,
        demanded=facts.happened.demanded * wanted,
        served_at_once=facts.happened.served_at_once * wanted,
    )
    found = findings(
        replace(
            facts,
            problem=replace(facts.problem, outlook=quiet),
            planned=replace(facts.planned, plan=promised),
            happened=served,
        )
    )
    assert by_product(found)[EMPTY].status is Status.FINE
