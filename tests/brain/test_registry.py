"""The registry returns what was saved and refuses whatever is not a brain."""

import json
import pickle

import numpy as np
import pytest

from brain.registry import CARD, WEIGHTS, load, load_all, save, shipped
from data.errors import DataError
from tests.brain.conftest import make_brain


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
        ({"weight_0": np.zeros((8, 29), np.float32)}, "shapes"),
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


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"observation_version": 0}, "observation version 0"),
        ({"features": ["on_hand"]}, "observation version"),
        ({"unknown": 1}, r"unknown \['unknown'\]"),
        ({"centre": [1.0, 2.0]}, "3 numbers"),
        ({"cost_ratio": -1.0}, "above 0"),
        ({"learnt": {"age": 3}}, "age"),
    ],
)
def test_wrong_cards_are_refused(folder, values, message):
    change_card(folder, **values)
    with pytest.raises(DataError, match=message):
        load(folder)


def test_a_card_that_is_not_json_is_refused(folder):
    (folder / CARD).write_text("{")
    with pytest.raises(DataError, match="JSON"):
        load(folder)


def test_two_brains_of_one_class_are_refused(folder):
    save(make_brain(100.0, seed=2), folder.parent / "again")
    with pytest.raises(DataError, match="two brains for cost ratio 100"):
        load_all(folder.parent)


def test_an_empty_shelf_says_how_to_make_a_brain(tmp_path):
    with pytest.raises(DataError, match="planner train"):
        load_all(tmp_path)


def test_three_brains_are_shipped():
    assert [brain.card.cost_ratio for brain in shipped()] == [10, 100, 1000]
    for brain in shipped():
        assert brain.card.validation < 1
        assert f"--ratio {brain.card.cost_ratio:g} --seed {brain.card.seed}" in brain.card.command
