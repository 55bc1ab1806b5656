"""The problem that is timed: sample tables, read and advised as a plan would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from brain.advice import advisor_of
from brain.registry import shipped
from data.catalogue import ReadOptions, read_scenario
from data.scenario import Scenario
from milp.task import Task
from planner.problem import problem_of
from planner.rules import ASKED, advice_of
from planner.tasks import task_of


def task_in(folder: Path, periods: int, alike: bool = False) -> Task:
    """What the programme is asked about the tables of a folder.

    Args:
        folder: of the tables.
        periods: T.
        alike: whether every product has its network's lead times, so that rows of all products
            have one shape, which modelling layers like best.
    """
    scenario = read_scenario(folder / "forecast.csv", ReadOptions()).scenario
    problem = problem_of(_alike(scenario) if alike else scenario, periods)
    advisor = advisor_of(problem.scenario, problem.outlook, shipped())
    advice = advice_of(ASKED, advisor, problem.scenario, problem.outlook)
    return task_of(problem, advice, periods)


def _alike(scenario: Scenario) -> Scenario:
    """Every product with its network's lead times; what could not be under way then is left out."""
    usual = scenario.network.column("lead_time").astype(np.int64)[:, None]
    lead_time = np.broadcast_to(usual, scenario.products.lead_time.shape).copy()
    pipeline = scenario.stock.pipeline[..., : int(usual.max())]
    coming = np.arange(pipeline.shape[-1]) < lead_time[..., None]
    return replace(
        scenario,
        products=replace(scenario.products, lead_time=lead_time),
        stock=replace(scenario.stock, pipeline=np.where(coming, pipeline, 0.0)),
    )
