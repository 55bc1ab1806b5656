"""Who becomes champion: nobody without evidence, and always with a way back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from brain import challenge as room
from brain.brain import Brain
from brain.challenge import (
    LEVEL,
    challenge,
    compare,
    contest,
    enter,
    lesson_of,
    promote_anyway,
    roll_back,
    seed_of,
)
from brain.evaluation import CLASS, SHELF_ONLY, TEXTBOOK
from brain.history import What
from brain.registry import CARD, REGISTER
from brain.shelf import Store, load_champions
from data.errors import ConfigurationError, PlannerError
from tests.brain.stores import BAD, FAIR, GOOD, SMALL, everything, family, filled, saying

GOOD_BRAIN, FAIR_BRAIN, BAD_BRAIN = saying(GOOD), saying(FAIR), saying((3.0, 3.0, 3.0))
KIND = "r10"


@pytest.fixture(autouse=True)
def small_contests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Contests are small, but decided by the same rule."""
    monkeypatch.setattr(room, "EXAMINATION", SMALL)


@pytest.fixture
def store(tmp_path) -> Store:
    """Three brains, the fair one champion."""
    store = filled(tmp_path / "brains", FAIR_BRAIN, GOOD_BRAIN, BAD_BRAIN)
    promote_anyway(store, FAIR_BRAIN.id, "test")
    return store


def test_a_better_brain_is_promoted_on_evidence(store):
    event = challenge(store, GOOD_BRAIN.id, "test")
    assert event.what is What.PROMOTED
    assert (event.brain, event.incumbent) == (GOOD_BRAIN.id, FAIR_BRAIN.id)
    rivals = [bout.rival for bout in event.contest.bouts]
    assert rivals == [FAIR_BRAIN.id, TEXTBOOK, SHELF_ONLY, CLASS]
    assert all(bout.low > 0 for bout in event.contest.bouts)
    assert [brain.id for brain in load_champions(store)] == [GOOD_BRAIN.id]
    assert store.shelf(KIND).register.history[-1] == event


def test_a_worse_brain_is_refused_and_the_reason_names_the_champion(store):
    event = challenge(store, BAD_BRAIN.id, "test")
    assert event.what is What.REFUSED
    assert f"against {FAIR_BRAIN.id} it saves -" in event.contest.reason
    assert store.shelf(KIND).register.champion == FAIR_BRAIN.id
    assert store.shelf(KIND).register.history[-1] == event


def test_a_brain_that_is_as_good_is_refused(store):
    """Equal in all its advice: it saves nothing, and nothing is not more than nothing."""
    twin = saying(FAIR, seed=2)
    event = enter(store, twin, "test")
    assert event.what is What.REFUSED
    (bout,) = [bout for bout in event.contest.bouts if bout.rival == FAIR_BRAIN.id]
    assert abs(bout.saving) < 1e-6


def test_without_a_champion_the_textbooks_and_the_constants_are_the_rivals(tmp_path):
    event = enter(Store(tmp_path), GOOD_BRAIN, "test")
    assert event.what is What.PROMOTED
    assert event.incumbent is None
    assert [bout.rival for bout in event.contest.bouts] == [TEXTBOOK, SHELF_ONLY, CLASS]


def test_a_brain_that_does_not_beat_its_own_constants_is_refused(tmp_path):
    """It started from good constants and learnt to be worse."""
    event = enter(Store(tmp_path), saying(FAIR, start=GOOD), "test")
    assert event.what is What.REFUSED
    assert f"against {CLASS}" in event.contest.reason
    assert Store(tmp_path).shelf(KIND).register.champion is None


def test_the_champion_made_once_more_has_nobody_to_challenge(store):
    assert enter(store, FAIR_BRAIN, "again") is None
    with pytest.raises(ConfigurationError, match="is the champion of r10 already"):
        challenge(store, FAIR_BRAIN.id, "test")
    with pytest.raises(ConfigurationError, match="is the champion of r10 already"):
        promote_anyway(store, FAIR_BRAIN.id, "test")


def test_no_two_contests_share_products_or_futures(store):
    seeds = [challenge(store, BAD_BRAIN.id, "test").contest.seed for _ in range(3)]
    seeds.append(challenge(store, GOOD_BRAIN.id, "test").contest.seed)
    seeds.append(compare(GOOD_BRAIN, FAIR_BRAIN).seed)
    assert len(set(seeds)) == 5
    assert seed_of("challenge", 3, GOOD_BRAIN.id, FAIR_BRAIN.id) == seeds[3]
    assert max(seeds) < 2**48


def test_trying_again_and_again_asks_for_more_every_time(store):
    """Each try may err half as often as the one before, so all together as often as two."""
    levels = [challenge(store, BAD_BRAIN.id, "test").contest.level for _ in range(3)]
    assert levels == pytest.approx([LEVEL, 0.975, 0.9875])
    assert challenge(store, GOOD_BRAIN.id, "test").contest.level == LEVEL


def test_a_contest_repeats_to_the_bit():
    first, second = (contest(GOOD_BRAIN, FAIR_BRAIN, 5, LEVEL) for _ in range(2))
    assert first == second
    assert contest(GOOD_BRAIN, FAIR_BRAIN, 6, LEVEL).bouts != first.bouts


def test_both_brains_meet_what_either_has_learnt():
    """A specialist does not become champion on its speciality alone."""
    narrow = replace(GOOD_BRAIN.card, learnt=replace(GOOD_BRAIN.card.learnt, lead_time=(1, 2)))
    specialist = Brain(narrow, GOOD_BRAIN.layers)
    held = contest(specialist, FAIR_BRAIN, 5, LEVEL, replace(SMALL, products=33))
    assert held.products == 34
    assert contest(GOOD_BRAIN, FAIR_BRAIN, 5, LEVEL).products == 32


def test_a_champion_that_changes_meanwhile_is_met_too(store, monkeypatch):
    """The contest is held again, against the one who is champion now."""
    real, met = room.contest, []

    def slow(challenger, incumbent, *rest):
        if not met:
            promote_anyway(store, BAD_BRAIN.id, "meanwhile")
        met.append(incumbent.id)
        return real(challenger, incumbent, *rest)

    monkeypatch.setattr(room, "contest", slow)
    event = challenge(store, GOOD_BRAIN.id, "test")
    assert met == [FAIR_BRAIN.id, BAD_BRAIN.id]
    assert event.incumbent == BAD_BRAIN.id
    assert store.shelf(KIND).register.line == (FAIR_BRAIN.id, BAD_BRAIN.id, GOOD_BRAIN.id)


def test_a_champion_that_cannot_be_read_is_replaced_on_the_evidence_there_is(store):
    (store.shelf(KIND).place(FAIR_BRAIN.id) / CARD).write_text("{}")
    event = challenge(store, GOOD_BRAIN.id, "test")
    assert event.what is What.PROMOTED
    assert event.incumbent == FAIR_BRAIN.id
    assert "could not be read" in event.note


def test_force_needs_no_contest_and_is_written_down(store):
    event = promote_anyway(store, BAD_BRAIN.id, "test")
    assert event.forced
    assert event.contest is None
    assert store.shelf(KIND).register.champion == BAD_BRAIN.id
    assert json.loads((store.folder / KIND / REGISTER).read_text())["history"][-1]["forced"]


def test_a_roll_back_returns_to_the_champion_before_and_is_written_down(store):
    challenge(store, GOOD_BRAIN.id, "test")
    event = roll_back(store, KIND, "oh dear")
    assert (event.what, event.brain) == (What.ROLLED_BACK, FAIR_BRAIN.id)
    assert event.incumbent == GOOD_BRAIN.id
    assert [brain.id for brain in load_champions(store)] == [FAIR_BRAIN.id]
    assert store.shelf(KIND).register.history[-1].command == "oh dear"


def test_there_is_nothing_before_the_first_champion(store, tmp_path):
    with pytest.raises(ConfigurationError, match=f"{FAIR_BRAIN.id} is the first"):
        roll_back(store, KIND, "test")
    with pytest.raises(ConfigurationError, match="none was ever promoted"):
        roll_back(filled(tmp_path / "new", GOOD_BRAIN), KIND, "test")


def test_a_comparison_changes_nothing(store):
    before = everything(store.folder)
    held = compare(GOOD_BRAIN, FAIR_BRAIN)
    assert held.bouts[0].rival == FAIR_BRAIN.id
    assert held.bouts[0].low > 0
    assert everything(store.folder) == before


def test_a_family_is_compared_with_a_class_on_the_products_of_the_class():
    held = compare(family(), GOOD_BRAIN)
    assert held.bouts[0].rival == GOOD_BRAIN.id
    assert held.bouts[0].high < 0, "random weights against good constants"
    assert contest(family(), None, 5, LEVEL).products == 32


def test_a_family_learns_many_ratios_and_a_class_one():
    assert lesson_of(family()).ratios == (0.1, 3000.0)
    assert lesson_of(GOOD_BRAIN).ratios == (10.0, 10.0)


def test_brains_that_have_nothing_in_common_are_not_compared():
    with pytest.raises(ConfigurationError, match="different cost ratios"):
        compare(GOOD_BRAIN, saying(GOOD, 100.0))
    with pytest.raises(ConfigurationError, match="3 and 2 stages"):
        compare(GOOD_BRAIN, saying(GOOD[:2], start=BAD[:2]))


def test_a_store_that_is_being_written_to_is_not_judged_twice(store, monkeypatch):
    """The sentence comes after the contest, which needs no lock; nothing is written."""
    from filelock import FileLock

    from brain.shelf import LOCK

    before = everything(store.folder)
    with (
        FileLock(store.folder / LOCK),
        pytest.raises(PlannerError, match="try again or wait"),
    ):
        challenge(Store(store.folder, wait=0.05), GOOD_BRAIN.id, "test")
    assert everything(store.folder) == before
