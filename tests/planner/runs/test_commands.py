"""`planner runs` and `planner run` as a person meets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from data.errors import PlannerError
from planner.pipeline import Outcome, make
from planner.runs import again as again_module
from planner.runs import month as months
from planner.runs.store import open_store
from tests.planner.runs.conftest import Runs
from tests.planner.runs.desk import EAST, MONTH, made_desk
from tests.planner.runs.door import app

Said = tuple[int, str]
Door = Callable[..., Said]


@pytest.fixture
def door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Door:
    """Runs a command in an empty folder; gives its exit code and all it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLANNER_STORE", raising=False)

    def run(*words: object) -> Said:
        ended = CliRunner().invoke(app, list(map(str, words)))
        if isinstance(ended.exception, PlannerError):
            return ended.exception.exit_code, str(ended.exception)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.output
        return ended.exit_code, " ".join(ended.output.split())

    return run


@pytest.fixture
def recorded(door: Door, runs: Runs) -> list[str]:
    """Ids of two recorded runs."""
    folders = [runs("one", 1), runs("two", 2)]
    code, said = door("runs", "add", *folders)
    assert code == 0
    return said.split()


def test_every_command_has_an_example_and_help_for_every_option() -> None:
    """In its own words."""
    main = typer.main.get_command(app)
    commands = {"run": main.commands["run"], **main.commands["runs"].commands}
    assert set(commands) == {
        *("run", "list", "show", "add", "compare", "again", "approve", "approvals"),
    }
    for name, command in commands.items():
        assert "Example: planner run" in (command.help or ""), name
        for option in command.params:
            if option.name not in ("help", "before", "after"):
                assert getattr(option, "help", None), f"{name} {option.name}"


def test_runs_are_listed_and_shown(door: Door, recorded: list[str], tmp_path: Path) -> None:
    """With state, inputs, figures and history."""
    code, said = door("runs", "list")
    assert code == 0
    assert all(run_id in said for run_id in recorded)
    assert said.count("waiting") == 2
    door("runs", "approve", recorded[0], "--who", "Ann", "--note", "fine [bold]")
    _, said = door("runs", "list", "--state", "waiting", "--limit", 5)
    assert recorded[1] in said
    assert recorded[0] not in said
    code, said = door("runs", "show", tmp_path / "one")
    assert code == 0
    for words in (recorded[0], "approved", "forecast.csv", "a copy is kept", "fill rate", "Ann"):
        assert words in said
    assert "fine [bold]" in said
    with (tmp_path / "one" / "orders.csv").open("a", encoding="utf-8") as file:
        file.write("more\n")
    _, said = door("runs", "show", recorded[0])
    assert "Not as it was recorded: orders.csv was changed" in said


def test_an_empty_store_says_so(door: Door) -> None:
    """And how to fill it."""
    assert "no runs yet" in door("runs", "list")[1]
    assert "no decisions yet" in door("runs", "approvals")[1]
    assert door("runs", "list", "--state", "lost")[0] == 2


def test_adding_twice_adds_once(door: Door, recorded: list[str], tmp_path: Path) -> None:
    """The same id is printed."""
    assert door("runs", "add", tmp_path / "one") == (0, recorded[0])
    assert len(open_store(str(tmp_path / "runs" / "planner.db")).runs()) == 2
    code, said = door("runs", "add", tmp_path / "nowhere")
    assert code == 2
    assert "not a run folder" in said


def test_the_store_may_be_named_in_the_environment(
    door: Door, runs: Runs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An option goes before it; `none` is no store to work with."""
    monkeypatch.setenv("PLANNER_STORE", str(tmp_path / "here.db"))
    run_id = door("runs", "add", runs())[1]
    assert (tmp_path / "here.db").exists()
    assert not (tmp_path / "runs").exists()
    assert run_id in door("runs", "list")[1]
    assert "no runs yet" in door("runs", "list", "--store", tmp_path / "there.db")[1]
    monkeypatch.setenv("PLANNER_STORE", "none")
    assert door("runs", "list")[0] == 2


def test_a_run_is_approved_or_rejected_by_name(door: Door, recorded: list[str]) -> None:
    """All decisions are listed; nobody decides without a name."""
    assert door("runs", "approve", recorded[0])[0] == 2
    assert door("runs", "approve", recorded[0], "--who", " ")[0] == 2
    assert "approved by Ann" in door("runs", "approve", recorded[0], "--who", "Ann")[1]
    assert "rejected by Ben" in door("runs", "approve", recorded[0], "--who", "Ben", "--reject")[1]
    said = door("runs", "approvals")[1]
    assert said.index("Ann") < said.index("Ben")
    assert "no decisions yet" in door("runs", "approvals", recorded[1])[1]


def test_a_run_that_was_changed_cannot_be_approved(
    door: Door, recorded: list[str], tmp_path: Path
) -> None:
    """What is approved is what was recorded; it may be rejected."""
    (tmp_path / "one" / "orders.csv").unlink()
    code, said = door("runs", "approve", recorded[0], "--who", "Ann")
    assert code == 2
    assert "orders.csv is gone" in said
    assert door("runs", "approve", recorded[0], "--who", "Ann", "--reject")[0] == 0


def test_rules_may_decide(door: Door, recorded: list[str], tmp_path: Path) -> None:
    """What they leave to a person ends with code 4."""
    rules = tmp_path / "rules.toml"
    rules.write_text('mode = "by exception"\nurgent = 0\n', encoding="utf-8")
    code, said = door("runs", "approve", recorded[0], "--rules", rules)
    assert code == 4
    assert "waits for a person" in said
    rules.write_text('mode = "by exception"\nurgent = 99\n', encoding="utf-8")
    code, said = door("runs", "approve", recorded[0], "--rules", rules)
    assert code == 0
    assert "no rule speaks against it" in said
    assert door("runs", "approve", recorded[0], "--rules", rules, "--who", "Ann")[0] == 2


def test_two_runs_are_compared(door: Door, recorded: list[str], tmp_path: Path) -> None:
    """On the screen and, where asked, as tables."""
    code, said = door("runs", "compare", *recorded, "--out", tmp_path / "changes")
    assert code == 0
    for words in (*recorded, "same inputs", "seed: 1 → 2", "Key figures", "fill rate", "0 added"):
        assert words in said
    assert (tmp_path / "changes" / "order_changes.csv").exists()
    assert door("runs", "compare", *recorded, "--out", tmp_path / "changes")[0] == 2
    again = door("runs", "compare", *recorded, "--out", tmp_path / "changes", "--overwrite")
    assert again[0] == 0


def test_a_run_is_made_again(
    door: Door, runs: Runs, tight: Outcome, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The exit code says whether the same orders came out."""
    run_id = door("runs", "add", runs())[1]
    code, said = door("runs", "again", run_id, "--out", tmp_path / "again")
    assert code == 0
    assert "identical, byte by byte" in said

    def shorter(config: object, *words: object) -> Outcome:
        return make(tight.config.__class__(tight.config.forecast, horizon=3, paths=2))

    monkeypatch.setattr(again_module, "make", shorter)
    code, said = door("runs", "again", run_id, "--out", tmp_path / "other")
    assert code == 1
    assert "not the same" in said
    assert "dropped" in said


def test_a_batch_is_run_and_says_what_came_of_it(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tight: Outcome
) -> None:
    """What it would do, what it did, and that it is done already."""
    from dataclasses import replace

    made_desk(tmp_path, "", EAST)
    monkeypatch.setattr(months, "make", lambda config, tell: replace(tight, config=config))
    code, said = door("run", "--month", MONTH, "--dry-run")
    assert code == 0
    assert re.search(r"east: would be done; from \d inputs, into runs/2027-01/east", said)
    assert not (tmp_path / "runs" / MONTH).exists()
    code, said = door("run", "--month", MONTH)
    assert code == 0
    assert "east: begins" in said
    assert "east: done; run 2027-01-04-" in said
    code, said = door("run", "--month", MONTH, "--quiet")
    assert code == 0
    assert said.startswith("east: done already; run 2027-01-04-")
    assert door("run", "--month", "2027-13")[0] == 2
    assert door("run", "--month", MONTH, "--batch", "none.toml")[0] == 2
    (tmp_path / "file").touch()
    assert door("run", "--month", MONTH, "--out", "file")[0] == 2
    (tmp_path / "tables" / "forecast.csv").unlink()
    code, said = door("run", "--month", MONTH, "--quiet")
    assert code == 3
    assert "cannot be read" in said
