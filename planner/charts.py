"""Charts of money and space as plain Plotly figures: dictionaries that become JSON.

Text from tables is escaped, because Plotly reads markup in its labels. Every trace says in its
`meta` which column of the run folder its numbers are.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from planner.comparison import TERMS, Comparison, CostRow
from planner.space import StageSpace
from planner.wording import THIN, number

if TYPE_CHECKING:
    from planner.curve import StageCurve

Figure = dict[str, Any]

INK, QUIET, RULE, ZERO, PAPER = "#1c2733", "#5b6875", "#e3e7eb", "#c9d0d6", "#ffffff"
BLUE, VERMILION, AMBER, TEAL = "#2f6f9f", "#c8553d", "#e0a526", "#3a9188"
"""Told apart with any kind of colour vision, and in grey."""
NIGHT = {
    INK: "#e3e8ec",
    QUIET: "#9dabb8",
    RULE: "#2c3640",
    ZERO: "#46525e",
    PAPER: "#1a2129",
    BLUE: "#64a8da",
    VERMILION: "#e37c64",
    TEAL: "#55b3a9",
}
"""What each colour becomes on a dark screen; the others stay."""
TERM_COLOURS = {"holding": BLUE, "shortage": VERMILION, "overflow": AMBER}
STAGE_COLOURS = (BLUE, AMBER, TEAL, VERMILION, QUIET)
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
DIGITS = 6
"""Significant digits that a drawn number keeps."""
LONGEST_LABEL = 60
"""Characters of a name that a chart shows."""


def costs(comparison: Comparison) -> Figure:
    """Cost by term, a stacked bar per rule, with the band of the totals."""
    rows = comparison.rows
    labels = [f"<b>{text(row.rule)}</b><br>{number(row.total)}" for row in rows]
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": said,
            "y": labels,
            "x": plain([row.terms[term] for row in rows]),
            "marker": {"color": TERM_COLOURS[term]},
            "hovertemplate": f"{said}: %{{x:,.0f}}<extra></extra>",
            "meta": {"x": f"costs.csv:{term}"},
        }
        for term, said in TERMS.items()
    ]
    layout = layout_of(
        height=90 + 56 * len(rows),
        barmode="stack",
        bargap=0.38,
        xaxis=axis_of("cost over the plan [money]", rangemode="tozero", tickformat=",~s"),
        yaxis=axis_of("", autorange="reversed", showgrid=False, ticksuffix=" "),
    )
    return {"data": [*bars, *_bands(rows, labels)], "layout": layout}


def _bands(rows: Sequence[CostRow], labels: Sequence[str]) -> list[Figure]:
    """Whiskers from the 5th to the 95th percentile of the totals; none for one future."""
    drawn = [(label, row) for label, row in zip(labels, rows, strict=True) if row.high > row.low]
    if not drawn:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": f"90{THIN}% of futures",
            "y": [label for label, _ in drawn],
            "x": plain([row.total for _, row in drawn]),
            "marker": {"color": INK, "size": 5},
            "error_x": {
                "type": "data",
                "symmetric": False,
                "array": plain([row.high - row.total for _, row in drawn]),
                "arrayminus": plain([row.total - row.low for _, row in drawn]),
                "color": INK,
                "thickness": 1.4,
                "width": 5,
            },
            "hovertext": [f"{number(row.low)} to {number(row.high)}" for _, row in drawn],
            "hovertemplate": "nine futures in ten: %{hovertext}<extra></extra>",
            "meta": {"x": "costs.csv:total", "rows": [row.rule for _, row in drawn]},
        }
    ]


def occupancy(space: StageSpace) -> Figure:
    """Space used at one stage by day, promised and happened, under the space there is."""
    dates = [when.isoformat() for when in space.dates]
    solid, dotted = {"color": BLUE, "width": 2.5}, {"color": QUIET, "width": 2, "dash": "dot"}
    lines = [
        *_shade(space, dates),
        _of_stage(line_of("happened", dates, space.happened, solid), space.stage, "happened"),
        _of_stage(line_of("promised", dates, space.promised, dotted), space.stage, "promised"),
    ]
    drawn = [space.low, space.high, space.promised]
    if space.limited:
        level = np.full(len(dates), space.capacity)
        dashed = {"color": VERMILION, "width": 1.5, "dash": "dash"}
        lines.append(_of_stage(line_of("space", dates, level, dashed), space.stage, "space"))
        drawn.append(level)
    layout = layout_of(
        height=340,
        xaxis=axis_of("", showgrid=False, tickformat="%-d %b", nticks=5, anchor="y2"),
        yaxis=axis_of(
            "space used [volume]",
            domain=[0.36, 1] if space.limited else [0, 1],
            range=[0.9 * np.min(drawn), 1.04 * np.max(drawn) or 1],
            tickformat=",~s",
        ),
    )
    if space.limited:
        lines.append(_of_stage(_chance(dates, space.overflow_chance), space.stage, "exceeded", 100))
        layout["yaxis2"] = axis_of(
            "exceeded [%]", domain=[0, 0.24], range=[0, 100], tickvals=[0, 50, 100]
        )
    else:
        layout["xaxis"]["anchor"] = "y"
    return {"data": lines, "layout": layout}


def _shade(space: StageSpace, dates: list[str]) -> list[Figure]:
    """The band that nine futures in ten lie in; none for one future."""
    if (space.low == space.high).all():
        return []
    edge = {"color": BLUE, "width": 0}
    low = line_of("low", dates, space.low, edge) | {"showlegend": False}
    filled = {"fill": "tonexty", "fillcolor": "rgba(47,111,159,.18)"}
    high = line_of(f"90{THIN}% of futures", dates, space.high, edge) | filled
    edges = ((low, "low"), (high, "high"))
    return [_of_stage(trace | {"hoverinfo": "skip"}, space.stage, of) for trace, of in edges]


def _of_stage(trace: Figure, stage: str, column: str, times: int = 1) -> Figure:
    """A trace whose heights are a stage's days of a column, times a number."""
    return trace | {"meta": {"y": f"stage_days.csv:{column}", "stage": stage, "times": times}}


def _chance(dates: list[str], chance: np.ndarray) -> Figure:
    return {
        "type": "bar",
        "name": "futures in which it is exceeded",
        "showlegend": False,
        "x": dates,
        "y": plain(100 * chance),
        "yaxis": "y2",
        "marker": {"color": AMBER},
        "hovertemplate": f"%{{x|%-d %b}}: exceeded in %{{y:.0f}}{THIN}% of futures<extra></extra>",
    }


def space_prices(spaces: Sequence[StageSpace]) -> Figure:
    """The price of space by day: what orders answer to, and what the model says; two lines a stage.

    Lines that are 0 throughout are left out.
    """
    lines = []
    for n, space in enumerate(spaces):
        colour = STAGE_COLOURS[n % len(STAGE_COLOURS)]
        dates = [when.isoformat() for when in space.dates]
        kinds = (
            ("orders answer to", "price_answered", space.answered, 2.5),
            ("in the model", "price_in_model", space.price, 1.2),
        )
        for kind, column, price, width in kinds:
            if price.any():
                style = {"color": colour, "width": width, "shape": "hvh"}
                name = f"{shortened(space.stage)}, {kind}"
                line = line_of(name, dates, price, style, "%{y:.3g}")
                lines.append(_of_stage(line, space.stage, column))
    layout = layout_of(
        height=270,
        showlegend=True,
        xaxis=axis_of("", showgrid=False, tickformat="%-d %b", nticks=8),
        yaxis=axis_of("price of space<br>[money/volume/day]", rangemode="tozero"),
    )
    return {"data": lines, "layout": layout}


def capacity_cost(curve: StageCurve) -> Figure:
    """Cost of a day against space at one stage, on the futures and by the model alone."""
    capacity = [point.capacity for point in curve.points]
    today = float(curve.today.cost.mean())
    happened = today + np.array([found.value for found in curve.differences])
    low = today + np.array([np.nan_to_num(found.low) for found in curve.differences])
    high = today + np.array([np.nan_to_num(found.high) for found in curve.differences])
    band = {
        "type": "scatter",
        "mode": "lines",
        "name": f"95{THIN}% interval of the difference",
        "x": plain([*capacity, *reversed(capacity)]),
        "y": plain([*high, *reversed(low)]),
        "fill": "toself",
        "fillcolor": "rgba(47,111,159,.18)",
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    lines = [
        line_of("played on the futures", capacity, happened, {"color": BLUE, "width": 2.5}),
        line_of(
            "by the model alone",
            capacity,
            today + curve.model_differences,
            {"color": QUIET, "width": 1.6, "dash": "dot"},
        ),
    ]
    now = {
        "type": "scatter",
        "mode": "markers+text",
        "name": "today",
        "showlegend": False,
        "x": plain([curve.today.capacity]),
        "y": plain([today]),
        "text": ["today"],
        "textposition": "top right",
        "marker": {"color": INK, "size": 9},
        "hoverinfo": "skip",
    }
    layout = layout_of(
        height=330,
        xaxis=axis_of("space [volume]", showgrid=False, tickformat=",~s"),
        yaxis=axis_of("cost of a day [money]", tickformat=",~s"),
    )
    layout["shapes"] = _enough(curve)
    return {"data": [band, *lines, now], "layout": layout}


def capacity_worth(curve: StageCurve) -> Figure:
    """What the next unit of space saves a day at one stage, against what one too few costs."""
    capacity = [point.capacity for point in curve.points]
    worth = [*(found.value for found in curve.worth), curve.worth[-1].value]
    model = np.array([point.model_worth for point in curve.points])
    dear = np.full(len(capacity), curve.overflow_price)
    steps = {"color": BLUE, "width": 2.5, "shape": "hv"}
    lines = [
        line_of("played on the futures", capacity, np.array(worth), steps, "%{y:.3g}"),
        line_of(
            "by the model alone",
            capacity,
            model,
            {"color": QUIET, "width": 1.6, "dash": "dot"},
            "%{y:.3g}",
        ),
        line_of(
            "price of overflow",
            capacity,
            dear,
            {"color": VERMILION, "width": 1.5, "dash": "dash"},
            "%{y:.3g}",
        ),
    ]
    layout = layout_of(
        height=330,
        xaxis=axis_of("space [volume]", showgrid=False, tickformat=",~s"),
        yaxis=axis_of("next unit saves<br>[money/volume/day]", rangemode="tozero"),
    )
    layout["shapes"] = _enough(curve)
    return {"data": lines, "layout": layout}


def _enough(curve: StageCurve) -> list[Figure]:
    """A line where more space stops saving anything; none where it never does."""
    if curve.enough is None:
        return []
    where = {"x0": curve.enough.capacity, "x1": curve.enough.capacity, "y0": 0, "y1": 1}
    line = {"color": TEAL, "width": 1.5, "dash": "dash"}
    said = {"text": "enough", "font": {"color": TEAL, "size": 12}, "textangle": 0}
    return [{"type": "line", "yref": "paper", **where, "line": line, "label": said}]


def plain(values: Any) -> list[float | None]:
    """Numbers as JSON knows them, rounded to `DIGITS` significant digits; None for NaN."""
    return [
        float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
        for value in np.asarray(values, dtype=float).tolist()
    ]


def shortened(words: str) -> str:
    """Words that fit into a label; what is beyond is left out."""
    return words if len(words) <= LONGEST_LABEL else f"{words[: LONGEST_LABEL - 1]}…"


def text(words: str) -> str:
    """Words as Plotly shows them unchanged; it knows no entities for quotes."""
    return escape(words, quote=False)


def line_of(
    name: str,
    dates: Sequence[str] | Sequence[float],
    values: np.ndarray,
    style: Figure,
    said: str = "%{y:,.0f}",
) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": text(name),
        "x": list(dates),
        "y": plain(values),
        "line": style,
        "hovertemplate": said,
    }


def axis_of(title: str, **given: Any) -> Figure:
    return {
        "title": {"text": title, "font": {"size": 12, "color": QUIET}, "standoff": 8},
        "automargin": True,
        "fixedrange": True,
        "gridcolor": RULE,
        "zeroline": False,
        "zerolinecolor": ZERO,
        **given,
    }


def layout_of(height: int, **given: Any) -> Figure:
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 36, "b": 8},
        "font": {"family": FONT, "size": 12, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "separators": f".{THIN}",
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": RULE, "font": {"color": INK}},
        "dragmode": False,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "traceorder": "normal",
            "font": {"size": 11},
        },
        **given,
    }
