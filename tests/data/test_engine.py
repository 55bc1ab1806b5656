"""The engine that needs nothing: every item in turn, when its result is asked for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from data.engine import Alone


def test_results_come_in_the_order_of_the_items() -> None:
    """Each with what is shared."""
    assert list(Alone().map(divmod, 17, [2, 3, 5])) == [(8, 1), (5, 2), (3, 2)]


def test_nothing_is_done_before_it_is_asked_for() -> None:
    """Not even the first item is taken, and never one more than was asked for."""
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(9):
            taken.append(number)
            yield number

    results = Alone().map(pow, 2, items())
    assert taken == []
    assert [next(results), next(results)] == [1, 2]
    assert taken == [0, 1]


def test_an_exception_is_raised_as_it_is_and_ends_the_work() -> None:
    """What came before it has been had."""
    with Alone() as engine:
        results = engine.map(divmod, 8, [4, 0, 2])
        assert next(results) == (2, 0)
        with pytest.raises(ZeroDivisionError):
            next(results)
        assert list(results) == []


def test_one_item_at_a_time() -> None:
    """There is one worker, this process."""
    assert Alone().workers == 1
