"""Learning safety stock for `serial-hybrid`: what comes out can be kept, read back and asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from brain.reference import serial_hybrid
from brain.reference.commands import register
from brain.reference.net_policy import NetPolicy, load_policy, shipped
from brain.reference.serial_hybrid import (
    KNOTS,
    PROBLEM,
    Lesson,
    centre_of,
    factors_by,
    teach,
)
from brain.reference.settings import Watch
from brain.reference.stream import read_stream
from data.errors import ConfigurationError, DataError
from data.outlook import outlook_of
from envs.dynamics import opening_state
from envs.policies import HIGHEST_Z, LOWEST_Z, SafetyStockRule, Situation, constant
from envs.reference.serial_hybrid import STAGES, Course, Drawn, draw
from envs.reference.serial_hybrid_chains import Search, expected_costs, side_by_side
from envs.reference.serial_hybrid_lanes import REACH, SEEN
from envs.simulator import simulate
from envs.theory import safety_factor

SEARCH = Search(generations=2, candidates=4, elite=2, products=6)
SMALL = Lesson(profiles=("2-3-4", "varying"), review=10, lanes=6, judging=6, search=SEARCH)
STEPS = 6 * 44


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for the training stream."""
    return tmp_path_factory.mktemp("stream") / "stream.jsonl"


@pytest.fixture(scope="module")
def policy(stream: Path) -> NetPolicy:
    """A net that has hardly learnt."""
    return teach(STEPS, 1, lesson=SMALL, watch=Watch(stream))


@pytest.fixture
def drawn() -> Drawn:
    """Four products that share space, of ratios of their own, lead times varying."""
    course = Course((1.0, 1000.0), products=4, days=30, profile="varying", coupled=True)
    return draw(np.random.default_rng(3), course)


def cost(drawn: Drawn, policy: NetPolicy, review: int | None = None) -> np.ndarray:
    """Of an episode on each of two paths, day by day, holding only (2, T, K) [money]."""
    outlook = outlook_of(drawn.scenario, drawn.course.days)
    rule = SafetyStockRule(outlook, factors_by(policy, drawn, review))
    demand = drawn.demand(np.random.default_rng(4), paths=2)
    state = opening_state(drawn.scenario.stock, drawn.world, paths=2)
    return simulate(drawn.world, drawn.rates, state, rule, demand).holding


def test_a_policy_read_from_its_folder_advises_as_before(
    policy: NetPolicy, drawn: Drawn, tmp_path: Path
) -> None:
    """The constants that it acts around are kept with it."""
    policy.save(tmp_path / "policy")
    again = load_policy(tmp_path / "policy")
    np.testing.assert_array_equal(cost(drawn, policy), cost(drawn, again))
    assert again.card.problem == PROBLEM
    assert again.card.facts["profiles"] == ["2-3-4", "varying"]


def test_the_same_seed_teaches_the_same_net(policy: NetPolicy) -> None:
    """To the bit; another seed teaches another."""
    again, other = (teach(STEPS, seed, lesson=SMALL) for seed in (1, 2))
    np.testing.assert_array_equal(policy.layers[0][0], again.layers[0][0])
    assert (policy.layers[0][0] != other.layers[0][0]).any()


def test_the_stream_tells_what_the_reference_costs_beside_it(
    policy: NetPolicy, stream: Path
) -> None:
    """Episode by episode, and shows the first lane."""
    line = read_stream(stream)[-1]
    assert 0 < line.told["share_of_reference"] < 10
    assert len(line.scene["z"]) == STAGES
    assert policy.card.steps >= STEPS


def test_safety_factors_stay_within_reach_of_the_constants(policy: NetPolicy, drawn: Drawn) -> None:
    """And within what is ever worth trying."""
    factors = factors_by(policy, drawn)
    state = opening_state(drawn.scenario.stock, drawn.world, paths=2)
    z = factors(Situation(state, None, drawn.world))  # type: ignore[arg-type] # errors are not seen
    assert z.shape == (2, STAGES, 4)
    facts = policy.card.facts
    known = np.log(facts["ratios"])
    ratio = np.log(drawn.scenario.products.cost_ratio)
    centre = [np.interp(ratio, known, row) for row in np.transpose(facts["z"])]
    assert (np.abs(z - centre) <= REACH + 1e-9).all()
    assert ((z >= LOWEST_Z) & (z <= HIGHEST_Z)).all()


def test_an_answer_is_held_for_its_review(policy: NetPolicy, drawn: Drawn) -> None:
    """As it was learnt, or as asked for; another episode begins with another answer."""
    shape = (1, STAGES, 4)
    rng = np.random.default_rng(1)
    state = opening_state(drawn.scenario.stock, drawn.world)
    for review, days in ((None, [0, 10, 20]), (7, [0, 7, 14, 21, 28])):
        factors = factors_by(policy, drawn, review)
        for _ in range(2):
            answers = []
            for day in range(30):
                today = replace(state, period=day, on_hand=rng.uniform(0, 90, shape))
                answers.append(factors(Situation(today, None, drawn.world)))  # type: ignore[arg-type] # not seen
            new = [day for day in range(1, 30) if (answers[day] != answers[day - 1]).any()]
            assert [0, *new] == days


def test_constants_are_tuned_at_the_ratios_that_are_met() -> None:
    """All knots for the whole range, its ends where it is narrower, one for one ratio."""
    assert tuple(centre_of(1, (1.0, 1000.0), SMALL).ratios) == KNOTS
    assert centre_of(1, (20.0, 100.0), SMALL).ratios.tolist() == [20, 30, 100]
    assert centre_of(1, 50.0, SMALL).ratios.tolist() == [50]


def test_a_policy_for_one_ratio_says_so() -> None:
    """On its card."""
    policy = teach(STEPS, 1, 50.0, replace(SMALL, profiles=("2-3-4",)))
    assert policy.card.facts["cost_ratio"] == [50, 50]
    assert policy.card.features == SEEN


def test_another_problems_policy_is_refused(policy: NetPolicy, drawn: Drawn) -> None:
    """By a sentence that says how to get the right one."""
    for card in (
        replace(policy.card, problem="chess"),
        replace(policy.card, features=()),
        replace(policy.card, facts={}),
    ):
        with pytest.raises(DataError, match="planner learn serial-hybrid"):
            factors_by(replace(policy, card=card), drawn)


def test_a_policy_is_taught_by_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all ratios or for one; a ratio that is not meant is refused."""
    monkeypatch.setattr(serial_hybrid, "Lesson", lambda: SMALL)
    app = typer.Typer()
    app.callback()(lambda: None)
    register(app)
    for options, met in (([], [1, 1000]), (["--cost-ratio", "50"], [50, 50])):
        out = tmp_path / f"policy-{met[0]}"
        arguments = ["learn", PROBLEM, "--steps", str(STEPS), "--out", str(out), *options]
        ended = CliRunner().invoke(app, arguments)
        assert ended.exit_code == 0, ended.output
        assert load_policy(out).card.facts["cost_ratio"] == met
    ended = CliRunner().invoke(app, ["learn", PROBLEM, "--cost-ratio", "0.5"])
    assert isinstance(ended.exception, ConfigurationError)
    assert "expected 1 to 1000" in str(ended.exception)


def test_the_shipped_policy_beats_the_textbook_at_every_ratio() -> None:
    """On products that nobody learnt from, space free, sigma at its largest."""
    policy = shipped(PROBLEM)
    for ratio in (10.0, 100.0, 1000.0):
        drawn = draw(np.random.default_rng(8), Course(cost_ratio=ratio, products=40))
        chains = side_by_side([drawn])
        demand = chains.demand(np.random.default_rng(9))
        textbook = constant(np.full((STAGES, 1), float(safety_factor(ratio))))
        ours, theirs = (
            expected_costs(chains, factors, demand).mean()
            for factors in (factors_by(policy, drawn), textbook)
        )
        assert ours < 0.95 * theirs
