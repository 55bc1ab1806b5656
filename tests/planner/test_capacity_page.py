"""What a bigger warehouse is worth is told the same on the page, in the table and in words."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigurationError
from planner.capacity_page import (
    COLUMNS,
    CapacityStudy,
    cells,
    check_target,
    headline,
    honesty,
    render,
    stopping,
    write_study,
)
from planner.curve import StageCurve
from planner.worth import Kind, Limit, Size, WorthRange
from tests.planner.test_curve import curve_of

HOSTILE = "</script><script>alert(1)</script>"


def scarce(stage: str = "New York") -> StageCurve:
    """A stage where more space saves something, up to a point."""
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.1, 8)
    costs = {0.8: 40 + noise, 0.9: 30 + 2 * noise, 1.0: 25 + noise, 1.1: 23.5 + 1.5 * noise}
    costs[1.2] = costs[1.1].copy()
    curve = curve_of(costs, worth=2.5)
    return replace(curve, stage=stage)


def study(stage: str = "New York") -> CapacityStudy:
    """A study of one stage."""
    sizes = (Size(0.99, 0.0, 3.0), Size(1.0, 0.0, 2.5), Size(1.01, 0.0, 2.4))
    worth = WorthRange(Limit(Kind.SPACE, 0), f"at {stage}", 100.0, 30, sizes, 0.0, 0.01)
    return CapacityStudy("2 products", (scarce(stage),), (worth,), {"seed": "1", "who": stage})


def test_the_headline_is_the_next_size_up() -> None:
    """What it saves a day with its interval, and per unit of space."""
    said = headline(scarce())
    assert said.startswith("New York: 10\u202f% more space (10) would save 1.")
    assert "95\u202f% interval" in said
    assert said.endswith("per unit of space and day.")
    flat = curve_of({1.0: [5.0, 6.0, 7.0], 1.1: [5.1, 5.9, 7.0]})
    assert "nothing that can be told from chance" in headline(flat)
    assert headline(curve_of({1.0: [5.0, 6.0]})) == "New York: no bigger size was tried."


def test_where_to_stop_building_is_said() -> None:
    """The smallest size from which nothing more is saved."""
    assert stopping(scarce()).startswith("From 110\u202f% of today's space (110) on")
    flat = curve_of({0.9: [5.0, 6.0], 1.0: [5.0, 6.0]})
    assert stopping(flat) == "90\u202f% of today's space (90) would be enough."
    saving = curve_of({0.9: [7.0, 7.1], 1.0: [5.0, 5.1]})
    assert stopping(saving) == "Up to 100\u202f% of today's, more still saves something."


def test_a_model_that_is_far_off_is_called_so() -> None:
    """Where its account and the futures are apart by more than a factor of two, either way."""
    assert "The futures count." in honesty(scarce())
    close = replace(scarce(), points=tuple(replace(p, model_worth=0.5) for p in scarce().points))
    assert honesty(close) == ""


def test_a_worth_within_chance_is_about_nothing() -> None:
    """In the table that is read; the file has the number and its interval."""
    noisy = curve_of({1.0: [5.0, 6.0, 7.0], 1.1: [5.1, 5.9, 7.0]})
    assert cells(noisy)[0][4] == "≈ 0"
    assert cells(scarce())[0][4] != "≈ 0"


def test_the_folder_holds_the_table_the_page_and_what_it_was_made_from(tmp_path: Path) -> None:
    """Every size is a row."""
    out = write_study(study(), tmp_path / "study", overwrite=False)
    assert {path.name for path in out.iterdir()} == {
        "capacity.csv",
        "capacity.html",
        "manifest.json",
    }
    with (out / "capacity.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [float(row["share"]) for row in rows] == [0.8, 0.9, 1.0, 1.1, 1.2]
    for row, difference in zip(rows, scarce().differences, strict=True):
        assert float(row["difference_per_day"]) == pytest.approx(difference.value)
        assert float(row["difference_low"]) == pytest.approx(difference.low)
    assert rows[-1]["worth_of_a_unit"] == "nan"
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["seed"] == "1"
    with pytest.raises(ConfigurationError, match="--overwrite"):
        check_target(out, overwrite=False)
    write_study(study(), out, overwrite=True)


def test_the_page_needs_no_network_and_runs_nothing_from_tables() -> None:
    """Names are text wherever they stand; no address is loaded."""
    page = render(study(HOSTILE))
    assert HOSTILE not in page
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in page
    body = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"(src|href)=[\"']?https?:", body)
    assert "default-src 'none'" in page


def test_the_charts_show_what_the_table_says() -> None:
    """The line played on the futures, and where it is enough."""
    page = render(study())
    figures = json.loads(
        re.search(r'id="figures">(.*?)</script>', page, re.DOTALL).group(1)  # type: ignore[union-attr]
    )
    cost = {line["name"]: line for line in figures["cost-0"]["data"]}
    drawn = cost["played on the futures"]
    assert drawn["x"] == pytest.approx([80, 90, 100, 110, 120])
    expected = [point.cost.mean() for point in scarce().points]
    assert drawn["y"] == pytest.approx(expected, rel=1e-4)
    assert figures["cost-0"]["layout"]["shapes"][0]["x0"] == pytest.approx(110)
    worth = {line["name"]: line for line in figures["worth-0"]["data"]}
    assert worth["price of overflow"]["y"] == [5.0] * 5
