"""What is learnt for a suite is learnt from the suite's own world and money, and pays."""

from __future__ import annotations

import importlib
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.optimum import lost_sales, orgym, serial
from benchmarks.optimum.learnt import (
    QUICK,
    Contest,
    blank_card,
    in_hindsight,
    learnt,
    rule_of,
    train,
)
from benchmarks.optimum.orgym import within_reach
from benchmarks.optimum.practice import ExpectedMoney, SuitePractice
from benchmarks.optimum.suite import Optimum, Suite, played, textbook
from benchmarks.optimum.trial import PracticeLanes, Schedule
from brain.brain import Brain
from brain.hindsight.training import Layers
from brain.hindsight.twin import Flows, Twin
from envs.dynamics import advance
from envs.observation import no_errors, size
from envs.policies import Situation

TINY = replace(
    QUICK, lanes=24, updates=3, days=40, warm_up=10, decisions=600, tuning=400, trial_days=28
)
SUITES = {
    "clark-scarf": serial.clark_scarf,
    "hdpo": serial.hdpo,
    "lost-sales": lost_sales.lost_sales,
    "orgym/v0": lambda: orgym.orgym("v0"),
    "orgym/v1": lambda: orgym.orgym("v1"),
}


def first_row(suite: Suite) -> Suite:
    """The suite of one problem."""
    assert isinstance(suite.answer, Optimum)
    answer = Optimum(suite.answer.cost[:1], suite.answer.policy)
    alone = suite.chains.take(np.array([0]))
    return replace(suite, rows=suite.rows[:1], chains=alone, answer=answer)


@pytest.fixture
def mission() -> Suite:
    """A chain of three stages, Poisson demand of 20, a ratio of 10."""
    return first_row(serial.clark_scarf())


def practice_of(suite: Suite, copies: int = 2, days: int = 12) -> SuitePractice:
    return SuitePractice(suite, copies, suite.chains.season or days, 0)


@pytest.mark.parametrize("name", SUITES)
def test_practice_orders_and_charges_as_the_suite_does(name: str) -> None:
    """The textbook's rule on the same demand: cost or profit agree to rounding.

    Orders are in parts of units and within reach; expected money is compared by its mean.
    """
    suite = SUITES[name]()
    copies = 400 if suite.money is None else 3
    practice = practice_of(suite, copies, 20)
    rng = np.random.default_rng(2)
    lanes = practice.lanes(rng)
    opening = practice.opening(rng, lanes)
    products, demand = lanes.products, lanes.demand[0]
    twin = Twin(lanes.world, lanes.outlook, products.traits, demand, opening)
    money = practice.money(lanes)
    centre = blank_card(suite, 0, "none").centre
    z = torch.from_numpy(centre(twin.observe().numpy()).T.astype(np.float32))
    paid = sum(money(twin, twin.step(practice.orders(twin, z))) for _ in range(practice.days))
    assert isinstance(paid, torch.Tensor)

    count = len(suite.rows)
    demand = np.moveaxis(demand.reshape(-1, copies, count), 0, 1) * suite.chains.mean
    chains, outlook = suite.chains, suite.chains.outlook(practice.days)
    rule = within_reach(textbook)(outlook, chains.traits)
    state, total = chains.opening(copies), np.zeros((copies, count))
    for t in range(practice.days):
        orders = rule(Situation(state, no_errors(copies, count), chains.world))
        state, flows = advance(state, orders, demand[:, t, None], chains.world)
        if suite.money is not None:
            total -= suite.money(state, flows)
        else:
            held = (state.on_hand * chains.holding_cost).sum(axis=1)
            unmet = state.backorders[:, 0] + flows.lost[:, 0]
            total += held + chains.shortage_cost * unmet
    ours = paid.numpy().reshape(copies, count) * chains.mean
    if suite.money is not None:
        np.testing.assert_allclose(ours, total, rtol=1e-3)
        return
    error = (ours - total).std(axis=0, ddof=1) / np.sqrt(copies)
    assert (np.abs((ours - total).mean(axis=0)) < 4 * error + 1e-3 * total.mean(axis=0)).all()
    assert (error < 0.2 * total.mean(axis=0)).all(), "too noisy to prove anything"


@pytest.mark.parametrize("name", ["clark-scarf", "lost-sales", "hdpo"])
def test_expected_money_is_the_mean_over_the_law(name: str) -> None:
    """For stock above, at and below 0; its slope is holding less the chance of running out."""
    suite = SUITES[name]()
    rows = np.arange(len(suite.rows))
    money, chains = ExpectedMoney(suite, rows), suite.chains
    for shelf in (-0.35, 0.0, 0.62, 1.03, 1.7):
        stock = torch.full((len(rows),), shelf, requires_grad=True)
        nothing = torch.zeros(len(rows))
        twin = type("Shelf", (), {"on_hand": torch.zeros(chains.stages, len(rows))})
        flows = Flows(*[nothing] * 3, stock[None], *[nothing] * 4)
        paid = money(twin, flows)
        paid.sum().backward()
        for row in rows:
            law, mean = chains.demand_law(row), chains.mean[row]
            units, ratio = shelf * mean, chains.traits.cost_ratio[row]
            short = float(law.loss(np.array(units)))
            expected = units - law.mean + (1 + ratio) * short
            assert paid[row].item() * mean == pytest.approx(float(expected), rel=1e-3, abs=2e-3)
            if shelf != 0:
                filled = np.floor(units) if chains.whole_units[row] else units
                out = 1.0 if shelf < 0 else float(law.survival(filled))
                assert stock.grad is not None
                slope = stock.grad[row].item()
                assert slope == pytest.approx(1 - (1 + ratio) * out, rel=0.02, abs=0.02)


def test_acting_like_the_reference_saves_nothing(mission: Suite) -> None:
    """And ordering less from an over-full start saves holding; an episode is cut, not ended."""
    practice = practice_of(mission, 3, 28)
    lanes = PracticeLanes(practice, blank_card(mission, 0, "none").centre, hold=7)
    lanes.seed(4)
    assert np.asarray(lanes.reset()).shape == (3, size(3))
    still = np.zeros((3, 3), np.float32)
    for week in range(1, 5):
        seen, rewards, dones, infos = lanes.step(still)
        np.testing.assert_array_equal(rewards, 0)
        assert dones.all() == (week == 4)
    assert all(info["TimeLimit.truncated"] for info in infos)
    assert np.isfinite(seen).all()
    less = np.tile(np.float32([0, -1, -1]), (3, 1))
    assert np.sum([lanes.step(less)[1] for _ in range(4)], axis=0).min() > 0


def test_a_season_ends(mission: Suite) -> None:
    """There is nothing after it that could be worth anything."""
    suite = orgym.orgym("v1")
    lanes = PracticeLanes(practice_of(suite), blank_card(suite, 0, "none").centre, hold=1)
    lanes.reset()
    for _ in range(30):
        _, _, dones, infos = lanes.step(np.zeros((2, 3), np.float32))
    assert dones.all()
    assert not any(info["TimeLimit.truncated"] for info in infos)


def test_hindsight_soon_beats_the_textbook(mission: Suite) -> None:
    """From which it starts: stock above the shelf is not worth what the textbook thinks."""
    practice = SuitePractice(mission, 48, 60, 20)
    card = blank_card(mission, 1, "hindsight")
    brain = Brain(card, in_hindsight(practice, card, 60))
    demand = mission.chains.demand(np.random.default_rng(5), 40, 400)
    saved = 1 - played(mission, rule_of(brain), demand) / played(mission, textbook, demand)
    assert saved.mean() - 3 * saved.std() / np.sqrt(40) > 0.02


def moved(*by: float) -> Layers:
    """The net that moves the textbook's safety factors by the same, whatever it sees."""
    return ((np.zeros((len(by), size(len(by))), np.float32), np.float32(by)),)


def test_the_best_net_of_a_training_is_kept(mission: Suite) -> None:
    """Whichever way round the nets are shown."""
    contest = Contest(mission, 0, TINY, "none")
    still, less, short = moved(0, 0, 0), moved(0, -0.5, -0.5), moved(-3, -3, -3)
    for shown, best in ((still, still), (less, less), (short, less), (still, less)):
        contest.enter(shown)
        assert contest.winner.layers is best
    assert contest.winner.card.validation < 1


def test_a_brain_that_has_learnt_nothing_is_the_textbook(mission: Suite) -> None:
    """Order for order, where nothing is charged for asking in vain."""
    brain = Brain(blank_card(mission, 0, "none"), moved(0, 0, 0))
    demand = mission.chains.demand(np.random.default_rng(5), 3, 130)
    np.testing.assert_allclose(
        played(mission, rule_of(brain), demand), played(mission, textbook, demand), rtol=1e-4
    )


@pytest.mark.parametrize("name", ["lost-sales", "orgym/v0"])
def test_a_short_training_gives_rules_that_play(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of each kind and seed, the same from the same seed; ours is no worse than hindsight."""
    module = importlib.import_module("benchmarks.optimum.learnt")
    monkeypatch.setattr(module, "QUICK", TINY)
    suite = SUITES[name]()
    threads = torch.get_num_threads()
    rules = learnt(suite, 2, quick=True)
    assert torch.get_num_threads() == threads
    assert {each: len(group) for each, group in rules.items()} == {
        "hindsight": 1,
        "PPO": 1,
        "ours": 1,
    }
    demand = suite.chains.demand(np.random.default_rng(5), 4, suite.chains.season or 120)
    for (rule,) in rules.values():
        assert np.isfinite(played(suite, rule, demand)).all()
    first, again = (train(suite, 2, TINY, with_ppo=False) for _ in range(2))
    assert set(first) == {"hindsight", "ours"}
    assert first["ours"].card.validation <= first["hindsight"].card.validation
    for one, other in zip(first["ours"].layers, again["ours"].layers, strict=True):
        np.testing.assert_array_equal(one[0], other[0])


def test_a_schedule_goes_from_the_first_to_the_last() -> None:
    """In proportion."""
    schedule = Schedule(hold=7, discount=0.98)
    assert [schedule.at(done, (2.0, 1.0)) for done in (0, 0.5, 1)] == [2.0, 1.5, 1.0]
