"""How a plan is to be made; every choice a user has, checked before any work begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from data.catalogue import ReadOptions
from data.demand import LAWS
from data.errors import ConfigurationError
from planner.replay import REPLAYS
from planner.rules import ASKED, PRICINGS

MONTH = 30
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class PlanConfig:
    """The options of one plan.

    Attributes:
        forecast: the forecast, or the folder it lies in.
        tables: where the other tables are and how to read them.
        brains: folder of brains; the shipped ones if not given.
        out: the run folder; a free name under runs/ if not given.
        overwrite: whether a run that stands at `out` gives way.
        horizon: how far is planned [period].
        paths: how many futures a plan is replayed on.
        replay: `prices`, the plan's rule day by day; `levels`, the model re-solved every day.
        pricing: what a price of space is answered by: `asked`, brains that have learnt prices are
            asked at it; `closed-form`, the newsvendor's answer for every product.
        seed: of the sampled futures.
        report: whether report.html is written.
    """

    forecast: Path
    tables: ReadOptions = field(default_factory=ReadOptions)
    brains: Path | None = None
    out: Path | None = None
    overwrite: bool = False
    horizon: int = MONTH
    paths: int = 64
    replay: str = "prices"
    pricing: str = ASKED
    seed: int = 1
    report: bool = True

    def __post_init__(self) -> None:
        for label, low, high in (
            ("horizon", 1, 365),
            ("paths", 1, 10_000),
            ("seed", 0, LARGEST_SEED),
        ):
            value = getattr(self, label)
            if not low <= value <= high:
                raise ConfigurationError(f"--{label} is {value}, expected {low} to {high}")
        if self.tables.law not in LAWS:
            raise ConfigurationError(
                f"--law is {self.tables.law!r}, expected one of {', '.join(LAWS)}"
            )
        for label, choices in (("replay", REPLAYS), ("pricing", PRICINGS)):
            value = getattr(self, label)
            if value not in choices:
                raise ConfigurationError(
                    f"--{label} is {value!r}, expected {' or '.join(map(repr, choices))}"
                )
