"""Plays a cell and writes down what was found in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.results import Row
from benchmarks.serial_hybrid.contest import (
    BOUND,
    OPTIMISER,
    OURS,
    PLANNER,
    TEXTBOOK,
    TUNED,
    Contest,
    advised,
    programme,
)
from benchmarks.serial_hybrid.field import Field, OneWorld, Paid, field_of
from benchmarks.serial_hybrid.plan import Cell
from brain.reference.net_policy import NetPolicy
from data.outlook import Outlook
from envs.metrics import Estimate, estimate
from envs.policies import Policy, SafetyFactors, SafetyStockRule, Situation
from envs.reference.serial_profiles import VARYING
from milp.segments import Goal

PRACTICE = 40
"""Products, about, that constants are tuned on."""
TESTED, PRACTISED = 1, 2
"""Futures that are reported, and futures to tune on."""
MONEY = "money/product/episode"
MODES: Mapping[str, tuple[Goal, bool]] = {
    "hybrid": (Goal.HYBRID, True),
    "safety": (Goal.SAFETY, True),
    "safety-added": (Goal.SAFETY_ADDED, True),
    "hybrid, limits not known": (Goal.HYBRID, False),
}
FEW = (OURS, PLANNER, OPTIMISER, TEXTBOOK, TUNED, BOUND)
"""Rules that are played where demand or lead times are varied."""


@dataclass(frozen=True)
class Trial:
    """What every cell needs to know.

    Attributes:
        seed: of the run.
        learnt: brains that have learnt this problem, one per training.
    """

    seed: int
    learnt: tuple[NetPolicy, ...]


def found_in(trial: Trial, cell: Cell) -> list[Row]:
    """The rows of one cell."""
    contest = contest_of(trial, cell)
    if cell.kind == "shared":
        return list(_shared(cell, contest))
    if cell.kind == "modes":
        return list(_modes(cell, contest))
    if cell.kind == "free":
        return list(_free(cell, contest))
    # Who counts on one lead time is not told which one comes: knowing demand is no bound then.
    asked = [name for name in FEW if name != BOUND or cell.course.profile != VARYING]
    paid = {name: lived() for name, lived in contest.free().items() if name in asked}
    return list(_costs(cell.name, paid))


def contest_of(trial: Trial, cell: Cell) -> Contest:
    """The field of a cell, and another to tune on."""
    practice = max(1, min(cell.worlds, PRACTICE // cell.course.products))
    course = replace(cell.course, products=min(cell.course.products, PRACTICE))
    return Contest(
        field_of((trial.seed, TESTED, *cell.seed), cell.course, cell.worlds),
        field_of((trial.seed, PRACTISED, *cell.seed), course, practice),
        trial.learnt,
    )


def _shared(cell: Cell, contest: Contest) -> Iterator[Row]:
    paid = {name: lived() for name, lived in contest.shared().items()}
    yield from _costs(cell.name, paid)
    for name, theirs in paid.items():
        if name not in (OURS, BOUND):
            told = estimate(paid[OURS].cost, theirs.cost)
            yield _row(f"{cell.name}/over {name}", OURS, told, "cost / cost", len(theirs.cost))


def _modes(cell: Cell, contest: Contest) -> Iterator[Row]:
    for name, (goal, coupling) in MODES.items():

        def make(one: OneWorld, goal: Goal = goal, coupling: bool = coupling) -> Policy:
            return programme(one, contest.brain(one), goal, coupling)

        paid = contest.field.lived_apart(make)
        for part in ("cost", "holding", "shortage", "overflow"):
            values = getattr(paid, part)
            yield _row(f"{cell.name}/{part}", name, estimate(values), MONEY, len(values))


def _free(cell: Cell, contest: Contest) -> Iterator[Row]:
    paid = {name: lived() for name, lived in contest.free().items()}
    yield from _costs(f"{cell.name}/cost", paid)
    for name, one in paid.items():
        missed = estimate(one.missed, one.demanded)
        yield _row(f"{cell.name}/missed", name, missed, "units missed / demanded", len(one.missed))
        yield _row(f"{cell.name}/stock", name, estimate(one.stock), "unit/product", len(one.stock))
    field_ = contest.field
    if field_.drawn.sigma.any() and field_.drawn.scenario.worth_buying.all():
        names = field_.drawn.scenario.network.names
        advisers: dict[str, SafetyFactors] = {
            OURS: advised(contest.learnt[0], field_.drawn),
            PLANNER: field_.advisor,
        }
        for name, factors in advisers.items():
            for stage, told in zip(names, followed(field_, factors), strict=True):
                yield _row(f"{cell.name}/correlation/{stage}", name, told, "1", field_.worlds)


def followed(field_: Field, factors: SafetyFactors) -> list[Estimate]:
    """How a brain's safety stock goes with sigma, stage by stage.

    The correlation over the days of an episode of safety stock [unit] with the standard deviation
    of demand over the stage's protection interval [unit]; mean over products.
    """
    noted = Noted(factors, field_.outlook)
    field_.lived(SafetyStockRule(field_.outlook, noted), outlook=field_.outlook)
    units, sigma = np.stack(noted.units), np.stack(noted.sigma)
    return [estimate(_correlation(units[:, m], sigma[:, m])) for m in range(units.shape[1])]


@dataclass
class Noted:
    """Safety factors that are passed on, what they amount to noted day by day.

    Attributes:
        factors: whose.
        outlook: the forecast.
        units: safety stock of the first path, one (M, K) a day [unit].
        sigma: standard deviation over the protection interval, one (M, K) a day [unit].
    """

    factors: SafetyFactors
    outlook: Outlook
    units: list[np.ndarray] = field(default_factory=list)
    sigma: list[np.ndarray] = field(default_factory=list)

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) [1]."""
        z = self.factors(situation)
        std = self.outlook.windows(situation.state.period).std
        self.units.append(z[0] * std)
        self.sigma.append(std)
        return z


def _correlation(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson's, over the first axis (T, K) -> (K,)."""
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    spread = np.sqrt(np.square(one).sum(axis=0) * np.square(other).sum(axis=0))
    together: np.ndarray = (one * other).sum(axis=0) / spread
    return together


def _costs(case: str, paid: Mapping[str, Paid]) -> Iterator[Row]:
    """Every rule's cost, and in shares of perfect information's where that is a bound."""
    for name, one in paid.items():
        row = _row(case, name, estimate(one.cost), MONEY, len(one.cost))
        if BOUND in paid:
            ratio = float(one.cost.sum() / paid[BOUND].cost.sum())
            row = replace(row, reference=BOUND, ratio=ratio)
        yield row


def _row(case: str, rule: str, told: Estimate, unit: str, n: int) -> Row:
    return Row(case, rule, told.value, told.low, told.high, unit, n=n)
