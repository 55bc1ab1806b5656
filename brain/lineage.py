"""Where a brain comes from: what it was made from, and when.

Nothing here names a machine, a person or a folder, so a brain made elsewhere tells the same.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brain.population import Population

ID = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}-[0-9a-f]{12}")
"""What a brain may be called: its kind and a hash, and so nothing that leads out of a folder."""
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Lineage:
    """Where one brain comes from; a field is empty where that is not known.

    Attributes:
        parent: id of the brain it was trained on from; None if from nothing.
        data_hash: SHA-256 of what its products were drawn from: a catalogue's file, or the JSON
            of a population.
        started, finished: UTC, ISO 8601.
    """

    parent: str | None = None
    data_hash: str = ""
    started: str = ""
    finished: str = ""

    def __post_init__(self) -> None:
        """Refuses what is no id, no hash or no time.

        Raises:
            ValueError: says which.
        """
        if self.parent is not None and not ID.fullmatch(self.parent):
            raise ValueError(f"parent {self.parent!r} is not the id of a brain")
        if self.data_hash and not SHA256.fullmatch(self.data_hash):
            raise ValueError(f"data hash {self.data_hash!r} is not a SHA-256 in hexadecimal")
        for moment in filter(None, (self.started, self.finished)):
            datetime.fromisoformat(moment)


def now() -> str:
    """This moment, UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def hash_of_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of_population(population: Population) -> str:
    """SHA-256 of a population's JSON, keys sorted, no spaces."""
    canonical = json.dumps(asdict(population), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
