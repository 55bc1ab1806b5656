"""The whole way from sales to a plan, in one command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from data.errors import ConfigurationError
from data.sample import write_sample
from planner.trust import read_trust


def test_sales_become_tables_a_forecast_a_backtest_and_a_plan(tmp_path: Path) -> None:
    """Each step leaves its files; the plan reads the trust that the backtest found."""
    sample = tmp_path / "sample"
    write_sample(sample, products=6, days=30, seed=2, history=True)
    folder = tmp_path / "decisions"
    command = ["decide", "--sales", str(sample / "sales.parquet"), "--folder", str(folder)]
    command += ["--days", "40", "--horizon", "5", "--from", "2026-11-01", "--to", "2026-12-31"]
    command += ["--validate-from", "2026-08-01"]
    ended = CliRunner().invoke(app, command, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    assert "begins with empty shelves" in " ".join(ended.output.split())
    for name in ("products.csv", "network.toml", "forecast.csv", "trust.csv"):
        assert (folder / name).is_file()
    assert (folder / "backtest" / "backtest.csv").is_file()
    manifest = json.loads((folder / "plan" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["products"] == len(read_trust(folder / "trust.csv").unique_id) == 6
    assert "trust" in {entry["table"] for entry in manifest["inputs"]}

    again = CliRunner().invoke(
        app,
        [*command, "--stock", str(sample / "stock.csv")],
        catch_exceptions=False,
    )
    assert again.exit_code == 0, again.output
    assert "empty shelves" not in " ".join(again.output.split())
    after = json.loads((folder / "plan" / "manifest.json").read_text(encoding="utf-8"))
    assert after["fill_rate"] > manifest["fill_rate"]


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    """Before any work is done, in one sentence."""
    taken = tmp_path / "taken"
    taken.write_text("mine", encoding="utf-8")
    command = ["decide", "--sales", "sales.csv", "--folder", str(taken)]
    with pytest.raises(ConfigurationError, match="is a file"):
        CliRunner().invoke(app, command, catch_exceptions=False)
    assert taken.read_text(encoding="utf-8") == "mine"
