"""Champion and challenger: who is promoted, on what evidence, and the way back.

A challenger meets the champion, the constants it started from and two textbooks on products and
futures drawn anew for that contest alone, all on the same demand. It is promoted if it is cheaper
than every one of them, with an interval that excludes equality (an intersection-union test, Berger
1982, so many rivals need no correction).
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np

from brain.bootstrap import interval, redrawn
from brain.brain import Brain, LearntFactors
from brain.evaluation import Examination, live_through, rivals_of
from brain.history import Bout, Contest, Event, What
from brain.lanes import Lanes, imagine
from brain.lesson import ClassLesson, FamilyLesson, Lesson
from brain.population import Purpose, stream
from brain.shelf import Store, event_of
from data.errors import ConfigurationError, DataError

LEVEL = 0.95
EXAMINATION = Examination(products=256)
"""Size of a contest: enough products that a saving of one per cent shows; nothing is tuned."""


def enter(store: Store, brain: Brain, command: str) -> Event | None:
    """Register a new brain and let it challenge; None where it is the champion already.

    Raises:
        PlannerError: the store is being written by somebody else, or is not to be written to.
    """
    brain_id = store.register(brain, command)
    if store.shelf(brain.card.name).register.champion == brain_id:
        return None
    return challenge(store, brain_id, command)


def challenge(store: Store, brain_id: str, command: str) -> Event:
    """Let a brain of the store challenge the champion of its kind; what came of it.

    Raises:
        PlannerError: the brain is no challenger, or the store is being written by somebody else.
    """
    kind = brain_id.rpartition("-")[0]
    while True:
        shelf = store.shelf(kind)
        challenger = shelf.load(brain_id)
        champion = _champion_but(store, brain_id)
        incumbent, note = None, ""
        if champion is not None:
            try:
                incumbent = shelf.load(champion)
            except DataError:
                note = "the champion until then could not be read"
        seed = seed_of("challenge", shelf.register.contests, brain_id, champion or "")
        level = 1 - (1 - LEVEL) / 2 ** shelf.register.refusals(brain_id)
        held = contest(challenger, incumbent, seed, level)
        what = What.PROMOTED if held.won else What.REFUSED
        event = replace(event_of(what, challenger, champion, command), contest=held, note=note)
        if store.record(kind, event):
            return event


def promote_anyway(store: Store, brain_id: str, command: str) -> Event:
    """Make a brain champion without any contest; the history says so.

    Raises:
        PlannerError: it is champion already, or the store is being written by somebody else.
    """
    kind = brain_id.rpartition("-")[0]
    while True:
        champion = _champion_but(store, brain_id)
        brain = store.shelf(kind).load(brain_id)
        event = replace(event_of(What.PROMOTED, brain, champion, command), forced=True)
        if store.record(kind, event):
            return event


def roll_back(store: Store, kind: str, command: str) -> Event:
    """Make the champion before this one champion again.

    Raises:
        PlannerError: there was none, or the store is being written by somebody else.
    """
    while True:
        shelf = store.shelf(kind)
        line = shelf.register.line
        if len(line) < 2:
            raise ConfigurationError(
                f"{kind} in {store.name} has no champion to go back to; "
                + (f"{line[0]} is the first" if line else "none was ever promoted")
            )
        event = event_of(What.ROLLED_BACK, shelf.load(line[-2]), line[-1], command)
        if store.record(kind, event):
            return event


def compare(brain: Brain, rival: Brain) -> Contest:
    """A brain beside another on products and futures that decide no challenge.

    Args:
        brain, rival: of one class, or one or both of them families.
    """
    return contest(brain, rival, seed_of("compare", 0, brain.id, rival.id), LEVEL)


def contest(
    challenger: Brain,
    rival: Brain | None,
    seed: int,
    level: float,
    examination: Examination | None = None,
) -> Contest:
    """A challenger beside a rival brain, its constants and the textbooks, paired by product.

    Args:
        challenger: examined on what it has learnt and on what the rival has, in equal shares.
        rival: None where there is none.
        seed: of products, futures and bootstrap.
        level: of the intervals [1].
        examination: how large; nothing is tuned, whatever it says of that.
    """
    size = examination or EXAMINATION
    lessons = _lessons(challenger, rival)
    each = -(-size.products // len(lessons))
    savings: dict[str, list[np.ndarray]] = {}
    for part, lesson in enumerate(lessons):
        rng = stream(seed, Purpose.HELD_OUT, part)
        lanes = imagine(rng, lesson.sample(rng, each), size.paths, size.periods)
        for name, saved in _savings(challenger, rival, lanes).items():
            savings.setdefault(name, []).append(saved)
    count = each * len(lessons)
    samples = redrawn(stream(seed, Purpose.HELD_OUT, len(lessons)), count, size.draws)
    bouts = tuple(
        Bout(name, *interval(np.concatenate(saved), samples, level))
        for name, saved in savings.items()
    )
    return Contest(seed, count, size.paths, size.periods, level, bouts)


def seed_of(purpose: str, number: int, *names: str) -> int:
    """A seed that nobody can have trained on: it follows from who meets whom for what time.

    Below 2^48, so that whoever reads the register as JSON reads it whole.
    """
    digest = hashlib.sha256("\n".join([purpose, str(number), *names]).encode()).digest()
    return int.from_bytes(digest[:6])


def lesson_of(brain: Brain) -> Lesson:
    """Products like those it has learnt."""
    card = brain.card
    if card.is_family:
        return FamilyLesson(card.learnt)
    return ClassLesson(card.cost_ratio, card.learnt)


def _lessons(challenger: Brain, rival: Brain | None) -> tuple[Lesson, ...]:
    """What both have to be good at; of a class and a family, only what the class has learnt."""
    brains = [challenger] if rival is None else [challenger, rival]
    if len({brain.card.stages for brain in brains}) > 1:
        raise ConfigurationError(
            f"{brains[0].id} and {brains[1].id} are for chains of {brains[0].card.stages} and "
            f"{brains[1].card.stages} stages; they cannot be compared"
        )
    classes = [brain for brain in brains if not brain.card.is_family]
    if len({brain.card.cost_ratio for brain in classes}) > 1:
        raise ConfigurationError(
            f"{brains[0].id} and {brains[1].id} are for different cost ratios; they cannot be "
            "compared"
        )
    return tuple(dict.fromkeys(lesson_of(brain) for brain in classes or brains))


def _savings(challenger: Brain, rival: Brain | None, lanes: Lanes) -> dict[str, np.ndarray]:
    """Share of each rival's cost that the challenger saves (K,) [1], by the rival's name."""
    products = lanes.products
    rivals = rivals_of(challenger, products)
    if rival is not None:
        rivals = {rival.id: LearntFactors(rival, lanes.outlook, products.traits), **rivals}
    ours = live_through(lanes, LearntFactors(challenger, lanes.outlook, products.traits)).cost
    return {name: 1 - ours / live_through(lanes, who).cost for name, who in rivals.items()}


def _champion_but(store: Store, brain_id: str) -> str | None:
    kind = brain_id.rpartition("-")[0]
    champion = store.shelf(kind).register.champion
    if champion == brain_id:
        raise ConfigurationError(f"{brain_id} is the champion of {kind} already")
    return champion
