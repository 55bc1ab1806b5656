"""What a price on space means to a brain: another cost ratio and other holding costs.

A unit of space at stage m at lambda_m a period costs pi_m = lambda_m v / h_0 of the shelf's holding
cost per unit of stock. Space is taken by the stock of a morning and by what arrives: what is left
in the evening plus what leaves during the day. In the long run what leaves every stage is what is
sold, demand less lost sales, so charging for space is charging (h_m + pi_m) for what is left and
sum pi_m less for a lost sale; divided by what holding at the shelf now costs,

    r' = (r - sum_m pi_m) / (1 + pi_0),    h'_m = (h_m + pi_m) / (1 + pi_0).

Where customers wait all that is demanded leaves in the end, and r' = r / (1 + pi_0).
"""

from __future__ import annotations

import numpy as np

from envs.observation import features, ratio_feature

LOWEST_RATIO, HIGHEST_RATIO = 0.1, 3000.0
"""Cost ratios that the family brain learns, and within which it is asked [1]."""


def renormalised(
    cost_ratio: np.ndarray, holding_share: np.ndarray, price: np.ndarray, waiting: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """r' (K,) [1], at least `LOWEST_RATIO`, and h' (M, K) [1] where space costs.

    Args:
        cost_ratio: r, missed-sale cost / holding cost at the shelf (K,) [1].
        holding_share: h, holding cost / that at the shelf (M, K) [1].
        price: pi, price of a unit's space / holding cost at the shelf (M, K) [1].
        waiting: True where customers wait (K,).
    """
    dearer = 1 + price[0]
    ratio = (cost_ratio - np.where(waiting, 0, price.sum(axis=0))) / dearer
    return np.maximum(ratio, LOWEST_RATIO), (holding_share + price) / dearer


def asked_at(observations: np.ndarray, price: np.ndarray) -> np.ndarray:
    """The same observations (P, K, size) of products for which space costs.

    Args:
        observations: what `envs.observation.observe` sees without prices (P, K, size).
        price: pi, price of a unit's space / holding cost at the shelf (M, K) [1].
    """
    stages = len(price)
    ratio_at = ratio_feature(stages)
    shares_at = slice(ratio_at - (stages - 1), ratio_at)
    waiting = observations[0, :, features(stages).index("backordered")] > 0.5
    seen = observations.copy()
    share = np.exp(seen[0, :, shares_at]).T
    share = np.concatenate([np.ones((1, share.shape[1])), share])
    ratio, share = renormalised(10 ** (3 * seen[0, :, ratio_at]), share, price, waiting)
    seen[..., ratio_at] = np.log10(ratio) / 3
    seen[..., shares_at] = np.log(share[1:]).T
    return seen
