"""The closed form that stands in where no brain has learnt."""

from __future__ import annotations

import numpy as np

from brain.fallback import LUMPY, LUMPY_SHARE, theory_factors
from data.outlook import Outlook

LEAD_TIME = np.array([[2, 2], [3, 3], [4, 4]])
SHARES = np.array([[1.0, 1.0], [0.7, 0.7], [0.4, 0.4]])


def factors(cv: tuple[float, float], waits: bool = False) -> np.ndarray:
    """z (M, K) of two products of mean demand 1 whose daily errors are `cv`."""
    mean = np.ones((80, 2))
    windows = Outlook(mean, mean * np.array(cv), LEAD_TIME).windows(0)
    ratio, interval = np.full(2, 100.0), LEAD_TIME[0] + 1
    return theory_factors(windows, SHARES, ratio, interval, np.full(2, waits))


def test_lumpy_demand_that_is_lost_gets_a_share_of_the_tail() -> None:
    """A hair beyond the limit the shelf's factor falls to its share; upstream nothing changes."""
    z = factors((LUMPY * 0.9999, LUMPY * 1.0001))
    np.testing.assert_allclose(z[0, 1], LUMPY_SHARE * z[0, 0], rtol=1e-3)
    np.testing.assert_allclose(z[1:, 1], z[1:, 0], rtol=1e-2)


def test_lumpy_demand_that_waits_keeps_the_whole_of_it() -> None:
    """Who waits comes back for every unit of a lump."""
    z = factors((LUMPY * 0.9999, LUMPY * 1.0001), waits=True)
    np.testing.assert_allclose(z[0, 1], z[0, 0], rtol=1e-3)


def test_certain_demand_needs_no_safety_stock() -> None:
    """Without error there is nothing to be safe from."""
    assert not factors((0.0, 0.0)).any()
