"""A record in a file: what comes out is what was put in, and it lies in the file."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from planner.parcel import ALIGNED, Parcel, opened
from tests.planner.chores import shelf

ARRAYS = [
    np.arange(7, dtype=np.int8),
    np.linspace(0, 1, 12).reshape(3, 4),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.empty((0, 5)),
    np.arange(20.0)[::3],
    np.array([True, False]),
]


def test_what_comes_out_is_what_was_put_in() -> None:
    """Arrays of every layout, and whatever lies between them."""
    parcel = Parcel(("first", ARRAYS, {"last": 1.5}))
    first, arrays, last = opened(parcel.path)
    assert (first, last) == ("first", {"last": 1.5})
    for put, found in zip(ARRAYS, arrays, strict=True):
        np.testing.assert_array_equal(found, put)
        assert found.dtype == put.dtype


def test_arrays_are_not_copied_and_not_written_to() -> None:
    """They lie in the file's pages, where processors like them to."""
    parcel = Parcel(shelf())
    mean = opened(parcel.path).mean
    assert not mean.flags.owndata
    assert mean.ctypes.data % ALIGNED == 0
    with pytest.raises(ValueError, match="read-only"):
        mean[0, 0] = 1.0


def test_a_parcel_is_opened_once_in_a_process() -> None:
    """However often it is asked for; and it can be used when its file is gone."""
    parcel = Parcel(shelf())
    found = opened(parcel.path)
    path = parcel.path
    del parcel
    assert opened(path) is found
    np.testing.assert_array_equal(found.mean, shelf().mean)


def test_the_file_lasts_as_long_as_the_parcel() -> None:
    """Nothing is left in the temporary folder."""
    parcel = Parcel(shelf())
    path = parcel.path
    assert path.is_file()
    del parcel
    assert not path.exists()


def test_what_cannot_be_sent_leaves_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A function without a name cannot."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises((pickle.PicklingError, AttributeError)):
        Parcel(lambda: None)
    assert list(tmp_path.iterdir()) == []
