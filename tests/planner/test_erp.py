"""The order file as another system wants it: every line once, as the map says, or a sentence."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from data.errors import ConfigurationError, DataError
from planner.erp import cell_of, default_target, export, order_lines
from planner.erp_map import DATES, FIELDS, NUMBERS, WORDS, ErpColumn, ErpMap, read_map
from planner.folder import write_run
from planner.pipeline import Outcome
from tests.planner.conftest import HOSTILE, Planner

ROOT = Path(__file__).parents[2]
STAGES = ("Shelf <b>", "Store", "Port")

Maker = Callable[..., ErpMap]


@pytest.fixture(scope="module")
def run(tight: Outcome, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of products with hostile names."""
    out = tmp_path_factory.mktemp("runs") / "tight"
    return write_run(replace(tight, config=replace(tight.config, out=out, report=False)))


def erp_map(*columns: str | dict[str, object], **keys: object) -> ErpMap:
    """A map of columns that are called as what they are made from."""
    tables = [{"name": of, "from": of} if isinstance(of, str) else of for of in columns]
    return ErpMap.model_validate({"column": tables, **keys})


def orders(run: Path) -> list[dict[str, str]]:
    """The rows of the run's own table."""
    with (run / "orders.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def written(path: Path, **dialect: str) -> list[dict[str, str]]:
    """The rows of an exported CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, **dialect))


def test_every_line_is_exported_once_and_quantities_are_kept(run: Path, tmp_path: Path) -> None:
    """In the order of the run, to all digits it has."""
    plain = erp_map("unique_id", "stage", "order_date", "quantity", "line")
    exported = export(run, plain, tmp_path / "orders.csv")
    found, theirs = written(exported.target), orders(run)
    assert exported.lines == len(found) == len(theirs) > 0
    for ours, line in zip(found, theirs, strict=True):
        assert ours["unique_id"] == line["unique_id"]
        assert (ours["stage"], ours["order_date"]) == (line["stage"], line["order_date"])
        assert float(ours["quantity"]) == float(line["quantity"])
    assert [line["line"] for line in found] == [str(n + 1) for n in range(len(found))]


def test_every_field_that_is_named_can_be_exported(run: Path, tmp_path: Path) -> None:
    """Each is of one kind, and stands in a column of its own."""
    assert set(FIELDS) == WORDS | DATES | NUMBERS
    assert len(FIELDS) == len(WORDS) + len(DATES) + len(NUMBERS)
    every = erp_map(*FIELDS, units_per_case=2)
    found = written(export(run, every, tmp_path / "all.csv").target)
    assert list(found[0]) == list(FIELDS)
    filled = {name for row in found for name, cell in row.items() if cell}
    unknown = {"amount", "unit_cost", "category"}
    assert filled >= set(FIELDS) - unknown - {"binding", "minimum_order"}


def test_no_text_is_a_formula_in_csv(run: Path, tmp_path: Path) -> None:
    """What a spreadsheet would obey begins with an apostrophe; a negative number does not."""
    negative = {"name": "n", "from": "quantity", "sign": -1, "decimals": 1}
    out = export(run, erp_map("unique_id", negative), tmp_path / "o.csv").target
    found = written(out)
    names = {row["unique_id"] for row in found}
    assert f"'{HOSTILE[2]}" in names
    assert HOSTILE[2] not in names
    assert all(row["n"].startswith("-") for row in found)


def test_json_and_excel_hold_text_as_it_is(run: Path, tmp_path: Path) -> None:
    """Names are equal to the byte, numbers are numbers, dates are dates, no cell is a formula."""
    columns = ("unique_id", "quantity", "order_date", {"name": "kind", "constant": "=1+1"})
    lines = export(run, erp_map(*columns, format="jsonl"), tmp_path / "o.jsonl").target
    records = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    assert {record["unique_id"] for record in records} <= set(HOSTILE)
    assert HOSTILE[2] in {record["unique_id"] for record in records}
    book = export(run, erp_map(*columns, format="xlsx"), tmp_path / "o.xlsx").target
    sheet = openpyxl.load_workbook(book)["Orders"]
    header, *cells = sheet.iter_rows()
    assert [cell.value for cell in header] == ["unique_id", "quantity", "order_date", "kind"]
    assert len(cells) == len(records)
    for row, record in zip(cells, records, strict=True):
        assert [cell.data_type for cell in row] == ["s", "n", "d", "s"]
        assert row[0].value == record["unique_id"]
        assert row[1].value == pytest.approx(record["quantity"])
        assert isinstance(row[2].value, datetime)
        assert row[2].value.date().isoformat() == record["order_date"]
        assert row[3].value == "=1+1"


def test_stages_and_days_choose_lines(run: Path, tmp_path: Path) -> None:
    """Only those of the stages named, of the first days; an unknown stage is refused."""
    chosen = erp_map("stage", "order_date", stages=("Port",), days=3)
    found = written(export(run, chosen, tmp_path / "o.csv").target)
    assert {row["stage"] for row in found} == {"Port"}
    assert max(row["order_date"] for row in found) <= "2027-01-06"
    expected = [
        row for row in orders(run) if row["stage"] == "Port" and row["order_date"] <= "2027-01-06"
    ]
    assert len(found) == len(expected)
    with pytest.raises(ConfigurationError, match="did you mean 'Port'"):
        export(run, erp_map("stage", stages=("Prot",)), tmp_path / "p.csv")
    assert not (tmp_path / "p.csv").exists()


def test_the_dialect_is_the_maps(run: Path, tmp_path: Path) -> None:
    """Delimiter, decimal sign, date format, line end, header, encoding."""
    keys = {"delimiter": ";", "decimal": ",", "date_format": "%d.%m.%Y", "line_end": "crlf"}
    quantity = {"name": "menge", "from": "quantity", "decimals": 3}
    dialect = erp_map(quantity, "order_date", **keys, header=False, encoding="cp1252")
    raw = export(run, dialect, tmp_path / "o.csv").target.read_bytes()
    lines = raw.decode("cp1252").split("\r\n")
    first = orders(run)[0]
    expected = f"{float(first['quantity']):.3f}".replace(".", ",")
    day = date.fromisoformat(first["order_date"])
    assert lines[0] == f"{expected};{day:%d.%m.%Y}"
    assert lines[-1] == ""


@pytest.mark.parametrize(
    ("rounding", "said"), [("up", 3.0), ("down", 2.0), ("nearest", 2.0), ("exact", None)]
)
def test_numbers_are_rounded_as_the_column_says(rounding: str, said: float | None) -> None:
    """And where it may not be rounded, the line is named."""
    column = ErpColumn.model_validate(
        {"name": "n", "from": "cases", "decimals": 0, "rounding": rounding}
    )
    line = {"cases": 29 / 12, "unique_id": "P1", "stage": "Port", "order_date": date(2027, 1, 4)}
    if said is None:
        with pytest.raises(DataError, match=r"P1, Port, 2027-01-04: cases is 2\.41667"):
            cell_of(column, line)
    else:
        assert cell_of(column, line) == said
    assert cell_of(column, line | {"cases": 3.0000000001}) == 3.0
    assert cell_of(column, line | {"cases": None}) is None


def test_cases_are_units_by_case(run: Path) -> None:
    """By one number, or by each product's own lot size; 1 where a product has none."""
    by_number = order_lines(run, erp_map("cases", units_per_case=4))
    assert all(line["cases"] == pytest.approx(line["quantity"] / 4) for line in by_number)
    by_lot = order_lines(run, erp_map("cases", units_per_case="lot_size"))
    assert all(
        line["cases"] == pytest.approx(line["quantity"] / (line["lot_size"] or 1))
        for line in by_lot
    )


def with_vendors(run: Path, folder: Path) -> Path:
    """The same run, whose products have suppliers and a cost."""
    copy = folder / "with-vendors"
    copy.mkdir()
    for name in ("orders.csv", "safety_stock.csv", "manifest.json"):
        (copy / name).write_bytes((run / name).read_bytes())
    rows = written(run / "product_figures.csv")
    vendors = ("Zed/..", "=Acme", "Zed ..", "")
    with (copy / "product_figures.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, [*rows[0], *({"supplier"} - set(rows[0]))])
        writer.writeheader()
        for row, vendor in zip(rows, vendors, strict=True):
            writer.writerow({**row, "supplier": vendor, "unit_cost": "2.5"})
    return copy


def test_groups_stand_together_and_are_numbered(run: Path, tmp_path: Path) -> None:
    """Lines of a vendor are one order; a product without vendor is its shipper's."""
    grouped = erp_map("vendor", "order", "line", "amount", "quantity", group_by="vendor")
    lines = list(order_lines(with_vendors(run, tmp_path), grouped))
    assert len(lines) == len(orders(run))
    vendors = [line["vendor"] for line in lines]
    assert vendors == sorted(vendors)
    assert len(dict.fromkeys(line["order"] for line in lines)) == len(set(vendors))
    assert [line["line"] for line in lines] == list(range(1, len(lines) + 1))
    assert set(vendors) >= {"Zed/..", "=Acme", "Zed ..", "China"}
    assert all(line["amount"] == pytest.approx(2.5 * line["quantity"]) for line in lines)


def test_a_file_per_group_loses_no_line(run: Path, tmp_path: Path) -> None:
    """Names of files are tame, no two groups share one, and lines count from 1 in each."""
    each = erp_map("vendor", "line", "quantity", group_by="vendor", split=True)
    exported = export(with_vendors(run, tmp_path), each, tmp_path / "files")
    names = {path.name for path in exported.files}
    assert names >= {"Zed.csv", "Zed-2.csv", "Acme.csv"}
    assert exported.lines == len(orders(run))
    about = json.loads((exported.target / "manifest.json").read_text(encoding="utf-8"))
    assert set(about["sha256"]) == names
    for path, count in exported.files.items():
        found = written(path)
        assert [row["line"] for row in found] == [str(n + 1) for n in range(count)]
        assert len({row["vendor"] for row in found}) == 1
    with pytest.raises(ConfigurationError, match="a file per vendor; give a folder"):
        export(run, each, tmp_path / "one.csv")


def test_nothing_half_written_is_left(run: Path, tmp_path: Path) -> None:
    """A quantity that may not be rounded, or a sign that does not fit, leaves no file."""
    exact = {"name": "n", "from": "quantity", "decimals": 0, "rounding": "exact"}
    halves = erp_map({**exact, "from": "cases"}, units_per_case=7.3)
    with pytest.raises(DataError, match="may not round"):
        export(run, halves, tmp_path / "o.csv")
    snowman = erp_map({"name": "n", "constant": "☃"}, encoding="cp1252")
    with pytest.raises(DataError, match="set encoding to utf-8"):
        export(run, snowman, tmp_path / "o.csv")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_if_asked(run: Path, tmp_path: Path) -> None:
    """And a folder never by a file."""
    target = tmp_path / "o.csv"
    export(run, erp_map("unique_id"), target)
    with pytest.raises(ConfigurationError, match="--overwrite"):
        export(run, erp_map("quantity"), target)
    export(run, erp_map("quantity"), target, overwrite=True)
    assert target.read_text(encoding="utf-8").startswith("quantity\n")
    with pytest.raises(ConfigurationError, match="exists already"):
        export(run, erp_map("quantity"), tmp_path, overwrite=True)


def test_a_folder_that_is_no_run_is_said(tmp_path: Path) -> None:
    """With what to give instead."""
    with pytest.raises(ConfigurationError, match=r"planner plan"):
        export(tmp_path, erp_map("unique_id"), tmp_path / "o.csv")


def test_the_default_target_is_beside_the_run(run: Path) -> None:
    """Named after run and map; a folder where there are several files."""
    one = default_target(run, erp_map("unique_id", format="jsonl"), Path("x/sap.toml"))
    assert one == run.parent / "tight-sap.jsonl"
    many = erp_map("unique_id", group_by="vendor", split=True)
    assert default_target(run, many, Path("sap.toml")) == run.parent / "tight-sap"


def test_the_sample_map_can_be_used(plan: Planner, tmp_path: Path) -> None:
    """docs/erp.toml, on a run whose top stage is the one it names."""
    sample = read_map(ROOT / "docs" / "erp.toml")
    assert sample.stages == ("Los Angeles",)
    outcome = plan(("A", "B"), paths=1, out=tmp_path / "run", report=False)
    run = write_run(outcome)
    here = sample.model_copy(update={"stages": ("Port",)})
    exported = export(run, here, tmp_path / "o.csv")
    text = exported.target.read_text(encoding="cp1252")
    assert text.splitlines()[0].startswith("BSART;BANFN;BNFPO;LIFNR;MATNR")
    assert exported.lines > 0


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"column": []}, "column"),
        ({"column": [{"name": "a", "from": "quantitty"}]}, "did you mean 'quantity'?"),
        ({"column": [{"name": "a"}]}, "needs from or constant"),
        ({"column": [{"name": "a", "from": "stage", "decimals": 2}]}, "is no number"),
        ({"delimiter": ",", "decimal": ","}, "delimiter and decimal are both ','"),
        ({"split": True}, "split needs group_by"),
        ({"encoding": "latin-99"}, "is 'latin-99'"),
        ({"date_format": "%Y"}, "does not tell days apart"),
        ({"format": "xls"}, "format is 'xls'"),
        ({"column": [{"name": "a", "from": "cases"}]}, "give units_per_case"),
        ({"column": [{"name": "a", "from": "run"}, {"name": "a", "from": "run"}]}, "called 'a'"),
        ({"decimals": 2}, "unknown key 'decimals'; did you mean 'decimal'?"),
    ],
    ids=str,
)
def test_a_map_that_cannot_be_meant_is_refused(tmp_path: Path, keys: dict, said: str) -> None:
    """In a sentence that says what is expected."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if key != "column"]
    columns = keys.get("column", [{"name": "a", "from": "run"}])
    for column in columns:
        lines += ["[[column]]", *(f"{key} = {json.dumps(value)}" for key, value in column.items())]
    path = tmp_path / "map.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(ConfigurationError) as told:
        read_map(path)
    assert said in str(told.value)
