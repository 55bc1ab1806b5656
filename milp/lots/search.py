"""Branch and bound for one product: so small that a solver's machinery costs more than it saves.

Every node is the product's linear programme with other bounds, solved by a few dual simplex steps
from the last one (Land and Doig 1960; best bound first). Branches are on whether an order is placed
on a day, then on how many lots have been shipped up to a day.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

from data.errors import PlannerError
from milp.lots.product import Product
from milp.lots.relaxation import Relaxation

INTEGRAL = 1e-6
"""Largest distance from a whole number that counts as none."""
DIVES = (0.5, 1.0)
"""Orders are rounded up once this part of the smallest sensible one has gathered."""
DIVE_EVERY = 20
CUTS = 4
"""Rounds of rows for whole lots, at most."""


@dataclass(frozen=True)
class Limits:
    """When the search of one product may stop.

    Attributes:
        gap: distance of its bounds that is good enough [money].
        programmes: linear programmes solved at most.
    """

    gap: float
    programmes: int


@dataclass(frozen=True)
class Candidate:
    """A plan of one product that keeps all rules.

    Attributes:
        shipments: (T, M) [unit].
        orders: True on days with an order of the top stage (J,).
        cost: by itself, nothing shared charged [money].
        usage: of every coupling row.
    """

    shipments: np.ndarray
    orders: np.ndarray
    cost: float
    usage: np.ndarray


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        bound: on what any plan of the product costs, prices charged [money].
        candidates: the best plans met, best first; none where a plan as good was known.
        programmes: linear programmes that were solved.
    """

    bound: float
    candidates: list[Candidate]
    programmes: int


@dataclass(frozen=True)
class _Node:
    """Bounds of the columns that are branched on: lots, then orders."""

    lower: np.ndarray
    upper: np.ndarray

    def below(self, place: int, high: float) -> _Node:
        """The node with a lower upper bound of one column."""
        upper = self.upper.copy()
        upper[place] = high
        return _Node(self.lower, upper)

    def above(self, place: int, low: float) -> _Node:
        """The node with a higher lower bound of one column."""
        lower = self.lower.copy()
        lower[place] = low
        return _Node(lower, self.upper)

    def fixed(self, places: np.ndarray, values: np.ndarray) -> _Node:
        """The node with some columns fixed, as near to `values` as its bounds allow."""
        lower, upper = self.lower.copy(), self.upper.copy()
        lower[places] = upper[places] = np.clip(values, lower[places], upper[places])
        return _Node(lower, upper)


class Search:
    """The search for one product's best plan at prices.

    Args:
        product: its programme.
        prices: of the coupling rows, as charged in it.
    """

    def __init__(self, product: Product, prices: np.ndarray) -> None:
        self.product, self.prices = product, prices
        self._relaxation = Relaxation(product.programme)
        self._days = len(product.ordering)
        self._bounded = np.concatenate([product.whole.ravel(), product.ordering])
        self._columns = np.concatenate([self._bounded, product.ship[-1, : self._days]])
        self._lots = slice(0, product.whole.size)
        self._orders = slice(product.whole.size, len(self._bounded))
        stages = len(product.whole)
        self._weight = np.repeat(product.lot / (1.0 + np.arange(stages)), self._days)
        self._programmes = 0
        self._best = np.inf
        self._candidates: list[Candidate] = []

    def run(self, limits: Limits, known: float = np.inf) -> Found:
        """Branch until the bounds are close or the limit of programmes is met.

        Args:
            limits: when to stop.
            known: cost of a plan at hand, prices charged; only better ones are looked for [money].

        Raises:
            PlannerError: there is no plan, whatever it costs.
        """
        product = self.product
        self._best = (known - product.base) / product.money
        programme = product.programme
        root = _Node(programme.lower[self._bounded], programme.upper[self._bounded])
        value, x = self._with_cuts(root) if limits.programmes else self._solve(root)
        if not len(x):
            raise PlannerError(
                "no plan keeps all that is fixed: shipments that are fixed need more stock than "
                "there is; check the locked lines"
            )
        if not limits.programmes:
            self._keep_least(root)
            return Found(value * product.money + product.base, self._candidates, self._programmes)
        if self._best == np.inf:
            for part in DIVES:
                self._dive(root, x, part)
        bound = self._branched(root, value, x, limits)
        if self._best == np.inf:
            self._keep_least(root)
        found = min(bound, self._best) * product.money + product.base
        plans = sorted(self._candidates, key=self._priced)
        return Found(found, plans, self._programmes)

    def _keep_least(self, root: _Node) -> None:
        """The plan that ships nothing it need not, on any day."""
        ship = self.product.ship.ravel()
        least = self.product.programme.lower[ship]
        self._relaxation.change_bounds(ship, least, least)
        orders = root.lower[self._orders]
        self._relaxation.change_bounds(self.product.ordering, orders, orders)
        answer = self._relaxation.optimum()
        if answer is not None:
            self._keep(*answer)

    def _branched(self, root: _Node, value: float, x: np.ndarray, limits: Limits) -> float:
        """The bound that branching proves, in the programme's money."""
        gap = limits.gap / self.product.money
        heap = [(value, 0, self._children(root, x))]
        if not heap[0][2]:
            self._keep(value, x)
        pruned, count = np.inf, 0
        while heap and heap[0][0] < self._best - gap and self._programmes < limits.programmes:
            value, _, children = heapq.heappop(heap)
            for child in children:
                least, x = self._solve(child)
                least = max(least, value)
                if least >= self._best - gap:
                    pruned = min(pruned, least)
                    continue
                below = self._children(child, x)
                if not below:
                    self._keep(least, x)
                    pruned = min(pruned, least)
                    continue
                count += 1
                heapq.heappush(heap, (least, count, below))
                if count % DIVE_EVERY == 0:
                    self._dive(child, x, DIVES[0])
        return min([pruned] + [entry[0] for entry in heap[:1]])

    def _with_cuts(self, node: _Node) -> tuple[float, np.ndarray]:
        """The root, with rows for whole lots as long as it violates any."""
        lattice = self.product.lattice
        if lattice is None:
            return self._solve(node)
        self._relaxation.add(lattice.shelf)
        value, x = self._solve(node)
        for _ in range(CUTS):
            rows = lattice.violated(x) if len(x) else []
            if not rows:
                break
            self._relaxation.add(rows)
            value, x = self._solve(node)
        return value, x

    def _solve(self, node: _Node) -> tuple[float, np.ndarray]:
        """Cost and columns of a node's programme; infinite where it has no plan."""
        product = self.product
        opened, must = node.upper[self._orders] > 0.5, node.lower[self._orders] > 0.5
        smallest = np.where(product.gated & must, product.smallest, 0.0)
        low = np.where(product.least > 0, product.least, smallest)
        lower = np.concatenate([node.lower, low])
        upper = np.concatenate([node.upper, np.where(opened, product.most, 0.0)])
        if product.lattice is not None:
            shape = product.whole.shape
            low, high = product.lattice.reachable(
                lower[self._lots].reshape(shape), upper[self._lots].reshape(shape)
            )
            lower[self._lots], upper[self._lots] = low.ravel(), np.maximum(high, low).ravel()
        self._relaxation.change_bounds(self._columns, lower, upper)
        self._programmes += 1
        return self._relaxation.optimum() or (np.inf, np.zeros(0))

    def _children(self, node: _Node, x: np.ndarray) -> list[_Node]:
        """What a node is divided into; nothing if its columns are a plan."""
        product = self.product
        if not len(x):
            return []
        order = x[product.ordering]
        free = node.upper[self._orders] - node.lower[self._orders] > 0.5
        open_days = free & (order > INTEGRAL) & (order < 1 - INTEGRAL)
        if open_days.any():
            quantity = np.minimum(x[product.ship[-1, : self._days]], product.smallest)
            day = int(np.argmax(np.where(open_days, quantity, -1.0))) + self._orders.start
            return [node.below(day, 0.0), node.above(day, 1.0)]
        lots = x[self._bounded[self._lots]]
        distance = np.abs(lots - np.round(lots))
        if distance.max(initial=0.0) < INTEGRAL:
            return []
        place = int(np.argmax(distance * self._weight))
        return [
            node.below(place, float(np.floor(lots[place]))),
            node.above(place, float(np.ceil(lots[place]))),
        ]

    def _keep(self, value: float, x: np.ndarray) -> None:
        """Remember a plan, if it is the best so far."""
        if value >= self._best:
            return
        product, use = self.product, self.product.use
        orders = product.gated & (x[product.ordering] > 0.5)
        shipped = x[product.ship]
        lots = np.diff(np.round(x[product.whole]), axis=1, prepend=0.0) * product.lot
        shipped[:, : self._days] = np.where(product.counted, lots, shipped[:, : self._days])
        shipped[-1, : self._days][product.gated & ~orders] = 0.0
        self._best = value
        self._candidates.append(
            Candidate(
                shipments=np.maximum(shipped.T, 0.0) * product.unit,
                orders=orders,
                cost=float(product.own @ x) * product.money + product.base,
                usage=np.bincount(use.row, use.weight * x[use.column], minlength=len(self.prices)),
            )
        )

    def _priced(self, plan: Candidate) -> float:
        """Cost of a plan, what it uses charged [money]."""
        return plan.cost + float(self.prices @ plan.usage)

    def _dive(self, node: _Node, x: np.ndarray, part: float) -> None:
        """A plan by rounding: orders as quantities gather, then lots day by day."""
        if not len(x):
            return
        node = self._with_orders(node, x, part)
        value, x = self._solve(node)
        stages = np.arange(len(self.product.whole))
        for day in range(self._days):
            if value >= self._best:
                return
            places = self._lots.start + stages * self._days + day
            lots = x[self._bounded[places]] + INTEGRAL
            for rounded in (np.round(lots), np.floor(lots)):
                fixed = node.fixed(places, rounded)
                value, at = self._solve(fixed)
                if value < np.inf:
                    break
            node, x = fixed, at
        if value < self._best:
            self._keep(value, x)

    def _with_orders(self, node: _Node, x: np.ndarray, part: float) -> _Node:
        """The node with every order day decided: an order once enough has gathered."""
        lower, upper = node.lower.copy(), node.upper.copy()
        gathered = 0.0
        for day, quantity in enumerate(x[self.product.ship[-1, : self._days]]):
            place = self._orders.start + day
            gathered += quantity
            if upper[place] - lower[place] > 0.5:
                placed = quantity > 0 and gathered >= part * self.product.usual
                lower[place] = upper[place] = float(placed)
            if lower[place] > 0.5:
                gathered = 0.0
        return _Node(lower, upper)
