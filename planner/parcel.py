"""A record put into a file once, for all processes of a machine to open.

The arrays in it are not copied when it is opened: they lie in the file's pages, which all processes
share. So a worker more costs no memory for what all of them need.
"""

from __future__ import annotations

import mmap
import os
import pickle
import tempfile
import weakref
from functools import lru_cache
from pathlib import Path
from typing import Any

ALIGNED = 64
"""Arrays begin at multiples of this, as processors like them to [byte]."""
LAST_OPENED = 2
"""Parcels that a process keeps open."""
_WORD = 8


class Parcel:
    """A record in a file, which lasts as long as this object.

    Args:
        content: the record; its arrays are written as they lie in memory, all else is pickled.
    """

    def __init__(self, content: Any) -> None:
        arrays: list[pickle.PickleBuffer] = []
        rest = pickle.dumps(content, protocol=5, buffer_callback=arrays.append)
        handle, name = tempfile.mkstemp(prefix="planner-", suffix=".parcel")
        self.content = content
        self.path = Path(name)
        self._remove = weakref.finalize(self, self.path.unlink, missing_ok=True)
        with os.fdopen(handle, "wb") as file:
            places = []
            for array in arrays:
                file.write(bytes(-file.tell() % ALIGNED))
                begins = file.tell()
                file.write(array.raw())
                places.append((begins, file.tell()))
            ends = file.tell()
            pickle.dump((rest, places), file, protocol=5)
            file.write(ends.to_bytes(_WORD, "little"))


@lru_cache(maxsize=LAST_OPENED)
def opened(path: Path) -> Any:
    """The record in a parcel's file; its arrays cannot be written to."""
    with path.open("rb") as file:
        pages = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    ends = int.from_bytes(pages[-_WORD:], "little")
    rest, places = pickle.loads(pages[ends:-_WORD])
    return pickle.loads(rest, buffers=[pages[begins:end] for begins, end in places])
