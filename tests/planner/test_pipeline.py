"""The story from tables to findings, told twice, ends the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain.advice import FAMILY, THEORY
from brain.registry import load_all
from data.errors import ConfigurationError, DataError, PlannerError
from data.sample import write_sample
from planner import pipeline
from planner.config import PlanConfig
from planner.folder import write_run
from planner.pipeline import Outcome, make
from planner.replay import OURS, RIVALS
from planner.rules import PRICINGS
from planner.summary import summary
from tests.planner.conftest import Planner

HORIZON = 14


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six products over twenty days, with a shelf that is a little too small."""
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, products=6, days=20, seed=4)
    return folder


@pytest.fixture(scope="module")
def without_limits(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same products in the default chain, which has room for all."""
    folder = tmp_path_factory.mktemp("free")
    for name in ("forecast.csv", "products.csv", "stock.csv", "open_orders.csv"):
        (folder / name).write_bytes((sample / name).read_bytes())
    return folder


@pytest.fixture(autouse=True)
def brains_are_made_up(classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said here holds whatever brains are shipped."""
    monkeypatch.setattr(pipeline, "shipped", lambda: load_all(classes))


def config(folder: Path, **options: object) -> PlanConfig:
    """Two weeks on four futures, without the report."""
    given = {"horizon": HORIZON, "paths": 4, "report": False} | options
    return PlanConfig(folder / "forecast.csv", **given)


def orders(folder: Path, out: Path, **options: object) -> bytes:
    """The orders.csv of one whole run."""
    return (write_run(make(config(folder, out=out, **options))) / "orders.csv").read_bytes()


def test_two_runs_with_one_seed_write_the_same_orders(sample: Path, tmp_path: Path) -> None:
    """To the byte, the prices found by looking ahead included."""
    assert orders(sample, tmp_path / "a") == orders(sample, tmp_path / "b")


def test_where_nothing_is_scarce_the_seed_is_only_the_replays(
    without_limits: Path, tmp_path: Path
) -> None:
    """Other futures are sampled, and the same is ordered."""
    first, second = (orders(without_limits, tmp_path / str(seed), seed=seed) for seed in (1, 2))
    assert first == second
    one, two = (make(config(without_limits, seed=seed)) for seed in (1, 2))
    assert one.happened[OURS].total_cost.value != two.happened[OURS].total_cost.value
    assert one.planned.plan.costs.total == two.planned.plan.costs.total


def test_the_number_of_futures_changes_no_order(sample: Path, tmp_path: Path) -> None:
    """How long one looks does not change what there is to see."""
    few, many = (orders(sample, tmp_path / str(n), paths=n) for n in (2, 9))
    assert few == many


def test_lots_are_whole_in_the_orders(sample: Path) -> None:
    """As the catalogue prescribes, whatever was scarce."""
    outcome = make(config(sample))
    lot = outcome.problem.scenario.products.lot_size
    assert (lot > 1).any()
    lots = outcome.planned.plan.shipments / lot
    np.testing.assert_allclose(lots, np.round(lots), atol=1e-9)


def test_in_a_sure_world_the_plan_happens(without_limits: Path, tmp_path: Path) -> None:
    """With every standard deviation 0 and room for all, each future costs what was promised."""
    for name in ("products.csv", "stock.csv", "open_orders.csv"):
        (tmp_path / name).write_bytes((without_limits / name).read_bytes())
    lines = (without_limits / "forecast.csv").read_text(encoding="utf-8").splitlines()
    sure = [lines[0], *(line.rpartition(",")[0] + ",0" for line in lines[1:])]
    (tmp_path / "forecast.csv").write_text("\n".join(sure) + "\n", encoding="utf-8")
    outcome = make(config(tmp_path))
    promise = outcome.planned.plan.costs
    assert promise.total > 0
    np.testing.assert_allclose(outcome.happened[OURS].costs.per_path(), promise.total, rtol=1e-12)
    assert outcome.happened[OURS].costs.mean() == pytest.approx(promise.mean(), rel=1e-12)
    assert set(outcome.advised.source) == {THEORY}, "brains have learnt no sure world"


def test_every_step_is_told_as_it_begins(sample: Path) -> None:
    """In the order of the story; replaying names each rule that is through."""
    heard: list[str] = []
    outcome = make(config(sample), heard.append)
    steps = [step for step in heard if ":" not in step]
    assert steps == ["read", "advise", "reconcile", "replay"] == list(outcome.seconds)
    assert sorted(heard[4:]) == sorted(f"replay: {name}" for name in (OURS, *RIVALS))
    assert all(seconds >= 0 for seconds in outcome.seconds.values())


def test_nobody_plans_further_than_the_forecast(sample: Path) -> None:
    """Twenty days of forecast are twenty days of plan, even if a year is asked for."""
    outcome = make(config(sample, horizon=365, paths=1))
    assert outcome.problem.horizon == 20
    assert outcome.planned.plan.horizon == 20


def test_every_product_read_has_a_finding(sample: Path) -> None:
    """Planned or not, each once."""
    outcome = make(config(sample))
    found = [finding.unique_id for finding in outcome.findings]
    assert sorted(found) == sorted(map(str, outcome.problem.scenario.products.unique_id))


def test_one_product_is_enough(plan: Planner) -> None:
    """A retailer of one thing can plan, too."""
    outcome = plan(("only",), paths=2)
    assert outcome.planned.plan.shipments.shape[2] == 1
    assert outcome.happened[OURS].total_cost.value > 0


def test_scarce_space_shows_in_the_advice(tight: Outcome, roomy: Outcome) -> None:
    """It is cut where space has a price, and left alone where it has none."""
    assert tight.planned.scarce
    assert (tight.z_reconciled <= tight.advised.z).all()
    assert (tight.z_reconciled < tight.advised.z).any()
    np.testing.assert_array_equal(roomy.z_reconciled, roomy.advised.z)


def test_a_family_brain_is_asked_at_the_price_of_space(
    plan: Planner, with_family: Path, tmp_path: Path
) -> None:
    """Or left alone if the planner wishes so; the advice for free space is the same."""
    outcomes = {p: plan("ABCD", brains=with_family, pricing=p, out=tmp_path / p) for p in PRICINGS}
    asked, formula = (outcomes[pricing] for pricing in PRICINGS)
    assert asked.planned.price.any()
    assert set(asked.advised.source) == {FAMILY}
    np.testing.assert_array_equal(asked.advised.z, formula.advised.z)
    assert (asked.z_reconciled != formula.z_reconciled).any()
    assert (formula.z_reconciled <= formula.advised.z).all()
    for pricing, outcome in outcomes.items():
        written = json.loads((write_run(outcome) / "manifest.json").read_text(encoding="utf-8"))
        assert written["options"]["pricing"] == pricing
        assert written["pricing"] == {p: 4 * (p == pricing) for p in PRICINGS}
        assert written["advice"]["products"][FAMILY] == 4
        assert written["brains"] == [brain.id for brain in outcome.advisor.panel.every]
    assert "the family brain says what to hold at that price" in summary(asked).answered
    assert "the family brain was not to be asked" in summary(formula).answered


def test_tables_that_cannot_be_planned_end_in_a_sentence(sample: Path, tmp_path: Path) -> None:
    """A missing forecast, a damaged one, an empty folder of brains."""
    with pytest.raises(DataError, match="forecast"):
        make(config(tmp_path))
    (tmp_path / "forecast.csv").write_text("unique_id,ds\nA,2027-01-04\n", encoding="utf-8")
    with pytest.raises(DataError):
        make(config(tmp_path))
    with pytest.raises(PlannerError, match="no brain found"):
        make(config(sample, brains=tmp_path))


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon": 0},
        {"horizon": 366},
        {"paths": 0},
        {"paths": 10_001},
        {"seed": -1},
        {"seed": 2**32},
        {"replay": "twice"},
        {"pricing": "guessed"},
    ],
    ids=str,
)
def test_options_out_of_range_are_refused_before_any_work(wrong: dict, tmp_path: Path) -> None:
    """With the option's name, what was found and what is expected."""
    (option, value) = next(iter(wrong.items()))
    with pytest.raises(ConfigurationError, match=f"--{option} is {value!r}, expected"):
        config(tmp_path, **wrong)


def test_levels_can_carry_the_plan_out(sample: Path) -> None:
    """The model re-solved every day, on the same futures as the prices."""
    base = replace(config(sample), paths=1, horizon=5)
    by_prices, by_levels = make(base), make(replace(base, replay="levels"))
    np.testing.assert_array_equal(
        by_levels.happened[OURS].demanded, by_prices.happened[OURS].demanded
    )
    assert by_levels.planned.plan.costs.total == by_prices.planned.plan.costs.total
