"""Brains on disk: a folder with `card.json` and `weights.npz`, nothing that could run code."""

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from brain.brain import Brain
from brain.card import Card, Score
from brain.population import Population
from data.errors import DataError
from envs.observation import FEATURES, SIZE, STAGES, VERSION

CARD, WEIGHTS = "card.json", "weights.npz"
SHIPPED = Path(__file__).parent / "trained"


def save(brain: Brain, folder: Path) -> None:
    """Write `brain` to `folder`, whole or not at all; a brain already there is replaced."""
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        fresh, old = Path(scratch) / "fresh", Path(scratch) / "old"
        fresh.mkdir()
        card = json.dumps(asdict(brain.card), indent=1)
        (fresh / CARD).write_text(card + "\n", encoding="utf-8")
        arrays: dict[str, Any] = {}
        for number, (weight, bias) in enumerate(brain.layers):
            arrays |= {f"weight_{number}": weight, f"bias_{number}": bias}
        np.savez_compressed(fresh / WEIGHTS, allow_pickle=False, **arrays)
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)


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
    return Brain(_read_card(folder / CARD), _read_layers(folder / WEIGHTS))


@cache
def shipped() -> tuple[Brain, ...]:
    """The brains that come with the planner, by rising cost ratio."""
    return load_all(SHIPPED)


def load_all(folder: Path) -> tuple[Brain, ...]:
    """Every brain in the sub-folders of `folder`, by rising cost ratio."""
    cards = sorted(Path(folder).glob(f"*/{CARD}"))
    if not cards:
        raise DataError(f"brains {folder}: no brain found; make one with `planner train`")
    brains = sorted((load(card.parent) for card in cards), key=lambda brain: brain.card.cost_ratio)
    ratios = [brain.card.cost_ratio for brain in brains]
    twice = sorted({f"{ratio:g}" for ratio in ratios if ratios.count(ratio) > 1})
    if twice:
        raise DataError(
            f"brains {folder}: two brains for cost ratio {', '.join(twice)}; keep one of them"
        )
    return tuple(brains)


def _read_card(path: Path) -> Card:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as problem:
        raise DataError(f"brain card {path}: not readable as JSON ({problem})") from problem
    expected = {f.name for f in fields(Card)}
    if not isinstance(stated, dict) or set(stated) != expected:
        found = set(stated) if isinstance(stated, dict) else set()
        raise DataError(
            f"brain card {path}: missing {sorted(expected - found)}, unknown "
            f"{sorted(found - expected)}; the brain was made by another version, train it again"
        )
    if stated["observation_version"] != VERSION or tuple(stated["features"]) != FEATURES:
        raise DataError(
            f"brain card {path}: observation version {stated['observation_version']!r}, expected "
            f"{VERSION} and its {SIZE} features; train the brain again"
        )
    try:
        card = _card_from(stated)
    except (TypeError, ValueError, KeyError) as problem:
        raise DataError(f"brain card {path}: {problem}") from problem
    numbers = [card.cost_ratio, *card.centre, card.action_limit, card.lowest_z, card.highest_z]
    if len(card.centre) != STAGES or not np.isfinite(numbers).all() or card.cost_ratio <= 0:
        raise DataError(
            f"brain card {path}: cost ratio {card.cost_ratio}, centre {card.centre} and bounds "
            f"must be finite, the ratio above 0, the centre {STAGES} numbers"
        )
    return card


def _card_from(stated: dict[str, Any]) -> Card:
    ranges: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in stated["learnt"].items()
    }
    nested = {
        "centre": tuple(float(z) for z in stated["centre"]),
        "features": tuple(stated["features"]),
        "learnt": Population(**ranges),
        "scores": tuple(Score(**score) for score in stated["scores"]),
    }
    return Card(**(stated | nested))


def _read_layers(path: Path) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    try:
        # The file is opened here so that it is closed even where it is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as problem:
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
    inputs = SIZE
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
    if inputs != STAGES:
        raise DataError(f"brain weights {path}: {inputs} outputs, expected {STAGES}")
    return layers
