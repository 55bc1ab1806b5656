"""The run folder: what a plan leaves behind for people and programs."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import file_digest
from importlib import metadata
from itertools import count
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from data.writing import (
    check_free,
    whole_folder,
    write_json,
    write_lines,
    write_parquet,
    write_table,
)
from envs.metrics import Estimate
from planner import orders, ranking, record
from planner.config import PlanConfig, stated
from planner.pipeline import Outcome
from planner.planning import Planned
from planner.replay import OURS
from planner.report import render
from planner.sources import advisers, pricing, reasons
from planner.traced import traced, write_traced
from planner.workbook import wanted, write_workbook

RUNS = Path("runs")
LIBRARIES = ("numpy", "scipy", "pandas", "pyomo", "highspy")
EXCEPTIONS = ("unique_id", "status", "money_at_stake", "reason", "action")


def write_run(outcome: Outcome, with_files: Mapping[str, Path] | None = None) -> Path:
    """Writes the run folder, whole or not at all; returns where it stands.

    Args:
        outcome: what is written.
        with_files: more files to stand in the folder, by the names they get there.
    """
    target = outcome.config.out or free_name(outcome)
    with whole_folder(target, outcome.config.overwrite) as folder:
        for name, path in (with_files or {}).items():
            shutil.copyfile(path, folder / name)
        _write_lines(folder, outcome)
        write_parquet(folder / "plan.parquet", record.plan_columns(outcome))
        write_table(
            folder / "exceptions.csv",
            EXCEPTIONS,
            (
                (f.unique_id, f.status.value, f.money_at_stake, f.reason, f.action)
                for f in outcome.findings
            ),
        )
        if len(outcome.reading.issues):
            outcome.reading.issues.write(folder / "data_issues.csv")
        _write_for_people(folder, outcome)
        write_json(folder / "manifest.json", manifest(outcome))
    return target


def _write_for_people(folder: Path, outcome: Outcome) -> None:
    """The figures as tables, the report that shows them, and the workbook."""
    excel = wanted(outcome, outcome.config.excel)
    found = traced(outcome, curve=outcome.config.report or excel)
    write_traced(folder, found)
    if outcome.config.report:
        (folder / "report.html").write_text(render(outcome, found), encoding="utf-8")
    if excel:
        every = outcome.config.excel is True
        write_workbook(folder / "plan.xlsx", outcome, found, every)


def check_target(config: PlanConfig) -> None:
    """Refuses an `out` that cannot be written to, before any work is done."""
    if config.out is not None:
        check_free(config.out, config.overwrite)


def free_name(outcome: Outcome) -> Path:
    """runs/START, or runs/START-2 and so on where that is taken."""
    start = outcome.problem.scenario.start.isoformat()
    names = (start if n == 1 else f"{start}-{n}" for n in count(1))
    return next(RUNS / name for name in names if not (RUNS / name).exists())


def manifest(outcome: Outcome) -> dict[str, Any]:
    """What the run was made from and with, enough to make it again."""
    config = outcome.config
    return {
        "planner": metadata.version("echelon-planner"),
        "start": outcome.problem.scenario.start.isoformat(),
        "horizon": outcome.problem.horizon,
        "products": len(outcome.problem.scenario.products),
        "directory": str(Path.cwd()),
        "inputs": _inputs(outcome),
        "config": stated(config),
        "options": {
            "horizon": config.horizon,
            "paths": outcome.futures,
            "replay": config.replay,
            "pricing": config.pricing,
            "seed": config.seed,
            **_plain(asdict(config.solving)),
            "budget": _plain(asdict(config.budget)),
            **_plain(asdict(config.tables)),
        },
        "assumed": list(outcome.reading.assumed),
        "skipped": outcome.reading.skipped,
        "brains": [brain.id for brain in outcome.advisor.panel.every],
        "advice": {
            "products": advisers(outcome.advised),
            "reasons": dict(reasons(outcome.advised)),
        },
        "pricing": pricing(outcome),
        "model": _solved(outcome.planned),
        "conflicts": [
            {"products": list(conflict.products), "explanation": conflict.explanation}
            for conflict in outcome.conflicts
        ],
        "promised": outcome.planned.plan.costs.mean(),
        "happened": {name: kpis.costs.mean() for name, kpis in outcome.happened.items()},
        "fill_rate": outcome.happened[OURS].fill_rate().value,
        "kpis": _kpis(outcome),
        "prices_of_space": _prices_of_space(outcome),
        "urgent": sum(finding.urgent for finding in outcome.findings),
        "seconds": {step: round(seconds, 3) for step, seconds in outcome.seconds.items()},
        "versions": {name: metadata.version(name) for name in LIBRARIES}
        | {"python": platform.python_version()},
    }


def _inputs(outcome: Outcome) -> list[dict[str, Any]]:
    """Every file the plan was made from."""
    found: list[dict[str, Any]] = [
        {"table": s.table, "path": str(s.path), "sha256": s.sha256, "records": s.records}
        for s in outcome.reading.sources
    ]
    if outcome.announced is not None:
        path = outcome.announced.folder / "plan.parquet"
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        found.append({"table": "announced", "path": str(path), "sha256": digest, "records": 0})
    return found


def _kpis(outcome: Outcome) -> list[dict[str, Any]]:
    """The figures that runs are compared by, with 95 % intervals over futures where they have one.

    Purchases are those of the plan from the source; their money is unknown where a product that is
    bought has no unit cost.
    """
    happened, products = outcome.happened[OURS], outcome.problem.scenario.products
    bought = outcome.planned.plan.shipments[:, -1].sum(axis=0)
    spent = float(np.where(bought > 0, bought * products.unit_cost, 0.0).sum())
    units = float(outcome.planned.plan.shipments.sum())
    known: dict[str, tuple[Estimate | float, str]] = {
        "cost": (happened.total_cost, "money"),
        "promised cost": (outcome.planned.plan.costs.mean()["total"], "money"),
        "fill rate": (happened.fill_rate(), "1"),
        "cycle service level": (happened.cycle_service_level, "1"),
        "ready rate": (happened.ready_rate, "1"),
        "turns": (happened.turns, "1/year"),
        "capital tied up": (happened.capital_tied_up, "money"),
        "capital on order": (happened.capital_on_order, "money"),
        "missed-sales value": (happened.missed_sales_value, "money"),
        "purchases": (spent, "money"),
        "units ordered": (units, "unit"),
    }
    return [{"name": name, **_interval(of), "unit": unit} for name, (of, unit) in known.items()]


def _interval(of: Estimate | float) -> dict[str, Any]:
    figure = of if isinstance(of, Estimate) else Estimate(of, np.nan, np.nan)
    interval: dict[str, Any] = _plain(
        {"value": figure.value, "low": figure.low, "high": figure.high}
    )
    return interval


def _prices_of_space(outcome: Outcome) -> list[dict[str, Any]]:
    """The price of space that orders answer to at each stage: mean over days, and the highest."""
    price = outcome.planned.price
    return [
        {"stage": name, "mean": float(price[:, m].mean()), "highest": float(price[:, m].max())}
        for m, name in enumerate(outcome.problem.scenario.network.names)
    ]


def _solved(planned: Planned) -> dict[str, Any]:
    """What the programme was good for: who decided, and how far from the least cost it may be."""
    answer = planned.answer
    return _plain(
        {
            "solved": answer is not None,
            "scarce": planned.scarce,
            "decided": planned.mode,
            "lower": None if answer is None else answer.lower,
            "upper": None if answer is None else answer.upper,
            "gap": None if answer is None else answer.gap,
            "complete": answer is None or answer.complete,
            "iterations": 0 if answer is None else answer.iterations,
        }
    )


def _write_lines(folder: Path, outcome: Outcome) -> None:
    """The tables with a line per order, purchase or product."""
    problem, planned = outcome.problem, outcome.planned
    left, advised = outcome.z_reconciled, outcome.advised.z
    lines = orders.orders(problem, planned, left, advised)
    ranked = ranking.ranked_purchases(problem, planned, left)
    tables = {
        "orders.csv": (orders.COLUMNS, orders.order_text(lines)),
        "ranked_orders.csv": (ranking.COLUMNS, ranking.ranked_text(ranked)),
        "safety_stock.csv": (record.SAFETY_STOCK, record.safety_stock_text(outcome)),
        "product_figures.csv": (record.FIGURES, record.figure_text(outcome)),
    }
    for name, (header, text) in tables.items():
        write_lines(folder / name, header, text)


def _plain(value: Any) -> Any:
    """A value as JSON knows it: paths in words, nothing for what has no end."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, float) and not isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
