"""Ten products for thirty days: PPO against base-stock levels, beside what is possible at all.

Everybody plays the same months, which nobody learnt or was tuned on. The reward is told whole and
part by part, service beside it, since the reward alone pays for serving fewer customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.drawings import Curve, bars, lines
from benchmarks.results import Result, Row, result_of
from brain.reference.net_policy import NetPolicy
from brain.reference.ten_products import STEPS, LearntOrders, Sizes, centre_of, teach
from envs.metrics import Estimate, estimate
from envs.reference.ten_products import (
    DAYS,
    LARGEST_ORDER,
    Assortment,
    Episodes,
    Record,
    draw,
    follow,
    replay,
)
from envs.reference.ten_products_bounds import clairvoyant, perfect_chance
from envs.reference.ten_products_levels import by_safety_stock

EPISODES, SEEDS = 2000, 3
OURS = "ours"
LEVELS = "base-stock tuned, 98 % served"
BEST_LEVELS = "base-stock tuned for the reward"
BOUND = "perfect information"
PARTS = ("holding", "unmet", "excess", "bonus")
DAY_KINDS = ("perfect", "overstock", "understock")
SHORT = {OURS: "ours", LEVELS: "levels, 98 %", BEST_LEVELS: "levels", BOUND: "bound"}
"""Names that stand beneath bars."""
Rule = Callable[[Episodes], np.ndarray]


@dataclass(frozen=True)
class Findings:
    """All that a run found, for tables and drawings.

    Attributes:
        result: the record.
        learnt: our policies, one per training.
        records: the episodes of every policy; ours is the first training's.
    """

    result: Result
    learnt: tuple[NetPolicy, ...]
    records: dict[str, Record]


def run(quick: bool, seed: int) -> Result:
    """Rewards, their parts, kinds of days and service of every policy, with 95 % intervals."""
    return find(quick, seed).result


def find(quick: bool, seed: int) -> Findings:
    """The same, and what can be drawn of it."""
    began = perf_counter()
    sizes = Sizes(60, 30, 4) if quick else Sizes()
    count, seeds, steps = (60, 1, 6_000) if quick else (EPISODES, SEEDS, STEPS)
    rng = np.random.default_rng([seed, 3])
    assortment = draw(rng, count)
    demand = assortment.demand(rng)
    centre = centre_of(seed, sizes)
    learnt = [teach(steps, _training_seed(seed, n), centre, sizes) for n in range(seeds)]
    policies: dict[str, Rule] = {
        LEVELS: centre,
        BEST_LEVELS: centre_of(seed, sizes, service=0.0),
        "base-stock, mean + given safety stock": by_safety_stock,
        "random orders": _random(seed),
        "no orders": lambda episodes: np.zeros(episodes.assortment.shape),
    }
    found = {name: follow(assortment, demand, rule) for name, rule in policies.items()}
    found[BOUND] = replay(assortment, demand, clairvoyant(assortment, demand))
    ours = [follow(assortment, demand, LearntOrders(policy, centre)) for policy in learnt]
    rows = [*_rows(found, ours), *_seed_rows(learnt, ours), *_chance_rows(assortment, ours)]
    result = result_of("ten-products", rows, seed, perf_counter() - began, quick)
    return Findings(result, tuple(learnt), {OURS: ours[0]} | found)


def kept(found: Findings, folder: Path) -> None:
    """Write a run's drawings and nets to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    curves: dict[str, Curve] = {
        f"training {number}": [
            (float(point.step), point.reward)
            for point in policy.card.curve
            if point.reward is not None
        ]
        for number, policy in enumerate(found.learnt, 1)
    }
    drawn = lines("reward of a month, mean of the last 100", curves, "decisions learnt from")
    (folder / "ten-products-learning.svg").write_text(drawn, encoding="utf-8")
    shown = {SHORT[name]: record for name, record in found.records.items() if name in SHORT}
    parts = {
        name: {part: float(getattr(record, part).mean()) for part in PARTS}
        for name, record in shown.items()
    }
    drawn = bars("parts of the reward of a month, means", parts)
    (folder / "ten-products-reward.svg").write_text(drawn, encoding="utf-8")
    for number, policy in enumerate(found.learnt, 1):
        policy.save(folder / "nets" / f"ten-products-{number}")


def _training_seed(seed: int, number: int) -> int:
    return 1000 * seed + number


def _random(seed: int) -> Rule:
    rng = np.random.default_rng([seed, 4])
    return lambda episodes: rng.uniform(0.0, LARGEST_ORDER, episodes.assortment.shape)


def _rows(found: dict[str, Record], ours: list[Record]) -> Iterator[Row]:
    """Every measure of every policy; ours is the mean over its trainings, episode by episode."""
    measures: dict[str, tuple[str, Callable[[Record], np.ndarray], float]] = {
        "reward": ("reward/month", lambda record: record.reward, 1.0)
    }
    for part in PARTS:
        measures[f"reward/{part}"] = ("reward/month", _part(part), 1.0)
    for kind in DAY_KINDS:
        measures[f"{kind} days"] = ("share of days", _part(kind), 1.0 / DAYS)
    measures["orders"] = ("order lines/month", _part("orders"), 1.0)
    for case, (unit, measure, scale) in measures.items():
        bound = scale * float(measure(found[BOUND]).mean())
        all_values = {OURS: _mean(ours, measure)} | {
            name: measure(record) for name, record in found.items()
        }
        for name, values in all_values.items():
            told = estimate(scale * values)
            share = told.value / bound if case == "perfect days" else None
            yield _row(case, name, told, unit, len(values), "" if share is None else BOUND, share)
    for name, record in ({OURS: None} | found).items():
        served = _mean(ours, _part("served")) if record is None else record.served
        demanded = ours[0].demanded if record is None else record.demanded
        told = estimate(served, demanded)
        yield _row("fill rate", name, told, "units served / demanded", len(served))
    gained = _mean(ours, measures["reward"][1])
    for name in (LEVELS, BEST_LEVELS):
        told = estimate(gained - found[name].reward)
        yield _row(f"reward beyond {name}", OURS, told, "reward/month", len(gained))


def _part(name: str) -> Callable[[Record], np.ndarray]:
    return lambda record: getattr(record, name)


def _mean(records: list[Record], measure: Callable[[Record], np.ndarray]) -> np.ndarray:
    """A measure episode by episode (E,), mean over trainings."""
    mean: np.ndarray = np.mean([measure(record) for record in records], axis=0)
    return mean


def _seed_rows(learnt: list[NetPolicy], ours: list[Record]) -> Iterator[Row]:
    """Each training by itself: its reward, its service, and how its last episodes went."""
    for number, (policy, record) in enumerate(zip(learnt, ours, strict=True), 1):
        case, count = f"training {number}", len(record.reward)
        yield _row(f"{case}/reward", OURS, estimate(record.reward), "reward/month", count)
        served = estimate(record.served, record.demanded)
        yield _row(f"{case}/fill rate", OURS, served, "units served / demanded", count)
        last = policy.card.curve[-1].reward
        if last is not None:
            exact = Estimate(last, last, last)
            yield _row(f"{case}/last 100 episodes", OURS, exact, "reward/month", 100)


def _chance_rows(assortment: Assortment, ours: list[Record]) -> Iterator[Row]:
    """Most days that can be perfect where the future is unknown and no sale is lost."""
    told = estimate(perfect_chance(assortment).mean(axis=1))
    name = "most without foresight, where no sale is lost"
    count = len(ours[0].reward)
    yield _row("perfect days", name, told, "share of days", count)


def _row(
    case: str,
    policy: str,
    found: Estimate,
    unit: str,
    n: int,
    reference: str = "",
    ratio: float | None = None,
) -> Row:
    return Row(case, policy, found.value, found.low, found.high, unit, reference, ratio, n)
