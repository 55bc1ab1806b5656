"""The door: it parses, calls once, and prints; most commands stand beside what they call.

Heavy libraries are imported by the command that needs them, so that planning never waits for torch.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from brain.commands import app as brains_app
from brain.reference import commands as learn_commands
from data.errors import ConfigurationError, PlannerError
from planner import (
    commands,
    container_commands,
    decide_commands,
    decision_commands,
    plan_commands,
    table_commands,
)
from planner.backtest import commands as backtest_commands
from planner.forecasting import commands as forecast_commands
from planner.leaderboard import commands as leaderboard_commands
from planner.runs import batch_commands
from planner.runs import commands as run_commands

# Work is shared out over the cores by rule and by model; threads inside every small matrix product
# would only get in each other's way. It must be said before NumPy is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BENCHMARKS = (
    "brains",
    "optimum",
    "capacity",
    "scale",
    "lots",
    "cadence",
    "speed",
    "sharing",
    "backtest",
    "serial-hybrid",
    "ten-products",
    "store-clearance",
    "weekly-containers",
    "distribution",
)

app = typer.Typer(
    name="planner",
    help="Plans stock for many products through a chain of stages with too little space.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for room in (
    table_commands,
    forecast_commands,
    backtest_commands,
    plan_commands,
    decision_commands,
    decide_commands,
    batch_commands,
    run_commands,
    commands,
    leaderboard_commands,
    learn_commands,
    container_commands,
):
    room.register(app)
app.add_typer(brains_app, name="brains")
screen = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


@app.command()
def train(
    ratio: Annotated[
        list[float] | None,
        typer.Option(help="Missed-sale cost / holding cost of a class. Repeatable."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="The classes 10, 100 and 1000.")] = False,
    family: Annotated[
        bool, typer.Option(help="The family brain: all ratios, and prices of space.")
    ] = False,
    catalogue: Annotated[
        Path | None,
        typer.Option("--from", help="A table of products; its ratios and ranges are learnt."),
    ] = None,
    stages: Annotated[int, typer.Option(help="Stages of the chain, 1 to 5.")] = 3,
    algorithm: Annotated[
        str | None, typer.Option(help="ppo, hindsight or hindsight+ppo; the best if not given.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Of everything random; counts the trainings if not given.")
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Stop each training after so many minutes.")
    ] = None,
    updates: Annotated[
        int | None, typer.Option(help="Steps of hindsight to learn by, per brain.")
    ] = None,
    timesteps: Annotated[
        int | None, typer.Option(help="Weekly decisions of PPO to learn from, per brain.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The store of brains.")] = Path("brains"),
    plain: Annotated[
        bool, typer.Option(help="Write bare brain folders to --out: no register, no contest.")
    ] = False,
    engine: Annotated[
        str | None,
        typer.Option(help="Train several brains at a time: local (this machine's cores) or ray."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Brains at a time; one per core if not given.")
    ] = None,
    ray_address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster; Ray on this machine if not given.")
    ] = None,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for another training.")] = 0,
    log_dir: Annotated[Path | None, typer.Option(help="Where TensorBoard logs of PPO go.")] = None,
) -> None:
    """Train brains, judge them, and let each challenge the champion of its kind.

    A training that was killed goes on where it was when the command is given again; two never
    write to one store at once. Ctrl-C ends a training early and keeps the best so far.
    Example: planner train --all --family --out brains
    """
    from brain.workshop import CLASSES, Order, carry_out, settings_of
    from planner.engine import engine_of

    order = Order(
        ratios=tuple(CLASSES if every else ratio or ()),
        family=family,
        catalogue=catalogue,
        stages=stages,
        seed=seed,
        settings=settings_of(algorithm, timesteps, updates, minutes, log_dir),
        out=out,
        plain=plain,
        wait=wait,
    )
    crew = engine_of(engine, workers, ray_address, few=1) if engine else nullcontext()
    with crew as hands:
        for line in carry_out(order, _ProgressLine, lambda brain: _print_scores(brain), hands):
            screen.print(escape(line), soft_wrap=True)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(BENCHMARKS)}.")],
    quick: Annotated[bool, typer.Option(help="Smaller; its figures are only a hint.")] = False,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    save: Annotated[bool, typer.Option(help="Write benchmarks/results/NAME.json.")] = True,
    out: Annotated[
        Path | None,
        typer.Option(help="Of a reference problem: a folder for its drawings and learnt policies."),
    ] = None,
) -> None:
    """Run a benchmark and print its table.

    Example: planner bench capacity --quick --no-save
    """
    from importlib import import_module

    from benchmarks.results import markdown, write

    if name not in BENCHMARKS:
        raise ConfigurationError(f"no benchmark {name!r}; expected one of {', '.join(BENCHMARKS)}")
    benchmark = import_module(f"benchmarks.{name.replace('-', '_')}")
    if out is None:
        result = benchmark.run(quick, seed)
    elif hasattr(benchmark, "kept"):
        found = benchmark.find(quick, seed)
        benchmark.kept(found, out)
        result = found.result
    else:
        raise ConfigurationError(f"benchmark {name} has no drawings to write; leave out --out")
    typer.echo(markdown(result))
    if save and not quick:
        screen.print(f"written to {escape(str(write(result)))}")


def main() -> None:
    """Run the command line; every foreseen error is a sentence and an exit code."""
    try:
        app(standalone_mode=True)
    except PlannerError as error:
        errors.print(f"[bold red]planner:[/] {escape(_plain(str(error)))}", soft_wrap=True)
        issues = getattr(error, "issues", None)
        if issues is not None and len(issues):
            path = issues.write(Path("data_issues.csv"))
            errors.print(f"all of them, row by row: {escape(str(path))}", soft_wrap=True)
        sys.exit(error.exit_code)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        errors.print(
            f"[bold red]planner:[/] {escape(_plain(place + str(error.strerror)))}", soft_wrap=True
        )
        sys.exit(PlannerError.exit_code)


def _plain(text: str) -> str:
    """Text without what a terminal would obey: names of files may come from anywhere."""
    return "".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in text)


def _print_scores(brain: Any) -> None:
    table = Table(title="Held-out products, cost / constants tuned per product", box=None)
    for column in ("policy", "ratio", "95 % interval", "fill rate"):
        table.add_column(column, justify="left" if column == "policy" else "right")
    for score in brain.card.scores:
        table.add_row(
            score.policy,
            f"{score.ratio:.3f}",
            f"{score.low:.3f} to {score.high:.3f}",
            f"{score.fill_rate:.4f}",
        )
    screen.print(table)


class _ProgressLine:
    """A line that says how far training is, what is left, and how good it is by now."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._printed = -1

    def __enter__(self) -> Any:
        return self._tell

    def __exit__(self, *_: object) -> None:
        if screen.is_terminal:
            screen.print()

    def _tell(self, progress: Any) -> None:
        text = (
            f"{self._name}: {progress.fraction:4.0%}, {progress.seconds_left:.0f} s left, "
            f"cost {progress.score:.4f} x class constants"
        )
        if screen.is_terminal:
            screen.print(text, end="\r")
        elif int(progress.fraction * 10) > self._printed:
            self._printed = int(progress.fraction * 10)
            screen.print(text)


if __name__ == "__main__":
    main()
