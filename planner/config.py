"""How a plan is to be made; every choice a user has, checked before any work begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from functools import cache
from math import inf, isfinite
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from data.catalogue import ReadOptions
from data.demand import LAWS
from data.errors import ConfigurationError
from data.lookup import nearest
from data.terms import Budget
from milp.segments import Goal
from planner.cadence import OPEN, Fence
from planner.engine import ENGINES, LOCAL
from planner.planning import AUTO, MODES
from planner.replay import REPLAYS
from planner.rules import ASKED, PRICINGS

GOALS = tuple(goal.value for goal in Goal)
MONTH = 30
LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class Solving:
    """How the programme is solved.

    Attributes:
        mode: who decides orders where space is scarce, one of MODES.
        goal: what the programme does with safety stock, one of GOALS.
        coupling: whether the programme knows of the limits that products share.
        in_lots: whether lots and minimum orders are decided inside the programme; if not given,
            where orders cost something by themselves.
        gap: distance from the least cost that is good enough [1].
        time_limit: after which the best plan so far is taken [s].
        engine: who solves batches, one of ENGINES.
        workers: how many at a time; as many as there are cores if not given.
        ray_address: of a Ray cluster; Ray on this machine if not given.
    """

    mode: str = AUTO
    goal: str = Goal.HYBRID.value
    coupling: bool = True
    in_lots: bool | None = None
    gap: float = 3e-4
    time_limit: float = inf
    engine: str = LOCAL
    workers: int | None = None
    ray_address: str | None = None

    def __post_init__(self) -> None:
        for label, choices in (("mode", MODES), ("goal", GOALS), ("engine", ENGINES)):
            value = getattr(self, label)
            if value not in choices:
                raise ConfigurationError(
                    f"--{label} is {value!r}, expected one of {', '.join(choices)}"
                )
        if not 0 <= self.gap < 1:
            raise ConfigurationError(f"--gap is {self.gap}, expected 0 to 1, as 0.0003")
        if not self.time_limit > 0:
            raise ConfigurationError(f"--time-limit is {self.time_limit}, expected seconds above 0")


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
        solving: how the programme is solved.
        budget: what may be spent on purchases.
        since: folder of the run whose orders were announced; None if nobody counts on any.
        fence: how firmly these stand.
        paths: how many futures a plan is replayed on; as many as fit, at most 64, if not given.
        replay: `prices`, the plan's rule day by day; `levels`, the model re-solved every day.
        pricing: what a price of space is answered by: `asked`, brains that have learnt prices are
            asked at it; `closed-form`, the newsvendor's answer for every product.
        seed: of the sampled futures.
        trust: what the past says of learnt advice, as `planner backtest` has written it; the
            trust.csv beside the forecast if not given.
        trusting: whether the past has a say at all.
        report: whether report.html is written.
        excel: whether plan.xlsx is written, with all order lines that a sheet holds; if not given,
            it comes with the report of few enough products, with the orders of the first days.
    """

    forecast: Path
    tables: ReadOptions = field(default_factory=ReadOptions)
    brains: Path | None = None
    out: Path | None = None
    overwrite: bool = False
    horizon: int = MONTH
    solving: Solving = field(default_factory=Solving)
    budget: Budget = field(default_factory=Budget)
    since: Path | None = None
    fence: Fence = OPEN
    paths: int | None = None
    replay: str = "prices"
    pricing: str = ASKED
    seed: int = 1
    trust: Path | None = None
    trusting: bool = True
    report: bool = True
    excel: bool | None = None

    def __post_init__(self) -> None:
        for label, low, high in (
            ("horizon", 1, 365),
            ("paths", 1, 10_000),
            ("seed", 0, LARGEST_SEED),
        ):
            value = getattr(self, label)
            if value is not None and not low <= value <= high:
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


def stated(config: PlanConfig) -> dict[str, Any]:
    """Every option of a plan as JSON knows it; `config_from` reads it back, equal."""
    plain: dict[str, Any] = _plain(asdict(config))
    return plain


def config_from(options: Mapping[str, Any], where: str) -> PlanConfig:
    """The options of a plan from names and values; what is not said keeps its default.

    Args:
        options: nested as `PlanConfig` is, for instance {"forecast": .., "solving": {"gap": ..}}.
        where: they were found, for the message.

    Raises:
        ConfigurationError: an option is unknown, with the nearest that is known, or has a value
            that it cannot have.
    """
    for name, known in _strangers(options, PlanConfig):
        near = nearest(name, list(known))
        hint = f"; {' or '.join(map(repr, near))} may be meant" if near else ""
        raise ConfigurationError(
            f"{where}: no option is called {name!r}{hint}; the options are {', '.join(known)}"
        )
    try:
        return _reader().validate_python(dict(options))
    except ConfigurationError as error:
        raise ConfigurationError(f"{where}: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"{where}: {place} is {first['input']!r}; {first['msg'][:1].lower()}{first['msg'][1:]}"
        ) from error


@cache
def _reader() -> TypeAdapter[PlanConfig]:
    return TypeAdapter(PlanConfig)


def _strangers(options: Mapping[str, Any], of: Any) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names that a record does not have, each with those it has; in records within it, too."""
    hints, known = get_type_hints(of), tuple(part.name for part in fields(of))
    for name, value in options.items():
        if name not in known:
            yield name, known
        elif is_dataclass(hints[name]) and isinstance(value, Mapping):
            yield from _strangers(value, hints[name])


def _plain(value: Any) -> Any:
    """A value as JSON knows it: paths and what has no end in words."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    return str(value) if isinstance(value, Path) else value
