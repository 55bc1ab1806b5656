"""Whatever is sent, people get a sentence and a list, never a traceback and never half a run."""

from __future__ import annotations

import csv
import os
import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from data.errors import ConfigurationError, PlannerError
from planner.forecasting.commands import register as register_forecast
from planner.plan_commands import register as register_plan
from planner.table_commands import register as register_tables

from .binary import BOOK
from .builders import FORECAST, SALES, TABLES, UNPACKED, Case, workbook
from .corpus import CASES, NETWORKS, PAST

ROOT = Path(__file__).parents[2]
FAST = ("--horizon", "3", "--paths", "2", "--no-report", "--engine", "alone", "--out", "run")
app = typer.Typer()
register_tables(app)
register_plan(app)
register_forecast(app)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A valid folder of tables, in an empty place to work."""
    tables = tmp_path / "tables"
    tables.mkdir()
    (tmp_path / "desk").mkdir()
    monkeypatch.chdir(tmp_path / "desk")
    # A bomb of a gigabyte would take longer to pack than all other cases together.
    monkeypatch.setattr("data.excel.LARGEST_UNPACKED", UNPACKED - 1)
    restore(tables)
    return tables


def restore(folder: Path) -> None:
    """Makes the folder valid again."""
    for name, contents in TABLES.items():
        (folder / name).write_text(contents, encoding="utf-8")


def damage(folder: Path, files: dict[str, bytes | None]) -> None:
    """Replaces files, or takes them away."""
    for name, contents in files.items():
        if contents is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(contents)


def run(*words: object) -> tuple[int, str]:
    """Exit code and all that was said, as the command line would end and say it."""
    ended = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(ended.exception, PlannerError):
        return ended.exception.exit_code, ended.output + str(ended.exception)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return ended.exit_code, ended.output


def validated(folder: Path, *options: str) -> tuple[int, str]:
    """`planner validate` of the whole folder."""
    sales = ("--sales", folder / "sales.csv")
    return run("validate", "--products", folder, *sales, *options)


def check_list(path: Path) -> None:
    """The list of issues is a table that no spreadsheet takes for formulas."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][0] == "severity"
    assert len(rows) > 1
    for row in rows:
        assert len(row) == 8
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row)


def test_the_corpus_is_large_and_every_case_has_a_name_of_its_own() -> None:
    """A case that replaces another unseen would be lost."""
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)


def test_the_folder_is_valid_before_it_is_damaged(folder: Path) -> None:
    """Otherwise a refusal would prove nothing."""
    code, said = validated(folder, "--strict")
    assert code == 0, said
    assert "3 of 3 products can be planned from 2027-01-04 for 8 days." in " ".join(said.split())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_ends_as_it_should_and_says_why(folder: Path, case: Case) -> None:
    """The exit code is right, a sentence names the reason, and the list is written."""
    damage(folder, case.files)
    code, said = validated(folder, *case.options)
    assert code == case.code, said
    assert case.says.lower() in said.lower()
    assert all(letter.isprintable() or letter in "\n\u202f" for letter in said)
    assert max(map(len, said.splitlines())) < 3000
    if code != ConfigurationError.exit_code:
        check_list(Path("data_issues.csv"))


PLANNED = [case for case in CASES if case not in (*PAST, *NETWORKS)][::9]


@pytest.mark.parametrize("case", PLANNED, ids=lambda case: case.name)
def test_a_plan_ends_as_its_validation_said(folder: Path, case: Case) -> None:
    """What validates is planned, and what does not leaves no run behind."""
    damage(folder, case.files)
    code, said = run("plan", "--products", folder, *FAST)
    assert code == case.code, said
    assert (Path("run") / "orders.csv").exists() == (code == 0)
    assert [path.name for path in Path().iterdir() if path.name.startswith(".")] == []


SMALL = [case for case in PAST if len(case.files["sales.csv"] or b"") < 100_000]


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_a_forecast_ends_as_its_validation_said(folder: Path, case: Case) -> None:
    """What can be learnt from is, and what cannot leaves no forecast behind."""
    damage(folder, case.files)
    options = ("--out", "forecast.csv", "--days", "5", "--quiet")
    code, said = run("forecast", "--sales", folder / "sales.csv", *options)
    assert code == case.code, said
    assert Path("forecast.csv").exists() == (code == 0)


def ended(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command line as a process of its own."""
    return subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), *words],
        cwd=Path(),
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", ["garbage", "a workbook cut in two", "terminal commands"])
def test_the_program_itself_ends_with_a_sentence(folder: Path, name: str) -> None:
    """Nothing between the shell and the reader shows a traceback, either."""
    (case,) = (case for case in CASES if case.name == name)
    damage(folder, case.files)
    end = ended(folder, "plan", "--products", str(folder), *FAST)
    assert end.returncode == case.code, end.stderr
    assert "Traceback" not in end.stderr
    assert "\x1b" not in end.stdout + end.stderr
    if case.code:
        assert end.stderr.startswith("planner: ")


def make_folder(path: Path) -> None:
    """A folder in the file's place."""
    path.mkdir()


def make_loop(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path)


def make_dangling(path: Path) -> None:
    """A link to nothing."""
    path.symlink_to(path.parent / "nowhere")


def make_closed(path: Path) -> None:
    """A file that may not be read."""
    path.write_text("unique_id\n")
    path.chmod(0)


@pytest.mark.parametrize("make", [make_folder, make_loop, make_dangling, os.mkfifo])
def test_what_is_no_file_is_said(folder: Path, make: Callable[[Path], None]) -> None:
    """A folder, a loop, a dangling link or a pipe: none is waited for."""
    (folder / "stock.csv").unlink()
    make(folder / "stock.csv")
    code, said = validated(folder, "--stock", str(folder / "stock.csv"))
    assert code == 3
    assert "stock.csv: " in said


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_said(folder: Path) -> None:
    """Permissions are named as such."""
    (folder / "stock.csv").unlink()
    make_closed(folder / "stock.csv")
    code, said = validated(folder)
    assert code == 3
    assert "cannot be opened (Permission denied)" in said


def test_a_link_to_a_table_is_a_table(folder: Path) -> None:
    """Links are followed."""
    (folder / "stock.csv").rename(folder.parent / "elsewhere.csv")
    (folder / "stock.csv").symlink_to(folder.parent / "elsewhere.csv")
    assert validated(folder)[0] == 0


def test_the_list_can_be_put_elsewhere_or_the_place_is_named(folder: Path) -> None:
    """An --out that cannot be written is a bad option."""
    (folder / "stock.csv").write_text("nothing")
    assert validated(folder, "--out", "list.csv")[0] == 3
    check_list(Path("list.csv"))
    code, said = validated(folder, "--out", "no/such/folder/list.csv")
    assert code == 2
    assert "--out no/such/folder/list.csv cannot be written" in said


PIECES = st.one_of(
    st.binary(max_size=12),
    st.text(string.printable, max_size=12).map(str.encode),
    st.text(max_size=6).map(lambda word: word.encode("utf-8", "surrogatepass")),
    st.sampled_from((b"\n", b",", b";", b"|", b'"', b"\r\n", b"-", b"nan", b"1e309", b"\x00")),
)
DAMAGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), PIECES), min_size=1, max_size=5)
fuzzed = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@fuzzed
@given(name=st.sampled_from(sorted(TABLES)), cuts=DAMAGES, skip=st.booleans())
def test_any_damage_to_bytes_ends_in_a_sentence(
    folder: Path, name: str, cuts: list[tuple[float, int, bytes]], skip: bool
) -> None:
    """Of every table, with and without leaving products out."""
    restore(folder)
    contents = TABLES[name].encode()
    for place, length, piece in cuts:
        at = int(place * len(contents))
        contents = contents[:at] + piece + contents[at + length :]
    (folder / name).write_bytes(contents)
    code, said = validated(folder, *(["--skip-bad"] if skip else []))
    assert code in (0, 3), said
    assert said.strip()


CELLS = st.one_of(
    st.text(max_size=8),
    st.floats().map(repr),
    st.integers().map(str),
    st.dates().map(str),
    st.sampled_from(("", " ", "0", "-1", "1e9", "2027-01-05", "05.01.2027", "46418", "1,5", "x")),
)


@fuzzed
@given(
    name=st.sampled_from(sorted(TABLES)),
    cells=st.lists(
        st.tuples(st.integers(0, 120), st.integers(0, 3), CELLS), min_size=1, max_size=8
    ),
)
def test_any_cell_or_header_ends_in_a_sentence(
    folder: Path, name: str, cells: list[tuple[int, int, str]]
) -> None:
    """Whatever stands in any cell of any table, the header included."""
    restore(folder)
    rows = [line.split(",") for line in TABLES[name].splitlines()]
    for row, column, cell in cells:
        chosen = rows[row % len(rows)]
        chosen[column % len(chosen)] = cell
    contents = "\n".join(map(",".join, rows)).encode("utf-8", "surrogatepass")
    (folder / name).write_bytes(contents)
    code, said = validated(folder)
    assert code in (0, 3), said


@fuzzed
@given(
    cells=st.lists(
        st.tuples(
            st.integers(0, 24),
            st.integers(0, 5),
            st.one_of(
                st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=8),
                st.floats(allow_nan=False, allow_infinity=False),
                st.booleans(),
                st.datetimes(),
                st.times(),
                st.none(),
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_cell_of_a_workbook_ends_in_a_sentence(
    folder: Path, cells: list[tuple[int, int, object]]
) -> None:
    """Numbers where names should be, times where numbers should."""
    restore(folder)
    rows: list[list[object]] = [list(line.split(",")) for line in FORECAST.splitlines()]
    for row, column, cell in cells:
        chosen = rows[row % len(rows)]
        chosen += [None] * (column + 1 - len(chosen))
        chosen[column] = cell
    (folder / "forecast.csv").write_bytes(workbook({"forecast": rows}))
    code, said = validated(folder)
    assert code in (0, 3), said


@fuzzed
@given(cuts=DAMAGES)
def test_any_damage_to_a_workbook_is_refused_or_does_no_harm(
    folder: Path, cuts: list[tuple[float, int, bytes]]
) -> None:
    """An archive that is not whole ends in a sentence."""
    restore(folder)
    contents = BOOK
    for place, length, piece in cuts:
        at = int(place * len(contents))
        contents = contents[:at] + piece + contents[at + length :]
    (folder / "forecast.csv").write_bytes(contents)
    code, said = validated(folder)
    assert code in (0, 3), said


def test_sales_alone_can_be_validated(folder: Path) -> None:
    """Without a forecast there is nothing to plan, and nothing is said of it."""
    (folder / "sales.csv").write_text(SALES, encoding="utf-8")
    code, said = run("validate", "--sales", folder / "sales.csv")
    assert code == 0
    assert "planned" not in said
    assert "3 of 3 products have sales to learn from, on 40 days from 2026-11-25 on." in said
