"""`docs/tables.md`, made from the definitions that the readers validate by."""

from __future__ import annotations

import sys

from data.assembly import LONGEST_PIPELINE
from data.daily import LONGEST_HORIZON
from data.excel import LARGEST_UNPACKED
from data.network import default_network
from data.nixtla import USUAL_LEVEL
from data.oddities import FAR
from data.past import LONGEST_GAP
from data.schema import Column, Table
from data.stock_outs import RARE, WINDOW
from data.tables import SALES, all_tables

_HEAD = """\
# Tables

<!-- Made by data/guide.py from the definitions in data/tables.py; do not edit. -->

A plan is made from one folder. `--products` names the forecast; the other tables are read if they
lie beside it, and each can be given by its own option. Only the columns marked *required* are
needed: the rest have the defaults below, and every run prints what it read and what it assumed.
`planner init DIR` writes a folder that runs, `planner init DIR --sales FILE` one made of your own
sales, and `planner validate` says what is wrong, odd or missing without planning.

| file | one row is | without it |
|---|---|---|
"""

_NETWORK = (
    ("name", "what people call the stage", "", "required"),
    ("lead_time", "days from shipping to this stage to receipt there", "day", "required"),
    ("supplier", "the next stage, or the source; only serial chains are planned", "", "the next"),
    ("holding_share", "cost of holding a unit here / holding it on the shelf", "1", "1"),
    ("storage_capacity", "space for stock, incoming goods included", "volume", "no limit"),
    ("supply_capacity", "most that can be shipped here in one day", "volume/day", "no limit"),
    (
        "overflow_price",
        "price of space beyond the capacity; needed where there is a capacity",
        "money/volume/day",
        "0",
    ),
    (
        "order_days",
        'days on which the stage may order, a list such as ["Mon", "Thu"]',
        "",
        "every day",
    ),
    (
        "truck_volume",
        "what one truck or container to this stage holds; a day's shipments ride in whole ones",
        "volume",
        "no trucks",
    ),
    ("truck_cost", "cost of a truck, full or not; it needs a truck_volume", "money/truck", "0"),
)

_READING = f"""\
## What is fixed

**Lots and minimum orders.** `lot_size` holds at every stage. `minimum_order` and `order_cost` of a
product are terms of the source: they apply to purchases, which are the orders of the last stage,
and not to moves inside the chain. So do the terms in suppliers.csv; `supplier` in products.csv says
which of them a product is bought under. A purchase counts at its `unit_cost` (0 where that is
unknown) against a supplier's minimum order and against the budget, on the day of ordering.

**Order days.** A stage orders on its `order_days` only, the last one on days that suit the supplier
as well. What it orders then lasts until what it can order next has come down to the shelf.

**Locks.** A line in locks.csv is ordered as it stands, rounded to no lot and raised to no minimum,
on days without orders too; it gives way only to what cannot be shipped or paid. What is at odds
with it is named.

## How they are read

**Files.** CSV, Parquet or Excel (.xlsx), told apart by content. CSV in UTF-8, in UTF-16 with its
mark, or in what `--encoding latin-1` names; separated by commas, semicolons, tabs or vertical bars;
a byte order mark and Windows line ends are understood. Of a workbook the sheet named like the table
is read (`products`), else the first; a workbook given as the forecast may hold the other tables as
sheets, too. A workbook that unpacks to more than
{LARGEST_UNPACKED // 2**20:,} MiB is refused before it is read.

**Numbers.** Digits and a decimal point. Decimal commas are read as such where some number in the
file can be nothing else and no point occurs; `--decimal ,` settles it where that cannot be seen
(`1,500`). Thousands separators and units are refused: text that is no number is never read as one.

**Dates.** 2027-01-31. A column written throughout as 31.01.2027, 2027/01/31, 20270131 or a
spreadsheet's day numbers is read as well, and so is 31/01/2027 where a number above 12 tells day
from month, or `--dates day-first` (or `month-first`) does. Days before 1900 and after 2299 are
refused.

**Columns.** `--map unique_id=SKU` names a column of another name, in every table that has it.
Capitals and spaces do not matter (`Unique ID`). Columns that are not known are left out and named.
`lead_time_1` may also be written with the stage's name, `lead_time_tennessee`.

**Nixtla.** Instead of `mean` and `std` a forecast may have `Model`, `Model-lo-80` and `Model-hi-80`
of any level (the one nearest to {USUAL_LEVEL:g} is taken): std = (hi - lo) / (2 z), z the normal
quantile of the level; where lo was cut at 0, (hi - Model) / z. With several models,
`--map mean=Model` chooses.

**Days.** Plans are daily and have at most {LONGEST_HORIZON:,} days. The horizon is the run of days
that plans the most product-days; a product that lacks one of them is skipped. A day on which the
file has no row for any product is a closed day: demand 0. A file with fewer than half of its days
(a weekly forecast) is refused.

**Products** of the forecast that are not in products.csv are skipped, and the other way round.
Rows of stock, orders and locks for unknown products or stages are left out and named; a stage
without a row in stock.csv is empty. So are locks on days outside the horizon.

**Sales** are read by `planner forecast`, `planner backtest` and `planner init`. A day of a product
counts as demand where the business was open, the product was on offer, and nothing kept customers
from buying:

- A row given twice is left out; two different rows of one product and day are an error, unless
  `planner init --sales FILE --add-up` is to sum a list of single sales into days. Sales below 0
  (more returned than sold) and negative stock are taken as 0.
- A day of a product without a row is a day without a sale; where the file writes days without a
  sale out as 0, it is taken as not known instead, and so is a y left blank. Rows with a blank y
  after the last day with sales tell of promotions that are planned.
- A product is on offer from its first sale on, unless on_sale says otherwise.
- Days are closed where `open` says so; without that column, where nothing at all was sold and that
  would be chance in fewer than 1 of {1 / RARE:,.0f} files.
- Stock-outs are known where `stock` is 0 at the end of the day. Without it, a stretch without a
  sale is taken as one where the product's own habit makes it incredible: by its share of selling
  days in the {WINDOW} trading days before, the {WINDOW} after, and in the same weeks of the years
  around (the least of them), by how often one silent day follows another, and by the weekday, such
  a stretch would occur by chance in fewer than 1 of {1 / RARE:,.0f} files (Bonferroni over all
  stretches). What is masked is named with its days; `--keep-stockouts` leaves it in. A silence that
  lasts to the end of the file is named and left in.
- A figure more than {FAR:g} robust standard deviations of its logarithm from the product's median,
  and a lasting step by the factor of a pack (6, 10, 12, 24, ...), are named and left as they are.
- Days that stand alone by more than {LONGEST_GAP} days are refused as slips of the year.

**Orders** due before the first day are taken to arrive on it; those due {LONGEST_PIPELINE} days
after it or later are left out.

## When something is wrong

All problems are collected in one pass: five examples of each kind on screen, all in
`data_issues.csv` (severity, file, row, product, column, value, rule, remedy). The header is row 1.

| severity | means |
|---|---|
| error | no plan can be made from the table; the run ends with exit code 3, without a run folder |
| skipped | a product or a row is left out for the reason given; the rest is planned |
| mended | read differently from how it was written, without guessing |
| assumed | not given; a stated default stands in |

A bad value (below the limit, blank, not a number, above 1,000,000,000) or a repeated row is an
error. With `--skip-bad` the products concerned are skipped instead, as long as they are at most
half of all.
"""


def tables_guide() -> str:
    """The tables as a user reads about them, in Markdown."""
    tables = (*all_tables(), SALES)
    rows = [
        f"| {table.name}.csv | {table.meaning} | {table.absent or 'there is no plan'} |"
        for table in tables
    ]
    chain = default_network()
    legs = " <- ".join(
        f"{chain.supplier_of(number)} {stage.lead_time} days"
        for number, stage in enumerate(chain.stages)
    )
    rows.append(f"| network.toml | the chain of stages | {chain.names[0]} (the shelf) <- {legs} |")
    parts = ["\n".join([_HEAD.rstrip("\n"), *rows]), *(_section(table) for table in tables)]
    return "\n\n".join([*parts, _network_section(), _READING])


def _section(table: Table) -> str:
    lines = [
        f"## {table.name}.csv, .parquet or .xlsx",
        "",
        f"One row is {table.meaning}.",
        "",
        "| column | holds | unit | allowed | default |",
        "|---|---|---|---|---|",
        *(_row(column) for column in table.columns),
    ]
    return "\n".join(lines)


def _row(column: Column) -> str:
    default = "*required*" if column.required else column.default_text
    kind = column.allowed or column.kind.value
    if column.numeric and column.kind.value != "number":
        kind = f"{column.kind.value}, {column.allowed}"
    return f"| {column.name} | {column.meaning} | {column.unit} | {kind} | {default} |"


def _network_section() -> str:
    rows = [
        f"| {key} | {meaning} | {unit} | {'*required*' if default == 'required' else default} |"
        for key, meaning, unit, default in _NETWORK
    ]
    return "\n".join(
        [
            "## network.toml",
            "",
            "A `source` (the name of what supplies the last stage) and one `[[stage]]` table per "
            "stage, the shelf first.",
            "",
            "| key | holds | unit | default |",
            "|---|---|---|---|",
            *rows,
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(tables_guide())
