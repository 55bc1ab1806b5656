"""The store of brains: every version of every kind, and a register that says which one counts.

    STORE/KIND/register.json            champion and history; what it does not name is not there
    STORE/KIND/versions/ID/             card.json and weights.npz
    STORE/.lock, .writer, .scratch/     who writes, and what is being written

Everything is written aside and moved into place, so that a reader, who needs no lock, and a kill
at any moment find a store that is whole. A brain that lies in STORE/KIND itself, without a
register, is its champion: the shipped brains lie so.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from brain.brain import Brain
from brain.history import Event, Register, What, register_from
from brain.lineage import now
from brain.registry import CARD, REGISTER, SHIPPED, WEIGHTS, load, settle, whole_brain
from data.errors import ConfigurationError, DataError, PlannerError

VERSIONS = "versions"
LOCK, WRITER, SCRATCH = ".lock", ".writer", ".scratch"
WAIT = 10.0
"""How long to wait for another writer [s]; writes take milliseconds."""
LARGEST_REGISTER = 2**26
"""[byte]"""


@dataclass(frozen=True)
class Shelf:
    """What a store holds of one kind of brain.

    Attributes:
        kind: of the brains.
        folder: where they are.
        register: what happened to them.
        alone: whether the folder is itself a brain, which no register has been written for.
    """

    kind: str
    folder: Path
    register: Register
    alone: bool = False

    def place(self, brain_id: str) -> Path:
        """The folder of a version."""
        return self.folder if self.alone else self.folder / VERSIONS / brain_id

    def load(self, brain_id: str) -> Brain:
        """A version.

        Raises:
            DataError: it is not there, cannot be read, or is not the brain it is called.
        """
        if brain_id not in self.register.brains:
            raise DataError(f"{self.folder} holds no brain {brain_id}")
        brain = load(self.place(brain_id))
        if brain.id != brain_id:
            raise DataError(
                f"{self.place(brain_id)}: by its content this is brain {brain.id}; it was changed "
                "after it was registered, train it again"
            )
        return brain

    def holds(self, brain_id: str) -> bool:
        """Whether a version is there and can be read."""
        try:
            self.load(brain_id)
        except DataError:
            return False
        return True


@dataclass(frozen=True)
class Store:
    """A folder of brains.

    Attributes:
        folder: where it is; it need not exist before something is written.
        wait: how long to wait for another writer [s].
    """

    folder: Path
    wait: float = WAIT

    @property
    def name(self) -> str:
        """What people call it."""
        return "shipped" if self.is_shipped else str(self.folder)

    @property
    def is_shipped(self) -> bool:
        """Whether these are the brains that come with the planner, which stay as they are."""
        return self.folder.resolve() == SHIPPED.resolve()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that hold brains, one per kind."""
        found = [*self.folder.glob(f"*/{REGISTER}"), *self.folder.glob(f"*/{CARD}")]
        return tuple(sorted({path.parent for path in found if path.parent.name[0] != "."}))

    def shelf(self, kind: str) -> Shelf:
        """What there is of one kind; an empty shelf if nothing is.

        Raises:
            DataError: its register, or the lone brain in its place, cannot be read.
        """
        folder = self.folder / kind
        if (folder / REGISTER).is_file():
            return Shelf(kind, folder, _read_register(folder / REGISTER, kind))
        if (folder / CARD).is_file():
            brain = load(folder)
            return Shelf(brain.card.name, folder, _register_of(brain), alone=True)
        return Shelf(kind, folder, Register())

    def shelves(self) -> tuple[Shelf, ...]:
        """What there is of every kind that can be read."""
        found = []
        for folder in self.folders:
            try:
                found.append(self.shelf(folder.name))
            except DataError:
                continue
        return tuple(found)

    def register(self, brain: Brain, command: str) -> str:
        """Put a brain on its shelf, where it stays; returns its id. Twice is as good as once.

        Raises:
            PlannerError: the store is being written by somebody else, or is not to be written to.
        """
        with self._writing():
            shelf = self._writable(brain.card.name)
            known = brain.id in shelf.register.brains
            if not (known and shelf.holds(brain.id)):
                self._keep(shelf, brain)
            if not known:
                event = event_of(What.REGISTERED, brain, shelf.register.champion, command)
                self._write(shelf, shelf.register.after(event))
        return brain.id

    def record(self, kind: str, event: Event) -> bool:
        """Write down what happened; False, and nothing written, if the champion is another by now.

        Raises:
            PlannerError: the store is being written by somebody else, or is not to be written to.
        """
        with self._writing():
            shelf = self._writable(kind)
            if shelf.register.champion != event.incumbent:
                return False
            self._write(shelf, shelf.register.after(event))
        return True

    def _writable(self, kind: str) -> Shelf:
        """The shelf of a kind; a lone brain in its place becomes a version, and its champion."""
        folder = self.folder / kind
        if (folder / REGISTER).exists():
            return self.shelf(kind)
        empty = Shelf(kind, folder, Register())
        try:
            lone = self.shelf(kind)
        except DataError:
            return empty
        if lone.kind != kind or not lone.alone:
            return empty
        adopted = Shelf(kind, folder, lone.register)
        self._keep(adopted, lone.load(adopted.register.brains[0]))
        self._write(adopted, adopted.register)
        for name in (CARD, WEIGHTS):
            (folder / name).unlink()
        return adopted

    def _keep(self, shelf: Shelf, brain: Brain) -> None:
        """Put a brain into its place; what lies there unnamed or damaged is replaced."""
        place = shelf.place(brain.id)
        place.parent.mkdir(parents=True, exist_ok=True)
        with whole_brain(brain, self.folder / SCRATCH, "version-") as fresh:
            if place.exists():
                place.rename(fresh.parent / "unnamed")
            fresh.rename(place)
        for folder in (place.parent, shelf.folder, self.folder):
            settle(folder)

    def _write(self, shelf: Shelf, register: Register) -> None:
        text = json.dumps(register.as_json(), indent=1, allow_nan=False) + "\n"
        handle, scratch = tempfile.mkstemp(dir=self.folder / SCRATCH, prefix="register-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(scratch, 0o644)
        os.replace(scratch, shelf.folder / REGISTER)
        settle(shelf.folder)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Nobody else writes meanwhile; what killed writers left behind is swept first."""
        from filelock import FileLock, Timeout

        if self.is_shipped:
            raise ConfigurationError(
                "the shipped brains stay as they are; give another folder with --store"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / LOCK, timeout=self.wait):
                (self.folder / WRITER).write_text(str(os.getpid()), encoding="utf-8")
                shutil.rmtree(self.folder / SCRATCH, ignore_errors=True)
                (self.folder / SCRATCH).mkdir(exist_ok=True)
                try:
                    yield
                finally:
                    shutil.rmtree(self.folder / SCRATCH, ignore_errors=True)
        except Timeout as problem:
            raise PlannerError(
                f"the store {self.folder} is being written by process {self._writer()}; try again "
                "or wait with --wait 60"
            ) from problem

    def _writer(self) -> str:
        try:
            return str(int((self.folder / WRITER).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return "of another"


def load_champions(store: Store) -> tuple[Brain, ...]:
    """The champion of every kind, by length of chain and rising cost ratio, families last.

    Raises:
        DataError: there is none, there are two of a kind, or one cannot be read.
    """
    brains = []
    for folder in store.folders:
        shelf = store.shelf(folder.name)
        if shelf.register.champion is not None:
            brains.append(shelf.load(shelf.register.champion))
    if not brains:
        what = "no champion yet; promote a brain with `planner brains promote`"
        raise DataError(
            f"brains {store.folder}: "
            + (what if store.folders else "no brain found; make one with `planner train`")
        )
    names = [brain.card.name for brain in brains]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"brains {store.folder}: two brains for {', '.join(twice)}; keep one of them"
        )
    return tuple(sorted(brains, key=lambda b: (b.card.stages, b.card.is_family, b.card.ratios)))


def find(wanted: str, stores: Sequence[Store]) -> tuple[Store, Shelf, str]:
    """The store, the shelf and the id of a brain.

    Args:
        wanted: an id, the beginning of one, or a kind, which stands for its champion.
        stores: where to look; what is found in an earlier one counts.

    Raises:
        ConfigurationError: none is called so, or more than one may be meant.
    """
    shelves = [(store, shelf) for store in stores for shelf in store.shelves()]
    for store, shelf in shelves:
        if shelf.kind == wanted and shelf.register.champion is not None:
            return store, shelf, shelf.register.champion
    found: dict[str, tuple[Store, Shelf, str]] = {}
    for store, shelf in shelves:
        for name in shelf.register.brains:
            if wanted and name.startswith(wanted):
                found.setdefault(name, (store, shelf, name))
    if wanted in found:
        return found[wanted]
    if len(found) > 1:
        raise ConfigurationError(
            f"{wanted!r} may be {', '.join(sorted(found)[:4])}{', ..' if len(found) > 4 else ''}; "
            "give more of the id"
        )
    if not found:
        for store in stores:
            if wanted in {folder.name for folder in store.folders}:
                store.shelf(wanted)  # raises what is wrong with it
        raise ConfigurationError(
            f"no brain {wanted!r} in {' or '.join(store.name for store in stores)}; "
            "`planner brains list` shows the brains there are"
        )
    return next(iter(found.values()))


def event_of(what: What, brain: Brain, incumbent: str | None, command: str) -> Event:
    """What happens to a brain now."""
    card = brain.card
    return Event(what, now(), brain.id, incumbent, card.seed, card.lineage.data_hash, command)


def _register_of(brain: Brain) -> Register:
    """The register of a brain that lies in a store without one: it came and was champion."""
    card = brain.card
    at, data_hash = card.lineage.finished, card.lineage.data_hash
    came = Event(What.REGISTERED, at, brain.id, None, card.seed, data_hash, card.command)
    note = "it lay there before there was a register"
    champion = Event(
        What.PROMOTED, at, brain.id, None, card.seed, data_hash, card.command, None, True, note
    )
    return Register((came, champion))


def _read_register(path: Path, kind: str) -> Register:
    try:
        if path.stat().st_size > LARGEST_REGISTER:
            raise ValueError(f"{path.stat().st_size} bytes are no register")
        register = register_from(path.read_text(encoding="utf-8"))
        strangers = [name for name in register.brains if name.rpartition("-")[0] != kind]
        if strangers:
            raise ValueError(f"{strangers[0]} is no brain of kind {kind}")
    except (ValueError, OSError, RecursionError) as problem:
        raise DataError(f"register {path}: {problem}") from problem
    return register
