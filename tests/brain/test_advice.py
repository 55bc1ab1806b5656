"""Brains are asked about what they have learnt, theory about the rest, and the reason is given."""

from __future__ import annotations

import sys
from dataclasses import replace
from subprocess import run

import numpy as np
import pytest

from brain.advice import FAMILY, PASSED_ON, THEORY, Advisor, advise, advisor_of, panel_of
from brain.brain import Brain
from brain.likes import LUMPY, SHAPES, SMOOTH, WAITING
from brain.population import Population
from brain.pricing import asked_at
from brain.registry import save
from data.errors import DataError
from data.network import Network
from data.outlook import outlook_of
from data.scenario import Scenario
from data.stock import empty_stock
from envs.dynamics import opening_state
from envs.observation import no_errors, observe, size, traits_of
from envs.policies import HIGHEST_Z, LOWEST_Z, SafetyStockRule, Situation
from envs.world import world_of
from tests.brain.conftest import SIZE, make_brain, make_family, make_likes, make_scenario

RATIOS = (0.3, 10.0, 100.0, 1000.0, 3000.0)


def observations(products: int, stages: int = 3) -> np.ndarray:
    """Random numbers in the place of features; nobody waits, holding costs are modest."""
    seen = np.random.default_rng(4).normal(size=(2, products, size(stages)))
    return seen.astype(np.float32)


def situation_of(scenario: Scenario, paths: int = 1) -> Situation:
    """The morning of the first day."""
    world = world_of(scenario)
    state = opening_state(scenario.stock, world, paths)
    return Situation(state, no_errors(paths, len(scenario.products)), world)


def advisor(scenario: Scenario, brains: tuple[Brain, ...]) -> Advisor:
    """The advisor of a problem, asked for its whole horizon."""
    return advisor_of(scenario, outlook_of(scenario, scenario.horizon), brains)


def seen_of(scenario: Scenario) -> np.ndarray:
    """What brains see of the first morning."""
    now, outlook = situation_of(scenario), outlook_of(scenario, scenario.horizon)
    return observe(now.state, now.errors, outlook, traits_of(scenario))


def by_stage(said: np.ndarray) -> np.ndarray:
    """Answers (P, K, M) as (P, M, K)."""
    return np.moveaxis(said, -1, 1)


def test_a_product_of_a_class_gets_exactly_that_brain(classes):
    seen = observations(3)
    for brain in classes:
        z = advise(seen, np.full(3, brain.card.cost_ratio), classes)
        np.testing.assert_array_equal(z, by_stage(brain.safety_factors(seen)))


def test_between_two_classes_the_answers_are_mixed_in_the_log_of_the_ratio(classes):
    seen = observations(3)
    z = advise(seen, np.full(3, 10**1.25), classes)
    low, high = (by_stage(brain.safety_factors(seen)) for brain in classes[:2])
    np.testing.assert_allclose(z, 0.75 * low + 0.25 * high, atol=1e-5)


def test_beyond_the_last_class_its_word_is_taken(classes):
    seen = observations(2)
    z = advise(seen, np.array([2.0, 9000.0]), classes)
    for k, brain in ((0, classes[0]), (1, classes[-1])):
        np.testing.assert_allclose(z[..., k], brain.safety_factors(seen)[:, k], atol=1e-6)


def test_advice_does_not_depend_on_the_order_of_products(classes):
    rng = np.random.default_rng(5)
    seen, ratio = observations(50), 10 ** rng.uniform(1, 3, 50)
    order = rng.permutation(50)
    z = advise(seen, ratio, classes)
    np.testing.assert_allclose(
        advise(seen[:, order], ratio[order], classes), z[..., order], atol=1e-5
    )


def test_advice_does_not_depend_on_the_order_of_brains(classes, family):
    seen, ratio = observations(20), 10 ** np.linspace(1, 3, 20)
    z = advise(seen, ratio, classes)
    np.testing.assert_array_equal(advise(seen, ratio, classes[::-1]), z)
    np.testing.assert_array_equal(advise(seen, ratio, (family, *classes)), z)
    panel = panel_of((family, *classes[::-1]), 3)
    assert panel.classes == classes
    assert panel.family is family
    assert panel.every == (*classes, family)


def test_two_brains_that_have_learnt_the_same_are_refused(classes, family):
    again, other = make_brain(100.0, seed=5), make_family(seed=6)
    for brains in ((*classes, again), (*classes, family, other)):
        with pytest.raises(DataError, match="expected one per cost ratio and one family"):
            panel_of(brains, 3)
    with pytest.raises(DataError, match=again.id):
        advise(observations(2), np.full(2, 50.0), (*classes, again))


def test_brains_for_chains_of_other_lengths_are_not_on_the_panel(classes, family):
    short = make_brain(100.0, stages=2), make_family(stages=2)
    every = (*short, *classes, family)
    assert panel_of(every, 3).every == (*classes, family)
    assert panel_of(every, 2).every == short
    assert panel_of(every, 4).every == ()
    ratio = np.full(3, 100.0)
    for stages, brain in ((2, short[0]), (3, classes[1])):
        seen = observations(3, stages)
        expected = by_stage(brain.safety_factors(seen))
        np.testing.assert_array_equal(advise(seen, ratio, every), expected)


def test_without_classes_the_family_answers(family):
    seen = observations(3)
    z = advise(seen, np.array([0.2, 30.0, 2000.0]), (family,))
    np.testing.assert_array_equal(z, by_stage(family.safety_factors(seen)))


def test_at_a_price_of_space_the_family_answers(classes, family):
    scenario = make_scenario(4)
    seen = np.repeat(seen_of(scenario), 2, axis=0)
    ratio = np.array([10.0, 30.0, 100.0, 700.0])
    prices = np.random.default_rng(3).uniform(0, 2, (3, 4))
    z = advise(seen, ratio, (*classes, family), prices)
    said = family.safety_factors(asked_at(seen, prices))
    np.testing.assert_array_equal(z, by_stage(said))
    at_none = advise(seen, ratio, (*classes, family), 0 * prices)
    np.testing.assert_allclose(at_none, by_stage(family.safety_factors(seen)), atol=1e-5)
    assert (z != at_none).any()


def test_without_a_family_there_is_no_answer_to_a_price(classes):
    with pytest.raises(DataError, match=r"no family brain; train one with `planner train --fam"):
        advise(observations(2), np.full(2, 50.0), classes, np.zeros((3, 2)))


def test_ordinary_products_are_advised_by_brains(classes):
    found = advisor(make_scenario(missed_sale_cost=np.array([10.0, 30.0, 100.0, 700.0])), classes)
    assert found.reason.tolist() == [""] * 4
    assert found.source.tolist() == [
        "brain 10",
        "brains 10 and 100",
        "brain 100",
        "brains 100 and 1000",
    ]


def test_a_ratio_that_is_a_class_but_for_rounding_is_that_class(classes):
    ratio = np.array([10.0, 10.0, 100.0, 1000.0]) * (1 + 1e-14)
    found = advisor(make_scenario(missed_sale_cost=ratio), classes)
    assert found.source.tolist() == ["brain 10", "brain 10", "brain 100", "brain 1000"]


def panel_by_merit(
    classes_ratio: float, family_ratio: float, shapes: tuple[str, ...] = SHAPES
) -> tuple[Brain, ...]:
    """Three classes and a family whose cards promise these shares of the cost of theory."""
    classes = tuple(
        make_brain(ratio, seed, ratio=classes_ratio)
        for seed, ratio in enumerate((10.0, 100.0, 1000.0))
    )
    return (*classes, make_family(likes=make_likes(RATIOS, family_ratio, shapes)))


MIXED = {"missed_sale_cost": np.array([10.0, 30.0, 100.0, 700.0])}


def test_the_family_is_asked_where_its_card_promises_more():
    scenario = make_scenario(**MIXED)
    brains = panel_by_merit(0.9, 0.8)
    found = advisor(scenario, brains)
    assert found.source.tolist() == [FAMILY] * 4
    expected = by_stage(brains[-1].safety_factors(seen_of(scenario)))
    np.testing.assert_allclose(found(situation_of(scenario)), expected, atol=1e-6)


def test_the_classes_are_asked_where_theirs_do():
    scenario = make_scenario(**MIXED)
    brains = panel_by_merit(0.9, 0.91)
    found = advisor(scenario, brains)
    assert FAMILY not in found.source
    expected = advise(seen_of(scenario), scenario.products.cost_ratio, brains[:3])
    np.testing.assert_allclose(found(situation_of(scenario)), expected, atol=1e-6)


def test_who_is_asked_is_settled_product_by_product():
    """The family is better with smooth demand, and with customers who wait, only; a daily error
    of 0.5 of the mean is variable already.
    """
    scenario = make_scenario(4, backordered=np.array([False, False, True, False]))
    std = scenario.forecast.mean * [0.2, 0.5, 0.5, 2.0]
    scenario = replace(scenario, forecast=replace(scenario.forecast, std=std))
    brains = panel_by_merit(0.9, 0.8, (SMOOTH, WAITING))
    found = advisor(scenario, brains)
    assert found.source.tolist() == [FAMILY, "brain 100", FAMILY, "brain 100"]
    lumpy = panel_by_merit(0.9, 0.8, (LUMPY,))
    assert advisor(scenario, lumpy).source.tolist() == ["brain 100"] * 3 + [FAMILY]
    z, seen = found(situation_of(scenario)), seen_of(scenario)
    for k, brain in ((0, brains[-1]), (1, brains[1]), (2, brains[-1]), (3, brains[1])):
        np.testing.assert_allclose(z[:, :, k], brain.safety_factors(seen)[:, k], atol=1e-6)


def test_between_two_classes_both_promises_count():
    """0.6 at 10 and 1.0 at 100 promise 0.8 half way; a family with 0.75 is better there."""
    brains = (
        make_brain(10.0, 0, ratio=0.6),
        make_brain(100.0, 1, ratio=1.0),
        make_family(likes=make_likes(RATIOS, 0.75)),
    )
    ratio = 10 ** np.array([1.0, 1.3, 1.45, 2.0])
    found = advisor(make_scenario(missed_sale_cost=ratio), brains)
    assert found.source.tolist() == ["brain 10", "brains 10 and 100", FAMILY, FAMILY]


def test_ratios_that_no_class_encloses_are_the_familys():
    """Whatever the cards say."""
    ratio = np.array([3.0, 50.0, 2500.0])
    found = advisor(make_scenario(3, missed_sale_cost=ratio), panel_by_merit(0.5, 0.99))
    assert found.source.tolist() == [FAMILY, "brains 10 and 100", FAMILY]
    assert found.reason.tolist() == [""] * 3


def test_products_that_are_refused_get_theory_from_a_full_panel_too():
    scenario = make_scenario(3, missed_sale_cost=np.array([0.01, 100.0, 9999.0]))
    found = advisor(scenario, panel_by_merit(0.9, 0.8))
    assert found.source.tolist() == [THEORY, FAMILY, THEORY]
    assert found.reason[0] == PASSED_ON
    assert found.reason[2] == "cost ratio 9999 is beyond the 0.1 to 3000 learnt"
    z = found(situation_of(scenario))
    np.testing.assert_array_equal(z[0][:, [0, 2]], found.theory[:, [0, 2]])


def test_prices_are_answered_by_the_family_whoever_is_asked_otherwise():
    """NaN for products that no brain may advise.

    What class brains know better where space is free is added, and fades as the price rises.
    """
    scenario = make_scenario(4, missed_sale_cost=np.array([10.0, 100.0, 9999.0, 2000.0]))
    brains = panel_by_merit(0.8, 0.9)
    found = advisor(scenario, brains)
    assert found.source.tolist() == ["brain 10", "brain 100", THEORY, FAMILY]
    assert found.answers_prices.tolist() == [True, True, False, True]
    prices = np.random.default_rng(3).uniform(0, 2, (3, 4))
    z = found.at(situation_of(scenario, paths=2), prices)
    assert z.shape == (2, 3, 4)
    assert np.isnan(z[..., 2]).all()
    said = by_stage(brains[-1].safety_factors(asked_at(seen_of(scenario), prices)))
    np.testing.assert_allclose(z[..., 3], [said[0, :, 3]] * 2, atol=1e-5)
    free = by_stage(brains[-1].safety_factors(seen_of(scenario)))
    known = found(situation_of(scenario)) - free
    for k in (0, 1):
        fading = 1 / (1 + prices[:, k].max())
        expected = np.clip(said[0, :, k] + fading * known[0, :, k], LOWEST_Z, HIGHEST_Z)
        np.testing.assert_allclose(z[..., k], [expected] * 2, atol=1e-5)
    dear = found.at(situation_of(scenario), np.full((3, 4), 1e6))
    asked = by_stage(brains[-1].safety_factors(asked_at(seen_of(scenario), np.full((3, 4), 1e6))))
    np.testing.assert_allclose(dear[0, :, 0], asked[0, :, 0], atol=1e-4)
    nearly_free = found.at(situation_of(scenario), np.full((3, 4), 1e-9))
    np.testing.assert_allclose(
        nearly_free[..., 0], found(situation_of(scenario))[..., 0], atol=1e-4
    )


def test_without_a_family_no_product_answers_prices(classes):
    scenario = make_scenario(3)
    found = advisor(scenario, classes)
    assert not found.answers_prices.any()
    assert np.isnan(found.at(situation_of(scenario), np.ones((3, 3)))).all()


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (
            {"lead_time": np.array([[2, 2], [3, 3], [4, 12]])},
            "lead time 12 days at Los Angeles is beyond the 1 to 9 learnt",
        ),
        (
            {"missed_sale_cost": np.array([100.0, 3.0])},
            "cost ratio 3 is below the 10 to 1000 learnt",
        ),
        (
            {"missed_sale_cost": np.array([100.0, 5000.0])},
            "cost ratio 5000 is beyond the 10 to 1000 learnt",
        ),
        (
            {"maximum_order": np.array([np.inf, 6.0])},
            "largest order 1.20 x mean demand is below the 1.5 learnt at least",
        ),
        (
            {"error_autocorrelation": np.array([0.0, 0.9])},
            "error autocorrelation 0.90 is beyond the 0 to 0.6 learnt",
        ),
    ],
)
def test_a_product_unlike_those_learnt_gets_theory_and_a_reason(classes, columns, reason):
    found = advisor(make_scenario(2, **columns), classes)
    assert found.reason.tolist() == ["", reason]
    assert found.source[1] == THEORY
    z = found(situation_of(make_scenario(2, **columns)))
    np.testing.assert_array_equal(z[0, :, 1], found.theory[:, 1])
    assert (z[0, :, 0] != found.theory[:, 0]).any()


def test_a_forecast_far_off_or_empty_gets_theory(classes):
    scenario = make_scenario(3)
    mean, std = scenario.forecast.mean.copy(), scenario.forecast.std.copy()
    std[:, 1] *= 8
    mean[:, 2] = std[:, 2] = 0
    scenario = replace(scenario, forecast=replace(scenario.forecast, mean=mean, std=std))
    assert advisor(scenario, classes).reason.tolist() == [
        "",
        "daily forecast error of 4.00 x mean is beyond the 0.1 to 2.5 learnt",
        "no demand is forecast over the chain's lead times",
    ]


def test_a_ratio_a_hair_outside_is_still_inside(classes):
    columns = {"missed_sale_cost": np.array([9.95, 1005.0])}
    found = advisor(make_scenario(2, **columns), classes)
    assert found.source.tolist() == ["brain 10", "brain 1000"]


def test_a_holding_cost_unlike_those_learnt_gets_theory(classes):
    scenario = make_scenario(2)
    shelf, *upstream = scenario.network.stages
    upstream[0] = replace(upstream[0], holding_share=3.0)
    dear = replace(scenario, network=Network((shelf, *upstream)))
    assert set(advisor(dear, classes).reason) == {
        "holding share 3 at Tennessee is beyond the 0.1 to 1.2 learnt"
    }


def test_chains_of_other_lengths_get_theory_at_every_stage(classes):
    scenario = make_scenario(2)
    short = Scenario(
        Network(scenario.network.stages[:2]),
        replace(scenario.products, lead_time=scenario.products.lead_time[:2]),
        scenario.forecast,
        empty_stock(2, 2),
    )
    found = advisor(short, classes)
    assert set(found.reason) == {"no brain has learnt chains of 2 stages"}
    assert set(found.source) == {THEORY}
    assert not found.answers_prices.any()
    z = found(situation_of(short, paths=3))
    assert z.shape == (3, 2, 2)
    assert (z[:, 0] > 0.5).all()


def test_chains_of_a_length_that_was_learnt_get_their_own_brains(classes):
    scenario = make_scenario(2)
    short = Scenario(
        Network(scenario.network.stages[:2]),
        replace(scenario.products, lead_time=scenario.products.lead_time[:2]),
        scenario.forecast,
        empty_stock(2, 2),
    )
    own = make_brain(100.0, stages=2)
    found = advisor(short, (*classes, own))
    assert set(found.source) == {"brain 100"}
    expected = by_stage(own.safety_factors(seen_of(short)))
    np.testing.assert_allclose(found(situation_of(short)), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("share", "reasons"),
    [
        (0.0, ["", "customers wait, brains have learnt lost sales"]),
        (0.1, ["", ""]),
        (1.0, ["sales are lost, brains have learnt customers that wait", ""]),
    ],
)
def test_customers_who_wait_get_a_brain_that_has_learnt_to_let_them(share, reasons):
    brain = make_brain(100.0, learnt=Population(backordered_share=share))
    found = advisor(make_scenario(2, backordered=np.array([False, True])), (brain,))
    assert found.reason.tolist() == reasons
    assert found.source.tolist() == [THEORY if reason else "brain 100" for reason in reasons]


def test_theory_stocks_more_where_customers_wait_than_where_sales_are_lost(classes):
    columns = {"backordered": np.array([False, True])}
    theory = advisor(make_scenario(2, **columns), classes).theory
    assert theory[0, 1] > theory[0, 0]


def test_a_forecast_without_error_needs_no_safety_stock(classes):
    scenario = make_scenario(2)
    exact = replace(scenario.forecast, std=np.zeros_like(scenario.forecast.std))
    found = advisor(replace(scenario, forecast=exact), classes)
    np.testing.assert_array_equal(found.theory, 0)


def test_the_advisor_drives_the_simulated_rule(classes):
    scenario = make_scenario(3)
    outlook = outlook_of(scenario, scenario.horizon)
    rule = SafetyStockRule(outlook, advisor_of(scenario, outlook, classes))
    orders = rule(situation_of(scenario, paths=2))
    assert orders.shape == (2, 3, 3)
    assert (orders[:, 2] > 0).all()


def test_the_safety_stock_of_today_says_who_advised_it(classes):
    scenario = make_scenario(2, missed_sale_cost=np.array([100.0, 9999.0]))
    found = advisor(scenario, classes)
    stock = found.safety_stock(situation_of(scenario))
    assert stock.source.tolist() == ["brain 100", THEORY]
    np.testing.assert_array_equal(stock.reason, found.reason)
    np.testing.assert_array_equal(stock.z, found(situation_of(scenario))[0])
    np.testing.assert_allclose(stock.sigma[:, 0], 2.5 * np.sqrt([3, 4, 5]))
    assert stock.units.shape == (3, 2)


def test_asking_brains_never_loads_a_training_library(tmp_path):
    save(make_brain(100.0), tmp_path / "r100")
    save(make_family(), tmp_path / "family")
    script = (
        "import sys, numpy as np, brain.advice, brain.registry, brain.workshop; "
        f"brains = brain.registry.load_all({str(tmp_path)!r}); assert len(brains) == 2; "
        f"brain.advice.advise(np.zeros((1, 1, {SIZE}), 'f4'), np.ones(1), brains); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'stable_baselines3')))"
    )
    assert run([sys.executable, "-c", script], check=False).returncode == 0


def test_one_brain_alone_advises_its_own_class():
    alone = (make_brain(100.0),)
    found = advisor(make_scenario(2, missed_sale_cost=np.array([100.0, 50.0])), alone)
    assert found.source.tolist() == ["brain 100", THEORY]


def test_theory_holds_safety_stock_for_days_to_come() -> None:
    """A certain beginning leaves the safety factors as the rest of the forecast has them."""
    usual = make_scenario(1, missed_sale_cost=np.array([1e6]))
    std = usual.forecast.std.copy()
    std[:3] = 0.0
    quiet = replace(usual, forecast=replace(usual.forecast, std=std))
    of_usual, of_quiet = (advisor(scenario, (make_brain(100.0),)) for scenario in (usual, quiet))
    assert of_quiet.source.tolist() == [THEORY]
    assert (of_quiet.theory[0] > 0.9 * of_usual.theory[0]).all()


def test_what_is_not_worth_buying_gets_no_safety_stock() -> None:
    """Whatever brains have learnt; its neighbours are advised as ever."""
    scenario = make_scenario(2, missed_sale_cost=np.array([1.0, 100.0]))
    assert scenario.worth_buying.tolist() == [False, True]
    found = advisor(scenario, (make_brain(100.0), make_family()))
    assert found.source.tolist() == [THEORY, "brain 100"]
    assert found.reason.tolist() == [PASSED_ON, ""]
    z = found(situation_of(scenario))
    assert not z[..., 0].any()
    assert z[..., 1].any()
