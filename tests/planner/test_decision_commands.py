"""`planner what-if`, `planner export` and `planner plan --dry-run`, as they are typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from data.errors import ConfigurationError, PlannerError
from data.sample import write_sample
from planner import decision_commands, pipeline, plan_commands
from planner.runs.store import open_store
from planner.soundness import UnsoundError

app = typer.Typer()
plan_commands.register(app)
decision_commands.register(app)

MAP = (
    '[[column]]\nname = "article"\nfrom = "unique_id"\n[[column]]\nname = "n"\nfrom = "quantity"\n'
)
SCENARIO = 'name = "[b]grows[/b]"\n[[capacity]]\nfactor = 2.0\n[[demand]]\nmean = 1.0\n'


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A screen that breaks no line, and an empty desk."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.delenv("PLANNER_STORE", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five products over fifteen days."""
    folder = tmp_path_factory.mktemp("tables")
    write_sample(folder, products=5, days=15, seed=4)
    return folder / "forecast.csv"


@pytest.fixture(scope="module")
def run(tables: Path, classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of them."""
    out = tmp_path_factory.mktemp("runs") / "one"
    said(*plan(tables, classes), "--out", str(out))
    return out


def plan(tables: Path, classes: Path) -> tuple[str, ...]:
    """A short plan."""
    options = ("--horizon", "8", "--paths", "2", "--no-report", "--brains", str(classes))
    return ("plan", "--products", str(tables), *options)


def said(*words: str, code: int = 0) -> str:
    """What a command prints."""
    ended = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert ended.exit_code == code, ended.output
    return ended.output


def refused(*words: str) -> str:
    """What a command is refused with."""
    with pytest.raises(PlannerError) as told:
        CliRunner().invoke(app, list(words), catch_exceptions=False)
    return str(told.value)


def test_a_dry_run_prints_and_writes_nothing(tables: Path, classes: Path, tmp_path: Path) -> None:
    """Products, files, advisers, who decides, time and memory."""
    text = said(*plan(tables, classes), "--dry-run")
    for part in ("5 products at 3 stages", "forecast.csv", "class brains 5", "It would take"):
        assert part in text
    assert "Nothing was solved" in text
    assert list(tmp_path.iterdir()) == []


def test_scenarios_are_compared_and_a_folder_is_left(
    tables: Path, classes: Path, tmp_path: Path
) -> None:
    """Side by side, with what touches nothing said; a name is text, not markup."""
    (tmp_path / "s.toml").write_text(SCENARIO, encoding="utf-8")
    words = ("what-if", "--products", str(tables), "--brains", str(classes), "--horizon", "8")
    words += ("--paths", "3", "--scenario", "s.toml", "--out", "study")
    text = said(*words)
    assert "[b]grows[/b]" in text
    assert "demand 1: touches nothing" in text
    assert "missed" in text, "a heading may be broken at its space"
    assert {path.name for path in Path("study").iterdir()} == {
        "what_if.csv",
        "what_if_products.csv",
        "what_if.html",
        "manifest.json",
    }
    assert "--overwrite" in refused(*words)
    assert said(*words, "--overwrite", "--quiet").strip() == "study"


def test_a_plan_takes_scenarios(tables: Path, classes: Path, tmp_path: Path) -> None:
    """And the manifest names their files."""
    (tmp_path / "s.toml").write_text(SCENARIO, encoding="utf-8")
    said(*plan(tables, classes), "--scenario", "s.toml", "--out", "run")
    manifest = json.loads(Path("run/manifest.json").read_text(encoding="utf-8"))
    assert "scenario 1" in [source["table"] for source in manifest["inputs"]]
    assert any("capacity 1" in line for line in manifest["assumed"])


def test_orders_are_exported(run: Path, tmp_path: Path) -> None:
    """All lines, or those of a stage; where they stand is printed."""
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    text = said("export", str(run), "--map", "map.toml", "--out", "orders.csv")
    assert "Written to orders.csv" in text
    lines = Path("orders.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len((run / "orders.csv").read_text(encoding="utf-8").splitlines())
    words = ("export", str(run), "--map", "map.toml", "--stage", "Los Angeles", "--quiet")
    assert said(*words, "--out", "top.csv").strip() == "top.csv"
    assert len(Path("top.csv").read_text(encoding="utf-8").splitlines()) < len(lines)
    assert "did you mean 'Los Angeles'" in refused(
        "export", str(run), "--map", "map.toml", "--stage", "los angeles", "--out", "x.csv"
    )


@pytest.fixture
def stored(tables: Path, classes: Path, tmp_path: Path) -> tuple[str, Path, str]:
    """A run that a store knows: the store, the folder, the id."""
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    out = tmp_path / "run"
    said(*plan(tables, classes), "--out", str(out))
    url = str(tmp_path / "planner.db")
    with open_store(url) as store:
        return url, out, store.record(out)


@pytest.mark.parametrize("by", ["folder", "id"])
def test_only_what_is_approved_is_exported_if_so_asked(
    stored: tuple[str, Path, str], by: str
) -> None:
    """Not before somebody did, not once it was rejected; by folder or by id."""
    url, folder, run_id = stored
    wanted = str(folder) if by == "folder" else run_id
    words = ("export", wanted, "--map", "map.toml", "--only", "approved", "--store", url)
    words += ("--out", "o.csv", "--overwrite")
    assert "nobody has decided about it" in refused(*words)
    assert not Path("o.csv").exists()
    with open_store(url) as store:
        store.approve(run_id, "Ada")
    assert "Written to o.csv" in said(*words)
    with open_store(url) as store:
        store.approve(run_id, "Ben", "rejected", "too much of P0001")
    assert "rejected by Ben" in refused(*words)


def test_orders_that_were_changed_after_approval_are_refused(
    stored: tuple[str, Path, str],
) -> None:
    """What was approved is no longer there."""
    url, folder, run_id = stored
    with open_store(url) as store:
        store.approve(run_id, "Ada")
    with (folder / "orders.csv").open("a", encoding="utf-8") as stream:
        stream.write("P9999,Port,China,2027-01-04,2027-01-08,1000000,,,0,0,0,0,0,0,0,0,0\n")
    words = ("export", str(folder), "--map", "map.toml", "--only", "approved", "--store", url)
    assert "orders.csv was changed" in refused(*words, "--out", "o.csv")
    assert not Path("o.csv").exists()


def test_options_that_cannot_be_meant_are_refused(run: Path, tmp_path: Path) -> None:
    """A state that is none, a map that is not there, a run that is none."""
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    assert "--only is 'draft'" in refused(
        "export", str(run), "--map", "map.toml", "--only", "draft"
    )
    assert "cannot be read" in refused("export", str(run), "--map", "none.toml")
    (tmp_path / "empty").mkdir()
    assert "is no run folder" in refused("export", "empty", "--map", "map.toml", "--out", "o.csv")


def test_stopped_products_end_in_exit_code_4(
    tables: Path, classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan of the others is written, and the screen names who was stopped."""
    true_check: Callable[..., None] = pipeline.check_plan

    def check(problem: object, advice: object, made: object) -> None:
        if len(problem.scenario.products) == 5:
            raise UnsoundError({1: "its planned units are not numbers"})
        true_check(problem, advice, made)

    monkeypatch.setattr(pipeline, "check_plan", check)
    text = said(*plan(tables, classes), "--out", "run", code=4)
    assert "1 product is not planned" in text
    assert "P0002,not planned" in Path("run/exceptions.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["what-if", "export"])
def test_every_command_explains_itself(command: str) -> None:
    """With an example, and a word on every option."""
    text = said(command, "--help")
    assert "Example" in text
    assert "--overwrite" in text


def test_a_scenario_is_needed(tables: Path) -> None:
    """Without one there is nothing to compare."""
    ended = CliRunner().invoke(app, ["what-if", "--products", str(tables)])
    assert ended.exit_code == 2
    with pytest.raises(ConfigurationError, match="cannot be read"):
        CliRunner().invoke(app, ["what-if", "--scenario", "none.toml"], catch_exceptions=False)
