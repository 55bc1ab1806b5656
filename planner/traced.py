"""The figures that people are shown, as tables of the run folder.

The report and the workbook show numbers of these tables and of the run's other files, and say of
each which file, row and column it stands in. A row is found by its first cell, a day of a stage by
its first two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.writing import FIGURE, write_table
from envs.metrics import Estimate
from planner.comparison import Comparison, CostRow, compare
from planner.key_figures import KeyFigure, StageFigures, counts, key_figures, stage_figures
from planner.reconciliation import StageSafety, stage_safety
from planner.replay import OURS
from planner.service_curve import ServicePoint, service_curve
from planner.space import StageSpace, stage_spaces

if TYPE_CHECKING:
    from planner.pipeline import Outcome

COSTS = (
    "rule",
    "holding",
    "shortage",
    "overflow",
    "total",
    "low",
    "high",
    "difference",
    "difference_low",
    "difference_high",
    "fill_rate",
    "fill_rate_low",
    "fill_rate_high",
    "meaning",
)
KEY_FIGURES = ("figure", "value", "low", "high", "unit", "weight", "when", "days", "formula")
STAGES = (
    "stage",
    "space",
    "overflow_price",
    "use_promised",
    "use_happened",
    "fullest_use",
    "fullest_day",
    "exceeded",
    "price_in_model",
    "price_answered",
    "supply_price",
    "days_inherited",
    "days_of_cover",
    "median_cover",
    "stock_value",
    "on_order_value",
    "advised_days",
    "reconciled_days",
    "advised_value",
    "reconciled_value",
    "products_cut",
    "correlation",
)
STAGE_DAYS = (
    "stage",
    "ds",
    "promised",
    "happened",
    "low",
    "high",
    "space",
    "exceeded",
    "price_in_model",
    "price_answered",
    "supply_price",
    "inherited",
)
SERVICE = (
    "factor",
    "futures",
    "fill_rate",
    "fill_rate_low",
    "fill_rate_high",
    "stock_value",
    "stock_days",
    "holding",
    "shortage",
    "overflow",
    "total",
    "fullest_use",
)


@dataclass(frozen=True)
class Table:
    """A small table of the run folder.

    Attributes:
        name: of the file, without its ending.
        columns: their names.
        rows: their cells, the first of which names the row.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.name}.csv"

    @cached_property
    def _places(self) -> dict[str, int]:
        return {written(row[0]): place for place, row in enumerate(self.rows)}

    def value(self, row: str, column: str) -> Any:
        """The cell of a column in the row of that name."""
        return self.rows[self._places[row]][self.columns.index(column)]

    def column(self, name: str) -> list[Any]:
        """All cells of a column, top to bottom."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]


@dataclass(frozen=True)
class Traced:
    """What people are shown, with the tables that hold its numbers.

    Attributes:
        comparison: promise, plan and rivals.
        spaces: of every stage.
        safety: of every stage.
        figures: the key figures.
        counts: products by status, and what was odd in the tables.
        service: service against stock; empty where it was not asked for.
        costs, key_figures, stages, stage_days, service_curve: the same as tables.
    """

    comparison: Comparison
    spaces: tuple[StageSpace, ...]
    safety: tuple[StageSafety, ...]
    figures: tuple[KeyFigure, ...]
    counts: tuple[KeyFigure, ...]
    service: tuple[ServicePoint, ...]
    costs: Table
    key_figures: Table
    stages: Table
    stage_days: Table
    service_curve: Table

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables that have rows."""
        found = (self.costs, self.key_figures, self.stages, self.stage_days, self.service_curve)
        return tuple(table for table in found if table.rows)


def traced(outcome: Outcome, curve: bool = True) -> Traced:
    """The figures of a plan; the curve of service against stock is played if it is asked for."""
    comparison, spaces = compare(outcome), stage_spaces(outcome)
    safety, figures, counted = stage_safety(outcome), key_figures(outcome), counts(outcome)
    stock = stage_figures(outcome.happened[OURS], outcome.problem.scenario.network.names)
    service = service_curve(outcome) if curve else ()
    said = ((*asdict(figure).values(),) for figure in (*figures, *counted))
    stages = map(_stage, spaces, safety, stock)
    days = (row for space in spaces for row in _days(space))
    return Traced(
        comparison=comparison,
        spaces=spaces,
        safety=safety,
        figures=figures,
        counts=counted,
        service=service,
        costs=Table("costs", COSTS, tuple(map(_cost, comparison.rows))),
        key_figures=Table("key_figures", KEY_FIGURES, tuple(said)),
        stages=Table("stages", STAGES, tuple(stages)),
        stage_days=Table("stage_days", STAGE_DAYS, tuple(days)),
        service_curve=Table("service_curve", SERVICE, tuple(map(_service, service))),
    )


def write_traced(folder: Path, found: Traced) -> None:
    """The tables as CSV files of a run folder."""
    for table in found.tables:
        write_table(folder / table.file, table.columns, table.rows)


def written(value: Any) -> str:
    """A cell as it stands in a file, but for the escape of formulas."""
    return FIGURE % value if isinstance(value, float) else str(value)


def _cost(row: CostRow) -> tuple[Any, ...]:
    unknown = Estimate(nan, nan, nan)
    difference, rate = row.against_ours or unknown, row.fill_rate or unknown
    return (
        row.rule,
        *(row.terms[term] for term in COSTS[1:4]),
        row.total,
        row.low,
        row.high,
        difference.value,
        difference.low,
        difference.high,
        rate.value,
        rate.low,
        rate.high,
        row.meaning,
    )


def _stage(space: StageSpace, safety: StageSafety, stock: StageFigures) -> tuple[Any, ...]:
    peak = int(np.argmax(space.happened))
    promised, happened = space.promised_use, space.happened_use
    use = (float(promised.mean()), float(happened.mean()), float(happened[peak]))
    return (
        space.stage,
        space.capacity,
        space.overflow_price,
        *(use if space.limited else (nan, nan, nan)),
        space.dates[peak].isoformat(),
        float(space.overflow_chance.mean()),
        float(space.price.mean()) if space.modelled else nan,
        float(space.answered.mean()),
        float(space.supply_price.mean()) if space.modelled else nan,
        int(space.inherited.sum()),
        stock.days_of_cover,
        stock.median_cover,
        stock.value,
        stock.on_order,
        safety.days_advised,
        safety.days_reconciled,
        safety.value_advised,
        safety.value_reconciled,
        safety.cut,
        safety.correlation,
    )


def _days(space: StageSpace) -> Iterator[tuple[Any, ...]]:
    unknown = np.full(len(space.dates), nan)
    columns = (
        space.promised,
        space.happened,
        space.low,
        space.high,
        np.full(len(space.dates), space.capacity),
        space.overflow_chance,
        space.price if space.modelled else unknown,
        space.answered,
        space.supply_price if space.modelled else unknown,
    )
    numbers = zip(*(column.tolist() for column in columns), strict=True)
    for when, of_day, inherited in zip(space.dates, numbers, space.inherited, strict=True):
        yield (space.stage, when.isoformat(), *of_day, int(inherited))


def _service(point: ServicePoint) -> tuple[Any, ...]:
    rate = point.fill_rate
    return (
        point.factor,
        point.futures,
        rate.value,
        rate.low,
        rate.high,
        point.stock_value,
        point.stock_days,
        point.holding,
        point.shortage,
        point.overflow,
        point.total,
        point.fullest,
    )
