"""Tables of the reference problems, made from their results; see `benchmarks.tables`."""

from __future__ import annotations

from benchmarks.results import Result, Row

NOTHING = 1e-6
"""A gap below it is a rounding error [1]."""


def ten_products(result: Result) -> list[str]:
    """Reward, service and kinds of days by policy."""
    found = {(row.case, row.policy): row for row in result.rows}
    lines = ["| policy | reward of a month | fill rate | perfect days | overstock | understock |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    policies = [row.policy for row in result.rows if row.case == "reward"]
    for policy in policies:
        shares = (f"{case} days" for case in ("perfect", "overstock", "understock"))
        cells = [
            _told(found["reward", policy], 1),
            _told(found["fill rate", policy], 2, percent=True),
            *(_told(found[case, policy], 1, percent=True) for case in shares),
        ]
        lines.append(f"| {policy} | {' | '.join(cells)} |")
    for row in result.rows:
        if row.case.startswith("reward beyond"):
            lines.append(f"| {row.policy}, {row.case} | {_told(row, 1)} | | | | |")
        elif row.case == "perfect days" and row.policy not in policies:
            lines.append(f"| {row.policy} | | | {_told(row, 1, percent=True)} | | |")
    return lines


def store_clearance(result: Result) -> list[str]:
    """Profit of the optimum, and how far behind it each policy is, by product."""
    found = {(row.case, row.policy): row for row in result.rows}
    products = list(dict.fromkeys(row.case for row in result.rows if "/" not in row.case))
    policies = list(dict.fromkeys(row.policy for row in result.rows if "/" not in row.case))
    ahead: dict[str, dict[str, str]] = {}
    lines = [f"| policy | {' | '.join(products)} |", f"|---|{'---:|' * len(products)}"]
    for policy in policies:
        cells = [_behind(found[product, policy]) for product in products]
        lines.append(f"| {policy} | {' | '.join(cells)} |")
    for row in result.rows:
        if "/ahead of " in row.case:
            product, words = row.case.split("/")
            ahead.setdefault(f"{row.policy}, {words} [money]", {})[product] = _told(row, 1)
    for name, by_product in ahead.items():
        cells = [by_product.get(product, "") for product in products]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def weekly_containers(result: Result) -> list[str]:
    """Worth of three weeks by policy and case, with its distance from the bound."""
    found = {(row.case, row.policy): row for row in result.rows}
    cases = list(dict.fromkeys(row.case for row in result.rows if "/" not in row.case))
    policies = list(dict.fromkeys(row.policy for row in result.rows if "/" not in row.case))
    lines = [f"| policy | {' | '.join(cases)} |", f"|---|{'---:|' * len(cases)}"]
    for policy in policies:
        cells = [_worth(found.get((case, policy))) for case in cases]
        lines.append(f"| {policy} | {' | '.join(cells)} |")
    ahead: dict[str, dict[str, str]] = {}
    for row in result.rows:
        if "/ahead of " in row.case:
            case, words = row.case.split("/")
            ahead.setdefault(f"{row.policy}: {words}", {})[case] = _told(row, 0)
    for name, by_case in ahead.items():
        lines.append(f"| {name} | {' | '.join(by_case.get(case, '') for case in cases)} |")
    return lines


def _worth(row: Row | None) -> str:
    """The worth with its interval, and in per cent how far below the bound it is."""
    if row is None:
        return ""
    return _told(row, 0) + (f"; {-100 * row.gap:.1f} %" if row.gap and row.gap > NOTHING else "")


def _behind(row: Row) -> str:
    """The profit where it is the optimum itself, otherwise its distance in per cent."""
    if not row.gap:
        return f"{_told(row, 0)} money"
    return f"-{100 * row.gap:.1f} %"


def _told(row: Row, digits: int, percent: bool = False) -> str:
    scale, unit = (100.0, " %") if percent else (1.0, "")
    value, low, high = (f"{scale * x:,.{digits}f}" for x in (row.value, row.low, row.high))
    return f"{value}{unit}" if low == high else f"{value}{unit} ({low} to {high})"
