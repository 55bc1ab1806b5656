"""The story of a product is in its run folder, and nothing else is needed to tell it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigurationError, DataError
from planner.clashes import Conflict
from planner.explain import Story, explain, read_records
from planner.folder import write_run
from planner.pipeline import Outcome
from planner.replay import OURS
from planner.wording import counted, day, number, percent
from tests.planner.conftest import HOSTILE, Planner


def written(outcome: Outcome, folder: Path) -> Path:
    """Where the run of an outcome stands."""
    return write_run(replace(outcome, config=replace(outcome.config, out=folder, report=False)))


@pytest.fixture(scope="module")
def tight_run(tight: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of products with hostile names and too little space."""
    return written(tight, tmp_path_factory.mktemp("runs") / "tight")


@pytest.fixture(scope="module")
def roomy_run(roomy: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of three products with all the space they want."""
    return written(roomy, tmp_path_factory.mktemp("runs") / "roomy")


def words(story: Story) -> str:
    """All its sentences."""
    return " ".join(story.lines)


@pytest.mark.parametrize("product", HOSTILE)
def test_a_product_is_found_by_its_name_whatever_that_is(
    tight: Outcome, tight_run: Path, product: str
) -> None:
    """Also where the tables had to escape it."""
    story = explain(tight_run, product)
    finding = next(f for f in tight.findings if f.unique_id == product)
    assert story.title.startswith(product)
    assert finding.reason in story.lines[0]
    assert story.lines[0].lower().startswith(finding.status.value)


def test_who_advised_and_what_space_took_is_told(tight: Outcome, tight_run: Path) -> None:
    """Stage by stage, as the tables have it."""
    story = explain(tight_run, HOSTILE[0])
    assert str(tight.advised.source[0]) in words(story)
    safety = story.sheets[0]
    assert len(safety.rows) == len(tight.problem.scenario.network)
    for m, row in enumerate(safety.rows):
        assert row[0] == tight.problem.scenario.network.names[m]
        assert row[1] == number(float(f"{tight.advised.z[m, 0]:.10g}"))
    cut = tight.advised.units[0, 0] - tight.z_reconciled[0, 0] * tight.advised.sigma[0, 0]
    if cut > 0.01 * abs(tight.advised.units[0, 0]):
        assert f"takes {number(float(cut))} at" in words(story)


def test_every_stage_says_what_it_does_today(tight: Outcome, tight_run: Path) -> None:
    """What it orders, from whom and why; or why it orders nothing."""
    network, shipments = tight.problem.scenario.network, tight.planned.plan.shipments
    for k, product in enumerate(HOSTILE):
        story = explain(tight_run, product)
        for m, name in enumerate(network.names):
            (said,) = [line for line in story.lines if line.startswith(f"Today {name} orders")]
            units = shipments[0, m, k]
            if units > 1e-9:
                assert f"orders {number(float(units))} from {network.supplier_of(m)}" in said
                assert "order-up-to" in said
            else:
                assert "orders nothing" in said


def test_the_promise_day_by_day_is_the_plan(tight: Outcome, tight_run: Path) -> None:
    """Stock and shipments of every stage."""
    plan = tight.planned.plan
    sheet = explain(tight_run, HOSTILE[1]).sheets[-1]
    assert len(sheet.rows) == tight.problem.horizon
    stages = len(tight.problem.scenario.network)
    for t, row in enumerate(sheet.rows):
        stock = [number(float(f"{plan.on_hand[t, m, 1]:.6g}")) for m in range(stages)]
        assert list(row[4 : 4 + stages]) == stock


def test_the_futures_are_told_as_they_were(tight: Outcome, tight_run: Path) -> None:
    """Fill rate, risk and money of this product alone."""
    kpis = tight.happened[OURS]
    said = words(explain(tight_run, HOSTILE[0]))
    assert f"{percent(float(kpis.product_fill_rate[0]))} of demand at once" in said
    assert counted(len(kpis.served), "sampled future") in said


def test_free_space_takes_nothing(roomy_run: Path) -> None:
    """Then the story does not speak of prices; and nothing is missed that need not be."""
    story = explain(roomy_run, "B")
    assert "price of space" not in words(story)
    assert "all are served" in words(story)


def test_orders_ahead_are_told_in_numbers(roomy: Outcome, roomy_run: Path) -> None:
    """The next ones, each with its position and level; the title counts the others."""
    sheet = next(s for s in explain(roomy_run, "C").sheets if s.title.startswith("The next"))
    shipments, level = roomy.planned.plan.shipments[..., 2], roomy.planned.level[..., 2]
    lines = np.argwhere(shipments > 1e-9)
    assert len(sheet.rows) == min(len(lines), 10)
    assert ("more" in sheet.title) == (len(lines) > 10)
    names = roomy.problem.scenario.network.names
    for (t, m), row in zip(lines, sheet.rows, strict=False):
        when = roomy.problem.scenario.start + timedelta(days=int(t))
        assert row[:2] == (day(when), names[m])
        assert row[3] == number(float(f"{shipments[t, m]:.10g}"))
        assert row[5] == number(float(f"{level[t, m] - shipments[t, m]:.6g}"))


def test_an_unknown_product_is_refused_with_the_nearest_names(
    plan: Planner, tmp_path: Path
) -> None:
    """In one sentence, as a wrong option is."""
    run = written(plan(("Tea 100 g", "Tea 200 g", "Soap")), tmp_path / "run")
    with pytest.raises(ConfigurationError, match=r"no product 'tea 100g'; 'Tea 100 g' or") as told:
        explain(run, "tea 100g")
    assert told.value.exit_code == 2
    with pytest.raises(ConfigurationError, match=r"no product 'zzz'$"):
        explain(run, "zzz")


def test_what_is_no_run_is_refused(tmp_path: Path, roomy_run: Path) -> None:
    """A folder without a manifest; a manifest that is damaged; a table that is missing."""
    with pytest.raises(ConfigurationError, match=r"is not a run folder \(it has no manifest"):
        explain(tmp_path, "A")
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"manifest\.json: damaged"):
        explain(tmp_path, "A")
    manifest = (roomy_run / "manifest.json").read_text(encoding="utf-8")
    (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")
    with pytest.raises(DataError, match=r"exceptions\.csv: cannot be read"):
        explain(tmp_path, "A")


def test_only_the_folder_is_read(tight: Outcome, tight_run: Path) -> None:
    """The records are the rows of the product, whatever else the tables hold."""
    records = read_records(tight_run, HOSTILE[2])
    assert json.loads(json.dumps(records.manifest)) == {
        "horizon": tight.problem.horizon,
        "start": tight.problem.scenario.start.isoformat(),
        "conflicts": [],
    }
    lines = int((tight.planned.plan.shipments[..., 2] > 1e-9).sum())
    assert len(records.orders) == lines
    assert {row["unique_id"] for row in records.orders} == {f"'{HOSTILE[2]}"}
    assert records.stages == tight.problem.scenario.network.names


def test_terms_of_the_product_that_clashed_are_told(tight: Outcome, tmp_path: Path) -> None:
    """And those of other products are not."""
    clash = Conflict(("a lock", "the largest order"), (HOSTILE[1],), "the lock of 5 May goes first")
    run = written(replace(tight, conflicts=(clash,)), tmp_path / "run")
    assert "The lock of 5 May goes first." in explain(run, HOSTILE[1]).lines
    assert "The lock of 5 May goes first." not in explain(run, HOSTILE[0]).lines
