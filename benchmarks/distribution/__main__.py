"""Runs the benchmark and keeps all of it: `python -m benchmarks.distribution --out DIR`.

The folder gets the record, the drawings, all that was learnt and the numbers of the tuned rules.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.distribution import find, kept
from benchmarks.results import markdown, write


def main() -> None:
    """Parse, run, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller; figures are only a hint")
    parser.add_argument("--seed", type=int, default=1, help="of everything random")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    given = parser.parse_args()
    found = find(given.quick, given.seed)
    kept(found, given.out)
    print(markdown(found.result))
    print(json.dumps({"record": str(write(found.result, given.out))}))


if __name__ == "__main__":
    main()
