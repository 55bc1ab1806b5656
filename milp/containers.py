"""Weekly orders as a mixed-integer programme: stock targets, containers, ramping, scenarios.

For scenario s, week t, item k, with F the cost of a unit not served:

    max  1/S sum_s sum_t,k  F/3 upto - F/2 over - F unmet
    balance:       upto(t) + over(t) = upto(t-1) + over(t-1) + due(t) + x(t-L) - d_s(t) + unmet(t)
    containers:    sum_k volume x(t) <= capacity
    ramping:       |x(t) - x(t-1)| <= ramp
    service:       unmet(t) = (1 - share(t, group)) d_s(t), where service is proportional
    0 <= upto <= target, 0 <= unmet <= d_s, x whole.

With one scenario it is the deterministic model. With many, the orders of the first `decided` weeks
are the same in all scenarios, those of later weeks are recourse: `decided` = 1 is the two-stage
sample-average model (Shapiro, Dentcheva and Ruszczynski 2009, section 5.1), whose later weeks know
their scenario, so that its optimum is a bound; `decided` = T is the static plan, which nobody
revises.

Nobody is refused while there is stock, though it could pay: a unit kept earns F/3 a week and may
serve somebody later. In the last week the optimum refuses nobody by itself; for those before it
binaries say that what is not served is missing (with proportional service: at some item of the
group):

    upto(t) + over(t) <= most (1 - empty(t))
    unmet(t) <= d(t) empty(t), or 1 <= share(t) + sum of empty(t) over the group
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
from scipy.sparse import coo_array

from data.containers import WeeklyProblem
from data.errors import PlannerError

GAP = 1e-4
"""Relative distance from the optimum at which the search for whole orders ends [1]."""
NODES = 400
"""Of the search at most, so that it ends in the same place on any machine."""
_LIMITED = highspy.HighsModelStatus.kSolutionLimit
"""How a search ends that has used its nodes."""


@dataclass(frozen=True)
class OrderPlan:
    """What the model orders.

    Attributes:
        orders: of the weeks that are decided (t, K) [unit].
        value: that it promises, mean over its scenarios [money].
        bound: no plan's value is greater [money].
    """

    orders: np.ndarray
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """Distance from the bound [1]."""
        return (self.bound - self.value) / max(abs(self.value), 1e-9)


def best_orders(
    problem: WeeklyProblem,
    demand: np.ndarray | None = None,
    decided: int | None = None,
    whole: bool = True,
    refusing: bool | None = None,
) -> OrderPlan:
    """The best orders of the first `decided` weeks over the scenarios.

    Args:
        problem: items, stock, containers.
        demand: scenarios (S, T, K) [unit/week]; the forecast if not given.
        decided: weeks whose orders are the same in all scenarios; all of them if not given.
        whole: whether these orders are whole units; without it the value bounds every plan's.
        refusing: whether customers may be refused while there is stock, which makes the value a
            bound and the programme far smaller; if not given, where there are many scenarios or
            orders need not be whole.

    Raises:
        PlannerError: there is no plan, as where the last order and ramping ask for more than the
            containers hold, or the solver found none.
    """
    scenarios = problem.forecast[None] if demand is None else demand
    model = _Model(problem, scenarios, problem.weeks if decided is None else decided, whole)
    if refusing is None:
        refusing = len(scenarios) > 1 or not whole
    if not refusing:
        model.refuse_nobody()
    return model.solve()


class _Model:
    """Columns in families, rows as triplets, in the order in which they are added."""

    def __init__(
        self, problem: WeeklyProblem, demand: np.ndarray, decided: int, whole: bool
    ) -> None:
        self.problem, self.demand, self.decided = problem, demand, decided
        self.S, self.T, self.K = demand.shape
        self._cost: list[np.ndarray] = []
        self._bounds: list[tuple[np.ndarray, np.ndarray]] = []
        self._entries: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self._sides: list[tuple[np.ndarray, np.ndarray]] = []
        self._integers: list[np.ndarray] = []
        self._columns = self._rows = 0
        self._orders(whole)
        self._stock()
        self._balance()
        self._containers()
        self._ramping()
        if problem.proportional:
            self._service()

    def solve(self) -> OrderPlan:
        """Hand it to HiGHS, one thread, no clock."""
        highs: Any = highspy.Highs()
        for name, value in {
            "output_flag": False,
            "threads": 1,
            "mip_rel_gap": GAP,
            "mip_max_nodes": NODES,
        }.items():
            highs.setOptionValue(name, value)
        highs.passModel(self._programme())
        highs.run()
        status, info = highs.getModelStatus(), highs.getInfo()
        searched = bool(self._integers)
        found = status == highspy.HighsModelStatus.kOptimal
        if status == _LIMITED:
            found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        if not found:
            said = highs.modelStatusToString(status)
            raise PlannerError(f"the solver ended with {said!r} instead of an order plan")
        x = np.array(highs.getSolution().col_value)
        value = -float(info.objective_function_value)
        bound = -float(info.mip_dual_bound) if searched else value
        orders = x[self.order[0, : self.decided]]
        return OrderPlan(np.rint(orders) if searched else orders, value, max(bound, value))

    def _programme(self) -> Any:
        entries = [np.concatenate(part) for part in zip(*self._entries, strict=True)]
        row, column, weight = entries
        matrix = coo_array((weight, (row, column)), shape=(self._rows, self._columns)).tocsc()
        programme: Any = highspy.HighsLp()
        programme.num_col_, programme.num_row_ = self._columns, self._rows
        programme.col_cost_ = np.concatenate(self._cost)
        programme.col_lower_, programme.col_upper_ = map(
            np.concatenate, zip(*self._bounds, strict=True)
        )
        programme.row_lower_, programme.row_upper_ = map(
            np.concatenate, zip(*self._sides, strict=True)
        )
        programme.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        programme.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        programme.a_matrix_.index_ = matrix.indices.astype(np.int32)
        programme.a_matrix_.value_ = matrix.data
        if self._integers:
            kinds = [highspy.HighsVarType.kContinuous] * self._columns
            for column in np.concatenate(self._integers):
                kinds[column] = highspy.HighsVarType.kInteger
            programme.integrality_ = kinds
        return programme

    def _orders(self, whole: bool) -> None:
        """x(t, k): one for all scenarios in the decided weeks, one for each afterwards."""
        once = self._add((self.decided, self.K), 0.0, 0.0, np.inf)
        each = self._add((self.S, self.T - self.decided, self.K), 0.0, 0.0, np.inf)
        if whole:
            self._integers.append(once.ravel())
        shared = np.broadcast_to(once, (self.S, *once.shape))
        self.order = np.concatenate([shared, each], axis=1)

    def _stock(self) -> None:
        """Stock up to the target, stock above it, and demand not served, in every scenario."""
        problem, shape = self.problem, self.demand.shape
        share = 1.0 / self.S
        self.upto = self._add(shape, -share * problem.reward, 0.0, problem.target)
        self.over = self._add(shape, share * problem.over_cost, 0.0, np.inf)
        self.unmet = self._add(shape, share * problem.unmet_cost, 0.0, self.demand)

    def _balance(self) -> None:
        """Closing stock = opening stock + arrivals - demand + unmet."""
        side = self.problem.due - self.demand
        side[:, 0] += self.problem.on_hand
        row = self._add_rows(side, side)
        for stock in (self.upto, self.over):
            self._enter(row, stock, 1.0)
            self._enter(row[:, 1:], stock[:, :-1], -1.0)
        self._enter(row, self.unmet, -1.0)
        for lead_time in np.unique(self.problem.lead_time):
            some = np.flatnonzero(self.problem.lead_time == lead_time)
            arrive = row[:, lead_time:][..., some]
            self._enter(arrive, self.order[:, : self.T - lead_time][..., some], -1.0)

    def _containers(self) -> None:
        """Space ordered <= space of the week's containers, once where orders are shared."""
        for order in self._order_sets():
            side = np.full(order.shape[:-1], self.problem.capacity)
            row = self._add_rows(np.full(side.shape, -np.inf), side)
            self._enter(np.broadcast_to(row[..., None], order.shape), order, self.problem.volume)

    def _ramping(self) -> None:
        """|x(t) - x(t-1)| <= ramp; the first week's against the last order, where it is known."""
        problem = self.problem
        ramped = np.flatnonzero(np.isfinite(problem.ramp))
        known = ramped[~np.isnan(problem.last_order[ramped])]
        if self.T > 1 and len(ramped):
            now, before = self.order[:, 1:][..., ramped], self.order[:, :-1][..., ramped]
            if self.decided == self.T:
                now, before = now[:1], before[:1]
            most = np.broadcast_to(problem.ramp[ramped], now.shape)
            row = self._add_rows(-most, most)
            self._enter(row, now, 1.0)
            self._enter(row, before, -1.0)
        if len(known):
            ramp, last = problem.ramp[known], problem.last_order[known]
            first = self.order[:1, 0, known] if self.decided else self.order[:, 0, known]
            low = np.broadcast_to(last - ramp, first.shape)
            row = self._add_rows(low, np.broadcast_to(last + ramp, first.shape))
            self._enter(row, first, 1.0)

    def _service(self) -> None:
        """unmet = (1 - share of the group) demand."""
        groups, self._group = np.unique(self.problem.group, return_inverse=True)
        self.share = self._add((self.S, self.T, len(groups)), 0.0, 0.0, 1.0)
        row = self._add_rows(self.demand, self.demand)
        self._enter(row, self.unmet, 1.0)
        self._enter(row, self.share[..., self._group], self.demand)

    def refuse_nobody(self) -> None:
        """What is not served is missing, in all weeks but the last."""
        if self.T == 1:
            return
        problem, demand, early = self.problem, self.demand[:, :-1], slice(0, self.T - 1)
        empty = self._add(demand.shape, 0.0, 0.0, (demand > 0).astype(float))
        self._integers.append(empty.ravel())
        most = np.broadcast_to(self._most_stock()[early], demand.shape)
        row = self._add_rows(np.full(demand.shape, -np.inf), most)
        for stock in (self.upto, self.over):
            self._enter(row, stock[:, early], 1.0)
        self._enter(row, empty, most)
        if not problem.proportional:
            row = self._add_rows(np.full(demand.shape, -np.inf), np.zeros(demand.shape))
            self._enter(row, self.unmet[:, early], 1.0)
            self._enter(row, empty, -demand)
            return
        share = self.share[:, early]
        row = self._add_rows(np.ones(share.shape), np.full(share.shape, np.inf))
        self._enter(row, share, 1.0)
        self._enter(row[..., self._group], empty, 1.0)

    def _most_stock(self) -> np.ndarray:
        """Stock that there can be at all at the end of each week (T, K) [unit]."""
        problem = self.problem
        weeks = np.arange(1, self.T + 1)[:, None]
        most = np.broadcast_to(problem.capacity / problem.volume, (self.T, self.K))
        ramped = np.isfinite(problem.ramp) & ~np.isnan(problem.last_order)
        last, ramp = (np.where(ramped, x, 0.0) for x in (problem.last_order, problem.ramp))
        order = np.where(ramped, np.minimum(most, last + ramp * weeks), most)
        supplied: np.ndarray = np.cumsum(problem.due + np.maximum(order, 0.0), axis=0)
        return problem.on_hand + supplied

    def _order_sets(self) -> list[np.ndarray]:
        """Orders of the decided weeks once, and those of the others."""
        sets = [self.order[0, : self.decided], self.order[:, self.decided :]]
        return [columns for columns in sets if columns.size]

    def _add(
        self,
        shape: tuple[int, ...],
        cost: np.ndarray | float,
        lower: float,
        upper: np.ndarray | float,
    ) -> np.ndarray:
        """New columns, their numbers in that shape."""
        count = int(np.prod(shape))
        self._cost.append(np.broadcast_to(cost, shape).ravel())
        self._bounds.append((np.full(count, lower), np.broadcast_to(upper, shape).ravel()))
        self._columns += count
        return np.arange(self._columns - count, self._columns).reshape(shape)

    def _add_rows(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """New rows between these sides, their numbers in the same shape."""
        self._sides.append((np.ravel(lower), np.ravel(upper)))
        self._rows += lower.size
        return np.arange(self._rows - lower.size, self._rows).reshape(lower.shape)

    def _enter(self, row: np.ndarray, column: np.ndarray, weight: np.ndarray | float) -> None:
        full = np.broadcast_to(weight, row.shape).astype(float)
        self._entries.append((row.ravel(), column.ravel(), full.ravel()))
