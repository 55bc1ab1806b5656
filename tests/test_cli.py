"""The command line as a person meets it: what it prints, what it leaves behind, how it ends."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from data.sample import write_sample

ROOT = Path(__file__).parents[1]
FAST = ("--paths", "4", "--horizon", "10", "--no-report")


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    """A folder with the tables of six products over twenty days."""
    folder = tmp_path / "tables"
    write_sample(folder, products=6, days=20, seed=5)
    return folder


@pytest.fixture
def planner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs the command line in an empty folder; gives its exit code and all it printed."""
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["planner", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capfd.readouterr()
        return int(end.value.code or 0), " ".join((printed.out + printed.err).split())

    return run


def refused(run: Callable[..., tuple[int, str]], tables: Path, *options: str) -> str:
    """What a plan that must be refused prints: one sentence, exit code 3, nothing half done."""
    code, said = run("plan", "--products", tables / "forecast.csv", *FAST, *options)
    assert code == 3, said
    assert said.startswith("planner:")
    assert "Traceback" not in said
    assert not Path("runs").exists()
    return said


def edited(path: Path, edit: Callable[[list[str]], list[str]]) -> None:
    """Rewrites a table by its lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(edit(lines)) + "\n", encoding="utf-8")


def with_first_row(changed: str) -> Callable[[list[str]], list[str]]:
    """An edit that puts another first row in the table."""
    return lambda lines: [lines[0], changed, *lines[2:]]


def test_a_plan_leaves_a_whole_run_folder(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """Orders, safety stocks, exceptions, report and manifest stand in a folder named by the day."""
    code, said = planner("plan", "--products", tables / "forecast.csv", *FAST[:4])
    assert code == 0, said
    (run,) = Path("runs").iterdir()
    names = {path.name for path in run.iterdir()}
    assert names >= {"orders.csv", "safety_stock.csv", "exceptions.csv", "manifest.json"}
    assert "report.html" in names
    assert str(run) in said
    assert json.loads((run / "manifest.json").read_text())["products"] == 6


def test_two_plans_with_one_seed_order_the_same_to_the_byte(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """orders.csv depends on the tables, the options and the seed, and on nothing else."""
    for name in ("a", "b"):
        planner("plan", "--products", tables / "forecast.csv", *FAST, "--out", name)
    assert Path("a/orders.csv").read_bytes() == Path("b/orders.csv").read_bytes()


def test_a_missing_column_is_named_with_the_option_that_helps(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """The sentence names the column, what was found instead, and what to type."""
    edited(tables / "forecast.csv", lambda lines: ["unique_id,ds,Mean units,std", *lines[1:]])
    said = refused(planner, tables)
    assert "mean" in said
    assert "--map" in said


def test_an_unknown_product_is_left_out_with_a_reason(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """A product that products.csv does not know is not planned, and exceptions.csv says why."""
    edited(tables / "products.csv", lambda lines: [lines[0], *lines[2:]])
    code, said = planner("plan", "--products", tables / "forecast.csv", *FAST, "--out", "run")
    assert code == 0, said
    assert "1 product is not planned" in said
    first = Path("run/exceptions.csv").read_text().splitlines()[1]
    assert first.startswith("P0001,not planned,")
    assert "products.csv" in first


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("P0001,2027-01-04,5,-1", "std"),
        ("P0001,2027-01-04,nan,1", "mean"),
        ("P0001,2027-01-04,five,1", "mean"),
        ("P0001,2027-01-05,5,1", "same unique_id and ds"),
        ("P0001,2027-01-04,2000000000,1", "mean"),
    ],
    ids=["negative std", "NaN", "text", "duplicate day", "two thousand million units"],
)
def test_a_bad_value_is_one_sentence_and_a_list(
    planner: Callable[..., tuple[int, str]], tables: Path, row: str, word: str
) -> None:
    """The sentence says what is wrong; data_issues.csv says in which row."""
    edited(tables / "forecast.csv", with_first_row(row))
    said = refused(planner, tables)
    assert word in said
    assert "P0001" in Path("data_issues.csv").read_text()


def test_bad_products_can_be_left_out_instead(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """With --skip-bad the other products are planned, and the run says which one was not."""
    edited(tables / "forecast.csv", with_first_row("P0001,2027-01-04,5,-1"))
    code, said = planner(
        "plan", "--products", tables / "forecast.csv", *FAST, "--skip-bad", "--out", "run"
    )
    assert code == 0, said
    assert "not planned" in Path("run/exceptions.csv").read_text()


def test_a_wrong_encoding_is_said_with_the_option_that_helps(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """A Latin-1 file is not guessed at."""
    path = tables / "products.csv"
    path.write_bytes(path.read_bytes() + b"Caf\xe9,1,1\n")
    assert "--encoding" in refused(planner, tables)


def test_an_empty_file_is_said(planner: Callable[..., tuple[int, str]], tables: Path) -> None:
    """An empty forecast is no forecast."""
    (tables / "forecast.csv").write_text("")
    assert "empty" in refused(planner, tables)


def test_a_folder_in_place_of_a_table_is_said(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """A table that is a folder cannot be read."""
    (tables / "stock.csv").unlink()
    (tables / "stock.csv").mkdir()
    assert "folder" in refused(planner, tables)


def test_a_missing_file_is_said(planner: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    """The sentence names the file that was looked for."""
    code, said = planner("plan", "--products", tmp_path / "nowhere.csv")
    assert code == 3
    assert "nowhere.csv" in said


@pytest.mark.parametrize(
    "mend",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace(",", ";"),
        lambda text: "\n".join([text.split("\n")[0], *sorted(text.split("\n")[1:-1])[::-1], ""]),
    ],
    ids=["BOM", "CRLF", "semicolons", "rows out of order"],
)
def test_what_can_be_mended_without_guessing_changes_no_order(
    planner: Callable[..., tuple[int, str]], tables: Path, mend: Callable[[str], str]
) -> None:
    """The plan is the same to the byte as from the clean table."""
    path = tables / "forecast.csv"
    planner("plan", "--products", path, *FAST, "--out", "clean")
    text = path.read_text(encoding="utf-8")
    path.write_bytes(mend(text).encode("utf-8"))
    code, said = planner("plan", "--products", path, *FAST, "--out", "mended")
    assert code == 0, said
    assert Path("clean/orders.csv").read_bytes() == Path("mended/orders.csv").read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ("--horizon", "0"),
        ("--paths", "0"),
        ("--replay", "guess"),
        ("--law", "guess"),
        ("--map", "mean"),
        ("--map", "colour=Farbe"),
    ],
)
def test_a_bad_option_is_a_sentence_and_exit_code_2(
    planner: Callable[..., tuple[int, str]], tables: Path, words: tuple[str, ...]
) -> None:
    """Options are checked before any work begins."""
    code, said = planner("plan", "--products", tables / "forecast.csv", *words)
    assert code == 2, said
    assert said.startswith("planner:")
    assert not Path("runs").exists()


def test_a_run_is_never_overwritten_unasked(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """--out that stands already is refused; --overwrite replaces a run, and only a run."""
    words = ("plan", "--products", tables / "forecast.csv", *FAST, "--out", "run")
    assert planner(*words)[0] == 0
    assert planner(*words)[0] == 2
    assert planner(*words, "--overwrite")[0] == 0
    Path("mine").mkdir()
    Path("mine/letter.txt").write_text("dear")
    assert planner(*words[:-1], "mine", "--overwrite")[0] == 2
    assert Path("mine/letter.txt").read_text() == "dear"


def test_more_urgent_products_than_allowed_end_in_exit_code_4(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """The plan is written all the same."""
    edited(
        tables / "stock.csv",
        lambda lines: lines[:1] + [f"{x.rsplit(',', 1)[0]},0" for x in lines[1:]],
    )
    words = ("plan", "--products", tables / "forecast.csv", *FAST, "--out", "run")
    assert planner(*words, "--max-urgent", "0")[0] == 4
    assert Path("run/orders.csv").exists()


def test_init_writes_a_folder_that_can_be_planned(
    planner: Callable[..., tuple[int, str]],
) -> None:
    """`planner init` and `planner plan` follow on each other; a full folder is left alone."""
    assert planner("init", "trial", "--products", "4", "--days", "15")[0] == 0
    assert planner("plan", "--products", "trial/forecast.csv", *FAST)[0] == 0
    assert planner("init", "trial")[0] == 2


def test_an_unknown_benchmark_is_a_sentence(planner: Callable[..., tuple[int, str]]) -> None:
    """The sentence lists the benchmarks there are."""
    code, said = planner("bench", "everything")
    assert code == 2
    assert "capacity" in said


def test_training_without_a_class_is_a_sentence(planner: Callable[..., tuple[int, str]]) -> None:
    """A class has to be named."""
    code, said = planner("train")
    assert code == 2
    assert "--ratio" in said


@pytest.mark.parametrize("command", ["plan", "init", "train", "bench"])
def test_every_command_explains_itself(command: str) -> None:
    """Each has a help text with an example."""
    shown = CliRunner().invoke(cli.app, [command, "--help"])
    assert shown.exit_code == 0
    assert "Example" in shown.output


def test_the_console_script_runs(tmp_path: Path) -> None:
    """`python -m cli --help` works as a program of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "100"},
        check=False,
    )
    assert done.returncode == 0
    assert "plan" in done.stdout


def test_a_full_disk_is_a_sentence(
    planner: Callable[..., tuple[int, str]], tables: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system refuses is said in its own words, with the place; no run is half written."""

    def full(path: Path, content: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("planner.folder.write_json", full)
    code, said = planner("plan", "--products", tables / "forecast.csv", *FAST, "--out", "run")
    assert code == 1
    assert "No space left on device" in said
    assert not any(Path().iterdir())


def test_a_forecast_shorter_than_asked_for_is_said(
    planner: Callable[..., tuple[int, str]], tables: Path
) -> None:
    """Twenty days of forecast cannot be planned for thirty."""
    words = ("plan", "--products", tables / "forecast.csv", "--paths", "4", "--no-report")
    code, said = planner(*words)
    assert code == 0
    assert "over 20 days" in said
    assert "30 days were asked for" in said
