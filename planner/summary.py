"""What a plan came to in plain sentences and rows; the screen and the report both read it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from data.catalogue import Source
from data.issues import Issues, Severity
from data.product import Products
from planner.comparison import Comparison, compare, happening, promise, service, verdict
from planner.deciding import how_much_changed, money_worth, what_gave_way, who_decided
from planner.exceptions import Finding, Status
from planner.sources import who_advised, who_answered
from planner.space import StageSpace, fullness, inheritance, stage_spaces, supply_worth, worth
from planner.wording import counted, day, number

if TYPE_CHECKING:
    from planner.pipeline import Outcome

MOST_PRESSING = 5
"""Products named on the screen."""


@dataclass(frozen=True)
class Pressing:
    """A product that a person should look at.

    Attributes:
        unique_id: the product.
        name: for people; empty where none is given.
        finding: what is the matter.
    """

    unique_id: str
    name: str
    finding: Finding

    @property
    def money(self) -> str:
        """Money at stake in words."""
        return number(self.finding.money_at_stake)


@dataclass(frozen=True)
class Summary:
    """One plan, in sentences.

    Attributes:
        planned: what was planned.
        read: the files, one each.
        assumed: what was not given and what stands in for it.
        odd: what was left out of the tables or read differently from how it was written.
        skipped: reason per product that is not planned, by unique_id.
        promised, happened, verdict, service: the money and the service, one or two sentences each.
        conflicts: terms that clashed, and what gave way.
        advised: who advised the safety stock.
        decided: who decided the orders, and how near the best that is.
        answered: who says what to hold at the price of space; empty where space is free.
        comparison: the money by rule and term.
        spaces: how full the stages are.
        space: the same in sentences, with what more of it is worth and who answers to that.
        statuses: how many products are in each status, the most pressing first.
        pressing: the products with most at stake.
        folder: where the run stands; None before it is written.
    """

    planned: str
    read: tuple[str, ...]
    assumed: tuple[str, ...]
    odd: tuple[str, ...]
    skipped: dict[str, str]
    promised: str
    happened: str
    verdict: str
    service: str
    conflicts: tuple[str, ...]
    advised: str
    decided: str
    answered: str
    comparison: Comparison
    spaces: tuple[StageSpace, ...]
    space: tuple[str, ...]
    statuses: tuple[tuple[Status, int], ...]
    pressing: tuple[Pressing, ...]
    folder: Path | None = None


def summary(outcome: Outcome, folder: Path | None = None, pressing: int = MOST_PRESSING) -> Summary:
    """What a plan came to.

    Args:
        outcome: the plan.
        folder: where its run folder stands, if it has been written.
        pressing: how many of the most pressing products are named.
    """
    reading = outcome.reading
    comparison, spaces = compare(outcome), stage_spaces(outcome)
    answered, money = who_answered(outcome), money_worth(outcome.planned)
    counts = Counter(finding.status for finding in outcome.findings)
    return Summary(
        planned=_planned(outcome),
        read=tuple(map(_read, reading.sources)),
        assumed=reading.assumed,
        odd=_odd(reading.issues),
        skipped=reading.skipped,
        promised=promise(comparison),
        happened=happening(comparison),
        verdict=verdict(comparison),
        service=service(comparison),
        conflicts=what_gave_way(outcome),
        advised=who_advised(outcome.advised),
        decided=" ".join(filter(None, (who_decided(outcome.planned), how_much_changed(outcome)))),
        answered=answered,
        comparison=comparison,
        spaces=spaces,
        space=(*_space(spaces), *(said for said in (money, answered) if said)),
        statuses=tuple((status, counts[status]) for status in Status if counts[status]),
        pressing=_pressing(outcome.findings, outcome.problem.scenario.products, pressing),
        folder=folder,
    )


def _planned(outcome: Outcome) -> str:
    scenario, horizon = outcome.problem.scenario, outcome.problem.horizon
    products = counted(len(scenario.products), "product")
    stages = counted(len(scenario.network), "stage")
    last = scenario.start + timedelta(days=horizon - 1)
    span = f"{day(scenario.start)} to {day(last)}" if horizon > 1 else day(last)
    said = f"{products} at {stages} over {counted(horizon, 'day')}, {span}."
    if horizon < outcome.config.horizon:
        return f"{said} The forecast ends there; {outcome.config.horizon} days were asked for."
    return said


def _read(source: Source) -> str:
    things = {"network": "stage", "trust": "product"}
    thing = "change" if source.table.startswith("scenario ") else things.get(source.table, "row")
    return f"{source.path} ({counted(source.records, thing)})"


def _odd(issues: Issues) -> tuple[str, ...]:
    found = (Severity.SKIPPED, Severity.MENDED)
    return tuple(line for severity in found for line in issues.lines(severity))


def _space(spaces: tuple[StageSpace, ...]) -> tuple[str, ...]:
    """What there is to say about space and supply, stage by stage."""
    if not any(space.limited or space.supply_price.any() for space in spaces):
        return ("No stage is short of space or supply.",)
    said = (
        sentence(space)
        for space in spaces
        for sentence in (fullness, worth, inheritance, supply_worth)
    )
    return tuple(sentence for sentence in said if sentence)


def _pressing(findings: list[Finding], products: Products, count: int) -> tuple[Pressing, ...]:
    """The first of the findings, which come with most at stake first; what is fine is left out."""
    names = dict(zip(map(str, products.unique_id), map(str, products.name), strict=True))
    ranked = [finding for finding in findings if finding.status is not Status.FINE]
    return tuple(Pressing(f.unique_id, names.get(f.unique_id, ""), f) for f in ranked[:count])
