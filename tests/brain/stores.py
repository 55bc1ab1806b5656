"""Brains whose worth is known, and stores of them, for the tests of champion and challenger."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from brain.brain import Brain
from brain.card import Card
from brain.centre import Centre
from brain.evaluation import Examination
from brain.lineage import Lineage, hash_of_population
from brain.population import Population
from brain.shelf import Store
from envs.observation import features, size

SMALL = Examination(products=32, paths=4, periods=140, draws=500)
"""A contest that is over at once."""
TAME = replace(Population().plain, cv=(0.3, 1.0), intermittent_share=0.0, count_share=0.0)
"""Products so much alike that a few of them show who is better."""
RATIO = 10.0
GOOD = (0.8, -0.5, -0.9)
"""Constants that are near the best at a cost ratio of 10."""
FAIR = (1.0, 0.5, 0.3)
BAD = (4.0, 4.0, 4.0)


def saying(
    z: tuple[float, ...], ratio: float = RATIO, seed: int = 1, start: tuple[float, ...] = BAD
) -> Brain:
    """A brain that advises z to everybody, though it started from other constants."""
    stages = len(z)
    step = np.array(z, np.float32) - np.array(start, np.float32)
    layers = (
        (np.zeros((4, size(stages)), np.float32), np.full(4, 0.001 * seed, np.float32)),
        (np.zeros((stages, 4), np.float32), step),
    )
    return Brain(card_of(Centre((ratio,), (start,), (start,)), (ratio, ratio), seed), layers)


def knowing_nothing(ratio: float = RATIO, seed: int = 1) -> Brain:
    """A brain with random weights."""
    centre = Centre((ratio,), (GOOD,), (BAD,))
    return Brain(card_of(centre, (ratio, ratio), seed), random_layers(3, seed))


def family(seed: int = 1, stages: int = 3) -> Brain:
    """A family brain with random weights and constants."""
    rng = np.random.default_rng(seed)
    ratios = (0.1, 1.0, 10.0, 100.0, 3000.0)
    lost, waiting = (
        tuple(tuple(map(float, rng.uniform(-2, 4, stages))) for _ in ratios) for _ in range(2)
    )
    centre = Centre(ratios, lost, waiting, (0.7, 0.35, 0.2, 0.15)[: stages - 1])
    return Brain(card_of(centre, (0.1, 3000.0), seed), random_layers(stages, seed))


def random_layers(stages: int, seed: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Two hidden layers of 16."""
    rng = np.random.default_rng(seed)
    shapes = [(16, size(stages)), (16, 16), (stages, 16)]
    return tuple(
        (
            rng.normal(0, 0.3, shape).astype(np.float32),
            rng.normal(0, 0.1, shape[0]).astype(np.float32),
        )
        for shape in shapes
    )


def card_of(centre: Centre, ratios: tuple[float, float], seed: int) -> Card:
    """An honest card."""
    learnt = replace(TAME, stages=centre.stages)
    return Card(
        ratios=ratios,
        centre=centre,
        learnt=learnt,
        algorithm="hindsight",
        seed=seed,
        decisions=0,
        cpu_seconds=0.0,
        validation=0.9,
        command=f"planner train --ratio {ratios[0]:g} --seed {seed}",
        lineage=Lineage(
            data_hash=hash_of_population(learnt),
            started="2026-01-01T10:00:00+00:00",
            finished="2026-01-01T10:05:00+00:00",
        ),
        features=features(centre.stages),
        action_limit=10.0,
    )


def everything(folder: Path) -> dict[str, bytes]:
    """All files in a folder with their content, but for those that only say who writes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (".lock", ".writer")
    }


def filled(folder: Path, *brains: Brain) -> Store:
    """A store with these brains, none of them champion."""
    store = Store(folder)
    for brain in brains:
        store.register(brain, "test")
    return store
