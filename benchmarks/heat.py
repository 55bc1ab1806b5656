"""A table of ratios as SVG in which what is worse stands out, whatever one's eyes.

A ratio below one is green. One above it is red, bold and has a sign; one is grey.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks import svg
from benchmarks.svg import EDGE, LETTER, LINE, wrapped

BETTER, ALIKE, WORSE = "#009e73", "#e8e8e8", "#b2182b"
"""Green and red that differ in lightness and in blue too."""
FAINTEST = 0.3
"""Share of its colour that a ratio near one has; twice as good or as bad has all of it."""
SIGN = "▲ "
HIGH, KEY = 1.5 * LINE, 100.0
"""A row, and a cell of the key across [pixel]."""


def heat(
    title: str,
    rows: Sequence[str],
    columns: Sequence[str],
    values: np.ndarray,
    text: Sequence[Sequence[str]] | None = None,
    tolerance: float = 0.0,
) -> str:
    """Ratios by row and column.

    Args:
        title: what is divided by what.
        rows: names (R,).
        columns: names (C,).
        values: ratios (R, C) [1]; a cell that is not a number is left empty.
        text: words in place of the ratios (R, C).
        tolerance: a ratio no further than this from one is neither better nor worse [1].
    """
    ratios = np.asarray(values, dtype=float)
    told = [[f"{ratio:,.2f}" for ratio in row] for row in ratios] if text is None else text
    # Bold letters and the sign need room of their own.
    longest = max(1.1 * len(words) + 2 for row in told for words in row)
    longest = max(longest, *(len(word) for name in columns for word in name.split()))
    wide = LETTER * longest + EDGE
    left = LETTER * max(map(len, rows)) + 2 * EDGE
    key = _key(tolerance)
    width = max(left + wide * len(columns), EDGE + KEY * len(key)) + EDGE
    heading = wrapped(title, width - 2 * EDGE)
    heads = [wrapped(name, wide) for name in columns]
    top = LINE * (len(heading) + max(map(len, heads))) + 2 * EDGE
    parts = svg.texts(EDGE, EDGE + LINE / 2, heading)
    for number, lines in enumerate(heads):
        first = top - EDGE / 2 - LINE * (len(lines) - 1)
        parts += svg.texts(left + (number + 0.5) * wide, first, lines, "middle")
    for row, name in enumerate(rows):
        y = top + row * HIGH
        parts.append(svg.text(EDGE, y + HIGH / 2 + 4, name))
        for column, ratio in enumerate(ratios[row]):
            place = (left + column * wide, y, wide)
            parts += _cell(place, float(ratio), told[row][column], tolerance)
    foot = top + HIGH * len(rows) + EDGE
    for number, (ratio, words) in enumerate(key):
        parts += _cell((EDGE + KEY * number, foot, KEY), ratio, words, tolerance)
    return svg.page(parts, width, foot + HIGH + EDGE, title)


def _key(tolerance: float) -> list[tuple[float, str]]:
    """What the colours mean: a ratio and words of each."""
    if not tolerance:
        return [(0.75, "below 1"), (1.0, "1"), (2.0, "above 1")]
    least, most = f"{1 - tolerance:g}", f"{1 + tolerance:g}"
    return [(0.75, f"below {least}"), (1.0, "1"), (2.0, f"above {most}")]


def _cell(
    place: tuple[float, float, float], ratio: float, words: str, tolerance: float
) -> Iterator[str]:
    """A ratio on its colour; nothing where there is none."""
    if np.isnan(ratio):
        return
    x, y, wide = place
    worse = ratio > 1 + tolerance
    fill = ALIKE if abs(ratio - 1) <= tolerance else _shade(ratio)
    yield svg.rectangle(x + 1, y + 1, wide - 2, HIGH - 2, fill)
    weight = "bold" if worse else "normal"
    words = SIGN + words if worse else words
    yield svg.text(
        x + wide / 2, y + HIGH / 2 + 4, words, "middle", fill=svg.ink_on(fill), font_weight=weight
    )


def _shade(ratio: float) -> str:
    share = float(np.abs(np.log2(np.clip(ratio, 0.5, 2.0))))
    return svg.blend(WORSE if ratio > 1 else BETTER, FAINTEST + (1 - FAINTEST) * share)
