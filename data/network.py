"""The chain of stocking levels: where stock lies, where it comes from, how long it travels.

Stage 0 is the shelf. Every stage names its supplier; the top stage has none and draws on an
unlimited source.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import numpy as np

from data.errors import ConfigurationError
from data.weekdays import EVERY_DAY, WEEKDAYS, OpenDays, open_days

LARGEST_WHOLE = 10**15
"""Whole numbers in a network's file may not exceed it; floats hold them exactly."""


@dataclass(frozen=True)
class Stage:
    """One stocking level.

    Attributes:
        name: what people call it.
        lead_time: periods between shipping to this stage and its receipt [period].
        holding_share: holding cost here / holding cost at the shelf [1].
        storage_capacity: space for stock, incoming goods included [volume].
        supply_capacity: what can be shipped to this stage in one period [volume/period].
        overflow_price: price of stock beyond the capacity [money/volume/period].
        order_days: on which the stage may order (7,), Monday first.
        truck_volume: what one truck holds [volume]; all that is shipped to the stage in a period
            rides in whole trucks, which all products share. 0: there are no trucks.
        truck_cost: of a truck, full or not [money/truck].
    """

    name: str
    lead_time: int
    holding_share: float = 1.0
    storage_capacity: float = inf
    supply_capacity: float = inf
    overflow_price: float = 0.0
    order_days: OpenDays = EVERY_DAY
    truck_volume: float = 0.0
    truck_cost: float = 0.0

    def __post_init__(self) -> None:
        where = f"network, stage {self.name!r}"
        _check_orders(self, where)
        if not self.name.strip():
            raise ConfigurationError("network: a stage has no name; give every stage a name")
        if isinstance(self.lead_time, bool) or not float(self.lead_time).is_integer():
            raise ConfigurationError(
                f"{where}: lead_time is {self.lead_time!r}, expected whole days"
            )
        if not 0 <= self.lead_time <= 365:
            raise ConfigurationError(
                f"{where}: lead_time is {self.lead_time}, expected 0 to 365 days"
            )
        if not (isfinite(self.holding_share) and self.holding_share > 0):
            raise ConfigurationError(
                f"{where}: holding_share is {self.holding_share}, expected a number above 0"
            )
        for label in ("storage_capacity", "supply_capacity"):
            if not getattr(self, label) >= 0:
                raise ConfigurationError(
                    f"{where}: {label} is {getattr(self, label)}, expected 0 or more (leave it out "
                    "for no limit)"
                )
        if not (isfinite(self.overflow_price) and self.overflow_price >= 0):
            raise ConfigurationError(
                f"{where}: overflow_price is {self.overflow_price}, expected 0 or more"
            )
        if isfinite(self.storage_capacity) and self.overflow_price == 0:
            raise ConfigurationError(
                f"{where}: storage_capacity is given but overflow_price is 0, so the limit would "
                "mean nothing; give the price of one volume unit stored elsewhere for a day"
            )


def _check_orders(stage: Stage, where: str) -> None:
    days = stage.order_days
    if len(days) != len(WEEKDAYS) or not all(isinstance(day, bool) for day in days):
        raise ConfigurationError(
            f"{where}: order_days is {days!r}, expected a true or false per day, Monday first"
        )
    if not any(days):
        raise ConfigurationError(
            f"{where}: order_days is empty, so nothing could ever be ordered; name at least one "
            "day, or leave it out for every day"
        )
    for label in ("truck_volume", "truck_cost"):
        if not (isfinite(getattr(stage, label)) and getattr(stage, label) >= 0):
            raise ConfigurationError(
                f"{where}: {label} is {getattr(stage, label)}, expected 0 or more"
            )
    if stage.truck_cost and not stage.truck_volume:
        raise ConfigurationError(
            f"{where}: truck_cost is given but truck_volume is 0, so the cost would mean nothing; "
            "give the volume that one truck holds"
        )


@dataclass(frozen=True)
class Network:
    """A serial chain of M stages, the shelf first; each is supplied by the next."""

    stages: tuple[Stage, ...]
    source: str = "source"

    def __post_init__(self) -> None:
        if not self.stages:
            raise ConfigurationError("network: no stage found; give at least the shelf")
        names = [stage.name for stage in self.stages]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigurationError(
                f"network: stage name {twice[0]!r} is used twice; give every stage its own name"
            )

    def __len__(self) -> int:
        return len(self.stages)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the stages, shelf first."""
        return tuple(stage.name for stage in self.stages)

    def supplier_of(self, stage: int) -> str:
        """Name of the place that ships to `stage`."""
        return self.names[stage + 1] if stage + 1 < len(self) else self.source

    def column(self, attribute: str) -> np.ndarray:
        """One attribute of every stage as an array (M,)."""
        return np.array([getattr(stage, attribute) for stage in self.stages], dtype=float)

    @property
    def storage_capacity(self) -> np.ndarray:
        """Space per stage (M,) [volume]; infinite where there is no limit."""
        return self.column("storage_capacity")

    @property
    def supply_capacity(self) -> np.ndarray:
        """Shipping limit per stage (M,) [volume/period]; infinite where there is no limit."""
        return self.column("supply_capacity")

    @property
    def overflow_price(self) -> np.ndarray:
        """Price of overflow per stage (M,) [money/volume/period]."""
        return self.column("overflow_price")

    @property
    def order_days(self) -> np.ndarray:
        """On which days each stage may order (M, 7), Monday first."""
        return np.array([stage.order_days for stage in self.stages], dtype=bool)

    @property
    def truck_volume(self) -> np.ndarray:
        """What a truck to each stage holds (M,) [volume]; 0 where there are none."""
        return self.column("truck_volume")

    @property
    def truck_cost(self) -> np.ndarray:
        """Cost of a truck to each stage (M,) [money/truck]."""
        return self.column("truck_cost")


_STAGE_KEYS = frozenset(
    {"name", "lead_time", "supplier", "holding_share", "storage_capacity", "supply_capacity"}
    | {"overflow_price", "order_days", "truck_volume", "truck_cost"}
)
_NUMBERS = _STAGE_KEYS - {"name", "supplier", "order_days"}


def default_network() -> Network:
    """The mission's chain: New York <- Tennessee 2 days <- Los Angeles 3 days <- China 4 days."""
    return Network(
        stages=(
            Stage("New York", lead_time=2, holding_share=1.0),
            Stage("Tennessee", lead_time=3, holding_share=0.7),
            Stage("Los Angeles", lead_time=4, holding_share=0.4),
        ),
        source="China",
    )


def network_from_table(table: dict[str, Any]) -> Network:
    """The network that a parsed network.toml describes: a `source` and a list of [[stage]].

    Raises:
        ConfigurationError: an unknown key, a missing name or lead time, a wrong type, or a
            supplier other than the next stage up (plans are made for serial chains).
    """
    unknown = sorted(set(table) - {"source", "stage"})
    if unknown:
        raise ConfigurationError(
            f"network.toml: unknown key {unknown[0]!r}; expected 'source' and [[stage]] tables"
        )
    rows = table.get("stage")
    if not isinstance(rows, list) or not rows:
        raise ConfigurationError("network.toml: no [[stage]] table found; give the shelf first")
    source = table.get("source", "source")
    if not isinstance(source, str):
        raise ConfigurationError(f"network.toml: source is {source!r}, expected a name in quotes")
    stages = tuple(_stage_from_table(row, number) for number, row in enumerate(rows))
    _refuse_trees(rows, (*(stage.name for stage in stages), source))
    return Network(stages, source)


def _stage_from_table(row: dict[str, Any], number: int) -> Stage:
    where = f"network.toml, stage {number + 1}"
    if not isinstance(row, dict):
        raise ConfigurationError(f"{where}: found {row!r}, expected a [[stage]] table")
    unknown = sorted(set(row) - _STAGE_KEYS)
    if unknown:
        raise ConfigurationError(
            f"{where}: unknown key {unknown[0]!r}; expected one of {', '.join(sorted(_STAGE_KEYS))}"
        )
    for key in ("name", "lead_time"):
        if key not in row:
            raise ConfigurationError(f"{where}: {key} is missing; add it")
    if not isinstance(row["name"], str):
        raise ConfigurationError(f"{where}: name is {row['name']!r}, expected a name in quotes")
    numbers = {key: value for key, value in row.items() if key in _NUMBERS}
    for key, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigurationError(f"{where}: {key} is {value!r}, expected a number")
        if isinstance(value, int) and abs(value) > LARGEST_WHOLE:
            raise ConfigurationError(f"{where}: {key} is too large, expected at most 1e15")
    return Stage(row["name"], **numbers, order_days=_order_days(row, where))


def _order_days(row: dict[str, Any], where: str) -> OpenDays:
    given = row.get("order_days", WEEKDAYS)
    names = isinstance(given, list | tuple) and all(isinstance(day, str) for day in given)
    days = open_days(given) if names else None
    if days is None:
        raise ConfigurationError(
            f'{where}: order_days is {given!r}, expected a list of days such as ["Mon", "Thu"]'
        )
    return days


def _refuse_trees(rows: Iterable[dict[str, Any]], names: tuple[str, ...]) -> None:
    for number, row in enumerate(rows):
        expected = names[number + 1]
        if row.get("supplier", expected) != expected:
            raise ConfigurationError(
                f"network.toml, stage {number + 1}: supplier is {row['supplier']!r}, expected the "
                f"next stage {expected!r}; plans are made for serial chains, shelf first"
            )
