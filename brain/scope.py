"""Which products a brain may advise: those like the ones it learnt from, and why not the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from brain.brain import Brain
from brain.population import Range
from data.outlook import Outlook
from data.scenario import Scenario

HAIR = 0.01
"""Relative distance beyond a learnt range that still counts as inside."""


def refusals(scenario: Scenario, outlook: Outlook, brains: Sequence[Brain]) -> np.ndarray:
    """Why no brain advises a product, in words (K,); empty where one does.

    Args:
        scenario: the products.
        outlook: their forecast.
        brains: those that have learnt chains of this length, maybe none.
    """
    count, stages = len(scenario.products), len(scenario.network)
    reasons = np.full(count, "", dtype=object)
    if not brains:
        reasons[:] = f"no brain has learnt chains of {stages} stages"
        return reasons
    products = scenario.products
    populations = [brain.card.learnt for brain in brains]
    if any(population.backordered_share <= 0 for population in populations):
        waiting = "customers wait, brains have learnt lost sales"
        _note(reasons, products.backordered, lambda k: waiting)
    if any(population.backordered_share >= 1 for population in populations):
        lost = "sales are lost, brains have learnt customers that wait"
        _note(reasons, ~products.backordered, lambda k: lost)
    lowest = min(brain.card.ratios[0] for brain in brains)
    highest = max(brain.card.ratios[1] for brain in brains)
    _outside(reasons, "cost ratio {:g}", products.cost_ratio, (lowest, highest))
    _stage_by_stage(reasons, scenario, outlook, brains)
    learnt = _common("autocorrelation", brains)
    _outside(reasons, "error autocorrelation {:.2f}", products.error_autocorrelation, learnt)
    learnt = _common("cv", brains)
    cv = daily_cv(outlook)
    _note(reasons, np.isinf(cv), lambda k: "no demand is forecast over the chain's lead times")
    _outside(reasons, "daily forecast error of {:.2f} x mean", cv, learnt)
    return reasons


def daily_cv(outlook: Outlook) -> np.ndarray:
    """Forecast error over the whole chain's protection interval as that of a day (K,) [1].

    Its standard deviation / the mean, times the root of the number of days, on an average day;
    infinite where no demand is expected over the first of these intervals.
    """
    windows = outlook.typical
    mean, std = windows.echelon_mean[-1], windows.echelon_std[-1]
    expected = outlook.windows(0).echelon_mean[-1] > 0
    cv = std / np.where(expected, mean, 1) * np.sqrt(outlook.echelon_interval[-1])
    return np.where(expected, cv, np.inf)


def _stage_by_stage(
    reasons: np.ndarray, scenario: Scenario, outlook: Outlook, brains: Sequence[Brain]
) -> None:
    """Note lead times, supply limits and holding costs that no brain has learnt."""
    lead_times = _common("lead_time", brains)
    fastest, _ = _common("supply_capacity", brains)
    shares = _common("wide_holding_share", brains)
    scale = np.maximum(scenario.forecast.scale, 1e-9)
    capacity = scenario.products.maximum_order / scale
    _outside(reasons, "largest order {:.2f} x mean demand", capacity, (fastest, np.inf))
    for number, stage in enumerate(scenario.network.stages):
        lead_time = outlook.lead_time[number]
        _outside(reasons, f"lead time {{:g}} days at {stage.name}", lead_time, lead_times)
        if number:
            share = np.full(
                len(reasons), stage.holding_share / scenario.network.stages[0].holding_share
            )
            usual = min(brain.card.learnt.holding_share[number - 1][0] for brain in brains)
            span = min(shares[0], usual), shares[1]
            _outside(reasons, f"holding share {{:g}} at {stage.name}", share, span)


def _common(name: str, brains: Sequence[Brain]) -> Range:
    """The range that all brains have learnt."""
    ranges = [getattr(brain.card.learnt, name) for brain in brains]
    return max(low for low, _ in ranges), min(high for _, high in ranges)


def _outside(reasons: np.ndarray, what: str, values: np.ndarray, learnt: Range) -> None:
    low, high = learnt
    margin = HAIR * abs(low), HAIR * abs(high) if np.isfinite(high) else 0.0
    inside = (values >= low - margin[0]) & (values <= high + margin[1])
    span = (
        f"the {low:g} to {high:g} learnt" if np.isfinite(high) else f"the {low:g} learnt at least"
    )

    def sentence(k: int) -> str:
        return f"{what.format(values[k])} is {'below' if values[k] < low else 'beyond'} {span}"

    _note(reasons, ~inside, sentence)


def _note(reasons: np.ndarray, affected: np.ndarray, sentence: Callable[[int], str]) -> None:
    """Add a reason to the products affected that have none yet."""
    for k in np.flatnonzero(affected & (reasons == "")).tolist():
        reasons[k] = sentence(k)
