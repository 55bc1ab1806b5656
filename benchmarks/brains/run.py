"""How good learnt advice is, on products and futures that nothing was trained or chosen on."""

from __future__ import annotations

from time import perf_counter

import numpy as np

from benchmarks.brains.students import Students, students
from benchmarks.brains.trials import (
    ASKED,
    CLOSED_FORM,
    OURS,
    TEXTBOOK,
    TUNED,
    Costs,
    PricedCosts,
    Size,
    cases,
    costs_of,
    priced_costs,
)
from benchmarks.results import Result, Row, result_of
from brain.card import Step
from brain.constants import Search

SEEDS, PPO_SEEDS = 3, 1
"""Trainings of every kind that is shipped, and of its rival."""
QUICK = Size(
    products=12,
    paths=4,
    periods=160,
    priced=60,
    search=Search(generations=5, candidates=8, elite=3, periods=120),
)
DRAWS = 2000
BANDS = (("unpriced", 0.0, 0.0), ("pi<1", 0.0, 1.0), ("pi=1-4", 1.0, 4.0), ("pi>4", 4.0, np.inf))
"""Prices of a unit's space in shelf holding costs, the dearest stage's [1]."""


def run(quick: bool, seed: int) -> Result:
    """Cost over that of constants tuned product by product; prices asked over the closed form."""
    began = perf_counter()
    size = QUICK if quick else Size()
    seeds = range(1, (1 if quick else SEEDS) + 1)
    group = [students(which, quick, which <= PPO_SEEDS) for which in seeds]
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for number, case in enumerate(cases()):
        costs = costs_of(case, group, 1000 + seed, number, size)
        rows += _rows(case.name, costs, rng)
    rows += _priced_rows(priced_costs(group, 1000 + seed, size), rng)
    rows += _training_rows(group)
    return result_of("brains", rows, seed, perf_counter() - began, quick)


def _rows(case: str, costs: Costs, rng: np.random.Generator) -> list[Row]:
    scale = TUNED if TUNED in costs.simple else TEXTBOOK
    tuned = costs.simple[scale]
    every = {name: cost[None] for name, cost in costs.simple.items()} | costs.learnt
    rows = []
    for name, cost in every.items():
        value, low, high = interval_of(cost / tuned, rng)
        rows.append(Row(case, name, value, low, high, "x", scale, value, tuned.size))
    saved = interval_of(1 - costs.learnt[OURS] / costs.simple[TEXTBOOK], rng)
    rows.append(Row(f"{case}/saved by ours", TEXTBOOK, *saved, "share of its cost", n=tuned.size))
    fill = costs.fill_rate
    for name in every:
        share = fill[name]
        rows.append(Row(f"{case}/fill rate", name, share, share, share, "share of units"))
    return rows


def _priced_rows(costs: PricedCosts, rng: np.random.Generator) -> list[Row]:
    """Money of all products of a band together, relative to the closed form's."""
    rows = []
    asked, closed = costs.cost[ASKED], costs.cost[CLOSED_FORM]
    for name, low, high in BANDS:
        free = low == high
        band = costs.price == 0 if free else (costs.price > low) & (costs.price <= high)
        if not band.any():
            continue
        ratio = _money_ratio(asked[:, band], closed[:, band], rng)
        count = int(band.sum())
        rows.append(Row(name, ASKED, *ratio, "x", CLOSED_FORM, ratio[0], count))
    return rows


def _training_rows(group: list[Students]) -> list[Row]:
    """CPU seconds a training takes, and until it is within 0.5 % of its final score."""
    rows = []
    brains = [brain for one in group for brain in (*one.ppo, *one.panel.every)]
    for kind in sorted({(brain.card.name, brain.card.algorithm) for brain in brains}):
        alike = [b.card for b in brains if (b.card.name, b.card.algorithm) == kind]
        name, algorithm = kind
        for what, seconds in (
            ("in all", [card.cpu_seconds for card in alike]),
            ("to within 0.5 %", [_until_good(card.curve, card.validation) for card in alike]),
        ):
            spread = (float(np.mean(seconds)), float(np.min(seconds)), float(np.max(seconds)))
            rows.append(Row(f"training/{name}/{what}", algorithm, *spread, "CPU s", n=len(alike)))
    return rows


def _until_good(curve: tuple[Step, ...], final: float) -> float:
    return next((step.cpu_seconds for step in curve if step.score <= final * 1.005), np.nan)


def interval_of(ratio: np.ndarray, rng: np.random.Generator) -> tuple[float, float, float]:
    """Mean of ratios (S, K) and its 95 % interval; seeds and products are both redrawn."""
    seeds, products = ratio.shape
    means = [
        ratio[rng.integers(0, seeds, seeds)][:, rng.integers(0, products, products)].mean()
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(ratio.mean()), float(low), float(high)


def _money_ratio(
    ours: np.ndarray, theirs: np.ndarray, rng: np.random.Generator
) -> tuple[float, float, float]:
    seeds, products = ours.shape
    ratios = []
    for _ in range(DRAWS):
        rows = rng.integers(0, seeds, seeds)
        columns = rng.integers(0, products, products)
        ratios.append(ours[rows][:, columns].sum() / theirs[rows][:, columns].sum())
    low, high = np.quantile(ratios, [0.025, 0.975])
    return float(ours.sum() / theirs.sum()), float(low), float(high)
