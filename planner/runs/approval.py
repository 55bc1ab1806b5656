"""Who lets a run go out: a person, nobody, or rules that leave only the exceptions to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from planner.runs.records import (
    APPROVED,
    AUTOMATIC,
    BY_EXCEPTION,
    MANUAL,
    STOPPED,
    Run,
)
from planner.runs.store import Store
from planner.toml_file import read_toml
from planner.wording import number, percent

PURCHASES, UNITS = "purchases", "units ordered"
RULES = "rules"
"""Who approves where rules do."""


class Settings(BaseModel):
    """A part of a configuration file: unknown keys are refused, nothing is edited."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rules(Settings):
    """When a run needs no person to approve it.

    Attributes:
        mode: `manual`, a person decides about every run; `automatic`, every run is approved;
            `by exception`, a run is approved unless one of the rules below speaks against it.
        urgent: most products that may miss sales.
        change: most that purchases may differ from the last approved run's, as a share of those
            [1]; by money, or by units ordered where a unit cost is unknown.
        purchases: most money that may be spent [money].
        gap: most that the plan may be away from the least cost [1].
        unfinished: whether a plan that a limit of time cut short may go out.
    """

    mode: Literal["manual", "automatic", "by exception"] = "manual"
    urgent: int | None = Field(default=None, ge=0)
    change: float | None = Field(default=None, ge=0)
    purchases: float | None = Field(default=None, ge=0)
    gap: float | None = Field(default=None, ge=0)
    unfinished: bool = False


@dataclass(frozen=True)
class Judgement:
    """What rules say about a run.

    Attributes:
        decision: APPROVED; empty where a person must decide.
        how: one of MODES.
        reason: in a sentence.
    """

    decision: str
    how: str
    reason: str


def read_rules(path: Path) -> Rules:
    """Rules from a TOML file.

    Raises:
        ConfigurationError: the file cannot be read, or says what no rule is.
    """
    return read_toml(path, Rules)


def judge(run: Run, last: Run | None, rules: Rules) -> Judgement:
    """Whether a run may go out without a person.

    Args:
        run: which.
        last: the last run that was approved; None if there is none.
        rules: when it may.
    """
    if rules.mode == MANUAL:
        return Judgement("", MANUAL, "a person decides about every run")
    if rules.mode == AUTOMATIC:
        return Judgement(APPROVED, AUTOMATIC, "every run is approved")
    against = "; ".join(_against(run, last, rules))
    if against:
        return Judgement("", BY_EXCEPTION, against)
    return Judgement(APPROVED, BY_EXCEPTION, "no rule speaks against it")


def decide(store: Store, run_id: str, rules: Rules, job: str | None = None) -> Judgement:
    """Judges a run and, where rules approve it, adds that to its history.

    Args:
        store: that the run is in.
        run_id: which.
        rules: when it may go out.
        job: whose last approved run it is compared with; any if not given.
    """
    run = store.run(run_id)
    judgement = judge(run, store.last_approved(job, other_than=run.id), rules)
    if judgement.decision:
        store.approve(run.id, RULES, judgement.decision, judgement.reason, judgement.how)
    return judgement


def _against(run: Run, last: Run | None, rules: Rules) -> Iterator[str]:
    """What speaks against a run, each in a few words; what is not known speaks against it."""
    if rules.urgent is not None and (run.urgent is None or run.urgent > rules.urgent):
        many = "an unknown number of" if run.urgent is None else number(run.urgent)
        yield f"{many} products miss sales, more than {number(rules.urgent)}"
    if rules.purchases is not None:
        spent = run.kpi(PURCHASES)
        if spent is None or not spent <= rules.purchases:
            said = "an unknown sum" if spent is None else number(spent)
            yield f"purchases come to {said}, the limit is {number(rules.purchases)}"
    if rules.gap is not None and run.bounds.gap is not None and run.bounds.gap > rules.gap:
        yield (
            f"the plan may be {percent(run.bounds.gap, 2)} from the least cost, more than "
            f"{percent(rules.gap, 2)}"
        )
    if run.status == STOPPED and not rules.unfinished:
        yield "a limit of time cut the search for a plan short"
    if rules.change is not None:
        yield from _too_different(run, last, rules.change)


def _too_different(run: Run, last: Run | None, most: float) -> Iterator[str]:
    if last is None:
        yield "there is no approved run to compare with"
        return
    name = PURCHASES if None not in (run.kpi(PURCHASES), last.kpi(PURCHASES)) else UNITS
    now, before = run.kpi(name), last.kpi(name)
    if now is None or before is None:
        yield f"neither purchases nor units are known of this run and of {last.id}"
        return
    difference = abs(now - before)
    if difference > most * abs(before):
        share = difference / abs(before) if before else float("inf")
        by = f", {percent(share)} of them" if isfinite(share) else ""
        yield (
            f"{name} are {number(now)}, against {number(before)} of the approved run {last.id}: "
            f"{number(difference)} apart{by}, more than {percent(most)}"
        )
