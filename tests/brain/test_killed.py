"""A training that is killed, at any moment and again and again, ends as if nothing had happened."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from brain.shelf import Store

ROOT = Path(__file__).parents[2]
KILLS = 10
TRAINING = """
import sys
from dataclasses import replace
from pathlib import Path

import brain.hindsight.training as hindsight
from brain.constants import Search
from brain.lesson import ClassLesson
from brain.shelf import Store
from brain.training import Settings, train

hindsight.SECONDS_BETWEEN_CHECKPOINTS = 0.0
settings = replace(
    Settings(), updates=40, batch=32, days=40, warm_up=10, validations=4, validation_products=8,
    validation_paths=1, validation_periods=90,
    search=Search(generations=2, candidates=4, elite=2, lanes=16, periods=80),
)
store = Path(sys.argv[1])
store.mkdir(exist_ok=True)
print("ready", flush=True)
brain = train(ClassLesson(10.0), 3, settings, checkpoint=store / ".training" / "r10.npz")
Store(store).register(brain, "a test")
print("done", flush=True)
"""


def begun(store: Path) -> subprocess.Popen[str]:
    """A training in a process of its own, past its imports."""
    process = subprocess.Popen(
        [sys.executable, "-c", TRAINING, str(store)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def finished(store: Path) -> float:
    """Train to the end; how long that took after the imports [s]."""
    process = begun(store)
    start = time.monotonic()
    said, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    assert said == "done\n"
    return time.monotonic() - start


def test_a_killed_training_goes_on_and_the_store_is_always_whole(tmp_path: Path) -> None:
    """SIGKILL at ten random moments; then the same weights, to the bit, as without."""
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    length = finished(undisturbed)
    moments = random.Random(7)
    for _ in range(KILLS):
        process = begun(killed)
        time.sleep(moments.uniform(0, length / 3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        register = Store(killed).shelf("r10").register
        for brain_id in register.brains:
            assert Store(killed).shelf("r10").holds(brain_id)
    finished(killed)
    (expected,) = Store(undisturbed).shelf("r10").register.brains
    (found,) = Store(killed).shelf("r10").register.brains
    assert found == expected
    ours, theirs = (Store(s).shelf("r10").load(expected).layers for s in (killed, undisturbed))
    for (weight, bias), (same_weight, same_bias) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(weight, same_weight)
        np.testing.assert_array_equal(bias, same_bias)
    assert not (killed / ".training" / "r10.npz").exists()
