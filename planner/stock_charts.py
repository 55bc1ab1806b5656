"""Charts of safety stock and of the service it buys."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from planner.charts import (
    AMBER,
    BLUE,
    QUIET,
    VERMILION,
    Figure,
    axis_of,
    layout_of,
    line_of,
    plain,
    shortened,
    text,
)
from planner.reconciliation import StageSafety
from planner.service_curve import ServicePoint
from planner.wording import THIN, number, percent

SERVED = "service_curve.csv:fill_rate"
MOST_POINTS = 1500
"""Products drawn in a scatter; of more, evenly many are left out."""


def service(points: Sequence[ServicePoint], plan: tuple[float, float], at_cost: bool) -> Figure:
    """Fill rate against stock as safety stock is scaled, and where the plan is.

    Args:
        points: the curve.
        plan: stock and fill rate [1] of the plan's own rule.
        at_cost: whether stock is counted at cost [money], or else in days of demand.
    """
    column = "stock_value" if at_cost else "stock_days"
    stock = [getattr(point, column) for point in points]
    served = np.array([point.fill_rate.value for point in points])
    line = line_of("safety stock scaled", stock, 100 * served, {"color": BLUE, "width": 2.5})
    curve = line | {
        "mode": "lines+markers+text",
        "marker": {"color": BLUE, "size": 7},
        "text": [f"×{point.factor:g}" for point in points],
        "textposition": "bottom right",
        "textfont": {"size": 11, "color": QUIET},
        "cliponaxis": False,
        "hovertext": [
            f"safety stock × {point.factor:g}<br>fill rate {percent(point.fill_rate.value, 2)}<br>"
            f"stock {number(getattr(point, column))}<br>cost {number(point.total)}"
            for point in points
        ],
        "hovertemplate": "%{hovertext}<extra></extra>",
        "meta": {"x": f"service_curve.csv:{column}", "y": SERVED, "times": 100},
    }
    here = {
        "type": "scatter",
        "mode": "markers",
        "name": "this plan, carried out day by day",
        "x": plain([plan[0]]),
        "y": plain([100 * plan[1]]),
        "marker": {"color": VERMILION, "size": 13, "symbol": "diamond"},
        "hovertemplate": f"this plan: %{{y:.2f}}{THIN}% served, stock %{{x:,.3s}}<extra></extra>",
    }
    layout = layout_of(
        height=360,
        hovermode="closest",
        xaxis=axis_of(
            f"stock on hand, all stages [{'money at cost' if at_cost else 'days of demand'}]",
            showgrid=False,
            tickformat=",~s",
        ),
        yaxis=axis_of("fill rate [% of units]"),
    )
    return {"data": [curve, here], "layout": layout}


def service_cost(points: Sequence[ServicePoint]) -> Figure:
    """What the same scales cost, by term."""
    scales = [f"×{point.factor:g}" for point in points]
    terms = (("holding", "holding", BLUE), ("missed sales", "shortage", VERMILION))
    bars = [
        {
            "type": "bar",
            "name": said,
            "x": scales,
            "y": plain([getattr(point, term) for point in points]),
            "marker": {"color": colour},
            "hovertemplate": f"{said}: %{{y:,.0f}}<extra></extra>",
            "meta": {"y": f"service_curve.csv:{term}"},
        }
        for said, term, colour in (*terms, ("overflow", "overflow", AMBER))
    ]
    layout = layout_of(
        height=360,
        barmode="stack",
        bargap=0.35,
        xaxis=axis_of(
            "safety stock / the plan's [1]", type="category", showgrid=False, tickangle=0
        ),
        yaxis=axis_of("cost over the plan [money]", tickformat=",~s"),
    )
    return {"data": bars, "layout": layout}


def safety_days(stages: Sequence[StageSafety]) -> Figure:
    """Safety stock of all products by stage, advised and reconciled."""
    names = [text(shortened(stage.stage)) for stage in stages]
    bars = [
        {
            "type": "bar",
            "name": said,
            "x": names,
            "y": plain([getattr(stage, f"days_{said}") for stage in stages]),
            "marker": {"color": colour},
            "hovertemplate": f"{said}: %{{y:.3g}} days of demand<extra></extra>",
            "meta": {"y": f"stages.csv:{said}_days"},
        }
        for said, colour in (("advised", QUIET), ("reconciled", BLUE))
    ]
    layout = layout_of(
        height=280,
        barmode="group",
        bargap=0.45,
        xaxis=axis_of("", showgrid=False, type="category"),
        yaxis=axis_of("safety stock<br>[days of demand]", zeroline=True),
    )
    return {"data": bars, "layout": layout}


def safety_factors(safety: StageSafety, names: Sequence[str], cost_ratio: np.ndarray) -> Figure:
    """Advised against reconciled z of every product at one stage; on the line nothing was cut."""
    shown = np.unique(np.linspace(0, len(names) - 1, min(len(names), MOST_POINTS)).astype(int))
    both = np.concatenate([safety.z_advised, safety.z_reconciled])
    low, high = float(both.min()) - 0.3, float(both.max()) + 0.3
    points = {
        "type": "scatter",
        "mode": "markers",
        "showlegend": False,
        "x": plain(safety.z_advised[shown]),
        "y": plain(safety.z_reconciled[shown]),
        "hovertext": [
            f"{text(shortened(names[k]))}, cost ratio {number(cost_ratio[k])}" for k in shown
        ],
        "hovertemplate": "%{hovertext}<br>advised %{x:.2f}, left %{y:.2f}<extra></extra>",
        "meta": {
            "x": "safety_stock.csv:z_advised",
            "y": "safety_stock.csv:z_reconciled",
            "stage": safety.stage,
        },
        "marker": {
            "size": 7,
            "opacity": 0.75,
            "color": plain(np.log10(cost_ratio[shown])),
            "colorscale": "Cividis",
            "line": {"width": 0.5, "color": QUIET},
            "colorbar": _ratio_bar(cost_ratio[shown]),
        },
    }
    same = {
        "type": "scatter",
        "mode": "lines",
        "showlegend": False,
        "x": [low, high],
        "y": [low, high],
        "line": {"color": QUIET, "width": 1, "dash": "dot"},
        "hoverinfo": "skip",
    }
    layout = layout_of(
        height=330,
        hovermode="closest",
        xaxis=axis_of("advised z [1]", range=[low, high], zeroline=True),
        yaxis=axis_of("reconciled z [1]", range=[low, high], zeroline=True),
    )
    return {"data": [same, points], "layout": layout}


def _ratio_bar(cost_ratio: np.ndarray) -> Figure:
    """A colour bar that says cost ratios, not their logarithms."""
    low, high = np.log10(cost_ratio.min()), np.log10(cost_ratio.max())
    powers = np.arange(np.ceil(low), np.floor(high) + 1)
    ticks = powers if len(powers) else np.array([low])
    return {
        "title": {"text": "cost ratio", "font": {"size": 11}},
        "thickness": 9,
        "outlinewidth": 0,
        "tickvals": plain(ticks),
        "ticktext": [number(float(10**power)) for power in ticks],
    }
