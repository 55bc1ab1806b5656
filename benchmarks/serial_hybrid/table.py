"""The benchmark's record as tables for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from math import isnan

from benchmarks.results import Result, Row
from benchmarks.serial_hybrid.contest import OPTIMISER, OURS, TEXTBOOK
from benchmarks.serial_hybrid.plan import shape_name

WORSE = "🟥"
"""Stands before a figure that says that ours costs more."""
ROUNDING = 5e-4
"""Costs that differ by less are the same to the last digit shown [1]."""


def grid(result: Result) -> list[str]:
    """Cost of brain + optimiser over that of a rival, sizes and ratios down, sigmas across."""
    lines: list[str] = []
    for rival in (OPTIMISER, TEXTBOOK):
        rows = [row for row in result.rows if row.case.endswith(f"/over {rival}")]
        lines += ["", f"{OURS} / {rival}:", "", *_spread(rows, compared)]
    return lines[1:]


def costs(result: Result) -> list[str]:
    """Cost of every rule where ten products share space, rules down, ratios and sigmas across."""
    rows = [row for row in result.rows if re.fullmatch(r"10 products/r=\d+/sigma_max=10", row.case)]
    return _by_policy(rows, lambda case: case.split("/")[1].replace("=", " = "), _money)


def free(result: Result) -> list[str]:
    """Cost, missed sales and stock of every rule where space is free, at the usual ratio."""
    lines: list[str] = []
    for measure, heading, told in (
        ("cost", "cost of an episode [money/product]", _money),
        ("missed", "demand missed", _per_cent),
        ("stock", "mean stock at all stages [unit/product]", _money),
    ):
        rows = [row for row in result.rows if re.fullmatch(rf"free/r=100/.*/{measure}", row.case)]
        lines += ["", f"{heading}:", "", *_by_policy(rows, _sigma, told)]
    return lines[1:]


def follows(result: Result) -> list[str]:
    """How safety stock goes with sigma: stages and ratios down, sigmas across."""
    rows = [row for row in result.rows if "/correlation/" in row.case]
    heads = list(dict.fromkeys(_sigma(row.case) for row in rows))
    lines = [f"| rule | stage | cost ratio | {' | '.join(heads)} |"]
    lines.append(f"|---|---|---:|{'---:|' * len(heads)}")
    cells: dict[tuple[str, str, str], dict[str, str]] = {}
    for row in rows:
        _, ratio, _, _, stage = row.case.split("/")
        place = row.policy, stage, ratio.removeprefix("r=")
        cells.setdefault(place, {})[_sigma(row.case)] = _told(row, 3)
    for place, found in sorted(cells.items(), key=lambda cell: cell[0][0]):
        told = " | ".join(found.get(head, "") for head in heads)
        lines.append(f"| {' | '.join(place)} | {told} |")
    return lines


def modes(result: Result) -> list[str]:
    """Cost of the programme's ways with safety stock, ways down, sigmas across."""
    rows = [row for row in result.rows if re.fullmatch(r"modes/.*/cost", row.case)]
    return _by_policy(rows, _sigma, _money)


def varied(result: Result) -> list[str]:
    """Cost of a few rules by demand shape and by lead-time profile."""
    rows = [row for row in result.rows if row.case.startswith(("shape ", "lead times "))]
    policies = list(dict.fromkeys(row.policy for row in rows))
    found = {(row.case, row.policy): _money(row) for row in rows}
    lines = [f"| case | {' | '.join(policies)} |", f"|---|{'---:|' * len(policies)}"]
    for case in dict.fromkeys(row.case for row in rows):
        name = case
        if case.startswith("shape "):
            name += f": {shape_name(int(case.split()[1]))}"
        lines.append(f"| {name} | {' | '.join(found.get((case, p), '') for p in policies)} |")
    return lines


def compared(row: Row) -> str:
    """A ratio of costs with its interval; marked where ours costs more, however little."""
    told = _told(row, 3)
    return f"{WORSE} {told}" if worse(row) else told


def worse(row: Row) -> bool:
    """True where ours costs more, to the last digit shown."""
    return row.value > 1 + ROUNDING


def _spread(rows: Iterable[Row], told: Callable[[Row], str]) -> list[str]:
    """Sizes and ratios down, sigmas across."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        size, ratio, sigma, *_ = row.case.split("/")
        cells.setdefault((size, ratio), {})[sigma] = told(row)
    order = sorted(cells, key=lambda place: (int(place[0].split()[0]), float(place[1][2:])))
    sigmas = sorted({s for row in cells.values() for s in row}, key=lambda s: int(s.split("=")[1]))
    heads = " | ".join(sigma.replace("=", " ") for sigma in sigmas)
    lines = [f"| products | cost ratio | {heads} |", f"|---|---:|{'---:|' * len(sigmas)}"]
    for size, ratio in order:
        found = " | ".join(cells[size, ratio].get(sigma, "") for sigma in sigmas)
        lines.append(f"| {size.split()[0]} | {ratio[2:]} | {found} |")
    return lines


def _by_policy(
    rows: list[Row], head: Callable[[str], str], told: Callable[[Row], str]
) -> list[str]:
    """Rules down, cases across in rising order."""
    heads = sorted({head(row.case) for row in rows}, key=lambda one: float(one.split()[-1]))
    policies = list(dict.fromkeys(row.policy for row in rows))
    found = {(row.policy, head(row.case)): told(row) for row in rows}
    lines = [f"| rule | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for policy in policies:
        cells = " | ".join(found.get((policy, one), "") for one in heads)
        lines.append(f"| {policy} | {cells} |")
    return lines


def _sigma(case: str) -> str:
    return next(part for part in case.split("/") if part.startswith("sigma")).replace("=", " ")


def _money(row: Row) -> str:
    return _told(row, 1 if row.value < 1000 else 0)


def _per_cent(row: Row) -> str:
    return f"{100 * row.value:.2f} %"


def _told(row: Row, digits: int) -> str:
    value, low, high = (f"{x:,.{digits}f}" for x in (row.value, row.low, row.high))
    return value if isnan(row.low) or low == high else f"{value} ({low} to {high})"
