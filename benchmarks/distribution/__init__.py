"""`planner bench distribution`: a centre and two retailers, rules, learners and bounds.

Rules are tuned and policies learnt on scenarios of their own; all are played on the same 50 fixed
scenarios and on fresh ones that nothing else uses, beside bounds that no policy can exceed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.distribution.bound import bounds
from benchmarks.distribution.contestants import (
    OURS,
    Learnt,
    Size,
    learners,
    taught_by_ppo,
    tuned_rules,
    untaught,
)
from benchmarks.results import Result, Row, result_of
from data.writing import write_json
from envs.metrics import Estimate, estimate
from envs.policies import Policy
from envs.reference.distribution import MONTH, YEAR, Distribution, play, sample_demand

NAME = "distribution"
FULL = Size(50, 2000, 400, 800, 48, 1000, 500, 300, 120_000, 3, 16, 10.0)
QUICK = Size(4, 100, 40, 12, 8, 12, 20, 4, 3584, 1, 1, 1.0)
YEARS = Size(0, 100, 16, 200, 8, 0, 0, 0, 140_000, 3, 4, 20.0)
QUICK_YEARS = Size(0, 4, 2, 4, 1, 0, 0, 0, 1792, 1, 1, 1.0)
LESSON = replace(YEAR, days=56)
"""What PPO learns the year on: in its first half no end is in sight, as most of the year."""
TEST_SEED = 364
"""Of the fixed scenarios; they are the same for every run."""
PERFECT, PRICED = "perfect information", "perfect information at a price"
MONEY = "money/episode"
LEFT_UNIT = 3.5
"""What a unit left with a retailer is worth until the end is near, about [money/unit]."""


@dataclass(frozen=True)
class Findings:
    """All that a run found, for tables and drawings.

    Attributes:
        result: the record.
        learnt: the policies of the month.
        returns: profit on the fresh scenarios by policy (P,) [money].
        numbers: of the tuned rules, by task and name.
    """

    result: Result
    learnt: tuple[Learnt, ...]
    returns: dict[str, np.ndarray]
    numbers: dict[str, np.ndarray]


def run(quick: bool, seed: int) -> Result:
    """Profit of every policy on the month and the year, with bounds and paired differences."""
    return find(quick, seed).result


def find(quick: bool, seed: int) -> Findings:
    """The same, and what can be drawn of it."""
    began = perf_counter()
    rows, learnt, returns, numbers = _month(QUICK if quick else FULL, seed)
    more, of_year = _year(QUICK_YEARS if quick else YEARS, seed)
    rows, numbers = [*rows, *more], numbers | of_year
    result = result_of(NAME, rows, seed, perf_counter() - began, quick)
    return Findings(result, tuple(learnt), returns, numbers)


def kept(found: Findings, folder: Path) -> None:
    """Write a run's drawings, nets and tuned numbers to a folder."""
    from benchmarks.distribution.drawings import learning, returns

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "distribution_learning.svg").write_text(learning(found), encoding="utf-8")
    (folder / "distribution_returns.svg").write_text(returns(found), encoding="utf-8")
    numbers = {name: list(map(float, values)) for name, values in found.numbers.items()}
    write_json(folder / "rules.json", numbers)
    for one in found.learnt:
        if one.net is not None:
            one.net.save(folder / "nets" / f"{one.name.lower().replace(' ', '-')}-{one.seed}")


def price_of_knowing(task: Distribution) -> np.ndarray:
    """What a unit sold is worth more than one left, by day (T,) [money/unit].

    A unit left with a retailer saves another one's way there, until nobody will want it.
    """
    left = np.full(task.days, LEFT_UNIT)
    left[-1] = 0.0
    return task.price + task.lost_sale - left


def _month(
    size: Size, seed: int
) -> tuple[list[Row], list[Learnt], dict[str, np.ndarray], dict[str, np.ndarray]]:
    rng = _streams(seed, MONTH)
    tuning = sample_demand(MONTH, rng["tuning"], size.tuning)
    judged = sample_demand(MONTH, rng["judged"], size.judged)
    test = sample_demand(MONTH, np.random.default_rng(TEST_SEED), size.test)
    fresh = sample_demand(MONTH, rng["fresh"], size.fresh)
    ruled = tuned_rules(MONTH, tuning, size.trials, seed)
    rules = untaught(MONTH, rng["orders"]) | {name: rule for name, (rule, _) in ruled.items()}
    learnt = [
        learn(seed + number)
        for learn in learners(MONTH, judged, size).values()
        for number in range(size.seeds)
    ]
    priced = bounds(
        MONTH,
        fresh[: size.bounded],
        price_of_knowing(MONTH),
        workers=size.workers,
        seconds=size.seconds,
    )
    perfect = bounds(MONTH, test, workers=size.workers, seconds=size.seconds / 2)
    rows: list[Row] = []
    earned: dict[str, np.ndarray] = {}
    for case, demand, known in (
        (f"month/{size.test} fixed", test, {PERFECT: perfect}),
        ("month/fresh", fresh, {PRICED: priced}),
    ):
        earned = _earned(MONTH, rules, learnt, demand)
        least = min(bound.mean() for bound in known.values())
        rows += _rows(case, earned, least)
        rows += [_row(case, name, estimate(bound), len(bound)) for name, bound in known.items()]
    rows += _paired("month/fresh", earned)
    return rows, learnt, earned, _numbers("month", ruled)


def _year(size: Size, seed: int) -> tuple[list[Row], dict[str, np.ndarray]]:
    rng = _streams(seed, YEAR)
    tuning = sample_demand(YEAR, rng["tuning"], size.tuning)
    judged = sample_demand(YEAR, rng["judged"], size.judged)
    fresh = sample_demand(YEAR, rng["fresh"], size.fresh)
    ruled = tuned_rules(YEAR, tuning, size.trials, seed)
    rules = untaught(YEAR, rng["orders"]) | {name: rule for name, (rule, _) in ruled.items()}
    learnt = [
        taught_by_ppo(LESSON, YEAR, judged, size.steps, seed + number)
        for number in range(size.seeds)
    ]
    priced = bounds(
        YEAR,
        fresh[: size.bounded],
        price_of_knowing(YEAR),
        workers=size.workers,
        seconds=size.seconds,
    )
    earned = _earned(YEAR, rules, learnt, fresh)
    rows = _rows("year/fresh", earned, float(priced.mean()))
    rows.append(_row("year/fresh", PRICED, estimate(priced), len(priced)))
    return [*rows, *_paired("year/fresh", earned)], _numbers("year", ruled)


def _numbers(task: str, ruled: dict[str, tuple[Policy, np.ndarray]]) -> dict[str, np.ndarray]:
    return {f"{task}/{name}": numbers for name, (_, numbers) in ruled.items()}


def _streams(seed: int, task: Distribution) -> dict[str, np.random.Generator]:
    """Scenarios for each purpose; no two purposes share any."""
    purposes = ("tuning", "judged", "fresh", "orders")
    spawned = np.random.SeedSequence([seed, task.days]).spawn(len(purposes))
    return {name: np.random.default_rng(part) for name, part in zip(purposes, spawned, strict=True)}


def _earned(
    task: Distribution, rules: dict[str, Policy], learnt: list[Learnt], demand: np.ndarray
) -> dict[str, np.ndarray]:
    """Profit of an episode by policy (P,); a learner's is the mean of its seeds', which follow."""

    def played(policy: Policy) -> np.ndarray:
        total: np.ndarray = play(task, policy, demand).total.sum(axis=1)
        return total

    earned = {name: played(rule) for name, rule in rules.items() if name != OURS}
    for name in dict.fromkeys(one.name for one in learnt):
        seeds = {one.seed: played(one.policy) for one in learnt if one.name == name}
        earned[name] = np.mean(list(seeds.values()), axis=0)
        if len(seeds) > 1:
            earned |= {f"{name}, seed {seed}": profit for seed, profit in seeds.items()}
    return earned | {OURS: played(rules[OURS])}


def _rows(case: str, earned: dict[str, np.ndarray], bound: float) -> list[Row]:
    """Mean profit of each policy, and how far below the bound it is."""
    return [
        _row(case, name, estimate(profit), len(profit), gap=1 - float(profit.mean()) / bound)
        for name, profit in earned.items()
    ]


def _paired(case: str, earned: dict[str, np.ndarray]) -> Iterator[Row]:
    """What ours earns more than each policy on the same scenarios."""
    for name, profit in earned.items():
        if name != OURS and ", seed" not in name:
            more = estimate(earned[OURS] - profit)
            yield _row(f"{case}/ours more than", name, more, len(profit))


def _row(case: str, name: str, found: Estimate, n: int, gap: float | None = None) -> Row:
    """An interval is left out where one scenario gives none."""
    low, high = (found.value if np.isnan(x) else x for x in (found.low, found.high))
    return Row(case, name, found.value, low, high, MONEY, n=n, gap=gap)
