"""A run goes out because a person says so, or because rules find nothing that speaks against it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from data.errors import ConfigurationError
from planner.runs.approval import RULES, Judgement, Rules, decide, judge, read_rules
from planner.runs.records import (
    APPROVED,
    AUTOMATIC,
    BY_EXCEPTION,
    COMPLETE,
    MANUAL,
    REJECTED,
    STOPPED,
    Bounds,
    Kpi,
    Run,
)
from planner.runs.store import Store
from tests.planner.runs.conftest import Runs


def run(purchases: float | None = 100.0, units: float | None = 10.0, **of: object) -> Run:
    """A run of which little is known but what rules ask for."""
    kpis = (
        Kpi("purchases", purchases, None, None, "money"),
        Kpi("units ordered", units, None, None, "unit"),
    )
    known = Run(
        id="2027-01-04-0",
        created=datetime(2027, 1, 1, tzinfo=UTC),
        start=date(2027, 1, 4),
        horizon=30,
        products=5,
        planner="1",
        status=COMPLETE,
        urgent=2,
        seed=1,
        folder=Path("runs"),
        options={},
        bounds=Bounds(99.0, 100.0, 0.01),
        kpis=kpis,
    )
    return replace(known, **of)


def by_exception(**rules: object) -> Rules:
    """Rules that leave the exceptions to a person."""
    return Rules(mode=BY_EXCEPTION, **rules)


def test_without_rules_a_person_decides_about_everything() -> None:
    """Nothing is ever approved by leaving something out."""
    assert Rules().mode == MANUAL
    assert judge(run(), run(), Rules()).decision == ""
    assert judge(run(), None, Rules(mode=AUTOMATIC)) == Judgement(
        APPROVED, AUTOMATIC, "every run is approved"
    )


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"urgent": 2},
        {"change": 0.1},
        {"purchases": 110.0},
        {"gap": 0.01},
        {"urgent": 2, "change": 0.1, "purchases": 110.0, "gap": 0.01},
    ],
)
def test_a_run_at_its_limits_is_approved(rules: dict[str, float]) -> None:
    """By exception means: only what is beyond a limit waits."""
    found = judge(run(110.0), run(100.0), by_exception(**rules))
    assert (found.decision, found.how) == (APPROVED, BY_EXCEPTION)


@pytest.mark.parametrize(
    ("rules", "of", "said"),
    [
        ({"urgent": 1}, {}, "2 products miss sales, more than 1"),
        ({"urgent": 1}, {"urgent": None}, "an unknown number of products"),
        ({"purchases": 99.0}, {}, "purchases come to 100, the limit is 99"),
        ({"purchases": 99.0}, {"purchases": None}, "an unknown sum"),
        ({"gap": 0.005}, {}, "more than 0.50"),
        ({}, {"status": STOPPED}, "limit of time"),
        ({"change": 0.1}, {"purchases": 111.0}, "11 apart, 11.0"),
        ({"change": 0.1}, {"purchases": 89.0}, "11 apart, 11.0"),
        ({"change": 0.1}, {"purchases": None, "units": 12.0}, "units ordered are 12, against 10"),
        ({"change": 0.1}, {"purchases": None, "units": None}, "neither purchases nor units"),
    ],
)
def test_what_speaks_against_a_run_is_said(
    rules: dict[str, float], of: dict[str, object], said: str
) -> None:
    """In numbers; what is not known speaks against it, too."""
    found = judge(run(**of), run(), by_exception(**rules))
    assert found.decision == ""
    assert said in found.reason


def test_all_that_speaks_against_a_run_is_said_at_once() -> None:
    """A person who looks sees everything."""
    found = judge(run(200.0), run(), by_exception(urgent=0, change=0.1, purchases=1.0))
    assert found.reason.count(";") == 2


def test_a_first_run_has_nothing_to_be_compared_with() -> None:
    """So a person looks at it, if changes are to be limited at all."""
    assert "no approved run" in judge(run(), None, by_exception(change=9.0)).reason
    assert judge(run(), None, by_exception()).decision == APPROVED


def test_from_nothing_to_something_is_beyond_any_share() -> None:
    """And from nothing to nothing is no change."""
    assert judge(run(5.0), run(0.0), by_exception(change=9.0)).decision == ""
    assert judge(run(0.0), run(0.0), by_exception(change=0.0)).decision == APPROVED


def test_an_unfinished_plan_may_be_allowed_to_go_out() -> None:
    """Where it is better than none."""
    allowed = by_exception(unfinished=True)
    assert judge(run(status=STOPPED), run(), allowed).decision == APPROVED


def test_rules_add_to_the_history_only_what_they_approve(store: Store, runs: Runs) -> None:
    """The next run is compared with the last one that stands approved."""
    first, second, third = (store.record(runs(f"run-{seed}", seed)) for seed in range(3))
    urgent = store.run(first).urgent
    assert urgent
    assert decide(store, first, by_exception(urgent=urgent - 1)).decision == ""
    assert store.approvals() == ()
    assert decide(store, first, by_exception(urgent=urgent)).decision == APPROVED
    (approval,) = store.approvals(first)
    assert (approval.who, approval.how) == (RULES, BY_EXCEPTION)
    assert approval.note
    assert decide(store, second, by_exception(change=0.0)).decision == APPROVED
    for run_id in (first, second):
        store.approve(run_id, "Ann", REJECTED)
    assert "no approved run" in decide(store, third, by_exception(change=0.0)).reason


def test_rules_are_read_strictly(tmp_path: Path) -> None:
    """An unknown key is named with the nearest one; a word that is no mode with those that are."""
    path = tmp_path / "rules.toml"
    path.write_text('mode = "by exception"\nurgent = 3\nchange = 0.2\n', encoding="utf-8")
    assert read_rules(path) == by_exception(urgent=3, change=0.2)
    for text, said in (
        ("urgnet = 3", "'urgent'"),
        ('mode = "sometimes"', "'by exception'"),
        ("urgent = -1", "greater than or equal to 0"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError, match=r"rules\.toml") as refused:
            read_rules(path)
        assert said in str(refused.value)
