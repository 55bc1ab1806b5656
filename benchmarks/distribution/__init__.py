"""`planner bench distribution`: a centre and two retailers, rules, learners and bounds.

Rules are tuned and policies learnt on scenarios of their own; all are played on the same 50 fixed
scenarios and on fresh ones that nothing else uses, beside bounds that no policy can exceed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.distribution.bound import Relaxation, bounds
from benchmarks.distribution.contestants import (
    OURS,
    Learnt,
    Size,
    learners,
    tuned_rules,
    untaught,
)
from benchmarks.results import Result, Row, result_of
from brain.reference.distribution import COURSES, EPISODES, Course, Tabled
from data.writing import write_json
from envs.metrics import Estimate, estimate
from envs.policies import Policy
from envs.reference.distribution import Distribution, play, sample_demand

NAME = "distribution"
_MONTH, _YEAR = (course.steps for course in COURSES.values())
FULL = {
    "month": Size(
        test=50,
        fresh=2000,
        tuning=400,
        trials=800,
        judged=48,
        steps=_MONTH,
        episodes=EPISODES,
        seeds=3,
        bounded=16,
        seconds=10.0,
        glance=5.0,
    ),
    "year": Size(
        test=50,
        fresh=100,
        tuning=16,
        trials=200,
        judged=16,
        steps=_YEAR,
        episodes=EPISODES,
        seeds=3,
        bounded=6,
        seconds=40.0,
        glance=1.5,
    ),
}
QUICK = {
    "month": Size(4, 100, 40, 12, 8, (3584, 4, 12, 12), 20, 1, 1, 1.0, 0.5),
    "year": Size(1, 4, 2, 4, 1, (1792, 2, 4, 4), 2, 1, 1, 1.0, 0.5),
}
"""How much of each course is played."""
TEST_SEED = 364
"""Of the fixed scenarios; they are the same for every run."""
PERFECT, PRICED = "perfect information", "perfect information at a price"
MONEY = "money/episode"
LEFT_UNIT = {"month": 3.5, "year": 4.3}
"""What a unit left with a retailer is worth until the end is near, about [money/unit]."""
STRETCH = {"month": None, "year": 7}
"""Days between two cuts of the bound; a month is left whole [day]."""
HANDED_OVER = (2.27, 2.3)
"""What a unit at a retailer and at the centre is worth at a cut, about [money/unit]."""


@dataclass(frozen=True)
class Findings:
    """All that a run found, for tables and drawings.

    Attributes:
        result: the record.
        learnt: the policies of the month.
        returns: profit on the month's fresh scenarios by policy (P,) [money].
        numbers: of the tuned rules, by course and name.
        of_year: the policies of the year.
    """

    result: Result
    learnt: tuple[Learnt, ...]
    returns: dict[str, np.ndarray]
    numbers: dict[str, np.ndarray]
    of_year: tuple[Learnt, ...] = ()


def run(quick: bool, seed: int) -> Result:
    """Profit of every policy on the month and the year, with bounds and paired differences."""
    return find(quick, seed).result


def find(quick: bool, seed: int) -> Findings:
    """The same, and what can be drawn of it."""
    began = perf_counter()
    size = QUICK if quick else FULL
    month, year = (_course(course, size[name], seed) for name, course in COURSES.items())
    rows = [*month.rows, *year.rows]
    result = result_of(NAME, rows, seed, perf_counter() - began, quick)
    numbers = month.numbers | year.numbers
    return Findings(result, month.learnt, month.returns, numbers, year.learnt)


def kept(found: Findings, folder: Path) -> None:
    """Write a run's drawings, learnt policies and tuned numbers to a folder."""
    from benchmarks.distribution.drawings import learning, returns

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "distribution_learning.svg").write_text(learning(found), encoding="utf-8")
    (folder / "distribution_returns.svg").write_text(returns(found), encoding="utf-8")
    numbers = {name: list(map(float, values)) for name, values in found.numbers.items()}
    write_json(folder / "rules.json", numbers)
    for course, learnt in (("month", found.learnt), ("year", found.of_year)):
        for one in learnt:
            name = f"{one.name.lower().replace(' ', '-')}-{one.seed}"
            kept_one = one.policy.table if isinstance(one.policy, Tabled) else one.net
            if kept_one is not None:
                kept_one.save(folder / "learnt" / course / name)


def price_of_knowing(task: Distribution, left_unit: float = LEFT_UNIT["month"]) -> np.ndarray:
    """What a unit sold is worth more than one left, by day (T,) [money/unit].

    A unit left with a retailer saves another one's way there, until nobody will want it.
    """
    left = np.full(task.days, left_unit)
    left[-1] = 0.0
    return task.price + task.lost_sale - left


@dataclass(frozen=True)
class _Found:
    """The same of one course as `Findings` of all."""

    rows: list[Row]
    learnt: tuple[Learnt, ...]
    returns: dict[str, np.ndarray]
    numbers: dict[str, np.ndarray]


def _course(course: Course, size: Size, seed: int) -> _Found:
    """Tune, learn and play a course."""
    task, rng = course.task, _streams(seed, course.task)
    tuning = sample_demand(task, rng["tuning"], size.tuning)
    judged = sample_demand(task, rng["judged"], size.judged)
    fixed = sample_demand(task, np.random.default_rng(TEST_SEED), size.test)
    fresh = sample_demand(task, rng["fresh"], size.fresh)
    ruled = tuned_rules(task, tuning, size.trials, seed)
    rules = untaught(task, rng["orders"]) | {name: rule for name, (rule, _) in ruled.items()}
    learnt = [
        learn(seed + number)
        for learn in learners(course, judged, size).values()
        for number in range(size.seeds)
    ]
    free = bounds(task, fixed, workers=size.workers, seconds=size.glance)
    priced = _priced(course, fresh[: size.bounded], size)
    rows: list[Row] = []
    earned: dict[str, np.ndarray] = {}
    for where, demand, name, bound in (
        (f"{size.test} fixed", fixed, PERFECT, free),
        ("fresh", fresh, PRICED, priced),
    ):
        case = f"{course.name}/{where}"
        earned = _earned(task, rules, learnt, demand)
        rows += _rows(case, earned, float(bound.mean()))
        rows.append(_row(case, name, estimate(bound), len(bound)))
        rows += _paired(case, earned)
    numbers = {f"{course.name}/{name}": numbers for name, (_, numbers) in ruled.items()}
    return _Found(rows, tuple(learnt), earned, numbers)


def _priced(course: Course, demand: np.ndarray, size: Size) -> np.ndarray:
    """The bound at a price, path by path (P,) [money]; a long course is cut."""
    price = price_of_knowing(course.task, LEFT_UNIT[course.name])
    relaxation = Relaxation(price, STRETCH[course.name], HANDED_OVER)
    return bounds(course.task, demand, relaxation, size.workers, size.seconds)


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
