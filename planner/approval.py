"""Whether a run stands approved, as it was when it was approved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from data.errors import ConfigurationError
from planner.runs.records import APPROVED, changed_files
from planner.runs.store import Store

ORDERS = "orders.csv"


def approved_folder(store: Store, wanted: str | Path) -> Path:
    """The folder of a run, by its path or id, if it is approved and its orders are those approved.

    Raises:
        ConfigurationError: it is unknown, not approved, or its orders were changed since.
    """
    run = store.run(wanted)
    decisions = store.approvals(run.id)
    if not decisions or decisions[-1].decision != APPROVED:
        said = "nobody has decided about it"
        if decisions:
            last = decisions[-1]
            said = f"{last.decision} by {last.who} on {last.at:%Y-%m-%d}"
            said += f": {last.note}" if last.note else ""
        raise ConfigurationError(
            f"{wanted} is not approved ({said}); approve it with `planner runs approve {run.id} "
            "--who NAME`, or leave out --only approved"
        )
    place = Path(wanted) if Path(wanted).is_dir() else run.folder
    found = changed_files(replace(run, folder=place))
    changed = [what for what in found if what.startswith((ORDERS, "the folder"))]
    if changed:
        raise ConfigurationError(
            f"{wanted}: {changed[0]}; what was approved is no longer there, so plan again"
        )
    return place
