"""Two runs side by side: what was asked differently, what came of it, and what that is in money."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import ConfigurationError
from data.writing import whole_folder, write_json, write_table
from planner.runs.difference import Lines, Products, lines_between, products_between
from planner.runs.inputs import InputChange, input_changes
from planner.runs.records import Kpi, Run, manifest_of
from planner.runs.store import Store
from planner.runs.task import TABLES

UNSAID = frozenset({"out", "overwrite", "report", "excel"})
"""Options that change nothing of a plan."""


FILES = frozenset({"forecast", "network", *TABLES})
"""Options that name a file, which counts by what is in it."""


@dataclass(frozen=True)
class Changed:
    """A value that is not the same in two runs.

    Attributes:
        name: of what.
        before, after: the values, None where there is none.
        unit: of both.
    """

    name: str
    before: Any
    after: Any
    unit: str = ""


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs.

    Attributes:
        before, after: the runs.
        inputs: files that differ.
        options: that differ, the version of the planner and the brains among them.
        kpis: all key figures that either has; before and after are of `Kpi`.
        costs: all costs by rule and term [money].
        prices: of space by stage, mean over days [money/volume/period].
        products: of which something differs, by money.
        lines: of orders that differ, by money.
    """

    before: Run
    after: Run
    inputs: tuple[InputChange, ...]
    options: tuple[Changed, ...]
    kpis: tuple[Changed, ...]
    costs: tuple[Changed, ...]
    prices: tuple[Changed, ...]
    products: Products
    lines: Lines


def compare(store: Store, before: str, after: str) -> Comparison:
    """What differs between two runs of a store.

    Raises:
        ConfigurationError: a run is not known, or its folder is gone.
        DataError: a table of a run cannot be read.
    """
    runs = [store.run(wanted) for wanted in (before, after)]
    for run in runs:
        if not run.folder.is_dir():
            raise ConfigurationError(
                f"the folder {run.folder} of run {run.id} is gone; `planner runs again {run.id}` "
                "makes it anew"
            )
    one, other = runs
    products = products_between(one.folder, other.folder)
    return Comparison(
        before=one,
        after=other,
        inputs=input_changes(one, other, store.archive),
        options=tuple(_options(one, other)),
        kpis=tuple(_kpis(one, other)),
        costs=tuple(_costs(one, other)),
        prices=tuple(_prices(one.folder, other.folder)),
        products=products,
        lines=lines_between(one.folder, other.folder, products),
    )


def _options(before: Run, after: Run) -> Iterator[Changed]:
    old, new = (dict(_flat(run.options)) for run in (before, after))
    for name in dict.fromkeys((*old, *new)):
        if name in UNSAID or name.removeprefix("tables.") in FILES:
            continue
        if old.get(name) != new.get(name):
            yield Changed(name, old.get(name), new.get(name))
    facts = {
        "planner": (before.planner, after.planner),
        "brains": (", ".join(before.brains), ", ".join(after.brains)),
        "first day": (before.start.isoformat(), after.start.isoformat()),
        "days planned": (before.horizon, after.horizon),
        "products planned": (before.products, after.products),
    }
    for name, (one, other) in facts.items():
        if one != other:
            yield Changed(name, one, other)


def _flat(said: Mapping[str, Any], place: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in said.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{place}{name}.")
        else:
            yield place + name, value


def _kpis(before: Run, after: Run) -> Iterator[Changed]:
    old, new = ({kpi.name: kpi for kpi in run.kpis} for run in (before, after))
    for name in dict.fromkeys((*old, *new)):
        one, other = old.get(name), new.get(name)
        known = one or other
        assert isinstance(known, Kpi)
        yield Changed(name, one, other, known.unit)


def _costs(before: Run, after: Run) -> Iterator[Changed]:
    old, new = (
        {f"{cost.policy}: {cost.term}": cost.value for cost in run.costs} for run in (before, after)
    )
    for name in dict.fromkeys((*old, *new)):
        yield Changed(name, old.get(name), new.get(name), "money")


def _prices(before: Path, after: Path) -> Iterator[Changed]:
    old, new = (
        {
            part["stage"]: float(part["mean"])
            for part in manifest_of(folder).get("prices_of_space", ())
        }
        for folder in (before, after)
    )
    for stage in dict.fromkeys((*old, *new)):
        yield Changed(stage, old.get(stage), new.get(stage), "money/volume/period")


def write_comparison(found: Comparison, out: Path, overwrite: bool = False) -> Path:
    """The whole comparison as tables in a folder, written whole or not at all.

    Raises:
        ConfigurationError: something stands at `out`.
    """
    with whole_folder(out, overwrite) as folder:
        lines, products = found.lines, found.products
        write_table(
            folder / "order_changes.csv",
            ("unique_id", "stage", "order_date", "before", "after", "money", "why"),
            zip(*(getattr(lines, name).tolist() for name in vars(lines)), strict=True),
        )
        pairs = ("forecast", "position", "safety_stock", "bought", "spent", "cost", "fill_rate")
        columns = [products.unique_id.tolist()]
        for name in pairs:
            columns += getattr(products, name).T.tolist()
        columns += [products.money.tolist(), products.why.tolist()]
        header = [f"{name}_{when}" for name in pairs for when in ("before", "after")]
        write_table(
            folder / "product_changes.csv",
            ("unique_id", *header, "money", "why"),
            zip(*columns, strict=True),
        )
        write_table(
            folder / "changes.csv",
            ("kind", "name", "before", "after", "unit"),
            _rows(found),
        )
        named = {"before": found.before.id, "after": found.after.id}
        write_json(folder / "manifest.json", {"comparison": named})
    return out


def _rows(found: Comparison) -> Iterator[tuple[str, ...]]:
    for part in found.inputs:
        for said in part.said:
            yield "input", f"{part.name}: {said}", part.before, part.after, "sha256"
    for kind in ("options", "kpis", "costs", "prices"):
        for change in getattr(found, kind):
            before, after = (_value(of) for of in (change.before, change.after))
            yield kind.removesuffix("s"), change.name, before, after, change.unit


def _value(of: Any) -> str:
    value = of.value if isinstance(of, Kpi) else of
    return "" if value is None else str(value)
