"""`planner runs`: the runs that were made, what is in them, how two differ, and who approved them.

Text from tables and stores is shown as it is, never taken for markup or for commands to a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from data.errors import ConfigurationError
from planner.spoken_commands import plain, say, screen

if TYPE_CHECKING:
    from planner.runs.compare import Changed, Comparison
    from planner.runs.records import Run
    from planner.runs.store import Store

NOT_AS_IT_WAS = 1
NOT_APPROVED = 4
SHOWN = 20
"""Rows of a table on the screen."""
StoreOption = Annotated[
    str | None,
    typer.Option(
        envvar="PLANNER_STORE",
        help="The store: a file, or postgresql+psycopg://USER@HOST/DATABASE; runs/planner.db.",
    ),
]
RunArgument = Annotated[str, typer.Argument(help="Its id, the beginning of one, or its folder.")]
app = typer.Typer(no_args_is_help=True, help="Runs: what was planned, from what, and who approved.")


def register(main: typer.Typer) -> None:
    """Adds the commands of this file to an app."""
    main.add_typer(app, name="runs")


def opened(store: str | None) -> Store:
    """The store that an option or the environment names."""
    from planner.runs.address import NO_STORE
    from planner.runs.store import open_store

    if store == NO_STORE:
        raise ConfigurationError(f"the store is {NO_STORE!r}; give one with --store")
    return open_store(store)


@app.command("list")
def list_runs(
    state: Annotated[
        str | None, typer.Option(help="Only those that are waiting, approved or rejected.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, the latest first.")] = 20,
    store: StoreOption = None,
) -> None:
    """List the runs of a store, the latest first.

    Example: planner runs list --state waiting
    """
    from planner.runs.records import STATES

    if state is not None and state not in STATES:
        raise ConfigurationError(f"--state is {state!r}, expected one of {', '.join(STATES)}")
    with opened(store) as found:
        runs = found.runs(limit, state)
    table = Table(box=None)
    for column in ("run", "made", "days", "products", "state", "folder"):
        table.add_column(
            column,
            justify="right" if column in ("days", "products") else "left",
            no_wrap=column != "folder",
            overflow="fold",
        )
    for run in runs:
        made = f"{run.created:%Y-%m-%d %H:%M}"
        words = (run.id, made, run.horizon, run.products, run.state, _near(run.folder))
        table.add_row(*map(plain, words))
    screen.print(table if runs else "no runs yet; `planner plan` makes one", soft_wrap=True)


@app.command()
def show(run: RunArgument, store: StoreOption = None) -> None:
    """Show one run: its inputs, figures and history, and whether its files are as they were.

    Example: planner runs show 2027-01-04
    """
    from planner.runs.records import changed_files

    with opened(store) as found:
        known = found.run(run)
        history = found.approvals(known.id)
        kept = {part.sha256: found.archive.holds(part.sha256) for part in known.inputs}
    say(f"Run {known.id}, {known.state}, {known.status}", "bold")
    made = known.created.isoformat(sep=" ", timespec="seconds")
    say(
        f"Made {made} by planner {known.planner}: {known.products} products, {known.horizon} days "
        f"from {known.start}, seed {known.seed}. Brains: {', '.join(known.brains) or 'none'}."
    )
    say(f"It stands in {known.folder}.")
    for problem in changed_files(known):
        say(f"Not as it was recorded: {problem}.", "red")
    for part in known.inputs:
        copy = "a copy is kept" if kept[part.sha256] else "no copy is kept"
        say(f"Made from {part.path} ({part.sha256[:12]}…), {copy}.")
    _print_figures(known)
    for decision in history:
        when = decision.at.isoformat(sep=" ", timespec="seconds")
        note = f": {decision.note}" if decision.note else ""
        say(f"{when} {decision.decision} by {decision.who} ({decision.how}){note}")


@app.command()
def add(
    folders: Annotated[list[Path], typer.Argument(help="Run folders.")],
    store: StoreOption = None,
) -> None:
    """Record run folders; one that is recorded already is only found again.

    Example: planner runs add runs/2027-01-04
    """
    with opened(store) as found:
        for folder in folders:
            typer.echo(found.record(folder))


@app.command()
def compare(
    before: RunArgument,
    after: RunArgument,
    out: Annotated[
        Path | None, typer.Option(help="Also write all of it as tables to this folder.")
    ] = None,
    overwrite: Annotated[bool, typer.Option(help="Replace the comparison at --out.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Lines and products shown.")] = SHOWN,
    store: StoreOption = None,
) -> None:
    """Say what changed from one run to another, why, and what that is in money.

    Example: planner runs compare 2027-01-04-0f 2027-02-01-9c --out changes
    """
    from data.writing import check_free
    from planner.runs.compare import compare as compared
    from planner.runs.compare import write_comparison

    if out is not None:
        check_free(out, overwrite)
    with opened(store) as known:
        found = compared(known, before, after)
    say(f"{found.before.id} → {found.after.id}", "bold")
    if not found.inputs:
        say("Both were made from the same inputs.")
    for part in found.inputs:
        say(f"{part.name}: {'; '.join(part.said) or 'the same cells, written differently'}")
    for change in found.options:
        say(f"{change.name}: {_value(change.before)} → {_value(change.after)}")
    _print_changes("Key figures", found.kpis)
    _print_changes("Cost, mean over futures", [one for one in found.costs if "total" in one.name])
    _print_changes("Price of space, mean over days", found.prices)
    _print_products(found, limit)
    _print_lines(found, limit)
    if out is not None:
        say(f"All of it is in {write_comparison(found, out, overwrite)}", "bold")


@app.command()
def again(
    run: RunArgument,
    out: Annotated[
        Path | None, typer.Option(help="The new run folder; runs/START-n if not given.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Make a run again, exactly, and say whether the same orders came out.

    Example: planner runs again 2027-01-04-0f3a
    """
    from planner.runs.again import make_again

    with opened(store) as known:
        if screen.is_terminal:
            with screen.status("read") as status:
                made = make_again(known, run, out, lambda step: status.update(escape(step)))
        else:
            made = make_again(known, run, out)
    verdict = "identical, byte by byte" if made.identical else "not the same"
    say(f"The orders are {verdict}.", "bold")
    for line in made.said:
        say(f"{line}.")
    say(f"Everything is in {made.folder}")
    if not made.identical:
        raise typer.Exit(NOT_AS_IT_WAS)


@app.command()
def approve(
    run: RunArgument,
    who: Annotated[
        str | None, typer.Option(help="Name of who decides; needed unless rules do.")
    ] = None,
    reject: Annotated[bool, typer.Option(help="Reject it instead.")] = False,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    rules: Annotated[
        Path | None, typer.Option(help="A TOML file of rules that decide; exit code 4 if not.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """Approve or reject a run; every decision is kept, and the last one counts.

    Example: planner runs approve 2027-01-04-0f3a --who "A. Planner" --note "checked with sales"
    """
    from planner.runs.approval import decide, read_rules
    from planner.runs.records import APPROVED, REJECTED, changed_files

    if (rules is None) == (who is None) or (rules is not None and reject):
        raise ConfigurationError("give either --who NAME, who decides, or --rules FILE")
    with opened(store) as known:
        found = known.run(run)
        changed = changed_files(found)
        if changed and not reject:
            raise ConfigurationError(
                f"run {found.id} is not what was recorded ({'; '.join(changed)}); restore it, or "
                "record the folder as it is now with a run of its own"
            )
        if rules is not None:
            judgement = decide(known, found.id, read_rules(rules))
            say(f"{found.id}: {judgement.decision or 'waits for a person'}; {judgement.reason}")
            if not judgement.decision:
                raise typer.Exit(NOT_APPROVED)
            return
        decision = REJECTED if reject else APPROVED
        made = known.approve(found.id, str(who), decision, note)
    say(f"{made.run}: {made.decision} by {made.who}")


@app.command()
def approvals(
    run: Annotated[
        str | None, typer.Argument(help="Of this run only: id, beginning of one, or folder.")
    ] = None,
    store: StoreOption = None,
) -> None:
    """List all decisions about runs, the oldest first.

    Example: planner runs approvals
    """
    with opened(store) as known:
        found = known.approvals(known.run(run).id if run else None)
    table = Table(box=None)
    for column in ("when", "run", "decision", "who", "how", "note"):
        table.add_column(column)
    for one in found:
        when = one.at.isoformat(sep=" ", timespec="seconds")
        table.add_row(*map(plain, (when, one.run, one.decision, one.who, one.how, one.note)))
    screen.print(table if found else "no decisions yet", soft_wrap=True)


def _near(folder: Path) -> Path:
    """A folder as it is called from here."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _print_figures(run: Run) -> None:
    from planner.wording import between, number

    for kpi in run.kpis:
        if kpi.value is not None:
            interval = between(kpi.low, kpi.high) if kpi.low is not None and kpi.high else ""
            given = f" ({interval})" if interval else ""
            say(f"{kpi.name}: {number(kpi.value)}{given} [{kpi.unit}]")
    if run.bounds.gap is not None:
        say(f"At most {100 * run.bounds.gap:.3g} % from the least cost.")


def _print_changes(title: str, changes: Iterable[Changed]) -> None:
    from planner.wording import signed

    table = Table(title=title, box=None, title_justify="left")
    for column in ("", "before", "after", "difference", "unit"):
        table.add_column(column, justify="left" if column in ("", "unit") else "right")
    for change in changes:
        pair = [getattr(of, "value", of) for of in (change.before, change.after)]
        apart = "" if None in pair else signed(pair[1] - pair[0])
        words = (change.name, _value(pair[0]), _value(pair[1]), apart, change.unit)
        table.add_row(*map(plain, words))
    if table.row_count:
        screen.print(table)


def _print_products(found: Comparison, limit: int) -> None:
    from planner.wording import signed

    products = found.products
    table = Table(title=_title("Products", len(products), limit), box=None, title_justify="left")
    for column in ("product", "money", "units bought", "why"):
        table.add_column(column, justify="left" if column in ("product", "why") else "right")
    for n in range(min(limit, len(products))):
        bought = products.bought[n]
        words = (products.unique_id[n], signed(float(products.money[n])))
        table.add_row(*map(plain, (*words, signed(float(bought[1] - bought[0])), products.why[n])))
    screen.print(table)


def _print_lines(found: Comparison, limit: int) -> None:
    from planner.wording import number, signed

    lines = found.lines
    say(
        f"Order lines: {number(lines.added)} added, {number(lines.dropped)} dropped, "
        f"{number(lines.changed)} changed."
    )
    table = Table(title=_title("Order lines", len(lines), limit), box=None, title_justify="left")
    for column in ("product", "stage", "day", "before", "after", "money", "why"):
        right = column in ("before", "after", "money")
        table.add_column(column, justify="right" if right else "left")
    for n in range(min(limit, len(lines))):
        numbers = (number(float(lines.before[n])), number(float(lines.after[n])))
        words = (lines.unique_id[n], lines.stage[n], lines.order_date[n], *numbers)
        table.add_row(*map(plain, (*words, signed(float(lines.money[n])), lines.why[n])))
    screen.print(table)


def _title(what: str, count: int, limit: int) -> str:
    more = f"; {count - limit} more, see --limit and --out" if count > limit else ""
    return f"{what} that differ, the most money first{more}"


def _value(of: Any) -> str:
    from planner.wording import number

    if of is None:
        return "unknown"
    return number(float(of)) if isinstance(of, float | int) and of is not True else str(of)
