"""The run folder: what a plan leaves behind for people and programs."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib import metadata
from itertools import count
from pathlib import Path
from typing import Any

from data.writing import check_free, whole_folder, write_json, write_table
from planner.config import PlanConfig
from planner.orders import COLUMNS, order_lines
from planner.pipeline import Outcome
from planner.replay import OURS
from planner.report import render
from planner.sources import advisers, pricing, reasons

RUNS = Path("runs")
LIBRARIES = ("numpy", "scipy", "pandas", "pyomo", "highspy")
SAFETY_STOCK = (
    "unique_id",
    "stage",
    "cost_ratio",
    "z_advised",
    "advised",
    "z_reconciled",
    "reconciled",
    "source",
)
EXCEPTIONS = ("unique_id", "status", "money_at_stake", "reason", "action")


def write_run(outcome: Outcome) -> Path:
    """Writes the run folder, whole or not at all; returns where it stands."""
    target = outcome.config.out or free_name(outcome)
    with whole_folder(target, outcome.config.overwrite) as folder:
        _write_orders(folder / "orders.csv", outcome)
        _write_safety_stock(folder / "safety_stock.csv", outcome)
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
        if outcome.config.report:
            (folder / "report.html").write_text(render(outcome), encoding="utf-8")
        write_json(folder / "manifest.json", manifest(outcome))
    return target


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
    answer = outcome.planned.answer
    options = asdict(config.tables)
    return {
        "planner": metadata.version("echelon-planner"),
        "start": outcome.problem.scenario.start.isoformat(),
        "horizon": outcome.problem.horizon,
        "products": len(outcome.problem.scenario.products),
        "inputs": [
            {"table": s.table, "path": str(s.path), "sha256": s.sha256, "records": s.records}
            for s in outcome.reading.sources
        ],
        "options": {
            "horizon": config.horizon,
            "paths": config.paths,
            "replay": config.replay,
            "pricing": config.pricing,
            "seed": config.seed,
            **{name: _plain(value) for name, value in options.items()},
        },
        "assumed": list(outcome.reading.assumed),
        "skipped": outcome.reading.skipped,
        "brains": [brain.id for brain in outcome.advisor.panel.every],
        "advice": {
            "products": advisers(outcome.advised),
            "reasons": dict(reasons(outcome.advised)),
        },
        "pricing": pricing(outcome),
        "model": {
            "solved": answer is not None,
            "scarce": outcome.planned.scarce,
            "objective": None if answer is None else answer.objective,
            "gap": 0.0 if answer is not None and not answer.repairs else None,
            "repairs": 0 if answer is None else answer.repairs,
            "iterations": 0 if answer is None else answer.iterations,
        },
        "promised": outcome.planned.plan.costs.mean(),
        "happened": {name: kpis.costs.mean() for name, kpis in outcome.happened.items()},
        "fill_rate": outcome.happened[OURS].fill_rate().value,
        "seconds": {step: round(seconds, 3) for step, seconds in outcome.seconds.items()},
        "versions": {name: metadata.version(name) for name in LIBRARIES}
        | {"python": platform.python_version()},
    }


def _write_orders(path: Path, outcome: Outcome) -> None:
    lines = order_lines(outcome.problem, outcome.planned, outcome.z_reconciled)
    write_table(path, COLUMNS, ([getattr(line, name) for name in COLUMNS] for line in lines))


def _write_safety_stock(path: Path, outcome: Outcome) -> None:
    products, advised = outcome.problem.scenario.products, outcome.advised
    reconciled = outcome.z_reconciled
    rows = (
        (
            str(products.unique_id[k]),
            stage,
            float(products.cost_ratio[k]),
            float(advised.z[m, k]),
            float(advised.units[m, k]),
            float(reconciled[m, k]),
            float(reconciled[m, k] * advised.sigma[m, k]),
            f"{advised.source[k]}: {advised.reason[k]}" if advised.reason[k] else advised.source[k],
        )
        for k in range(len(products))
        for m, stage in enumerate(outcome.problem.scenario.network.names)
    )
    write_table(path, SAFETY_STOCK, rows)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
