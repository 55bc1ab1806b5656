"""plan.xlsx: the plan as a workbook that a planner keeps open.

Rows are written as they come and not kept, so that memory does not grow with the plan. Text is
written as text: nothing that a table says becomes a formula, a link or markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time
from math import isfinite, isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from planner import sheets, wording
from planner.exceptions import Status
from planner.key_figures import SHARE, KeyFigure
from planner.sheets import Kind, Sheet
from planner.summary import Summary, summary
from planner.traced import Traced, traced

if TYPE_CHECKING:
    from planner.pipeline import Outcome

UNASKED = 1_000
"""Up to so many products a workbook is written unless none is asked for."""
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
NO_TEXT = re.compile("[\ud800-\udfff\ufffe\uffff]")
PICTURES, DELETED = 0x2400, "\u2421"
"""Where Unicode has pictures of control characters, and that of DEL."""
MARKUP = "<r>"
"""How a text begins that would be copied into the file as it is, if it ended accordingly."""
LONGEST = 32_767
"""Characters that a cell holds."""
LONGEST_TITLE = 200
"""Characters of a stage's name that the title of a chart shows."""
COLOURS = {
    Status.NOT_PLANNED: ("#a63d28", "#fbe9e5"),
    Status.NOT_WORTH_BUYING: ("#a63d28", "#fbe9e5"),
    Status.STOCKED_OUT: ("#a63d28", "#fbe9e5"),
    Status.WILL_STOCK_OUT: ("#a63d28", "#fdf3f0"),
    Status.OVER_CAPACITY: ("#8a5f00", "#fbf3de"),
    Status.EXCESS: ("#1f5a86", "#e6f0f7"),
    Status.FINE: ("#2b7169", "#e6f3f1"),
}
"""Ink and paper of a status."""
BLUE, GREY, RED = "#2f6f9f", "#5b6875", "#c8553d"
A4 = 9
"""What a spreadsheet calls this size of paper."""
WIDTH, LINE = 11, 170
"""Columns that a sentence of the first sheet spans, and characters that fit into one line of it."""
TALLEST = 400
"""Height of a row, in points; a spreadsheet takes no more than 409."""
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def wanted(outcome: Outcome, asked: bool | None) -> bool:
    """Whether a workbook is written: as asked, or else with a report of few enough products."""
    few = len(outcome.problem.scenario.products) <= UNASKED
    return outcome.config.report and few if asked is None else asked


def write_workbook(
    path: Path, outcome: Outcome, found: Traced | None = None, every: bool = False
) -> None:
    """The plan as a workbook.

    Args:
        path: of the file.
        outcome: the plan.
        found: its figures, where they are known already.
        every: whether all order lines are written, as far as a sheet holds them; or else those of
            the first days.
    """
    found = found or traced(outcome)
    with Workbook(str(path), OPTIONS) as book:
        morning = datetime.combine(outcome.problem.scenario.start, time())
        book.set_properties({"title": "Inventory plan", "created": morning})
        writer = _Writer(book)
        lines = sheets.order_lines(outcome, every)
        bought = sheets.purchases(outcome, every)
        look = sheets.exceptions(outcome)
        writer.summary(summary(outcome), found, [look, lines, bought])
        writer.lines(look, 1, _judging(look, writer))
        writer.lines(lines)
        writer.budget(bought)
        writer.lines(sheets.safety_stock(outcome))
        writer.products(sheets.products(outcome))
        writer.capacity(sheets.capacity(found), found)
        if found.service:
            writer.service(sheets.service(found))
        writer.lines(sheets.glossary())


def safe(words: str) -> str:
    """Text as a cell can show it: control characters as pictures, nothing that reads as markup."""
    if words.isprintable() and len(words) <= LONGEST and not words.startswith(MARKUP):
        return words
    words = CONTROL.sub(_picture, words)
    words = NO_TEXT.sub("\ufffd", words)
    if words.startswith(MARKUP) and words.endswith("</r>"):
        # With a space behind it, it is text like any other.
        words += " "
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _picture(found: re.Match[str]) -> str:
    sign = ord(found.group())
    return DELETED if sign == 0x7F else chr(PICTURES + sign)


Styled = Callable[[tuple[Any, ...], int], Format | None]
"""From a row and the number of a column to the format of that cell; None for the column's own."""


def _judging(sheet: Sheet, writer: _Writer) -> Styled:
    """Colours of the statuses."""
    status = sheet.place("status")
    colours = {
        of.value: writer.form(font_color=ink, bg_color=paper, bold=True)
        for of, (ink, paper) in COLOURS.items()
    }
    return lambda row, column: colours.get(row[status]) if column == status else None


Write = Callable[[int, int, Any, Format | None], None]
"""Writes a value into row and column."""


def _words(sheet: Worksheet) -> Write:
    """Writes text; nothing where there is none."""

    def write(row: int, column: int, value: str, form: Format | None) -> None:
        if value:
            sheet.write_string(row, column, safe(value), form)

    return write


def _numbers(sheet: Worksheet) -> Write:
    """Writes numbers; nothing where one is unknown."""

    def write(row: int, column: int, value: float, form: Format | None) -> None:
        if isfinite(value):
            sheet.write_number(row, column, value, form)
        elif not isnan(value):
            sheet.write_string(row, column, wording.number(value), form)

    return write


@dataclass(frozen=True)
class _Writer:
    """Writes sheets into a book."""

    book: Workbook

    def form(self, **given: Any) -> Format:
        """A format."""
        return self.book.add_format({"valign": "top"} | given)

    def sheet(self, name: str) -> Worksheet:
        """A new sheet, set up for print."""
        sheet = self.book.add_worksheet(name)
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(0.4, 0.4, 0.6, 0.6)
        sheet.set_footer("&L&A&RPage &P of &N")
        sheet.hide_gridlines(2)
        return sheet

    def lines(
        self,
        of: Sheet,
        frozen: int = 1,
        styled: Styled | None = None,
        sheet: Worksheet | None = None,
    ) -> Worksheet:
        """A sheet of lines: note, header, rows, filters; returns it.

        Args:
            of: what is written.
            frozen: columns that stay when the sheet is moved sideways.
            styled: the format of single cells.
            sheet: where to; a new one if not given.
        """
        sheet = sheet or self.sheet(of.name)
        for column, (_, kind) in enumerate(of.columns):
            wrapped = {"text_wrap": True} if of.name == "Glossary" else {}
            shown = self.form(num_format=kind.form) if kind.form else self.form(**wrapped)
            sheet.set_column(column, column, kind.width, shown)
        sheet.write_string(0, 0, of.note, self.form(font_color=GREY, italic=True))
        head = self.form(bold=True, bottom=1, bg_color="#eef4f8", text_wrap=True)
        for column, (title, _) in enumerate(of.columns):
            sheet.write_string(1, column, title, head)
        sheet.freeze_panes(2, frozen)
        sheet.repeat_rows(0, 1)
        sheet.autofilter(1, 0, 1 + max(of.count, 1), len(of.columns) - 1)
        writers = [_numbers(sheet) if kind.form else _words(sheet) for _, kind in of.columns]
        for place, row in enumerate(of.rows, 2):
            for column, (value, write) in enumerate(zip(row, writers, strict=True)):
                write(place, column, value, styled(row, column) if styled else None)
        return sheet

    def summary(self, told: Summary, found: Traced, cut: list[Sheet]) -> None:
        """The first sheet: what the plan came to, in sentences and figures."""
        page = _Page(self)
        page.say(told.planned, bold=True, font_size=16)
        for words in (told.verdict, told.promised, told.happened, told.service, told.decided):
            page.say(words)
        page.title("Key figures", "key_figures.csv")
        page.head(("figure", "value", "low", "high", "weighted by", "of", "days", "formula"))
        for figure in (*found.figures, *found.counts):
            page.figure(figure)
        page.title("Cost by rule, mean over the futures", "costs.csv")
        page.head(name.replace("_", " ") for name in found.costs.columns[:WIDTH])
        for row in found.costs.rows:
            page.costs(row[:WIDTH])
        page.title("Assumed, because it was not given", "manifest.json")
        for words in told.assumed or ("Nothing.",):
            page.say(words)
        page.title("Odd in the tables", "data_issues.csv")
        for words in told.odd or ("Nothing.",):
            page.say(words)
        if told.conflicts:
            page.title("Terms that clashed, and what gave way", "manifest.json")
            for words in told.conflicts:
                page.say(words)
        page.title("In this workbook", "the run folder")
        for of in cut:
            page.say(f"{of.name}: {of.note}.")

    def budget(self, of: Sheet) -> None:
        """The purchases, with a cell for a budget: what it buys is coloured."""
        sheet = self.sheet(of.name)
        label, total = of.place("spend"), of.place("cumulative spend")
        rows = list(of.rows)
        known = [row[total] for row in rows if isfinite(row[total])]
        cell = self.form(num_format=Kind.MONEY.form, bg_color="#fff7d6", border=1, bold=True)
        sheet.write_string(0, label, "budget", self.form(bold=True, align="right"))
        sheet.write_number(0, label + 1, known[-1] if known else 0.0, cell)
        self.lines(replace(of, rows=rows), 2, None, sheet)
        spent = xl_rowcol_to_cell(2, total, col_abs=True)
        room = xl_rowcol_to_cell(0, label + 1, row_abs=True, col_abs=True)
        green = self.book.add_format({"bg_color": "#e6f3f1", "font_color": "#1f5a52"})
        buys = {"type": "formula", "criteria": f"=AND(ISNUMBER({spent}),{spent}<={room})"}
        last = 1 + max(of.count, 1)
        sheet.conditional_format(2, 0, last, len(of.columns) - 1, buys | {"format": green})

    def products(self, of: Sheet) -> None:
        """The products, with bars on service and cost."""
        sheet = self.lines(of, 2, _judging(of, self))
        last = 1 + max(of.count, 1)
        bar = {"type": "data_bar", "min_type": "num", "min_value": 0}
        for title, colour in (("fill rate", "#b9d8d3"), ("stock-out risk", "#f1c9bf")):
            place = of.place(title)
            whole = {"max_type": "num", "max_value": 1, "bar_color": colour}
            sheet.conditional_format(2, place, last, place, bar | whole)
        place = of.place("cost")
        sheet.conditional_format(2, place, last, place, bar | {"bar_color": "#c5dbea"})

    def capacity(self, of: Sheet, found: Traced) -> None:
        """Space by stage and day, with a chart of every stage beside it."""
        sheet = self.lines(of, 2)
        first = 2
        for number, space in enumerate(found.spaces):
            last = first + len(space.dates) - 1
            chart = self.book.add_chart({"type": "line"})
            drawn = [("happened", BLUE, "solid"), ("promised", GREY, "round_dot")]
            if space.limited:
                drawn.append(("space", RED, "dash"))
            for name, colour, dash in drawn:
                place, when = of.place(name), of.place("date")
                chart.add_series(
                    {
                        "name": name,
                        "categories": [of.name, first, when, last, when],
                        "values": [of.name, first, place, last, place],
                        "line": {"color": colour, "width": 1.75, "dash_type": dash},
                    }
                )
            # Without the empty sign behind it, Depot!A1 would be taken for a cell of a sheet.
            title = safe(space.stage)[:LONGEST_TITLE].replace("!", "!\u200b")
            chart.set_title({"name": title, "overlay": False})
            chart.set_x_axis({"date_axis": True, "num_format": "d mmm"})
            chart.set_y_axis({"name": "space used [volume]", "num_format": "#,##0", "min": 0})
            chart.set_legend({"position": "bottom"})
            chart.set_size({"width": 560, "height": 300})
            sheet.insert_chart(1 + 16 * number, len(of.columns) + 1, chart)
            first = last + 1

    def service(self, of: Sheet) -> None:
        """Service against stock, with its curve."""
        sheet = self.lines(of)
        chart = self.book.add_chart({"type": "scatter", "subtype": "straight_with_markers"})
        stock, rate = of.place("stock value"), of.place("fill rate")
        last = 1 + of.count
        chart.add_series(
            {
                "name": "fill rate",
                "categories": [of.name, 2, stock, last, stock],
                "values": [of.name, 2, rate, last, rate],
                "line": {"color": BLUE, "width": 1.75},
                "marker": {"type": "circle", "size": 6, "fill": {"color": BLUE}},
            }
        )
        chart.set_title({"name": "Service against stock"})
        chart.set_x_axis({"name": "stock on hand [money at cost]", "num_format": "#,##0"})
        chart.set_y_axis({"name": "fill rate", "num_format": "0%"})
        chart.set_legend({"none": True})
        chart.set_size({"width": 620, "height": 340})
        sheet.insert_chart(3 + of.count, 1, chart)


class _Page:
    """The rows of the first sheet, written from top to bottom."""

    def __init__(self, writer: _Writer) -> None:
        self._sheet = writer.sheet("Summary")
        self._form = writer.form
        self._row = 0
        self._sheet.set_column(0, 0, 40)
        self._sheet.set_column(1, WIDTH - 1, 13)
        self._bold = writer.form(bold=True, bottom=1, text_wrap=True)
        self._plain = writer.form()
        self._amount = writer.form(num_format="#,##0.##")
        self._share = writer.form(num_format="0.00%")

    def say(self, words: str, **form: Any) -> None:
        """A sentence over the whole width, in as many lines as it takes."""
        size = form.get("font_size", 11)
        lines = -(-len(words) * size // (LINE * 11))
        self._sheet.set_row(self._row, min(1.4 * size * lines, TALLEST))
        shown = self._form(text_wrap=True, **form)
        self._sheet.merge_range(self._row, 0, self._row, WIDTH - 1, "", shown)
        self._sheet.write_string(self._row, 0, safe(words), shown)
        self._row += 1

    def title(self, words: str, source: str) -> None:
        """What the next rows are, and where they come from."""
        self._row += 1
        self._sheet.write_string(self._row, 0, words, self._form(bold=True, font_size=13))
        grey = self._form(font_color=GREY, italic=True)
        self._sheet.write_string(self._row, 2, f"from {source}", grey)
        self._row += 1

    def head(self, names: Iterable[str]) -> None:
        """The names of columns."""
        for column, name in enumerate(names):
            self._sheet.write_string(self._row, column, name, self._bold)
        self._row += 1

    def figure(self, figure: KeyFigure) -> None:
        """A row for a key figure."""
        write = _numbers(self._sheet)
        form = self._share if figure.unit == SHARE else self._amount
        self._text(0, figure.name)
        for column, value in enumerate((figure.value, figure.low, figure.high), 1):
            write(self._row, column, value, form)
        self._text(4, figure.weight)
        self._text(5, figure.when)
        if figure.days:
            write(self._row, 6, figure.days, self._amount)
        self._text(7, figure.formula)
        self._row += 1

    def costs(self, row: tuple[Any, ...]) -> None:
        """A row for a rule; its last cell is a share."""
        write = _numbers(self._sheet)
        self._text(0, row[0])
        for column, value in enumerate(row[1:], 1):
            write(self._row, column, value, self._share if column + 1 == WIDTH else self._amount)
        self._row += 1

    def _text(self, column: int, words: str) -> None:
        if words:
            self._sheet.write_string(self._row, column, safe(words), self._plain)
