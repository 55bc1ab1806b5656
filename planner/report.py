"""The report: one page that needs no network, for people who decide about a plan in a meeting.

The page is made from the same summary that the screen prints, so the two never disagree.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from importlib import metadata
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from milp.reconcile import Reconciled
from planner import charts
from planner.comparison import TERMS
from planner.exceptions import SMALL_CUT
from planner.key_figures import GLOSSARY, key_figures, stage_figures
from planner.reconciliation import cutting, stage_safety
from planner.replay import OURS
from planner.rules import ASKED, CLOSED_FORM
from planner.sources import reasons
from planner.space import fullness, heading, inheritance, supply_worth, worth
from planner.summary import Summary, summary
from planner.wording import between, counted, day, number, percent, signed

if TYPE_CHECKING:
    from planner.pipeline import Outcome

TEMPLATE = "report.html.jinja"
PRICED_BY = {
    ASKED: "answered by the family brain where it can be asked",
    CLOSED_FORM: "answered by a formula for every product",
}
MOST_PRESSING = 20
"""Products in the table of those with most at stake."""
MOST_SKIPPED = 50
"""Skipped products that are named."""


def render(outcome: Outcome) -> str:
    """The report as one HTML page."""
    told = summary(outcome, pressing=MOST_PRESSING)
    kpis = outcome.happened[OURS]
    safety = stage_safety(outcome)
    return page(
        TEMPLATE,
        told=told,
        terms=TERMS,
        safety=safety,
        cut=[cutting(stage) for stage in safety],
        sources=Counter(map(str, outcome.advised.source)).most_common(),
        reasons=reasons(outcome.advised),
        key_figures=key_figures(kpis),
        stage_figures=stage_figures(kpis, outcome.problem.scenario.network.names),
        facts=facts(outcome),
        glossary=GLOSSARY,
        start=day(outcome.problem.scenario.start),
        days=counted(outcome.problem.horizon, "day"),
        products=len(outcome.problem.scenario.products),
        findings=len(outcome.findings),
        urgent=sum(finding.urgent for finding in outcome.findings),
        priced=_priced(told),
        inherited=[said for space in told.spaces if (said := inheritance(space))],
        version=metadata.version("echelon-planner"),
        most_skipped=MOST_SKIPPED,
        small_cut=SMALL_CUT,
        most_points=charts.MOST_POINTS,
        figures=as_script(figures(outcome, told)),
        plotly=Markup(get_plotlyjs()),
    )


def figures(outcome: Outcome, told: Summary) -> dict[str, charts.Figure]:
    """Every chart by the id of its place in the page."""
    products = outcome.problem.scenario.products
    names = [
        f"{i} {name}".strip() for i, name in zip(products.unique_id, products.name, strict=True)
    ]
    drawn = {"costs": charts.costs(told.comparison)}
    for m, space in enumerate(told.spaces):
        drawn[f"space-{m}"] = charts.occupancy(space)
    if _priced(told):
        drawn["prices"] = charts.space_prices(told.spaces)
    for m, stage in enumerate(stage_safety(outcome)):
        drawn[f"safety-{m}"] = charts.safety_factors(stage, names, products.cost_ratio)
    return drawn


def _priced(told: Summary) -> bool:
    """True where space has a price anywhere."""
    return any(space.price.any() or space.answered.any() for space in told.spaces)


def facts(outcome: Outcome) -> dict[str, str]:
    """How the plan was made, by name."""
    config, answer = outcome.config, outcome.planned.answer
    ids = ", ".join(brain.id for brain in outcome.advisor.panel.every)
    return {
        "first day": day(outcome.problem.scenario.start),
        "days planned": number(outcome.problem.horizon),
        "sampled futures": number(outcome.futures),
        "seed": str(config.seed),
        "law of demand": outcome.problem.scenario.law,
        "carried out by": config.replay,
        "prices of space": PRICED_BY[config.pricing],
        "brains": ids or "none",
        "model": modelled(answer),
        "seconds": ", ".join(f"{step} {number(took)}" for step, took in outcome.seconds.items()),
    }


def modelled(answer: Reconciled | None) -> str:
    """How the model was solved, and how far its plan may be from the best."""
    if answer is None:
        return "not needed: nothing limits the products"
    if answer.iterations:
        return f"solved to optimality in {counted(answer.iterations, 'iteration')}"
    said = f"solved in batches, at most {percent(answer.gap, 2)} from the least cost"
    return said if answer.complete else f"{said}; time ran out before it was as close as asked for"


def as_script(value: Any) -> Markup:
    """JSON that is safe inside a script element: no tag can begin or end in it."""
    said = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        said = said.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(said)


def page(template: str, **content: Any) -> str:
    """A page from a template beside this file; user text is escaped wherever it stands."""
    return str(_templates().get_template(template).render(**content))


@cache
def _templates() -> Environment:
    """The templates of this room, with the words that they use."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = {
        "number": number,
        "signed": signed,
        "percent": percent,
        "between": between,
        "counted": counted,
        "heading": heading,
        "fullness": fullness,
        "worth": worth,
        "cover": lambda days: "no demand" if isnan(days) else number(days),
        "supply_worth": supply_worth,
    }
    environment.globals.update(words)
    return environment
