"""Plain drawings of what a benchmark found: lines and bars as SVG, which any browser shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from benchmarks.curves import COLOURS as FIVE

COLOURS = (*FIVE, "#56b4e9", "#000000")
"""The last two of Okabe and Ito's (2008) that can be told apart on white."""
WIDTH, HEIGHT = 760, 340
LEFT, RIGHT, TOP, BOTTOM = 74, 210, 34, 46
TICKS = 5
"""Lines across a drawing, about."""
LABEL = 11
"""Size of the words beneath bars [pixel]."""
Curve = Sequence[tuple[float, float]]


def lines(title: str, curves: Mapping[str, Curve], x_label: str) -> str:
    """Curves by name over a common axis; the title says what goes up.

    Args:
        title: what the vertical axis is, with its unit.
        curves: points (x, y) by name; curves without any are left out.
        x_label: what the horizontal axis is, with its unit.
    """
    shown = {name: np.array(points, dtype=float) for name, points in curves.items() if len(points)}
    every = np.concatenate(list(shown.values()))
    low, high = every.min(axis=0), every.max(axis=0)
    frame = _Frame(_round((low[0], high[0])), (low[1], high[1]))
    parts = frame.grid(title, x_label)
    for number, (name, points) in enumerate(shown.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(_key(number, name, colour))
    return _page(parts)


def bars(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """Bars of several names side by side, group by group.

    Args:
        title: what the vertical axis is, with its unit.
        groups: height by name, by group; every group has the same names.
    """
    heights = [height for group in groups.values() for height in group.values()]
    frame = _Frame((0.0, float(len(groups))), (min(0.0, *heights), max(0.0, *heights)))
    parts = frame.grid(title)
    names = list(next(iter(groups.values())))
    width = 0.8 / len(names)
    for place, (label, group) in enumerate(groups.items()):
        middle = frame.x(place + 0.5)
        parts.append(_text(middle, HEIGHT - BOTTOM + 18, label, "middle", size=LABEL))
        for number, name in enumerate(names):
            x = frame.x(place + 0.1 + number * width)
            top, foot = frame.y(max(group[name], 0.0)), frame.y(min(group[name], 0.0))
            wide = frame.x(width) - frame.x(0.0) - 1
            colour = COLOURS[number % len(COLOURS)]
            parts.append(
                f'<rect x="{x:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{foot - top:.1f}" '
                f'fill="{colour}"/>'
            )
    parts += [_key(n, name, COLOURS[n % len(COLOURS)]) for n, name in enumerate(names)]
    return _page(parts)


class _Frame:
    """Where numbers stand on the page."""

    def __init__(self, across: tuple[float, float], up: tuple[float, float]) -> None:
        self._across, self._up = across, _round(up)

    def x(self, value: float) -> float:
        low, high = self._across
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        low, high = self._up
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def grid(self, title: str, x_label: str = "") -> list[str]:
        """The title, lines across with their numbers, and the axis below where it has a name."""
        parts = [_text(12, 18, title, "start")]
        for value in _ticks(self._up):
            y = self.y(value)
            parts.append(
                f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" '
                'stroke="#d0d0d0" stroke-width="1"/>'
            )
            parts.append(_text(LEFT - 8, y + 4, f"{value:,.10g}", "end"))
        if x_label:
            for value in _ticks(self._across):
                x = self.x(value)
                parts.append(_text(x, HEIGHT - BOTTOM + 18, f"{value:,.10g}", "middle"))
            parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_label, "middle"))
        return parts


def _step(ends: tuple[float, float]) -> float:
    """A round number that goes about `TICKS` times into what lies between the ends."""
    rough = (ends[1] - ends[0]) / TICKS
    power = float(10.0 ** np.floor(np.log10(rough)))
    return power * next(one for one in (1.0, 2.0, 2.5, 5.0, 10.0) if one * power >= rough * 0.999)


def _round(ends: tuple[float, float]) -> tuple[float, float]:
    """The ends drawn apart to where the first and the last line stand."""
    low, high = ends if ends[1] > ends[0] else (ends[0] - 0.5, ends[1] + 0.5)
    while True:
        step = _step((low, high))
        # A little slack, so that rounding does not add an empty step.
        wider = step * np.floor(low / step + 1e-9), step * np.ceil(high / step - 1e-9)
        if wider == (low, high):
            return wider
        low, high = map(float, wider)


def _ticks(ends: tuple[float, float]) -> list[float]:
    step = _step(ends)
    count = round((ends[1] - ends[0]) / step)
    return [float(round(ends[0] / step) + number) * step for number in range(count + 1)]


def _key(number: int, name: str, colour: str) -> str:
    return _text(WIDTH - RIGHT + 12, TOP + 10 + 18 * number, name, "start", colour)


def _text(
    x: float, y: float, words: str, anchor: str, colour: str = "#333333", size: int = 12
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} fill="{colour}" font-size="{size}">{escape(words)}</text>'


def _page(parts: Sequence[str]) -> str:
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" '
        f'font-size="12">\n<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )
