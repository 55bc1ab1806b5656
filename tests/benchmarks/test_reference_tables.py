"""Tables of the reference problems say what the results say."""

from __future__ import annotations

from benchmarks.reference_tables import store_clearance, ten_products, weekly_containers
from benchmarks.results import Row, result_of


def row(case: str, policy: str, value: float, gap: float | None = None) -> Row:
    """A row with an interval of 1 % to either side."""
    return Row(case, policy, value, value * 0.99, value * 1.01, "unit", n=9, gap=gap)


def test_ten_products_are_told_policy_by_policy() -> None:
    """Differences and the bound without foresight stand below."""
    cases = {"reward": -100.0, "fill rate": 0.98, "perfect days": 0.1}
    cases |= {"overstock days": 0.8, "understock days": 0.3}
    rows = [row(case, "ours", value) for case, value in cases.items()]
    rows += [row("reward beyond x", "ours", 2.0), row("perfect days", "most", 0.12)]
    lines = ten_products(result_of("ten-products", rows, seed=1, seconds=1.0, quick=False))
    assert lines[2].startswith("| ours | -100.0 (-99.0 to -101.0) | 98.00 % (97.02 to 98.98) |")
    assert lines[3] == "| ours, reward beyond x | 2.0 | | | | |"
    assert lines[4] == "| most | | | 12.0 % (11.9 to 12.1) | | |"


def test_distances_from_the_optimum_are_told_by_product() -> None:
    """The optimum by its profit, the others in per cent behind it."""
    rows = [row("Tea", "optimum", 200.0, 0.0), row("Tea", "DQN", 190.0, 0.05)]
    rows += [row("Tea/hours short", "DQN", 3.0), row("Tea/ahead of rules", "DQN", 20.0)]
    lines = store_clearance(result_of("store-clearance", rows, seed=1, seconds=1.0, quick=False))
    assert lines[0] == "| policy | Tea |"
    assert lines[2] == "| optimum | 200 (198 to 202) money |"
    assert lines[3] == "| DQN | -5.0 % |"
    assert lines[4] == "| DQN, ahead of rules [money] | 20.0 (19.8 to 20.2) |"
    assert len(lines) == 5


def test_weekly_orders_are_told_policy_by_policy() -> None:
    """Worth and distance from the bound by case, what the best is ahead of below."""
    rows = [row("known", "no order", 100.0, 0.25), row("uncertain", "bound", 200.0)]
    rows += [row("uncertain/ahead of PPO", "ours", 500.0), row("uncertain/over", "PPO", 3.0)]
    lines = weekly_containers(result_of("weekly-containers", rows, 1, seconds=1.0, quick=False))
    assert lines[0] == "| policy | known | uncertain |"
    assert lines[2] == "| no order | 100 (99 to 101); -25.0 % |  |"
    assert lines[3] == "| bound |  | 200 (198 to 202) |"
    assert lines[4] == "| ours: ahead of PPO |  | 500 (495 to 505) |"
    assert len(lines) == 5
