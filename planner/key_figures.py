"""The key figures of the futures, each with its formula in words, and the words they use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from envs.metrics import Estimate, Kpis, share, value_of
from planner.wording import between, number, percent


@dataclass(frozen=True)
class KeyFigure:
    """One figure as it is read.

    Attributes:
        name: in full.
        value: with its unit.
        interval: 95 % interval over futures; empty where there is none.
        formula: in words.
        weight: what products are weighted by.
    """

    name: str
    value: str
    interval: str
    formula: str
    weight: str


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


GLOSSARY = {
    "period": "one day",
    "path": "one sampled future: demand drawn day by day from the forecast's mean and spread",
    "promised": "what the plan costs and holds if demand comes exactly at its mean",
    "happened": "what came of the same plan's rule, carried out day by day on the sampled futures",
    "stage": "a stocking level; the first is the shelf that customers buy from",
    "echelon": "a stage and everything downstream of it, goods under way included",
    "inventory position": "on hand + under way − owed to customers",
    "protection interval": "lead time + 1 days: what an order placed now must cover",
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
    "90 % band": "nine of ten futures lie in it: from the 5th to the 95th percentile",
    "95 % interval": (
        "where the true mean lies, given how few futures were sampled (Student's t over futures)"
    ),
    "difference to ours": "the rule's cost less ours on the same future, averaged over futures",
}
"""The words of the report."""


def key_figures(kpis: Kpis) -> list[KeyFigure]:
    """Service, stock and money of the futures."""
    return [*_service(kpis), *_stock(kpis)]


def _service(kpis: Kpis) -> list[KeyFigure]:
    def two_places(value: float) -> str:
        return percent(value, 2)

    return [
        _figure(
            "fill rate",
            kpis.fill_rate(),
            two_places,
            "units served at once / units demanded, all products and days",
            "units",
        ),
        _figure(
            "fill rate by money",
            kpis.fill_rate(kpis.missed_sale_cost),
            two_places,
            "the same, every unit counted by its missed-sale cost",
            "missed-sale cost",
        ),
        _figure(
            "cycle service level",
            kpis.cycle_service_level,
            two_places,
            "replenishment cycles without a stock-out / replenishment cycles; a cycle runs from "
            "one receipt at the shelf to the next",
            "cycles",
        ),
        _figure(
            "ready rate",
            kpis.ready_rate,
            two_places,
            "days that closed with stock on the shelf / days",
            "product-days",
        ),
        _figure(
            "missed-sales value",
            kpis.missed_sales_value,
            number,
            "units lost × missed-sale cost, summed over the plan; customers who wait are not lost",
            "money",
        ),
    ]


def _stock(kpis: Kpis) -> list[KeyFigure]:
    unknown = int(np.isnan(kpis.unit_cost).sum())
    left_out = f"; {number(unknown)} products of unknown cost left out" if unknown else ""
    return [
        _figure(
            "turns per year",
            kpis.turns,
            number,
            f"yearly cost of goods sold / mean stock on hand at cost{left_out}",
            "cost",
        ),
        _figure(
            "capital tied up",
            kpis.capital_tied_up,
            number,
            f"mean stock on hand at cost, all stages{left_out}",
            "cost",
        ),
        _figure(
            "capital on order",
            kpis.capital_on_order,
            number,
            f"mean stock under way at cost, all stages{left_out}",
            "cost",
        ),
    ]


def _figure(
    name: str, figure: Estimate, say: Callable[[float], str], formula: str, weight: str
) -> KeyFigure:
    interval = between(figure.low, figure.high, say)
    return KeyFigure(name, say(figure.value), interval, formula, weight)


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
