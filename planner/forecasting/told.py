"""A forecast in words: what it rests on, how good it was where it was tried, what is missing."""

from __future__ import annotations

from collections import Counter

import numpy as np

from planner.forecasting.coverage import EVERY_KIND, NOMINAL, Coverage
from planner.forecasting.records import SalesForecast

MOST_NAMED = 5
COVERAGE_COLUMNS = ("kind", "days", *(f"{chance:.0%}" for chance in NOMINAL), "intervals")


def headline(found: SalesForecast) -> str:
    """What was forecast."""
    forecast = found.forecast
    return (
        f"{len(found.unique_id):,} products x {forecast.horizon} days from {forecast.start}, "
        f"{forecast.scale.sum():,.6g} units a day; law of demand: {found.law} "
        f"(plan with --law {found.law})"
    )


def methods(found: SalesForecast) -> str:
    """Which methods were chosen, the most frequent first."""
    counted = Counter(str(name) for name in found.method).most_common()
    return "Methods: " + "; ".join(f"{count:,} {name}" for name, count in counted) + "."


def money(found: SalesForecast) -> str:
    """What errors cost beside those of seasonal naive forecasts; "" where nothing was tried."""
    quality = found.quality
    known = np.isfinite(quality.cost) & np.isfinite(quality.naive_cost)
    naive = quality.naive_cost[known].sum()
    if not naive > 0:
        return ""
    share = quality.cost[known].sum() / naive
    return (
        f"On the past, errors cost {share:.1%} of what seasonal naive forecasts with the same "
        f"safety stocks would ({known.sum():,} products, chosen on the same days)."
    )


def thin(found: SalesForecast) -> list[str]:
    """Products whose history is not enough, five of them by name."""
    concerned = np.flatnonzero([bool(text) for text in found.history])
    if not len(concerned):
        return []
    lines = [f"{len(concerned):,} products with too little history, said in forecast_quality.csv:"]
    for product in concerned[:MOST_NAMED]:
        lines.append(f"  {found.unique_id[product]}: {found.history[product]}")
    return lines


def verdict(coverage: Coverage) -> str:
    """How far found and nominal chances are apart; "" where nothing was checked."""
    if not coverage.rows:
        return ""
    return (
        f"Over all products, what was found is at most {100 * coverage.worst:.1f} points from what "
        "the intervals say."
    )


def coverage_rows(coverage: Coverage) -> list[tuple[str, ...]]:
    """The table of coverage as text: a line per kind and length, the nominal shares in its head."""
    rows = []
    names = dict.fromkeys(row.kind for row in coverage.rows)
    for kind in (EVERY_KIND, *(name for name in names if name != EVERY_KIND)):
        for days in dict.fromkeys(row.days for row in coverage.of(kind)):
            here = [row for row in coverage.of(kind) if row.days == days]
            found = (f"{row.found:.1%}" for row in here)
            rows.append((kind, str(days), *found, f"{here[0].windows:,}"))
    return rows
