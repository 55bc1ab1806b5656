"""How far a day's demand strays from its mean, before calibration.

The variance of a day is taken to grow with its mean as dispersion x mean^1.5: between counts of
orders of one size (power 1) and one share of everything (power 2), as sums of orders of uneven
size do (Tweedie laws; Jorgensen 1997, The theory of dispersion models, section 4.1).
"""

from __future__ import annotations

import numpy as np

from planner.forecasting.methods import LONG_RUN, Basis

POWER = 1.5
EVIDENCE = 10.0
"""Days with demand that weigh as much as what products of a kind have in common."""
NARROWEST = 1e-6
"""Least relative variance of a day, where a product shows none at all [1]."""


def dispersion(basis: Basis) -> np.ndarray:
    """The variance of a day's demand / its mean^1.5 (K,) [unit^0.5]; 0 without demand."""
    past = basis.past
    lately = past.lately
    shape = basis.year_before[lately]
    fit = shape * basis.level(basis.year_before, LONG_RUN)
    squares = np.square(past.capped[lately] - fit) * past.plain[lately]
    due = np.power(fit, POWER).sum(axis=0)
    known = (due > 0) & (past.level > 0)
    scale = np.where(known, past.level, 1.0)
    relative = squares.sum(axis=0) / np.where(known, due, 1.0) / np.sqrt(scale)
    sold = (past.capped[lately] > 0).sum(axis=0)
    log = np.log(np.maximum(relative, NARROWEST))
    count = np.maximum(np.bincount(past.group, known), 1)
    common = (np.bincount(past.group, np.where(known, log, 0.0)) / count)[past.group]
    belief = sold / (sold + EVIDENCE)
    shrunk = np.where(relative > NARROWEST, belief * log + (1.0 - belief) * common, log)
    return np.where(known, np.exp(shrunk) * np.sqrt(scale), 0.0)


def variance(mean: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """The variance of days with these means (..., K) [unit^2/day]."""
    return dispersion * np.power(mean, POWER)
