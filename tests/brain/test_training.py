"""Training is deterministic, interruptible, and what it makes answers the same without torch."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from stable_baselines3.common.policies import ActorCriticPolicy

from brain.brain import Brain
from brain.checkpoint import Checkpoint, fingerprint
from brain.constants import Search
from brain.lesson import ClassLesson, FamilyLesson, Lesson
from brain.population import Population
from brain.ppo import first_log_std, layers_of
from brain.registry import load, save
from brain.training import Algorithm, Progress, Settings, train
from brain.trial import Trial
from brain.vec_env import PairedLanes
from envs.observation import features, size
from tests.brain.conftest import make_brain, make_centre

SEARCH = Search(generations=2, candidates=4, elite=2, lanes=16, periods=80)
TINY = Settings(
    updates=8,
    batch=16,
    days=16,
    warm_up=4,
    timesteps=1024,
    lanes=16,
    weeks=4,
    tuning_timesteps=768,
    validations=4,
    validation_products=6,
    validation_paths=1,
    validation_periods=65,
    search=SEARCH,
)
LESSON = ClassLesson(100.0, Population(cv=(0.2, 0.5)))
SHORT = ClassLesson(100.0, Population(1, cv=(0.2, 0.5)))
"""Of one stage, where a test needs many trainings."""
EVERY = pytest.mark.parametrize("algorithm", Algorithm)


class KilledError(Exception):
    """What stands for a machine that is switched off: nobody catches it."""


@pytest.fixture(autouse=True)
def _a_quick_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the constants of customers who wait, too."""
    monkeypatch.setattr("brain.lesson.QUICK_SEARCH", SEARCH)


@pytest.fixture(autouse=True)
def _tight_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that cutting them, by what they usually are, decides what is learnt from the start."""
    monkeypatch.setattr("brain.hindsight.training.LARGEST_GRADIENT", 0.7)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is told and saved whenever it can be."""
    for room in ("hindsight.training", "ppo"):
        monkeypatch.setattr(f"brain.{room}.SECONDS_BETWEEN_REPORTS", 0.0)
        monkeypatch.setattr(f"brain.{room}.SECONDS_BETWEEN_CHECKPOINTS", 0.0)


def by(algorithm: Algorithm, settings: Settings = TINY, **changes: object) -> Settings:
    """The settings with another algorithm."""
    return replace(settings, algorithm=algorithm, **changes)


def same_weights(first: Brain, second: Brain) -> None:
    """Equal to the bit."""
    for ours, theirs in zip(first.layers, second.layers, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])
    assert first.id == second.id
    assert first.card.validation == second.card.validation


def kill_after(reports: int) -> Callable[[Progress], None]:
    """A listener that ends the process, so to speak, when it has been told so often."""
    told = []

    def listen(progress: Progress) -> None:
        told.append(progress)
        if len(told) == reports:
            raise KilledError

    return listen


@cache
def whole(seed: int = 5) -> Brain:
    """What a training in hindsight that nothing happens to ends with."""
    return train(SHORT, seed, by(Algorithm.HINDSIGHT))


@EVERY
def test_training_twice_with_one_seed_gives_the_same_brain_to_the_bit(algorithm) -> None:
    """And another seed another brain."""
    settings = by(algorithm)
    first, second = (train(SHORT, 5, settings) for _ in range(2))
    same_weights(first, second)
    assert first.card.centre == second.card.centre
    assert [s.score for s in first.card.curve] == [s.score for s in second.card.curve]
    assert train(SHORT, 6, settings).id != first.id


def test_a_brain_in_numpy_answers_like_the_policy_in_torch() -> None:
    """Shown plain features, where the policy was shown standardised ones."""
    centre = make_centre(100.0)
    lanes = PairedLanes(ClassLesson(100.0), centre, 64, 4)
    plain = np.asarray(lanes.reset())
    shift, spread = lanes.standardise()
    torch.manual_seed(3)
    policy = ActorCriticPolicy(
        lanes.observation_space,
        lanes.action_space,
        lambda remaining: 0.0,
        net_arch=[64, 64],
        ortho_init=False,
    )
    actions, _ = policy.predict((plain - shift) / spread, deterministic=True)
    card = make_brain(100.0).card
    brain = Brain(card, layers_of(policy, shift, spread))
    expected = np.clip(centre(plain) + actions, card.lowest_z, card.highest_z)
    assert np.abs(actions).max() > 0.1
    np.testing.assert_allclose(brain.safety_factors(plain), expected, atol=1e-5)


@EVERY
def test_training_leaves_the_callers_random_numbers_alone(algorithm) -> None:
    """And the number of torch's threads."""

    def seeded() -> None:
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)

    def drawn() -> tuple[float, float, float]:
        return random.random(), np.random.random(), float(torch.rand(1))

    seeded()
    expected, threads = drawn(), torch.get_num_threads()
    seeded()
    train(SHORT, 5, by(algorithm, updates=2, timesteps=512, tuning_timesteps=512))
    assert drawn() == expected
    assert torch.get_num_threads() == threads


@EVERY
def test_the_card_tells_how_to_make_the_brain_again(algorithm) -> None:
    """And what it was made from, when, by which libraries, and of how many decisions."""
    before = datetime.now().astimezone()
    lesson = ClassLesson(30.0, Population(2, cv=(0.2, 0.5)))
    card = train(lesson, 5, by(algorithm), data_hash="ab" * 32).card
    words = f"planner train --ratio 30 --stages 2 --algorithm {algorithm} --seed 5"
    assert card.command == f"{words} --updates 8 --timesteps 1024"
    hindsight, ppo = 8 * 16 * 16, {Algorithm.PPO: 1024, Algorithm.BOTH: 768}.get(algorithm, 0)
    assert card.decisions == ppo + (0 if algorithm is Algorithm.PPO else hindsight)
    assert card.algorithm == str(algorithm)
    assert card.versions["torch"] == str(torch.__version__)
    assert card.learnt == lesson.population
    assert card.ratios == (30.0, 30.0)
    assert card.stages == 2
    assert card.features == features(2)
    assert card.lineage.data_hash == "ab" * 32
    assert card.lineage.parent is None
    started, finished = map(datetime.fromisoformat, (card.lineage.started, card.lineage.finished))
    assert started.timestamp() >= math.floor(before.timestamp())
    assert started <= finished
    assert card.cpu_seconds > 0


@EVERY
def test_the_learning_curve_is_recorded_and_the_best_of_it_kept(algorithm) -> None:
    """Tried as often as asked for; the last trial, too, is on the curve."""
    brain = train(LESSON, 5, by(algorithm))
    curve = brain.card.curve
    assert len(curve) >= TINY.validations
    assert brain.card.validation == pytest.approx(min(step.score for step in curve), abs=1e-5)
    spent = [step.cpu_seconds for step in curve]
    assert spent == sorted(spent)
    assert spent[-1] <= brain.card.cpu_seconds + 0.1
    trial = Trial(
        LESSON,
        brain.card,
        TINY.validation_products,
        TINY.validation_paths,
        TINY.validation_periods,
    )
    assert trial(brain) == brain.card.validation


def test_ppo_goes_on_where_hindsight_ended_and_never_makes_it_worse() -> None:
    """Its trials follow on the same curve, and what hindsight found is kept if it was better."""
    alone = train(LESSON, 5, by(Algorithm.HINDSIGHT)).card
    both = train(LESSON, 5, by(Algorithm.BOTH)).card
    scores = [step.score for step in both.curve]
    assert scores[: len(alone.curve)] == [step.score for step in alone.curve]
    assert len(scores) > len(alone.curve)
    assert both.validation <= alone.validation
    assert both.validation == pytest.approx(min(scores), abs=1e-5)


def test_a_better_brain_is_kept_when_ppo_only_spoils_it(monkeypatch) -> None:
    """Steps so large that all later nets are bad."""
    monkeypatch.setattr("brain.ppo.TUNING_RATE", (0.5, 0.5))
    alone = train(LESSON, 5, by(Algorithm.HINDSIGHT))
    both = train(LESSON, 5, by(Algorithm.BOTH))
    spoilt = [step.score for step in both.card.curve[len(alone.card.curve) :]]
    assert max(spoilt) > 1.1 * alone.card.validation
    assert both.card.validation <= alone.card.validation


@EVERY
def test_progress_rises_to_the_end(algorithm, often) -> None:
    """With both algorithms, once for each."""
    told: list[Progress] = []
    train(SHORT, 5, by(algorithm), told.append)
    fractions = [progress.fraction for progress in told]
    turns = sum(b < a for a, b in pairwise(fractions))
    assert turns == (algorithm is Algorithm.BOTH)
    assert fractions[-1] > 0.9
    assert all(0 < fraction <= 1 for fraction in fractions)
    assert all(progress.seconds_left >= 0 for progress in told)
    assert np.isfinite(told[-1].score)


@pytest.mark.parametrize("algorithm", [Algorithm.PPO, Algorithm.HINDSIGHT])
def test_an_interrupted_training_returns_the_best_so_far(algorithm, often, tmp_path) -> None:
    """Ctrl-C; nothing is left of the checkpoint."""

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    endless = by(algorithm, timesteps=10**7, updates=10**6)
    brain = train(SHORT, 5, endless, interrupt, tmp_path / "checkpoint.npz")
    assert 0 < brain.card.decisions < 10**7
    assert np.isfinite(brain.card.validation)
    assert len(brain.card.curve) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("algorithm", [Algorithm.PPO, Algorithm.HINDSIGHT])
def test_a_limit_in_minutes_ends_the_training(algorithm) -> None:
    """Long before the updates are done."""
    brain = train(SHORT, 5, by(algorithm, timesteps=10**9, updates=10**9, minutes=0.005))
    assert 0 < brain.card.decisions < 10**8
    assert "--minutes 0.005" in brain.card.command
    assert brain.card.curve


def test_logs_are_written_where_asked(tmp_path: Path) -> None:
    """For TensorBoard."""
    train(SHORT, 5, by(Algorithm.PPO, timesteps=512, log_dir=tmp_path / "logs"))
    assert list((tmp_path / "logs").rglob("events.out.tfevents*"))


@pytest.mark.parametrize("reports", [1, 3, 4, 7])
def test_a_training_in_hindsight_that_was_killed_ends_as_if_it_had_not_been(
    often, tmp_path: Path, reports: int
) -> None:
    """Weights, score and curve, to the bit, wherever it was broken off."""
    settings, file = by(Algorithm.HINDSIGHT), tmp_path / "checkpoint.npz"
    with pytest.raises(KilledError):
        train(SHORT, 5, settings, kill_after(reports), file)
    kept = Checkpoint(file, fingerprint(SHORT, 5, settings)).of("hindsight")
    assert kept is not None
    assert kept[0]["update"] == reports
    told: list[Progress] = []
    again = train(SHORT, 5, settings, told.append, file)
    assert len(told) == TINY.updates - reports, "it went on, and did not begin anew"
    same_weights(whole(), again)
    assert [s.score for s in again.card.curve] == [s.score for s in whole().card.curve]
    assert again.card.decisions == whole().card.decisions
    assert again.card.centre == whole().card.centre
    assert not file.exists(), "it is done"


def test_a_training_that_is_killed_again_and_again_gets_there_all_the_same(
    often, tmp_path: Path
) -> None:
    """One update at a time."""
    settings, file = by(Algorithm.HINDSIGHT), tmp_path / "checkpoint.npz"
    for _ in range(TINY.updates):
        with pytest.raises(KilledError):
            train(SHORT, 5, settings, kill_after(1), file)
    same_weights(train(SHORT, 5, settings, None, file), whole())


def test_no_trial_is_held_twice_after_a_training_was_killed(often, tmp_path: Path) -> None:
    """Where the share that is done times the number of trials is a rounding error off: 30 / 44
    of 22.
    """
    settings = by(Algorithm.HINDSIGHT, updates=44, validations=22, days=6, batch=4)
    settings = replace(settings, warm_up=1, validation_products=2, validation_periods=62)
    file = tmp_path / "checkpoint.npz"
    with pytest.raises(KilledError):
        train(SHORT, 5, settings, kill_after(30), file)
    assert len(train(SHORT, 5, settings, None, file).card.curve) == 22


def test_constants_are_not_sought_again(often, tmp_path: Path, monkeypatch) -> None:
    """They are in the checkpoint; the time they took is still on the card."""
    settings, file = by(Algorithm.HINDSIGHT), tmp_path / "checkpoint.npz"
    with pytest.raises(KilledError):
        train(SHORT, 5, settings, kill_after(1), file)
    centre, seconds = Checkpoint(file, fingerprint(SHORT, 5, settings)).centre

    def sought(*_args: object) -> None:
        raise AssertionError("the constants were sought again")

    monkeypatch.setattr("brain.lesson.class_constants", sought)
    brain = train(SHORT, 5, settings, None, file)
    assert brain.card.centre == centre
    assert brain.card.cpu_seconds >= round(seconds, 1)


def test_a_checkpoint_of_another_training_is_left_aside(often, tmp_path: Path) -> None:
    """Another seed begins anew, and ends as it would have without the file."""
    settings, file = by(Algorithm.HINDSIGHT), tmp_path / "checkpoint.npz"
    with pytest.raises(KilledError):
        train(SHORT, 5, settings, kill_after(3), file)
    told: list[Progress] = []
    other = train(SHORT, 6, settings, told.append, file)
    assert len(told) == TINY.updates
    same_weights(other, whole(6))


def test_a_damaged_checkpoint_is_left_aside(tmp_path: Path) -> None:
    """The training begins anew."""
    settings, file = by(Algorithm.HINDSIGHT), tmp_path / "checkpoint.npz"
    file.write_bytes(b"PK\x03\x04 what the disk made of it")
    same_weights(train(SHORT, 5, settings, None, file), whole())


@pytest.mark.parametrize("algorithm", [Algorithm.PPO, Algorithm.BOTH])
def test_ppo_that_was_killed_goes_on_and_finishes(algorithm, often, tmp_path: Path) -> None:
    """With all decisions counted once; it may end elsewhere, but not with nothing."""
    settings, file = by(algorithm), tmp_path / "checkpoint.npz"
    total = TINY.timesteps if algorithm is Algorithm.PPO else TINY.tuning_timesteps
    first = TINY.updates if algorithm is Algorithm.BOTH else 0
    with pytest.raises(KilledError):
        train(SHORT, 5, settings, kill_after(first + 20), file)
    kept = Checkpoint(file, fingerprint(SHORT, 5, settings)).of("ppo")
    assert kept is not None
    assert 0 < kept[0]["done"] < total
    before = len(kept[0]["curve"])
    told: list[Progress] = []
    brain = train(SHORT, 5, settings, told.append, file)
    left = (total - kept[0]["done"]) / TINY.lanes
    assert left <= len(told) <= left + 1
    hindsight = first * TINY.batch * TINY.days
    assert brain.card.decisions == hindsight + total
    assert len(brain.card.curve) > before
    assert brain.card.validation == pytest.approx(
        min(step.score for step in brain.card.curve), abs=1e-5
    )
    assert not file.exists()


@pytest.mark.parametrize("lesson", [ClassLesson, FamilyLesson])
@pytest.mark.parametrize("stages", [1, 4])
def test_chains_of_other_lengths_get_brains_too(lesson, stages: int, tmp_path: Path) -> None:
    """That answer, stage by stage, and come back from disk as they were."""
    population = Population(stages)
    taught: Lesson = ClassLesson(30.0, population)
    settings = TINY
    if lesson is FamilyLesson:
        taught = FamilyLesson(population)
        settings = replace(settings, search=replace(SEARCH, generations=1))
    brain = train(taught, 5, by(Algorithm.HINDSIGHT, settings, updates=3))
    assert brain.card.stages == stages
    assert brain.card.is_family == (lesson is FamilyLesson)
    assert brain.card.decisions == 3 * taught.effort * TINY.batch * TINY.days
    assert brain.card.name == f"{'family' if brain.card.is_family else 'r30'}-{stages}stages"
    seen = np.random.default_rng(1).normal(size=(2, 5, size(stages))).astype(np.float32)
    z = brain.safety_factors(seen)
    assert z.shape == (2, 5, stages)
    assert np.isfinite(z).all()
    save(brain, tmp_path / "brain")
    found = load(tmp_path / "brain")
    same_weights(found, brain)
    assert found.card == brain.card


@pytest.mark.parametrize("stages", [1, 4])
def test_ppo_teaches_chains_of_other_lengths(stages: int) -> None:
    """Its net has as many answers."""
    lesson = ClassLesson(30.0, Population(stages))
    brain = train(lesson, 5, by(Algorithm.PPO, timesteps=512))
    seen = np.zeros((1, size(stages)), np.float32)
    assert brain.safety_factors(seen).shape == (1, stages)


def test_hindsight_learns() -> None:
    """Some thirty small steps make a brain that beats the constants it started from, on products
    and futures it has not met.
    """
    lesson = ClassLesson(30.0, Population(1, cv=(0.2, 0.5)).plain)
    search = replace(SEARCH, generations=10, candidates=12, elite=4, lanes=64, periods=150)
    longer = replace(TINY, updates=28, batch=48, days=45, warm_up=15, search=search)
    longer = replace(longer, validation_products=48, validation_paths=2, validation_periods=130)
    brain = train(lesson, 5, longer)
    assert brain.card.validation < 0.98
    assert brain.card.curve[-1].score < brain.card.curve[0].score


def test_noise_at_first_grows_with_what_a_miss_costs() -> None:
    """Between the bounds found by trial."""
    assert [first_log_std(ratio) for ratio in (10.0, 100.0, 1000.0)] == pytest.approx(
        [-1.0, -0.35, 0.3]
    )
    assert first_log_std(0.1) == -1.0
    assert first_log_std(1e6) == 0.3


def test_ctrl_c_in_hindsight_ends_the_training_before_ppo_begins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The best so far is kept, and PPO is never asked."""

    def interrupted(student: object, fraction: float) -> None:
        raise KeyboardInterrupt

    def asked(*_: object) -> int:
        raise AssertionError("PPO began")

    monkeypatch.setattr("brain.hindsight.training.Student.learn", interrupted)
    monkeypatch.setattr("brain.ppo.learn", asked)
    brain = train(SHORT, 1, replace(TINY, algorithm=Algorithm.BOTH))
    assert brain.card.decisions == 0
    assert len(brain.card.curve) == 1
