"""Reading what is fixed: locks and suppliers beside the forecast."""

from __future__ import annotations

import numpy as np
import pytest

from data.errors import DataError
from data.issues import Severity
from data.weekdays import EVERY_DAY

WITH_SUPPLIERS = """\
unique_id,missed_sale_cost,holding_cost,supplier
apples,10,1,Farm
bread,100,1,Mill
cheese,50,0.5,
"""
LOCKS = """\
unique_id,stage,ds,quantity
bread,Los Angeles,2027-01-04,40
apples,0,2027-01-11,0
"""


def refusal(folder, **options) -> str:
    """The message with which the folder is refused."""
    with pytest.raises(DataError) as caught:
        folder.read(**options)
    return str(caught.value)


def lines(reading, severity: Severity) -> str:
    return "\n".join(reading.issues.lines(severity))


def test_locks_beside_the_forecast_are_read(folder):
    """Product, stage and day are counted as in the scenario."""
    folder.write("locks.csv", LOCKS)
    reading = folder.read()
    fixed = reading.scenario.terms.locks
    found = zip(fixed.product, fixed.stage, fixed.day, fixed.quantity, strict=True)
    assert sorted(found) == [(0, 0, 7, 0), (1, 2, 0, 40)]
    assert {source.table: source.records for source in reading.sources}["locks"] == 2


def test_without_the_tables_nothing_is_fixed_and_that_is_said(folder):
    reading = folder.read()
    assert len(reading.scenario.terms.locks) == 0
    assert len(reading.scenario.terms.suppliers) == 0
    said = "\n".join(reading.assumed)
    assert "locks.csv: no such file; no order line is fixed" in said
    assert "suppliers.csv: no such file; no supplier has terms of its own" in said


@pytest.mark.parametrize(
    ("table", "header"), [("locks", LOCKS.splitlines()[0]), ("suppliers", "supplier,order_days")]
)
def test_a_header_alone_fixes_nothing(folder, table, header):
    """As where the last lock was taken back."""
    folder.write(f"{table}.csv", header + "\n")
    assert len(getattr(folder.read().scenario.terms, table)) == 0


def test_locks_may_lie_elsewhere(folder, tmp_path):
    other = tmp_path / "elsewhere.csv"
    other.write_text(LOCKS)
    assert len(folder.read(locks=other).scenario.terms.locks) == 2


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (",40", ",-4", "quantity is below 0 (row 2, product bread, found -4)"),
        (",40", ",", "quantity is blank or NaN (row 2, product bread"),
        (",40", ",many", "quantity is not a finite number (row 2, product bread, found many)"),
        (
            "2027-01-11",
            "soon",
            "ds is not a day (row 3, product apples, found soon)",
        ),
        (
            "apples,0,2027-01-11,0",
            "bread,los angeles,2027-01-04,7",
            "same unique_id and stage and ds as an earlier one (row 3, product bread",
        ),
        ("quantity", "qty", "if 'qty' is meant, add --map quantity=qty"),
    ],
)
def test_a_bad_lock_is_named_with_its_row(folder, old, new, expected):
    folder.write("locks.csv", LOCKS.replace(old, new, 1))
    assert expected in refusal(folder)


def test_bad_locks_are_left_out_with_their_product_when_asked(folder):
    folder.write("locks.csv", LOCKS.replace(",40", ",-4"))
    reading = folder.read(skip_bad=True)
    assert list(reading.skipped) == ["bread"]
    assert reading.scenario.terms.locks.product.tolist() == [0]


def test_locks_of_unknown_products_stages_and_days_are_left_out_and_named(folder):
    folder.write(
        "locks.csv",
        LOCKS + "plums,0,2027-01-05,3\nbread,Tennesee,2027-01-05,3\n"
        "bread,0,2027-01-03,3\nbread,0,2027-01-12,4\n",
    )
    reading = folder.read()
    assert len(reading.scenario.terms.locks) == 2
    said = lines(reading, Severity.SKIPPED)
    assert "locks.csv: unique_id is in neither the forecast nor the products" in said
    assert "row 4, product plums" in said
    assert "row 5, product bread, found Tennesee); if Tennessee is meant, correct it" in said
    assert "ds is not a day of the plan, 2027-01-04 to 2027-01-11; the lock was left out" in said
    assert "row 6, product bread, found 2027-01-03" in said
    assert "row 7, product bread, found 2027-01-12" in said


def test_locks_of_skipped_products_go_with_them(folder):
    folder.write("locks.csv", LOCKS)
    folder.change("forecast.csv", "bread,2027-01-05,20.0,5.0\n", "")
    reading = folder.read()
    assert reading.scenario.products.unique_id.tolist() == ["apples", "cheese"]
    assert reading.scenario.terms.locks.product.tolist() == [0]


def test_suppliers_are_read_with_their_terms(folder):
    folder.write("products.csv", WITH_SUPPLIERS)
    folder.write(
        "suppliers.csv",
        "supplier,minimum_order,order_cost,order_days\nMill,500,,Mon Thu\nFarm,,35,\n",
    )
    reading = folder.read()
    found = reading.scenario.terms.suppliers
    assert found.name.tolist() == ["Mill", "Farm"]
    assert found.minimum_order.tolist() == [500, 0]
    assert found.order_cost.tolist() == [0, 35]
    assert np.flatnonzero(found.order_days[0]).tolist() == [0, 3]
    assert tuple(found.order_days[1]) == EVERY_DAY
    assert reading.scenario.supplier.tolist() == [1, 0, -1]


def test_a_supplier_of_nothing_and_one_without_terms_are_named(folder):
    folder.write("products.csv", WITH_SUPPLIERS)
    folder.write("suppliers.csv", "supplier,minimum_order\nMil,500\n")
    reading = folder.read()
    assert reading.scenario.supplier.tolist() == [-1, -1, -1]
    said = lines(reading, Severity.ASSUMED)
    assert "suppliers.csv: supplier supplies none of the planned products" in said
    assert "row 2, found Mil); correct it if one of Farm, Mill is meant" in said
    assert "suppliers.csv: has no row for Farm, Mill, named in the products" in said


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("Mill,500,0,Mon Thurs", "order_days names something that is no weekday (row 2, found Mon"),
        ("Mill,-5,0,", "minimum_order is below 0 (row 2, found -5)"),
        ("Mill,5,free,", "order_cost is not a finite number (row 2, found free)"),
        ("Mill,5,0,\nMill,6,0,", "a row has the same supplier as an earlier one (row 3)"),
        (",5,0,", "supplier is blank or NaN (row 2)"),
    ],
)
@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_bad_supplier_is_refused_even_where_bad_products_may_be_skipped(
    folder, rows, expected, skip_bad
):
    """Its products would be ordered without its terms."""
    folder.write("products.csv", WITH_SUPPLIERS)
    folder.write("suppliers.csv", f"supplier,minimum_order,order_cost,order_days\n{rows}\n")
    assert expected in refusal(folder, skip_bad=skip_bad)
