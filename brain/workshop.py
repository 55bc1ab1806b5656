"""Where brains are made: taught, judged on products they never saw, and handed over.

`planner train` calls here; nothing of torch is loaded until a training begins.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from brain.brain import Brain
from brain.challenge import enter
from brain.coverage import Coverage, coverage_of
from brain.evaluation import CLASS, TEXTBOOK, Examination, evaluate
from brain.lesson import ClassLesson, FamilyLesson, Lesson
from brain.likes import LikesExam, examined
from brain.lineage import hash_of_file, hash_of_population
from brain.population import Population
from brain.registry import save
from brain.shelf import Store
from brain.training import Algorithm, Progress, Settings, train
from data.catalogue import ReadOptions, read_scenario
from data.engine import Engine
from data.errors import ConfigurationError, PlannerError
from data.outlook import Outlook, outlook_of
from data.scenario import Scenario

CLASSES = (10.0, 100.0, 1000.0)
"""The cost ratios that are shipped."""
EVALUATION_SEED = 2026
"""Of the held-out products on which every brain is judged; training never sees them."""
TRAINING, TRAINING_LOCK = ".training", ".training.lock"
"""Where in a store the state of trainings is kept, and what says that one is under way."""
LISTED = 8
"""Reasons that are told."""

Watched = Callable[[str], AbstractContextManager[Callable[[Progress], None]]]
"""From a brain's name to what is told of its progress."""


@dataclass(frozen=True)
class Order:
    """What to train and where to put it.

    Attributes:
        ratios: classes [1].
        family: whether the family brain, too.
        catalogue: table of products to take classes and ranges from; None for the usual ranges.
        stages: of the chain, where no catalogue says.
        seed: of everything random; None counts the versions there are of each kind.
        settings: how to train.
        out: the store.
        plain: write bare brain folders there instead, with no register and no contest.
        wait: how long to wait for another training into the same store [s].
    """

    ratios: tuple[float, ...]
    family: bool
    catalogue: Path | None
    stages: int
    seed: int | None
    settings: Settings
    out: Path
    plain: bool
    wait: float


def carry_out(
    order: Order,
    watched: Watched,
    show: Callable[[Brain], None],
    engine: Engine | None = None,
) -> Iterator[str]:
    """Train what is ordered; sentences on what came of it.

    One brain is trained after the other, and Ctrl-C ends the one that is at it. An engine trains
    several at once, which are heard of when they are done; Ctrl-C then ends the whole order, and
    the same order given again goes on from there.

    Args:
        order: what and where.
        watched: what is told of each brain's progress.
        show: is given every brain that was made.
        engine: who trains; this process if not given. Over several machines, the store should be a
            folder that all of them reach, or a training that is broken off begins anew.

    Raises:
        PlannerError: somebody else is training into the store, or a brain did not learn.
    """
    population, ratios, data_hash = Population(stages=order.stages), order.ratios, ""
    if order.catalogue is not None:
        coverage = coverage_of(*_problem(order.catalogue))
        population, ratios = coverage.population, order.ratios or coverage.classes
        data_hash = hash_of_file(order.catalogue)
        yield from _covered(coverage)
    lessons = lessons_of(ratios, order.family, population)
    order.out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(order.out / TRAINING_LOCK)
    try:
        with lock.acquire(timeout=order.wait):
            batch = _Batch(order, lessons, data_hash)
            left = {lesson.name: lesson for lesson in lessons if lesson.name not in batch.done}
            for name in batch.done:
                yield f"{name}: done before this batch was broken off"
            assignments = [_assigned(order, lesson, data_hash) for lesson in left.values()]
            for assignment, brain in _taught(order.settings, assignments, watched, engine):
                show(brain)
                yield _handed_over(order, brain)
                batch.finish(assignment.lesson)
            batch.remove()
    except Timeout as busy:
        raise PlannerError(
            f"{order.out} is being trained into by another process; try again when it is done, or "
            "wait for it with --wait SECONDS"
        ) from busy


class _Batch:
    """Which brains of an order are done, on disk, so that one that was killed begins where it was.

    Args:
        order: what is to be trained.
        lessons: one per brain.
        data_hash: of the catalogue, if it comes from one.
    """

    def __init__(self, order: Order, lessons: list[Lesson], data_hash: str) -> None:
        self._path = order.out / TRAINING / "batch.json"
        wanted = [repr(lessons), repr(order.settings), str(order.seed), str(order.plain), data_hash]
        self._order = hashlib.sha256("\n".join(wanted).encode()).hexdigest()
        self.done: list[str] = []
        with suppress(OSError, ValueError):
            stated = json.loads(self._path.read_text(encoding="utf-8"))
            if isinstance(stated, dict) and stated.get("order") == self._order:
                self.done = [str(name) for name in stated.get("done", [])]

    def finish(self, lesson: Lesson) -> None:
        """Note that a brain is done."""
        self.done.append(lesson.name)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".fresh")
        fresh.write_text(json.dumps({"order": self._order, "done": self.done}), encoding="utf-8")
        os.replace(fresh, self._path)

    def remove(self) -> None:
        """Forget the batch: all of it is done."""
        self._path.unlink(missing_ok=True)


@dataclass(frozen=True)
class _Assignment:
    """One brain to be trained.

    Attributes:
        lesson: what it is taught.
        seed: of everything random.
        checkpoint: where the state of its training is kept.
        data_hash: of what the lesson was made from.
    """

    lesson: Lesson
    seed: int
    checkpoint: Path
    data_hash: str


def _assigned(order: Order, lesson: Lesson, data_hash: str) -> _Assignment:
    seed = order.seed
    if seed is None:
        seed = 1 if order.plain else 1 + len(Store(order.out).shelf(lesson.name).register.brains)
    checkpoint = order.out.resolve() / TRAINING / f"{lesson.name}.npz"
    return _Assignment(lesson, seed, checkpoint, data_hash or hash_of_population(lesson.population))


def _taught(
    settings: Settings,
    assignments: list[_Assignment],
    watched: Watched,
    engine: Engine | None,
) -> Iterator[tuple[_Assignment, Brain]]:
    """Every brain when it is done, in the order of the assignments."""
    if engine is None or len(assignments) == 1:
        for assignment in assignments:
            with watched(f"brain {assignment.lesson.name}") as tell:
                brain = _made(settings, assignment, tell)
            yield assignment, brain
        return
    with closing(engine.map(_made, settings, assignments)) as brains:
        for assignment, brain in zip(assignments, brains, strict=True):
            with watched(f"brain {assignment.lesson.name}") as tell:
                tell(Progress(1.0, 0.0, brain.card.validation))
            yield assignment, brain


def _made(
    settings: Settings, assignment: _Assignment, tell: Callable[[Progress], None] | None = None
) -> Brain:
    return make(
        assignment.lesson,
        assignment.seed,
        settings,
        on_progress=tell,
        checkpoint=assignment.checkpoint,
        data_hash=assignment.data_hash,
    )


def _handed_over(order: Order, brain: Brain) -> str:
    """What became of a brain that was made."""
    if order.plain:
        save(brain, order.out / brain.card.name)
        return f"saved to {order.out / brain.card.name}"
    event = enter(Store(order.out), brain, brain.card.command)
    if event is None:
        return f"{brain.id} is the champion already"
    if event.contest is None:
        return f"{brain.id}: {event.what}"
    return f"{brain.id}: {event.what}; {event.contest.reason}"


def _problem(catalogue: Path) -> tuple[Scenario, Outlook]:
    """The planning problem whose table of products is given; its forecast lies beside it."""
    forecast = [catalogue.parent / f"forecast{suffix}" for suffix in (".csv", ".parquet")]
    found = next((path for path in forecast if path.is_file()), forecast[0])
    reading = read_scenario(found, ReadOptions(products=catalogue))
    return reading.scenario, outlook_of(reading.scenario, 1)


def _covered(coverage: Coverage) -> Iterator[str]:
    classes = ", ".join(f"{ratio:g}" for ratio in coverage.classes)
    yield f"classes for this catalogue: {classes}"
    left = coverage.fallbacks
    yield f"{len(left)} products would stay with theory" + ("" if not left else ", as:")
    for reason, count in Counter(left.values()).most_common(LISTED):
        example = next(name for name, why in left.items() if why == reason)
        yield f"  {count} x {reason} ({example})"


def lessons_of(
    ratios: Sequence[float], family: bool, population: Population | None = None
) -> list[Lesson]:
    """What to teach: a class per ratio, and the family if asked for.

    Raises:
        ConfigurationError: nothing to teach, or a ratio that is none.
    """
    population = population or Population()
    lessons: list[Lesson] = [ClassLesson(float(ratio), population) for ratio in ratios]
    if family:
        lessons.append(FamilyLesson(population))
    if not lessons:
        raise ConfigurationError(
            "nothing to train; give --ratio 10 (repeatable), --all, --family or --from CATALOGUE"
        )
    return lessons


def make(
    lesson: Lesson,
    seed: int,
    settings: Settings | None = None,
    examination: Examination | None = None,
    likes: LikesExam | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    checkpoint: Path | None = None,
    data_hash: str = "",
) -> Brain:
    """A brain that has been taught and judged.

    Raises:
        PlannerError: if it is not cheaper than its constants and the textbook: on validation
            products and, with an interval that excludes equality, on held-out ones.
    """
    brain = train(lesson, seed, settings or Settings(), on_progress, checkpoint, data_hash)
    name = brain.card.name
    if not brain.card.validation < 1:
        raise PlannerError(
            f"brain {name}: it costs {brain.card.validation:.4f} times its constants on "
            "validation products, expected less than 1; train it longer"
        )
    brain = judged(brain, lesson, EVALUATION_SEED, examination, likes)
    scores = {score.policy: score for score in brain.card.scores}
    for rival in (CLASS, TEXTBOOK):
        if not scores[rival].saving_low > 0:
            raise PlannerError(
                f"brain {name}: on held-out products it saves {scores[rival].saving:.2%} over "
                f"{rival}, interval from {scores[rival].saving_low:.2%}, expected above 0; train "
                "it longer"
            )
    return brain


def judged(
    brain: Brain,
    lesson: Lesson,
    seed: int,
    examination: Examination | None = None,
    likes: LikesExam | None = None,
) -> Brain:
    """The brain with its scores on held-out products, and kind by kind, on its card."""
    examination = examination or Examination()
    scores = evaluate(brain, lesson, seed, examination)
    sizes = {name: value for name, value in asdict(examination).items() if isinstance(value, int)}
    card = replace(
        brain.card,
        scores=scores,
        likes=examined(brain, seed, likes),
        evaluation={"seed": seed} | sizes,
    )
    return replace(brain, card=card)


def settings_of(
    algorithm: str | None,
    timesteps: int | None,
    updates: int | None,
    minutes: float | None,
    log_dir: Path | None,
) -> Settings:
    """The settings a command line asks for; what it leaves open is as for the shipped brains.

    Raises:
        ConfigurationError: a length that is no length, or an algorithm that there is not.
    """
    usual = Settings()
    names = [str(known) for known in Algorithm]
    if algorithm is not None and algorithm not in names:
        raise ConfigurationError(f"--algorithm is {algorithm}, expected one of {', '.join(names)}")
    for name, value in (("--timesteps", timesteps), ("--updates", updates)):
        if value is not None and value < 1:
            raise ConfigurationError(f"{name} is {value}, expected 1 or more")
    if minutes is not None and not minutes > 0:
        raise ConfigurationError(f"--minutes is {minutes}, expected above 0")
    long = 10**9 if minutes is not None else None
    return replace(
        usual,
        algorithm=Algorithm(algorithm) if algorithm else usual.algorithm,
        timesteps=timesteps or long or usual.timesteps,
        updates=updates or long or usual.updates,
        minutes=minutes,
        log_dir=log_dir,
    )
