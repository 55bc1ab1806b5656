"""In a table of ratios the bad ones stand out."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.heat import SIGN, heat

SVG = "{http://www.w3.org/2000/svg}"
KEY = 3
"""Cells that say what the colours mean."""


def cells(drawn: str) -> list[tuple[str, ElementTree.Element]]:
    """The colour and the words of every cell that is drawn, row by row."""
    page = list(ElementTree.fromstring(drawn))
    return [
        (part.get("fill", ""), page[place + 1])
        for place, part in enumerate(page[:-1])
        if part.tag == f"{SVG}rect" and part.get("width") != "100%"
    ][:-KEY]


def parts(colour: str) -> tuple[float, float, float]:
    """Red, green and blue, 0 to 255."""
    red, green, blue = (float(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return red, green, blue


def luminance(colour: str) -> float:
    """Relative luminance, Web Content Accessibility Guidelines 2.2."""
    linear = [
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in parts(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_worse_is_red_and_bold_and_has_a_sign() -> None:
    """Better is green without a sign; what is hardly above or below one is neither."""
    ratios = np.array([[0.8, 0.99, 1.01, 1.2]])
    better, below, alike, worse = cells(heat("cost", ["r"], list("abcd"), ratios, tolerance=0.02))
    assert below[0] == alike[0]
    red, green, _ = parts(better[0])
    assert green > red
    assert len(set(parts(alike[0]))) == 1
    red, green, _ = parts(worse[0])
    assert red > green
    assert [words.get("font-weight") for _, words in (better, alike, worse)] == [
        "normal",
        "normal",
        "bold",
    ]
    assert [words.text for _, words in (better, alike, worse)] == ["0.80", "1.01", f"{SIGN}1.20"]


def test_without_tolerance_all_above_one_is_worse() -> None:
    """One itself is not."""
    one, above = cells(heat("cost", ["r"], ["a", "b"], np.array([[1.0, 1.001]])))
    assert one[1].text == "1.00"
    assert above[1].text == f"{SIGN}1.00"


def test_worse_is_redder_the_worse_it_is() -> None:
    """Up to twice; beyond it there is no more colour to be had."""
    drawn = heat("cost", ["r"], list("abcd"), np.array([[1.1, 1.5, 2.0, 9.0]]))
    lights = [luminance(colour) for colour, _ in cells(drawn)]
    assert lights[0] > lights[1] > lights[2] == lights[3]


def test_every_number_can_be_read() -> None:
    """Contrast of words with their cell is 4.5 or more (level AA) for any ratio."""
    ratios = np.append(np.geomspace(0.3, 3.0, 60), (0.0, -1.0, np.inf)).reshape(7, 9)
    drawn = heat("cost", list("abcdefg"), list("123456789"), ratios)
    found = cells(drawn)
    assert len(found) == ratios.size
    for colour, words in found:
        dark, light = sorted((luminance(colour), luminance(words.get("fill", ""))))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_a_cell_without_a_number_is_empty() -> None:
    """Its neighbours stay where they are."""
    full = heat("cost", ["r"], ["a", "b", "c"], np.array([[0.5, 0.6, 0.7]]))
    gap = heat("cost", ["r"], ["a", "b", "c"], np.array([[0.5, np.nan, 0.7]]))
    assert [words.text for _, words in cells(gap)] == ["0.50", "0.70"]
    assert [words.get("x") for _, words in cells(gap)] == [
        words.get("x") for _, words in cells(full)[::2]
    ]
    assert "nan" not in gap


def test_words_can_be_written_in_place_of_ratios() -> None:
    """The colours are still those of the ratios, and all words are escaped."""
    drawn = heat("a < b", ["<r>"], ["x & y", "z"], np.array([[0.5, 2.0]]), [["<half>", "double"]])
    assert [words.text for _, words in cells(drawn)] == ["<half>", f"{SIGN}double"]
    told = {part.text for part in ElementTree.fromstring(drawn).iter(f"{SVG}text")}
    assert {"a < b", "<r>", "x & y"} <= told


@pytest.mark.parametrize("columns", [1, 12])
def test_the_page_is_wide_enough(columns: int) -> None:
    """For the columns, and for the key where they are few; long names take several lines."""
    names = [f"a column with a long name {number}" for number in range(columns)]
    drawn = heat("cost", ["row"], names, np.full((1, columns), 1.234567))
    page = ElementTree.fromstring(drawn)
    for part in page.findall(f"{SVG}rect")[1:]:
        right = float(part.get("x", "nan")) + float(part.get("width", "nan"))
        assert right < float(page.get("width", "nan"))
        assert float(part.get("y", "nan")) < float(page.get("height", "nan"))
    assert not any(part.text in names for part in page.iter(f"{SVG}text"))
