"""Trust written, read back and honoured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain.advice import BASE_STOCK, THEORY
from data.catalogue import read_scenario
from data.errors import DataError
from data.sample import write_sample
from data.writing import write_table
from envs.policies import constant
from planner.problem import problem_of
from planner.rules import Asked, ClosedForm
from planner.situations import of_products
from planner.trust import (
    EARNED,
    LOST,
    UNTOLD,
    Trust,
    met_halfway,
    read_trust,
    safety_stock,
    trust_beside,
    trusted_advisor,
)

IDS = np.array(["P0001", "P0002", "=P3"], dtype=object)


def trust(stages: int = 3) -> Trust:
    """Three products, one of each verdict."""
    return Trust(
        unique_id=IDS,
        learnt_cost=np.array([1.0, 2.0, 3.0]),
        base_stock_cost=np.array([2.0, 1.0, 3.0]),
        difference=np.array([-0.5, 0.5, 0.0]),
        low=np.array([-0.6, 0.2, -0.1]),
        high=np.array([-0.4, 0.8, 0.1]),
        verdict=np.array([EARNED, LOST, UNTOLD], dtype=object),
        z=np.arange(3.0 * stages).reshape(stages, 3),
        beyond=np.array([True, False, False]),
        added=np.array([0.5, 0.25, 0.0]) * np.ones((stages, 1)),
    )


def written(folder: Path, given: Trust | None = None) -> Path:
    """A trust.csv."""
    said = given or trust()
    path = folder / "trust.csv"
    write_table(path, said.header, said.rows())
    return path


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Every column, and the product whose name a spreadsheet would take for a formula."""
    found, given = read_trust(written(tmp_path)), trust()
    numbers = ("learnt_cost", "base_stock_cost", "difference", "low", "high")
    for name in (*numbers, "z", "beyond", "added"):
        np.testing.assert_array_equal(getattr(found, name), getattr(given, name))
    assert found.verdict.tolist() == given.verdict.tolist()
    assert found.counted == {EARNED: 1, LOST: 1, UNTOLD: 1}
    assert found.unique_id[:2].tolist() == ["P0001", "P0002"]


def test_it_is_found_beside_the_forecast(tmp_path: Path) -> None:
    """Whether the forecast is named or its folder."""
    assert trust_beside(tmp_path) is None
    path = written(tmp_path)
    assert trust_beside(tmp_path) == path
    assert trust_beside(tmp_path / "forecast.csv") == path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("verdict", "ruling", "no column 'verdict'"),
        ("not earned", "perhaps", "verdict is 'perhaps'"),
        (",-0.5,", ",much,", "difference is 'much'"),
        ("P0002", "P0001", "twice"),
        ("z_0", "q_0", "no column 'z_0'"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    """Which names the file and what was found."""
    path = written(tmp_path, trust(stages=1))
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(DataError, match=said):
        read_trust(path)


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """It says how such a file is made."""
    with pytest.raises(DataError, match="planner backtest"):
        read_trust(tmp_path / "trust.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(DataError, match="no column"):
        read_trust(tmp_path / "empty.csv")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's kind of tables, six products."""
    folder = tmp_path_factory.mktemp("tables")
    write_sample(folder, products=6, days=20, seed=1)
    return folder


def test_only_products_that_lost_are_given_back(tables: Path) -> None:
    """They get the base-stock's safety factors and say why; all others keep their advice."""
    scenario = read_scenario(tables / "forecast.csv").scenario
    problem = problem_of(scenario, 7)
    ids = scenario.products.unique_id
    advisor = trusted_advisor(scenario, problem.outlook)
    given = replace(trust(), unique_id=np.array([ids[0], ids[4], "stranger"], dtype=object))
    found = trusted_advisor(scenario, problem.outlook, None, given)
    morning = problem.situation()
    z, before = found(morning)[0], advisor(morning)[0]
    np.testing.assert_allclose(z[:, 4], given.z[:, 1])
    others = [0, 1, 2, 3, 5]
    # The brains are asked in other batches, which single precision shows in its last digit.
    np.testing.assert_allclose(z[:, others], before[:, others], atol=1e-5)
    assert found.source[4] == BASE_STOCK
    assert found.source[others].tolist() == advisor.source[others].tolist()
    said = "served its past better by 50 % (95 % interval 20 to 80 %)"
    assert found.safety_stock(morning).reason[4] == said
    assert not found.answers_prices[4]


def test_advice_and_the_products_own_past_meet_halfway(tables: Path) -> None:
    """Product by product, at no price and at one; products the file does not know stay alone."""
    scenario = read_scenario(tables / "forecast.csv").scenario
    problem = problem_of(scenario, 7)
    ids, morning = scenario.products.unique_id, problem.situation()
    given = replace(trust(), unique_id=np.array([ids[0], ids[4], "stranger"], dtype=object))
    advisor = trusted_advisor(scenario, problem.outlook, None, given)
    plain = Asked(advisor, scenario, problem.outlook)
    advice = met_halfway(plain, scenario, problem.outlook, given)
    own = ClosedForm(constant(given.z[:, :1]), scenario, problem.outlook)
    for price in (np.zeros(3), np.array([0.1, 0.0, 0.0])):
        asked, met = plain.at(morning, price)[0], advice.at(morning, price)[0]
        theirs = np.broadcast_to(own.at(morning, price), (1, 3, 6))[0]
        np.testing.assert_allclose(met[:, 0], (asked[:, 0] + 0.5 + theirs[:, 0]) / 2, atol=1e-6)
        np.testing.assert_allclose(met[:, [1, 2, 3, 5]], asked[:, [1, 2, 3, 5]])
    np.testing.assert_allclose(advice(morning)[0, :, 4], given.z[:, 1])
    some, price = np.array([5, 0]), np.array([0.1, 0.0, 0.0])
    there = of_products(morning, some)
    np.testing.assert_allclose(
        advice.take(some).at(there, price), advice.at(morning, price)[..., some], atol=1e-5
    )
    assert met_halfway(plain, scenario, problem.outlook, None) is plain
    said = safety_stock(advisor, advice, morning, given, ids)
    np.testing.assert_array_equal(said.z, advice(morning)[0])
    assert said.reason[0].endswith("its own past prefers")
    assert said.reason[4].startswith("served its past better")
    assert said.reason[1] == advisor.safety_stock(morning).reason[1]


def test_brains_are_asked_beyond_what_they_have_learnt_only_where_the_past_says_so(
    tables: Path,
) -> None:
    """Forecast errors of six times the mean are theory's, unless trust says otherwise."""
    scenario = read_scenario(tables / "forecast.csv").scenario
    forecast = replace(scenario.forecast, std=6 * scenario.forecast.mean)
    scenario = replace(scenario, forecast=forecast)
    problem = problem_of(scenario, 7)
    ids = scenario.products.unique_id
    assert set(trusted_advisor(scenario, problem.outlook).source) == {THEORY}
    given = replace(
        trust(),
        unique_id=np.array([ids[0], ids[4], "stranger"], dtype=object),
        verdict=np.full(3, UNTOLD, dtype=object),
    )
    found = trusted_advisor(scenario, problem.outlook, None, given)
    assert found.source[0] != THEORY
    assert (found.source[1:] == THEORY).all()
    said = found.safety_stock(problem.situation()).reason
    assert said[0].startswith("asked although daily forecast error")
    assert said[1].startswith("daily forecast error")


def test_trust_in_another_chain_is_refused(tables: Path) -> None:
    """Safety factors of two stages say nothing of three."""
    scenario = read_scenario(tables / "forecast.csv").scenario
    with pytest.raises(DataError, match="2 stages, and the chain has 3"):
        trusted_advisor(scenario, problem_of(scenario, 7).outlook, None, trust(stages=2))
