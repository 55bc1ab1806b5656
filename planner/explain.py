"""The story of one product, told from a run folder alone: what is ordered, why, and what it brings.

Nothing is worked out again; what the tables do not say is not said.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan
from pathlib import Path
from typing import Any

from data.errors import ConfigurationError, DataError
from data.lookup import csv_rows, csv_words, nearest, parquet_rows
from planner.wording import counted, day, number, percent, signed

WORTH_SAYING = 0.01
"""Changes of a safety stock up to this share of it are not told [1]."""
NEXT_ORDERS = 10
"""Orders that are told one by one."""
FEW = 1e-4
"""Units below this share of a day's demand are rounding [1]."""
UNBOUGHT = "not worth buying"
"""The status of a product of which nothing more is bought."""


@dataclass(frozen=True)
class Sheet:
    """A table of a story.

    Attributes:
        title: what it shows.
        columns: their names, with units.
        rows: their cells, as text.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Story:
    """What a run folder says about one product.

    Attributes:
        title: the product and the plan.
        lines: sentences, the most pressing first.
        sheets: safety stock by stage, the next orders, the promise day by day.
    """

    title: str
    lines: tuple[str, ...]
    sheets: tuple[Sheet, ...]


@dataclass(frozen=True)
class Records:
    """The rows of a run folder that are about one product.

    Attributes:
        unique_id: the product.
        manifest: horizon and start of the plan, and what terms of the product clashed.
        safety: safety_stock.csv, a row per stage.
        orders: orders.csv, a row per order line.
        finding: its row of exceptions.csv; empty if it has none.
        figures: its row of product_figures.csv; empty if it was not planned.
        daily: plan.parquet, a row per day and stage, in columns.
    """

    unique_id: str
    manifest: dict[str, Any]
    safety: list[dict[str, str]]
    orders: list[dict[str, str]]
    finding: dict[str, str]
    figures: dict[str, str]
    daily: dict[str, list[Any]]

    def of_stage(self, name: str) -> list[dict[str, Any]]:
        """The days of one stage."""
        rows = zip(*self.daily.values(), strict=True)
        told = (dict(zip(self.daily, row, strict=True)) for row in rows)
        return [row for row in told if row["stage"] == name]

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages, the shelf first."""
        return tuple(dict.fromkeys(self.daily["stage"]))


def explain(folder: Path, product: str) -> Story:
    """The story of a product in a run.

    Raises:
        ConfigurationError: the folder is no run, or knows no such product; with the nearest names.
        DataError: a table of the run is damaged.
    """
    records = read_records(folder, product)
    name = records.figures.get("name", "")
    start = date.fromisoformat(records.manifest["start"])
    title = (
        f"{f'{product} {name}'.strip()}, planned from {day(start)} over "
        f"{counted(records.manifest['horizon'], 'day')}"
    )
    if not records.safety:
        return Story(title, (_finding(records),), ())
    lines = (
        _finding(records),
        *_advice(records),
        *(_today(records, stage) for stage in records.stages),
        *(f"{said[:1].upper()}{said[1:].rstrip('.')}." for said in records.manifest["conflicts"]),
        _promise(records),
        _futures(records),
    )
    sheets = (_safety_sheet(records), _order_sheet(records), _daily_sheet(records))
    return Story(
        title, tuple(line for line in lines if line), tuple(sheet for sheet in sheets if sheet.rows)
    )


def read_records(folder: Path, product: str) -> Records:
    """What a run folder says about a product.

    Raises:
        ConfigurationError: the folder is no run, or knows no such product; with the nearest names.
        DataError: a table of the run is missing or damaged.
    """
    manifest = _manifest(folder, product)
    findings = csv_rows(folder / "exceptions.csv", "unique_id", product)
    if not findings:
        near = nearest(product, csv_words(folder / "exceptions.csv", "unique_id"))
        hint = f"; {' or '.join(map(repr, near))} may be meant" if near else ""
        raise ConfigurationError(f"{folder} has no product {product!r}{hint}")
    tables = {
        name: csv_rows(folder / f"{name}.csv", "unique_id", product)
        for name in ("safety_stock", "orders", "product_figures")
    }
    figures = tables["product_figures"]
    return Records(
        unique_id=product,
        manifest=manifest,
        safety=tables["safety_stock"],
        orders=tables["orders"],
        finding=findings[0],
        figures=figures[0] if figures else {},
        daily=parquet_rows(folder / "plan.parquet", "unique_id", product),
    )


def _manifest(folder: Path, product: str) -> dict[str, Any]:
    """What the manifest says about the plan, and about terms of the product that clashed."""
    path = folder / "manifest.json"
    if not path.is_file():
        raise ConfigurationError(
            f"{folder} is not a run folder (it has no manifest.json); give the folder that "
            "`planner plan` printed"
        )
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        date.fromisoformat(manifest["start"])
        clashes = [
            str(conflict["explanation"])
            for conflict in manifest["conflicts"]
            if product in conflict["products"]
        ]
        return {
            "horizon": int(manifest["horizon"]),
            "start": manifest["start"],
            "conflicts": clashes,
        }
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: damaged, expected what `planner plan` wrote ({error})") from error


def _finding(records: Records) -> str:
    finding = records.finding
    status = finding["status"]
    said = f"{status[:1].upper()}{status[1:]}"
    if finding["reason"]:
        said += f": {finding['reason']}"
    stake = float(finding["money_at_stake"])
    if finding["action"] != "none":
        said += f"; {finding['action']}"
    return f"{said} ({number(stake)} at stake)." if stake else f"{said}."


def _advice(records: Records) -> list[str]:
    """Who advised what, and what the price of space did to it."""
    source = records.safety[0]["source"]
    ratio = float(records.safety[0]["cost_ratio"])
    said = [
        f"Safety stock is advised by {source}, for a missed sale that costs {number(ratio)} days "
        "of holding."
    ]
    changed = []
    for row in records.safety:
        before, after = float(row["advised"]), float(row["reconciled"])
        if abs(before - after) > WORTH_SAYING * max(abs(before), 1):
            verb = "takes" if after < before else "adds"
            changed.append(f"{verb} {number(abs(before - after))} at {row['stage']}")
    if changed:
        said.append(f"The price of space {', '.join(changed)} [units].")
    return said


def _today(records: Records, stage: str) -> str:
    """What a stage orders today and why; also why nothing."""
    first = records.of_stage(stage)[0]
    today = first["ds"].isoformat()
    line = next(
        (row for row in records.orders if row["stage"] == stage and row["order_date"] == today),
        None,
    )
    if line is not None:
        arrives = day(date.fromisoformat(line["arrival_date"]))
        units = number(float(line["quantity"]))
        return (
            f"Today {stage} orders {units} from {line['supplier']}, here on {arrives}: "
            f"{line['reason']}."
        )
    if records.finding["status"] == UNBOUGHT and stage == records.stages[-1]:
        return f"Today {stage} orders nothing: it is not worth buying."
    position, target = first["level"], first["order_up_to"]
    said = f"Today {stage} orders nothing: position {number(position)}"
    if position >= target:
        return f"{said} covers the order-up-to level {number(target)}."
    lot = float(records.figures["lot_size"])
    if target - position <= lot / 2:
        return (
            f"{said}, and the {number(target - position)} units up to the order-up-to level "
            f"{number(target)} are less than half a lot of {number(lot)}."
        )
    return (
        f"{said}, order-up-to level {number(target)}; the supplier has nothing to send, or the "
        "plan for all products gives the space to others."
    )


def _promise(records: Records) -> str:
    """What demand at its mean would bring."""
    shelf = records.of_stage(records.stages[0])
    demand = sum(row["forecast"] for row in shelf)
    lost = sum(row["lost_sales"] for row in shelf)
    waiting = max(row["backorders"] for row in shelf)
    said = f"If demand comes at its mean, {number(demand)} units are asked for"
    if lost > FEW * demand:
        worst = max(shelf, key=lambda row: row["lost_sales"])
        return f"{said} and {number(lost)} are missed, the most on {day(worst['ds'])}."
    if waiting > FEW * demand:
        return f"{said}, up to {number(waiting)} of them late."
    return f"{said} and all are served."


def _futures(records: Records) -> str:
    """What happened when the plan's rule was carried out on sampled futures."""
    figures = records.figures
    served = float(figures["fill_rate"])
    if isnan(served):
        return ""
    return (
        f"On {counted(int(figures['futures']), 'sampled future')} the plan's rule serves "
        f"{percent(served)} of demand at once and runs short on "
        f"{percent(float(figures['stock_out_risk']), 0)} of them; holding costs "
        f"{number(float(figures['holding']))}, missed sales {number(float(figures['shortage']))}."
    )


def _safety_sheet(records: Records) -> Sheet:
    rows = []
    for row in records.safety:
        days = records.of_stage(row["stage"])
        numbers = [float(row[key]) for key in ("z_advised", "advised", "z_reconciled")]
        left = float(row["reconciled"])
        first = days[0]
        numbers += [left, left - numbers[1], first["level"] - first["shipment"]]
        numbers += [first["shipment"], first["order_up_to"]]
        rows.append((row["stage"], *map(number, numbers)))
    columns = ("z advised", "units advised", "z left", "units left", "space did", "position")
    return Sheet(
        "Safety stock and today's order, by stage (positions are of the stage and all below it)",
        ("stage", *columns, "order", "order-up-to"),
        tuple(rows),
    )


def _order_sheet(records: Records) -> Sheet:
    shown = records.orders[:NEXT_ORDERS]
    more = len(records.orders) - len(shown)
    rows = tuple(
        (
            day(date.fromisoformat(row["order_date"])),
            row["stage"],
            row["supplier"],
            number(float(row["quantity"])),
            day(date.fromisoformat(row["arrival_date"])),
            *(number(float(row[name])) for name in ("position", "order_up_to", "forecast")),
            signed(float(row["sharing"]) + float(row["rounding"])),
            row["binding"] or "nothing",
        )
        for row in shown
    )
    title = "The next orders" + (f"; orders.csv has {number(more)} more" if more else "")
    columns = (
        *("ordered", "stage", "from", "units", "arrives"),
        *("position", "order-up-to", "forecast", "plan and lots", "limited by"),
    )
    return Sheet(title, columns, rows)


def _daily_sheet(records: Records) -> Sheet:
    by_stage = [records.of_stage(stage) for stage in records.stages]
    rows = tuple(
        (
            day(days[0]["ds"]),
            number(days[0]["forecast"]),
            *_whole(days[0]["lost_sales"], days[0]["backorders"]),
            *(number(part["on_hand"]) for part in days),
            *(number(part["shipment"]) for part in days),
        )
        for days in zip(*by_stage, strict=True)
    )
    columns = (
        "day",
        "demand",
        "missed",
        "waiting",
        *(f"stock {stage}" for stage in records.stages),
        *(f"to {stage}" for stage in records.stages),
    )
    return Sheet("Promised day by day, if demand comes at its mean [units]", columns, rows)


def _whole(*values: float) -> Sequence[str]:
    return [number(value) if abs(value) > FEW else "" for value in values]
