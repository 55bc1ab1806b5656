"""What all tests share: a cache of their own, and no store of runs unless they ask for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Compiled blocks of tests are kept away from the user's, in subprocesses, too."""
    home = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as surroundings:
        surroundings.setenv("XDG_CACHE_HOME", str(home))
        surroundings.setenv("PLANNER_STORE", "none")
        yield home
