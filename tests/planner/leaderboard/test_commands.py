"""`planner leaderboard` writes an example, runs submissions and shows who leads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
import typer
from typer.testing import CliRunner

from data.errors import ConfigurationError
from planner.leaderboard import commands, trial
from planner.leaderboard.cage import LAYERS
from tests.planner.leaderboard.conftest import GOOD, answering

app = typer.Typer()
commands.register(app)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A wide screen, few scenarios, and a store and a folder of their own."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "planner.db"))
    monkeypatch.chdir(tmp_path)
    courses = {name: replace(one, scenarios=3) for name, one in trial.COURSES.items()}
    monkeypatch.setattr(trial, "COURSES", MappingProxyType(courses))


def said(*words: str, code: int = 0) -> str:
    """What a command prints."""
    ended = CliRunner().invoke(app, ["leaderboard", *words], catch_exceptions=False)
    assert ended.exit_code == code, ended.output
    return ended.output


def test_the_example_is_a_submission_that_ranks(tmp_path: Path) -> None:
    """As good as the house's rule of the same numbers; shown again by `show`."""
    said("example", "mine.py")
    printed = said("submit", "mine.py", "--weak")
    rows = [line for line in printed.splitlines() if "mine" in line or "(s, S)" in line]
    assert len(rows) == 2
    assert len({row.split("tuned")[-1].split("mine")[-1].split()[0] for row in rows}) == 1
    shown = said("show")
    assert [line for line in shown.splitlines() if "mine" in line]
    assert "mine" not in said("show", "--course", "year")


def test_a_stopped_submission_is_said_and_kept(tmp_path: Path) -> None:
    """Exit code 1, the reason, and a line without a rank."""
    Path("bad.py").write_text(answering("[1][2]"))
    printed = said("submit", "bad.py", "--name", "[red]mine", "--weak", code=1)
    assert "[red]mine was stopped (crashed): IndexError" in printed
    assert "crashed" in said("show")


def test_what_is_not_restricted_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --weak it is refused, before a line of the submission is run."""
    Path("good.py").write_text(GOOD)
    layers = dict.fromkeys(LAYERS, True) | {"files": False}
    monkeypatch.setattr(trial.Child, "begin", _with_layers(trial.Child.begin, layers))
    assert "not restricted on this machine: files" in said("submit", "good.py", "--weak")
    with pytest.raises(ConfigurationError, match=r"files cannot be restricted here.*--weak"):
        said("submit", "good.py")


def _with_layers(begin, layers):  # type: ignore[no-untyped-def] # wraps a method as it is
    def pretended(self) -> None:  # type: ignore[no-untyped-def] # the method's own signature
        begin(self)
        self.layers = layers

    return pretended


def test_an_example_replaces_nothing() -> None:
    """A file that is there stays."""
    Path("policy.py").write_text("mine")
    with pytest.raises(ConfigurationError, match="exists already"):
        said("example")
    assert Path("policy.py").read_text() == "mine"


def test_a_store_that_is_switched_off_is_no_place_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """PLANNER_STORE=none keeps plans from being recorded; a leaderboard needs a store."""
    monkeypatch.setenv("PLANNER_STORE", "none")
    with pytest.raises(ConfigurationError, match="give a store with --store"):
        said("show")
