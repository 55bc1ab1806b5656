"""Where a net starts from: constants found by simulation, for any cost ratio it may meet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from envs.observation import features, ratio_feature
from envs.policies import HIGHEST_Z, LOWEST_Z

LOWEST_SHIFTED, HIGHEST_SHIFTED = -2.5, 2.5
"""Bounds of an upstream z that has been moved to another holding cost [1]."""
DEAREST, CHEAPEST = 50.0, 0.05
"""Most and least that a holding cost counts, relative to the usual one [1]."""


@dataclass(frozen=True)
class Centre:
    """Safety factors by cost ratio, between two ratios linear in its logarithm.

    Attributes:
        ratios: missed-sale cost / holding cost at the shelf (R,), rising [1].
        lost: z per ratio and stage where sales are lost (R, M) [1].
        waiting: the same where customers wait (R, M) [1].
        usual_share: holding costs of the stages above the shelf, in shares of the shelf's, for
            which these are right (M - 1,) [1]; at others the upstream z move as the newsvendor's
            would. Empty where they are taken as they stand.
    """

    ratios: tuple[float, ...]
    lost: tuple[tuple[float, ...], ...]
    waiting: tuple[tuple[float, ...], ...]
    usual_share: tuple[float, ...] = ()

    @property
    def stages(self) -> int:
        """Number of stages M."""
        return len(self.lost[0])

    def of(self, cost_ratio: float, waiting: bool = False) -> np.ndarray:
        """z per stage (M,) [1] at a cost ratio, holding costs as usual."""
        return self._at(np.array([np.log(cost_ratio)]), np.array([waiting]))[0]

    def __call__(self, observations: np.ndarray) -> np.ndarray:
        """z (N, M) [1] for products as `envs.observation.observe` sees them (N, size)."""
        names = features(self.stages)
        log_ratio = observations[:, ratio_feature(self.stages)] * (3 * np.log(10))
        z = self._at(log_ratio, observations[:, names.index("backordered")] > 0.5)
        if not self.usual_share:
            return z
        first = names.index("log_holding_share_1")
        usual = np.log(self.usual_share)
        relative = np.exp(observations[:, first : first + self.stages - 1] - usual)
        dearer = np.clip(relative, CHEAPEST, DEAREST)
        short = ndtr(-np.clip(z[:, 1:], -3, 4))
        accepted = dearer * short / (dearer * short + 1 - short)
        moved = np.clip(-ndtri(accepted), LOWEST_SHIFTED, HIGHEST_SHIFTED)
        return np.concatenate([z[:, :1], moved], axis=1)

    def _at(self, log_ratio: np.ndarray, waiting: np.ndarray) -> np.ndarray:
        if len(self.ratios) == 1:
            rows = np.zeros((1, len(log_ratio)))
            weights = np.ones_like(rows)
        else:
            known = np.log(self.ratios)
            weights = np.array([np.interp(log_ratio, known, row) for row in np.eye(len(known))])
        lost = weights.T @ np.array(self.lost)
        wait = weights.T @ np.array(self.waiting)
        z: np.ndarray = np.where(waiting[:, None], wait, lost)
        return np.clip(z, LOWEST_Z, HIGHEST_Z)
