"""What happened to the brains of one kind: who came, who met whom, who is champion.

A register is its history; an event, once written, is never changed.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from brain.lineage import ID

SCHEMA = 1
"""Of register.json."""
_EXACT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class What(StrEnum):
    """What can happen to a brain."""

    REGISTERED = "registered"
    PROMOTED = "promoted"
    REFUSED = "refused"
    ROLLED_BACK = "rolled back"


@with_config(_EXACT)
@dataclass(frozen=True)
class Bout:
    """One rival, met on the products and futures of a contest.

    Attributes:
        rival: id of a brain, or name of a rule.
        saving, low, high: share of the rival's cost that the challenger saves, mean over products,
            and its interval [1]; negative where it costs more.
    """

    rival: str
    saving: float
    low: float
    high: float

    @property
    def won(self) -> bool:
        """Whether the challenger is cheaper, interval excluding equality."""
        return self.low > 0


@with_config(_EXACT)
@dataclass(frozen=True)
class Contest:
    """A challenger against every rival, on products and futures that nobody has seen before.

    Attributes:
        seed: of products, futures and bootstrap.
        products, paths, periods: how many, how many futures of each, their length [period].
        level: of the intervals [1].
        bouts: one per rival.
    """

    seed: int
    products: int
    paths: int
    periods: int
    level: float
    bouts: tuple[Bout, ...]

    @property
    def won(self) -> bool:
        """Whether every rival was beaten."""
        return bool(self.bouts) and all(bout.won for bout in self.bouts)

    @property
    def reason(self) -> str:
        """Whom the challenger did not beat and by how much; if it beat all, what it saves."""
        told = [bout for bout in self.bouts if not bout.won] or self.bouts
        savings = "; ".join(
            f"against {bout.rival} it saves {100 * bout.saving:.2f} % "
            f"({100 * bout.low:.2f} to {100 * bout.high:.2f})"
            for bout in told
        )
        return f"{savings}; {100 * self.level:.4g} % intervals over {self.products} new products"


@with_config(_EXACT)
@dataclass(frozen=True)
class Event:
    """One thing that happened.

    Attributes:
        what: happened.
        at: when, UTC.
        brain: id of the brain it happened to; after a roll-back, of the champion come back.
        incumbent: id of the champion until then; None if there was none.
        seed: of the brain's training.
        data_hash: of what its products were drawn from; empty where not known.
        contest: that decided; None where there was none.
        forced: whether it was promoted without having to win.
        note: what else is worth knowing.
        command: that did it.
    """

    what: What
    at: str
    brain: str
    incumbent: str | None
    seed: int
    data_hash: str
    command: str
    contest: Contest | None = None
    forced: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        """Refuses what cannot be the id of a brain.

        Raises:
            ValueError: says which.
        """
        for name in (self.brain, self.incumbent):
            if name is not None and not ID.fullmatch(name):
                raise ValueError(f"{name!r} is not the id of a brain")


@dataclass(frozen=True)
class Register:
    """All that happened to the brains of a kind, oldest first."""

    history: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        """Refuses a history that cannot have been; raises ValueError."""
        _line_of(self.history)

    @property
    def line(self) -> tuple[str, ...]:
        """Ids of the champion, last, and of those that a roll-back leads to before it."""
        return _line_of(self.history)

    @property
    def champion(self) -> str | None:
        """Id of the champion; None if there is none."""
        return self.line[-1] if self.line else None

    @property
    def brains(self) -> tuple[str, ...]:
        """Ids of all brains that ever came, in that order."""
        return tuple(event.brain for event in self.history if event.what is What.REGISTERED)

    @property
    def contests(self) -> int:
        """How many there were."""
        return sum(event.contest is not None for event in self.history)

    def refusals(self, brain: str) -> int:
        """How often a brain was refused."""
        return sum(event.what is What.REFUSED and event.brain == brain for event in self.history)

    def after(self, event: Event) -> Register:
        """The register once something more has happened."""
        return replace(self, history=(*self.history, event))

    def as_json(self) -> dict[str, Any]:
        """What register.json holds."""
        history = [asdict(event) for event in self.history]
        return {"schema": SCHEMA, "champion": self.champion, "history": history}


def _line_of(history: tuple[Event, ...]) -> tuple[str, ...]:
    """Those who became champion and were not given up.

    Raises:
        ValueError: a brain acts before it came, or one comes back that was not champion before.
    """
    came: set[str] = set()
    line: list[str] = []
    for event in history:
        if event.what is What.REGISTERED:
            came.add(event.brain)
        if event.brain not in came:
            raise ValueError(f"{event.brain} was {event.what} before it was registered")
        if event.what is What.PROMOTED:
            line.append(event.brain)
        elif event.what is What.ROLLED_BACK:
            line = line[:-1]
            if line[-1:] != [event.brain]:
                raise ValueError(f"{event.brain} came back, but was not champion before")
    return tuple(line)


@with_config(_EXACT)
@dataclass(frozen=True)
class _Written:
    schema: int
    champion: str | None
    history: tuple[Event, ...]


@cache
def _reader() -> TypeAdapter[_Written]:
    return TypeAdapter(_Written)


def register_from(text: str) -> Register:
    """The register that the text of register.json tells.

    Raises:
        ValueError: it is none, is of another schema, or its champion is not the one its history
            made.
    """
    stated = json.loads(text)
    schema = stated.get("schema") if isinstance(stated, dict) else None
    if schema != SCHEMA:
        raise ValueError(f"schema {schema!r}, expected {SCHEMA}; another version wrote it")
    try:
        written = _reader().validate_json(text)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"{place!r}: {first['msg']}") from problem
    register = Register(written.history)
    if register.champion != written.champion:
        raise ValueError(
            f"champion {written.champion!r}, but its history makes it {register.champion!r}"
        )
    return register
