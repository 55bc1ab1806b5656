"""`planner containers`: weekly orders of items that share containers, from three tables."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from planner.spoken_commands import columns_of, say

if TYPE_CHECKING:
    import numpy as np

    from data.container_tables import WeeklyReading

FIRST_SAMPLE_WEEK = date(2027, 1, 4)
REPLAYED = 1000
"""Paths on which a plan is replayed."""
MOST_SCENARIOS = 1000


def register(app: typer.Typer) -> None:
    """Adds the command of this file to an app."""
    app.command("containers")(order_weekly)


def order_weekly(
    tables: Annotated[
        Path, typer.Argument(help="Folder with forecast, inventory and purchase_orders.")
    ],
    out: Annotated[Path, typer.Option(help="The orders to write, .csv.")] = Path("orders.csv"),
    containers: Annotated[int, typer.Option(min=1, help="That may be filled each week.")] = 5,
    proportional: Annotated[
        bool, typer.Option(help="Serve all items of a group the same share of their demand.")
    ] = False,
    scenarios: Annotated[
        int,
        typer.Option(
            min=1, max=MOST_SCENARIOS, help="Of demand; 1 takes the forecast for certain."
        ),
    ] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Of the scenarios.")] = 1,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="A column under another name: --map on_hand=stock."),
    ] = None,
    sample: Annotated[
        bool, typer.Option(help="First write a made-up sample to the folder, which is new.")
    ] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace the file at --out.")] = False,
) -> None:
    """Order for the weeks of a forecast within containers and ramping, and replay the plan.

    Example: planner containers weekly --sample --out orders.csv
    """
    from data.container_tables import read_weekly
    from data.errors import ConfigurationError
    from data.issues import Severity
    from milp.containers import best_orders

    if out.exists() and not overwrite:
        raise ConfigurationError(f"{out} exists already; give another --out, or --overwrite")
    columns = columns_of(mapping, "on_hand=stock")
    if sample:
        _sample(tables, seed)
    reading = read_weekly(tables, containers, proportional, columns)
    for source in reading.sources:
        say(f"read {source}")
    for severity in (Severity.MENDED, Severity.ASSUMED, Severity.SKIPPED):
        for line in reading.issues.lines(severity):
            say(line)
    demand = _demand(reading, scenarios, (seed, 1)) if scenarios > 1 else None
    plan = best_orders(reading.problem, demand)
    _tell(reading, plan.orders, seed)
    say(f"For the scenarios it was made on, no plan is better by more than {plan.gap:.2%}.")
    _write(out, reading, plan.orders)
    say(f"Written to {out}; order the first week, and plan again when it is over.")


def _sample(folder: Path, seed: int) -> None:
    import numpy as np

    from data.container_tables import write_weekly
    from data.containers import made_up, with_lead_times
    from data.writing import check_free

    check_free(folder, replace=False)
    rng = np.random.default_rng(seed)
    write_weekly(folder, with_lead_times(made_up(rng, ramped=True), rng), FIRST_SAMPLE_WEEK)


def _demand(reading: WeeklyReading, paths: int, seed: tuple[int, int]) -> np.ndarray:
    import numpy as np

    return reading.problem.demand(np.random.default_rng(seed), paths)


def _tell(reading: WeeklyReading, orders: np.ndarray, seed: int) -> None:
    """What the plan does on paths that it was not made on."""
    from envs.metrics import estimate
    from envs.reference.weekly_containers import follow, static

    problem = reading.problem
    record = follow(problem, _demand(reading, REPLAYED, (seed, 2)), static(orders))
    worth, filled = estimate(record.value), estimate(record.served, record.demanded)
    space = record.space.mean(axis=0) / problem.container_volume
    say(
        f"{len(problem.item)} items, {problem.weeks} weeks from {reading.first}: replayed on "
        f"{REPLAYED:,} paths the orders are worth {worth.value:,.0f} ({worth.low:,.0f} to "
        f"{worth.high:,.0f}), fill rate {filled.value:.1%}; containers filled by week "
        f"{', '.join(f'{week:.1f}' for week in space)} of {problem.containers}."
    )


def _write(out: Path, reading: WeeklyReading, orders: np.ndarray) -> None:
    """A row per item and week with an order, by the week in which it is placed."""
    from data.writing import write_table

    rows = []
    for week, placed in enumerate(orders):
        at = (reading.first + timedelta(weeks=week)).isocalendar()
        for item, units in zip(reading.problem.item, placed, strict=True):
            if units > 0:
                name, location = item.split(" at ", 1)
                rows.append((name, location, at.week, at.year, int(units)))
    write_table(out, ("item", "location", "week", "year", "units"), rows)
