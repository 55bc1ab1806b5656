"""`planner plan`: a month of orders, its options, and its summary on the terminal."""

from __future__ import annotations

import gc
from math import inf
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from data.errors import ConfigurationError
from planner.option_commands import (
    BrainsOption,
    CatalogueOption,
    DatesOption,
    DecimalOption,
    EncodingOption,
    ForecastOption,
    LawOption,
    LocksOption,
    MappingOption,
    NetworkOption,
    OpenOrdersOption,
    SkipBadOption,
    StockOption,
    SuppliersOption,
)
from planner.runs.commands import StoreOption
from planner.spoken_commands import columns_of, errors, say, screen

EXCEPTIONS_ABOVE_LIMIT = 4
MOST_STOPPED = 5
"""Stopped products that are named."""


def register(app: typer.Typer) -> None:
    """Adds the command of this file to an app."""
    app.command()(plan)


def plan(
    products: ForecastOption = Path("data/forecast.csv"),
    catalogue: CatalogueOption = None,
    stock: StockOption = None,
    open_orders: OpenOrdersOption = None,
    network: NetworkOption = None,
    locks: LocksOption = None,
    suppliers: SuppliersOption = None,
    mapping: MappingOption = None,
    encoding: EncodingOption = None,
    decimal: DecimalOption = None,
    dates: DatesOption = None,
    law: LawOption = "lognormal",
    brains: BrainsOption = None,
    horizon: Annotated[int, typer.Option(help="Days to plan.")] = 30,
    mode: Annotated[
        str,
        typer.Option(
            help="Who decides where space is scarce: prices, levels (the programme), or auto."
        ),
    ] = "auto",
    goal: Annotated[
        str,
        typer.Option(
            help="What the programme does with safety stock: hybrid (weighs it), safety (holds at "
            "least so much) or safety-added (adds it to demand)."
        ),
    ] = "hybrid",
    coupling: Annotated[
        bool, typer.Option(help="Whether the programme knows of limits that products share.")
    ] = True,
    in_lots: Annotated[
        bool | None,
        typer.Option(
            "--in-lots/--no-in-lots",
            help="Decide lots and minimum orders inside the programme; if not given, where orders "
            "cost something by themselves.",
        ),
    ] = None,
    gap: Annotated[
        float, typer.Option(help="Distance from the least cost that is good enough.")
    ] = 3e-4,
    time_limit: Annotated[
        float, typer.Option(help="Seconds for the programme; then the best plan so far is taken.")
    ] = inf,
    budget: Annotated[
        float, typer.Option(help="Money for purchases from the source, over the horizon.")
    ] = inf,
    daily_budget: Annotated[
        float, typer.Option(help="Money for purchases from the source on any one day.")
    ] = inf,
    since: Annotated[
        Path | None, typer.Option(help="Folder of the run whose orders were announced.")
    ] = None,
    fence: Annotated[int, typer.Option(help="Days within which announced orders are held.")] = 0,
    freedom: Annotated[
        float, typer.Option(help="Share of its size by which an announced order may move.")
    ] = 0.0,
    engine: Annotated[
        str, typer.Option(help="Who does the work: local, threads, processes, alone, or ray.")
    ] = "local",
    workers: Annotated[
        int | None, typer.Option(help="How many at a time; as many as there are cores.")
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster; Ray on this machine if not given.")
    ] = None,
    paths: Annotated[
        int | None,
        typer.Option(help="Futures to replay the plan on; 64, fewer beyond 6,250 products."),
    ] = None,
    replay: Annotated[
        str,
        typer.Option(
            help="prices: the plan's rule; levels: the model, solved daily (slow: few --paths)."
        ),
    ] = "prices",
    pricing: Annotated[
        str,
        typer.Option(
            help="How advice answers a price of space: asked (of the family brain) or closed-form."
        ),
    ] = "asked",
    seed: Annotated[int, typer.Option(help="Of the sampled futures.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="The run folder; runs/START if not given.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the run that stands at --out.")] = False,
    skip_bad: SkipBadOption = False,
    trust: Annotated[
        Path | None,
        typer.Option(
            help="What `planner backtest` found of learnt advice; the trust.csv beside the "
            "forecast if not given."
        ),
    ] = None,
    trusting: Annotated[
        bool,
        typer.Option("--use-trust/--no-trust", help="Whether a trust.csv has a say in advice."),
    ] = True,
    report: Annotated[bool, typer.Option(help="Write report.html.")] = True,
    excel: Annotated[
        bool | None,
        typer.Option(
            "--excel/--no-excel",
            help="Write plan.xlsx with all order lines; if not given, it comes with those of the "
            "first week, for up to 1,000 products.",
        ),
    ] = None,
    max_urgent: Annotated[
        int | None,
        typer.Option(help="Exit with code 4 if more products than this miss sales."),
    ] = None,
    scenario: Annotated[
        list[Path] | None,
        typer.Option(help="A what-if scenario to plan for, a TOML file. Repeatable."),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Say what would be planned, how long it takes, what is missing."
        ),
    ] = False,
    store: StoreOption = None,
    no_store: Annotated[bool, typer.Option("--no-store", help="Do not record the run.")] = False,
    quiet: Annotated[bool, typer.Option(help="Print nothing but the run folder.")] = False,
) -> None:
    """Plan a month of orders.

    Example: planner plan --products data/forecast.csv
    """
    from data.catalogue import ReadOptions
    from data.terms import Budget
    from planner.config import PlanConfig, Solving
    from planner.folder import check_target
    from planner.runs.address import NO_STORE
    from planner.runs.recording import check_store, record_plan
    from planner.summary import summary
    from planner.what_if import read_what_ifs

    tables = ReadOptions(
        products=catalogue,
        stock=stock,
        open_orders=open_orders,
        network=network,
        locks=locks,
        suppliers=suppliers,
        columns=columns_of(mapping),
        encoding=encoding,
        skip_bad=skip_bad,
        law=law,
        decimal=decimal,
        dates=dates,
    )
    config = PlanConfig(
        forecast=products,
        tables=tables,
        brains=brains,
        out=out,
        overwrite=overwrite,
        horizon=horizon,
        solving=Solving(
            mode, goal, coupling, in_lots, gap, time_limit, engine, workers, ray_address
        ),
        budget=Budget(daily_budget, budget),
        since=since,
        fence=_fence(since, fence, freedom),
        paths=paths,
        replay=replay,
        pricing=pricing,
        seed=seed,
        trust=trust,
        trusting=trusting,
        report=report,
        excel=excel,
    )
    asked = read_what_ifs(scenario or [])
    check_target(config)
    if dry_run:
        _print_dry_run(config, asked)
        return
    store = NO_STORE if no_store else store
    check_store(store)
    outcome, folder = _planned(config, asked, quiet)
    if quiet:
        typer.echo(folder)
    else:
        _print_summary(summary(outcome, folder), outcome.seconds)
    run_id = record_plan(folder, store)
    if run_id and not quiet:
        say(f"Recorded as {run_id}", "dim")
    urgent = sum(finding.urgent for finding in outcome.findings)
    if max_urgent is not None and urgent > max_urgent:
        errors.print(f"{urgent} products miss sales, more than --max-urgent {max_urgent}")
        raise typer.Exit(EXCEPTIONS_ABOVE_LIMIT)
    if outcome.stopped:
        first = ", ".join(list(outcome.stopped)[:MOST_STOPPED])
        errors.print(
            escape(f"stopped because of impossible numbers: {len(outcome.stopped)} ({first})")
        )
        raise typer.Exit(EXCEPTIONS_ABOVE_LIMIT)


def _print_dry_run(config: Any, asked: Any) -> None:
    from planner.decision_commands import print_dry_run
    from planner.dry_run import dry_run

    print_dry_run(dry_run(config, asked))


def _fence(since: Path | None, days: int, freedom: float) -> Any:
    from planner.cadence import LONGEST_FENCE, Fence

    if days and since is None:
        raise ConfigurationError("--fence holds what was announced; say by which run with --since")
    if not (0 <= days <= LONGEST_FENCE and 0 <= freedom <= 1):
        raise ConfigurationError(
            f"--fence is {days} and --freedom {freedom}, expected 0 to {LONGEST_FENCE} days and a "
            "share of 0 to 1"
        )
    return Fence(days, freedom)


def _planned(config: Any, asked: Any, quiet: bool) -> tuple[Any, Path]:
    """The plan and the folder it was written to, with a word on each step for whoever watches."""
    from planner.folder import write_run
    from planner.pipeline import make

    # A plan makes a million small records and hardly a cycle; collecting costs half a second.
    gc.disable()
    try:
        if quiet or not screen.is_terminal:
            outcome = make(config, asked=asked)
        else:
            with screen.status("read") as status:
                outcome = make(config, lambda step: status.update(escape(step)), asked)
        return outcome, write_run(outcome)
    finally:
        gc.enable()


def _print_summary(said: Any, seconds: dict[str, float]) -> None:
    """The plan's summary on the terminal."""
    say(said.planned, "bold")
    say(f"Read {', '.join(said.read)}.")
    for line in (*said.assumed, *said.odd):
        say(line, "dim", indent="  ")
    if said.skipped:
        count = len(said.skipped)
        what = "1 product is" if count == 1 else f"{count} products are"
        say(f"{what} not planned; exceptions.csv says why.")
    for line in said.conflicts:
        say(line, "yellow")
    say(said.advised)
    say(said.decided)
    screen.print(_cost_table(said.comparison))
    for line in (said.promised, said.happened, said.verdict, said.service, *said.space):
        say(line)
    say(f"Products: {', '.join(f'{count} {status.value}' for status, count in said.statuses)}.")
    for item in said.pressing:
        finding = item.finding
        say(
            f"{f'{item.unique_id} {item.name}'.strip()}: {finding.status.value}, {item.money} at "
            f"stake; {finding.reason}; {finding.action}",
            indent="  ",
        )
    say(", ".join(f"{step} {value:.1f} s" for step, value in seconds.items()), "dim")
    say(f"Everything is in {said.folder}", "bold")


def _cost_table(comparison: Any) -> Table:
    from planner.comparison import TERMS
    from planner.wording import number, percent, signed

    table = Table(title=f"Cost over the horizon, mean of {comparison.futures} futures", box=None)
    table.add_column("rule")
    for column in (*TERMS.values(), "total", "less ours", "fill rate"):
        table.add_column(column, justify="right")
    for row in comparison.rows:
        table.add_row(
            row.rule,
            *(number(row.terms[term]) for term in TERMS),
            number(row.total),
            "" if row.against_ours is None else signed(row.against_ours.value),
            "" if row.fill_rate is None else percent(row.fill_rate.value),
        )
    return table
