"""Products with bad rows: refused with the whole table, or left out where that was asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from data.cells import Typed
from data.issues import Issue, Issues, Severity, TableError


def bad_products(
    tables: Mapping[str, Typed | None], chief: str, skip_bad: bool, issues: Issues
) -> frozenset[str]:
    """Products with a bad row in any table, which `skip_bad` allows to leave out.

    Args:
        tables: by name.
        chief: the one without which nothing can be done; in it, and in the table of products, a
            row of an unknown product can be left out, too.
        skip_bad: whether products may be left out.
        issues: all that was found.

    Raises:
        TableError: there are errors that may not or cannot be left out.
    """
    bad = frozenset(
        name
        for table in tables.values()
        if table is not None
        for name in table.ids(table.bad).tolist()
    )
    if skip_bad:
        spared = (chief, "products")
        issues.leave_out({found.file for name in spared if (found := tables.get(name)) is not None})
        _refuse_mostly_bad(tables[chief], bad, issues)
    if issues.count(Severity.ERROR) or tables[chief] is None:
        raise TableError(issues)
    return bad


def without(table: Typed | None, products: frozenset[str]) -> Typed | None:
    """The records that are good themselves and of other products than these."""
    if table is None or not (products or table.bad.any()):
        return table
    if "unique_id" not in table.frame:
        return table.only(~table.bad)
    column = table.frame["unique_id"].cat
    refused = np.array([name in products for name in column.categories] + [True])
    return table.only(~table.bad & ~refused[column.codes.to_numpy()])


def _refuse_mostly_bad(chief: Typed | None, bad: frozenset[str], issues: Issues) -> None:
    if chief is None:
        return
    products = set(chief.frame["unique_id"].cat.categories)
    if len(bad & products) * 2 > len(products):
        rule = f"{len(bad & products):,} of {len(products):,} products have bad values"
        remedy = "that is too many to leave out; look at how the tables were exported"
        issues.add(Issue(Severity.ERROR, chief.file, rule, remedy))
