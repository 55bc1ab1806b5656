"""The sentences of a plan say what the numbers say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain.advice import THEORY
from data.costs import Costs
from data.safety_stock import SafetyStock
from envs.metrics import estimate
from planner.comparison import Standing, compare
from planner.exceptions import Finding, Status
from planner.pipeline import Outcome
from planner.replay import OURS
from planner.sources import reasons
from planner.space import inherited_overflow
from planner.summary import summary
from planner.wording import THIN, number, percent, signed

RIVAL = "brain, scaled to fit"


def with_cost_of_rival(outcome: Outcome, factor: float, spread: float = 0.0) -> Outcome:
    """The same outcome, one rule left to compare with, which costs `factor` times ours."""
    ours = outcome.happened[OURS]
    wave = factor + spread * np.cos(np.pi * np.arange(len(ours.demanded)))[:, None]
    costs = Costs(ours.costs.holding * wave, ours.costs.shortage * wave, ours.costs.overflow * wave)
    return replace(outcome, happened={OURS: ours, RIVAL: replace(ours, costs=costs)})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (93656.4, f"93{THIN}656"),
        (-2894.0, f"−2{THIN}894"),
        (12.34, "12.3"),
        (0.5, "0.5"),
        (0.02213, "0.0221"),
        (0.0, "0"),
        (-0.0, "0"),
        (1e-15, "0"),
        (100.0, "100"),
        (np.nan, "unknown"),
        (np.inf, "no limit"),
    ],
)
def test_numbers_are_said_with_thin_separators_and_three_digits(value: float, said: str) -> None:
    assert number(value) == said


def test_signs_and_shares_are_said() -> None:
    assert signed(3.0) == "+3"
    assert signed(0.0) == "0"
    assert percent(0.978) == f"97.8{THIN}%"
    assert percent(np.nan) == "unknown"


def test_losing_is_said_as_losing(tight: Outcome) -> None:
    loses = with_cost_of_rival(tight, 0.9)
    assert compare(loses).standing is Standing.LOSES
    assert summary(loses).verdict.startswith("Ours loses to the best simple rule")
    assert "less (10.0" in summary(loses).verdict


def test_winning_is_said_as_winning(tight: Outcome) -> None:
    wins = with_cost_of_rival(tight, 1.1)
    assert compare(wins).standing is Standing.BEATS
    assert summary(wins).verdict.startswith("Ours beats the best simple rule")
    assert "more (10.0" in summary(wins).verdict


def test_a_difference_that_the_futures_cannot_tell_is_no_win(tight: Outcome) -> None:
    level = with_cost_of_rival(tight, 1.0, spread=0.3)
    assert compare(level).standing is Standing.LEVEL
    assert "cannot be told" in summary(level).verdict


def test_equal_rules_are_the_same(tight: Outcome) -> None:
    assert "exactly as ours" in summary(with_cost_of_rival(tight, 1.0)).verdict


def test_the_best_rival_is_the_cheapest_not_the_first(tight: Outcome) -> None:
    comparison = compare(tight)
    assert comparison.best_rival.total == min(row.total for row in comparison.rivals)


def test_differences_are_paired_future_by_future(tight: Outcome) -> None:
    rows = {row.rule: row for row in compare(tight).rivals}
    ours = tight.happened[OURS].costs.per_path()
    for rule, row in rows.items():
        assert row.against_ours == estimate(tight.happened[rule].costs.per_path() - ours)


def test_terms_add_up_to_the_total(tight: Outcome) -> None:
    for row in compare(tight).rows:
        assert sum(row.terms.values()) == pytest.approx(row.total)


def test_the_promise_is_what_the_plan_costs(tight: Outcome) -> None:
    told = summary(tight)
    assert number(tight.planned.plan.costs.total) in told.promised
    assert number(tight.happened[OURS].total_cost.value) in told.happened
    assert percent(tight.happened[OURS].fill_rate().value) in told.service


def test_one_future_gives_no_band_and_proves_nothing(plan) -> None:
    told = summary(plan(paths=1))
    assert "one future gives no band" in told.happened
    assert told.comparison.standing in (Standing.UNPROVEN, Standing.SAME)
    assert "nan" not in " ".join([told.happened, told.verdict, told.service])


def test_without_limits_nothing_is_said_about_space(roomy: Outcome) -> None:
    assert summary(roomy).space == ("No stage is short of space or supply.",)


def test_full_stages_are_told_one_by_one(tight: Outcome) -> None:
    said = " ".join(summary(tight).space)
    assert "Shelf <b> is" in said
    assert "One more unit of space at Shelf <b> is worth" in said
    assert "Port has no limit on space." in said


def test_a_price_that_only_looking_ahead_finds_is_said_as_such(tight: Outcome) -> None:
    """Where the model sees room to spare, no price of its own is named."""
    unpriced = replace(tight.planned, storage_price=np.zeros_like(tight.planned.storage_price))
    assert tight.planned.price.any()
    said = " ".join(summary(replace(tight, planned=unpriced)).space)
    assert "The model sees room enough at Shelf <b>; played ahead" in said
    assert "at most 0" not in said


def test_stock_that_is_too_much_this_morning_is_told_apart(tight: Outcome) -> None:
    """The shelf opens with 270 units in a space of 150."""
    inherited = inherited_overflow(tight.problem, tight.planned.plan)
    capacity = tight.problem.scenario.network.storage_capacity
    over = tight.planned.plan.occupancy > capacity
    assert inherited[0, 0]
    assert not (inherited & ~over).any()
    assert not inherited[:, 2].any()
    assert "no order can change that" in " ".join(summary(tight).space)


def test_what_the_plan_itself_brings_in_is_not_inherited(tight: Outcome) -> None:
    """A thousand units ordered today reach the shelf tomorrow; they were not there this morning."""
    plan, late = tight.planned.plan, np.zeros_like(tight.planned.plan.shipments)
    late[0, 0, 0] = 1000.0
    fuller = plan.occupancy.copy()
    fuller[1:, 0] += 1000.0
    ordered = replace(plan, shipments=plan.shipments + late, occupancy=fuller)
    before = inherited_overflow(tight.problem, plan)
    assert (inherited_overflow(tight.problem, ordered) == before).all()
    assert not before.all()


def test_theory_is_counted_with_its_reason(plan) -> None:
    told = summary(plan(ratio=50_000.0))
    assert told.advised.startswith("Theory advised the safety stock of 3 products: ")
    assert "(3)" in told.advised


def test_brains_alone_need_no_reason(roomy: Outcome) -> None:
    assert summary(roomy).advised == "Class brains advised the safety stock of 3 products."


def test_who_advised_is_counted_by_kind(tight: Outcome) -> None:
    """Any class brain is one; reasons that differ in a number only are one reason."""
    who = np.array(["brain 100", "brains 10 and 100", "family brain", "theory"], dtype=object)
    why = np.array(["", "", "", "cost ratio 9 is below the 10 to 1000 learnt"], dtype=object)
    told = summary(replace(tight, advised=replace(tight.advised, source=who, reason=why)))
    assert told.advised == (
        "Class brains advised the safety stock of 2 products, the family brain that of 1, theory "
        "that of 1: cost ratio 9 is below the 10 to 1000 learnt (1)."
    )


def test_reasons_that_differ_in_a_number_only_are_one() -> None:
    """The first number of each; its place is kept."""
    why = np.array(["ratio 9 is odd", "ratio 8.5 is odd", "customers wait"], dtype=object)
    advised = SafetyStock(np.zeros((1, 3)), np.ones((1, 3)), np.full(3, THEORY, object), why)
    assert reasons(advised) == [("ratio … is odd", 2), ("customers wait", 1)]


def test_who_answers_prices_is_said_where_space_costs(tight: Outcome, roomy: Outcome) -> None:
    """And only there; nobody is said to be asked where nobody has learnt prices."""
    assert summary(roomy).answered == ""
    told = summary(tight)
    assert told.answered.endswith("no brain here has learnt prices.")
    assert told.answered == told.space[-1]


def test_products_that_cannot_be_asked_are_counted(plan, with_family: Path) -> None:
    """Nobody may ask a brain about one of four."""
    asked = plan("ABCD", brains=with_family)
    reason = asked.advisor.reason.copy()
    reason[1] = "customers wait"
    some = replace(asked, advisor=replace(asked.advisor, reason=reason))
    assert "at that price of every product." in summary(asked).answered
    assert "at that price of 3 products, the newsvendor's formula" in summary(some).answered
    assert summary(some).answered.endswith("of 1.")


def test_the_most_pressing_products_are_the_first_findings_that_are_not_fine(
    tight: Outcome,
) -> None:
    findings = [
        Finding("late", Status.WILL_STOCK_OUT, 5.0, "r"),
        Finding("heap", Status.EXCESS, 900.0, "r"),
        Finding("fine", Status.FINE, 800.0, ""),
        Finding("empty", Status.STOCKED_OUT, 2.0, "r"),
        Finding("cut", Status.OVER_CAPACITY, 7.0, "r"),
    ]
    told = summary(replace(tight, findings=findings))
    assert [row.unique_id for row in told.pressing] == ["late", "heap", "empty", "cut"]
    assert dict(told.statuses) == dict.fromkeys(
        [finding.status for finding in findings],
        1,
    )


def test_the_screen_is_told_what_was_read_and_where_the_run_stands(tight: Outcome) -> None:
    told = summary(tight, Path("runs/here"))
    assert told.folder == Path("runs/here")
    assert len(told.read) == len(tight.reading.sources)
    assert told.assumed == tight.reading.assumed
    assert told.planned == "4 products at 3 stages over 14 days, 4 Jan 2027 to 17 Jan 2027."
