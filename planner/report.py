"""The report: one page that needs no network, for people who decide about a plan in a meeting.

The page is made from the same summary that the screen prints, so the two never disagree, and every
number in its tables is a cell of a file of the run folder, which it names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from importlib import metadata
from math import isfinite, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from milp.reconcile import Reconciled
from planner import charts, stock_charts
from planner.comparison import TERMS
from planner.exceptions import SMALL_CUT
from planner.key_figures import ADVISED_BY, GLOSSARY, NOT_A_BRAIN
from planner.reconciliation import cutting
from planner.rules import ASKED, CLOSED_FORM
from planner.service_curve import where_we_are
from planner.space import fullness, heading, inheritance, supply_worth, worth
from planner.summary import Summary, summary
from planner.traced import Table, Traced, traced, written
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
NOTHING = "–"
"""What stands where there is no number."""


def render(outcome: Outcome, found: Traced | None = None) -> str:
    """The report as one HTML page.

    Args:
        outcome: the plan.
        found: its figures, where they are known already.
    """
    told = summary(outcome, pressing=MOST_PRESSING)
    found = found or traced(outcome)
    return page(
        TEMPLATE,
        told=told,
        found=found,
        terms=TERMS,
        cut=[cutting(stage) for stage in found.safety],
        advised_by=_named(found, ADVISED_BY),
        not_a_brain=_named(found, NOT_A_BRAIN),
        facts=facts(outcome),
        answer=outcome.planned.answer,
        modelled=modelled(outcome.planned.answer),
        conflicts=outcome.conflicts,
        glossary=GLOSSARY,
        start=day(outcome.problem.scenario.start),
        days=counted(outcome.problem.horizon, "day"),
        products=len(outcome.problem.scenario.products),
        findings=len(outcome.findings),
        priced=_priced(told),
        at_cost=_at_cost(found),
        inherited=[said for space in told.spaces if (said := inheritance(space))],
        version=metadata.version("echelon-planner"),
        most_skipped=MOST_SKIPPED,
        small_cut=SMALL_CUT,
        most_points=stock_charts.MOST_POINTS,
        figures=as_script(figures(outcome, told, found)),
        plotly=Markup(get_plotlyjs()),
    )


def figures(outcome: Outcome, told: Summary, found: Traced) -> dict[str, charts.Figure]:
    """Every chart by the id of its place in the page."""
    products = outcome.problem.scenario.products
    names = [
        f"{i} {name}".strip() for i, name in zip(products.unique_id, products.name, strict=True)
    ]
    drawn = {"costs": charts.costs(told.comparison)}
    if found.service:
        here = where_we_are(outcome)
        drawn["service"] = stock_charts.service(found.service, here, _at_cost(found))
        drawn["service-cost"] = stock_charts.service_cost(found.service)
    for m, space in enumerate(told.spaces):
        drawn[f"space-{m}"] = charts.occupancy(space)
    if _priced(told):
        drawn["prices"] = charts.space_prices(told.spaces)
    drawn["safety-days"] = stock_charts.safety_days(found.safety)
    for m, stage in enumerate(found.safety):
        drawn[f"safety-{m}"] = stock_charts.safety_factors(stage, names, products.cost_ratio)
    return drawn


def _priced(told: Summary) -> bool:
    """True where space has a price anywhere."""
    return any(space.price.any() or space.answered.any() for space in told.spaces)


def _at_cost(found: Traced) -> bool:
    """True where stock can be counted at cost."""
    return all(isfinite(point.stock_value) for point in found.service)


def _named(found: Traced, start: str) -> list[str]:
    """Names of the counts that begin like this."""
    return [figure.name for figure in found.counts if figure.name.startswith(start)]


def facts(outcome: Outcome) -> dict[str, tuple[str, str]]:
    """How the plan was made, by name: in words, and where the manifest says so."""
    config = outcome.config
    ids = ", ".join(brain.id for brain in outcome.advisor.panel.every)
    seconds = ", ".join(f"{step} {number(took)}" for step, took in outcome.seconds.items())
    return {
        "first day": (day(outcome.problem.scenario.start), "start"),
        "days planned": (number(outcome.problem.horizon), "horizon"),
        "sampled futures": (number(outcome.futures), "options.paths"),
        "seed": (str(config.seed), "options.seed"),
        "law of demand": (outcome.problem.scenario.law, "options.law"),
        "carried out by": (config.replay, "options.replay"),
        "prices of space": (PRICED_BY[config.pricing], "options.pricing"),
        "brains": (ids or "none", "brains"),
        "seconds": (seconds, "seconds"),
    }


def modelled(answer: Reconciled | None) -> str:
    """How the model was solved, and how far its plan may be from the best."""
    if answer is None:
        return "not needed: nothing limits the products"
    if answer.iterations:
        return f"solved to optimality in {counted(answer.iterations, 'iteration')}"
    said = f"solved in batches, at most {percent(answer.gap, 2)} from the least cost"
    return said if answer.complete else f"{said}; time ran out before it was as close as asked for"


def shown(table: Table, row: str, column: str, say: Callable[[Any], str] = number) -> Markup:
    """A cell of a table as it is read, with its place in the run folder."""
    return cited(table.value(row, column), f"{table.file}:{column}", row, say)


def cited(value: Any, source: str, row: str = "", say: Callable[[Any], str] = number) -> Markup:
    """A value as it is read, with the file, column and row it stands in."""
    file, _, column = source.partition(":")
    place = ", ".join(filter(None, (file, column, row)))
    form = '<data value="{}" data-source="{}" data-row="{}" title="{}">{}</data>'
    return Markup(form).format(written(value), source, row, place, say(value))


def anchor(word: str) -> str:
    """Where the glossary explains a word."""
    return "word-" + re.sub(r"\W+", "-", word)


def if_any(say: Callable[[float], str]) -> Callable[[float], str]:
    """Says a value, and a dash where there is none to say."""
    return lambda value: NOTHING if isnan(value) else say(value)


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
        "two_places": lambda share: percent(share, 2),
        "between": between,
        "counted": counted,
        "heading": heading,
        "fullness": fullness,
        "worth": worth,
        "supply_worth": supply_worth,
        "shown": shown,
        "cited": cited,
        "written": written,
        "anchor": anchor,
        "if_any": if_any,
        "size": lambda value: number(abs(value)),
        "gap_said": lambda gap: percent(gap, 3),
        "cover": lambda days: "no demand" if isnan(days) else number(days),
        "night": as_script(charts.NIGHT),
    }
    environment.globals.update(words)
    return environment
