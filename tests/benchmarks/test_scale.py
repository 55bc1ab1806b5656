"""One problem, modelled three ways, has one optimum; and what is timed is told as it was."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from math import inf, nan
from pathlib import Path

import pytest

from benchmarks import scale
from benchmarks.results import Result, Row, result_of
from benchmarks.scale import ways
from benchmarks.scale.child import LINOPY, ONE, OURS, PYOMO, WAYS, Solved, solved
from benchmarks.scale.programme import Programme, Run, programme_rows
from benchmarks.scale.subject import task_in
from benchmarks.scale.tables import Tables
from benchmarks.scale.watched import PROC, Watched, watched
from benchmarks.tables import modelling
from benchmarks.tables import scale as scale_table
from data.errors import PlannerError
from milp.task import Task

HOLDS = "held = bytearray(80_000_000); import time; time.sleep(0.5)"


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """Sample tables of any size."""
    return Tables(tmp_path_factory.mktemp("tables"), seed=1)


@pytest.fixture(scope="module")
def alike(tables: Tables) -> Task:
    """24 products of one lead time per stage."""
    return task_in(tables.of(24), periods=10, alike=True)


def took(seconds: float, memory: float = 100.0) -> Run:
    """A run that was not ended."""
    return Run(Solved(seconds, 90.0, 100.0), Watched(seconds + 1, memory, "", False))


def seconds_of(case: str, value: float) -> Row:
    """A row of a result."""
    return Row(case, OURS, value, value, value, "s")


def test_all_ways_solve_one_problem(alike: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain optima are equal but for rounding, and lie between our bounds, solved in batches."""
    pytest.importorskip("linopy")
    monkeypatch.setattr("milp.reconcile.MANY", 0)
    ours = solved(OURS, alike)
    assert ours.upper - ours.lower < 1e-3 * ours.upper
    optima = [solved(way, alike) for way in (ONE, PYOMO, LINOPY)]
    for optimum in optima:
        assert optimum.lower == optimum.upper == pytest.approx(optima[0].upper, rel=1e-8)
        ways.check_agreement("this way", optimum, ours)


def test_backorders_supply_and_largest_orders_are_the_same_in_linopy(alike: Task) -> None:
    """Sample tables have none of them, so they are given some."""
    linopy = pytest.importorskip("benchmarks.scale.with_linopy", exc_type=ImportError)
    from benchmarks.scale import plain

    scenario, products = alike.scenario, alike.scenario.products
    waits, few = products.backordered.copy(), products.maximum_order.copy()
    waits[::3], few[1::3] = True, 2 * scenario.forecast.scale[1::3]
    flow = float(products.volume @ scenario.forecast.scale)
    stages = tuple(replace(one, supply_capacity=1.1 * flow) for one in scenario.network.stages)
    changed = replace(
        scenario,
        network=replace(scenario.network, stages=stages),
        products=replace(products, backordered=waits, maximum_order=few),
    )
    task = replace(alike, scenario=changed)
    optimum = plain.ask(task).objective
    assert linopy.ask(task).objective == pytest.approx(optimum, rel=1e-8)
    assert optimum > 1.01 * plain.ask(alike).objective + 1


def test_linopy_is_given_products_alike(tables: Tables) -> None:
    """Its rows are whole arrays, shifted by one lead time per stage."""
    linopy = pytest.importorskip("benchmarks.scale.with_linopy", exc_type=ImportError)
    with pytest.raises(PlannerError, match="lead times differ between products"):
        linopy.ask(task_in(tables.of(24), periods=5))


def test_products_alike_have_their_networks_lead_times(alike: Task) -> None:
    """And nothing under way that would take longer than these."""
    lead_time = alike.scenario.products.lead_time
    assert (
        lead_time.T.tolist() == [[stage.lead_time for stage in alike.scenario.network.stages]] * 24
    )
    coming = alike.stock.pipeline.any(axis=1)
    assert all(not coming[m, days:].any() for m, days in enumerate(lead_time[:, 0]))
    assert coming.any(axis=1).all()


def test_a_model_that_differs_from_ours_is_not_timed() -> None:
    """Its optimum lies outside our bounds; what was ended has none."""
    ours = Solved(1.0, 90.0, 100.0)
    for cost in (89.0, 101.0):
        with pytest.raises(PlannerError, match="the models differ"):
            ways.check_agreement(PYOMO, Solved(1.0, cost, cost), ours)
    ways.check_agreement(PYOMO, Solved(1.0, 90.0, 90.0), ours)
    ways.check_agreement(PYOMO, None, ours)


def test_a_row_is_the_median_between_the_extremes() -> None:
    """Of a run that was ended, it is the time that it was given."""
    seconds, memory = programme_rows("lp/9/T=1", OURS, [took(3.0, 70.0), took(1.0), took(9.0)])
    assert (seconds.value, seconds.low, seconds.high, seconds.n) == (3.0, 1.0, 9.0, 3)
    assert seconds.gap == pytest.approx(0.1)
    assert (memory.case, memory.value, memory.unit) == ("lp/9/T=1/memory", 100.0, "MB")
    ended = Run(None, Watched(31.0, 50.0, "", True))
    seconds, memory = programme_rows("lp/9/T=1", PYOMO, [took(3.0), ended], limit=30.0)
    assert (seconds.policy, seconds.value, seconds.gap) == ("pyomo, ended at 30 s", 30.0, None)
    assert memory.value == 75.0


def test_a_way_that_was_ended_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is slower than its time once would be so three times; it took at least so long."""
    tried: list[str] = []

    def slow(programme: Programme) -> Run:
        tried.append(programme.way)
        ended = Run(None, Watched(31.0, 300.0, "", True))
        return took(3.0) if programme.way == OURS else ended

    monkeypatch.setattr(Programme, "run", slow)
    monkeypatch.setattr(ways, "ways_here", lambda: [OURS, PYOMO])
    rows = list(ways.way_rows(Path("tables"), products=9, periods=1, often=(3, 30.0)))
    assert tried == [OURS] * 3 + [PYOMO]
    assert [(row.policy, row.ratio) for row in rows[2:]] == [
        ("pyomo, ended at 30 s", 10.0),
        ("pyomo, ended at 30 s", 3.0),
    ]


def test_growth_is_the_slope_of_the_logarithms() -> None:
    """The programme's own time counts before the plan's, and small numbers do not count."""
    rows = [seconds_of(f"lp/{n}/T=14", n**1.25) for n in (5_000, 20_000)]
    rows += [seconds_of("lp/500/T=14", 1e9), seconds_of("lp/20000/T=30", 1e9)]
    rows += [seconds_of("plan/20000/T=14/reconcile", 1e9), seconds_of("plan/100000/T=14", 1e9)]
    rows += [seconds_of("plan/100000/T=14/reconcile", 100_000**1.25)]
    found = scale.growth(rows, settled=5_000)
    assert found.value == pytest.approx(1.25)
    assert found.n == 3


@pytest.mark.skipif(not PROC.exists(), reason="memory is seen in /proc")
def test_memory_is_that_of_a_command_and_its_workers(tmp_path: Path) -> None:
    """80 MB in the process itself, and as much in one that it starts."""
    alone = [sys.executable, "-c", HOLDS]
    both = (
        f"import subprocess, sys; w = subprocess.Popen({alone}); {HOLDS}; w.wait(); print('done')"
    )
    assert 80 < watched(alone, tmp_path).memory < 160
    seen = watched([sys.executable, "-c", both], tmp_path)
    assert 160 < seen.memory < 240
    assert (seen.output, seen.stopped) == ("done\n", False)


def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    """And said to have been; one that fails is an error that says why."""
    seen = watched([sys.executable, "-c", "import time; time.sleep(600)"], tmp_path, limit=0.3)
    assert seen.stopped
    assert 0.3 <= seen.seconds < 300
    with pytest.raises(PlannerError, match="left with 3: it is what it is"):
        watched(
            [
                sys.executable,
                "-c",
                "import sys; print('it is what it is', file=sys.stderr); sys.exit(3)",
            ],
            tmp_path,
        )


@pytest.fixture(scope="module")
def tiny() -> Result:
    """A run of everything but linopy, as small as it can be."""
    with pytest.MonkeyPatch.context() as patch:
        size = scale.Size(
            programmes=((4, 5), (8, scale.SHORT)),
            runs=1,
            plans=((4, "levels"),),
            alike=((4, 1),),
            limit=inf,
            settled=0,
        )
        patch.setattr(scale, "QUICK", size)
        patch.setattr(ways, "find_spec", lambda name: None)
        return scale.run(quick=True, seed=1)


def test_every_size_is_timed_in_every_respect(tiny: Result) -> None:
    """The steps of a plan and what lies between them are its whole time."""
    rows = {(row.case, row.policy): row for row in tiny.rows}
    plan = "plan/4/T=14"
    steps = ("read", "advise", "reconcile", "replay", "load and write")
    cases = {"lp/4/T=5", "lp/8/T=14", plan}
    ours = {*cases, *(f"{case}/memory" for case in cases), *(f"{plan}/{step}" for step in steps)}
    same = {("same-model/4/T=14", way) for way in WAYS if way != LINOPY}
    same |= {(f"{case}/memory", way) for case, way in same}
    assert set(rows) == {(case, OURS) for case in ours} | same | {("growth/T=14", OURS)}
    assert all(row.value > 0 for row in tiny.rows if row.unit == "s")
    assert rows[plan, OURS].gap == 0
    summed = sum(rows[f"{plan}/{step}", OURS].value for step in steps)
    assert summed == pytest.approx(rows[plan, OURS].value)
    pyomo, reference = (rows["same-model/4/T=14", way] for way in (PYOMO, OURS))
    assert pyomo.ratio == pytest.approx(pyomo.value / reference.value)
    assert pyomo.reference == OURS


def test_without_linopy_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The other ways are timed all the same."""
    monkeypatch.setattr(ways, "find_spec", lambda name: None)
    with caplog.at_level(logging.WARNING):
        assert ways.ways_here() == [OURS, ONE, PYOMO]
    assert "pip install linopy" in caplog.text


def test_the_tables_show_time_memory_and_how_many_times_ours_they_are() -> None:
    """One line per problem, and one per way of a problem; memory never seen is left blank."""
    rows = [
        Row("lp/500/T=14", OURS, 1.25, 1.0, 1.5, "s", n=3, gap=2e-4),
        Row("lp/500/T=14/memory", OURS, 400.0, 400.0, 400.0, "MB", n=3),
        Row("prices/100000/T=14", OURS, 80.0, 80.0, 80.0, "s"),
        Row("prices/100000/T=14/memory", OURS, nan, nan, nan, "MB"),
        Row("same-model/500/T=14", OURS, 2.0, 2.0, 2.0, "s", OURS, 1.0, gap=1e-4),
        Row("same-model/500/T=14/memory", OURS, 400.0, 400.0, 400.0, "MB", OURS, 1.0),
        Row("same-model/500/T=14", "pyomo, ended at 300 s", 300.0, 300.0, 300.0, "s", OURS, 150.0),
        Row("same-model/500/T=14/memory", "pyomo, ended at 300 s", 3200.0, 0, 0, "MB", OURS, 8.0),
    ]
    result = result_of("scale", rows, seed=1, seconds=1.0, quick=False)
    assert scale_table(result)[2:] == [
        "| the programme | 500 | 14 | 1.2 (1.0 to 1.5) | 400 | 0.02 % |",
        "| a plan by prices | 100,000 | 14 | 80 |  |  |",
    ]
    assert modelling(result)[2:] == [
        "| 500 | ours | 2.0 | 1.0 | 400 | 1.0 |",
        "| 500 | pyomo, ended at 300 s | 300 | 150.0 | 3,200 | 8.0 |",
    ]
