"""What could have been earned in a season whose demand is known beforehand: a linear programme.

Per period t, with shipments q_m, stock y_m, sales s and what is unmet u, out_0 = s and
out_m = q_{m-1} above the shelf:

    y_m(t) = y_m(t-1) + q_m(t - L_m) - out_m(t)      stock
    q_{m-1}(t) <= y_m(t-1)                           suppliers ship from opening stock
    s(t) + u(t) = d(t) + [customers wait] u(t-1)     demand

and q within supply capacity. Whoever knows what can be had orders no more, so no order stays
unfilled. Every rule's season is a solution, hence none earns more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array

from benchmarks.optimum.chains import Chains
from envs.inventory_env import Trade
from milp.solver import LinearProgramme, Solver
from milp.tiling import Matrix

Entry = tuple[str, int, float]
"""Name of a column's kind, its period, its coefficient."""


@dataclass(frozen=True)
class Columns:
    """Where the columns stand: shipments and stock by stage, then what the shelf sees."""

    stages: int
    periods: int

    def at(self, kind: str, t: int) -> int:
        """The column of one kind in one period."""
        kinds = [f"{name}{m}" for name in ("shipped", "stock") for m in range(self.stages)]
        kinds += ["sold", "unmet", "wanted"]
        return kinds.index(kind) * self.periods + t

    @property
    def count(self) -> int:
        """How many columns there are."""
        return (2 * self.stages + 3) * self.periods

    def every(self, kind: str) -> np.ndarray:
        """The columns of one kind (T,)."""
        return self.at(kind, 0) + np.arange(self.periods)


def season_bounds(chains: Chains, trade: Trade, demand: np.ndarray) -> np.ndarray:
    """The most that each season (P, T) [unit] could have brought (P,) [money].

    Args:
        chains: one chain, with opening stock and supply capacity.
        trade: what is earned and paid.
        demand: the seasons.
    """
    programme, columns = season_programme(chains, trade, demand.shape[1])
    wanted = columns.every("wanted")
    solver = Solver(programme)
    found = np.empty(len(demand))
    for path, season in enumerate(demand):
        solver.change_bounds(wanted, season, season)
        found[path] = -solver.solve().objective
    return found


def season_programme(chains: Chains, trade: Trade, periods: int) -> tuple[LinearProgramme, Columns]:
    """The programme of one season, demand left open in its columns "wanted"."""
    columns = Columns(chains.stages, periods)
    opening, capacity = chains.opening_stock, chains.supply_capacity
    if opening is None or capacity is None:
        raise ValueError("the season's bound needs opening stock and supply capacity")
    entries: list[tuple[int, int, float]] = []
    lower: list[float] = []
    upper: list[float] = []

    def row(low: float, high: float, *terms: Entry) -> None:
        entries.extend((len(lower), columns.at(kind, t), by) for kind, t, by in terms if t >= 0)
        lower.append(low)
        upper.append(high)

    for t in range(columns.periods):
        waiting = -1.0 if chains.backordered[0] else 0.0
        row(0, 0, ("sold", t, 1), ("unmet", t, 1), ("wanted", t, -1), ("unmet", t - 1, waiting))
        for m in range(columns.stages):
            stock, before = (f"stock{m}", t, 1.0), (f"stock{m}", t - 1, -1.0)
            at_start = float(opening[m, 0]) if t == 0 else 0.0
            arriving = (f"shipped{m}", t - int(chains.lead_time[m, 0]), -1.0)
            leaving = ("sold" if m == 0 else f"shipped{m - 1}", t, 1.0)
            row(at_start, at_start, stock, before, arriving, leaving)
            if m > 0:
                row(-np.inf, at_start, leaving, before)

    most = np.full(columns.count, np.inf)
    cost = np.zeros(columns.count)
    worth = trade.discount ** np.arange(columns.periods)
    for m in range(columns.stages):
        most[columns.every(f"shipped{m}")] = capacity[m, 0]
        cost[columns.every(f"stock{m}")] = trade.holding_cost[m] * worth
    cost[columns.every(f"shipped{columns.stages - 1}")] = trade.unit_cost[-1] * worth
    cost[columns.every("sold")] = -trade.price * worth
    cost[columns.every("unmet")] = trade.shortage_cost[0] * worth
    at, column, by = (np.array(part) for part in zip(*entries, strict=True))
    matrix = coo_array((by, (at, column)), (len(lower), columns.count)).tocsc()
    programme = LinearProgramme(
        Matrix(matrix.indptr, matrix.indices, matrix.data),
        cost,
        np.zeros(columns.count),
        most,
        np.array(lower),
        np.array(upper),
    )
    return programme, columns
