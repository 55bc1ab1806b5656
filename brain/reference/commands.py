"""What a person types to train a policy for a reference problem: `planner learn NAME`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from brain.reference.net_policy import NetPolicy
    from brain.reference.q_learning import QTable
    from brain.reference.settings import Watch
    from brain.reference.stream import Line

screen = Console(highlight=False)
TAUGHT = {
    "ten-products": ("ppo",),
    "store-clearance": ("dqn", "ppo"),
    "weekly-containers": ("ppo",),
    "serial-hybrid": ("ppo",),
    "distribution": ("ppo", "reinforce", "local-search", "simulated-annealing", "q-learning"),
}
"""Problems, and the algorithms that learn them, the usual one first."""


def register(app: typer.Typer) -> None:
    """Add the command to an application."""
    app.command("learn")(learn)


def learn(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(TAUGHT)}.")],
    algorithm: Annotated[
        str | None, typer.Option(help="ppo, dqn or another that suits; the usual one if not given.")
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Decisions, updates, nets or episodes; as many as it takes if not."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the policy; policies/NAME.")] = None,
    stream: Annotated[
        Path | None, typer.Option(help="A file that grows by a line of JSON as training goes on.")
    ] = None,
    log_dir: Annotated[Path | None, typer.Option(help="Where TensorBoard logs go.")] = None,
    shop: Annotated[
        Path | None,
        typer.Option(help="store-clearance: folder with orders, order_products and products."),
    ] = None,
    products: Annotated[
        int | None,
        typer.Option(min=1, help="store-clearance: how many of the busiest products; 6."),
    ] = None,
    units: Annotated[
        float | None,
        typer.Option(min=0.001, help="store-clearance: units sold per order line; 5."),
    ] = None,
    tables: Annotated[
        Path | None,
        typer.Option(help="weekly-containers: folder with forecast, inventory, purchase_orders."),
    ] = None,
    cost_ratio: Annotated[
        float | None,
        typer.Option(help="serial-hybrid: missed-sale / holding cost; all from 1 to 1000 if not."),
    ] = None,
    course: Annotated[str | None, typer.Option(help="distribution: month, or year.")] = None,
) -> None:
    """Train a policy for one of the reference problems and write it to a folder.

    Example: planner learn ten-products --seed 2 --stream runs/ten-products.jsonl
    """
    from brain.reference.settings import Watch
    from data.errors import ConfigurationError

    how = algorithm or TAUGHT.get(name, ("",))[0]
    if how not in TAUGHT.get(name, ()):
        known = "; ".join(f"{one} by {' or '.join(some)}" for one, some in TAUGHT.items())
        raise ConfigurationError(f"{name!r} by {how!r} is not taught; expected {known}")
    _check_options(
        name,
        {
            "store-clearance": {"--shop": shop, "--products": products, "--units": units},
            "weekly-containers": {"--tables": tables},
            "serial-hybrid": {"--cost-ratio": cost_ratio},
            "distribution": {"--course": course},
        },
    )
    watch = Watch(stream, log_dir, _tell)
    policy: NetPolicy | QTable
    if name == "ten-products":
        policy = _ten_products(steps, seed, watch)
    elif name == "weekly-containers":
        policy = _weekly_containers(steps, seed, tables, watch)
    elif name == "serial-hybrid":
        policy = _serial_hybrid(steps, seed, cost_ratio, watch)
    elif name == "distribution":
        policy = _distribution(how, steps, seed, course or "month", watch)
    else:
        policy = _store_clearance(how, steps, seed, (shop, products or 6, units or 5.0), watch)
    folder = out or Path("policies") / name
    policy.save(folder)
    screen.print(f"{_outcome(policy)}; written to {escape(str(folder))}")


def _check_options(name: str, special: Mapping[str, Mapping[str, object]]) -> None:
    """Refuse an option of another problem; it would be passed over."""
    from data.errors import ConfigurationError

    for problem, options in special.items():
        for option, value in options.items():
            if value is not None and problem != name:
                raise ConfigurationError(f"{option} is for {problem}; leave it out for {name}")


def _outcome(policy: NetPolicy | QTable) -> str:
    """How long it learnt, and how well: its judge's best score, or its last reward in training."""
    from brain.reference.net_policy import NetPolicy

    if not isinstance(policy, NetPolicy):
        return f"{len(policy.returns):,} episodes; reward of the last {policy.returns[-1]:.2f}"
    card = policy.card
    scores = [point.score for point in card.curve if point.score is not None]
    rewards = [point.reward for point in card.curve if point.reward is not None]
    told = [f"best score {max(scores):.2f}"] if scores else [f"reward {one:.2f}" for one in rewards]
    return "; ".join([f"{card.steps:,} steps in {card.seconds:.0f} s", *told[-1:]])


def _ten_products(steps: int | None, seed: int, watch: Watch) -> NetPolicy:
    from brain.reference.ten_products import STEPS, centre_of, teach

    return teach(steps or STEPS, seed, centre_of(seed), watch=watch)


def _store_clearance(
    algorithm: str,
    steps: int | None,
    seed: int,
    shop: tuple[Path | None, int, float],
    watch: Watch,
) -> NetPolicy:
    from brain.reference.store_clearance import STEPS, teach
    from data.shop import read_shop
    from envs.reference.store_clearance import store_of
    from envs.reference.store_clearance_env import usual_store

    folder, products, units = shop
    store = usual_store()
    if folder is not None:
        store = store_of(read_shop(folder).busiest(products), units)
    return teach(algorithm, steps or STEPS[algorithm], seed, store, watch=watch)


def _weekly_containers(
    steps: int | None, seed: int, tables: Path | None, watch: Watch
) -> NetPolicy:
    import numpy as np

    from brain.reference.weekly_containers import STEPS, teach
    from data.container_tables import read_weekly
    from data.containers import made_up

    problem = made_up(np.random.default_rng(1), ramped=True)
    if tables is not None:
        problem = read_weekly(tables).problem
    return teach(steps or STEPS, seed, problem, watch)


def _serial_hybrid(
    steps: int | None, seed: int, cost_ratio: float | None, watch: Watch
) -> NetPolicy:
    from brain.reference.serial_hybrid import STEPS, teach
    from data.errors import ConfigurationError
    from envs.reference.serial_hybrid import RATIOS

    if cost_ratio is not None and not RATIOS[0] <= cost_ratio <= RATIOS[1]:
        raise ConfigurationError(
            f"--cost-ratio is {cost_ratio:g}, expected {RATIOS[0]:g} to {RATIOS[1]:g}; leave it "
            "out for a policy that knows them all"
        )
    return teach(steps or STEPS, seed, RATIOS if cost_ratio is None else cost_ratio, watch=watch)


def _distribution(
    algorithm: str, steps: int | None, seed: int, course: str, watch: Watch
) -> NetPolicy | QTable:
    from brain.reference.distribution import TABLE, course_of, teach, teach_table

    played = course_of(course)
    if algorithm == TABLE:
        return teach_table(steps or played.usual(TABLE), seed, played)
    return teach(algorithm, steps or played.usual(algorithm), seed, played, watch=watch)


def _tell(line: Line) -> None:
    """Progress, at most a hundred lines a training; ten where nobody looks."""
    mean = "" if line.mean_reward is None else f", mean reward {line.mean_reward:.2f}"
    text = f"{line.step / line.steps:4.0%}, {line.episodes:,} episodes{mean}"
    if screen.is_terminal:
        screen.print(text.ljust(60), end="\r")
    elif 10 * line.step // line.steps > 10 * (line.step - line.steps // 100) // line.steps:
        screen.print(text)
