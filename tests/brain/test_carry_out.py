"""`planner train`, behind the door: one order at a time, and nothing done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

import brain.workshop as workshop
from brain.brain import Brain
from brain.history import Contest, Event, What
from brain.lesson import Lesson
from brain.registry import load
from brain.shelf import Store, event_of
from brain.training import Progress, Settings, train
from brain.workshop import TRAINING_LOCK, Order, carry_out
from data.engine import Alone
from data.errors import PlannerError
from planner.engine import Processes, Threads
from tests.brain.conftest import make_brain, make_family
from tests.brain.test_workshop import TINY


@contextmanager
def unwatched(name: str) -> Iterator[Callable[[Progress], None]]:
    """Nobody looks."""
    yield lambda progress: None


def ordered(out: Path, **changes: object) -> Order:
    """Three classes and the family."""
    usual = Order((10.0, 100.0, 1000.0), True, None, 3, None, Settings(), out, False, 0.0)
    return replace(usual, **changes)  # type: ignore[arg-type]


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Trainings take no time; what was trained, with which seed."""
    done: list[tuple[str, int]] = []

    def make(lesson: Lesson, seed: int, *_: object, **__: object) -> Brain:
        done.append((lesson.name, seed))
        if lesson.ratios[0] < lesson.ratios[1]:
            return make_family(seed)
        return make_brain(lesson.ratios[0], seed)

    def enter(store: Store, brain: Brain, command: str) -> Event:
        store.register(brain, command)
        champion = store.shelf(brain.card.name).register.champion
        won = replace(event_of(What.PROMOTED, brain, champion, command), forced=True)
        assert store.record(brain.card.name, won)
        return replace(won, contest=Contest(1, 1, 1, 1, 0.95, ()))

    monkeypatch.setattr(workshop, "make", make)
    monkeypatch.setattr(workshop, "enter", enter)
    return done


def test_every_brain_is_registered_and_the_next_month_has_another_seed(
    tmp_path: Path, taught: list[tuple[str, int]]
) -> None:
    """The seed counts the versions there are, so that no month repeats another."""
    for _ in range(2):
        list(carry_out(ordered(tmp_path), unwatched, lambda brain: None))
    kinds = ["r10", "r100", "r1000", "family"]
    assert taught == [(kind, seed) for seed in (1, 2) for kind in kinds]
    for kind in kinds:
        assert len(Store(tmp_path).shelf(kind).register.brains) == 2


def test_an_order_that_was_broken_off_begins_with_what_is_left(
    tmp_path: Path, taught: list[tuple[str, int]]
) -> None:
    """Two of four were done; another order than the one broken off begins anew."""
    lines = carry_out(ordered(tmp_path), unwatched, lambda brain: None)
    next(lines)
    next(lines)
    lines.close()
    del taught[:]
    said = list(carry_out(ordered(tmp_path), unwatched, lambda brain: None))
    assert [name for name, _ in taught] == ["r100", "r1000", "family"]
    assert "r10: done before" in said[0]
    del taught[:]
    list(carry_out(ordered(tmp_path, family=False), unwatched, lambda brain: None))
    assert [name for name, _ in taught] == ["r10", "r100", "r1000"]


def test_several_at_once_come_to_the_same_as_one_after_the_other(
    tmp_path: Path, taught: list[tuple[str, int]]
) -> None:
    """The same brains, the same sentences; each is heard of once, when it is done."""
    heard: list[tuple[str, Progress]] = []

    @contextmanager
    def watched(name: str) -> Iterator[Callable[[Progress], None]]:
        yield lambda progress: heard.append((name, progress))

    one_by_one = list(carry_out(ordered(tmp_path / "one"), unwatched, lambda brain: None))
    with Threads(2) as engine:
        order = ordered(tmp_path / "several")
        at_once = list(carry_out(order, watched, lambda brain: None, engine))
    assert at_once == one_by_one
    assert sorted(taught[:4]) == sorted(taught[4:])
    assert [name for name, _ in heard] == ["brain r10", "brain r100", "brain r1000", "brain family"]
    assert all(progress.fraction == 1.0 for _, progress in heard)


def test_several_at_once_that_are_broken_off_go_on_with_what_is_left(
    tmp_path: Path, taught: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third did not learn: the first two are handed over, and not trained again."""
    make = workshop.make

    def learns(lesson: Lesson, *rest: object, **others: object) -> Brain:
        if lesson.name == "r1000":
            raise PlannerError("brain r1000: train it longer")
        return make(lesson, *rest, **others)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(workshop, "make", learns)
    with Threads(2) as engine, pytest.raises(PlannerError, match="brain r1000: train it longer"):
        list(carry_out(ordered(tmp_path), unwatched, lambda brain: None, engine))
    monkeypatch.setattr(workshop, "make", make)
    del taught[:]
    with Threads(2) as engine:
        said = list(carry_out(ordered(tmp_path), unwatched, lambda brain: None, engine))
    assert sorted(name for name, _ in taught) == ["family", "r1000"]
    assert said[:2] == [
        f"{kind}: done before this batch was broken off" for kind in ("r10", "r100")
    ]


def hurried(settings: Settings, assignment: workshop._Assignment) -> tuple[str, float]:
    """A training that is far too short to be judged."""
    brain = train(assignment.lesson, assignment.seed, settings, None, assignment.checkpoint)
    return brain.id, brain.card.validation


def test_another_process_trains_as_this_one_does(tmp_path: Path) -> None:
    """An assignment gives the same weights wherever it is carried out."""
    order = ordered(tmp_path, seed=1, settings=TINY)
    (lesson,) = workshop.lessons_of((10.0,), False)
    assignments = [workshop._assigned(order, lesson, "")]
    here = list(Alone().map(hurried, TINY, assignments))
    with Processes(1, few=0) as engine:
        assert list(engine.map(hurried, TINY, assignments)) == here


def test_two_never_train_into_one_store(tmp_path: Path, taught: list[tuple[str, int]]) -> None:
    """The second says who is in its way, and trains nothing."""
    with (
        FileLock(tmp_path / TRAINING_LOCK),
        pytest.raises(PlannerError, match=r"another process; try again .* --wait"),
    ):
        list(carry_out(ordered(tmp_path), unwatched, lambda brain: None))
    assert not taught


def test_plain_folders_are_brains_without_a_register(
    tmp_path: Path, taught: list[tuple[str, int]]
) -> None:
    """As the shipped ones lie."""
    list(carry_out(ordered(tmp_path, plain=True, seed=5), unwatched, lambda brain: None))
    assert load(tmp_path / "r100").id == make_brain(100.0, 5).id
    assert not list(tmp_path.glob("*/register.json"))


def test_a_catalogue_says_what_to_train(tmp_path: Path, taught: list[tuple[str, int]]) -> None:
    """The shipped sample needs the three classes, and leaves nobody to theory."""
    catalogue = Path(__file__).parents[2] / "data" / "products.csv"
    order = ordered(tmp_path, ratios=(), family=False, catalogue=catalogue)
    said = list(carry_out(order, unwatched, lambda brain: None))
    assert said[0] == "classes for this catalogue: 10, 100, 1000"
    assert said[1].startswith("0 products would stay with theory")
    assert [name for name, _ in taught] == ["r10", "r100", "r1000"]
