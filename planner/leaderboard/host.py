"""The submission's process: shuts the cage, reads the submission, answers with its orders.

Started by `planner.leaderboard.child` in an isolated Python; nothing else imports it. Where the
submission does what it must not, an audit hook says so before the kernel would end the process.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from planner.leaderboard.cage import Limits, shut
from planner.leaderboard.wire import HEADER, LONGEST_SAID, Kind, frame, said

_NOT_WITHIN = {
    "socket": "opened a socket",
    "subprocess": "started a process",
    "os.exec": "started a process",
    "os.fork": "started a process",
    "os.posix_spawn": "started a process",
    "os.spawn": "started a process",
    "os.startfile": "started a process",
    "os.system": "started a process",
    "pty": "started a process",
    "os.kill": "sent a signal to a process",
}
"""Events of Python (by how they begin) that end a submission, and what is said of them."""
_MOVES = ("mkdir", "rmdir", "rename", "remove", "link", "symlink", "truncate", "chmod", "chown")
_CHANGES = tuple(f"os.{move}" for move in _MOVES)
"""Events whose arguments are paths that change."""
_FOR_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main(folder: str, name: str, settings: str) -> None:
    """Answer until the questions end.

    Args:
        folder: the submission's, and the only one it may write to.
        name: of its file there.
        settings: JSON: `limits`, and `shapes` of a question and its answer.
    """
    stated = json.loads(settings)
    line = _Line()
    line.send(Kind.SHUT, said(shut(folder, Limits(**stated["limits"]))))
    _guard(folder, line)
    try:
        act = _loaded(os.path.join(folder, name))
        line.send(Kind.LOADED)
        seen, asked = map(tuple, stated["shapes"])
        while (question := line.question()) is not None:
            observations = np.frombuffer(question, np.float64).reshape(seen).copy()
            line.send(Kind.ORDERS, _answer(act, observations, asked))
    except MemoryError:
        line.stop("memory", "it asked for more memory than it may use")
    except _WrongError as wrong:
        line.stop("answer", str(wrong))
    except Exception as problem:
        # Whatever a stranger's code raises is its own end, not ours.
        line.stop("crash", _place(problem, folder))


class _WrongError(Exception):
    """The submission's answer, or the submission itself, is not what was asked for."""


class _Line:
    """The two pipes, out of the way of the submission's own printing."""

    def __init__(self) -> None:
        self._questions, self._answers = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)

    def send(self, kind: Kind, content: bytes = b"") -> None:
        """Send a frame, whole."""
        left = frame(kind, content)
        while left:
            left = left[os.write(self._answers, left) :]

    def question(self) -> bytes | None:
        """What is seen today; None when nothing more is asked."""
        header = self._read(HEADER.size)
        if header is None:
            return None
        return self._read(HEADER.unpack(header)[1])

    def stop(self, why: str, text: str) -> NoReturn:
        """Say why it goes no further, and end the process on the spot."""
        self.send(Kind.STOPPED, said({"why": why, "said": text[:LONGEST_SAID]}))
        os._exit(3)

    def _read(self, count: int) -> bytes | None:
        parts = b""
        while len(parts) < count:
            part = os.read(self._questions, count - len(parts))
            if not part:
                return None
            parts += part
        return parts


def _guard(folder: str, line: _Line) -> None:
    """From now on Python itself reports what a submission must not do."""
    real = os.path.realpath(folder)

    def within(path: Any) -> bool:
        if isinstance(path, int):
            return True
        place = os.path.realpath(os.fsdecode(path))
        return place == os.devnull or place.startswith(real + os.sep)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        for start, words in _NOT_WITHIN.items():
            if event.startswith(start):
                line.stop("forbidden", f"it {words} ({event})")
        if event == "open":
            path, mode, flags = args
            writes = bool(flags & _FOR_WRITING) or (mode is not None and set(mode) & set("wax+"))
            if writes and not within(path):
                line.stop("forbidden", f"it opened {path!r} to write outside its own folder")
        elif event in _CHANGES:
            for path in args[:2]:
                if isinstance(path, str | bytes | os.PathLike) and not within(path):
                    line.stop("forbidden", f"it changed {path!r} outside its own folder ({event})")

    sys.addaudithook(hook)


def _loaded(path: str) -> Callable[[np.ndarray], Any]:
    """The `act` of the submission's file."""
    spec = importlib.util.spec_from_file_location("submission", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["submission"] = module
    spec.loader.exec_module(module)
    act = getattr(module, "act", None)
    if not callable(act):
        raise _WrongError("it has no function act(observations)")
    answer: Callable[[np.ndarray], Any] = act
    return answer


def _answer(act: Callable[[np.ndarray], Any], seen: np.ndarray, asked: tuple[int, ...]) -> bytes:
    """What the submission orders, as bytes of plain numbers."""
    try:
        found = np.asarray(act(seen), dtype=np.float64)
    except (TypeError, ValueError) as problem:
        if traceback.extract_tb(problem.__traceback__)[-1].filename == __file__:
            raise _WrongError(
                f"act answered with something that is no array ({problem})"
            ) from problem
        raise
    if found.shape != asked:
        raise _WrongError(f"act answered with shape {found.shape}, expected {asked}")
    if not np.isfinite(found).all():
        bad = int((~np.isfinite(found)).sum())
        raise _WrongError(f"act answered with {bad} numbers that are infinite or not a number")
    return found.tobytes()


def _place(problem: Exception, folder: str) -> str:
    """The error and the line of the submission that it came from."""
    lines = [
        entry.lineno
        for entry in traceback.extract_tb(problem.__traceback__)
        if entry.filename.startswith(folder)
    ]
    where = f" (line {lines[-1]})" if lines else ""
    return f"{type(problem).__name__}: {problem}{where}"
