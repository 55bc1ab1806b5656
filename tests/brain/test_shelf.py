"""A store keeps every brain, says which one counts, and outlives whoever writes to it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from brain.challenge import promote_anyway
from brain.history import What
from brain.registry import CARD, REGISTER, WEIGHTS, load_all, save
from brain.shelf import LOCK, SCRATCH, VERSIONS, Store, find, load_champions
from data.errors import ConfigurationError, DataError, PlannerError
from tests.brain.stores import BAD, FAIR, GOOD, everything, family, filled, saying

GOOD_BRAIN, FAIR_BRAIN = saying(GOOD), saying(FAIR)
KIND = "r10"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two brains of a kind, the fair one champion."""
    store = filled(tmp_path / "brains", FAIR_BRAIN, GOOD_BRAIN)
    promote_anyway(store, FAIR_BRAIN.id, "test")
    return store


def test_a_registered_brain_comes_back_whole(store):
    found = store.shelf(KIND).load(GOOD_BRAIN.id)
    assert found.card == GOOD_BRAIN.card
    assert found.id == GOOD_BRAIN.id


def test_every_step_is_in_the_history(store):
    roll = store.shelf(KIND).register.history
    assert [event.what for event in roll] == [What.REGISTERED, What.REGISTERED, What.PROMOTED]
    assert [event.brain for event in roll] == [FAIR_BRAIN.id, GOOD_BRAIN.id, FAIR_BRAIN.id]
    assert {event.command for event in roll} == {"test"}
    assert {event.data_hash for event in roll} == {GOOD_BRAIN.card.lineage.data_hash}
    written = json.loads((store.folder / KIND / REGISTER).read_text())
    assert written["schema"] == 1
    assert written["champion"] == FAIR_BRAIN.id


def test_registering_twice_changes_nothing(store):
    before = everything(store.folder)
    assert store.register(GOOD_BRAIN, "again") == GOOD_BRAIN.id
    assert everything(store.folder) == before


def test_registering_again_mends_a_damaged_version(store):
    place = store.shelf(KIND).place(GOOD_BRAIN.id)
    (place / WEIGHTS).write_bytes(b"PK")
    with pytest.raises(DataError, match="damaged"):
        store.shelf(KIND).load(GOOD_BRAIN.id)
    store.register(GOOD_BRAIN, "again")
    assert store.shelf(KIND).load(GOOD_BRAIN.id).id == GOOD_BRAIN.id


def test_a_plan_can_be_made_from_a_store_as_from_a_folder_of_brains(store):
    of_family = family()
    store.register(of_family, "test")
    promote_anyway(store, of_family.id, "test")
    save(saying(GOOD, 100.0), store.folder / "r100")
    found = [brain.id for brain in load_all(store.folder)]
    assert found == [FAIR_BRAIN.id, saying(GOOD, 100.0).id, of_family.id]


def test_a_store_without_champion_says_how_to_get_one(tmp_path):
    store = filled(tmp_path / "brains", GOOD_BRAIN)
    with pytest.raises(DataError, match="brains promote"):
        load_champions(store)


def test_a_version_that_was_exchanged_is_refused(store):
    versions = store.folder / KIND / VERSIONS
    place = versions / FAIR_BRAIN.id
    place.rename(versions / "aside")
    (versions / GOOD_BRAIN.id).rename(place)
    with pytest.raises(DataError, match="by its content this is brain"):
        load_champions(store)


def test_a_register_of_another_kind_is_refused(store):
    (store.folder / "r100").mkdir()
    (store.folder / KIND / REGISTER).rename(store.folder / "r100" / REGISTER)
    with pytest.raises(DataError, match="no brain of kind r100"):
        store.shelf("r100")


def test_a_version_that_the_register_does_not_name_is_not_there(store):
    stranger = saying(BAD)
    save(stranger, store.folder / KIND / VERSIONS / stranger.id)
    with pytest.raises(DataError, match="holds no brain"):
        store.shelf(KIND).load(stranger.id)
    store.register(stranger, "test")
    assert store.shelf(KIND).load(stranger.id).id == stranger.id


def test_leftovers_of_killed_writers_are_swept(store):
    (store.folder / SCRATCH / "version-x" / "fresh").mkdir(parents=True)
    (store.folder / SCRATCH / "register-x").write_text('{"schema":')
    assert load_champions(store)[0].id == FAIR_BRAIN.id
    store.register(saying(BAD), "test")
    assert not (store.folder / SCRATCH).exists()


def test_a_lone_brain_is_champion_and_becomes_a_version(tmp_path):
    save(FAIR_BRAIN, tmp_path / KIND)
    store = Store(tmp_path)
    assert store.shelf(KIND).register.champion == FAIR_BRAIN.id
    store.register(GOOD_BRAIN, "test")
    shelf = store.shelf(KIND)
    assert not shelf.alone
    assert shelf.register.line == (FAIR_BRAIN.id,)
    assert shelf.register.brains == (FAIR_BRAIN.id, GOOD_BRAIN.id)
    assert not (tmp_path / KIND / CARD).exists()
    assert [brain.id for brain in load_champions(store)] == [FAIR_BRAIN.id]


def test_a_lone_brain_that_cannot_be_read_stands_in_nobodys_way(tmp_path):
    save(FAIR_BRAIN, tmp_path / KIND)
    (tmp_path / KIND / CARD).write_text("{}")
    store = filled(tmp_path, GOOD_BRAIN)
    assert store.shelf(KIND).register.brains == (GOOD_BRAIN.id,)


def test_saving_a_brain_over_a_shelf_is_refused(store):
    before = everything(store.folder)
    with pytest.raises(ConfigurationError, match="holds versions"):
        save(GOOD_BRAIN, store.folder / KIND)
    assert everything(store.folder) == before


def test_the_shipped_brains_are_never_written_to():
    from brain.registry import SHIPPED

    with pytest.raises(ConfigurationError, match="--store"):
        Store(SHIPPED).register(GOOD_BRAIN, "test")
    assert not (SHIPPED / LOCK).exists()


def test_the_beginning_of_an_id_is_enough_where_it_can_mean_one_brain_only(store):
    assert find(GOOD_BRAIN.id, [store])[2] == GOOD_BRAIN.id
    first_difference = next(
        n for n, (a, b) in enumerate(zip(GOOD_BRAIN.id, FAIR_BRAIN.id, strict=True)) if a != b
    )
    assert find(GOOD_BRAIN.id[: first_difference + 1], [store])[2] == GOOD_BRAIN.id
    with pytest.raises(ConfigurationError, match="give more of the id"):
        find(GOOD_BRAIN.id[:first_difference], [store])


def test_a_kind_stands_for_its_champion(store):
    assert find(KIND, [store])[2] == FAIR_BRAIN.id


@pytest.mark.parametrize("name", ["", "r7", "../r10", "<b>", "r10-zzz"])
def test_a_name_that_nothing_has_is_a_sentence(store, name):
    with pytest.raises(ConfigurationError, match="brains list"):
        find(name, [store])


def test_what_is_in_the_first_store_counts(store, tmp_path):
    other = filled(tmp_path / "other", FAIR_BRAIN)
    assert find(FAIR_BRAIN.id, [other, store])[0] == other
    assert find(KIND, [other, store])[0] == store, "the other has no champion"


def test_the_reason_why_nothing_is_found_is_said_first(store):
    (store.folder / KIND / REGISTER).write_text("{")
    with pytest.raises(DataError, match=r"register\.json"):
        find(KIND, [store])


def test_a_second_writer_is_refused_with_a_sentence(store):
    impatient = Store(store.folder, wait=0.05)
    with (
        FileLock(store.folder / LOCK),
        pytest.raises(PlannerError, match=r"is being written by process .*--wait"),
    ):
        impatient.register(saying(BAD), "test")
    impatient.register(saying(BAD), "test")


def test_a_second_writer_waits_as_long_as_it_was_told_to(store):
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with FileLock(store.folder / LOCK):
            held.set()
            release.wait(10)

    writer = threading.Thread(target=hold)
    writer.start()
    held.wait(10)
    threading.Timer(0.2, release.set).start()
    Store(store.folder, wait=10).register(saying(BAD), "test")
    writer.join()
    assert saying(BAD).id in store.shelf(KIND).register.brains


def test_readers_need_no_lock(store):
    with FileLock(store.folder / LOCK):
        assert load_champions(store)[0].id == FAIR_BRAIN.id


MANY_WRITERS = """
import os, sys
from pathlib import Path
from brain.shelf import Store
from tests.brain.stores import GOOD, saying

store, children = Store(Path(sys.argv[1]), 60), []
for writer in range(3):
    children.append(os.fork())
    if not children[-1]:
        for number in range(4):
            store.register(saying(GOOD, seed=10 * writer + number), "test")
        os._exit(0)
assert all(os.waitpid(child, 0)[1] == 0 for child in children)
"""

KILLS = """
import itertools, os, random, shutil, signal, sys, time
from pathlib import Path
from brain.challenge import promote_anyway, roll_back
from brain.shelf import SCRATCH, Store, load_champions
from tests.brain.stores import GOOD, saying

CHANGES = {"open", "write", "close", "rename", "replace", "mkdir", "rmdir", "unlink"}
folder = Path(sys.argv[1])
brains = [saying(GOOD, seed=number) for number in range(1, 5)]

def live(store, first):
    \"\"\"Register, promote and roll back for ever.\"\"\"
    for seed in itertools.count(first):
        brain = saying(GOOD, seed=seed)
        store.register(brain, "test")
        promote_anyway(store, brain.id, "test")
        if len(store.shelf("r10").register.line) > 1 and seed % 3 == 0:
            roll_back(store, "r10", "test")

def check(store):
    \"\"\"The number of brains, all of which can be read, the champion among them.\"\"\"
    shelf = store.shelf("r10")
    for name in shelf.register.brains:
        assert shelf.load(name).id == name
    if shelf.register.champion:
        (champion,) = load_champions(store)
        assert champion.id in shelf.register.brains
    return len(shelf.register.brains)

def killed_at_random():
    store, rng = Store(folder), random.Random(1)
    for moment in range(10):
        child = os.fork()
        if not child:
            live(store, 1000 * moment)
        time.sleep(rng.uniform(0.01, 0.15))
        os.kill(child, signal.SIGKILL)
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
        check(store)
    assert check(store) > 0
    store.register(brains[-1], "test")
    assert not (folder / SCRATCH).exists()

def killed_everywhere():
    \"\"\"Before the first change it makes on the disk, then the second, and so on to the end.\"\"\"
    before = Store(folder.with_name("before"))
    for brain in brains[:2]:
        before.register(brain, "test")
        promote_anyway(before, brain.id, "test")
    store, moment = Store(folder), 0
    os.fsync = lambda handle: None  # slow, and of use in a power cut only
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before.folder, folder)
        moment += 1
        child = os.fork()
        if not child:
            count = 0
            def about_to(frame, what, function):
                nonlocal count
                packing = "zipfile" in frame.f_code.co_filename
                if what == "c_call" and function.__name__ in CHANGES and not packing:
                    count += 1
                    if count == moment:
                        os.kill(os.getpid(), signal.SIGKILL)
            sys.setprofile(about_to)
            store.register(brains[2], "test")
            promote_anyway(store, brains[2].id, "test")
            roll_back(store, "r10", "test")
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        assert check(store) in (2, 3)
        store.register(brains[3], "test")
        assert not (folder / SCRATCH).exists()
        if os.WIFEXITED(status):
            assert store.shelf("r10").register.champion == brains[1].id
            break
        assert os.WTERMSIG(status) == signal.SIGKILL
    assert moment > 50, moment

{"random": killed_at_random, "everywhere": killed_everywhere}[sys.argv[2]]()
"""


def run(script: str, *words: object) -> subprocess.CompletedProcess[str]:
    """A script in a process of its own, with one thread."""
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_many_writers_lose_nothing(tmp_path):
    done = run(MANY_WRITERS, tmp_path)
    assert done.returncode == 0, done.stderr
    shelf = Store(tmp_path).shelf(KIND)
    assert len(shelf.register.brains) == 12
    assert all(shelf.holds(name) for name in shelf.register.brains)


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.parametrize("moments", ["random", "everywhere"])
def test_a_writer_killed_at_any_moment_leaves_a_store_that_is_whole(tmp_path, moments):
    """Every brain the register names can be read, the champion is one of them, writing goes on."""
    done = run(KILLS, tmp_path / "brains", moments)
    assert done.returncode == 0, done.stderr
