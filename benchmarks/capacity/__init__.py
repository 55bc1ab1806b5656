"""`planner bench capacity`: what scarce space costs, under our rules and under simple ones."""

from benchmarks.capacity.run import run

__all__ = ["run"]
