"""What would be planned, by whom, how long it would take and what is missing; nothing is solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from brain.advice import Advisor
from data.engine import Alone
from data.issues import Severity
from data.safety_stock import SafetyStock
from milp.decomposition import WHOLE
from milp.reconcile import MANY
from planner.announced import announced_by
from planner.changes import Effect
from planner.clashes import broken_by_locks, never_placed
from planner.config import PlanConfig
from planner.cost_model import Load, Span, memory, seconds, speed_here
from planner.engine import cores
from planner.intake import Intake, read_intake
from planner.lookahead import LARGEST_SAMPLE
from planner.pipeline import brains_of, making_of
from planner.planning import AUTO, LEVELS, SOON, Making, decides_lots, programme_alone
from planner.problem import Problem, problem_of
from planner.replay import futures_of, has_optimiser
from planner.sources import advisers, reasons
from planner.trust import trusted_advisor
from planner.what_if import Asked
from planner.wording import counted, day, number

FREE, PROGRAMME, PRICES = "the advice alone", "the programme", "prices of space"
MEGABYTE = 1e6


@dataclass(frozen=True)
class DryRun:
    """What a plan would be.

    Attributes:
        unique_id: products that would be planned (K,).
        planned: what, in a sentence.
        read: the files.
        assumed: what is missing and what stands in for it.
        odd: what is left out of the tables or read differently from how it was written.
        skipped: reason per product that would not be planned, by unique_id.
        effects: of what-if scenarios.
        advice: products by who would advise them, and why it is not a brain.
        decides: FREE, PROGRAMME or PRICES.
        deciding: who would decide, in sentences.
        play: what lots, money, suppliers, locks and space limit, a sentence each.
        clashes: terms that no plan can keep.
        seconds: wall time by step [s].
        memory: [byte].
    """

    unique_id: np.ndarray
    planned: str
    read: tuple[str, ...]
    assumed: tuple[str, ...]
    odd: tuple[str, ...]
    skipped: dict[str, str]
    effects: tuple[Effect, ...]
    advice: str
    decides: str
    deciding: tuple[str, ...]
    play: tuple[str, ...]
    clashes: tuple[str, ...]
    seconds: dict[str, Span]
    memory: Span

    @property
    def total(self) -> Span:
        """Of all steps [s]."""
        return sum(self.seconds.values(), Span(0.0, 0.0))

    @property
    def cost(self) -> str:
        """Time and memory, in a sentence."""
        steps = ", ".join(f"{step} {_span(of)}" for step, of in self.seconds.items())
        low, high = self.memory.low / MEGABYTE, self.memory.high / MEGABYTE
        return (
            f"It would take {_span(self.total)} s ({steps}) and {low:,.0f} to {high:,.0f} MB of "
            "memory, as far as this machine's speed tells."
        )


def dry_run(config: PlanConfig, asked: Sequence[Asked] = ()) -> DryRun:
    """What `planner plan` would do with these options; no programme is solved.

    Raises:
        PlannerError: the tables, the options or a scenario cannot be used, as the plan would raise.
    """
    intake = read_intake(config, asked)
    problem = problem_of(intake.scenario, intake.horizon)
    brains = brains_of(config)
    advisor = trusted_advisor(problem.scenario, problem.outlook, brains, intake.trust)
    since = config.since
    announced = announced_by(since, problem.scenario, config.fence) if since else None
    making = making_of(config, announced, Alone())
    decides = who_decides(problem, making)
    load = load_of(config, intake, (problem, advisor), making)
    issues = intake.reading.issues
    odd = [line for kind in (Severity.SKIPPED, Severity.MENDED) for line in issues.lines(kind)]
    return DryRun(
        unique_id=problem.scenario.products.unique_id,
        planned=_planned(config, problem),
        read=tuple(map(str, intake.reading.sources)),
        assumed=intake.reading.assumed,
        odd=tuple(odd),
        skipped=dict(intake.reading.skipped),
        effects=tuple(effect for of in intake.effects.values() for effect in of),
        advice=_advice(advisor, problem),
        decides=decides,
        deciding=tuple(_deciding(problem, making, load, decides)),
        play=tuple(_play(problem)),
        clashes=tuple(_clashes(problem)),
        seconds=seconds(load, speed_here(), cores()),
        memory=memory(load),
    )


def who_decides(problem: Problem, making: Making) -> str:
    """Who would decide the orders, should anything that products share turn out to be scarce."""
    alone = programme_alone(problem, making)
    if not alone and not (making.coupling and problem.has_limits):
        return FREE
    asked = making.mode == LEVELS or (making.mode == AUTO and problem.shares_more_than_space)
    return PROGRAMME if alone or asked else PRICES


def load_of(
    config: PlanConfig, intake: Intake, advised: tuple[Problem, Advisor], making: Making
) -> Load:
    """What the plan would work on."""
    problem, advisor = advised
    products = len(problem.scenario.products)
    decides = who_decides(problem, making)
    beside = making.mode == AUTO and products <= SOON
    solved = decides == PROGRAMME or (decides == PRICES and beside)
    space = bool(np.isfinite(problem.scenario.network.storage_capacity).any())
    return Load(
        rows=sum(source.records for source in intake.reading.sources),
        products=products,
        stages=len(problem.scenario.network),
        days=problem.horizon,
        futures=config.paths or futures_of(problem),
        asked=int((advisor.reason == "").sum()),
        ahead=min(products, LARGEST_SAMPLE) if space and decides != FREE else 0,
        programme=products if solved else 0,
        batches=products > MANY,
        rival=products if has_optimiser(problem) else 0,
        report=config.report,
    )


def _planned(config: PlanConfig, problem: Problem) -> str:
    scenario, horizon = problem.scenario, problem.horizon
    last = scenario.start + timedelta(days=horizon - 1)
    said = (
        f"{counted(len(scenario.products), 'product')} at "
        f"{counted(len(scenario.network), 'stage')} would be planned over "
        f"{counted(horizon, 'day')}, {day(scenario.start)} to {day(last)}."
    )
    if horizon < config.horizon:
        said += f" The forecast ends there; {config.horizon} days were asked for."
    return said


def _advice(advisor: Advisor, problem: Problem) -> str:
    """Who would advise, in a sentence, and why it is not a brain."""
    sigma = problem.outlook.windows(0).std
    who = SafetyStock(advisor.theory, sigma, advisor.source, advisor.reason)
    counts = ", ".join(f"{name} {number(n)}" for name, n in advisers(who).items() if n)
    why = "; ".join(f"{reason} ({number(count)})" for reason, count in reasons(who))
    return f"Who would advise how many products: {counts}{f' ({why})' if why else ''}."


def _deciding(problem: Problem, making: Making, load: Load, decides: str) -> list[str]:
    said = {
        FREE: "Nothing that products share is limited: orders would be what the advice asks for.",
        PROGRAMME: "The programme would decide the orders of all products together.",
        PRICES: "Orders would be what the advice asks for at the price of space, if it has one.",
    }[decides]
    found = [said]
    if load.ahead:
        of = f" on a sample of {number(load.ahead)}" if load.ahead < load.products else ""
        found.append(f"Prices of space would be looked up by playing the rule ahead{of}.")
    if load.programme:
        beside = "" if decides == PROGRAMME else " beside it, for its bounds and prices"
        how = "as one linear programme"
        if load.batches:
            batches = max(round(load.products / WHOLE.batch), 1)
            how = f"in {counted(batches, 'batch', 'batches')} that share what is scarce"
        found.append(f"The programme would be solved{beside}, {how}.")
        if decides_lots(problem, making):
            found.append("It would decide lots and minimum orders, too.")
    found.append(f"The plan would be replayed on {counted(load.futures, 'sampled future')}.")
    return found


def _play(problem: Problem) -> list[str]:
    """What limits the plan, one sentence each."""
    scenario = problem.scenario
    products, terms, stages = scenario.products, scenario.terms, scenario.network.stages
    columns = {
        "lots of more than one unit": products.lot_size > 1,
        "minimum orders": products.minimum_order > 0,
        "largest orders": np.isfinite(products.maximum_order),
        "a fixed cost per order": products.order_cost > 0,
    }
    found = [f"{counted(int(n.sum()), 'product')} with {what}" for what, n in columns.items()]
    found = [line for line, n in zip(found, columns.values(), strict=True) if n.any()]
    limited = [stage.name for stage in stages if np.isfinite(stage.storage_capacity)]
    supplied = [stage.name for stage in stages if np.isfinite(stage.supply_capacity)]
    if limited:
        found.append(f"limited space at {', '.join(limited)}")
    if supplied:
        found.append(f"limited supply to {', '.join(supplied)}")
    if any(stage.truck_volume for stage in stages):
        found.append("whole trucks")
    if terms.budget.limited:
        total, per_day = terms.budget.total, terms.budget.per_period
        found.append(f"a budget of {number(total)} in all and {number(per_day)} a day")
    if len(terms.suppliers):
        found.append(f"terms of {counted(len(terms.suppliers), 'supplier')}")
    if problem.may_order is not None:
        found.append("order days")
    if len(terms.locks):
        found.append(f"{counted(len(terms.locks), 'locked order line')}")
    return found


def _clashes(problem: Problem) -> list[str]:
    """Terms that clash whatever is planned; what locks do together only the plan finds out."""
    scenario = problem.scenario
    locks = scenario.terms.locks.only(scenario.terms.locks.day < problem.horizon)
    found = [*never_placed(scenario), *broken_by_locks(scenario, locks)]
    return [conflict.explanation for conflict in found]


def _span(of: Span) -> str:
    low, high = (f"{end:.1f}" if end < 10 else f"{end:,.0f}" for end in (of.low, of.high))
    return low if low == high else f"{low} to {high}"
