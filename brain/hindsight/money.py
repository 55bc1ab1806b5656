"""The money of a period with the day's demand averaged over its law, and its gradient.

Missing a sale is rare and dear, so the gradient of what happened is mostly luck. The expectation
given the stock of the day and all days before has the same mean and far less of it (Rao 1945,
Blackwell 1947); its slope is minus the chance of running out.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from brain.hindsight.twin import Flows, Twin
from brain.lanes import SINGLE, Lanes
from brain.population import Law

LEAST_STOCK = 1e-6


class ExpectedMoney:
    """Holding and shortage of a period, expected where demand is lognormal, else as it happened.

    The torch side of `brain.lanes.Lanes.expected_cost`, for lanes of one path.
    """

    def __init__(self, lanes: Lanes) -> None:
        products = lanes.products
        spread = np.sqrt(np.log1p(np.square(lanes.conditional_cv)))
        self._mean = _tensor(lanes.expected_demand[0])
        self._log_mean = torch.log(self._mean)
        self._spread = _tensor(spread)
        self._chance = _tensor(1 - products.zero_share)
        self._lognormal = torch.from_numpy(products.law == Law.LOGNORMAL)
        self._upstream = _tensor(products.rates.holding[1:])
        self._ratio = _tensor(products.cost_ratio)

    def __call__(self, twin: Twin, flows: Flows) -> Tensor:
        """(K,) [money] of the period just gone."""
        today = twin.period - 1
        mean, chance = self._mean[today], self._chance
        waiting = flows.served + flows.missing - flows.demand
        stock = flows.occupied[0] - waiting
        with torch.no_grad():
            score = (self._log_mean[today] - torch.log(stock.clamp(min=LEAST_STOCK))) / self._spread
            short = torch.special.ndtr(score - self._spread / 2)
            above = mean * torch.special.ndtr(score + self._spread / 2) - stock * short
            out = stock <= 0
            slope = chance * torch.where(out, 1.0, short) + (1 - chance) * out
            level = chance * torch.where(out, mean - stock, above) - (1 - chance) * stock * out
        missing = level - slope * (stock - stock.detach())
        left = stock - chance * mean + missing
        missing = torch.where(self._lognormal, missing, flows.missing)
        left = torch.where(self._lognormal, left, twin.on_hand[0])
        return (twin.on_hand[1:] * self._upstream).sum(dim=0) + left + self._ratio * missing


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, SINGLE))
