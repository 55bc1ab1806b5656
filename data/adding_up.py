"""Several rows of one product and day as one: what lists of single sales need."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from data.cells import Typed
from data.issues import Issue, Issues, Severity


def added_up(found: Typed, issues: Issues) -> Typed:
    """One record per product and day, in the order of the first of them.

    Units are summed, returns (below 0) included; the price is the mean weighted by units sold; of
    what else is said the largest counts, and of stock the last. Records without a product or a day
    stay as they are, and so does a y that is blank throughout.
    """
    keyed = found.frame[["unique_id", "ds"]].notna().all(axis=1).to_numpy()
    frame = found.frame[keyed].reset_index(drop=True)
    many = int(frame.duplicated(["unique_id", "ds"]).sum())
    if not many:
        return found
    units = frame["y"].to_numpy()
    frame["_row"] = np.flatnonzero(keyed)
    frame["_bad"] = found.bad[keyed]
    if "price" in frame:
        frame["_sold"] = np.where(frame["price"].notna(), np.maximum(units, 0), 0)
        frame["_paid"] = frame["price"].fillna(0) * frame["_sold"]
    groups = frame.groupby(["unique_id", "ds"], sort=False, observed=True)
    whole = groups.agg(_rules(list(frame.columns))).reset_index()
    whole["y"] = groups["y"].sum(min_count=1).to_numpy()
    if "price" in frame:
        sold = whole["_sold"].to_numpy()
        mean = np.divide(
            whole["_paid"], sold, out=whole["price"].to_numpy(copy=True), where=sold > 0
        )
        whole["price"] = mean
    rule = f"{many:,} rows are of the same product and day as an earlier one; they were added up"
    issues.add(Issue(Severity.MENDED, found.file, rule))
    rows = whole["_row"].to_numpy()
    return replace(
        found,
        frame=whole[list(found.frame.columns)],
        rows=found.rows[rows],
        bad=whole["_bad"].to_numpy(dtype=bool),
    )


def _rules(names: list[str]) -> dict[str, str]:
    special = {"_row": "first", "_sold": "sum", "_paid": "sum", "stock": "last", "price": "max"}
    return {
        name: special.get(name, "max") for name in names if name not in ("unique_id", "ds", "y")
    }
