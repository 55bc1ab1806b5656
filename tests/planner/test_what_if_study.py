"""Scenarios beside the base: the same futures, paired differences, tables that agree."""

from __future__ import annotations

import csv
import html.parser
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigurationError
from data.sample import write_sample
from data.writing import FIGURE
from envs.metrics import estimate
from planner.config import PlanConfig
from planner.pipeline import make
from planner.planning import make_plan
from planner.problem import problem_of
from planner.replay import OURS, replay
from planner.soundness import UnsoundError
from planner.what_if import Asked, read_what_ifs
from planner.what_if_page import changed_most, headline, render, rows, write_study
from planner.what_if_study import (
    WhatIfStudy,
    difference_of_ratios,
    figures,
    product_changes,
    same_futures,
    study,
)
from tests.milp.conftest import steady_task
from tests.planner.conftest import closed_form

DEARER = '[[cost]]\nterm = "missed_sale_cost"\nfactor = 2.0\n'
ROOMIER = "[[capacity]]\nfactor = 3.0\n"
NOTHING = '[[cost]]\nterm = "unit_cost"\nfactor = 2.0\ncategories = ["<script>Nowhere"]\n'
BUSIER = "[[demand]]\nmean = 1.5\n"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, classes: Path) -> PlanConfig:
    """Six products over twelve days with too little space, on six futures."""
    folder = tmp_path_factory.mktemp("tables")
    write_sample(folder, products=6, days=20, seed=4)
    return PlanConfig(folder / "forecast.csv", brains=classes, horizon=12, paths=6)


def asked(folder: Path, **texts: str) -> tuple[Asked, ...]:
    """Scenarios by name and changes."""
    paths = []
    for name, text in texts.items():
        path = folder / f"{name}.toml"
        path.write_text(f'name = "{name}"\ndescription = "<b>{name}</b>"\n{text}')
        paths.append(path)
    return read_what_ifs(paths)


@pytest.fixture(scope="module")
def found(config: PlanConfig, tmp_path_factory: pytest.TempPathFactory) -> WhatIfStudy:
    """Dearer misses, more room, nothing at all, and more demand."""
    folder = tmp_path_factory.mktemp("scenarios")
    four = asked(folder, dearer=DEARER, roomier=ROOMIER, nothing=NOTHING, busier=BUSIER)
    return study(config, four)


def figure(found: WhatIfStudy, scenario: str, name: str, stage: str = "") -> object:
    """A figure of a scenario."""
    (trial,) = [trial for trial in found.trials if trial.name == scenario]
    return next(f for f in figures(trial, found.base) if (f.name, f.stage) == (name, stage))


def test_the_base_is_what_a_plan_of_the_same_tables_comes_to(
    found: WhatIfStudy, config: PlanConfig
) -> None:
    """The same promise and the same futures, to the bit."""
    outcome = make(config)
    np.testing.assert_array_equal(outcome.planned.plan.shipments, found.base.planned.plan.shipments)
    np.testing.assert_array_equal(
        outcome.happened[OURS].costs.per_path(), found.base.happened.costs.per_path()
    )


def test_a_scenario_that_touches_nothing_costs_exactly_what_the_base_costs(
    found: WhatIfStudy,
) -> None:
    """Future by future; so every difference is exactly 0."""
    nothing = found.trials[3]
    assert not any(effect.touches for effect in nothing.effects)
    for of in figures(nothing, found.base):
        assert of.difference is not None
        assert of.difference.value == 0 or np.isnan(of.value.value)
    assert headline(nothing, found.base) == "nothing costs exactly what the base costs."
    assert changed_most(nothing, found.base, 5) == []


def test_all_scenarios_meet_demand_at_the_same_quantiles(found: WhatIfStudy) -> None:
    """Where the forecast is the same so is demand; where it is half as much again, so is that."""
    base, *others = (trial.happened.demanded for trial in found.trials)
    for demand in others[:3]:
        np.testing.assert_array_equal(demand, base)
    np.testing.assert_allclose(others[3], 1.5 * base, rtol=1e-9)


def test_more_room_uses_less_of_it_and_is_worth_less(found: WhatIfStudy) -> None:
    """With three times the space its price falls, and so does the share in use."""
    stage = found.base.problem.scenario.network.names[0]
    use = figure(found, "roomier", "mean capacity use", stage)
    price = figure(found, "roomier", "price of space", stage)
    assert use.difference.value < 0
    assert price.difference.value <= 0
    assert any(
        figure(found, "roomier", "price of space", name).difference.value < 0
        for name in found.base.problem.scenario.network.names
    )


def test_differences_are_taken_future_by_future(found: WhatIfStudy) -> None:
    """The interval is that of the mean of paired differences."""
    base, dearer = found.base, found.trials[1]
    paired = estimate(dearer.happened.costs.per_path() - base.happened.costs.per_path())
    assert figure(found, "dearer", "cost").difference == paired
    terms = ("holding", "missed sales", "overflow")
    parts = [figure(found, "dearer", name).difference.value for name in terms]
    assert sum(parts) == pytest.approx(paired.value)


def test_products_that_change_most_come_first_and_add_up(found: WhatIfStudy) -> None:
    """What all products change together is the change of holding and missed sales."""
    changes = product_changes(found.trials[1], found.base)
    sizes = [abs(of.difference.value) for of in changes]
    assert sizes == sorted(sizes, reverse=True)
    assert {of.unique_id for of in changes} == set(found.base.problem.scenario.products.unique_id)
    whole = figure(found, "dearer", "holding").difference.value
    whole += figure(found, "dearer", "missed sales").difference.value
    assert sum(of.difference.value for of in changes) == pytest.approx(whole)


def test_the_interval_of_a_difference_of_ratios_is_that_of_equal_denominators() -> None:
    """With denominators alike the linearised interval is the plain paired one."""
    rng = np.random.default_rng(3)
    one, other, below = rng.random(40), rng.random(40), np.full(40, 2.0)
    found = difference_of_ratios((one, below), (other, below))
    plain = estimate((one - other) / 2.0)
    assert (found.value, found.low, found.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )
    alone = difference_of_ratios((one[:1], below[:1]), (other[:1], below[:1]))
    assert np.isnan(alone.low)


def test_a_difference_of_ratios_covers_the_truth_nineteen_times_in_twenty() -> None:
    """On repeated samples of correlated paths with uneven denominators."""
    rng, hits, rounds, paths = np.random.default_rng(5), 0, 400, 60
    for _ in range(rounds):
        below = rng.uniform(1, 3, (2, paths))
        shared = rng.normal(0, 0.1, paths)
        tops = np.array([[0.8], [0.7]]) * below + shared + rng.normal(0, 0.1, (2, paths))
        of = difference_of_ratios((tops[0], below[0]), (tops[1], below[1]))
        hits += of.low <= 0.1 <= of.high
    error = np.sqrt(0.95 * 0.05 / rounds)
    assert abs(hits / rounds - 0.95) < 4 * error


@pytest.mark.parametrize("law", ["lognormal", "gamma", "normal", "poisson"])
def test_futures_share_their_random_numbers_under_every_law(law: str) -> None:
    """More is expected, and no future has less of it on any day."""
    problem = problem_of(replace(steady_task().scenario, law=law), 6)
    forecast = problem.scenario.forecast
    more = replace(forecast, mean=forecast.mean * 1.3, std=forecast.std * 1.3)
    busier = problem_of(replace(problem.scenario, forecast=more), 6)
    here, there = (same_futures(of, 200, 7) for of in (problem, busier))
    assert (there >= here).all()
    assert (there > here).mean() > 0.3
    error = here.std() / np.sqrt(here.size / problem.horizon)
    assert abs(here.mean() - forecast.mean.mean()) < 5 * error


def test_what_if_csv_has_every_figure_of_every_scenario(found: WhatIfStudy, tmp_path: Path) -> None:
    """As numbers, the base without differences, and the page shows the same."""
    folder = write_study(found, tmp_path / "study", overwrite=False)
    with (folder / "what_if.csv").open(encoding="utf-8", newline="") as stream:
        written = list(csv.DictReader(stream))
    assert len(written) == sum(1 for _ in rows(found))
    cost = figure(found, "dearer", "cost")
    (row,) = [r for r in written if (r["scenario"], r["figure"]) == ("dearer", "cost")]
    assert row["difference_low"] == FIGURE % cost.difference.low
    assert all(not r["difference"] for r in written if r["scenario"] == "base")
    with (folder / "what_if_products.csv").open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 4 * 6
    told = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert [of["name"] for of in told["scenarios"]] == [t.name for t in found.trials]
    with pytest.raises(ConfigurationError, match="--overwrite"):
        write_study(found, folder, overwrite=False)
    assert write_study(found, folder, overwrite=True) == folder


class Tags(html.parser.HTMLParser):
    """The tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)


def test_the_page_is_whole_and_runs_nothing(found: WhatIfStudy) -> None:
    """Text of scenarios is text; there is no script, and no line is longer than its bar."""
    page = render(found)
    tags = Tags(page).found
    assert "script" not in tags
    assert "b" not in tags
    assert page.count("&lt;b&gt;dearer&lt;/b&gt;") == 1
    assert "&lt;script&gt;Nowhere" in page
    for trial in found.trials:
        assert f"<h3>{trial.name}</h3>" in page


def test_one_future_proves_nothing(config: PlanConfig, tmp_path: Path) -> None:
    """No interval is given, and the sentence says why."""
    found = study(replace(config, paths=1), asked(tmp_path, dearer=DEARER))
    assert "one future proves nothing" in headline(found.trials[1], found.base)
    assert "nan" not in render(found)


def test_a_plan_can_be_made_in_the_world_of_a_scenario(config: PlanConfig, tmp_path: Path) -> None:
    """Its changes stand among the assumptions, its file among the inputs; nothing else is read."""
    scenarios = asked(tmp_path, busier=BUSIER, late="[[demand]]\nmean = 2.0\nfrom = 2090-01-01\n")
    plain, busier = make(config), make(config, asked=scenarios)
    forecast = plain.problem.scenario.forecast
    np.testing.assert_allclose(busier.problem.scenario.forecast.mean, 1.5 * forecast.mean)
    said = [line for line in busier.reading.assumed if line.startswith("what-if")]
    assert len(said) == 2
    assert said[0].startswith("what-if 'busier', demand 1: demand of 6 products")
    assert "touches nothing" in said[1]
    tables = [source.table for source in busier.reading.sources]
    assert tables == [source.table for source in plain.reading.sources] + [
        "scenario 1",
        "scenario 2",
    ]


def test_a_product_that_is_stopped_in_one_scenario_is_left_out_of_all(
    config: PlanConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that all are about the same products."""
    from planner import pipeline

    def failing(problem: object, advice: object, planned: object) -> None:
        products = problem.scenario.products
        if products.missed_sale_cost[0] > dear and len(products) == 6:
            raise UnsoundError({2: "made up"})

    dear = make(config).problem.scenario.products.missed_sale_cost[0] * 1.5
    monkeypatch.setattr(pipeline, "check_plan", failing)
    found = study(config, asked(tmp_path, dearer=DEARER))
    assert [len(trial.problem.scenario.products) for trial in found.trials] == [5, 5]
    assert list(found.skipped.values()) == ["made up"]


def test_budgets_and_dates_reach_the_plan(config: PlanConfig, tmp_path: Path) -> None:
    """A scenario's budget stands in for the option's."""
    start = date(2027, 1, 4)
    scenarios = asked(tmp_path, poor="[budget]\ntotal = 5.0\n")
    outcome = make(config, asked=scenarios)
    assert outcome.problem.scenario.terms.budget.total == 5.0
    assert outcome.problem.scenario.start == start
    spent = outcome.planned.plan.shipments[:, -1].sum(axis=0)
    assert float(spent @ outcome.problem.scenario.purchase_cost) <= 5.0 * (1 + 1e-6)


def test_replays_of_the_same_futures_are_of_use_to_any_rule() -> None:
    """A rule without limits does the same on futures of either kind of sampling."""
    problem = problem_of(steady_task().scenario, 6)
    advice = closed_form(problem, np.full((2, 2), 1.0))
    planned = make_plan(problem, advice)
    sampled = problem.sampled_demand(5, np.random.default_rng(7))
    np.testing.assert_array_equal(same_futures(problem, 5, 7), sampled)
    kpis = replay(problem, {OURS: lambda: planned.policy}, sampled)[OURS]
    assert kpis.periods == 6
