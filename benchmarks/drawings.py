"""Plain drawings of what a benchmark found, as SVG, which any browser shows.

`lines` draws curves over a common axis, `panels` several such drawings with one key, and `bars`
heights group by group; `benchmarks.heat` draws a table of ratios.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks import svg
from benchmarks.svg import EDGE, INK, LETTER, LINE, wrapped

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#000000", "#56b4e9")
"""Of Okabe and Ito (2008), told apart by everybody; the one that is hard to see on white last."""
DASHES = ("none", "7 3", "2 3")
"""Of a colour's first, second and third use."""
GRID = "#d0d0d0"
WIDTH, HEIGHT = 760.0, 320.0
"""A drawing without its key [pixel]."""
NARROWEST = 300.0
"""A panel beside others [pixel]."""
UP, ACROSS = 40.0, 80.0
"""From one number on an axis to the next, about [pixel]."""
DOTTED = 12
"""A curve of as many points or fewer shows where they are."""
SWATCH = 24.0
"""Of a colour in the key, with the room after it [pixel]."""
Values = np.ndarray | Sequence[float]
Curve = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Panel:
    """Curves by name over a common axis.

    Attributes:
        title: what the vertical axis is, with its unit.
        curves: points (x, y) by name; one that is not a number lifts the pen.
        x_label: what the horizontal axis is, with its unit.
        bands: what lies about a curve, by its name: the low and the high end at each of its points.
        x_marks: words beneath the axis by where they stand; round numbers if there are none.
        log: whether equal ratios are equally high; a height that is not positive lifts the pen.
    """

    title: str
    curves: Mapping[str, Curve]
    x_label: str
    bands: Mapping[str, Curve] = field(default_factory=dict)
    x_marks: Mapping[float, str] = field(default_factory=dict)
    log: bool = False


def lines(
    title: str,
    curves: Mapping[str, Curve],
    x_label: str,
    bands: Mapping[str, Curve] | None = None,
    x_marks: Mapping[float, str] | None = None,
    log: bool = False,
) -> str:
    """A drawing of one panel; the arguments are those of `Panel`."""
    return panels([Panel(title, curves, x_label, bands or {}, x_marks or {}, log)])


def panels(several: Sequence[Panel], across: int = 3) -> str:
    """Panels side by side, so many across; a name has one colour in all of them, and one key."""
    names = _once(name for one in several for name, curve in one.curves.items() if len(curve))
    columns = min(across, len(several))
    width = max(WIDTH / columns, NARROWEST)
    titles = [wrapped(one.title, width - 2 * EDGE) for one in several]
    head = LINE * max(map(len, titles)) + EDGE
    parts: list[str] = []
    for number, (one, title) in enumerate(zip(several, titles, strict=True)):
        row, column = divmod(number, columns)
        box = _Box(column * width, row * HEIGHT, width, head, beneath=3 * LINE)
        parts += [*box.heading(title), *_panel(one, box, names)]
    foot = HEIGHT * -(-len(several) // columns)
    key, room = _key(names, columns * width, foot, _stroke)
    spoken = "; ".join(one.title for one in several)
    return svg.page([*parts, *key], columns * width, foot + room, spoken)


def bars(title: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """Bars of several names side by side, group by group.

    Args:
        title: what the vertical axis is, with its unit.
        groups: height by name, by group; where a group lacks a name there is a gap.
    """
    names = _once(name for group in groups.values() for name in group)
    heights = [height for group in groups.values() for height in group.values()]
    labels = [wrapped(label, 0.8 * WIDTH / len(groups)) for label in groups]
    heading = wrapped(title, WIDTH - 2 * EDGE)
    beneath = LINE * (max(map(len, labels)) + 1)
    box = _Box(0.0, 0.0, WIDTH, LINE * len(heading) + EDGE, beneath)
    up = _linear([0.0, *heights], (box.foot - box.top) / UP)
    box = box.before(up)
    parts = [*box.heading(heading), *box.grid(up)]
    room = (box.right - box.left) / len(groups)
    for place, (label, group) in enumerate(zip(labels, groups.values(), strict=True)):
        parts += svg.texts(box.left + (place + 0.5) * room, box.foot + LINE, label, "middle")
        for name, height in group.items():
            number = names.index(name)
            x = box.left + room * (place + 0.1 + 0.8 * number / len(names))
            top, foot = box.y(up, [max(height, 0.0), min(height, 0.0)])
            wide = 0.8 * room / len(names) - 1
            parts.append(svg.rectangle(x, top, wide, foot - top, _colour(number)))
    (zero,) = box.y(up, [0.0])
    parts.append(svg.straight(box.left, zero, box.right, zero, INK))
    key, high = _key(names, WIDTH, HEIGHT, _patch)
    return svg.page([*parts, *key], WIDTH, HEIGHT + high, title)


@dataclass(frozen=True)
class _Scale:
    """An axis from end to end, and the words along it by where they stand."""

    ends: tuple[float, float]
    marks: Mapping[float, str]
    log: bool = False

    def share(self, values: Values) -> np.ndarray:
        """How far values are from end to end, 0 to 1; never beyond."""
        low, high = self._even(self.ends)
        share: np.ndarray = np.clip((self._even(values) - low) / (high - low), 0.0, 1.0)
        return share

    def _even(self, values: Values) -> np.ndarray:
        plain = np.asarray(values, dtype=float)
        return np.log10(np.maximum(plain, np.finfo(float).tiny)) if self.log else plain


@dataclass(frozen=True)
class _Box:
    """Where a drawing stands on its page, and where numbers stand in it [pixel]."""

    x0: float
    y0: float
    width: float
    head: float
    beneath: float
    beside: float = 2 * EDGE

    @property
    def left(self) -> float:
        return self.x0 + self.beside

    @property
    def right(self) -> float:
        return self.x0 + self.width - 3 * EDGE

    @property
    def top(self) -> float:
        return self.y0 + self.head + EDGE

    @property
    def foot(self) -> float:
        return self.y0 + HEIGHT - self.beneath

    def before(self, up: _Scale) -> _Box:
        """The same box with room for the words of its vertical axis."""
        longest = max(map(len, up.marks.values()))
        return replace(self, beside=LETTER * longest + 2 * EDGE)

    def x(self, scale: _Scale, values: Values) -> np.ndarray:
        return self.left + scale.share(values) * (self.right - self.left)

    def y(self, scale: _Scale, values: Values) -> np.ndarray:
        return self.foot - scale.share(values) * (self.foot - self.top)

    def heading(self, title: Sequence[str]) -> list[str]:
        return svg.texts(self.x0 + EDGE, self.y0 + EDGE + LINE / 2, title)

    def grid(self, up: _Scale) -> Iterator[str]:
        """Lines across with their words."""
        for y, words in zip(self.y(up, list(up.marks)), up.marks.values(), strict=True):
            yield svg.straight(self.left, y, self.right, y, GRID)
            yield svg.text(self.left - EDGE / 2, y + 4, words, "end")


def _panel(panel: Panel, box: _Box, names: Sequence[str]) -> Iterator[str]:
    """Axes, the bands beneath all curves, and the curves."""
    curves = {name: np.array(some, dtype=float) for name, some in panel.curves.items() if len(some)}
    bands = {
        name: np.column_stack((curve[:, 0], np.array(panel.bands[name], dtype=float)))
        for name, curve in curves.items()
        if name in panel.bands
    }
    up = _upward(panel, curves, bands, (box.foot - box.top) / UP)
    box = box.before(up)
    x_values = np.concatenate([[], *(curve[:, 0] for curve in curves.values())])
    if panel.x_marks:
        across = _Scale(_ends(np.append(list(panel.x_marks), x_values)), panel.x_marks)
    else:
        across = _linear(x_values, (box.right - box.left) / ACROSS)
    yield from box.grid(up)
    for x, words in zip(box.x(across, list(across.marks)), across.marks.values(), strict=True):
        yield svg.text(x, box.foot + LINE, words, "middle")
    yield svg.text((box.left + box.right) / 2, box.foot + 2 * LINE + 4, panel.x_label, "middle")
    for name, band in bands.items():
        for piece in _unbroken(band):
            x, low, high = box.x(across, piece[:, 0]), *box.y(up, piece[:, 1:]).T
            corners = svg.path(np.append(x, x[::-1]), np.append(low, high[::-1]))
            colour = _colour(names.index(name))
            yield svg.element("polygon", points=corners, fill=colour, fill_opacity="0.18")
    for name, curve in curves.items():
        curve[panel.log & (curve[:, 1] <= 0), 1] = np.nan
        number, few = names.index(name), len(curve) <= DOTTED
        for piece in _unbroken(curve):
            x, y = box.x(across, piece[:, 0]), box.y(up, piece[:, 1])
            yield svg.element("polyline", points=svg.path(x, y), fill="none", **_pen(number))
            if few or len(piece) == 1:
                yield from (_dot(a, b, _colour(number)) for a, b in zip(x, y, strict=True))


def _unbroken(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Stretches of rows in which all are numbers."""
    whole = np.isfinite(rows).all(axis=1)
    for piece in np.split(np.arange(len(rows)), np.flatnonzero(~whole)):
        kept = piece[whole[piece]]
        if len(kept):
            yield rows[kept]


def _upward(
    panel: Panel, curves: Mapping[str, np.ndarray], bands: Mapping[str, np.ndarray], count: float
) -> _Scale:
    """The vertical axis of a panel, with about so many ticks."""
    drawn = np.concatenate([[], *(curve[:, 1] for curve in curves.values())])
    beside = np.concatenate([[], *(band[:, 1:].ravel() for band in bands.values())])
    if not panel.log:
        return _linear(np.append(drawn, beside), count)
    drawn, beside = drawn[drawn > 0], beside[beside > 0]
    # A band that nearly reaches nothing would push the curves together at the top.
    return _logarithmic(np.append(drawn, np.maximum(beside, drawn.min(initial=np.inf) / 10)), count)


def _linear(values: Values, count: float) -> _Scale:
    """An axis with about so many round numbers, the outermost at its ends."""
    low, high = _ends(values)
    step, wider = 0.0, _step((high - low) / max(count, 2.0))
    while wider > step * 1.01:
        step = wider
        # A little slack, so that rounding does not add an empty step.
        first, last = np.floor(low / step + 1e-6), np.ceil(high / step - 1e-6)
        low, high = float(first * step), float(last * step)
        wider = _step((high - low) / max(count, 2.0))
    decimals = len(np.format_float_positional(step, 10, trim="-").partition(".")[2])
    ticks = [float(number) * step for number in np.arange(first, last + 1)]
    return _Scale((low, high), {tick: f"{tick:,.{decimals}f}" for tick in ticks})


def _step(rough: float) -> float:
    """The least round number that is not below a rough one."""
    power = float(10.0 ** np.floor(np.log10(rough)))
    return power * next(one for one in (1.0, 2.0, 2.5, 5.0, 10.0) if one * power >= rough * 0.999)


def _logarithmic(values: Values, count: float) -> _Scale:
    """An axis from power of ten to power of ten, or from round number to round number."""
    low, high = _ends(values)
    low = low or high / 10
    powers = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    for parts in ((1, 2, 5), (1,)):
        told = [float(part * 10.0**power) for power in powers for part in parts]
        first = max(tick for tick in told if tick <= low * (1 + 1e-9))
        last = min(tick for tick in told if tick >= high * (1 - 1e-9))
        ticks = [tick for tick in told if first <= tick <= last]
        if len(ticks) <= count + 3:
            break
    return _Scale((first, last), {tick: f"{tick:,.10g}" for tick in ticks}, log=True)


def _ends(values: Values) -> tuple[float, float]:
    """The least and the greatest of what are numbers; well apart, as ends of an axis have to be."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    if high - low > 1e-7 * max(abs(low), abs(high)):
        return low, high
    aside = abs(low) / 2 or 0.5
    return low - aside, high + aside


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _key(
    names: Sequence[str], width: float, y: float, swatch: Callable[[float, float, int], str]
) -> tuple[list[str], float]:
    """Names beneath a drawing, each after its swatch, and the room they take."""
    parts: list[str] = []
    x, middle = EDGE, y + EDGE
    for number, name in enumerate(names):
        wide = SWATCH + LETTER * len(name)
        if x > EDGE and x + wide > width - EDGE:
            x, middle = EDGE, middle + LINE
        parts += [swatch(x, middle, number), svg.text(x + SWATCH, middle + 4, name)]
        x += wide + 2 * EDGE
    return parts, middle - y + EDGE


def _stroke(x: float, y: float, number: int) -> str:
    ends = svg.path(np.array([x, x + 18.0]), np.array([y, y]))
    return svg.element("polyline", points=ends, fill="none", **_pen(number))


def _patch(x: float, y: float, number: int) -> str:
    return svg.rectangle(x + 2, y - 5, 14, 10, _colour(number))


def _dot(x: float, y: float, colour: str) -> str:
    return svg.element("circle", cx=x, cy=y, r=2.5, fill=colour)


def _pen(number: int) -> dict[str, float | str]:
    use = DASHES[number // len(COLOURS) % len(DASHES)]
    return {"stroke": _colour(number), "stroke_width": "1.75", "stroke_dasharray": use}


def _colour(number: int) -> str:
    return COLOURS[number % len(COLOURS)]
