"""How stock moves in one period: THE sequence of events, written once.

1. Every stage orders; the supplier ships at once from its opening stock, within supply capacity.
2. Shipments due this period arrive; where a stage refuses what finds no room, part of them waits
   at its door and arrives again in the next period.
3. Demand comes to the shelves and is met from what is on hand.
4. What is not met is lost or backordered, as the product prescribes.
5. Costs are charged on the closing state (`envs/accounting.py`).

This is the sequence of OR-Gym's InvManagement environments (Hubbs et al. 2020, arXiv 2008.06319).
The Gymnasium environments, the training lanes, the simulator and the plan's replay all call
`advance`; nothing else moves a unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.stock import StockState
from envs.world import SOURCE, Unfilled, World


@dataclass(frozen=True)
class State:
    """Stock at the start of a period, for P paths at once.

    Attributes:
        period: number of periods gone by.
        on_hand: units at each stage (P, M, K) [unit].
        pipeline: units under way by periods until arrival (P, M, K, L) [unit]; index 0 arrives in
            the coming period. Shipments that fall due together add up; none overwrites another.
        backorders: units owed to customers at each shelf (P, S, K) [unit].
        owed: units suppliers owe each stage (P, M, K) [unit]; zero unless the world says OWED.
    """

    period: int
    on_hand: np.ndarray
    pipeline: np.ndarray
    backorders: np.ndarray
    owed: np.ndarray

    @property
    def in_transit(self) -> np.ndarray:
        """Units shipped to each stage and not yet received (P, M, K) [unit]."""
        # Four times as fast as sum() along so short an axis, and as exact.
        return np.einsum("...l->...", self.pipeline)


@dataclass(frozen=True)
class Flows:
    """What moved during one period.

    Attributes:
        ordered: what each stage asked for, what it was owed included (P, M, K) [unit].
        shipped: what its supplier sent (P, M, K) [unit].
        arrived: what reached the stage (P, M, K) [unit].
        occupied: stock to find room for: opening stock and arrivals (P, M, K) [unit].
        demand: what customers wanted in this period (P, S, K) [unit].
        served: what they got, earlier backorders included (P, S, K) [unit].
        lost: demand lost for good (P, S, K) [unit].
        refused: what found no room and arrives again in the next period (P, M, K) [unit]; None
            where no stage refuses anything.
    """

    ordered: np.ndarray
    shipped: np.ndarray
    arrived: np.ndarray
    occupied: np.ndarray
    demand: np.ndarray
    served: np.ndarray
    lost: np.ndarray
    refused: np.ndarray | None = None


def advance(
    state: State, orders: np.ndarray, demand: np.ndarray, world: World
) -> tuple[State, Flows]:
    """The state after one period and what moved in it; the inputs stay as they are.

    Args:
        state: at the start of the period.
        orders: what each stage asks of its supplier (P, M, K) [unit]; negative asks for nothing.
        demand: of the period at each shelf (P, S, K) [unit].
        world: the fixed facts.
    """
    ordered = np.maximum(orders, 0)
    if world.unfilled is Unfilled.OWED:
        ordered = ordered + state.owed
    shipped = _ration(np.minimum(ordered, world.supply_capacity), state.on_hand, world)
    arrived, pipeline = _travel(state.pipeline, shipped, world.lead_time_in(state.period))
    refused = None
    if world.refuses is not None:
        refused = _refused(arrived, state.on_hand, world)
        arrived = arrived - refused
        pipeline[..., 0] += refused
    occupied = state.on_hand + arrived
    on_hand = occupied - _sent(shipped, world)
    if not world.serial:
        # Shares of a scarce stock may add up to a rounding error more than there is.
        np.maximum(on_hand, 0, out=on_hand)

    shelf = on_hand[:, : world.shelves]
    wanted = demand + state.backorders if world.backorders_possible else demand
    served = np.minimum(shelf, wanted)
    on_hand[:, : world.shelves] -= served
    unmet = wanted - served
    backorders, lost = state.backorders, unmet
    if world.backorders_possible:
        backorders = np.where(world.backordered, unmet, 0)
        lost = np.where(world.backordered, 0, unmet)

    owed = ordered - shipped if world.unfilled is Unfilled.OWED else state.owed
    after = State(state.period + 1, on_hand, pipeline, backorders, owed)
    return after, Flows(ordered, shipped, arrived, occupied, demand, served, lost, refused)


def opening_state(
    stock: StockState, world: World, paths: int = 1, dtype: type[np.floating] = np.float64
) -> State:
    """The state of `paths` identical paths that all start from `stock`."""
    stages, products, known = stock.pipeline.shape
    length = max(known, world.longest_lead_time, 1)
    pipeline = np.zeros((paths, stages, products, length), dtype)
    pipeline[..., :known] = stock.pipeline
    on_hand = np.empty((paths, stages, products), dtype)
    on_hand[:] = stock.on_hand
    backorders = np.zeros((paths, world.shelves, products), dtype)
    backorders[:, 0] = stock.backorders
    return State(0, on_hand, pipeline, backorders, np.zeros_like(on_hand))


def echelon_sum(values: np.ndarray) -> np.ndarray:
    """Values of a serial chain's stages (.., M, K), each with those of all stages downstream.

    A running sum, written out because NumPy's is slow along an axis of three.
    """
    summed = np.array(values)
    for stage in range(1, summed.shape[-2]):
        summed[..., stage, :] += summed[..., stage - 1, :]
    return summed


def _ration(wanted: np.ndarray, on_hand: np.ndarray, world: World) -> np.ndarray:
    """What suppliers ship of what is wanted (P, M, K): shared supply first, then their own stock.

    A limit that binds is shared in proportion to what was wanted.
    """
    if world.shared_supply is not None:
        asked = wanted @ world.volume
        share = np.minimum(1.0, world.shared_supply / np.where(asked > 0, asked, 1.0))
        wanted = wanted * share[..., None]
    if world.serial:
        np.minimum(wanted[:, :-1], on_hand[:, 1:], out=wanted[:, :-1])
        return wanted
    for supplier, customers in enumerate(world.customers):
        if not customers:
            continue
        asked = wanted[:, customers].sum(axis=1)
        short = asked > on_hand[:, supplier]
        share = np.where(short, on_hand[:, supplier] / np.where(short, asked, 1), 1)
        wanted[:, customers] *= share[:, None]
    return wanted


def _sent(shipped: np.ndarray, world: World) -> np.ndarray:
    """What each stage sent to its customers (P, M, K)."""
    sent = np.zeros_like(shipped)
    if world.serial:
        sent[:, 1:] = shipped[:, :-1]
        return sent
    for stage, supplier in enumerate(world.supplier):
        if supplier != SOURCE:
            sent[:, supplier] += shipped[:, stage]
    return sent


def _travel(
    pipeline: np.ndarray, shipped: np.ndarray, lead_time: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What arrives in this period (P, M, K), and the pipeline as the next period finds it."""
    if lead_time.max(initial=0) > pipeline.shape[-1]:
        raise ValueError(
            f"a lead time of {lead_time.max()} periods, but the pipeline holds "
            f"{pipeline.shape[-1]}; give the state a longer one"
        )
    # C order, whatever the order of `pipeline`: the reshape below must be a view.
    moved = np.zeros(pipeline.shape, pipeline.dtype)
    moved[..., :-1] = pipeline[..., 1:]
    arrived = pipeline[..., 0]
    slot = np.maximum(lead_time - 1, 0)
    length = pipeline.shape[-1]
    place = np.arange(slot.size) * length + slot.ravel()
    at_once = lead_time == 0
    under_way = np.where(at_once, 0, shipped)
    moved.reshape(len(moved), -1)[:, place] += under_way.reshape(len(moved), -1)
    return arrived + (shipped - under_way), moved


def _refused(arrived: np.ndarray, on_hand: np.ndarray, world: World) -> np.ndarray:
    """What of the arrivals finds no room beside the opening stock (P, M, K) [unit].

    Room is shared in proportion to what arrives; what takes no space is never refused.
    """
    assert world.refuses is not None
    room = np.maximum(world.refuses - on_hand @ world.volume, 0)
    coming = arrived @ world.volume
    left_out = np.where(coming > room, 1 - room / np.where(coming > room, coming, 1), 0)
    return np.where(world.volume > 0, arrived * left_out[..., None], 0)
