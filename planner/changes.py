"""Changes of a what-if scenario, carried out: the same problem in another world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import isinf
from typing import Any

import numpy as np

from data.errors import ConfigurationError, PlannerError
from data.lookup import nearest
from data.network import Network
from data.scenario import Scenario
from data.terms import Budget, Suppliers
from data.weekdays import WEEKDAYS, said
from planner.what_if import (
    BudgetChange,
    CapacityChange,
    Change,
    CostChange,
    DemandChange,
    LeadTimeChange,
    OfProducts,
    OrderDaysChange,
    OverflowChange,
    Scaled,
    WhatIf,
)
from planner.wording import counted, day, number

TERMS = {
    "missed_sale_cost": "missed-sale cost",
    "holding_cost": "holding cost",
    "unit_cost": "unit cost",
}


@dataclass(frozen=True)
class Effect:
    """What one change came to.

    Attributes:
        change: what it is called in the file, 'cost 2'.
        said: in a sentence.
        touches: False where nothing is other than before.
    """

    change: str
    said: str
    touches: bool

    @property
    def sentence(self) -> str:
        """'cost 2: holding cost of 12 products x 1.1'."""
        return f"{self.change}: {self.said}"


@dataclass(frozen=True)
class Changed:
    """A problem after a scenario's changes, and what each of them came to."""

    scenario: Scenario
    effects: tuple[Effect, ...]


def changed(scenario: Scenario, what_if: WhatIf) -> Changed:
    """The planning problem as a what-if scenario has it.

    Raises:
        ConfigurationError: it names a stage that is none, or a world that cannot be.
    """
    effects = []
    for name, change in what_if.numbered:
        try:
            after, words = _carried_out(scenario, change)
        except PlannerError as error:
            raise ConfigurationError(f"scenario {what_if.name!r}, {name}: {error}") from error
        effects.append(Effect(name, words, after is not scenario))
        scenario = after
    return Changed(scenario, tuple(effects))


def _carried_out(scenario: Scenario, change: Change) -> tuple[Scenario, str]:
    """The problem after one change; the very same where the change touches nothing."""
    match change:
        case CapacityChange():
            return _of_stages(scenario, f"{change.limit}_capacity", change.stage, change)
        case OverflowChange():
            return _of_stages(scenario, "overflow_price", change.stage, change)
        case CostChange():
            return _cost(scenario, change)
        case DemandChange():
            return _demand(scenario, change)
        case LeadTimeChange():
            return _lead_time(scenario, change)
        case BudgetChange():
            return _budget(scenario, change)
        case OrderDaysChange():
            return _order_days(scenario, change)
    raise TypeError(f"no change is carried out as {type(change).__name__}")


def _of_stages(
    scenario: Scenario, attribute: str, stage: str | None, change: Scaled
) -> tuple[Scenario, str]:
    network, words = scenario.network, []
    stages = list(network.stages)
    for place in _places(network, stage):
        before = float(getattr(stages[place], attribute))
        after = _scaled(before, change)
        if after != before:
            limit: dict[str, Any] = {attribute: after}
            stages[place] = replace(stages[place], **limit)
            words.append(f"{stages[place].name} {number(before)} → {number(after)}")
    what = attribute.replace("_", " ")
    if not words:
        return scenario, f"touches nothing: the {what} of {stage or 'every stage'} stays as it is"
    return replace(scenario, network=replace(network, stages=tuple(stages))), (
        f"{what}: {', '.join(words)}"
    )


def _cost(scenario: Scenario, change: CostChange) -> tuple[Scenario, str]:
    chosen, missing = _chosen(scenario, change)
    before = getattr(scenario.products, change.term)
    wanted = change.value if change.factor is None else before * change.factor
    after = np.where(chosen, wanted, before)
    touched = int((np.isfinite(after) & (after != before)).sum())
    if not touched:
        return scenario, missing or f"touches nothing: no {TERMS[change.term]} changes"
    by = f"× {number(change.factor)}" if change.factor else f"= {number(float(change.value or 0))}"
    column: dict[str, Any] = {change.term: after}
    products = replace(scenario.products, **column)
    said_ = f"{TERMS[change.term]} of {counted(touched, 'product')} {by}{_also(missing)}"
    return replace(scenario, products=products), said_


def _demand(scenario: Scenario, change: DemandChange) -> tuple[Scenario, str]:
    chosen, missing = _chosen(scenario, change)
    forecast = scenario.forecast
    days = np.array([forecast.start + timedelta(days=n) for n in range(forecast.horizon)])
    within = np.ones(len(days), bool)
    if change.first:
        within &= days >= change.first
    if change.last:
        within &= days <= change.last
    spread = change.mean if change.std is None else change.std
    there = within[:, None] & chosen
    mean = np.where(there, forecast.mean * change.mean, forecast.mean)
    std = np.where(there, forecast.std * spread, forecast.std)
    touched = ((mean != forecast.mean) | (std != forecast.std)).any(axis=0)
    if not touched.any():
        why = "no forecast changes"
        if not within.any():
            why = f"the forecast runs from {day(days[0])} to {day(days[-1])}"
        return scenario, missing or f"touches nothing: {why}"
    first, last = days[within][[0, -1]]
    when = f"{day(first)} to {day(last)}" if first < last else day(first)
    said_ = (
        f"demand of {counted(int(touched.sum()), 'product')}, {when}: mean × {number(change.mean)},"
        f" standard deviation × {number(spread)}{_also(missing)}"
    )
    return replace(scenario, forecast=replace(forecast, mean=mean, std=std)), said_


def _lead_time(scenario: Scenario, change: LeadTimeChange) -> tuple[Scenario, str]:
    chosen, missing = _chosen(scenario, change)
    network, products = scenario.network, scenario.products
    top = len(network) - 1
    place = top if change.stage is None else _places(network, change.stage)[0]
    before = products.lead_time[place]
    wanted = before + change.days if change.days is not None else np.full_like(before, change.value)
    after = np.where(chosen, np.maximum(wanted, 0), before)
    touched = int((after != before).sum())
    name = network.names[place]
    if not touched:
        return scenario, missing or f"touches nothing: no lead time to {name} changes"
    lead_time = products.lead_time.copy()
    lead_time[place] = after
    by = f"{change.days:+d}" if change.days is not None else f"= {change.value}"
    floor = "; none is shorter than 0" if (wanted < 0).any() else ""
    said_ = f"lead time to {name} of {counted(touched, 'product')} {by} days{floor}"
    return replace(scenario, products=replace(products, lead_time=lead_time)), (
        said_ + _also(missing)
    )


def _budget(scenario: Scenario, change: BudgetChange) -> tuple[Scenario, str]:
    budget = Budget(change.per_day, change.total)
    if budget == scenario.terms.budget:
        return scenario, "touches nothing: the budget stays as it is"
    terms = replace(scenario.terms, budget=budget)
    return replace(scenario, terms=terms), (
        f"{number(budget.total)} in all, {number(budget.per_period)} a day"
    )


def _order_days(scenario: Scenario, change: OrderDaysChange) -> tuple[Scenario, str]:
    network, terms = scenario.network, scenario.terms
    if change.stage is not None:
        (place,) = _places(network, change.stage)
        if network.stages[place].order_days == change.open:
            return scenario, f"touches nothing: {change.stage} orders on these days already"
        stages = list(network.stages)
        stages[place] = replace(stages[place], order_days=change.open)
        after = replace(scenario, network=replace(network, stages=tuple(stages)))
        return after, f"{change.stage} orders on {said(change.open)}"
    known = sorted({str(name) for name in scenario.products.supplier if name})
    here = [name for name in change.suppliers if name in known]
    missing = _unknown("supplier", [n for n in change.suppliers if n not in known], known)
    suppliers = _open_on(terms.suppliers, here, change.open)
    if not here or (
        len(suppliers) == len(terms.suppliers)
        and (suppliers.order_days == terms.suppliers.order_days).all()
    ):
        return scenario, f"touches nothing: {missing or 'they take orders on these days already'}"
    after = replace(scenario, terms=replace(terms, suppliers=suppliers))
    words = f"{counted(len(here), 'supplier')} take orders on {said(change.open)}"
    return after, words + _also(missing)


def _open_on(suppliers: Suppliers, names: Sequence[str], open_: Sequence[bool]) -> Suppliers:
    """Suppliers' terms with other order days; who has no terms yet gets these alone."""
    new = [name for name in dict.fromkeys(names) if name not in suppliers.name.tolist()]
    name = np.array([*suppliers.name.tolist(), *new], dtype=object)
    none, any_day = np.zeros(len(new)), np.ones((len(new), len(WEEKDAYS)), dtype=bool)
    order_days = np.concatenate([suppliers.order_days, any_day])
    order_days[[str(of) in names for of in name]] = open_
    return Suppliers(
        name,
        np.concatenate([suppliers.minimum_order, none]),
        np.concatenate([suppliers.order_cost, none]),
        order_days,
    )


def _chosen(scenario: Scenario, change: OfProducts) -> tuple[np.ndarray, str]:
    """True for the products that are meant (K,), and which words mean none of them."""
    products = scenario.products
    chosen, unknown = np.ones(len(products), bool), []
    for what, words, column in (
        ("product", change.products, products.unique_id),
        ("category", change.categories, products.category),
        ("supplier", change.suppliers, products.supplier),
    ):
        if not words:
            continue
        there = np.array([str(value) for value in column.tolist()], dtype=object)
        chosen &= np.isin(there, list(words))
        known = sorted(set(there.tolist()) - {""})
        unknown.append(_unknown(what, [word for word in words if word not in known], known))
    missing = "; ".join(filter(None, unknown))
    if chosen.any():
        return chosen, missing
    return chosen, f"touches nothing: {missing or 'no product is in all of these lists'}"


def _unknown(what: str, words: Sequence[str], known: list[str]) -> str:
    """'no product has category Toyz, the nearest is Toys'."""
    said_ = []
    for word in words:
        near = nearest(word, known)
        hint = f", the nearest is {near[0]!r}" if near else ""
        said_.append(f"there is no {what} {word!r}{hint}")
    return "; ".join(said_)


def _also(missing: str) -> str:
    return f" ({missing})" if missing else ""


def _places(network: Network, stage: str | None) -> list[int]:
    if stage is None:
        return list(range(len(network)))
    if stage not in network.names:
        near = nearest(stage, list(network.names))
        hint = f"; did you mean {near[0]!r}?" if near else ";"
        raise ConfigurationError(
            f"stage is {stage!r}{hint} expected one of {', '.join(network.names)}"
        )
    return [network.names.index(stage)]


def _scaled(before: float, change: Scaled) -> float:
    """The value that a factor or a value makes of it; no limit stays no limit by any factor."""
    if change.factor is None:
        assert change.value is not None
        return change.value
    return before if isinf(before) else before * change.factor
