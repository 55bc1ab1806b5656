"""The benchmark's record as a table for people."""

from __future__ import annotations

import re
from math import isnan

from benchmarks.results import Result, Row


def table(result: Result) -> list[str]:
    """A block for each course: profit of an episode and the distance from the bound.

    Policies stand down, scenarios across. A learner's line is the mean of its seeds; its last
    column says how far these are apart.
    """
    rows = [row for row in result.rows if row.case.count("/") == 1]
    courses = dict.fromkeys(row.case.partition("/")[0] for row in rows)
    blocks = [_block([row for row in rows if row.case.startswith(f"{name}/")]) for name in courses]
    return [line for block in blocks for line in ("", *block)][1:]


def _block(rows: list[Row]) -> list[str]:
    """The lines of one course."""
    cases = list(dict.fromkeys(row.case for row in rows))
    policies = [name for name in dict.fromkeys(row.policy for row in rows) if ", seed" not in name]
    found = {(row.policy, row.case): row for row in rows}
    heads = " | ".join(f"{case.replace('/', ', ')} | below the bound" for case in cases)
    lines = [f"| policy | {heads} | seeds, fresh |", f"|---|{'---:|' * (2 * len(cases) + 1)}"]
    for policy in policies:
        cells = " | ".join(_cells(found.get((policy, case))) for case in cases)
        lines.append(f"| {policy} | {cells} | {_seeds(rows, policy)} |")
    return lines


def _cells(row: Row | None) -> str:
    if row is None:
        return " | "
    value = f"{row.value:,.0f}"
    if row.low < row.high:
        value += f" ({row.low:,.0f} to {row.high:,.0f})"
    # A gap of more than the bound itself says only that money was lost.
    gap = "" if row.gap is None or isnan(row.gap) or row.gap > 1 else f"{row.gap:.1%}"
    return f"{value} | {gap}"


def _seeds(rows: list[Row], policy: str) -> str:
    """The least and the greatest mean of a learner's seeds on fresh scenarios."""
    seed = re.compile(re.escape(policy) + r", seed \d+")
    means = [
        row.value for row in rows if row.case.endswith("/fresh") and seed.fullmatch(row.policy)
    ]
    return f"{min(means):,.0f} to {max(means):,.0f}" if means else ""
