"""Drawings show the numbers where they belong."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.drawings import COLOURS, DASHES, DOTTED, WIDTH, Panel, bars, lines, panels
from benchmarks.svg import LETTER

SVG = "{http://www.w3.org/2000/svg}"
NAN = float("nan")


def parts(drawn: str, kind: str) -> list[ElementTree.Element]:
    """Elements of a kind, those of the key among them."""
    return ElementTree.fromstring(drawn).findall(f"{SVG}{kind}")


def corners(part: ElementTree.Element) -> np.ndarray:
    """Where a line or an area has its corners (P, 2) [pixel]."""
    return np.array([p.split(",") for p in part.get("points", "").split()], dtype=float)


def written(drawn: str) -> dict[str, tuple[float, float]]:
    """Where words stand [pixel]; of words that stand twice, the last place."""
    return {
        part.text or "": (float(part.get("x", "nan")), float(part.get("y", "nan")))
        for part in parts(drawn, "text")
    }


def test_a_curve_runs_from_corner_to_corner() -> None:
    """Its least point at the lower left, its greatest at the upper right of the lines across."""
    drawn = lines("up", {"a": [(0, 1), (10, 5)], "none": []}, "x")
    curve, key = parts(drawn, "polyline")
    across = [
        {name: float(line.get(name, "nan")) for name in ("x1", "x2", "y1")}
        for line in parts(drawn, "line")
    ]
    heights = [line["y1"] for line in across]
    first, last = corners(curve)
    assert tuple(first) == (across[0]["x1"], max(heights))
    assert tuple(last) == (across[0]["x2"], min(heights))
    assert key.get("stroke") == curve.get("stroke")
    assert "none" not in written(drawn), "a curve without points is left out"


def test_bars_stand_on_zero() -> None:
    """One goes up, the other hangs down from the same line; names are escaped."""
    drawn = bars("money", {"x < y": {"a": 3.0, "b": -1.0}})
    up, down = (bar.attrib for bar in parts(drawn, "rect")[1:3])
    assert float(up["y"]) + float(up["height"]) == pytest.approx(float(down["y"]), abs=0.11)
    assert float(up["height"]) == pytest.approx(3 * float(down["height"]), abs=0.31)
    assert "x < y" in written(drawn)
    assert float(down["y"]) + float(down["height"]) < written(drawn)["x < y"][1]


def test_a_group_may_lack_a_bar() -> None:
    """The bars of a name stand in one colour and in one place of their group."""
    drawn = bars("up", {"one": {"a": 1.0, "b": 2.0}, "two": {"b": 2.0}})
    first, second, third, *key = parts(drawn, "rect")[1:]
    assert second.get("fill") == third.get("fill") == key[1].get("fill") == COLOURS[1]
    assert first.get("fill") == COLOURS[0]
    places = written(drawn)
    beside = [float(bar.get("x", "nan")) for bar in (second, third)]
    assert beside[0] - places["one"][0] == pytest.approx(beside[1] - places["two"][0], abs=0.21)


def test_a_long_label_is_written_on_several_lines() -> None:
    """Labels of bars do not run into each other."""
    names = [f"a group with rather a long name {number}" for number in range(8)]
    drawn = bars("up", {name: {"a": 1.0} for name in names})
    assert max(map(len, written(drawn))) * LETTER <= WIDTH / len(names)
    assert set(" ".join(names).split()) <= set(" ".join(written(drawn)).split())


@pytest.mark.parametrize("log", [False, True])
def test_a_flat_curve_can_be_drawn(log: bool) -> None:
    """Where all heights are alike there is still a line, and where there are none, still axes."""
    for height in (2.0, 1e12, 1e-12, 0.0, NAN):
        curve = [(0, height), (1, height * (1 + 1e-15))]
        drawn = lines("flat", {"a": curve}, "x", log=log)
        assert "nan" not in drawn
        assert "inf" not in drawn
        assert len(parts(drawn, "line")) >= 2


def test_the_outermost_lines_stand_at_the_ends() -> None:
    """Whatever the numbers, round ones are written above, beneath and between them, evenly."""
    for low, high in ((-163.7, -118.2), (0.0, 3.457), (1071.0, 1411.0), (2e-3, 9e-3)):
        drawn = lines("up", {"a": [(0, low), (1, high)]}, "x")
        heights = [float(line.get("y1", "nan")) for line in parts(drawn, "line")]
        told = parts(drawn, "text")[1 : 1 + len(heights)]
        numbers = [float((words.text or "").replace(",", "")) for words in told]
        assert numbers[0] <= low
        assert high <= numbers[-1]
        assert np.diff(numbers) == pytest.approx(np.full(len(numbers) - 1, numbers[1] - numbers[0]))
        assert len({len((words.text or "").partition(".")[2]) for words in told}) == 1
        assert 3 <= len(heights) <= 9
        first, last = corners(parts(drawn, "polyline")[0])
        assert min(heights) <= last[1] < first[1] <= max(heights)


def test_what_is_not_a_number_lifts_the_pen() -> None:
    """A curve goes on behind a gap, in one colour and with one name; a lone point is a dot."""
    far = [(x, float(x)) for x in range(DOTTED + 1)]
    drawn = lines("up", {"a": [*far[:5], (NAN, NAN), far[5], (6.0, NAN), *far[7:]]}, "x")
    pieces = parts(drawn, "polyline")
    assert [len(corners(piece)) for piece in pieces] == [5, 1, 6, 2]
    assert len({piece.get("stroke") for piece in pieces}) == 1
    assert len(parts(drawn, "circle")) == 1


def test_points_that_are_few_are_shown() -> None:
    """A dot at each; a curve of many points is a line alone."""
    few, many = ([(x, float(x)) for x in range(count)] for count in (DOTTED, DOTTED + 1))
    assert len(parts(lines("up", {"a": few}, "x"), "circle")) == DOTTED
    assert not parts(lines("up", {"a": many}, "x"), "circle")


def test_a_band_lies_about_its_curve() -> None:
    """It has the colour of its curve and room on the axis: here half as far above as below."""
    curves = {"a": [(0, 5.0), (1, 6.0)], "b": [(0, 1.0), (1, 2.0)]}
    drawn = lines("up", curves, "x", bands={"b": [(-1.0, 2.0), (0.0, 3.0)]})
    (band,) = parts(drawn, "polygon")
    line = next(one for one in parts(drawn, "polyline") if one.get("stroke") == COLOURS[1])
    assert band.get("fill") == COLOURS[1]
    assert float(band.get("fill-opacity", "nan")) < 0.5
    left, right, upper_right, upper_left = corners(band)
    first, last = corners(line)
    assert left[1] - first[1] == pytest.approx(2 * (first[1] - upper_left[1]), abs=0.41)
    assert right[1] - last[1] == pytest.approx(2 * (last[1] - upper_right[1]), abs=0.41)
    kinds = [part.tag for part in ElementTree.fromstring(drawn)]
    assert kinds.index(f"{SVG}polygon") < kinds.index(f"{SVG}polyline"), "curves lie upon bands"


def test_a_logarithmic_axis_makes_equal_ratios_equally_high() -> None:
    """Tenfold is as far from 1 to 10 as from 10 to 100; nothing and less lift the pen."""
    curve = [(0, 1.0), (1, 10.0), (2, 100.0), (3, 0.0), (4, 1000.0)]
    drawn = lines("up", {"a": curve}, "x", bands={"a": [(0.0, y + 1) for _, y in curve]}, log=True)
    piece, lone, _ = map(corners, parts(drawn, "polyline"))
    steps = np.diff(piece[:, 1])
    assert steps[0] == pytest.approx(steps[1], abs=0.21)
    assert lone[0, 1] - piece[-1, 1] == pytest.approx(steps[0], abs=0.21)
    heights = [float(line.get("y1", "nan")) for line in parts(drawn, "line")]
    (band,) = parts(drawn, "polygon")
    assert corners(band)[:, 1].max() == max(heights), "a band that reaches nothing ends at the foot"
    assert {"1", "10", "100", "1,000"} <= set(written(drawn))


def test_words_can_stand_beneath_the_axis() -> None:
    """They stand beneath their points, in place of round numbers."""
    drawn = lines("up", {"a": [(0.3, 1.0), (0.7, 2.0)]}, "x", x_marks={0.3: "few", 0.7: "many"})
    ends = corners(parts(drawn, "polyline")[0])[:, 0]
    assert [written(drawn)[word][0] for word in ("few", "many")] == list(ends)
    assert "0.4" not in written(drawn)


def test_panels_share_a_key() -> None:
    """A name has one colour in all panels, also where others come before it, and one entry."""
    points = [(0, 1.0), (1, 2.0)]
    first = Panel("first", {"a": points, "b": points}, "x")
    drawn = panels([first, Panel("second", {"b": points}, "x"), first, first], across=3)
    assert [part.text for part in parts(drawn, "text")].count("b") == 1
    strokes = [part.get("stroke") for part in parts(drawn, "polyline")]
    assert strokes == [COLOURS[n] for n in (0, 1, 1, 0, 1, 0, 1, 0, 1)]
    place = written(drawn)
    lefts = [corners(part)[0, 0] for part in parts(drawn, "polyline")]
    assert lefts[0] < lefts[2] < lefts[3]
    assert lefts[5] == lefts[0], "the fourth stands beneath the first"
    assert place["second"][0] > place["a"][0]
    size = ElementTree.fromstring(drawn)
    assert place["b"][1] < float(size.get("height", "nan"))


def test_many_curves_are_told_apart() -> None:
    """Where colours come again the lines are dashed, and the key is as wide as the drawing."""
    curves = {f"curve number {n}": [(0, float(n)), (1, n + 1.0)] for n in range(2 * len(COLOURS))}
    drawn = lines("up", curves, "x")
    pens = [(p.get("stroke"), p.get("stroke-dasharray")) for p in parts(drawn, "polyline")]
    assert len(set(pens)) == len(curves)
    assert {dash for _, dash in pens} == set(DASHES[:2])
    page = ElementTree.fromstring(drawn)
    assert all(x < float(page.get("width", "nan")) for x, _ in written(drawn).values())
    assert all(y < float(page.get("height", "nan")) for _, y in written(drawn).values())


def test_all_words_are_escaped() -> None:
    """Titles, names, labels and marks are read as they were given."""
    nasty = '<b> & "c"'
    drawn = lines(nasty, {nasty: [(0, 1.0), (1, 2.0)]}, nasty, x_marks={0.0: nasty, 1.0: nasty})
    assert [part.text for part in parts(drawn, "text")].count(nasty) == 5
    assert [part.text for part in parts(drawn, "title")] == [nasty]


def test_any_numbers_have_an_axis() -> None:
    """Round numbers are found where those drawn are close together or many magnitudes apart."""
    for low, wide in ((-0.014149941174065461, 1.8438255801241475e-05), (1e9, 3e3), (-1e-9, 1e9)):
        curve = [(low, low), (low + wide, low + wide)]
        drawn = panels([Panel("up", {"a": curve}, "x")] * 3)
        first, last = corners(parts(drawn, "polyline")[0])
        assert first[0] < last[0]
        assert first[1] > last[1]
