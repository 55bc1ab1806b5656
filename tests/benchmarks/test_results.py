"""What a benchmark found survives writing and reading, and becomes a table."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from benchmarks.results import Row, markdown, read, result_of, write

ROWS = (
    Row("r=10", "ours", 0.96, 0.95, 0.97, "money/day", "tuned constants", 0.96, n=48),
    Row("lp/500/T=14", "ours", 1.5, 1.5, 1.5, "s", gap=2e-4),
    Row("orgym/v0", "random", math.nan, math.nan, math.nan, "money"),
)


def test_a_result_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Numbers that are no numbers included."""
    result = result_of("brains", ROWS[:2], seed=3, seconds=12.34, quick=False)
    assert read("brains", write(result, tmp_path).parent) == result
    assert result.command == "planner bench brains --seed 3"
    assert result.seconds == 12.3
    lost = result_of("brains", ROWS, seed=3, seconds=1.0, quick=True)
    write(lost, tmp_path)
    assert math.isnan(read("brains", tmp_path).rows[2].value)
    assert lost.command == "planner bench brains --quick --seed 3"


def test_the_file_has_the_agreed_keys_and_no_nan(tmp_path: Path) -> None:
    """Any JSON reader can read it; a gap stands only where there is a bound."""
    path = write(result_of("brains", ROWS, seed=0, seconds=1.0, quick=False), tmp_path)
    text = path.read_text(encoding="utf-8")
    assert "NaN" not in text
    record = json.loads(text)
    keys = {"name", "command", "version", "seed", "seconds", "machine", "rows"}
    assert set(record) == keys
    row_keys = {"case", "policy", "value", "low", "high", "unit", "reference", "ratio", "n"}
    assert [set(row) - row_keys for row in record["rows"]] == [set(), {"gap"}, set()]
    assert record["rows"][2]["value"] is None


def test_numpy_numbers_can_be_written(tmp_path: Path) -> None:
    """Measures come out of NumPy."""
    row = Row("a", "ours", np.float64(1.5), np.float64(1), np.float64(2), "s")
    write(result_of("speed", [row], seed=0, seconds=1.0, quick=True), tmp_path)
    assert read("speed", tmp_path).rows[0].value == 1.5


def test_the_table_shows_value_interval_ratio_and_gap() -> None:
    """One line per row; what a row lacks is left empty."""
    lines = markdown(result_of("brains", ROWS[:2], seed=0, seconds=1.0, quick=False)).splitlines()
    assert lines[2] == (
        "| r=10 | ours | 0.96 (0.95 to 0.97) money/day | 0.96 x tuned constants |  | 48 |"
    )
    assert lines[3] == "| lp/500/T=14 | ours | 1.5 s |  | 0.02% | 1 |"
    assert "planner bench brains --seed 0" in lines[5]
