"""Who competes in the distribution problem: tuned rules, and policies learnt with several seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.distribution.tuning import MakePolicy, Space, tuned
from brain.reference.distribution import ALGORITHMS, Course, Tabled, playing, teach, teach_table
from brain.reference.net_policy import NetPolicy
from envs.policies import Policy, RandomOrders, ReorderPoint
from envs.reference.distribution import Distribution
from envs.reference.distribution_policies import DaysOfCover, StopBefore

OURS, STATIONARY, STOPPED = "ours: days of cover", "(s, S), tuned", "(s, S) and a stop, tuned"
NOTHING, RANDOM = "no order", "random orders"
Q_LEARNING, LOCAL, ANNEALING = "Q-learning", "local search", "simulated annealing"
REINFORCE, PPO = "REINFORCE", "PPO"
NETS = {
    LOCAL: "local-search",
    ANNEALING: "simulated-annealing",
    REINFORCE: "reinforce",
    PPO: "ppo",
}
"""Learners of nets, by name in the record: what they are called elsewhere."""


@dataclass(frozen=True)
class Size:
    """How much is played, tuned and learnt.

    Attributes:
        test: fixed scenarios.
        fresh: scenarios that nothing else uses.
        tuning: scenarios that rules are tuned on.
        trials: of a rule's numbers.
        judged: scenarios that nets are judged on.
        steps: of the learners of nets, as a `Course` has them.
        episodes: of Q-learning.
        seeds: of every learner.
        bounded: scenarios of the bound at a price.
        seconds: of the solver for a scenario of the bound at a price [s].
        glance: of the solver for a fixed scenario, known for free [s].
    """

    test: int
    fresh: int
    tuning: int
    trials: int
    judged: int
    steps: tuple[int, int, int, int]
    episodes: int
    seeds: int
    bounded: int
    seconds: float
    glance: float

    @property
    def workers(self) -> int | None:
        """Processes of the solver: a few scenarios are not worth starting any."""
        return 1 if self.bounded < 2 else None


@dataclass(frozen=True)
class Learnt:
    """One policy of one seed.

    Attributes:
        name: of the learner.
        seed: of its training.
        policy: what it plays.
        curve: profit of an episode as it learnt, by share of the training done, rising in time.
        net: its weights, where it is a net.
    """

    name: str
    seed: int
    policy: Policy
    curve: tuple[tuple[float, float], ...]
    net: NetPolicy | None = None


def tuned_rules(
    task: Distribution, demand: np.ndarray, trials: int, seed: int
) -> dict[str, tuple[Policy, np.ndarray]]:
    """Rules and their numbers, all tuned on the same demand by as many trials.

    The numbers of (s, S) are those of a retailer's s and S - s, then the centre's; a stop adds the
    two stages' last days; ours are in days, see `days_of_cover`.
    """
    shelf = float(max(task.mean)) * 5
    centre = 3 * shelf
    four = (0.0,) * 4, (shelf, shelf, centre, centre)
    usual = (shelf / 2, shelf / 4, centre / 3, centre / 3)
    spaces = {
        STATIONARY: Space(_reorder_point, *four, usual),
        STOPPED: Space(
            _stopping(task), (*four[0], 0.0, 0.0), (*four[1], 8.0, 8.0), (*usual, 1.5, 3.5)
        ),
        OURS: Space(
            days_of_cover(task),
            (0.0, 0.0, 0.0, 0.0, -1.0, -1.0, 0.0),
            (6.0, 12.0, 8.0, 16.0, 4.0, 4.0, 100.0),
            (2.0, 4.0, 2.0, 5.0, 2.0, 2.0, 15.0),
        ),
    }
    found: dict[str, tuple[Policy, np.ndarray]] = {}
    for name, space in spaces.items():
        # Two starts of half the trials each: one alone may end on a hill beside the highest.
        ends = [tuned(task, space, demand, max(trials // 2, 1), seed + n) for n in range(2)]
        numbers = max(ends, key=lambda end: end[1])[0]
        found[name] = space.make(numbers), numbers
    return found


def untaught(task: Distribution, rng: np.random.Generator) -> dict[str, Policy]:
    """Rules that know nothing."""
    nothing = ReorderPoint(np.full((3, 1), -np.inf), np.zeros((3, 1)))
    mean = float(np.mean(task.mean))
    largest = np.array([2 * mean, 2 * mean, 4 * mean])[:, None]
    return {NOTHING: nothing, RANDOM: RandomOrders(largest, rng)}


def learners(course: Course, judged: np.ndarray, size: Size) -> dict[str, Callable[[int], Learnt]]:
    """What learns a course, by name; called with a seed.

    Args:
        course: what is learnt.
        judged: scenarios by which nets are judged (P, T, 2) [unit].
        size: how long each learns.
    """
    steps = dict(zip(ALGORITHMS, size.steps, strict=True))

    def table(seed: int) -> Learnt:
        found = teach_table(size.episodes, seed, course)
        return Learnt(Q_LEARNING, seed, Tabled(course.task, found), _smoothed(found.returns))

    def net_by(name: str) -> Callable[[int], Learnt]:
        def learnt(seed: int) -> Learnt:
            net = teach(NETS[name], steps[NETS[name]], seed, course, judged)
            return Learnt(name, seed, playing(course.task, net), _curve(net), net)

        return learnt

    return {Q_LEARNING: table, **{name: net_by(name) for name in NETS}}


def days_of_cover(task: Distribution) -> MakePolicy:
    """Our rule of seven numbers.

    They are, for a retailer and the centre, the days at which it orders, the days it then orders
    beyond these, and the margin at the end; then the smallest order of the centre.
    """

    def make(x: np.ndarray) -> Policy:
        cover = x[0] + x[2], x[1] + x[3]
        return DaysOfCover(task, (x[0], x[1]), cover, (x[4], x[5]), float(x[6]))

    return make


def _reorder_point(x: np.ndarray) -> ReorderPoint:
    """(s, S) of a retailer's s and S - s, then the centre's, in whole units."""
    points = np.rint(np.array([x[0], x[0], x[2]]))[:, None]
    levels = np.rint(np.array([x[0] + x[1], x[0] + x[1], x[2] + x[3]]))[:, None]
    return ReorderPoint(points, levels)


def _stopping(task: Distribution) -> MakePolicy:
    return lambda x: StopBefore(task, _reorder_point(x[:4]), (float(x[4]), float(x[5])))


def _curve(net: NetPolicy) -> tuple[tuple[float, float], ...]:
    """How a net came on: what its judge said, or what it earned in training."""
    told = (
        (point.step / net.card.steps, point.reward if point.score is None else point.score)
        for point in net.card.curve
    )
    return tuple((share, value) for share, value in told if value is not None)


def _smoothed(returns: np.ndarray, points: int = 20) -> tuple[tuple[float, float], ...]:
    """Means of so many stretches of the training, at their ends."""
    return tuple(_means(returns, min(points, len(returns))))


def _means(returns: np.ndarray, points: int) -> Iterator[tuple[float, float]]:
    for n, part in enumerate(np.array_split(returns, points)):
        yield (n + 1) / points, float(part.mean())
