"""`planner bench brains`: learnt advice beside constants tuned product by product."""

from benchmarks.brains.run import run

__all__ = ["run"]
