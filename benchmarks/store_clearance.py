"""Order, hold or clear by the hour: DQN and PPO against threshold rules and the exact optimum.

Demand by hour of the week is counted from a shop's orders. Everybody plays the same hours, which
nobody learnt or was tuned on; for every product the optimum is computed by dynamic programming.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from benchmarks.drawings import Curve, bars, lines
from benchmarks.results import Result, Row, result_of
from brain.reference.store_clearance import STEPS, LearntChoice, Sizes, teach
from data.shop import Shop, read_shop
from data.shop_sample import write_shop
from envs.metrics import Estimate, estimate
from envs.reference.store_clearance import (
    Action,
    Record,
    Scenarios,
    Shelves,
    Store,
    draw,
    store_of,
)
from envs.reference.store_clearance_policies import (
    Rule,
    Threshold,
    always,
    at_random,
    follow,
    optimum,
)

EPISODES, SEEDS = 500, 3
PRODUCTS = (0, 1, 3, 5, 8, 11)
"""Of the sample's twelve, the busiest first: six that sell at very different speeds."""
UNITS = 5.0
"""Sold for an order line on record [unit]."""
OPTIMUM, TUNED = "optimum", "threshold rule, tuned"
LEARNT = {"dqn": "DQN", "ppo": "PPO"}
ORDER_BELOW = tuple(range(0, 161, 10))
CLEAR_ABOVE = (100, 150, 200, 250, 300, 400, 500)
MONEY = ("revenue", "markdown", "left_over", "purchases", "holding", "stock_out")


def sample_shop(seed: int) -> Shop:
    """The sample's products, written and read back as a visitor's own tables would be."""
    with TemporaryDirectory() as folder:
        write_shop(Path(folder), seed=seed)
        return read_shop(Path(folder)).busiest(max(PRODUCTS) + 1)


@dataclass(frozen=True)
class Findings:
    """All that a run found, for tables and drawings.

    Attributes:
        result: the record.
        learnt: policies by algorithm, one per training.
        store: the shelves.
        names: of the products.
        short: hours short in an episode, mean by policy and product.
        scenarios: one episode of the first product.
        rules: policies of which its stock is drawn.
    """

    result: Result
    learnt: dict[str, list[LearntChoice]]
    store: Store
    names: tuple[str, ...]
    short: dict[str, dict[str, float]]
    scenarios: Scenarios
    rules: dict[str, Rule]


def run(quick: bool, seed: int) -> Result:
    """Profit of every policy product by product, with its distance from the optimum."""
    return find(quick, seed).result


def find(quick: bool, seed: int) -> Findings:
    """The same, and what can be drawn of it."""
    began = perf_counter()
    shop = sample_shop(seed)
    whole = store_of(shop, UNITS)
    chosen = list(PRODUCTS[:2] if quick else PRODUCTS)
    store = Store(whole.mean[chosen])
    count, seeds = (40, 1) if quick else (EPISODES, SEEDS)
    sizes = Sizes(40, 20) if quick else Sizes()
    steps = dict.fromkeys(STEPS, 3_000) if quick else STEPS
    learnt = {
        name: [
            LearntChoice(teach(algorithm, steps[algorithm], 1000 * seed + n, store, sizes))
            for n in range(seeds)
        ]
        for algorithm, name in LEARNT.items()
    }
    names = tuple(str(shop.name[product]) for product in chosen)
    rows: list[Row] = []
    for product, label in enumerate(names):
        scenarios = draw(store, np.random.default_rng([seed, 3, product]), count, product)
        rules: dict[str, Rule | list[LearntChoice]] = {
            **learnt,
            TUNED: tuned_threshold(store, product, seed, count // 2),
            "threshold rule, 100 and 400": Threshold(),
            "hold always": always(Action.HOLD),
            "clear always": always(Action.CLEAR),
            "random": at_random(np.random.default_rng([seed, 4, product])),
        }
        rows += _rows(label, store, product, scenarios, rules)
    result = result_of("store-clearance", rows, seed, perf_counter() - began, quick)
    traced = draw(store, np.random.default_rng([seed, 6]), 1, 0)
    shown: dict[str, Rule] = {name: some[0] for name, some in learnt.items()}
    shown |= {OPTIMUM: optimum(store, 0), "threshold rule, 100 and 400": Threshold()}
    short = {
        name: {row.policy: row.value for row in rows if row.case == f"{name}/hours short"}
        for name in names
    }
    return Findings(result, learnt, store, names, short, traced, shown)


def kept(found: Findings, folder: Path) -> None:
    """Write a run's drawings and nets to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    curves: dict[str, Curve] = {}
    for name, some in found.learnt.items():
        for number, choice in enumerate(some, 1):
            curve = choice.policy.card.curve
            points = [(float(at.step), at.reward) for at in curve if at.reward is not None]
            curves[f"{name}, training {number}"] = points
            choice.policy.save(folder / "nets" / f"store-clearance-{name.lower()}-{number}")
    drawings = {
        "learning": lines("profit of an episode, mean of last 100", curves, "hours learnt from"),
        "stock": lines(f"stock of {found.names[0]} [unit]", _traces(found), "hour"),
        "hours-short": bars("hours short in an episode of 100, means", _short_of(found)),
    }
    for name, drawn in drawings.items():
        (folder / f"store-clearance-{name}.svg").write_text(drawn, encoding="utf-8")


def _traces(found: Findings) -> dict[str, Curve]:
    """Stock at the end of every hour of one episode, by policy."""
    traces: dict[str, Curve] = {}
    for name, rule in found.rules.items():
        shelves = Shelves(found.store, found.scenarios)
        trace = [(0.0, float(shelves.stock[0]))]
        while not shelves.over:
            shelves.step(rule(shelves))
            trace.append((float(shelves.hour), float(shelves.stock[0])))
        traces[name] = trace
    return traces


def _short_of(found: Findings) -> dict[str, dict[str, float]]:
    """Hours short by product of the policies whose stock is drawn."""
    return {
        product: {name: by_policy[name] for name in found.rules}
        for product, by_policy in found.short.items()
    }


def tuned_threshold(store: Store, product: int, seed: int, episodes: int) -> Threshold:
    """The best pair of thresholds on episodes of its own."""
    scenarios = draw(store, np.random.default_rng([seed, 5, product]), episodes, product)
    pairs = [Threshold(low, high) for low in ORDER_BELOW for high in CLEAR_ABOVE if low < high]
    profits = [follow(store, scenarios, pair).money.profit.mean() for pair in pairs]
    return pairs[int(np.argmax(profits))]


def _rows(
    label: str,
    store: Store,
    product: int,
    scenarios: Scenarios,
    rules: dict[str, Rule | list[LearntChoice]],
) -> Iterator[Row]:
    """Profit, its parts, and hours short of every policy on one product."""
    best = follow(store, scenarios, optimum(store, product))
    records = {OPTIMUM: [best]}
    for name, rule in rules.items():
        some = rule if isinstance(rule, list) else [rule]
        records[name] = [follow(store, scenarios, one) for one in some]
    top = float(best.money.profit.mean())
    count = len(scenarios.product)
    for name, runs in records.items():
        profit = np.mean([run.money.profit for run in runs], axis=0)
        told = estimate(profit)
        gap = (top - told.value) / abs(top)
        yield _row(label, name, told, "money/100 h", count, told.value / top, gap)
    for name, runs in records.items():
        short = np.mean([run.short_hours for run in runs], axis=0)
        yield _row(f"{label}/hours short", name, estimate(short), "h/100 h", count)
        if name != OPTIMUM:
            behind = np.mean([best.money.profit - run.money.profit for run in runs], axis=0)
            yield _row(f"{label}/behind {OPTIMUM}", name, estimate(behind), "money/100 h", count)
        if name in LEARNT.values():
            theirs = records[TUNED][0].money.profit
            ahead = np.mean([run.money.profit - theirs for run in runs], axis=0)
            case = f"{label}/ahead of {TUNED}"
            yield _row(case, name, estimate(ahead), "money/100 h", count)
        for part in MONEY:
            yield _row(f"{label}/{part}", name, _money(runs, part), "money/100 h", count)
        if len(runs) > 1:
            for number, run in enumerate(runs, 1):
                told = estimate(run.money.profit)
                gap = (top - told.value) / abs(top)
                case = f"{label}/training {number}"
                yield _row(case, name, told, "money/100 h", count, told.value / top, gap)


def _money(runs: list[Record], part: str) -> Estimate:
    return estimate(np.mean([getattr(run.money, part) for run in runs], axis=0))


def _row(
    case: str,
    policy: str,
    found: Estimate,
    unit: str,
    n: int,
    ratio: float | None = None,
    gap: float | None = None,
) -> Row:
    reference = "" if ratio is None else OPTIMUM
    value, low, high = found.value, found.low, found.high
    return Row(case, policy, value, low, high, unit, reference, ratio, n, gap)
