"""The story of `planner capacity`: read, advise, change the space, play, and ask the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from brain.advice import advisor_of
from brain.registry import load_all, shipped
from data.catalogue import ReadOptions, read_scenario
from data.errors import ConfigurationError
from milp.reconcile import reconcile
from planner.capacity_page import CapacityStudy
from planner.curve import capacity_curves, sampled, settled_from
from planner.problem import Problem, problem_of
from planner.rules import PRICINGS, Advice, advice_of
from planner.tasks import task_of
from planner.wording import counted, day, number
from planner.worth import WorthRange, limits_of, worth_range

MONTH = 30
"""What small changes are worth is told over so many days [period]."""


@dataclass(frozen=True)
class StudyConfig:
    """The options of a study of space.

    Attributes:
        forecast: the forecast, or the folder it lies in.
        brains: folder of brains; the shipped ones if not given.
        pricing: what a price of space is answered by, one of `planner.rules.PRICINGS`.
        horizon: days that are played [period].
        paths: futures that are played.
        most: of more products, a sample of so many is played.
        seed: of the futures, and of the sample.
    """

    forecast: Path
    brains: Path | None = None
    pricing: str = PRICINGS[0]
    horizon: int = 45
    paths: int = 32
    most: int = 150
    seed: int = 1

    def __post_init__(self) -> None:
        if self.pricing not in PRICINGS:
            raise ConfigurationError(
                f"--pricing is {self.pricing!r}, expected {' or '.join(map(repr, PRICINGS))}"
            )


def study(config: StudyConfig, tell: Callable[[str], None] = lambda step: None) -> CapacityStudy:
    """What more space is worth at every stage; `tell` hears each step as it begins.

    Raises:
        PlannerError: the tables or the options cannot be used, or no stage has a limit.
    """
    tell("read")
    scenario = read_scenario(config.forecast, ReadOptions()).scenario
    whole = problem_of(scenario, config.horizon)
    brains = load_all(config.brains) if config.brains else shipped()

    def advice(problem: Problem) -> Advice:
        advisor = advisor_of(problem.scenario, problem.outlook, brains)
        return advice_of(config.pricing, advisor, problem.scenario, problem.outlook)

    problem, share = sampled(whole, advice(whole), config.most, config.seed)
    asked = advice(problem)
    curves = capacity_curves(problem, asked, config.paths, config.seed, tell=tell)
    tell("small changes in the model")
    ranges = _ranges(problem, asked)
    places = [problem.scenario.network.names.index(curve.stage) for curve in curves]
    return CapacityStudy(
        title=f"{counted(len(scenario.products), 'product')} from {day(scenario.start)}",
        curves=tuple(
            curve.grown(1 / float(share[at]), 1 / float(share.mean()))
            for curve, at in zip(curves, places, strict=True)
        ),
        ranges=ranges,
        facts=_facts(config, problem, whole),
    )


def _ranges(problem: Problem, advice: Advice) -> tuple[WorthRange, ...]:
    """What the model says of small changes of every limit."""
    task = task_of(problem, advice, min(problem.horizon, MONTH))
    answer = reconcile(task)
    return tuple(worth_range(task, answer, limit) for limit in limits_of(task))


def _facts(config: StudyConfig, played: Problem, whole: Problem) -> dict[str, str]:
    count, every = len(played.scenario.products), len(whole.scenario.products)
    products = number(count)
    if count < every:
        products += (
            f" of {number(every)}, a sample with its share of every limit; its money and space are "
            "scaled up to all products"
        )
    first = settled_from(played) + 1
    return {
        "products played": products,
        "sampled futures": number(config.paths),
        "days played": f"{number(config.horizon)}, counted from day {first} on",
        "seed": str(config.seed),
        "prices of space": f"{config.pricing}, found anew at every size by looking ahead",
    }
