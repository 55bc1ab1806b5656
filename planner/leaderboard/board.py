"""The board: every submission that was tried, kept in the store of runs, and their ranking.

The secret that the hidden scenarios are drawn from is made with the board and stays in the store.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import JSON, Column, Float, Integer, MetaData, Row, String, Table, Text, select

from data.errors import ConfigurationError
from envs.metrics import Estimate, estimate
from planner.leaderboard.child import Verdict
from planner.leaderboard.trial import Course, Trial
from planner.runs.schema import Moment
from planner.runs.store import Store

LONGEST_NAME = 64
METADATA = MetaData()
SUBMISSIONS = Table(
    "leaderboard_submissions",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("course", String(32), nullable=False),
    Column("name", String(LONGEST_NAME), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", Moment, nullable=False),
    Column("verdict", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("returns", JSON, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("layers", JSON, nullable=False),
)
SECRETS = Table(
    "leaderboard_secrets",
    METADATA,
    Column("course", String(32), primary_key=True),
    Column("secret", String(64), nullable=False),
)


@dataclass(frozen=True, eq=False)
class Submission:
    """One try of a submission.

    Attributes:
        course: that it competed in.
        name: that it goes by.
        sha256: of its files.
        at: when it was tried.
        trial: how it did.
    """

    course: str
    name: str
    sha256: str
    at: datetime
    trial: Trial


@dataclass(frozen=True)
class Place:
    """A line of the ranking.

    Attributes:
        name: of the submission, or of a rule of the house.
        profit: of an episode, with its interval over scenarios [money]; None where the latest try
            was stopped.
        behind: what it earns more than the first on the same scenarios [money].
        tries: under this name; many of them fit the hidden scenarios a little, too.
        verdict, reason: of the latest try.
    """

    name: str
    profit: Estimate | None
    behind: Estimate | None
    tries: int
    verdict: Verdict
    reason: str


class Board:
    """The leaderboard in a store of runs; its tables are made when it is first used."""

    def __init__(self, store: Store) -> None:
        """Args: an open store."""
        self._store = store
        with store.asking(writes=True) as connection:
            METADATA.create_all(connection)

    def secret(self, course: Course) -> str:
        """What the course's hidden scenarios are drawn from, in hexadecimal digits."""
        asked = select(SECRETS.c.secret).where(SECRETS.c.course == course.name)
        with self._store.asking(writes=True) as connection:
            known = connection.scalars(asked).first()
            if known is None:
                known = secrets.token_hex(16)
                connection.execute(SECRETS.insert().values(course=course.name, secret=known))
        return str(known)

    def add(self, submission: Submission) -> None:
        """Keep a try."""
        trial = submission.trial
        values = {
            "course": submission.course,
            "name": submission.name,
            "sha256": submission.sha256,
            "at": submission.at,
            "verdict": trial.verdict.name,
            "reason": trial.reason,
            "returns": trial.returns.tolist(),
            "seconds": trial.seconds,
            "layers": dict(trial.layers),
        }
        with self._store.asking(writes=True) as connection:
            connection.execute(SUBMISSIONS.insert().values(**values))

    def submissions(self, course: Course) -> tuple[Submission, ...]:
        """Every try in a course, the oldest first."""
        asked = select(SUBMISSIONS).where(SUBMISSIONS.c.course == course.name)
        with self._store.asking() as connection:
            rows = connection.execute(asked.order_by(SUBMISSIONS.c.number)).all()
        return tuple(map(_submission, rows))

    def ranking(self, course: Course) -> tuple[Place, ...]:
        """The latest try of every name beside the rules of the house, the greatest profit first."""
        return ranked(self.submissions(course), course.house_returns(self.secret(course)))


def ranked(submissions: Sequence[Submission], house: dict[str, np.ndarray]) -> tuple[Place, ...]:
    """The latest try of every name beside the house's returns; those stopped stand last.

    Args:
        submissions: the oldest first.
        house: profit on the same scenarios by name (P,) [money].
    """
    latest = {submission.name: submission for submission in submissions}
    earned = house | {
        name: one.trial.returns
        for name, one in latest.items()
        if one.trial.verdict is Verdict.RANKED
    }
    order = sorted(earned, key=lambda name: -float(np.mean(earned[name])))
    names = [submission.name for submission in submissions]
    places = [
        Place(
            name,
            estimate(earned[name]),
            estimate(earned[name] - earned[order[0]]) if name != order[0] else None,
            names.count(name),
            Verdict.RANKED,
            "",
        )
        for name in order
    ]
    stopped = [one for one in latest.values() if one.trial.verdict is not Verdict.RANKED]
    return *places, *(
        Place(one.name, None, None, names.count(one.name), one.trial.verdict, one.trial.reason)
        for one in stopped
    )


def checked_name(name: str, course: Course) -> str:
    """A name that a submission may go by.

    Raises:
        ConfigurationError: it may not.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise ConfigurationError(
            f"--name is {name!r}; give 1 to {LONGEST_NAME} letters that can be printed"
        )
    if name.casefold().startswith("house:"):
        raise ConfigurationError(f"--name is {name!r}; names that begin with house: are taken")
    return name


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def _submission(row: Row[Any]) -> Submission:
    returns = np.array(row.returns, dtype=float)
    trial = Trial(Verdict[row.verdict], row.reason, returns, row.seconds, row.layers)
    return Submission(row.course, row.name, row.sha256, row.at, trial)
