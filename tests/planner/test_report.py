"""The report is one page that shows the outcome as it is, whatever the tables hold."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from plotly.offline import get_plotlyjs

from data.costs import Costs
from planner import charts
from planner.clashes import Concession, Conflict
from planner.exceptions import Finding, Status
from planner.pipeline import Outcome
from planner.replay import OURS
from planner.report import as_script, render
from planner.stock_charts import MOST_POINTS
from planner.summary import summary
from planner.traced import traced
from planner.wording import THIN, number, percent, signed
from tests.planner.pages import Page, charts_of


@pytest.fixture(scope="module")
def html(tight: Outcome) -> str:
    return render(tight)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_hostile_names_are_text_and_nothing_else(page: Page, tight: Outcome) -> None:
    """Three scripts stand in the page: the charts' data, Plotly, and the drawing."""
    assert page.tags["script"] == 3
    assert not page.tags["img"]
    assert not page.tags["i"]
    assert not page.handlers
    noted = [finding.unique_id for finding in tight.findings if finding.status is not Status.FINE]
    assert any("<script>" in product for product in noted)
    for product in noted:
        assert product in page.text
        assert f"<i>{product}</i>" in page.text


def test_hostile_names_carry_no_markup_into_the_charts(page: Page) -> None:
    drawn = charts_of(page)
    said = [text for trace in drawn["safety-0"]["data"] for text in trace.get("hovertext", [])]
    said += [trace["name"] for trace in drawn["prices"]["data"]]
    assert said
    assert not any("<" in text for text in said)
    assert any("&lt;script&gt;" in text for text in said)


def test_the_page_loads_nothing_from_anywhere(html: str, page: Page) -> None:
    assert all(address.startswith("#") for address in page.addresses)
    ours = html.replace(get_plotlyjs(), "")
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?\s*(https?:)?//""", ours)
    assert "default-src 'none'" in html


def test_every_link_leads_somewhere_and_no_id_is_used_twice(page: Page) -> None:
    assert {address[1:] for address in page.addresses} <= set(page.ids)
    assert max(page.ids.values()) == 1


def test_every_chart_has_its_place_and_every_place_its_chart(html: str, page: Page) -> None:
    places = re.findall(r'class="chart" id="([^"]+)"', html)
    assert sorted(places) == sorted(charts_of(page))


def test_every_axis_of_a_chart_names_its_unit(page: Page) -> None:
    for name, chart in charts_of(page).items():
        titles = [
            axis["title"]["text"]
            for key, axis in chart["layout"].items()
            if key.startswith(("xaxis", "yaxis"))
        ]
        assert all("[" in title for title in titles if title), name
        assert any(titles), name


def test_headers_have_a_scope_and_the_page_a_language(html: str) -> None:
    assert '<html lang="en">' in html
    assert html.count("<th ") == html.count("<th scope=")
    assert "<th>" not in html


def test_the_numbers_of_the_page_are_those_of_the_outcome(page: Page, tight: Outcome) -> None:
    for rule, kpis in tight.happened.items():
        assert rule in page.text
        assert percent(kpis.fill_rate().value, 2) in page.text
        for value in kpis.costs.mean().values():
            assert number(value) in page.text
    for row in summary(tight).comparison.rivals:
        assert row.against_ours is not None
        assert signed(row.against_ours.value) in page.text
    for row in summary(tight).pressing:
        assert row.money in page.text


def test_the_page_and_the_screen_say_the_same(page: Page, tight: Outcome) -> None:
    told = summary(tight)
    for sentence in (told.verdict, told.promised, told.happened, told.service, told.advised):
        assert sentence in page.text
    for sentence in (*told.space, *told.assumed, *told.read):
        assert sentence in page.text


def test_a_plan_that_loses_looks_like_one(tight: Outcome) -> None:
    """The rival's futures are ours at a tenth of the cost."""
    ours = tight.happened[OURS]
    terms = {name: getattr(ours.costs, name) / 10 for name in ("holding", "shortage", "overflow")}
    rival = replace(ours, costs=Costs(**terms))
    html = render(replace(tight, happened={OURS: ours, "rival": rival}))
    assert '<p class="verdict loses">Ours loses to the best simple rule' in html
    assert "cheaper than ours" in html


def test_bars_and_lines_are_drawn_from_the_outcome(page: Page, tight: Outcome) -> None:
    drawn = charts_of(page)
    bars = [trace["x"] for trace in drawn["costs"]["data"] if trace["type"] == "bar"]
    totals = np.sum(bars, axis=0)
    expected = [tight.planned.plan.costs.total]
    expected += [kpis.costs.mean()["total"] for kpis in tight.happened.values()]
    assert totals == pytest.approx(expected, rel=1e-5)
    lines = {trace["name"]: trace["y"] for trace in drawn["space-0"]["data"]}
    assert lines["happened"] == pytest.approx(tight.happened[OURS].occupancy[:, 0], rel=1e-5)
    assert lines["promised"] == pytest.approx(tight.planned.plan.occupancy[:, 0], rel=1e-5)
    assert set(lines["space"]) == {54.0}


def test_unknown_cost_is_said_to_be_unknown(page: Page, html: str) -> None:
    """No unit cost is given, so there is no capital tied up and no number that looks like one."""
    assert re.search(r"capital tied up.{0,400}?unknown", html, re.DOTALL)
    assert not re.search(r"\bnan\b", page.text, re.IGNORECASE)
    assert not re.search(r"\binf\b", page.text)


def test_without_limits_there_is_no_capacity_line_and_no_price(roomy: Outcome) -> None:
    page = Page(render(roomy))
    drawn = charts_of(page)
    assert "prices" not in drawn
    lines = {trace["name"] for trace in drawn["space-0"]["data"]}
    assert lines == {"happened", "promised", "low", f"90{THIN}% of futures"}
    assert "no limit on space" in page.text


@pytest.mark.parametrize("paths", [1, 2])
def test_few_futures_make_a_page_without_nan(plan, paths: int) -> None:
    page = Page(render(plan(paths=paths)))
    assert not re.search(r"\bnan\b", page.text, re.IGNORECASE)
    whiskers = [trace for trace in charts_of(page)["costs"]["data"] if trace["type"] == "scatter"]
    assert len(whiskers) == (paths > 1)


def test_theory_alone_makes_a_page(plan) -> None:
    page = Page(render(plan(ratio=50_000.0)))
    assert "Theory advised the safety stock of 3 products" in page.text


def test_one_product_makes_a_page(plan) -> None:
    assert "1 product at 3 stages" in Page(render(plan(["only"]))).text


def test_skipped_products_are_named_with_their_reason(tight: Outcome) -> None:
    reading = replace(tight.reading, skipped={"<u>gone</u>": "no forecast"})
    lost = Finding("<u>gone</u>", Status.NOT_PLANNED, 0.0, "no forecast")
    page = Page(render(replace(tight, reading=reading, findings=[lost])))
    assert "<u>gone</u>" in page.text
    assert "1 product not planned" in page.text
    assert not page.tags["u"]


def test_names_of_any_kind_are_shown_as_they_are(tight: Outcome) -> None:
    """Right-to-left marks stay within the name, and long ones are clipped."""
    names = ["\u202egnp.exe", "עברית & <b>", "x" * 10_000, "\u0007bell\tand tab"]
    products = tight.problem.scenario.products
    renamed = replace(products, name=np.array(names, dtype=object))
    scenario = replace(tight.problem.scenario, products=renamed)
    look = [Finding(str(product), Status.EXCESS, 1.0, "much") for product in products.unique_id]
    outcome = replace(tight, problem=replace(tight.problem, scenario=scenario), findings=look)
    page = Page(render(outcome))
    assert set(names) <= set(page.names)
    assert not page.tags["b"]
    drawn = json.dumps(charts_of(page), ensure_ascii=False)
    assert "x" * (charts.LONGEST_LABEL + 1) not in drawn


def test_terms_that_clashed_stand_in_a_section_of_their_own(tight: Outcome) -> None:
    """With what gave way and by how much; without any, there is no such section."""
    given = (Concession("largest order of <i>A</i>", 12.0, "units"),)
    clash = Conflict(("one", "two"), ("A",), "One and <i>two</i> cannot both hold.", given)
    page = Page(render(replace(tight, conflicts=(clash,))))
    assert clash.explanation in page.text
    assert "Gave way: largest order of <i>A</i> by 12 units." in page.text
    assert page.ids["conflicts"] == 1
    assert not Page(render(replace(tight, conflicts=()))).ids["conflicts"]


def test_without_the_curve_there_is_no_section_for_it(tight: Outcome) -> None:
    """And nothing links to it."""
    page = Page(render(tight, traced(tight, curve=False)))
    assert "service" not in charts_of(page)
    assert "#service-heading" not in page.addresses


def test_a_dark_screen_changes_colours_that_are_drawn_and_nothing_else() -> None:
    """Every colour that is replaced is one of the charts' own."""
    own = {charts.INK, charts.QUIET, charts.RULE, charts.ZERO, charts.PAPER}
    own |= {charts.BLUE, charts.VERMILION, charts.AMBER, charts.TEAL}
    assert set(charts.NIGHT) <= own
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for colour in charts.NIGHT.values())


def test_a_scatter_shows_at_most_so_many_products(tight: Outcome) -> None:
    """They are spread evenly over the list, its first and its last among them."""
    from planner.reconciliation import StageSafety
    from planner.stock_charts import safety_factors

    count = MOST_POINTS * 2
    z = np.linspace(0, 3, count)
    stage = StageSafety("Shelf", z, z, 0, 0, 0, 0, 0, 1)
    drawn = safety_factors(stage, ["p"] * count, np.full(count, 10.0))["data"][1]["x"]
    assert len(drawn) == MOST_POINTS
    assert (drawn[0], drawn[-1]) == (0, 3)


def test_nothing_to_look_at_is_said(tight: Outcome) -> None:
    assert "Every product is fine." in Page(render(replace(tight, findings=[]))).text


def test_json_in_a_script_can_neither_open_nor_close_a_tag() -> None:
    value = {"</script>": "<!-- & \u2028"}
    said = as_script(value)
    assert not set("<>&\u2028") & set(said)
    assert json.loads(said) == value


def test_numbers_that_are_none_are_left_out_of_a_chart() -> None:
    assert charts.plain([1.23456789, np.nan, np.inf]) == [1.23457, None, None]


def test_the_page_is_small_beside_its_plotting_library(html: str) -> None:
    assert len(html.encode()) - len(get_plotlyjs().encode()) < 200_000
