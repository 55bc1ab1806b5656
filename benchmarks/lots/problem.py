"""Products of the shipped sample's kind, with lots, smallest orders and order costs."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from data.catalogue import read_scenario
from data.outlook import outlook_of
from data.sample import write_sample
from milp.task import Task

PERIODS = 14
COVER = (3.0, 10.0)
"""Days of demand that the economic order quantity covers."""
SMALLEST = (2.0, 5.0)
"""Days of demand in the smallest order."""
LOT = (0.3, 2.0)
"""Days of demand in a lot, drawn evenly in logarithms; at least a unit."""
CLASSES = np.log10([10.0, 100.0, 1000.0])
FACTORS = ((0.85, 2.7, 4.5), (-0.5, 0.8, 1.8), (-0.85, 0.3, 1.2))
"""Safety factors that suit a cost ratio of 10, 100 and 1000, per stage."""


def lot_problem(products: int, seed: int) -> Task:
    """The task of planning so many products two weeks ahead."""
    with tempfile.TemporaryDirectory() as folder:
        write_sample(Path(folder), products=products, days=2 * PERIODS, seed=seed)
        scenario = read_scenario(Path(folder) / "forecast.csv").scenario
    rng = np.random.default_rng([seed, products])
    known = scenario.products
    count = len(known)
    rate = scenario.forecast.scale
    cover = rng.uniform(*COVER, count)
    least, most = np.log(LOT)
    lot = np.maximum(1.0, np.round(rate * np.exp(rng.uniform(least, most, count))))
    in_lots = replace(
        known,
        lot_size=lot,
        minimum_order=np.round(rate * rng.uniform(*SMALLEST, count)),
        order_cost=scenario.holding_cost[-1] * rate * np.square(cover) / 2,
    )
    scenario = replace(scenario, products=in_lots)
    ratio = np.log10(known.cost_ratio)
    z = np.array([np.interp(ratio, CLASSES, factors) for factors in FACTORS])
    return Task(scenario, outlook_of(scenario, PERIODS + 1), z, scenario.stock, 0, PERIODS)
