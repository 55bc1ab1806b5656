"""What-if scenarios: a TOML file that names a change of the tables, and what it may change.

    name = "Tennessee grows"
    description = "the annex, and what it does to the lead time"
    [[capacity]]
    stage = "Tennessee"
    factor = 1.2
    [[lead_time]]
    stage = "Tennessee"
    days = 1

`planner/changes.py` carries the changes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from math import inf
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from data.catalogue import Source
from data.errors import ConfigurationError
from data.weekdays import OpenDays, open_days
from planner.toml_file import read_toml

BASE = "base"
"""What the tables as they are go by; no scenario may be called so."""

Factor = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Amount = Annotated[float, Field(strict=True, ge=0)]
Days = Annotated[int, Field(strict=True, ge=-365, le=365)]


class Change(BaseModel):
    """What all changes have in common: unknown keys are refused, nothing is edited."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class OfProducts(Change):
    """A change of some products: those that every list given names; all without a list.

    Attributes:
        products: unique_ids.
        categories, suppliers: as in the table of products.
    """

    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    suppliers: tuple[str, ...] = ()


class Scaled(Change):
    """A change by a factor [1] or to a value; exactly one of them."""

    factor: Factor | None = None
    value: Amount | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.factor is None) == (self.value is None):
            found = "neither" if self.factor is None else "both"
            raise ValueError(f"{found} of factor and value given, expected one of them")
        return self


class CapacityChange(Scaled):
    """Space [volume], or supply [volume/period], of a stage or of all stages."""

    stage: str | None = None
    limit: Literal["storage", "supply"] = "storage"


class OverflowChange(Scaled):
    """The price of space beyond the capacity [money/volume/period]."""

    stage: str | None = None


class CostChange(Scaled, OfProducts):
    """A cost of products [money/unit], of holding [money/unit/period]."""

    term: Literal["missed_sale_cost", "holding_cost", "unit_cost"]


class DemandChange(OfProducts):
    """The forecast, between two dates that both count.

    Attributes:
        mean: factor of what is expected [1].
        std: factor of the standard deviation [1]; that of the mean if not given, so that the
            forecast stays as sure as it was.
        first, last: the days concerned; all if not given.
    """

    mean: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] = 1.0
    std: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)] | None = None
    first: date | None = Field(None, alias="from")
    last: date | None = Field(None, alias="to")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first and self.last and self.first > self.last:
            raise ValueError(f"from is {self.first}, after to, {self.last}; expected from first")
        return self


class LeadTimeChange(OfProducts):
    """Lead times to a stage [period]; to the top stage where suppliers are named and no stage."""

    stage: str | None = None
    days: Days | None = None
    value: Annotated[int, Field(strict=True, ge=0, le=365)] | None = None

    @model_validator(mode="after")
    def _says_enough(self) -> Self:
        if (self.days is None) == (self.value is None):
            found = "neither" if self.days is None else "both"
            raise ValueError(f"{found} of days and value given, expected one of them")
        if self.stage is None and not self.suppliers:
            raise ValueError("names neither a stage nor suppliers, expected one of them")
        return self


class BudgetChange(Change):
    """Money for purchases from the source [money]."""

    total: Amount = inf
    per_day: Amount = inf


class OrderDaysChange(Change):
    """The days on which a stage orders, or on which suppliers take orders."""

    days: tuple[str, ...]
    stage: str | None = None
    suppliers: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _of_somebody_on_some_day(self) -> Self:
        if (self.stage is None) == (not self.suppliers):
            raise ValueError("expected a stage or suppliers, one of them")
        if not self.days or open_days(self.days) is None:
            raise ValueError(f'days is {list(self.days)}, expected some such as ["Mon", "Thu"]')
        return self

    @property
    def open(self) -> OpenDays:
        """Whether each day of the week is open (7,), Monday first."""
        days = open_days(self.days)
        assert days is not None
        return days


class WhatIf(Change):
    """One scenario; changes are made in the order in which their kinds stand here.

    Attributes:
        name: short, for tables.
        description: for people.
        capacity, overflow_price, cost, demand, lead_time, budget, order_days: what is changed.
    """

    name: Annotated[str, Field(min_length=1, max_length=60)]
    description: str = ""
    capacity: tuple[CapacityChange, ...] = ()
    overflow_price: tuple[OverflowChange, ...] = ()
    cost: tuple[CostChange, ...] = ()
    demand: tuple[DemandChange, ...] = ()
    lead_time: tuple[LeadTimeChange, ...] = ()
    budget: BudgetChange | None = None
    order_days: tuple[OrderDaysChange, ...] = ()

    @property
    def numbered(self) -> tuple[tuple[str, Change], ...]:
        """Every change with what it is called in the file: 'cost 2'."""
        kinds = ("capacity", "overflow_price", "cost", "demand", "lead_time", "order_days")
        changes: list[tuple[str, Change]] = [
            (f"{kind} {number}", change)
            for kind in kinds
            for number, change in enumerate(getattr(self, kind), start=1)
        ]
        return tuple(changes if self.budget is None else [*changes, ("budget", self.budget)])

    @model_validator(mode="after")
    def _is_a_scenario(self) -> Self:
        if self.name.strip().casefold() in ("", BASE):
            raise ValueError(f"name is {self.name!r}, expected a name other than {BASE!r}")
        if not self.numbered:
            raise ValueError("nothing is changed; expected for instance a [[capacity]] table")
        return self


@dataclass(frozen=True)
class Asked:
    """A scenario and the file it stands in.

    Attributes:
        what_if: the scenario.
        source: the file; its records are the changes.
    """

    what_if: WhatIf
    source: Source


def read_what_ifs(paths: Sequence[Path]) -> tuple[Asked, ...]:
    """The scenarios of these files, in their order.

    Raises:
        ConfigurationError: a file cannot be used, or two scenarios have one name.
    """
    asked = tuple(_read(path, number) for number, path in enumerate(paths, start=1))
    names = [each.what_if.name for each in asked]
    for each, name in zip(asked, names, strict=True):
        if names.count(name) > 1:
            raise ConfigurationError(
                f"{each.source.path}: name {name!r} is used by two scenarios; give each its own"
            )
    return asked


def _read(path: Path, number: int) -> Asked:
    what_if = read_toml(path, WhatIf)
    digest = sha256(path.read_bytes()).hexdigest()
    return Asked(what_if, Source(f"scenario {number}", path, digest, len(what_if.numbered)))
