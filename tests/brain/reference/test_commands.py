"""`planner learn` trains, writes a policy, and says in sentences what it will not do."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from brain.reference import store_clearance, ten_products
from brain.reference.commands import TAUGHT, register
from brain.reference.net_policy import load_policy
from brain.reference.q_learning import load_table
from data.container_tables import write_weekly
from data.containers import made_up
from data.errors import ConfigurationError
from data.shop_sample import write_shop


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The command in an application of its own, playing little."""
    small = ten_products.Sizes(tuning=10, judging=5, lanes=1)
    few = store_clearance.Sizes(judging=4, lanes=4)
    monkeypatch.setattr(ten_products, "Sizes", lambda: small)
    monkeypatch.setattr(store_clearance, "Sizes", lambda: few)
    application = typer.Typer()
    application.callback()(lambda: None)
    register(application)
    return application


def test_a_policy_for_ten_products_is_written(app: typer.Typer, tmp_path: Path) -> None:
    """With its training stream."""
    stream, out = tmp_path / "stream.jsonl", tmp_path / "policy"
    options = ["--steps", "600", "--out", str(out), "--stream", str(stream)]
    ended = CliRunner().invoke(app, ["learn", "ten-products", *options])
    assert ended.exit_code == 0, ended.output
    assert load_policy(out).card.problem == "ten-products"
    assert stream.exists()
    assert "written to" in ended.output


def test_a_policy_for_a_visitors_own_shop_is_written(app: typer.Typer, tmp_path: Path) -> None:
    """From the three tables in a folder."""
    write_shop(tmp_path / "shop", products=3, customers=20, weeks=2)
    out = tmp_path / "policy"
    options = ["--steps", "400", "--algorithm", "ppo", "--out", str(out)]
    options += ["--shop", str(tmp_path / "shop"), "--products", "2"]
    ended = CliRunner().invoke(app, ["learn", "store-clearance", *options])
    assert ended.exit_code == 0, ended.output
    assert load_policy(out).card.algorithm == "ppo"


def test_a_policy_for_a_visitors_own_items_is_written(app: typer.Typer, tmp_path: Path) -> None:
    """From the tables in a folder; of made-up items without any."""
    rng = np.random.default_rng(1)
    write_weekly(tmp_path / "weekly", made_up(rng, items=3), date(2027, 1, 4))
    out = tmp_path / "policy"
    options = ["--steps", "800", "--out", str(out), "--tables", str(tmp_path / "weekly")]
    ended = CliRunner().invoke(app, ["learn", "weekly-containers", *options])
    assert ended.exit_code == 0, ended.output
    assert load_policy(out).card.facts["items"] == [f"item-0{n} at here" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("algorithm", "steps"),
    [("reinforce", 2), ("local-search", 2), ("simulated-annealing", 2), ("ppo", 448)],
)
@pytest.mark.parametrize("course", ["month", "year"])
def test_every_learner_of_the_distribution_can_be_trained(
    app: typer.Typer, tmp_path: Path, algorithm: str, steps: int, course: str
) -> None:
    """On the month and on the year; its card says which."""
    out = tmp_path / "policy"
    options = ["--algorithm", algorithm, "--steps", str(steps), "--course", course]
    ended = CliRunner().invoke(app, ["learn", "distribution", *options, "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    assert load_policy(out).card.problem == course
    assert "written to" in ended.output


def test_a_table_is_written_too(app: typer.Typer, tmp_path: Path) -> None:
    """Of tabular Q-learning, on so many episodes; another course is refused."""
    options = ["--algorithm", "q-learning", "--steps", "2", "--out", str(tmp_path / "table")]
    ended = CliRunner().invoke(app, ["learn", "distribution", *options])
    assert ended.exit_code == 0, ended.output
    assert len(load_table(tmp_path / "table").returns) == 2
    ended = CliRunner().invoke(app, ["learn", "distribution", "--course", "decade", *options])
    assert isinstance(ended.exception, ConfigurationError)
    assert "month, year" in str(ended.exception)


def test_what_is_not_taught_is_refused(app: typer.Typer) -> None:
    """With what there is instead."""
    for arguments in (["chess"], ["ten-products", "--algorithm", "dqn"]):
        ended = CliRunner().invoke(app, ["learn", *arguments])
        assert isinstance(ended.exception, ConfigurationError)
        for name in TAUGHT:
            assert name in str(ended.exception)


def test_an_option_of_another_problem_is_refused(app: typer.Typer, tmp_path: Path) -> None:
    """Instead of being passed over; nothing is trained."""
    for name, option, value, theirs in (
        ("ten-products", "--course", "year", "distribution"),
        ("distribution", "--cost-ratio", "10", "serial-hybrid"),
        ("serial-hybrid", "--products", "3", "store-clearance"),
        ("store-clearance", "--tables", "here", "weekly-containers"),
    ):
        out = tmp_path / "policy"
        ended = CliRunner().invoke(app, ["learn", name, option, value, "--out", str(out)])
        assert isinstance(ended.exception, ConfigurationError)
        assert f"{option} is for {theirs}" in str(ended.exception)
        assert not out.exists()


def test_every_option_is_explained_and_an_example_is_given(app: typer.Typer) -> None:
    """In the help of the command."""
    from brain.reference.commands import learn

    assert "Example: planner learn" in (learn.__doc__ or "")
    shown = CliRunner().invoke(app, ["learn", "--help"]).output
    for option in ("--steps", "--seed", "--out", "--stream", "--log-dir", "--shop"):
        assert option in shown
