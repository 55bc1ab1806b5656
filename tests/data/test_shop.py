"""A shop's tables are counted as they are, and refused in sentences where they cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from data.errors import ConfigurationError
from data.issues import TableError
from data.shop import read_shop
from data.shop_sample import write_shop

ORDERS = """order_id,user_id,eval_set,order_dow,order_hour_of_day,days_since_prior_order
11,1,prior,0,8,
12,1,prior,3,20,10.0
13,1,train,3,20,18.0
14,2,prior,6,23,
"""
LINES = """order_id,product_id,add_to_cart_order,reordered
11,5,1,0
12,5,1,1
13,5,1,1
12,7,2,0
14,7,1,0
"""
PRODUCTS = """product_id,product_name,aisle_id,department_id
5,Bananas,1,1
6,"Soap, Lavender",1,1
7,Tea "Earl",2,1
"""


def shop_in(folder: Path, **texts: str) -> Path:
    """The three tables, or others in their place."""
    tables = {"orders": ORDERS, "order_products": LINES, "products": PRODUCTS} | texts
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def test_baskets_are_counted_by_product_day_and_hour(tmp_path: Path) -> None:
    """Bananas once on day 0 at 8, twice on day 3 at 20; soap, which nobody bought, is left out."""
    shop = read_shop(shop_in(tmp_path))
    assert shop.name.tolist() == ["Bananas", 'Tea "Earl"']
    assert shop.product_id.tolist() == [5, 7]
    assert shop.lines[0, 0, 8] == 1
    assert shop.lines[0, 3, 20] == 2
    assert shop.lines[1, 6, 23] == 1
    assert shop.lines.sum() == 5
    assert (shop.orders, shop.customers) == (4, 2)


def test_the_longest_history_says_how_many_weeks_there_are(tmp_path: Path) -> None:
    """28 days of the first customer; a shop without any gap is taken as one week."""
    shop = read_shop(shop_in(tmp_path))
    assert shop.weeks == 4.0
    assert shop.rate[0, 3, 20] == 0.5
    lone = ORDERS.splitlines()[0] + "\n11,1,prior,0,8,\n"
    lines = "order_id,product_id\n11,5\n"
    assert read_shop(shop_in(tmp_path, orders=lone, order_products=lines)).weeks == 1.0


def test_lines_may_come_in_several_files(tmp_path: Path) -> None:
    """As `order_products__prior.csv` and `order_products__train.csv`."""
    shop_in(tmp_path)
    (tmp_path / "order_products.csv").rename(tmp_path / "order_products__prior.csv")
    (tmp_path / "order_products__train.csv").write_text("order_id,product_id\n13,7\n")
    assert read_shop(tmp_path).lines.sum() == 6


def test_the_busiest_products_come_first(tmp_path: Path) -> None:
    """As many as asked for."""
    shop = read_shop(shop_in(tmp_path)).busiest(1)
    assert shop.name.tolist() == ["Bananas"]
    assert shop.lines.shape == (1, 7, 24)


def test_all_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    """Row by row: an hour that is none, a missing day, lines that belong to nothing."""
    orders = ORDERS.replace("0,8,", "0,24,").replace("3,20,10.0", ",x,10.0")
    with pytest.raises(TableError) as found:
        read_shop(shop_in(tmp_path, orders=orders, products="product_id,product\n5,Bananas\n"))
    words = str(found.value)
    assert "orders.csv: order_hour_of_day is not such a number (row 2, found 24; row 3" in words
    assert "orders.csv: order_dow is not such a number (row 3, found nothing)" in words
    assert "expected a whole number, 0 to 23" in words
    assert "products.csv: product_name is missing; found columns product_id, product" in words


def test_what_belongs_to_nothing_is_named(tmp_path: Path) -> None:
    """A line of an order that is in no table, an order that occurs twice."""
    lines = LINES + "99,5,1,0\n11,98,1,0\n"
    with pytest.raises(TableError) as found:
        read_shop(shop_in(tmp_path, order_products=lines, orders=ORDERS + "11,3,prior,0,8,\n"))
    words = str(found.value)
    assert "order_products.csv: order_id is not in orders.csv (row 7, found 99)" in words
    assert "order_products.csv: product_id is not in products.csv (row 8, found 98)" in words
    assert "orders.csv: order_id occurs twice (row 6, found 11)" in words


def test_missing_and_empty_tables_are_named(tmp_path: Path) -> None:
    """All three of them, in one go."""
    with pytest.raises(TableError) as found:
        read_shop(tmp_path)
    for name in ("orders.csv", "order_products.csv", "products.csv"):
        assert f"{name}: there is no such file" in str(found.value)
    with pytest.raises(TableError, match=r"orders\.csv: has no rows"):
        read_shop(shop_in(tmp_path, orders=ORDERS.splitlines()[0] + "\n"))


def test_the_sample_can_be_read_and_never_changes(tmp_path: Path) -> None:
    """The same bytes for a seed; every product is bought, mostly in the daytime."""
    for name in ("one", "same", "other"):
        write_shop(tmp_path / name, products=5, customers=40, weeks=3, seed=2 + (name == "other"))
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == ["order_products.csv", "orders.csv", "products.csv"]
    for file in files:
        one = (tmp_path / "one" / file).read_bytes()
        assert one == (tmp_path / "same" / file).read_bytes()
    assert one == (tmp_path / "other" / "products.csv").read_bytes()
    assert (tmp_path / "one" / "orders.csv").read_bytes() != (
        tmp_path / "other" / "orders.csv"
    ).read_bytes()
    shop = read_shop(tmp_path / "one")
    assert len(shop.name) == 5
    assert shop.weeks <= 3
    assert shop.customers <= 40
    by_hour = shop.lines.sum(axis=(0, 1))
    assert by_hour[9:18].sum() > 0.5 * by_hour.sum()
    assert np.all(shop.rate >= 0)


def test_a_shop_of_nothing_is_refused(tmp_path: Path) -> None:
    """In a sentence."""
    with pytest.raises(ConfigurationError, match="1 or more of each"):
        write_shop(tmp_path, products=0)
