"""Brain and optimiser against each alone: fields, rules, rows, tables and drawings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from benchmarks.results import Result, Row
from benchmarks.serial_hybrid import drawings, find, kept, table
from benchmarks.serial_hybrid.contest import (
    BOUND,
    OPTIMISER,
    OURS,
    PLANNER,
    TEXTBOOK,
    TUNED,
    Contest,
    advised,
    optimiser_only,
    programme,
)
from benchmarks.serial_hybrid.field import Field, field_of
from benchmarks.serial_hybrid.found import Noted, Trial, followed, found_in
from benchmarks.serial_hybrid.plan import FULL, QUICK, Cell, shape_name
from brain.reference.net_policy import NetPolicy, load_policy
from brain.reference.serial_hybrid import Lesson, teach
from envs.policies import SafetyStockRule, constant
from envs.reference.serial_hybrid import OVERFLOW, SPACE, Course
from envs.reference.serial_hybrid_chains import Search
from envs.reference.serial_profiles import LEVEL, SHAPES

SHORT = Course(sigma_max=5, products=3, days=30, coupled=True)


@pytest.fixture(scope="module")
def brain() -> NetPolicy:
    """One that has learnt next to nothing."""
    search = Search(generations=2, candidates=4, elite=2, products=6)
    return teach(200, 1, lesson=Lesson(lanes=6, judging=6, search=search))


def field(course: Course = SHORT, worlds: int = 2) -> Field:
    """A small field, the same whenever asked."""
    return field_of((1, 2, 3), course, worlds)


def rule(where: Field, z: float) -> SafetyStockRule:
    """One safety factor for everybody."""
    return SafetyStockRule(where.outlook, constant(np.full((3, 1), z)))


def test_worlds_side_by_side_cost_what_they_cost_apart() -> None:
    """Product by product and term by term, the space of each world shared by its own products."""
    where = field()
    together = where.lived(rule(where, 2.0))
    apart = where.lived_apart(
        lambda one: SafetyStockRule(one.problem.outlook, constant(np.full((3, 1), 2.0)))
    )
    assert together.overflow.sum() > 0
    for name, values in vars(together).items():
        np.testing.assert_allclose(getattr(apart, name), values, rtol=1e-9, atol=1e-12)


def test_copies_live_the_same_life() -> None:
    """Paths that follow one rule on one future pay the same."""
    where = field()
    once, twice = where.lived(rule(where, 1.0)), where.lived(rule(where, 1.0), copies=2)
    np.testing.assert_allclose(twice.cost, np.tile(once.cost, 2))


def test_space_is_that_of_a_worlds_products() -> None:
    """Room for 25 units of each beyond a day's demand; a unit more costs twice the shelf's day."""
    problem = field().world(1).problem
    assert problem.rates.storage_capacity.tolist() == [3 * (SPACE + LEVEL)] * 3
    np.testing.assert_allclose(problem.rates.overflow, OVERFLOW / 100)


def test_free_space_costs_nothing() -> None:
    """Without coupling nobody pays for overflow."""
    where = field(replace(SHORT, coupled=False))
    assert not where.lived(rule(where, 8.0)).overflow.any()


def test_a_seed_gives_the_same_field() -> None:
    """Draws and futures; another seed gives others."""
    assert np.array_equal(field().demand, field().demand)
    assert not np.array_equal(field().demand, field_of((1, 2, 4), SHORT, 2).demand)


def test_without_uncertainty_brain_and_optimiser_are_the_optimiser() -> None:
    """Advice is in standard deviations, and there are none."""
    where = field(replace(SHORT, sigma_max=1), worlds=1)
    ours = where.lived_apart(lambda one: programme(one, one.advisor))
    np.testing.assert_allclose(ours.cost, where.lived_apart(optimiser_only).cost, rtol=1e-9)


def test_what_is_tuned_beats_the_textbook_where_it_was_tuned() -> None:
    """The search begins near the textbook's factors and keeps the best it has met."""
    where = field()
    contest = Contest(where, where, ())
    tuned = where.lived(SafetyStockRule(where.outlook, constant(contest.tuned))).cost.sum()
    assert tuned < where.lived(rule(where, 2.3)).cost.sum()


def test_perfect_information_loses_no_sale_but_those_of_the_first_days(brain: NetPolicy) -> None:
    """And no rule is cheaper."""
    where = field(Course(sigma_max=10, days=60), worlds=6)
    lived = Contest(where, where, (brain,)).free()
    least = lived[BOUND]()
    assert least.missed.sum() < 0.02 * least.demanded.sum()
    for name in (OURS, PLANNER, OPTIMISER, TEXTBOOK, TUNED):
        assert lived[name]().cost.sum() > least.cost.sum()


def test_a_safety_factor_that_never_changes_follows_sigma_exactly() -> None:
    """Its units are the factor times sigma, on every day and stage."""
    where = field(replace(SHORT, coupled=False))
    noted = Noted(constant(np.full((1, 3, 1), 1.5)), where.outlook)
    where.lived(SafetyStockRule(where.outlook, noted))
    assert len(noted.units) == where.days
    np.testing.assert_allclose(np.stack(noted.units), 1.5 * np.stack(noted.sigma))


def test_the_brains_safety_stock_goes_with_sigma_at_the_shelf() -> None:
    """A correlation above 0.9 over the days of an episode, mean over products."""
    where = field(Course(sigma_max=10, days=100), worlds=12)
    shelf, *others = followed(where, where.advisor)
    assert shelf.value > 0.9
    assert all(-1 <= stage.value <= 1 for stage in others)


def test_what_is_not_worth_buying_gets_no_safety_stock(brain: NetPolicy) -> None:
    """Whatever the brain would say."""
    for ratio, held in ((1.0, False), (100.0, True)):
        where = field(Course(cost_ratio=ratio, days=30))
        one = where.world(0)
        factors = advised(brain, one.drawn)(one.problem.situation())
        assert bool(factors.any()) is held


def test_trainings_are_counted_product_by_product(brain: NetPolicy) -> None:
    """Where space is free, ours is their mean; twice the same is the same."""
    where = field(Course(days=30))
    once, twice = (Contest(where, where, (brain,) * n).free()[OURS]() for n in (1, 2))
    np.testing.assert_allclose(once.cost, twice.cost)


def test_names_of_cells_tell_them_apart() -> None:
    """No two cells of a run have the same case."""
    for effort in (FULL, QUICK):
        names = [cell.name for cell in effort.cells()]
        assert len(set(names)) == len(names)
    assert "200 products/r=1000/sigma_max=10" in [cell.name for cell in FULL.cells()]


def test_cells_of_one_sigma_share_their_futures() -> None:
    """Ratios are compared on the same demand."""
    one, other = (Cell(replace(SHORT, cost_ratio=ratio), 2) for ratio in (10.0, 1000.0))
    assert one.seed == other.seed
    assert one.seed != Cell(replace(SHORT, sigma_max=4), 2).seed


def test_every_shape_has_a_name() -> None:
    """In words, and each its own."""
    assert len({shape_name(shape) for shape in SHAPES}) == len(SHAPES)


@pytest.fixture(scope="module")
def result(brain: NetPolicy) -> Result:
    """A few cells of every kind."""
    courses = {
        "shared": replace(SHORT, products=2, days=12),
        "modes": replace(SHORT, products=2, days=12),
        "free": Course(sigma_max=5, days=30),
        "shape": Course(sigma_max=5, days=30, shape=1),
        "profile": Course(days=30, profile="varying"),
    }
    rows: list[Row] = []
    for kind, course in courses.items():
        rows += found_in(Trial(1, (brain,)), Cell(course, 2, kind))
    return Result("serial-hybrid", "planner bench serial-hybrid", "0", 1, 1.0, "here", tuple(rows))


def test_rows_have_every_rule_and_its_interval(result: Result) -> None:
    """The mean lies inside it; what perfect information leaves is never more than a rule pays."""
    assert {row.policy for row in result.rows} >= {OURS, OPTIMISER, TEXTBOOK, TUNED, BOUND}
    for row in result.rows:
        assert row.low <= row.value <= row.high, row
        if row.case.startswith("free/") and row.case.endswith("/cost"):
            assert row.ratio is not None
            assert row.ratio >= 1 - 1e-9
    assert BOUND not in {row.policy for row in result.rows if row.case == "lead times varying"}


def test_a_paired_row_is_the_ratio_of_its_costs(result: Result) -> None:
    """Ours over each rival of the cell."""
    case = "2 products/r=100/sigma_max=5"
    cost = {row.policy: row.value for row in result.rows if row.case == case}
    pairs = [row for row in result.rows if row.case.startswith(f"{case}/over ")]
    assert len(pairs) == len(cost) - 2
    for row in pairs:
        rival = row.case.split("/over ")[1]
        assert row.value == pytest.approx(cost[OURS] / cost[rival])


def test_a_cell_in_which_ours_costs_more_is_marked() -> None:
    """However little, as long as the last digit shows it."""
    row = Row("1 product/r=10/sigma_max=5/over textbook", OURS, 1.001, 0.99, 1.01, "cost / cost")
    assert table.compared(row).startswith(table.WORSE)
    assert not table.compared(replace(row, value=1.0004)).startswith(table.WORSE)


def test_tables_have_a_line_for_everything_found(result: Result) -> None:
    """Rules or cells down; every line as wide as its head."""
    for make in (table.grid, table.free, table.follows, table.modes, table.varied):
        blocks = "\n".join(make(result)).split("\n\n")
        grids = [block.splitlines() for block in blocks if block.startswith("|")]
        assert grids, make
        for grid in grids:
            assert len(grid) > 2
            assert len({line.count("|") for line in grid}) == 1
    assert any("| 2 | 100 |" in line for line in table.grid(result))
    assert any(line.startswith(f"| {OURS} | New York | 100 |") for line in table.follows(result))


def test_drawings_are_whole(result: Result) -> None:
    """Each is XML, and names what it shows."""
    drawn = drawings.draw_all(result)
    assert set(drawn) == {"beside-optimiser", "beside-textbook", "views-r100"}
    for words in drawn.values():
        assert ElementTree.fromstring(words).tag.endswith("svg")
    assert "demand missed" in drawn["views-r100"]
    assert OPTIMISER in drawn["beside-optimiser"]


def test_a_quick_run_is_whole_and_can_be_kept(tmp_path: Path) -> None:
    """Every cell has its rows, small worlds first; drawings and nets are written."""
    found = find(quick=True, seed=1)
    kept(found, tmp_path)
    cases = {row.case for row in found.result.rows}
    for cell in QUICK.cells():
        assert any(case == cell.name or case.startswith(f"{cell.name}/") for case in cases)
    assert found.result.rows[0].case.startswith("1 product/")
    written = {path.name for path in tmp_path.iterdir()}
    assert {"serial-hybrid-beside-optimiser.svg", "serial-hybrid-views-r100.svg"} <= written
    assert load_policy(tmp_path / "nets" / "serial-hybrid-1").card.seed == found.learnt[0].card.seed
    for make, lines in ((table.grid, 12), (table.free, 33), (table.varied, 19)):
        assert len([line for line in make(found.result) if line.startswith("|")]) == lines
