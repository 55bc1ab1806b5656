"""What whole lots make impossible, as linear rows: mixed-integer rounding for one product.

If n is whole and s >= 0 with s >= lot n - b, then s >= lot (1 - f) (n - floor(b / lot)), f the
fraction of b / lot (mixed-integer rounding, Nemhauser and Wolsey 1990). Read for a level, s is
what stands above the start of a segment; read for the shelf, what is lost or waits:
    segments:  sum_{i>=j} x_i + (lost between)  >=  lot (1 - f) (n_m(t) - n_{m-1}(tau) - floor)
    shelf:     sum_{s<=t} l(s), or b(t)         >=  lot f (ceil - n_0(t - L_0))
    upstream:  y_m(t) >= what is left there of today's stock and arrivals after whole lots
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.flow import entering
from milp.lots.rules import Rules
from milp.model import Model

VIOLATED = 1e-4
"""Smallest violation, in days of demand, for which a row is added."""
FRACTION = 1e-6
"""Rests of a lot below this share of it are rounding errors."""


@dataclass(frozen=True)
class Row:
    """coefficients x[columns] >= least."""

    columns: np.ndarray
    coefficients: np.ndarray
    least: float


@dataclass(frozen=True)
class Lattice:
    """Where one product's relative levels can stand, whole lots apart.

    Attributes:
        lot: [scaled unit].
        above: columns of the segments (A, S), one line per level on the lattice.
        start: where each segment begins, less the level if nothing is shipped (A, S).
        raised: columns that count the lots which raise each level (A,).
        lowered: columns that count those which lower it (A,); -1 where none does.
        between: columns of lost sales that may raise the level below, line by line.
        shelf: rows for the shelf.
        stock: lots that each upstream stage has had for shipping on without any lots (M - 1, J).
        lead_time: (M,) [period].
    """

    lot: float
    above: np.ndarray
    start: np.ndarray
    raised: np.ndarray
    lowered: np.ndarray
    between: list[np.ndarray]
    shelf: list[Row]
    stock: np.ndarray
    lead_time: np.ndarray

    def reachable(self, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of lots shipped (M, J), as far as they follow from each other.

        Counts never fall, and no stage ships on what has not come in.
        """
        low = np.maximum.accumulate(low, axis=1)
        high = np.minimum.accumulate(high[:, ::-1], axis=1)[:, ::-1].copy()
        for m in range(len(high) - 2, -1, -1):
            wait = int(self.lead_time[m + 1]) + 1
            most = self.stock[m].copy()
            most[wait:] += high[m + 1, : max(len(most) - wait, 0)]
            np.minimum(high[m], np.floor(most + FRACTION), out=high[m])
        return low, high

    def violated(self, x: np.ndarray) -> list[Row]:
        """The rows for segments that columns `x` violate."""
        lots = x[self.raised] - np.where(self.lowered >= 0, x[self.lowered], 0.0)
        steps = self.start / self.lot
        whole = np.floor(steps + FRACTION)
        weight = self.lot * (1.0 - np.maximum(steps - whole, 0.0))
        filled = np.cumsum(x[self.above][:, ::-1], axis=1)[:, ::-1]
        lost = np.array([x[columns].sum() for columns in self.between])
        excess = weight * (lots[:, None] - whole) - filled - lost[:, None]
        rows = []
        for line, segment in np.argwhere(excess > VIOLATED):
            coefficient = weight[line, segment]
            rest = self.above[line, segment:]
            ends = [self.raised[line], *([self.lowered[line]] if self.lowered[line] >= 0 else [])]
            rows.append(
                Row(
                    np.concatenate([rest, self.between[line], ends]),
                    np.concatenate(
                        [
                            np.ones(len(rest) + len(self.between[line])),
                            np.array([-coefficient, coefficient])[: len(ends)],
                        ]
                    ),
                    -coefficient * whole[line, segment],
                )
            )
        return rows


class Lattices:
    """The lattices of a model's products.

    Args:
        model: the products.
        rules: what they may order.
    """

    def __init__(self, model: Model, rules: Rules) -> None:
        self._model, self._rules = model, rules
        width = model.segments.width
        begin = np.zeros((*width.shape[:3], 1))
        self._start = np.concatenate([begin, np.cumsum(width, axis=-1)], axis=-1)
        self._level = np.cumsum(entering(model.task), axis=0)
        stock = model.task.stock
        came = np.cumsum(model.due, axis=0)
        self._upstream = stock.on_hand[1:] + came[:, 1:] - model.due[:, 1:]
        gone = np.cumsum(model.demand, axis=0) - came[:, 0]
        self._short = gone - stock.on_hand[0] + stock.backorders

    def regular(self, k: int) -> bool:
        """Whether all of a product's shipments of the first days are whole lots."""
        return bool(self._rules.lot[k] > 0 and not self._rules.loose[..., k].any())

    def rest(self, k: int) -> np.ndarray:
        """What upstream stages cannot ship of their stock on the first days (J, M - 1) [unit]."""
        stock, lot = self._upstream[: self._rules.days, :, k], self._rules.lot[k]
        rest = stock - np.floor(stock / lot + FRACTION) * lot
        return np.where(rest > FRACTION * lot, rest, 0.0)

    def of(self, k: int, whole: np.ndarray) -> Lattice:
        """The lattice of product k, whose lots are counted in columns `whole` (M, J)."""
        model, days = self._model, self._rules.days
        scale = model.scale[k]
        column = np.arange(model.layout.width)
        segments = model.segments.price.shape[-1]
        above = column[model.layout.columns["above"]].reshape(model.M, model.T, segments)
        lost = column[model.layout.columns["lost"]]
        lead_time = model.task.scenario.products.lead_time[:, k]
        lines = []
        for m in range(model.M):
            for t in range(days):
                drawn = self._drawn(m, t, lead_time)
                if drawn >= days:
                    continue
                level = self._level[t, m, k] - model.segments.first[t, m, k]
                level -= self._level[drawn, m - 1, k] if m else 0.0
                lowered = whole[m - 1, drawn] if m else -1
                between = lost[t:drawn] if m else lost[:0]
                start = (self._start[t, m, k] - level) / scale
                lines.append((above[m, t], start, whole[m, t], lowered, between))
        return Lattice(
            lot=float(self._rules.lot[k] / scale),
            above=np.array([line[0] for line in lines]),
            start=np.array([line[1] for line in lines]),
            raised=np.array([line[2] for line in lines]),
            lowered=np.array([line[3] for line in lines]),
            between=[line[4] for line in lines],
            shelf=self._shelf(k, whole[0], int(lead_time[0])),
            stock=self._upstream[:days, :, k].T / self._rules.lot[k],
            lead_time=lead_time,
        )

    def _drawn(self, m: int, t: int, lead_time: np.ndarray) -> int:
        """The day on which stage m - 1 draws on what stage m orders on day t."""
        if not m:
            return 0
        last = self._model.T - 1 - int(lead_time[m - 1])
        return max(min(t + int(lead_time[m]) + 1, last), 0)

    def _shelf(self, k: int, whole: np.ndarray, lead_time: int) -> list[Row]:
        """Sales that are lost, or customers that wait, for a lot too few."""
        model, lot = self._model, self._rules.lot[k]
        column = np.arange(model.layout.width)
        lost, waiting = (
            column[model.layout.columns["lost"]],
            column[model.layout.columns["waiting"]],
        )
        patient = model.task.scenario.products.backordered[k]
        rows = []
        for t in range(lead_time, min(model.T, lead_time + self._rules.days)):
            steps = self._short[t, k] / lot
            needed = np.ceil(steps - FRACTION)
            fraction = steps - (needed - 1.0)
            if needed < 1 or fraction > 1 - FRACTION:
                continue
            weight = fraction * lot / model.scale[k]
            unmet = waiting[t : t + 1] if patient else lost[: t + 1]
            rows.append(
                Row(
                    np.append(unmet, whole[t - lead_time]),
                    np.append(np.ones(len(unmet)), weight),
                    weight * needed,
                )
            )
        return rows
