"""The cage: a process gives up, for good, all it does not need to answer questions with numbers.

Called in the submission's own process before a line of the submission is run. Limits of resources
hold everywhere; the rest is Linux: no network of its own (namespaces(7)), no capabilities, files
by Landlock (landlock(7)), system calls by a filter (seccomp(2)). What could not be had is said.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from planner.leaderboard.syscalls import ALLOWED, EXAMINED, HOSTILE, MACHINES


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    Attributes:
        wall: from its start to its last answer [s].
        answer: for one answer [s].
        cpu: processor time in all [s].
        memory: address space, libraries included [byte].
        file: size of one file [byte].
        disk: of all files in its folder [byte].
        open_files: at once.
    """

    wall: float = 120.0
    answer: float = 20.0
    cpu: int = 60
    memory: int = 2 << 30
    file: int = 8 << 20
    disk: int = 32 << 20
    open_files: int = 64


LAYERS = ("network", "capabilities", "files", "calls")
"""What Linux can enforce beside limits of resources."""
NEEDED = ("capabilities", "files", "calls")
"""Without these a stranger's code could get out; the filter of calls refuses sockets, too, so a
network of its own is a second wall, which not every system lets ordinary users have."""

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CAPSET = {"x86_64": 126, "aarch64": 91}
_CAPABILITY_VERSION = 0x20080522


def shut(folder: str, limits: Limits) -> dict[str, bool]:
    """Shuts the cage around this process; which layers hold.

    Args:
        folder: the only place to write to.
        limits: of its resources.
    """
    _limit(limits)
    if sys.platform != "linux":
        return dict.fromkeys(LAYERS, False)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    network = libc.unshare(_CLONE_NEWNET) == 0 or libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0
    lasting = libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    capabilities = lasting and _drop_capabilities(libc)
    files = lasting and _confine(libc, folder)
    calls = lasting and _filter(libc)
    return dict(zip(LAYERS, (network, capabilities, files, calls), strict=True))


def readable() -> tuple[str, ...]:
    """Where Python, its libraries and those of the system lie."""
    places = {sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.dirname(os.__file__)}
    places |= {"/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/share/zoneinfo"}
    places |= {"/etc/ld.so.cache", "/dev/urandom", "/dev/random"}
    return tuple(sorted(place for place in places if os.path.exists(place)))


def _limit(limits: Limits) -> None:
    """Limits of resources, hard ones: they can only be lowered from now on."""
    wanted = {
        resource.RLIMIT_CPU: limits.cpu,
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_FSIZE: limits.file,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in wanted.items():
        # Not every system knows every limit; on Linux all of these hold.
        with suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def _drop_capabilities(libc: ctypes.CDLL) -> bool:
    """Root is nobody special any more."""
    number = _CAPSET.get(platform.machine())
    header = struct.pack("<Ii", _CAPABILITY_VERSION, 0)
    return number is not None and libc.syscall(number, header, bytes(24)) == 0


# Landlock: rights to files, by the version of the kernel's interface that brought them.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_FIRST_RIGHTS, _REFER, _TRUNCATE, _IOCTL = (1 << 13) - 1, 1 << 13, 1 << 14, 1 << 15
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_TCP = 3
_SIGNALS_AND_ABSTRACT_SOCKETS = 3


def _confine(libc: ctypes.CDLL, folder: str) -> bool:
    """Reading where libraries are, writing in the folder, nothing elsewhere."""
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return False
    rights = _FIRST_RIGHTS
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL)):
        rights |= right if version >= since else 0
    attributes = struct.pack("<Q", rights)
    attributes += struct.pack("<Q", _TCP) if version >= 4 else b""
    attributes += struct.pack("<Q", _SIGNALS_AND_ABSTRACT_SOCKETS) if version >= 6 else b""
    rules = libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if rules < 0:
        return False
    allowed = [(place, _READ_FILE | _READ_DIR) for place in readable()]
    allowed += [(folder, rights & ~_EXECUTE), ("/dev/null", _READ_FILE | _WRITE_FILE)]
    granted = all(_grant(libc, rules, place, right & rights) for place, right in allowed)
    return granted and libc.syscall(_RESTRICT_SELF, rules, 0) == 0


def _grant(libc: ctypes.CDLL, rules: int, place: str, rights: int) -> bool:
    handle = os.open(place, os.O_PATH | os.O_CLOEXEC)
    try:
        if not os.path.isdir(place):
            rights &= _OF_FILES
        rule = struct.pack("<Qi", rights, handle)
        return bool(libc.syscall(_ADD_RULE, rules, 1, rule, 0) == 0)
    finally:
        os.close(handle)


# The filter: a program of classic BPF over (call, processor, arguments), see seccomp(2).
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _ANSWER = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _DENY = 0x7FFF0000, 0x80000000, 0x00050000 | 1
_UNKNOWN_CALL = 0x00050000 | 38
"""Answers "no such call", so that the C library falls back to an older one."""
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_OTHER_NUMBERING = 0x40000000
"""From here on x86_64 knows calls by other numbers (x32)."""
_CALL_AT, _PROCESSOR_AT, _ARGUMENTS_AT = 0, 4, 16
_THREAD = 0x00010000
_HARMLESS_FCNTL = (*range(8), 1030)
"""Copies of handles, their flags, locks; not who is sent signals."""
_HARMLESS_IOCTL = (0x5401, 0x5413, 0x541B, 0x5450, 0x5451)
"""Is it a terminal, how large, how much is there to read, close it on exec or not."""

Instruction = tuple[int, int, int, int]
"""Code, jump if true, jump if false, operand."""


def _filter(libc: ctypes.CDLL) -> bool:
    """From now on only harmless system calls."""
    machine = platform.machine()
    if machine not in MACHINES or sys.byteorder != "little":
        return False
    program = filter_program(machine, os.getpid())
    code = b"".join(struct.pack("<HBBI", *instruction) for instruction in program)
    lines = ctypes.create_string_buffer(code, len(code))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("lines", ctypes.c_void_p))

    whole = Program(len(program), ctypes.addressof(lines))
    return bool(libc.prctl(_PR_SET_SECCOMP, 2, ctypes.byref(whole), 0, 0) == 0)


def filter_program(machine: str, own: int) -> list[Instruction]:
    """What may be called on that processor by the process of that number."""
    program: list[Instruction] = [
        (_LOAD, 0, 0, _PROCESSOR_AT),
        (_EQUAL, 1, 0, _AUDIT[machine]),
        (_ANSWER, 0, 0, _KILL),
        (_LOAD, 0, 0, _CALL_AT),
        (_AT_LEAST, 0, 1, _OTHER_NUMBERING),
        (_ANSWER, 0, 0, _KILL),
    ]
    for numbers, answer in ((ALLOWED, _ALLOW), (HOSTILE, _KILL)):
        for number in numbers[machine].values():
            program += _where(number, [(_ANSWER, 0, 0, answer)])
    for name, number in EXAMINED[machine].items():
        program += _where(number, _examined(name, own))
    return [*program, (_ANSWER, 0, 0, _DENY)]


def _where(number: int, then: list[Instruction]) -> list[Instruction]:
    return [(_EQUAL, 0, len(then), number), *then]


def _examined(name: str, own: int) -> list[Instruction]:
    """The answer to a call that is allowed for some arguments only."""
    if name == "clone3":
        return [(_ANSWER, 0, 0, _UNKNOWN_CALL)]
    if name == "clone":
        return _if_argument(0, [(_ANY_BIT, _THREAD)], _KILL)
    if name in ("kill", "tgkill"):
        return _if_argument(0, [(_EQUAL, own)], _KILL)
    if name == "prlimit64":
        # It only reads where the address of new limits is 0, both halves of it.
        upper = _if_argument(2, [(_EQUAL, 0)], _DENY, half=1)
        return [*_unless_zero(2), *upper]
    harmless = _HARMLESS_FCNTL if name == "fcntl" else _HARMLESS_IOCTL
    return _if_argument(1, [(_EQUAL, value) for value in harmless], _DENY)


def _if_argument(
    place: int, tests: Iterable[tuple[int, int]], otherwise: int, half: int = 0
) -> list[Instruction]:
    """Allow if (half of) an argument passes any of the tests."""
    program: list[Instruction] = [(_LOAD, 0, 0, _ARGUMENTS_AT + 8 * place + 4 * half)]
    for code, operand in tests:
        program += [(code, 0, 1, operand), (_ANSWER, 0, 0, _ALLOW)]
    return [*program, (_ANSWER, 0, 0, otherwise)]


def _unless_zero(place: int) -> list[Instruction]:
    """Deny if the lower half of an argument is not 0."""
    load: Instruction = (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * place)
    return [load, (_EQUAL, 1, 0, 0), (_ANSWER, 0, 0, _DENY)]
