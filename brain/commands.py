"""`planner brains`: the store of brains on the command line.

Names and texts from cards and registers are shown as they are, never taken for markup or for
commands to the terminal: a brain may come from anywhere.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from data.errors import ConfigurationError, DataError, PlannerError

if TYPE_CHECKING:
    from brain.card import Card
    from brain.history import Event
    from brain.shelf import Shelf, Store

BARS = "▁▂▃▄▅▆▇█"
LONGEST_CURVE = 60

app = typer.Typer(
    help="Which brains there are, how they did, and which one counts.", no_args_is_help=True
)
screen = Console(highlight=False)

StoreOption = Annotated[Path, typer.Option("--store", help="Folder of brains.")]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0, help="Seconds to wait for another writer of the store.")
]
NameArgument = Annotated[
    str, typer.Argument(help="An id, the beginning of one, or a kind for its champion.")
]
USUAL_STORE = Path("brains")
USUAL_WAIT = 10.0


@app.command("list")
def list_(store: StoreOption = USUAL_STORE) -> None:
    """One line per kind of brain, with its champion; the shipped ones, too.

    Example: planner brains list
    """
    table = Table(box=None)
    for column in ("store", "kind", "champion", "trained", "algorithm", "seed", "score"):
        table.add_column(column, no_wrap=column in ("kind", "champion"))
    table.add_column("versions", justify="right")
    broken = []
    for place in _stores(store):
        for folder in place.folders:
            try:
                shelf = place.shelf(folder.name)
                table.add_row(_plain(place.name), *map(_plain, _row(shelf)))
            except DataError as problem:
                broken.append(str(problem))
    screen.print(table)
    screen.print("score: cost / that of constants tuned for each product by itself")
    for sentence in broken:
        screen.print(f"not readable: {_plain(sentence)}", soft_wrap=True)


@app.command()
def show(name: NameArgument, store: StoreOption = USUAL_STORE) -> None:
    """All that a brain's card says, and what happened to it.

    Example: planner brains show r100
    """
    from brain.shelf import find

    place, shelf, brain_id = find(name, _stores(store))
    card = shelf.load(brain_id).card
    facts = Table(box=None, show_header=False)
    facts.add_column(no_wrap=True)
    facts.add_column(overflow="fold")
    for label, text in _facts(place, shelf, brain_id, card):
        facts.add_row(label, _plain(text))
    screen.print(facts)
    if card.scores:
        screen.print(_score_table(card))
    if card.likes:
        screen.print(_likes_table(card))
    history = [
        event for event in shelf.register.history if brain_id in (event.brain, event.incumbent)
    ]
    screen.print("history")
    for event in history:
        screen.print(f"  {_plain(_told(event))}", soft_wrap=True)


@app.command()
def compare(first: NameArgument, second: NameArgument, store: StoreOption = USUAL_STORE) -> None:
    """Two brains on the same new products and futures; nothing is changed.

    Example: planner brains compare r100-1f r100-2c
    """
    from brain.challenge import compare as meet
    from brain.shelf import find

    brains = []
    for name in (first, second):
        _, shelf, brain_id = find(name, _stores(store))
        brains.append(shelf.load(brain_id))
    ours, theirs = brains
    if ours.id == theirs.id:
        raise ConfigurationError(f"{ours.id} is compared with itself; give two brains")
    held = meet(ours, theirs)
    table = Table(title=f"What {ours.id} saves of the cost of", box=None)
    table.add_column("rival", no_wrap=True)
    for column in ("saving", f"{100 * held.level:.4g} % interval", "cheaper"):
        table.add_column(column, justify="right")
    for bout in held.bouts:
        verdict = "yes" if bout.won else "no" if bout.high < 0 else "undecided"
        table.add_row(bout.rival, _percent(bout.saving), _span(bout.low, bout.high), verdict)
    screen.print(table)
    screen.print(
        f"{held.products} products x {held.paths} futures x {held.periods} days, seed {held.seed}"
    )


@app.command()
def promote(
    name: NameArgument,
    force: Annotated[bool, typer.Option(help="Without a contest; the history says so.")] = False,
    store: StoreOption = USUAL_STORE,
    wait: WaitOption = USUAL_WAIT,
) -> None:
    """Make a brain the champion of its kind, if it beats the champion and every simple rule.

    Example: planner brains promote r100-1f
    """
    from brain.challenge import challenge, promote_anyway
    from brain.history import What
    from brain.shelf import Store, find

    place, shelf, brain_id = find(name, _stores(store))
    command = f"planner brains promote {brain_id}{' --force' if force else ''}"
    target = Store(store, wait)
    if place.is_shipped or shelf.folder.name != shelf.kind:
        target.register(shelf.load(brain_id), command)
    decide = promote_anyway if force else challenge
    event = decide(target, brain_id, command)
    if event.what is What.REFUSED and event.contest is not None:
        raise PlannerError(f"{brain_id} is not promoted: {event.contest.reason}")
    screen.print(_plain(_told(event)), soft_wrap=True)


@app.command()
def rollback(
    kind: Annotated[str, typer.Argument(help="The kind of brain, as r100.")],
    store: StoreOption = USUAL_STORE,
    wait: WaitOption = USUAL_WAIT,
) -> None:
    """Make the champion before this one champion again.

    Example: planner brains rollback r100
    """
    from brain.challenge import roll_back
    from brain.shelf import Store

    target = Store(store, wait)
    kinds = [folder.name for folder in target.folders]
    if kind not in kinds:
        there = f"there are {', '.join(kinds)}" if kinds else "there are none"
        raise ConfigurationError(f"no brains of kind {kind!r} in {target.name}; {there}")
    event = roll_back(target, kind, f"planner brains rollback {kind}")
    screen.print(_plain(_told(event)), soft_wrap=True)


@app.command()
def export(
    name: NameArgument,
    onnx: Annotated[Path, typer.Option(help="The file to write.")],
    overwrite: Annotated[bool, typer.Option(help="Replace the file that stands there.")] = False,
    store: StoreOption = USUAL_STORE,
) -> None:
    """Write a brain as one ONNX graph, from observations (N, size) to safety factors (N, M).

    Example: planner brains export r100 --onnx r100.onnx
    """
    from brain.export import write_onnx
    from brain.shelf import find

    _, shelf, brain_id = find(name, _stores(store))
    write_onnx(shelf.load(brain_id), onnx, overwrite)
    screen.print(f"{brain_id} written to {_plain(str(onnx))}", soft_wrap=True)


def _stores(folder: Path) -> tuple[Store, ...]:
    """The store asked for, then the shipped one."""
    from brain.registry import SHIPPED
    from brain.shelf import Store

    asked, shipped = Store(folder), Store(SHIPPED)
    return (asked,) if asked.is_shipped else (asked, shipped)


def _row(shelf: Shelf) -> tuple[str, ...]:
    """What `list` says of a kind: all but the store."""
    versions, champion = str(len(shelf.register.brains)), shelf.register.champion
    if champion is None:
        return shelf.kind, "none yet", "", "", "", "", versions
    card = shelf.load(champion).card
    trained = card.lineage.finished[:10]
    return (shelf.kind, champion, trained, card.algorithm, str(card.seed), _score(card), versions)


def _score(card: Card) -> str:
    from brain.evaluation import OURS

    return next((f"{s.ratio:.3f}" for s in card.scores if s.policy == OURS), "")


def _facts(store: Store, shelf: Shelf, brain_id: str, card: Card) -> list[tuple[str, str]]:
    """What is known of a brain, by name."""
    lineage = card.lineage
    low, high = card.ratios
    learnt = asdict(card.learnt)
    curve = _sparkline([step.score for step in card.curve])
    facts = [
        ("brain", brain_id),
        ("store", store.name),
        ("champion", "yes" if brain_id == shelf.register.champion else "no"),
        ("chain", f"{card.stages} stages"),
        ("cost ratio", f"{low:g} to {high:g}" if low < high else f"{low:g}"),
        ("algorithm", card.algorithm),
        ("seed", str(card.seed)),
        ("command", card.command),
        ("parent", lineage.parent or "none"),
        ("learnt from", lineage.data_hash and f"SHA-256 {lineage.data_hash}"),
        ("trained", lineage.started and f"{lineage.started} to {lineage.finished}"),
        ("effort", f"{card.decisions:,} decisions, {card.cpu_seconds:g} CPU s"),
        ("validation", f"{card.validation:.4f} x the cost of its class constants"),
        ("learning curve", curve),
        ("versions", ", ".join(f"{library} {v}" for library, v in card.versions.items())),
        *((f"learnt {label.replace('_', ' ')}", _range(value)) for label, value in learnt.items()),
    ]
    return [(label, text) for label, text in facts if text]


def _range(value: Any) -> str:
    if isinstance(value, tuple) and len(value) == 2 and not isinstance(value[0], tuple):
        return f"{value[0]:g} to {value[1]:g}"
    if isinstance(value, tuple):
        return ", ".join(map(_range, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sparkline(values: list[float]) -> str:
    """A curve in one line, its first and its last value beside it."""
    if not values:
        return ""
    step = -(-len(values) // LONGEST_CURVE)
    shown = values[::step]
    low, high = min(shown), max(shown)
    spread = (high - low) or 1.0
    bars = "".join(BARS[round((value - low) / spread * (len(BARS) - 1))] for value in shown)
    return f"{bars} {values[0]:.4f} to {values[-1]:.4f}"


def _score_table(card: Card) -> Table:
    """All scores on held-out products, with their intervals."""
    table = Table(title="Held-out products: cost / constants tuned per product", box=None)
    table.add_column("policy", no_wrap=True)
    for column in ("ratio", "95 % interval", "the brain saves", "95 % interval", "fill rate"):
        table.add_column(column, justify="right")
    for score in card.scores:
        table.add_row(
            _plain(score.policy),
            f"{score.ratio:.3f}",
            f"{score.low:.3f} to {score.high:.3f}",
            _percent(score.saving),
            _span(score.saving_low, score.saving_high),
            f"{score.fill_rate:.4f}",
        )
    return table


def _likes_table(card: Card) -> Table:
    """How it does on products of every kind, beside theory."""
    shapes = list(dict.fromkeys(like.shape for like in card.likes))
    known = {(like.cost_ratio, like.shape): like for like in card.likes}
    table = Table(title="Kind by kind: cost / theory, two standard errors", box=None)
    table.add_column("cost ratio", justify="right")
    for shape in shapes:
        table.add_column(_plain(shape), justify="right")
    for ratio in dict.fromkeys(like.cost_ratio for like in card.likes):
        likes = [known.get((ratio, shape)) for shape in shapes]
        cells = [f"{like.ratio:.3f} ± {2 * like.error:.3f}" if like else "" for like in likes]
        table.add_row(f"{ratio:g}", *cells)
    return table


def _told(event: Event) -> str:
    """One event in words."""
    from brain.history import What

    beside = "beside" if event.what is What.REGISTERED else "over"
    over = f" {beside} {event.incumbent}" if event.incumbent else ""
    forced = ", forced" if event.forced else ""
    note = f"; {event.note}" if event.note else ""
    reason = f": {event.contest.reason}" if event.contest else ""
    return f"{event.at} {event.brain} {event.what}{over}{forced}{reason}{note} ({event.command})"


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _span(low: float, high: float) -> str:
    return f"{100 * low:.2f} to {100 * high:.2f} %"


def _plain(text: str) -> str:
    """Text as it is: no markup, and nothing that a terminal would obey."""
    return escape("".join(letter if letter.isprintable() else "?" for letter in text))
