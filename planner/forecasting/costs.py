"""What an error of a forecast costs: cost ratios of products, intervals of the chain."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from data.assembly import products_of
from data.desk import Desk
from data.errors import ConfigurationError
from data.format import Format
from data.issues import Issue, Issues, Severity
from data.leaving_out import bad_products, without
from data.network import Network, default_network, network_from_table
from data.reading import contents_of, text_of
from data.tables import products_table

USUAL_RATIO = 100.0
"""Of products of which nothing is known [1]: the default costs of the products' table."""


def read_network(path: Path | None) -> Network:
    """The chain in a TOML file; the default one without a file.

    Raises:
        DataError: the file cannot be read.
        ConfigurationError: it is not a chain.
    """
    if path is None:
        return default_network()
    try:
        return network_from_table(tomllib.loads(text_of(path.name, contents_of(path))))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{path.name}: {error}; expected TOML, for instance lead_time = 2"
        ) from error


def protection_interval(network: Network) -> tuple[int, ...]:
    """L + 1 of each stage, the shelf first [period]."""
    return tuple(int(stage.lead_time) + 1 for stage in network.stages)


def read_cost_ratio(
    path: Path,
    ids: np.ndarray,
    network: Network,
    issues: Issues,
    columns: Mapping[str, str] | None = None,
) -> np.ndarray:
    """Missed-sale cost / holding cost of the products `ids` (K,) [1].

    A product that the table does not hold, or holds with bad values, has `USUAL_RATIO`; it is
    said.

    Raises:
        DataError: the table cannot be read.
    """
    written = Format()
    desk = Desk({"products": path}, columns or {}, written, issues)
    spec = products_table(network)
    found = desk.typed(spec)
    table = None if found is None else desk.check(found, spec)
    bad = bad_products({"products": table}, "products", True, issues)
    kept = without(table, bad)
    assert kept is not None
    there = np.isin(ids.astype(str), kept.ids().astype(str))
    ratio = np.full(len(ids), USUAL_RATIO)
    if there.any():
        ratio[there] = products_of(kept, ids[there], network, issues).cost_ratio
    missing = ~there
    rule = f"is not in the table; its errors are judged at a cost ratio of {USUAL_RATIO:g}"
    issues.add_all(
        Issue(Severity.ASSUMED, path.name, rule, "add a row for it", "unique_id"),
        products=[str(name) for name in ids[missing]],
    )
    return ratio
