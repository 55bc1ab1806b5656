"""A whole backtest: rules are tuned on earlier days, and all are tried on later ones.

Days before those that count bring stock to where each rule leads it. What is tuned or fitted is
so on the validation days alone: base-stock per product, corrections of learnt advice per group, and
the space of the tight case. Ours is learnt advice, corrected, that meets base-stock halfway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from brain.brain import Brain
from data.engine import Alone, Engine
from data.network import Network
from envs.policies import SafetyFactors, constant
from planner.backtest import contestants
from planner.backtest.account import Account
from planner.backtest.contestants import Brains, ByAdvice, Scaled, Unpriced
from planner.backtest.corrections import Corrections, corrections_of
from planner.backtest.groups import Groups, groups_of
from planner.backtest.past import Forecaster, Month, Past, Span, months_of
from planner.backtest.tuning import Tuned, Tuning, tuned_base_stock
from planner.backtest.walk import Rule, walk
from planner.problem import Problem
from planner.rules import ClosedForm

OURS, LEARNT, AS_IT_IS = "ours", "learnt advice", "learnt advice, uncorrected"
BRAIN, BRAIN_SCALED = "ours, space ignored", "ours, scaled to fit"
TEXTBOOK, TEXTBOOK_SCALED = "textbook", "textbook, scaled to fit"
BASE_STOCK = "tuned base-stock"
BASE_STOCK_SCALED = "tuned base-stock, scaled to fit"
BASE_STOCK_PRICED = "tuned base-stock, priced"
OPTIMISER, BOUND, ORDERED = "optimiser only", "perfect information", "as ordered"
UNLIMITED, TIGHT, NETWORK = "unlimited", "tight", "network"
CASES = (UNLIMITED, TIGHT, NETWORK)
"""Room for everything; room as fitted; room as the network's file says."""
TIGHTNESS = 0.7
"""Room beyond what flow needs, over what ours would use on 95 of 100 days."""
OVERFLOW = 5.0
"""Price of overflow in the tight case, over what holding costs per volume on average [1]."""
OFTEN = 0.95
RIVALS = {
    UNLIMITED: (BASE_STOCK,),
    TIGHT: (BASE_STOCK_PRICED, BASE_STOCK_SCALED),
    NETWORK: (BASE_STOCK_PRICED, BASE_STOCK_SCALED, BASE_STOCK),
}
"""How base-stock is carried out in each case; the cheapest on validation days is the reference."""


@dataclass(frozen=True)
class Setting:
    """What is tried.

    Attributes:
        validate: days on which rules are tuned.
        test: days on which they are compared.
        cases: some of CASES.
        tightness: of the tight case [1].
        brains: who advises; those shipped if not given.
        seed: of futures that prices are looked up on.
        orders: what people ordered, by day from the test's first day on (T, M, K) [unit].
        optimiser: whether the optimiser alone is a rival.
    """

    validate: Span
    test: Span
    cases: tuple[str, ...] = (UNLIMITED, TIGHT)
    tightness: float = TIGHTNESS
    brains: Sequence[Brain] | None = None
    seed: int = 1
    orders: np.ndarray | None = None
    optimiser: bool = True


@dataclass(frozen=True)
class Found:
    """What a backtest came to.

    Attributes:
        setting: what was tried.
        past: on whom.
        groups: what the products are like.
        tuned: the base-stock.
        corrections: of our own advice.
        networks: the chain of each case.
        accounts: of each rule on the test days, by case and name.
        reference: the strongest way to carry out base-stock, by case.
    """

    setting: Setting
    past: Past
    groups: Groups
    tuned: Tuned
    corrections: Corrections
    networks: Mapping[str, Network]
    accounts: Mapping[str, Mapping[str, Account]]
    reference: Mapping[str, str]


@dataclass(frozen=True)
class Held:
    """Safety factors (M, K) [1] that stay the same in every month."""

    z: np.ndarray

    def __call__(self, problem: Problem) -> SafetyFactors:
        """Those of a month."""
        return constant(self.z)


@dataclass(frozen=True)
class HeldPriced:
    """The same, a price of space answered as the newsvendor would."""

    z: np.ndarray

    def __call__(self, problem: Problem) -> ClosedForm:
        """Those of a month."""
        return ClosedForm(constant(self.z), problem.scenario, problem.outlook)


@dataclass(frozen=True)
class Lineup:
    """Rules that walk through the same months.

    Attributes:
        months: with days before those that count.
        rules: by name.
    """

    months: Sequence[Month]
    rules: Mapping[str, Rule]


def backtest(
    past: Past,
    setting: Setting,
    forecaster: Forecaster,
    tell: Callable[[str], None] = lambda step: None,
    engine: Engine | None = None,
) -> Found:
    """Tunes on the validation days and tries every rule on the test days."""
    players = engine or Alone()
    validation, test = _months(past, setting, forecaster, tell, players)
    groups = groups_of(past.sales.until(setting.validate.first), past.products.cost_ratio)
    tell("tune base-stock")
    free = _unlimited(past.network)
    roomy = [month.within(free) for month in validation]
    tuning = Tuning(roomy, setting.validate, groups.number)
    tuned = tuned_base_stock(tuning, players)
    tell("correct the advice")
    corrections = corrections_of(tuning, setting.brains, players)
    brains = Brains(setting.brains, corrections, tuned.z)
    networks = {UNLIMITED: free, NETWORK: past.network}
    if TIGHT in setting.cases:
        tell("fit the space of the tight case")
        alone = walk(roomy, ByAdvice(brains, setting.seed))
        networks[TIGHT] = tight_network(past, alone.of(setting.validate), setting)
    accounts, reference = {}, {}
    for case in setting.cases:
        network = networks[case]
        rivals = {name: _base_stock(tuned.z, setting.seed)[name] for name in RIVALS[case]}
        reference[case] = RIVALS[case][0]
        if len(rivals) > 1:
            months = [month.within(network) for month in validation]
            spent = _walked(
                Lineup(months, rivals), setting.validate, players, tell, f"{case}, earlier"
            )
            reference[case] = min(spent, key=lambda name: float(spent[name].by_product.sum()))
        months = [month.within(network) for month in test]
        rules = _rules(case, tuned.z, brains, setting)
        accounts[case] = _walked(Lineup(months, rules), setting.test, players, tell, case)
        counted = [month for month in months if month.span.first in setting.test]
        accounts[case][BOUND] = contestants.perfect_information(counted)
    return Found(setting, past, groups, tuned, corrections, networks, accounts, reference)


def _months(
    past: Past,
    setting: Setting,
    forecaster: Forecaster,
    tell: Callable[[str], None],
    engine: Engine,
) -> tuple[list[Month], list[Month]]:
    """Months to validate and to test, each with one before that does not count; each read once."""
    parts = []
    for span in (setting.validate, setting.test):
        before = (span.first - timedelta(days=1)).replace(day=1)
        early = max(before, past.sales.first + timedelta(days=1))
        settling = [Span(early, span.first - timedelta(days=1))] if early < span.first else []
        parts.append([*settling, *span.months])
    spans = sorted({span for part in parts for span in part}, key=lambda span: span.first)
    made = {}
    for span, month in zip(spans, engine.map(_month, (past, forecaster), spans), strict=True):
        tell(f"forecast {span.first:%Y-%m}")
        made[span] = month
    validation, test = ([made[span] for span in part] for part in parts)
    return validation, test


def _month(known: tuple[Past, Forecaster], span: Span) -> Month:
    past, forecaster = known
    return months_of(past, span, forecaster)[0]


def tight_network(past: Past, alone: Account, setting: Setting) -> Network:
    """The chain with room for what must flow and a part of what ours would use beyond it.

    C = floor + tightness (q95 - floor): a shelf always sees a day of flow, a stage above two, for
    it ships only what it held overnight.

    Args:
        past: products and chain.
        alone: the account of ours with room for everything, on the validation days.
        setting: how tight.
    """
    flow = float(alone.served.mean(axis=0) @ past.products.volume)
    passes = np.where(np.arange(len(past.network)) == 0, 1.0, 2.0)
    floor = flow * passes
    used = np.quantile(alone.space, OFTEN, axis=0)
    room = floor + setting.tightness * np.maximum(used - floor, 0.0)
    volume = np.maximum(past.products.volume, np.finfo(float).tiny)
    price = OVERFLOW * float(np.median(past.products.holding_cost / volume))
    stages = tuple(
        replace(stage, storage_capacity=float(space), overflow_price=price)
        for stage, space in zip(past.network.stages, room, strict=True)
    )
    return replace(past.network, stages=stages)


def _unlimited(network: Network) -> Network:
    stages = tuple(replace(stage, storage_capacity=np.inf) for stage in network.stages)
    return replace(network, stages=stages)


def _base_stock(z: np.ndarray, seed: int) -> dict[str, Rule]:
    """Every way to carry out base-stock."""
    return {
        BASE_STOCK: Unpriced(Held(z)),
        BASE_STOCK_SCALED: Scaled(Held(z)),
        BASE_STOCK_PRICED: ByAdvice(HeldPriced(z), seed),
    }


def _rules(case: str, z: np.ndarray, brains: Brains, setting: Setting) -> dict[str, Rule]:
    """The rules of a case, by name, ours first."""
    base_stock = _base_stock(z, setting.seed)
    rules: dict[str, Rule] = {OURS: ByAdvice(brains, setting.seed)}
    rules[LEARNT] = ByAdvice(replace(brains, own=None), setting.seed)
    rules[AS_IT_IS] = ByAdvice(Brains(setting.brains), setting.seed)
    rules |= {name: base_stock[name] for name in RIVALS[case]}
    if case == UNLIMITED:
        rules[TEXTBOOK] = Unpriced(contestants.textbook)
    else:
        rules[BRAIN] = Unpriced(brains)
        rules[BRAIN_SCALED] = Scaled(brains)
        rules[TEXTBOOK_SCALED] = Scaled(contestants.textbook)
    if setting.optimiser:
        rules[OPTIMISER] = contestants.optimiser
    if setting.orders is not None:
        rules[ORDERED] = contestants.AsOrdered(setting.orders, setting.test.first)
    return rules


def _walked(
    lineup: Lineup, span: Span, engine: Engine, tell: Callable[[str], None], case: str
) -> dict[str, Account]:
    """The accounts of all rules over the days of a span, by name."""
    accounts = {}
    names = list(lineup.rules)
    for name, account in zip(names, engine.map(_walk, lineup, names), strict=True):
        tell(f"{case}: {name}")
        accounts[name] = account.of(span)
    return accounts


def _walk(lineup: Lineup, name: str) -> Account:
    return walk(lineup.months, lineup.rules[name])
