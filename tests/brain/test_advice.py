"""Brains are asked about what they have learnt, theory about the rest, and the reason is given."""

import sys
from dataclasses import replace
from subprocess import run

import numpy as np
import pytest

from brain.advice import THEORY, advise, advisor_of
from data.network import Network
from data.outlook import outlook_of
from data.scenario import Scenario
from data.stock import empty_stock
from envs.dynamics import opening_state
from envs.observation import SIZE, no_errors
from envs.policies import SafetyStockRule, Situation
from envs.world import world_of
from tests.brain.conftest import make_brain, make_scenario


def observations(products: int) -> np.ndarray:
    return np.random.default_rng(4).normal(size=(2, products, SIZE)).astype(np.float32)


def situation_of(scenario: Scenario, paths: int = 1) -> Situation:
    world = world_of(scenario)
    state = opening_state(scenario.stock, world, paths)
    return Situation(state, no_errors(paths, len(scenario.products)), world)


def advisor(scenario: Scenario, brains):
    return advisor_of(scenario, outlook_of(scenario, scenario.horizon), brains)


def test_a_product_of_a_class_gets_exactly_that_brain(classes):
    seen = observations(3)
    for brain in classes:
        z = advise(seen, np.full(3, brain.card.cost_ratio), classes)
        np.testing.assert_array_equal(np.moveaxis(z, 1, -1), brain.safety_factors(seen))


def test_between_two_classes_the_answers_are_mixed_in_the_log_of_the_ratio(classes):
    seen = observations(3)
    z = advise(seen, np.full(3, 10**1.25), classes)
    low, high = (np.moveaxis(brain.safety_factors(seen), -1, 1) for brain in classes[:2])
    np.testing.assert_allclose(z, 0.75 * low + 0.25 * high, atol=1e-5)


def test_advice_does_not_depend_on_the_order_of_products(classes):
    rng = np.random.default_rng(5)
    seen, ratio = observations(50), 10 ** rng.uniform(1, 3, 50)
    order = rng.permutation(50)
    z = advise(seen, ratio, classes)
    np.testing.assert_allclose(
        advise(seen[:, order], ratio[order], classes), z[..., order], atol=1e-5
    )


def test_brains_out_of_order_are_refused(classes):
    with pytest.raises(ValueError, match="rising ratios"):
        advise(observations(2), np.full(2, 50.0), classes[::-1])


def test_ordinary_products_are_advised_by_brains(classes):
    found = advisor(make_scenario(missed_sale_cost=np.array([10.0, 30.0, 100.0, 700.0])), classes)
    assert found.reason.tolist() == [""] * 4
    assert found.source.tolist() == [
        "brain 10",
        "brains 10 and 100",
        "brain 100",
        "brains 100 and 1000",
    ]


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
            {"backordered": np.array([False, True])},
            "customers wait, brains have learnt lost sales",
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
    assert set(found.reason) == {"the chain has 2 stages, brains have learnt 3"}
    z = found(situation_of(short, paths=3))
    assert z.shape == (3, 2, 2)
    assert (z[:, 0] > 0.5).all()


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
    scenario = make_scenario(2, backordered=np.array([False, True]))
    stock = advisor(scenario, classes).safety_stock(situation_of(scenario))
    assert stock.source.tolist() == ["brain 100", THEORY]
    np.testing.assert_allclose(stock.sigma[:, 0], 2.5 * np.sqrt([3, 4, 5]))
    assert stock.units.shape == (3, 2)


def test_asking_brains_never_loads_a_training_library():
    script = (
        "import sys, brain.advice, brain.registry, brain.workshop; brain.registry.shipped(); "
        "sys.exit(any(name in sys.modules for name in ('torch', 'stable_baselines3')))"
    )
    assert run([sys.executable, "-c", script], check=False).returncode == 0


def test_one_brain_alone_advises_its_own_class():
    alone = (make_brain(100.0),)
    found = advisor(make_scenario(2, missed_sale_cost=np.array([100.0, 50.0])), alone)
    assert found.source.tolist() == ["brain 100", THEORY]
