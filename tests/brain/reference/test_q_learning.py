"""Q-learning finds the values that can be worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete

from brain.reference.q_learning import VALUES, QSettings, learn_table, load_table
from data.errors import ConfigurationError, DataError


class Corridor(gymnasium.Env[int, int]):
    """Three rooms in a row; choice 1 goes on, choice 0 stays; the way out is worth 10."""

    def __init__(self) -> None:
        self.observation_space, self.action_space = Discrete(3), Discrete(2)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        self._room = 0
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        self._room += int(action)
        out = self._room == 3
        return min(self._room, 2), 10.0 if out else -1.0, out, False, {}


SETTINGS = QSettings(episodes=400, learning_rate=0.5, gamma=0.5, exploration=(1.0, 0.5))


def test_values_are_those_of_the_way_out() -> None:
    """-1 + (-1 + 10 / 2) / 2 = 1 from the first room; staying is worth half of that, less 1."""
    table = learn_table(Corridor(), 1, SETTINGS)
    forward = [1.0, 4.0, 10.0]
    np.testing.assert_allclose(table.values[:, 1], forward, atol=1e-6)
    np.testing.assert_allclose(table.values[:, 0], np.array(forward) / 2 - 1, atol=1e-6)
    np.testing.assert_array_equal(table.act(np.arange(3)), [1, 1, 1])
    assert table.returns.shape == (400,)
    assert table.returns.max() == 8.0


def test_one_seed_gives_one_table_to_the_bit() -> None:
    """And another seed another one."""
    tables = [learn_table(Corridor(), seed, QSettings(5)).values for seed in (1, 1, 2)]
    np.testing.assert_array_equal(tables[0], tables[1])
    assert not np.array_equal(tables[0], tables[2])


def test_what_cannot_be_counted_is_refused() -> None:
    """A table has a row per state."""
    env = Corridor()
    env.observation_space = Box(0, 1, (1,))
    with pytest.raises(ConfigurationError, match="counted states"):
        learn_table(env, 1)


def test_a_table_is_kept_to_the_bit(tmp_path: Path) -> None:
    """And one that is damaged or not there is refused."""
    table = learn_table(Corridor(), 1, QSettings(1))
    table.save(tmp_path / "table")
    again = load_table(tmp_path / "table")
    np.testing.assert_array_equal(again.values, table.values)
    np.testing.assert_array_equal(again.returns, table.returns)
    (tmp_path / "table" / VALUES).write_text("1,x\n", encoding="utf-8")
    for folder in ("table", "nowhere"):
        with pytest.raises(DataError, match="learn it again"):
            load_table(tmp_path / folder)
