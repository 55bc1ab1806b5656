"""One product's rows are the ones that its docstrings state."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
import pytest

from milp.block import COUPLING_ROWS, FAMILIES, OWN_ROWS, Shape, Template, build, compile_block

ONE_SHELF = Shape((1,), 2, 1)
TWO_STAGES = Shape((1, 2), 6, 3)


def column(template: Template, family: str, *place: int) -> int:
    """Number of one column."""
    within = np.ravel_multi_index(place, template.shape.width(family))
    return template.columns[family].start + int(within)


def row(template: Template, name: str, *place: int) -> dict[str, float]:
    """The coefficients of one row by the name of their column, such as {'ship[0,1]': -1}."""
    shape = template.shape
    names = {
        column(template, family, *index): f"{family}{list(index)}".replace(" ", "")
        for family in FAMILIES
        for index in np.ndindex(*shape.width(family))
    }
    families = (*OWN_ROWS, *COUPLING_ROWS)
    each = shape.stages * shape.periods
    number = families.index(name) * each + int(
        np.ravel_multi_index(place, (shape.stages, shape.periods))
    )
    columns = np.repeat(np.arange(template.width), np.diff(template.indptr))
    here = template.indices == number
    return {names[c]: v for c, v in zip(columns[here], template.data[here], strict=True)}


def test_one_shelf_has_exactly_these_rows() -> None:
    """A shelf a day from its source, over two days, with one segment, written out."""
    shelf = compile_block(ONE_SHELF)
    assert row(shelf, "position", 0, 0) == {"level[0,0]": 1, "ship[0,0]": -1}
    assert row(shelf, "position", 0, 1) == {
        "level[0,1]": 1,
        "level[0,0]": -1,
        "lost[0]": -1,
        "ship[0,1]": -1,
    }
    for t in (0, 1):
        assert row(shelf, "relative", 0, t) == {
            f"level[0,{t}]": 1,
            f"above[0,{t},0]": -1,
            f"deep[0,{t}]": 1,
        }
        assert row(shelf, "supply", 0, t) == {f"ship[0,{t}]": 1}
    assert row(shelf, "balance", 0, 0) == {"stock[0,0]": 1, "waiting[0]": -1, "lost[0]": -1}
    assert row(shelf, "balance", 0, 1) == {
        "stock[0,1]": 1,
        "stock[0,0]": -1,
        "ship[0,0]": -1,
        "waiting[1]": -1,
        "waiting[0]": 1,
        "lost[1]": -1,
    }
    assert row(shelf, "storage", 0, 0) == {"stock[0,0]": 1, "waiting[0]": -1, "lost[0]": -1}
    assert row(shelf, "storage", 0, 1) == {"above[0,0,0]": 1}


def test_a_stage_above_ships_on_only_what_it_opened_with() -> None:
    """What was shipped to it in t arrives in t + 2 and can leave in t + 3."""
    chain = compile_block(TWO_STAGES)
    assert row(chain, "balance", 1, 0) == {"stock[1,0]": 1, "ship[0,0]": 1}
    assert row(chain, "balance", 1, 3) == {
        "stock[1,3]": 1,
        "stock[1,2]": -1,
        "ship[0,3]": 1,
        "ship[1,0]": -1,
    }


def test_a_stage_above_is_judged_by_what_it_leaves_the_one_below() -> None:
    """Its level counts relative to the shelf's on the day on which its order can be drawn on."""
    chain = compile_block(TWO_STAGES)
    assert row(chain, "relative", 1, 0)["level[0,3]"] == -1
    assert row(chain, "relative", 1, 1)["level[0,4]"] == -1
    assert row(chain, "relative", 1, 5)["level[0,4]"] == -1, "the last one stands in"
    assert not any(name.startswith("level[1") for name in row(chain, "relative", 0, 2))


def test_space_counts_stock_while_it_is_known_and_segments_once_orders_decide() -> None:
    """At the store: opening stock and arrivals, then expected stock and what must pass."""
    chain = compile_block(TWO_STAGES)
    assert row(chain, "storage", 1, 1) == {"stock[1,1]": 1, "ship[0,1]": 1}
    assert row(chain, "storage", 1, 3) == {
        "above[1,1,0]": 1,
        "above[1,1,1]": 1,
        "above[1,1,2]": 1,
        "ship[0,3]": 1,
        "ship[0,4]": 1,
    }
    assert row(chain, "storage", 1, 5) == {"stock[1,5]": 1, "ship[0,5]": 1, "ship[1,3]": 1}


@pytest.mark.parametrize(
    ("m", "t", "period"), [(1, 0, 3), (1, 1, 4), (1, 3, 4), (1, 5, 4)], ids=str
)
def test_an_order_is_drawn_on_the_day_after_it_arrives(m: int, t: int, period: int) -> None:
    """Or on the last day whose shipment still arrives within the plan."""
    assert TWO_STAGES.relative_to(m, t) == period


def test_lead_times_beyond_the_plan_are_drawn_on_its_first_day() -> None:
    """There is no day that would do; the first stands in, and the block still compiles."""
    shape = Shape((9, 4), 3, 2)
    assert [shape.relative_to(1, t) for t in range(3)] == [0, 0, 0]
    assert compile_block(shape).width == build(shape).nvariables()


@pytest.mark.parametrize("shape", [ONE_SHELF, TWO_STAGES, Shape((0, 3, 1), 5, 2)], ids=str)
def test_compiled_rows_say_what_the_written_ones_say(shape: Shape) -> None:
    """The matrix times any values is what Pyomo finds for its constraints at those values."""
    template, model = compile_block(shape), build(shape)
    x = np.random.default_rng(3).normal(size=template.width)
    for family in FAMILIES:
        values = x[template.columns[family]]
        for variable, value in zip(getattr(model, family).values(), values, strict=True):
            variable.set_value(float(value), skip_validation=True)
    written = [
        pyo.value(entry.body)
        for name in (*OWN_ROWS, *COUPLING_ROWS)
        for entry in getattr(model, name).values()
    ]
    column_of = np.repeat(np.arange(template.width), np.diff(template.indptr))
    compiled = np.bincount(template.indices, template.data * x[column_of], minlength=len(written))
    np.testing.assert_allclose(compiled, written, atol=1e-12)
