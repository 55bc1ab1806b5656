"""Two drawings of a run: how the learners came on, and how returns are spread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.curves import BOTTOM, COLOURS, HEIGHT, LEFT, RIGHT, TOP, WIDTH, _line, _text
from benchmarks.distribution import Findings
from benchmarks.distribution.contestants import OURS

STEP = 2000.0
"""Between two lines of the learning curves [money]."""
LOWEST = 14_000.0
"""Below it nothing is drawn [money]."""
BINS = 40
NARROW = 150
"""Room that names need beside the drawing [pixel]."""


def learning(found: Findings) -> str:
    """An SVG of profit in training by share of the training done; a line per learner and seed."""
    names = list(dict.fromkeys(one.name for one in found.learnt))
    values = [value for one in found.learnt for _, value in one.curve]
    highest = STEP * np.ceil(max(values) / STEP)
    frame = _Frame((0.0, 1.0), (LOWEST, float(highest)))
    parts = [_text(LEFT, 16, "profit of an episode in training, by share of the training done")]
    parts += frame.grid(STEP)
    for share in np.linspace(0, 1, 6):
        words = f"{share:.0%}"
        parts.append(_text(frame.x(share), HEIGHT - BOTTOM + 18, words, "middle"))
    for one in found.learnt:
        colour = COLOURS[names.index(one.name)]
        points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in one.curve)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
    return _drawn([*parts, *_legend(names)])


def returns(found: Findings) -> str:
    """An SVG of how often each profit came on the fresh scenarios: ours and the learners'.

    A learner's profit in a scenario is the mean of its seeds'.
    """
    names = [*dict.fromkeys(one.name for one in found.learnt), OURS]
    told = {name: found.returns[name] for name in names}
    edges = np.linspace(
        STEP * np.floor(max(min(map(np.min, told.values())), LOWEST) / STEP),
        STEP * np.ceil(max(map(np.max, told.values())) / STEP),
        BINS + 1,
    )
    counts = {name: np.histogram(profit, edges)[0] for name, profit in told.items()}
    most = float(max(count.max() for count in counts.values()))
    frame = _Frame((float(edges[0]), float(edges[-1])), (0.0, most))
    parts = [_text(LEFT, 16, "fresh scenarios by profit of an episode")]
    parts += frame.grid(max(round(most / 4), 1))
    for edge in edges[:: BINS // 8]:
        parts.append(_text(frame.x(edge), HEIGHT - BOTTOM + 18, f"{edge:,.0f}", "middle"))
    for colour, count in zip((*COLOURS, "#000000"), counts.values(), strict=False):
        corners = np.repeat(edges, 2)[1:-1], np.repeat(count, 2)
        pairs = zip(*corners, strict=True)
        points = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in pairs)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
    return _drawn([*parts, *_legend(names)])


class _Frame:
    """Where numbers stand on the paper."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float]) -> None:
        self._across, self._up = across, up

    def x(self, value: float) -> float:
        first, last = self._across
        return LEFT + (value - first) / (last - first) * (WIDTH - LEFT - RIGHT - NARROW)

    def y(self, value: float) -> float:
        low, high = self._up
        share = (np.clip(value, low, high) - low) / (high - low)
        return float(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM))

    def grid(self, step: float) -> Iterator[str]:
        """Lines across, with their numbers."""
        for value in np.arange(self._up[0], self._up[1] + step / 2, step):
            y = self.y(float(value))
            yield _line(LEFT, y, self.x(self._across[1]), y, "#d0d0d0")
            yield _text(LEFT - 6, y + 4, f"{value:,.0f}", "end")


def _legend(names: list[str]) -> Iterator[str]:
    left = WIDTH - RIGHT - NARROW + 16
    for number, (name, colour) in enumerate(zip(names, (*COLOURS, "#000000"), strict=False)):
        yield _text(left, TOP + 16 + 20 * number, name, "start", colour)


def _drawn(parts: list[str]) -> str:
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" '
        f'font-size="12">\n<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )
