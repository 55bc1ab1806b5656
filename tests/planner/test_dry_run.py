"""A dry run says what the plan would be, and solves nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest

from data.issues import TableError
from data.sample import write_sample
from data.terms import Budget
from planner.config import PlanConfig, Solving
from planner.cost_model import (
    BASE_BYTES,
    SECONDS,
    Load,
    Span,
    kernel,
    memory,
    seconds,
    speed_here,
)
from planner.dry_run import FREE, PRICES, PROGRAMME, DryRun, dry_run
from planner.pipeline import make
from planner.sources import advisers
from planner.what_if import read_what_ifs

HORIZON = 10


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """Six products over twenty days, with a shelf that is a little too small."""
    folder = tmp_path / "tables"
    write_sample(folder, products=6, days=20, seed=4)
    return folder


@pytest.fixture
def config(tables: Path, classes: Path) -> PlanConfig:
    """Ten days on two futures."""
    return PlanConfig(tables / "forecast.csv", brains=classes, horizon=HORIZON, paths=2)


def nobody(*_: object, **__: object) -> None:
    """A solver that must not be there."""
    raise AssertionError("a dry run solves nothing")


def unsolved(config: PlanConfig, monkeypatch: pytest.MonkeyPatch, *asked: Any) -> DryRun:
    """The dry run, with no solver to be had."""
    with monkeypatch.context() as without:
        without.setattr(highspy, "Highs", nobody)
        return dry_run(config, *asked)


def test_what_is_announced_is_what_is_planned(
    config: PlanConfig, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same products, days, stages, skips, assumptions and advisers, without a solver."""
    lines = (tables / "products.csv").read_text(encoding="utf-8").splitlines()
    (tables / "products.csv").write_text("\n".join([lines[0], *lines[2:]]) + "\n", encoding="utf-8")
    said, outcome = unsolved(config, monkeypatch), make(config)
    products = outcome.problem.scenario.products
    assert said.unique_id.tolist() == products.unique_id.tolist()
    assert len(said.unique_id) == 5
    assert said.skipped == outcome.reading.skipped
    assert list(said.skipped) == ["P0001"]
    assert said.assumed == outcome.reading.assumed
    assert said.read == tuple(map(str, outcome.reading.sources))
    assert "5 products at 3 stages would be planned over 10 days" in said.planned
    for who, count in advisers(outcome.advised).items():
        assert (f"{who} {count}" in said.advice) == (count > 0)
    assert "on 2 sampled futures" in " ".join(said.deciding)


def test_nothing_is_written(config: PlanConfig, tables: Path, tmp_path: Path) -> None:
    """Neither a run nor anything else."""
    before = sorted(tmp_path.rglob("*"))
    dry_run(replace(config, out=tmp_path / "run"))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "network", "decides"),
    [
        ({}, True, PRICES),
        ({}, False, FREE),
        ({"solving": Solving(mode="levels")}, True, PROGRAMME),
        ({"solving": Solving(goal="safety")}, False, PROGRAMME),
        ({"solving": Solving(in_lots=True)}, False, PROGRAMME),
        ({"solving": Solving(coupling=False)}, True, FREE),
        ({"budget": Budget(total=500.0)}, True, PROGRAMME),
    ],
    ids=["space", "free", "levels", "goal", "lots", "uncoupled", "budget"],
)
def test_who_is_announced_to_decide_decides(
    config: PlanConfig,
    tables: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: dict[str, Any],
    network: bool,
    decides: str,
) -> None:
    """In every mode, with and without limits."""
    if not network:
        (tables / "network.toml").unlink()
    asked = replace(config, **options)
    said, planned = unsolved(asked, monkeypatch), make(asked).planned
    assert said.decides == decides
    solved = any("programme would be solved" in line for line in said.deciding)
    assert solved == (planned.answer is not None)
    assert {FREE: "", PROGRAMME: "levels", PRICES: "prices"}[decides] == planned.mode


def test_what_is_in_play_is_named(
    config: PlanConfig, tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lots, budgets, suppliers, order days, locks, limits."""
    (tables / "locks.csv").write_text(
        "unique_id,stage,ds,quantity\nP0001,Los Angeles,2027-01-05,7.5\n", encoding="utf-8"
    )
    (tables / "suppliers.csv").write_text(
        "supplier,minimum_order,order_days\nNingbo Harbour Goods,100,Mon Thu\n", encoding="utf-8"
    )
    said = unsolved(replace(config, budget=Budget(total=900.0)), monkeypatch)
    play = "; ".join(said.play)
    for what in ("lots of more than one unit", "limited space at New York", "a budget of 900"):
        assert what in play
    for what in ("terms of 1 supplier", "order days", "1 locked order line"):
        assert what in play
    assert any("lock of 7.5 P0001" in line for line in said.clashes)


def test_scenarios_are_part_of_it(
    config: PlanConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change that touches nothing is said before anything is solved."""
    path = tmp_path / "s.toml"
    path.write_text(
        'name = "s"\n[[cost]]\nterm = "unit_cost"\nfactor = 2\nsuppliers = ["Nobody"]\n'
    )
    said = unsolved(config, monkeypatch, read_what_ifs([path]))
    assert [effect.touches for effect in said.effects] == [False]
    assert any(line.startswith("what-if 's'") for line in said.assumed)


def test_tables_that_cannot_be_planned_fail_as_the_plan_does(
    config: PlanConfig, tables: Path
) -> None:
    """With all that is wrong, and the exit code of bad tables."""
    path = tables / "forecast.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("P0002,2027-01-04,", "P0002,2027-01-04,-", 1), encoding="utf-8")
    with pytest.raises(TableError) as told:
        dry_run(config)
    assert told.value.exit_code == 3


LOAD = Load(
    rows=10_000,
    products=300,
    stages=3,
    days=30,
    futures=64,
    asked=300,
    ahead=300,
    programme=300,
    batches=True,
    rival=300,
    report=True,
)


@pytest.mark.parametrize("more", ["rows", "products", "days", "futures", "programme"])
def test_more_work_is_announced_to_take_longer(more: str) -> None:
    """And never less memory."""
    larger = replace(LOAD, **{more: 10 * getattr(LOAD, more)})
    few, many = (sum(s.high for s in seconds(of, 1.0).values()) for of in (LOAD, larger))
    assert many > few
    assert memory(larger).high >= memory(LOAD).high >= BASE_BYTES


def test_a_machine_half_as_fast_takes_twice_as_long() -> None:
    """Time is in proportion to what the small piece of work takes."""
    here, there = seconds(LOAD, 1.0), seconds(LOAD, 2.0)
    for step, span in here.items():
        assert there[step].low == pytest.approx(2 * span.low)
        assert there[step].high == pytest.approx(2 * span.high)
        assert span.low <= span.high


def test_what_is_not_done_takes_no_time() -> None:
    """No programme, no report, no rival: the fixed parts go, too."""
    less = replace(LOAD, programme=0, rival=0, report=False, ahead=0, asked=0)
    assert seconds(less, 1.0)["reconcile"] == Span(0.0, 0.0)
    assert seconds(less, 1.0)["write"].high < seconds(LOAD, 1.0)["write"].high
    assert seconds(less, 1.0)["advise"] == Span(0.0, 0.0)
    assert SECONDS["read"].of(0) == 0


def test_a_second_core_helps_and_a_third_does_not() -> None:
    """The steps that are worked on side by side take half the time on two cores."""
    one, two, many = (seconds(LOAD, 1.0, cores) for cores in (1, 2, 64))
    assert two["reconcile"].low == pytest.approx(one["reconcile"].low / 2)
    assert two["read"] == one["read"]
    assert many == two


def test_this_machine_has_a_speed() -> None:
    """The fastest of a few tries is what counts."""
    assert 0 < speed_here(1) < np.inf
    assert kernel() > 0


def test_the_cost_is_a_range_in_a_sentence(config: PlanConfig) -> None:
    """Time in all and by step, and memory."""
    said = dry_run(config)
    assert said.total.low < said.total.high
    assert said.total.high == pytest.approx(sum(of.high for of in said.seconds.values()))
    assert said.cost.startswith("It would take ")
    assert "MB of memory" in said.cost
