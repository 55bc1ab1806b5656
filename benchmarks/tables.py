"""Writes the README's tables, its sample output and drawings of results: `make tables`.

Tables come from the committed results and stand between `<!-- table: NAME -->` and `<!-- end -->`;
what `planner plan` prints on the shipped sample stands after `<!-- output -->`. Nothing else in the
file changes.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import reference_tables
from benchmarks.distribution.table import table as distribution
from benchmarks.results import FOLDER, Result, Row, read
from benchmarks.serial_hybrid import table as serial_hybrid
from benchmarks.serial_hybrid.drawings import draw_all

ROOT = Path(__file__).parents[1]
README, DOCS = ROOT / "README.md", ROOT / "docs"
ANSWERS = ("optimum", "perfect information")
"""What gaps are measured from."""


def brains(result: Result) -> list[str]:
    """Cost per policy and ratio over that of constants tuned for each product."""
    return _grid(result, _matching(result, r"r=[\d.]+"), lambda row: _interval(row, 3))


def odd(result: Result) -> list[str]:
    """The same where something is out of the ordinary: cases down, policies across."""
    cases = _matching(result, r"[^/]+/r=[\d.]+")
    shown = ("textbook, shelf only", "class constants", "ours")
    found = {(row.case, row.policy): _interval(row, 3) for row in result.rows}
    lines = [f"| case | {' | '.join(shown)} |", f"|---|{'---:|' * len(shown)}"]
    for case in cases:
        cells = " | ".join(found.get((case, policy), "") for policy in shown)
        lines.append(f"| {case.replace('/', ', ')} | {cells} |")
    return lines


def prices(result: Result) -> list[str]:
    """Cost of the brain asked at a price over that of the closed form."""
    lines = ["| price of a unit's space / holding cost | asked / closed form | products |"]
    lines.append("|---|---:|---:|")
    for row in result.rows:
        if re.fullmatch(r"unpriced|pi[<=>].*", row.case):
            lines.append(f"| {row.case} | {_interval(row, 3)} | {row.n} |")
    return lines


def training(result: Result) -> list[str]:
    """CPU seconds of a training, mean and extremes over seeds."""
    lines = ["| brain | algorithm | CPU s in all | CPU s to within 0.5 % of its best |"]
    lines.append("|---|---|---:|---:|")
    found = {(row.case, row.policy): row for row in result.rows}
    for row in result.rows:
        kind, _, what = row.case.removeprefix("training/").partition("/")
        if row.case.startswith("training/") and what == "in all":
            soon = found[f"training/{kind}/to within 0.5 %", row.policy]
            cells = f"{_interval(row, 0)} | {_interval(soon, 0)}"
            lines.append(f"| {kind} | {row.policy} | {cells} |")
    return lines


def optimum(result: Result) -> list[str]:
    """Mean gap to the optimum, or to perfect information, suite by suite."""
    cases = [case for case in _cases(result) if "/" not in case or case.startswith("orgym/")]
    return _gaps(result, cases)


def every_optimum(result: Result) -> list[str]:
    """The same row by row."""
    return _gaps(result, _cases(result))


def _gaps(result: Result, cases: list[str]) -> list[str]:
    """Cases down, policies across; gap and its interval in per cent."""
    rows = [row for row in result.rows if row.case in cases and row.gap is not None]
    policies = list(dict.fromkeys(row.policy for row in rows if row.policy not in ANSWERS))
    found = {(row.case, row.policy): _gap(row) for row in rows}
    lines = [f"| case | {' | '.join(policies)} |", f"|---|{'---:|' * len(policies)}"]
    for case in cases:
        cells = " | ".join(found.get((case, policy), "") for policy in policies)
        lines.append(f"| {case} | {cells} |")
    return lines


def _gap(row: Row) -> str:
    """As 1.23 % +- 0.04, the second half the width of the interval."""
    assert row.gap is not None
    half = abs(row.high - row.low) / 2 * abs(row.ratio or 0) / abs(row.value)
    return f"{100 * row.gap:.2f} % ± {100 * half:.2f}"


def capacity(result: Result) -> list[str]:
    """Cost per rule and tightness over that of order-up-to without limits."""
    cases = [case for case in _cases(result) if "/" not in case]
    return _grid(result, cases, lambda row: _interval(row, 3))


def beyond(result: Result) -> list[str]:
    """What each rule costs beyond ours on the same futures, in the base case."""
    cases = _matching(result, r"[^/]+/beyond ours")
    return _grid(result, cases, lambda row: _interval(row, 3))


def extra(result: Result) -> list[str]:
    """Our extra cost caused by capacity in shares of the best simple rule's."""
    lines = ["| case | ours / best simple rule | best simple rule |", "|---|---:|---|"]
    for row in result.rows:
        if row.case.endswith("/extra"):
            case = row.case.removesuffix("/extra")
            lines.append(f"| {case} | {_interval(row, 2)} | {row.reference} |")
    return lines


def cells(result: Result) -> list[str]:
    """Where something is out of the ordinary: our cost, and what simple rules cost beyond it."""
    cases = _matching(result, r"[^/]+/(?!extra|beyond ours)[^/]+")
    found = {(row.case, row.policy): row for row in result.rows}
    rivals = [row.policy for row in result.rows if row.case == f"{cases[0]}/beyond ours"]
    lines = [f"| case | ours | {' | '.join(rivals)} |", f"|---|{'---:|' * (1 + len(rivals))}"]
    for case in cases:
        more = [_interval(found[f"{case}/beyond ours", rival], 3) for rival in rivals]
        shown = " | ".join([_interval(found[case, "ours"], 3), *more])
        lines.append(f"| {case.replace('/', ', ')} | {shown} |")
    return lines


def speed(result: Result) -> list[str]:
    """Steps per second, and over the public environment's in the same run."""
    lines = ["| case | who | steps/s | times the public OR-Gym |", "|---|---|---:|---:|"]
    for row in result.rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.0f}"
        lines.append(f"| {row.case} | {row.policy} | {row.value:,.0f} | {ratio} |")
    return lines


def backtest(result: Result) -> list[str]:
    """Cost of every rule on the real past over that of base-stock tuned per product."""
    cases = _matching(result, r"online-retail/(unlimited|tight)")
    found = {(row.case, row.policy): row for row in result.rows}
    policies = list(dict.fromkeys(row.policy for row in result.rows if row.case in cases))
    heads = [case.partition("/")[2] for case in cases]
    lines = [f"| rule | {' | '.join(f'{head} | fill rate' for head in heads)} |"]
    lines.append(f"|---|{'---:|---:|' * len(heads)}")
    for policy in policies:
        cells = []
        for case in cases:
            row, served = (found.get((name, policy)) for name in (case, f"{case}/fill-rate"))
            cells.append("" if row is None else _interval(row, 3))
            cells.append("" if served is None else f"{100 * served.value:.1f} %")
        lines.append(f"| {policy} | {' | '.join(cells)} |")
    return lines


def backtest_classes(result: Result) -> list[str]:
    """The same by class of cost ratio."""
    cases = _matching(result, r"online-retail/(unlimited|tight)/r=[\d.]+")
    found = {(row.case, row.policy): _interval(row, 3) for row in result.rows}
    policies = list(dict.fromkeys(row.policy for row in result.rows if row.case in cases))
    heads = [", ".join(case.split("/")[1:]) for case in cases]
    lines = [f"| rule | {' | '.join(heads)} |", f"|---|{'---:|' * len(heads)}"]
    for policy in policies:
        cells = [found.get((case, policy), "") for case in cases]
        lines.append(f"| {policy} | {' | '.join(cells)} |")
    return lines


PROBLEMS = {"lp": "the programme", "plan": "a plan by levels", "prices": "a plan by prices"}
"""In words, by how cases of `scale` begin."""


def scale(result: Result) -> list[str]:
    """Seconds, memory and certified gap by problem and number of products."""
    lines = [
        "| | products | days | s | MB at the peak | gap at most |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    found = {row.case: row for row in result.rows}
    for case in _matching(result, r"(lp|plan|prices)/\d+/T=\d+"):
        row, (kind, products, days) = found[case], case.split("/")
        gap = "" if row.gap is None else f"{100 * row.gap:.2f} %"
        cells = f"{int(products):,} | {days.removeprefix('T=')} | {_seconds(row)}"
        lines.append(
            f"| {PROBLEMS[kind]} | {cells} | {_megabytes(found[f'{case}/memory'])} | {gap} |"
        )
    for case in _matching(result, r"growth/T=\d+"):
        power = f"{found[case].value:.2f}"
        lines.append(f"| seconds of reconciling grow with products to the | | | {power} | | |")
    return lines


def modelling(result: Result) -> list[str]:
    """The same problem solved every way: seconds and memory, and how many times ours they are."""
    lines = ["| products | way | s | times ours | MB at the peak | times ours |"]
    lines.append("|---:|---|---:|---:|---:|---:|")
    memory = {(row.case, row.policy): row for row in result.rows}
    for row in result.rows:
        if re.fullmatch(r"same-model/\d+/T=\d+", row.case):
            held = memory[f"{row.case}/memory", row.policy]
            times, more = (f"{one.ratio or 0:.1f}" for one in (row, held))
            cells = f"{_seconds(row)} | {times} | {_megabytes(held)} | {more}"
            lines.append(f"| {int(row.case.split('/')[1]):,} | {row.policy} | {cells} |")
    return lines


def lots(result: Result) -> list[str]:
    """Proven gap, seconds and bounds of every problem in lots, ours beside the solver's."""
    lines = ["| problem | who | gap | s | bound | plan |", "|---|---|---:|---:|---:|---:|"]
    found = {(row.case, row.policy): row.value for row in result.rows}
    for row in result.rows:
        if row.unit == "gap":
            parts = [found[f"{row.case}/{part}", row.policy] for part in ("lower", "upper")]
            bound, plan = (f"{part:,.0f}" if math.isfinite(part) else "none" for part in parts)
            gap = "none" if row.gap is None else f"{100 * row.gap:.2f} %"
            seconds = found[f"{row.case}/seconds", row.policy]
            name = f"{row.case} products" if row.case.isdigit() else row.case
            lines.append(f"| {name} | {row.policy} | {gap} | {seconds:.0f} | {bound} | {plan} |")
    return lines


def cadence(result: Result) -> list[str]:
    """Cost and nervousness of planning anew every day, by how firmly announced orders stand."""
    lines = ["| case | value | unit |", "|---|---:|---|"]
    for row in result.rows:
        lines.append(f"| {row.case.replace('/', ', ')} | {_interval(row, 3)} | {row.unit} |")
    return lines


def _seconds(row: Row) -> str:
    """The median and the extremes; tenths where these are seen."""
    return _interval(row, 1 if row.value < 20 else 0)


def _megabytes(row: Row) -> str:
    return "" if math.isnan(row.value) else f"{row.value:,.0f}"


TABLES: dict[str, tuple[str, Callable[[Result], list[str]]]] = {
    "brains": ("brains", brains),
    "odd": ("brains", odd),
    "prices": ("brains", prices),
    "training": ("brains", training),
    "optimum": ("optimum", optimum),
    "every_optimum": ("optimum", every_optimum),
    "capacity": ("capacity", capacity),
    "beyond": ("capacity", beyond),
    "extra": ("capacity", extra),
    "cells": ("capacity", cells),
    "speed": ("speed", speed),
    "scale": ("scale", scale),
    "modelling": ("scale", modelling),
    "lots": ("lots", lots),
    "cadence": ("cadence", cadence),
    "serial_hybrid": ("serial-hybrid", serial_hybrid.grid),
    "serial_hybrid_costs": ("serial-hybrid", serial_hybrid.costs),
    "serial_hybrid_free": ("serial-hybrid", serial_hybrid.free),
    "serial_hybrid_follows": ("serial-hybrid", serial_hybrid.follows),
    "serial_hybrid_modes": ("serial-hybrid", serial_hybrid.modes),
    "serial_hybrid_varied": ("serial-hybrid", serial_hybrid.varied),
    "ten_products": ("ten-products", reference_tables.ten_products),
    "store_clearance": ("store-clearance", reference_tables.store_clearance),
    "weekly_containers": ("weekly-containers", reference_tables.weekly_containers),
    "distribution": ("distribution", distribution),
    "backtest": ("backtest", backtest),
    "backtest_classes": ("backtest", backtest_classes),
}
"""By name in the README: the result it is made from, and how."""


def filled(text: str, folder: Path = FOLDER) -> str:
    """The text with every marked table made anew from the results in `folder`."""

    def table(match: re.Match[str]) -> str:
        name, make = TABLES[match["name"]]
        result = read(name, folder)
        lines = [
            *make(result),
            "",
            f"`{result.command}`: {result.seconds:.0f} s on {result.machine}.",
        ]
        return f"{match['open']}\n" + "\n".join(lines) + f"\n{match['close']}"

    pattern = r"(?P<open><!-- table: (?P<name>\w+) -->)\n.*?(?P<close><!-- end -->)"
    return re.sub(pattern, table, text, flags=re.DOTALL)


def drawings(folder: Path = FOLDER) -> dict[Path, str]:
    """The drawings in the docs that are made from results alone."""
    drawn = draw_all(read("serial-hybrid", folder))
    places = {DOCS / f"serial-hybrid-{name}.svg": words for name, words in drawn.items()}
    return {place: words for place, words in places.items() if place.exists()}


def with_output(text: str, printed: str) -> str:
    """The text with `printed` in place of the sample output it shows."""
    block = f"<!-- output -->\n```\n{printed.rstrip()}\n```\n<!-- end -->"
    pattern = r"<!-- output -->\n```\n.*?```\n<!-- end -->"
    return re.sub(pattern, lambda _: block, text, flags=re.DOTALL)


def sample_output(folder: Path) -> str:
    """What `planner plan` prints on the shipped sample, written to `folder`."""
    command = [sys.executable, "-m", "cli", "plan", "--out", str(folder)]
    done = subprocess.run(
        command,
        cwd=README.parent,
        env={**os.environ, "COLUMNS": "100", "PLANNER_STORE": f"sqlite:///{folder}.db"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.replace(str(folder), "runs/2027-01-04")


def _cases(result: Result) -> list[str]:
    return list(dict.fromkeys(row.case for row in result.rows))


def _matching(result: Result, pattern: str) -> list[str]:
    return [case for case in _cases(result) if re.fullmatch(pattern, case)]


def _grid(result: Result, cases: list[str], cell: Callable[[Row], str]) -> list[str]:
    """Policies down, cases across."""
    found = {(row.policy, row.case): cell(row) for row in result.rows if row.case in cases}
    policies = list(dict.fromkeys(policy for policy, _ in found))
    heads = [case.partition("/")[0] for case in cases]
    lines = [f"| policy | {' | '.join(heads)} |", f"|---|{'---:|' * len(cases)}"]
    lines += [
        f"| {policy} | {' | '.join(found.get((policy, case), '') for case in cases)} |"
        for policy in policies
    ]
    return lines


def _interval(row: Row, digits: int, scale: float = 1, unit: str = "") -> str:
    value, low, high = (f"{scale * x:.{digits}f}" for x in (row.value, row.low, row.high))
    return f"{value}{unit}" if low == high else f"{value}{unit} ({low} to {high})"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        output = sample_output(Path(scratch) / "run")
    readme = with_output(filled(README.read_text(encoding="utf-8")), output)
    README.write_text(readme, encoding="utf-8")
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        if "<!-- table: " in text:
            page.write_text(filled(text), encoding="utf-8")
    for place, words in drawings().items():
        place.write_text(words, encoding="utf-8")
