"""Weekly container orders: integer and stochastic programmes, PPO, and rules of thumb.

First two hundred made-up problems whose demand is known, as the yardsticks are quoted for them;
then problems with uncertain demand, each replayed by everybody on the same two hundred paths,
which nobody learnt or was tuned on, beside two bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.drawings import Curve, bars, lines
from benchmarks.results import Result, Row, result_of
from benchmarks.weekly_containers_rules import (
    Resolved,
    perfect_information,
    tuned_levels,
    two_stage_bound,
)
from brain.reference.net_policy import NetPolicy
from brain.reference.weekly_containers import STEPS, LearntOrders, teach
from data.containers import WeeklyProblem, made_up, with_lead_times
from envs.metrics import Estimate, estimate
from envs.reference.weekly_containers import (
    Record,
    Rule,
    follow,
    no_order,
    order_demand,
    order_up_to,
    static,
)
from milp.containers import best_orders

OURS = "sample average, re-solved"
MEAN, PLAN, MEAN_PLAN = "forecast, re-solved", "sample average, one plan", "forecast, one plan"
PPO, LEVELS = "PPO", "order up to, tuned"
UP_TO, DEMAND, NOTHING = "order up to", "order the demand", "no order"
RIVALS = (MEAN, PLAN, MEAN_PLAN, PPO, LEVELS)
PROGRAMME = "integer programme"
PERFECT, BOUND = "perfect information", "two-stage bound"
RULES: dict[str, Rule] = {UP_TO: order_up_to, DEMAND: order_demand, NOTHING: no_order}
PARTS = ("reward", "over", "unmet")
UNIT = "money/3 weeks"


@dataclass(frozen=True)
class Sizes:
    """How much is played.

    Attributes:
        problems: with known demand.
        paths: of each problem with uncertain demand.
        scenarios: of a programme that is re-solved.
        plan: scenarios of the plan that is not.
        tuning: paths on which levels are tuned.
        replications: samples behind the two-stage bound, of `bound` scenarios each.
        bound: scenarios of each.
        steps: weeks that a net learns from.
        trainings: nets.
    """

    problems: int = 200
    paths: int = 200
    scenarios: int = 40
    plan: int = 200
    tuning: int = 400
    replications: int = 30
    bound: int = 100
    steps: int = STEPS
    trainings: int = 3


QUICK = Sizes(12, 12, 6, 12, 20, 4, 10, 3_000, 1)


@dataclass(frozen=True)
class Findings:
    """All that a run found, for tables and drawings.

    Attributes:
        result: the record.
        learnt: nets by case, one per training.
        worth: mean value by policy, by case with uncertain demand [money].
    """

    result: Result
    learnt: dict[str, list[NetPolicy]]
    worth: dict[str, dict[str, float]]


def problems_of(seed: int) -> dict[str, WeeklyProblem]:
    """The problems with uncertain demand by name.

    Without ramping; with it; and with it, lead times, open orders, two containers and groups that
    are served alike.
    """
    free = made_up(np.random.default_rng([seed, 1]))
    ramped = made_up(np.random.default_rng([seed, 1]), ramped=True)
    tight = with_lead_times(ramped, np.random.default_rng([seed, 2]))
    return {
        "uncertain": free,
        "uncertain, ramped": ramped,
        "uncertain, ramped, tight": replace(tight, containers=2, proportional=True),
    }


def run(quick: bool, seed: int) -> Result:
    """Worth of every policy, its parts and service, with 95 % intervals, beside the bounds."""
    return find(quick, seed).result


def find(quick: bool, seed: int) -> Findings:
    """The same, and what can be drawn of it."""
    began = perf_counter()
    sizes = QUICK if quick else Sizes()
    rows = [*_known("known", sizes, seed, False), *_known("known, ramped", sizes, seed, True)]
    learnt: dict[str, list[NetPolicy]] = {}
    for number, (case, problem) in enumerate(problems_of(seed).items()):
        nets = [
            teach(sizes.steps, 1000 * seed + 10 * number + training, problem)
            for training in range(sizes.trainings)
        ]
        learnt[case] = nets
        rows += _uncertain(case, problem, nets, sizes, (seed, 3, number))
    result = result_of("weekly-containers", rows, seed, perf_counter() - began, quick)
    shown = {case: {row.policy: row.value for row in rows if row.case == case} for case in learnt}
    return Findings(result, learnt, shown)


def kept(found: Findings, folder: Path) -> None:
    """Write a run's drawings and nets to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    curves: dict[str, Curve] = {}
    for case, nets in found.learnt.items():
        judged = [
            [(float(at.step), at.score) for at in net.card.curve if at.score is not None]
            for net in nets
        ]
        curves[case] = [(float(x), float(y)) for x, y in np.mean(judged, axis=0)]
        for number, net in enumerate(nets, 1):
            name = case.replace(", ", "-")
            net.save(folder / "nets" / f"weekly-containers-{name}-{number}")
    drawn = lines(
        "worth of three weeks on paths kept for judging, mean of the trainings",
        curves,
        "weeks learnt from",
    )
    (folder / "weekly-containers-learning.svg").write_text(drawn, encoding="utf-8")
    compared = {BOUND, OURS, MEAN, PLAN, PPO, LEVELS}
    worth = {
        case: {name: value for name, value in by_policy.items() if name in compared}
        for case, by_policy in found.worth.items()
    }
    drawn = bars("worth of three weeks, means", worth)
    (folder / "weekly-containers-worth.svg").write_text(drawn, encoding="utf-8")


def _known(case: str, sizes: Sizes, seed: int, ramped: bool) -> Iterator[Row]:
    """The rules and the integer programme on problems whose demand is the forecast."""
    worth: dict[str, list[float]] = {name: [] for name in (PROGRAMME, *RULES)}
    bounds = []
    for number in range(sizes.problems):
        problem = made_up(np.random.default_rng([seed, 5, number]), ramped=ramped)
        plan = best_orders(problem)
        bounds.append(plan.bound)
        for name, rule in {PROGRAMME: static(plan.orders), **RULES}.items():
            record = follow(problem, problem.forecast[None], rule)
            worth[name].append(float(record.value[0]))
    top = float(np.mean(bounds))
    for name, values in worth.items():
        told = estimate(np.array(values))
        gap = max((top - told.value) / abs(top), 0.0)
        yield _row(case, name, told, UNIT, len(values), (PROGRAMME, told.value / top, gap))


def _uncertain(
    case: str,
    problem: WeeklyProblem,
    nets: list[NetPolicy],
    sizes: Sizes,
    seed: tuple[int, ...],
) -> Iterator[Row]:
    """Everybody on the same paths of one problem."""
    demand = problem.demand(np.random.default_rng([*seed, 1]), sizes.paths)
    tuning = problem.demand(np.random.default_rng([*seed, 2]), sizes.tuning)
    sample = problem.demand(np.random.default_rng([*seed, 3]), sizes.plan)
    rules: dict[str, Rule] = {
        OURS: Resolved(sizes.scenarios, (*seed, 4)),
        MEAN: Resolved(0),
        PLAN: static(best_orders(problem, sample).orders),
        MEAN_PLAN: static(best_orders(problem).orders),
        LEVELS: tuned_levels(problem, tuning),
        **RULES,
    }
    found = {name: [follow(problem, demand, rule)] for name, rule in rules.items()}
    found[PPO] = [follow(problem, demand, LearntOrders(net)) for net in nets]
    known = perfect_information(problem, demand)
    rng = np.random.default_rng([*seed, 5])
    bound = two_stage_bound(problem, rng, sizes.replications, sizes.bound)
    yield _row(case, PERFECT, estimate(known), UNIT, sizes.paths)
    yield _row(case, BOUND, bound, UNIT, sizes.replications)
    yield from _compared(case, problem, found, known, bound.value)


def _compared(
    case: str,
    problem: WeeklyProblem,
    found: dict[str, list[Record]],
    known: np.ndarray,
    bound: float,
) -> Iterator[Row]:
    """Worth, its parts, service and containers of every policy; a learnt one is the mean of its
    trainings, path by path."""
    worth = {name: np.mean([run.value for run in runs], axis=0) for name, runs in found.items()}
    count = len(known)
    for name, values in worth.items():
        told = estimate(values)
        measured = (BOUND, told.value / bound, (bound - told.value) / abs(bound))
        yield _row(case, name, told, UNIT, count, measured)
    for name, values in worth.items():
        yield _row(f"{case}/behind {PERFECT}", name, estimate(known - values), UNIT, count)
        if name in RIVALS:
            told = estimate(worth[OURS] - values)
            yield _row(f"{case}/ahead of {name}", OURS, told, UNIT, count)
    for name, runs in found.items():
        for part in PARTS:
            values = np.mean([getattr(run.week, part) for run in runs], axis=0)
            yield _row(f"{case}/{part}", name, estimate(values), UNIT, count)
        served = np.mean([run.served for run in runs], axis=0)
        told = estimate(served, runs[0].demanded)
        yield _row(f"{case}/fill rate", name, told, "units served / demanded", count)
        used = np.mean([run.space.mean(axis=1) for run in runs], axis=0) / problem.capacity
        yield _row(f"{case}/containers", name, estimate(used), "space used / there", count)
        for number, one in enumerate(runs if len(runs) > 1 else [], 1):
            told = estimate(one.value)
            yield _row(f"{case}/training {number}", name, told, UNIT, count)


def _row(
    case: str,
    policy: str,
    found: Estimate,
    unit: str,
    n: int,
    measured: tuple[str, float, float] | None = None,
) -> Row:
    reference, ratio, gap = measured or ("", None, None)
    return Row(case, policy, found.value, found.low, found.high, unit, reference, ratio, n, gap)
