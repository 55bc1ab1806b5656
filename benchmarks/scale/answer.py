"""What a plain model answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Answer:
    """The optimum of one task.

    Attributes:
        objective: its cost, what no decision changes left out [money].
        shipments: (T, M, K) [unit]; one of several best ones where there are several.
    """

    objective: float
    shipments: np.ndarray
