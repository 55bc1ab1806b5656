"""A good submission is counted right; one that misbehaves is stopped, and the reason is said."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigurationError
from planner.leaderboard import child, trial
from planner.leaderboard.cage import LAYERS
from planner.leaderboard.child import Child, Verdict, digest, settled
from planner.leaderboard.trial import COURSES, course_of, tried
from tests.planner.leaderboard.conftest import GOOD, LIMITS, SHORT, Play, answering, no_orders

CALL = "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)"


def test_a_good_submission_earns_what_its_orders_earn(played: Play) -> None:
    """To the cent: the process only answers, the world is here."""
    done = played(GOOD)
    assert (done.verdict, done.reason) == (Verdict.RANKED, "")
    np.testing.assert_array_equal(done.returns, no_orders())


def test_it_may_use_what_a_good_one_needs(played: Play) -> None:
    """Threads, libraries, files of its own, and printing, on both streams and without end."""
    source = answering(
        "print('x' * 100_000); sys.stderr.write('y' * 100_000); open('notes', 'w').write('z'); "
        "t = threading.Thread(target=print); t.start(); t.join(); os.mkdir(str(len(os.listdir())))",
        "import sys, threading\nfrom scipy.special import ndtri",
    )
    done = played(source)
    assert done.verdict is Verdict.RANKED, done.reason


def test_a_folder_brings_its_files(tmp_path: Path) -> None:
    """Weights beside policy.py are found where it runs; links are left behind."""
    folder = tmp_path / "mine"
    folder.mkdir()
    np.save(folder / "weights.npy", np.ones(3))
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "policy.py").write_text(
        "import os\nimport numpy as np\nw = np.load('weights.npy')\n"
        "assert not os.path.exists('link')\n"
        "def act(seen):\n    return np.zeros((len(seen), 3)) * w\n"
    )
    done = tried(folder, SHORT, SHORT.demand("0a"), weak=True)
    assert done.verdict is Verdict.RANKED, done.reason


def test_nothing_of_our_surroundings_reaches_it(
    played: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable of the environment, and no open file but its three pipes and their copies."""
    monkeypatch.setenv("PLANNER_STORE", "postgresql://user:word@host/db")
    done = played(answering("assert 'PLANNER_STORE' not in os.environ, 'seen'"))
    assert done.verdict is Verdict.RANKED, done.reason


@pytest.mark.parametrize(
    ("source", "verdict", "reason"),
    [
        (answering("1 / 0"), Verdict.CRASHED, r"ZeroDivisionError.*\(line 5\)"),
        ("def act(:\n", Verdict.CRASHED, "SyntaxError"),
        (answering("os._exit(7)"), Verdict.CRASHED, "exit code 7"),
        (answering("raise SystemExit('enough')"), Verdict.CRASHED, "exit code 1.*enough"),
        (answering("os.abort()"), Verdict.CRASHED, f"signal {int(signal.SIGABRT)}"),
        ("x = 1\n", Verdict.WRONG, "no function act"),
        (GOOD.replace(", 3)", ", 2)"), Verdict.WRONG, r"shape \(4, 2\), expected \(4, 3\)"),
        (GOOD.replace("np.zeros", "np.nan + np.zeros"), Verdict.WRONG, "12 numbers.*not a number"),
        (GOOD.replace("np.zeros", "np.inf + np.zeros"), Verdict.WRONG, "infinite"),
        ("def act(seen):\n    return 'many'\n", Verdict.WRONG, "no array"),
        ("def act(seen):\n    return [[1], [2, 3]]\n", Verdict.WRONG, "no array"),
        (answering("x = [bytes(1 << 28) for _ in range(9)]"), Verdict.MEMORY, "more memory"),
        (answering("import socket; socket.socket()"), Verdict.FORBIDDEN, "opened a socket"),
        (answering("os.fork()"), Verdict.FORBIDDEN, "started a process"),
        (answering("os.system('true')"), Verdict.FORBIDDEN, "started a process"),
        (answering("os.kill(os.getppid(), 9)"), Verdict.FORBIDDEN, "signal to a process"),
        (answering("open('/tmp/out', 'w')"), Verdict.FORBIDDEN, "write outside its own folder"),
        (answering("open('../out', 'a')"), Verdict.FORBIDDEN, "write outside its own folder"),
        (answering("os.mkdir('/tmp/new')"), Verdict.FORBIDDEN, "outside its own folder"),
        (answering("os.rename('policy.py', '../p')"), Verdict.FORBIDDEN, "outside its own folder"),
    ],
)
def test_what_goes_wrong_is_said(played: Play, source: str, verdict: Verdict, reason: str) -> None:
    """Every way of failing has its verdict, and a reason with which it can be mended."""
    done = played(source)
    assert done.verdict is verdict, done.reason
    assert done.returns.size == 0
    assert re.search(reason, done.reason, re.DOTALL), done.reason


@pytest.mark.parametrize(
    "line",
    [
        "[os.write(n, b'garbage' * 99) for n in range(3, 9) if _is_pipe(n)]",
        "[os.write(n, b'A\\x00\\x00\\x00\\x00') for n in range(3, 9) if _is_pipe(n)]",
        "[os.write(n, b'A\\xff\\xff\\xff\\xff') for n in range(3, 9) if _is_pipe(n)]",
        "[os.write(n, b'E\\x02\\x00\\x00\\x00[]') for n in range(3, 9) if _is_pipe(n)]",
    ],
)
def test_garbage_on_the_pipe_ends_it(played: Play, line: str) -> None:
    """Frames of the wrong kind, of no length, too long, or of JSON that says nothing."""
    head = """
import stat
def _is_pipe(n):
    try:
        return stat.S_ISFIFO(os.fstat(n).st_mode) and (fcntl.fcntl(n, 3) & 3) == 1
    except OSError:
        return False
import fcntl
"""
    done = played(answering(line, head))
    assert done.verdict is Verdict.GARBAGE, (done.verdict, done.reason)


def test_waiting_has_an_end(played: Play) -> None:
    """An answer that does not come, in sleep or in work, and a pipe that is only closed."""
    brief = replace(LIMITS, answer=1.0)
    assert played(answering("import time; time.sleep(60)"), brief).verdict is Verdict.SLOW
    assert "answer took" in played(answering("while True: pass"), brief).reason
    done = played(answering("os.closerange(0, 32)\n    while True: pass"), brief)
    assert done.verdict in (Verdict.GARBAGE, Verdict.SLOW, Verdict.CRASHED)


def test_processor_time_has_an_end(played: Play) -> None:
    """The kernel counts it, whatever the clock on the wall says."""
    done = played(answering("while True: pass"), replace(LIMITS, cpu=1))
    assert done.verdict is Verdict.SLOW
    assert "processor time" in done.reason


def test_its_folder_has_an_end(played: Play) -> None:
    """One file has a largest size; many files together have one, too, though they be empty."""
    done = played(answering("open('big', 'wb').write(bytes(1 << 21))"))
    assert done.verdict is Verdict.CRASHED
    assert "large" in done.reason.lower()
    for size, count in ((1 << 20, 9), (0, 2000)):
        many = f"[open(str(n), 'wb').write(bytes({size})) for n in range({count})]; time.sleep(60)"
        done = played(answering(many, "import time"))
        assert done.verdict is Verdict.FORBIDDEN
        assert "4 MiB" in done.reason


def test_an_end_is_the_end_of_its_process(tmp_path: Path) -> None:
    """It is gone, and so is its folder, when its trial is over, whatever it was about to do."""
    file = tmp_path / "policy.py"
    file.write_text(answering("import time; time.sleep(60)"))
    with settled(file) as (folder, name), Child(folder, name, ((4, 13), (4, 3)), LIMITS) as begun:
        begun.begin()
        begun.load()
        pid = begun.pid
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not folder.exists()


@pytest.mark.parametrize(
    "line",
    [
        "libc.socket(2, 1, 0)",
        "libc.fork()",
        "libc.execv(b'/bin/true', None)",
        "libc.kill(os.getppid(), 9)",
        "libc.ptrace(16, os.getppid(), 0, 0)",
        "libc.setsid()",
        "libc.unshare(0x10000000)",
        "libc.syscall(425, 8, bytes(120))",
    ],
)
def test_the_kernel_ends_what_python_does_not_see(caged: Play, line: str) -> None:
    """Straight calls of the C library: sockets, processes, other processes, new system calls."""
    done = caged(answering(line, CALL))
    assert done.verdict is Verdict.FORBIDDEN, done.reason
    assert "kernel" in done.reason


@pytest.mark.parametrize(
    "check",
    [
        "libc.open(b'/tmp/leaderboard-test', 0o101, 0o600) == -1",
        "libc.open(b'/etc/hostname', 0) == -1",
        "libc.open(b'/proc/%d/environ' % os.getppid(), 0) == -1",
        "libc.mkdir(b'/tmp/leaderboard-test', 0o700) == -1",
        "libc.unlink(sys.executable.encode()) == -1",
        "libc.chmod(b'/tmp', 0o700) == -1",
        "libc.truncate(ctypes.__file__.encode(), 0) == -1",
        "libc.symlink(b'x', b'/tmp/leaderboard-test') == -1",
        "libc.fcntl(0, 8, os.getppid()) == -1",
        "libc.setpriority(0, 0, -20) == -1",
        "libc.prctl(22, 0, 0, 0, 0) == -1",
    ],
)
def test_the_kernel_refuses_files_that_are_not_its_own(caged: Play, check: str) -> None:
    """Neither written nor read outside libraries and its folder, whoever runs the leaderboard."""
    done = caged(answering(f"assert {check}, 'it could'", f"import sys\n{CALL}"))
    assert done.verdict is Verdict.RANKED, done.reason
    assert not Path("/tmp/leaderboard-test").exists()


def test_hidden_scenarios_come_from_their_secret_alone() -> None:
    """One secret, one set of scenarios; another secret, another set."""
    first = SHORT.demand("0a")
    np.testing.assert_array_equal(first, SHORT.demand("0a"))
    assert not np.array_equal(first, SHORT.demand("0b"))


def test_a_machine_without_a_cage_refuses_unless_trusted() -> None:
    """And names what is missing; a network of its own is a second wall, and not needed."""
    with pytest.raises(ConfigurationError, match=r"files, calls cannot be restricted here.*weak"):
        trial._check({"network": True, "capabilities": True, "files": False}, False, ", --weak")
    trial._check(dict.fromkeys(LAYERS, False), True, "")
    trial._check(dict.fromkeys(LAYERS, True) | {"network": False}, False, "")


def test_what_is_no_submission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not there, a folder without policy.py, one that is too large."""
    with pytest.raises(ConfigurationError, match=r"no submission; give a Python file"):
        digest(tmp_path / "nothing.py")
    with pytest.raises(ConfigurationError, match=r"policy\.py"):
        digest(tmp_path)
    (tmp_path / "policy.py").write_text(GOOD)
    first = digest(tmp_path)
    (tmp_path / "more").write_text("x")
    assert digest(tmp_path) != first
    monkeypatch.setattr(child, "LARGEST", 10)
    with pytest.raises(ConfigurationError, match="larger than"):
        digest(tmp_path)


def test_an_unknown_course_is_refused() -> None:
    """And those that there are, are named."""
    assert course_of("month") is COURSES["month"]
    with pytest.raises(ConfigurationError, match="month, year"):
        course_of("day")
