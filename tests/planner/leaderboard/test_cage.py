"""The filter of system calls allows what it should, and nothing else, on every processor."""

from __future__ import annotations

import pytest

from planner.leaderboard import cage
from planner.leaderboard.cage import filter_program
from planner.leaderboard.syscalls import ALLOWED, EXAMINED, HOSTILE, MACHINES

OWN = 4711
KILL, ALLOW, DENY, UNKNOWN = 0x80000000, 0x7FFF0000, 0x00050001, 0x00050026
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def answer(machine: str, number: int, *arguments: int, audit: int | None = None) -> int:
    """What the filter answers to a call: its program, run as seccomp(2) says."""
    words = {0: number, 4: AUDIT[machine] if audit is None else audit}
    for place, value in enumerate((*arguments, *[0] * (6 - len(arguments)))):
        words[16 + 8 * place] = value & 0xFFFFFFFF
        words[20 + 8 * place] = value >> 32
    program, at, held = filter_program(machine, OWN), 0, 0
    while True:
        code, yes, no, operand = program[at]
        at += 1
        if code == 0x20:
            held = words[operand]
        elif code == 0x06:
            return operand
        else:
            passed = {0x15: held == operand, 0x35: held >= operand, 0x45: held & operand}[code]
            at += yes if passed else no


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_gets_the_answer_of_its_list(machine: str) -> None:
    """Allowed, or the end; what stands nowhere is not permitted."""
    assert {answer(machine, number) for number in ALLOWED[machine].values()} == {ALLOW}
    assert {answer(machine, number) for number in HOSTILE[machine].values()} == {KILL}
    known = {*ALLOWED[machine].values(), *HOSTILE[machine].values(), *EXAMINED[machine].values()}
    assert {answer(machine, number) for number in set(range(460)) - known} == {DENY}


@pytest.mark.parametrize("machine", MACHINES)
def test_no_call_stands_in_two_lists(machine: str) -> None:
    """And every processor knows a number for what is examined."""
    lists = [set(table[machine].values()) for table in (ALLOWED, HOSTILE, EXAMINED)]
    assert sum(map(len, lists)) == len(set.union(*lists))
    assert EXAMINED[machine].keys() == EXAMINED["x86_64"].keys()


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_decide_where_a_call_is_examined(machine: str) -> None:
    """Threads but no processes, signals to itself, limits read but not set."""
    number = EXAMINED[machine]
    assert answer(machine, number["clone"], 0x00010000) == ALLOW
    assert answer(machine, number["clone"], 0x11) == KILL
    assert answer(machine, number["clone3"]) == UNKNOWN
    for name in ("kill", "tgkill"):
        assert answer(machine, number[name], OWN) == ALLOW
        assert answer(machine, number[name], 1) == KILL
    assert answer(machine, number["prlimit64"], 0, 7, 0) == ALLOW
    assert answer(machine, number["prlimit64"], 0, 7, 0x1000) == DENY
    assert answer(machine, number["prlimit64"], 0, 7, 1 << 32) == DENY
    assert answer(machine, number["fcntl"], 0, 1030) == ALLOW
    assert answer(machine, number["fcntl"], 0, 8) == DENY
    assert answer(machine, number["ioctl"], 0, 0x5401) == ALLOW
    assert answer(machine, number["ioctl"], 0, 0x5412) == DENY


def test_another_numbering_of_calls_is_the_end() -> None:
    """A 32-bit call, or one of x32, would mean something else by the same number."""
    read = ALLOWED["x86_64"]["read"]
    assert answer("x86_64", read, audit=0x40000003) == KILL
    assert answer("x86_64", 0x40000000 + read) == KILL


def test_what_may_be_read_exists_and_holds_nothing_of_ours() -> None:
    """Libraries, the system's and Python's."""
    assert cage.readable()
    assert not {"/", "/tmp", "/etc", "/proc", "/home", "/root"} & set(cage.readable())
