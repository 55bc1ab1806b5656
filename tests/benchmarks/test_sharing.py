"""What sharing out work costs can be measured, with and without Ray."""

from __future__ import annotations

import pytest

from benchmarks import sharing
from planner.engine import cores

TINY = sharing.Size(rounds=2, items=3, numbers=1000, products=70)


def test_every_engine_is_measured_in_every_respect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Ray is not installed, the others are; what is done alone costs nothing to share out."""
    monkeypatch.setattr(sharing, "QUICK", TINY)
    monkeypatch.setattr(sharing, "find_spec", lambda name: None)
    rows = sharing.run(quick=True, seed=1).rows
    measured = {(row.case, row.policy) for row in rows}
    overheads = {(case, "local") for case in ("start", "item", "item/planner", "shared")}
    work = {(f"work/{cores()} workers", "threads"), (f"work/{cores()} workers", "local")}
    assert measured == overheads | work | {("work/1 workers", "alone")}
    assert all(row.value > 0 and row.n == TINY.rounds for row in rows)
    assert [row.ratio for row in rows if row.policy == "alone"] == [1.0]
