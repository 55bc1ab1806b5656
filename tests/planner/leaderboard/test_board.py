"""The board keeps every try and ranks the latest of each name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigurationError
from planner.leaderboard.board import Board, Submission, checked_name, now, ranked
from planner.leaderboard.child import Verdict
from planner.leaderboard.trial import COURSES, Trial
from planner.runs.store import open_store
from tests.planner.leaderboard.conftest import SHORT


def submission(name: str, *returns: float, verdict: Verdict = Verdict.RANKED) -> Submission:
    """A try that earned so much on each scenario."""
    reason = "" if verdict is Verdict.RANKED else "because"
    trial = Trial(verdict, reason, np.array(returns), 1.5, {"files": True})
    return Submission("short", name, "ab" * 32, now(), trial)


@pytest.fixture
def board(address: str, tmp_path: Path) -> Iterator[Board]:
    """An empty board in a store of its own, on either kind of database."""
    with open_store(address, tmp_path / "inputs") as store:
        yield Board(store)


def test_a_try_comes_back_as_it_was_kept(board: Board) -> None:
    """Its returns to the bit, its verdict, and when it was."""
    first = submission("mine", 1.25, 1 / 3)
    second = submission("yours", verdict=Verdict.MEMORY)
    board.add(first)
    board.add(second)
    found = board.submissions(SHORT)
    assert [(one.name, one.at, one.sha256) for one in found] == [
        (one.name, one.at, one.sha256) for one in (first, second)
    ]
    np.testing.assert_array_equal(found[0].trial.returns, first.trial.returns)
    assert found[1].trial.verdict is Verdict.MEMORY
    assert found[1].trial.reason == "because"
    assert board.submissions(replace(SHORT, name="other")) == ()


def test_a_secret_is_made_once(address: str, tmp_path: Path) -> None:
    """Every course has its own, and it is the same when the store is opened again."""
    with open_store(address, tmp_path / "inputs") as store:
        first = Board(store).secret(SHORT)
        other = Board(store).secret(replace(SHORT, name="other"))
    with open_store(address, tmp_path / "inputs") as store:
        assert Board(store).secret(SHORT) == first
    assert first != other
    assert len(first) == 32


def test_the_greatest_profit_stands_first() -> None:
    """Others are compared with it scenario by scenario; who was stopped stands last."""
    tries = [
        submission("low", 1.0, 2.0, 3.0),
        submission("high", 4.0, 5.0, 6.0),
        submission("gone", verdict=Verdict.CRASHED),
    ]
    places = ranked(tries, {"house: rule": np.array([2.0, 3.0, 4.0])})
    assert [place.name for place in places] == ["high", "house: rule", "low", "gone"]
    behind = places[2].behind
    assert behind is not None
    assert (behind.value, behind.low, behind.high) == (-3.0, -3.0, -3.0)
    assert places[0].behind is None
    assert places[3].profit is None
    assert (places[3].verdict, places[3].reason) == (Verdict.CRASHED, "because")


def test_the_latest_try_of_a_name_counts_and_tries_are_counted() -> None:
    """The best of many tries would be luck with the hidden scenarios."""
    places = ranked([submission("a", 9.0, 9.0), submission("a", 1.0, 1.0)], {})
    assert [(place.name, place.tries) for place in places] == [("a", 2)]
    assert places[0].profit is not None
    assert places[0].profit.value == 1.0


def test_the_house_plays_on_the_hidden_scenarios(board: Board) -> None:
    """A ranking without submissions is that of the house's rules."""
    course = replace(COURSES["month"], scenarios=4)
    house = course.house_returns(board.secret(course))
    places = board.ranking(course)
    assert {place.name for place in places} == set(house)
    best = max(house, key=lambda name: house[name].mean())
    assert places[0].profit is not None
    assert places[0].profit.value == pytest.approx(house[best].mean())


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\x1b[31m", "House: mine"])
def test_some_names_cannot_be_had(name: str) -> None:
    """None at all, too long, with what a terminal obeys, or one of the house."""
    with pytest.raises(ConfigurationError, match="--name"):
        checked_name(name, SHORT)
    assert checked_name(" mine ", SHORT) == "mine"
