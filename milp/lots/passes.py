"""The units of work: some products searched at prices, and some planned with their integers fixed.

Both take and give small records, so that any engine can carry them out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from milp.lots.product import products_of
from milp.lots.rules import Rules
from milp.lots.search import Candidate, Found, Limits, Search
from milp.model import Model
from milp.passes import Whole
from milp.solver import Pivoting, solve
from milp.storage import overflow_steps


@dataclass(frozen=True)
class Lots:
    """What all work is about.

    Attributes:
        whole: all products.
        rules: what they may order.
    """

    whole: Whole
    rules: Rules

    def part(self, products: np.ndarray) -> tuple[Model, Rules]:
        """The model and the rules of some products."""
        return self.whole.part(products), self.rules.take(products)


@dataclass(frozen=True)
class AtPrices:
    """Products to be searched one by one.

    Attributes:
        products: indices (B,).
        prices: of a unit of every coupling row (R,).
        limits: when to stop.
        known: cost of a plan of each at hand, prices charged (B,) [money]; infinite where none is.
        least, most: bounds of shipments (T, M, B) [unit] within the rules' own; None for none.
        shared_cost: of an order of the top stage, beside its own cost (J, B) [money/order]: what it
            is to bear of costs that products share. Plans come back without it.
    """

    products: np.ndarray
    prices: np.ndarray
    limits: Limits
    known: np.ndarray
    least: np.ndarray | None = None
    most: np.ndarray | None = None
    shared_cost: np.ndarray | None = None


@dataclass(frozen=True)
class Answers:
    """What a search of several products found.

    Attributes:
        products: indices (B,).
        found: per product.
        fixed: occupancy of each storage row that no decision changes [volume].
        variance: of its occupancy [volume^2].
    """

    products: np.ndarray
    found: list[Found]
    fixed: np.ndarray
    variance: np.ndarray


@dataclass(frozen=True)
class Fixed:
    """Products whose shipments of the first days are decided, to be planned within a share.

    Attributes:
        products: indices (B,).
        shipments: of the first days (J, M, B) [unit].
        orders: True on days with an order of the top stage (J, B).
        allowance: of every coupling row (R,).
        spread: standard deviation of occupancy by which overflow is priced, per storage row.
    """

    products: np.ndarray
    shipments: np.ndarray
    orders: np.ndarray
    allowance: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class Settled:
    """Plans around decided shipments.

    Attributes:
        products: indices (B,).
        candidates: a plan per product.
        worth: of one more unit of every coupling row (R,) [money].
    """

    products: np.ndarray
    candidates: list[Candidate]
    worth: np.ndarray


def searched(lots: Lots, asked: AtPrices) -> Answers:
    """The best plans of some products at prices."""
    model, rules = lots.part(asked.products)
    rules = rules.within(asked.least, asked.most)
    if asked.shared_cost is not None:
        rules = replace(rules, order_cost=rules.order_cost + asked.shared_cost)
    found = []
    for number, product in enumerate(products_of(model, rules, asked.prices)):
        best = Search(product, asked.prices).run(asked.limits, float(asked.known[number]))
        if asked.shared_cost is not None:
            borne = asked.shared_cost[:, number]
            own = [replace(plan, cost=plan.cost - plan.orders @ borne) for plan in best.candidates]
            best = replace(best, candidates=own)
        found.append(best)
    return Answers(asked.products, found, model.fixed, model.variance)


def settled(lots: Lots, asked: Fixed) -> Settled:
    """The best plan around decided shipments, within a share of every coupling row."""
    model, rules = lots.part(asked.products)
    task, days = model.task, rules.days
    least, most = np.zeros((2, model.T, model.M, model.K))
    most[:] = np.inf
    least[days:] = 0.0 if task.least is None else task.least[days:]
    most[days:] = np.inf if task.most is None else task.most[days:]
    least[:days] = most[:days] = asked.shipments
    model = Model(replace(task, least=least, most=most), model.certain)
    limited = model.capacity_rows
    steps = overflow_steps(asked.spread[limited], model.overflow_price()[limited])
    programme = model.shared(asked.allowance, *steps)
    charge = _charges(model, rules)
    cost = programme.cost.copy()
    cost[: len(charge)] += charge / model.money
    solution = solve(replace(programme, cost=cost), pivoting=Pivoting.DEVEX)
    worth = -solution.row_dual[model.layout.first_coupling_row :] * model.money
    blocks = model.layout.block_columns
    x = solution.x[:blocks]
    own = (model.blocks_alone.cost * model.money + charge) * x
    own = own.reshape(model.K, -1).sum(axis=1) + model.segments.base.sum(axis=(0, 1))
    own += np.where(asked.orders, rules.order_cost, 0.0).sum(axis=0)
    usage = _usages(model, x)
    shipped = model.shipments(x).transpose(2, 0, 1)
    shipped[:, :days] = asked.shipments.transpose(2, 0, 1)
    candidates = [
        Candidate(shipped[k], asked.orders[:, k], float(own[k]), usage[k]) for k in range(model.K)
    ]
    return Settled(asked.products, candidates, np.maximum(worth, 0.0))


def _charges(model: Model, rules: Rules) -> np.ndarray:
    """What the blocks' columns cost beside the model's own account [money]."""
    charge = np.zeros((model.K, model.layout.width))
    per_unit = rules.charge.transpose(2, 1, 0).reshape(model.K, -1)
    charge[:, model.layout.columns["ship"]] = per_unit * model.scale[:, None]
    return charge.ravel()


def _usages(model: Model, x: np.ndarray) -> np.ndarray:
    """What each product uses of every coupling row (B, R)."""
    use, rows = model.use, model.layout.coupling
    place = use.column // model.layout.width * rows + use.row
    used = np.bincount(place, use.weight * x[use.column], minlength=model.K * rows)
    return used.reshape(model.K, rows)
