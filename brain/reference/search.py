"""Search over a small net's weights by trial: local search and simulated annealing.

Neither needs a gradient: a change of the weights is kept if a judge likes it, or, while it is hot,
now and then if not (Kirkpatrick, Gelatt and Vecchi 1983, "Optimization by simulated annealing").
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from itertools import pairwise

import numpy as np

from brain.reference.net_policy import Layers, NetPolicy, Point, PolicyCard
from brain.reference.settings import Judge
from brain.reference.stream import Line


@dataclass(frozen=True)
class SearchSettings:
    """How to search.

    Attributes:
        trials: nets judged.
        step: spread of a change of a weight, of the first and the last trial; it falls
            geometrically [1].
        share: of the weights that a trial changes [1].
        temperature: loss that is accepted with chance 1/e, of the first and the last trial, in
            what the judge counts; it falls geometrically. None accepts no loss: local search.
        points: of the learning curve.
    """

    trials: int = 2000
    step: tuple[float, float] = (0.3, 0.03)
    share: float = 0.3
    temperature: tuple[float, float] | None = None
    points: int = 20


@dataclass(frozen=True, eq=False)
class Shape:
    """The net that is searched for: everything but its weights.

    Attributes:
        hidden: units of its hidden layers.
        shift, spread: scaling of what it is shown (O,).
        low, high: bounds of a continuous action (A,), or None.
        choices: choices it scores where it has no bounds.
        problem, features: for the card.
    """

    hidden: tuple[int, ...]
    shift: np.ndarray
    spread: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None
    choices: int = 0
    problem: str = ""
    features: tuple[str, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of every layer, inputs first."""
        outputs = self.choices if self.low is None else len(self.low)
        return (len(self.shift), *self.hidden, outputs)


def search(
    shape: Shape,
    judge: Judge,
    seed: int,
    settings: SearchSettings | None = None,
    tell: Callable[[Line], None] | None = None,
) -> NetPolicy:
    """The best net found; the same seed gives the same one to the bit.

    Args:
        shape: of the net.
        judge: the worth of a policy; it must give the same policy the same worth.
        seed: of everything random.
        settings: how.
        tell: is given a line of the training stream at every point of the curve, in which a step
            is a net judged.
    """
    settings = settings or SearchSettings()
    rng = np.random.default_rng(seed)
    name = "local search" if settings.temperature is None else "simulated annealing"
    card = PolicyCard(
        algorithm=name,
        seed=seed,
        steps=0,
        seconds=0.0,
        activation="tanh",
        problem=shape.problem,
        features=shape.features,
        versions={"numpy": version("numpy")},
    )
    sizes = shape.sizes
    weights = _first(rng, sizes)

    def net(numbers: np.ndarray) -> NetPolicy:
        layers = _layers(numbers, sizes)
        return NetPolicy(card, layers, shape.shift, shape.spread, shape.low, shape.high)

    began, curve = time.monotonic(), []
    here = best = judge(net(weights))
    best_weights = weights
    for trial in range(1, settings.trials):
        done = trial / settings.trials
        changed = rng.random(weights.size) < settings.share
        moved = weights + changed * rng.standard_normal(weights.size) * _falling(
            settings.step, done
        )
        worth = judge(net(moved))
        if worth >= here or _forgiven(worth - here, settings.temperature, done, rng):
            weights, here = moved, worth
        if here > best:
            best, best_weights = here, weights
        if (trial + 1) % max(settings.trials // settings.points, 1) == 0:
            curve.append(Point(trial + 1, round(time.monotonic() - began, 2), None, best))
            if tell is not None:
                tell(_line(name, seed, settings.trials, curve[-1]))
    seconds = round(time.monotonic() - began, 1)
    full = replace(card, steps=settings.trials, seconds=seconds, curve=tuple(curve))
    return replace(net(best_weights), card=full)


def _line(name: str, seed: int, trials: int, point: Point) -> Line:
    """Where the search is; what a judge plays is its own affair, so no episodes are counted."""
    return Line(name, seed, point.step, trials, point.seconds, 0, None, None, best=point.score)


def _first(rng: np.random.Generator, sizes: tuple[int, ...]) -> np.ndarray:
    """Weights of spread 1 / sqrt(inputs) and biases of 0, layer after layer."""
    return np.concatenate(
        [
            np.r_[rng.standard_normal(inputs * outputs) / np.sqrt(inputs), np.zeros(outputs)]
            for inputs, outputs in pairwise(sizes)
        ]
    )


def _layers(numbers: np.ndarray, sizes: tuple[int, ...]) -> Layers:
    layers, at = [], 0
    for inputs, outputs in pairwise(sizes):
        weight = numbers[at : at + inputs * outputs].reshape(outputs, inputs)
        at += inputs * outputs
        layers.append((weight, numbers[at : at + outputs]))
        at += outputs
    return tuple(layers)


def _falling(ends: tuple[float, float], done: float) -> float:
    """Between its first and last value, geometrically."""
    return float(ends[0] * (ends[1] / ends[0]) ** done)


def _forgiven(
    gain: float, temperature: tuple[float, float] | None, done: float, rng: np.random.Generator
) -> bool:
    """Whether a loss is accepted (Metropolis et al. 1953)."""
    if temperature is None:
        return False
    return bool(rng.random() < np.exp(min(gain, 0.0) / _falling(temperature, done)))
