"""The elements that drawings are made of, as SVG text; all words are escaped here and only here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from textwrap import wrap

import numpy as np

INK = "#333333"
EDGE, LINE, LETTER = 12.0, 16.0, 6.6
"""Room at edges, from one line of words to the next, and a letter's width, rather wide [pixel]."""


def element(name: str, **attributes: float | str) -> str:
    """An element without content; `_` in the name of an attribute stands for `-`."""
    return f"<{name}{_told(attributes)}/>"


def text(x: float, y: float, words: str, anchor: str = "start", **attributes: float | str) -> str:
    """Words on one line that start, have their middle or end at a point [pixel]."""
    place: dict[str, float | str] = {"x": x, "y": y, "text_anchor": anchor, "fill": INK}
    return f"<text{_told(place | attributes)}>{escape(words)}</text>"


def texts(x: float, y: float, several: Sequence[str], anchor: str = "start") -> list[str]:
    """Lines of words beneath each other, the first one at a point [pixel]."""
    return [text(x, y + LINE * number, words, anchor) for number, words in enumerate(several)]


def wrapped(words: str, width: float) -> list[str]:
    """Words as lines that fit into a width [pixel]; at least one."""
    return wrap(words, max(int(width / LETTER), 1), break_long_words=False) or [""]


def straight(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    """A thin line from point to point [pixel]."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour)


def rectangle(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A filled rectangle by its upper left corner [pixel]."""
    return element("rect", x=x, y=y, width=width, height=height, fill=fill)


def path(x: np.ndarray, y: np.ndarray) -> str:
    """Points (P,), (P,) as a line through them is told [pixel]."""
    return " ".join(f"{_short(a)},{_short(b)}" for a, b in zip(x, y, strict=True))


def page(parts: Sequence[str], width: float, height: float, title: str) -> str:
    """A whole drawing on white; the title is for those who hear it read [pixel]."""
    size = _told({"width": width, "height": height, "viewBox": f"0 0 {width:.0f} {height:.0f}"})
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{size} font-family="sans-serif" '
        f'font-size="12" role="img">\n<title>{escape(title)}</title>\n'
        '<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def blend(colour: str, share: float) -> str:
    """A share of a colour, `#rrggbb`, the rest white."""
    return "#" + "".join(f"{round(255 + share * (part - 255)):02x}" for part in _parts(colour))


def ink_on(fill: str) -> str:
    """Black or white, whichever contrasts more; the better one has 4.58 or more on any colour.

    Web Content Accessibility Guidelines 2.2, relative luminance and contrast ratio; level AA asks
    for 4.5.
    """
    part = np.array(_parts(fill)) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "#000000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#ffffff"


def _parts(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def _told(attributes: dict[str, float | str]) -> str:
    return "".join(
        f' {name.replace("_", "-")}="{escape(_short(value))}"' for name, value in attributes.items()
    )


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{round(float(value), 1):.10g}"
