"""Situations rearranged: some of their paths, some of their products, paths turned to products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np

from envs.dynamics import State
from envs.observation import ForecastErrors
from envs.policies import Situation


def on_paths(situation: Situation, paths: slice | np.ndarray) -> Situation:
    """The situation on some of its paths, by their numbers or a slice."""
    return _changed(situation, lambda values: values[paths], lambda values: values[paths])


def of_products(situation: Situation, products: np.ndarray) -> Situation:
    """The situation of some of its products, by their numbers; the world stays as it is."""
    return _changed(
        situation, lambda values: values[:, :, products], lambda values: values[:, products]
    )


def copied(situation: Situation, copies: int, whole: bool = False) -> Situation:
    """Every path `copies` times, path by path or (`whole`) the whole set again and again."""
    count = len(situation.state.on_hand)
    order = np.tile(np.arange(count), copies) if whole else np.repeat(np.arange(count), copies)
    return on_paths(situation, order)


def side_by_side(situation: Situation, parts: int) -> Situation:
    """The situation with its paths in parts of equal size, the products of all parts in a row."""
    return _changed(
        situation,
        lambda values: np.concatenate(np.split(values, parts), axis=2),
        lambda values: np.concatenate(np.split(values, parts), axis=1),
    )


def _changed(
    situation: Situation,
    stock: Callable[[np.ndarray], np.ndarray],
    lately: Callable[[np.ndarray], np.ndarray],
) -> Situation:
    """The situation with its stocks (P, M or S, K, ..) and its forecast's errors (P, K) changed."""
    state, errors = situation.state, situation.errors
    there = State(
        state.period,
        stock(state.on_hand),
        stock(state.pipeline),
        stock(state.backorders),
        stock(state.owed),
    )
    kinds = (lately(getattr(errors, kind.name)) for kind in fields(errors))
    return replace(situation, state=there, errors=ForecastErrors(*kinds))
