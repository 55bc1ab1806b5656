"""`planner bench backtest`: decisions tried on the sales of a real wholesaler."""

from benchmarks.backtest.run import run

__all__ = ["run"]
