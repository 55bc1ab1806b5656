"""What is asked of OR-Gym itself: trajectories for the parity test to replay, and its pace.

Run in a virtual environment of OR-Gym's own (it needs gym 0.21, which installs with setuptools
below 66, and numpy below 2):

    python benchmarks/record_orgym.py record tests/golden
    python benchmarks/record_orgym.py pace SECONDS SEED

Nothing of this project is imported, so that what is found is OR-Gym's word alone.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

SEED = 20081
"""Of the random cases; OR-Gym's own draws are seeded from it, case by case."""
CASES = {"orgym_lost": ("InvManagement-v1", 32), "orgym_backlog": ("InvManagement-v0", 16)}
STAGES = 3


def random_case(rng: np.random.Generator) -> dict[str, Any]:
    """An environment configuration: chain, economics and demand, in OR-Gym's words."""
    mean = int(rng.integers(5, 30))
    periods = int(rng.integers(40, 201))
    demand: dict[int, dict[str, Any]] = {
        1: {"mu": mean},
        2: {"n": 2 * mean, "p": 0.5},
        3: {"low": 0, "high": 2 * mean + 1},
        5: {},
    }
    # OR-Gym refuses every geometric demand (4), because no such demand can be 0.
    dist = int(rng.choice(list(demand)))
    cents = rng.integers(1, 100, 11) / 100
    return {
        "periods": periods,
        "I0": rng.integers(0, 12 * mean, STAGES),
        "c": rng.integers(mean, 5 * mean, STAGES),
        "L": rng.integers(1, 10, STAGES),
        "p": int(rng.integers(2, 6)),
        "r": [1.5 + cents[0], 1 + cents[1], 0.75 + cents[2], cents[3]],
        "k": list(cents[4:8]),
        "h": list(cents[8:11]),
        "alpha": float(rng.choice([0.97, 1.0])),
        "dist": dist,
        "dist_param": demand[dist],
        "user_D": rng.integers(0, 2 * mean + 1, periods),
        "seed_int": int(rng.integers(2**31)),
    }


def record(name: str, case: dict[str, Any], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One episode under random orders, of which some exceed the capacity."""
    import or_gym  # type: ignore[import-not-found]  # it lives in its own environment

    env = or_gym.make(name, env_config=case).unwrapped
    env.reset()
    periods = case["periods"]
    share = rng.uniform(0.4, 1.2)
    orders = rng.integers(0, np.ceil(share * case["c"]) + 1, (periods, STAGES))
    rewards, observed = np.empty(periods), []
    for t in range(periods):
        seen, rewards[t], _, _ = env.step(orders[t])
        observed.append(seen)
    return {
        "periods": np.array([periods]),
        "opening_stock": np.array([case["I0"]]),
        "supply_capacity": np.array([case["c"]]),
        "lead_time": np.array([case["L"]]),
        "price": np.array([case["p"]]),
        "unit_cost": np.array([case["r"]]),
        "shortage_cost": np.array([case["k"]]),
        "holding_cost": np.array([case["h"]]),
        "discount": np.array([case["alpha"]]),
        "orders": orders,
        "demand": env.D,
        "on_hand": env.I[1:],
        "in_transit": env.T[1:],
        "sold": env.S[:, 0],
        "shipped": env.S[:, 1:],
        "lost": env.LS,
        "backlog": env.B,
        "reward": rewards,
        "observed": np.concatenate(observed),
    }


def compact(values: np.ndarray) -> np.ndarray:
    """Whole numbers in the smallest type that holds them, other numbers as they are."""
    whole = np.rint(values)
    if not np.array_equal(whole, values):
        return values
    return whole.astype(np.min_scalar_type(int(-np.abs(whole).max() - 1)))


def write_goldens(folder: Path) -> None:
    """Write one file per environment; cases are joined along the first axis."""
    for file, (name, count) in CASES.items():
        rng = np.random.default_rng(SEED)
        cases = [record(name, random_case(rng), rng) for _ in range(count)]
        joined: dict[str, Any] = {
            key: compact(np.concatenate([case[key] for case in cases])) for key in cases[0]
        }
        np.savez_compressed(folder / f"{file}.npz", **joined)
        cut = (joined["orders"] > joined["shipped"]).any(axis=1).sum()
        short = (joined["lost"] + joined["backlog"])[:, 0] > 0
        print(
            f"{file}: or-gym {version('or-gym')}, {count} trajectories of {name}, "
            f"{joined['periods'].sum()} periods, {short.sum()} short, {cut} with an order cut"
        )


def pace(seconds: float, seed: int) -> float:
    """Steps a CPU second of InvManagement-v1, resets included; orders are drawn beforehand."""
    import or_gym

    env = or_gym.make("InvManagement-v1", env_config={"seed_int": seed}).unwrapped
    rng = np.random.default_rng(seed)
    orders = rng.integers(0, env.supply_capacity + 1, (env.num_periods, STAGES))
    steps, start = 0, process_time()
    while process_time() - start < seconds:
        env.reset()
        for order in orders:
            env.step(order)
        steps += len(orders)
    return steps / (process_time() - start)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["record", folder]:
            write_goldens(Path(folder))
        case ["pace", seconds, seed]:
            print(pace(float(seconds), int(seed)))
        case _:
            sys.exit(__doc__)
