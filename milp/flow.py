"""Units as they must move: what arrives, what is lost, where stock lies, given the shipments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from milp.task import Task


@dataclass(frozen=True)
class Moved:
    """What shipments lead to if demand comes at its mean.

    Attributes:
        arrived: what reaches each stage in each period (T, M, K) [unit].
        on_hand: at the end of each period (T, M, K) [unit].
        left: at the shelf the same; upstream, opening stock left after shipping (T, M, K) [unit].
        lost_sales: (T, K) [unit].
        backorders: at the end of each period (T, K) [unit].
    """

    arrived: np.ndarray
    on_hand: np.ndarray
    left: np.ndarray
    lost_sales: np.ndarray
    backorders: np.ndarray


def moved(task: Task, shipments: np.ndarray) -> Moved:
    """Where all units are under shipments (T, M, K) [unit]."""
    coming = due(task.stock.pipeline, task.periods)
    arrived = arrivals(shipments, coming, task.scenario.products.lead_time)
    lost = lost_sales(task, coming, shipments[:, 0])
    waiting = np.zeros_like(lost)
    demand = task.outlook.mean[task.period : task.period + task.periods]
    waits = task.scenario.products.backordered
    if waits.any():
        net = task.stock.on_hand[0] - task.stock.backorders
        net = net + np.cumsum(arrived[:, 0] - demand, axis=0)
        waiting = np.where(waits, np.maximum(-net, 0.0), 0.0)
        lost = np.where(waits, 0.0, lost)
    left = np.empty_like(shipments)
    served = demand - lost - np.diff(waiting, axis=0, prepend=task.stock.backorders[None])
    left[:, 0] = task.stock.on_hand[0] + np.cumsum(arrived[:, 0] - served, axis=0)
    came = np.cumsum(arrived[:, 1:], axis=0) - arrived[:, 1:]
    left[:, 1:] = task.stock.on_hand[1:] + came - np.cumsum(shipments[:, :-1], axis=0)
    np.maximum(left, 0.0, out=left)
    on_hand = left.copy()
    on_hand[:, 1:] += arrived[:, 1:]
    return Moved(arrived, on_hand, left, lost, waiting)


def levels(task: Task, shipments: np.ndarray, lost: np.ndarray) -> np.ndarray:
    """Echelon levels after ordering, less the forecast over their intervals (T, M, K) [unit]."""
    gone = np.zeros_like(lost)
    gone[1:] = lost[:-1]
    return np.cumsum(entering(task) + shipments + gone[:, None], axis=0)


def entering(task: Task) -> np.ndarray:
    """What moves echelon levels besides shipments and lost sales (T, M, K) [unit].

    At first the position less the forecast; then the demand that enters the interval.
    """
    stock, days = task.stock, range(task.period, task.period + task.periods)
    local = stock.on_hand + stock.pipeline.sum(axis=-1)
    forecast = np.stack([task.outlook.windows(day).echelon_mean for day in days])
    demand = task.outlook.mean[task.period : task.period + task.periods]
    found = np.empty_like(forecast)
    found[0] = np.cumsum(local, axis=0) - stock.backorders - forecast[0]
    found[1:] = forecast[:-1] - forecast[1:] - demand[:-1, None]
    return found


def due(pipeline: np.ndarray, periods: int) -> np.ndarray:
    """What is under way, by the period in which it arrives (T, M, K) [unit]."""
    due = np.zeros((periods, *pipeline.shape[:2]))
    length = min(periods, pipeline.shape[2])
    due[:length] = np.moveaxis(pipeline, 2, 0)[:length]
    return due


def arrivals(shipments: np.ndarray, due: np.ndarray, lead_time: np.ndarray) -> np.ndarray:
    """What reaches each stage in each period (T, M, K) [unit], from shipments and what was due."""
    T, M, K = shipments.shape
    arrived = due.copy()
    period = np.arange(T)[:, None]
    for m in range(M):
        shipped = period - lead_time[m]
        came = shipments[np.maximum(shipped, 0), m, np.arange(K)]
        arrived[:, m] += np.where(shipped >= 0, came, 0.0)
    return arrived


def lost_sales(task: Task, due: np.ndarray, shipped: np.ndarray) -> np.ndarray:
    """Sales that must be lost (T, K) [unit] if the shelf is sent `shipped` (T, K)."""
    lead_time = task.scenario.products.lead_time[:1]
    arrived = arrivals(shipped[:, None], due[:, :1], lead_time)[:, 0]
    left = task.stock.on_hand[0].copy()
    lost = np.empty_like(shipped)
    for t in range(len(shipped)):
        left += arrived[t] - task.outlook.mean[task.period + t]
        lost[t] = np.maximum(-left, 0)
        np.maximum(left, 0, out=left)
    return lost
