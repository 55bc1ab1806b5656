"""The key figures of a plan, each with its formula in words, and the words that a report uses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.issues import Severity
from envs.metrics import Estimate, Kpis, excess, share, value_of
from planner.exceptions import Status
from planner.orders import NOTHING, levels
from planner.replay import OURS
from planner.sources import reasons
from planner.wording import between, number, percent

if TYPE_CHECKING:
    from planner.pipeline import Outcome

SIMULATED, MORNING, PROMISED = "simulated future", "this morning", "promised at mean demand"
"""What a figure is of; none of them is measured on days that have passed."""
SHARE, MONEY, COUNT = "share", "money", "count"
"""Units; a share is written as a fraction of 1 and read in percent."""

FORMULAS = {
    "fill rate": "units served from stock at once / units demanded, all products and days",
    "fill rate by money": "the fill rate, every unit counted by its missed-sale cost",
    "cycle service level": (
        "replenishment cycles without a stock-out / replenishment cycles; a cycle runs from one "
        "receipt at the shelf to the next"
    ),
    "ready rate": "days that closed with stock on the shelf / days on sale",
    "missed-sales value": (
        "units lost × missed-sale cost, summed over the plan; customers who wait are not lost"
    ),
    "turns per year": "yearly cost of goods sold / mean stock on hand at cost",
    "capital tied up": "mean stock on hand at cost, all stages",
    "capital on order": "mean stock under way at cost, all stages",
    "excess": (
        "stock above the order-up-to level of the whole chain, at cost; what is under way counts"
    ),
    "purchases today": "units ordered from the source today × unit cost",
    "purchases in the plan": "units ordered from the source over the plan × unit cost",
    "orders today": "order lines of today, all stages",
    "days of cover": (
        "units on hand / mean daily forecast over the next protection interval; “no demand” where "
        "that is 0"
    ),
    "capacity use": "space that stock and the day’s arrivals take / space there is",
}
"""How every key figure is worked out."""

GLOSSARY = FORMULAS | {
    "period": "one day",
    "path": "one sampled future: demand drawn day by day from the forecast's mean and spread",
    "promised": "what the plan costs and holds if demand comes exactly at its mean",
    "happened": "what came of the same plan's rule, carried out day by day on the sampled futures",
    "stage": "a stocking level; the first is the shelf that customers buy from",
    "echelon": "a stage and everything downstream of it, goods under way included",
    "inventory position": "on hand + under way − owed to customers",
    "protection interval": "lead time + 1 days: what an order placed now must cover",
    "order-up-to level": "forecast over the protection interval of the echelon + its safety stock",
    "safety stock": "units above the forecast over the protection interval",
    "safety factor z": "safety stock / standard deviation of demand over the protection interval",
    "cost ratio": "missed-sale cost / holding cost of a unit for a day at the shelf",
    "advised": "the safety factor if space were free, from a trained brain or from theory",
    "reconciled": (
        "the safety factor at today's price of space λ: what the family brain advises where a unit "
        "also costs λ × volume a day; where it cannot be asked, with k = 1 + λ × volume / holding "
        "cost and S = chance of running out at the advised z, S′ = kS / (kS + 1 − S), "
        "z′ = −Φ⁻¹(S′)"
    ),
    "price of space": (
        "what the plan would save if a stage had one more unit of space that day: in the model at "
        "its own account of stock, or as orders answer to it: price of overflow × chance that "
        "space is exceeded; 0 where there is room to spare"
    ),
    "overflow": "stock beyond the space of a stage, charged per unit of space and day",
    "missed sales": "units not served at once × missed-sale cost (per day where customers wait)",
    "money at stake": (
        "missed sales of the product, mean over the futures; for excess, what holding the stock "
        "above the order-up-to level costs until it is sold, within the horizon"
    ),
    "not worth buying": (
        "a missed sale costs less than a night at each stage above the shelf, where every unit "
        "bought has to lie; nothing is bought, and what the chain holds is passed on"
    ),
    "gap": (
        "(cost of the programme's own plan − least cost that it proves) / cost of its own plan; no "
        "plan is better than the programme's by more, by its own account of cost"
    ),
    "90 % band": "nine of ten futures lie in it: from the 5th to the 95th percentile",
    "95 % interval": (
        "where the true mean lies, given how few futures were sampled (Student's t over futures)"
    ),
    "difference to ours": "the rule's cost less ours on the same future, averaged over futures",
}
"""The words of the report."""

ISSUES = {
    Severity.SKIPPED: "rows and products left out",
    Severity.MENDED: "values read differently",
    Severity.ASSUMED: "defaults filled in",
}
"""What data issues are called, by severity."""

ADVISED_BY = "products advised by "
NOT_A_BRAIN = "products not advised by a brain: "
"""How counts of products by adviser, and by why it was no brain, begin."""


@dataclass(frozen=True)
class KeyFigure:
    """One figure.

    Attributes:
        name: in full.
        value: in `unit`; NaN where it is unknown.
        low, high: 95 % interval over futures; NaN where there is none.
        unit: SHARE, MONEY, COUNT or 1/year.
        weight: what products are weighted by; empty where they are not.
        when: SIMULATED, MORNING or PROMISED; empty for counts of tables.
        days: the figure covers [period]; 0 where it covers none.
        formula: in words.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    weight: str
    when: str
    days: int
    formula: str

    def say(self, value: float) -> str:
        """A value of this figure as it is read."""
        return percent(value, 2) if self.unit == SHARE else number(value)

    @property
    def said(self) -> str:
        """The figure as it is read."""
        return self.say(self.value)

    @property
    def interval(self) -> str:
        """The interval as it is read; empty where there is none."""
        return between(self.low, self.high, self.say)


@dataclass(frozen=True)
class StageFigures:
    """Stock at one stage, mean over futures and days.

    Attributes:
        stage: its name.
        days_of_cover: units on hand of all products / their daily forecast [period].
        median_cover: of the products' own days of cover [period].
        value: stock on hand at cost [money]; NaN where no cost is known.
        on_order: under way to the stage, at cost [money].
    """

    stage: str
    days_of_cover: float
    median_cover: float
    value: float
    on_order: float


def key_figures(outcome: Outcome) -> tuple[KeyFigure, ...]:
    """Service, stock and money of the futures, of this morning and of the promise."""
    kpis = outcome.happened[OURS]
    return (*_service(kpis), *_stock(kpis), *_position(outcome), *_promise(outcome))


def counts(outcome: Outcome) -> tuple[KeyFigure, ...]:
    """What can be counted: products by status and adviser, oddities of tables, assumptions."""
    statuses = [finding.status for finding in outcome.findings]
    urgent = sum(finding.urgent for finding in outcome.findings)
    issues, advised = outcome.reading.issues, outcome.advised
    sources = Counter(map(str, advised.source)).most_common()
    groups = {
        "lines of exceptions.csv": {
            **{f"products {status.value}": statuses.count(status) for status in Status},
            "products that need attention": urgent,
        },
        "lines of data_issues.csv": {
            said: issues.count(severity) for severity, said in ISSUES.items()
        },
        "sentences under “assumed” in manifest.json": {"assumptions": len(outcome.reading.assumed)},
        "products by their source in safety_stock.csv": {
            **{f"{ADVISED_BY}{source}": count for source, count in sources},
            **{f"{NOT_A_BRAIN}{reason}": count for reason, count in reasons(advised)},
        },
    }
    return tuple(
        KeyFigure(name, float(count), np.nan, np.nan, COUNT, "", "", 0, formula)
        for formula, group in groups.items()
        for name, count in group.items()
    )


def _service(kpis: Kpis) -> list[KeyFigure]:
    return [
        _happened("fill rate", kpis.fill_rate(), SHARE, "units", kpis),
        _happened(
            "fill rate by money", kpis.fill_rate(kpis.missed_sale_cost), SHARE, "money", kpis
        ),
        _happened("cycle service level", kpis.cycle_service_level, SHARE, "cycles", kpis),
        _happened("ready rate", kpis.ready_rate, SHARE, "product-days", kpis),
        _happened("missed-sales value", kpis.missed_sales_value, MONEY, "money", kpis),
    ]


def _stock(kpis: Kpis) -> list[KeyFigure]:
    return [
        _happened("turns per year", kpis.turns, "1/year", "cost", kpis),
        _happened("capital tied up", kpis.capital_tied_up, MONEY, "cost", kpis),
        _happened("capital on order", kpis.capital_on_order, MONEY, "cost", kpis),
    ]


def _position(outcome: Outcome) -> list[KeyFigure]:
    """What the chain holds this morning above what it should."""
    problem = outcome.problem
    level = next(levels(problem, outcome.z_reconciled, outcome.advised.z))[0][-1]
    above = excess(problem.situation().echelon_position[0, -1], level)
    unit_cost = problem.scenario.products.unit_cost
    return [_figure("excess", float(value_of(above, unit_cost)), "cost", MORNING, 0, unit_cost)]


def _promise(outcome: Outcome) -> list[KeyFigure]:
    """What is ordered and what it costs to buy."""
    scenario, shipments = outcome.problem.scenario, outcome.planned.plan.shipments
    unit_cost = scenario.products.unit_cost
    bought = value_of(shipments[:, -1], unit_cost)
    lines = float((shipments[0] > NOTHING).sum())
    horizon = outcome.problem.horizon
    return [
        KeyFigure(
            "orders today", lines, np.nan, np.nan, COUNT, "", PROMISED, 1, FORMULAS["orders today"]
        ),
        _figure("purchases today", float(bought[0]), "cost", PROMISED, 1, unit_cost),
        _figure("purchases in the plan", float(bought.sum()), "cost", PROMISED, horizon, unit_cost),
    ]


def _happened(name: str, figure: Estimate, unit: str, weight: str, kpis: Kpis) -> KeyFigure:
    formula = FORMULAS[name] + (_left_out(kpis.unit_cost) if weight == "cost" else "")
    return KeyFigure(
        name, figure.value, figure.low, figure.high, unit, weight, SIMULATED, kpis.periods, formula
    )


def _figure(
    name: str, value: float, weight: str, when: str, days: int, unit_cost: np.ndarray
) -> KeyFigure:
    formula = FORMULAS[name] + _left_out(unit_cost)
    return KeyFigure(name, value, np.nan, np.nan, MONEY, weight, when, days, formula)


def _left_out(unit_cost: np.ndarray) -> str:
    unknown = int(np.isnan(unit_cost).sum())
    return f"; {number(unknown)} products of unknown cost left out" if unknown else ""


def stage_figures(kpis: Kpis, stages: tuple[str, ...]) -> list[StageFigures]:
    """Cover and capital per stage."""
    assert kpis.daily_forecast is not None
    overall = share(kpis.on_hand.sum(axis=1), kpis.daily_forecast.sum(axis=1))
    known = [cover[~np.isnan(cover)] for cover in kpis.days_of_cover]
    value = value_of(kpis.on_hand, kpis.unit_cost)
    on_order = value_of(kpis.on_order, kpis.unit_cost)
    return [
        StageFigures(
            stage=name,
            days_of_cover=float(overall[m]),
            median_cover=float(np.median(known[m])) if known[m].size else np.nan,
            value=float(value[m]),
            on_order=float(on_order[m]),
        )
        for m, name in enumerate(stages)
    ]
