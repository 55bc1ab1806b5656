"""Single-stage lot sizing with setup times under one capacity: drawn, or read from a file.

Instances are like those of Trigeiro, Thomas and McClain (1989), Management Science 35:353, drawn
anew: demand is normal with mean 100 a period and a coefficient of variation of .35, none on a
quarter of the first four periods; a unit takes one unit of time; setups take 21 to 65 (long) or 5
to 17 (short) units of time and cost what makes an order cover two periods at the economic order
quantity, times .75 to 1.25; holding costs .2 to .6 a unit and period. Capacity is what lot for lot
needs on average, divided by the utilisation.

A file that users have holds numbers in this order, apart by any white space:

    N T
    capacity                                   (the same in every period)
    process time, holding cost, setup time, setup cost     (N lines)
    demand of item 1 .. N                                  (T lines)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import DataError

MEAN, VARIATION = 100.0, 0.35
HOLDING = (0.2, 0.6)
LONG, SHORT = (21.0, 65.0), (5.0, 17.0)
COVER = 2.0
SPREAD = (0.75, 1.25)
IDLE = 4
"""Periods at the start in which some items are not demanded."""


@dataclass(frozen=True)
class Family:
    """Instances of a kind.

    Attributes:
        items: N.
        periods: T.
        utilisation: lot for lot's need of capacity / capacity, on average [1].
        long_setups: whether setups take long.
    """

    items: int
    periods: int
    utilisation: float = 0.85
    long_setups: bool = False


@dataclass(frozen=True)
class Instance:
    """One instance of N items over T periods.

    Attributes:
        demand: (T, N) [unit].
        process_time: of a unit (N,) [time].
        holding: at the end of a period (N,) [money/unit/period].
        setup_time: (N,) [time].
        setup_cost: (N,) [money].
        capacity: (T,) [time].
    """

    demand: np.ndarray
    process_time: np.ndarray
    holding: np.ndarray
    setup_time: np.ndarray
    setup_cost: np.ndarray
    capacity: np.ndarray

    @property
    def lost_cost(self) -> float:
        """Cost of a unit of demand that is not met, so high that it pays for nobody [money]."""
        return float(10 * (self.setup_cost.max() + self.holding.max() * len(self.demand)))


def instance_like(family: Family, seed: int) -> Instance:
    """An instance of a family, drawn from `seed`."""
    rng = np.random.default_rng([seed, family.items, family.periods])
    shape = (family.periods, family.items)
    demand = np.maximum(np.round(rng.normal(MEAN, VARIATION * MEAN, shape)), 0.0)
    demand[:IDLE][rng.random(shape)[:IDLE] < 0.25] = 0.0
    holding = rng.uniform(*HOLDING, family.items)
    setup_cost = np.round(holding * MEAN * COVER**2 / 2 * rng.uniform(*SPREAD, family.items), 1)
    setup_time = np.round(rng.uniform(*(LONG if family.long_setups else SHORT), family.items))
    needed = (demand + setup_time * (demand > 0)).sum(axis=1).mean()
    capacity = np.full(family.periods, np.round(needed / family.utilisation))
    ones = np.ones(family.items)
    return Instance(demand, ones, np.round(holding, 2), setup_time, setup_cost, capacity)


def read_instance(path: Path) -> Instance:
    """The instance in a file.

    Raises:
        DataError: the file does not hold the numbers of one instance.
    """
    words = path.read_text(encoding="utf-8").split()
    try:
        numbers = np.array(words, dtype=float)
    except ValueError as error:
        raise DataError(f"{path}: {error}; expected nothing but numbers") from error
    items, periods = (int(number) for number in numbers[:2]) if len(numbers) > 1 else (0, 0)
    expected = 3 + 4 * items + items * periods
    if items < 1 or periods < 1 or len(numbers) != expected:
        raise DataError(
            f"{path}: found {len(numbers)} numbers, expected {expected} for {items} items over "
            f"{periods} periods: N T, capacity, four numbers per item, N demands per period"
        )
    per_item = numbers[3 : 3 + 4 * items].reshape(items, 4).T
    process_time, holding, setup_time, setup_cost = per_item
    demand = numbers[3 + 4 * items :].reshape(periods, items)
    capacity = np.full(periods, numbers[2])
    return Instance(demand, process_time, holding, setup_time, setup_cost, capacity)
