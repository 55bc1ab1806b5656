"""Drawings of what was found: rules against sigma, and where brain and optimiser are worth it."""

from __future__ import annotations

from math import isfinite

import numpy as np

from benchmarks.drawings import Panel, panels
from benchmarks.heat import heat
from benchmarks.results import Result, Row
from benchmarks.serial_hybrid.contest import OPTIMISER, OURS, TEXTBOOK
from benchmarks.serial_hybrid.table import ROUNDING

VIEWS = (
    ("cost", "cost of an episode [money/product]", True),
    ("missed", "demand missed [share]", False),
    ("stock", "mean stock at all stages [unit/product]", False),
)
"""Measures that are drawn, with their axis, and whether that is logarithmic."""


def draw_all(result: Result) -> dict[str, str]:
    """SVG by name."""
    drawn = {}
    for name, rival in (("optimiser", OPTIMISER), ("textbook", TEXTBOOK)):
        drawn[f"beside-{name}"] = beside(result, rival)
    ratios = dict.fromkeys(row.case.split("/")[1] for row in result.rows if _free(row))
    for ratio in ratios:
        drawn[f"views-{ratio.replace('=', '')}"] = views(result, ratio)
    return drawn


def views(result: Result, ratio: str) -> str:
    """Cost, missed sales and stock against sigma_max, a line and a band for every rule.

    Args:
        result: the record.
        ratio: as in the cases, such as "r=100".
    """
    drawn = []
    for measure, title, log in VIEWS:
        rows = [
            row
            for row in result.rows
            if _free(row) and row.case.startswith(f"free/{ratio}/") and row.case.endswith(measure)
        ]
        rows.sort(key=_sigma)
        curves: dict[str, list[tuple[float, float]]] = {}
        bands: dict[str, list[tuple[float, float]]] = {}
        for row in rows:
            curves.setdefault(row.policy, []).append((_sigma(row), row.value))
            bands.setdefault(row.policy, []).append(
                (row.low, row.high) if isfinite(row.low) else (row.value, row.value)
            )
        marks = {_sigma(row): f"{_sigma(row):g}" for row in rows}
        drawn.append(Panel(title, curves, "sigma_max [unit/day]", bands, marks, log))
    return panels(drawn)


def beside(result: Result, rival: str) -> str:
    """Ours over a rival in every cell of shared space."""
    rows = [row for row in result.rows if row.case.endswith(f"/over {rival}")]
    rows.sort(key=lambda row: (int(row.case.split()[0]), _ratio(row), _sigma(row)))
    down = list(dict.fromkeys(f"{row.case.split('/')[0]}, ratio {_ratio(row):g}" for row in rows))
    across = [f"sigma_max {sigma:g}" for sigma in sorted({_sigma(row) for row in rows})]
    values = {
        (
            f"{row.case.split('/')[0]}, ratio {_ratio(row):g}",
            f"sigma_max {_sigma(row):g}",
        ): row.value
        for row in rows
    }
    table = np.array([[values.get((one, other), np.nan) for other in across] for one in down])
    told = [["" if np.isnan(ratio) else f"{ratio:.3f}" for ratio in line] for line in table]
    return heat(f"cost of {OURS} / cost of {rival}", down, across, table, told, ROUNDING)


def _free(row: Row) -> bool:
    return row.case.startswith("free/") and "correlation" not in row.case


def _sigma(row: Row) -> float:
    part = next(part for part in row.case.split("/") if part.startswith("sigma_max"))
    return float(part.split("=")[1])


def _ratio(row: Row) -> float:
    return float(next(part for part in row.case.split("/") if part.startswith("r="))[2:])
