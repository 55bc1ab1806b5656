"""What a bigger warehouse is worth, told: sentences, capacity.csv, and one page for the board.

The page needs no network, and shows nothing that the sentences and the table do not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from data.writing import check_free, whole_folder, write_json, write_table
from envs.metrics import Estimate
from planner import charts
from planner.curve import Point, StageCurve
from planner.report import as_script, page
from planner.wording import THIN, between, number, percent, signed
from planner.worth import WorthRange

TEMPLATE = "capacity.html.jinja"
COLUMNS = (
    "stage",
    "share",
    "capacity",
    "cost_per_day",
    "difference_per_day",
    "difference_low",
    "difference_high",
    "worth_of_a_unit",
    "worth_low",
    "worth_high",
    "fill_rate",
    "overflow_chance",
    "model_difference_per_day",
    "model_worth_of_a_unit",
)
TWICE = 2.0
"""The model's worth of space and what happens are called apart from this factor on."""


@dataclass(frozen=True)
class CapacityStudy:
    """What was found, and from what.

    Attributes:
        title: what was studied.
        curves: cost against space, stage by stage.
        ranges: what the model says of small changes, limit by limit.
        facts: how it was found, by name.
    """

    title: str
    curves: tuple[StageCurve, ...]
    ranges: tuple[WorthRange, ...]
    facts: dict[str, str]


def headline(curve: StageCurve) -> str:
    """What the next size up would save at a stage, in one sentence."""
    at = curve.points.index(curve.today)
    more = curve.points[at + 1] if at + 1 < len(curve.points) else None
    if more is None:
        return f"{curve.stage}: no bigger size was tried."
    saved, worth = curve.differences[at + 1], curve.worth[at]
    bigger = more.capacity - curve.today.capacity
    step = f"{percent(more.share - 1, 0)} more space ({number(bigger)})"
    if not -saved.high > 0:
        return f"{curve.stage}: {step} would save nothing that can be told from chance."
    interval = between(-saved.high, -saved.low)
    return (
        f"{curve.stage}: {step} would save {number(-saved.value)} a day (95{THIN}% interval "
        f"{interval}), {number(worth.value)} per unit of space and day."
    )


def stopping(curve: StageCurve) -> str:
    """From where on more space saves nothing, in one sentence."""
    enough = curve.enough
    if enough is None:
        return f"Up to {percent(curve.points[-1].share, 0)} of today's, more still saves something."
    if enough.share == 1:
        return "Today's space is enough: beyond it nothing is saved."
    where = f"{percent(enough.share, 0)} of today's space ({number(enough.capacity)})"
    if enough.share < 1:
        return f"{where} would be enough."
    return f"From {where} on, more saves nothing that can be told from chance."


def honesty(curve: StageCurve) -> str:
    """Where the model's account of space and what happened are far apart; empty if they are not."""
    at = curve.points.index(curve.today)
    smaller = max(at - 1, 0)
    happened, model = curve.differences[smaller].value, float(curve.model_differences[smaller])
    if at == smaller or max(happened, model) < TWICE * max(min(happened, model), 0):
        return ""
    return (
        f"The model alone would say {signed(model)} a day for "
        f"{percent(curve.points[smaller].share, 0)} of today's space; played on the futures it is "
        f"{signed(happened)}. The futures count."
    )


def rows(curve: StageCurve) -> Iterator[tuple[Any, ...]]:
    """A row per size, in the columns `COLUMNS`; a worth is that of the space up to the next."""
    nothing = (np.nan,) * 3
    worths = [(of.value, of.low, of.high) for of in curve.worth]
    for point, difference, worth, modelled in zip(
        curve.points, curve.differences, [*worths, nothing], curve.model_differences, strict=True
    ):
        yield (
            curve.stage,
            point.share,
            point.capacity,
            float(point.cost.mean()),
            difference.value,
            difference.low,
            difference.high,
            *worth,
            point.fill_rate,
            point.overflow_chance,
            float(modelled),
            point.model_worth,
        )


def said(curve: StageCurve, point: Point) -> tuple[str, ...]:
    """A size as it is read: share, space, cost, difference, worth of the next unit, fill rate."""
    at = curve.points.index(point)
    difference = curve.differences[at]
    worth = curve.worth[at] if at < len(curve.worth) else None
    return (
        percent(point.share, 0),
        number(point.capacity),
        number(float(point.cost.mean())),
        "today" if point.share == 1 else signed(difference.value),
        "" if worth is None else _told(worth),
        number(point.model_worth),
        percent(point.fill_rate),
        percent(point.overflow_chance),
    )


def _told(worth: Estimate) -> str:
    """A worth as it is read; what cannot be told from nothing is about nothing."""
    return "≈ 0" if worth.low <= 0 <= worth.high else number(worth.value)


SAID = {
    "size": "of today's",
    "space": "[volume]",
    "cost": "[money/day]",
    "to today": "[money/day]",
    "next unit saves": "[money/volume/day]",
    "in the model": "[money/volume/day]",
    "fill rate": "[of units]",
    "exceeded": "[of days]",
}
"""The columns of a stage's table, each with its unit."""


def write_study(study: CapacityStudy, target: Path, overwrite: bool) -> Path:
    """capacity.csv, capacity.html and manifest.json in a folder, whole or not at all."""
    with whole_folder(target, overwrite) as folder:
        lines = (row for curve in study.curves for row in rows(curve))
        write_table(folder / "capacity.csv", COLUMNS, lines)
        (folder / "capacity.html").write_text(render(study), encoding="utf-8")
        write_json(folder / "manifest.json", {"study": study.title, **study.facts})
    return target


def check_target(target: Path, overwrite: bool) -> None:
    """Refuses a folder that cannot be written to, before any work is done."""
    check_free(target, overwrite)


def render(study: CapacityStudy) -> str:
    """The study as one HTML page."""
    drawn = {}
    for m, curve in enumerate(study.curves):
        drawn[f"cost-{m}"] = charts.capacity_cost(curve)
        drawn[f"worth-{m}"] = charts.capacity_worth(curve)
    return page(
        TEMPLATE,
        study=study,
        told=[
            (curve, headline(curve), stopping(curve), honesty(curve), cells(curve))
            for curve in study.curves
        ],
        columns=SAID,
        version=metadata.version("echelon-planner"),
        figures=as_script(drawn),
        plotly=Markup(get_plotlyjs()),
    )


def cells(curve: StageCurve) -> Sequence[tuple[str, ...]]:
    """The table of a stage as it is read."""
    return [said(curve, point) for point in curve.points]
