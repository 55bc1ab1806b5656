"""A checkpoint gives back what was kept, to the bit, or nothing; it never runs what it reads."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain.checkpoint import ABOUT, Checkpoint, fingerprint
from brain.lesson import ClassLesson, FamilyLesson
from brain.population import Population
from brain.training import Algorithm, Settings
from tests.brain.conftest import make_centre, make_family_centre

FACTS = {"update": 7, "score": 0.1 + 0.2, "curve": [{"cpu_seconds": 1.5, "score": 1.25}]}
ARRAYS = {
    "weight_0": np.random.default_rng(1).normal(size=(5, 3)).astype(np.float32),
    "bias_0": np.random.default_rng(2).normal(size=5),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where nothing is yet, in a folder that is not there either."""
    return tmp_path / "runs" / "r100.npz"


@pytest.fixture
def kept(file: Path) -> Path:
    """A file in which something has been kept."""
    Checkpoint(file, "mine").keep("hindsight", FACTS, ARRAYS)
    return file


def test_what_was_kept_comes_back_to_the_bit(kept: Path) -> None:
    """Facts and arrays, with their types."""
    found = Checkpoint(kept, "mine").of("hindsight")
    assert found is not None
    facts, arrays = found
    assert facts == FACTS
    assert set(arrays) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)


@pytest.mark.parametrize("centre", [make_centre(), make_family_centre(), make_centre(stages=1)])
def test_constants_come_back_as_they_were(file: Path, centre) -> None:
    """Equal to the last digit: a training that goes on starts from the same."""
    Checkpoint(file, "mine").keep_centre(centre, 12.25)
    assert Checkpoint(file, "mine").centre == (centre, 12.25)


def test_the_parts_of_a_training_are_kept_apart(kept: Path) -> None:
    """Keeping one replaces all that was kept of it and nothing of the others."""
    saved = Checkpoint(kept, "mine")
    saved.keep_centre(make_centre(), 1.0)
    saved.keep("sight", {"done": 1}, {"old": np.zeros(2), "shared": np.zeros(3)})
    saved.keep("sight", {"done": 2}, {"shared": np.ones(3)})
    again = Checkpoint(kept, "mine")
    for checkpoint in (saved, again):
        facts, arrays = checkpoint.of("sight")
        assert facts == {"done": 2}
        assert list(arrays) == ["shared"]
        np.testing.assert_array_equal(arrays["shared"], np.ones(3))
        assert checkpoint.of("hindsight")[0] == FACTS
        assert set(checkpoint.of("hindsight")[1]) == set(ARRAYS)
        assert checkpoint.centre == (make_centre(), 1.0)


def test_nothing_is_there_before_something_is_kept(file: Path) -> None:
    """Asking writes nothing."""
    saved = Checkpoint(file, "mine")
    assert saved.centre is None
    assert saved.of("hindsight") is None
    assert not file.parent.exists()


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch) -> None:
    """Though what was kept can be had for as long as it lives."""
    monkeypatch.chdir(tmp_path)
    saved = Checkpoint(None, "mine")
    saved.keep_centre(make_centre(), 1.0)
    saved.keep("hindsight", FACTS, ARRAYS)
    assert saved.of("hindsight")[0] == FACTS
    saved.remove()
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_of_another_training_is_not_used(kept: Path) -> None:
    """Nor harmed, until the other training keeps something itself."""
    before = kept.read_bytes()
    other = Checkpoint(kept, "another")
    assert other.of("hindsight") is None
    assert other.centre is None
    assert kept.read_bytes() == before
    other.keep("ppo", {"done": 1}, {})
    assert Checkpoint(kept, "another").of("ppo") == ({"done": 1}, {})
    assert Checkpoint(kept, "another").of("hindsight") is None
    assert Checkpoint(kept, "mine").of("hindsight") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"not an archive", b"PK\x03\x04 nearly one", b'{"fingerprint": "mine"}'],
    ids=["empty", "text", "cut", "json"],
)
def test_a_file_that_is_no_checkpoint_is_not_used(file: Path, content: bytes) -> None:
    """And replaced by the first that is kept."""
    file.parent.mkdir()
    file.write_bytes(content)
    saved = Checkpoint(file, "mine")
    assert saved.of("hindsight") is None
    saved.keep("hindsight", FACTS, ARRAYS)
    assert Checkpoint(file, "mine").of("hindsight")[0] == FACTS


@pytest.mark.parametrize("about", ["[1, 2]", '"mine"', "null", "{", None])
def test_an_archive_that_says_nothing_of_itself_is_not_used(file: Path, about) -> None:
    """It is ours only with the right words in it."""
    file.parent.mkdir()
    words = {} if about is None else {ABOUT: np.array(about)}
    with file.open("wb") as opened:
        np.savez(opened, **words, **{"hindsight/weight_0": np.ones(2)})
    assert Checkpoint(file, "mine").of("hindsight") is None


def test_a_damaged_file_is_as_good_as_none(kept: Path) -> None:
    """Cut anywhere, or with bytes overwritten: never an error, never other numbers."""
    whole = kept.read_bytes()
    rng = np.random.default_rng(3)
    for cut in rng.integers(0, len(whole), 40):
        kept.write_bytes(whole[:cut])
        assert Checkpoint(kept, "mine").of("hindsight") is None
    for _ in range(300):
        content = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            content[place] = rng.integers(256)
        kept.write_bytes(bytes(content))
        found = Checkpoint(kept, "mine").of("hindsight")
        if found is not None and set(found[1]) == set(ARRAYS):
            for name, array in ARRAYS.items():
                np.testing.assert_array_equal(found[1][name], array)


class Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, proof: Path) -> None:
        self.proof = proof

    def __reduce__(self):
        return os.mkdir, (str(self.proof),)


def test_nothing_that_is_read_is_ever_run(kept: Path, tmp_path: Path) -> None:
    """An array of objects, which NumPy would have to unpickle, is refused unread."""
    proof = tmp_path / "ran"
    trap = np.array([Trap(proof)], dtype=object)
    about = np.array(json.dumps({"fingerprint": "mine", "hindsight": FACTS}))
    for arrays in ({ABOUT: about, "hindsight/weight_0": trap}, {ABOUT: trap}):
        with kept.open("wb") as opened:
            np.savez(opened, allow_pickle=True, **arrays)
        assert Checkpoint(kept, "mine").of("hindsight") is None
        assert not proof.exists()
    trap.dump(kept)
    assert Checkpoint(kept, "mine").of("hindsight") is None
    assert not proof.exists()


@pytest.mark.parametrize("broken", ["os.replace", "os.fsync", "numpy.savez"])
def test_writing_that_fails_leaves_the_last_one_whole(kept: Path, monkeypatch, broken) -> None:
    """And nothing else, whatever step it is broken off at."""

    def fail(*_args, **_kwargs) -> None:
        raise KeyboardInterrupt

    saved = Checkpoint(kept, "mine")
    monkeypatch.setattr(broken, fail)
    with pytest.raises(KeyboardInterrupt):
        saved.keep("hindsight", {"update": 8}, {})
    monkeypatch.undo()
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert Checkpoint(kept, "mine").of("hindsight")[0] == FACTS


def test_the_file_is_replaced_and_never_written_into(kept: Path) -> None:
    """Who has the old one open still reads the old one."""
    with kept.open("rb") as opened:
        before = opened.read()
        Checkpoint(kept, "mine").keep("hindsight", {"update": 8}, {})
        opened.seek(0)
        assert opened.read() == before
    assert Checkpoint(kept, "mine").of("hindsight")[0] == {"update": 8}


def test_a_training_that_is_done_leaves_no_checkpoint(kept: Path) -> None:
    """Removing it twice is no harm."""
    saved = Checkpoint(kept, "mine")
    saved.remove()
    assert not kept.exists()
    saved.remove()


def test_a_fingerprint_tells_all_that_decides_what_is_learnt() -> None:
    """Any two trainings that may differ have two; where logs go decides nothing."""
    usual, lesson = Settings(), ClassLesson(100.0)
    prints = [
        fingerprint(lesson, 1, usual),
        fingerprint(lesson, 2, usual),
        fingerprint(ClassLesson(10.0), 1, usual),
        fingerprint(ClassLesson(100.0, Population(4)), 1, usual),
        fingerprint(ClassLesson(100.0, Population(cv=(0.1, 2.4))), 1, usual),
        fingerprint(FamilyLesson(), 1, usual),
        fingerprint(FamilyLesson(free_share=0.4), 1, usual),
        *(
            fingerprint(lesson, 1, replace(usual, **{name: value}))
            for name, value in {
                "algorithm": Algorithm.PPO,
                "updates": 801,
                "batch": 511,
                "days": 141,
                "warm_up": 31,
                "timesteps": 3,
                "lanes": 3,
                "weeks": 3,
                "tuning_timesteps": 3,
                "minutes": 3.0,
                "validations": 3,
                "validation_products": 3,
                "validation_paths": 3,
                "validation_periods": 3,
                "search": replace(usual.search, generations=3),
            }.items()
        ),
    ]
    assert len(set(prints)) == len(prints)
    logged = replace(usual, log_dir=Path("logs"))
    assert fingerprint(lesson, 1, logged) == prints[0] == fingerprint(ClassLesson(100.0), 1, usual)
