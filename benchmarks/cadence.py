"""Planning anew every day: what a fence around announced orders costs and what it calms.

The same 60 products and futures of 30 days for every fence, the model solved anew every day. Also
where a day's solve had better start: from nothing, from yesterday's basis, or from yesterday's
basis moved by a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from benchmarks.results import Result, Row, result_of
from brain.advice import Advisor, advisor_of
from brain.registry import shipped
from data.catalogue import ReadOptions, read_scenario
from data.sample import write_sample
from envs.metrics import Estimate, estimate
from envs.policies import Policy, Situation
from envs.simulator import play
from milp.basis import Basis
from milp.model import Model
from milp.reconcile import reconcile
from milp.storage import STEPS
from milp.task import Task
from planner.cadence import Fence, Replanning
from planner.problem import Problem, problem_of
from planner.rolling import stock_of_path

PRODUCTS, DAYS, FUTURES = 60, 30, 8
LOOK_AHEAD = 14
"""Days the model sees [period]."""
FENCES = {
    "fence=0": Fence(),
    "fence=3": Fence(3),
    "fence=7": Fence(7),
    "fence=3, a quarter free": Fence(3, 0.25),
    "fence=7, a quarter free": Fence(7, 0.25),
}
POLICY = "model re-solved daily"
STARTS = ("nothing", "yesterday's basis", "yesterday's basis, a day later")


def sample_problem(products: int, days: int, seed: int) -> Problem:
    """The sample tables of that many products, far enough ahead for a model on the last day."""
    with TemporaryDirectory() as folder:
        tables = Path(folder) / "tables"
        write_sample(tables, products, days + LOOK_AHEAD, seed)
        scenario = read_scenario(tables / "forecast.csv", ReadOptions()).scenario
    return problem_of(scenario, days + LOOK_AHEAD)


def run(quick: bool, seed: int) -> Result:
    """Cost and nervousness by fence, and simplex iterations by where a solve starts."""
    began = perf_counter()
    products, days, futures = (12, 6, 2) if quick else (PRODUCTS, DAYS, FUTURES)
    problem = sample_problem(products, days, seed)
    advisor = advisor_of(problem.scenario, problem.outlook, shipped())
    demand = problem.sampled_demand(futures, np.random.default_rng(seed))[:, :days]
    rows: list[Row] = []
    open_cost = np.ones(futures)
    for case, fence in FENCES.items():
        policy = Replanning(problem.scenario, problem.outlook, advisor, LOOK_AHEAD, fence)
        cost = daily_cost(problem, policy, demand)
        open_cost = cost if fence == Fence() else open_cost
        rows += _rows(case, cost, open_cost, policy, futures)
    rows += list(_start_rows(problem, advisor, demand[:1]))
    return result_of("cadence", rows, seed, perf_counter() - began, quick)


def daily_cost(problem: Problem, policy: Policy, demand: np.ndarray) -> np.ndarray:
    """Mean cost of a day on each future (P,) [money/period]."""
    opening = problem.situation(len(demand)).state
    periods = play(problem.world, problem.rates, opening, policy, demand, problem.outlook)
    return np.mean(
        [
            day.costs.holding.sum(axis=1)
            + day.costs.shortage.sum(axis=1)
            + day.costs.overflow.sum(axis=1)
            for day in periods
        ],
        axis=0,
    )


def _rows(
    case: str, cost: np.ndarray, reference: np.ndarray, policy: Replanning, futures: int
) -> Iterator[Row]:
    """Cost, cost over that without a fence, and nervousness."""
    spent = estimate(cost)
    over = estimate(cost - reference)
    changes = np.array([change.overall for change in policy.changes]).reshape(-1, futures)
    calm = estimate(changes.mean(axis=0))
    ratio = spent.value / float(reference.mean())
    yield _row(case, spent, "money/day", futures, "fence=0", ratio)
    yield _row(f"{case}/dearer than fence=0", over, "money/day", futures)
    yield _row(f"{case}/nervousness", calm, "share of announced volume", futures)


def _row(
    case: str, found: Estimate, unit: str, n: int, reference: str = "", ratio: float | None = None
) -> Row:
    return Row(case, POLICY, found.value, found.low, found.high, unit, reference, ratio, n)


def _start_rows(problem: Problem, advisor: Advisor, demand: np.ndarray) -> Iterator[Row]:
    """Simplex iterations of a day's solve on one future, by where it starts."""
    counts: dict[str, list[int]] = {name: [] for name in STARTS}
    bases: list[Basis] = []

    def policy(situation: Situation) -> np.ndarray:
        z = np.broadcast_to(advisor(situation), situation.state.on_hand.shape)[0]
        stock, period = stock_of_path(situation, 0), situation.state.period
        task = Task(problem.scenario, problem.outlook, z, stock, period, LOOK_AHEAD)
        cold = reconcile(task)
        if bases:
            starts = (None, bases[-1], shifted(bases[-1], Model(task)))
            for name, start in zip(STARTS, starts, strict=True):
                counts[name].append(reconcile(task, start).iterations)
        if cold.basis is not None:
            bases.append(cold.basis)
        return cold.shipments[:1]

    daily_cost(problem, policy, demand)
    for name, found in counts.items():
        told = estimate(np.array(found, dtype=float))
        yield _row(f"start from {name}", told, "simplex iterations", len(found))


def shifted(basis: Basis, model: Model) -> Basis:
    """Yesterday's basis a day later: what stood for tomorrow stands for today.

    The last day takes over what stood for it. The number of basic columns need not fit exactly;
    the solver mends that.

    Args:
        basis: of a programme of the same shape.
        model: today's.
    """
    layout, T = model.layout, model.T
    width = np.arange(layout.width)
    segments = len(width[layout.columns["above"]]) // (model.M * T)
    later = [
        _later(width[place], T, segments if family == "above" else 1)
        for family, place in sorted(layout.columns.items(), key=lambda item: item[1].start)
    ]
    own = _later(np.arange(layout.own_rows), T)
    columns = basis.columns[: layout.block_columns].reshape(model.K, -1)
    rows = basis.rows[: layout.first_coupling_row].reshape(model.K, -1)
    overflow = basis.columns[layout.block_columns :]
    shared = basis.rows[layout.first_coupling_row :]
    by_period = {name: place for name, place in layout.kinds.items() if name != "budget"}
    order = np.arange(len(shared))
    for place in by_period.values():
        order[place] = _later(order[place], T)
    return Basis(
        np.concatenate(
            [
                columns[:, np.concatenate(later)].ravel(),
                overflow[_later(np.arange(len(overflow)), T, len(STEPS))],
            ]
        ),
        np.concatenate([rows[:, own].ravel(), shared[order]]),
    )


def _later(places: np.ndarray, periods: int, inner: int = 1) -> np.ndarray:
    """Where tomorrow's numbers stand, in an order of (.., periods, inner); the last stay."""
    ahead = np.minimum(np.arange(periods) + 1, periods - 1)
    return places.reshape(-1, periods, inner)[:, ahead].ravel()
