"""A brain is asked about products like those it learnt; every other product hears why not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from brain.brain import Brain
from brain.lanes import imagine
from brain.population import Population
from brain.scope import daily_cv, refusals
from data.network import Network, Stage
from data.outlook import Outlook, outlook_of
from data.scenario import Scenario
from data.stock import empty_stock
from tests.brain.conftest import make_brain, make_family, make_scenario


def reasons(scenario: Scenario, *brains: Brain) -> list[str]:
    """Why no brain is asked, product by product."""
    outlook = outlook_of(scenario, scenario.horizon)
    return refusals(scenario, outlook, brains).tolist()


def with_stages(stages: int, count: int = 2) -> Scenario:
    """Ordinary products on a chain of so many stages."""
    scenario = make_scenario(count)
    shares = (1.0, 0.7, 0.35, 0.25, 0.15)[:stages]
    network = Network(tuple(Stage(f"stage {m}", 3, share) for m, share in enumerate(shares)))
    products = replace(scenario.products, lead_time=np.full((stages, count), 3))
    return Scenario(network, products, scenario.forecast, empty_stock(stages, count))


@pytest.mark.parametrize("stages", range(1, 6))
def test_ordinary_products_are_in_scope_of_brains_for_their_length_of_chain(stages: int) -> None:
    """A class and a family, alone and together."""
    scenario = with_stages(stages)
    brains = make_brain(100.0, stages=stages), make_family(stages=stages)
    for panel in (brains, brains[:1], brains[1:]):
        assert reasons(scenario, *panel) == ["", ""]


@pytest.mark.parametrize("stages", [1, 4])
def test_without_a_brain_for_the_length_of_the_chain_everything_is_refused(stages: int) -> None:
    """The reason says which length."""
    expected = [f"no brain has learnt chains of {stages} stages"] * 2
    assert reasons(with_stages(stages)) == expected


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.0, ["", "customers wait, brains have learnt lost sales"]),
        (0.1, ["", ""]),
        (1.0, ["sales are lost, brains have learnt customers that wait", ""]),
    ],
)
def test_whether_customers_may_wait_is_on_the_card(share: float, expected: list[str]) -> None:
    """As a share of the products learnt from."""
    scenario = make_scenario(2, backordered=np.array([False, True]))
    brain = make_brain(100.0, learnt=Population(backordered_share=share))
    assert reasons(scenario, brain) == expected


def test_all_brains_of_a_panel_must_have_learnt_a_product() -> None:
    """The ranges they share count; of the ratios, all of them together."""
    narrow = make_brain(100.0, learnt=Population(lead_time=(3, 4), cv=(0.2, 1.0)))
    scenario = make_scenario(3, missed_sale_cost=np.array([100.0, 0.2, 100.0]))
    std = scenario.forecast.mean * [0.5, 0.5, 1.5]
    scenario = replace(scenario, forecast=replace(scenario.forecast, std=std))
    wide = make_family()
    assert reasons(scenario, wide) == ["", "", ""]
    shelf = scenario.network.stages[0].name
    quick = f"lead time 2 days at {shelf} is below the 3 to 4 learnt"
    assert reasons(scenario, wide, narrow) == [quick] * 3
    slower = replace(scenario, products=replace(scenario.products, lead_time=np.full((3, 3), 3)))
    erratic = "daily forecast error of 1.50 x mean is beyond the 0.2 to 1 learnt"
    assert reasons(slower, wide, narrow) == ["", "", erratic]


def test_only_the_first_reason_is_given() -> None:
    """One is enough to be refused."""
    scenario = make_scenario(
        2,
        missed_sale_cost=np.array([1e6, 100.0]),
        error_autocorrelation=np.array([0.9, 0.9]),
    )
    assert reasons(scenario, make_brain(100.0)) == [
        "cost ratio 1e+06 is beyond the 100 to 100 learnt",
        "error autocorrelation 0.90 is beyond the 0 to 0.6 learnt",
    ]


@pytest.mark.parametrize("stages", range(1, 6))
def test_the_daily_error_is_that_of_a_day_where_all_days_are_alike(stages: int) -> None:
    """Whatever the chain; infinite where nothing is expected."""
    mean = np.tile([4.0, 0.25, 0.0], (80, 1))
    outlook = Outlook(mean, mean * [0.3, 2.0, 1.0], np.full((stages, 3), 5))
    np.testing.assert_allclose(daily_cv(outlook), [0.3, 2.0, np.inf])


def test_a_quiet_beginning_does_not_make_a_product_a_quiet_one() -> None:
    """The daily error is that of the whole forecast, not of the days that come first."""
    mean = np.full((80, 1), 4.0)
    std = np.where(np.arange(80)[:, None] < 20, 0.0, 2.0)
    assert daily_cv(Outlook(mean, std, np.full((3, 1), 5))) == pytest.approx(0.5 * np.sqrt(0.75))


@pytest.mark.parametrize("stages", [1, 3, 4])
def test_products_that_were_learnt_are_in_scope(stages: int) -> None:
    """Drawn from the population, planned as a problem: none is refused, but for its seasons."""
    population = replace(Population(stages), weekly_season=(0, 0), yearly_season=(0, 0))
    products = population.plain.sample(np.random.default_rng(1), 200, 100.0)
    lanes = imagine(np.random.default_rng(2), products, 1, 60)
    brain = make_brain(100.0, stages=stages, learnt=population)
    for k in range(200):
        scenario = with_stages(stages, 1)
        stages_of = tuple(
            replace(stage, holding_share=float(share))
            for stage, share in zip(
                scenario.network.stages, products.holding_share[:, k], strict=True
            )
        )
        scenario = replace(
            scenario,
            network=Network(stages_of),
            products=replace(
                scenario.products,
                lead_time=products.lead_time[:, [k]],
                error_autocorrelation=products.autocorrelation[[k]],
                maximum_order=products.supply_capacity[:, k].min(keepdims=True),
            ),
            forecast=replace(
                scenario.forecast,
                mean=lanes.outlook.mean[:60, [k]].astype(float),
                std=lanes.outlook.std[:60, [k]].astype(float),
            ),
        )
        assert reasons(scenario, brain) == [""]
