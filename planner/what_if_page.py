"""What-if scenarios told: sentences, what_if.csv, and one page for the meeting.

The page needs no network and no script, and shows nothing that the tables do not say.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from math import isnan
from pathlib import Path
from typing import Any

from data.writing import whole_folder, write_json, write_table
from envs.metrics import Estimate
from planner.config import PlanConfig
from planner.report import page
from planner.what_if_study import (
    Figure,
    ProductChange,
    Trial,
    WhatIfStudy,
    figures,
    product_changes,
)
from planner.wording import THIN, between, counted, day, number, percent, signed

TEMPLATE = "what_if.html.jinja"
FIGURES = (
    "scenario",
    "figure",
    "stage",
    "unit",
    "value",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
)
PRODUCTS = (
    "scenario",
    "unique_id",
    "name",
    "cost",
    "difference",
    "difference_low",
    "difference_high",
    "bought",
    "bought_more",
)
MOST_CHANGED = 20
"""Products on the page, per scenario."""
TERMS = ("holding", "missed sales", "overflow")
"""Terms of the cost, as `figures` calls them."""
SHARES = frozenset({"fill rate", "mean capacity use", "highest capacity use"})
"""Figures that are told in percent."""


def title(study: WhatIfStudy) -> str:
    """What was compared."""
    problem = study.base.problem
    products = counted(len(problem.scenario.products), "product")
    return (
        f"{products} over {counted(problem.horizon, 'day')} from {day(problem.scenario.start)}, "
        f"{counted(len(study.trials) - 1, 'scenario')} beside the base on "
        f"{counted(study.futures, 'sampled future')}"
    )


def headline(trial: Trial, base: Trial) -> str:
    """What a scenario changes in money, in one sentence."""
    cost = next(figure for figure in figures(trial, base) if figure.name == "cost")
    difference = cost.difference
    if difference is None:
        return f"{trial.name} costs {number(cost.value.value)}."
    if difference.value == 0:
        return f"{trial.name} costs exactly what the base costs."
    before = cost.value.value - difference.value
    direction = "more" if difference.value > 0 else "less"
    by = f" ({percent(abs(difference.value) / before)})" if before else ""
    said = f"{trial.name} costs {number(abs(difference.value))}{by} {direction} than the base"
    if isnan(difference.low):
        return f"{said}; one future proves nothing."
    interval = between(difference.low, difference.high, signed)
    sure = "" if difference.low > 0 or difference.high < 0 else ", which may be chance"
    return f"{said}; 95{THIN}% interval {interval}{sure}."


def told(figure: Figure, estimate: Estimate | None, sign: bool = False) -> str:
    """A value or a difference as it is read; empty where there is none."""
    if estimate is None:
        return ""
    value = estimate.value
    if figure.name in SHARES:
        said = percent(value, 2)
        return f"+{said}" if sign and value > 0 else said
    return signed(value) if sign else number(value)


def rows(study: WhatIfStudy) -> Iterator[tuple[Any, ...]]:
    """A row per scenario and figure, in the columns `FIGURES`."""
    for trial in study.trials:
        for figure in figures(trial, study.base):
            value, difference = figure.value, figure.difference
            yield (
                trial.name,
                figure.name,
                figure.stage,
                figure.unit,
                *(value.value, value.low, value.high),
                *(
                    ("", "", "")
                    if difference is None
                    else (difference.value, difference.low, difference.high)
                ),
            )


def product_rows(study: WhatIfStudy) -> Iterator[tuple[Any, ...]]:
    """A row per scenario and product, in the columns `PRODUCTS`, what changes most first."""
    for trial in study.trials[1:]:
        for of in product_changes(trial, study.base):
            difference = of.difference
            yield (
                trial.name,
                *(of.unique_id, of.name, of.cost),
                *(difference.value, difference.low, difference.high),
                *(of.bought, of.bought_more),
            )


def changed_most(trial: Trial, base: Trial, count: int) -> list[ProductChange]:
    """The products whose cost changes most, those without any change left out."""
    found = product_changes(trial, base)[:count]
    return [of for of in found if of.difference.value or of.bought_more]


def write_study(study: WhatIfStudy, target: Path, overwrite: bool) -> Path:
    """Tables, page and manifest in a folder, whole or not at all."""
    with whole_folder(target, overwrite) as folder:
        write_table(folder / "what_if.csv", FIGURES, rows(study))
        write_table(folder / "what_if_products.csv", PRODUCTS, product_rows(study))
        (folder / "what_if.html").write_text(render(study), encoding="utf-8")
        write_json(folder / "manifest.json", manifest(study))
    return target


def manifest(study: WhatIfStudy) -> dict[str, Any]:
    """What was compared, and how."""
    return {
        "planner": metadata.version("echelon-planner"),
        "study": title(study),
        **facts(study.config, study.futures),
        "scenarios": [
            {
                "name": trial.name,
                "description": trial.description,
                "effects": [effect.sentence for effect in trial.effects],
            }
            for trial in study.trials
        ],
        "assumed": list(study.assumed),
        "skipped": study.skipped,
    }


def facts(config: PlanConfig, futures: int) -> dict[str, str]:
    """How the scenarios were planned and played, by name."""
    return {
        "forecast": str(config.forecast),
        "sampled futures": number(futures),
        "seed": str(config.seed),
        "law of demand": config.tables.law,
        "orders are decided by": config.solving.mode,
        "prices of space": config.pricing,
    }


def render(study: WhatIfStudy) -> str:
    """The study as one HTML page."""
    base = study.base
    tables = [list(figures(trial, base)) for trial in study.trials]
    largest = max(_cost(of).value.value for of in tables)
    return page(
        TEMPLATE,
        title=title(study),
        trials=study.trials,
        headlines=[headline(trial, base) for trial in study.trials[1:]],
        tables=tables,
        bars=[_bar(of, largest) for of in tables],
        terms=TERMS,
        told=told,
        changes=[changed_most(trial, base, MOST_CHANGED) for trial in study.trials],
        facts=facts(study.config, study.futures),
        skipped=len(study.skipped),
        assumed=study.assumed,
        version=metadata.version("echelon-planner"),
    )


def _cost(of: list[Figure]) -> Figure:
    return next(figure for figure in of if figure.name == "cost")


def _bar(of: list[Figure], largest: float) -> list[tuple[str, float]]:
    """The terms of a cost as shares of the dearest scenario's, in percent."""
    values = {figure.name: figure.value.value for figure in of if not figure.stage}
    return [(term, 100 * values[term] / largest if largest > 0 else 0.0) for term in TERMS]
