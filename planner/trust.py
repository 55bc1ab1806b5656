"""Trust: on which products learnt advice has served the past better than tuned base-stock.

`planner backtest` writes it as `trust.csv`; `planner plan` gives a product back to its base-stock
where learnt advice has lost, and says so. Every other product of the file meets its own past
halfway: its safety factors are the mean of what is advised, corrected by the past of products like
it, and of the base-stock tuned for it alone. Means of two good estimates are better than either
where their errors differ (Bates and Granger 1969, OR 20(4)); advice knows what is usual, the
product's past what is its own.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

import numpy as np

from brain.advice import Advisor, advisor_of
from brain.brain import Brain
from data.errors import DataError
from data.issues import escaped
from data.outlook import Outlook
from data.safety_stock import SafetyStock
from data.scenario import Scenario
from envs.policies import HIGHEST_Z, LOWEST_Z, Situation, constant
from planner.rules import Advice, ClosedForm

FILE = "trust.csv"
EARNED, LOST, UNTOLD = "earned", "not earned", "cannot tell"
VERDICTS = (EARNED, LOST, UNTOLD)
NUMBERS = ("learnt_cost", "base_stock_cost", "difference", "low", "high")
MET = "met halfway by the base-stock that its own past prefers"
COLUMNS = ("unique_id", *NUMBERS, "verdict", "beyond")
HALFWAY = 0.5
"""Weight of the base-stock tuned for a product beside advice [1]."""
FACTOR, ADDED = "z_", "added_"
"""Columns per stage are called z_0, z_1, .., the shelf first."""


@dataclass(frozen=True)
class Trust:
    """What the past says of K products.

    Attributes:
        unique_id: (K,).
        learnt_cost: of learnt advice on the days tried (K,) [money/day].
        base_stock_cost: of base-stock tuned for the product on earlier days (K,) [money/day].
        difference: learnt less base-stock, over the dearer of the two (K,) [1].
        low, high: 95 % interval of that difference, drawn towards products like it (K,) [1].
        verdict: one of VERDICTS (K,).
        z: safety factors of the tuned base-stock (M, K) [1].
        beyond: True where brains are asked although forecast errors are larger than those they
            have learnt, because that has served the past of products like it better (K,).
        added: what the past adds to advised safety factors (M, K) [1].
    """

    unique_id: np.ndarray
    learnt_cost: np.ndarray
    base_stock_cost: np.ndarray
    difference: np.ndarray
    low: np.ndarray
    high: np.ndarray
    verdict: np.ndarray
    z: np.ndarray
    beyond: np.ndarray
    added: np.ndarray

    @property
    def lost(self) -> np.ndarray:
        """True where learnt advice has lost (K,)."""
        return np.asarray(self.verdict == LOST)

    @property
    def sentence(self) -> str:
        """What becomes of it, in one sentence."""
        lost, all_of_them = int(self.lost.sum()), len(self.lost)
        return (
            f"{FILE}: {lost:,} of {all_of_them:,} products are given back to base-stock, which "
            "served their past better; the others' advice meets the base-stock of their own past "
            "halfway"
        )

    @property
    def counted(self) -> dict[str, int]:
        """How many products each verdict was given."""
        found = Counter(map(str, self.verdict))
        return {verdict: found[verdict] for verdict in VERDICTS}

    @property
    def header(self) -> tuple[str, ...]:
        """The columns of trust.csv."""
        stages = range(len(self.z))
        return (*COLUMNS, *(f"{name}{stage}" for name in (FACTOR, ADDED) for stage in stages))

    def rows(self) -> Iterator[tuple[str | float, ...]]:
        """The rows of trust.csv."""
        numbers = np.stack([getattr(self, name) for name in NUMBERS])
        by_stage = np.concatenate([self.z, self.added])
        for k, (name, verdict) in enumerate(zip(self.unique_id, self.verdict, strict=True)):
            said = (str(verdict), int(self.beyond[k]))
            yield (str(name), *numbers[:, k].tolist(), *said, *by_stage[:, k].tolist())


def read_trust(path: Path) -> Trust:
    """Trust as `planner backtest` has written it.

    Raises:
        DataError: the file cannot be read, lacks a column, or holds what is no number or verdict.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error}); write it with planner backtest") from (
            error
        )
    found = tuple(rows[0]) if rows else ()
    stages = sum(str(name).startswith(FACTOR) for name in found)
    by_stage = tuple(f"{name}{m}" for name in (FACTOR, ADDED) for m in range(max(stages, 1)))
    missing = [name for name in (*COLUMNS, *by_stage) if name not in found]
    if missing:
        there = ", ".join(map(str, found)) or "no row"
        raise DataError(
            f"{path}: no column {missing[0]!r}, found {there}; write it with planner backtest"
        )
    names = (*NUMBERS, "beyond", *by_stage)
    numbers = np.array([_numbers(path, row, names) for row in rows]).T
    said = [row["verdict"] for row in rows]
    for line, verdict in enumerate(said, 2):
        if verdict not in VERDICTS:
            raise DataError(
                f"{path}, row {line}: verdict is {verdict!r}, expected one of {', '.join(VERDICTS)}"
            )
    ids = [row["unique_id"] for row in rows]
    twice = [name for name, count in Counter(ids).items() if count > 1]
    if twice:
        raise DataError(f"{path}: {twice[0]!r} stands there twice; keep one row per product")
    return Trust(
        unique_id=np.array(ids, dtype=object),
        **dict(zip(NUMBERS, numbers[: len(NUMBERS)], strict=True)),
        verdict=np.array(said, dtype=object),
        z=numbers[len(NUMBERS) + 1 : -stages],
        beyond=numbers[len(NUMBERS)] > 0,
        added=numbers[-stages:],
    )


def _numbers(path: Path, row: dict[str, str], names: Sequence[str]) -> list[float]:
    values = []
    for name in names:
        try:
            value = float(row[name])
        except (TypeError, ValueError):
            value = float("nan")
        if not isfinite(value):
            raise DataError(
                f"{path}, {row['unique_id']}: {name} is {row[name]!r}, expected a number; write "
                "the file again with planner backtest"
            )
        values.append(value)
    return values


def trust_beside(forecast: Path) -> Path | None:
    """The trust.csv in the forecast's folder, if there is one."""
    path = (forecast if forecast.is_dir() else forecast.parent) / FILE
    return path if path.is_file() else None


def trusted_advisor(
    scenario: Scenario,
    outlook: Outlook,
    brains: Sequence[Brain] | None = None,
    trust: Trust | None = None,
) -> Advisor:
    """The advisor of a planning problem, products on which it has lost given back to base-stock.

    Products that the file does not know are advised as without it.

    Raises:
        DataError: the file is about chains of another length.
    """
    if trust is None:
        return advisor_of(scenario, outlook, brains)
    stages, count = scenario.products.lead_time.shape
    if len(trust.z) != stages:
        raise DataError(
            f"trust: safety factors for {len(trust.z)} stages, and the chain has {stages}; run "
            "planner backtest on this chain, or plan without the file"
        )
    own, theirs = _places(trust, scenario.products.unique_id)
    beyond = np.zeros(count, bool)
    beyond[own] = trust.beyond[theirs]
    z, reason = np.full((stages, count), np.nan), np.full(count, "", dtype=object)
    for place, number in zip(own.tolist(), theirs.tolist(), strict=True):
        if trust.lost[number]:
            z[:, place], reason[place] = trust.z[:, number], _why(trust, number)
    advisor = advisor_of(scenario, outlook, brains, beyond)
    return advisor.giving_back(z, reason) if trust.lost.any() else advisor


def met_halfway(
    advice: Advice, scenario: Scenario, outlook: Outlook, trust: Trust | None
) -> Advice:
    """Advice that meets the past of each product that the file knows halfway.

    Args:
        advice: of `trusted_advisor`.
        scenario: the problem.
        outlook: its forecast.
        trust: what the past says; None leaves the advice as it is.
    """
    if trust is None:
        return advice
    shape = scenario.products.lead_time.shape
    added, z, weight = np.zeros(shape), np.zeros(shape), np.zeros(shape[1])
    own, theirs = _places(trust, scenario.products.unique_id)
    added[:, own] = np.where(trust.lost, 0.0, trust.added)[:, theirs]
    z[:, own], weight[own] = trust.z[:, theirs], HALFWAY
    base_stock = ClosedForm(constant(z), scenario, outlook)
    return Halfway(advice, added, base_stock, weight)


def safety_stock(
    advisor: Advisor, advice: Advice, situation: Situation, trust: Trust | None, ids: np.ndarray
) -> SafetyStock:
    """What is advised for a situation of one path, with who gave it and why.

    Args:
        advisor: of `trusted_advisor`.
        advice: the same, met halfway.
        situation: the morning.
        trust: what the past says; None if nobody asked it.
        ids: unique_id of the products (K,).
    """
    found = advisor.safety_stock(situation)
    if trust is None:
        return found
    reason = found.reason.copy()
    own, theirs = _places(trust, ids)
    for place in own[~trust.lost[theirs]].tolist():
        reason[place] = "; ".join(filter(None, (reason[place], MET)))
    z = np.broadcast_to(advice(situation), situation.state.on_hand.shape)[0]
    return replace(found, z=z, reason=reason)


@dataclass(frozen=True)
class Halfway:
    """Corrected advice and base-stock, weighed.

    Attributes:
        advice: what is advised.
        added: what the past of products like each adds to it (M, K) [1].
        base_stock: what the product's own past prefers.
        weight: of the base-stock (K,) [1].
    """

    advice: Advice
    added: np.ndarray
    base_stock: Advice
    weight: np.ndarray

    def __call__(self, situation: Situation) -> np.ndarray:
        """z (P, M, K) or (M, K) [1] where space is free."""
        return self._met(self.advice(situation), self.base_stock(situation))

    def at(self, situation: Situation, price: np.ndarray) -> np.ndarray:
        """z (P, M, K) or (M, K) [1] at a price (M,) or prices (C, M) [money/volume/period]."""
        return self._met(self.advice.at(situation, price), self.base_stock.at(situation, price))

    def take(self, products: np.ndarray) -> Halfway:
        """The same for some of the products, by their numbers."""
        return Halfway(
            self.advice.take(products),
            self.added[:, products],
            self.base_stock.take(products),
            self.weight[products],
        )

    def _met(self, advised: np.ndarray, own: np.ndarray) -> np.ndarray:
        corrected = np.clip(advised + self.added, LOWEST_Z, HIGHEST_Z)
        return np.asarray((1 - self.weight) * corrected + self.weight * own)


def _places(trust: Trust, unique_id: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the products that the file knows, and their rows there."""
    row = {str(name): number for number, name in enumerate(trust.unique_id)}
    known = [
        (k, row.get(escaped(str(name)), row.get(str(name)))) for k, name in enumerate(unique_id)
    ]
    pairs = [(k, number) for k, number in known if number is not None]
    both = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _why(trust: Trust, number: int) -> str:
    low, high, value = (
        100 * float(part[number]) for part in (trust.low, trust.high, trust.difference)
    )
    return f"served its past better by {value:.0f} % (95 % interval {low:.0f} to {high:.0f} %)"
