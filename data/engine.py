"""How work is shared out: one function over many items, whoever carries it out.

Whatever needs much of the same work done calls an engine and does not know which one it is. The
engines that use several cores or machines are in `planner/`; `Alone` needs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol, Self, TypeVar

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Engine(Protocol):
    """Shares out work. What an engine cannot do itself, it raises as a `PlannerError`.

    The same work gives the same results, in the same order, under every engine; whoever sums them
    does it in that order, and so gets the same sum to the bit.
    """

    @property
    def workers(self) -> int:
        """How many items are worked on at a time."""

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Generator[Result, None, None]:
        """function(shared, item) for every item, in order, each as soon as it can be had.

        Work begins with the first result that is asked for, and only a few items per worker are
        begun before their results are taken. Closing the iterator drops what has not begun. An
        exception of the function reaches the caller as it was raised.

        Args:
            function: of a module, so that other processes find it by its name; it changes nothing.
            shared: what all items need, a frozen record of arrays as a rule. It is sent to a worker
                once, and not again if the next call shares the same object.
            items: small records that can be pickled, taken from the iterable as they are needed.
        """

    def close(self) -> None:
        """End all workers; what they are at is lost."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Alone(Engine):
    """Every item in this process, when its result is asked for."""

    @property
    def workers(self) -> int:
        """One."""
        return 1

    def map(
        self, function: Callable[[Shared, Item], Result], shared: Shared, items: Iterable[Item]
    ) -> Generator[Result, None, None]:
        """function(shared, item) for every item, in order."""
        for item in items:
            yield function(shared, item)

    def close(self) -> None:
        """Nothing has to be ended."""
