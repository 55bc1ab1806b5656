"""`planner brains` as a person meets it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import brain.commands as commands
import cli
from brain import challenge as room
from brain.brain import Brain
from brain.card import Like, Score, Step
from brain.challenge import promote_anyway
from brain.commands import _sparkline
from brain.evaluation import CLASS, OURS, TEXTBOOK
from brain.registry import CARD, REGISTER, SHIPPED, save
from brain.shelf import Store
from tests.brain.stores import FAIR, GOOD, SMALL, everything, family, filled, saying

GOOD_BRAIN, FAIR_BRAIN = saying(GOOD), saying(FAIR)
COMMANDS = ("list", "show", "compare", "promote", "rollback", "export")
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def brains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Run:
    """Runs `planner brains` in a folder with a store; gives its exit code and all it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands.screen, "_width", 200)
    monkeypatch.setattr(room, "EXAMINATION", SMALL)
    for place in ("brain.registry.SHIPPED", "brain.shelf.SHIPPED"):
        monkeypatch.setattr(place, tmp_path / "nothing came")

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["planner", "brains", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capfd.readouterr()
        return int(end.value.code or 0), printed.out + printed.err

    return run


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two brains of a kind where `planner brains` looks first, the fair one champion."""
    store = filled(tmp_path / "brains", FAIR_BRAIN, GOOD_BRAIN)
    promote_anyway(store, FAIR_BRAIN.id, "test")
    return store


def refused(result: tuple[int, str]) -> str:
    """One sentence and no traceback."""
    code, said = result
    assert code in (1, 2, 3), said
    assert said.startswith("planner:")
    assert len(said.strip().splitlines()) == 1
    return said


def test_the_list_has_a_line_per_kind(brains, store):
    store.register(family(), "test")
    code, said = brains("list")
    assert code == 0
    (line,) = [line for line in said.splitlines() if FAIR_BRAIN.id in line]
    assert line.split() == [
        "brains", "r10", FAIR_BRAIN.id, "2026-01-01", "hindsight", "1", "2",
    ]  # fmt: skip
    (line,) = [line for line in said.splitlines() if " family " in line and "brains" in line]
    assert line.split() == ["brains", "family", "none", "yet", "1"]


def test_the_list_shows_what_came_with_the_planner(brains, tmp_path, monkeypatch):
    monkeypatch.setattr("brain.registry.SHIPPED", tmp_path / "came")
    monkeypatch.setattr("brain.shelf.SHIPPED", tmp_path / "came")
    save(GOOD_BRAIN, tmp_path / "came" / "r10")
    _, said = brains("list")
    assert [line.split()[:3] for line in said.splitlines() if "shipped" in line] == [
        ["shipped", "r10", GOOD_BRAIN.id]
    ]
    assert GOOD_BRAIN.id in brains("show", "r10")[1]
    assert brains("promote", "r10")[0] == 0, "a shipped brain may challenge in a store"
    assert Store(Path("brains")).shelf("r10").register.champion == GOOD_BRAIN.id


def test_a_kind_that_cannot_be_read_is_a_line_and_the_others_are_shown(brains, store):
    (store.folder / "r99").mkdir()
    (store.folder / "r99" / REGISTER).write_text("{")
    code, said = brains("list")
    assert code == 0
    assert FAIR_BRAIN.id in said
    assert "not readable: register" in said


def test_the_score_is_that_of_the_examination(brains, store):
    scores = tuple(
        Score(name, ratio, ratio - 0.01, ratio + 0.01, 0.1, 0.05, 0.15, 0.97)
        for name, ratio in ((TEXTBOOK, 1.5), (CLASS, 1.1), (OURS, 0.9876))
    )
    card = replace(
        GOOD_BRAIN.card,
        scores=scores,
        curve=tuple(Step(n, 1 / (n + 1)) for n in range(8)),
        likes=(Like(20.0, "smooth", 0.9, 0.01, 1.2), Like(20.0, "lumpy", 0.8, 0.02, 1.3)),
    )
    examined = Brain(replace(card, ratios=(20.0, 20.0)), GOOD_BRAIN.layers)
    store.register(examined, "test")
    promote_anyway(store, examined.id, "test")
    assert "0.988" in brains("list")[1]
    said = brains("show", "r20")[1]
    assert "0.900 ± 0.020" in said
    for part in (
        TEXTBOOK,
        "1.490 to 1.510",
        "5.00 to 15.00 %",
        "0.9700",
        "█",
        "1.0000 to 0.1250",
        "lumpy",
    ):
        assert part in said


def test_show_tells_all_there_is_to_know(brains, store):
    code, said = brains("show", "r10")
    assert code == 0
    lineage = FAIR_BRAIN.card.lineage
    for part in (
        FAIR_BRAIN.id,
        FAIR_BRAIN.card.command,
        lineage.data_hash,
        f"{lineage.started} to {lineage.finished}",
        "learnt lead time",
        "1 to 9",
        "promoted, forced",
        "registered",
    ):
        assert part in said


def test_show_finds_a_brain_by_the_beginning_of_its_id(brains, store):
    assert GOOD_BRAIN.id in brains("show", GOOD_BRAIN.id[:-3])[1]


def test_a_better_brain_is_promoted(brains, store):
    code, said = brains("promote", GOOD_BRAIN.id[:8])
    assert code == 0
    assert f"{GOOD_BRAIN.id} promoted over {FAIR_BRAIN.id}: against" in said
    assert store.shelf("r10").register.champion == GOOD_BRAIN.id


def test_a_worse_brain_is_refused_with_the_reason_unless_it_is_forced(brains, store):
    worse = saying((3.0, 3.0, 3.0))
    store.register(worse, "test")
    said = refused(brains("promote", worse.id))
    assert f"{worse.id} is not promoted: against {FAIR_BRAIN.id} it saves -" in said
    code, said = brains("promote", worse.id, "--force")
    assert code == 0
    assert "forced" in said
    assert store.shelf("r10").register.history[-1].command == (
        f"planner brains promote {worse.id} --force"
    )


def test_a_roll_back_brings_the_champion_before(brains, store):
    brains("promote", GOOD_BRAIN.id)
    code, said = brains("rollback", "r10")
    assert code == 0
    assert f"{FAIR_BRAIN.id} rolled back over {GOOD_BRAIN.id}" in said
    assert "is the first" in refused(brains("rollback", "r10"))


def test_a_comparison_is_a_table_with_intervals(brains, store):
    before = everything(store.folder)
    code, said = brains("compare", GOOD_BRAIN.id, FAIR_BRAIN.id)
    assert code == 0
    (line,) = [line for line in said.splitlines() if line.strip().startswith(FAIR_BRAIN.id)]
    assert line.split()[-1] == "yes"
    assert "95 % interval" in said
    assert everything(store.folder) == before
    assert "with itself" in refused(brains("compare", "r10", FAIR_BRAIN.id))


def test_an_export_is_written(brains, store):
    pytest.importorskip("onnx")
    code, said = brains("export", "r10", "--onnx", "out.onnx")
    assert code == 0
    assert "out.onnx" in said
    assert Path("out.onnx").stat().st_size > 1000
    assert "--overwrite" in refused(brains("export", "r10", "--onnx", "out.onnx"))
    assert brains("export", "r10", "--onnx", "out.onnx", "--overwrite")[0] == 0


@pytest.mark.parametrize(
    "words",
    [
        ("show", "r77"),
        ("show", ""),
        ("show", "../../etc"),
        ("compare", "r10", "nobody"),
        ("promote", "nobody"),
        ("promote", "[bold]nobody"),
        ("rollback", "r77"),
        ("rollback", "../r10"),
        ("export", "nobody", "--onnx", "x.onnx"),
    ],
)
def test_a_bad_name_is_one_sentence(brains, store, words):
    before = everything(store.folder)
    assert words[-1] in refused(brains(*words)) or words[0] == "export"
    assert everything(store.folder) == before


def test_two_that_may_be_meant_are_named(brains, store):
    said = refused(brains("promote", "r10-"))
    assert FAIR_BRAIN.id in said
    assert GOOD_BRAIN.id in said


def test_a_store_that_is_not_there_is_an_empty_one(brains):
    code, _ = brains("list", "--store", "nowhere")
    assert code == 0
    assert "nowhere" in refused(brains("rollback", "r10", "--store", "nowhere"))
    assert not Path("nowhere").exists(), "asking makes no store"


def test_a_writer_elsewhere_is_said(brains, store):
    from filelock import FileLock

    from brain.shelf import LOCK

    with FileLock(store.folder / LOCK):
        said = refused(brains("promote", GOOD_BRAIN.id, "--force", "--wait", "0"))
    assert "--wait" in said


HOSTILE = "<script>alert(1)</script>\x1b[2J\x1b]0;mine\x07 [bold]bold[/bold] [/x]"


def test_a_hostile_card_is_shown_as_it_is(brains, tmp_path):
    """No markup is obeyed, nothing reaches the terminal but letters."""
    card = replace(
        GOOD_BRAIN.card,
        command=HOSTILE,
        algorithm=HOSTILE,
        versions={HOSTILE: HOSTILE},
        scores=(Score(HOSTILE, 1, 1, 1, 0, 0, 0, 1),),
    )
    hostile = Brain(card, GOOD_BRAIN.layers)
    store = filled(tmp_path / "brains", hostile)
    promote_anyway(store, hostile.id, HOSTILE)
    for words in (("list",), ("show", "r10")):
        code, said = brains(*words)
        assert code == 0
        assert "\x1b" not in said
        assert "\x07" not in said
        assert "[bold]bold[/bold]" in said


@pytest.mark.parametrize(
    "changed",
    [
        {"champion": "../../../../tmp/evil-0123456789ab"},
        {"champion": "<b>-0123456789ab"},
        {"history": [{"what": "registered", "brain": "../evil-0123456789ab"}]},
    ],
)
def test_a_hostile_register_is_refused(brains, store, changed):
    path = store.folder / "r10" / REGISTER
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    assert "register" in refused(brains("show", "r10"))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, "\x00", "NaN", "1" * 5000])
def test_hostile_json_is_one_sentence(brains, store, text):
    (store.folder / "r10" / REGISTER).write_text(text)
    assert "register" in refused(brains("show", "r10"))
    (store.folder / "r11").mkdir()
    (store.folder / "r11" / CARD).write_text(text)
    assert "card" in refused(brains("show", "r11"))


def test_the_shipped_brains_stay_as_they_are(brains):
    before = everything(SHIPPED)
    brains("rollback", "r10", "--store", SHIPPED)
    assert everything(SHIPPED) == before


def test_a_curve_is_a_line_of_bars_from_first_to_last():
    assert _sparkline([]) == ""
    assert _sparkline([1.0, 0.5, 0.0]).startswith("█")
    assert _sparkline([2.0, 2.0]) == "▁▁ 2.0000 to 2.0000"
    long = _sparkline(list(np.linspace(1, 0, 500)))
    assert len(long.split()[0]) <= 60


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    """Each has a help text with an example."""
    shown = CliRunner().invoke(cli.app, ["brains", command, "--help"])
    assert shown.exit_code == 0
    assert f"planner brains {command}" in shown.output
