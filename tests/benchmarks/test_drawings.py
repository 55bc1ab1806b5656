"""Drawings show the numbers where they belong."""

from __future__ import annotations

from xml.etree import ElementTree

from benchmarks.drawings import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, bars, lines

SVG = "{http://www.w3.org/2000/svg}"


def test_a_curve_runs_from_corner_to_corner() -> None:
    """Its least point at the lower left, its greatest at the upper right."""
    drawn = ElementTree.fromstring(lines("up", {"a": [(0, 1), (10, 5)], "none": []}, "x"))
    paths = drawn.findall(f"{SVG}polyline")
    assert len(paths) == 1, "a curve without points is left out"
    points = [tuple(map(float, p.split(","))) for p in paths[0].get("points", "").split()]
    assert points[0][0] == LEFT
    assert points[1][0] == WIDTH - RIGHT
    assert points[0][1] > points[1][1]


def test_bars_stand_on_zero() -> None:
    """One goes up, the other hangs down from the same line; names are escaped."""
    drawn = ElementTree.fromstring(bars("money", {"x < y": {"a": 3.0, "b": -1.0}}))
    up, down = (bar.attrib for bar in drawn.findall(f"{SVG}rect")[1:])
    assert float(up["y"]) + float(up["height"]) == float(down["y"])
    assert float(up["height"]) > float(down["height"]) > 0
    assert any(text.text == "x < y" for text in drawn.findall(f"{SVG}text"))
    assert float(down["y"]) < HEIGHT


def test_a_flat_curve_can_be_drawn() -> None:
    """Where all heights are alike there is still a line."""
    drawn = lines("flat", {"a": [(0, 2.0), (1, 2.0)]}, "x")
    assert "nan" not in drawn


def test_the_outermost_lines_stand_at_the_ends() -> None:
    """Whatever the numbers, round ones are written at the top, at the foot and between them."""
    for low, high in ((-163.7, -118.2), (0.0, 3.457), (1071.0, 1411.0), (2e-3, 9e-3)):
        drawn = ElementTree.fromstring(lines("up", {"a": [(0, low), (1, high)]}, "x"))
        heights = [float(line.get("y1", "nan")) for line in drawn.findall(f"{SVG}line")]
        assert max(heights) == HEIGHT - BOTTOM
        assert min(heights) == TOP
        assert 3 <= len(heights) <= 8
