"""A differentiable twin of the world: `advance`, `observe` and the safety stock rule in torch.

It exists so that the cost of a whole future can be differentiated with respect to every safety
factor on the way (Alvo, Russo and Kanoria 2023, arXiv 2306.11246). The rooms in `envs` remain the
rule of the game; tests hold the twin to them, period by period. One path per product, float32,
serial chains. Zeros stand at all stages above the shelf in what only customers do, so that most
lines are a single operation on (M, K).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from data.outlook import Outlook
from envs.accounting import Rates
from envs.dynamics import State
from envs.observation import (
    ARRIVALS,
    LARGEST_CAPACITY,
    LARGEST_ERROR,
    LONGEST_LEAD_TIME,
    SMALLEST_SHARE,
    SMALLEST_SIGMA,
    Traits,
    no_errors,
)
from envs.world import Unfilled, World


class Flows(NamedTuple):
    """What moved during one period; as `envs.dynamics.Flows`, of one path.

    Attributes:
        ordered: what each stage asked for, what it was owed included (M, K) [unit].
        shipped: what its supplier sent (M, K) [unit].
        arrived: what reached the stage (M, K) [unit].
        occupied: stock to find room for: opening stock and arrivals (M, K) [unit].
        demand: what customers wanted in this period (K,) [unit].
        served: what they got, earlier backorders included (K,) [unit].
        lost: demand lost for good (K,) [unit].
        missing: what customers still want in the evening, lost or backordered (K,) [unit].
    """

    ordered: Tensor
    shipped: Tensor
    arrived: Tensor
    occupied: Tensor
    demand: Tensor
    served: Tensor
    lost: Tensor
    missing: Tensor


class Twin:
    """K serial chains of M stages, one future each; `observe`, `order` and `step` make a period.

    Attributes:
        period: number of periods gone by.
        on_hand: units at each stage (M, K) [unit].
        in_transit: units shipped to each stage and not yet received (M, K) [unit].
        owed: units suppliers owe each stage (M, K) [unit].

    Args:
        world: the fixed facts.
        outlook: the forecast, far enough ahead for an observation at the end of period T.
        traits: what stays the same about the products.
        demand: (T, K) [unit/period].
        opening: state of one path at the start of period 0.

    Raises:
        ValueError: the world is a tree or shares its supply, or the opening is of several paths
            or not of period 0.
    """

    def __init__(
        self, world: World, outlook: Outlook, traits: Traits, demand: np.ndarray, opening: State
    ) -> None:
        if not world.serial:
            raise ValueError("the twin knows serial chains only; this world is a tree")
        if world.shared_supply is not None:
            raise ValueError("the twin knows no supply shared by products; plan without it")
        if len(opening.on_hand) != 1 or opening.period != 0:
            raise ValueError(
                f"the opening has {len(opening.on_hand)} paths at period {opening.period}, "
                "expected 1 at period 0"
            )
        periods, stages = len(demand), world.stages
        self.period = 0
        self.on_hand = _tensor(opening.on_hand[0])
        self.in_transit = _tensor(opening.in_transit[0])
        self.owed = _tensor(opening.owed[0])
        self._arriving: Tensor
        self._shelf_arriving: Tensor
        self._position: Tensor | None = None

        # Matrices that add up, take from the supplier and give to the customer, along the chain.
        self._echelon = torch.tril(torch.ones(stages, stages))
        self._from_supplier = torch.diag(torch.ones(stages - 1), 1)
        self._to_customer = torch.diag(torch.ones(stages - 1), -1)
        self._source = torch.zeros_like(self.on_hand)
        self._source[-1] = torch.inf
        limited = np.isfinite(world.supply_capacity).any()
        self._supply_capacity = _tensor(world.supply_capacity) if limited else None
        self._owing = world.unfilled is Unfilled.OWED
        self._demand = _at_the_shelf(demand, stages)

        waits = _at_the_shelf(world.backordered, stages)
        self._waits = waits if world.backorders_possible else None
        self._loses = 1 - waits[0]
        self._backorders = _at_the_shelf(opening.backorders[0, 0], stages)
        self._set_off(world, opening, periods)
        self._foresee(outlook, traits, periods)
        self._describe(outlook, traits)
        self._look_back(outlook, demand)

    def _set_off(self, world: World, opening: State, periods: int) -> None:
        """The calendar of arrivals, and where in it each period's shipments are to be put."""
        stages, products = self.on_hand.shape
        known = opening.pipeline.shape[-1]
        length = periods + max(known, world.longest_lead_time, ARRIVALS) + 1
        calendar = torch.zeros(length, stages, products)
        calendar[:known] = _tensor(np.moveaxis(opening.pipeline[0], -1, 0))
        self._calendar = calendar
        self._arriving = calendar[0].clone()
        self._shelf_arriving = calendar[:ARRIVALS, 0].clone()

        # Where in the flattened calendar, from today on, shipments are to be put: (1 or T, M K).
        lead_time = world.lead_time.reshape(-1, stages, products)
        entries = np.arange(stages * products).reshape(stages, products)
        self._due = torch.from_numpy((lead_time * entries.size + entries).reshape(-1, entries.size))
        self._at_once = _tensor(lead_time == 0) if (lead_time == 0).any() else None

    def _foresee(self, outlook: Outlook, traits: Traits, periods: int) -> None:
        """What the forecast says about the windows and months that begin in each period."""
        windows = [outlook.windows(t) for t in range(periods + 1)]
        echelon_std = _stacked([w.echelon_std for w in windows])
        forecast = _stacked([(w.mean, w.std) for w in windows])
        self._echelon_mean = _stacked([w.echelon_mean for w in windows])
        self._std = forecast[:, 1]
        self._per_sigma = 1 / echelon_std.clamp(min=_tensor(SMALLEST_SIGMA * traits.scale))
        mean_stock = outlook.protection_interval * traits.scale
        self._per_stock = 1 / (self._std + _tensor(mean_stock))
        self._per_arrival = 1 / (self._std[:, 0] + _tensor(traits.scale))
        per_unit = _tensor(1 / mean_stock)
        per_root = _tensor(1 / (np.sqrt(outlook.protection_interval) * traits.scale))
        self._forecast = (forecast * torch.stack([per_unit, per_root])).flatten(1, 2)
        months = [
            (outlook.mean_between(t, t + 28), outlook.mean_between(t + 28, t + 56))
            for t in range(periods + 1)
        ]
        self._months = _stacked(months) / _tensor(traits.scale)

    def _describe(self, outlook: Outlook, traits: Traits) -> None:
        """What never changes in observations."""
        static = (
            outlook.lead_time / LONGEST_LEAD_TIME,
            traits.lead_time_std,
            np.minimum(traits.supply_capacity / traits.scale, LARGEST_CAPACITY) / 3,
            np.log(np.maximum(traits.holding_share[1:], SMALLEST_SHARE)),
            np.log10(traits.cost_ratio)[None] / 3,
            traits.error_autocorrelation[None],
            traits.backordered[None],
        )
        self._static = _tensor(np.concatenate(static))

    def _look_back(self, outlook: Outlook, demand: np.ndarray) -> None:
        """The forecast errors known in each period; orders have no part in them."""
        errors = no_errors(1, demand.shape[1], np.float32)
        known = [errors]
        for today, mean, std in zip(demand, outlook.mean, outlook.std, strict=False):
            errors = errors.after(today[None], mean, std)
            known.append(errors)
        last = np.clip([e.last[0] for e in known], -LARGEST_ERROR, LARGEST_ERROR)
        slow = ("drift", "spread", "idle")
        smoothed, *rest = ([getattr(e, name)[0] for e in known] for name in ("smoothed", *slow))
        self._errors = _tensor(np.stack([smoothed, last, *rest], axis=1))

    @property
    def backorders(self) -> Tensor:
        """Units owed to customers (K,) [unit]."""
        return self._backorders[0]

    @property
    def pipeline(self) -> Tensor:
        """Units under way by periods until arrival (S, M, K) [unit]; without gradient."""
        return self._calendar[self.period :].detach()

    @property
    def echelon_position(self) -> Tensor:
        """Stock on hand and under way of each stage and all downstream, less backorders (M, K)."""
        if self._position is None:
            held = self.on_hand + self.in_transit
            if self._waits is not None:
                held = held - self._backorders
            self._position = self._echelon @ held
        return self._position

    def observe(self) -> Tensor:
        """What a brain sees (K, size); equal to `envs.observation.observe`."""
        t = self.period
        gap = (self.echelon_position - self._echelon_mean[t]) * self._per_sigma[t]
        seen = (
            gap.clamp(-5, 10),
            self.on_hand * self._per_stock[t],
            self.in_transit * self._per_stock[t],
            self._forecast[t],
            self._static,
            self._months[t],
            self._errors[t],
            self._backorders[:1] * self._per_arrival[t],
            self._shelf_arriving * self._per_arrival[t],
        )
        return torch.cat(seen).T

    def order(self, z: Tensor) -> Tensor:
        """Orders (M, K) [unit] of the safety stock rule with safety factors z (M, K) [1]."""
        t = self.period
        short = self._echelon_mean[t] - self.echelon_position
        if self._owing:
            short = short - self.owed
        return torch.relu(torch.addmm(short, self._echelon, z * self._std[t]))

    def step(self, orders: Tensor) -> Flows:
        """One period in which these orders (M, K) [unit] are placed; the twin moves on."""
        t = self.period
        ordered = torch.relu(orders)
        if self._owing:
            ordered = ordered + self.owed
        asked = ordered
        if self._supply_capacity is not None:
            asked = ordered.clamp(max=self._supply_capacity)
        available = torch.addmm(self._source, self._from_supplier, self.on_hand)
        shipped = torch.where(asked < available, asked, available)

        arrived, under_way = self._arriving, shipped
        row = min(t, len(self._due) - 1)
        if self._at_once is not None:
            now = shipped * self._at_once[row]
            arrived, under_way = arrived + now, shipped - now
        self._calendar, self._arriving, self._shelf_arriving = _Travel.apply(
            self._calendar, under_way, self._due[row], t
        )
        self.in_transit = self.in_transit + shipped - arrived

        wanted = self._demand[t]
        if self._waits is not None:
            wanted = wanted + self._backorders
        occupied = self.on_hand + arrived
        left = torch.addmm(occupied, self._to_customer, shipped, alpha=-1) - wanted
        self.on_hand = torch.relu(left)
        missing = self.on_hand - left
        if self._waits is not None:
            self._backorders = missing * self._waits
        if self._owing:
            self.owed = ordered - shipped

        self._position = None
        self.period = t + 1
        at_the_shelf = missing[0]
        return Flows(
            ordered=ordered,
            shipped=shipped,
            arrived=arrived,
            occupied=occupied,
            demand=self._demand[t][0],
            served=wanted[0] - at_the_shelf,
            lost=at_the_shelf if self._waits is None else at_the_shelf * self._loses,
            missing=at_the_shelf,
        )

    def money(self, flows: Flows, rates: Rates) -> Tensor:
        """Holding and shortage (K,) [money] of the period just gone; space is free.

        As `envs.accounting.charge`, the closing state being the twin's own.
        """
        stock = self.on_hand * _tensor(rates.holding)
        if rates.transit is not None:
            stock = stock + self.in_transit * _tensor(rates.transit)
        return torch.addcmul(stock.sum(dim=0), flows.missing, _tensor(rates.shortage))


class _Travel(torch.autograd.Function):
    """Puts what is shipped into the calendar of arrivals, and reads what the next period finds.

    A shipment is one addition to the calendar and an arrival one row of it; the gradient with
    respect to the calendar is a calendar, too, read and written the other way round. Both are
    changed in place, for a copy would cost more than all the rest of a period.
    """

    @staticmethod
    def forward(
        ctx: Any, calendar: Tensor, shipped: Tensor, due: Tensor, period: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The calendar (H, M, K), arrivals (M, K) and those at the shelf (A, K) [unit]."""
        ctx.due, ctx.period = due, period
        ctx.mark_dirty(calendar)
        calendar[period:].view(-1).index_add_(0, due, shipped.reshape(-1))
        next_periods = calendar[period + 1 : period + 1 + ARRIVALS]
        return calendar, next_periods[0].clone(), next_periods[:, 0].clone()

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, calendar: Tensor, arriving: Tensor, at_the_shelf: Tensor
    ) -> tuple[Tensor, Tensor, None, None]:
        """Gradients with respect to the calendar before and the shipment."""
        next_periods = calendar[ctx.period + 1 : ctx.period + 1 + ARRIVALS]
        next_periods[0] += arriving
        next_periods[:, 0] += at_the_shelf
        shipped = calendar[ctx.period :].view(-1).index_select(0, ctx.due).view(arriving.shape)
        return calendar, shipped, None, None


def _stacked(values: Sequence[Any]) -> Tensor:
    return _tensor(np.array(values))


def _tensor(values: np.ndarray) -> Tensor:
    # Not a copy where none is needed, as torch.tensor would be; torch warns of read-only arrays.
    return torch.from_numpy(np.require(values, np.float32, ["C", "W"]))


def _at_the_shelf(values: np.ndarray, stages: int) -> Tensor:
    """Values of customers (.., K) as (.., M, K), 0 at all stages above the shelf."""
    placed = np.zeros((*values.shape[:-1], stages, values.shape[-1]), np.float32)
    placed[..., 0, :] = values
    return torch.from_numpy(placed)
