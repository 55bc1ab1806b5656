"""A command run to its end, with the memory that it and its workers had at their peak.

Memory is seen in /proc, up to ten times a second: what all processes of the command hold, summed;
a page that several of them share counts once.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from dataclasses import dataclass
from math import inf, nan
from pathlib import Path
from time import monotonic
from typing import IO

from data.errors import PlannerError

PROC = Path("/proc")
EVERY = 0.1
"""Seconds between two looks [s]; more where looking takes long, so that it never slows the work."""
REST = 20
"""Times as long as a look took is what passes until the next one."""
KIBIBYTE, MEGABYTE = 1024, 1e6
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Watched:
    """How a command went.

    Attributes:
        seconds: wall time [s].
        memory: most that all its processes held at a time [MB]; NaN where there is no /proc.
        output: what it printed.
        stopped: True where it was ended because it took too long.
    """

    seconds: float
    memory: float
    output: str
    stopped: bool


def watched(command: list[str], folder: Path, limit: float = inf) -> Watched:
    """Run a command in a folder, for `limit` seconds at most.

    Raises:
        PlannerError: it failed.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as complained:
        start, peak, ended, stopped = monotonic(), 0.0, False, False
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**ONE_THREAD, **os.environ},
            stdout=said,
            stderr=complained,
            start_new_session=True,
        )
        try:
            while not (ended or stopped):
                look = monotonic()
                peak = max(peak, _held(process.pid))
                ended = _ends(process, max(EVERY, REST * (monotonic() - look)))
                stopped = not ended and monotonic() - start > limit
            seconds = monotonic() - start
        finally:
            process.kill()
            process.wait()
        output, complaint = (_text(file) for file in (said, complained))
    if process.returncode and not stopped:
        reason = (complaint.strip() or "no message").splitlines()[-1]
        raise PlannerError(f"{' '.join(command)} left with {process.returncode}: {reason}")
    return Watched(seconds, peak or nan, output, stopped)


def _ends(process: subprocess.Popen[bytes], within: float) -> bool:
    """Whether a process ends within so many seconds; returns as soon as it does."""
    try:
        process.wait(within)
    except subprocess.TimeoutExpired:
        return False
    return True


def _held(session: int) -> float:
    """Memory of all processes of a session [MB]; 0 where it cannot be seen."""
    if not PROC.exists():
        return 0.0
    processes = [int(name) for name in os.listdir(PROC) if name.isdigit()]
    return sum(_memory(process) for process in processes if _session(process) == session)


def _session(process: int) -> int:
    """The session of a process; -1 where it has just ended."""
    try:
        return os.getsid(process)
    except ProcessLookupError:
        return -1


def _memory(process: int) -> float:
    """A process's memory, its part of what it shares with others [MB]; 0 if it has just ended."""
    try:
        seen = (PROC / str(process) / "smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0.0
    parts = [line.split()[1] for line in seen.splitlines() if line.startswith("Pss:")]
    return sum(map(float, parts)) * KIBIBYTE / MEGABYTE


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")
