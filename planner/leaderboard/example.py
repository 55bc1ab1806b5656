"""A submission to begin with."""

EXAMPLE = '''"""A reorder point for each place: order up to a level when the position is low.

act(observations) is asked once a day for all scenarios at once: observations is a float64 array
(P, 13), and the answer an array (P, 3) of units for retailer 1, retailer 2 and the centre.

Columns: 0, 1 on hand at the retailers; 2, 3 on their way there; 4, 5 owed to them by the centre;
6 on hand at the centre; 7 on its way there; 8 to 11 mean demand of a retailer today and in the
three days after; 12 days left, today included, 28 where there are more.
"""

import numpy as np

RETAILER = 26, 39
CENTRE = 46, 100


def act(observations):
    """Orders (P, 3) of the day."""
    on_hand, coming, owed = observations[:, 0:2], observations[:, 2:4], observations[:, 4:6]
    retailers = on_hand + coming + owed
    centre = observations[:, 6:7] + observations[:, 7:8] - owed.sum(axis=1, keepdims=True)
    return np.hstack([up_to(retailers, *RETAILER), up_to(centre, *CENTRE)])


def up_to(position, point, level):
    """Units that bring a position at the point or below up to the level."""
    return np.where(position <= point, level - position, 0.0)
'''
"""Written by `planner leaderboard example`."""
