"""The leaderboard's side of a submission's process: starts it, asks it, ends it.

Everything that comes back is a stranger's: frames are checked, waiting has an end, and whatever
goes wrong becomes a `StoppedError` with a reason.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from data.errors import ConfigurationError
from planner.leaderboard.cage import Limits
from planner.leaderboard.wire import HEADER, LONGEST_SAID, LONGEST_TEXT, Kind, frame

ROOT = Path(__file__).resolve().parents[2]
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from planner.leaderboard.host import main; "
    "del sys.path[0]; main(*sys.argv[2:])"
)
LARGEST = 32 << 20
"""Of a submission, all its files together [byte]."""
SECONDS_BETWEEN_LOOKS = 0.1
"""At the size of its folder, while it thinks."""
BLOCK = 4096
"""What a file takes at least, though it be empty [byte]."""
PRINTED = 4096
"""Bytes of what a submission prints that are kept."""


class Verdict(Enum):
    """How a trial ended; what is not RANKED was stopped."""

    RANKED = "ranked"
    SLOW = "out of time"
    MEMORY = "out of memory"
    CRASHED = "crashed"
    WRONG = "wrong answer"
    GARBAGE = "no answer to be understood"
    FORBIDDEN = "forbidden"


_STATED = {
    "memory": Verdict.MEMORY,
    "answer": Verdict.WRONG,
    "crash": Verdict.CRASHED,
    "forbidden": Verdict.FORBIDDEN,
}
"""What the host says when it ends, as a verdict."""


class StoppedError(Exception):
    """A submission goes no further."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict, self.reason = verdict, reason


class Child:
    """A submission in its process, from start to end; use it as a context.

    Attributes:
        layers: which layers of the cage hold, by name.
    """

    def __init__(
        self, folder: Path, name: str, shapes: tuple[tuple[int, int], ...], limits: Limits
    ) -> None:
        """Args: its folder, its file there, shapes of a question and its answer, its limits."""
        self._folder, self._limits = folder, limits
        self._answer_size = 8 * shapes[1][0] * shapes[1][1]
        self._shape = shapes[1]
        self._deadline = time.monotonic() + limits.wall
        self._printed = b""
        settings = json.dumps({"limits": asdict(limits), "shapes": shapes})
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", START, str(ROOT), str(folder), name, settings],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=_surroundings(folder),
            start_new_session=True,
            bufsize=0,
        )
        self._pipes = selectors.DefaultSelector()
        for pipe in (self._process.stdout, self._process.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            self._pipes.register(pipe, selectors.EVENT_READ)
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        self._unread = b""
        self.layers: dict[str, bool] = {}

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def begin(self) -> None:
        """Wait until the cage is shut; nothing of the submission has been read yet.

        Raises:
            StoppedError: it could not be started within its limits.
        """
        said = self._frame(Kind.SHUT, LONGEST_TEXT, time.monotonic() + self._limits.answer)
        self.layers = {str(name): bool(holds) for name, holds in json.loads(said).items()}

    def load(self) -> None:
        """Wait until the submission is read.

        Raises:
            StoppedError: it is not what it should be.
        """
        self._frame(Kind.LOADED, 0, time.monotonic() + self._limits.answer)

    def ask(self, observations: np.ndarray) -> np.ndarray:
        """The submission's answer, finite numbers (P, A), to observations (P, O).

        Raises:
            StoppedError: there is none.
        """
        until = time.monotonic() + self._limits.answer
        question = np.ascontiguousarray(observations, np.float64).tobytes()
        self._send(frame(Kind.SEEN, question), until)
        told = self._frame(Kind.ORDERS, self._answer_size, until)
        if len(told) != self._answer_size:
            raise StoppedError(
                Verdict.GARBAGE, f"it answered {len(told)} bytes, expected {self._answer_size}"
            )
        answer = np.frombuffer(told, np.float64).reshape(self._shape)
        if not np.isfinite(answer).all():
            raise StoppedError(Verdict.WRONG, "it answered with numbers that are not finite")
        return answer

    def end(self) -> None:
        """End the process and all it may have started; nothing is left running."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._pipes.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()

    def _send(self, content: bytes, until: float) -> None:
        pipe = self._process.stdin
        assert pipe is not None
        with selectors.DefaultSelector() as ready:
            ready.register(pipe, selectors.EVENT_WRITE)
            while content:
                ready.select(SECONDS_BETWEEN_LOOKS)
                try:
                    content = content[os.write(pipe.fileno(), content) :]
                except BlockingIOError:
                    self._look(until)
                except BrokenPipeError:
                    # It has ended; its last words are read where its answer would be.
                    return

    def _frame(self, kind: Kind, longest: int, until: float) -> bytes:
        """The content of the next frame, which must be of that kind."""
        found, length = HEADER.unpack(self._take(HEADER.size, until))
        if found == Kind.STOPPED.value and length <= LONGEST_TEXT:
            raise _stated(self._take(length, until))
        if found != kind.value or length > longest:
            raise StoppedError(Verdict.GARBAGE, "what came over its pipe is no answer")
        return self._take(length, until)

    def _take(self, count: int, until: float) -> bytes:
        while len(self._unread) < count:
            for key, _ in self._pipes.select(SECONDS_BETWEEN_LOOKS):
                pipe = key.fileobj
                part = os.read(key.fd, 1 << 16)
                if pipe is self._process.stderr:
                    self._printed = (self._printed + part)[-PRINTED:]
                else:
                    self._unread += part
                if not part:
                    self._pipes.unregister(pipe)
                    if pipe is self._process.stdout:
                        raise self._ended()
            self._look(until)
        taken, self._unread = self._unread[:count], self._unread[count:]
        return taken

    def _look(self, until: float) -> None:
        """Stop it where it takes too long or too much room."""
        now = time.monotonic()
        if now > self._deadline:
            raise StoppedError(Verdict.SLOW, f"it took more than {self._limits.wall:g} s in all")
        if now > until:
            raise StoppedError(Verdict.SLOW, f"an answer took more than {self._limits.answer:g} s")
        used = _size(self._folder)
        if used > self._limits.disk:
            raise StoppedError(
                Verdict.FORBIDDEN, f"its folder grew beyond {self._limits.disk >> 20} MiB"
            )

    def _ended(self) -> StoppedError:
        """Why a process that says nothing more has ended."""
        try:
            code = self._process.wait(self._limits.answer)
        except subprocess.TimeoutExpired:
            return StoppedError(Verdict.GARBAGE, "it closed its pipe and went on")
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return StoppedError(
                Verdict.SLOW, f"it used more than {self._limits.cpu} s of processor time"
            )
        if code == -signal.SIGSYS:
            return StoppedError(
                Verdict.FORBIDDEN, "the kernel ended it for a system call that is not allowed"
            )
        words = self._printed.decode("utf-8", "replace").strip()[-LONGEST_SAID:]
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return StoppedError(Verdict.CRASHED, f"its process ended ({how}). {words}".strip())


@contextmanager
def settled(submission: Path) -> Iterator[tuple[Path, str]]:
    """A folder of its own with a copy of the submission, and the name of its file there.

    Raises:
        ConfigurationError: it is no submission.
    """
    files = _files(submission)
    with tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch).resolve()
        for source, name in files:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        yield folder, submission.name if submission.is_file() else MAIN


MAIN = "policy.py"
"""The file that is read where a submission is a folder."""


def _files(submission: Path) -> list[tuple[Path, str]]:
    """The regular files of a submission and their names in its folder."""
    if submission.is_file():
        files = [(submission, submission.name)]
    elif (submission / MAIN).is_file():
        files = [
            (path, path.relative_to(submission).as_posix())
            for path in sorted(submission.rglob("*"))
            if path.is_file() and not path.is_symlink() and "__pycache__" not in path.parts
        ]
    else:
        raise ConfigurationError(
            f"{submission} is no submission; give a Python file, or a folder with {MAIN} in it"
        )
    if sum(path.stat().st_size for path, _ in files) > LARGEST:
        raise ConfigurationError(
            f"{submission} is larger than {LARGEST >> 20} MiB; submit less than that"
        )
    return files


def digest(submission: Path) -> str:
    """A hash of all its files and their names.

    Raises:
        ConfigurationError: it is no submission.
    """
    from hashlib import sha256

    total = sha256()
    for path, name in _files(submission):
        content = path.read_bytes()
        total.update(f"{name}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()


def _surroundings(folder: Path) -> dict[str, str]:
    """The environment of the process: nothing of ours."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    place = dict.fromkeys(("HOME", "TMPDIR"), str(folder))
    return one | place | {"LANG": "C.UTF-8"}


def _stated(text: bytes) -> StoppedError:
    """Its own account of its end, as far as that can be read."""
    try:
        told = json.loads(text)
        return StoppedError(_STATED[told["why"]], str(told["said"])[:LONGEST_SAID])
    except (ValueError, KeyError, TypeError, RecursionError):
        return StoppedError(Verdict.GARBAGE, "what came over its pipe is no answer")


def _size(folder: Path) -> int:
    """Bytes that a folder takes, a block for every name; what vanishes meanwhile counts nothing."""
    total = 0
    for place, folders, names in os.walk(folder):
        total += BLOCK * (len(folders) + len(names))
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_size
    return total
