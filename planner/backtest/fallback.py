"""Whether giving products back to base-stock pays: judged on some days, measured on later ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from planner.backtest.account import Account
from planner.backtest.intervals import Interval, over_products, ratio
from planner.backtest.past import Span
from planner.backtest.trial import BASE_STOCK, LEARNT, NETWORK, OURS, UNLIMITED, Found
from planner.backtest.verdict import Standing, standing_of, trust_of
from planner.trust import LOST, VERDICTS, Trust


@dataclass(frozen=True)
class Fallback:
    """What the fallback did.

    Attributes:
        judged: days on which verdicts were given.
        measured: later days.
        verdicts: how many products each verdict was given.
        against_ours: cost with the fallback over that of ours for all products, on the later
            days [1].
        given_back: the same over the products given back alone; None if there are none.
    """

    judged: Span
    measured: Span
    verdicts: dict[str, int]
    against_ours: Interval
    given_back: Interval | None


def pair_of(found: Found) -> tuple[Account, Account]:
    """Learnt advice and base-stock side by side: with room for everything where that was tried.

    There each product's cost is its own. In a chain with limits it is not quite.
    """
    case = UNLIMITED if UNLIMITED in found.accounts else NETWORK
    case = case if case in found.accounts else next(iter(found.accounts))
    accounts = found.accounts[case]
    rival = BASE_STOCK if BASE_STOCK in accounts else found.reference[case]
    return accounts[LEARNT], accounts[rival]


def _ours(found: Found) -> Account:
    """Ours, in the case of `pair_of`."""
    learnt, _ = pair_of(found)
    return next(one[OURS] for one in found.accounts.values() if one[LEARNT] is learnt)


def standing(found: Found, span: Span | None = None) -> Standing:
    """How learnt advice stands on all test days, or on those of a span."""
    learnt, base_stock = pair_of(found)
    if span is not None:
        learnt, base_stock = learnt.of(span), base_stock.of(span)
    rng = np.random.default_rng(found.setting.seed)
    missed = found.past.products.missed_sale_cost
    return standing_of(learnt, base_stock, missed, found.groups.number, rng)


def trust(found: Found) -> Trust:
    """The trust that all test days come to."""
    ids = found.past.products.unique_id
    return trust_of(*pair_of(found), ids, (found.tuned.z, found.corrections), standing(found))


def fallback(found: Found) -> Fallback | None:
    """What verdicts of the first part of the test do in the rest; None if it has but one month.

    The first three fifths of the months judge. In a chain with room for everything a product's cost
    is what it would have been, but for stock it begins the later days with.
    """
    months = list(found.setting.test.months)
    if len(months) < 2:
        return None
    turn = max(1, round(0.6 * len(months)))
    judged = Span(months[0].first, months[turn - 1].last)
    measured = Span(months[turn].first, months[-1].last)
    verdict = standing(found, judged).verdict
    ours, base_stock = (one.of(measured).by_product for one in (_ours(found), pair_of(found)[1]))
    lost = verdict == LOST
    paid = np.stack([np.where(lost, base_stock, ours), ours], axis=1)
    return Fallback(
        judged,
        measured,
        {word: int((verdict == word).sum()) for word in VERDICTS},
        _against(paid, found.setting.seed),
        _against(paid[lost], found.setting.seed) if lost.any() else None,
    )


def _against(paid: np.ndarray, seed: int) -> Interval:
    sums = over_products(paid, np.random.default_rng(seed))
    return ratio(sums, paid, 0, 1)
