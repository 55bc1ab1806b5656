"""`planner explain` and `planner capacity` say what they know, and refuse in one sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from data.errors import ConfigurationError
from data.sample import write_sample
from planner import commands
from planner.explain import Sheet
from planner.folder import write_run
from planner.pipeline import Outcome
from planner.spoken_commands import plain
from tests.planner.conftest import HOSTILE

app = typer.Typer()
commands.register(app)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen that breaks no line."""
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture(scope="module")
def run(tight: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of products with hostile names."""
    out = tmp_path_factory.mktemp("runs") / "tight"
    return write_run(replace(tight, config=replace(tight.config, out=out, report=False)))


def said(*words: str) -> str:
    """What a command prints."""
    ended = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    return ended.output


@pytest.mark.parametrize("product", HOSTILE)
def test_explain_tells_a_product_whatever_it_is_called(run: Path, product: str) -> None:
    """Its name stands there as it is: no markup is taken from it."""
    text = said("explain", str(run), product)
    assert product in text
    assert "Safety stock" in text
    assert "Promised day by day" in text


def test_explain_shows_as_many_days_as_asked(run: Path) -> None:
    """And says how many are left."""
    told = said("explain", str(run), HOSTILE[1], "--days", "4")
    assert "10 more in the run folder" in " ".join(told.split()), "wherever its line is broken"


def test_explain_refuses_an_unknown_product_in_one_sentence(run: Path) -> None:
    """With exit code 2, as for any wrong word on the command line."""
    with pytest.raises(ConfigurationError, match="no product") as told:
        CliRunner().invoke(app, ["explain", str(run), "nobody"], catch_exceptions=False)
    assert told.value.exit_code == 2


def test_nothing_that_a_terminal_obeys_is_printed() -> None:
    """Escape sequences from a table become marks; brackets stay brackets."""
    assert plain("\x1b[31mred") == "\ufffd[31mred"
    assert plain("12\u202f345") == "12\u202f345"
    table = commands._table(Sheet("[bold]x[/bold]", ("a\x07",), (("[red]1[/red]",),)), 1)
    assert table.title == "\\[bold]x\\[/bold]"
    assert str(table.columns[0].header) == "a\ufffd"


def test_capacity_studies_the_tables_and_leaves_a_folder(tmp_path: Path) -> None:
    """Every stage of the sample chain, in words and in files; a second time it is in the way."""
    write_sample(tmp_path / "tables", products=4, days=20, seed=1)
    out = tmp_path / "study"
    options = ("--horizon", "16", "--paths", "2", "--out", str(out))
    tables = ("--products", str(tmp_path / "tables" / "forecast.csv"))
    text = said("capacity", *tables, *options)
    for stage in ("New York", "Tennessee", "Los Angeles"):
        assert f"{stage}: 10\u202f% more space" in text
    assert "In the model: " in text
    assert {path.name for path in out.iterdir()} == {
        "capacity.csv",
        "capacity.html",
        "manifest.json",
    }
    with pytest.raises(ConfigurationError, match="--overwrite"):
        CliRunner().invoke(app, ["capacity", *tables, *options], catch_exceptions=False)


def test_capacity_refuses_options_before_any_work(tmp_path: Path) -> None:
    """A way to answer prices that nobody knows."""
    with pytest.raises(ConfigurationError, match="--pricing is 'guessed', expected 'asked' or"):
        CliRunner().invoke(
            app,
            ["capacity", "--pricing", "guessed", "--out", str(tmp_path / "x")],
            catch_exceptions=False,
        )
