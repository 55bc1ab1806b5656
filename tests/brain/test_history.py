"""A register tells what happened, and refuses to tell what cannot have happened."""

import json

import pytest

from brain.history import Bout, Contest, Event, Register, What, register_from

A, B, C = (f"r10-{letter * 12}" for letter in "abc")


def event(what: What, brain: str, incumbent: str | None = None, **more) -> Event:
    return Event(what, "2026-01-01T00:00:00+00:00", brain, incumbent, 1, "", "test", **more)


def won(*lows: float) -> Contest:
    bouts = tuple(Bout(f"rival {n}", low + 0.01, low, low + 0.02) for n, low in enumerate(lows))
    return Contest(7, 32, 4, 140, 0.95, bouts)


@pytest.fixture
def register() -> Register:
    """A came first and won; B was refused once, then won; C came."""
    return Register(
        (
            event(What.REGISTERED, A),
            event(What.PROMOTED, A, contest=won(0.1)),
            event(What.REGISTERED, B, A),
            event(What.REFUSED, B, A, contest=won(0.1, -0.05)),
            event(What.PROMOTED, B, A, contest=won(0.1, 0.2)),
            event(What.REGISTERED, C, B),
        )
    )


def test_the_champion_is_the_one_promoted_last(register):
    assert register.champion == B
    assert register.line == (A, B)
    assert Register().champion is None


def test_a_roll_back_returns_to_the_champion_before(register):
    back = register.after(event(What.ROLLED_BACK, A, B))
    assert back.champion == A
    again = back.after(event(What.PROMOTED, C, A))
    assert again.line == (A, C)


def test_it_counts_contests_and_refusals(register):
    assert register.contests == 3
    assert register.refusals(B) == 1
    assert register.refusals(A) == 0
    assert register.brains == (A, B, C)


def test_what_is_written_is_what_is_read(register):
    assert register_from(json.dumps(register.as_json())) == register


def test_a_contest_is_won_against_every_rival_or_not_at_all():
    assert won(0.1, 0.2).won
    assert not won(0.1, 0.0).won
    assert not won().won


def test_a_reason_names_those_that_were_not_beaten():
    reason = won(0.1, -0.05).reason
    assert "against rival 1 it saves -4.00 % (-5.00 to -3.00)" in reason
    assert "rival 0" not in reason
    assert "95 % intervals over 32 new products" in reason


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"schema": 2}, "schema 2, expected 1"),
        ({"champion": A}, "its history makes it"),
        ({"champion": None}, "its history makes it"),
        ({"history": []}, "its history makes it"),
        ({"history": "none"}, "history"),
        ({"more": 1}, "more"),
    ],
)
def test_a_register_that_was_tampered_with_is_refused(register, changed, message):
    with pytest.raises(ValueError, match=message):
        register_from(json.dumps(register.as_json() | changed))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"brain": "../../../tmp/x"}, "not the id of a brain"),
        ({"incumbent": "<script>-000000000000"}, "not the id of a brain"),
        ({"what": "crowned"}, "history.0.what"),
        ({"seed": "1"}, "history.0.seed"),
        ({"contest": {"seed": 1}}, "history.0.contest"),
        ({"what": "promoted"}, "before it was registered"),
        ({"age": 3}, "history.0.age"),
    ],
)
def test_an_event_that_cannot_be_is_refused(register, values, message):
    stated = register.as_json()
    stated["history"][0] |= values
    with pytest.raises(ValueError, match=message):
        register_from(json.dumps(stated))


@pytest.mark.parametrize("text", ["", "[]", "{", "null", '{"schema": 1}'])
def test_what_is_no_register_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        register_from(text)


def test_nobody_comes_back_who_was_not_champion(register):
    with pytest.raises(ValueError, match="was not champion before"):
        register.after(event(What.ROLLED_BACK, C, B))
    with pytest.raises(ValueError, match="was not champion before"):
        Register((event(What.REGISTERED, A), event(What.ROLLED_BACK, A)))
