"""Lanes are columns of arrays: they step together and share what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from brain.reference.lanes import Lanes


class Echo:
    """Two lanes for two steps; the reward of a lane is its action."""

    lanes, observation_size = 2, 1
    action_space = spaces.Box(np.float32(10.0), np.float32(30.0), (1,), np.float32)

    def reset(self, rng: np.random.Generator) -> np.ndarray:
        """What was drawn."""
        self._step = 0
        return rng.random((2, 1))

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, bool, Sequence[dict[str, float]]]:
        """Over after the second step."""
        self._step += 1
        over = self._step == 2
        told = [{"reward": 1.0}] if over else []
        return np.full((2, 1), float(self._step)), actions[:, 0], over, told

    def scene(self) -> dict[str, Any]:
        """The step."""
        return {"step": self._step}


def test_actions_reach_the_world_in_its_own_units() -> None:
    """-1 is the lower bound, 1 the upper one, and what lies beyond is cut."""
    lanes = Lanes(Echo(), seed=1)
    lanes.reset()
    _, rewards, over, infos = lanes.step(np.array([[-1.0], [0.5]]))
    np.testing.assert_allclose(rewards, [10.0, 25.0])
    assert not over.any()
    assert infos == [{}, {}]
    assert lanes.scene() == {"step": 1}


def test_new_episodes_begin_where_the_old_ones_end() -> None:
    """The last observation is kept in `info`; the episode that both lanes share speaks once."""
    lanes = Lanes(Echo(), seed=1)
    first = lanes.reset()
    for _ in range(2):
        seen, rewards, over, infos = lanes.step(np.array([[9.0], [-9.0]]))
    np.testing.assert_allclose(rewards, [30.0, 10.0])
    assert over.all()
    assert infos[0]["terminal_observation"].tolist() == [2.0]
    assert [info.get("told") for info in infos] == [{"reward": 1.0}, None]
    assert not np.array_equal(seen, first)
    np.testing.assert_array_equal(Lanes(Echo(), seed=1).reset(), first)


def test_lanes_have_nothing_of_their_own() -> None:
    """An attribute is that of all; there are no methods and no wrappers."""
    lanes = Lanes(Echo(), seed=1)
    assert lanes.get_attr("render_mode") == [None, None]
    lanes.set_attr("mark", 3)
    assert lanes.get_attr("mark", [1]) == [3]
    with pytest.raises(ValueError, match="shared by all lanes"):
        lanes.set_attr("mark", 4, [0])
    with pytest.raises(AttributeError, match="no method"):
        lanes.env_method("scene")
    assert lanes.env_is_wrapped(Echo) == [False, False]
