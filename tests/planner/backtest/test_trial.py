"""A whole backtest, from sales to a folder."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from data.errors import ConfigurationError, PlannerError
from data.network import Network, Stage
from data.sales import Sales
from planner.backtest.commands import register
from planner.backtest.fallback import fallback, trust
from planner.backtest.money import ALL, Ledger
from planner.backtest.past import Span
from planner.backtest.reader import Days, spans_of
from planner.backtest.told import days_told, fallback_told, tables, trust_told
from planner.backtest.trial import (
    BASE_STOCK,
    BOUND,
    LEARNT,
    OURS,
    TEXTBOOK,
    TIGHT,
    UNLIMITED,
    Found,
    Setting,
    backtest,
)
from planner.trust import read_trust
from tests.planner.backtest.conftest import past_with, sales_of, weekday_means

VALIDATE = Span(date(2026, 3, 1), date(2026, 4, 15))
TEST = Span(date(2026, 4, 16), date(2026, 6, 30))
THREE = Network(
    (Stage("shelf", 1), Stage("depot", 1, holding_share=0.7), Stage("port", 2, holding_share=0.4)),
    "maker",
)


@pytest.fixture(scope="module")
def found() -> Found:
    """Ten products through three stages, with room for everything and tight."""
    rng = np.random.default_rng(3)
    units = rng.poisson(np.geomspace(1, 15, 10), (181, 10)).astype(float)
    past = past_with(units, network=THREE)
    return backtest(past, Setting(VALIDATE, TEST), weekday_means)


def test_every_rule_meets_the_same_demand(found: Found) -> None:
    """In both cases, to the unit; and whoever knew all demand pays least."""
    for accounts in found.accounts.values():
        bound = accounts[BOUND].by_product
        for account in accounts.values():
            np.testing.assert_array_equal(account.demand, accounts[OURS].demand)
            assert (bound <= account.by_product + 1e-9).all()


def test_tight_space_is_between_the_flow_and_what_ours_would_use(found: Found) -> None:
    """So overflow is paid there and nowhere else, and is less if space has a price."""
    room = found.networks[TIGHT].storage_capacity
    assert np.isfinite(room).all()
    free = found.accounts[UNLIMITED][OURS]
    assert (np.quantile(free.space, 0.95, axis=0) > room * 0.9).all()
    assert free.overflow.sum() == 0
    tight = found.accounts[TIGHT]
    assert tight[OURS].overflow.sum() < tight["ours, space ignored"].overflow.sum()


def test_lines_add_up_and_the_reference_costs_itself(found: Found) -> None:
    """The parts by class and by kind are the whole, and the reference has ratio 1."""
    ledger = Ledger(found, UNLIMITED, resamples=200)
    lines = list(ledger.lines())
    whole = {line.rule: line for line in lines if line.part == ALL}
    assert whole[BASE_STOCK].against.value == whole[BASE_STOCK].against.high == 1
    for rule in (OURS, TEXTBOOK):
        kinds = [line.cost for line in lines if line.rule == rule and not line.part.startswith("r")]
        np.testing.assert_allclose(sum(kinds) - whole[rule].cost, whole[rule].cost)
        np.testing.assert_allclose(sum(whole[rule].terms), whole[rule].cost)
        assert whole[rule].against.low <= whole[rule].against.value <= whole[rule].against.high


def test_trust_says_something_of_every_product(found: Found) -> None:
    """With costs of both, and safety factors that a plan can use."""
    said = trust(found)
    assert sum(said.counted.values()) == 10
    assert said.z.shape == said.added.shape == (3, 10)
    days = (TEST.last - TEST.first).days + 1
    learnt = found.accounts[UNLIMITED][LEARNT].by_product
    np.testing.assert_allclose(said.learnt_cost, learnt / days)
    assert (said.low <= said.high).all()


def test_the_fallback_is_judged_before_it_is_measured(found: Found) -> None:
    """On days that do not overlap; it changes nothing where nobody has lost."""
    fell_back = fallback(found)
    assert fell_back is not None
    assert fell_back.judged.last < fell_back.measured.first
    assert fell_back.measured.last == TEST.last
    if not fell_back.verdicts["not earned"]:
        assert fell_back.against_ours.value == 1
    assert fallback(_of_one_month(found)) is None


def _of_one_month(found: Found) -> Found:
    setting = replace(found.setting, test=Span(date(2026, 6, 1), date(2026, 6, 30)))
    return replace(found, setting=setting)


def test_what_is_told_names_every_rule(found: Found) -> None:
    """Losses like wins: the table has a row for each, the sentences have no gaps."""
    sheets = list(tables(found))
    assert len(sheets) == 4
    for case, sheet in zip((UNLIMITED, TIGHT), sheets[::2], strict=True):
        assert [row[0] for row in sheet.rows] == list(found.accounts[case])
    said = [*days_told(found), *trust_told(trust(found)), *fallback_told(fallback(found))]
    assert "10 products, tried 2026-04-16 to 2026-06-30" in said[0]
    assert all(line.endswith(".") for line in said)


def sales_over(days: int, first: date = date(2024, 1, 1)) -> Sales:
    """One product's steady sales."""
    return replace(sales_of(np.ones((days, 1))), first=first)


def test_days_are_chosen_by_how_much_history_there_is() -> None:
    """Five months tried and six tuned on where there are enough, fewer where there are not."""
    validate, test = spans_of(sales_over(731), Days())
    assert test == Span(date(2025, 8, 1), date(2025, 12, 31))
    assert validate == Span(date(2025, 2, 1), date(2025, 7, 31))
    validate, test = spans_of(sales_over(182), Days())
    assert (validate.first, test.first, test.last) == (
        date(2024, 4, 1),
        date(2024, 6, 1),
        date(2024, 6, 30),
    )
    validate, test = spans_of(sales_over(731), Days(date(2025, 3, 10), date(2025, 4, 2)))
    assert test == Span(date(2025, 3, 10), date(2025, 4, 2))
    assert validate.last == date(2025, 3, 9)


@pytest.mark.parametrize(
    ("days", "asked"),
    [
        (100, Days()),
        (731, Days(date(2024, 2, 1), date(2024, 3, 1))),
        (731, Days(date(2025, 3, 1), date(2026, 3, 1))),
        (731, Days(date(2025, 3, 1), date(2025, 4, 1), date(2025, 5, 1))),
    ],
)
def test_days_that_cannot_be_tried_are_refused(days: int, asked: Days) -> None:
    """In a sentence that says what there is."""
    with pytest.raises(ConfigurationError, match="sales"):
        spans_of(sales_over(days), asked)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sales of four products over eight months, their costs, and what people ordered."""
    rng = np.random.default_rng(5)
    days = np.arange(np.datetime64("2026-01-01"), np.datetime64("2026-09-01"))
    with (tmp_path / "sales.csv").open("w") as file:
        file.write("unique_id,ds,y\n")
        for k, mean in enumerate((2, 5, 9, 14)):
            for day, units in zip(days, rng.poisson(mean, len(days)), strict=True):
                file.write(f"P{k},{day},{units}\n")
    costs = "".join(f"P{k},{20 + 10 * k},1\n" for k in range(4))
    (tmp_path / "products.csv").write_text(f"unique_id,missed_sale_cost,holding_cost\n{costs}")
    lines = "".join(f"P{k},0,2026-08-03,40\n" for k in range(4))
    (tmp_path / "orders.csv").write_text(f"unique_id,stage,ds,quantity\n{lines}")
    return tmp_path


def run(*options: str):  # type: ignore[no-untyped-def]
    """The command, in this process."""
    app = typer.Typer()
    register(app)
    return CliRunner().invoke(app, list(options))


def test_the_command_writes_a_whole_folder(folder: Path) -> None:
    """With a row per rule and month, trust that can be read back, and people's orders beside."""
    out = folder / "tried"
    options = ["--from", "2026-08-01", "--to", "2026-08-31", "--validate-from", "2026-06-01"]
    options += ["--orders", str(folder / "orders.csv"), "--out", str(out), "--workers", "1"]
    ended = run("--sales", str(folder / "sales.csv"), "--capacity", "unlimited", *options)
    assert ended.exit_code == 0, ended.output
    assert ended.output.count(OURS) > 1
    with (out / "months.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["month"] for row in rows} == {"2026-08"}
    assert {OURS, BASE_STOCK, "as ordered", BOUND} <= {row["rule"] for row in rows}
    assert len(read_trust(out / "trust.csv").unique_id) == 4
    told = (out / "backtest.html").read_text()
    assert "4 products, 1 Aug 2026 to 31 Aug 2026" in told
    assert "<script" not in told
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["tested"] == "2026-08-01 to 2026-08-31"
    assert [source["table"] for source in manifest["inputs"]][:2] == ["sales", "products"]
    again = run("--sales", str(folder / "sales.csv"), *options)
    assert isinstance(again.exception, ConfigurationError)
    assert "--overwrite" in str(again.exception)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "July"], "--from is 'July'"),
        (["--capacity", "plenty"], "--capacity is 'plenty'"),
        (["--capacity", "network"], "no stage of the chain has a storage_capacity"),
        (["--map", "y"], "expected OURS=THEIRS"),
    ],
)
def test_a_bad_option_is_refused_in_a_sentence(folder: Path, options: list[str], said: str) -> None:
    """Before anything is tried."""
    ended = run("--sales", str(folder / "sales.csv"), "--out", str(folder / "x"), *options)
    assert isinstance(ended.exception, PlannerError)
    assert said in str(ended.exception)
    assert not (folder / "x").exists()
