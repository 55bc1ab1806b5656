"""Who competes in the distribution problem: tuned rules, and policies learnt with several seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.distribution.tuning import MakePolicy, Space, mean_profit, tuned
from brain.reference.net_policy import NetPolicy
from brain.reference.q_learning import QSettings, QTable, learn_table
from brain.reference.reinforce import ReinforceSettings, learn_by_reinforce
from brain.reference.search import SearchSettings, Shape, search
from brain.reference.settings import LearnSettings, PpoSettings
from envs.policies import Policy, RandomOrders, ReorderPoint, Situation
from envs.reference.distribution import FAR, FEATURES, Distribution
from envs.reference.distribution_env import (
    JOINT,
    Choice,
    DistributionConfig,
    DistributionEnv,
    DistributionLanes,
    Sight,
    levels_of,
)
from envs.reference.distribution_policies import DaysOfCover, Stocked, StopBefore

OURS, STATIONARY, STOPPED = "ours: days of cover", "(s, S), tuned", "(s, S) and a stop, tuned"
NOTHING, RANDOM = "no order", "random orders"
Q_LEARNING, LOCAL, ANNEALING = "Q-learning", "local search", "simulated annealing"
REINFORCE, PPO = "REINFORCE", "PPO"
DECISIONS = 1792
"""Of PPO between two updates, all lanes together."""


@dataclass(frozen=True)
class Size:
    """How much is played, tuned and learnt.

    Attributes:
        test: fixed scenarios.
        fresh: scenarios that nothing else uses.
        tuning: scenarios that rules are tuned on.
        trials: of a rule's numbers.
        judged: scenarios that a search judges nets on.
        searches: nets that a search judges.
        episodes: of Q-learning.
        updates: of REINFORCE.
        steps: of PPO.
        seeds: of every learner.
        bounded: scenarios of the bound at a price.
        seconds: of the solver for a scenario [s].
    """

    test: int
    fresh: int
    tuning: int
    trials: int
    judged: int
    searches: int
    episodes: int
    updates: int
    steps: int
    seeds: int
    bounded: int
    seconds: float

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


def learners(
    task: Distribution, judged: np.ndarray, size: Size
) -> dict[str, Callable[[int], Learnt]]:
    """What learns the month, by name; called with a seed."""
    menu = DistributionConfig(task, Sight.STOCK, Choice.MENU)
    searched = {
        LOCAL: SearchSettings(size.searches),
        ANNEALING: SearchSettings(size.searches, temperature=(300.0, 3.0)),
    }

    def q_learning(seed: int) -> Learnt:
        env = DistributionEnv(DistributionConfig(task))
        table = learn_table(env, seed, QSettings(size.episodes))
        return Learnt(Q_LEARNING, seed, Tabled(task, table), _smoothed(table.returns))

    def reinforce(seed: int) -> Learnt:
        settings = ReinforceSettings(updates=size.updates, problem="month", features=FEATURES)
        net = learn_by_reinforce(DistributionLanes(menu, 128), seed, settings)
        return _of_net(REINFORCE, seed, task, net)

    def searching(name: str) -> Callable[[int], Learnt]:
        def found(seed: int) -> Learnt:
            def judge(net: NetPolicy) -> float:
                return mean_profit(task, Stocked(task, net.act), judged)

            net = search(_shape(task), judge, seed, searched[name])
            return _of_net(name, seed, task, net)

        return found

    taught = {name: searching(name) for name in searched}
    return {
        Q_LEARNING: q_learning,
        **taught,
        REINFORCE: reinforce,
        PPO: lambda seed: taught_by_ppo(task, task, judged, size.steps, seed),
    }


def taught_by_ppo(
    lesson: Distribution,
    task: Distribution,
    judged: np.ndarray,
    steps: int,
    seed: int,
    stream: Path | None = None,
) -> Learnt:
    """The best policy for a task that PPO came by on a lesson, its training told to `stream`.

    Args:
        lesson: what it learns on; it may be shorter than the task, if it is long enough to see no
            end at first.
        task: what is judged and played.
        judged: scenarios by which the best is chosen (P, T, 2) [unit].
        steps: decisions.
        seed: of everything random.
        stream: a file that grows as the training goes on.
    """
    # torch is loaded only here.
    from brain.reference.learners import learn

    config = DistributionConfig(lesson, Sight.STOCK, Choice.MENU)
    settings = LearnSettings(
        ppo=PpoSettings(rollout=lesson.days, batch=448),
        gamma=0.99 if lesson.days <= FAR else 0.98,
        judge=lambda net: mean_profit(task, _playing(task, net), judged),
        judgements=20,
        stream=stream,
        problem="distribution",
        features=FEATURES,
    )
    net = learn(
        "ppo", lambda: DistributionLanes(config, DECISIONS // lesson.days), steps, seed, settings
    )
    return _of_net(PPO, seed, task, net)


@dataclass(frozen=True)
class Tabled:
    """A table of joint orders by the levels of the positions, as a policy."""

    task: Distribution
    table: QTable

    def __call__(self, situation: Situation) -> np.ndarray:
        """Orders (P, 3, 1) [unit]."""
        return JOINT[self.table.act(levels_of(self.task, situation.state))][..., None]


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


def _shape(task: Distribution) -> Shape:
    """The small net of a search: eight units, orders in units, scaled by a few random episodes."""
    config = DistributionConfig(task, Sight.STOCK, Choice.UNITS)
    rng = np.random.default_rng(0)
    lanes = DistributionLanes(config, 32)
    mean = max(task.mean)
    largest = np.array([5 * mean, 5 * mean, 10 * mean])
    seen, over = [lanes.reset(rng)], False
    while not over:
        observed, _, over, _ = lanes.step(rng.uniform(0, 0.6, (32, 3)) * largest)
        seen.append(observed)
    told = np.concatenate(seen)
    spread = np.maximum(told.std(axis=0), 1.0)
    return Shape(
        (8,), told.mean(axis=0), spread, np.zeros(3), largest, problem="month", features=FEATURES
    )


def _of_net(name: str, seed: int, task: Distribution, net: NetPolicy) -> Learnt:
    """A net that a learner has come by, and how it came on."""
    points = [(point.step / net.card.steps, point) for point in net.card.curve]
    curve = tuple(
        (share, point.reward if point.score is None else point.score)
        for share, point in points
        if point.reward is not None or point.score is not None
    )
    known = tuple((share, value) for share, value in curve if value is not None)
    return Learnt(name, seed, _playing(task, net), known, net)


def _playing(task: Distribution, net: NetPolicy) -> Stocked:
    """A net as a policy: choices are looked up, numbers are units."""
    return Stocked(task, lambda seen: JOINT[net.act(seen)] if net.discrete else net.act(seen))


def _smoothed(returns: np.ndarray, points: int = 20) -> tuple[tuple[float, float], ...]:
    """Means of so many stretches of the training, at their ends."""
    return tuple(_means(returns, min(points, len(returns))))


def _means(returns: np.ndarray, points: int) -> Iterator[tuple[float, float]]:
    for n, part in enumerate(np.array_split(returns, points)):
        yield (n + 1) / points, float(part.mean())
