"""What the README shows is what the commands print and what the results say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.curves import drawn
from benchmarks.tables import drawings, filled, sample_output
from brain.registry import shipped

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def shape(line: str) -> str:
    """A line without its numbers and its spacing: those may differ in their last digits."""
    return " ".join(re.sub(r"[-+−]?\d[\d\u202f.,]*", "#", line).split())


def test_the_tables_are_those_of_the_committed_results() -> None:
    """Nobody typed a figure: the tables are made by `make tables`."""
    pages = [README, *(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))]
    tables = [page for page in pages if "<!-- table: " in page]
    assert len(tables) > 2
    for page in tables:
        assert filled(page) == page


def test_figures_of_posed_problems_stand_on_the_pages_they_name() -> None:
    """The summary says nothing that the page, whose table is made from results, does not."""
    rows = re.findall(r"^\| .*\]\((docs/[\w-]+\.md)\) \|$", README, flags=re.MULTILINE)
    assert len(rows) == 5
    for line in README.splitlines():
        found = re.search(r"\]\((docs/[\w-]+\.md)\) \|$", line)
        if found:
            page = (ROOT / found[1]).read_text(encoding="utf-8")
            figures = re.findall(r"\d[\d,]*\.?\d*", line.partition("| [docs")[0])
            assert figures
            missing = [of for of in figures if of != "0" and of not in page]
            assert not missing, (found[1], missing)


def test_the_learning_curves_are_those_of_the_shipped_brains() -> None:
    """The figure is drawn from their cards."""
    drawing = (ROOT / "docs" / "learning_curves.svg").read_text(encoding="utf-8")
    assert drawing == drawn([brain.card for brain in shipped()])


def test_drawings_of_results_are_those_of_the_committed_results() -> None:
    """Every one that the docs show."""
    made = drawings()
    assert len(made) == 3
    for place, words in made.items():
        assert place.read_text(encoding="utf-8") == words, place.name


def test_the_output_shown_is_the_real_one(tmp_path: Path) -> None:
    """`planner plan` on the shipped sample prints the lines the README shows."""
    (block,) = re.findall(r"<!-- output -->\n```\n(.*?)```\n<!-- end -->", README, flags=re.DOTALL)
    printed = {shape(line) for line in sample_output(tmp_path / "run").splitlines()}
    shown = [line for line in block.splitlines() if line.strip() and "Everything is in" not in line]
    assert len(shown) > 20
    missing = [line for line in shown if shape(line) not in printed]
    assert len(missing) <= len(shown) // 5, missing


def test_every_command_in_the_readme_exists() -> None:
    """Every `planner ...` line names a command and options that there are."""
    pattern = r"^(?:0 2.*&& )?planner ((?:brains |runs |leaderboard )?[\w-]+)(.*?)(?:#.*)?$"
    commands = re.findall(pattern, README, flags=re.MULTILINE)
    assert commands
    for command, words in commands:
        help_text = subprocess.run(
            [sys.executable, "-m", "cli", *command.split(), "--help"],
            cwd=ROOT,
            env={**os.environ, "COLUMNS": "160"},
            capture_output=True,
            check=True,
            encoding="utf-8",
        ).stdout
        for option in re.findall(r"--[a-z-]+", words):
            assert option in help_text, (command, option)
