"""Draws how the shipped brains learnt, from the curves on their cards: `make tables`."""

from __future__ import annotations

from pathlib import Path

from benchmarks.drawings import Curve, lines
from brain.card import Card
from brain.registry import shipped

FIGURE = Path(__file__).parents[1] / "docs" / "learning_curves.svg"


def drawn(cards: list[Card]) -> str:
    """An SVG of cost / cost of the constants started from, on validation products, by CPU time."""
    curves: dict[str, Curve] = {
        card.name: [(0.0, 1.0), *((at.cpu_seconds, min(at.score, 1.0)) for at in card.curve)]
        for card in cards
    }
    title = "cost / cost of the constants started from, validation products"
    return lines(title, curves, "CPU seconds of training")


if __name__ == "__main__":
    FIGURE.write_text(drawn([brain.card for brain in shipped()]), encoding="utf-8")
