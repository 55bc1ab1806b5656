"""What orders may be: whole lots, least and largest orders, and what they cost beside their units.

These rules bind on the first days. Later days are planned without integers; there every unit bears
its part of what orders cost, so that nothing is gained by waiting for them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from milp.task import Task

WHOLE = 1e-9
"""A quantity so close to a multiple of the lot, in lots, is one."""


@dataclass(frozen=True)
class Rules:
    """The rules of K products at M stages over the first J of T days.

    Attributes:
        days: J.
        lot: shipments are multiples of it (K,) [unit]; 0 where any quantity will do.
        least, most: bounds of each shipment (J, M, K) [unit], multiples of the lot where one fits.
        later: upper bounds of the shipments of later days (T - J, M, K) [unit].
        loose: shipments (J, M, K) whose bounds no multiple of the lot fits between; they are free.
        smallest: order of the top stage, if there is one that day (K,) [unit].
        usual: economic order quantity, or the smallest order if that is more (K,) [unit].
        order_cost: of an order of the top stage (J, K) [money/order].
        charge: cost of shipping a unit (T, M, K) [money/unit].
    """

    days: int
    lot: np.ndarray
    least: np.ndarray
    most: np.ndarray
    later: np.ndarray
    loose: np.ndarray
    smallest: np.ndarray
    usual: np.ndarray
    order_cost: np.ndarray
    charge: np.ndarray

    def take(self, products: np.ndarray) -> Rules:
        """The rules of some of the products (indices)."""
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__}
        fields |= {name: value[..., products] for name, value in fields.items() if name != "days"}
        return Rules(**fields)

    def within(self, least: np.ndarray | None, most: np.ndarray | None) -> Rules:
        """The rules with closer bounds of shipments (T, M, K) [unit], in lots where one fits.

        A top stage that may order less than its smallest order may not order.
        """
        days = self.days
        low = self.least if least is None else np.maximum(self.least, least[:days])
        high = self.most if most is None else np.minimum(self.most, most[:days])
        later = self.later if most is None else np.minimum(self.later, most[days:])
        low, high, loose = _in_lots(low, np.maximum(high, low), self.lot)
        closed = (high[:, -1] < self.smallest) & (low[:, -1] <= 0)
        high[:, -1] = np.where(closed, 0.0, high[:, -1])
        return replace(self, least=low, most=high, loose=loose, later=later)


def rules_of(task: Task, days: int) -> Rules:
    """The rules that bind on the first `days` days of a task."""
    products, periods = task.scenario.products, task.periods
    days = min(days, periods)
    shape = (days, len(task.scenario.network), len(products))
    lot = products.lot_size.astype(float)
    rate = task.outlook.mean[task.period : task.period + periods].mean(axis=0)
    smallest = _upwards(products.minimum_order.astype(float), lot)
    usual = economic_order(rate, products.order_cost, task.scenario.holding_cost[-1])
    usual = np.maximum(usual, smallest)
    order_cost = np.broadcast_to(products.order_cost.astype(float), (days, len(products)))
    rules = Rules(
        days=days,
        lot=lot,
        least=np.zeros(shape),
        most=np.broadcast_to(products.maximum_order, shape),
        later=np.full((periods - days, *shape[1:]), np.inf),
        loose=np.zeros(shape, bool),
        smallest=smallest,
        usual=usual,
        order_cost=order_cost,
        charge=_charge(task, days, usual),
    )
    return rules.within(task.least, task.most)


def economic_order(rate: np.ndarray, order_cost: np.ndarray, holding: np.ndarray) -> np.ndarray:
    """The order quantity sqrt(2 K d / h) [unit] that costs least (Harris 1913).

    Args:
        rate: d [unit/period].
        order_cost: K [money/order].
        holding: h, above 0 [money/unit/period].
    """
    return np.sqrt(2.0 * order_cost * rate / holding)


def _charge(task: Task, days: int, usual: np.ndarray) -> np.ndarray:
    """Cost of shipping a unit (T, M, K) [money/unit]: freight, and on later days orders.

    At the economic order quantity, holding what is ordered ahead costs as much as ordering
    (Harris 1913), so a unit bears twice its part of the order cost.
    """
    scenario = task.scenario
    products, network = scenario.products, scenario.network
    filled = np.where(network.truck_volume > 0, network.truck_volume, 1.0)
    freight = network.truck_cost / filled
    charge = np.tile(freight[:, None] * products.volume, (task.periods, 1, 1))
    unit = np.where(usual > 0, 2.0 * products.order_cost / np.where(usual > 0, usual, 1.0), 0.0)
    charge[days:, -1] += unit + _suppliers_charge(task)
    return charge


def _suppliers_charge(task: Task) -> np.ndarray:
    """A unit's part of what orders placed with its supplier cost (K,) [money/unit].

    The supplier's products ordered together every sqrt(2 K / sum h d) periods cost least (Harris
    1913), and bear the cost by what they cost to hold.
    """
    scenario, suppliers = task.scenario, task.scenario.terms.suppliers
    charge = np.zeros(len(scenario.products))
    rate = task.outlook.mean[task.period : task.period + task.periods].mean(axis=0)
    holding = scenario.holding_cost[-1]
    for number in range(len(suppliers)):
        mine = scenario.supplier == number
        daily = float(holding[mine] @ rate[mine])
        bought = float(scenario.purchase_cost[mine] @ rate[mine])
        if not suppliers.order_cost[number] or not daily:
            continue
        wait = np.sqrt(2.0 * suppliers.order_cost[number] / daily)
        wait = max(wait, suppliers.minimum_order[number] / bought if bought else 0.0, 1.0)
        charge[mine] = 2.0 * suppliers.order_cost[number] / wait * holding[mine] / daily
    return charge


def _in_lots(
    least: np.ndarray, most: np.ndarray, lot: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bounds (J, M, K) brought to multiples of the lot, and where none fits between them."""
    low, high = _upwards(least, lot), _downwards(most, lot)
    loose = low > high
    return np.where(loose, least, low), np.where(loose, most, high), loose


def _upwards(units: np.ndarray, lot: np.ndarray) -> np.ndarray:
    size = np.where(lot > 0, lot, 1.0)
    return np.where(lot > 0, np.ceil(units / size - WHOLE) * size, units)


def _downwards(units: np.ndarray, lot: np.ndarray) -> np.ndarray:
    size = np.where(lot > 0, lot, 1.0)
    return np.where(lot > 0, np.floor(units / size + WHOLE) * size, units)
