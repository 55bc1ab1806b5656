"""A plan that was just written, recorded; what cannot be recorded now can be later."""

from __future__ import annotations

from pathlib import Path

from data.errors import PlannerError
from planner.runs.address import NO_STORE, address_of
from planner.runs.store import open_store


def check_store(store: str | None) -> None:
    """Refuses an address that is none, before a plan is made.

    Raises:
        ConfigurationError: it is neither a file nor the URL of a database.
    """
    if store != NO_STORE:
        address_of(store)


def record_plan(folder: Path, store: str | None) -> str:
    """Records the run in a folder; its id, or nothing where no store is wanted.

    Args:
        folder: whole, as `planner plan` has written it.
        store: address of the store; `NO_STORE` for none.

    Raises:
        PlannerError: the store cannot be used; says where the plan is and how to record it later.
    """
    if store == NO_STORE:
        return ""
    try:
        with open_store(store) as known:
            return known.record(folder)
    except PlannerError as error:
        raise PlannerError(
            f"the plan stands in {folder}, whole, but is not recorded: {error}; "
            f"`planner runs add {folder}` records it later"
        ) from error
