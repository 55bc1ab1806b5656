"""A learnt policy as plain arrays: a small net that is run in NumPy and kept without pickle.

It is a folder: `weights.npz` holds the layers and the scaling of what is observed, `card.json`
says how it was learnt, its learning curve included.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from data.errors import DataError

CARD, WEIGHTS = "card.json", "weights.npz"
SHIPPED = Path(__file__).parent / "trained"
VERSION = 1
"""Of the two files; another one is not read."""
LARGEST_CARD, LARGEST_WEIGHTS = 2**22, 2**26
"""A policy's files are never larger [byte]."""
CLIP = 10.0
"""Observations further than this from their mean, in standard deviations, are drawn in [1]."""
ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "relu": lambda x: np.maximum(x, 0.0),
}
Layers = tuple[tuple[np.ndarray, np.ndarray], ...]
"""Weight (outputs, inputs) and bias (outputs,) of each layer."""


@dataclass(frozen=True)
class Point:
    """One point of a learning curve.

    Attributes:
        step: decisions learnt from so far.
        seconds: since the training began [s].
        reward: mean of the last hundred episodes; None before the first one ends.
        score: what the judge said of the policy; None where it was not asked.
    """

    step: int
    seconds: float
    reward: float | None
    score: float | None = None


@dataclass(frozen=True)
class PolicyCard:
    """How a policy was learnt.

    Attributes:
        algorithm: that taught it, such as "ppo".
        seed: of its training.
        steps: decisions it learnt from.
        seconds: wall time of the training [s].
        activation: between its layers, "tanh" or "relu".
        problem: what it has learnt to do; empty where nobody said.
        features: names of what it is shown (O,); empty where nobody said.
        curve: how it came on.
        facts: what else its use needs, as JSON can hold it.
        versions: of the libraries that made it.
        version: of the files.
    """

    algorithm: str
    seed: int
    steps: int
    seconds: float
    activation: str
    problem: str = ""
    features: tuple[str, ...] = ()
    curve: tuple[Point, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    version: int = VERSION


@dataclass(frozen=True, eq=False)
class NetPolicy:
    """A net from observations (N, O) to actions.

    Attributes:
        card: how it was learnt.
        layers: the net; the activation stands between layers.
        shift, spread: an observation x is shown as (x - shift) / spread (O,).
        low, high: bounds of a continuous action (A,); None where the net scores choices.
    """

    card: PolicyCard
    layers: Layers
    shift: np.ndarray
    spread: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def __post_init__(self) -> None:
        inputs = len(self.shift)
        for number, (weight, bias) in enumerate(self.layers):
            if weight.ndim != 2 or weight.shape[1] != inputs or bias.shape != weight.shape[:1]:
                raise ValueError(
                    f"layer {number} has shapes {weight.shape} and {bias.shape}, expected "
                    f"(n, {inputs}) and (n,)"
                )
            inputs = len(weight)
        if not self.layers or self.spread.shape != self.shift.shape:
            raise ValueError("a policy needs a layer, and as many spreads as shifts")
        if self.card.activation not in ACTIVATIONS:
            raise ValueError(f"activation {self.card.activation!r} is neither tanh nor relu")
        if (self.low is None) != (self.high is None):
            raise ValueError("a continuous action needs a lower and an upper bound")
        for bound in (self.low, self.high):
            if bound is not None and bound.shape != (inputs,):
                raise ValueError(f"{inputs} outputs need as many bounds, found {bound.shape}")
        numbers = [self.shift, self.spread, *(part for layer in self.layers for part in layer)]
        if not all(np.isfinite(part).all() for part in numbers) or (self.spread <= 0).any():
            raise ValueError("weights and scaling must be finite, spreads above 0")

    @property
    def discrete(self) -> bool:
        """True where an action is one of several choices."""
        return self.low is None

    def scores(self, observations: np.ndarray) -> np.ndarray:
        """What the net answers (N, outputs): values or log-odds of choices, or actions unbounded.

        Args:
            observations: (N, O), as the environment gives them.
        """
        x = np.clip((observations - self.shift) / self.spread, -CLIP, CLIP)
        activation = ACTIVATIONS[self.card.activation]
        for weight, bias in self.layers[:-1]:
            x = activation(x @ weight.T + bias)
        weight, bias = self.layers[-1]
        answer: np.ndarray = x @ weight.T + bias
        return answer

    def act(self, observations: np.ndarray) -> np.ndarray:
        """The action on each observation (N, O): the best choice (N,), or numbers (N, A)."""
        scores = self.scores(observations)
        if self.low is None or self.high is None:
            return scores.argmax(axis=1)
        return self.low + (np.clip(scores, -1.0, 1.0) + 1.0) / 2.0 * (self.high - self.low)

    def save(self, folder: Path) -> None:
        """Write the policy to `folder`, whole or not at all; one already there is replaced."""
        folder = Path(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
        try:
            fresh = scratch / "fresh"
            fresh.mkdir()
            card = json.dumps(asdict(self.card), indent=1, allow_nan=False) + "\n"
            (fresh / CARD).write_text(card, encoding="utf-8")
            arrays: dict[str, Any] = {"shift": self.shift, "spread": self.spread}
            if self.low is not None and self.high is not None:
                arrays |= {"low": self.low, "high": self.high}
            for number, (weight, bias) in enumerate(self.layers):
                arrays |= {f"weight_{number}": weight, f"bias_{number}": bias}
            np.savez_compressed(fresh / WEIGHTS, **arrays)
            if folder.exists():
                os.rename(folder, scratch / "old")
            os.rename(fresh, folder)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def load_policy(folder: Path) -> NetPolicy:
    """The policy in `folder`.

    Raises:
        DataError: a file is missing or damaged, or another version wrote it.
    """
    folder = Path(folder)
    for name, largest in ((CARD, LARGEST_CARD), (WEIGHTS, LARGEST_WEIGHTS)):
        if not (folder / name).is_file():
            raise DataError(
                f"policy {folder}: {name} is missing; a policy is a folder with {CARD} and "
                f"{WEIGHTS}; train it again"
            )
        if (folder / name).stat().st_size > largest:
            raise DataError(f"policy {folder}: {name} is too large to be a policy's; train again")
    card, arrays = _card(folder / CARD), _arrays(folder / WEIGHTS)
    try:
        count = sum(name.startswith("weight_") for name in arrays)
        layers = tuple((arrays[f"weight_{n}"], arrays[f"bias_{n}"]) for n in range(count))
        bounds = arrays.get("low"), arrays.get("high")
        return NetPolicy(card, layers, arrays["shift"], arrays["spread"], *bounds)
    except (ValueError, KeyError, TypeError) as problem:
        raise DataError(f"policy {folder}: {WEIGHTS} does not fit ({problem})") from problem


def shipped(name: str) -> NetPolicy:
    """The policy for a reference problem that comes with the planner, such as "ten-products".

    Raises:
        DataError: none comes with it.
    """
    return load_policy(SHIPPED / name)


def _card(path: Path) -> PolicyCard:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as problem:
        raise DataError(f"policy card {path}: not readable as JSON ({problem})") from problem
    expected = {one.name for one in fields(PolicyCard)}
    if not isinstance(stated, dict) or stated.get("version") != VERSION or set(stated) != expected:
        raise DataError(
            f"policy card {path}: expected version {VERSION} with {sorted(expected)}; another "
            "version of planner made the policy, train it again"
        )
    try:
        curve = tuple(Point(**point) for point in stated.pop("curve"))
        features = tuple(map(str, stated.pop("features")))
        card = PolicyCard(**stated, features=features, curve=curve)
        if not (isinstance(card.activation, str) and math.isfinite(card.seconds)):
            raise ValueError("activation or seconds is no such thing")
    except (TypeError, ValueError) as problem:
        raise DataError(f"policy card {path}: {problem}; train the policy again") from problem
    return card


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file:
            with zipfile.ZipFile(file) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > LARGEST_WEIGHTS:
                    raise ValueError(f"more than {LARGEST_WEIGHTS >> 20} MiB")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, NotImplementedError, *_DAMAGED) as problem:
        raise DataError(
            f"policy weights {path}: damaged or not plain arrays ({problem})"
        ) from problem
    if not all(array.dtype.kind == "f" for array in arrays.values()):
        raise DataError(f"policy weights {path}: expected arrays of numbers; train it again")
    return arrays


_DAMAGED = (zipfile.BadZipFile, zlib.error, RuntimeError)
