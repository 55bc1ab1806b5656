"""The distribution problem is learnt by every learner, and played as it was learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain.reference.distribution import (
    ALGORITHMS,
    COURSES,
    PROBLEM,
    TABLE,
    Tabled,
    course_of,
    judge_of,
    playing,
    scaling,
    shape,
    teach,
    teach_table,
)
from brain.reference.net_policy import load_policy
from brain.reference.q_learning import QTable
from brain.reference.settings import Watch
from brain.reference.stream import Line, read_stream
from data.errors import ConfigurationError, DataError
from envs.reference.distribution import YEAR, mean_profit, observe, opening, play, sample_demand
from envs.reference.distribution_env import JOINT

FORTNIGHT = replace(YEAR, days=14)
SHORT = replace(COURSES["year"], task=FORTNIGHT, lesson=replace(YEAR, days=7), judged=2)
STEPS = {"ppo": 1792, "reinforce": 1, "local-search": 3, "simulated-annealing": 3}


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_learner_gives_a_net_that_plays_the_course(algorithm: str, tmp_path: Path) -> None:
    """Its card says what it has learnt; read back it earns the same; one seed gives one net."""
    net, again = (teach(algorithm, STEPS[algorithm], 2, SHORT) for _ in range(2))
    assert (net.card.problem, net.card.seed) == ("year", 2)
    assert len(net.card.features) == 13
    np.testing.assert_array_equal(net.layers[-1][0], again.layers[-1][0])
    net.save(tmp_path / "net")
    wanted = SHORT.kept(1)
    earned = [
        mean_profit(FORTNIGHT, playing(FORTNIGHT, one), wanted)
        for one in (net, load_policy(tmp_path / "net"))
    ]
    assert earned[0] == earned[1] == judge_of(FORTNIGHT, wanted)(net)


def test_a_search_is_judged_as_it_is_told() -> None:
    """Its score is what the net earns on the scenarios that were given."""
    judged = sample_demand(FORTNIGHT, np.random.default_rng(3), 4)
    net = teach("local-search", 3, 1, SHORT, judged)
    expected = mean_profit(FORTNIGHT, playing(FORTNIGHT, net), judged)
    assert net.card.curve[-1].score == pytest.approx(expected)


def test_every_learner_has_its_usual_length() -> None:
    """On both courses; a table's is counted in episodes."""
    for course in COURSES.values():
        assert [course.usual(name) for name in ALGORITHMS] == list(course.steps)
        assert course.usual(TABLE) == 500


@pytest.mark.parametrize("algorithm", ["reinforce", "local-search"])
def test_a_training_can_be_watched(algorithm: str, tmp_path: Path) -> None:
    """It tells how it comes on, and writes it to a file that grows."""
    lines: list[Line] = []
    watch = Watch(stream=tmp_path / "stream.jsonl", tell=lines.append)
    teach(algorithm, 4, 1, SHORT, watch=watch)
    assert lines[-1].step == lines[-1].steps
    assert list(read_stream(tmp_path / "stream.jsonl")) == lines


def test_a_table_orders_what_it_values_most() -> None:
    """A table that prefers one joint order places it in every state; a learnt one plays."""
    values = np.zeros((64, len(JOINT)))
    values[:, 14] = 1.0
    rule = Tabled(FORTNIGHT, QTable(values, np.zeros(1)))
    wanted = sample_demand(FORTNIGHT, np.random.default_rng(4), 3)
    assert play(FORTNIGHT, rule, wanted).orders[:, 0] == pytest.approx(
        50.0 if JOINT[14, 2] else 0.0
    )
    learnt = teach_table(2, 1, SHORT)
    assert learnt.returns.shape == (2,)
    assert np.isfinite(mean_profit(FORTNIGHT, Tabled(FORTNIGHT, learnt), wanted))


def test_what_is_seen_at_first_is_within_the_scaling() -> None:
    """The opening stock is a few spreads from the mean of both courses, in every number."""
    for course in COURSES.values():
        mean, spread = scaling(course.task)
        seen = observe(course.task, opening(course.task, 1))[0]
        assert (np.abs(seen - mean) < 5 * spread).all()
        assert shape(course.task, "x").sizes == (13, 8, 3)


def test_what_is_not_known_is_refused() -> None:
    """A course, an algorithm, and a net of another problem, with what to do."""
    with pytest.raises(ConfigurationError, match="expected one of month, year"):
        course_of("week")
    with pytest.raises(ConfigurationError, match="use one of ppo, reinforce"):
        teach("dqn", 1, 1, course_of("month"))
    net = teach("local-search", 1, 1, SHORT)
    other = replace(net, card=replace(net.card, features=("x",)))
    with pytest.raises(DataError, match=f"planner learn {PROBLEM}"):
        playing(YEAR, other)
