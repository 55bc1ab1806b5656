"""Brains on disk: a folder with `card.json` and `weights.npz`, nothing that could run code."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

from brain.brain import Brain
from brain.card import Card
from brain.lineage import ID
from data.errors import ConfigurationError, DataError
from envs.observation import VERSION, features, size

CARD, WEIGHTS, REGISTER = "card.json", "weights.npz", "register.json"
SHIPPED = Path(__file__).parent / "trained"
LARGEST_CARD, LARGEST_WEIGHTS = 2**22, 2**26
"""A brain's files are never larger; who offers more wants to fill the memory [byte]."""


def save(brain: Brain, folder: Path) -> None:
    """Write `brain` to `folder`, whole or not at all; a brain already there is replaced.

    Raises:
        ConfigurationError: `folder` is where a store keeps all versions of a kind.
    """
    folder = Path(folder)
    if (folder / REGISTER).exists():
        raise ConfigurationError(
            f"{folder} holds versions of a brain and their {REGISTER}; give another folder"
        )
    with whole_brain(brain, folder.parent, f".{folder.name}-") as fresh:
        old = fresh.parent / "old"
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)


@contextmanager
def whole_brain(brain: Brain, place: Path, prefix: str) -> Iterator[Path]:
    """A folder within `place` that holds `brain`, on the disk to the last byte, to be moved away.

    It lies in a folder of its own, which goes with all that is left in it.
    """
    place.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=place, prefix=prefix))
    try:
        fresh = scratch / "fresh"
        fresh.mkdir()
        card = json.dumps(asdict(brain.card), indent=1) + "\n"
        (fresh / CARD).write_text(card, encoding="utf-8")
        arrays: dict[str, Any] = {}
        for number, (weight, bias) in enumerate(brain.layers):
            arrays |= {f"weight_{number}": weight, f"bias_{number}": bias}
        np.savez_compressed(fresh / WEIGHTS, **arrays)
        for path in (fresh / CARD, fresh / WEIGHTS, fresh):
            settle(path)
        yield fresh
        settle(place)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def settle(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before anything else is done."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def load(folder: Path) -> Brain:
    """The brain in `folder`.

    Raises:
        DataError: if a file is missing, damaged, or made for other observations than ours.
    """
    folder = Path(folder)
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            raise DataError(
                f"brain {folder}: {name} is missing; a brain is a folder with {CARD} and "
                f"{WEIGHTS}, as `planner train` writes it"
            )
    card = _read_card(folder / CARD)
    return Brain(card, _read_layers(folder / WEIGHTS, card.stages))


@cache
def shipped() -> tuple[Brain, ...]:
    """The brains that come with the planner, by rising cost ratio, families last."""
    return load_all(SHIPPED)


def load_all(folder: Path) -> tuple[Brain, ...]:
    """Every brain in the sub-folders of `folder`, by rising cost ratio, families last.

    A sub-folder is a brain, or what a store keeps of one kind, of which the champion counts.
    """
    from brain.shelf import Store, load_champions

    return load_champions(Store(Path(folder)))


def _read_card(path: Path) -> Card:
    try:
        if path.stat().st_size > LARGEST_CARD:
            raise ValueError(f"{path.stat().st_size} bytes are no card")
        text = path.read_text(encoding="utf-8")
        stated = json.loads(text)
    except (ValueError, OSError, RecursionError) as problem:
        raise DataError(f"brain card {path}: not readable as JSON ({problem})") from problem
    version = stated.get("observation_version") if isinstance(stated, dict) else None
    if version != VERSION:
        raise DataError(
            f"brain card {path}: observation version {version!r}, expected {VERSION}; another "
            "version of planner made the brain, train it again"
        )
    expected = {f.name for f in fields(Card)}
    if set(stated) != expected:
        raise DataError(
            f"brain card {path}: missing {sorted(expected - set(stated))}, unknown "
            f"{sorted(set(stated) - expected)}; another version of planner made the brain, train "
            "it again"
        )
    try:
        card = _card_reader().validate_json(text)
        if json.loads(json.dumps(asdict(card))) != stated:
            raise ValueError("it says less than a card should; another version of planner made it")
        _check(card)
    except ValidationError as problem:
        first = problem.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise DataError(f"brain card {path}: {place!r}: {first['msg']}") from problem
    except (ValueError, ConfigurationError) as problem:
        raise DataError(f"brain card {path}: {problem}") from problem
    return card


@cache
def _card_reader() -> TypeAdapter[Card]:
    return TypeAdapter(with_config(ConfigDict(extra="forbid", strict=True))(Card))


def _check(card: Card) -> None:
    """Refuses a card whose numbers, right in kind, can be no brain's; raises ValueError."""
    stages, centre = card.stages, card.centre
    if card.features != features(stages):
        raise ValueError(f"features are not the {size(stages)} of a chain of {stages} stages")
    tables = [row for table in (centre.lost, centre.waiting) for row in table]
    rows = len(centre.lost) == len(centre.waiting) == len(centre.ratios) > 0
    if not rows or {len(row) for row in tables} != {stages}:
        raise ValueError(f"the centre must be {stages} numbers per ratio, one row for each")
    if len(centre.usual_share) not in (0, stages - 1):
        raise ValueError(f"the centre's usual shares must be {stages - 1} numbers or none")
    positive = (*card.ratios, *centre.ratios, *centre.usual_share)
    numbers = (
        *(z for row in tables for z in row),
        card.action_limit,
        card.lowest_z,
        card.highest_z,
    )
    if not all(map(math.isfinite, (*positive, *numbers))) or min(positive) <= 0:
        raise ValueError("centre and bounds must be finite, ratios and shares above 0")
    if card.ratios[0] > card.ratios[1] or list(centre.ratios) != sorted(set(centre.ratios)):
        raise ValueError("ratios must rise")
    if card.lowest_z > card.highest_z or card.action_limit < 0:
        raise ValueError("bounds of the advice leave nothing between them")
    if not ID.fullmatch(f"{card.name}-{'0' * 12}"):
        raise ValueError(f"{card.name!r} cannot be the name of a brain")


def _read_layers(path: Path, stages: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    try:
        # The file is opened here so that it is closed even where it is no archive.
        with path.open("rb") as file:
            with zipfile.ZipFile(file) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > LARGEST_WEIGHTS:
                    raise ValueError(f"more than {LARGEST_WEIGHTS >> 20} MiB")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
    except (
        ValueError,
        OSError,
        EOFError,
        MemoryError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
    ) as problem:
        raise DataError(
            f"brain weights {path}: damaged or not plain arrays ({problem})"
        ) from problem
    count = len(arrays) // 2
    expected = {f"{part}_{n}" for n in range(count) for part in ("weight", "bias")}
    if set(arrays) != expected or not count:
        raise DataError(
            f"brain weights {path}: arrays {sorted(arrays)}, expected weight_0, bias_0, .."
        )
    layers = tuple((arrays[f"weight_{n}"], arrays[f"bias_{n}"]) for n in range(count))
    inputs = size(stages)
    for number, (weight, bias) in enumerate(layers):
        if weight.ndim != 2 or weight.shape[1] != inputs or bias.shape != weight.shape[:1]:
            raise DataError(
                f"brain weights {path}: layer {number} has shapes {weight.shape} and {bias.shape}, "
                f"expected (n, {inputs}) and (n,)"
            )
        if weight.dtype != np.float32 or bias.dtype != np.float32:
            raise DataError(
                f"brain weights {path}: layer {number} is {weight.dtype}, expected float32"
            )
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise DataError(
                f"brain weights {path}: layer {number} is not finite; the file is damaged"
            )
        inputs = len(weight)
    if inputs != stages:
        raise DataError(f"brain weights {path}: {inputs} outputs, expected {stages}")
    return layers
