"""What goes over the pipes between the leaderboard and a submission: frames, nothing pickled.

A frame is a letter, the length of what follows (4 bytes, the lowest first) and what follows: plain
float64 numbers in a row, or JSON. Each side reads no frame that is longer than it expects.
"""

from __future__ import annotations

import json
import struct
from enum import Enum
from typing import Any

HEADER = struct.Struct("<cI")
LONGEST_TEXT = 1 << 16
"""Of a frame of JSON [byte]."""
LONGEST_SAID = 500
"""Letters of a submission's own words that are kept."""


class Kind(Enum):
    """What a frame is."""

    SHUT = b"S"
    """The cage is shut; JSON says which layers hold."""
    LOADED = b"L"
    """The submission is read, and has what it needs."""
    SEEN = b"O"
    """Observations of all scenarios, float64 (P, O)."""
    ORDERS = b"A"
    """The submission's answer, float64 (P, A)."""
    STOPPED = b"E"
    """It goes no further; JSON says why."""


def frame(kind: Kind, content: bytes = b"") -> bytes:
    """A frame, ready to be sent."""
    return HEADER.pack(kind.value, len(content)) + content


def said(content: Any) -> bytes:
    """JSON of a frame, never longer than `LONGEST_TEXT`."""
    return json.dumps(content, ensure_ascii=True).encode("ascii")[:LONGEST_TEXT]
