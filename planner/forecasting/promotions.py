"""What a promotion does to demand, each product's own as far as its promoted days bear it out."""

from __future__ import annotations

import numpy as np

EVIDENCE = 10.0
"""Promoted days of ordinary demand that weigh as much as all other products together [day]."""
LARGEST, SMALLEST = 20.0, 0.5
"""Between these an uplift is believed [1]."""


def uplift(
    units: np.ndarray, ordinary: np.ndarray, promoted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The factor by which a promotion multiplies a product's demand (K,) [1].

    Demand on promoted days / what was to be expected without promotion, products with few such
    days near the factor of all: the posterior mean of a Poisson rate under a gamma prior (Gelman
    et al. 2013, Bayesian Data Analysis, section 2.6).

    Args:
        units: demand on telling days, 0 on others (D, K) [unit].
        ordinary: what was to be expected there without promotion (D, K) [unit].
        promoted: telling days with a promotion (D, K).

    Returns:
        The factors, and how many promoted days each rests on (K,).
    """
    days = promoted.sum(axis=0)
    due = np.where(promoted, ordinary, 0.0).sum(axis=0)
    sold = np.where(promoted, units, 0.0).sum(axis=0)
    known = (days > 0) & (due > 0)
    if not known.any():
        return np.ones(len(days)), days
    daily = np.where(known, due / np.maximum(days, 1), 1.0)
    relative = np.where(known, sold / daily, 0.0)
    common = relative.sum() / days[known].sum()
    own = (relative + EVIDENCE * common) / (np.where(known, days, 0) + EVIDENCE)
    return np.clip(own, SMALLEST, LARGEST), days
