"""Training is deterministic, interruptible, and what it makes answers the same without torch."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from stable_baselines3.common.policies import ActorCriticPolicy

from brain.brain import Brain
from brain.constants import Search
from brain.evaluation import CLASS, OURS, SHELF_ONLY, TEXTBOOK, TUNED, Examination
from brain.population import Population
from brain.registry import load, save
from brain.training import Settings, layers_of, train
from brain.vec_env import PairedLanes
from brain.workshop import train_class
from data.errors import ConfigurationError, PlannerError
from tests.brain.conftest import make_brain

TINY = Settings(
    timesteps=2048,
    lanes=32,
    weeks=10,
    validations=2,
    validation_products=6,
    validation_paths=1,
    validation_periods=70,
    search=Search(generations=2, candidates=4, elite=2, lanes=16, periods=70),
    population=Population(cv=(0.2, 0.5)),
)
TINY_EXAMINATION = Examination(
    products=6, paths=2, periods=70, tuning_paths=1, search=TINY.search, draws=50
)


def test_training_twice_with_one_seed_gives_the_same_brain_to_the_bit():
    first, second = (train(100.0, 5, TINY) for _ in range(2))
    assert first.id == second.id
    assert first.card.centre == second.card.centre
    for ours, theirs in zip(first.layers, second.layers, strict=True):
        np.testing.assert_array_equal(ours[0], theirs[0])
        np.testing.assert_array_equal(ours[1], theirs[1])
    assert train(100.0, 6, TINY).id != first.id


def test_a_brain_in_numpy_answers_like_the_policy_in_torch():
    lanes = PairedLanes(100.0, np.array([2.7, 0.7, 0.1]), Population(), 64, 4)
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
    expected = np.clip(np.float32(card.centre) + actions, card.lowest_z, card.highest_z)
    assert np.abs(actions).max() > 0.1
    np.testing.assert_allclose(brain.safety_factors(plain), expected, atol=1e-5)


def test_training_leaves_the_callers_random_numbers_alone():
    def drawn() -> tuple[float, float, float]:
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        return random.random(), np.random.random(), float(torch.rand(1))

    expected, threads = drawn(), torch.get_num_threads()
    random.seed(1)
    np.random.seed(1)
    torch.manual_seed(1)
    train(100.0, 5, replace(TINY, timesteps=512))
    assert (random.random(), np.random.random(), float(torch.rand(1))) == expected
    assert torch.get_num_threads() == threads


def test_the_card_tells_how_to_make_the_brain_again():
    card = train(30.0, 5, TINY).card
    assert card.command == "planner train --ratio 30 --seed 5 --timesteps 2048"
    assert card.timesteps >= 2048
    assert card.versions["torch"] == str(torch.__version__)
    assert card.learnt == TINY.population


def test_progress_rises_to_the_end(monkeypatch):
    monkeypatch.setattr("brain.training.SECONDS_BETWEEN_REPORTS", 0.0)
    told = []
    train(100.0, 5, TINY, told.append)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert told
    assert all(progress.seconds_left >= 0 for progress in told)


def test_an_interrupted_training_returns_the_best_so_far():
    def interrupt(progress):
        raise KeyboardInterrupt

    brain = train(100.0, 5, replace(TINY, timesteps=10**7), interrupt)
    assert 0 < brain.card.timesteps < 10**7
    assert np.isfinite(brain.card.validation)


def test_a_limit_in_minutes_ends_the_training():
    brain = train(100.0, 5, replace(TINY, timesteps=10**9, minutes=0.01))
    assert brain.card.timesteps < 10**6
    assert "--minutes 0.01" in brain.card.command


def test_logs_are_written_where_asked(tmp_path):
    train(100.0, 5, replace(TINY, log_dir=tmp_path / "logs"))
    assert list((tmp_path / "logs").rglob("events.out.tfevents*"))


@pytest.mark.parametrize("ratio", [0.0, -1.0, float("inf"), float("nan")])
def test_a_cost_ratio_that_is_no_ratio_is_refused(ratio):
    with pytest.raises(ConfigurationError, match="above 0"):
        train(ratio, 1, TINY)


def test_a_brain_that_does_not_beat_its_class_constants_is_refused(tmp_path):
    idle = replace(TINY, timesteps=1, search=replace(TINY.search, generations=12, lanes=128))
    with pytest.raises(PlannerError, match="train it longer"):
        train_class(100.0, 5, tmp_path / "r100", idle, TINY_EXAMINATION)
    assert not (tmp_path / "r100").exists()


@pytest.mark.slow
def test_a_short_training_makes_a_brain_that_may_be_shipped(tmp_path):
    short = replace(Settings(), timesteps=600_000)
    brain = train_class(100.0, 3, tmp_path / "r100", short, Examination(products=64, paths=8))
    assert load(tmp_path / "r100").id == brain.id
    scores = {score.policy: score for score in brain.card.scores}
    assert set(scores) == {TEXTBOOK, SHELF_ONLY, CLASS, TUNED, OURS}
    assert scores[TEXTBOOK].saving_low > 0.15
    save(brain, tmp_path / "again")
    assert load(tmp_path / "again").card == brain.card
