"""What an earlier run announced for the days that are planned now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.errors import ConfigurationError
from data.lookup import parquet_columns
from data.scenario import Scenario
from planner.cadence import Fence


@dataclass(frozen=True)
class Announced:
    """Orders that others count on.

    Attributes:
        orders: announced for the days from today on (T', M, K) [unit]; 0 where nothing was said.
        fence: how firmly they stand.
        folder: the run that announced them.
    """

    orders: np.ndarray
    fence: Fence
    folder: Path


def announced_by(folder: Path, scenario: Scenario, fence: Fence) -> Announced:
    """What the run in `folder` announced, for the products and stages of today's scenario.

    Raises:
        ConfigurationError: it is no run folder, or says nothing of today or later.
    """
    plan = folder / "plan.parquet"
    if not plan.is_file():
        raise ConfigurationError(
            f"--since is {folder}, which holds no plan.parquet; give the folder of an earlier run"
        )
    said = parquet_columns(plan, ("unique_id", "ds", "stage", "shipment"))
    day = (said["ds"].astype("datetime64[D]") - np.datetime64(scenario.start, "D")).astype(int)
    product = _places(said["unique_id"], scenario.products.unique_id)
    stage = _places(said["stage"], np.array(scenario.network.names, dtype=object))
    known = (day >= 0) & (product >= 0) & (stage >= 0)
    if not known.any():
        raise ConfigurationError(
            f"--since is {folder}, whose plan says nothing of {scenario.start:%d %b %Y} or later; "
            "give the run before this one"
        )
    orders = np.zeros((int(day[known].max()) + 1, *scenario.products.lead_time.shape))
    orders[day[known], stage[known], product[known]] = said["shipment"][known]
    return Announced(orders, fence, folder)


def _places(words: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Where each word stands among the names; -1 where it does not."""
    place = {str(name): number for number, name in enumerate(names)}
    found, back = np.unique(words.astype(str), return_inverse=True)
    return np.array([place.get(str(word), -1) for word in found])[back]
