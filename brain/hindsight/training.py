"""Learning in hindsight: the gradient of cost through demand that has been sampled beforehand.

Alvo, Russo and Kanoria (2023), arXiv 2306.11246. Given the demand, the cost of a rule is a
piecewise smooth function of the net's weights, and its gradient says how every order of every day
should have been otherwise; averaged over many products and futures it is that of expected cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Protocol

import numpy as np
import torch
from torch import nn

from brain.centre import Centre
from brain.checkpoint import Checkpoint
from brain.hindsight.money import ExpectedMoney
from brain.hindsight.twin import Flows, Twin
from brain.lanes import SINGLE, Lanes, imagine
from brain.lesson import Lesson
from brain.population import Purpose, stream
from brain.training import Keeper, Progress, Settings, Tell
from envs.dynamics import State
from envs.observation import size
from envs.policies import HIGHEST_Z, LOWEST_Z

LEARNING_RATE = (3e-3, 5e-5)
LARGEST_GRADIENT, FIRST_GRADIENT, USUAL_SMOOTHING = 2.0, 0.5, 0.1
"""Gradients are cut to so many times their usual norm, which starts here and is smoothed so."""
WIDTH = 64
OPENING_Z = (-1.0, 3.0)
"""Stock at the start of each training future, in sigmas."""
AVERAGED = 0.99
"""Weight of the past in the running mean of the weights that is kept (Polyak 1992)."""
LONGEST_STAY, LONGEST_WAIT = 60.0, 20.0
"""Days that a unit may stay, and that a customer may wait, when its worth is bounded."""
WORTH = 1.0
"""How many times that a gradient with respect to stock may be; see `_bounded`."""
DAMPING = 0.95
"""Share of the gradient through what is seen that is passed on, at every step back in time."""
SMALLEST_SPREAD = 1e-2
SECONDS_BETWEEN_REPORTS = 0.25
SECONDS_BETWEEN_CHECKPOINTS = 5.0
EVERY = 7
"""Days between the observations by which features are standardised [period]."""
STAGE = "hindsight"
Layers = tuple[tuple[np.ndarray, np.ndarray], ...]


Money = Callable[[Twin, Flows], torch.Tensor]
"""From a period just gone to its money (K,) [money]."""


class Practice(Protocol):
    """What hindsight learns from: futures, how they begin, what they cost, and who counts."""

    @property
    def days(self) -> int:
        """Length of a future [period]."""

    @property
    def warm_up(self) -> int:
        """Days at the start that do not count [period]."""

    def lanes(self, rng: np.random.Generator) -> Lanes:
        """Products and one future of each."""

    def opening(self, rng: np.random.Generator, lanes: Lanes) -> State:
        """How their chains begin, one path."""

    def weight(self, lanes: Lanes) -> np.ndarray:
        """How much each product counts (K,)."""

    def money(self, lanes: Lanes) -> Money:
        """How a period is charged."""

    def orders(self, twin: Twin, z: torch.Tensor) -> torch.Tensor:
        """The orders (M, K) [unit] that safety factors z (M, K) [1] lead to."""


def learn(
    lesson: Lesson,
    keeper: Keeper,
    seed: int,
    settings: Settings,
    saved: Checkpoint,
    on_progress: Tell | None,
) -> int:
    """Teach `keeper` in hindsight; daily decisions learnt from, all lanes together.

    A training that was broken off goes on where it was last saved, and ends with the same weights
    to the bit as one that was not: each update draws products from a stream of its own.
    """
    practice = LessonPractice(lesson, settings)
    student = Student(practice, keeper.card.centre, keeper.card.action_limit, seed)
    kept = saved.of(STAGE)
    if kept:
        student.restore(*kept)
        keeper.restore(*kept)
    began = reported = written = time.monotonic()
    first = student.update
    updates = settings.updates * lesson.effort

    def fraction() -> float:
        done = student.update / updates
        if settings.minutes is not None:
            done = max(done, (time.monotonic() - began) / (60 * settings.minutes))
        return min(done, 1.0)

    held = np.floor(fraction() * settings.validations + 1e-9)
    next_trial = (held + 1) / settings.validations
    try:
        with _one_thread():
            while fraction() < 1:
                student.learn(fraction())
                now = time.monotonic()
                if fraction() >= next_trial - 1e-9:
                    next_trial += 1 / settings.validations
                    keeper.show(student.layers)
                if now - written >= SECONDS_BETWEEN_CHECKPOINTS:
                    written = now
                    facts, arrays = keeper.state()
                    student_facts, student_arrays = student.state()
                    saved.keep(STAGE, facts | student_facts, arrays | student_arrays)
                if on_progress and now - reported >= SECONDS_BETWEEN_REPORTS:
                    reported = now
                    pace = (now - began) / max(student.update - first, 1)
                    left = pace * (updates - student.update)
                    on_progress(Progress(fraction(), left, keeper.score))
    except KeyboardInterrupt:
        keeper.stopped = True
        keeper.show(student.layers)
    return student.update * settings.batch * settings.days


@dataclass(frozen=True)
class LessonPractice:
    """Futures of a lesson's products, started at all levels of stock.

    Attributes:
        lesson: where products come from.
        settings: how many at a time, for how long.
    """

    lesson: Lesson
    settings: Settings

    @property
    def days(self) -> int:
        """Length of a future [period]."""
        return self.settings.days

    @property
    def warm_up(self) -> int:
        """Days at the start that do not count [period]."""
        return self.settings.warm_up

    def lanes(self, rng: np.random.Generator) -> Lanes:
        """Products and one future of each."""
        return imagine(rng, self.lesson.sample(rng, self.settings.batch), 1, self.days)

    def opening(self, rng: np.random.Generator, lanes: Lanes) -> State:
        """Chains that begin short, well stocked and over-full."""
        z = rng.uniform(*OPENING_Z, (lanes.products.stages, len(lanes.products)))
        return lanes.opening(z, 1)

    def weight(self, lanes: Lanes) -> np.ndarray:
        """As the lesson says (K,)."""
        return self.lesson.weight(lanes.products)

    def money(self, lanes: Lanes) -> Money:
        """Holding and shortage, expected where the law is known."""
        return ExpectedMoney(lanes)

    def orders(self, twin: Twin, z: torch.Tensor) -> torch.Tensor:
        """Order up to the forecast and the safety stock (M, K) [unit]."""
        return twin.order(z)


class Student:
    """A net, its optimiser, and the running mean of its weights."""

    def __init__(self, practice: Practice, centre: Centre, limit: float, seed: int) -> None:
        self._practice = practice
        self._centre = centre
        self._limit = limit
        self._seed = seed
        self.update = 0
        self._usual = FIRST_GRADIENT
        self._shift, self._spread = _standard(practice, centre, seed)
        self._shift_tensor, self._scale_tensor = _tensor(self._shift), _tensor(1 / self._spread)
        generator = torch.Generator().manual_seed(seed)
        widths = (size(self._centre.stages), WIDTH, WIDTH, self._centre.stages)
        self._weights: list[torch.Tensor] = []
        for number, (inputs, outputs) in enumerate(pairwise(widths)):
            bound = (1 if number < len(widths) - 2 else 0.01) / np.sqrt(inputs)
            weight = (torch.rand(outputs, inputs, generator=generator) * 2 - 1) * bound
            self._weights += [weight.requires_grad_(), torch.zeros(outputs, requires_grad=True)]
        self._mean = [weight.detach().clone() for weight in self._weights]
        self._optimiser = torch.optim.Adam(self._weights, lr=LEARNING_RATE[0])

    def learn(self, fraction: float) -> None:
        """One step down the gradient, on products and futures of its own."""
        practice = self._practice
        rng = stream(self._seed, Purpose.TRAINING, self.update)
        lanes = practice.lanes(rng)
        twin = _twin(practice, rng, lanes)
        with torch.no_grad():
            first = twin.observe()
        centre = torch.from_numpy(self._centre(first.numpy()).T.astype(SINGLE))
        products, counted = lanes.products, practice.days - practice.warm_up
        weight = _tensor(practice.weight(lanes) / counted / len(products))
        missed = products.cost_ratio * np.where(products.backordered, LONGEST_WAIT, 1.0)
        worth = weight * _tensor(WORTH * (missed + LONGEST_STAY))
        money = practice.money(lanes)
        loss = torch.zeros(())
        for day in range(practice.days):
            seen = twin.observe()
            if seen.requires_grad:
                seen.register_hook(_damped)
            orders = practice.orders(twin, self._factors(seen, centre))
            orders.register_hook(partial(_bounded, worth))
            flows = twin.step(orders)
            if day >= practice.warm_up:
                loss = loss + money(twin, flows) @ weight
        first_rate, last_rate = LEARNING_RATE
        for group in self._optimiser.param_groups:
            group["lr"] = first_rate + (last_rate - first_rate) * fraction
        self._optimiser.zero_grad()
        loss.backward()
        norm = float(nn.utils.clip_grad_norm_(self._weights, LARGEST_GRADIENT * self._usual))
        self._usual += USUAL_SMOOTHING * (min(norm, LARGEST_GRADIENT * self._usual) - self._usual)
        self._optimiser.step()
        self.update += 1
        keep = min(AVERAGED, self.update / (self.update + 9))
        with torch.no_grad():
            for mean, weight in zip(self._mean, self._weights, strict=True):
                mean.lerp_(weight, 1 - keep)

    def _factors(self, seen: torch.Tensor, centre: torch.Tensor) -> torch.Tensor:
        """z (M, K)."""
        x = (seen - self._shift_tensor) * self._scale_tensor
        w = self._weights
        x = torch.tanh(torch.addmm(w[1], x, w[0].t()))
        x = torch.tanh(torch.addmm(w[3], x, w[2].t()))
        step = torch.addmm(w[5], x, w[4].t()).t()
        return (centre + step.clamp(-self._limit, self._limit)).clamp(LOWEST_Z, HIGHEST_Z)

    @property
    def layers(self) -> Layers:
        """The averaged net, for observations as they are."""
        arrays = [mean.numpy().copy() for mean in self._mean]
        pairs = list(zip(arrays[::2], arrays[1::2], strict=True))
        (weight, bias), *rest = pairs
        weight = weight / self._spread
        return ((weight.astype(SINGLE), (bias - weight @ self._shift).astype(SINGLE)), *rest)

    def state(self) -> tuple[dict[str, float], dict[str, np.ndarray]]:
        """All that learning needs to go on later."""
        arrays = {}
        for number, (weight, mean) in enumerate(zip(self._weights, self._mean, strict=True)):
            arrays[f"weight_{number}"] = weight.detach().numpy().copy()
            arrays[f"mean_{number}"] = mean.numpy().copy()
            moments = self._optimiser.state.get(weight, {})
            for name in ("exp_avg", "exp_avg_sq"):
                if name in moments:
                    arrays[f"{name}_{number}"] = moments[name].numpy().copy()
        return {"update": self.update, "usual": self._usual}, arrays

    def restore(self, facts: dict[str, float], arrays: dict[str, np.ndarray]) -> None:
        """Go on from a state."""
        self.update, self._usual = int(facts["update"]), float(facts["usual"])
        with torch.no_grad():
            for number, (weight, mean) in enumerate(zip(self._weights, self._mean, strict=True)):
                weight.copy_(torch.from_numpy(arrays[f"weight_{number}"]))
                mean.copy_(torch.from_numpy(arrays[f"mean_{number}"]))
                self._optimiser.state[weight] = {
                    "step": torch.tensor(float(self.update)),
                    "exp_avg": torch.from_numpy(arrays[f"exp_avg_{number}"].copy()),
                    "exp_avg_sq": torch.from_numpy(arrays[f"exp_avg_sq_{number}"].copy()),
                }


def _twin(practice: Practice, rng: np.random.Generator, lanes: Lanes) -> Twin:
    opening = practice.opening(rng, lanes)
    return Twin(lanes.world, lanes.outlook, lanes.products.traits, lanes.demand[0], opening)


def _standard(practice: Practice, centre: Centre, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each feature (size,) while the centre decides."""
    rng = stream(seed, Purpose.CONSTANTS, 1)
    twin = _twin(practice, rng, practice.lanes(rng))
    seen = [twin.observe().numpy()]
    z = _tensor(centre(seen[0]).T)
    for day in range(1, practice.days):
        twin.step(practice.orders(twin, z))
        if day % EVERY == 0:
            seen.append(twin.observe().numpy())
    every = np.concatenate(seen)
    spread = every.std(axis=0)
    return every.mean(axis=0), np.where(spread > SMALLEST_SPREAD, spread, 1).astype(SINGLE)


def _tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, SINGLE))


def _bounded(worth: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """The gradient with respect to stock, no more than a unit of it can be worth."""
    return torch.clamp(gradient, -worth, worth)


def _damped(gradient: torch.Tensor) -> torch.Tensor:
    """Less of the gradient that comes back by way of what was seen."""
    return gradient * DAMPING


@contextmanager
def _one_thread() -> Iterator[None]:
    """Small matrices are slower on many threads, and sums differ; leave torch's as found."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
