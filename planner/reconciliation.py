"""Safety stock before and after scarce space took its share, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from envs.metrics import share, value_of
from planner.exceptions import SMALL_CUT
from planner.wording import number

if TYPE_CHECKING:
    from planner.pipeline import Outcome


@dataclass(frozen=True)
class StageSafety:
    """The safety stock of one stage.

    Attributes:
        stage: its name.
        z_advised, z_reconciled: safety factors (K,) [1].
        days_advised, days_reconciled: safety stock of all products / their daily demand [period].
        value_advised, value_reconciled: at cost [money]; NaN where no cost is known.
        cut: products whose z was cut by more than `SMALL_CUT`.
        correlation: of advised with reconciled z [1]; NaN where either is the same everywhere.
    """

    stage: str
    z_advised: np.ndarray
    z_reconciled: np.ndarray
    days_advised: float
    days_reconciled: float
    value_advised: float
    value_reconciled: float
    cut: int
    correlation: float


def stage_safety(outcome: Outcome) -> tuple[StageSafety, ...]:
    """The safety stock of every stage, the shelf first."""
    scenario, advised = outcome.problem.scenario, outcome.advised
    daily = float(scenario.forecast.scale.sum())
    after = outcome.z_reconciled
    units = np.stack([advised.units, after * advised.sigma])
    days = share(units.sum(axis=2), np.asarray(daily))
    values = value_of(units, scenario.products.unit_cost)
    return tuple(
        StageSafety(
            stage=name,
            z_advised=advised.z[m],
            z_reconciled=after[m],
            days_advised=float(days[0, m]),
            days_reconciled=float(days[1, m]),
            value_advised=float(values[0, m]),
            value_reconciled=float(values[1, m]),
            cut=int((advised.z[m] - after[m] > SMALL_CUT).sum()),
            correlation=correlation(advised.z[m], after[m]),
        )
        for m, name in enumerate(scenario.network.names)
    )


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's correlation [1]; NaN where either is the same everywhere."""
    if len(one) < 2 or not (np.ptp(one) and np.ptp(other)):
        return np.nan
    return float(np.corrcoef(one, other)[0, 1])


def cutting(safety: StageSafety) -> str:
    """What scarce space took at a stage, in a few words."""
    if (safety.z_advised == safety.z_reconciled).all():
        return f"{safety.stage}: nothing was cut"
    before, after = number(safety.days_advised), number(safety.days_reconciled)
    return f"{safety.stage}: {before} days of demand became {after}"
