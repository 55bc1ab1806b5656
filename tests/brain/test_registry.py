"""The registry returns what was saved and refuses whatever is not a brain."""

import json
import pickle
from zipfile import ZipFile

import numpy as np
import pytest

from brain import registry
from brain.registry import CARD, WEIGHTS, load, load_all, save, shipped
from data.errors import DataError
from envs.observation import size
from tests.brain.conftest import make_brain, make_family


@pytest.fixture
def folder(tmp_path, brain):
    save(brain, tmp_path / "r100")
    return tmp_path / "r100"


def change_card(folder, **values):
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | values))


def change_weights(folder, **arrays):
    with np.load(folder / WEIGHTS) as archive:
        kept = dict(archive)
    np.savez(folder / WEIGHTS, **(kept | arrays))


def test_a_saved_brain_comes_back_whole(folder, brain):
    found = load(folder)
    assert found.card == brain.card
    assert found.id == brain.id
    for ours, theirs in zip(brain.layers, found.layers, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])


def test_saving_replaces_the_old_brain_and_leaves_nothing_else(folder):
    newer = make_brain(100.0, seed=7)
    save(newer, folder)
    assert load(folder).id == newer.id
    assert [path.name for path in folder.parent.iterdir()] == ["r100"]


def test_a_save_that_fails_leaves_the_old_brain(folder, brain):
    broken = make_brain(100.0, seed=8)
    broken.card.versions["torch"] = object()
    with pytest.raises(TypeError):
        save(broken, folder)
    assert load(folder).id == brain.id
    assert [path.name for path in folder.parent.iterdir()] == ["r100"]


@pytest.mark.parametrize("name", [CARD, WEIGHTS])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(DataError, match=name):
        load(folder)


def test_pickled_weights_are_refused(folder):
    with (folder / WEIGHTS).open("wb") as file:
        pickle.dump({"weight_0": 1}, file)
    with pytest.raises(DataError, match="damaged or not plain arrays"):
        load(folder)


def test_objects_inside_the_weights_are_refused(folder):
    change_weights(folder, weight_0=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="damaged or not plain arrays"):
        load(folder)


def test_a_cut_file_is_refused(folder):
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="damaged"):
        load(folder)


def test_flipped_bytes_are_refused(folder):
    content = bytearray((folder / WEIGHTS).read_bytes())
    middle = len(content) // 3
    content[middle : middle + 40] = bytes(40)
    (folder / WEIGHTS).write_bytes(bytes(content))
    with pytest.raises(DataError, match="brain weights"):
        load(folder)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"bias_1": np.full(8, np.nan, np.float32)}, "not finite"),
        ({"weight_0": np.zeros((8, size(3) - 1), np.float32)}, "shapes"),
        ({"weight_1": np.zeros((8, 8))}, "float64"),
        ({"extra": np.zeros(1)}, "arrays"),
        (
            {"weight_2": np.zeros((4, 8), np.float32), "bias_2": np.zeros(4, np.float32)},
            "4 outputs",
        ),
    ],
)
def test_wrong_weights_are_refused(folder, arrays, message):
    change_weights(folder, **arrays)
    with pytest.raises(DataError, match=message):
        load(folder)


CENTRE = {"ratios": [100.0], "lost": [[1.0, 2.0, 3.0]], "waiting": [[1.0, 2.0, 3.0]]}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"observation_version": 0}, "observation version 0"),
        ({"features": ["on_hand"]}, "features are not the"),
        ({"unknown": 1}, r"unknown \['unknown'\]"),
        ({"centre": CENTRE | {"usual_share": [], "lost": [[1.0, 2.0]]}}, "3 numbers per ratio"),
        ({"centre": CENTRE | {"usual_share": [0.5]}}, "2 numbers or none"),
        ({"centre": CENTRE | {"usual_share": [], "ratios": [1.0, 2.0]}}, "one row for each"),
        ({"centre": CENTRE}, "says less than a card should"),
        ({"ratios": [-1.0, -1.0]}, "above 0"),
        ({"ratios": [10.0, 1.0]}, "must rise"),
        ({"ratios": [10.0, float("inf")]}, "finite"),
        ({"ratios": "10"}, "ratios"),
        ({"lowest_z": 9.0}, "nothing between them"),
        ({"action_limit": float("nan")}, "finite"),
        ({"learnt": {"age": 3}}, r"learnt\.age"),
        ({"learnt": {}}, "says less than a card should"),
        ({"lineage": {"parent": "../../x"}}, "not the id of a brain"),
        ({"seed": "1"}, "seed"),
        ({"scores": [{"policy": "ours"}]}, "scores.0.ratio"),
        ({"command": ["rm", "-r"]}, "command"),
        ({"learnt": {"\x1b[2J": 3}}, r"\\x1b\[2J"),
    ],
)
def test_wrong_cards_are_refused(folder, values, message):
    change_card(folder, **values)
    with pytest.raises(DataError, match=message):
        load(folder)


def test_a_chain_longer_than_any_brain_is_refused(folder):
    learnt = json.loads((folder / CARD).read_text())["learnt"]
    change_card(folder, learnt=learnt | {"stages": 9})
    with pytest.raises(DataError, match="9 stages"):
        load(folder)


def test_files_that_would_fill_the_memory_are_not_read(folder, monkeypatch):
    """A megabyte of nothing unpacks to a gigabyte; its size stands in the archive."""
    np.savez_compressed(folder / WEIGHTS, weight_0=np.zeros((2**21, 16), np.float32))
    assert (folder / WEIGHTS).stat().st_size < 2**20
    with pytest.raises(DataError, match="more than 64 MiB"):
        load(folder)
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000000, 40)}"
    array = b"\x93NUMPY\x01\x00" + (117).to_bytes(2, "little") + header.ljust(116) + b"\n"
    with ZipFile(folder / WEIGHTS, "w") as archive:
        archive.writestr("weight_0.npy", array)
    with pytest.raises(DataError, match="damaged"):
        load(folder)
    monkeypatch.setattr(registry, "LARGEST_CARD", 100)
    with pytest.raises(DataError, match="no card"):
        load(folder)


def test_a_card_that_is_not_json_is_refused(folder):
    (folder / CARD).write_text("{")
    with pytest.raises(DataError, match="JSON"):
        load(folder)


def test_two_brains_of_one_class_are_refused(folder):
    save(make_brain(100.0, seed=2), folder.parent / "again")
    with pytest.raises(DataError, match="two brains for r100"):
        load_all(folder.parent)


def test_an_empty_shelf_says_how_to_make_a_brain(tmp_path):
    with pytest.raises(DataError, match="planner train"):
        load_all(tmp_path)


def test_brains_stand_by_rising_cost_ratio_and_families_last(tmp_path):
    brains = make_family(), make_brain(30.0), make_brain(4.0), make_brain(1.0, stages=2)
    for number, brain in enumerate(brains):
        save(brain, tmp_path / str(number))
    names = [brain.card.name for brain in load_all(tmp_path)]
    assert names == ["r1-2stages", "r4", "r30", "family"]


def test_three_brains_and_a_family_are_shipped():
    assert [brain.card.name for brain in shipped()] == ["r10", "r100", "r1000", "family"]
    for brain in shipped():
        card = brain.card
        assert card.validation < 1
        kind = "--family" if card.is_family else f"--ratio {card.cost_ratio:g}"
        assert card.command == f"planner train {kind} --algorithm hindsight --seed {card.seed}"
        assert card.curve
        assert card.likes
        assert {score.policy for score in card.scores} >= {"ours", "textbook, all stages"}
