"""A run made again from its manifest: the same bytes in, and a look at whether they come out."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from data.errors import ConfigurationError
from planner.config import PlanConfig, config_from
from planner.folder import check_target, write_run
from planner.pipeline import Outcome, make
from planner.runs.archive import Archive
from planner.runs.batch import placed
from planner.runs.difference import lines_between, products_between
from planner.runs.inputs import at_hand
from planner.runs.records import Run, hash_of, manifest_of
from planner.runs.store import Store
from planner.what_if import read_what_ifs
from planner.wording import counted, number

ORDERS = "orders.csv"
FORECAST, ANNOUNCED, SCENARIO = "forecast", "announced", "scenario "


@dataclass(frozen=True)
class Again:
    """A run, made again.

    Attributes:
        folder: where it stands now.
        identical: whether orders.csv has the same bytes.
        said: what differs, and what could be why, in sentences.
    """

    folder: Path
    identical: bool
    said: tuple[str, ...]


def make_again(
    store: Store, wanted: str, out: Path | None, tell: Callable[[str], None] = lambda step: None
) -> Again:
    """Makes a run again, from inputs of the same bytes and the same options.

    Args:
        store: that knows the run.
        wanted: its id or folder.
        out: where the new folder goes; a free name under runs/ if not given.
        tell: hears each step as it begins.

    Raises:
        ConfigurationError: an input is no longer to be had, or the run is of a planner that did
            not yet write its options down.
    """
    run = store.run(wanted)
    if not run.options:
        raise ConfigurationError(
            f"run {run.id} was made by planner {run.planner}, which did not yet write all options "
            "into the manifest; make it again with `planner plan` and the options it lists"
        )
    with tempfile.TemporaryDirectory(prefix="planner-again-") as desk:
        files = _files(run, store.archive, Path(desk))
        before = placed(config_from(run.options, f"run {run.id}"), _directory(run))
        config = replace(_with_files(before, files), out=out, overwrite=False)
        check_target(config)
        outcome = make(config, tell, read_what_ifs(_scenarios(files)))
        folder = write_run(_as_before(outcome, before, files, run))
    return _compared(run, folder)


def _directory(run: Run) -> Path:
    """The folder that relative paths of a run are taken from."""
    if (run.folder / "manifest.json").is_file():
        return Path(manifest_of(run.folder).get("directory", "."))
    return Path.cwd()


def _files(run: Run, archive: Archive, desk: Path) -> dict[str, Path]:
    """A file of the right content for every input.

    Raises:
        ConfigurationError: names those that are neither as they were nor kept.
    """
    found = {part.name: at_hand(part, archive, desk) for part in run.inputs}
    forecast = found.get(FORECAST)
    if forecast is not None and not forecast.is_relative_to(desk):
        # What lies beside it today may not have lain there then; so it is read from where it is
        # alone.
        alone = desk / FORECAST / forecast.name
        alone.parent.mkdir()
        found[FORECAST] = Path(shutil.copyfile(forecast, alone))
    missing = [part for part in run.inputs if found[part.name] is None]
    if missing:
        names = "; ".join(f"{part.path} (SHA-256 {part.sha256[:12]}…)" for part in missing)
        raise ConfigurationError(
            f"run {run.id} cannot be made again: no copy was kept of {names}, and what lies there "
            "now is not what it was; put the file back, from a backup for instance"
        )
    return {name: path for name, path in found.items() if path is not None}


def _with_files(config: PlanConfig, files: dict[str, Path]) -> PlanConfig:
    """The options with every input where it is now."""
    known = {part.name for part in fields(config.tables)}
    tables: dict[str, Any] = {name: path for name, path in files.items() if name in known}
    others: dict[str, Any] = {
        name: path
        for name, path in files.items()
        if name in {part.name for part in fields(config)} - {"tables"}
    }
    since = files[ANNOUNCED].parent if ANNOUNCED in files else config.since
    return replace(config, **others, tables=replace(config.tables, **tables), since=since)


def _scenarios(files: dict[str, Path]) -> list[Path]:
    """The what-if scenarios that a run was made under, in their order."""
    found = {
        int(name.removeprefix(SCENARIO)): path
        for name, path in files.items()
        if name.startswith(SCENARIO)
    }
    return [found[number] for number in sorted(found)]


def _as_before(outcome: Outcome, config: PlanConfig, files: dict[str, Path], run: Run) -> Outcome:
    """The outcome with the names that its inputs had, so that it tells of them and of no copies."""
    names = {files[part.name]: Path(part.path) for part in run.inputs}
    sources = tuple(
        replace(source, path=names.get(source.path, source.path))
        for source in outcome.reading.sources
    )
    told = replace(config, out=outcome.config.out, overwrite=False)
    return replace(outcome, config=told, reading=replace(outcome.reading, sources=sources))


def _compared(run: Run, folder: Path) -> Again:
    """Whether the same orders came out, and what else is not as it was."""
    before = next((file.sha256 for file in run.files if file.name == ORDERS), "")
    if hash_of(folder / ORDERS) == before:
        return Again(folder, True, ())
    said = []
    if (run.folder / ORDERS).is_file() and hash_of(run.folder / ORDERS) == before:
        lines = lines_between(run.folder, folder, products_between(run.folder, folder))
        said.append(
            f"{counted(len(lines), 'order line')} differ: {number(lines.added)} added, "
            f"{number(lines.dropped)} dropped, {number(lines.changed)} changed"
        )
    new = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    said += _circumstances(run, new)
    return Again(folder, False, tuple(said))


def _circumstances(run: Run, new: dict[str, Any]) -> list[str]:
    """What could be why: other versions, other brains, or a limit of time."""
    said = []
    if run.planner != new["planner"]:
        said.append(f"planner is {new['planner']}, it was {run.planner}")
    if list(run.brains) != sorted(new["brains"]):
        said.append(f"the brains are {', '.join(new['brains'])}, they were {', '.join(run.brains)}")
    if (run.folder / "manifest.json").is_file():
        for name, version in manifest_of(run.folder).get("versions", {}).items():
            now = new["versions"].get(name, "not there")
            if now != version:
                said.append(f"{name} is {now}, it was {version}")
    limit = run.options.get("solving", {}).get("time_limit", "inf")
    if limit != "inf":
        said.append(f"the search was limited to {limit} s; how far it gets depends on the machine")
    return said
