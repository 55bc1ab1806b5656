"""What can go wrong with a store of runs, as one sentence each."""

from __future__ import annotations

from data.errors import PlannerError


class StoreError(PlannerError):
    """The store cannot be reached, read or written; run folders are not touched by that."""


class HeldError(PlannerError):
    """Somebody else is running a batch on the same store; the message says who."""
