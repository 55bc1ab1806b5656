"""Draws how the shipped brains learnt, from the curves on their cards: `make tables`."""

from __future__ import annotations

from pathlib import Path

from brain.card import Card
from brain.registry import shipped

FIGURE = Path(__file__).parents[1] / "docs" / "learning_curves.svg"
WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 96, 28, 44
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00")
"""Of Okabe and Ito (2008), told apart by everybody."""
STEP = 0.02


def drawn(cards: list[Card]) -> str:
    """An SVG of cost / cost of the constants started from, on validation products, by CPU time."""
    points = [[(0.0, 1.0), *((s.cpu_seconds, s.score) for s in card.curve)] for card in cards]
    longest = max(x for curve in points for x, _ in curve)
    lowest = STEP * (min(y for curve in points for _, y in curve) // STEP)

    def x_of(seconds: float) -> float:
        return LEFT + seconds / longest * (WIDTH - LEFT - RIGHT)

    def y_of(score: float) -> float:
        return TOP + (1 - score) / (1 - lowest) * (HEIGHT - TOP - BOTTOM)

    parts = [_text(LEFT, 16, "cost / cost of the constants started from, validation products")]
    score = 1.0
    while score > lowest - STEP / 2:
        y = y_of(score)
        parts.append(_line(LEFT, y, WIDTH - RIGHT, y, "#d0d0d0"))
        parts.append(_text(LEFT - 6, y + 4, f"{score:.2f}", "end"))
        score -= STEP
    for fifth in range(6):
        x = x_of(longest * fifth / 5)
        parts.append(_text(x, HEIGHT - BOTTOM + 18, f"{longest * fifth / 5:.0f}", "middle"))
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(_text(middle, HEIGHT - 8, "CPU seconds of training", "middle"))
    for card, curve, colour in zip(cards, points, COLOURS, strict=False):
        path = " ".join(f"{x_of(x):.1f},{y_of(min(y, 1.0)):.1f}" for x, y in curve)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        x, y = curve[-1]
        parts.append(_text(x_of(x) + 6, y_of(y) + 4, card.name, "start", colour))
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" '
        f'font-size="12">\n<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _text(x: float, y: float, words: str, anchor: str = "start", colour: str = "#333333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{words}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{colour}" stroke-width="1"/>'
    )


if __name__ == "__main__":
    FIGURE.write_text(drawn([brain.card for brain in shipped()]), encoding="utf-8")
