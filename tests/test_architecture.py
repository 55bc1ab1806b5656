"""Who may import whom, which library lives where, and how long a file may be."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from data.sample import write_sample

ROOT = Path(__file__).parents[1]
ROOMS = {
    "data": set(),
    "envs": {"data"},
    "brain": {"data", "envs"},
    "milp": {"data"},
    "planner": {"data", "envs", "brain", "milp"},
    "benchmarks": {"data", "envs", "brain", "milp", "planner"},
    "cli": {"data", "brain", "planner", "benchmarks"},
}
"""What each room may import besides itself."""
LIBRARIES = {
    "pandas": {"data"},
    "pandera": {"data"},
    "gymnasium": {"envs", "brain"},
    "torch": {"brain"},
    "filelock": {"brain", "planner"},
    "onnx": {"brain"},
    "stable_baselines3": {"brain"},
    "pyomo": {"milp"},
    "highspy": {"milp"},
    "jinja2": {"planner"},
    "plotly": {"planner"},
    "python_calamine": {"data"},
    "ray": {"planner"},
    "sqlalchemy": {"planner"},
    "statsforecast": {"planner"},
    "xlsxwriter": {"planner"},
    "typer": {"cli", "brain", "planner"},
    "rich": {"cli", "brain", "planner"},
}
"""Where heavy libraries may be imported; benchmarks may import what they compare with."""
TRAINING = {
    "brain/abreast.py",
    "brain/hindsight/money.py",
    "brain/hindsight/training.py",
    "brain/hindsight/twin.py",
    "brain/ppo.py",
    "brain/reference/lanes.py",
    "brain/reference/learners.py",
    "brain/vec_env.py",
}
"""The only files that learn, and so the only ones that need torch; `brain/training.py`, which
calls them, does not load it until it does."""
SPOKEN = "commands.py"
"""How the files of a room end that speak to people, where it has commands of its own."""
LONGEST_FILE = 400

FILES = sorted(
    path.relative_to(ROOT)
    for path in (ROOT / "cli.py", *(p for room in ROOMS for p in (ROOT / room).rglob("*.py")))
)
"""Every file of the project but its tests."""


@cache
def tree(file: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), str(file))


def room_of(file: Path) -> str:
    """The room a file is in; `cli` is a room of one file."""
    return file.parts[0].removesuffix(".py")


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Top names of all that a file imports, within functions too, with the line."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.partition(".")[0], node.lineno
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports relatively; name the room"
            yield (node.module or "").partition(".")[0], node.lineno
        elif isinstance(node, ast.Call) and _name(node.func) in ("import_module", "__import__"):
            words = node.args[0] if node.args else None
            if isinstance(words, ast.JoinedStr):
                words = words.values[0]
            if isinstance(words, ast.Constant):
                yield str(words.value).partition(".")[0], node.lineno


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def test_all_rooms_are_looked_at() -> None:
    """Each has files, so that a renamed room does not go unseen; no package is without rules."""
    assert {room_of(file) for file in FILES} == set(ROOMS)
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert packages == set(ROOMS) - {"cli"}


def test_every_package_is_installed() -> None:
    """A folder left out of the list of packages would be missed only by those who install it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for room in ROOMS
        for path in (ROOT / room).rglob("__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == packages


def test_every_file_that_may_learn_does() -> None:
    """A permission that nobody needs is taken back."""
    learning = {
        file.as_posix()
        for file in FILES
        if room_of(file) == "brain"
        and {name for name, _ in imports(file)} & {"torch", "stable_baselines3"}
    }
    assert learning == TRAINING


def test_every_arrow_between_rooms_is_in_use() -> None:
    """A permission that nobody needs is taken back; only benchmarks may import what they like."""
    used = {(room_of(file), name) for file in FILES for name, _ in imports(file) if name in ROOMS}
    for room, others in ROOMS.items():
        if room != "benchmarks":
            assert {other for other in others if (room, other) in used} == others, room


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_imports_only_from_the_rooms_below(file: Path) -> None:
    """No import goes up, and none goes round a corner."""
    room = room_of(file)
    for name, line in imports(file):
        if name in ROOMS and name != room:
            assert name in ROOMS[room], f"{file}:{line}: {room} may not import {name}"
        assert name != "tests", f"{file}:{line} imports a test"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_heavy_libraries_stay_in_their_rooms(file: Path) -> None:
    """Imports within functions count, too."""
    room = room_of(file)
    for name, line in imports(file):
        if name in LIBRARIES and room != "benchmarks":
            assert room in LIBRARIES[name], f"{file}:{line}: {name} has no place in {room}"
        if name in ("torch", "stable_baselines3") and room == "brain":
            assert file.as_posix() in TRAINING, f"{file}:{line}: only training needs {name}"
        if name in ("typer", "rich") and room != "cli":
            said = f"{file}:{line}: {name} belongs where people are spoken to"
            assert file.name.endswith(SPOKEN), said


@pytest.mark.parametrize("file", FILES, ids=str)
def test_no_file_is_too_long_to_be_read(file: Path) -> None:
    """When it does not fit, a noun is missing."""
    lines = len((ROOT / file).read_text(encoding="utf-8").splitlines())
    assert lines <= LONGEST_FILE


@pytest.mark.parametrize("file", FILES, ids=str)
def test_errors_are_caught_by_name(file: Path) -> None:
    """A bare except hides what nobody thought of."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{file}:{node.lineno}: name the error"
            assert _name(node.type) != "BaseException", f"{file}:{node.lineno}: too much is caught"


@pytest.mark.parametrize("file", FILES, ids=str)
def test_every_module_says_what_it_is_for(file: Path) -> None:
    """And imports nothing by a star."""
    assert ast.get_docstring(tree(file))
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names)


PLAN_AND_LIST_MODULES = """
import sys
from cli import main
sys.argv = ["planner", "plan", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print("loaded:", *sorted(name for name in sys.modules if "." not in name))
"""


def test_planning_never_waits_for_the_libraries_of_training(tmp_path: Path) -> None:
    """Nor for Ray: a whole plan, report included, loads neither them nor torch nor Gymnasium."""
    write_sample(tmp_path / "tables", products=3, days=10, seed=1)
    options = ["--horizon", "7", "--paths", "2", "--out", str(tmp_path / "run"), "--quiet"]
    command = [sys.executable, "-c", PLAN_AND_LIST_MODULES]
    command += ["--products", str(tmp_path / "tables" / "forecast.csv"), *options]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "run" / "report.html").exists()
    loaded = set(ended.stdout.splitlines()[-1].split()[1:])
    assert {"numpy", "highspy", "pyomo", "planner"} <= loaded, "the list is not of a plan"
    assert loaded.isdisjoint({"torch", "stable_baselines3", "gymnasium", "tensorboard", "onnx"})
    assert "ray" not in loaded, "several machines are a wish that was not expressed"
