"""What people and suppliers have fixed: locks, budgets, suppliers and the days for orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import ConfigurationError, DataError
from data.forecast import Forecast
from data.network import Network, Stage
from data.product import make_products
from data.scenario import Scenario
from data.stock import empty_stock
from data.terms import NO_TERMS, Budget, Locks, Suppliers, Terms
from data.weekdays import EVERY_DAY, open_days, open_days_in, said

MONDAY = date(2027, 1, 4)
WEEKDAYS = (True,) * 5 + (False, False)
TUESDAYS = (False, True, *(False,) * 5)


def locks(*lines: tuple[int, int, int, float]) -> Locks:
    """Locks from (product, stage, day, quantity)."""
    product, stage, day, quantity = zip(*lines, strict=True)
    return Locks(np.array(product), np.array(stage), np.array(day), np.array(quantity, float))


def suppliers(*order_days: tuple[bool, ...]) -> Suppliers:
    """S1, S2, ... with these order days."""
    names = np.array([f"S{number + 1}" for number in range(len(order_days))], dtype=object)
    count = len(names)
    return Suppliers(names, np.zeros(count), np.zeros(count), np.array(order_days).reshape(-1, 7))


def scenario(
    terms: Terms = NO_TERMS, shop: tuple[bool, ...] = EVERY_DAY, depot: tuple[bool, ...] = EVERY_DAY
) -> Scenario:
    """Three products, bought from S1, S2 and nobody in particular, on a Monday."""
    products = make_products(
        np.ones(3),
        np.ones(3),
        np.ones((2, 3)),
        supplier=np.array(["S1", "S2", ""], dtype=object),
        unit_cost=np.array([2.0, np.nan, 0.5]),
    )
    network = Network((Stage("Shop", 1, order_days=shop), Stage("Depot", 1, order_days=depot)))
    forecast = Forecast(MONDAY, np.ones((14, 3)), np.ones((14, 3)))
    return Scenario(network, products, forecast, empty_stock(2, 3), terms=terms)


def test_locks_are_numbers_where_a_line_is_fixed_and_nan_where_it_is_free() -> None:
    """A lock of 0 is a number; one beyond the periods is left out."""
    dense = locks((2, 1, 0, 7), (0, 0, 3, 0), (1, 0, 9, 5)).dense(4, 2, 3)
    assert dense.shape == (4, 2, 3)
    assert dense[0, 1, 2] == 7
    assert dense[3, 0, 0] == 0
    assert np.isnan(dense).sum() == 22


def test_no_locks_fix_nothing() -> None:
    """They are the default."""
    assert np.isnan(Locks().dense(2, 3, 4)).all()
    assert len(NO_TERMS.locks) == 0
    assert len(NO_TERMS.suppliers) == 0
    assert not NO_TERMS.budget.limited


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(0, 3)), unique=True),
    st.permutations(range(6)),
    st.integers(0, 6),
)
def test_the_locks_of_some_products_are_those_of_the_dense_array(lines, order, count) -> None:
    """By index in any order, and by mask."""
    given_locks = locks(*((*line, 1.0 + n) for n, line in enumerate(lines))) if lines else Locks()
    dense = given_locks.dense(4, 2, 6)
    chosen = np.array(order[:count], dtype=np.int64)
    np.testing.assert_array_equal(given_locks.take(chosen).dense(4, 2, count), dense[:, :, chosen])
    mask = np.isin(np.arange(6), chosen)
    np.testing.assert_array_equal(given_locks.take(mask).dense(4, 2, count), dense[:, :, mask])


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"quantity": np.array([1.0])}, "equally long"),
        ({"quantity": np.array([1.0, -1.0])}, "quantity must be finite and at least 0"),
        ({"quantity": np.array([1.0, np.nan])}, "quantity must be finite"),
        ({"quantity": np.array([1.0, np.inf])}, "quantity must be finite"),
        ({"day": np.array([0, -1])}, "day must be whole numbers of at least 0"),
        ({"stage": np.array([0.5, 0.0])}, "stage must be whole numbers"),
        ({"day": np.array([4, 4])}, "a line is fixed twice"),
    ],
)
def test_impossible_locks_cannot_exist(change: dict[str, np.ndarray], expected: str) -> None:
    """They are refused when they are made."""
    with pytest.raises(DataError, match=expected):
        replace(locks((1, 0, 4, 2.0), (1, 0, 5, 2.0)), **change)


@pytest.mark.parametrize("line", [(3, 0, 0, 1.0), (0, 2, 0, 1.0)])
def test_a_lock_of_a_product_or_stage_that_is_not_there_is_refused(line) -> None:
    """A scenario of three products and two stages has no fourth and no third."""
    with pytest.raises(DataError, match="expected one below"):
        scenario(Terms(locks(line)))


@pytest.mark.parametrize("label", ["per_period", "total"])
@pytest.mark.parametrize("amount", [-1.0, float("nan")])
def test_an_impossible_budget_cannot_exist(label: str, amount: float) -> None:
    """Negative, or no number."""
    with pytest.raises(ConfigurationError, match=f"{label} is .*expected 0 or more"):
        Budget(**{label: amount})


def test_a_budget_is_limited_if_either_part_is() -> None:
    """A budget of nothing is one, too."""
    assert Budget(per_period=0.0).limited
    assert Budget(total=5.0).limited
    assert not Budget().limited


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": np.array(["S1", "S1"], dtype=object)}, "a supplier occurs twice"),
        ({"minimum_order": np.array([0.0, -1.0])}, "minimum_order must be finite"),
        ({"order_cost": np.array([0.0, np.inf])}, "order_cost must be finite"),
        ({"order_cost": np.zeros(3)}, "order_cost must be finite and at least 0 for each of 2"),
        ({"order_days": np.ones((2, 5), dtype=bool)}, r"order_days has shape \(2, 5\)"),
        ({"order_days": np.zeros((2, 7), dtype=bool)}, "S1: no day is open"),
    ],
)
def test_impossible_suppliers_cannot_exist(change: dict[str, np.ndarray], expected: str) -> None:
    """They are refused when they are made."""
    with pytest.raises(DataError, match=expected):
        replace(suppliers(EVERY_DAY, EVERY_DAY), **change)


def test_products_know_their_supplier_and_what_a_purchase_counts() -> None:
    """No supplier is -1; a unit cost that is not known counts nothing."""
    here = scenario(Terms(suppliers=suppliers(EVERY_DAY, EVERY_DAY)))
    assert here.supplier.tolist() == [0, 1, -1]
    assert here.purchase_cost.tolist() == [2, 0, 0.5]
    assert scenario().supplier.tolist() == [-1, -1, -1]


def test_some_products_take_their_locks_with_them_and_leave_suppliers_and_budget_whole() -> None:
    """Products 2 and 0, in that order."""
    terms = Terms(
        locks((0, 1, 3, 5), (1, 0, 0, 6)), Budget(total=9.0), suppliers(EVERY_DAY, WEEKDAYS)
    )
    part = scenario(terms).take(np.array([2, 0])).terms
    assert (part.locks.product.tolist(), part.locks.quantity.tolist()) == ([1], [5])
    assert part.budget == terms.budget
    assert part.suppliers is terms.suppliers


def test_where_every_day_is_open_there_is_no_mask() -> None:
    """Large problems without order days carry nothing."""
    assert scenario().may_order(10_000_000) is None
    assert scenario(Terms(suppliers=suppliers(EVERY_DAY))).may_order(14) is None


def test_a_stage_orders_on_its_own_days_only() -> None:
    """The shop on weekdays, the depot every day; the first period is a Monday."""
    open_ = scenario(shop=WEEKDAYS).may_order(14)
    assert open_ is not None
    assert open_.shape == (14, 2, 3)
    np.testing.assert_array_equal(open_[:, 0], np.tile(WEEKDAYS * 2, (3, 1)).T)
    assert open_[:, 1].all()


def test_a_suppliers_days_are_for_purchases_of_its_products() -> None:
    """S2 takes orders on Tuesdays; the depot does not order at weekends."""
    terms = Terms(suppliers=suppliers(EVERY_DAY, TUESDAYS))
    open_ = scenario(terms, depot=WEEKDAYS).may_order(7)
    assert open_ is not None
    np.testing.assert_array_equal(open_[:, 1].T, [WEEKDAYS, TUESDAYS, WEEKDAYS])
    assert open_[:, 0].all()


@pytest.mark.parametrize("first", [0, 3, 7, 9])
def test_days_can_be_counted_from_a_later_period(first: int) -> None:
    """From period 3 on is from Thursday on."""
    terms = Terms(suppliers=suppliers(EVERY_DAY, TUESDAYS))
    here = scenario(terms, shop=WEEKDAYS)
    np.testing.assert_array_equal(here.may_order(5, first), here.may_order(30)[first : first + 5])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", EVERY_DAY),
        ("  ", EVERY_DAY),
        ("Mon Tue Wed Thu Fri", WEEKDAYS),
        ("fri, THU;wed/Tue+monday", WEEKDAYS),
        ("Tuesday", TUESDAYS),
        ("Mo", None),
        ("Mon Tues", None),
    ],
)
def test_days_are_known_by_name_in_any_order(text: str, expected: tuple[bool, ...] | None) -> None:
    """Three letters or the whole name; nothing at all means every day."""
    assert open_days_in(text) == expected


def test_days_are_said_in_order() -> None:
    """Monday first."""
    assert said(WEEKDAYS) == "Mon, Tue, Wed, Thu, Fri"
    assert open_days([]) == (False,) * 7
