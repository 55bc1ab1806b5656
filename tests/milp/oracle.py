"""The plain model of `benchmarks/scale` judges the fast one."""

from __future__ import annotations

from benchmarks.scale.answer import Answer
from benchmarks.scale.plain import ask

__all__ = ["Answer", "ask"]
