"""A learnt policy is plain arrays: it acts by them, and survives a trip to the disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from brain.reference.net_policy import CARD, WEIGHTS, NetPolicy, Point, PolicyCard, load_policy
from data.errors import DataError

CURVE = (Point(100, 1.5, None), Point(200, 3.0, -2.5, 0.25))


def chooser() -> NetPolicy:
    """Scores two choices: the first by its first input, the second by the second one."""
    card = PolicyCard("dqn", 7, 200, 3.0, "relu", "toy", ("a", "b"), CURVE, {"z": [1.5]})
    layers = ((np.eye(2), np.zeros(2)), (np.eye(2), np.array([0.0, 0.5])))
    return NetPolicy(card, layers, np.array([1.0, 2.0]), np.array([1.0, 2.0]))


def mover() -> NetPolicy:
    """Answers between 10 and 30, by the sign and size of its only input."""
    card = PolicyCard("ppo", 1, 1, 0.0, "tanh")
    layers = ((np.array([[1.0]]), np.array([0.0])),)
    bounds = np.array([10.0]), np.array([30.0])
    return NetPolicy(card, layers, np.zeros(1), np.ones(1), *bounds)


def test_a_choice_is_the_one_with_the_highest_score() -> None:
    """After scaling: (3, 2) is shown as (2, 0) and (1, 6) as (0, 2)."""
    policy = chooser()
    seen = np.array([[3.0, 2.0], [1.0, 6.0]])
    np.testing.assert_allclose(policy.scores(seen), [[2.0, 0.5], [0.0, 2.5]])
    np.testing.assert_array_equal(policy.act(seen), [0, 1])
    assert policy.discrete


def test_an_input_far_off_is_drawn_in() -> None:
    """At ten spreads from its mean, so that an odd number cannot run away with the net."""
    assert chooser().scores(np.array([[1e9, 2.0]]))[0, 0] == 10.0


def test_numbers_stay_within_their_bounds() -> None:
    """-1 is the lower bound, 1 the upper one, 0 the middle; beyond, nothing changes."""
    answers = mover().act(np.array([[-1.0], [0.0], [0.5], [9.0]]))
    np.testing.assert_allclose(answers[:, 0], [10.0, 20.0, 25.0, 30.0])
    assert not mover().discrete


@pytest.mark.parametrize("policy", [chooser(), mover()], ids=["choices", "numbers"])
def test_a_policy_is_read_back_as_it_was_written(policy: NetPolicy, tmp_path: Path) -> None:
    """Its card to the last figure, its answers to the bit; an older one is replaced whole."""
    folder = tmp_path / "deep" / "policy"
    replace(policy, card=replace(policy.card, seed=99)).save(folder)
    policy.save(folder)
    again = load_policy(folder)
    assert again.card == policy.card
    seen = np.random.default_rng(1).normal(size=(5, len(policy.shift)))
    np.testing.assert_array_equal(again.act(seen), policy.act(seen))
    assert [path.name for path in folder.parent.iterdir()] == ["policy"], "nothing else is left"


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    """An array of objects in the weights is refused, not run."""
    chooser().save(tmp_path / "policy")
    np.savez(tmp_path / "policy" / WEIGHTS, shift=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="damaged or not plain arrays"):
        load_policy(tmp_path / "policy")


def test_a_damaged_folder_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A missing file, a cut one, a card of another version, weights that do not fit."""
    folder = tmp_path / "policy"
    with pytest.raises(DataError, match=r"card\.json is missing"):
        load_policy(folder)
    chooser().save(folder)
    whole = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(whole[:40])
    with pytest.raises(DataError, match="damaged"):
        load_policy(folder)
    np.savez(folder / WEIGHTS, shift=np.zeros(3), spread=np.ones(3), weight_0=np.eye(2))
    with pytest.raises(DataError, match="does not fit"):
        load_policy(folder)
    (folder / WEIGHTS).write_bytes(whole)
    card = json.loads((folder / CARD).read_text())
    (folder / CARD).write_text(json.dumps(card | {"version": 0}))
    with pytest.raises(DataError, match="another version"):
        load_policy(folder)
    (folder / CARD).write_text("{")
    with pytest.raises(DataError, match="not readable as JSON"):
        load_policy(folder)


def test_a_net_that_does_not_fit_together_cannot_exist() -> None:
    """Nor one with a spread of zero, or numbers that are none."""
    policy = chooser()
    with pytest.raises(ValueError, match="expected"):
        replace(policy, layers=(policy.layers[0], (np.eye(3), np.zeros(3))))
    with pytest.raises(ValueError, match="spreads above 0"):
        replace(policy, spread=np.zeros(2))
    with pytest.raises(ValueError, match="finite"):
        replace(policy, shift=np.array([np.nan, 0.0]))
    with pytest.raises(ValueError, match="upper bound"):
        replace(policy, low=np.zeros(2))
    with pytest.raises(ValueError, match="neither tanh nor relu"):
        replace(policy, card=replace(policy.card, activation="sigmoid"))
