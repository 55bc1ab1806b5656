"""A study of space reads the tables and speaks of the whole business, sample or not."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.catalogue import ReadOptions, read_scenario
from data.errors import ConfigurationError
from data.sample import write_sample
from planner.study import StudyConfig, study

PRODUCTS = 6


@pytest.fixture(scope="module")
def forecast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The forecast among the sample tables of a few products."""
    folder = tmp_path_factory.mktemp("study") / "tables"
    write_sample(folder, PRODUCTS, days=20, seed=1)
    return folder / "forecast.csv"


@pytest.mark.parametrize("most", [3, PRODUCTS])
def test_space_is_told_as_it_is_whether_all_products_are_played_or_some(
    forecast: Path, most: int
) -> None:
    """Today's space of every stage is that of network.toml; all stages tell the same cost."""
    heard: list[str] = []
    found = study(StudyConfig(forecast, horizon=14, paths=2, most=most), heard.append)
    network = read_scenario(forecast, ReadOptions()).scenario.network
    assert [curve.stage for curve in found.curves] == list(network.names)
    for curve, space in zip(found.curves, network.storage_capacity, strict=True):
        assert curve.today.capacity == pytest.approx(space)
        assert curve.today.cost == pytest.approx(found.curves[0].today.cost)
    assert [one.name for one in found.ranges] == [f"at {name}" for name in network.names]
    assert ("sample" in found.facts["products played"]) == (most < PRODUCTS)
    assert found.title == "6 products from 4 Jan 2027"
    assert heard[0] == "read"
    assert any("New York at 60%" in step for step in heard)


def test_the_same_study_twice_is_the_same(forecast: Path) -> None:
    """To the bit, the sample included."""
    config = StudyConfig(forecast, horizon=14, paths=2, most=3)
    one, other = (study(config).curves for _ in range(2))
    for mine, theirs in zip(one, other, strict=True):
        assert [p.cost.tolist() for p in mine.points] == [p.cost.tolist() for p in theirs.points]
        assert [p.model_worth for p in mine.points] == [p.model_worth for p in theirs.points]


def test_a_way_to_answer_prices_that_nobody_knows_is_refused() -> None:
    """It names those there are."""
    with pytest.raises(ConfigurationError, match="--pricing is 'guessed', expected 'asked' or"):
        StudyConfig(Path("forecast.csv"), pricing="guessed")
