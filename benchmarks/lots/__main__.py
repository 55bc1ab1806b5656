"""`python -m benchmarks.lots FILE`: an instance of one's own, beside HiGHS given the same time.

The file is in the text format that `benchmarks/lots/trigeiro.py` describes.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.lots import SETUP_SECONDS
from benchmarks.lots.setups import Answer, by_prices, by_solver
from benchmarks.lots.trigeiro import read_instance
from data.errors import PlannerError
from milp.effort import gap_of


def main(arguments: list[str]) -> int:
    """Prints both answers; the exit code is that of the command line."""
    if len(arguments) != 1:
        print("usage: python -m benchmarks.lots FILE", file=sys.stderr)
        return 2
    try:
        instance = read_instance(Path(arguments[0]))
    except (PlannerError, OSError) as error:
        print(f"planner: {error}", file=sys.stderr)
        return 3
    for who, answer in (
        ("ours", by_prices(instance, SETUP_SECONDS, 1)),
        ("HiGHS", by_solver(instance, SETUP_SECONDS)),
    ):
        print(_said(who, answer))
    return 0


def _said(who: str, answer: Answer) -> str:
    gap = gap_of(answer.lower, answer.upper)
    return (
        f"{who}: cost {answer.upper:,.1f}, no plan costs less than {answer.lower:,.1f}, gap "
        f"{gap:.2%}, {answer.seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
