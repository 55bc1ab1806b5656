"""A price of space is answered by the brain that has learnt prices, else by the formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brain.advice import THEORY, Advisor, advisor_of
from brain.brain import Brain
from data.network import Network
from envs.policies import SafetyStockRule
from planner.lookahead import ASKED_EVERY, FIRST_DAY, FUTURES, GRID, NEARBY, look_ahead_of
from planner.planning import make_plan, reconciled_safety_stock
from planner.problem import DAYS_AHEAD, Problem, problem_of
from planner.rules import ASKED, CLOSED_FORM, Advice, Asked, ClosedForm, advice_of
from planner.situations import of_products, on_paths
from tests.brain.conftest import make_brain, make_family, make_scenario
from tests.milp.conftest import steady_task
from tests.planner.conftest import closed_form

HORIZON = 10
OVERFLOW_PRICE = 2.0
DEAR = np.array([0.5, 0.0, 0.1])
STRANGE = 1
"""The product that no brain has learnt."""


def problem(*space: float, **columns: np.ndarray) -> Problem:
    """Four products in a chain of three stages; the second costs too much to miss for any brain."""
    missed = np.full(4, 100.0)
    missed[STRANGE] = 1e6
    scenario = make_scenario(**{"missed_sale_cost": missed} | columns)
    limits = space or (np.inf,) * 3
    stages = tuple(
        replace(stage, storage_capacity=capacity, overflow_price=OVERFLOW_PRICE)
        for stage, capacity in zip(scenario.network.stages, limits, strict=True)
    )
    return problem_of(replace(scenario, network=Network(stages)), HORIZON)


def advisor(of: Problem, *brains: Brain) -> Advisor:
    """A class brain and one that can be asked at prices, or the brains given."""
    return advisor_of(of.scenario, of.outlook, brains or (make_brain(100.0), make_family()))


def asked(of: Problem, *brains: Brain) -> Asked:
    """What they say, prices included."""
    return Asked(advisor(of, *brains), of.scenario, of.outlook)


def constants() -> Brain:
    """A family brain that answers with its constants: the dearer, the less."""
    family = make_family()
    return Brain(family.card, tuple((0 * weight, 0 * bias) for weight, bias in family.layers))


def test_at_no_price_the_advice_is_that_for_free_space() -> None:
    """To the bit, whoever advises."""
    of = problem()
    for brains in ((make_brain(100.0),), (make_family(),), (make_brain(100.0), make_family())):
        advice = asked(of, *brains)
        morning = of.situation(2)
        np.testing.assert_array_equal(advice.at(morning, np.zeros(3)), advice(morning))


def test_a_product_that_takes_no_space_does_not_hear_of_the_price() -> None:
    """At any price of space, but for rounding."""
    of = problem(volume=np.array([1.0, 1.0, 0.0, 2.0]))
    advice, morning = asked(of), of.situation()
    free, priced = advice(morning), advice.at(morning, DEAR)
    np.testing.assert_allclose(priced[..., 2], free[..., 2], atol=1e-6)
    assert (priced[:, 0, 0] != free[:, 0, 0]).all()


def test_who_can_be_asked_is_asked_and_the_formula_answers_for_the_others() -> None:
    """The family's own word for three products, the formula on theory's z for the fourth."""
    of = problem(volume=np.array([1.0, 1.0, 2.0, 3.0]), holding_cost=np.array([1.0, 1, 2, 2]))
    advice, morning = asked(of), of.situation()
    assert advice.advisor.source[STRANGE] == THEORY
    said = advice.at(morning, DEAR)
    per_unit = DEAR[:, None] * np.array([1.0, 1, 1, 1.5])
    family = advice.advisor.at(morning, per_unit)
    formula = ClosedForm(advice.advisor, of.scenario, of.outlook).at(morning, DEAR)
    others = np.arange(4) != STRANGE
    np.testing.assert_array_equal(said[..., others], family[..., others])
    np.testing.assert_array_equal(said[..., STRANGE], formula[..., STRANGE])
    assert (said[:, 0, STRANGE] < advice(morning)[:, 0, STRANGE]).all()


def test_without_a_brain_that_has_learnt_prices_the_formula_answers_for_all() -> None:
    """Class brains are never asked at a price."""
    of = problem()
    advice, morning = asked(of, make_brain(100.0)), of.situation()
    formula = ClosedForm(advice.advisor, of.scenario, of.outlook)
    np.testing.assert_array_equal(advice.at(morning, DEAR), formula.at(morning, DEAR))


def test_a_planner_may_choose_the_formula() -> None:
    """Even where a brain could be asked."""
    of, chosen = problem(), {}
    for pricing in (ASKED, CLOSED_FORM):
        advice = advice_of(pricing, advisor(of), of.scenario, of.outlook)
        chosen[pricing] = advice.at(of.situation(), DEAR)
    formula = ClosedForm(advisor(of), of.scenario, of.outlook).at(of.situation(), DEAR)
    np.testing.assert_array_equal(chosen[CLOSED_FORM], formula)
    assert (chosen[ASKED] != formula).any()


@given(st.integers(0, 1000), st.lists(st.floats(0, 20), min_size=2, max_size=2), st.booleans())
@settings(max_examples=60, deadline=None)
def test_dearer_space_never_raises_a_safety_factor_by_the_formula(
    seed: int, prices: list[float], skewed: bool
) -> None:
    """At the shelf or above it, whatever is advised and however lumpy demand is."""
    rng = np.random.default_rng(seed)
    task = steady_task(volume=rng.uniform(0, 3, 2))
    forecast = task.scenario.forecast
    if skewed:
        forecast = replace(forecast, std=2 * forecast.mean)
    of = problem_of(replace(task.scenario, forecast=forecast), HORIZON)
    advice = closed_form(of, rng.normal(1, 1.5, (2, 2)))
    low, high = (advice.at(of.situation(), np.full(2, price)) for price in sorted(prices))
    assert (high <= low + 1e-9).all()


@pytest.mark.parametrize(
    "space", [(60.0, np.inf, np.inf), (np.inf, 56.0, np.inf), (70.0, 57.0, 180.0)], ids=str
)
@pytest.mark.parametrize("pricing", [ASKED, CLOSED_FORM])
def test_a_price_looked_up_makes_itself_true(space: tuple[float, ...], pricing: str) -> None:
    """At it, space is exceeded about as often as it says, whoever answers it.

    Four products use space less evenly than the normal variable that the chance is read off.
    """
    of = problem(*space)
    brains = advisor(of, make_brain(100.0), constants())
    advice = advice_of(pricing, brains, of.scenario, of.outlook)
    ahead = look_ahead_of(of, 1)
    price = ahead.prices(of.situation(), advice)[0]
    assert (price[np.isfinite(space)] > 0).any()
    assert not price[np.isinf(space)].any()
    futures = ahead._futures(0, FUTURES)
    rule = SafetyStockRule(of.outlook, lambda situation: advice.at(situation, price))
    trace = of.carried_out(rule, futures)
    over = trace.occupancy[:, FIRST_DAY:] > of.scenario.network.storage_capacity
    worth = OVERFLOW_PRICE * over.mean(axis=(0, 1))
    np.testing.assert_allclose(price, worth, atol=0.2 * OVERFLOW_PRICE)


def test_looking_ahead_asks_at_every_price_it_tries() -> None:
    """Free space first, then from nothing to the price of overflow; stages without limit pay none.

    It goes on asking while the rule is played, from where each future has come to.
    """
    of = problem(60.0, np.inf, 150.0)
    tried: dict[int, list[np.ndarray]] = {}

    class Spied(Asked):
        def at(self, situation, price):
            tried.setdefault(situation.state.period, []).extend(price.copy())
            return super().at(situation, price)

    advice: Advice = Spied(advisor(of), of.scenario, of.outlook)
    look_ahead_of(of, 1).prices(of.situation(), advice)
    assert set(tried) == set(range(0, DAYS_AHEAD, ASKED_EVERY))
    prices = np.array(tried[0])
    np.testing.assert_array_equal(prices, tried[ASKED_EVERY])
    assert not prices[:, 1].any()
    assert not prices[0].any()
    np.testing.assert_array_equal(prices[1 : 1 + len(GRID), 0], GRID * OVERFLOW_PRICE)
    base, shelf, port = prices[1 + len(GRID) :][:3]
    np.testing.assert_allclose(shelf, base * [NEARBY[0], 1, 1])
    np.testing.assert_allclose(port, base * [1, 1, NEARBY[0]])


def test_last_weeks_prices_spare_most_of_the_search() -> None:
    """They are tried as they are and moved stage by stage, and the price found hardly differs."""
    of = problem(60.0, 56.0, np.inf)
    advice, ahead = asked(of, make_brain(100.0), constants()), look_ahead_of(of, 1)
    cold = ahead.prices(of.situation(), advice)
    tried: list[np.ndarray] = []

    class Spied(Asked):
        def at(self, situation, price):
            tried.append(price.copy())
            return super().at(situation, price)

    spied = Spied(advice.advisor, of.scenario, of.outlook)
    warm = ahead.prices(of.situation(), spied, cold)
    assert {len(prices) for prices in tried} == {3}
    np.testing.assert_array_equal(tried[0][0], cold[0])
    np.testing.assert_allclose(warm, cold, atol=0.05 * OVERFLOW_PRICE)


def test_paths_in_parts_are_asked_as_each_part_would_be_alone() -> None:
    """Two prices for two parts of two paths, whoever answers: brains, the formula, free space."""
    of = problem()
    for advice in (asked(of), ClosedForm(advisor(of), of.scenario, of.outlook)):
        morning = of.situation(4)
        moved = morning.state.on_hand * np.linspace(0.5, 2, 4)[:, None, None]
        morning = replace(morning, state=replace(morning.state, on_hand=moved))
        for prices in ([DEAR, 2 * DEAR], [DEAR, 0 * DEAR]):
            together = advice.at(morning, np.array(prices))
            alone = [
                advice.at(on_paths(morning, slice(first, first + 2)), price)
                for first, price in zip((0, 2), prices, strict=True)
            ]
            np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-5)


def test_some_products_are_asked_as_they_would_be_among_all() -> None:
    """Brains and formula alike, those that nobody has learnt included."""
    of, some = problem(), np.array([1, 3])
    for advice in (asked(of), ClosedForm(advisor(of), of.scenario, of.outlook)):
        whole = advice.at(of.situation(2), DEAR)
        taken = advice.take(some).at(of_products(of.situation(2), some), DEAR)
        np.testing.assert_allclose(taken, whole[..., some], atol=1e-5)
    fixed = closed_form(of, np.arange(12.0).reshape(3, 4))
    np.testing.assert_array_equal(fixed.take(some)(of.situation()), fixed(of.situation())[:, some])


def test_what_scarce_space_leaves_is_what_the_rule_starts_with() -> None:
    """Today's factors are those advised at today's price."""
    of = problem(60.0, 130.0, 180.0)
    advice = asked(of)
    planned = make_plan(of, advice)
    assert planned.price[0].any()
    left = reconciled_safety_stock(of, advice, planned)
    np.testing.assert_array_equal(left, advice.at(of.situation(), planned.price[0])[0])
    assert (left != advice(of.situation())[0]).any()
